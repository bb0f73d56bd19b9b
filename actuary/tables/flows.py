"""Turn published January-to-month figures into flows, and say of every quarter whether it is known."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from actuary.periods import Flow, Quarter, difference_cumulative, quarter_flows, quarter_range
from actuary.tables.catalog import load_catalog
from actuary.tables.fact_rows import facts
from actuary.tables.selection import select_facts

__all__ = ["cumulative_flows", "cumulative_points", "quarterly_flows"]

_SERIES = ["scheme", "indicator", "scope"]


class _Cumulative(NamedTuple):
    key: tuple[str, str, str]
    figures: dict[tuple[int, int], float]
    derived: frozenset[tuple[int, int]]

    def status(self, *months: tuple[int, int]) -> str:
        return "derived" if self.derived & set(months) else "published"


def cumulative_flows(
    region: str, *, root: Path | str | None = None, until: Quarter | str | None = None
) -> pd.DataFrame:
    """Return the flow between every two cumulative figures that were published.

    Where months are missing, the flow covers the whole gap. The flows of a year add up to its last cumulative figure.

    Parameters
    ----------
    region : str
        Region id.
    root : path, optional
        A data folder; the one that comes with the package when left out.
    until : Quarter or str, optional
        Leave out figures of later quarters.

    Returns
    -------
    DataFrame
        Columns region, scheme, indicator, scope, year, first_month, last_month, value [yuan], status (``derived``
        when one of the two figures was calculated, else ``published``). Empty when the region has no cumulative
        figures.

    Raises
    ------
    UnknownNameError
        When no table has a fact of that region.
    TableError
        When a table is not valid.

    Examples
    --------
    >>> flows = cumulative_flows("national")
    >>> one = flows[(flows.scheme == "employee") & (flows.indicator == "income") & (flows.year == 2023)]
    >>> one[["first_month", "last_month"]].values.tolist()[-2:]
    [[8, 8], [9, 10]]
    """
    rows = [
        (region, *series.key, flow.year, flow.first_month, flow.last_month, flow.value, _flow_status(series, flow))
        for series in _cumulative_series(region, root, until)
        for flow in difference_cumulative(series.figures)
    ]
    columns = ["region", *_SERIES, "year", "first_month", "last_month", "value", "status"]
    return pd.DataFrame(rows, columns=columns)


def cumulative_points(
    region: str, *, root: Path | str | None = None, until: Quarter | str | None = None
) -> pd.DataFrame:
    """Return every published January-to-month figure.

    Parameters
    ----------
    region : str
        Region id.
    root : path, optional
        A data folder; the one that comes with the package when left out.
    until : Quarter or str, optional
        Leave out figures of later quarters.

    Returns
    -------
    DataFrame
        Columns region, scheme, indicator, scope, year, month, value [yuan], status (``published`` or ``derived``).

    Raises
    ------
    UnknownNameError
        When no table has a fact of that region.
    TableError
        When a table is not valid.

    Examples
    --------
    >>> points = cumulative_points("national")
    >>> pool = points[(points.scheme == "employee") & (points.scope == "pooled_only") & (points.indicator == "income")]
    >>> pool[["year", "month"]].values.tolist()
    [[2024, 5], [2024, 12]]
    """
    rows = [
        (region, *series.key, year, month, value, series.status((year, month)))
        for series in _cumulative_series(region, root, until)
        for (year, month), value in sorted(series.figures.items())
    ]
    return pd.DataFrame(rows, columns=["region", *_SERIES, "year", "month", "value", "status"])


def quarterly_flows(region: str, *, root: Path | str | None = None, until: Quarter | str | None = None) -> pd.DataFrame:
    """Return the flow of every quarter of the years with cumulative figures; a quarter that is not known says why.

    Parameters
    ----------
    region : str
        Region id.
    root : path, optional
        A data folder; the one that comes with the package when left out.
    until : Quarter or str, optional
        Leave out later quarters.

    Returns
    -------
    DataFrame
        Columns region, scheme, indicator, scope, quarter, value [yuan] (NaN in a gap), status (``published``,
        ``derived`` when a figure was calculated, ``gap``), reason (what is missing, "" when nothing is) and missing
        (the cumulative months that are missing, such as ``2023-09``, separated by blanks). A series runs from the
        first quarter of its first year to the last quarter for which the region has any cumulative figure.

    Raises
    ------
    UnknownNameError
        When no table has a fact of that region.
    TableError
        When a table is not valid.

    Examples
    --------
    >>> flows = quarterly_flows("national")
    >>> one = flows[(flows.scheme == "all") & (flows.indicator == "income") & (flows.scope == "all_accounts")]
    >>> one[one.quarter == "2023Q3"].reason.item()
    'no figure for January to September 2023'
    """
    every = list(_cumulative_series(region, root, until))
    columns = ["region", *_SERIES, "quarter", "value", "status", "reason", "missing"]
    if not every:
        return pd.DataFrame(columns=columns)
    last = max(_quarter(*month) for series in every for month in series.figures)
    rows: list[tuple[object, ...]] = []
    for series in every:
        known = quarter_flows(series.figures)
        for quarter in quarter_range(Quarter(min(series.figures)[0], 1), last):
            months = _needed(quarter)
            if quarter in known:
                rows.append((region, *series.key, str(quarter), known[quarter], series.status(*months), "", ""))
                continue
            missing = [month for month in months if month not in series.figures]
            labels = " ".join(f"{year}-{month:02d}" for year, month in missing)
            rows.append((region, *series.key, str(quarter), float("nan"), "gap", _reason(missing), labels))
    return pd.DataFrame(rows, columns=columns)


def _cumulative_series(region: str, root: Path | str | None, until: Quarter | str | None) -> Iterator[_Cumulative]:
    catalog = load_catalog(root)
    tables = {entry.name for entry in catalog.entries if entry.schema == "cumulative"}
    rows = facts(region, root=root, until=until, observed=True)
    rows = select_facts(rows[rows["table"].isin(tables)], catalog.preference)
    for key, series in rows.groupby(_SERIES, sort=True):
        months = [(int(period[:4]), int(period[5:])) for period in series["period"]]
        derived = frozenset(
            month for month, confidence in zip(months, series["confidence"], strict=True) if confidence == "derived"
        )
        scheme, indicator, scope = (str(name) for name in key)
        yield _Cumulative((scheme, indicator, scope), dict(zip(months, series["value"], strict=True)), derived)


def _flow_status(series: _Cumulative, flow: Flow) -> str:
    return series.status((flow.year, flow.first_month - 1), (flow.year, flow.last_month))


def _quarter(year: int, month: int) -> Quarter:
    return Quarter(year, (month + 2) // 3)


def _needed(quarter: Quarter) -> tuple[tuple[int, int], ...]:
    end = 3 * quarter.number
    return tuple((quarter.year, month) for month in (end - 3, end) if month)


def _reason(missing: list[tuple[int, int]]) -> str:
    spans = [f"January to {calendar.month_name[month]} {year}" for year, month in missing]
    return f"no {'figure' if len(spans) == 1 else 'figures'} for {' and '.join(spans)}"
