"""What peers do: expectations from the cases of other hospitals, leaving the hospital itself out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["cell_codes", "leave_one_out", "sum_by"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]

#: More combinations than this are numbered by sorting.
_DENSE = 20_000_000


def cell_codes(*columns: IntArray) -> IntArray:
    """Give the combinations of several columns of codes numbers; a missing code (-1) is a value of its own.

    Examples
    --------
    >>> cell_codes(np.array([0, 0, 1]), np.array([1, 1, -1])).tolist()
    [5, 5, 6]
    """
    combined = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        width = int(column.max(initial=-1)) + 2
        combined = combined * width + column + 1
        if int(combined.max(initial=0)) >= _DENSE:
            combined = np.unique(combined, return_inverse=True)[1].astype(np.int64)
    return combined


def sum_by(codes: IntArray, values: FloatArray | None, *, size: int) -> FloatArray:
    """Add values up by code; without values, count."""
    if values is None:
        return np.bincount(codes, minlength=size).astype(np.float64)
    return np.bincount(codes, weights=values, minlength=size)


def leave_one_out(
    value: FloatArray,
    hospital: IntArray,
    *,
    levels: Sequence[IntArray],
    prior_cases: float,
    peers: NDArray[np.bool_] | None = None,
) -> FloatArray:
    r"""Return for each case the mean of its peers' cases in its cell, shrunken to wider cells where peers are few.

    From the widest level to the narrowest, with the sums of the hospital itself taken out:

    .. math:: e_l = \frac{S_l - S_{l,h} + k\,e_{l-1}}{n_l - n_{l,h} + k}

    Parameters
    ----------
    value : float array, shape (cases,)
        What is averaged.
    hospital : int array, shape (cases,)
        Hospital of each case.
    levels : sequence of int array
        Cells, the widest first; each case belongs to one cell of each level.
    prior_cases : float
        How many cases of the wider cell the narrower one is worth, `k`.
    peers : bool array, shape (cases,), optional
        Cases that set the standard; all when left out.

    Examples
    --------
    >>> value, hospital = np.array([1.0, 0.0, 0.0, 1.0]), np.array([0, 0, 1, 2])
    >>> leave_one_out(value, hospital, levels=[np.zeros(4, int)], prior_cases=0.0).round(3).tolist()
    [0.5, 0.5, 0.667, 0.333]
    """
    taken = np.ones(len(value)) if peers is None else peers.astype(np.float64)
    counted = value * taken
    size = int(hospital.max(initial=0)) + 1
    others = taken.sum() - sum_by(hospital, taken, size=size)
    expected = ((counted.sum() - sum_by(hospital, counted, size=size)) / np.maximum(others, 1.0))[hospital]
    for level in levels:
        size = int(level.max(initial=0)) + 1
        pair = cell_codes(level, hospital)
        size_pair = int(pair.max(initial=0)) + 1
        rest_sum = sum_by(level, counted, size=size)[level] - sum_by(pair, counted, size=size_pair)[pair]
        rest_count = sum_by(level, taken, size=size)[level] - sum_by(pair, taken, size=size_pair)[pair]
        weight = rest_count + prior_cases
        expected = np.where(
            weight > 0, (rest_sum + prior_cases * expected) / np.where(weight > 0, weight, 1.0), expected
        )
    return expected
