"""The indicators layer."""
