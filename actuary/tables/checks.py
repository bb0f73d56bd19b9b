"""Check a typed table against its schema, and translate every failure into a problem with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from actuary.errors import Problem, unknown_name
from actuary.tables.schemas import Field, Schema, get_schema
from actuary.units import UNITS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Indicator", "frame_problems"]

_PATTERNS = {
    "name": (r"[a-z][a-z0-9_]*", "a name of small letters, digits and underscores"),
    "period": (r"(?:19|20|21)\d\d(?:Q[1-4]|-(?:0[1-9]|1[0-2]))?", "a year, quarter or month: 2024, 2024Q1 or 2024-02"),
    "month": (r"(?:19|20|21)\d\d-(?:0[1-9]|1[0-2])", "the last month of a cumulative figure, such as 2024-02"),
    "year": (r"(?:19|20|21)\d\d", "a year such as 2024"),
    "url": (r"https?://\S+", "an address that begins with http:// or https://, or nothing"),
}
_QUANTITIES = tuple(sorted({unit.quantity for unit in UNITS.values()}))


class Indicator(NamedTuple):
    """Describe one indicator of the fact tables.

    Parameters
    ----------
    name : str
        Name used in tables.
    kind : str
        ``stock`` (stands at the end of its period), ``flow`` (belongs to the whole period), ``rate``, ``price`` or
        ``count``.
    quantity : str
        What its unit must measure.
    zh, en : str
        What it is, in words.
    minimum, maximum : float or None
        Bounds in the base unit.
    """

    name: str
    kind: str
    quantity: str
    zh: str
    en: str
    minimum: float | None
    maximum: float | None


def frame_problems(
    frame: pd.DataFrame, schema: Schema, *, where: str, indicators: tuple[Indicator, ...]
) -> list[tuple[int, int, Problem]]:
    """Validate a typed table with pandera and return its problems with row and column for sorting.

    Parameters
    ----------
    frame : DataFrame
        Columns of the schema, converted; index: row as an editor counts. Amounts are in base units, with the printed
        text beside them in ``<name>_published``; what could not be converted is NaN.
    schema : Schema
        What it must be. Columns of the schema that are not there are not looked at.
    where : str
        How messages name the file.
    indicators : tuple of Indicator
        The dictionary.
    """
    import pandera.errors  # noqa: PLC0415 (slow to import)

    present = tuple(name for name in schema.columns if name in frame.columns)
    try:
        _frame_schema(schema.name, present, indicators).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        failures = error.failure_cases
    else:
        return []
    known = {indicator.name: indicator for indicator in indicators}
    seen: set[tuple[int, str]] = set()
    found: list[tuple[int, int, Problem]] = []
    for column, check, index in zip(failures["column"], failures["check"], failures["index"], strict=True):
        row, rule = int(index), str(check)
        # A rule over several columns is reported once for each of them.
        if (row, rule) in seen:
            continue
        seen.add((row, rule))
        kind, _, name = rule.partition(" ")
        name = name or str(column)
        values = frame.loc[row]
        place = f"{where} row {row}, {name}"
        problem = _TRANSLATE[kind](place, name, values, _Context(frame, schema, known))
        found.append((row, schema.columns.index(name) if name in schema.columns else 0, problem))
    return found


class _Context(NamedTuple):
    frame: pd.DataFrame
    schema: Schema
    indicators: Mapping[str, Indicator]


@cache
def _frame_schema(name: str, present: tuple[str, ...], indicators: tuple[Indicator, ...]) -> Any:
    import pandera.pandas as pa  # noqa: PLC0415 (slow to import)

    schema = get_schema(name)
    columns = {
        column: pa.Column(
            float if schema.field(column).kind in ("amount", "number") else str,
            _column_checks(pa, schema.field(column), indicators),
            nullable=schema.field(column).kind in ("amount", "number"),
        )
        for column in present
    }
    return pa.DataFrameSchema(columns, checks=_frame_checks(pa, schema, present, indicators), strict=False)


def _column_checks(pa: Any, field: Field, indicators: tuple[Indicator, ...]) -> list[Any]:
    members: dict[str, tuple[str, ...]] = {
        "choice": field.choices,
        "unit": tuple(UNITS),
        "quantity": _QUANTITIES,
        "indicator": tuple(indicator.name for indicator in indicators),
    }
    if field.kind in members:
        names = members[field.kind]
        return [pa.Check(lambda column: column.isin(names), error=f"member {field.name}")]
    if field.kind in _PATTERNS:
        pattern = _PATTERNS[field.kind][0]
        optional = not field.required
        return [
            pa.Check(
                lambda column: column.str.fullmatch(pattern) | (optional & column.eq("")),
                error=f"pattern {field.name}",
            )
        ]
    if field.kind == "text" and field.required:
        return [pa.Check(lambda column: column.str.strip().ne(""), error=f"filled {field.name}")]
    return []


def _frame_checks(pa: Any, schema: Schema, present: tuple[str, ...], indicators: tuple[Indicator, ...]) -> list[Any]:
    checks = []
    if set(schema.key) <= set(present):
        key = list(schema.key)
        checks.append(pa.Check(lambda frame: ~frame.duplicated(key), error=f"unique {key[0]}", ignore_na=False))
    if {"indicator", "unit"} <= set(present) and schema.of_kind("unit"):
        quantity = {indicator.name: indicator.quantity for indicator in indicators}
        measured = {unit.name: unit.quantity for unit in UNITS.values()}
        checks.append(
            pa.Check(
                lambda frame: _agree(frame["indicator"].map(quantity), frame["unit"].map(measured)),
                error="quantity unit",
                ignore_na=False,
            )
        )
        lowest = {indicator.name: indicator.minimum for indicator in indicators if indicator.minimum is not None}
        highest = {indicator.name: indicator.maximum for indicator in indicators if indicator.maximum is not None}
        for field in schema.of_kind("amount"):
            if field.name not in present:
                continue
            checks.append(
                pa.Check(
                    lambda frame, name=field.name: (
                        ~(frame[name] < frame["indicator"].map(lowest).astype(float))
                        & ~(frame[name] > frame["indicator"].map(highest).astype(float))
                    ),
                    error=f"range {field.name}",
                    ignore_na=False,
                )
            )
    if {"value", "target_text"} <= set(present):
        checks.append(
            pa.Check(
                lambda frame: frame["value_published"].ne("") | frame["target_text"].str.strip().ne(""),
                error="target value",
                ignore_na=False,
            )
        )
    return checks


def _agree(left: pd.Series[Any], right: pd.Series[Any]) -> pd.Series[bool]:
    # Names that nobody knows are reported by their own rule.
    return left.eq(right) | left.isna() | right.isna()


def _member(place: str, name: str, row: pd.Series[Any], context: _Context) -> Problem:
    field = context.schema.field(name)
    names = {"unit": tuple(UNITS), "quantity": _QUANTITIES, "indicator": tuple(context.indicators)}
    problem = unknown_name(place, row[name], names.get(field.kind, field.choices), what=name)
    if field.kind == "indicator" and not problem.mend:
        return Problem(problem.where, problem.found, problem.expected, "or add it to the table of indicators")
    return problem


def _pattern(place: str, name: str, row: pd.Series[Any], context: _Context) -> Problem:
    return Problem(place, repr(row[name]), _PATTERNS[context.schema.field(name).kind][1])


def _filled(place: str, name: str, _row: pd.Series[Any], _context: _Context) -> Problem:
    return Problem(place, "an empty cell", "a source" if name == "source" else "a text")


def _unique(place: str, _name: str, row: pd.Series[Any], context: _Context) -> Problem:
    key = list(context.schema.key)
    # A cell that is missing is the same as another that is.
    same = ((context.frame[key] == row[key]) | (context.frame[key].isna() & row[key].isna())).all(axis=1)
    first = int(same.index[same][0])
    found = f"the same {', '.join(key)} as row {first}"
    mend = "delete one of the two rows, or say in basis or confidence how they differ"
    return Problem(place.rpartition(",")[0], found, "one row for each of them", mend if "basis" in key else "")


def _quantity(place: str, _name: str, row: pd.Series[Any], context: _Context) -> Problem:
    quantity = context.indicators[row["indicator"]].quantity
    units = ", ".join(unit.name for unit in UNITS.values() if unit.quantity == quantity)
    found = f"{row['unit']!r}, which measures {UNITS[row['unit']].quantity}"
    return Problem(place, found, f"a unit of {quantity} for {row['indicator']} ({units})")


def _range(place: str, name: str, row: pd.Series[Any], context: _Context) -> Problem:
    indicator = context.indicators[row["indicator"]]
    low, high = indicator.minimum, indicator.maximum
    found = f"{row[f'{name}_published']} {row['unit']}"
    if low is not None and row[name] < low:
        expected = f"{indicator.name} of {low:g} or more"
    else:
        expected = f"{indicator.name} of {high:g} or less, in {_base(indicator.quantity)}"
    return Problem(place, found, expected, "correct the sign, the unit or the figure")


def _target(place: str, _name: str, _row: pd.Series[Any], _context: _Context) -> Problem:
    return Problem(place, "neither a value nor a text", "a target", "fill value, or target_text")


def _base(quantity: str) -> str:
    return next(unit.name for unit in UNITS.values() if unit.quantity == quantity and unit.factor == 1)


_TRANSLATE: dict[str, Callable[[str, str, Any, _Context], Problem]] = {
    "member": _member,
    "pattern": _pattern,
    "filled": _filled,
    "unique": _unique,
    "quantity": _quantity,
    "range": _range,
    "target": _target,
}
