"""The latest published figure of every indicator of a region, with its age."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from actuary.periods import Quarter
from actuary.tables import facts, load_catalog, load_indicators, select_facts

__all__ = ["facts_page"]

_COLUMNS = [
    "scheme",
    "indicator",
    "group",
    "scope",
    "zh",
    "en",
    "value",
    "unit",
    "value_published",
    "unit_published",
    "period",
    "quarter",
    "age_quarters",
    "basis",
    "source",
    "url",
    "confidence",
    "note",
    "table",
]


def facts_page(region: str, quarter: str | Quarter, *, data: Path | None = None) -> pd.DataFrame:
    """Return the latest published figure of every indicator of a region, up to a quarter.

    Parameters
    ----------
    region : str
        Region id.
    quarter : str or Quarter
        The report quarter; later figures are left out. It may lie after the last figure: the age says how far.
    data : Path, optional
        Data folder.

    Returns
    -------
    DataFrame
        One row for each scheme and indicator (and group and scope, "" where there are none): `zh` and `en` names,
        `value` in its base `unit`, `value_published` and `unit_published` as printed, `period`, the `quarter` in which
        it ends, `age_quarters` before the report quarter, `basis`, `source`, `url`, `confidence`, `note`, `table`.
        Schemes in the order all, employee, resident, others; indicators in alphabetical order. Empty when nothing is
        published up to the quarter; plans and targets are no figures.

    Raises
    ------
    UnknownNameError
        When no table has a fact of the region.
    PeriodError
        When the quarter cannot be read.

    Examples
    --------
    >>> page = facts_page("shenyang", "2020Q4")
    >>> row = page[(page.scheme == "all") & (page.indicator == "income")].iloc[0]
    >>> row.zh, row.value_published, row.unit_published, int(row.age_quarters)
    ('基金收入', '190.6', '100m_yuan', 0)
    """
    report = Quarter.parse(quarter, where="--quarter")
    rows = select_facts(facts(region, root=data, until=report, observed=True), load_catalog(data).preference)
    key = ["scheme", "indicator", "group", "scope"]
    # Of a year, a quarter and a month that end together the year, with the shortest label, comes last and is kept.
    lengths = -rows["period"].str.len()
    rows = rows.assign(length=lengths).sort_values(["quarter", "length"], kind="stable")
    latest = rows.drop_duplicates(key, keep="last").copy()
    indicators = load_indicators(data)
    latest["zh"] = [indicators[name].zh for name in latest["indicator"]]
    latest["en"] = [indicators[name].en for name in latest["indicator"]]
    latest["age_quarters"] = [report - Quarter.parse(label) for label in latest["quarter"]]
    order = {name: rank for rank, name in enumerate(("all", "employee", "resident"))}
    latest["rank"] = latest["scheme"].map(order).fillna(len(order))
    ranked = latest.sort_values(["rank", "scheme", "indicator", "group", "scope"], kind="stable")
    return ranked[_COLUMNS].reset_index(drop=True)
