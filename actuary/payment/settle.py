"""Settle cases under a policy: classes, points, prices, payers, and books that close to the fen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_files import read_cases
from actuary.payment.case_kinds import CaseKinds, sort_cases
from actuary.payment.cases import CaseTable
from actuary.payment.cell_compiler import compile_cells
from actuary.payment.chunks import sums_by_code
from actuary.payment.compiled import CompiledCells, SegmentSums, point_places
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import Number
from actuary.payment.payers import Payers, other_payers, split_payment
from actuary.payment.point_value import COMMON, PointValue, budgets_of, point_value
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settlement import BookRow, Settlement
from actuary.payment.statuses import REASON_STATUS, PaymentReason, PaymentStatus

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from actuary.payment.hospital_list import HospitalList

__all__ = ["settle_cases"]

_REGULAR = PaymentReason.REGULAR.number


def settle_cases(
    cases: CaseTable | pd.DataFrame | pa.Table | str | Path,
    policy: PaymentPolicy | str | Path,
    *,
    budget: Mapping[str, Number] | Number | None = None,
    hospitals: HospitalList | pd.DataFrame | str | Path | None = None,
    threads: int | None = None,
) -> Settlement:
    """Settle cases under a payment policy.

    Every case gets its class, points, standard and payers, or a status and the reason why it is not paid. Where the
    price of a point floats, the budget of the pool is divided over the points of its cases. Amounts are exact and
    rounded once by the policy's rule; the answer does not depend on the number of threads.

    Parameters
    ----------
    cases : CaseTable, DataFrame, pyarrow.Table or path
        The cases, see :func:`~actuary.payment.case_files.read_cases`.
    policy : PaymentPolicy, str or Path
        The policy, its name or its file.
    budget : mapping of str to number, or number, optional
        Budgets by insurance, or one for a common pool [yuan]; needed where the price floats and the policy names none.
    hospitals : DataFrame or path, optional
        List of hospitals with their tiers.
    threads : int, optional
        Threads; all cores when left out.

    Returns
    -------
    Settlement
        Cases, point values and books.

    Raises
    ------
    TableError
        When the cases cannot be read.
    DeclarationError
        When the policy is not valid, or lacks inputs that the user must give.
    BudgetError
        When a pool has no budget, or one that is not above 0.

    Examples
    --------
    >>> import pandas as pd
    >>> stays = pd.DataFrame(
    ...     {"case_id": ["a"], "hospital": ["H1"], "tier": ["3"], "insurance": ["employee"],
    ...      "drg": ["BR25"], "total_cost": ["9000.00"]}
    ... )
    >>> settled = settle_cases(stays, "suzhou-2022")
    >>> settled.standard_fen.tolist(), settled.payers.gain_fen.tolist()
    ([1200436], [300436])
    """
    rules = policy if isinstance(policy, PaymentPolicy) else load_payment_policy(policy)
    if rules.partial:
        # Loading it again says which inputs are missing, and how to give them.
        rules = load_payment_policy(rules.source_path)
    count = threads or os.cpu_count() or 1
    table = read_cases(cases, hospitals=hospitals, extra=(), threads=count)
    pools = budgets_of(rules, budget, _insurances(table))
    kinds = sort_cases(table, rules)
    compiled = compile_cells(table, kinds, rules, threads=count)
    segment, points = compiled.points(count)
    reason = _reasons(kinds, compiled, segment)
    prices, values = _prices(table, compiled, kinds, pools, (segment, points, reason), count)
    _drop_unpriced(compiled, prices, segment, points, reason)
    standard = compiled.money(segment, points, prices, count)
    _write_decided(table, kinds, segment, reason, standard)
    payers = _pay(table, rules, kinds, reason, standard)
    return Settlement(
        policy=rules,
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
        books=_books(table, pools, values, (standard, payers.fund_fen), count),
    )


def _insurances(table: CaseTable) -> list[str]:
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


def _pool_of(insurance: str, pools: Mapping[str, int]) -> str:
    return insurance if insurance in pools else COMMON


def _prices(
    table: CaseTable,
    compiled: CompiledCells,
    kinds: CaseKinds,
    pools: Mapping[str, int],
    answers: tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int8]],
    threads: int,
) -> tuple[list[Fraction | None], tuple[PointValue, ...]]:
    """Return the price of a unit in each cell, and what each pool's came from."""
    policy = compiled.policy
    if policy.price.mode == "fixed":
        return [cell.price for cell in compiled.cells], ()
    segment, points, reason = answers
    counted = segment
    pending = np.array([*(one.pending for one in compiled.segments), False])
    if pending.any():
        counted = np.where(pending[segment], -1, segment).astype(np.int32)
    sums = compiled.sums(counted, points, threads)
    pool_of_cell = [_pool_of(key.insurance, pools) for key in compiled.keys]
    outside = _outside_money(table, compiled, kinds, (counted, points), threads)
    paying = table.insurance_code
    if reason.any() or (counted < 0).any():
        paying = np.where((counted >= 0) & _paid(reason), paying, -1).astype(np.int32)
    sides = [side for side in other_payers(table, policy) if side is not None]
    others = [_by_pool(table, paying, side, pools, threads) for side in sides]
    outsides = {} if outside is None else _by_pool(table, paying, outside, pools, threads)
    values = [
        point_value(
            policy,
            pool,
            budget_fen=budget_fen,
            points=_points_of(compiled, sums, [name == pool for name in pool_of_cell]),
            other_payers_fen=sum(side[pool] for side in others),
            outside_fen=outsides.get(pool, 0),
        )
        for pool, budget_fen in pools.items()
    ]
    by_pool = {value.insurance: value.value for value in values}
    return [by_pool.get(pool) for pool in pool_of_cell], tuple(values)


def _by_pool(
    table: CaseTable,
    insurance: NDArray[np.int32],
    amounts: NDArray[np.int64],
    pools: Mapping[str, int],
    threads: int,
) -> dict[str, int]:
    """Add amounts by pool; an insurance code below 0 is left out."""
    sums = sums_by_code(insurance, amounts, len(table.insurance_names), threads=threads)
    by_pool = dict.fromkeys(pools, 0)
    for name, amount in zip(table.insurance_names, sums, strict=False):
        if (pool := _pool_of(name, pools)) in by_pool:
            by_pool[pool] += amount
    return by_pool


def _outside_money(
    table: CaseTable,
    compiled: CompiledCells,
    kinds: CaseKinds,
    answers: tuple[NDArray[np.int32], NDArray[np.int64]],
    threads: int,
) -> NDArray[np.int64] | None:
    """Return what cases are paid in money whatever a point is worth [fen]; None where there are no such cases."""
    if not any(one.paid_in == "money" for one in compiled.segments):
        return None
    money = compiled.money(*answers, [None] * len(compiled.cells), threads)
    if kinds.decided is not None:
        money[kinds.decided] = table.amount("review_amount")[kinds.decided]
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


def _books(
    table: CaseTable,
    pools: Mapping[str, int],
    values: tuple[PointValue, ...],
    money: tuple[NDArray[np.int64], NDArray[np.int64]],
    threads: int,
) -> tuple[BookRow, ...]:
    """Return the books of every pool that has a budget.

    What rounding leaves is told from what the pool did not spend, or spent beyond its budget: the latter comes from a
    declared price, a bound of the value, or a fund's part that is not the standard less what others paid.
    """
    if not pools:
        return ()
    rows = []
    of_pool = {value.insurance: value for value in values}
    priced, paid = (_by_pool(table, table.insurance_code, amounts, pools, threads) for amounts in money)
    for pool, budget_fen in pools.items():
        value = of_pool.get(pool)
        kept = 0 if value is None else value.adjusting_fen
        rounding = 0 if value is None else value.rounding_fen(priced[pool])
        rows += [
            BookRow(pool, "budget", budget_fen),
            BookRow(pool, "adjusting_fund", kept),
            BookRow(pool, "paid_by_fund", paid[pool]),
            BookRow(pool, "residual", rounding),
            BookRow(pool, "reserve", budget_fen - kept - paid[pool] - rounding),
        ]
    return tuple(rows)
