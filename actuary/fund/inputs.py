"""From resolved rules and assumptions to labelled drivers, rates and funding per head."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from actuary.drivers import BENEFIT_DRIVERS, DRIVERS, PEOPLE_DRIVERS, POPULATION_DRIVERS
from actuary.errors import DeclarationError, UnknownNameError, raise_all, unknown_name
from actuary.fund.missing import LATE_ASSUMPTIONS, MissingInput
from actuary.periods import Quarter
from actuary.policy import PolicyBook, Resolved, load_policy_book, load_region, resolve
from actuary.policy.membership_model import MEMBERSHIP_KEYS
from actuary.policy.module_model import MODULE_KEYS
from actuary.policy.regions import unknown_basis

__all__ = [
    "Declared",
    "find_late_assumptions",
    "grow_amounts",
    "load_declared",
    "read_drivers",
    "read_funding",
    "read_rates",
]

_FUNDING_KEYS = ("resident.subsidy_per_head", "resident.premium_per_head")
#: Assumptions that the calibration of the base year needs too; growth begins after it.
#: What the people-driven model alone reads.
_OF_PEOPLE = frozenset((*PEOPLE_DRIVERS, *BENEFIT_DRIVERS, *MEMBERSHIP_KEYS, *MODULE_KEYS, *POPULATION_DRIVERS))
_BASE_YEAR_DRIVERS = ("employee.relative_cost_retired",)


@dataclass(frozen=True)
class Declared:
    """Hold the rules of a region, and for every scenario the rules and assumptions after it was applied.

    Parameters
    ----------
    book : PolicyBook
        Rules before any scenario.
    resolved : mapping
        ``scenario -> Resolved``; empty for a region without an assumption basis.
    """

    book: PolicyBook
    resolved: Mapping[str, Resolved]


def load_declared(region: str, *, basis: str, scenarios: Sequence[str], models: Path | None = None) -> Declared:
    """Load the rules of a region and resolve its assumptions under every scenario.

    Parameters
    ----------
    region : str
        Region id.
    basis : str
        Assumption basis.
    scenarios : sequence of str
        Scenarios.
    models : Path, optional
        Models folder.

    Raises
    ------
    UnknownNameError
        When region, basis or a scenario is not declared.
    DeclarationError
        When a file is not valid.

    Examples
    --------
    >>> sorted(load_declared("national", basis="base", scenarios=("base", "adverse")).resolved)
    ['adverse', 'base']
    """
    place = load_region(region, root=models)
    book = load_policy_book(region, root=models)
    if place.bases or basis != "base":
        if basis not in place.bases:
            raise UnknownNameError(unknown_basis(place, basis))
        resolved = {name: resolve(region, basis=basis, scenario=name, root=models) for name in scenarios}
        # A scenario may speak of people too, for the other model: only one that does nothing here is refused.
        raise_all(
            [
                unknown_name(f"scenario {name} for {region}", key, one.assumptions.keys(), what="rule or assumption")
                for name, one in resolved.items()
                for key in one.unused
                if key not in _OF_PEOPLE or len(one.unused) == len({delta.key for delta in one.deltas})
            ],
            UnknownNameError,
        )
        return Declared(book, resolved)
    return Declared(book, {})


def read_drivers(
    declared: Declared, scheme: str, *, base_year: int, last_year: int, unused: Sequence[str] = ()
) -> tuple[xr.Dataset, list[MissingInput]]:
    """Read the assumptions of a scheme for every year.

    Parameters
    ----------
    declared : Declared
        Rules and assumptions.
    scheme : str
        ``employee`` or ``resident``.
    base_year, last_year : int
        Growth counts from the year after the base year.
    unused : sequence of str
        Keys that this projection does not need; they stay missing.

    Returns
    -------
    drivers : Dataset, dims (scenario, year)
        By key of :data:`actuary.drivers.DRIVERS`; a year's value is that of its first day.
    missing : list of MissingInput
        Assumptions that are not declared, or not for every year, and the day on which they begin where that is late.
    """
    years = range(base_year, last_year + 1)
    scenarios = list(declared.resolved)
    drivers = xr.Dataset(coords={"scenario": scenarios, "year": list(years)})
    late = _late_keys(declared, scheme, base_year=base_year, unused=unused)
    missing = find_late_assumptions(declared, scheme, base_year=base_year, unused=unused)
    for key, driver in DRIVERS.items():
        if not key.startswith(f"{scheme}."):
            continue
        values = np.full((len(scenarios), len(years)), np.nan)
        first = len(years) if key in unused else 0 if key in _BASE_YEAR_DRIVERS else 1
        try:
            for row, resolved in enumerate(declared.resolved.values()):
                for column, year in enumerate(years):
                    if column >= first:
                        values[row, column] = resolved.assumptions.value(key, dt.date(year, 1, 1))
        except (UnknownNameError, DeclarationError):
            if key not in late:
                missing.append(
                    MissingInput(
                        scheme,
                        f"测算假设：{driver.zh}（{years[first]}—{last_year}年）",
                        f"assumption: {driver.en} ({years[first]} to {last_year})",
                        "the projection of this scheme",
                        "该险种的测算",
                        key,
                    )
                )
        drivers[key] = (("scenario", "year"), values, {"unit": driver.unit})
    return drivers, missing


def find_late_assumptions(
    declared: Declared, scheme: str, *, base_year: int, unused: Sequence[str] = ()
) -> list[MissingInput]:
    """Say when the assumptions of a scheme begin, if that is too late to project from a base year.

    Parameters
    ----------
    declared : Declared
        Rules and assumptions.
    scheme : str
        ``employee`` or ``resident``.
    base_year : int
        The base year; growth is needed from the year after it.
    unused : sequence of str
        Keys that the projection does not need.

    Returns
    -------
    list of MissingInput
        One, naming the day from which every assumption is declared; none where they begin in time.

    Examples
    --------
    >>> declared = load_declared("national", basis="base", scenarios=("base",))
    >>> [one.what_en for one in find_late_assumptions(declared, "resident", base_year=2023)]
    ['assumptions begin on 2025-01-01; quarters before that day cannot be projected']
    >>> find_late_assumptions(declared, "resident", base_year=2024)
    []
    """
    late = _late_keys(declared, scheme, base_year=base_year, unused=unused)
    if not late:
        return []
    day = max(late.values())
    return [
        MissingInput(
            scheme,
            f"测算假设自{day}起，早于该日的季度无法推演",
            f"assumptions begin on {day}; quarters before that day cannot be projected",
            "the projection of this scheme",
            "该险种的测算",
            LATE_ASSUMPTIONS,
        )
    ]


def _late_keys(declared: Declared, scheme: str, *, base_year: int, unused: Sequence[str]) -> dict[str, dt.date]:
    late = {}
    for resolved in declared.resolved.values():
        for key in DRIVERS:
            if not key.startswith(f"{scheme}.") or key in unused or key not in resolved.assumptions:
                continue
            needed = dt.date(base_year if key in _BASE_YEAR_DRIVERS else base_year + 1, 1, 1)
            first = min(entry.first_day for entry in resolved.assumptions.parameter(key).values)
            if first > needed:
                late[key] = first
    return late


def read_rates(declared: Declared, quarters: Sequence[Quarter]) -> tuple[xr.Dataset, list[MissingInput]]:
    """Read the contribution rates of every quarter.

    A quarter uses the rate of its first day; a rate that is pro-rated is weighted by days.

    Parameters
    ----------
    declared : Declared
        Rules and assumptions.
    quarters : sequence of Quarter
        From the base year to the last quarter.

    Returns
    -------
    rates : Dataset, dims (scenario, quarter)
        ``employer_rate`` and ``employee_rate`` [share].
    missing : list of MissingInput
        Rates that are not in force in some quarter.
    """
    labels = [str(quarter) for quarter in quarters]
    rates = xr.Dataset(coords={"scenario": list(declared.resolved), "quarter": labels})
    missing = []
    for name, zh in (("employer_rate", "用人单位缴费费率"), ("employee_rate", "职工个人缴费费率")):
        key = f"employee.{name}"
        rows, complete = _read(declared, partial(_quarter_values, key=key, quarters=quarters))
        if complete:
            rates[name] = (("scenario", "quarter"), rows, {"unit": "share"})
        else:
            missing.append(_missing_rule("employee", key, zh, f"contribution rate {name}", labels[0], labels[-1]))
    return rates, missing


def read_funding(
    declared: Declared, growth: xr.DataArray, *, base_year: int, last_year: int
) -> tuple[xr.DataArray, list[MissingInput]]:
    r"""Read subsidy and premium per head of every year, grown after the last declared notice.

    .. math:: v_y = v_{y_0} \prod_{z = y_0 + 1}^{y} (1 + g_z), \qquad y_0 = \text{last declared notice year} < y

    A scenario that adds to or multiplies an amount changes the grown one in the same way; one that puts an amount in
    its place declares it anew, and growth counts from there.

    Parameters
    ----------
    declared : Declared
        Rules and assumptions.
    growth : DataArray, dims (scenario, year)
        Growth of funding per head [share].
    base_year, last_year : int
        Years wanted.

    Returns
    -------
    funding : DataArray, dims (scenario, year)
        Subsidy and premium together [yuan a year].
    missing : list of MissingInput
        Amounts that are not declared for the base year.
    """
    years = list(range(base_year, last_year + 1))
    total = xr.DataArray(
        np.zeros((len(declared.resolved), len(years))),
        dims=("scenario", "year"),
        coords={"scenario": list(declared.resolved), "year": years},
        attrs={"unit": "yuan_per_year"},
    )
    missing = []
    for key, zh, en in zip(_FUNDING_KEYS, ("财政补助标准", "个人缴费标准"), ("subsidy", "premium"), strict=True):
        rows, complete = _read(
            declared, partial(_grown_by_scenario, book=declared.book, key=key, growth=growth, years=years)
        )
        if complete:
            total = total + rows
        else:
            missing.append(_missing_rule("resident", key, zh, f"{en} per head", str(years[0]), str(years[-1])))
    return total, missing


def _quarter_values(resolved: Resolved, *, key: str, quarters: Sequence[Quarter]) -> list[float]:
    return [float(resolved.policy.value_over(key, quarter.first_day, quarter.last_day)) for quarter in quarters]


def _grown_by_scenario(
    resolved: Resolved, *, book: PolicyBook, key: str, growth: xr.DataArray, years: Sequence[int]
) -> list[float]:
    steps = growth.sel(scenario=resolved.scenario.name)
    by_year = {int(year): float(step) for year, step in zip(steps["year"].to_numpy(), steps.to_numpy(), strict=True)}
    return grow_amounts(resolved, book=book, key=key, growth=by_year, years=years)


def grow_amounts(
    resolved: Resolved, *, book: PolicyBook, key: str, growth: Mapping[int, float], years: Sequence[int]
) -> list[float]:
    """Return an amount per head of every notice year, grown after the last declared notice.

    Parameters
    ----------
    resolved : Resolved
        Rules after a scenario.
    book : PolicyBook
        Rules before it: they tell which notice is the last.
    key : str
        The rule.
    growth : mapping
        ``year -> growth over the year before`` [share], for every year after the first.
    years : sequence of int
        Notice years in order; growth counts after the first of them.

    Returns
    -------
    list of float
        One amount a year, in the unit of the rule. An amount that the scenario declares anew is grown from there.

    Raises
    ------
    UnknownNameError, DeclarationError
        When the rule is not declared, or not in force on the first day of a year.
    """
    last_notice = max(entry.first_day.year for entry in book.parameter(key).values)
    amounts = []
    for year in years:
        anew = [
            delta.first_day.year
            for delta in resolved.deltas
            if delta.key == key and delta.operation == "replace" and delta.first_day.year <= year
        ]
        amount = float(resolved.policy.value(key, dt.date(year, 1, 1)))
        for grown in range(max([last_notice, *anew]) + 1, year + 1):
            # Before the first projected year nothing is known of growth, and the notice of the base year is declared.
            if grown > years[0]:
                amount *= 1 + growth[grown]
        amounts.append(amount)
    return amounts


def _read(declared: Declared, read: Callable[[Resolved], list[float]]) -> tuple[list[list[float]], bool]:
    try:
        return [read(resolved) for resolved in declared.resolved.values()], True
    except (UnknownNameError, DeclarationError):
        return [], False


def _missing_rule(scheme: str, key: str, zh: str, en: str, first: str, last: str) -> MissingInput:
    return MissingInput(
        scheme,
        f"政策参数：{zh}（{first}—{last}）",
        f"rule: {en} ({first} to {last})",
        "the projection of this scheme",
        "该险种的测算",
        key,
    )
