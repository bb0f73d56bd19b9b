"""Exact lines as tables of whole numbers for the compiled loops, and what does not fit into them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.exact import (
    DENOMINATOR,
    DENOMINATOR_LIMIT,
    GUESS_CONSTANT,
    GUESS_SLOPE,
    LINE_COLUMNS,
    PART_CONSTANT,
    PART_SLOPE,
    VARIABLE_LIMIT,
    WHOLE_CONSTANT,
    WHOLE_SLOPE,
)
from actuary.payment.exact import RoundingMode, divide_rounded
from actuary.payment.segments import Line

__all__ = ["LARGEST_VALUE", "LineTable", "aligned_zeros", "table_of_lines"]

#: The first value of a line that the tables do not hold.
LARGEST_VALUE: Final = 1 << 62

_LINE_BYTES: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class LineTable:
    """Hold lines for the compiled loops.

    Parameters
    ----------
    rows, floats : int64 and float64 (lines, 8)
        The same memory seen as both; columns as in :mod:`actuary.kernels.exact`.
    unfit : bool (lines)
        Lines whose numbers do not fit: they stand as 0 and are evaluated outside the loops.
    """

    rows: NDArray[np.int64]
    floats: NDArray[np.float64]
    unfit: NDArray[np.bool_]


def aligned_zeros(rows: int, columns: int) -> NDArray[np.int64]:
    """Return a table of zeros that begins at a cache line.

    Parameters
    ----------
    rows, columns : int
        Its shape; eight columns fill a cache line.
    """
    memory = np.zeros(rows * columns + _LINE_BYTES // 8, np.int64)
    start = -memory.ctypes.data % _LINE_BYTES // 8
    return memory[start : start + rows * columns].reshape(rows, columns)


def table_of_lines(lines: Sequence[Line], highest: Sequence[int], *, scale: int, mode: RoundingMode) -> LineTable:
    """Write lines as whole numbers.

    Parameters
    ----------
    lines : sequence of Line
        The lines.
    highest : sequence of int
        The highest value that the variable of each line takes.
    scale : int
        Units of the result in one of the line: 100 for fen of yuan, 10,000 for points with four decimals.
    mode : {"half_up", "half_even"}
        How a line that does not rise is rounded; the others are rounded in the loops.

    Returns
    -------
    LineTable
        One row a line.

    Examples
    --------
    >>> from fractions import Fraction
    >>> table = table_of_lines([Line(Fraction(1, 2), Fraction(3, 2))], [100], scale=1, mode="half_up")
    >>> table.rows[:, :5].tolist(), table.floats[:, 5:7].tolist()
    ([[0, 1, 1, 1, 2]], [[0.5, 0.5]])
    """
    rows = aligned_zeros(len(lines), LINE_COLUMNS)
    floats = rows.view(np.float64)
    unfit = np.zeros(len(lines), np.bool_)
    for number, (line, top) in enumerate(zip(lines, highest, strict=True)):
        constant, slope, den = _over_one_denominator(line, scale)
        if slope == 0:
            constant, den = divide_rounded(constant, den, mode), 1
        whole_constant, part_constant = divmod(constant, den)
        whole_slope, part_slope = divmod(slope, den)
        size = abs(whole_constant) + (abs(whole_slope) + 1) * top + 2
        if den >= DENOMINATOR_LIMIT or top >= VARIABLE_LIMIT or size >= LARGEST_VALUE:
            unfit[number] = True
            continue
        row = rows[number]
        row[WHOLE_CONSTANT], row[WHOLE_SLOPE] = whole_constant, whole_slope
        if den > 1:
            row[PART_CONSTANT], row[PART_SLOPE], row[DENOMINATOR] = part_constant, part_slope, den
            floats[number, GUESS_CONSTANT], floats[number, GUESS_SLOPE] = part_constant / den, part_slope / den
    return LineTable(rows, floats, unfit)


def _over_one_denominator(line: Line, scale: int) -> tuple[int, int, int]:
    """Return constant and slope times `scale` as whole numbers over the smallest common denominator."""
    constant, slope = line.constant, line.slope
    den = math.lcm(constant.denominator, slope.denominator)
    first = constant.numerator * (den // constant.denominator) * scale
    second = slope.numerator * (den // slope.denominator) * scale
    common = math.gcd(first, second, den)
    return first // common, second // common, den // common
