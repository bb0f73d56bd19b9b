"""The compiled kinds of cases of a settlement, and the loops over them, chunk by chunk.

Only kinds that occur are compiled, see :mod:`actuary.payment.cell_compiler`. Chunks are of one fixed size and every sum
is one of whole numbers, so the answer does not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.exact import CUTOFF, DENOMINATOR, VARIABLE_LIMIT, WHOLE_CONSTANT, WHOLE_SLOPE
from actuary.kernels.settlement import (
    ABOVE,
    CELL_COLUMNS,
    FIRST_ROW,
    LEVEL,
    LEVEL_ROW,
    NOT_LEVEL,
    UP_TO,
    price_range,
    settle_range,
)
from actuary.payment.cells import Cell, CellKey
from actuary.payment.chunks import run_chunks, sums_by_code
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import divide_rounded
from actuary.payment.line_tables import LineTable, aligned_zeros, table_of_lines
from actuary.payment.segments import NOTHING, Line, Segment

__all__ = ["CaseCodes", "CompiledCells", "PricedLines", "SegmentSums", "keys_of", "point_places"]

#: Decimals of points that a policy does not round; they are shown so, and priced from their fractions.
_UNROUNDED_PLACES: Final = 6


def point_places(policy: PaymentPolicy) -> int:
    """Return the decimals in which points are held."""
    places = policy.rounding.points
    return _UNROUNDED_PLACES if places is None else places


@dataclass(frozen=True, slots=True, eq=False)
class SegmentSums:
    """Hold exact sums over the cases of each segment.

    Parameters
    ----------
    cases, variables, points : list of int
        Cases, sum of their variable [fen or days], sum of their points [last decimal].
    """

    cases: list[int]
    variables: list[int]
    points: list[int]


@dataclass(frozen=True, slots=True, eq=False)
class PricedLines:
    """Hold segments as lines of money.

    Parameters
    ----------
    lines : list of Line
        Yuan, by segment.
    table : LineTable
        The same for the loops.
    levels : int64 (segments)
        What all cases of a segment are paid [fen], or NOT_LEVEL.
    of_points : bool (segments)
        Whether a line is one of the rounded points, rather than of the cost; of length 0 when none is.
    """

    lines: list[Line]
    table: LineTable
    levels: NDArray[np.int64]
    of_points: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaseCodes:
    """Hold the codes that make the key of a case."""

    group: NDArray[np.int32]
    place: NDArray[np.int32]
    insurance: NDArray[np.int32]
    variant: NDArray[np.int32]
    shape: NDArray[np.int64]
    payable: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class CompiledCells:
    """Hold the compiled kinds of cases of one settlement.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    codes : CaseCodes
        What makes the key of each case.
    keys : tuple of CellKey
        Kinds that have a price.
    cells : tuple of Cell
        What they are paid.
    segments : tuple of Segment
        All segments, those of one cell together.
    segment_cell : int32 (segments)
        Cell of each.
    segment_reason : int8 (segments)
        Reason of the cases in each.
    slot : int32 (keys)
        Cell of each key, -1 for none.
    unpriced : int8 (keys)
        Reason of each key without a price.
    cell_first : int32 (cells)
        First segment of each cell.
    cutoffs : int64 (segments)
        Highest variable of each segment.
    variable : int64 (cases)
        What the segments are lines of.
    highest : int
        Highest value of the variable.
    made : dict
        Tables for the loops that were made of the segments, shared by the parts of one settlement.
    """

    policy: PaymentPolicy
    codes: CaseCodes
    keys: tuple[CellKey, ...]
    cells: tuple[Cell, ...]
    segments: tuple[Segment, ...]
    segment_cell: NDArray[np.int32]
    segment_reason: NDArray[np.int8]
    slot: NDArray[np.int32]
    unpriced: NDArray[np.int8]
    cell_first: NDArray[np.int32]
    cutoffs: NDArray[np.int64]
    variable: NDArray[np.int64]
    highest: int
    made: dict[tuple[str, int, int], Any] = field(default_factory=dict)

    def points(self, threads: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return segment [-1 for none] and points [last decimal] of each case."""
        (lines, table, cells), codes, count = self._point_tables, self.codes, len(self.variable)
        segment, points = np.empty(count, np.int32), np.empty(count, np.int64)
        fixed = (codes.group, codes.place, codes.insurance, codes.variant, codes.shape, codes.payable, self.variable)
        tables = (self.slot, cells, table.rows, table.floats, self.policy.rounding.mode == "half_even")

        def settle(first: int, end: int) -> None:
            settle_range(*fixed, *tables, first, end, segment, points)

        run_chunks(settle, count, threads)
        self._outside(table, lines, 10 ** point_places(self.policy), (segment, self.variable, points))
        return segment, points

    @property
    def _point_tables(self) -> tuple[list[Line], LineTable, NDArray[np.int64]]:
        held: tuple[list[Line], LineTable, NDArray[np.int64]] | None
        if (held := self.made.get(key := ("points", self._highest, 0))) is None:
            held = self.made[key] = self._make_point_tables()
        return held

    @property
    def _highest(self) -> int:
        """A value that the variable does not exceed, the same for most parts of one settlement."""
        top = (1 << self.highest.bit_length()) - 1
        return top if top < VARIABLE_LIMIT else self.highest

    def _make_point_tables(self) -> tuple[list[Line], LineTable, NDArray[np.int64]]:
        lines = [segment.line if segment.paid_in == "points" else NOTHING for segment in self.segments]
        tops = self._tops
        scale = 10 ** point_places(self.policy)
        table = table_of_lines(lines, tops, scale=scale, mode=self.policy.rounding.mode)
        table.rows[:, CUTOFF] = self.cutoffs
        return lines, table, self._cell_table(table)

    def _cell_table(self, table: LineTable) -> NDArray[np.int64]:
        """Return of each cell its first segment, and the widest level one that needs no line."""
        cells = aligned_zeros(len(self.cells), CELL_COLUMNS)
        cells[:, FIRST_ROW] = self.cell_first
        lower = np.append(-1, self.cutoffs[:-1]) if len(self.cutoffs) else self.cutoffs
        lower[self.cell_first] = -1
        upper = np.minimum(self.cutoffs, self._highest)
        width = np.where(_is_level(table), upper - lower, 0)
        # Among rows of one cell by rising width, the last one stays.
        order = np.argsort(width, kind="stable")
        order = order[width[order] > 0]
        owner = self.segment_cell[order]
        cells[owner, ABOVE], cells[owner, UP_TO] = lower[order], upper[order]
        cells[owner, LEVEL], cells[owner, LEVEL_ROW] = table.rows[order, WHOLE_CONSTANT], order
        return cells

    def money(
        self, segment: NDArray[np.int32], points: NDArray[np.int64], prices: Sequence[Fraction | None], threads: int
    ) -> NDArray[np.int64]:
        """Return what each case is paid [fen].

        Parameters
        ----------
        segment, points : ndarray
            Answers of :meth:`points`.
        prices : sequence of Fraction or None
            Price of a unit in each cell [yuan]; None: what is paid in points gets nothing.
        threads : int
            Threads.
        """
        return self.pay(segment, points, self.priced(prices, int(points.max(initial=0))), threads)

    def priced(self, prices: Sequence[Fraction | None], highest_points: int) -> PricedLines:
        """Return the segments as lines of money at given prices.

        Parameters
        ----------
        prices : sequence of Fraction or None
            Price of a unit in each cell [yuan]; None: what is paid in points gets nothing.
        highest_points : int
            The most points of a case [last decimal].
        """
        top = (1 << highest_points.bit_length()) - 1
        if top >= VARIABLE_LIMIT:
            top = highest_points
        held: tuple[Sequence[Fraction | None], PricedLines] | None = self.made.get(
            key := ("priced", self._highest, top)
        )
        if held is None or held[0] != prices:
            held = self.made[key] = (prices, self._make_priced(prices, top))
        return held[1]

    def _make_priced(self, prices: Sequence[Fraction | None], highest_points: int) -> PricedLines:
        rounding, places = self.policy.rounding, point_places(self.policy)
        of_points = np.zeros(len(self.segments), np.bool_)
        lines, tops, bounds = [], [], self._tops
        for number, segment in enumerate(self.segments):
            line, top = segment.line, bounds[number]
            if segment.paid_in == "points":
                price = prices[self.segment_cell[number]] or Fraction(0)
                line = line.times(price)
                if rounding.stage == "each_case" and price > 0:
                    line, top = Line(slope=price / 10**places), max(1, highest_points)
                    of_points[number] = True
            lines.append(line)
            tops.append(top)
        table = table_of_lines(lines, tops, scale=10**rounding.money_places, mode=rounding.mode)
        levels = np.where(
            _is_level(table), 10 ** (2 - rounding.money_places) * table.rows[:, WHOLE_CONSTANT], NOT_LEVEL
        )
        return PricedLines(lines, table, levels, of_points if of_points.any() else of_points[:0])

    def pay(
        self, segment: NDArray[np.int32], points: NDArray[np.int64], priced: PricedLines, threads: int
    ) -> NDArray[np.int64]:
        """Return what each case is paid [fen] by lines that :meth:`priced` made."""
        rounding = self.policy.rounding
        step_fen, half_even = 10 ** (2 - rounding.money_places), rounding.mode == "half_even"
        table, money = priced.table, np.empty(len(points), np.int64)

        def price_cases(first: int, end: int) -> None:
            tables = (priced.of_points, priced.levels, table.rows, table.floats, step_fen, half_even)
            price_range(segment, self.variable, points, *tables, first, end, money)

        run_chunks(price_cases, len(points), threads)
        variable = self.variable
        if table.unfit.any() and priced.of_points.size:
            variable = np.where((segment >= 0) & priced.of_points[segment], points, variable)
        scale = 10**rounding.money_places
        self._outside(table, priced.lines, scale, (segment, variable, money), step=step_fen)
        return money

    def sums(self, segment: NDArray[np.int32], points: NDArray[np.int64], threads: int) -> SegmentSums:
        """Add the variable and the points of each segment's cases, exactly."""
        rows = len(self.segments)
        cases = np.bincount(segment + 1, minlength=rows + 1)[1:].tolist()
        sums = (sums_by_code(segment, one, rows, threads=threads) for one in (self.variable, points))
        return SegmentSums(cases, *sums)

    def unpriced_reasons(self, segment: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Return the rows that could be paid but have no price, and why."""
        rows = np.flatnonzero((segment < 0) & self.codes.payable)
        return rows, self.unpriced[keys_of(self.codes, rows)]

    @property
    def _tops(self) -> list[int]:
        """The highest value that the variable of each segment takes."""
        tops: list[int] = np.minimum(self.cutoffs, self._highest).tolist()
        return tops

    def _outside(
        self,
        table: LineTable,
        lines: list[Line],
        scale: int,
        cases: tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]],
        *,
        step: int = 1,
    ) -> None:
        """Evaluate the cases whose lines do not fit into the loops with fractions."""
        if not table.unfit.any():
            return
        segment, variable, out = cases
        for row in np.flatnonzero(np.append(table.unfit, False)[segment]).tolist():
            value = lines[segment[row]].at(int(variable[row])) * scale
            out[row] = step * divide_rounded(value.numerator, value.denominator, self.policy.rounding.mode)


def _is_level(table: LineTable) -> NDArray[np.bool_]:
    """Say which lines have one whole value everywhere."""
    level: NDArray[np.bool_] = (table.rows[:, WHOLE_SLOPE] == 0) & (table.rows[:, DENOMINATOR] == 0) & ~table.unfit
    return level


def keys_of(codes: CaseCodes, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the keys of some rows."""
    places, insurances, variants = codes.shape.tolist()
    variant = codes.variant[rows] if codes.variant.size else 0
    wide = codes.group[rows].astype(np.int64) * places + codes.place[rows]
    keys: NDArray[np.int64] = (wide * insurances + codes.insurance[rows]) * variants + variant
    return keys
