# One branch a rule, as they stand in a policy.
# ruff: noqa: C901, PLR0911, PLR0912
"""Settlement as one would write it down: case by case, rule by rule, in fractions; slow and obvious."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

ONE = Fraction(1)


@dataclass(frozen=True)
class Paid:
    """What a case is paid: points (exact, and as rounded), or money whatever a point is worth [yuan]."""

    case_class: str
    points: Fraction | None = None
    money: Fraction | None = None
    reason: str = "regular"
    price: Fraction | None = None


def nearest(value: Fraction, decimals: int | None, mode: str) -> Fraction:
    """Round to decimals, a half away from zero or to the even neighbour."""
    if decimals is None:
        return value
    units = abs(value) * 10**decimals
    whole = units.numerator // units.denominator
    rest = units - whole
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (mode == "half_up" or whole % 2 == 1)):
        whole += 1
    return Fraction(whole if value >= 0 else -whole, 10**decimals)


def _weight(policy: Any, group: str, tier: str) -> Fraction | None:
    if group in policy.weights.special.ungrouped:
        return Fraction(policy.weights.special.ungrouped[group])
    for row in policy.weight_table:
        if row.group == group and row.tier in (tier, "*") and row.rw is not None:
            return Fraction(row.rw) / (Fraction(policy.weights.scale) if policy.weights.holds == "points" else 1)
    return None


def _row(policy: Any, group: str) -> Any:
    return next((row for row in policy.weight_table if row.group == group), None)


def _is_base(policy: Any, group: str) -> bool:
    rule, row = policy.coefficient.base_group, _row(policy, group)
    if rule is None:
        return False
    return group in rule.groups or (row is not None and bool(set(row.marks) & set(rule.marks)))


def _coefficient(policy: Any, group: str, tier: str, hospital: str) -> Fraction | None:
    declared, rule = policy.coefficient, policy.coefficient.base_group
    if rule is not None and _is_base(policy, group):
        if rule.mechanism == "uniform_coef":
            return Fraction(rule.value)
        if rule.mechanism == "coef_one" and (rule.tiers == () or tier in rule.tiers):
            return ONE
    by_form = {"none": {}, "tier": declared.tier, "hospital": declared.hospital}
    if declared.form == "none":
        return ONE
    if declared.form in by_form:
        found = by_form[declared.form].get(tier if declared.form == "tier" else hospital)
    else:
        place = {"group_tier": tier, "group_hospital": hospital}[declared.form]
        found = next(
            (row.coef for row in policy.coefficient_table if row.group == group and place in (row.tier, row.hospital)),
            None,
        )
    found = declared.new_group if found is None else found
    return None if found is None else Fraction(found)


def _rate(policy: Any, group: str, tier: str, insurance: str) -> Fraction | None:
    rule = policy.coefficient.base_group
    fitting = [row for row in policy.price.rate if row.insurance in (insurance, "*")]
    if rule is not None and rule.mechanism == "lowest_tier_rate" and _is_base(policy, group):
        if rule.tier is None:
            return min(Fraction(row.value) for row in fitting)
        tier = rule.tier
    own = [row for row in fitting if row.tier == tier] or [row for row in fitting if row.tier == "*"]
    own = [row for row in own if row.insurance == insurance] or own
    return Fraction(own[0].value) if own else None


def _boundary(rule: Any, weight: Fraction, base: Fraction, factor: Fraction) -> Fraction:
    k = rule.k
    for band in rule.cap:
        if (
            (band.rw_below is not None and not weight < Fraction(band.rw_below))
            or (band.rw_to is not None and not weight <= Fraction(band.rw_to))
            or (band.points_below is not None and not base < Fraction(band.points_below))
            or (band.points_to is not None and not base <= Fraction(band.points_to))
        ):
            continue
        k = band.k
        break
    return Fraction(k) * (min(ONE, factor) if rule.threshold == "lower_of" else ONE)


def _meets(ratio: Fraction, op: str, k: Fraction) -> bool:
    return {"<": ratio < k, "<=": ratio <= k, ">": ratio > k, ">=": ratio >= k}[op]


def _by_class(rule: Any, k: Fraction, ratio: Fraction, numbers: Mapping[str, Fraction]) -> Fraction:
    base, factor = numbers["base"], numbers["factor"]
    share = ONE if rule.share is None else Fraction(rule.share)
    if rule.pay == "ratio_points":
        return ratio * base * factor
    if rule.pay == "points_no_factor":
        return ratio * base
    if rule.pay == "flat":
        return share * base * factor
    if rule.pay == "linear":
        return base * factor + share * (ratio - k) * base * (factor if rule.factor_on_excess else ONE)
    if rule.pay == "deduct":
        return max(Fraction(0), ratio * base - (k - 1) * base * factor)
    if rule.pay == "cap":
        return k * base * factor
    if rule.pay == "dip_excess":
        return (ratio - k + 1) * base * factor if rule.excess_base == "one" else (ratio - k + factor) * base
    return base * factor  # standard, and review that was refused


def slow_case(case: Mapping[str, Any], policy: Any) -> Paid:
    """Pay one case: group, tier, hospital, insurance, cost [fen] and what else sets it apart."""
    group, tier, row = case["group"], case["tier"], _row(policy, case["group"])
    cost = Fraction(case["cost_fen"], 100)
    rate = _rate(policy, group, tier, case["insurance"])
    review = case.get("review", "")
    if case.get("bed_day") and review != "approved":
        return replace(_by_day(case, policy, rate), reason="review_refused" if review else "regular")
    special = policy.weights.special
    marks = () if row is None else row.marks
    pay = "standard"
    if row is None and group not in special.ungrouped:
        return Paid("", reason="group_unknown")
    if group not in special.ungrouped:
        for mark in ("unstable", "uncovered", "special_review", "ffs"):
            if mark in marks:
                pay = getattr(special, mark)
        if "unstable" in marks and row.rw == 1 and special.placeholder_one != "accept":
            pay = {"reject": "unpriced"}.get(special.placeholder_one, special.placeholder_one)
            if pay == "unpriced":
                return Paid("", reason="weight_placeholder")
    if pay == "unpriced":
        return Paid("", reason="weight_missing")
    if review == "approved":
        return Paid("review", money=cost, reason="review_approved")
    if pay == "actual":
        kind = "unstable" if "unstable" in marks else "item_by_item"
        return Paid(kind, money=cost, reason="review_refused" if review else "regular")
    if pay == "review" and review != "refused":
        return Paid("review", reason="review_pending")
    weight = _weight(policy, group, tier)
    if weight is None:
        return Paid("", reason="weight_missing")
    factor = _coefficient(policy, group, tier, case["hospital"])
    if factor is None:
        return Paid("", reason="coefficient_missing")
    if rate is None and policy.price.mode == "fixed":
        return Paid("", reason="rate_missing")
    base = weight * Fraction(policy.weights.scale)
    supplement = Fraction(case.get("supplement", 1))
    numbers = {"weight": weight, "base": base, "factor": factor}
    found = _priced(case, policy, numbers, rate)
    price = rate if policy.price.mode == "fixed" else None
    reason = {"refused": "review_refused"}.get(review, "regular")
    if found.reason == "review_pending":
        return found
    points = None if found.points is None else found.points * supplement
    return replace(found, points=points, price=price, reason=reason)


def _priced(case: Mapping[str, Any], policy: Any, numbers: Mapping[str, Fraction], rate: Fraction | None) -> Paid:
    cost, row = Fraction(case["cost_fen"], 100), _row(policy, case["group"])
    base, factor = numbers["base"], numbers["factor"]
    if policy.ratio is not None and policy.ratio.denominator == "standard":
        supplement = Fraction(case.get("supplement", 1))
        mean = base * factor * supplement * rate if rate is not None else None
    elif row is not None and row.mean_cost is not None:
        mean = Fraction(row.mean_cost)
    elif policy.weights.overall_mean_cost is not None:
        mean = numbers["weight"] * Fraction(policy.weights.overall_mean_cost)
    else:
        mean = None
    ratio = cost / mean if mean and policy.ratio is not None else None
    if case.get("incomplete") and policy.incomplete is not None and ratio is not None:
        if policy.incomplete.formula == "with_coef":
            return Paid("incomplete", min(base * factor * ratio, base))
        if policy.incomplete.formula == "without_coef":
            return Paid("incomplete", min(base * ratio, base))
    surgery = policy.day_surgery
    if case.get("day_surgery") and surgery is not None:
        if surgery.pay == "actual":
            return Paid("day_surgery", money=cost)
        return Paid("day_surgery", base * factor * (Fraction(surgery.share) if surgery.pay == "flat" else ONE))
    return _classed(case, policy, numbers, ratio)


def _classed(case: Mapping[str, Any], policy: Any, numbers: Mapping[str, Fraction], ratio: Fraction | None) -> Paid:
    base, factor = numbers["base"], numbers["factor"]
    met = []
    for rule in policy.classes:
        if rule.name != "normal" and ratio is not None:
            k = _boundary(rule, numbers["weight"], base, factor)
            if _meets(ratio, rule.op, k):
                met.append((k, rule))
    high = [pair for pair in met if pair[1].op in (">", ">=")]
    low = [pair for pair in met if pair[1].op in ("<", "<=")]
    if high:
        k, rule = max(high, key=lambda pair: pair[0])
    elif low:
        k, rule = min(low, key=lambda pair: pair[0])
    else:
        rule = next((rule for rule in policy.classes if rule.name == "normal"), None)
        if rule is None:
            return Paid("normal", base * factor)
        k = ONE
    if rule.pay == "actual":
        return Paid(rule.name, money=Fraction(case["cost_fen"], 100))
    if rule.pay == "review" and case.get("review", "") != "refused":
        return Paid(rule.name, reason="review_pending")
    return Paid(rule.name, _by_class(rule, k, Fraction(0) if ratio is None else ratio, numbers))


def _by_day(case: Mapping[str, Any], policy: Any, rate: Fraction | None) -> Paid:
    rule = policy.bed_day
    if rule is None:
        return Paid("", reason="outside_policy")
    total = Fraction(0)
    for day in range(1, case["days"] + 1):
        share = ONE if not rule.bands else Fraction(0)
        for band in rule.bands:
            if band.to is None or day <= band.to:
                share = Fraction(band.pay)
                break
        total += share
    if rule.points_per_day is not None:
        if rate is None and policy.price.mode == "fixed":
            return Paid("", reason="rate_missing")
        price = rate if policy.price.mode == "fixed" else None
        return Paid("bed_day", total * Fraction(rule.points_per_day), price=price)
    return Paid("bed_day", money=total * Fraction(rule.tariff[0].value))


def slow_settle(
    cases: Sequence[Mapping[str, Any]], policy: Any, budget: Mapping[str, Fraction] | None = None
) -> tuple[list[Paid], list[int], list[Fraction], dict[str, Fraction | None]]:
    """Settle cases; return what each is paid, its standard [fen], its points as shown, and the value of a point."""
    rounding = policy.rounding
    places = 6 if rounding.points is None else rounding.points
    answers = [slow_case(case, policy) for case in cases]
    values: dict[str, Fraction | None] = {}
    for pool, amount in (budget or {}).items():
        total, outside = Fraction(0), Fraction(0)
        for case, paid in zip(cases, answers, strict=True):
            if case["insurance"] != pool and pool != "all":
                continue
            if paid.points is not None:
                total += nearest(paid.points, places, rounding.mode) if rounding.stage == "each_case" else paid.points
            if paid.money is not None:
                outside += nearest(paid.money, rounding.money_places, rounding.mode)
        kept = nearest(amount * Fraction(policy.price.adjust_share or 0), 2, rounding.mode)
        left = amount - kept - outside
        values[pool] = nearest(left / total, rounding.point_value, rounding.mode) if total > 0 and left > 0 else None
    standards, shown = [], []
    for number, (case, paid) in enumerate(zip(cases, answers, strict=True)):
        price = paid.price if policy.price.mode == "fixed" else values.get(case["insurance"], values.get("all"))
        if paid.points is not None and price is None:
            answers[number] = Paid(paid.case_class, reason="point_value_missing")
        points = answers[number].points
        shown.append(Fraction(0) if points is None else nearest(points, places, rounding.mode))
        if points is not None and price is not None:
            money = (shown[-1] if rounding.stage == "each_case" else points) * price
        else:
            money = paid.money if paid.money is not None else Fraction(0)
        standards.append(int(nearest(money, rounding.money_places, rounding.mode) * 100))
    return answers, standards, shown, values
