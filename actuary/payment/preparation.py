"""Everything that is decided of a case before its ratio: group paid as, deductions, special ways of payment, shares.

The answer is one variant a case, of which there are few, and one variable that the formulas are lines of: the cost
after deductions, or the days of a stay that is paid by the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_cells import Coded
from actuary.payment.case_columns import MISSING
from actuary.payment.cases import CaseTable
from actuary.payment.cells import PLAIN, Variant
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_classes import BedDay, DaySurgery
from actuary.payment.deductions import deducted_fen
from actuary.payment.readmission import READMISSION_COLUMNS, earlier_stays, share_left
from actuary.payment.review import Reviewed, ReviewQuota, check_review_quota
from actuary.payment.statuses import PaymentReason
from actuary.payment.substitution import substitute_groups, weight_additions
from actuary.payment.supplements import case_supplements
from actuary.payment.volume_caps import beyond_caps

__all__ = ["NO_GROUP", "PreparedCases", "prepare_cases", "volume_limits"]

#: The group of a case that has none.
NO_GROUP = "0000"

_GROUPED = frozenset({"grouped", "分组成功", "入组"})

_KINDS = ("regular", "incomplete", "bed_day", "day_surgery", "ungroupable", "over_cap")
_REVIEWS = ("", "approved", "refused")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PreparedCases:
    """Hold what the formulas need of every case.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    reason : int8 (cases)
        Number of the reason so far; see `payable`.
    group : Coded
        The group each case is paid as.
    variant : int16 (cases) or (0,)
        Place among the variants; without places every case is of the first.
    variants : tuple of Variant
        The variants that occur.
    variable : int64 (cases)
        Cost after deductions [fen]; days for stays paid by the day.
    decided_fen : int64 (cases) or None
        What a review decided [fen], 0 elsewhere; None where the policy pays no decided amounts.
    deducted_fen : int64 (cases) or None
        What was taken out of the cost [fen]; None where nothing was.
    review_book : tuple of ReviewQuota
        Special reviews by hospital.
    remarks : tuple of str
        Rules that could not be applied, and why.
    """

    cases: CaseTable
    reason: NDArray[np.int8]
    group: Coded
    variant: NDArray[np.int16]
    variants: tuple[Variant, ...]
    variable: NDArray[np.int64]
    decided_fen: NDArray[np.int64] | None = None
    deducted_fen: NDArray[np.int64] | None = None
    review_book: tuple[ReviewQuota, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def payable(self) -> NDArray[np.bool_]:
        """Whether nothing keeps the case from being paid so far."""
        payable: NDArray[np.bool_] = self.reason < PaymentReason.REVIEW_PENDING.number
        return payable


class _State:
    """Gather reasons and remarks while the rules are applied one after the other."""

    def __init__(self, reason: NDArray[np.int8]) -> None:
        self.reason = reason
        self.owned = False
        self.remarks: list[str] = []

    def give(self, where: NDArray[np.bool_], reason: PaymentReason) -> None:
        """Give a reason to cases that can be paid so far."""
        if not where.any():
            return
        if not self.owned:
            self.reason, self.owned = self.reason.copy(), True
        self.reason[where & self.payable] = reason.number

    @property
    def payable(self) -> NDArray[np.bool_]:
        payable: NDArray[np.bool_] = self.reason < PaymentReason.REVIEW_PENDING.number
        return payable


def _groups(cases: CaseTable, policy: PaymentPolicy, state: _State) -> Coded:
    """Give cases without a group that of the ungrouped, where the grouper said so; the others have no answer."""
    group = cases.coded["drg"]
    without = group.codes < 0
    if not without.any():
        return group
    answer = cases.coded.get("group_status")
    if answer is not None:
        told = np.array([*(name.lower() not in _GROUPED for name in answer.names), False])[answer.codes]
        blank = policy.dip.blank_group if policy.dip else None
        name = (blank.group if blank else None) or NO_GROUP
        names = {one: place for place, one in enumerate(group.names)}
        place = names.setdefault(name, len(names))
        group = Coded(np.where(without & told, place, group.codes).astype(np.int32), tuple(names))
        without = without & ~told
    state.give(without, PaymentReason.GROUP_MISSING)
    return group


def volume_limits(policy: PaymentPolicy) -> dict[str, int]:
    """Return the most cases a year by group: those of the policy, and those that its weight table prints.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    """
    limits = {row.group: row.cap_cases for row in policy.weight_table if row.cap_cases is not None}
    return limits | (dict(policy.volume_cap.groups) if policy.volume_cap else {})


def _days(cases: CaseTable) -> NDArray[np.int64]:
    """Return the length of each stay [days]: as given, else from its dates, at least 1; MISSING where unknown."""
    days = cases.numbers.get("los_days", np.full(len(cases), MISSING))
    if "admission_date" not in cases.numbers or "discharge_date" not in cases.numbers:
        return days
    admission, discharge = cases.numbers["admission_date"], cases.numbers["discharge_date"]
    known = (days == MISSING) & (admission != MISSING) & (discharge != MISSING) & (discharge >= admission)
    return np.where(known, np.maximum(1, np.where(known, discharge - admission, 0)), days)


def _begin_with(group: Coded, beginnings: Sequence[str]) -> NDArray[np.bool_]:
    flags: NDArray[np.bool_] = np.array([*(name.startswith(tuple(beginnings)) for name in group.names), False], bool)
    return flags[group.codes]


def _by_the_day(cases: CaseTable, group: Coded, rule: BedDay, days: NDArray[np.int64]) -> NDArray[np.bool_]:
    by_day = cases.flag("bed_day")
    if rule.groups:
        by_day = by_day | _begin_with(group, rule.groups)
    if rule.days_from is not None:
        by_day = by_day | (days >= rule.days_from)
    return by_day


def _in_day_surgery(cases: CaseTable, group: Coded, rule: DaySurgery) -> NDArray[np.bool_]:
    flagged = cases.flag("day_surgery")
    return flagged & _begin_with(group, rule.groups) if rule.groups else flagged


def _reviewed(cases: CaseTable, policy: PaymentPolicy, state: _State) -> Reviewed | None:
    quota = policy.review.quota if policy.review else {}
    reviewed = check_review_quota(cases, quota, state.payable)
    if reviewed is None:
        return None
    if policy.review is None:
        state.remarks.append(f"{policy.id} declares no special review: the decisions are followed without a quota")
    state.give(reviewed.unreadable, PaymentReason.FIELD_INVALID)
    return reviewed


class _Variants:
    """Number the combinations of what makes a variant."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.key: NDArray[np.int64] | None = None
        self.attributes: list[tuple[str, tuple[object, ...]]] = []

    def add(self, name: str, codes: NDArray[np.integer], values: tuple[object, ...]) -> None:
        """Add an attribute; codes are places among its values."""
        self.key = codes.astype(np.int64) if self.key is None else self.key * len(values) + codes
        self.attributes.append((name, values))

    def numbered(self) -> tuple[NDArray[np.int16], tuple[Variant, ...]]:
        """Return the variant of each case and the variants."""
        if self.key is None:
            return np.zeros(0, np.int16), (PLAIN,)
        present, places = np.unique(self.key, return_inverse=True)
        variants = []
        for one in present.tolist():
            rest = one
            chosen: dict[str, Any] = {}
            for name, values in reversed(self.attributes):
                rest, code = divmod(rest, len(values))
                chosen[name] = values[code]
            variants.append(Variant(**chosen))
        return places.astype(np.int16), tuple(variants)


def prepare_cases(cases: CaseTable, policy: PaymentPolicy) -> PreparedCases:
    """Decide all that is decided of cases before their ratio.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    policy : PaymentPolicy
        The policy.

    Returns
    -------
    PreparedCases
        In this order: groups of ungrouped cases, substitution and additions, deductions, special review, bed-days,
        incomplete stays and day surgery, supplements, volume caps, readmission. A rule of which the table has no
        columns is not applied, and a remark says so.
    """
    state = _State(cases.reason)
    variants = _Variants(len(cases))
    original = _groups(cases, policy, state)
    substituted = substitute_groups(cases, original, policy.substitute.rules)
    group = substituted.group
    state.give(_rows(substituted.undecided, len(cases)), PaymentReason.FIELD_MISSING)
    if (added := weight_additions(cases, original, policy.substitute.additions)) is not None:
        variants.add("addition", *added)
    variable = cases.cost_fen
    deducted = deducted_fen(cases, policy.ratio.deduct if policy.ratio else ())
    if deducted is not None:
        state.give(deducted > cases.cost_fen, PaymentReason.DEDUCTION_TOO_HIGH)
        variable = np.maximum(0, cases.cost_fen - deducted)
    after_deductions = variable
    reviewed = _reviewed(cases, policy, state)
    kinds = np.zeros(len(cases), np.int8)
    variable = _mark_kinds(cases, policy, group, kinds, state=state, variable=variable)
    decided = None
    if reviewed is not None:
        decided = _decided_amounts(cases, policy, reviewed, state)
        variable = np.where(reviewed.granted, after_deductions, variable)
        outcome = np.where(reviewed.granted, 1, np.where(reviewed.beyond | reviewed.refused, 2, 0))
        variants.add("review", outcome, _REVIEWS)
    supplement = policy.dip.supplement if policy.dip else None
    if supplement is not None and (found := case_supplements(cases, supplement)) is not None:
        state.give(found.unknown, PaymentReason.FIELD_INVALID)
        variants.add("supplement", found.codes, found.factors)
    _cap_volumes(cases, policy, group, state, kinds)
    if kinds.any():
        variants.add("kind", kinds, _KINDS)
    _mark_earlier_stays(cases, policy, state, variants)
    if reviewed is not None:
        state.give(reviewed.granted, PaymentReason.REVIEW_APPROVED)
        state.give(reviewed.beyond, PaymentReason.REVIEW_OVER_QUOTA)
        state.give(reviewed.refused, PaymentReason.REVIEW_REFUSED)
    numbers, kinds_of_payment = variants.numbered()
    return PreparedCases(
        cases=cases,
        reason=state.reason,
        group=group,
        variant=numbers,
        variants=kinds_of_payment,
        variable=variable,
        decided_fen=decided,
        deducted_fen=deducted,
        review_book=reviewed.book if reviewed else (),
        remarks=tuple(state.remarks),
    )


def _rows(rows: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    flags = np.zeros(count, bool)
    flags[rows] = True
    return flags


def _mark_kinds(
    cases: CaseTable,
    policy: PaymentPolicy,
    group: Coded,
    kinds: NDArray[np.int8],
    *,
    state: _State,
    variable: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Write the kind of every case, later ones over earlier ones, and return the variable that goes with it."""
    if NO_GROUP in group.names:
        kinds[group.codes == group.names.index(NO_GROUP)] = _KINDS.index("ungroupable")
    if policy.day_surgery is not None and "day_surgery" in cases.numbers:
        kinds[_in_day_surgery(cases, group, policy.day_surgery)] = _KINDS.index("day_surgery")
    if policy.incomplete is not None and policy.incomplete.formula != "none":
        kinds[cases.flag("incomplete")] = _KINDS.index("incomplete")
    rule = policy.bed_day
    if rule is None:
        state.give(cases.flag("bed_day"), PaymentReason.OUTSIDE_POLICY)
        return variable
    days = _days(cases)
    by_day = _by_the_day(cases, group, rule, days)
    if not by_day.any():
        return variable
    state.give(by_day & (days == MISSING), PaymentReason.DAYS_MISSING)
    kinds[by_day] = _KINDS.index("bed_day")
    return np.where(by_day, np.where(days == MISSING, 0, days), variable)


def _decided_amounts(
    cases: CaseTable, policy: PaymentPolicy, reviewed: Reviewed, state: _State
) -> NDArray[np.int64] | None:
    if policy.review is None or policy.review.result != "decided":
        return None
    amount = cases.numbers.get("review_amount", np.full(len(cases), MISSING))
    state.give(reviewed.granted & (amount == MISSING), PaymentReason.FIELD_MISSING)
    return np.where(reviewed.granted & (amount != MISSING), amount, 0)


def _cap_volumes(cases: CaseTable, policy: PaymentPolicy, group: Coded, state: _State, kinds: NDArray[np.int8]) -> None:
    limits = volume_limits(policy)
    if not limits:
        return
    rule = policy.volume_cap
    by_hospital = rule is not None and rule.scope == "hospital"
    counted = state.payable & (kinds != _KINDS.index("bed_day"))
    beyond = beyond_caps(cases, group, limits, counted, by_hospital=by_hospital)
    if not beyond.any():
        return
    if rule is None or rule.beyond is None:
        state.give(beyond, PaymentReason.CAP_RULE_MISSING)
        return
    state.give(beyond, PaymentReason.OVER_VOLUME_CAP)
    kinds[beyond] = _KINDS.index("over_cap")


def _mark_earlier_stays(cases: CaseTable, policy: PaymentPolicy, state: _State, variants: _Variants) -> None:
    rule = policy.readmission
    if rule is None:
        return
    lacking = [name for name in READMISSION_COLUMNS if not cases.has(name)]
    if lacking:
        state.remarks.append(f"the rule on readmission is not applied: the cases have no {', '.join(lacking)}")
        return
    earlier = earlier_stays(cases, rule, state.payable)
    if earlier.any():
        state.give(earlier, PaymentReason.EARLIER_STAY)
        variants.add("share", earlier.astype(np.int64), (Fraction(1), share_left(rule)))
