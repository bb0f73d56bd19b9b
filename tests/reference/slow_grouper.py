"""The grouper as one would write it down: category by category, rule by rule, with sets; slow and obvious."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actuary.drg.scheme import Conditions, DrgRow, MdcRow, Rule, Scheme

NEWBORN_DAYS = 28


@dataclass(frozen=True)
class Answer:
    status: str
    mdc: str
    adrg: str
    drg: str
    severity: str
    reason: str
    rule_id: str = ""


def _none(status: str, reason: str) -> Answer:
    return Answer(status, "0000", "00", "0000", "", reason)


def _qy(mdc: str, reason: str) -> Answer:
    return Answer("ambiguous_qy", mdc, "QY", f"{mdc}QY", "", reason)


def slow_group(case: Mapping[str, Any], scheme: Scheme) -> Answer:
    """Group one case, given as plain values (numbers or None) and lists of codes."""
    dx = [code or "" for code in case["dx"] or ()]
    px = [code or "" for code in case["px"] or ()]
    failed = _check(case, dx, scheme)
    if failed:
        return _none("check_failed", failed)
    entered_by_diagnosis = False
    for mdc in scheme.mdcs:
        early = _ambiguous_before(mdc, case, dx, scheme)
        if early:
            return early
        if not _enters(mdc, case, dx, px, scheme):
            continue
        entered_by_diagnosis |= mdc.dx_role != "none"
        answer = _in_mdc(mdc, case, dx, px, scheme)
        if answer:
            return answer
        if scheme.switches.fall_through == "off" and mdc.dx_role != "none":
            return _none("ungrouped", "no_rule_matched")
    return _none("ungrouped", _why_not(dx, scheme, entered_by_diagnosis))


def _check(case: Mapping[str, Any], dx: Sequence[str], scheme: Scheme) -> str:
    age, days = case["age_years"], case["age_days"]
    if case["sex"] is None or (scheme.switches.sex_check == "one_or_two" and case["sex"] not in (1, 2)):
        return "sex_invalid"
    if scheme.switches.newborn_check != "off":
        if age is None:
            return "age_missing"
        if age == 0 and days is None:
            return "age_days_missing"
        if age == 0 and days <= NEWBORN_DAYS and case["birth_weight_g"] is None:
            return "birth_weight_missing"
    if not dx or (scheme.switches.empty_dx == "fails" and not any(dx)):
        return "no_diagnosis"
    return ""


def _days(case: Mapping[str, Any], scheme: Scheme) -> int | None:
    if case["age_days"] is None and scheme.switches.missing_age_days == "zero":
        return 0
    return case["age_days"]


def _newborn(case: Mapping[str, Any], scheme: Scheme) -> bool:
    days = _days(case, scheme)
    return case["age_years"] == 0 and days is not None and days <= NEWBORN_DAYS


def _sex_fits(wanted: str, case: Mapping[str, Any]) -> bool:
    return wanted in ("", str(case["sex"]))


def _enters(mdc: MdcRow, case: Mapping[str, Any], dx: Sequence[str], px: Sequence[str], scheme: Scheme) -> bool:
    if not _sex_fits(mdc.sex, case) or (mdc.age_years_must_be_0 and case["age_years"] != 0):
        return False
    if mdc.needs_valid_main_px and not _main_valid(px, scheme):
        return False
    listed = scheme.mdc_pdx[mdc.mdc]
    by_prefix = mdc.any_dx_prefix and _sex_fits(mdc.any_dx_prefix_sex, case)
    if mdc.dx_role == "none" or (by_prefix and any(code.startswith(mdc.any_dx_prefix) for code in dx)):
        return True
    if mdc.dx_role == "any":
        return any(code in listed for code in dx)
    if mdc.dx_role == "sites":
        return dx[0] in listed and len({listed[code] for code in dx if code in listed} - {""}) >= 2
    return dx[0] in listed


def _ambiguous_before(mdc: MdcRow, case: Mapping[str, Any], dx: Sequence[str], scheme: Scheme) -> Answer | None:
    roles, switches = scheme.roles, scheme.switches
    listed = dx[0] in scheme.mdc_pdx[mdc.mdc]
    if mdc.mdc == roles.newborn_mdc and switches.neonate_elsewhere == "pqy":
        entered = _enters(mdc, case, dx, (), scheme)
        days = _days(case, scheme)
        if _newborn(case, scheme) and not entered:
            return _qy(mdc.mdc, "qy_neonate_elsewhere")
        for_newborns_only = scheme.adrg_dx.get((roles.newborn_only_adrg, 1), frozenset())
        if entered and days is not None and days > NEWBORN_DAYS and dx[0] in for_newborns_only:
            return _qy(mdc.mdc, "qy_old_neonate")
    conflict = listed and not _sex_fits(mdc.sex, case) and dx[0] not in scheme.sex_conflict_exempt
    if conflict and mdc.mdc in roles.sex_mdcs and switches.sex_conflict != "next_mdc":
        return _qy(roles.sex_mdcs[0] if switches.sex_conflict == "mqy" else mdc.mdc, "qy_sex_conflict")
    return None


def _in_mdc(
    mdc: MdcRow, case: Mapping[str, Any], dx: Sequence[str], px: Sequence[str], scheme: Scheme
) -> Answer | None:
    rules = [rule for rule in scheme.rules if rule.mdc == mdc.mdc]
    medical = [number for number, rule in enumerate(rules) if scheme.adrgs[rule.adrg].kind == "medical"]
    first_medical = medical[0] if medical else len(rules)
    for number in range(len(rules) + 1):
        if number == first_medical and mdc.qy and _valid_for_qy(px, scheme):
            return _qy(mdc.mdc, "qy_valid_procedure")
        if number < len(rules) and _holds(rules[number], case, dx, px, scheme):
            return _grouped(rules[number], case, dx, scheme)
    return None


def _main_valid(px: Sequence[str], scheme: Scheme) -> bool:
    return bool(px) and px[0] in scheme.valid_px


def _any_valid(px: Sequence[str], scheme: Scheme) -> bool:
    return any(code in scheme.valid_px for code in px)


def _valid_for_qy(px: Sequence[str], scheme: Scheme) -> bool:
    if scheme.switches.qy == "any":
        return _any_valid(px, scheme)
    return scheme.switches.qy == "main" and _main_valid(px, scheme)


def _holds(rule: Rule, case: Mapping[str, Any], dx: Sequence[str], px: Sequence[str], scheme: Scheme) -> bool:
    def dx_list(number: int) -> frozenset[str]:
        return scheme.adrg_dx[rule.adrg, number]

    def px_list(number: int) -> frozenset[str]:
        return scheme.adrg_px[rule.adrg, number]

    flags = {
        "": True,
        "main_valid": _main_valid(px, scheme),
        "main_not_valid": not _main_valid(px, scheme),
        "none_valid": not _any_valid(px, scheme),
    }
    return (
        (rule.pdx_list is None or dx[0] in dx_list(rule.pdx_list))
        and (rule.not_pdx_list is None or dx[0] not in dx_list(rule.not_pdx_list))
        and (rule.anydx_list is None or any(code in dx_list(rule.anydx_list) for code in dx))
        and (rule.odx_list is None or any(code in dx_list(rule.odx_list) for code in dx[1:]))
        and (rule.ppx_list is None or (bool(px) and px[0] in px_list(rule.ppx_list)))
        and all(any(code in px_list(number) for code in px) for number in rule.apx_lists)
        and (rule.px_pair_list is None or len({code for code in px if code in px_list(rule.px_pair_list)}) >= 2)
        and flags[rule.px_flag]
        and _stay_fits(rule, case, scheme)
    )


def _stay_fits(row: Conditions, case: Mapping[str, Any], scheme: Scheme) -> bool:
    days = _days(case, scheme)
    ranges = (
        (row.age_days_min, row.age_days_max, days),
        (row.age_years_min, row.age_years_max, case["age_years"]),
        (row.los_min, row.los_max, case.get("los_days")),
        (row.icu_hours_min, row.icu_hours_max, case.get("icu_hours")),
        (row.weight_g_min, None if row.weight_g_max is None else row.weight_g_max - 1, case["birth_weight_g"]),
    )
    for low, high, value in ranges:
        if low is None and high is None:
            continue
        if value is None or (low is not None and value < low) or (high is not None and value > high):
            return False
    return (not row.discharge or case.get("discharge_status") in row.discharge) and (
        not row.department or case.get("department") in row.department
    )


def _grouped(rule: Rule, case: Mapping[str, Any], dx: Sequence[str], scheme: Scheme) -> Answer:
    looked_at = dx[1:]
    if scheme.switches.severity_from_principal == "on" and len(dx) > 1:
        looked_at = dx
    voided = scheme.exclusions.get(dx[0])
    mcc = any(code in scheme.mcc and scheme.mcc[code] != voided for code in looked_at)
    cc = any(code in scheme.cc and scheme.cc[code] != voided for code in looked_at)
    for row in scheme.drgs.get(rule.adrg, ()):
        if _severity_fits(row, mcc=mcc, cc=cc) and _stay_fits(row, case, scheme):
            severity = "CC" if row.severity == "CC_ONLY" else row.severity
            return Answer("grouped", rule.mdc, rule.adrg, row.drg, severity, "rule_hit", rule.rule_id)
    return Answer("ungrouped", "0000", "00", "0000", "", "no_drg_matched", rule.rule_id)


def _severity_fits(row: DrgRow, *, mcc: bool, cc: bool) -> bool:
    return {"MCC": mcc, "CC": mcc or cc, "CC_ONLY": cc and not mcc, "none": True, "undivided": True}[row.severity]


def _why_not(dx: Sequence[str], scheme: Scheme, entered: bool) -> str:
    known = set(scheme.mcc) | set(scheme.cc) | set(scheme.exclusions)
    known.update(*scheme.mdc_pdx.values(), *scheme.adrg_dx.values())
    if entered:
        return "no_rule_matched"
    if not dx[0]:
        return "principal_dx_empty"
    if any(dx[0] in listed for listed in scheme.mdc_pdx.values()):
        return "mdc_condition_not_met"
    return "principal_dx_in_no_mdc" if dx[0] in known else "principal_dx_unknown"
