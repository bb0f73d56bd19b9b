"""Group, check, weigh, settle, clear and measure datasets that no memory holds: part by part, resumable, exact."""
