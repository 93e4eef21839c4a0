"""Explains a multi-stage Dockerfile without Docker."""

__version__ = "0.1.0"
