"""Group hospital stays: codes, grouping schemes, explanations, quality checks of settlement lists.

This room is furnished later; it stands here so that the layers above and below it are fixed from the first day.
"""
