"""Reading what others wrote: our own configuration, hadolint's, and the targets of Bake and Compose files."""
