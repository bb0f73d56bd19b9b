"""Recursions over time on plain arrays: compiled, and blind to labels, units and rules.

Every kernel is a generalised ufunc, so leading dimensions (scenario, scheme, draw) broadcast. Kernels hold no strings,
no randomness and no exceptions; each has a slow, obvious twin in ``tests/reference``.
"""

from __future__ import annotations

from actuary.kernels.recursions import compound, roll_forward, trailing_sum

__all__ = ["compound", "roll_forward", "trailing_sum"]
