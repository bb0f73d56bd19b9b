"""The model held against history: started years ago with what was then known, beside a naive continuation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import ConfigDict, Field

from actuary.demography.membership import Membership, project_membership
from actuary.demography.membership_anchors import MembershipAnchors
from actuary.demography.membership_rules import MembershipRules, load_membership_rules
from actuary.demography.population import PopulationProjection, project_population
from actuary.demography.population_sources import load_past_population
from actuary.errors import DeclarationError, PeriodError, Problem, raise_all
from actuary.fund.figures import Figures
from actuary.fund.model.base_year import BaseYear, read_base_year
from actuary.fund.model.calibration import calibrate
from actuary.fund.model.drivers import needed_keys, read_model_drivers
from actuary.fund.model.exposure import Exposure, measure_exposure
from actuary.fund.model.finance import FinanceInputs, project_finance
from actuary.fund.model.labels import exact_labels
from actuary.fund.sources import NATION, load_profiles, load_region_facts
from actuary.paths import models_root
from actuary.periods import Quarter, quarter_range
from actuary.policy import (
    AssumptionBasis,
    AssumptionValue,
    DatedValue,
    FinanceModel,
    Parameter,
    PolicyBook,
    Resolved,
    load_basis,
    load_finance_model,
    load_policy_book,
    load_scenario,
)
from actuary.policy.shapes import Shape, fit
from actuary.policy.toml_files import read_toml

__all__ = ["BackTest", "BackTestRules", "back_test", "load_back_test_rules"]

_EXPANSION = "membership.coverage_expansion"
_MEASURES: Mapping[str, tuple[str, ...]] = {
    "employee": ("active", "retired", "income", "expenditure", "balance_end"),
    "resident": ("enrolled", "income", "expenditure", "balance_end"),
}
_EARLIEST = dt.date(2007, 1, 1)
_PAYING = {"employee": "active", "resident": "enrolled"}
_TREND_KEYS = ("use", "price", "technology", "policy")


@dataclass(frozen=True, slots=True)
class BackTestRules:
    """Hold how trends are taken from the years before the start; see ``models/national/model/back_test.toml``."""

    lookback_years: int
    fade_years: int
    fade_to: float
    covered_share: float


class _RulesFile(Shape):
    """The file of the rules; its sources are read by those who check declarations."""

    model_config = ConfigDict(extra="ignore")

    lookback_years: int = Field(ge=1)
    fade_years: int = Field(ge=1)
    fade_to: float = Field(allow_inf_nan=False)
    covered_share: float = Field(ge=0, le=1)


@dataclass(frozen=True, eq=False, repr=False)
class BackTest:
    """Hold a test against history.

    Parameters
    ----------
    region : str
        Place.
    start, end : int
        Year-end at which the projection starts, and its last year.
    table : DataFrame
        Rows by scheme, measure, year and method: `projected`, `actual` [yuan, persons] and `error` [share].
    """

    region: str
    start: int
    end: int
    table: pd.DataFrame

    def errors(self, scheme: str, measure: str) -> pd.DataFrame:
        """Return the error by year (down) and method (across) [share]."""
        rows = self.table[(self.table["scheme"] == scheme) & (self.table["measure"] == measure)]
        return rows.pivot_table(index="year", columns="method", values="error", sort=False).rename_axis(columns=None)

    def to_frame(self) -> pd.DataFrame:
        """Return the whole table."""
        return self.table.copy()

    def summary(self) -> pd.DataFrame:
        """Return the mean absolute error over all years, by scheme, measure and method [share]."""
        size = self.table.assign(error=self.table["error"].abs())
        wide = size.pivot_table(index=["scheme", "measure"], columns="method", values="error", sort=False)
        return wide.reset_index().rename_axis(columns=None)

    def __repr__(self) -> str:
        return f"<BackTest of {self.region}, {self.start} to {self.end}>"

    def _repr_html_(self) -> str:
        return f"<p>{self.region}, {self.start} to {self.end}</p>" + str(self.summary().to_html(index=False))


def load_back_test_rules(root: Path | None = None) -> BackTestRules:
    """Load the rules of the test.

    Examples
    --------
    >>> load_back_test_rules().lookback_years
    3
    """
    path = (root or models_root()) / "national" / "model" / "back_test.toml"
    file, problems = read_toml(path, root=root or models_root())
    raise_all(problems, DeclarationError)
    assert file is not None  # noqa: S101  problems have been raised
    declared, differences = fit(_RulesFile, file.data, file=file)
    raise_all(differences, DeclarationError)
    assert declared is not None  # noqa: S101
    return BackTestRules(**{name: getattr(declared, name) for name in BackTestRules.__slots__})


def back_test(
    region: str = NATION,
    start: int = 2014,
    *,
    end: int | None = None,
    schemes: Sequence[str] = ("employee",),
    rules: BackTestRules | None = None,
    data: Path | None = None,
) -> BackTest:
    """Start the model at the end of a past year with what was then known, and compare every later year.

    Known are the figures up to that year, the rules in force on its last day, the people of that day (as they are now
    estimated) and their rates. Wages, funding per head and cost at a given age grow as in the years before, either
    carried on or fading as declared; the employee scheme widens so that its active members first grow as they did.
    Beside it stand two naive continuations: growth of the last year and mean growth of the last three.

    Parameters
    ----------
    region : str
        A place with yearly figures.
    start, end : int
        Year-end at which the projection starts; last year, the last published one when left out.
    schemes : sequence of str
        Schemes.
    rules : BackTestRules, optional
        How trends are taken; those declared when left out.
    data : Path, optional
        Data folder.

    Returns
    -------
    BackTest

    Raises
    ------
    PeriodError
        When figures do not reach back or forward far enough.

    Examples
    --------
    >>> found = back_test("national", 2014, end=2016)
    >>> sorted(found.table["method"].unique())
    ['growth of the last year', 'growth of three years', 'model', 'model, trends carried on']
    """
    how = rules or load_back_test_rules()
    whole = load_region_facts(region, until=Quarter(2100, 4), data=data).figures
    measured = [(scheme, name) for scheme in schemes for name in _MEASURES[scheme]]
    known_years = set.intersection(*(set(whole.values(*one)) for one in measured if one[1] != "balance_end"))
    last = max(known_years) if end is None else end
    needed = range(start - how.lookback_years - 1, start + 1)
    lacking = [year for year in needed if year not in known_years]
    if lacking or last not in known_years or last <= start:
        found = f"no figures of {lacking[0]}" if lacking else f"{start} to {last}"
        raise PeriodError(Problem(f"history of {region}", found, f"figures of {needed[0]} to {last}"))
    figures = Figures({key: one for key, one in whole.rows().items() if key[2] <= start and key[0] in schemes})
    years = [year for year in range(start + 1, last + 1) if year in known_years]
    projected = {
        "model": _project(region, figures, start, last, schemes, how, data=data),
        "model, trends carried on": _project(
            region, figures, start, last, schemes, replace(how, fade_to=1.0), data=data
        ),
        "growth of the last year": _naive(whole, measured, start, last, lookback=1),
        "growth of three years": _naive(whole, measured, start, last, lookback=3),
    }
    rows = []
    for scheme, name in measured:
        actual = whole.values(scheme, name)
        for method, values in projected.items():
            for year in years:
                if year in actual:
                    value = values[scheme, name, year]
                    rows.append(
                        {
                            "scheme": scheme,
                            "measure": name,
                            "year": year,
                            "method": method,
                            "projected": value,
                            "actual": actual[year],
                            "error": value / actual[year] - 1,
                        }
                    )
    return BackTest(region, start, last, pd.DataFrame(rows))


type _Values = dict[tuple[str, str, int], float]


def _naive(figures: Figures, measured: Sequence[tuple[str, str]], start: int, last: int, *, lookback: int) -> _Values:
    """Carry on the growth of members and flows; balances follow from the flows."""
    found: _Values = {}
    for scheme, name in measured:
        held = figures.values(scheme, name)
        if name == "balance_end":
            continue
        growth = (held[start] / held[start - lookback]) ** (1 / lookback)
        found |= {(scheme, name, year): held[start] * growth ** (year - start) for year in range(start + 1, last + 1)}
    for scheme, name in measured:
        if name == "balance_end":
            balance = figures.values(scheme, name)[start]
            for year in range(start + 1, last + 1):
                balance += found[scheme, "income", year] - found[scheme, "expenditure", year]
                found[scheme, name, year] = balance
    return found


def _project(
    region: str,
    figures: Figures,
    start: int,
    last: int,
    schemes: Sequence[str],
    how: BackTestRules,
    *,
    data: Path | None,
) -> _Values:
    # Personal accounts are left with the pool: they are not published apart for all years.
    figures = Figures(
        {key: one for key, one in figures.rows().items() if not key[1].startswith(("pooled_", "personal_"))}
    )
    base = read_base_year(region, start, figures=figures)
    people = _people(region, figures, start, last, how, data=data)
    rules = _rules_then(region, figures, start)
    rules = rules.with_values({_EXPANSION: _expansion(people, rules, figures, start, how)})
    quarters = list(quarter_range(Quarter(start + 1, 1), Quarter(last, 4)))
    members = project_membership(people, rules, quarters=[Quarter(start, 4), Quarter(last, 4)])
    model = load_finance_model("city_panel" if region == NATION else region)
    model = replace(model, declared=model.declared.model_copy(update={"base_year": start}))
    with exact_labels():
        resolved = {"base": _assumed(region, figures, start, schemes, how, ageing=dict.fromkeys(schemes, 0.0))}
        inputs, exposure = _inputs(resolved, base, model, members, quarters, data=data)
        ageing = {scheme: _ageing(inputs, exposure, scheme) for scheme in schemes}
        resolved = {"base": _assumed(region, figures, start, schemes, how, ageing=ageing)}
        inputs, exposure = _inputs(resolved, base, model, members, quarters, data=data)
        paths, _ = project_finance(inputs, exposure, quarters)
    return _by_year(paths, schemes, start, last)


def _inputs(
    resolved: Mapping[str, Resolved],
    base: BaseYear,
    model: FinanceModel,
    members: Membership,
    quarters: Sequence[Quarter],
    *,
    data: Path | None,
) -> tuple[FinanceInputs, Exposure]:
    start = quarters[0].year - 1
    one = resolved["base"]
    drivers = read_model_drivers(
        resolved, list(quarter_range(Quarter(start, 1), quarters[-1])), book=one.policy, subsidy_limit=None
    )
    seasons = load_profiles(NATION, until=Quarter(start, 4), data=data).profiles
    structure = members.stocks.sel(quarter=f"{start}Q4").reset_coords(drop=True)
    calibration = calibrate(model, base, drivers, structure, seasons=seasons)
    inputs = FinanceInputs(model, base, calibration, drivers, seasons)
    # Births are left at the rates of the start: what they became was not known.
    return inputs, measure_exposure(members.stocks, calibration.weights)


def _people(
    region: str, figures: Figures, start: int, last: int, how: BackTestRules, *, data: Path | None
) -> PopulationProjection:
    past = load_past_population(start + 1, last, data=data)
    if region == NATION:
        return project_population(past)
    enrolled = sum(figures.value(scheme, "enrolled", start) or 0.0 for scheme in ("employee", "resident"))
    share = enrolled / how.covered_share / float(past.base.sum())
    note = "people have the nation's make-up; their number is that of the members over the declared share"
    return project_population(
        replace(past, base=past.base * share, region=region, notes=(*past.notes, note), synthetic=True)
    )


def _rules_then(region: str, figures: Figures, start: int) -> MembershipRules:
    """Return the rules of membership of the time: no later retirement was decided before 2024."""
    anchors = MembershipAnchors(
        year=start,
        contributing=figures.value("employee", "active", start),
        retired=figures.value("employee", "retired", start),
        resident=figures.value("resident", "enrolled", start),
    )
    rules = load_membership_rules(region, anchors=anchors)
    begins = _entries(rules.policy.parameter("retirement.start_age_men"))[0].first_day
    return rules.without_reform() if dt.date(start, 12, 31) < begins else rules


def _growth(figures: Figures, scheme: str, flow: str, head: str, *, start: int, lookback: int) -> float:
    """Return the mean yearly growth of a flow for each person on average."""
    flows, heads = figures.values(scheme, flow), figures.values(scheme, head)

    def each(year: int) -> float:
        return flows[year] / ((heads[year] + heads[year - 1]) / 2)

    return float((each(start) / each(start - lookback)) ** (1 / lookback) - 1)


def _expansion(
    people: PopulationProjection, rules: MembershipRules, figures: Figures, start: int, how: BackTestRules
) -> float:
    """Return how fast the scheme widens: so that active members first grow as they did in the years before."""
    from scipy.optimize import brentq  # noqa: PLC0415 (it takes time to load)

    active = figures.values("employee", "active")
    if start - how.lookback_years not in active:
        return float(rules.values(_EXPANSION, [start])[0])
    wanted: float = (active[start] / active[start - how.lookback_years]) ** (1 / how.lookback_years)
    bounds = rules.model.book.parameter(_EXPANSION)
    low, high = float(bounds.minimum or 0.0), float(bounds.maximum or 0.2)

    def miss(rate: float) -> float:
        trial = rules.with_values({_EXPANSION: rate})
        members = project_membership(people, trial, quarters=[Quarter(start, 4), Quarter(start + 1, 4)])
        paying = members.contributing()
        grown = float(paying.isel(quarter=-1) / paying.isel(quarter=0))
        return grown - wanted

    if miss(low) >= 0:
        return low
    return high if miss(high) <= 0 else float(brentq(miss, low, high, xtol=1e-6))


def _assumed(
    region: str,
    figures: Figures,
    start: int,
    schemes: Sequence[str],
    how: BackTestRules,
    *,
    ageing: Mapping[str, float],
) -> Resolved:
    """Return rules as they were known and assumptions taken from the years before."""
    book = load_policy_book(region)
    known = dt.date(start, 12, 31)
    cut = {}
    for key, parameter in book.parameters.items():
        kept = tuple(entry for entry in _entries(parameter) if entry.first_day <= known)
        if kept:
            # The first record is taken to hold before its day, the last to go on: nothing else was known.
            begun = (kept[0].model_copy(update={"first_day": min(kept[0].first_day, _EARLIEST)}), *kept[1:])
            open_end = begun[-1].model_copy(update={"last_day": None})
            cut[key] = parameter.model_copy(update={"values": (*begun[:-1], open_end)})
    basis = load_basis("national", "people")
    parameters = {}
    values: dict[str, dict[int, float]] = {}
    for scheme in schemes:
        head = _PAYING[scheme]
        income = _growth(figures, scheme, "income", head, start=start, lookback=how.lookback_years)
        members = "enrolled"
        cost = _growth(figures, scheme, "expenditure", members, start=start, lookback=how.lookback_years)
        at_age = (1 + cost) / (1 + ageing[scheme]) - 1
        keys = ("employee.contribution_base_growth",) if scheme == "employee" else (
            "resident.subsidy_growth",
            "resident.premium_growth",
        )  # fmt: skip
        values |= {key: _faded(income, start, how) for key in keys}
        values[f"{scheme}.use_growth"] = _faded(at_age, start, how)
        values |= {f"{scheme}.{factor}_growth": {2007: 0.0} for factor in _TREND_KEYS[1:]}
    for key in needed_keys():
        parameter = basis.parameter(key)
        path = values.get(key, {2007: float(_entries(parameter)[0].value)})  # type: ignore[arg-type]
        entries = tuple(
            AssumptionValue.model_validate(
                {"from": dt.date(year, 1, 1), "value": value, "source": "judgement", "reason": "起始年已知的数"}
            )
            for year, value in path.items()
        )
        parameters[key] = parameter.model_copy(update={"values": entries, "prorate": False})
    policy = PolicyBook(region=region, parameters=cut)
    assumed = AssumptionBasis(region=region, parameters=parameters, name=f"known {start}")
    return Resolved(policy, assumed, load_scenario("base"))


def _entries(parameter: Parameter) -> tuple[DatedValue, ...]:
    return tuple(parameter.values)


def _faded(growth: float, start: int, how: BackTestRules) -> dict[int, float]:
    """Let growth fall in a straight line to its part, and stay there."""
    steps = range(1, how.fade_years + 1)
    fading = {start + n: growth * (1 - (1 - how.fade_to) * n / how.fade_years) for n in steps}
    return {2007: growth, **fading}


def _ageing(inputs: FinanceInputs, exposure: Exposure, scheme: str) -> float:
    """Return how much older members alone raise spending a head in the first year [share]."""
    unit = inputs.calibration.unit_cost.sel(scheme=scheme)
    statuses = [name for name in exposure.average["status"].to_numpy() if str(name).startswith(scheme)]
    first = exposure.average["quarter"].to_numpy()[:4]
    after = float((exposure.weighted.sel(scheme=scheme, quarter=first).mean("quarter") * unit).sum())
    heads = float(exposure.average.sel(status=statuses, quarter=first).sum("status").mean())
    before = float((inputs.calibration.base_weighted.sel(scheme=scheme) * unit).sum())
    groups = ("active", "retired") if scheme == "employee" else ("enrolled",)
    return (after / heads) / (before / sum(inputs.base.average[group] for group in groups)) - 1


def _by_year(paths: xr.Dataset, schemes: Sequence[str], start: int, last: int) -> _Values:
    found: _Values = {}
    names = {"active": "active_persons", "retired": "retired_persons", "enrolled": "enrolled_persons"}
    paths = paths.isel(scenario=0) if "scenario" in paths.dims else paths
    for year in range(start + 1, last + 1):
        labels = [f"{year}Q{number}" for number in range(1, 5)]
        for scheme in schemes:
            one = paths.sel(scheme=scheme)
            for name in _MEASURES[scheme]:
                if name in names:
                    values = one[names[name]]
                    values = values.isel(scenario=0) if "scenario" in values.dims else values
                    found[scheme, name, year] = float(values.sel(quarter=labels[-1]))
                elif name == "balance_end":
                    found[scheme, name, year] = float(one["balance_end_yuan"].sel(quarter=labels[-1]))
                else:
                    found[scheme, name, year] = float(np.sum(one[f"{name}_yuan"].sel(quarter=labels).to_numpy()))
    return found
