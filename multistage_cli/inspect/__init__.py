"""What is known after a line of the Dockerfile, and where each thing comes from."""
