"""Compile the kinds of cases that occur into tables of whole numbers, and run the loops over them, chunk by chunk.

Only kinds that occur are compiled. Chunks are of one fixed size and every sum is one of whole numbers, so the answer
does not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.exact import CUTOFF, DENOMINATOR, WHOLE_CONSTANT, WHOLE_SLOPE
from actuary.kernels.settlement import (
    ABOVE,
    CELL_COLUMNS,
    FIRST_ROW,
    LEVEL,
    LEVEL_ROW,
    UP_TO,
    mark_keys,
    price_range,
    settle_range,
    sum_by_code,
    sum_segments,
)
from actuary.payment.case_kinds import CaseKinds
from actuary.payment.cases import CaseTable
from actuary.payment.cells import Cell, CellKey, Variant, cell_of, known_tiers
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import divide_rounded
from actuary.payment.line_tables import LineTable, aligned_zeros, table_of_lines
from actuary.payment.segments import NOTHING, Line, Segment
from actuary.payment.statuses import PaymentReason

__all__ = [
    "CHUNK_CASES",
    "CompiledCells",
    "PricedLines",
    "SegmentSums",
    "compile_cells",
    "point_places",
    "run_chunks",
    "sums_by_code",
]

#: Cases that one thread takes at a time.
CHUNK_CASES: Final = 1 << 18

#: Decimals of points that a policy does not round; they are shown so, and priced from their fractions.
_UNROUNDED_PLACES: Final = 6

_NO_END: Final = 1 << 62
_DENSE_KEYS: Final = 1 << 26
_REGULAR = PaymentReason.REGULAR.number


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
    of_points : bool (segments)
        Whether a line is one of the rounded points, rather than of the cost; of length 0 when none is.
    """

    lines: list[Line]
    table: LineTable
    of_points: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Codes:
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
    codes : _Codes
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
    """

    policy: PaymentPolicy
    codes: _Codes
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

    @cached_property
    def _point_tables(self) -> tuple[list[Line], LineTable, NDArray[np.int64]]:
        lines = [segment.line if segment.paid_in == "points" else NOTHING for segment in self.segments]
        tops = [self._top(number) for number in range(len(lines))]
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
        upper = np.minimum(self.cutoffs, self.highest)
        level = (table.rows[:, WHOLE_SLOPE] == 0) & (table.rows[:, DENOMINATOR] == 0) & ~table.unfit
        width = np.where(level, upper - lower, 0)
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
        rounding, places = self.policy.rounding, point_places(self.policy)
        of_points = np.zeros(len(self.segments), np.bool_)
        lines, tops = [], []
        for number, segment in enumerate(self.segments):
            line, top = segment.line, self._top(number)
            if segment.paid_in == "points":
                price = prices[self.segment_cell[number]] or Fraction(0)
                line = line.times(price)
                if rounding.stage == "each_case" and price > 0:
                    line, top = Line(slope=price / 10**places), max(1, highest_points)
                    of_points[number] = True
            lines.append(line)
            tops.append(top)
        table = table_of_lines(lines, tops, scale=10**rounding.money_places, mode=rounding.mode)
        return PricedLines(lines, table, of_points if of_points.any() else of_points[:0])

    def pay(
        self, segment: NDArray[np.int32], points: NDArray[np.int64], priced: PricedLines, threads: int
    ) -> NDArray[np.int64]:
        """Return what each case is paid [fen] by lines that :meth:`priced` made."""
        rounding = self.policy.rounding
        step_fen, half_even = 10 ** (2 - rounding.money_places), rounding.mode == "half_even"
        table, money = priced.table, np.empty(len(points), np.int64)

        def price_cases(first: int, end: int) -> None:
            tables = (priced.of_points, table.rows, table.floats, step_fen, half_even)
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
        count, rows = len(segment), len(self.segments)
        starts = range(0, count, CHUNK_CASES)
        parts: list[tuple[NDArray[np.int64], ...]] = [()] * len(starts)

        def add(first: int, end: int) -> None:
            part = tuple(np.zeros(rows, np.int64) for _ in range(3))
            sum_segments(segment, self.variable, points, first, end, *part)
            parts[first // CHUNK_CASES] = part

        run_chunks(add, count, threads)
        totals = [sum((part[column].astype(object) for part in parts), np.zeros(rows, object)) for column in range(3)]
        return SegmentSums(*([int(number) for number in column] for column in totals))

    def unpriced_reasons(self, segment: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Return the rows that could be paid but have no price, and why."""
        rows = np.flatnonzero((segment < 0) & self.codes.payable)
        return rows, self.unpriced[_keys_of(self.codes, rows)]

    def _top(self, number: int) -> int:
        return min(self.highest, int(self.cutoffs[number]))

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


def run_chunks(work: Callable[[int, int], None], count: int, threads: int) -> None:
    """Run a loop over chunks of cases.

    Parameters
    ----------
    work : callable
        Called with the first row of a chunk and the row after its last.
    count : int
        Cases.
    threads : int
        Threads.
    """
    starts = range(0, count, CHUNK_CASES)

    def one(first: int) -> None:
        work(first, min(first + CHUNK_CASES, count))

    if threads <= 1 or len(starts) <= 1:
        for first in starts:
            one(first)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, starts))


def sums_by_code(code: NDArray[np.int32], amounts: NDArray[np.int64], count: int, *, threads: int = 1) -> list[int]:
    """Add amounts by code, exactly.

    Parameters
    ----------
    code : int32 (cases)
        From 0; below 0: not added.
    amounts : int64 (cases)
        Numbers below 2**45 in size.
    count : int
        Codes.
    threads : int
        Threads.
    """
    parts = np.zeros((-(-len(code) // CHUNK_CASES), max(1, count)), np.int64)

    def add(first: int, end: int) -> None:
        sum_by_code(code, amounts, first, end, parts[first // CHUNK_CASES])

    run_chunks(add, len(code), threads)
    return [sum(column) for column in zip(*parts.tolist(), strict=True)] if len(parts) else [0] * count


def compile_cells(cases: CaseTable, kinds: CaseKinds, policy: PaymentPolicy, *, threads: int = 1) -> CompiledCells:
    """Compile the kinds of cases that occur.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    kinds : CaseKinds
        What they are paid as.
    policy : PaymentPolicy
        The policy.
    threads : int
        Threads.

    Returns
    -------
    CompiledCells
        Tables for the loops.
    """
    payable = kinds.reason == _REGULAR
    sizes = [len(kinds.group.names), len(kinds.places), len(cases.insurance_names), len(kinds.variants)]
    codes = _Codes(
        group=kinds.group.codes,
        place=kinds.place,
        insurance=cases.insurance_code,
        variant=kinds.variant,
        shape=np.array([max(1, size) for size in sizes[1:]], np.int64),
        payable=payable,
    )
    space = int(np.prod([max(1, size) for size in sizes], dtype=object))
    if space > _DENSE_KEYS:
        codes, found = _dense(codes)
        numbers = list(enumerate(found.tolist()))
        space = len(found)
    else:
        seen = np.zeros(space, np.uint8)

        def mark(first: int, end: int) -> None:
            mark_keys(codes.group, codes.place, codes.insurance, codes.variant, codes.shape, payable, first, end, seen)

        run_chunks(mark, len(cases), threads)
        numbers = [(key, key) for key in np.flatnonzero(seen).tolist()]
    return _tables(policy, cases, kinds, codes, numbers, space)


def _keys_of(codes: _Codes, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    places, insurances, variants = codes.shape.tolist()
    variant = codes.variant[rows] if codes.variant.size else 0
    wide = codes.group[rows].astype(np.int64) * places + codes.place[rows]
    keys: NDArray[np.int64] = (wide * insurances + codes.insurance[rows]) * variants + variant
    return keys


def _dense(codes: _Codes) -> tuple[_Codes, NDArray[np.int64]]:
    """Give the keys that occur numbers of their own, where there are too many for a table of all."""
    rows = np.flatnonzero(codes.payable)
    found, numbers = np.unique(_keys_of(codes, rows), return_inverse=True)
    group, nothing = np.full(len(codes.group), -1, np.int32), np.zeros(len(codes.group), np.int32)
    group[rows] = numbers
    dense = _Codes(
        group=group,
        place=nothing,
        insurance=nothing,
        variant=np.zeros(0, np.int32),
        shape=np.ones(3, np.int64),
        payable=codes.payable,
    )
    return dense, found


def _tables(
    policy: PaymentPolicy,
    cases: CaseTable,
    kinds: CaseKinds,
    codes: _Codes,
    numbers: list[tuple[int, int]],
    space: int,
) -> CompiledCells:
    slot, unpriced = np.full(space, -1, np.int32), np.zeros(space, np.int8)
    keys: list[CellKey] = []
    cells: list[Cell] = []
    segments: list[Segment] = []
    first: list[int] = []
    owner: list[int] = []
    tiers, done = known_tiers(policy), dict[CellKey, Cell]()
    of_standard = policy.ratio is not None and policy.ratio.denominator == "standard"
    by_insurance = policy.price.mode == "fixed" or of_standard
    for number, key_number in numbers:
        key = _key_of(key_number, cases, kinds)
        # In a pool the lines of a group are the same for every insurance; only what a point is worth differs.
        alike = key if by_insurance else replace(key, insurance="")
        if alike not in done or key.variant.kind == "bed_day":
            done[alike] = cell_of(policy, key)
        cell = done[alike]
        if tiers is not None and key.tier not in tiers and cell.reason is not PaymentReason.GROUP_UNKNOWN:
            cell = Cell(reason=PaymentReason.TIER_UNKNOWN)
        if not cell.segments:
            unpriced[number] = cell.reason.number
            continue
        slot[number] = len(cells)
        first.append(len(segments))
        owner += [len(cells)] * len(cell.segments)
        segments += cell.segments
        keys.append(key)
        cells.append(cell)
    ends = [_NO_END if segment.upper is None else min(segment.upper, _NO_END) for segment in segments]
    reasons = [_reason_of(segment, keys[place].variant) for segment, place in zip(segments, owner, strict=True)]
    return CompiledCells(
        policy=policy,
        codes=codes,
        keys=tuple(keys),
        cells=tuple(cells),
        segments=tuple(segments),
        segment_cell=np.array(owner, np.int32),
        segment_reason=np.array(reasons, np.int8),
        slot=slot,
        unpriced=unpriced,
        cell_first=np.array(first, np.int32),
        cutoffs=np.array(ends, np.int64),
        variable=kinds.variable,
        highest=max(0, int(kinds.variable.max(initial=0))),
    )


def _key_of(number: int, cases: CaseTable, kinds: CaseKinds) -> CellKey:
    number, variant = divmod(number, max(1, len(kinds.variants)))
    number, insurance = divmod(number, max(1, len(cases.insurance_names)))
    group, place = divmod(number, max(1, len(kinds.places)))
    tier, hospital = kinds.places[place]
    listed: Decimal | None = cases.hospital_coefficients.get(hospital)
    return CellKey(
        group=kinds.group.names[group],
        tier=tier,
        hospital=hospital,
        insurance=cases.insurance_names[insurance],
        variant=kinds.variants[variant],
        listed=listed,
    )


def _reason_of(segment: Segment, variant: Variant) -> int:
    reason = PaymentReason.REGULAR
    if segment.pending:
        reason = PaymentReason.REVIEW_PENDING
    elif variant.review:
        reason = {
            "approved": PaymentReason.REVIEW_APPROVED,
            "refused": PaymentReason.REVIEW_REFUSED,
            "over_quota": PaymentReason.REVIEW_OVER_QUOTA,
        }[variant.review]
    elif variant.kind == "over_cap":
        reason = PaymentReason.OVER_VOLUME_CAP
    elif variant.share != 1:
        reason = PaymentReason.EARLIER_STAY
    return reason.number
