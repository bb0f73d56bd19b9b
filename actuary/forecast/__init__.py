"""Forecast with honest intervals; the only package that may import PyMC.

This room is furnished later; it stands here so that the layers above and below it are fixed from the first day.
"""
