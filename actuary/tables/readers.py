"""Read a table of the catalogue, or a file of the user, with every problem found at once."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from actuary.errors import Problem, TableError, raise_all
from actuary.files import read_bytes
from actuary.tables.catalog import Catalog, CatalogEntry, load_catalog
from actuary.tables.cells import Cells, read_cells
from actuary.tables.checks import Indicator, frame_problems
from actuary.tables.numerals import amounts_in_base_units, number_problem, plain_numbers
from actuary.tables.schemas import Schema, get_schema
from actuary.units import UNITS, base_unit

__all__ = ["Examined", "Indicator", "examine_entry", "load_indicators", "read_file", "read_table"]

_SEAL = "run `actuary data seal` if the change is meant"


class Examined(NamedTuple):
    """Hold what was found in one file.

    Parameters
    ----------
    frame : DataFrame or None
        The typed table; None when the file could not be read at all.
    rows : int
        Number of rows.
    sha256 : str
        Checksum of its bytes.
    problems : tuple of Problem
        In the order of the file.
    """

    frame: pd.DataFrame | None
    rows: int
    sha256: str
    problems: tuple[Problem, ...]


def read_table(name: str, *, root: Path | str | None = None) -> pd.DataFrame:
    """Read a table of the catalogue.

    Every cell is read as text, checked, and converted once, exactly. Amounts come in base units (yuan, persons,
    shares 0-1) with the printed number and unit beside them.

    Parameters
    ----------
    name : str
        Name in the catalogue.
    root : path, optional
        A data folder; the one that comes with the package when left out.

    Returns
    -------
    DataFrame
        The columns of its schema; for tables with amounts also `value_published`, `unit_published` (text), for
        targets `base_value_published`; `row` is the line of the file. An amount that a target leaves open is NaN,
        an empty text is "". ``attrs``: name, sha256, synthetic, licence.

    Raises
    ------
    UnknownNameError
        When the catalogue has no such table.
    TableError
        With every problem of the file, each with row, column, what is there and what was expected; and when the
        file is not the one that was sealed.

    Examples
    --------
    >>> table = read_table("city_facts")
    >>> row = table[(table.region == "shenyang") & (table.scheme == "all") & (table.indicator == "income")].iloc[0]
    >>> float(row.value), row.unit, row.value_published, row.unit_published
    (19060000000.0, 'yuan', '190.6', '100m_yuan')
    """
    catalog = load_catalog(root)
    entry = catalog.entry(name)
    examined = examine_entry(entry, catalog)
    raise_all([*examined.problems, *seal_problems(entry, catalog, examined)], TableError)
    assert examined.frame is not None  # noqa: S101 (a file without problems was read)
    frame = examined.frame.copy()
    frame.attrs = {
        "name": entry.name,
        "sha256": examined.sha256,
        "synthetic": entry.synthetic,
        "licence": entry.licence,
    }
    return frame


def read_file(path: Path | str, schema: str, *, root: Path | str | None = None) -> pd.DataFrame:
    """Read a file that is not in the catalogue, such as a city's own figures.

    Parameters
    ----------
    path : path
        A CSV file.
    schema : str
        Which schema it follows.
    root : path, optional
        The data folder whose dictionary of indicators applies.

    Returns
    -------
    DataFrame
        As :func:`read_table`; ``attrs``: name, sha256.

    Raises
    ------
    UnknownNameError
        When there is no such schema.
    TableError
        With every problem of the file.
    """
    target = Path(path)
    kind = get_schema(schema)
    content = read_bytes(target, where=str(path), expected="a CSV file")
    examined = _examine(content, kind.name, target.name, _dictionary(kind, load_catalog(root)))
    raise_all(examined.problems, TableError)
    assert examined.frame is not None  # noqa: S101 (a file without problems was read)
    frame = examined.frame.copy()
    frame.attrs = {"name": target.stem, "sha256": examined.sha256}
    return frame


def load_indicators(root: Path | str | None = None) -> dict[str, Indicator]:
    """Return the dictionary of indicators by name.

    Parameters
    ----------
    root : path, optional
        A data folder; the one that comes with the package when left out.

    Raises
    ------
    TableError
        When the table of indicators is missing or not valid.

    Examples
    --------
    >>> load_indicators()["balance_end"].zh
    '累计结余'
    """
    catalog = load_catalog(root)
    return {indicator.name: indicator for indicator in _load_dictionary(catalog)}


def examine_entry(entry: CatalogEntry, catalog: Catalog) -> Examined:
    """Read the file of an entry and return it with every problem of its rows, raising nothing.

    Parameters
    ----------
    entry : CatalogEntry
        Which file.
    catalog : Catalog
        Where it lies.
    """
    where = catalog.where(entry)
    try:
        content = catalog.file(entry).read_bytes()
    except OSError:
        mend = "put the file there, or delete its entry from the catalogue"
        return Examined(None, 0, "", (Problem(where, "no such file", "the file that the catalogue names", mend),))
    schema = get_schema(entry.schema)
    try:
        dictionary = _dictionary(schema, catalog)
    except TableError as error:
        return Examined(None, 0, hashlib.sha256(content).hexdigest(), error.problems)
    return _examine(content, schema.name, where, dictionary)


def seal_problems(entry: CatalogEntry, catalog: Catalog, examined: Examined) -> list[Problem]:
    """Return how a file differs from what was sealed.

    Parameters
    ----------
    entry : CatalogEntry
        What was sealed.
    catalog : Catalog
        Where it lies.
    examined : Examined
        What is there.
    """
    where = catalog.where(entry)
    if not examined.sha256:
        return []
    if examined.sha256 != entry.sha256:
        found = f"checksum {examined.sha256[:12]}…"
        return [Problem(where, found, f"{entry.sha256[:12]}…, as the catalogue says", _SEAL)]
    if examined.frame is not None and examined.rows != entry.rows:
        return [Problem(where, f"{examined.rows} rows", f"{entry.rows}, as the catalogue says", _SEAL)]
    return []


def _dictionary(schema: Schema, catalog: Catalog) -> tuple[Indicator, ...]:
    return _load_dictionary(catalog) if schema.of_kind("indicator") else ()


def _load_dictionary(catalog: Catalog) -> tuple[Indicator, ...]:
    entries = [entry for entry in catalog.entries if entry.schema == "indicators"]
    if len(entries) != 1:
        found = f"{len(entries)} tables of indicators"
        raise TableError(Problem(f"{catalog.root.name}/catalog.toml", found, "one table with the schema indicators"))
    examined = examine_entry(entries[0], catalog)
    raise_all(examined.problems, TableError)
    assert examined.frame is not None  # noqa: S101 (a file without problems was read)
    return _indicators(examined.frame)


def _indicators(frame: pd.DataFrame) -> tuple[Indicator, ...]:
    names = ["indicator", "kind", "quantity", "zh", "en"]
    texts = frame[names].itertuples(index=False, name=None)
    bounds = frame[["minimum", "maximum"]].astype(object).where(frame[["minimum", "maximum"]].notna(), None)
    return tuple(
        Indicator(*text, *bound) for text, bound in zip(texts, bounds.itertuples(index=False, name=None), strict=True)
    )


# A report asks for the same few files again and again.
@lru_cache(maxsize=64)
def _examine(content: bytes, schema_name: str, where: str, indicators: tuple[Indicator, ...]) -> Examined:
    schema = get_schema(schema_name)
    cells = read_cells(content, schema.columns, where=where)
    sha256 = hashlib.sha256(content).hexdigest()
    if not cells.readable:
        return Examined(None, 0, sha256, cells.problems)
    frame, located = _typed(cells, schema, where)
    located += frame_problems(frame, schema, where=where, indicators=indicators)
    located.sort(key=lambda item: item[:2])
    problems = (*cells.problems, *(problem for _, _, problem in located))
    frame = _finished(frame, schema)
    return Examined(frame, len(cells.rows), sha256, problems)


def _typed(cells: Cells, schema: Schema, where: str) -> tuple[pd.DataFrame, list[tuple[int, int, Problem]]]:
    texts = {
        name: [row[position] for row in cells.rows]
        for position, name in enumerate(cells.columns)
        if name in schema.columns and cells.columns.count(name) == 1
    }
    located: list[tuple[int, int, Problem]] = []
    columns: dict[str, list[str] | list[float]] = {}
    units = texts.get("unit", [])
    for column, field in enumerate(schema.fields):
        if field.name not in texts:
            continue
        given = texts[field.name]
        if field.kind not in ("amount", "number"):
            columns[field.name] = given
            continue
        read = list(given)
        for position, text in enumerate(given):
            if not text and not field.required:
                continue
            line = cells.lines[position]
            problem = number_problem(text, f"{where} row {line}, {field.name}")
            if problem is not None:
                located.append((line, column, problem))
                read[position] = ""
        if field.kind == "number":
            columns[field.name] = plain_numbers(read)
            continue
        known = [unit if unit in UNITS else "" for unit in units] if units else [""] * len(read)
        usable = [text if unit else "" for text, unit in zip(read, known, strict=True)]
        columns[field.name] = amounts_in_base_units(usable, [unit or "count" for unit in known])
        columns[f"{field.name}_published"] = given
    numeric = {field.name for field in schema.of_kind("amount", "number")}
    frame = pd.DataFrame(
        {
            name: pd.Series(values, index=cells.lines, dtype="float64" if name in numeric else "str")
            for name, values in columns.items()
        },
        index=cells.lines,
    )
    return frame, located


def _finished(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    frame = frame.rename_axis("row").reset_index()
    if schema.of_kind("unit") and "unit" in frame.columns:
        frame["unit_published"] = frame["unit"]
        frame["unit"] = [base_unit(unit) if unit in UNITS else unit for unit in frame["unit"]]
    order = [*schema.columns, *(name for name in frame.columns if name not in schema.columns and name != "row"), "row"]
    return frame[[name for name in order if name in frame.columns]]
