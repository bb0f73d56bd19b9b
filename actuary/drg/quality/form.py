"""Check the tables themselves: types, code lists, bounds, lengths, keys, headings (F01 to F09)."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from actuary.drg.quality.columns import Column, as_text
from actuary.drg.quality.findings import Hit
from actuary.drg.quality.repeats import repeat_counts
from actuary.drg.quality.settlement_list import ListTable, SettlementList
from actuary.drg.quality.shapes import Field
from actuary.errors import nearest_name

__all__ = ["check_form"]

# Likeness from which a heading of a flat file is taken for a slip of the pen.
_MISSPELT = 0.8


def check_form(lists: SettlementList) -> Iterator[Hit]:
    """Yield everything that the tables themselves say wrongly.

    Parameters
    ----------
    lists : SettlementList
        The tables.
    """
    for table in lists.tables.values():
        for name, column in table.columns.items():
            yield from _values(table.name, name, column)
        if table.raw is not None:
            yield from _broken(table)
            yield from _unknown_columns(lists, table)
        if table.name != "case":
            yield from _orphans(table)
    yield from _double_stays(lists)


def _values(table: str, name: str, column: Column) -> Iterator[Hit]:
    field = column.field
    bad = np.flatnonzero(column.bad)
    if len(bad):
        yield Hit("F01", field.type, table, bad, name)
    if field.choices:
        rule = "F03" if field.confidence == "recalled" else "F02"
        choices = set(field.choices)
        wrong = np.flatnonzero(column.known & ~column.where(choices.__contains__))
        if len(wrong):
            yield Hit(rule, "choice", table, wrong, name, filling=_choices(field))
    if field.minimum is not None or field.maximum is not None:
        yield from _out_of_bounds(table, name, column)
    if field.length is not None and field.type in ("text", "code"):
        too_long = np.asarray(pc.fill_null(pc.greater(pc.utf8_length(as_text(column.raw)), field.length), False))
        rows = np.flatnonzero(too_long & column.known)
        if len(rows):
            yield Hit("F05", "length", table, rows, name, filling={"length": field.length})


def _choices(field: Field) -> dict[str, str]:
    meanings = " ".join(f"{code}{meaning}" for code, meaning in field.choices.items())
    return {"choices": meanings, "codes": ", ".join(field.choices)}


def _out_of_bounds(table: str, name: str, column: Column) -> Iterator[Hit]:
    low, high = column.field.minimum, column.field.maximum
    outside = np.zeros(len(column.values), dtype=bool)
    if low is not None:
        outside |= column.values < low
    if high is not None:
        outside |= column.values > high
    rows = np.flatnonzero(outside & column.known)
    if len(rows):
        bounds = {"low": "…" if low is None else low, "high": "…" if high is None else high}
        yield Hit("F04", "range", table, rows, name, filling=bounds)


def _broken(table: ListTable) -> Iterator[Hit]:
    if table.raw is None or not table.raw.broken:
        return
    cells = {row.row: row.cells for row in table.raw.broken}
    rows = np.flatnonzero(np.isin(table.rows, list(cells)))
    first = next(iter(table.columns))
    value = pa.array([str(cells[number]) for number in table.rows[rows].tolist()])
    yield Hit("F09", "cells", table.name, rows, first, value, filling={"expected": table.raw.broken[0].expected})


def _unknown_columns(lists: SettlementList, table: ListTable) -> Iterator[Hit]:
    if table.raw is None:
        return
    known = set(lists.declared.tables[table.name].fields)
    if lists.flat:
        known |= set(lists.declared.case_columns)
    for name in table.raw.table.column_names:
        near = nearest_name(name, known)
        # A flat file may carry what it likes; only a heading that looks misspelt is worth a word.
        misspelt = difflib.get_close_matches(name, known, n=1, cutoff=_MISSPELT)
        if name in known or (lists.flat and not misspelt):
            continue
        words = {"nearest_zh": f"，是否应为{near}", "nearest_en": f"; did you mean {near}?"} if near else {}
        filling = {"nearest_zh": "", "nearest_en": "", **words}
        yield Hit("F08", "unknown", table.name, None, name, name, filling=filling)


def _orphans(table: ListTable) -> Iterator[Hit]:
    if table.raw is None:
        return
    rows = np.flatnonzero((table.stay < 0) & table.columns["mdtrt_id"].known)
    if len(rows):
        yield Hit("F07", "orphan", table.name, rows, "mdtrt_id")


def _double_stays(lists: SettlementList) -> Iterator[Hit]:
    count = repeat_counts(lists, "F06")
    rows = np.flatnonzero(count > 1)
    if len(rows):
        yield Hit("F06", "double", "case", rows, "mdtrt_id", filling={"count": count[rows]})
