"""The workflow layer."""
