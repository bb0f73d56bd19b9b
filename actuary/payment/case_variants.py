"""What sets cases of one group apart, joined into one number each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actuary.payment.cells import Variant

__all__ = ["join_axes"]


def join_axes(
    axes: Sequence[tuple[str, NDArray[Any], Sequence[Any]]], count: int
) -> tuple[NDArray[np.int32], tuple[Variant, ...]]:
    """Join what sets cases apart into variants, those that occur.

    Parameters
    ----------
    axes : sequence of (str, ndarray, sequence)
        Field of a variant, code of each case, and the value of each code.
    count : int
        Cases [count].

    Returns
    -------
    numbers : int32 (cases), or of length 0
        Variant of each case; of length 0 without axes.
    variants : tuple of Variant
        The variants.

    Examples
    --------
    >>> numbers, variants = join_axes([("review", np.array([0, 2, 0]), ("", "approved", "refused"))], 3)
    >>> numbers.tolist(), [variant.review for variant in variants]
    ([0, 1, 0], ['', 'refused'])
    """
    if not axes:
        return np.zeros(0, np.int32), (Variant(),)
    joined = np.zeros(count, np.int64)
    for _, codes, values in axes:
        joined *= len(values)
        joined += codes
    found, numbers = np.unique(joined, return_inverse=True)
    variants = []
    for number in found.tolist():
        rest, given = number, {}
        for name, _, values in reversed(axes):
            rest, place = divmod(rest, len(values))
            given[name] = values[place]
        variants.append(Variant(**given))
    return numbers.astype(np.int32), tuple(variants)
