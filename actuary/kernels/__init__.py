"""Loops on plain arrays: compiled, and blind to labels, units and rules.

The recursions over time broadcast like ufuncs, so leading dimensions (scenario, scheme, draw) broadcast; the grouping
of stays is one loop over cases. Kernels hold no strings, no randomness and no exceptions; each has a slow, obvious twin
in ``tests/reference``. Each kernel is loaded when it is first used, because compiled code takes time to load.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actuary.kernels.recursions import accrue, compound, roll_forward, trailing_sum

__all__ = ["accrue", "compound", "roll_forward", "trailing_sum"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("actuary.kernels.recursions"), name)
