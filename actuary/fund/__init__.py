"""The fund layer."""
