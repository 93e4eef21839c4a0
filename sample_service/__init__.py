"""A small prediction service: which species of iris has petals and sepals of these lengths?

It is what the repository's Dockerfile builds. It shares no code with `multistage_cli`.
"""
