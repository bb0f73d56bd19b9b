"""Actuarial work for China's public medical insurance funds."""
