"""Straight lines over whole numbers, evaluated exactly and rounded once, without a division.

A line ``(a + b x) / d`` of whole numbers is written as ``w0 + w1 x + (p0 + p1 x) / d`` with ``0 <= p0, p1 < d``. The
fraction's whole part is guessed in floating point, which is never off by more than 1, and the rest
``p0 + p1 x - guess d`` is taken modulo 2**64: it lies between ``-d`` and ``2 d``, so for ``d < 2**61`` the remainder is
the true one although ``p1 x`` may need a hundred bits. The rest then says whether the guess was right and where to
round. A line of whole numbers has ``d = 0`` here and needs none of this.

Bounds: ``0 <= x < 2**49`` and ``d < 2**61``; ``w0 + w1 x`` and the sum fit into int64 for every x that occurs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from actuary.kernels.jit import njit

__all__ = [
    "CUTOFF",
    "DENOMINATOR",
    "DENOMINATOR_LIMIT",
    "GUESS_CONSTANT",
    "GUESS_SLOPE",
    "LINE_COLUMNS",
    "PART_CONSTANT",
    "PART_SLOPE",
    "VARIABLE_LIMIT",
    "WHOLE_CONSTANT",
    "WHOLE_SLOPE",
    "compiled",
    "line_value",
]

#: Columns of a table of lines, int64; the two guesses are float64 in the same places. A row fills one cache line.
WHOLE_CONSTANT: Final = 0
WHOLE_SLOPE: Final = 1
PART_CONSTANT: Final = 2
PART_SLOPE: Final = 3
DENOMINATOR: Final = 4
GUESS_CONSTANT: Final = 5
GUESS_SLOPE: Final = 6
CUTOFF: Final = 7
LINE_COLUMNS: Final = 8

#: The first numbers that are too large.
DENOMINATOR_LIMIT: Final = 1 << 61
VARIABLE_LIMIT: Final = 1 << 49


def compiled(loop: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop over arrays that allocates nothing, and keep its compiled form on disk.

    Parameters
    ----------
    loop : callable
        Plain loops on arrays and numbers.

    Examples
    --------
    >>> @compiled
    ... def twice(number):
    ...     return 2 * number
    >>> twice(21)
    42
    """
    # A function typed at a prompt has no file beside which its compiled form could be kept.
    cache = not loop.__code__.co_filename.startswith("<")
    made: Callable[..., Any] = njit(nogil=True, cache=cache, _nrt=False)(loop)
    return made


@compiled
def line_value(rows: Any, floats: Any, row: int, x: int, half_even: bool) -> Any:
    """Evaluate one line at a whole number and round it to a whole number.

    Parameters
    ----------
    rows, floats : ndarray of int64 and of float64, (n, 8)
        The same memory seen as both; columns as named in this module.
    row : int
        Which line.
    x : int
        The variable, from 0.
    half_even : bool
        A half goes to the even neighbour, else away from zero.

    Examples
    --------
    The line (1 + 3 x) / 2 at 4:

    >>> rows = np.array([[0, 1, 1, 1, 2, 0, 0, 0]])
    >>> rows.view(np.float64)[0, 5:7] = 0.5, 0.5
    >>> int(line_value(rows, rows.view(np.float64), 0, 4, False))
    7
    """
    whole = rows[row, WHOLE_CONSTANT] + rows[row, WHOLE_SLOPE] * x
    den = rows[row, DENOMINATOR]
    if den == 0:
        return whole
    quotient = np.int64(floats[row, GUESS_CONSTANT] + floats[row, GUESS_SLOPE] * x)
    rest = np.int64(
        np.uint64(rows[row, PART_CONSTANT])
        + np.uint64(rows[row, PART_SLOPE]) * np.uint64(x)
        - np.uint64(quotient) * np.uint64(den)
    )
    if rest < 0:
        rest += den
        quotient -= 1
    elif rest >= den:
        rest -= den
        quotient += 1
    whole += quotient
    twice = 2 * rest
    if twice > den or (twice == den and ((whole & 1) == 1 if half_even else whole >= 0)):
        whole += 1
    return whole
