"""Indicators of the funds that a projection gives: income, spending, balance, months, growth, members, years left."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from actuary.indicators.definition import Indicator
from actuary.indicators.reading import Reading
from actuary.indicators.view import SchemeView, divide
from actuary.indicators.year_figures import YearFigures
from actuary.periods import Quarter

__all__ = ["FUND_INDICATORS"]

_YEAR = 4
_MONTHS = 12
_SPENDING = ("最近四个季度支出", "spending of the last four quarters")
_INCOME = ("最近四个季度收入", "income of the last four quarters")
_BEFORE = ("上年同期数", "figure of the year before")
_MEMBERS = ("退休人数", "retired member")


def _flow(flow: str) -> Callable[[SchemeView], Reading]:
    def read(view: SchemeView) -> Reading:
        name = f"{view.fund}{flow}_yuan"
        return view.read(view.year_sum(name), name, span=True)

    return read


def _payable_months(view: SchemeView) -> Reading:
    spent = view.year_sum(f"{view.fund}expenditure_yuan")
    return view.read(view.series("payable_months"), "payable_months", divisor=spent, what=_SPENDING)


def _current_balance(view: SchemeView) -> Reading:
    income, expenditure = f"{view.fund}income_yuan", f"{view.fund}expenditure_yuan"
    return view.read(view.year_sum(income) - view.year_sum(expenditure), income, expenditure, span=True)


def _surplus_rate(view: SchemeView) -> Reading:
    income, expenditure = f"{view.fund}income_yuan", f"{view.fund}expenditure_yuan"
    received = view.year_sum(income)
    share = 1 - divide(view.year_sum(expenditure), received)
    return view.read(share, income, expenditure, span=True, divisor=received, what=_INCOME)


def _cumulative_surplus(view: SchemeView) -> Reading:
    balance, income = f"{view.fund}balance_end_yuan", f"{view.fund}income_yuan"
    received = view.year_sum(income)
    share = divide(view.series(balance), received)
    return view.read(share, balance, income, span=True, divisor=received, what=_INCOME)


def _trust_fund_ratio(view: SchemeView) -> Reading:
    balance, expenditure = f"{view.fund}balance_end_yuan", f"{view.fund}expenditure_yuan"
    spent = view.year_sum(expenditure)
    opening = np.full(spent.shape, np.nan)
    opening[_YEAR:] = view.series(balance)[:-_YEAR]
    ratio = divide(opening, spent)
    return view.read(ratio, expenditure, span=True, years=2, divisor=spent, what=_SPENDING)


def _balance(view: SchemeView) -> Reading:
    name = f"{view.fund}balance_end_yuan"
    return view.read(view.series(name), name)


def _growth(values: np.ndarray) -> np.ndarray:
    return divide(values, _year_before(values)) - 1


def _year_before(values: np.ndarray) -> np.ndarray:
    before = np.full(values.shape, np.nan)
    before[_YEAR:] = values[:-_YEAR]
    return before


def _flow_growth(flow: str) -> Callable[[SchemeView], Reading]:
    def grow(view: SchemeView) -> Reading:
        name = f"{view.fund}{flow}_yuan"
        flows = view.year_sum(name)
        return view.read(_growth(flows), name, span=True, years=2, divisor=_year_before(flows), what=_BEFORE)

    return grow


def _growth_gap(view: SchemeView) -> Reading:
    income, expenditure = f"{view.fund}income_yuan", f"{view.fund}expenditure_yuan"
    gap = _growth(view.year_sum(expenditure)) - _growth(view.year_sum(income))
    return view.read(gap, income, expenditure, span=True, years=2)


def _stock_growth(name: str) -> Callable[[SchemeView], Reading]:
    def grow(view: SchemeView) -> Reading:
        return view.read(_growth(view.series(name)), name, years=2)

    return grow


def _dependency_ratio(view: SchemeView) -> Reading:
    retired = view.series("retired_persons")
    return view.read(view.series("dependency_ratio"), "dependency_ratio", divisor=retired, what=_MEMBERS)


def _dependency_ratio_national(view: SchemeView) -> Reading:
    own = _dependency_ratio(view)
    ratios = view.projection.national_ratios
    # Of the same date as the figure of the region, which may be years older than the report.
    years = [year for year in ratios if Quarter(year, 4) <= Quarter.parse(own.period)]
    if not years:
        return Reading(float("nan"), own.period, "gap")
    return Reading(ratios[max(years)], str(Quarter(max(years), 4)), "derived")


def _dependency_ratio_gap_national(view: SchemeView) -> Reading:
    own, nation = _dependency_ratio(view), _dependency_ratio_national(view)
    if "gap" in (own.status, nation.status):
        return Reading(float("nan"), own.period, "gap")
    return Reading(own.value - nation.value, own.period, own.status, own.recalled)


def _retired_share(view: SchemeView) -> Reading:
    share = divide(view.series("retired_persons"), view.series("enrolled_persons"))
    return view.read(share, "retired_persons", "enrolled_persons")


def _per_member(flow: str) -> Callable[[SchemeView], Reading]:
    def read(view: SchemeView) -> Reading:
        name = f"{view.fund}{flow}_yuan"
        members = view.series("enrolled_persons")
        average = np.full(members.shape, np.nan)
        average[_YEAR:] = (members[_YEAR:] + members[:-_YEAR]) / 2
        return view.read(divide(view.year_sum(name), average), name, "enrolled_persons", span=True, years=2)

    return read


def _years_to_deficit(view: SchemeView) -> Reading:
    current = view.year_sum(f"{view.fund}income_yuan") - view.year_sum(f"{view.fund}expenditure_yuan")
    # The report quarter counts as it stands; after it a deficit is one of a calendar year.
    ends = np.array([quarter.number == 4 for quarter in view.quarters])
    ends[view.report] = True
    return view.years_until(ends & (current < 0))


def _years_to_months_below_3(view: SchemeView) -> Reading:
    return view.years_until(view.series("payable_months") < 3)


def _years_to_exhaustion(view: SchemeView) -> Reading:
    return view.years_until(view.series(f"{view.fund}balance_end_yuan") < 0)


def _year_growth(name: str) -> Callable[[YearFigures], float]:
    return lambda year: year.money(name) / year.money(name, 1) - 1


def _year_per_member(name: str) -> Callable[[YearFigures], float]:
    return lambda year: year.money(name) / ((year.people("enrolled") + year.people("enrolled", 1)) / 2)


_BAND = "人社部发〔2009〕67号"
_OWN = "定义 definition"

#: Indicators of the funds that a projection gives.
FUND_INDICATORS: tuple[Indicator, ...] = (
    Indicator(
        "payable_months",
        "可支付月数",
        "Months payable",
        "months",
        "closing balance of the pool, no less than 0 / (spending of the last four quarters / 12)",
        _BAND,
        "band",
        _payable_months,
        of_year=lambda year: max(year.money("balance_end"), 0.0) / (year.money("expenditure") / _MONTHS),
    ),
    Indicator(
        "current_balance_yuan",
        "当期结余（最近四个季度）",
        "Current balance, last four quarters",
        "yuan",
        "income - spending of the last four quarters, of the pool",
        _OWN,
        "higher",
        _current_balance,
        of_year=lambda year: year.money("income") - year.money("expenditure"),
    ),
    Indicator(
        "balance_end_yuan",
        "累计结余",
        "Balance",
        "yuan",
        "balance of the pool at the end of the quarter",
        _OWN,
        "higher",
        _balance,
        of_year=lambda year: year.money("balance_end"),
    ),
    Indicator(
        "income_yuan",
        "基金收入（最近四个季度）",
        "Income, last four quarters",
        "yuan",
        "income of the last four quarters, of the pool",
        _OWN,
        "higher",
        _flow("income"),
        of_year=lambda year: year.money("income"),
    ),
    Indicator(
        "expenditure_yuan",
        "基金支出（最近四个季度）",
        "Spending, last four quarters",
        "yuan",
        "spending of the last four quarters, of the pool",
        _OWN,
        "lower",
        _flow("expenditure"),
        of_year=lambda year: year.money("expenditure"),
    ),
    Indicator(
        "cumulative_surplus_share",
        "累计结余与当年收入之比",
        "Balance to income of the year",
        "share",
        "balance at the end of the quarter / income of the last four quarters, of the pool",
        "新型农村合作医疗基金管理规定",
        "band",
        _cumulative_surplus,
        of_year=lambda year: year.money("balance_end") / year.money("income"),
    ),
    Indicator(
        "trust_fund_ratio",
        "期初结余与当年支出之比",
        "Trust fund ratio",
        "share",
        "balance four quarters before / spending of the last four quarters, of the pool",
        "SSA and CMS Trustees reports",
        "higher",
        _trust_fund_ratio,
        of_year=lambda year: year.money("balance_end", 1) / year.money("expenditure"),
    ),
    Indicator(
        "surplus_rate",
        "当期结余率",
        "Current balance to income",
        "share",
        "(income - spending) / income, last four quarters, of the pool",
        _OWN,
        "band",
        _surplus_rate,
        of_year=lambda year: 1 - year.money("expenditure") / year.money("income"),
    ),
    Indicator(
        "income_growth",
        "收入增长率",
        "Growth of income",
        "share",
        "income of the last four quarters / that of the four before - 1, of the pool",
        _OWN,
        "higher",
        _flow_growth("income"),
        of_year=_year_growth("income"),
    ),
    Indicator(
        "expenditure_growth",
        "支出增长率",
        "Growth of spending",
        "share",
        "spending of the last four quarters / that of the four before - 1, of the pool",
        _OWN,
        "lower",
        _flow_growth("expenditure"),
        of_year=_year_growth("expenditure"),
    ),
    Indicator(
        "growth_gap",
        "支出与收入增幅之差",
        "Growth of spending less growth of income",
        "share",
        "expenditure_growth - income_growth",
        "人力资源社会保障部新闻发布会 2014-01-24",
        "lower",
        _growth_gap,
        is_difference=True,
        of_year=lambda year: _year_growth("expenditure")(year) - _year_growth("income")(year),
    ),
    Indicator(
        "dependency_ratio",
        "职退比",
        "Active per retired member",
        "ratio",
        "active / retired members at the end of the quarter",
        _OWN,
        "higher",
        _dependency_ratio,
        ("employee",),
        of_money=False,
        of_year=lambda year: year.people("active") / year.people("retired"),
    ),
    Indicator(
        "dependency_ratio_national",
        "全国职退比",
        "Active per retired member, nation",
        "ratio",
        "active / retired members of the nation at the last published year-end up to the date of dependency_ratio",
        _OWN,
        "higher",
        _dependency_ratio_national,
        ("employee",),
        of_money=False,
        in_nation=False,
    ),
    Indicator(
        "dependency_ratio_gap_national",
        "职退比与全国之差",
        "Active per retired member, less the nation",
        "ratio",
        "dependency_ratio - dependency_ratio_national",
        _OWN,
        "higher",
        _dependency_ratio_gap_national,
        ("employee",),
        of_money=False,
        compares=("dependency_ratio", "dependency_ratio_national"),
        in_nation=False,
    ),
    Indicator(
        "retired_share",
        "退休人员占比",
        "Share of retired members",
        "share",
        "retired / enrolled members at the end of the quarter",
        _OWN,
        "lower",
        _retired_share,
        ("employee",),
        of_money=False,
        of_year=lambda year: year.people("retired") / year.people("enrolled"),
    ),
    Indicator(
        "enrolled_growth",
        "参保人数增长率",
        "Growth of enrolment",
        "share",
        "enrolled / enrolled four quarters before - 1",
        _OWN,
        "higher",
        _stock_growth("enrolled_persons"),
        of_money=False,
        of_year=lambda year: year.people("enrolled") / year.people("enrolled", 1) - 1,
    ),
    Indicator(
        "income_per_member_yuan",
        "人均收入",
        "Income per member",
        "yuan_per_year",
        "income of the last four quarters / mean of enrolled at its start and end, of the pool",
        _OWN,
        "higher",
        _per_member("income"),
        of_year=_year_per_member("income"),
    ),
    Indicator(
        "expenditure_per_member_yuan",
        "人均支出",
        "Spending per member",
        "yuan_per_year",
        "spending of the last four quarters / mean of enrolled at its start and end, of the pool",
        _OWN,
        "lower",
        _per_member("expenditure"),
        of_year=_year_per_member("expenditure"),
    ),
    Indicator(
        "years_to_current_deficit",
        "距出现当期赤字的年数",
        "Years to a current deficit",
        "years",
        "years from the report quarter to the first year-end with spending above income, base scenario",
        _OWN,
        "higher",
        _years_to_deficit,
        ("employee", "resident"),
    ),
    Indicator(
        "years_to_months_below_3",
        "距可支付月数低于3个月的年数",
        "Years until less than three months are payable",
        "years",
        "years from the report quarter to the first quarter with payable_months < 3, base scenario",
        _BAND,
        "higher",
        _years_to_months_below_3,
        ("employee", "resident"),
    ),
    Indicator(
        "years_to_exhaustion",
        "距累计结余用完的年数",
        "Years until the balance is spent",
        "years",
        "years from the report quarter to the first quarter with a balance below zero, base scenario",
        _OWN,
        "higher",
        _years_to_exhaustion,
        ("employee", "resident"),
    ),
)
