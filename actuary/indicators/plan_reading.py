"""The targets of a plan against what was reached: distance, and whether the way to the target is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from actuary.fund.fact_book import FactBook
from actuary.indicators.fact_view import FactView
from actuary.indicators.plan_list import BETTER_LOWER, PLAN_INDICATORS
from actuary.indicators.reading import FactRow, Reading
from actuary.periods import Quarter

__all__ = ["ASSESSMENTS", "PlanTarget", "plan_targets", "read_targets"]

#: What can be said of a target, in Chinese and English.
ASSESSMENTS: dict[str, tuple[str, str]] = {
    "met": ("已达到", "met"),
    "on_track": ("进度正常", "on track"),
    "behind": ("进度滞后", "behind"),
    "missed": ("未达到", "missed"),
    "not_assessable": ("无法评估", "not assessable"),
}


@dataclass(frozen=True, slots=True)
class PlanTarget:
    """Hold a target and how far it is reached.

    Parameters
    ----------
    scheme, indicator : str
        What the target is for.
    target_period : str
        Year by which it is to be reached.
    relation, target_text, nature : str
        ``above``, ``at_least``, ``equal``, ``about``, ``at_most`` or ``text``; the target as printed;
        how binding it is.
    target, base, actual : float
        The target, the starting value and the latest figure, in `unit`; missing where there is none.
    unit, base_period, actual_period : str
        Unit, and the periods of the starting value and of the latest figure.
    reading : Reading
        The distance, above 0 where it is better than the target, with the rows it is computed from.
    assessment : str
        One of :data:`ASSESSMENTS`.
    why_zh, why_en : str
        Why it is not assessable; empty otherwise.
    """

    scheme: str
    indicator: str
    target_period: str
    relation: str
    target_text: str
    nature: str
    target: float
    base: float
    actual: float
    unit: str
    base_period: str
    actual_period: str
    reading: Reading
    assessment: str
    why_zh: str = ""
    why_en: str = ""


def read_targets(book: FactBook, quarter: Quarter) -> tuple[PlanTarget, ...]:
    """Hold the next target of every indicator against the latest figure up to a quarter.

    The way to a target is taken as a straight line from the starting value (a judgement): a figure at least as good as
    the line at its date is on track.

    Parameters
    ----------
    book : FactBook
        Rows of the region.
    quarter : Quarter
        The report quarter.

    Examples
    --------
    >>> from actuary.fund.fact_book import load_fact_book
    >>> found = read_targets(load_fact_book("shenyang", until=Quarter(2020, 4)), Quarter(2020, 4))
    >>> one = next(one for one in found if one.indicator == "procured_drugs")
    >>> one.target, one.actual, one.reading.value, one.assessment
    (500.0, 244.0, -256.0, 'not_assessable')
    """
    if book.targets.empty:
        return ()
    known = {indicator.name.removeprefix("plan_") for indicator in PLAN_INDICATORS}
    chosen: dict[tuple[str, str], dict[str, Any]] = {}
    for row in book.targets.sort_values("period", kind="stable").to_dict("records"):
        key = (str(row["scheme"]), str(row["indicator"]))
        if key[1] in known and (key not in chosen or int(str(chosen[key]["period"])[:4]) < quarter.year):
            chosen[key] = {str(name): value for name, value in row.items()}
    return tuple(_judge(book, row, quarter) for row in chosen.values())


def _judge(book: FactBook, row: Mapping[str, Any], quarter: Quarter) -> PlanTarget:
    scheme, indicator = str(row["scheme"]), str(row["indicator"])
    view = FactView(book, scheme, quarter)
    latest = view.read(indicator)
    if latest.status == "gap" and indicator == "subsidy_to_premium_ratio":
        latest = view.ratio("subsidy_income", "premium_income")
    target, base = _number(row["value"]), _number(row["base_value"])
    base_period = str(row["base_period"] or "")
    own = _target_row(row)
    if latest.status == "gap" and math.isfinite(base) and int(base_period[:4]) <= quarter.year:
        latest = Reading(base, base_period, "published")
    rows = (*latest.rows, own)
    why_zh, why_en, assessment = "", "", "not_assessable"
    distance = math.nan
    if not math.isfinite(target):
        words = str(row["target_text"])
        why_zh, why_en = f"目标为文字表述（{words}）", f"the target is in words ({words})"
    elif latest.status == "gap":
        why_zh, why_en = "实际数未公布", "no figure is published"
    else:
        sign = -1.0 if indicator in BETTER_LOWER else 1.0
        distance = sign * (latest.value - target)
        assessment, why_zh, why_en = _assess(row, latest, distance, (sign, target, base, base_period), quarter=quarter)
    status = "gap" if math.isnan(distance) else "derived"
    period = latest.period if latest.status != "gap" else str(quarter)
    return PlanTarget(
        scheme=scheme,
        indicator=indicator,
        target_period=str(row["period"]),
        relation=str(row["relation"]),
        target_text=str(row["target_text"]),
        nature=str(row["nature"]),
        target=target,
        base=base,
        actual=latest.value,
        unit=str(row["unit"]),
        base_period=base_period,
        actual_period=latest.period if latest.status != "gap" else "",
        reading=Reading(distance, period, status, latest.recalled, why_zh, why_en, rows),
        assessment=assessment,
        why_zh=why_zh,
        why_en=why_en,
    )


def _assess(
    row: Mapping[str, Any],
    latest: Reading,
    distance: float,
    terms: tuple[float, float, float, str],
    *,
    quarter: Quarter,
) -> tuple[str, str, str]:
    sign, target, base, base_period = terms
    met = distance > 0 if row["relation"] == "above" else distance >= 0
    year, due = int(latest.period[:4]), int(str(row["period"])[:4])
    if year >= due:
        return ("met" if met else "missed"), "", ""
    if quarter.year > due:
        return "not_assessable", f"{due}年的数字未公布", f"no figure of {due} is published"
    starts = int(base_period[:4]) if base_period else year
    if year <= starts and quarter.year > year:
        return "not_assessable", f"{year}年之后的数字未公布", f"no figure after {year} is published"
    if met:
        return "met", "", ""
    if year <= starts or not math.isfinite(base):
        return "not_assessable", "规划刚开始，尚无进度", "the plan has only begun: there is no progress yet"
    line = base + (target - base) * (year - starts) / (due - starts)
    return ("on_track" if sign * (latest.value - line) >= 0 else "behind"), "", ""


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _target_row(row: Mapping[str, Any]) -> FactRow:
    return FactRow(
        table=str(row["table"]),
        row=int(row["row"]),
        region=str(row["region"]),
        period=str(row["period"]),
        scheme=str(row["scheme"]),
        indicator=str(row["indicator"]),
        value=_number(row["value"]),
        unit=str(row["unit"]),
        printed=str(row["value_published"] or row["target_text"]),
        printed_unit=str(row["unit_published"]),
        basis=str(row["basis"]),
        confidence=str(row["confidence"]),
        source=str(row["source"]),
        url=str(row["url"]),
    )


def plan_targets(book: FactBook, quarter: Quarter) -> pd.DataFrame:
    """Return one row for each target: what it is, what was reached, how far it is, and whether it is on track.

    Parameters
    ----------
    book : FactBook
        Rows of the region.
    quarter : Quarter
        The report quarter.

    Returns
    -------
    DataFrame
        Columns scheme, indicator, zh, en, target_period, relation, target_text, nature, target, base, base_period,
        actual, actual_period, distance (above 0: better than the target), unit, assessment, assessment_zh,
        assessment_en, reason_zh, reason_en.

    Examples
    --------
    >>> from actuary.fund.fact_book import load_fact_book
    >>> table = plan_targets(load_fact_book("shenyang", until=Quarter(2020, 4)), Quarter(2020, 4))
    >>> row = table[(table.indicator == "inpatient_eligible_reimbursement_rate") & (table.scheme == "employee")].iloc[0]
    >>> float(row.target), float(row.actual), round(float(row.distance), 3)
    (0.8, 0.798, -0.002)
    """
    names = {one.name.removeprefix("plan_"): one for one in PLAN_INDICATORS}
    rows = [
        {
            "scheme": one.scheme,
            "indicator": one.indicator,
            "zh": names[one.indicator].zh.partition("：")[2],
            "en": names[one.indicator].en.partition(": ")[2],
            "target_period": one.target_period,
            "relation": one.relation,
            "target_text": one.target_text,
            "nature": one.nature,
            "target": one.target,
            "base": one.base,
            "base_period": one.base_period,
            "actual": one.actual,
            "actual_period": one.actual_period,
            "distance": one.reading.value,
            "unit": one.unit,
            "assessment": one.assessment,
            "assessment_zh": ASSESSMENTS[one.assessment][0],
            "assessment_en": ASSESSMENTS[one.assessment][1],
            "reason_zh": one.why_zh,
            "reason_en": one.why_en,
        }
        for one in read_targets(book, quarter)
    ]
    return pd.DataFrame(rows)
