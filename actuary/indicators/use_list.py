"""Indicators of use and price: outpatient, inpatient and out-of-area care, by cost, visits, price and growth."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from actuary.indicators.definition import Indicator
from actuary.indicators.fact_view import FactView
from actuary.indicators.reading import Reading

__all__ = ["CARE", "USE_INDICATORS"]

_PLAN = "沈阳市“十四五”医疗保障事业发展规划；市医保局年度任务完成情况"
_BULLETIN = "国家医保局统计公报指标"
_JUDGED = "判断 judgement"
_TWO = 2

#: Kinds of care: name in code, in Chinese, in English, a visit of it, and the indicators of its facts that differ from
#: ``<name>_cost``, ``<name>_visits`` and ``<name>_cost_per_visit``.
CARE: dict[str, tuple[str, str, tuple[str, str]]] = {
    "outpatient": ("门诊", "Outpatient", ("次均门诊费用", "cost per visit")),
    "inpatient": ("住院", "Inpatient", ("次均住院费用", "cost per stay")),
    "out_of_area": ("异地就医", "Out-of-area", ("异地就医次均费用", "cost per visit")),
}
_PER_VISIT = {"inpatient": "inpatient_cost_per_stay"}
_PRINTED_GROWTH = {"inpatient": "inpatient_visits_growth"}


_use = partial(Indicator, family="use", frequency="year", of_money=False)


def _as_published(name: str) -> Callable[[FactView], Reading]:
    return lambda view: view.read(name)


def _cost(care: str) -> Callable[[FactView], Reading]:
    return lambda view: view.read(f"{care}_cost")


def _latest(*readings: Reading) -> Reading:
    """Return the reading of the latest period; the first of those that share it."""
    known = [one for one in readings if one.status != "gap"]
    return max(known, key=lambda one: one.period[:4]) if known else readings[0]


def _per_visit(care: str) -> Callable[[FactView], Reading]:
    printed = _PER_VISIT.get(care, f"{care}_cost_per_visit")
    return lambda view: _latest(view.read(printed), view.ratio(f"{care}_cost", f"{care}_visits"))


def _per_visit_growth(care: str) -> Callable[[FactView], Reading]:
    printed = _PER_VISIT.get(care, f"{care}_cost_per_visit")

    def read(view: FactView) -> Reading:
        own = view.growth(printed)
        costs, visits = view.of(f"{care}_cost"), view.of(f"{care}_visits")
        years = [one for one in costs if all({one, str(int(one[:4]) - 1)} <= found.keys() for found in (costs, visits))]
        if not years:
            return own
        now, before = max(years), str(int(max(years)[:4]) - 1)
        rows = (costs[now], visits[now], costs[before], visits[before])
        return _latest(own, view.compute(now, rows, lambda c, v, c0, v0: (c / v) / (c0 / v0) - 1))

    return read


def _admission_ratio(view: FactView) -> Reading:
    return view.ratio("admission_rate_retired", "admission_rate_active")


def _change_since_first(indicator: str) -> Callable[[FactView], Reading]:
    """Return the latest figure over the first published one, less one: what years of a reform have done."""

    def read(view: FactView) -> Reading:
        years = sorted(period for period in view.of(indicator) if period.isdigit())
        if len(years) < _TWO:
            return view.unpublished()
        rows = (view.of(indicator)[years[-1]], view.of(indicator)[years[0]])
        return view.compute(years[-1], rows, lambda now, first: now / first - 1)

    return read


def _out_of_area_share(view: FactView) -> Reading:
    """Return the share of cost outside the pooling region, from cost or from printed shares of spending."""
    parts = ("expenditure_share_in_province_outside_city", "expenditure_share_outside_province")
    found = [view.last(name) for name in parts]
    by_cost = view.ratio("out_of_area_cost", "medical_cost_total")
    if None in found or len({row.period for row in found if row is not None}) > 1:
        return by_cost
    rows = tuple(row for row in found if row is not None)
    return _latest(view.compute(rows[0].period, rows, lambda near, far: near + far), by_cost)


def _out_of_area_share_change(view: FactView) -> Reading:
    """Return the share of cost outside the pooling region less that of the same period a year before."""
    now = _out_of_area_share(view)
    if now.status == "gap":
        return now
    period = f"{int(now.period[:4]) - 1}{now.period[4:]}"
    names = [row.indicator for row in now.rows]
    before = [view.at(name, period) for name in names]
    if None in before:
        zh, en = "上年同期的占比未公布", "the share of the same period of the year before is not published"
        return Reading(math.nan, now.period, "gap", why_zh=zh, why_en=en, rows=now.rows)
    rows = now.rows + tuple(row for row in before if row is not None)
    if "out_of_area_cost" in names:
        return view.compute(now.period, rows, lambda a, b, c, d: a / b - c / d)
    return view.compute(now.period, rows, lambda a, b, c, d: a + b - c - d)


def _of_care(care: str) -> tuple[Indicator, ...]:
    zh, en, (per_zh, per_en) = CARE[care]
    name = _PER_VISIT.get(care, f"{care}_cost_per_visit")
    cases = care == "inpatient"
    rows: tuple[tuple[str, str, str, str, str, str, Callable[[FactView], Reading]], ...] = (
        (f"{care}_cost_yuan", f"{zh}费用", f"{en} cost", "yuan", "cost of the period", "none", _cost(care)),
        (
            f"{care}_visits",
            f"{zh}人次",
            f"{en} {'stays' if cases else 'visits'}",
            "visits",
            "visits of the period",
            "none",
            _as_published(f"{care}_visits"),
        ),
        (f"{name}_yuan", per_zh, f"{en} {per_en}", "yuan", "cost / visits, or as printed", "lower", _per_visit(care)),
        (
            f"{care}_cost_growth",
            f"{zh}费用增长率",
            f"Growth of {en.lower()} cost",
            "share",
            "cost / cost of the same period of the year before - 1",
            "lower",
            lambda view: view.growth(f"{care}_cost"),
        ),
        (
            f"{care}_visits_growth",
            f"{zh}人次增长率",
            f"Growth of {en.lower()} {'stays' if cases else 'visits'}",
            "share",
            "visits / visits of the same period of the year before - 1, or as printed",
            "none",
            lambda view: view.growth(f"{care}_visits", _PRINTED_GROWTH.get(care, "")),
        ),
        (
            f"{name}_growth",
            f"{per_zh}增长率",
            f"Growth of {en.lower()} {per_en}",
            "share",
            "cost per visit / that of the same period of the year before - 1",
            "lower",
            _per_visit_growth(care),
        ),
    )
    return tuple(
        _use(code, label_zh, label_en, unit, formula, _PLAN, direction, of_facts=function, of_cases=cases)
        for code, label_zh, label_en, unit, formula, direction, function in rows
    )


_TIERS = (("tertiary", "三级", "tertiary"), ("secondary", "二级", "secondary"), ("primary", "一级及以下", "primary"))

#: Indicators of use and price.
USE_INDICATORS: tuple[Indicator, ...] = (
    *(indicator for care in CARE for indicator in _of_care(care)),
    *(
        _use(
            f"inpatient_cost_per_stay_{tier}_yuan",
            f"{zh}医疗机构次均住院费用",
            f"Cost per stay, {en} hospitals",
            "yuan",
            "inpatient cost / stays of the tier, or as printed",
            _BULLETIN,
            "lower",
            of_facts=_as_published(f"inpatient_cost_per_stay_{tier}"),
            of_cases=True,
        )
        for tier, zh, en in _TIERS
    ),
    _use(
        "inpatient_cost_per_stay_change",
        "次均住院费用累计变化",
        "Change of cost per stay since the first figure",
        "share",
        "cost per stay / that of the first published year - 1",
        "安阳市DRG付费改革情况",
        "lower",
        of_facts=_change_since_first("inpatient_cost_per_stay"),
    ),
    _use(
        "admission_rate",
        "住院率",
        "Admission rate",
        "share",
        "stays / enrolled, as printed",
        _BULLETIN,
        "lower",
        of_facts=_as_published("admission_rate"),
    ),
    _use(
        "admission_rate_active",
        "在职职工住院率",
        "Admission rate, active",
        "share",
        "stays / active members, as printed",
        _BULLETIN,
        "lower",
        of_facts=_as_published("admission_rate_active"),
        schemes=("employee",),
    ),
    _use(
        "admission_rate_retired",
        "退休人员住院率",
        "Admission rate, retired",
        "share",
        "stays / retired members, as printed",
        _BULLETIN,
        "lower",
        of_facts=_as_published("admission_rate_retired"),
        schemes=("employee",),
    ),
    _use(
        "admission_ratio_retired_active",
        "退休与在职住院率之比",
        "Admission rate, retired to active",
        "ratio",
        "admission_rate_retired / admission_rate_active",
        _BULLETIN,
        "none",
        of_facts=_admission_ratio,
        schemes=("employee",),
    ),
    _use(
        "length_of_stay_days",
        "次均住院床日",
        "Length of stay",
        "days",
        "bed days / stays, as printed",
        _BULLETIN,
        "lower",
        of_facts=_as_published("average_length_of_stay"),
        of_cases=True,
    ),
    _use(
        "light_case_visits_growth",
        "轻症住院人次增长率",
        "Growth of light admissions",
        "share",
        "as published",
        _PLAN,
        "lower",
        of_facts=_as_published("light_case_visits_growth"),
    ),
    _use(
        "pooled_inpatient_expenditure_growth",
        "统筹基金住院支出增长率",
        "Growth of the pool's inpatient spending",
        "share",
        "as published",
        _PLAN,
        "lower",
        of_facts=_as_published("pooled_inpatient_expenditure_growth"),
    ),
    _use(
        "inpatient_eligible_reimbursement_rate",
        "政策范围内住院费用报销比例",
        "Reimbursement share of eligible inpatient cost",
        "share",
        "fund payments / eligible inpatient cost",
        _PLAN,
        "higher",
        of_facts=_as_published("inpatient_eligible_reimbursement_rate"),
        of_cases=True,
    ),
    _use(
        "out_of_area_share",
        "异地就医费用占比",
        "Out-of-area share of spending",
        "share",
        "cost outside the pooling region / cost of all care, or the sum of the printed shares outside the city",
        _JUDGED,
        "lower",
        of_facts=_out_of_area_share,
    ),
    _use(
        "out_of_area_share_change",
        "异地就医费用占比同比变化",
        "Change of the out-of-area share",
        "share",
        "out_of_area_share - that of the same period of the year before",
        _JUDGED,
        "lower",
        of_facts=_out_of_area_share_change,
        is_difference=True,
    ),
)
