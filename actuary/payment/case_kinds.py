"""Sort the cases of a settlement into kinds: what each is paid as, where, and what sets it apart from the others.

Every rule that looks at more than the cost of a case is applied here: substitution, additions, deductions, stays paid
by the day, incomplete stays, day surgery, readmission, volume caps, special review, supplements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_cells import Coded
from actuary.payment.case_columns import MISSING
from actuary.payment.case_oddities import CaseOddities, odd_about
from actuary.payment.case_variants import join_axes
from actuary.payment.cases import CaseTable
from actuary.payment.cells import Variant, known_tiers
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.deductions import deducted_fen
from actuary.payment.payers import check_payer_columns, payers_above_cost, reimbursed_parts
from actuary.payment.pricing import known_hospitals
from actuary.payment.readmission import READMISSION_COLUMNS, share_left
from actuary.payment.review import ReviewQuota
from actuary.payment.statuses import PaymentReason
from actuary.payment.substitution import substitute_groups, weight_additions
from actuary.payment.supplements import supplement_factors
from actuary.payment.volume_caps import volume_limits
from actuary.payment.year_rules import AT_ONCE, YearRules

__all__ = ["CaseKinds", "sort_cases"]

_REGULAR = PaymentReason.REGULAR.number
_UNGROUPED_STATUSES = frozenset({"ungrouped", "check_failed", "无法入组", "信息校验不通过"})
_UNGROUPED_CODES = ("0000", "000")
_KINDS = ("regular", "incomplete", "bed_day", "day_surgery", "ungroupable", "over_cap")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaseKinds:
    """Hold what the cases of a settlement are paid as.

    Parameters
    ----------
    group : Coded
        Group each case is paid as.
    place : int32 (cases)
        Number of the place: tier, or hospital and tier where coefficients differ between hospitals.
    places : tuple of (str, str)
        Tier and hospital of each place; ``*`` for every hospital.
    variant : int32 (cases), or of length 0
        Number of the variant; length 0 when all cases are like any other.
    variants : tuple of Variant
        The variants.
    variable : int64 (cases)
        What the segments are lines of: the cost after deductions [fen], or the days of a stay paid by the day.
    deducted : int64 (cases) or None
        What is taken out of the bill [fen].
    reason : int8 (cases)
        Reason of each case so far.
    decided : bool (cases) or None
        Cases paid the amount that their review decided.
    quotas : tuple of ReviewQuota
        Book of the special reviews.
    rule_remarks : tuple of str
        Rules that could not be applied, and why.
    oddities : CaseOddities
        What is odd about the table though every row can be settled.
    """

    group: Coded
    place: NDArray[np.int32]
    places: tuple[tuple[str, str], ...]
    variant: NDArray[np.int32]
    variants: tuple[Variant, ...]
    variable: NDArray[np.int64]
    deducted: NDArray[np.int64] | None
    reason: NDArray[np.int8]
    decided: NDArray[np.bool_] | None
    quotas: tuple[ReviewQuota, ...]
    rule_remarks: tuple[str, ...] = ()
    oddities: CaseOddities = field(default_factory=CaseOddities)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Rules that could not be applied and why, and what is odd about the table."""
        return (*self.rule_remarks, *self.oddities.remarks())


def sort_cases(cases: CaseTable, policy: PaymentPolicy, *, year: YearRules = AT_ONCE) -> CaseKinds:
    """Apply every rule of a policy that looks at more than the cost.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    policy : PaymentPolicy
        The policy.
    year : YearRules
        Answers the rules that look at all cases of the year; a table that holds them all answers them by itself.

    Returns
    -------
    CaseKinds
        One kind a case; a case that cannot be paid has its reason.
    """
    sorting = _Sorting(cases, policy, year)
    group = sorting.substitute(sorting.groups())
    if known_tiers(policy) is not None:
        sorting.mark(cases.tier_code < 0, PaymentReason.TIER_MISSING)
    sorting.hospitals()
    deducted = sorting.deduct()
    sorting.payers()
    if policy.fund_formula == "by_ratio":
        sorting.mark(reimbursed_parts(cases, policy) < 0, PaymentReason.FIELD_MISSING)
    decided, quotas = sorting.review()
    kind, days = sorting.kinds(group)
    sorting.over_caps(group, kind)
    earlier = sorting.readmissions()
    variant, variants = sorting.variants(kind, earlier, group)
    variable = cases.cost_fen if deducted is None else cases.cost_fen - deducted
    if days is not None:
        by_day = kind == _KINDS.index("bed_day")
        variable = np.where(by_day, days, variable)
    place, places = _places(cases, policy)
    return CaseKinds(
        group=group,
        place=place,
        places=places,
        variant=variant,
        variants=variants,
        variable=variable,
        deducted=deducted,
        reason=sorting.reason,
        decided=decided,
        quotas=quotas,
        rule_remarks=tuple(sorting.remarks),
        oddities=sorting.oddities,
    )


def _places(cases: CaseTable, policy: PaymentPolicy) -> tuple[NDArray[np.int32], tuple[tuple[str, str], ...]]:
    tiers, codes = cases.tier_names, cases.tier_code
    if not tiers or codes.min(initial=0) < 0:
        # Where no tier is known the place is every tier, which has a price only where the policy prices any tier.
        codes, tiers = np.where(codes < 0, len(tiers), codes).astype(np.int32), (*tiers, "*")
    if policy.coefficient.form not in {"hospital", "group_hospital"}:
        return codes, tuple((tier, "*") for tier in tiers)
    pairs = tuple((tier, hospital) for hospital in cases.hospital_names for tier in tiers)
    return cases.hospital_code * np.int32(len(tiers)) + codes, pairs


class _Sorting:
    """Carry the reasons along while the rules are applied one after the other."""

    def __init__(self, cases: CaseTable, policy: PaymentPolicy, year: YearRules) -> None:
        self.cases = cases
        self.policy = policy
        self.year = year
        self.reason = cases.reason.copy()
        self.review_code: NDArray[np.int8] | None = None
        self.remarks: list[str] = []
        self.oddities = CaseOddities()

    def mark(self, rows: NDArray[Any], reason: PaymentReason) -> None:
        """Give rows a reason unless they have one."""
        mask = np.zeros(len(self.cases), bool)
        mask[rows] = True
        self.reason[mask & (self.reason == _REGULAR)] = reason.number

    def groups(self) -> Coded:
        """Return the group of each case; one that the grouper could not group gets the code of those without one."""
        group = self.cases.coded["drg"]
        without = group.codes < 0
        if not without.any():
            return group
        answer = self.cases.coded.get("group_status")
        if answer is not None:
            told = without & _of_groups(answer, [name in _UNGROUPED_STATUSES for name in answer.names])
            blank = self.policy.dip.blank_group if self.policy.dip is not None else None
            name = (blank.group if blank is not None else None) or _UNGROUPED_CODES[0]
            names = {one: place for place, one in enumerate(group.names)}
            place = names.setdefault(name, len(names))
            group = Coded(np.where(told, place, group.codes).astype(np.int32), tuple(names))
        self.mark(group.codes < 0, PaymentReason.GROUP_MISSING)
        return group

    def substitute(self, group: Coded) -> Coded:
        if not self.policy.substitute.rules:
            return group
        found = substitute_groups(self.cases, group, self.policy.substitute.rules)
        self.mark(found.undecided, PaymentReason.FIELD_MISSING)
        return found.group

    def hospitals(self) -> None:
        """Mark hospitals that the policy gives no coefficient."""
        known = known_hospitals(self.policy, self.cases.hospital_coefficients)
        if known is not None:
            names = self.cases.coded["hospital"]
            self.mark(_of_groups(names, [name not in known for name in names.names]), PaymentReason.HOSPITAL_UNKNOWN)

    def payers(self) -> None:
        """Check what others paid, and count what is odd about the table."""
        self.remarks += check_payer_columns(self.cases, self.policy)
        self.mark(payers_above_cost(self.cases, self.policy), PaymentReason.PAYERS_TOO_HIGH)
        self.oddities = odd_about(self.cases, self.reason == _REGULAR)

    def deduct(self) -> NDArray[np.int64] | None:
        parts = self.policy.ratio.deduct if self.policy.ratio is not None else ()
        deducted = deducted_fen(self.cases, parts)
        if deducted is not None:
            self.mark(deducted > self.cases.cost_fen, PaymentReason.DEDUCTION_TOO_HIGH)
        return deducted

    def kinds(self, group: Coded) -> tuple[NDArray[np.int8] | None, NDArray[np.int64] | None]:
        """Return the number of each case's kind, or None where all are regular, and days where some are needed."""
        kind = np.zeros(len(self.cases), np.int8)
        kind[self._ungroupable(group)] = _KINDS.index("ungroupable")
        surgery = self.policy.day_surgery
        if surgery is not None and "day_surgery" in self.cases.numbers:
            chosen = [not surgery.groups or name in surgery.groups for name in group.names]
            kind[self.cases.flag("day_surgery") & _of_groups(group, chosen)] = _KINDS.index("day_surgery")
        if self.policy.incomplete is not None and "incomplete" in self.cases.numbers:
            kind[self.cases.flag("incomplete")] = _KINDS.index("incomplete")
        by_day = self._by_day(group)
        kind[by_day] = _KINDS.index("bed_day")
        days = None
        if by_day.any():
            days = self._days()
            self.mark(by_day & (days < 0), PaymentReason.DAYS_MISSING)
            days = np.maximum(days, 0)
        return (kind if kind.any() else None), days

    def _days(self) -> NDArray[np.int64]:
        """Return the length of each stay [days]: as given, else from its dates, at least 1."""
        numbers = self.cases.numbers
        days = numbers.get("los_days", np.full(len(self.cases), MISSING))
        if "admission_date" not in numbers or "discharge_date" not in numbers:
            return days
        admission, discharge = numbers["admission_date"], numbers["discharge_date"]
        known = (days == MISSING) & (admission != MISSING) & (discharge >= admission)
        return np.where(known, np.maximum(1, np.where(known, discharge - admission, 0)), days)

    def _ungroupable(self, group: Coded) -> NDArray[np.bool_]:
        found = _of_groups(group, [name in _UNGROUPED_CODES for name in group.names])
        status = self.cases.coded.get("group_status")
        if status is not None:
            found |= _of_groups(status, [name in _UNGROUPED_STATUSES for name in status.names])
        return found

    def _by_day(self, group: Coded) -> NDArray[np.bool_]:
        rule = self.policy.bed_day
        if rule is None:
            return self.cases.flag("bed_day") if "bed_day" in self.cases.numbers else np.zeros(len(self.cases), bool)
        rows = {name: self.policy.weight_table.row(name) for name in group.names}
        chosen = [
            name.startswith(rule.groups) or ((row := rows[name]) is not None and "bed_day" in row.marks)
            for name in group.names
        ]
        found = self.cases.flag("bed_day") | _of_groups(group, chosen)
        if rule.days_from is not None and "los_days" in self.cases.numbers:
            found |= self.cases.numbers["los_days"] >= rule.days_from
        # An approved review is paid by its decision, not by the day.
        return found if self.review_code is None else found & (self.review_code != 1)

    def review(self) -> tuple[NDArray[np.bool_] | None, tuple[ReviewQuota, ...]]:
        """Check the decided reviews; return the cases paid a decided amount, and the book of quotas."""
        rule = self.policy.review
        if rule is None:
            if self.cases.has("review_decision"):
                self.remarks.append(
                    f"decisions of reviews are not followed: {self.policy.id} declares no special review"
                )
            return None, ()
        found = self.year.check_reviews(self.cases, rule.quota, self.reason == _REGULAR)
        if found is None:
            return None, ()
        self.mark(found.unreadable, PaymentReason.FIELD_INVALID)
        if rule.result == "decided":
            amounts = self.cases.numbers.get("review_amount", np.full(len(self.cases), MISSING))
            self.mark(found.granted & (amounts == MISSING), PaymentReason.FIELD_MISSING)
        self.review_code = np.zeros(len(self.cases), np.int8)
        self.review_code[found.granted] = 1
        self.review_code[found.refused] = 2
        self.review_code[found.beyond] = 3
        return (found.granted if rule.result == "decided" else None), found.book

    def over_caps(self, group: Coded, kind: NDArray[np.int8] | None) -> None:
        """Move the cases beyond the yearly number of their group into a kind of their own."""
        cap = self.policy.volume_cap
        self.beyond: NDArray[np.bool_] | None = None
        limits = volume_limits(self.policy)
        if not limits:
            return
        taking_part = self.reason == _REGULAR
        by_hospital = cap is not None and cap.scope == "hospital"
        if kind is not None:
            taking_part &= kind != _KINDS.index("bed_day")
        beyond = self.year.beyond_caps(self.cases, group, limits, taking_part, by_hospital=by_hospital)
        if beyond.any():
            self.beyond = beyond

    def readmissions(self) -> NDArray[np.bool_] | None:
        rule = self.policy.readmission
        if rule is None or rule.effect == "none":
            return None
        lacking = [name for name in READMISSION_COLUMNS if not self.cases.has(name)]
        if lacking:
            self.remarks.append(f"readmissions are not looked for: the cases have no column {', '.join(lacking)}")
            return None
        found = self.year.find_earlier(self.cases, rule, self.reason == _REGULAR)
        return found if found.any() else None

    def variants(
        self, kind: NDArray[np.int8] | None, earlier: NDArray[np.bool_] | None, group: Coded
    ) -> tuple[NDArray[np.int32], tuple[Variant, ...]]:
        """Join all that sets cases apart into one number each."""
        axes: list[tuple[str, NDArray[Any], Sequence[Any]]] = []
        if self.beyond is not None:
            kind = np.zeros(len(self.cases), np.int8) if kind is None else kind.copy()
            kind[self.beyond] = _KINDS.index("over_cap")
        if kind is not None:
            axes.append(("kind", kind, _KINDS))
        if self.review_code is not None:
            axes.append(("review", self.review_code, ("", "approved", "refused", "over_quota")))
        if earlier is not None and self.policy.readmission is not None:
            axes.append(("share", earlier.astype(np.int8), (Fraction(1), share_left(self.policy.readmission))))
        if self.policy.dip is not None and self.policy.dip.supplement is not None:
            codes, factors, unknown = supplement_factors(self.cases, self.policy.dip.supplement)
            self.mark(unknown, PaymentReason.FIELD_INVALID)
            if factors != (Fraction(1),):
                axes.append(("supplement", codes, factors))
        if self.policy.substitute.additions:
            added = weight_additions(self.cases, group, self.policy.substitute.additions)
            if added is not None:
                axes.append(("addition", *added))
        return join_axes(axes, len(self.cases))


def _of_groups(coded: Coded, chosen: Sequence[bool]) -> NDArray[np.bool_]:
    """Say which cases have one of the chosen names; a missing name is none of them."""
    if not any(chosen):
        return np.zeros(len(coded.codes), bool)
    found: NDArray[np.bool_] = np.array([*chosen, False])[coded.codes]
    return found
