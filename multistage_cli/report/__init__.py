"""All on one page."""
