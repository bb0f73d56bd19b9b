"""Group hospital stays: grouping schemes as data, the grouper, explanations, quality checks of settlement lists.

A scheme is a folder of tables and a few switches (:mod:`actuary.drg.scheme`); :mod:`actuary.drg.grouper` gives every
case its group, or says why it has none.
"""
