"""The people-driven projection of a region's funds: from people, rules and assumptions to balances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import xarray as xr

from actuary.demography.membership import Membership
from actuary.demography.population import PopulationProjection
from actuary.drivers import BENEFIT_DRIVERS, POPULATION_DRIVERS
from actuary.errors import DeclarationError, PeriodError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.fund.inputs import Declared
from actuary.fund.milestones import find_milestones
from actuary.fund.missing import find_valuation_year
from actuary.fund.model.base_year import MODEL_SCHEMES, BaseYear, read_base_year
from actuary.fund.model.calibration import calibrate_again
from actuary.fund.model.drivers import needed_keys, read_model_drivers, rule_keys
from actuary.fund.model.exposure import measure_exposure
from actuary.fund.model.finance import FinanceInputs, project_finance
from actuary.fund.model.labels import exact_labels
from actuary.fund.model.levers import Levers
from actuary.fund.model.people import births_by_scenario, project_members, stack_scenarios
from actuary.fund.model.result import ModelProjection, label_paths
from actuary.fund.projection import season_region, watched_months
from actuary.fund.sources import SeasonalSource, load_profiles, load_region_facts
from actuary.periods import Quarter, quarter_range
from actuary.policy import (
    FinanceModel,
    PolicyBook,
    Resolved,
    fingerprint,
    list_scenarios,
    load_finance_model,
    load_policy_book,
    load_region,
    resolve,
)
from actuary.policy.dated import spans_of
from actuary.policy.membership_model import MEMBERSHIP_KEYS
from actuary.policy.module_model import MODULE_KEYS
from actuary.tables import data_fingerprint

__all__ = ["MODEL_METHOD", "NoSeasonError", "acting_keys", "build_inputs", "project_model"]


class NoSeasonError(DeclarationError):
    """No year of the region, nor of the one it is named after, is published by quarter."""


#: Version of the method; it is part of every fingerprint and changes whenever a number could.
MODEL_METHOD = "1"
#: Every rule of retirement decides who is a retired member.
_POLICY_OF_PEOPLE = "retirement."


def project_model(  # noqa: PLR0913 (each is an input that a caller may put in place)
    region: str,
    *,
    to: str | Quarter = "2050Q4",
    scenarios: Sequence[str] = ("base",),
    basis: str = "people",
    population: PopulationProjection | None = None,
    members: Mapping[str, Membership] | Membership | None = None,
    base: BaseYear | None = None,
    finance: FinanceModel | None = None,
    levers: Levers | None = None,
    models: Path | None = None,
    data: Path | None = None,
) -> ModelProjection:
    """Project a region's funds from its people.

    Population and membership by age, sex and status drive contributions, subsidies and premiums on one side and the
    use of each benefit on the other; pool and accounts follow quarter by quarter from the end of the base year.

    Parameters
    ----------
    region : str
        Region id, such as ``national``.
    to : str or Quarter
        Last quarter.
    scenarios : sequence of str
        Scenarios, the first of which is shown first.
    basis : str
        Assumption basis.
    population : PopulationProjection, optional
        People to use in place of the region's own.
    members : Membership or mapping, optional
        Members to use in place of those projected, one for all scenarios or ``scenario -> Membership``.
    base : BaseYear, optional
        Figures of the base year in place of the published ones.
    finance : FinanceModel, optional
        How income and benefits are made up, in place of what the region declares.
    levers : Levers, optional
        What modules change.
    models, data : Path, optional
        Folders; those that come with the package when left out.

    Returns
    -------
    ModelProjection
        The result; a scheme without figures of its base year is left out, with what it lacks in `missing`.

    Raises
    ------
    UnknownNameError
        When region, basis or a scenario is not declared, or an assumption is missing.
    DeclarationError
        When a file is not valid, or a rule or assumption does not reach the last quarter.
    PeriodError
        When the last quarter is not after the base year, or people do not reach it.

    Examples
    --------
    >>> run = project_model("national", to="2030Q4")
    >>> run.schemes, str(run.base_quarter)
    (('all', 'employee', 'resident'), '2024Q4')
    """
    with exact_labels():
        return _project(
            region,
            Quarter.parse(to),
            tuple(dict.fromkeys(scenarios)) or ("base",),
            basis=basis,
            population=population,
            members=members,
            base=base,
            model=finance or load_finance_model(region, root=models),
            levers=levers or Levers(),
            models=None if models is None else Path(models),
            data=None if data is None else Path(data),
        )


def _project(  # noqa: PLR0913 (the same)
    region: str,
    last: Quarter,
    chosen: tuple[str, ...],
    *,
    basis: str,
    population: PopulationProjection | None,
    members: Mapping[str, Membership] | Membership | None,
    base: BaseYear | None,
    model: FinanceModel,
    levers: Levers,
    models: Path | None,
    data: Path | None,
) -> ModelProjection:
    place = load_region(region, root=models)
    known = list_scenarios(models)
    raise_all(
        [unknown_name("--scenario", name, known, what="scenario") for name in chosen if name not in known],
        UnknownNameError,
    )
    resolved = {name: resolve(region, basis=basis, scenario=name, root=models) for name in chosen}
    raise_all([problem for one in resolved.values() for problem in _without_effect(one)], DeclarationError)
    year = _find_base_year(region, model, base, data)
    if last <= Quarter(year, 4):
        raise PeriodError(Problem("--to", str(last), f"a quarter after {year}Q4, the end of the base year"))
    figures = base or _base_year(region, year, None if data is None else str(data), data_fingerprint(data))
    if members is None:
        members = project_members(
            region, resolved, base_year=year, to=last, population=population, models=models, data=data
        )
    held = dict.fromkeys(chosen, members) if isinstance(members, Membership) else dict(members)
    stocks = stack_scenarios(held)
    quarters = list(quarter_range(Quarter(year + 1, 1), last))
    _check_people(stocks, quarters)
    inputs = build_inputs(
        region, resolved, stocks, base=figures, to=last, finance=model, levers=levers, models=models, data=data
    )
    births = births_by_scenario(held, model, base_year=year)
    exposure = measure_exposure(
        stocks.sel(quarter=[str(Quarter(year, 4)), *map(str, quarters)]), inputs.calibration.weights, births=births
    )
    from actuary.fund.modules.apply import add_modules  # noqa: PLC0415 (modules read this package)

    inputs, switched_on = add_modules(region, resolved, inputs, exposure, quarters, members=held, models=models)
    paths, state = project_finance(inputs, exposure, quarters)
    labelled = label_paths(paths, inputs, scenarios=chosen)
    return ModelProjection(
        region=region,
        place=place,
        base_quarter=Quarter(year, 4),
        horizon=last,
        basis=basis,
        scenarios=chosen,
        paths=labelled,
        milestones=find_milestones(labelled, months=watched_months(models)),
        calibration=inputs.calibration.table,
        missing=figures.missing,
        inputs=inputs,
        exposure=exposure,
        state=state,
        fingerprint=fingerprint(
            {
                "method": MODEL_METHOD,
                "region": region,
                "to": str(last),
                "models": {name: one.fingerprint for name, one in resolved.items()},
                "base": sorted((*key, value) for key, value in figures.flows.items()),
                "finance": model.fingerprint,
                "people": {name: one.fingerprint for name, one in held.items()},
                "modules": switched_on,
                "data": data_fingerprint(data),
            }
        ),
        synthetic=figures.synthetic or any(one.synthetic for one in held.values()),
        notes=(
            *(note for one in resolved.values() for note in _passed_by(one)),
            *_ended_rules(load_policy_book(region, root=models), last),
        ),
    )


def _find_base_year(region: str, model: FinanceModel, base: BaseYear | None, data: Path | None) -> int:
    """Return the base year: of the figures given, of the region's own model, or the last whose figures are known."""
    if base is not None or model.region == region:
        return base.year if base is not None else model.declared.base_year
    figures = load_region_facts(region, until=Quarter(model.declared.base_year, 4), data=data).figures
    known = [year for year in (find_valuation_year(figures, scheme) for scheme in MODEL_SCHEMES) if year is not None]
    return max(known, default=model.declared.base_year)


def _without_effect(resolved: Resolved) -> list[Problem]:
    """Refuse a scenario that changes nothing here: its result would pass for one."""
    if not resolved.deltas or acting_keys(resolved):
        return []
    keys = dict.fromkeys(delta.key for delta in resolved.deltas)
    return [
        Problem(
            f"scenario {resolved.scenario.name}",
            f"only {', '.join(keys)}",
            "a rule or assumption that the people-driven model uses",
            "cost growth is split into price, use, technology and policy here, and members follow from people",
        )
    ]


def _passed_by(resolved: Resolved) -> list[str]:
    """Say which changes of a scenario do nothing here, so that nobody takes its result for all of them."""
    acting = acting_keys(resolved)
    dropped = [key for key in dict.fromkeys(delta.key for delta in resolved.deltas) if key not in acting]
    if not dropped or not acting:
        return []
    name, keys = resolved.scenario.name, ", ".join(dropped)
    return [
        f"scenario {name}: without effect in the people-driven model: {keys}; acting: {', '.join(acting)}"
        f" / 情景{name}中在人口驱动模型里不起作用的：{keys}"
    ]


def _ended_rules(book: PolicyBook, last: Quarter) -> list[str]:
    """Say which rules of a place end before the horizon and give way to the nation's."""
    notes = []
    for key in rule_keys() if book.region != "national" else ():
        if key not in book:
            continue
        spans = spans_of(book.parameter(key), book.origins.get(key, ()))
        for before, after in pairwise(spans):
            own = before.origin.startswith(f"{book.region}: ") and after.origin.startswith("national: ")
            if own and after.first_day <= last.last_day:
                day, old, new = after.first_day.isoformat(), before.entry.value, after.entry.value
                ends = f"{key}: the rule of {book.region} ({old}) ends before {day}; from then on the nation's ({new})"
                notes.append(f"{ends} / 本地规定到期，{day}起用全国的{new}")
    return notes


def acting_keys(resolved: Resolved) -> tuple[str, ...]:
    """Return the keys of a scenario that change something in the people-driven model, in their order.

    Parameters
    ----------
    resolved : Resolved
        Rules and assumptions under the scenario.

    Examples
    --------
    >>> acting_keys(resolve("national", basis="people", scenario="slower_active_growth"))
    ()
    >>> acting_keys(resolve("national", basis="people", scenario="slower_base_growth"))
    ('employee.contribution_base_growth',)
    """
    return tuple(key for key in dict.fromkeys(delta.key for delta in resolved.deltas) if _acts(key, resolved))


def _acts(key: str, resolved: Resolved) -> bool:
    if key in {*MEMBERSHIP_KEYS, *MODULE_KEYS, *POPULATION_DRIVERS}:
        return True
    if key in resolved.policy:
        return key.startswith(_POLICY_OF_PEOPLE) or key in rule_keys()
    return key in resolved.assumptions and (key in needed_keys() or key in BENEFIT_DRIVERS)


def build_inputs(  # noqa: PLR0913 (the same)
    region: str,
    resolved: Mapping[str, Resolved],
    stocks: xr.DataArray,
    *,
    base: BaseYear,
    to: Quarter,
    finance: FinanceModel | None = None,
    levers: Levers | None = None,
    models: Path | None = None,
    data: Path | None = None,
) -> FinanceInputs:
    """Read drivers and seasons, and calibrate: everything that the recursion needs beside people.

    Parameters
    ----------
    region : str
        Region id.
    resolved : mapping
        ``scenario -> Resolved``.
    stocks : DataArray, dims (..., status, sex, age, quarter)
        Members; the make-up of the base year is that of its last quarter [persons].
    base : BaseYear
        Figures of the base year.
    to : Quarter
        Last quarter.
    finance : FinanceModel, optional
        How income and benefits are made up; what the region declares when left out.
    levers : Levers, optional
        What modules change.
    models, data : Path, optional
        Folders.

    Raises
    ------
    UnknownNameError, DeclarationError
        When a declaration is missing, not valid, or ends before the last quarter.
    """
    model = finance or load_finance_model(region, root=models)
    book = load_policy_book(region, root=models)
    limit = model.declared.resident.subsidy_to_premium_max
    drivers = read_model_drivers(
        resolved,
        list(quarter_range(Quarter(base.year, 1), to)),
        book=book,
        subsidy_limit=limit.value if limit else None,
    )
    source = season_region(Declared(book, resolved), Quarter(base.year, 4), models=models)
    seasons = _seasons(source, base.year, None if data is None else str(data), data_fingerprint(data)).profiles
    lacking = [
        Problem(f"{scheme} {flow} of {source}", "no year with four quarters", "a seasonal course",
                "name another region in seasonal.source_region")
        for scheme in base.schemes
        for flow in ("income", "expenditure")
        if (scheme, flow) not in seasons
    ]  # fmt: skip
    raise_all(lacking, NoSeasonError)
    lead = {dim: 0 for dim in stocks.dims if dim not in ("status", "sex", "age", "quarter")}
    structure = stocks.isel(lead).sel(quarter=str(Quarter(base.year, 4))).reset_coords(drop=True)
    calibration = calibrate_again(model, base, drivers, structure, seasons=seasons)
    return FinanceInputs(model, base, calibration, drivers, seasons, levers or Levers())


@lru_cache(maxsize=8)
def _seasons(region: str, year: int, data: str | None, _fingerprint: str) -> SeasonalSource:
    return load_profiles(region, until=Quarter(year, 4), data=None if data is None else Path(data))


@lru_cache(maxsize=32)
def _base_year(region: str, year: int, data: str | None, _fingerprint: str) -> BaseYear:
    return read_base_year(region, year, data=None if data is None else Path(data))


def _check_people(stocks: xr.DataArray, quarters: Sequence[Quarter]) -> None:
    held = {str(label) for label in stocks["quarter"].to_numpy()}
    lacking = [quarter for quarter in (quarters[0] + -1, *quarters) if str(quarter) not in held]
    if lacking:
        raise PeriodError(
            Problem("people", f"none of {lacking[0]}", f"members from {quarters[0] + -1} to {quarters[-1]}")
        )
