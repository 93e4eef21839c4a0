"""How cache is shown: a module for each format, its function `render` takes the result."""
