"""The search of settled cases for oddities of hospitals, as a report prints it."""

from __future__ import annotations

from typing import Any

from actuary.errors import ActuaryError
from actuary.report.case_limits import CaseLimits
from actuary.report.case_source import SettledCases
from actuary.report.numbers import number_or_none

__all__ = ["search_cases"]

_SCHEME = "chs-drg-1.1"


def search_cases(
    settled: SettledCases, limits: CaseLimits, shown: frozenset[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str]:
    """Search the cases for oddities of hospitals; what rests on few cases, or on a hospital not shown, is left out.

    Parameters
    ----------
    settled : SettledCases
        The cases.
    limits : CaseLimits
        Least cases behind a finding.
    shown : frozenset of str
        Hospitals that stand under their own name.

    Returns
    -------
    tuple
        Rows of findings, rows of kinds that could not be assessed, and why nothing was searched (empty where it was).
    """
    from actuary.alerts.anomalies import detect_anomalies  # noqa: PLC0415

    if settled.policy.family == "dip":
        return [], [], "dip"
    try:
        found = detect_anomalies(settled.searched, scheme=_SCHEME, **settled.options)
    except ActuaryError as error:
        return [], [], str(error)
    rows = []
    for one in found.findings:
        if one.base < limits.least or one.hospital not in shown:
            continue
        rule = found.rules.of(one.kind)
        rows.append(
            {
                "hospital": one.hospital,
                "title": settled.titles.get(one.hospital, ""),
                "tier": one.tier,
                "kind": one.kind,
                "kind_zh": rule.name_zh,
                "kind_en": rule.name_en,
                "level": one.level,
                "unit": one.unit,
                "observed": number_or_none(one.observed),
                "expected": number_or_none(one.expected),
                "posterior": number_or_none(one.posterior),
                "cases": one.cases if one.cases >= limits.least else None,
                "money_yuan": None if one.money_fen is None else one.money_fen / 100,
            }
        )
    left = [
        {"kind": one.kind, "zh": found.rules.of(one.kind).name_zh, "en": found.rules.of(one.kind).name_en}
        for one in found.not_assessable
    ]
    return rows, left, ""
