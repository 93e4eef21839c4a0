"""What to type next."""
