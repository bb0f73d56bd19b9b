"""Why two runs differ, or a balance moved between two quarters: cause by cause, closing exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from actuary.demography.membership import Membership, project_membership
from actuary.errors import PeriodError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.fund.model.base_year import MODEL_SCHEMES
from actuary.fund.model.exposure import Exposure, measure_exposure
from actuary.fund.model.finance import FinanceInputs, project_finance
from actuary.fund.model.labels import exact_labels
from actuary.fund.model.people import births_index
from actuary.fund.model.stochastic_run import one_scenario
from actuary.periods import Quarter, quarter_range

if TYPE_CHECKING:
    from actuary.fund.model.run import Run

__all__ = ["RUN_CAUSES", "attribute_quarters", "attribute_runs"]

#: Causes of a difference between two runs, in the order in which they are put in place of each other.
RUN_CAUSES: tuple[str, ...] = (
    "population",
    "membership rules",
    "base year",
    "wage",
    "rates",
    "use",
    "price",
    "technology",
    "policy",
    "modules",
)
_WAGE = ("wage_growth", "wage_spread")
_MEASURES = {
    "pool balance": "pooled_balance_end_yuan",
    "pool income": "pooled_income_yuan",
    "pool spending": "pooled_expenditure_yuan",
    "active per retired": "dependency_ratio",
}
_UNITS = {"active per retired": "ratio"}
_SUMMED = ("pool income", "pool spending")


def attribute_runs(
    before: Run,
    after: Run,
    *,
    at: Quarter | str | None = None,
    scenario: str | None = None,
    other_scenario: str | None = None,
) -> pd.DataFrame:
    """Split the difference between two runs of a place by cause.

    The causes of :data:`RUN_CAUSES` are taken from the second run one after the other, and the model is run after each
    step: a cause is the change of its step. The steps add up to the whole difference, and the last one is the second
    run itself, so nothing is left over. What two causes do together falls to the later one.

    Parameters
    ----------
    before, after : Run
        Two runs from the same base year.
    at : Quarter or str, optional
        When balances are read; flows are those of all quarters up to it. The last of both when left out.
    scenario, other_scenario : str, optional
        A scenario of each; its first when left out.

    Returns
    -------
    DataFrame
        Rows by scheme, measure and cause: `before`, `after`, `change` of the cause, `unit`, and `residual`, what the
        causes leave of the difference.

    Raises
    ------
    UnknownNameError
        When a run lacks its scenario, or the places differ.
    PeriodError
        When the base years differ, or the quarter is not in both.

    Examples
    --------
    >>> from actuary.fund.model.face import load_model
    >>> model = load_model("national")
    >>> table = attribute_runs(model.project(to="2030Q4"), model.project(to="2030Q4", scenario="cost-surge"))
    >>> bool((table["residual"].abs() <= 1e-9 * table["before"].abs()).all())
    True
    """
    first, second = scenario or before.scenarios[0], other_scenario or after.scenarios[0]
    _check_pair(before, after, first, second)
    base = before.projection.base_quarter
    shared = min(before.projection.horizon, after.projection.horizon)
    last = shared if at is None else Quarter.parse(at)
    if not base < last <= shared:
        raise PeriodError(Problem("at", str(last), f"a quarter from {base + 1} to {shared}"))
    quarters = list(quarter_range(base + 1, last))
    with exact_labels():
        outcomes = _steps(before, after, first, second, quarters=quarters)
    rows = []
    for scheme in MODEL_SCHEMES:
        for measure in _MEASURES:
            values = [float(outcome[measure].sel(scheme=scheme)) for outcome in outcomes.values()]
            if values[0] != values[0]:
                continue
            changes = [later - sooner for sooner, later in pairwise(values)]
            residual = values[-1] - values[0] - sum(changes)
            rows += [
                {
                    "scheme": scheme,
                    "measure": measure,
                    "cause": cause,
                    "before": values[0],
                    "after": values[-1],
                    "change": change,
                    "unit": _UNITS.get(measure, "yuan"),
                    "residual": residual,
                }
                for cause, change in zip(RUN_CAUSES, changes, strict=True)
            ]
    return pd.DataFrame(rows)


def _check_pair(before: Run, after: Run, first: str, second: str) -> None:
    problems = [
        unknown_name("scenario of the run", name, run.scenarios, what="scenario")
        for run, name in ((before, first), (after, second))
        if name not in run.scenarios
    ]
    if before.projection.region != after.projection.region:
        found = f"{before.projection.region} and {after.projection.region}"
        problems.append(Problem("runs", found, "one and the same place"))
    raise_all(problems, UnknownNameError)
    years = [run.projection.base_quarter for run in (before, after)]
    if years[0] != years[1]:
        found, mend = f"base years {years[0].year} and {years[1].year}", "project the later one from the same base year"
        raise PeriodError(Problem("runs", found, "the same base year", mend))


def _steps(
    before: Run, after: Run, first: str, second: str, *, quarters: list[Quarter]
) -> Mapping[str, dict[str, xr.DataArray]]:
    inputs, aim = one_scenario(before.projection.inputs, first), one_scenario(after.projection.inputs, second)
    mine, theirs = before.members[first], after.members[second]
    exposure = _exposure(mine, inputs, quarters)
    outcomes = {"before": _outcome(inputs, exposure, quarters)}
    mixed = theirs
    if mine.population.fingerprint == theirs.population.fingerprint:
        mixed = mine
    elif mine.rules.fingerprint != theirs.rules.fingerprint:
        mixed = project_membership(theirs.population, mine.rules, quarters=[mine.quarters[0], quarters[-1]])
    outcomes["population"] = _outcome(inputs, exposure := _exposure(mixed, inputs, quarters), quarters)
    outcomes["membership rules"] = _outcome(inputs, exposure := _exposure(theirs, inputs, quarters), quarters)
    inputs = replace(inputs, model=aim.model, base=aim.base, calibration=aim.calibration, seasons=aim.seasons)
    outcomes["base year"] = _outcome(inputs, exposure := _exposure(theirs, inputs, quarters), quarters)
    groups = _driver_groups(inputs.drivers, aim.drivers)
    for cause in RUN_CAUSES[3:-1]:
        inputs = replace(inputs, drivers=groups[cause](inputs.drivers))
        outcomes[cause] = _outcome(inputs, exposure, quarters)
    outcomes["modules"] = _outcome(replace(inputs, levers=aim.levers), exposure, quarters)
    return outcomes


def _driver_groups(before: xr.Dataset, aim: xr.Dataset) -> dict[str, Callable[[xr.Dataset], xr.Dataset]]:
    trends = [str(name) for name in before["factor"].to_numpy()]
    rates = [name for name in before.data_vars if name not in (*_WAGE, "trend_growth")]

    def take(names: tuple[str, ...]) -> Callable[[xr.Dataset], xr.Dataset]:
        return lambda drivers: drivers.assign({name: aim[name].sel(quarter=drivers["quarter"]) for name in names})

    def trend(factor: str) -> Callable[[xr.Dataset], xr.Dataset]:
        def put(drivers: xr.Dataset) -> xr.Dataset:
            own = drivers["trend_growth"]
            theirs = aim["trend_growth"].sel(quarter=drivers["quarter"])
            return drivers.assign(trend_growth=theirs.where(own["factor"] == factor, own).transpose(*own.dims))

        return put

    groups = {"wage": take(_WAGE), "rates": take(tuple(map(str, rates)))}
    return groups | {factor: trend(factor) for factor in trends}


def _exposure(members: Membership, inputs: FinanceInputs, quarters: list[Quarter]) -> Exposure:
    births = births_index(members.population, inputs.model, base_year=inputs.base.year)
    labels = [str(quarters[0] + -1), *map(str, quarters)]
    return measure_exposure(members.stocks.sel(quarter=labels), inputs.calibration.weights, births=births)


def _outcome(inputs: FinanceInputs, exposure: Exposure, quarters: list[Quarter]) -> dict[str, xr.DataArray]:
    paths, _ = project_finance(inputs, exposure, quarters)
    found = {}
    for words, name in _MEASURES.items():
        values = paths[name]
        found[words] = values.sum("quarter", skipna=False) if words in _SUMMED else values.isel(quarter=-1)
    return found


def attribute_quarters(
    run: Run, first: Quarter | str, last: Quarter | str, *, scenario: str | None = None
) -> pd.DataFrame:
    """Split the change of a pool's balance between two quarter-ends by source of income and benefit.

    Parameters
    ----------
    run : Run
        A run.
    first, last : Quarter or str
        Two quarter-ends, from the base quarter on.
    scenario : str, optional
        Scenario; its first when left out.

    Returns
    -------
    DataFrame
        Rows by scheme and cause: `part` (``income`` or ``spending``), `cause` (source or benefit), `yuan` (spending
        below zero), `opening_yuan`, `closing_yuan`, `residual_yuan`.

    Raises
    ------
    PeriodError
        When a quarter is not projected, or they are not in order.
    UnknownNameError
        When the run has no such scenario.

    Examples
    --------
    >>> from actuary.fund.model.face import load_model
    >>> table = attribute_quarters(load_model("national").project(to="2030Q4"), "2024Q4", "2026Q2")
    >>> bool((table["residual_yuan"].abs() < 1.0).all())
    True
    """
    chosen = scenario or run.scenarios[0]
    if chosen not in run.scenarios:
        raise UnknownNameError(unknown_name("scenario of this run", chosen, run.scenarios, what="scenario"))
    begin, end, base = Quarter.parse(first), Quarter.parse(last), run.projection.base_quarter
    if not base <= begin < end <= run.projection.horizon:
        raise PeriodError(
            Problem("first and last", f"{begin} and {end}", f"two quarters from {base} to {run.projection.horizon}")
        )
    labels = [str(quarter) for quarter in quarter_range(begin + 1, end)]
    paths = run.paths.sel(scenario=chosen)
    rows = []
    for scheme in run.projection.projected_schemes:
        one = paths.sel(scheme=scheme)
        balance = one["pooled_balance_end_yuan"]
        held = run.projection.inputs.base.closing_balances[scheme, "pooled"]
        opening = held if begin == base else float(balance.sel(quarter=str(begin)))
        closing = float(balance.sel(quarter=str(end)))
        parts = [
            (part, str(label), sign * float(flow.sel({dim: label})))
            for part, name, dim, sign in (
                ("income", "pooled_income_by_source_yuan", "source", 1.0),
                ("spending", "spending_yuan", "benefit", -1.0),
            )
            for flow in [one[name].sel(quarter=labels).sum("quarter")]
            for label in flow[dim].to_numpy()
        ]
        left = closing - opening - sum(value for _, _, value in parts)
        rows += [
            {
                "scheme": scheme,
                "part": part,
                "cause": cause,
                "yuan": value,
                "opening_yuan": opening,
                "closing_yuan": closing,
                "residual_yuan": left,
            }
            for part, cause, value in parts
        ]
    return pd.DataFrame(rows)
