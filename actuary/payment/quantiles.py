"""Quantiles of whole numbers by each of the nine definitions in use, exact as fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

__all__ = ["QUANTILE_TYPES", "quantile", "quantile_place"]

#: Hyndman and Fan's numbers: types 1-3 take a value of the sample, types 4-9 lie between two of them.
QUANTILE_TYPES = tuple(range(1, 10))

#: Offset ``m`` of types 4 to 9, as (constant, times p).
_OFFSETS = {
    4: (Fraction(0), Fraction(0)),
    5: (Fraction(1, 2), Fraction(0)),
    6: (Fraction(0), Fraction(1)),
    7: (Fraction(1), Fraction(-1)),
    8: (Fraction(1, 3), Fraction(1, 3)),
    9: (Fraction(3, 8), Fraction(1, 4)),
}


def quantile_place(n: int, p: Fraction, quantile_type: int) -> tuple[int, int, Fraction]:
    """Return where a quantile lies in a sorted sample: two places and the share of the way between them.

    With ``j = floor(n p + m)`` and ``g = n p + m - j`` (Hyndman and Fan, The American Statistician 50, 1996) the
    quantile is ``(1 - g) x[j] + g x[j + 1]``, counted from 1; types 1 to 3 replace `g` by 0, 1/2 or 1.

    Parameters
    ----------
    n : int
        Size of the sample, at least 1.
    p : Fraction
        Probability, 0 to 1.
    quantile_type : int
        1 to 9; 7 is the default of numpy, R and spreadsheets, 6 that of SPSS, 2 that of SAS.

    Returns
    -------
    first, second : int
        Places in the sorted sample, from 0.
    share : Fraction
        0 to 1: how far from the first to the second.

    Examples
    --------
    >>> quantile_place(10, Fraction(1, 4), 7)
    (2, 3, Fraction(1, 4))
    >>> quantile_place(10, Fraction(1, 4), 2)
    (2, 2, Fraction(0, 1))
    """
    if quantile_type in _OFFSETS:
        constant, times = _OFFSETS[quantile_type]
        whole = n * p + constant + times * p
        below, share = math.floor(whole), whole - math.floor(whole)
    else:
        whole = n * p - (Fraction(1, 2) if quantile_type == 3 else 0)
        below = math.floor(whole)
        on_the_spot = whole == below
        if quantile_type == 1:
            share = Fraction(0 if on_the_spot else 1)
        elif quantile_type == 2:
            share = Fraction(1, 2) if on_the_spot else Fraction(1)
        else:
            share = Fraction(0 if on_the_spot and below % 2 == 0 else 1)
    first, second = min(max(below - 1, 0), n - 1), min(max(below, 0), n - 1)
    if share == 0:
        second = first
    elif share == 1:
        first, share = second, Fraction(0)
    return first, second, share


def quantile(values: NDArray[np.int64], p: Fraction, quantile_type: int) -> Fraction:
    """Return a quantile of sorted whole numbers, exactly.

    Parameters
    ----------
    values : int64 array, shape (n,)
        Sorted, at least one.
    p : Fraction
        Probability, 0 to 1.
    quantile_type : int
        See :func:`quantile_place`.

    Examples
    --------
    >>> quantile(np.array([1, 2, 4, 8]), Fraction(1, 4), 7), quantile(np.array([1, 2, 4, 8]), Fraction(1, 4), 6)
    (Fraction(7, 4), Fraction(5, 4))
    """
    first, second, share = quantile_place(len(values), p, quantile_type)
    return int(values[first]) + share * (int(values[second]) - int(values[first]))
