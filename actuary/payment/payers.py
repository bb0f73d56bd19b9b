"""Who pays what of a case: the fund, the patient, others; and what the hospital gains or loses."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, raise_all
from actuary.payment.case_columns import MISSING, near_column
from actuary.payment.cases import CaseTable
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import RoundingMode, divide_rounded, in_units
from actuary.payment.pricing import declared_rate

__all__ = [
    "RATIO_PARTS",
    "Payers",
    "check_payer_columns",
    "fund_by_ratio",
    "other_payers",
    "payers_above_cost",
    "payers_beside_charge",
    "reimbursed_parts",
    "split_payment",
    "taken_off",
    "usual_payers",
]

#: Column of each payment that a policy may subtract; the patient's own first.
_COLUMNS: Final = {
    "cash": "patient_cash",
    "account": "personal_account",
    "fully_self_paid": "fully_self_paid",
    "first_self_paid": "first_self_paid",
    "deductible": "deductible_paid",
    "critical_illness": "critical_illness",
    "assistance": "assistance",
    "other_funds": "other_funds",
}
_OF_PATIENT: Final = frozenset({"cash", "account", "fully_self_paid", "first_self_paid", "deductible"})
#: Who pays besides the fund where the policy does not list it.
_USUAL: Final = ("cash", "account", "critical_illness", "assistance", "other_funds")
#: What by_ratio takes off the standard before the ratio.
_NOT_ELIGIBLE: Final = ("fully_self_paid", "first_self_paid", "deductible")
_RATIO_DIGITS: Final = 6
#: Parts of a whole in a share that the fund reimburses.
RATIO_PARTS: Final = 10**_RATIO_DIGITS
_PRODUCT_FITS: Final = 9 * 10**12


@dataclass(frozen=True, slots=True, eq=False)
class Payers:
    """Hold what the payers of each case give.

    Parameters
    ----------
    fund_fen, patient_fen, other_fen, gain_fen : int64 (cases)
        Fund, patient, others (with what is paid apart from the standard), and the hospital's gain: all three less the
        cost [fen].
    """

    fund_fen: NDArray[np.int64]
    patient_fen: NDArray[np.int64]
    other_fen: NDArray[np.int64]
    gain_fen: NDArray[np.int64]


def check_payer_columns(cases: CaseTable, policy: PaymentPolicy) -> list[str]:
    """Check that the table has the payments that the policy takes off the standard; return remarks on those it lacks.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    policy : PaymentPolicy
        The policy: `settlement.subtract`, or the parts that by_ratio takes off.

    Raises
    ------
    TableError
        When the table has none of the payments that the policy names, or seems to have one under a misspelt name. Taken
        for nothing, they would be paid by the fund.
    """
    formula, listed = policy.fund_formula, policy.settlement.subtract
    if formula == "fund":
        return []
    if formula == "subtract" and not listed:
        if any(_COLUMNS[item] in cases.numbers for item in _USUAL):
            return []
        names = ", ".join(_COLUMNS[item] for item in _USUAL)
        return [f"the fund pays the whole standard: the cases have no column of what others paid ({names})"]
    wanted = listed if formula == "subtract" else _NOT_ELIGIBLE
    rule = "settlement.subtract" if formula == "subtract" else 'settlement.fund_payable = "by_ratio"'
    absent = [item for item in wanted if _COLUMNS[item] not in cases.numbers]
    near = {item: near_column(_COLUMNS[item], cases.unread, also=(item,)) for item in absent}
    refused = absent if len(absent) == len(wanted) else [item for item in absent if near[item]]
    without = "add it, 0 where nothing was paid" + (", or take it out of the list" if formula == "subtract" else "")
    raise_all(
        [
            Problem(
                cases.source,
                f"no column {_COLUMNS[item]!r}",
                f"what {rule} of {policy.id} takes off the standard",
                f"rename {near[item]!r}?" if near[item] else without,
            )
            for item in refused
        ],
        TableError,
    )
    return [f"nothing is taken off for {item}: the cases have no column {_COLUMNS[item]}" for item in absent]


def payers_above_cost(cases: CaseTable, policy: PaymentPolicy) -> NDArray[np.bool_]:
    """Say of which cases the patient and others paid more than the bill.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    policy : PaymentPolicy
        The policy; what it takes off counts besides the usual payments.
    """
    above = np.zeros(len(cases), bool)
    lists = {_USUAL, tuple(policy.settlement.subtract), _NOT_ELIGIBLE if policy.fund_formula == "by_ratio" else ()}
    for items in sorted(lists):
        columns = [cases.amount(_COLUMNS[item]) for item in items if _COLUMNS[item] in cases.numbers]
        if columns:
            above |= np.sum(columns, axis=0, dtype=np.int64) > cases.cost_fen
    return above


def payers_beside_charge(cases: CaseTable, rows: NDArray[np.bool_]) -> tuple[int, int]:
    """Count the cases whose charge of the pool and payments of others are more, and less, than the bill.

    Parameters
    ----------
    cases : CaseTable
        The cases; without a column of either, there is nothing to compare.
    rows : bool (cases)
        Cases that are looked at.
    """
    present = [_COLUMNS[item] for item in _USUAL if _COLUMNS[item] in cases.numbers]
    charged = cases.numbers.get("fund_charged")
    if charged is None or not present:
        return 0, 0
    rest = cases.cost_fen - cases.amount("fund_charged") - np.sum([cases.amount(name) for name in present], axis=0)
    rest = rest[rows & (charged != MISSING)]
    return int((rest < 0).sum()), int((rest > 0).sum())


def usual_payers(columns: Collection[str]) -> list[str]:
    """Return which columns of what others paid there are."""
    return [_COLUMNS[item] for item in _USUAL if _COLUMNS[item] in columns]


def other_payers(cases: CaseTable, policy: PaymentPolicy) -> tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]:
    """Return what patients and others paid for each case [fen]; None where the table says nothing of them."""
    listed = policy.settlement.subtract or _USUAL
    sides = []
    for of_patient in (True, False):
        names = [_COLUMNS[item] for item in listed if (item in _OF_PATIENT) == of_patient]
        columns = [cases.amount(name) for name in names if name in cases.numbers]
        sides.append(np.sum(columns, axis=0, dtype=np.int64) if columns else None)
    return sides[0], sides[1]


def fund_by_ratio(
    standard_fen: NDArray[np.int64],
    self_paid_fen: NDArray[np.int64],
    ratio_parts: NDArray[np.int64],
    *,
    mode: RoundingMode = "half_up",
) -> NDArray[np.int64]:
    """Return the fund's part by case: (standard - what is not eligible) x ratio, at least 0.

    Parameters
    ----------
    standard_fen : int64 (cases)
        Payment standard [fen].
    self_paid_fen : int64 (cases)
        Fully self-paid, first self-paid and deductible [fen].
    ratio_parts : int64 (cases)
        Share that the fund reimburses [millionths].
    mode : {"half_up", "half_even"}
        Where half a fen goes.

    Examples
    --------
    >>> fund_by_ratio(np.array([800_000, 90_000]), np.array([100_000, 100_000]), np.array([800_000, 800_000])).tolist()
    [560000, 0]
    """
    eligible = np.maximum(standard_fen - self_paid_fen, 0)
    if eligible.max(initial=0) >= _PRODUCT_FITS:
        exact = [
            divide_rounded(a * b, RATIO_PARTS, mode) for a, b in zip(*map(list, (eligible, ratio_parts)), strict=True)
        ]
        return np.array(exact, np.int64)
    whole, rest = np.divmod(eligible * ratio_parts, RATIO_PARTS)
    up = 2 * rest > RATIO_PARTS
    half = 2 * rest == RATIO_PARTS
    up |= half & ((whole & 1) == 1) if mode == "half_even" else half
    rounded: NDArray[np.int64] = whole + up
    return rounded


def split_payment(
    cases: CaseTable,
    policy: PaymentPolicy,
    *,
    standard_fen: NDArray[np.int64],
    paid: NDArray[np.bool_],
    deducted_fen: NDArray[np.int64] | None,
) -> Payers:
    """Split what each case is paid between its payers.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    policy : PaymentPolicy
        The policy; its rule says how the fund's part follows from the standard.
    standard_fen : int64 (cases)
        What the case is paid by its rule [fen].
    paid : bool (cases)
        Cases that are paid; the others have no payer.
    deducted_fen : int64 (cases) or None
        What was taken out of the bill before [fen].

    Returns
    -------
    Payers
        For every paid case ``fund + patient + others - gain = cost``.
    """
    everyone = bool(paid.all())
    patient, other = other_payers(cases, policy)
    formula = policy.fund_formula
    nothing = np.zeros(len(cases), np.int64)
    if formula == "fund":
        fund = standard_fen
    elif formula == "by_ratio":
        fund = _by_ratio(cases, policy, standard_fen)
        if patient is None:
            patient = standard_fen - fund - (nothing if other is None else other)
    else:
        fund = standard_fen
        for side in (patient, other):
            fund = fund if side is None else fund - side
    patient = nothing if patient is None else patient
    other = nothing if other is None else other
    if deducted_fen is not None and policy.ratio is not None and policy.ratio.deducted == "paid_apart":
        other = other + deducted_fen
    if not everyone:
        fund, patient, other = (np.where(paid, amount, 0) for amount in (fund, patient, other))
    gain = fund + patient + other if patient.any() or other.any() else fund.copy()
    gain -= cases.cost_fen
    if not everyone:
        gain[~paid] = 0
    return Payers(fund, patient, other, gain)


def taken_off(policy: PaymentPolicy) -> tuple[str, ...]:
    """Return the columns of what a policy takes off the standard, before a ratio or to leave the fund's part.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    """
    items = _NOT_ELIGIBLE if policy.fund_formula == "by_ratio" else policy.settlement.subtract or _USUAL
    return tuple(_COLUMNS[item] for item in items)


def reimbursed_parts(cases: CaseTable, policy: PaymentPolicy) -> NDArray[np.int64]:
    """Return the share of each case that the fund reimburses [millionths]; below 0 where nothing says it.

    Parameters
    ----------
    cases : CaseTable
        The cases; their own column `policy_ratio` goes before the policy's table.
    policy : PaymentPolicy
        The policy.
    """
    rows = policy.settlement.policy_ratio
    table = np.full((len(cases.tier_names) + 1, len(cases.insurance_names) + 1), MISSING)
    for row, tier in enumerate(cases.tier_names):
        for column, insurance in enumerate(cases.insurance_names):
            share = declared_rate(rows, tier=tier, insurance=insurance)
            if share is not None:
                table[row, column] = in_units(share, _RATIO_DIGITS)
    ratio: NDArray[np.int64] = table[cases.tier_code, cases.insurance_code]
    if "policy_ratio" in cases.numbers:
        own = cases.numbers["policy_ratio"]
        ratio = np.where(own == MISSING, ratio, own)
    return ratio


def _by_ratio(cases: CaseTable, policy: PaymentPolicy, standard_fen: NDArray[np.int64]) -> NDArray[np.int64]:
    self_paid = np.zeros(len(cases), np.int64)
    for item in _NOT_ELIGIBLE:
        self_paid += cases.amount(_COLUMNS[item])
    ratio = np.maximum(reimbursed_parts(cases, policy), 0)
    return fund_by_ratio(standard_fen, self_paid, ratio, mode=policy.rounding.mode)
