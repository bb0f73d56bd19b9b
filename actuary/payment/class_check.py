"""Find what in the classes of cases contradicts itself: boundaries out of order, formulas without their numbers."""

from __future__ import annotations

from decimal import Decimal

from actuary.errors import Problem
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_classes import CaseClass
from actuary.payment.declared_substitutes import AgeBand
from actuary.policy.toml_files import TomlFile

__all__ = ["class_problems"]

_LOW = ("<", "<=")
_BY_RATIO = ("ratio_points", "points_no_factor", "linear", "deduct", "dip_excess")
_DAYS_A_YEAR = 365


def class_problems(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    """Find every problem of the classes, and of what is paid otherwise.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    file : TomlFile
        For the places in messages.
    """
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for number, rule in enumerate(policy.classes, 1):
        where = file.where(f"class[{number}]")
        if rule.name in seen:
            found = f"the class {rule.name!r} again, as in entry {seen[rule.name]}"
            problems.append(Problem(f"{where}.name", found, "every class once", "delete one of the two"))
        seen.setdefault(rule.name, number)
        problems += _one_class(rule, where)
        problems += _bands(rule, where)
    if policy.classes and policy.ratio is None and "ratio" not in _asked(policy):
        mend = 'add [ratio] with denominator = "city_group_mean", "same_level_mean" or "standard"'
        problems.append(
            Problem(file.where("ratio"), "nothing, but classes of cases", "what a cost is compared with", mend)
        )
    return [*problems, *_order(policy, file), *_others(policy, file), *_dip(policy, file), *_substitutes(policy, file)]


def _asked(policy: PaymentPolicy) -> set[str]:
    """Return the keys that the policy asks its user for."""
    return {item.key for item in policy.declared.required_inputs}


def _one_class(rule: CaseClass, where: str) -> list[Problem]:
    problems = []
    if rule.name == "normal":
        if rule.op is not None or rule.k is not None or rule.cap:
            problems.append(Problem(where, "a normal class with a boundary", "normal: what is in no other class",
                                    "remove op, k and cap"))  # fmt: skip
        return problems
    wanted = "< or <=" if rule.name == "low" else "> or >="
    if rule.op is None:
        problems.append(Problem(f"{where}.op", "nothing", wanted, "the operator is part of the rule: say it"))
    elif (rule.op in _LOW) != (rule.name == "low"):
        problems.append(Problem(f"{where}.op", repr(rule.op), f"{wanted} for a {rule.name} case"))
    if (rule.k is None) == (not rule.cap):
        found = "k and cap" if rule.cap else "neither k nor cap"
        problems.append(Problem(where, found, "one boundary k, or bands in cap", "keep one of the two"))
    if rule.pay == "flat" and rule.share is None:
        problems.append(
            Problem(f"{where}.share", "nothing", "the share of the standard that flat pays", "add share = …")
        )
    if rule.share is not None and rule.pay not in ("flat", "linear"):
        problems.append(Problem(f"{where}.share", f"a share, but pay {rule.pay!r}", "pay flat or linear", "remove it"))
    if rule.factor_on_excess and rule.pay != "linear":
        problems.append(Problem(f"{where}.factor_on_excess", f"true, but pay {rule.pay!r}", "pay linear", "remove it"))
    if rule.name == "low" and rule.pay in ("linear", "deduct", "cap", "dip_excess"):
        expected = "actual, ratio_points, points_no_factor, flat, standard or review for a low case"
        problems.append(Problem(f"{where}.pay", repr(rule.pay), expected))
    if rule.name != "low" and rule.threshold == "lower_of":
        problems.append(Problem(f"{where}.threshold", "'lower_of'", "flat: only a low line falls with the coefficient"))
    return problems


def _bands(rule: CaseClass, where: str) -> list[Problem]:
    problems: list[Problem] = []
    last: tuple[str, Decimal] | None = None
    for number, band in enumerate(rule.cap, 1):
        place = f"{where}.cap[{number}]"
        bounds = [key for key in ("rw_below", "rw_to", "points_below", "points_to") if getattr(band, key) is not None]
        if len(bounds) > 1:
            problems.append(Problem(place, f"the bounds {' and '.join(bounds)}", "one bound", "keep one"))
            continue
        if not bounds:
            if number < len(rule.cap):
                mend = "give it a bound, or put it last"
                problems.append(Problem(place, "a band without a bound before others", "such a band last only", mend))
            continue
        key, value = bounds[0], getattr(band, bounds[0])
        if last is not None and key.partition("_")[0] != last[0].partition("_")[0]:
            problems.append(Problem(place, f"{key} after {last[0]}", "all bands by weight, or all by points"))
        elif last is not None and value <= last[1]:
            found = f"{key} {value}, not above {last[1]} of the band before: the bands overlap"
            problems.append(Problem(place, found, "rising bounds", "put the bands in order"))
        last = (key, value)
    if rule.cap and rule.cap[-1].bound is not None:
        found = f"no band above {rule.cap[-1].bound[1]}"
        problems.append(Problem(f"{where}.cap", found, "a last band without a bound", "add { k = … } at the end"))
    return problems


def _order(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    """Find a low line that is not below the high one, and a high one that is not below the extreme one."""
    reach: dict[str, tuple[Decimal, Decimal, int]] = {}
    for number, rule in enumerate(policy.classes, 1):
        ks = [band.k for band in rule.cap] if rule.cap else [rule.k] if rule.k is not None else []
        if ks and rule.name not in reach:
            reach[rule.name] = (min(ks), max(ks), number)
    problems = []
    for below, above in (("low", "high"), ("low", "extreme"), ("high", "extreme")):
        if below in reach and above in reach and reach[below][1] >= reach[above][0]:
            where = file.where(f"class[{reach[above][2]}]")
            found = f"{above} from {reach[above][0]}, while {below} reaches {reach[below][1]}"
            expected = f"a boundary of {above} above that of {below}"
            problems.append(Problem(where, found, expected, "the classes overlap: mend one of the boundaries"))
    return problems


def _others(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    problems = []
    again = policy.readmission
    if again is not None and again.effect == "reduce_earlier" and again.share is None:
        where = file.where("readmission.share")
        problems.append(Problem(where, "nothing", "the part that is taken away", "add share = …"))
    surgery = policy.day_surgery
    if surgery is not None and surgery.pay == "flat" and surgery.share is None:
        where = file.where("day_surgery.share")
        problems.append(Problem(where, "nothing", "the share of the standard", "add share = …"))
    cap = policy.volume_cap
    if cap is not None and cap.beyond == "share" and cap.share is None:
        where = file.where("volume_cap.share")
        problems.append(Problem(where, "nothing", "the share of the standard beyond the cap", "add share = …"))
    by_level = policy.ratio is not None and policy.ratio.denominator == "same_level_mean"
    if by_level and policy.group_means is None and "ratio.group_means" not in _asked(policy):
        mend = 'add group_means = "means.csv" with the columns group, tier, mean_cost'
        problems.append(Problem(file.where("ratio.group_means"), "nothing", "mean costs by tier", mend))
    if policy.incomplete is not None and policy.incomplete.formula != "none" and policy.ratio is None:
        mend = 'add [ratio] with denominator = "city_group_mean"'
        problems.append(Problem(file.where("ratio"), "nothing, but a formula with the ratio", "its denominator", mend))
    return problems


def _dip(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    if policy.dip is None:
        return []
    problems = []
    blank = policy.dip.blank_group
    if blank is not None and blank.pay == "ratio_points" and blank.factor is None:
        where = file.where("dip.blank_group.factor")
        problems.append(Problem(where, "nothing", "the factor of ratio_points", "add factor = …"))
    supplement = policy.dip.supplement
    ranges: list[tuple[float, float, int]] = []
    for number, band in enumerate(supplement.age if supplement is not None else (), 1):
        place = file.where(f"dip.supplement.age[{number}]")
        low, high = _age_range(band)
        if low is None or high is None or low >= high:
            expected = "an age from and to, in days or in years, from not above to"
            problems.append(Problem(place, "an age band that holds nobody", expected))
            continue
        for other_low, other_high, other in ranges:
            if low < other_high and other_low < high:
                found = f"ages that entry {other} holds too"
                problems.append(Problem(place, found, "bands that do not overlap", "mend one of the two"))
        ranges.append((low, high, number))
    return problems


def _age_range(band: AgeBand) -> tuple[float | None, float | None]:
    """Return the ages of a band in years, half open; days come before the first birthday."""
    if (band.days_from, band.days_to) != (None, None) and (band.years_from, band.years_to) == (None, None):
        last = _DAYS_A_YEAR if band.days_to is None else band.days_to + 1
        return (band.days_from or 0) / _DAYS_A_YEAR, min(last / _DAYS_A_YEAR, 1.0)
    if (band.years_from, band.years_to) != (None, None):
        start = float(band.years_from or 0) if band.days_from is None else band.days_from / _DAYS_A_YEAR
        return start, float("inf") if band.years_to is None else band.years_to + 1.0
    return None, None


def _substitutes(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    problems = []
    for number, rule in enumerate(policy.substitute.rules, 1):
        where = file.where(f"substitute.rules[{number}]")
        if rule.group == rule.to:
            problems.append(Problem(f"{where}.to", repr(rule.to), "another group than that of the case"))
        textual = rule.field == "substitute_reason"
        if textual and (rule.text is None or rule.op != "=="):
            problems.append(Problem(where, f"{rule.field} {rule.op}", "== and a text", 'write op = "==", text = "…"'))
        if not textual and rule.value is None:
            problems.append(
                Problem(f"{where}.value", "nothing", f"a number to compare {rule.field} with", "add value = …")
            )
        if rule.field == "tcm_share" and rule.value is not None and not 0 <= rule.value <= 1:
            problems.append(Problem(f"{where}.value", str(rule.value), "a share from 0 to 1 (60 % is 0.6)"))
    return problems
