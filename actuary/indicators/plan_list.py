"""The targets of a plan against what was reached: distance, and whether the way to the target is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from actuary.fund.fact_book import FactBook
from actuary.indicators.definition import Indicator
from actuary.indicators.fact_view import FactView
from actuary.indicators.reading import FactRow, Reading
from actuary.periods import Quarter

__all__ = ["ASSESSMENTS", "PLAN_INDICATORS", "PlanTarget", "plan_targets", "read_targets"]

_PLAN = "沈阳市“十四五”医疗保障事业发展规划，专栏1"
_LIUYANG = "浏医保联发〔2022〕3号"

#: What can be said of a target, in Chinese and English.
ASSESSMENTS: dict[str, tuple[str, str]] = {
    "met": ("已达到", "met"),
    "on_track": ("进度正常", "on track"),
    "behind": ("进度滞后", "behind"),
    "missed": ("未达到", "missed"),
    "not_assessable": ("无法判断", "not assessable"),
}


def _target(
    name: str, zh: str, en: str, unit: str, direction: str, *, source: str = _PLAN, schemes: tuple[str, ...] = ("all",)
) -> Indicator:
    worse = "target - actual" if direction == "lower" else "actual - target"
    return Indicator(
        f"plan_{name}",
        f"规划目标差距：{zh}",
        f"Distance to target: {en}",
        unit,
        f"{worse} of the next target, from the latest published figure or the plan's base value; above 0 is better",
        source,
        "higher",
        schemes=schemes,
        of_money=False,
        is_difference=unit == "share",
        family="plan",
        frequency="year",
    )


_FUNDS = ("employee", "resident")
_NONE = ("none",)

#: Indicators whose targets a plan may set; by how they are better.
_BETTER_LOWER = frozenset({"out_of_pocket_share", "subsidy_to_premium_ratio"})

_TARGETS: tuple[tuple[str, str, str, str, tuple[str, ...], str], ...] = (
    ("enrolment_rate", "基本医疗保险参保率", "enrolment rate", "share", ("all",), _PLAN),
    ("income", "基本医疗保险基金收入", "fund income", "yuan", ("all",), _PLAN),
    ("expenditure", "基本医疗保险基金支出", "fund spending", "yuan", ("all",), _PLAN),
    (
        "inpatient_eligible_reimbursement_rate",
        "政策范围内住院费用报销比例",
        "reimbursement share of eligible inpatient cost",
        "share",
        _FUNDS,
        _PLAN,
    ),
    (
        "assistance_inpatient_rate",
        "重点救助对象住院救助比例",
        "inpatient assistance share of priority groups",
        "share",
        _NONE,
        _PLAN,
    ),
    ("out_of_pocket_share", "个人卫生支出占卫生总费用比例", "out-of-pocket share", "share", _NONE, _PLAN),
    (
        "drg_share_of_inpatient_cost",
        "按疾病相关分组和按病种付费占住院费用比例",
        "share of inpatient cost paid by DRG or by case",
        "share",
        _FUNDS,
        _PLAN,
    ),
    ("platform_drug_share", "省级平台采购药品金额占比", "drugs bought through the province", "share", _NONE, _PLAN),
    (
        "platform_consumable_share",
        "省级平台采购高值耗材金额占比",
        "high-value consumables bought through the province",
        "share",
        _NONE,
        _PLAN,
    ),
    ("procured_drugs", "药品集中带量采购品种", "drugs bought by volume", "count", _NONE, _PLAN),
    (
        "procured_consumables",
        "高值医用耗材集中带量采购品种",
        "high-value consumables bought by volume",
        "count",
        _NONE,
        _PLAN,
    ),
    (
        "cross_province_direct_settlement_rate",
        "住院费用跨省直接结算率",
        "direct settlement of stays in other provinces",
        "share",
        ("all",),
        _PLAN,
    ),
    ("online_service_rate", "政务服务事项线上可办率", "services available online", "share", _NONE, _PLAN),
    ("window_service_rate", "政务服务事项窗口可办率", "services available at the window", "share", _NONE, _PLAN),
    (
        "drg_share_of_inpatient_fund",
        "DRG付费住院基金支出占比",
        "share of inpatient fund spending paid by DRG",
        "share",
        ("all",),
        _PLAN,
    ),
    (
        "subsidy_to_premium_ratio",
        "财政补助与个人缴费之比",
        "subsidy to premium",
        "ratio",
        ("resident",),
        _PLAN,
    ),
    ("drg_hospital_share", "DRG付费医疗机构覆盖率", "hospitals paid by DRG", "share", ("all",), _LIUYANG),
    ("drg_group_share", "DRG病种覆盖率", "disease groups paid by DRG", "share", ("all",), _LIUYANG),
)

#: Distances to the targets of a plan.
PLAN_INDICATORS: tuple[Indicator, ...] = tuple(
    _target(name, zh, en, unit, "lower" if name in _BETTER_LOWER else "higher", source=source, schemes=schemes)
    for name, zh, en, unit, schemes, source in _TARGETS
)


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
        sign = -1.0 if indicator in _BETTER_LOWER else 1.0
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
    >>> row.target, row.actual, round(row.distance, 3)
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
