"""Bring the fact rows of every table together, by region and up to a quarter."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

import pandas as pd

from actuary.errors import Problem, TableError, UnknownNameError, unknown_name
from actuary.periods import Quarter
from actuary.tables.catalog import Catalog, CatalogEntry, load_catalog
from actuary.tables.readers import read_table
from actuary.tables.schemas import OBSERVED_SCHEMAS

__all__ = ["facts", "known_regions", "last_quarter", "period_end"]

_COLUMNS = (
    "region",
    "period",
    "quarter",
    "scheme",
    "indicator",
    "scope",
    "group",
    "value",
    "unit",
    "basis",
    "source",
    "url",
    "confidence",
    "note",
    "value_published",
    "unit_published",
    "yoy_pct",
    "table",
    "row",
)
_FACT_SCHEMAS = (*OBSERVED_SCHEMAS, "targets")


def facts(
    region: str, *, root: Path | str | None = None, until: Quarter | str | None = None, observed: bool = False
) -> pd.DataFrame:
    """Return every fact row of a region, from all tables.

    Parameters
    ----------
    region : str
        Region id, such as ``national`` or ``shenyang``.
    root : path, optional
        A data folder; the one that comes with the package when left out.
    until : Quarter or str, optional
        Leave out facts of later quarters. A year counts as its fourth quarter, a month as the quarter it lies in.
    observed : bool
        Leave out plans, budgets and targets.

    Returns
    -------
    DataFrame
        Columns region, period (as published), quarter (label of the quarter in which the period ends), scheme,
        indicator, scope and group ("" where the table has none), value [base unit], unit, basis, source, url,
        confidence, note, value_published, unit_published, yoy_pct [%], table and row (line of its file). Rows
        without a value (targets in words) are left out. ``attrs``: tables (name to sha256), synthetic.

    Raises
    ------
    UnknownNameError
        When no table has a fact of that region.
    TableError
        When a table is not valid.

    Examples
    --------
    >>> rows = facts("shenyang", until="2020Q4", observed=True)
    >>> float(rows[(rows.scheme == "employee") & (rows.indicator == "dependency_ratio")].value.iloc[0])
    1.47
    """
    rows = _all_rows(root)
    known = rows["region"].unique()
    if region not in known:
        raise UnknownNameError(unknown_name("region", region, known, what="region with facts"))
    mask = rows["region"].eq(region)
    if observed:
        mask &= _observed(rows)
    if until is not None:
        mask &= rows["quarter"].le(str(Quarter.parse(until, where="until")))
    chosen = rows[mask].reset_index(drop=True)
    used = set(chosen["table"])
    tables: dict[str, tuple[str, bool]] = rows.attrs["tables"]
    chosen.attrs = {
        "tables": {name: sha256 for name, (sha256, _) in tables.items() if name in used},
        "synthetic": any(synthetic for name, (_, synthetic) in tables.items() if name in used),
    }
    return chosen


def known_regions(root: Path | str | None = None) -> tuple[str, ...]:
    """Return the regions that have at least one fact, in alphabetical order.

    Parameters
    ----------
    root : path, optional
        A data folder; the one that comes with the package when left out.

    Raises
    ------
    TableError
        When a table is not valid.

    Examples
    --------
    >>> "shenyang" in known_regions()
    True
    """
    return tuple(sorted(_all_rows(root)["region"].unique()))


def last_quarter(region: str, root: Path | str | None = None, *, indicators: Collection[str] | None = None) -> Quarter:
    """Return the quarter of the last observed fact of a region.

    Plans, budgets, targets and published projections do not count. A year counts as its fourth quarter.

    Parameters
    ----------
    region : str
        Region id.
    root : path, optional
        A data folder; the one that comes with the package when left out.
    indicators : collection of str, optional
        Count facts of these indicators only, such as ``{"income", "expenditure"}``.

    Raises
    ------
    UnknownNameError
        When no table has a fact of that region.
    TableError
        When the region has no observed fact of these indicators, or a table is not valid.

    Examples
    --------
    >>> str(last_quarter("shenyang")), str(last_quarter("shenyang", indicators={"income"}))
    ('2024Q4', '2020Q4')
    """
    rows = facts(region, root=root, observed=True)
    if indicators is not None:
        rows = rows[rows["indicator"].isin(list(indicators))]
    if rows.empty:
        what = "an observed fact" if indicators is None else f"an observed fact of {', '.join(sorted(indicators))}"
        raise TableError(Problem(f"region {region}", "none", what, "add one to a table under data/"))
    return Quarter.parse(str(rows["quarter"].max()))


def period_end(period: str) -> str:
    """Return the label of the quarter in which a period ends.

    Parameters
    ----------
    period : str
        A year, quarter or month.

    Examples
    --------
    >>> period_end("2024"), period_end("2024Q1"), period_end("2024-02")
    ('2024Q4', '2024Q1', '2024Q1')
    """
    if "Q" in period:
        return period
    year, _, month = period.partition("-")
    return f"{year}Q{(int(month or 12) + 2) // 3}"


def _observed(rows: pd.DataFrame) -> pd.Series[bool]:
    return rows["basis"].ne("plan") & rows["schema"].isin(OBSERVED_SCHEMAS)


def _all_rows(root: Path | str | None) -> pd.DataFrame:
    catalog = load_catalog(root)
    entries = tuple(entry for entry in catalog.entries if entry.schema in _FACT_SCHEMAS)
    dictionary = tuple(entry for entry in catalog.entries if entry.schema == "indicators")
    try:
        contents = tuple(catalog.file(entry).read_bytes() for entry in (*entries, *dictionary))
    except OSError:
        # A missing file is named where it is read.
        contents = ()
    return _joined_rows(catalog, entries, contents)


# A run asks for the rows of the same files dozens of times; what a file holds is part of the key.
@lru_cache(maxsize=4)
def _joined_rows(catalog: Catalog, entries: tuple[CatalogEntry, ...], _contents: tuple[bytes, ...]) -> pd.DataFrame:
    parts: list[pd.DataFrame] = []
    tables: dict[str, tuple[str, bool]] = {}
    for entry in entries:
        table = read_table(entry.name, root=catalog.root)
        tables[entry.name] = (table.attrs["sha256"], table.attrs["synthetic"])
        table.attrs = {}
        parts.append(table[table["value"].notna()].assign(table=entry.name, schema=entry.schema))
    if not parts:
        raise TableError(Problem("the data folder", "no table of facts", "at least one"))
    rows = pd.concat(parts, ignore_index=True)
    ends = {period: period_end(period) for period in rows["period"].unique()}
    rows["quarter"] = rows["period"].map(ends)
    for name in ("scope", "group"):
        rows[name] = rows[name].fillna("") if name in rows.columns else ""
    if "yoy_pct" not in rows.columns:
        rows["yoy_pct"] = float("nan")
    rows = rows[[*_COLUMNS, "schema"]]
    rows.attrs = {"tables": tables}
    return rows
