"""The tables layer."""
