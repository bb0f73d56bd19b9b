"""The other ways a city pays: DIP values, bed-days, heads, single diseases, item by item, outpatient groups and more.

Each is a small module of formulas; the tariffs, shares and thresholds of a city are data under ``payment/methods``.
"""
