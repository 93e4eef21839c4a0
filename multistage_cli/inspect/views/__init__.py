"""The formats of `multistage inspect`."""
