"""How explain is shown: a module for each format, its function `render` takes the result."""
