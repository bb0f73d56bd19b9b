"""Find what in a payment policy contradicts itself or names what does not exist: prices, weights, coefficients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import combinations

from actuary.errors import Problem, unknown_name
from actuary.payment.class_check import class_problems
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_prices import BaseGroup
from actuary.payment.declared_values import EVERY, InsuranceValue, RateRow
from actuary.payment.settlement_check import settlement_problems
from actuary.policy.toml_files import TomlFile

__all__ = ["policy_problems"]

_LONG_LIST = 5


def policy_problems(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    """Find every problem of a policy whose file and tables could be read.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    file : TomlFile
        For the places in messages.

    Returns
    -------
    list of Problem
        None when it is sound.
    """
    return [
        *_validity(policy, file),
        *_rounding(policy, file),
        *_weights(policy, file),
        *_special_groups(policy, file),
        *_price(policy, file),
        *_coefficient(policy, file),
        *_base_group(policy, file),
        *_known_groups(policy, file),
        *class_problems(policy, file),
        *settlement_problems(policy, file, tiers=_priced_tiers(policy)),
    ]


def _validity(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    first, last = policy.valid.first_day, policy.valid.last_day
    if first is None or last is None or first <= last:
        return []
    return [Problem(file.where("policy.valid"), f"to {last}, before from {first}", "from before to",
                    "exchange the two dates")]  # fmt: skip


def _rounding(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    money = policy.rounding.money
    if money is None or money <= 2:
        return []
    expected = '0 (yuan), 1, 2 (fen) or "none"'
    return [Problem(file.where("rounding.money"), f"{money} decimals of yuan", expected, "money is paid in fen")]


def _weights(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    weights, problems = policy.weights, []
    given = {item.key for item in policy.declared.required_inputs}
    if weights.file is None and "weights.file" not in given and not weights.special.ungrouped:
        mend = 'name the table: file = "weights.csv", with the columns group, rw, mark'
        problems.append(Problem(file.where("weights.file"), "nothing", "a table of weights", mend))
    if policy.family == "rate" and weights.scale != 1:
        expected = "1: a rate is the price of one weight"
        problems.append(Problem(file.where("weights.scale"), str(weights.scale), expected, 'or family = "points"'))
    years = [year.year for year in weights.years]
    problems += [
        Problem(file.where(f"weights.years[{number}].year"), f"{year} again", "every year once", "delete one entry")
        for number, year in enumerate(years, 1)
        if year in years[: number - 1]
    ]
    trim = weights.trim
    if trim is not None:
        where = file.where("weights.trim")
        if trim.method in ("iqr", "sigma") and trim.k is None:
            problems.append(Problem(f"{where}.k", "nothing", f"the multiple k of {trim.method}", "add k = …"))
        if trim.method in ("quantile", "multiple") and (trim.low is None or trim.high is None or trim.low >= trim.high):
            found = f"low {trim.low} and high {trim.high}"
            problems.append(Problem(where, found, f"the two bounds of {trim.method}, low below high"))
        if trim.method == "quantile" and trim.high is not None and trim.high > 1:
            problems.append(Problem(f"{where}.high", str(trim.high), "a share from 0 to 1", "2.5 % is 0.025"))
        if trim.method in ("iqr", "quantile") and trim.quantile_type is None:
            mend = "add quantile_type = 7 (1 to 9 as Hyndman and Fan number them)"
            problems.append(Problem(f"{where}.quantile_type", "nothing", "the definition of a quantile", mend))
    return problems


def _special_groups(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    special, problems = policy.weights.special, []
    for group, weight in special.ungrouped.items():
        row = policy.weight_table.row(group)
        if row is not None and row.rw is not None and row.rw != weight:
            where = file.where(f"weights.special.ungrouped.{group}")
            found = f"{weight}, but {row.rw} in {policy.weight_table.label} row {row.line}"
            problems.append(Problem(where, found, "one weight", "keep one of the two"))
    if special.placeholder_one == "reject":
        rows = [row for row in policy.weight_table if row.rw == 1 and "unstable" in row.marks]
        if rows:
            places = _listed([f"{row.group} (row {row.line})" for row in rows])
            expected = "weights: a 1 on an unstable group stands for none"
            mend = (
                'give real weights, or say what is meant: placeholder_one = "accept", "actual", "review" or "unpriced"'
            )
            found = f"a weight of exactly 1 on the unstable groups {places}"
            problems.append(Problem(policy.weight_table.label, found, expected, mend))
    needs_blank = special.ungroupable == "ratio_points" and (policy.dip is None or policy.dip.blank_group is None)
    if needs_blank:
        where = file.where("weights.special.ungroupable")
        problems.append(
            Problem(where, "'ratio_points', but no [dip.blank_group]", "the blank group that it is paid as")
        )
    return problems


def _price(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    price = policy.declared.price
    given = {item.key for item in policy.declared.required_inputs}
    if price is None:
        if "price" in given:
            return []
        return [Problem(file.where("price"), "nothing", "the table [price]", "say what a weight or a point is worth")]
    problems = _overlaps([(row.tier, row.insurance) for row in price.rate], file, "price.rate")
    if price.mode == "fixed" and not price.rate and "price.rate" not in given:
        mend = 'add rate = [{ tier = "*", insurance = "*", value = … }]'
        problems.append(Problem(file.where("price.rate"), "nothing", "prices, since the mode is fixed", mend))
    for key in ("budget", "fund_share", "floor", "ceiling", "budget_value", "control_factor"):
        rows: tuple[InsuranceValue, ...] = getattr(price, key)
        problems += _overlaps([(EVERY, row.insurance) for row in rows], file, f"price.{key}")
    problems += [
        Problem(file.where(f"price.fund_share[{number}]"), str(row.value), "a share from 0 to 1 (70 % is 0.7)")
        for number, row in enumerate(price.fund_share, 1)
        if row.value > 1
    ]
    if price.mode == "pool_bounded" and not (price.floor or price.ceiling):
        problems.append(Problem(file.where("price"), "pool_bounded without bounds", "floor, ceiling or both"))
    if price.mode != "pool_bounded" and (price.floor or price.ceiling):
        found = f"a floor or a ceiling, but mode {price.mode!r}"
        problems.append(Problem(file.where("price.mode"), found, "'pool_bounded'", 'write mode = "pool_bounded"'))
    ceilings: dict[str, Decimal] = {row.insurance: row.value for row in price.ceiling}
    problems += [
        Problem(file.where("price.floor"), f"{row.value}, above the ceiling {top}", "a floor below the ceiling")
        for row in price.floor
        if (top := ceilings.get(row.insurance, ceilings.get(EVERY))) is not None and row.value > top
    ]
    if price.bounds == "budget_value" and not price.budget_value:
        expected = "the value that the bounds are relative to"
        problems.append(Problem(file.where("price.budget_value"), "nothing", expected, "add budget_value = …"))
    return problems


def _overlaps(keys: Sequence[tuple[str, str]], file: TomlFile, path: str) -> list[Problem]:
    """Find two rows for one place, and pairs of half-open rows neither of which is the nearer one."""
    problems = []
    for (i, first), (j, second) in combinations(enumerate(keys, 1), 2):
        where = file.where(f"{path}[{j}]")
        if first == second:
            found = f"{_place(second)} again, as in entry {i}"
            problems.append(Problem(where, found, "every tier and insurance once", "delete one of the two"))
        elif _cross(first, second) and _meet(first, second) not in keys:
            found = f"{_place(second)}, which overlaps {_place(first)} in entry {i}"
            meeting = _place(_meet(first, second))
            problems.append(Problem(where, found, "one price for every place", f"add an entry for {meeting}"))
    return problems


def _cross(first: tuple[str, str], second: tuple[str, str]) -> bool:
    """Tell (tier 3, any insurance) against (any tier, employee): both hold tier 3 of employees."""
    return {(first[0] == EVERY, first[1] == EVERY), (second[0] == EVERY, second[1] == EVERY)} == {
        (True, False),
        (False, True),
    }


def _meet(first: tuple[str, str], second: tuple[str, str]) -> tuple[str, str]:
    return (first[0] if first[0] != EVERY else second[0], first[1] if first[1] != EVERY else second[1])


def _place(key: tuple[str, str]) -> str:
    return f"tier {key[0]}, insurance {key[1]}"


def _priced_tiers(policy: PaymentPolicy) -> tuple[str, ...]:
    """Return the tiers that rates or coefficients name; empty where any tier is priced."""
    rates: Iterable[RateRow] = policy.declared.price.rate if policy.declared.price is not None else ()
    named = [*(row.tier for row in rates), *policy.coefficient.tier, *policy.coefficient_table.tiers]
    return tuple(dict.fromkeys(tier for tier in named if tier != EVERY))


def _coefficient(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    declared, table, problems = policy.coefficient, policy.coefficient_table, []
    form = declared.form
    for key, wanted in (("tier", ("tier",)), ("hospital", ("hospital",))):
        if getattr(declared, key) and form not in wanted:
            found = f"coefficients by {key}, but form {form!r}"
            problems.append(
                Problem(file.where(f"coefficient.{key}"), found, f"form = {key!r}", f'write form = "{key}"')
            )
    column = {"tier": "tier", "hospital": "hospital", "group_tier": "tier", "group_hospital": "hospital"}.get(form)
    given = {item.key for item in policy.declared.required_inputs}
    inline = declared.tier if form == "tier" else declared.hospital if form == "hospital" else {}
    # Coefficients of hospitals may come with the list of hospitals when cases are settled.
    elsewhere = declared.from_cases or form == "hospital" or bool(given & {"coefficient.file", f"coefficient.{column}"})
    if column is not None and not inline and not len(table) and not elsewhere:
        mend = f'add file = "coefficients.csv" with the columns group, {column}, coef'
        if form in ("tier", "hospital"):
            mend = f'add {form} = {{ "…" = 1.0 }}'
        problems.append(Problem(file.where("coefficient"), f"form {form!r} without values", "its coefficients", mend))
    by_table = declared.base_group is not None and declared.base_group.mechanism == "table"
    if by_table and not len(table):
        where = file.where("coefficient.base_group.mechanism")
        problems.append(Problem(where, "'table', but no table", "coefficient.file", 'add file = "coefficients.csv"'))
    if len(table) and column is None and not by_table:
        expected = "form tier, hospital, group_tier or group_hospital"
        problems.append(Problem(file.where("coefficient.file"), "a table, but form 'none'", expected))
    named = {"tier": table.tiers, "hospital": table.hospitals}
    if column is not None and not named[column] and any(named.values()):
        other = next(name for name, values in named.items() if values)
        problems.append(
            Problem(f"{table.label} header", f"coefficients by {other}", f"a column {column}: form is {form!r}")
        )
    problems += _tier_names(policy, file)
    places = policy.rounding.coefficient
    if places is not None:
        problems += [
            Problem(file.where(f"coefficient.{form}.{name}"), str(value), f"at most {places} decimals, by rounding",
                    "round it, or leave rounding.coefficient out: it is for coefficients computed from cases")
            for name, value in inline.items()
            if value != round(value, places)
        ]  # fmt: skip
    return problems


def _tier_names(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    """Find tiers that have a coefficient and no price, or a price and no coefficient."""
    if policy.declared.price is None:
        return []
    rated = [row.tier for row in policy.price.rate]
    if not rated or EVERY in rated:
        return []
    problems = [
        unknown_name(file.where(f"coefficient.tier.{tier}"), tier, rated, what="tier with a rate")
        for tier in policy.coefficient.tier
        if tier not in (*rated, EVERY)
    ]
    if policy.coefficient.tier and EVERY not in policy.coefficient.tier:
        problems += [
            unknown_name(file.where("price.rate"), tier, policy.coefficient.tier, what="tier with a coefficient")
            for tier in dict.fromkeys(rated)
            if tier not in policy.coefficient.tier
        ]
    table = policy.coefficient_table
    problems += [
        unknown_name(f"{table.label}, tier", tier, rated, what="tier with a rate")
        for tier in table.tiers
        if tier not in rated
    ]
    return problems


def _base_group(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    rule = policy.coefficient.base_group
    if rule is None:
        return []
    where, problems = file.where("coefficient.base_group"), []
    if rule.mechanism == "uniform_coef" and rule.value is None:
        problems.append(Problem(f"{where}.value", "nothing", "the coefficient of all tiers", "add value = …"))
    if rule.mechanism != "uniform_coef" and rule.value is not None:
        found = f"a value, but mechanism {rule.mechanism!r}"
        problems.append(Problem(f"{where}.value", found, "'uniform_coef'", "remove value, or change the mechanism"))
    problems += _base_tiers(policy, rule, where)
    marked = any(set(row.marks) & set(rule.marks) for row in policy.weight_table)
    if rule.mechanism != "none" and len(policy.weight_table) and not rule.groups and not marked:
        found = f"no group with the mark {_listed(rule.marks)} in {policy.weight_table.label}"
        mend = "mark them, or name them in groups = [ … ]"
        problems.append(Problem(where, found, "base groups", mend))
    return problems


def _base_tiers(policy: PaymentPolicy, rule: BaseGroup, where: str) -> list[Problem]:
    tiers = _priced_tiers(policy)
    named = [("tier", rule.tier), *(("tiers", tier) for tier in rule.tiers)]
    return [
        unknown_name(f"{where}.{key}", tier, tiers, what="tier")
        for key, tier in named
        if tier is not None and tiers and tier not in tiers
    ]


def _known_groups(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    """Find groups that a rule names and the weight table does not hold."""
    if not len(policy.weight_table):
        return []
    known = {*policy.weight_table.groups, *policy.weights.special.ungrouped}
    if policy.dip is not None and policy.dip.blank_group is not None and policy.dip.blank_group.group:
        known.add(policy.dip.blank_group.group)
    base = policy.coefficient.base_group
    named: list[tuple[str, str]] = [("weights.freeze", group) for group in policy.weights.freeze]
    named += [("coefficient.base_group.groups", group) for group in (base.groups if base is not None else ())]
    for number, rule in enumerate(policy.substitute.rules, 1):
        named += [(f"substitute.rules[{number}].group", rule.group), (f"substitute.rules[{number}].to", rule.to)]
    named += [
        (f"substitute.additions[{number}].group", item.group)
        for number, item in enumerate(policy.substitute.additions, 1)
    ]
    cap = policy.volume_cap
    named += [(f"volume_cap.{group}", group) for group in (cap.groups if cap is not None else ())]
    surgery = policy.day_surgery
    named += [("day_surgery.groups", group) for group in (surgery.groups if surgery is not None else ())]
    retained = policy.procurement
    named += [("procurement.groups", group) for group in (retained.groups if retained is not None else ())]
    problems = [
        unknown_name(file.where(path), group, known, what=f"group of {policy.weight_table.label}")
        for path, group in named
        if group not in known
    ]
    starts = [("bed_day.groups", group) for group in (policy.bed_day.groups if policy.bed_day is not None else ())]
    again = policy.readmission
    starts += [("readmission.exempt_groups", group) for group in (again.exempt_groups if again is not None else ())]
    problems += [
        unknown_name(file.where(path), start, known, what="group, or beginning of one")
        for path, start in starts
        if not any(group.startswith(start) for group in known)
    ]
    unlisted: dict[str, int] = {}
    for row in policy.coefficient_table:
        if row.group != EVERY and row.group not in known:
            unlisted.setdefault(row.group, row.line)
    label = policy.coefficient_table.label
    return problems + [
        unknown_name(f"{label} row {line}, group", group, known, what=f"group of {policy.weight_table.label}")
        for group, line in unlisted.items()
    ]


def _listed(names: Iterable[str | Decimal]) -> str:
    texts = [str(name) for name in names]
    more = f" … {len(texts)} in all" if len(texts) > _LONG_LIST else ""
    return ", ".join(texts[:_LONG_LIST]) + more
