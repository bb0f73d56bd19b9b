"""Hold declared rules against indicators: one warning for each rule and scheme, unknown where inputs are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import pandas as pd

from actuary.alerts.words import describe_period, describe_value
from actuary.fund import SCHEME_NAMES, FundProjection
from actuary.indicators import INDICATORS
from actuary.policy import AlertCase, AlertRule

__all__ = ["LEVELS", "Warning", "evaluate_rules", "warning_table", "worst_level"]

#: Levels from the gravest to the least. What is not known is worse than normal, for it may be anything.
LEVELS: tuple[str, ...] = ("red", "orange", "yellow", "blue", "unknown", "normal")


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001  (the word of the field; Python's own is never raised here)
    """Say at which level an indicator of a scheme stands, by which rule.

    Parameters
    ----------
    rule_id : str
        Identifier of the rule.
    level : str
        ``red``, ``orange``, ``yellow``, ``blue``, ``normal`` or ``unknown``.
    scheme, indicator : str
        What was judged.
    value : float or None
        In `unit`; None where it is not known or does not happen before the horizon.
    unit, period : str
        Unit of the value and the period it belongs to.
    threshold : str
        The conditions that hold, such as ``payable_months > 15``; empty where none does.
    text_zh, text_en : str
        What is to be said; for an unknown level the reason.
    source : str
        ``S1`` of the rules' list of sources, or ``judgement``.
    status : str
        ``official``, ``practice`` or ``judgement``.
    name_zh, name_en : str
        What the rule watches.
    action_zh, action_en, owner_zh, owner_en : str
        What is to be done, and by whom; the action is empty where no condition holds.
    confidence : str
        How the case of the rule is known; empty where it was seen in its source.
    value_status : str
        How the value is known.
    recalled : bool
        Whether the value rests on a figure that was recalled and not checked.
    """

    rule_id: str
    level: str
    scheme: str
    indicator: str
    value: float | None
    unit: str
    period: str
    threshold: str
    text_zh: str
    text_en: str
    source: str
    status: str
    name_zh: str
    name_en: str
    action_zh: str = ""
    action_en: str = ""
    owner_zh: str = ""
    owner_en: str = ""
    confidence: str = ""
    value_status: str = ""
    recalled: bool = False


def evaluate_rules(
    projection: FundProjection, indicators: pd.DataFrame, rules: Iterable[AlertRule]
) -> tuple[Warning, ...]:
    """Hold every rule against the indicators of every scheme it is for.

    The first case of a rule that holds gives the level. An event that does not happen before the horizon fulfils no
    condition on its years. A value that is not known gives the level ``unknown`` with the reason; so does a rule about
    the pool where the pool is not published apart from the accounts.

    Parameters
    ----------
    projection : FundProjection
        The projection.
    indicators : DataFrame
        Its indicators, see :func:`actuary.indicators.compute_indicators`.
    rules : iterable of AlertRule
        The rules; those for another kind of region are left out.

    Returns
    -------
    tuple of Warning
        The gravest level first, then in the order of the rules and schemes.

    Examples
    --------
    >>> from actuary.fund import project_fund
    >>> from actuary.indicators import compute_indicators
    >>> from actuary.policy import load_alert_rules
    >>> projection = project_fund("shenyang", "2020Q4")
    >>> found = evaluate_rules(projection, compute_indicators(projection), load_alert_rules())
    >>> found[0].level, found[0].indicator, round(found[0].value, 2)
    ('red', 'dependency_ratio', 1.47)
    """
    tables = {scheme: rows.set_index("indicator") for scheme, rows in indicators.groupby("scheme", sort=False)}
    warnings = [
        _judge(projection, rule, str(scheme), tables.get(scheme))
        for rule in rules
        if not rule.region_kinds or projection.region_kind in rule.region_kinds
        for scheme in rule.schemes
    ]
    return tuple(sorted(warnings, key=lambda warning: LEVELS.index(warning.level)))


def worst_level(warnings: Sequence[Warning], scheme: str | None = None) -> str:
    """Return the gravest level of a scheme, or of all.

    Parameters
    ----------
    warnings : sequence of Warning
        The warnings.
    scheme : str, optional
        One scheme; all of them when left out.

    Returns
    -------
    str
        One of :data:`LEVELS`; ``unknown`` when no rule is for the scheme.
    """
    levels = [warning.level for warning in warnings if scheme in (None, warning.scheme)]
    return min(levels, key=LEVELS.index, default="unknown")


def warning_table(warnings: Sequence[Warning]) -> pd.DataFrame:
    """Return one row a warning, with every field as a column.

    Examples
    --------
    >>> list(warning_table([]).columns)[:4]
    ['rule_id', 'level', 'scheme', 'indicator']
    """
    return pd.DataFrame([asdict(one) for one in warnings], columns=[field.name for field in fields(Warning)])


def _judge(projection: FundProjection, rule: AlertRule, scheme: str, table: pd.DataFrame | None) -> Warning:
    row = _row(table, rule.indicator)
    status = str(row.get("status", "gap"))
    values = {} if table is None else _values(table)
    level = "unknown" if _is_about_another_fund(projection, rule, scheme) else rule.level(values)
    case = None if level == "unknown" else rule.matching_case(values)
    value = float(row.get("value", math.nan))
    text_zh, text_en = _texts(projection, rule, scheme, table, case=case, level=level)
    conditions = case.all if case else ()
    return Warning(
        rule_id=rule.id,
        level=level,
        scheme=scheme,
        indicator=rule.indicator,
        value=value if math.isfinite(value) else None,
        unit=str(row.get("unit", "")),
        period=str(row.get("period", projection.quarter)),
        threshold=" and ".join(str(condition) for condition in conditions),
        text_zh=text_zh,
        text_en=text_en,
        source=rule.source_of(case),
        status=rule.status_of(case),
        name_zh=rule.name_zh,
        name_en=rule.name_en,
        action_zh=case.action_zh if case else "",
        action_en=case.action_en if case else "",
        owner_zh=rule.owner_zh,
        owner_en=rule.owner_en,
        confidence=(case.confidence if case else None) or "",
        value_status=status,
        recalled=bool(row.get("recalled", False)),
    )


def _is_about_another_fund(projection: FundProjection, rule: AlertRule, scheme: str) -> bool:
    return rule.fund == "pooled" and scheme in projection.schemes and projection.fund_prefix(scheme) == ""


def _row(table: pd.DataFrame | None, indicator: str) -> dict[str, Any]:
    if table is None or indicator not in table.index:
        return {}
    return {str(name): value for name, value in table.loc[indicator].items()}


def _values(table: pd.DataFrame) -> dict[str, float]:
    # An event beyond the horizon is later than any threshold.
    return {
        str(name): math.inf if status == "beyond_horizon" else float(value)
        for name, value, status in zip(table.index, table["value"], table["status"], strict=True)
    }


def _texts(
    projection: FundProjection,
    rule: AlertRule,
    scheme: str,
    table: pd.DataFrame | None,
    *,
    case: AlertCase | None,
    level: str,
) -> tuple[str, str]:
    row = _row(table, rule.indicator)
    reasons = (str(row.get("reason_zh", "") or ""), str(row.get("reason_en", "") or ""))
    if level == "unknown" and not reasons[0] and _is_about_another_fund(projection, rule, scheme):
        return (
            "无法判断：统筹基金与个人账户未分别公布，该规则只适用于统筹基金。",
            "Cannot be judged: the pool is not published apart from the personal accounts, and the rule is about the "
            "pool only.",
        )
    if level == "unknown":
        return (
            f"无法判断：{reasons[0] or '计算所需的数字未公布'}。",
            f"Cannot be judged: {reasons[1] or 'the figures it is computed from are not published'}.",
        )
    # Named by the indicator, not by the rule: a surplus is no "current deficit".
    if row["status"] == "beyond_horizon":
        texts = (f"{row['zh']}：{reasons[0]}。", f"{row['en']}: {reasons[1]}.")
    elif case is None:
        said = [describe_value(float(row["value"]), str(row["unit"]), lang=lang) for lang in ("zh", "en")]
        texts = (f"{row['zh']}：{said[0]}，未达到预警条件。", f"{row['en']}: {said[1]}, no condition met.")
    else:
        inserts = [_inserts(projection, rule, scheme, table, case=case, lang=lang) for lang in ("zh", "en")]
        texts = (case.text_zh.format(**inserts[0]), case.text_en.format(**inserts[1]))
    if "{period}" not in (case.text_zh if case else "") and row["status"] != "beyond_horizon":
        texts = _dated(texts, str(row["period"]), rule.indicator)
    if INDICATORS[rule.indicator].of_money and projection.fund_prefix(scheme) == "":
        # Rules for a pool are held against the whole fund where the pool is not published apart: the reader must know.
        return f"{texts[0]}按含个人账户的全部基金计算。", f"{texts[1]} Personal accounts are counted in."
    return texts


def _dated(texts: tuple[str, str], period: str, indicator: str) -> tuple[str, str]:
    # How many years it takes is counted from the report; every other value is one of some period, which may be old.
    if indicator.startswith("years_to_"):
        return texts
    zh, en = (describe_period(period, lang=lang) for lang in ("zh", "en"))
    return f"{zh}{texts[0]}", f"{en[0].upper()}{en[1:]}: {texts[1]}"


def _inserts(
    projection: FundProjection,
    rule: AlertRule,
    scheme: str,
    table: pd.DataFrame | None,
    *,
    case: AlertCase,
    lang: str,
) -> dict[str, str]:
    row = _row(table, rule.indicator)
    value, unit = float(row["value"]), str(row["unit"])
    condition = next((one for one in case.all if one.indicator == rule.indicator), None)
    inserts = {
        "value": describe_value(value, unit, lang=lang),
        "magnitude": describe_value(abs(value), unit, lang=lang),
        "threshold": "" if condition is None else describe_value(condition.threshold, unit, lang=lang, exact=True),
        "period": describe_period(str(row["period"]), lang=lang),
        "scheme": SCHEME_NAMES.get(scheme, (scheme, scheme))[0 if lang == "zh" else 1],
        "region": projection.region_name(lang),
        "own": "",
        "reference": "",
        "reference_period": "",
    }
    for name, compared in zip(("own", "reference"), INDICATORS[rule.indicator].compares, strict=False):
        other = _row(table, compared)
        inserts[name] = describe_value(float(other["value"]), str(other["unit"]), lang=lang)
        inserts[f"{name}_period"] = describe_period(str(other["period"]), lang=lang)
    return inserts
