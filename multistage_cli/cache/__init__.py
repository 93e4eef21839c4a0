"""What a change re-runs, instruction by instruction, as BuildKit's cache decides it."""
