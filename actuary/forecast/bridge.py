"""Hand draws of a forecast to a fund projection: growth rates by draw and year, under the contract of the drivers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from actuary.dims import order_dims
from actuary.drivers import DRIVERS
from actuary.errors import DeclarationError, Problem, raise_all, unknown_name
from actuary.forecast.fund_forecast import FundForecast

__all__ = ["check_drivers", "driver_draws"]

#: Drivers that are growth of money per head, and the flow of which fund they are taken from.
_FLOWS = {
    "employee.contribution_base_growth": ("employee_pooled", "income"),
    "employee.pooled_cost_growth": ("employee_pooled", "expenditure"),
    "employee.personal_spending_growth": ("employee_personal", "expenditure"),
    "resident.funding_growth": ("resident", "income"),
    "resident.cost_growth": ("resident", "expenditure"),
}


def driver_draws(
    forecast: FundForecast, *, heads: Mapping[str, float | Mapping[int, float]], base_year: int | None = None
) -> xr.Dataset:
    r"""Turn draws of flows into draws of the drivers of a fund projection.

    .. math:: g_{dy} = \frac{F_{dy} / F_{d,y-1}}{1 + n_y} - 1

    with F the flow of a year in draw d and n the growth of the members it is spread over, which a projection computes
    apart. Rates of contribution are dated rules of the projection and are not estimated: growth of the pool's income
    per contributor is handed over as growth of the base, under the rates in force.

    Parameters
    ----------
    forecast : FundForecast
        Joint draws, by quarter or year.
    heads : mapping of str to float or mapping
        Driver to the growth of the members its flow is spread over [share], one for all years or one a year: active
        members for the base, members weighted by cost for the pool's cost, members for the accounts and residents.
    base_year : int, optional
        The year before the first growth; the last whole year of the history when left out.

    Returns
    -------
    Dataset, dims (draw, year)
        The drivers named in `heads`, each with its unit, in the years that are forecast whole.

    Raises
    ------
    DeclarationError
        When a driver is unknown or its fund not forecast, or no whole year is forecast.
    """
    season = forecast.history.season
    flows = xr.concat([forecast.past, forecast.draws], dim="period")
    known = {str(name) for name in flows["series"].to_numpy()}
    labels = np.array([int(str(label)[:4]) for label in flows["period"].to_numpy()])
    first = base_year or max(int(label[:4]) for label in forecast.history.periods)
    years = [int(year) for year in np.unique(labels) if year > first and (labels == year).sum() == season]
    names = {driver: _series(*_FLOWS[driver], known) for driver in heads if driver in _FLOWS}
    problems = [
        unknown_name("heads", driver, _FLOWS, what="driver that is growth of money per head")
        for driver in heads
        if driver not in _FLOWS
    ]
    problems += [
        Problem(f"driver {driver}", f"no forecast of {_FLOWS[driver][0]}", "a forecast that holds that fund")
        for driver, name in names.items()
        if name not in known
    ]
    if not years or (labels == first).sum() != season:
        problems.append(Problem("forecast", f"{forecast.origin} to {forecast.to}", "a whole year after a whole year"))
    raise_all(problems, DeclarationError)
    found = xr.Dataset(coords={"draw": forecast.draws["draw"].to_numpy(), "year": years})
    for driver, growth in heads.items():
        line = flows.sel(series=names[driver]).transpose("draw", "period").to_numpy()
        totals = np.stack([line[:, labels == year].sum(axis=1) for year in (first, *years)], axis=1)
        more = np.array([growth[year] if isinstance(growth, Mapping) else growth for year in years])
        values = totals[:, 1:] / totals[:, :-1] / (1 + more) - 1
        found[driver] = (("draw", "year"), values, {"unit": DRIVERS[driver].unit})
    raise_all(check_drivers(found), DeclarationError)
    return found


def _series(fund: str, flow: str, known: set[str]) -> str:
    """Return the series of a flow of a fund; an employee fund that is not divided is taken whole."""
    name = f"{fund}.{flow}"
    whole = f"employee.{flow}"
    return whole if fund == "employee_pooled" and name not in known and whole in known else name


def check_drivers(drivers: xr.Dataset) -> tuple[Problem, ...]:
    """Find what in a dataset is not what the contract of the drivers asks for.

    Parameters
    ----------
    drivers : Dataset
        Variables named as drivers, over any of the dims draw, scenario, year, in this order, each with its unit.

    Returns
    -------
    tuple of Problem
        Unknown names, wrong units, foreign dims or their order, missing or infinite values, a share below -1.

    Examples
    --------
    >>> wrong = xr.Dataset({"resident.cost_growth": (("year", "draw"), np.full((1, 1), -2.0), {"unit": "pct"})})
    >>> [problem.found for problem in check_drivers(wrong)]
    ["'pct'", 'year, draw', '-2']
    """
    problems = []
    for key, values in drivers.data_vars.items():
        name = str(key)
        if name not in DRIVERS:
            problems.append(unknown_name("drivers", name, DRIVERS, what="driver"))
            continue
        driver, dims = DRIVERS[name], tuple(str(dim) for dim in values.dims)
        unit = values.attrs.get("unit")
        if unit != driver.unit:
            problems.append(Problem(f"driver {name}, unit", repr(unit), repr(driver.unit)))
        if not set(dims) <= set(driver.dims) or dims != order_dims(dims):
            expected = f"any of {', '.join(driver.dims)}, in this order"
            problems.append(Problem(f"driver {name}, dims", ", ".join(dims), expected))
        if not bool(np.isfinite(values).all()):
            problems.append(Problem(f"driver {name}", "a value that is missing or infinite", "finite values"))
        elif driver.unit == "share" and float(values.min()) <= -1:
            problems.append(Problem(f"driver {name}", f"{float(values.min()):g}", "growth above -1"))
    return tuple(problems)
