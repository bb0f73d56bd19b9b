"""From dated rules and assumptions to labelled paths by quarter, one row for each scenario."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from actuary.drivers import TREND_FACTORS
from actuary.errors import DeclarationError, Problem, UnknownNameError, raise_all
from actuary.fund.inputs import grow_amounts
from actuary.fund.model.base_year import MODEL_SCHEMES
from actuary.periods import Quarter
from actuary.policy import BENEFITS, PolicyBook, Resolved
from actuary.policy.dated import DatedBook

__all__ = ["driver_variable", "needed_keys", "read_model_drivers", "read_path", "rule_keys"]

#: Rules read by quarter, with what holds where a region has no such rule.
_RULES: dict[str, tuple[str, float | None]] = {
    "employer_rate": ("employee.employer_rate", None),
    "employee_rate": ("employee.employee_rate", None),
    "base_floor": ("employee.contribution_base_floor", 0.0),
    "base_cap": ("employee.contribution_base_cap", np.inf),
    "account_credit": ("employee.personal_credit_active", np.nan),
    "employer_to_account": ("employee.employer_share_to_personal", 0.0),
}
_ASSUMPTIONS: dict[str, str] = {
    "wage_growth": "employee.contribution_base_growth",
    "wage_spread": "employee.wage_spread",
    "collection_rate": "employee.collection_rate",
    "rate_reduction": "employee.employer_rate_reduction",
    "flexible_collection_rate": "employee.flexible_collection_rate",
    "flexible_base": "employee.flexible_base",
    "flexible_pool_rate": "employee.flexible_pool_rate",
    "flexible_account_rate": "employee.flexible_account_rate",
    "other_income_share": "employee.other_income_share",
    "account_spending_share": "employee.account_spending_share",
    "account_interest": "employee.account_interest",
    "premium_collection": "resident.collection_rate",
    "discount_rate": "valuation.discount_rate",
}
_GROWN = {
    "subsidy": ("resident.subsidy_per_head", "resident.subsidy_growth"),
    "premium": ("resident.premium_per_head", "resident.premium_growth"),
}
_LONGEST = "employee.contribution_halving_max_months"
_SUBSIDY_RULE = "resident.subsidy_to_premium_max"
_RETENTION_RULE = "procurement.surplus_retention_max"
#: Growth counts after the base year, so its assumptions may begin then.
_AFTER_BASE = ("wage_growth",)


def needed_keys() -> tuple[str, ...]:
    """Return every assumption that the finance part needs, in order."""
    trends = (f"{scheme}.{factor}_growth" for scheme in MODEL_SCHEMES for factor in TREND_FACTORS)
    interest = (f"{scheme}.reserve_interest" for scheme in MODEL_SCHEMES)
    return (*_ASSUMPTIONS.values(), *(growth for _, growth in _GROWN.values()), *interest, *trends)


def rule_keys() -> tuple[str, ...]:
    """Return every rule of a region that the finance part and its modules read, in order."""
    rates = (key for key, _ in _RULES.values())
    return (*rates, *(key for key, _ in _GROWN.values()), _SUBSIDY_RULE, _LONGEST, _RETENTION_RULE)


def read_path(
    book: DatedBook, key: str, quarters: Sequence[Quarter], *, default: float | None = None
) -> NDArray[np.float64]:
    """Read a dated parameter for every quarter.

    Parameters
    ----------
    book : DatedBook
        Rules or assumptions.
    key : str
        The parameter.
    quarters : sequence of Quarter
        Quarters wanted.
    default : float, optional
        What holds where the book has no such parameter, or none in force; without it that is an error.

    Returns
    -------
    array, shape (quarter,)
        The value of the first day of each quarter, or its mean over the days where the parameter is pro-rated, in the
        unit of the parameter.

    Raises
    ------
    UnknownNameError
        When there is no such parameter and no default.
    DeclarationError
        When it is not in force in some quarter and there is no default: a rule that is to go on says so by having no
        last day.
    """
    if key not in book and default is not None:
        return np.full(len(quarters), default)
    parameter = book.parameter(key)
    first = np.array([quarter.first_day.toordinal() for quarter in quarters])
    last = np.array([quarter.last_day.toordinal() for quarter in quarters])
    end = last if parameter.prorate else first
    values = np.full(len(quarters), np.nan)
    change, covered = np.zeros(len(quarters)), np.zeros(len(quarters))
    for start, stop, number in parameter.spans():
        entry = parameter.values[number].value
        if not isinstance(entry, float):
            continue
        begins, ends = start.toordinal(), stop.toordinal()
        values = np.where((begins <= first) & (first <= ends), entry, values)
        days = np.maximum(np.minimum(end, ends) - np.maximum(first, begins) + 1, 0)
        # Differences from the value of the first day, so that an unchanged rate comes back exactly.
        change += np.where(days > 0, (entry - np.nan_to_num(values)) * days, 0.0)
        covered += days
    lacking = covered < end - first + 1
    if lacking.any():
        if default is None:
            quarter = quarters[int(np.argmax(lacking))]
            day = next(one for one in _days(quarter) if parameter.entry(one) is None)
            book.entry(key, day)
        values = np.where(np.isnan(values), np.nan if default is None else default, values)
    mean: NDArray[np.float64] = values + np.where(lacking, 0.0, change / np.maximum(covered, 1))
    return mean


def _days(quarter: Quarter) -> list[dt.date]:
    span = (quarter.last_day - quarter.first_day).days + 1
    return [quarter.first_day + dt.timedelta(days=number) for number in range(span)]


def read_model_drivers(
    resolved: Mapping[str, Resolved],
    quarters: Sequence[Quarter],
    *,
    book: PolicyBook,
    subsidy_limit: float | None = None,
) -> xr.Dataset:
    """Read every rule and assumption of the finance part.

    Parameters
    ----------
    resolved : mapping
        ``scenario -> Resolved``.
    quarters : sequence of Quarter
        From the first quarter of the base year to the last projected one.
    book : PolicyBook
        Rules before any scenario.
    subsidy_limit : float, optional
        Largest ratio of subsidy to premium where the rules have none.

    Returns
    -------
    Dataset, dims (scenario, quarter), trends (scenario, scheme, benefit, factor, quarter)
        Rates and growth [share], amounts per head [yuan a year], interest by scheme.

    Raises
    ------
    UnknownNameError
        When an assumption is not declared; every missing one is listed.
    DeclarationError
        When one ends before the horizon, or begins after the base year.
    """
    labels = [str(quarter) for quarter in quarters]
    growing = [quarter for quarter in quarters if quarter.year > quarters[0].year]
    books = list(resolved.values())
    problems = [
        Problem(f"{name} of {one.assumptions.region}", "nothing", f"the assumption {key}", "declare it in the basis")
        for name, one in resolved.items()
        for key in needed_keys()
        if key not in one.assumptions
    ]
    raise_all(problems, UnknownNameError)
    raise_all([problem for name, one in resolved.items() for problem in _too_long(name, one)], DeclarationError)
    plain = ("scenario", "quarter")
    held: dict[str, tuple[tuple[str, ...], NDArray[np.float64]]] = {}

    def grown_only(book: DatedBook, key: str) -> NDArray[np.float64]:
        return np.concatenate([np.zeros(len(quarters) - len(growing)), read_path(book, key, growing)])

    for name, (key, default) in _RULES.items():
        held[name] = (plain, np.array([read_path(one.policy, key, quarters, default=default) for one in books]))
    # Before the reform the whole of an employee's own contribution was credited.
    credit, own = held["account_credit"][1], held["employee_rate"][1]
    held["account_credit"] = (plain, np.where(np.isnan(credit), own, credit))
    for name, key in _ASSUMPTIONS.items():
        read = grown_only if name in _AFTER_BASE else lambda book, key: read_path(book, key, quarters)
        held[name] = (plain, np.array([read(one.assumptions, key) for one in books]))
    interest = [
        [read_path(one.assumptions, f"{scheme}.reserve_interest", quarters) for scheme in MODEL_SCHEMES]
        for one in books
    ]
    held["reserve_interest"] = (("scenario", "scheme", "quarter"), np.array(interest))
    trends = []
    for one in books:
        keys = [_trend_key(one, s, b, f) for s in MODEL_SCHEMES for b in BENEFITS for f in TREND_FACTORS]
        read_once = {key: grown_only(one.assumptions, key) for key in dict.fromkeys(keys)}
        trends.append(np.array([read_once[key] for key in keys]))
    shape = (len(books), len(MODEL_SCHEMES), len(BENEFITS), len(TREND_FACTORS), len(quarters))
    held["trend_growth"] = (("scenario", "scheme", "benefit", "factor", "quarter"), np.array(trends).reshape(shape))
    years = sorted({quarter.year for quarter in quarters} | {quarters[0].year - 1})
    place = np.searchsorted(years, [quarter.year for quarter in quarters])
    for name, (key, growth_key) in _GROWN.items():
        annual = np.array([_grown(one, book, key, growth_key, years) for one in books])
        held[name] = (plain, annual[:, place])
        if name == "premium":
            held["premium_before"] = (plain, annual[:, place - 1])
    limit = np.inf if subsidy_limit is None else subsidy_limit
    held["subsidy_limit"] = (
        plain,
        np.array([read_path(one.policy, _SUBSIDY_RULE, quarters, default=limit) for one in books]),
    )
    return xr.Dataset(
        held,
        coords={
            "scenario": list(resolved),
            "scheme": list(MODEL_SCHEMES),
            "benefit": list(BENEFITS),
            "factor": list(TREND_FACTORS),
            "quarter": labels,
        },
    )


def _too_long(scenario: str, one: Resolved) -> list[Problem]:
    """Find whether the employer's contribution is reduced for longer than the rule of those days allows."""
    problems: list[Problem] = []
    if _LONGEST not in one.policy:
        return problems
    cuts = [
        (first, last)
        for first, last, number in one.assumptions.parameter(_ASSUMPTIONS["rate_reduction"]).spans()
        if one.assumptions.parameter(_ASSUMPTIONS["rate_reduction"]).values[number].value != 0
    ]
    rule = one.policy.parameter(_LONGEST)
    for begins, ends, number in rule.spans():
        allowed = rule.values[number].value
        months = {
            day.year * 12 + day.month
            for first, last in cuts
            for day in _month_ends(max(first, begins), min(last, ends))
        }
        if isinstance(allowed, float) and len(months) > allowed:
            where = f"{_ASSUMPTIONS['rate_reduction']} of {one.assumptions.region}, {scenario}"
            problems.append(
                Problem(
                    where, f"a reduction in {len(months)} months", f"at most {allowed:g} ({_LONGEST})", "shorten it"
                )
            )
    return problems


def _month_ends(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return one day of every month that two days span."""
    days = [
        dt.date(n // 12, n % 12 + 1, 1) for n in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    ]
    return days if first <= last else []


def _trend_key(one: Resolved, scheme: str, benefit: str, factor: str) -> str:
    own = f"{scheme}.{benefit}_{factor}_growth"
    return own if own in one.assumptions else f"{scheme}.{factor}_growth"


def _grown(one: Resolved, book: PolicyBook, key: str, growth_key: str, years: Sequence[int]) -> list[float]:
    """Return an amount per head by notice year, grown after the last notice."""
    steps = read_path(one.assumptions, growth_key, [Quarter(year, 1) for year in years[2:]])
    growth = {years[1]: 0.0, **dict(zip(years[2:], steps.tolist(), strict=True))}
    return grow_amounts(one, book=book, key=key, growth=growth, years=years)


def driver_variable(key: str) -> tuple[str, dict[str, object]] | None:
    """Return which variable of the drivers an assumption is read into, with the labels it holds for; None for others.

    Parameters
    ----------
    key : str
        Assumption, such as ``employee.price_growth``.

    Examples
    --------
    >>> driver_variable("employee.contribution_base_growth")
    ('wage_growth', {})
    >>> driver_variable("resident.reserve_interest")
    ('reserve_interest', {'scheme': 'resident'})
    """
    for name, held in _ASSUMPTIONS.items():
        if held == key:
            return name, {}
    scheme, _, rest = key.partition(".")
    if rest == "reserve_interest":
        return "reserve_interest", {"scheme": scheme}
    factor = rest.removesuffix("_growth")
    if factor in TREND_FACTORS:
        return "trend_growth", {"scheme": scheme, "factor": factor}
    benefit, _, last = factor.rpartition("_")
    if last in TREND_FACTORS and benefit in BENEFITS:
        return "trend_growth", {"scheme": scheme, "factor": last, "benefit": benefit}
    return None
