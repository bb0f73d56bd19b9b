"""What the pools of a settlement add up to, what a point is worth in them, and their books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from actuary.payment.cases import CaseTable
from actuary.payment.chunks import sums_by_code
from actuary.payment.compiled import CompiledCells, SegmentSums, point_places
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.payers import other_payers
from actuary.payment.point_value import PointValue, point_value, pool_of
from actuary.payment.settle_steps import SortedCases, paid_rows
from actuary.payment.settlement import BookRow, Settlement

__all__ = ["PoolSums", "book_pools", "money_by_pool", "sum_pools", "value_points"]


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
    pool_of_cell = [pool_of(key.insurance, pools) for key in compiled.keys]
    outside = _outside_money(cases, counted, threads)
    paying = table.insurance_code
    if cases.reason.any() or (counted < 0).any():
        paying = np.where((counted >= 0) & paid_rows(cases.reason), paying, -1).astype(np.int32)
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
        if (pool := pool_of(name, pools)) in by_pool:
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
    rounded = compiled.policy.rounding.stage == "each_case"
    # Numerators by denominator: few fractions are added, most are whole numbers over the same one.
    parts: dict[int, int] = {}
    for number, segment in enumerate(compiled.segments):
        if not sums.cases[number] or segment.paid_in != "points" or not cells[compiled.segment_cell[number]]:
            continue
        if rounded:
            parts[1] = parts.get(1, 0) + sums.points[number]
            continue
        for one, times in ((segment.line.constant, sums.cases[number]), (segment.line.slope, sums.variables[number])):
            parts[one.denominator] = parts.get(one.denominator, 0) + one.numerator * times
    total = sum((Fraction(numerator, denominator) for denominator, numerator in parts.items()), Fraction(0))
    return total / 10 ** point_places(compiled.policy) if rounded else total
