"""Check what must be filled: required fields, newborns, deliveries (Q01, Q06, Q07)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from actuary.drg.quality.findings import Hit
from actuary.drg.quality.registry import Context, check
from actuary.drg.quality.stays import age_in_days, western

__all__ = ["birth_weights", "newborns", "required_fields"]


@check("Q01")
def required_fields(context: Context) -> Iterator[Hit]:
    """Yield empty required fields, cases without age or diagnosis, and required columns that are missing."""
    lists = context.lists
    yield from _missing_columns(context)
    for table in lists.tables.values():
        for name, column in table.columns.items():
            rows = np.flatnonzero(column.blank)
            if column.field.required and len(rows):
                yield Hit("Q01", "empty", table.name, rows, name)
    yield from _ages(context)
    if "diagnosis" in lists.tables and lists.has("diagnosis", "diag_code"):
        rows = np.flatnonzero(lists.count_of("diagnosis", lists.column("diagnosis", "diag_code").known) == 0)
        if len(rows):
            yield Hit("Q01", "no_diagnosis", "case", rows, ("diagnosis", "diag_code"), "")


def _missing_columns(context: Context) -> Iterator[Hit]:
    lists, declared = context.lists, context.declared
    if lists.flat:
        present = set(lists.case.raw.table.column_names) if lists.case.raw else set()
        for column in declared.case_columns.values():
            if column.required and column.name not in present:
                names = {"name": column.zh, "name_en": column.en}
                yield Hit("Q01", "column", "case", None, column.name, column.name, filling=names)
        return
    for table in lists.tables.values():
        for field in declared.tables[table.name].fields.values():
            if field.required and field.name not in table.columns:
                yield Hit("Q01", "column", table.name, None, field.name, field.name)


def _ages(context: Context) -> Iterator[Hit]:
    lists = context.lists
    if not lists.has("case", "age"):
        return
    years = lists.column("case", "age")
    _, known_days = age_in_days(context)
    # Where the age itself is required, its being empty is reported already.
    nothing = np.flatnonzero(years.blank & ~known_days) if not years.field.required else np.array([], dtype=np.int64)
    if len(nothing):
        yield Hit("Q01", "age", "case", nothing, "age")
    below = np.flatnonzero(years.known & (years.values == 0) & ~known_days)
    if len(below):
        yield Hit("Q01", "age_days", "case", below, "nwb_age")


def _weight_bounds(context: Context, rule: str, name: str) -> Iterator[Hit]:
    if not context.lists.has("case", name):
        return
    low, high = context.limit("weight_min_g"), context.limit("weight_max_g")
    weight = context.lists.column("case", name)
    rows = np.flatnonzero(weight.known & ((weight.values < low) | (weight.values > high)))
    if len(rows):
        yield Hit(rule, "range", "case", rows, name, filling={"low": low, "high": high})


@check("Q06")
def newborns(context: Context) -> Iterator[Hit]:
    """Yield newborns without kind or weight of admission, and weights out of bounds."""
    lists = context.lists
    days, known = age_in_days(context)
    newborn = known & (days <= context.limit("newborn_days"))
    for message, name in (("type", "nwb_adm_type"), ("weight", "nwb_adm_wt")):
        if lists.has("case", name):
            rows = np.flatnonzero(newborn & lists.column("case", name).blank)
            if len(rows):
                yield Hit("Q06", message, "case", rows, name, filling={"days": days[rows]})
    yield from _weight_bounds(context, "Q06", "nwb_adm_wt")


@check("Q07")
def birth_weights(context: Context) -> Iterator[Hit]:
    """Yield deliveries without the birth weight of the child, and birth weights out of bounds."""
    lists = context.lists
    yield from _weight_bounds(context, "Q07", "nwb_bir_wt")
    if not lists.has("diagnosis", "diag_code"):
        return
    codes = lists.column("diagnosis", "diag_code")
    first = lists.first_of("diagnosis", western(context) & codes.where(context.codes("delivery").holds))
    rows = np.flatnonzero((first >= 0) & lists.column("case", "nwb_bir_wt").blank)
    if len(rows):
        code: pa.Array = codes.text(first[rows])
        yield Hit("Q07", "missing", "case", rows, "nwb_bir_wt", filling={"code": code})
