"""Try the conditions of a rule or a group on one case, keeping what met each."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from actuary.drg.case_values import CaseValues
from actuary.drg.cell_words import department_code, discharge_code
from actuary.drg.scheme import Conditions, Rule, Scheme
from actuary.drg.trace_rows import Condition, RuleTrace

__all__ = ["case_days", "on_list", "trace_rule", "trace_stay"]

#: Numeric conditions on the stay: field of the case they look at.
_LIMITED = {
    "age_days": "age_days",
    "age_years": "age_years",
    "weight_g": "birth_weight_g",
    "los": "los_days",
    "icu_hours": "icu_hours",
}


def trace_rule(values: CaseValues, rule: Rule, scheme: Scheme) -> RuleTrace:
    """Try one rule on a case, whether or not the case would come to it."""
    adrg = scheme.adrgs[rule.adrg]
    return RuleTrace(
        rule.rule_id, rule.adrg, adrg.name, rule.mdc, adrg.kind, rule.seq, tuple(_conditions(values, rule, scheme))
    )


def case_days(values: CaseValues, scheme: Scheme) -> int | None:
    """Return the age in days as the scheme reads it [days]."""
    if values.age_days is None and scheme.switches.missing_age_days == "zero":
        return 0
    return values.age_days


def on_list(codes: Collection[str], listed: Collection[str]) -> tuple[str, ...]:
    """Return the codes that are on a list, each once, in the order of the case."""
    return tuple(dict.fromkeys(code for code in codes if code in listed))


def trace_stay(values: CaseValues, row: Conditions, scheme: Scheme) -> Iterator[Condition]:
    """Try the conditions on the stay and the patient that a rule or a group states."""
    for stem, field in _LIMITED.items():
        low, high = getattr(row, f"{stem}_min"), getattr(row, f"{stem}_max")
        if low is None and high is None:
            continue
        value = case_days(values, scheme) if field == "age_days" else getattr(values, field)
        found = "" if value is None else str(value)
        if low is not None:
            yield Condition(f"{stem}_min", str(low), value is not None and value >= low, found)
        if high is not None:
            within = value is not None and (value < high if stem == "weight_g" else value <= high)
            yield Condition(f"{stem}_max", str(high), within, found)
    for name, value, code in (
        ("discharge", values.discharge_status, discharge_code),
        ("department", values.department, department_code),
    ):
        wanted = getattr(row, name)
        if wanted:
            held = value is not None and value in map(code, wanted)
            yield Condition(name, ";".join(wanted), held, value or "")


def _conditions(values: CaseValues, rule: Rule, scheme: Scheme) -> Iterator[Condition]:
    yield from _dx_conditions(values, rule, scheme)
    yield from _px_conditions(values, rule, scheme)
    yield from trace_stay(values, rule, scheme)


def _dx_conditions(values: CaseValues, rule: Rule, scheme: Scheme) -> Iterator[Condition]:
    principal, others = values.dx[:1], values.dx[1:]
    for name, places, away in (
        ("pdx_list", principal, others),
        ("anydx_list", values.dx, ()),
        ("odx_list", others, principal),
    ):
        number = getattr(rule, name)
        if number is not None:
            listed = scheme.adrg_dx[rule.adrg, number]
            codes = on_list(places, listed)
            yield Condition(name, str(number), bool(codes), codes=codes, elsewhere=on_list(away, listed))
    if rule.not_pdx_list is not None:
        barred = on_list(principal, scheme.adrg_dx[rule.adrg, rule.not_pdx_list])
        yield Condition("not_pdx_list", str(rule.not_pdx_list), not barred, found="".join(barred))


def _px_conditions(values: CaseValues, rule: Rule, scheme: Scheme) -> Iterator[Condition]:
    if rule.ppx_list is not None:
        listed = scheme.adrg_px[rule.adrg, rule.ppx_list]
        codes = on_list(values.px[:1], listed)
        away = on_list(values.px[1:], listed)
        yield Condition("ppx_list", str(rule.ppx_list), bool(codes), codes=codes, elsewhere=away)
    for number in rule.apx_lists:
        codes = on_list(values.px, scheme.adrg_px[rule.adrg, number])
        yield Condition("apx_list", str(number), bool(codes), codes=codes)
    if rule.px_pair_list is not None:
        codes = on_list(values.px, scheme.adrg_px[rule.adrg, rule.px_pair_list])
        yield Condition("px_pair_list", str(rule.px_pair_list), len(codes) >= 2, codes=codes)
    if rule.px_flag:
        yield _flag(values, rule.px_flag, scheme)


def _flag(values: CaseValues, flag: str, scheme: Scheme) -> Condition:
    main = on_list(values.px[:1], scheme.valid_px)
    anywhere = on_list(values.px, scheme.valid_px)
    if flag == "none_valid":
        return Condition("px_flag", flag, not anywhere, found=", ".join(anywhere))
    if flag == "main_not_valid":
        return Condition("px_flag", flag, not main, found=", ".join(main))
    return Condition("px_flag", flag, bool(main), codes=main, elsewhere=() if main else anywhere)
