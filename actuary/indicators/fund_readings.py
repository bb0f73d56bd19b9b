"""How the indicators of the funds are read off a projection."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from actuary.indicators.reading import Reading
from actuary.indicators.view import SchemeView, divide
from actuary.indicators.year_figures import YearFigures
from actuary.periods import Quarter

__all__ = [
    "read_balance",
    "read_cumulative_surplus",
    "read_current_balance",
    "read_dependency_ratio",
    "read_dependency_ratio_gap_national",
    "read_dependency_ratio_national",
    "read_flow",
    "read_flow_growth",
    "read_growth_gap",
    "read_payable_months",
    "read_per_member",
    "read_retired_share",
    "read_stock_growth",
    "read_surplus_rate",
    "read_trust_fund_ratio",
    "read_years_to_deficit",
    "read_years_to_exhaustion",
    "read_years_to_months_below_3",
    "year_growth",
    "year_per_member",
]

_YEAR = 4
_MONTHS = 12
_SPENDING = ("最近四个季度支出", "spending of the last four quarters")
_INCOME = ("最近四个季度收入", "income of the last four quarters")
_BEFORE = ("上年同期数", "figure of the year before")
_MEMBERS = ("退休人数", "retired member")


def read_flow(flow: str) -> Callable[[SchemeView], Reading]:
    """Return how income or expenditure of the last four quarters is read [yuan]."""

    def read(view: SchemeView) -> Reading:
        name = f"{view.fund}{flow}_yuan"
        return view.read(view.year_sum(name), name, span=True)

    return read


def read_payable_months(view: SchemeView) -> Reading:
    """Read how many months of average spending the balance pays for [months]."""
    spent = view.year_sum(f"{view.fund}expenditure_yuan")
    return view.read(view.series("payable_months"), "payable_months", divisor=spent, what=_SPENDING)


def read_current_balance(view: SchemeView) -> Reading:
    """Read income less spending of the last four quarters [yuan]."""
    income, expenditure = f"{view.fund}income_yuan", f"{view.fund}expenditure_yuan"
    return view.read(view.year_sum(income) - view.year_sum(expenditure), income, expenditure, span=True)


def read_surplus_rate(view: SchemeView) -> Reading:
    """Read the current balance over income of the last four quarters [share]."""
    income, expenditure = f"{view.fund}income_yuan", f"{view.fund}expenditure_yuan"
    received = view.year_sum(income)
    share = 1 - divide(view.year_sum(expenditure), received)
    return view.read(share, income, expenditure, span=True, divisor=received, what=_INCOME)


def read_cumulative_surplus(view: SchemeView) -> Reading:
    """Read the closing balance over income of the last four quarters [share]."""
    balance, income = f"{view.fund}balance_end_yuan", f"{view.fund}income_yuan"
    received = view.year_sum(income)
    share = divide(view.series(balance), received)
    return view.read(share, balance, income, span=True, divisor=received, what=_INCOME)


def read_trust_fund_ratio(view: SchemeView) -> Reading:
    """Read the balance four quarters before over spending of the last four quarters [share]."""
    balance, expenditure = f"{view.fund}balance_end_yuan", f"{view.fund}expenditure_yuan"
    spent = view.year_sum(expenditure)
    opening = np.full(spent.shape, np.nan)
    opening[_YEAR:] = view.series(balance)[:-_YEAR]
    ratio = divide(opening, spent)
    return view.read(ratio, expenditure, span=True, years=2, divisor=spent, what=_SPENDING)


def read_balance(view: SchemeView) -> Reading:
    """Read the balance at the end of the quarter [yuan]."""
    name = f"{view.fund}balance_end_yuan"
    return view.read(view.series(name), name)


def _growth(values: np.ndarray) -> np.ndarray:
    return divide(values, _year_before(values)) - 1


def _year_before(values: np.ndarray) -> np.ndarray:
    before = np.full(values.shape, np.nan)
    before[_YEAR:] = values[:-_YEAR]
    return before


def read_flow_growth(flow: str) -> Callable[[SchemeView], Reading]:
    """Return how growth of income or expenditure over four quarters is read [share]."""

    def grow(view: SchemeView) -> Reading:
        name = f"{view.fund}{flow}_yuan"
        flows = view.year_sum(name)
        return view.read(_growth(flows), name, span=True, years=2, divisor=_year_before(flows), what=_BEFORE)

    return grow


def read_growth_gap(view: SchemeView) -> Reading:
    """Read growth of spending less growth of income [share]."""
    income, expenditure = f"{view.fund}income_yuan", f"{view.fund}expenditure_yuan"
    gap = _growth(view.year_sum(expenditure)) - _growth(view.year_sum(income))
    return view.read(gap, income, expenditure, span=True, years=2)


def read_stock_growth(name: str) -> Callable[[SchemeView], Reading]:
    """Return how growth of a stock over four quarters is read [share]."""

    def grow(view: SchemeView) -> Reading:
        return view.read(_growth(view.series(name)), name, years=2)

    return grow


def read_dependency_ratio(view: SchemeView) -> Reading:
    """Read active per retired member [ratio]."""
    retired = view.series("retired_persons")
    return view.read(view.series("dependency_ratio"), "dependency_ratio", divisor=retired, what=_MEMBERS)


def read_dependency_ratio_national(view: SchemeView) -> Reading:
    """Read active per retired member of the nation, at the last year-end up to the place's own [ratio]."""
    own = read_dependency_ratio(view)
    ratios = view.projection.national_ratios
    # Of the same date as the figure of the region, which may be years older than the report.
    years = [year for year in ratios if Quarter(year, 4) <= Quarter.parse(own.period)]
    if not years:
        return Reading(float("nan"), own.period, "gap")
    return Reading(ratios[max(years)], str(Quarter(max(years), 4)), "derived")


def read_dependency_ratio_gap_national(view: SchemeView) -> Reading:
    """Read the dependency ratio less that of the nation [ratio]."""
    own, nation = read_dependency_ratio(view), read_dependency_ratio_national(view)
    if "gap" in (own.status, nation.status):
        return Reading(float("nan"), own.period, "gap")
    return Reading(own.value - nation.value, own.period, own.status, own.recalled)


def read_retired_share(view: SchemeView) -> Reading:
    """Read retired over enrolled members [share]."""
    share = divide(view.series("retired_persons"), view.series("enrolled_persons"))
    return view.read(share, "retired_persons", "enrolled_persons")


def read_per_member(flow: str) -> Callable[[SchemeView], Reading]:
    """Return how income or expenditure a member of the last four quarters is read [yuan a year]."""

    def read(view: SchemeView) -> Reading:
        name = f"{view.fund}{flow}_yuan"
        members = view.series("enrolled_persons")
        average = np.full(members.shape, np.nan)
        average[_YEAR:] = (members[_YEAR:] + members[:-_YEAR]) / 2
        return view.read(divide(view.year_sum(name), average), name, "enrolled_persons", span=True, years=2)

    return read


def read_years_to_deficit(view: SchemeView) -> Reading:
    """Read years to the first year-end with spending above income [years]."""
    current = view.year_sum(f"{view.fund}income_yuan") - view.year_sum(f"{view.fund}expenditure_yuan")
    # The report quarter counts as it stands; after it a deficit is one of a calendar year.
    ends = np.array([quarter.number == 4 for quarter in view.quarters])
    ends[view.report] = True
    return view.years_until(ends & (current < 0))


def read_years_to_months_below_3(view: SchemeView) -> Reading:
    """Read years to the first quarter with less than three months payable [years]."""
    return view.years_until(view.series("payable_months") < 3)


def read_years_to_exhaustion(view: SchemeView) -> Reading:
    """Read years to the first quarter with a balance below zero [years]."""
    return view.years_until(view.series(f"{view.fund}balance_end_yuan") < 0)


def year_growth(name: str) -> Callable[[YearFigures], float]:
    """Return how growth on the year before is computed from the figures of two years [share]."""
    return lambda year: year.money(name) / year.money(name, 1) - 1


def year_per_member(name: str) -> Callable[[YearFigures], float]:
    """Return how an amount a member is computed from the figures of a year [yuan a year]."""
    return lambda year: year.money(name) / ((year.people("enrolled") + year.people("enrolled", 1)) / 2)
