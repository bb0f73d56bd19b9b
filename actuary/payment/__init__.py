"""Pay hospitals: weights, coefficients, case classes, points and rates, budgets, clearing.

This room is furnished later; it stands here so that the layers above and below it are fixed from the first day.
"""
