"""Exact lines as tables of whole numbers for the compiled loops, and what does not fit into them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.exact import (
    DENOMINATOR,
    DENOMINATOR_LIMIT,
    LINE_COLUMNS,
    PART_CONSTANT,
    PART_SLOPE,
    VARIABLE_LIMIT,
    WHOLE_CONSTANT,
    WHOLE_SLOPE,
)
from actuary.payment.exact import RoundingMode, divide_rounded
from actuary.payment.segments import Line

__all__ = ["LARGEST_VALUE", "LineTable", "table_of_lines"]

#: The first value of a line that the tables do not hold.
LARGEST_VALUE: Final = 1 << 62


@dataclass(frozen=True, slots=True, eq=False)
class LineTable:
    """Hold lines for the compiled loops.

    Parameters
    ----------
    rows : int64 (lines, 5)
        Whole numbers of each line, see :mod:`actuary.kernels.exact`.
    guesses : float64 (lines, 2)
        The fraction's constant and slope in floating point.
    unfit : bool (lines)
        Lines whose numbers do not fit: they stand as 0 and are evaluated outside the loops.
    """

    rows: NDArray[np.int64]
    guesses: NDArray[np.float64]
    unfit: NDArray[np.bool_]


def table_of_lines(lines: Sequence[Line], highest: Sequence[int], *, scale: Fraction, mode: RoundingMode) -> LineTable:
    """Write lines as whole numbers.

    Parameters
    ----------
    lines : sequence of Line
        The lines.
    highest : sequence of int
        The highest value that the variable of each line takes.
    scale : Fraction
        Units of the result in one of the line: 100 for fen of yuan, 10,000 for points with four decimals.
    mode : {"half_up", "half_even"}
        How a line that does not rise is rounded; the others are rounded in the loops.

    Returns
    -------
    LineTable
        One row a line.

    Examples
    --------
    >>> table = table_of_lines([Line(Fraction(1, 2), Fraction(3, 2))], [100], scale=Fraction(1), mode="half_up")
    >>> table.rows.tolist(), table.guesses.tolist()
    ([[0, 1, 1, 1, 2]], [[0.5, 0.5]])
    """
    rows = np.zeros((len(lines), LINE_COLUMNS), np.int64)
    guesses = np.zeros((len(lines), 2))
    unfit = np.zeros(len(lines), np.bool_)
    for number, (line, top) in enumerate(zip(lines, highest, strict=True)):
        constant, slope = line.constant * scale, line.slope * scale
        if slope == 0:
            constant = Fraction(divide_rounded(constant.numerator, constant.denominator, mode))
        den = math.lcm(constant.denominator, slope.denominator)
        whole_constant, part_constant = divmod(int(constant * den), den)
        whole_slope, part_slope = divmod(int(slope * den), den)
        size = abs(whole_constant) + (abs(whole_slope) + 1) * top + 2
        if den >= DENOMINATOR_LIMIT or top >= VARIABLE_LIMIT or size >= LARGEST_VALUE:
            unfit[number] = True
            continue
        rows[number, WHOLE_CONSTANT], rows[number, WHOLE_SLOPE] = whole_constant, whole_slope
        if den > 1:
            rows[number, PART_CONSTANT], rows[number, PART_SLOPE] = part_constant, part_slope
            rows[number, DENOMINATOR] = den
            guesses[number] = part_constant / den, part_slope / den
    return LineTable(rows, guesses, unfit)
