"""Questions about the funds of one region: its report quarter and its projection."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from actuary.errors import PeriodError, Problem
from actuary.fund import FundProjection, project_fund
from actuary.paths import given_folder
from actuary.periods import Quarter
from actuary.policy import load_region, load_report_plan
from actuary.tables import known_regions, last_quarter

__all__ = ["project_city", "report_quarter"]


def report_quarter(city: str, quarter: str | Quarter | None, *, models: Path | None, data: Path | None) -> Quarter:
    """Return the quarter to report on: the one asked for, or the last with published figures of the region.

    Parameters
    ----------
    city : str
        Region id.
    quarter : str, Quarter or None
        Label such as ``2024Q4``, or None for the last.
    models, data : Path or None
        Folders; those of the package when None.

    Raises
    ------
    UnknownNameError
        When the region has no declared rules; the message names the nearest that has.
    PeriodError
        When the label cannot be read, or the region has no figure at all.
    """
    load_region(city, root=models)
    if quarter is not None:
        return Quarter.parse(quarter, where="--quarter")
    if city not in known_regions(data):
        raise PeriodError(
            Problem(f"--city {city}", "no published figure", "at least one row of facts", "add a table under data/")
        )
    return last_quarter(city, data)


def project_city(
    city: str = "national",
    quarter: str | Quarter | None = None,
    *,
    horizon: str = "2035Q4",
    basis: str = "base",
    scenarios: Sequence[str] | str | None = None,
    models: Path | str | None = None,
    data: Path | str | None = None,
) -> FundProjection:
    """Project the funds of a region under the base and the scenarios.

    Parameters
    ----------
    city : str
        Region id, see :func:`actuary.list_cities`.
    quarter : str or Quarter, optional
        Report quarter; the last with published figures when left out.
    horizon : str
        Last quarter of the projection.
    basis : str
        Assumption basis under ``models/<region>/assumptions/``.
    scenarios : str or sequence of str, optional
        Scenarios beside the base; those of the quarterly report when left out.
    models, data : Path, optional
        Folders laid out as ``models/`` and ``data/``; those of the package when left out.

    Returns
    -------
    FundProjection
        History and projection, dims (scenario, scheme, quarter); money in yuan, people in persons.

    Raises
    ------
    UnknownNameError, PeriodError, DeclarationError, TableError
        When region, scenario, quarter, rules or tables are not what they should be.

    Examples
    --------
    >>> from actuary import project_city
    >>> projection = project_city("national", "2024Q4")
    >>> float(projection.paths.dependency_ratio.sel(scenario="base", scheme="employee", quarter="2024Q4").round(2))
    2.63
    """
    models, data = given_folder(models, what="models"), given_folder(data, what="data")
    chosen = report_quarter(city, quarter, models=models, data=data)
    if isinstance(scenarios, str):
        scenarios = (scenarios,)
    wanted = load_report_plan("quarterly", root=models).scenarios if scenarios is None else tuple(scenarios)
    names = ("base", *(name for name in wanted if name != "base"))
    return project_fund(city, chosen, horizon=horizon, basis=basis, scenarios=names, models=models, data=data)
