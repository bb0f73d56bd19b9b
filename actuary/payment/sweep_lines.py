"""The lines of all kinds of cases under one setting of a sweep, as the loops of settlement read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.exact import (
    CUTOFF,
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
from actuary.payment.exact import RoundingMode
from actuary.payment.fraction_arrays import FractionArray
from actuary.payment.line_tables import LARGEST_VALUE, LineTable, aligned_zeros

__all__ = ["SettingLines", "TooLargeError"]


class TooLargeError(Exception):
    """Numbers of a setting do not fit the loops: it is settled the plain way."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SettingLines:
    """Hold the segments of all kinds of cases under one setting, one row a segment.

    Parameters
    ----------
    constant, slope : FractionArray
        Lines of the points, or of the yuan where `in_money`.
    price : FractionArray
        Price of a unit [yuan]; 1 where `in_money`, 0 where the pool makes it.
    in_money, pending : bool (rows)
        Paid in money; waiting for a decision.
    class_code : int8 (rows)
        Number of the class.
    kind : int64 (rows)
        Kind of each row.
    cutoff : int64 (rows)
        Highest variable of each row.
    cells : int64 (kinds, 8)
        As the loops read it; without levels.
    """

    constant: FractionArray
    slope: FractionArray
    price: FractionArray
    in_money: NDArray[np.bool_]
    pending: NDArray[np.bool_]
    class_code: NDArray[np.int8]
    kind: NDArray[np.int64]
    cutoff: NDArray[np.int64]
    cells: NDArray[np.int64]

    def line_table(
        self,
        constant: FractionArray,
        slope: FractionArray,
        *,
        highest: int,
        scale: int,
        mode: RoundingMode,
        bounded: bool = True,
    ) -> LineTable:
        """Write lines, one a row, for the loops.

        Parameters
        ----------
        constant, slope : FractionArray
            The lines.
        highest : int
            The highest value of the variable.
        scale : int
            Units of the result in one of the line.
        mode : {"half_up", "half_even"}
            How lines that do not rise are rounded.
        bounded : bool
            Whether the variable is the one that the rows end at; else it is the points.

        Raises
        ------
        TooLargeError
            When a number does not fit.
        """
        rows = aligned_zeros(len(constant), LINE_COLUMNS)
        floats = rows.view(np.float64)
        rises = (slope.num != 0).astype(bool)
        level, rising = np.flatnonzero(~rises), np.flatnonzero(rises)
        whole = _rounded(constant[level] * scale, mode)
        top = (np.minimum(highest, self.cutoff[rising]) if bounded else np.full(len(rising), highest)).astype(object)
        first, second = constant[rising] * scale, slope[rising] * scale
        den = first.den * second.den
        a, b = first.num * second.den, second.num * first.den
        common = np.gcd(np.gcd(a, b), den)
        a, b, den = a // common, b // common, den // common
        whole_a, whole_b = a // den, b // den
        size = abs(whole_a) + (abs(whole_b) + 1) * top + 2
        too_large = (den >= DENOMINATOR_LIMIT).any() or (size >= LARGEST_VALUE).any() or highest >= VARIABLE_LIMIT
        if too_large or (abs(whole) >= LARGEST_VALUE).any():
            raise TooLargeError
        rows[level, WHOLE_CONSTANT] = whole.astype(np.int64)
        rows[rising, WHOLE_CONSTANT], rows[rising, WHOLE_SLOPE] = whole_a.astype(np.int64), whole_b.astype(np.int64)
        a, b, parted = a - whole_a * den, b - whole_b * den, (den > 1).astype(bool)
        chosen, a, b, den = rising[parted], a[parted], b[parted], den[parted]
        rows[chosen, PART_CONSTANT], rows[chosen, PART_SLOPE] = a.astype(np.int64), b.astype(np.int64)
        rows[chosen, DENOMINATOR] = den.astype(np.int64)
        floats[chosen, GUESS_CONSTANT], floats[chosen, GUESS_SLOPE] = (a / den).astype(float), (b / den).astype(float)
        rows[:, CUTOFF] = self.cutoff
        return LineTable(rows, floats, np.zeros(len(rows), np.bool_))


def _rounded(numbers: FractionArray, mode: RoundingMode) -> NDArray[Any]:
    """Round to whole numbers, as :func:`~actuary.payment.exact.divide_rounded` does one by one."""
    whole, rest = numbers.num // numbers.den, 2 * (numbers.num % numbers.den)
    half = rest == numbers.den
    up = (rest > numbers.den) | (half & ((whole % 2 == 1) if mode == "half_even" else (whole >= 0)))
    rounded: NDArray[Any] = whole + up.astype(int)
    return rounded
