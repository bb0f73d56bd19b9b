"""The alerts layer."""
