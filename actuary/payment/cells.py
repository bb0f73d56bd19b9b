"""What a policy pays one kind of case: group, place, insurance and variant, as exact segments or as the reason why not.

Here the declared rules meet the tables: weights and marks, coefficients, base groups, special groups, stays paid by the
day, incomplete stays, day surgery, decided reviews, volume caps. Settlement compiles the kinds that occur.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_classes import CaseClass
from actuary.payment.declared_values import EVERY
from actuary.payment.pricing import coefficient_of, declared_rate, for_insurance, rate_of
from actuary.payment.segments import (
    ACTUAL_COST,
    NOTHING,
    CaseTerms,
    Segment,
    bed_day_segments,
    class_segments,
    constant_segment,
    incomplete_segments,
    ratio_line,
    standard_line,
    times,
)
from actuary.payment.statuses import PaymentReason
from actuary.payment.weight_tables import WeightRow

__all__ = ["PLAIN", "Cell", "CellKey", "Variant", "cell_of", "group_mean_fen", "known_tiers"]

_QY = "QY"
_NOT_GRANTED = frozenset({"refused", "over_quota"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Say what sets a case apart from others of its group, place and insurance.

    Parameters
    ----------
    kind : str
        regular, incomplete, bed_day, day_surgery, ungroupable or over_cap.
    review : str
        Decision of the special review: "", approved, refused, or over_quota: approved beyond the quota.
    share : Fraction
        Part that is paid, such as 1/2 of the earlier of two stays.
    supplement : Fraction
        Supplement of a DIP score.
    addition : Fraction
        Part of the group's weight that is added.
    """

    kind: Literal["regular", "incomplete", "bed_day", "day_surgery", "ungroupable", "over_cap"] = "regular"
    review: Literal["", "approved", "refused", "over_quota"] = ""
    share: Fraction = Fraction(1)
    supplement: Fraction = Fraction(1)
    addition: Fraction = Fraction(0)


#: A case like any other.
PLAIN = Variant()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellKey:
    """Name a kind of case.

    Parameters
    ----------
    group, tier, hospital, insurance : str
        Group it is paid as, and place; ``*`` for a hospital that makes no difference.
    variant : Variant
        What else sets it apart.
    listed : Decimal or None
        Coefficient that the list of hospitals gives.
    """

    group: str
    tier: str
    insurance: str
    hospital: str = EVERY
    variant: Variant = PLAIN
    listed: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Hold what a kind of case is paid.

    Parameters
    ----------
    segments : tuple of Segment
        By rising cost, or days; empty when it has no price.
    reason : PaymentReason
        ``regular``, or why it has no price.
    price : Fraction or None
        Declared price of a unit [yuan]; None where the pool makes it.
    terms : CaseTerms or None
        The numbers behind the segments; None where there are none.
    """

    segments: tuple[Segment, ...] = ()
    reason: PaymentReason = PaymentReason.REGULAR
    price: Fraction | None = None
    terms: CaseTerms | None = None

    def segment_at(self, variable: int | Fraction) -> Segment:
        """Return the segment of a cost [fen], or of a number of days.

        Raises
        ------
        ValueError
            When the kind has no price.
        """
        for segment in self.segments:
            if segment.upper is None or variable <= segment.upper:
                return segment
        raise ValueError(f"this kind of case has no price: {self.reason.en}")


def known_tiers(policy: PaymentPolicy) -> frozenset[str] | None:
    """Return the tiers that a policy names; None when it prices any tier.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    """
    rates, coefficients = {row.tier for row in policy.price.rate}, set(policy.coefficient.tier)
    tables = {*policy.coefficient_table.tiers, *policy.weight_table.tiers}
    # Tiers that only some rates or coefficients name leave the others to a wildcard.
    open_ended = (EVERY in rates or not rates) and (EVERY in coefficients or not coefficients) and not tables
    return None if open_ended else frozenset((rates | coefficients | tables) - {EVERY})


def group_mean_fen(policy: PaymentPolicy, group: str, tier: str) -> Fraction | None:
    """Return the mean cost that the ratio of a group is taken to [fen], as the policy's denominator says.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    group, tier : str
        The group, and the tier where means differ between tiers.

    Returns
    -------
    Fraction or None
        None: the policy gives none, or the ratio is taken to the payment standard.
    """
    if policy.ratio is None or policy.ratio.denominator == "standard":
        return None
    if policy.ratio.denominator == "same_level_mean" and policy.group_means is not None:
        row = policy.group_means.row(group, tier)
        return None if row is None or row.mean_cost is None else Fraction(row.mean_cost) * 100
    row = policy.weight_table.row(group, tier)
    if row is not None and row.mean_cost is not None:
        return Fraction(row.mean_cost) * 100
    weight = _weight(policy, group, row)
    overall = policy.weights.overall_mean_cost
    return None if weight is None or overall is None else weight * Fraction(overall) * 100


def _weight(policy: PaymentPolicy, group: str, row: WeightRow | None) -> Fraction | None:
    """Return the relative weight of a group; None where it has none."""
    own = policy.weights.special.ungrouped.get(group)
    number = own if own is not None else (None if row is None else row.rw)
    if number is None:
        return None
    return Fraction(number) / Fraction(policy.weights.scale) if policy.weights.holds == "points" else Fraction(number)


def cell_of(policy: PaymentPolicy, key: CellKey) -> Cell:  # noqa: PLR0911 (one answer a rule, in their order)
    """Return what a policy pays one kind of case.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    key : CellKey
        The kind.

    Returns
    -------
    Cell
        Segments, or the reason why there are none.
    """
    if key.variant.kind == "bed_day":
        return _shared(_bed_day(policy, key), key)
    key = _as_blank_group(policy, key)
    row = policy.weight_table.row(key.group, key.tier)
    pay, reason = _special(policy, key, row)
    if pay == "unpriced":
        return Cell(reason=reason)
    terms, missing = _terms(policy, key, row)
    if key.variant.review == "approved":
        return _reviewed(policy, terms, missing, key)
    if pay == "actual":
        return _shared(Cell(segments=constant_segment(_actual_class(key, row), ACTUAL_COST, paid_in="money")), key)
    if pay == "review" and key.variant.review not in _NOT_GRANTED:
        return Cell(segments=(Segment(None, "review", NOTHING, "money", review=True, pending=True),), terms=terms)
    if terms is None:
        return Cell(reason=missing)
    price = rate_of(policy, key.group, tier=key.tier, insurance=key.insurance)
    if price is None and policy.price.mode == "fixed":
        return Cell(reason=PaymentReason.RATE_MISSING)
    if policy.ratio is not None and policy.ratio.denominator == "standard":
        terms = replace(terms, mean_fen=_standard_fen(policy, terms, price, key))
    if not terms.mean_fen and _needs_mean(policy, key, pay):
        return Cell(reason=PaymentReason.MEAN_MISSING, terms=terms)
    segments = _segments(policy, key, terms, pay)
    if not segments:
        return Cell(reason=PaymentReason.CAP_RULE_MISSING)
    fixed = price if policy.price.mode == "fixed" else None
    return _shared(Cell(segments=segments, price=fixed, terms=terms), key)


def _as_blank_group(policy: PaymentPolicy, key: CellKey) -> CellKey:
    """Return the blank group of DIP in place of no group, where the policy pays such cases by their ratio."""
    special, blank = policy.weights.special, policy.dip.blank_group if policy.dip is not None else None
    if key.variant.kind != "ungroupable" or special.ungroupable != "ratio_points" or blank is None or not blank.group:
        return key
    named = key.group in special.ungrouped or policy.weight_table.row(key.group, key.tier) is not None
    return key if named else replace(key, group=blank.group)


def _needs_mean(policy: PaymentPolicy, key: CellKey, pay: str) -> bool:
    """Say whether a kind of case is paid by its ratio; without one it would silently pass as normal."""
    if key.variant.kind in {"over_cap", "day_surgery"}:
        return False
    if key.variant.kind == "incomplete" and policy.incomplete is not None and policy.incomplete.formula != "none":
        return True
    return pay in {"blank", "ratio_points"} or any(rule.name != "normal" for rule in policy.classes)


def _shared(cell: Cell, key: CellKey) -> Cell:
    share = key.variant.share
    return cell if share == 1 else replace(cell, segments=times(cell.segments, share))


def _standard_fen(policy: PaymentPolicy, terms: CaseTerms, price: Fraction | None, key: CellKey) -> Fraction | None:
    """Return the payment standard [fen] at the declared price, or at the value announced before the year."""
    announced = price if price is not None else for_insurance(policy.price.budget_value, key.insurance)
    return None if announced is None else standard_line(terms).constant * announced * 100


def _special(  # noqa: PLR0911 (one answer a rule, in their order)
    policy: PaymentPolicy, key: CellKey, row: WeightRow | None
) -> tuple[str, PaymentReason]:
    """Return how a group is paid that is not like the others: standard for those that are."""
    special = policy.weights.special
    if key.group in special.ungrouped:
        return "standard", PaymentReason.REGULAR
    blank = policy.dip.blank_group if policy.dip is not None else None
    if blank is not None and key.group == blank.group:
        return ("blank" if blank.pay == "ratio_points" else blank.pay), PaymentReason.UNGROUPED
    if row is None:
        if key.variant.kind == "ungroupable":
            return special.ungroupable, PaymentReason.UNGROUPED
        return "unpriced", PaymentReason.GROUP_UNKNOWN
    marks = row.marks
    if key.group.endswith(_QY) or "ambiguous_qy" in marks:
        return ("standard" if special.qy == "own_weight" else special.qy), PaymentReason.WEIGHT_MISSING
    for mark in ("ffs", "special_review", "uncovered"):
        if mark in marks:
            return getattr(special, mark), PaymentReason.WEIGHT_MISSING
    if "unstable" in marks:
        if row.rw == 1 and special.placeholder_one != "accept":
            refused = special.placeholder_one in {"reject", "unpriced"}
            return ("unpriced" if refused else special.placeholder_one), PaymentReason.WEIGHT_PLACEHOLDER
        return special.unstable, PaymentReason.WEIGHT_MISSING
    return "standard", PaymentReason.REGULAR


def _actual_class(key: CellKey, row: WeightRow | None) -> str:
    if row is None or key.variant.kind == "ungroupable":
        return "ungroupable"
    return "unstable" if "unstable" in row.marks else "item_by_item"


def _terms(policy: PaymentPolicy, key: CellKey, row: WeightRow | None) -> tuple[CaseTerms | None, PaymentReason]:
    """Return the numbers of a kind of case, or which of them is missing."""
    weight = _weight(policy, key.group, row)
    if weight is None:
        return None, PaymentReason.WEIGHT_MISSING
    if weight == 0:
        return None, PaymentReason.WEIGHT_ZERO
    factor = coefficient_of(policy, key.group, tier=key.tier, hospital=key.hospital, listed=key.listed)
    if factor is None:
        return None, PaymentReason.COEFFICIENT_MISSING
    if policy.dip is not None:
        factor *= 1 + Fraction(policy.dip.support_coefficient or 0)
        factor *= Fraction(policy.dip.assessment_coefficient or 1)
    added = weight * (1 + key.variant.addition)
    # The auxiliary lists raise the score of a group; the blank group is paid by its ratio, whoever lies in it.
    blank = policy.dip.blank_group if policy.dip is not None else None
    terms = CaseTerms(
        weight=weight,
        base=added * Fraction(policy.weights.scale),
        factor=factor,
        supplement=Fraction(1) if blank is not None and key.group == blank.group else key.variant.supplement,
        mean_fen=group_mean_fen(policy, key.group, key.tier),
    )
    return terms, PaymentReason.REGULAR


def _segments(policy: PaymentPolicy, key: CellKey, terms: CaseTerms, pay: str) -> tuple[Segment, ...]:
    """Return the segments of a group that has a weight; none where the policy states no payment beyond a cap."""
    refused = key.variant.review in _NOT_GRANTED
    if key.variant.kind == "over_cap":
        return _over_cap(policy, terms)
    if pay in {"blank", "ratio_points"} and terms.mean_fen:
        blank = policy.dip.blank_group if policy.dip is not None else None
        factor = Fraction(blank.factor) if pay == "blank" and blank is not None and blank.factor else Fraction(1)
        return constant_segment("ungroupable", ratio_line(terms, factor))
    incomplete = policy.incomplete.formula if policy.incomplete is not None else "none"
    if key.variant.kind == "incomplete" and incomplete != "none" and terms.mean_fen:
        return incomplete_segments(incomplete, terms)
    surgery = policy.day_surgery
    if key.variant.kind == "day_surgery" and surgery is not None:
        if surgery.pay == "actual":
            return constant_segment("day_surgery", ACTUAL_COST, paid_in="money")
        share = Fraction(surgery.share) if surgery.pay == "flat" and surgery.share is not None else Fraction(1)
        return constant_segment("day_surgery", standard_line(terms).times(share))
    rules = [_decided(rule) if refused else rule for rule in policy.classes]
    return class_segments(rules, terms)


def _decided(rule: CaseClass) -> CaseClass:
    """Return a class as it is paid once its review has been refused: by its group."""
    return rule.model_copy(update={"pay": "standard"}) if rule.pay == "review" else rule


def _over_cap(policy: PaymentPolicy, terms: CaseTerms) -> tuple[Segment, ...]:
    cap = policy.volume_cap
    if cap is None or cap.beyond is None:
        return ()
    if cap.beyond == "actual":
        return constant_segment("over_cap", ACTUAL_COST, paid_in="money")
    shares = {"none": Fraction(0), "standard": Fraction(1), "share": Fraction(cap.share or 0)}
    return constant_segment("over_cap", standard_line(terms).times(shares[cap.beyond]))


def _reviewed(policy: PaymentPolicy, terms: CaseTerms | None, missing: PaymentReason, key: CellKey) -> Cell:
    """Return what an approved review pays: the cost, points in proportion to it, or the amount decided."""
    result = policy.review.result if policy.review is not None else "actual"
    if result == "actual":
        return Cell(segments=constant_segment("review", ACTUAL_COST, paid_in="money"), terms=terms)
    if result == "decided":
        # The amount stands in the case itself: the cell pays nothing, settlement writes the amount.
        return Cell(segments=constant_segment("review", NOTHING, paid_in="money"), terms=terms)
    if terms is None or not terms.mean_fen:
        return Cell(reason=missing if terms is None else PaymentReason.WEIGHT_MISSING)
    price = rate_of(policy, key.group, tier=key.tier, insurance=key.insurance)
    return Cell(segments=constant_segment("review", ratio_line(terms)), price=price, terms=terms)


def _bed_day(policy: PaymentPolicy, key: CellKey) -> Cell:
    rule = policy.bed_day
    if rule is None:
        return Cell(reason=PaymentReason.OUTSIDE_POLICY)
    if rule.points_per_day is not None:
        segments = bed_day_segments(rule.bands, Fraction(rule.points_per_day), paid_in="points")
        price = rate_of(policy, key.group, tier=key.tier, insurance=key.insurance)
        if price is None and policy.price.mode == "fixed":
            return Cell(reason=PaymentReason.RATE_MISSING)
        return Cell(segments=segments, price=price if policy.price.mode == "fixed" else None)
    tariff = declared_rate(rule.tariff, tier=key.tier, insurance=key.insurance)
    if tariff is None:
        return Cell(reason=PaymentReason.RATE_MISSING)
    return Cell(segments=bed_day_segments(rule.bands, tariff, paid_in="money"))
