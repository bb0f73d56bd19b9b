"""Fuzzing of everything that reads what strangers wrote: targets, seeds, the runner, and what was run."""
