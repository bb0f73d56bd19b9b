"""The steps of a settlement: sort, price, pay, book. Each can be done to parts of the cases; only prices need all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_kinds import CaseKinds, FindEarlier, sort_cases
from actuary.payment.cases import CaseTable
from actuary.payment.cell_compiler import compile_cells
from actuary.payment.cells import Cell, CellKey
from actuary.payment.chunks import sums_by_code
from actuary.payment.compiled import CompiledCells, SegmentSums, point_places
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.payers import Payers, other_payers, split_payment
from actuary.payment.point_value import COMMON, PointValue, point_value
from actuary.payment.readmission import earlier_stays
from actuary.payment.settlement import BookRow, Settlement
from actuary.payment.statuses import REASON_STATUS, PaymentReason, PaymentStatus

__all__ = [
    "PoolSums",
    "SortedCases",
    "book_pools",
    "insurances_of",
    "money_by_pool",
    "pay_cases",
    "sort_and_point",
    "sum_pools",
    "value_points",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SortedCases:
    """Hold cases with what each is paid as, before any point has a price.

    Parameters
    ----------
    table : CaseTable
        The cases.
    policy : PaymentPolicy
        The policy.
    kinds : CaseKinds
        What each is paid as.
    compiled : CompiledCells
        What each kind is paid.
    segment : int32 (cases)
        Segment of each case, -1 where there is none.
    points : int64 (cases)
        Points [last decimal].
    reason : int8 (cases)
        Reason of each case so far.
    """

    table: CaseTable
    policy: PaymentPolicy
    kinds: CaseKinds
    compiled: CompiledCells
    segment: NDArray[np.int32]
    points: NDArray[np.int64]
    reason: NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSums:
    """Hold what the cases of a pool add up to, exactly; sums of parts add up to those of the whole.

    Parameters
    ----------
    points : Fraction
        Their points.
    others_fen : int
        What patients and others paid for the cases that are paid [fen].
    outside_fen : int
        What is paid to cases without points [fen].

    Examples
    --------
    >>> one = PoolSums(points=Fraction(1, 3), others_fen=5)
    >>> (one + one).points, (one + one).others_fen
    (Fraction(2, 3), 10)
    """

    points: Fraction = Fraction(0)
    others_fen: int = 0
    outside_fen: int = 0

    def __add__(self, other: PoolSums) -> PoolSums:
        """Return the sums of two parts together."""
        return PoolSums(
            points=self.points + other.points,
            others_fen=self.others_fen + other.others_fen,
            outside_fen=self.outside_fen + other.outside_fen,
        )


def sort_and_point(
    table: CaseTable,
    policy: PaymentPolicy,
    *,
    threads: int = 1,
    find_earlier: FindEarlier = earlier_stays,
    known: dict[CellKey, Cell] | None = None,
) -> SortedCases:
    """Sort cases into kinds and give them their points.

    Parameters
    ----------
    table : CaseTable
        The cases.
    policy : PaymentPolicy
        The policy.
    threads : int
        Threads.
    find_earlier : callable
        See :func:`~actuary.payment.case_kinds.sort_cases`.
    known : dict, optional
        See :func:`~actuary.payment.cell_compiler.compile_cells`.

    Raises
    ------
    TableError
        When the table lacks what the policy takes off the standard.
    """
    kinds = sort_cases(table, policy, find_earlier=find_earlier)
    compiled = compile_cells(table, kinds, policy, threads=threads, known=known)
    segment, points = compiled.points(threads)
    reason = _reasons(kinds, compiled, segment)
    return SortedCases(
        table=table, policy=policy, kinds=kinds, compiled=compiled, segment=segment, points=points, reason=reason
    )


def sum_pools(cases: SortedCases, pools: Sequence[str], *, threads: int = 1) -> dict[str, PoolSums]:
    """Add up by pool what the value of a point follows from.

    Parameters
    ----------
    cases : SortedCases
        All cases, or a part of them.
    pools : sequence of str
        The pools.
    threads : int
        Threads.

    Returns
    -------
    dict of str to PoolSums
        One a pool.
    """
    table, compiled, segment = cases.table, cases.compiled, cases.segment
    counted = segment
    pending = np.array([*(one.pending for one in compiled.segments), False])
    if pending.any():
        counted = np.where(pending[segment], -1, segment).astype(np.int32)
    sums = compiled.sums(counted, cases.points, threads)
    pool_of_cell = [_pool_of(key.insurance, pools) for key in compiled.keys]
    outside = _outside_money(cases, counted, threads)
    paying = table.insurance_code
    if cases.reason.any() or (counted < 0).any():
        paying = np.where((counted >= 0) & _paid(cases.reason), paying, -1).astype(np.int32)
    sides = [side for side in other_payers(table, cases.policy) if side is not None]
    others = [_by_pool(table, paying, side, pools, threads) for side in sides]
    outsides = {} if outside is None else _by_pool(table, paying, outside, pools, threads)
    return {
        pool: PoolSums(
            points=_points_of(compiled, sums, [name == pool for name in pool_of_cell]),
            others_fen=sum(side[pool] for side in others),
            outside_fen=outsides.get(pool, 0),
        )
        for pool in pools
    }


def value_points(
    policy: PaymentPolicy, pools: Mapping[str, int], sums: Mapping[str, PoolSums]
) -> tuple[PointValue, ...]:
    """Divide the budget of each pool over the points of all its cases.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    pools : mapping of str to int
        Budgets [fen].
    sums : mapping of str to PoolSums
        What all cases of each pool add up to.
    """
    return tuple(
        point_value(
            policy,
            pool,
            budget_fen=budget_fen,
            points=sums[pool].points,
            other_payers_fen=sums[pool].others_fen,
            outside_fen=sums[pool].outside_fen,
        )
        for pool, budget_fen in pools.items()
    )


def pay_cases(
    cases: SortedCases, pools: Mapping[str, int], values: tuple[PointValue, ...], *, threads: int = 1
) -> Settlement:
    """Pay cases whose points have a price; the books stand open.

    Parameters
    ----------
    cases : SortedCases
        All cases, or a part of them; its arrays are written to.
    pools : mapping of str to int
        Budgets [fen].
    values : tuple of PointValue
        What a point is worth in each pool; empty where prices are declared.
    threads : int
        Threads.

    Returns
    -------
    Settlement
        Without books, see :func:`book_pools`.
    """
    table, policy, kinds, compiled = cases.table, cases.policy, cases.kinds, cases.compiled
    segment, points, reason = cases.segment, cases.points, cases.reason
    if policy.price.mode == "fixed":
        prices: list[Fraction | None] = [cell.price for cell in compiled.cells]
    else:
        by_pool = {value.insurance: value.value for value in values}
        prices = [by_pool.get(_pool_of(key.insurance, pools)) for key in compiled.keys]
    _drop_unpriced(compiled, prices, segment, points, reason)
    standard = compiled.money(segment, points, prices, threads)
    _write_decided(table, kinds, segment, reason, standard)
    payers = _pay(table, policy, kinds, reason, standard)
    return Settlement(
        policy=policy,
        table=table,
        kinds=kinds,
        compiled=compiled,
        segment=segment,
        reason=reason,
        points=points,
        standard_fen=standard,
        payers=payers,
        prices=tuple(prices),
        point_values=values,
        books=(),
    )


def money_by_pool(settled: Settlement, pools: Sequence[str], *, threads: int = 1) -> dict[str, tuple[int, int]]:
    """Return by pool what the standards of its cases come to, and what the fund pays [fen].

    Parameters
    ----------
    settled : Settlement
        All cases, or a part of them.
    pools : sequence of str
        The pools.
    threads : int
        Threads.
    """
    table = settled.table
    priced, paid = (
        _by_pool(table, table.insurance_code, amounts, pools, threads)
        for amounts in (settled.standard_fen, settled.payers.fund_fen)
    )
    return {pool: (priced[pool], paid[pool]) for pool in pools}


def book_pools(
    pools: Mapping[str, int], values: tuple[PointValue, ...], money: Mapping[str, tuple[int, int]]
) -> tuple[BookRow, ...]:
    """Return the books of every pool that has a budget.

    What rounding leaves is told from what the pool did not spend, or spent beyond its budget: the latter comes from a
    declared price, a bound of the value, or a fund's part that is not the standard less what others paid.

    Parameters
    ----------
    pools : mapping of str to int
        Budgets [fen].
    values : tuple of PointValue
        What a point is worth in each.
    money : mapping of str to (int, int)
        What :func:`money_by_pool` says of all cases.
    """
    rows = []
    of_pool = {value.insurance: value for value in values}
    for pool, budget_fen in pools.items():
        value = of_pool.get(pool)
        priced, paid = money[pool]
        kept = 0 if value is None else value.adjusting_fen
        rounding = 0 if value is None else value.rounding_fen(priced)
        rows += [
            BookRow(pool, "budget", budget_fen),
            BookRow(pool, "adjusting_fund", kept),
            BookRow(pool, "paid_by_fund", paid),
            BookRow(pool, "residual", rounding),
            BookRow(pool, "reserve", budget_fen - kept - paid - rounding),
        ]
    return tuple(rows)


def insurances_of(table: CaseTable) -> list[str]:
    """Return the insurances that have cases which may be paid."""
    codes = table.insurance_code if not table.reason.any() else table.insurance_code[table.valid]
    counts = np.bincount(codes[codes >= 0] if (codes < 0).any() else codes, minlength=len(table.insurance_names))
    return [name for name, count in zip(table.insurance_names, counts.tolist(), strict=True) if count]


def _reasons(kinds: CaseKinds, compiled: CompiledCells, segment: NDArray[np.int32]) -> NDArray[np.int8]:
    """Return the reason of each case; pending ones leave their segment's money at nothing."""
    reason = kinds.reason.copy()
    rows, why = compiled.unpriced_reasons(segment)
    reason[rows] = why
    if compiled.segment_reason.any():
        priced = segment >= 0
        reason[priced] = compiled.segment_reason[segment[priced]]
    return reason


def _pool_of(insurance: str, pools: Sequence[str] | Mapping[str, int]) -> str:
    return insurance if insurance in pools else COMMON


def _by_pool(
    table: CaseTable,
    insurance: NDArray[np.int32],
    amounts: NDArray[np.int64],
    pools: Sequence[str] | Mapping[str, int],
    threads: int,
) -> dict[str, int]:
    """Add amounts by pool; an insurance code below 0 is left out."""
    sums = sums_by_code(insurance, amounts, len(table.insurance_names), threads=threads)
    by_pool = dict.fromkeys(pools, 0)
    for name, amount in zip(table.insurance_names, sums, strict=False):
        if (pool := _pool_of(name, pools)) in by_pool:
            by_pool[pool] += amount
    return by_pool


def _outside_money(cases: SortedCases, counted: NDArray[np.int32], threads: int) -> NDArray[np.int64] | None:
    """Return what cases are paid in money whatever a point is worth [fen]; None where there are no such cases."""
    compiled = cases.compiled
    if not any(one.paid_in == "money" for one in compiled.segments):
        return None
    money = compiled.money(counted, cases.points, [None] * len(compiled.cells), threads)
    if cases.kinds.decided is not None:
        money[cases.kinds.decided] = cases.table.amount("review_amount")[cases.kinds.decided]
    return money


def _points_of(compiled: CompiledCells, sums: SegmentSums, cells: list[bool]) -> Fraction:
    """Return the points of a pool: of rounded cases where the policy rounds them, else of the fractions."""
    total = Fraction(0)
    rounded = compiled.policy.rounding.stage == "each_case"
    for number, segment in enumerate(compiled.segments):
        if segment.paid_in != "points" or not cells[compiled.segment_cell[number]]:
            continue
        if rounded:
            total += sums.points[number]
        else:
            total += segment.line.constant * sums.cases[number] + segment.line.slope * sums.variables[number]
    return total / 10 ** point_places(compiled.policy) if rounded else total


def _paid(reason: NDArray[np.int8]) -> NDArray[np.bool_]:
    if not reason.any():
        return np.ones(len(reason), bool)
    paid: NDArray[np.bool_] = np.array([status is PaymentStatus.PAID for status in REASON_STATUS])[reason]
    return paid


def _drop_unpriced(
    compiled: CompiledCells,
    prices: list[Fraction | None],
    segment: NDArray[np.int32],
    points: NDArray[np.int64],
    reason: NDArray[np.int8],
) -> None:
    """Take cases out whose points have no price, and the points of those that wait for a decision."""
    worthless = np.zeros(len(compiled.segments) + 1, bool)
    for number, one in enumerate(compiled.segments):
        worthless[number] = one.paid_in == "points" and prices[compiled.segment_cell[number]] is None
    if worthless.any():
        rows = np.flatnonzero(worthless[segment])
        rows = rows[_paid(reason[rows])]
        reason[rows] = PaymentReason.POINT_VALUE_MISSING.number
    if compiled.segment_reason.any() or worthless.any():
        unpaid = ~_paid(reason)
        segment[unpaid & worthless[segment]] = -1
        points[unpaid] = 0


def _write_decided(
    table: CaseTable,
    kinds: CaseKinds,
    segment: NDArray[np.int32],
    reason: NDArray[np.int8],
    standard: NDArray[np.int64],
) -> None:
    """Write the amounts that reviews decided, and nothing for cases that are not paid."""
    if kinds.decided is not None:
        rows = np.flatnonzero(kinds.decided & (segment >= 0))
        standard[rows] = table.amount("review_amount")[rows]
    if reason.any():
        standard[~_paid(reason)] = 0


def _pay(
    table: CaseTable,
    policy: PaymentPolicy,
    kinds: CaseKinds,
    reason: NDArray[np.int8],
    standard: NDArray[np.int64],
) -> Payers:
    return split_payment(table, policy, standard_fen=standard, paid=_paid(reason), deducted_fen=kinds.deducted)
