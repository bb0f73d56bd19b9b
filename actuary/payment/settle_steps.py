"""The steps of a settlement: sort, price, pay, book. Each can be done to parts of the cases; only prices need all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_kinds import CaseKinds, sort_cases
from actuary.payment.cases import CaseTable
from actuary.payment.cell_compiler import compile_cells
from actuary.payment.compiled import CompiledCells
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.known_cells import KnownCells
from actuary.payment.payers import Payers, split_payment
from actuary.payment.point_value import PointValue, pool_of
from actuary.payment.settlement import Settlement
from actuary.payment.statuses import REASON_STATUS, PaymentReason, PaymentStatus
from actuary.payment.year_rules import AT_ONCE, YearRules

__all__ = ["SortedCases", "insurances_of", "paid_rows", "pay_cases", "sort_and_point"]


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


def sort_and_point(
    table: CaseTable,
    policy: PaymentPolicy,
    *,
    threads: int = 1,
    year: YearRules = AT_ONCE,
    known: KnownCells | None = None,
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
    year : YearRules
        See :func:`~actuary.payment.case_kinds.sort_cases`.
    known : KnownCells, optional
        See :func:`~actuary.payment.cell_compiler.compile_cells`.

    Raises
    ------
    TableError
        When the table lacks what the policy takes off the standard.
    """
    kinds = sort_cases(table, policy, year=year)
    compiled = compile_cells(table, kinds, policy, threads=threads, known=known)
    segment, points = compiled.points(threads)
    reason = _reasons(kinds, compiled, segment)
    return SortedCases(
        table=table, policy=policy, kinds=kinds, compiled=compiled, segment=segment, points=points, reason=reason
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
        prices = [by_pool.get(pool_of(key.insurance, pools)) for key in compiled.keys]
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


def paid_rows(reason: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Say which cases are paid, by the number of their reason."""
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
        rows = rows[paid_rows(reason[rows])]
        reason[rows] = PaymentReason.POINT_VALUE_MISSING.number
    if compiled.segment_reason.any() or worthless.any():
        unpaid = ~paid_rows(reason)
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
        standard[~paid_rows(reason)] = 0


def _pay(
    table: CaseTable,
    policy: PaymentPolicy,
    kinds: CaseKinds,
    reason: NDArray[np.int8],
    standard: NDArray[np.int64],
) -> Payers:
    return split_payment(table, policy, standard_fen=standard, paid=paid_rows(reason), deducted_fen=kinds.deducted)
