# Loops pass plain arrays: a tuple of arrays would be copied, and each array in it counted, at every call.
# ruff: noqa: PLR0913, PLR0917
"""The settlement of cases as loops over whole numbers.

A case belongs to a *cell*: its group, its place (tier or hospital), its insurance and its variant. The cell holds
*segments*, each up to an inclusive cutoff of the case's variable (cost in fen, or days), and each segment two straight
lines: points and money. A case is settled by finding its segment and evaluating its lines, rounded once.

The number of a cell's key is ``((group P + place) I + insurance) V + variant``; `slot` leads from the key to the cell.
Whatever has no cell keeps segment -1 and gets nothing.
"""

from __future__ import annotations

from typing import Any, Final

from actuary.kernels.exact import CUTOFF, compiled, line_value

__all__ = [
    "ABOVE",
    "CELL_COLUMNS",
    "FIRST_ROW",
    "LEVEL",
    "LEVEL_ROW",
    "NOT_LEVEL",
    "UP_TO",
    "mark_keys",
    "price_range",
    "settle_range",
    "sum_by_code",
]

#: Columns of a table of cells, int64; a row fills one cache line.
ABOVE: Final = 0
UP_TO: Final = 1
LEVEL: Final = 2
LEVEL_ROW: Final = 3
FIRST_ROW: Final = 4
CELL_COLUMNS: Final = 8

#: What stands for the payment of a segment whose cases are not all paid the same.
NOT_LEVEL: Final = -(1 << 63)


@compiled
def mark_keys(
    group: Any, place: Any, insurance: Any, variant: Any, shape: Any, payable: Any, first: int, end: int, seen: Any
) -> None:
    """Mark the keys that occur among the payable cases of a range.

    Parameters
    ----------
    group, place, insurance, variant : ndarray of int
        Codes of the cases, below 0 where missing; `variant` may have length 0, for all 0.
    shape : ndarray of int64, (3,)
        Numbers of places, insurances and variants.
    payable : ndarray of bool
        Cases that are settled.
    first, end : int
        The range.
    seen : ndarray of uint8
        By key, 1 where it occurs; written.
    """
    varied = variant.size > 0
    for i in range(first, end):
        if payable[i] and (group[i] | place[i] | insurance[i]) >= 0:
            key = (group[i] * shape[0] + place[i]) * shape[1] + insurance[i]
            key = key * shape[2] + (variant[i] if varied else 0)
            seen[key] = 1


@compiled
def settle_range(
    group: Any,
    place: Any,
    insurance: Any,
    variant: Any,
    shape: Any,
    payable: Any,
    variable: Any,
    slot: Any,
    cells: Any,
    rows: Any,
    floats: Any,
    half_even: bool,
    first: int,
    end: int,
    out_segment: Any,
    out_points: Any,
) -> None:
    """Find the segment of each case of a range, and its points.

    Parameters
    ----------
    group, place, insurance, variant, shape, payable
        As for :func:`mark_keys`.
    variable : ndarray of int64
        Cost [fen], or days where the cell pays by the day; from 0, below 2**49.
    slot : ndarray of int32
        Cell of each key, -1 for none.
    cells : ndarray of int64, (n, 8)
        Of each cell its level segment, `LEVEL_ROW` (a variable above `ABOVE` and up to `UP_TO` gives the points
        `LEVEL`), and its first segment.
    rows, floats : ndarray of int64 and of float64, (n, 8)
        Points of each segment as lines of the variable, see :mod:`actuary.kernels.exact`, and its inclusive cutoff;
        the last segment of a cell has the highest number there is.
    half_even : bool
        The rounding mode.
    first, end : int
        The range.
    out_segment, out_points : ndarray of int32, int64
        Written: -1 and 0 for a case that is not settled.
    """
    varied = variant.size > 0
    for i in range(first, end):
        cell = -1
        if payable[i] and (group[i] | place[i] | insurance[i]) >= 0:
            key = (group[i] * shape[0] + place[i]) * shape[1] + insurance[i]
            key = key * shape[2] + (variant[i] if varied else 0)
            cell = slot[key]
        if cell < 0:
            out_segment[i] = -1
            out_points[i] = 0
            continue
        x = variable[i]
        if cells[cell, ABOVE] < x <= cells[cell, UP_TO]:
            out_segment[i] = cells[cell, LEVEL_ROW]
            out_points[i] = cells[cell, LEVEL]
            continue
        row = cells[cell, FIRST_ROW]
        while x > rows[row, CUTOFF]:
            row += 1
        out_segment[i] = row
        out_points[i] = line_value(rows, floats, row, x, half_even)


@compiled
def price_range(
    segment: Any,
    variable: Any,
    points: Any,
    of_points: Any,
    levels: Any,
    rows: Any,
    floats: Any,
    step_fen: int,
    half_even: bool,
    first: int,
    end: int,
    out_money: Any,
) -> None:
    """Price a range of cases whose segments are found.

    Parameters
    ----------
    segment : ndarray of int32
        Segment of each case, -1 for none.
    variable, points : ndarray of int64
        By case.
    of_points : ndarray of bool
        By segment: whether its money is a line of the points, rather than of the variable; of length 0 for none.
    levels : ndarray of int64
        By segment what all of its cases are paid [fen], or `NOT_LEVEL`.
    rows, floats : ndarray of int64 and of float64, (n, 8)
        Money of each segment [steps].
    step_fen : int
        Fen of the unit that amounts are rounded to.
    half_even : bool
        The rounding mode.
    first, end : int
        The range.
    out_money : ndarray of int64
        Written [fen].
    """
    mixed = of_points.size > 0
    for i in range(first, end):
        row = segment[i]
        if row < 0:
            out_money[i] = 0
            continue
        money = levels[row]
        if money == NOT_LEVEL:
            x = points[i] if mixed and of_points[row] else variable[i]
            money = step_fen * line_value(rows, floats, row, x, half_even)
        out_money[i] = money


@compiled
def sum_by_code(code: Any, amounts: Any, first: int, end: int, sums: Any) -> None:
    """Add amounts by code over a range.

    Parameters
    ----------
    code : ndarray of int32
        Below 0: not added.
    amounts : ndarray of int64
        Numbers below 2**45 in size.
    first, end : int
        The range: at most 2**18 cases, so that the sums fit.
    sums : ndarray of int64
        By code; added to.
    """
    for i in range(first, end):
        if code[i] >= 0:
            sums[code[i]] += amounts[i]
