"""Questions about indicators: of a region at a quarter, over time, down to the published rows."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from actuary.fund.fact_book import load_fact_book
from actuary.indicators import Trace, plan_targets, trace_indicator
from actuary.indicators import indicator_history as history_of_region
from actuary.indicators.at_quarter import indicators_at, place_at
from actuary.indicators.registry import check_families, get_indicator
from actuary.paths import given_folder
from actuary.periods import Quarter
from actuary.policy import load_region
from actuary.tables import facts, known_regions
from actuary.workflow.regions import report_quarter

__all__ = ["indicator_history", "indicators_of_city", "targets_of_city", "trace_city"]


def indicators_of_city(
    city: str = "national",
    quarter: str | Quarter | None = None,
    *,
    families: Collection[str] | None = None,
    models: Path | str | None = None,
    data: Path | str | None = None,
) -> pd.DataFrame:
    """Compute every indicator of a region at a quarter.

    A region of which only plans are published has the distances to their targets, and no other row.

    Parameters
    ----------
    city : str
        Region id.
    quarter : str or Quarter, optional
        Report quarter; the last with published figures when left out.
    families : collection of str, optional
        ``fund``, ``use``, ``payment``, ``plan``; all when left out.
    models, data : Path, optional
        Folders; those of the package when left out.

    Returns
    -------
    DataFrame
        One row an indicator and scheme, see :func:`actuary.indicators.compute_indicators`.

    Raises
    ------
    UnknownNameError, PeriodError, DeclarationError, TableError
        As :func:`actuary.project_city`, and for a family that is not known.

    Examples
    --------
    >>> found = indicators_of_city("anyang", "2021Q4", families=["payment"])
    >>> float(found[found.indicator == "settlement_rate"].value.iloc[0])
    1.004
    """
    check_families(families)
    root, folder = given_folder(data, what="data"), given_folder(models, what="models")
    chosen = _quarter_of(city, quarter, models=folder, data=root)
    return indicators_at(city, chosen, families=families, models=folder, data=root)


def targets_of_city(
    city: str, quarter: str | Quarter | None = None, *, models: Path | str | None = None, data: Path | str | None = None
) -> pd.DataFrame:
    """Hold the targets of a region's plan against what was reached.

    Parameters
    ----------
    city : str
        Region id.
    quarter : str or Quarter, optional
        Report quarter; the last with published figures when left out.
    models, data : Path, optional
        Folders; those of the package when left out.

    Returns
    -------
    DataFrame
        One row a target, see :func:`actuary.indicators.plan_targets`.

    Raises
    ------
    UnknownNameError, PeriodError, DeclarationError, TableError
        As :func:`indicators_of_city`.

    Examples
    --------
    >>> found = targets_of_city("shenyang", "2020Q4")
    >>> found[found.indicator == "procured_drugs"][["target", "actual", "distance"]].values.tolist()
    [[500.0, 244.0, -256.0]]
    """
    root, folder = given_folder(data, what="data"), given_folder(models, what="models")
    chosen = _quarter_of(city, quarter, models=folder, data=root)
    return plan_targets(load_fact_book(city, until=chosen, data=root), chosen)


def trace_city(
    city: str,
    indicator: str,
    quarter: str | Quarter | None = None,
    *,
    scheme: str | None = None,
    models: Path | str | None = None,
    data: Path | str | None = None,
) -> tuple[Trace, ...]:
    """Trace an indicator of a region to the published rows.

    Parameters
    ----------
    city, indicator : str
        Region id, and name in the registry.
    quarter : str or Quarter, optional
        Report quarter; the last with published figures when left out.
    scheme : str, optional
        One scheme; all when left out.
    models, data : Path, optional
        Folders; those of the package when left out.

    Returns
    -------
    tuple of Trace
        One a scheme.

    Raises
    ------
    UnknownNameError, PeriodError, DeclarationError, TableError
        As :func:`indicators_of_city`, and for an indicator or scheme that is not known.

    Examples
    --------
    >>> (trace,) = trace_city("urumqi", "payable_months", "2013Q4", scheme="employee")
    >>> round(trace.value, 1), [(row.indicator, row.printed) for row in trace.rows]
    (17.2, [('pooled_balance_end', '22.48'), ('pooled_expenditure', '15.67')])
    """
    get_indicator(indicator, where="--trace")
    root, folder = given_folder(data, what="data"), given_folder(models, what="models")
    chosen = _quarter_of(city, quarter, models=folder, data=root)
    return trace_indicator(place_at(city, chosen, models=folder, data=root), indicator, scheme=scheme)


def indicator_history(
    city: str,
    first: str | Quarter | None = None,
    last: str | Quarter | None = None,
    *,
    indicators: Collection[str] | None = None,
    yearly: bool = False,
    models: Path | str | None = None,
    data: Path | str | None = None,
) -> pd.DataFrame:
    """Compute the indicators of a region as they stood at every quarter; see :mod:`actuary.indicators.history`.

    Parameters
    ----------
    city : str
        Region id.
    first, last : str or Quarter, optional
        First and last quarter; those of the published figures when left out.
    indicators : collection of str, optional
        Indicators wanted; all when left out.
    yearly : bool
        Year-ends only.
    models, data : Path, optional
        Folders; those of the package when left out.

    Returns
    -------
    DataFrame
        One row a quarter, indicator and scheme: value, unit, status, period.

    Raises
    ------
    UnknownNameError, PeriodError, DeclarationError, TableError
        When region, quarter, rules or tables are not what they should be.

    Examples
    --------
    >>> found = indicator_history("shenyang", "2019Q4", "2020Q4", indicators=["dependency_ratio"], yearly=True)
    >>> found[["quarter", "value", "unit"]].round(2).values.tolist()[-1]
    ['2020Q4', 1.47, 'ratio']
    """
    return history_of_region(
        city,
        first,
        last,
        indicators=indicators,
        yearly=yearly,
        models=given_folder(models, what="models"),
        data=given_folder(data, what="data"),
    )


def _quarter_of(city: str, quarter: str | Quarter | None, *, models: Path | None, data: Path | None) -> Quarter:
    """Return the quarter asked for, else the last with figures; of a place with plans alone the first of a target."""
    load_region(city, root=models)
    if quarter is None and city in known_regions(data) and facts(city, root=data, observed=True).empty:
        return Quarter.parse(str(facts(city, root=data)["quarter"].min()))
    return report_quarter(city, quarter, models=models, data=data)
