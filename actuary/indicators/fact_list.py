"""Indicators of the funds that published facts give: budget progress, collection, monthly income, the province."""

from __future__ import annotations

import math
from collections.abc import Callable

from actuary.indicators.definition import Indicator
from actuary.indicators.fact_view import FactView, fact_rows_of, months_of
from actuary.indicators.reading import FactRow, Reading
from actuary.indicators.view import SchemeView

__all__ = ["FACT_INDICATORS"]

_OWN = "定义 definition"
_MONTHS = 12
_FEBRUARY = 2


def _as_published(name: str) -> Callable[[FactView], Reading]:
    return lambda view: view.read(name)


def _progress(flow: str) -> Callable[[SchemeView], Reading]:
    """Return the share of the year's budget that a flow has used: as printed, else the year so far over the budget."""

    def read(view: SchemeView) -> Reading:
        printed = view.facts.read("spending_progress") if flow == "expenditure" else view.facts.unpublished()
        if printed.status != "gap" and printed.period.startswith(str(view.projection.quarter.year)):
            return printed
        budget = view.facts.budget(flow)
        if budget is None:
            why = ("本年度预算未公布，也未公布执行进度", "neither the budget of the year nor its progress is published")
            return Reading(math.nan, str(view.projection.quarter), "gap", why_zh=why[0], why_en=why[1])
        so_far, status = view.so_far(f"{flow}_yuan")
        if not math.isfinite(so_far):
            why = ("本年度至今的收支未公布", "income and spending of the year so far are not published")
            return Reading(math.nan, str(view.projection.quarter), "gap", why_zh=why[0], why_en=why[1], rows=(budget,))
        if not budget.value:
            return Reading(
                math.nan,
                str(view.projection.quarter),
                "gap",
                why_zh="本年度预算为零，无法计算",
                why_en="the budget of the year is nothing",
                rows=(budget,),
            )
        return Reading(so_far / budget.value, str(view.projection.quarter), status, rows=(budget,))

    return read


def _progress_gap(flow: str) -> Callable[[SchemeView], Reading]:
    progress = _progress(flow)

    def read(view: SchemeView) -> Reading:
        reading = progress(view)
        if reading.status == "gap":
            return reading
        passed = months_of(reading.period) / _MONTHS
        return Reading(reading.value - passed, reading.period, "derived", reading.recalled, rows=reading.rows)

    return read


def _monthly_income_change(view: FactView) -> Reading:
    """Return income of the latest month over that of the month before, less one, of the accounts both cover."""
    rows = view.book.first_published if view.first else view.book.chosen
    if rows.empty:
        return view.unpublished()
    ours = rows[rows["scheme"].eq(view.scheme) & rows["indicator"].eq("income") & rows["quarter"].le(str(view.quarter))]
    monthly = fact_rows_of(ours[ours["period"].str.fullmatch(r"\d{4}-\d{2}")])
    points = {(row.scope, int(row.period[:4]), months_of(row.period)): row for row in monthly}
    found: list[tuple[str, tuple[FactRow, ...]]] = []
    for (scope, year, month), row in points.items():
        before, start = points.get((scope, year, month - 1)), points.get((scope, year, month - 2))
        # The figure of February less that of January needs none before January.
        if before is not None and (start is not None or month == _FEBRUARY):
            found.append((row.period, (row, before) if start is None else (row, before, start)))
    if not found:
        return view.unpublished()
    period, chosen = max(found, key=lambda one: one[0])

    def change(now: float, before: float, start: float = 0.0) -> float:
        return (now - before) / (before - start) - 1

    return view.compute(period, chosen, change)


def _province_ratio(view: FactView) -> Reading:
    """Return active per retired member of the province at the last published year-end up to that of the place."""
    own = _own_ratio_period(view)
    province = FactView(view.province, "employee", view.quarter)
    counted = province.ratio("active", "retired")
    printed = province.read("dependency_ratio")
    known = [one for one in (counted, printed) if one.status != "gap" and one.period <= own]
    return max(known, key=lambda one: one.period) if known else view.unpublished()


def _own_ratio_period(view: FactView) -> str:
    reading = _own_ratio(view)
    return reading.period if reading.status != "gap" else str(view.quarter.year)


def _own_ratio(view: FactView) -> Reading:
    counted = view.ratio("active", "retired")
    return counted if counted.status != "gap" else view.read("dependency_ratio")


def _province_gap(view: FactView) -> Reading:
    own, province = _own_ratio(view), _province_ratio(view)
    if "gap" in (own.status, province.status):
        return view.unpublished()
    recalled = own.recalled or province.recalled
    return Reading(own.value - province.value, own.period, "derived", recalled, rows=own.rows + province.rows)


def _subsidy_to_premium(view: FactView) -> Reading:
    printed = view.read("subsidy_to_premium_ratio")
    return printed if printed.status != "gap" else view.ratio("subsidy_income", "premium_income")


#: Indicators of the funds that published facts give.
FACT_INDICATORS: tuple[Indicator, ...] = (
    Indicator(
        "spending_progress",
        "支出预算执行进度",
        "Spending progress",
        "share",
        "spending of the year so far / budgeted spending of the year, or as printed",
        "预算法；霍山县居民医保基金运行情况通报",
        "band",
        _progress("expenditure"),
        of_money=False,
    ),
    Indicator(
        "budget_progress_gap",
        "支出进度与时间进度之差",
        "Spending progress less time passed",
        "share",
        "spending_progress - months passed / 12",
        _OWN,
        "lower",
        _progress_gap("expenditure"),
        of_money=False,
        is_difference=True,
    ),
    Indicator(
        "income_progress",
        "收入预算执行进度",
        "Income progress",
        "share",
        "income of the year so far / budgeted income of the year",
        _OWN,
        "higher",
        _progress("income"),
        of_money=False,
    ),
    Indicator(
        "income_progress_gap",
        "收入进度与时间进度之差",
        "Income progress less time passed",
        "share",
        "income_progress - months passed / 12",
        _OWN,
        "higher",
        _progress_gap("income"),
        of_money=False,
        is_difference=True,
    ),
    Indicator(
        "collection_rate",
        "征缴率",
        "Collection rate",
        "share",
        "contributions collected / contributions due of the period",
        _OWN,
        "higher",
        of_facts=lambda view: view.ratio("contribution_income", "contribution_due"),
        schemes=("employee",),
        of_money=False,
        frequency="year",
    ),
    Indicator(
        "monthly_income_change",
        "月收入环比",
        "Change of monthly income",
        "share",
        "income of the month / income of the month before - 1, from January-to-month figures",
        "XX省基金财务预警系统 需求规格说明书",
        "higher",
        of_facts=_monthly_income_change,
        of_money=False,
        frequency="month",
    ),
    Indicator(
        "dependency_ratio_province",
        "全省职退比",
        "Active per retired member, province",
        "ratio",
        "active / retired members of the province, or as printed, at the last year-end up to that of the place",
        "XX省基金财务预警系统 需求规格说明书",
        "higher",
        of_facts=_province_ratio,
        schemes=("employee",),
        in_nation=False,
        of_money=False,
        frequency="year",
    ),
    Indicator(
        "dependency_ratio_gap_province",
        "职退比与全省之差",
        "Active per retired member, less the province",
        "ratio",
        "active / retired members - dependency_ratio_province",
        "XX省基金财务预警系统 需求规格说明书",
        "higher",
        of_facts=_province_gap,
        schemes=("employee",),
        compares=("dependency_ratio", "dependency_ratio_province"),
        in_nation=False,
        of_money=False,
        frequency="year",
    ),
    Indicator(
        "subsidy_to_premium_ratio",
        "财政补助与个人缴费之比",
        "Subsidy to premium",
        "ratio",
        "income from subsidies / income from premiums, or as printed",
        "沈阳市“十四五”医疗保障事业发展规划",
        "band",
        of_facts=_subsidy_to_premium,
        schemes=("resident",),
        of_money=False,
        frequency="year",
    ),
    Indicator(
        "pools_in_deficit",
        "当期赤字统筹地区数",
        "Pools in current deficit",
        "count",
        "as published",
        "2013年度社会保险基金运行情况（2015年通报）",
        "lower",
        of_facts=_as_published("pools_in_deficit"),
        of_money=False,
        frequency="year",
    ),
    Indicator(
        "enrolment_rate",
        "参保率",
        "Enrolment rate",
        "share",
        "as published",
        "沈阳市“十四五”医疗保障事业发展规划，专栏1",
        "higher",
        of_facts=_as_published("enrolment_rate"),
        of_money=False,
        frequency="year",
    ),
)
