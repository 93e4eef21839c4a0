"""The parts of report's page for browsers, each a function from plain data to HTML."""
