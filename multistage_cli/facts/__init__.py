"""Numbers about the outside world, each with its source and date."""
