"""What a built image really weighs, beside the estimate: read from an archive or from an engine."""
