"""What is wrong with a build, and why."""
