"""Dated parameters: what a rule or an assumption is from which day on, in which unit, and where that stands."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from actuary.errors import Problem, nearest_name, unknown_name
from actuary.policy.shapes import Shape, Text, check_source, fit, shown
from actuary.policy.toml_files import TomlFile
from actuary.units import UNITS, base_unit

__all__ = [
    "PARAMETER_UNITS",
    "AssumptionParameter",
    "AssumptionValue",
    "DatedValue",
    "Parameter",
    "Scalar",
    "check_bounds",
    "read_groups",
]

#: What a value may be.
Scalar = float | bool | str | dt.date

#: Units a parameter may have: the base units, and ``name`` for one of the parameter's `choices`.
PARAMETER_UNITS: tuple[str, ...] = (*(name for name in UNITS if base_unit(name) == name), "name")

_KEY = re.compile(r"\A[a-z][a-z0-9_]*\Z")
_PERCENT = re.compile(r"\A\s*([-+]?\d+(?:\.\d+)?)\s*[%％]\s*\Z")


def as_number(value: int) -> float:
    """Return a whole number as a float; one beyond every float becomes infinity, which every check refuses.

    Examples
    --------
    >>> as_number(8), as_number(-(10**400))
    (8.0, -inf)
    """
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _as_scalar(value: Any) -> Scalar:
    if isinstance(value, int) and not isinstance(value, bool):
        return as_number(value)
    if isinstance(value, float | bool | str) or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    raise ValueError("a number, true or false, text or a date")


Value = Annotated[
    Scalar,
    PlainValidator(_as_scalar),
    WithJsonSchema({"type": ["number", "boolean", "string"], "title": "Value"}),
]


class DatedValue(Shape):
    """Hold what a rule is from a day on.

    Attributes
    ----------
    first_day : datetime.date
        First day in force (``from`` in the file).
    last_day : datetime.date or None
        Last day in force (``to``); None: until the next entry begins.
    value : float, bool, str or datetime.date
        In the unit of the parameter.
    source : str
        ``S1`` (an id of sources.md), ``std`` or ``judgement``.
    confidence : str or None
        How the figure is known, where it was not simply seen in its source.
    note : str or None
        What a reader should know.
    first_record : bool
        Whether it is the earliest value known to the file and not a change: neither its first day nor its last is
        the day of an event.
    """

    first_day: dt.date = Field(alias="from")
    last_day: dt.date | None = Field(default=None, alias="to")
    value: Value
    source: str
    confidence: Literal["verified", "derived", "recalled", "conflicting"] | None = None
    note: Text | None = None
    first_record: bool = False


class AssumptionValue(DatedValue):
    """Hold an assumption from a day on, with the reason for it.

    Attributes
    ----------
    reason, reason_en : str
        Which published figures support the choice, in Chinese and in English.
    """

    reason: Text
    reason_en: Text | None = None


class Parameter(Shape):
    """Hold a dated parameter.

    Attributes
    ----------
    name, name_en : str
        What it is, in Chinese and in English.
    unit : str
        One of :data:`PARAMETER_UNITS`.
    minimum, maximum : float or None
        Bounds of its values; a share without bounds lies in 0 to 1.
    choices : tuple of str or None
        The words it may be, for unit ``name``.
    prorate : bool
        Whether a rate in force for part of a period is weighted by days; otherwise a quarter uses the rule of its
        first day.
    kind : str
        ``rule``; ``statistic`` for what was counted and rules nothing; ``target`` for what a plan aims at.
    replaces : tuple of str
        National keys that a city rules by this one: they are no part of its book.
    values : tuple of DatedValue
        In order of time.
    """

    name: Text
    name_en: Text
    unit: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Text, ...] | None = None
    prorate: bool = False
    kind: Literal["rule", "statistic", "target"] = "rule"
    replaces: tuple[Text, ...] = ()
    note: Text | None = None
    values: tuple[DatedValue, ...] = Field(min_length=1)

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value allowed."""
        low = self.minimum if self.minimum is not None else 0.0 if self.unit == "share" else -math.inf
        high = self.maximum if self.maximum is not None else 1.0 if self.unit == "share" else math.inf
        return low, high

    def spans(self) -> Iterator[tuple[dt.date, dt.date, int]]:
        """Yield first day, last day (``date.max``: open) and position of every entry."""
        for number, entry in enumerate(self.values):
            following = self.values[number + 1].first_day if number + 1 < len(self.values) else None
            end = dt.date.max if following is None else following - dt.timedelta(days=1)
            yield entry.first_day, min(end, entry.last_day or end), number

    def entry(self, day: dt.date) -> DatedValue | None:
        """Return the entry in force on a day, or None."""
        for first, last, number in self.spans():
            if first <= day <= last:
                return self.values[number]
        return None


class AssumptionParameter(Parameter):
    """Hold a dated assumption: a parameter whose every value gives its reason."""

    values: tuple[AssumptionValue, ...] = Field(min_length=1)


def check_bounds(parameter: Parameter, value: Scalar, *, where: str) -> list[Problem]:
    """Check that a value is of the kind that the parameter's unit asks for and lies within its bounds.

    Parameters
    ----------
    parameter : Parameter
        With a known unit.
    value : float, bool, str or datetime.date
        The value.
    where : str
        Its place.
    """
    unit = parameter.unit
    if unit in ("flag", "date", "name"):
        return _check_word(parameter, value, where=where)
    if isinstance(value, bool) or not isinstance(value, float):
        percent = _PERCENT.match(value) if isinstance(value, str) else None
        mend = f"write {float(percent[1]) / 100:.10g}" if percent and unit == "share" else "write it as a bare number"
        return [Problem(where, shown(value), f"a number ({unit})", mend)]
    low, high = parameter.bounds
    if not math.isfinite(value):
        return [Problem(where, shown(value), f"a finite number ({unit})")]
    if not low <= value <= high:
        mend = "write shares as 0.08 for 8 %" if unit == "share" and abs(value) > 1 else ""
        return [Problem(where, shown(value), f"a value from {low:g} to {high:g} ({unit})", mend)]
    return []


def _check_word(parameter: Parameter, value: Scalar, *, where: str) -> list[Problem]:
    """Check a value that is no number: a truth value, a date or one of the choices."""
    choices = parameter.choices or ()
    if parameter.unit == "name":
        known = isinstance(value, str) and value in choices
        return [] if known else [unknown_name(where, value, choices, what="choice")]
    kind, words = (bool, "true or false (unit flag)") if parameter.unit == "flag" else (dt.date, "a date")
    return [] if isinstance(value, kind) else [Problem(where, shown(value), words, "write it without quotation marks")]


def _header(table: Mapping[str, Any]) -> Parameter | None:
    """Return what is known of unit and bounds of a table, or None when its values cannot be judged by it."""
    unit, low, high, choices = (table.get(name) for name in ("unit", "minimum", "maximum", "choices"))
    numbers = all(
        bound is None or (isinstance(bound, int | float) and not isinstance(bound, bool)) for bound in (low, high)
    )
    if unit not in PARAMETER_UNITS or not numbers or (unit == "name" and not isinstance(choices, tuple)):
        return None
    return Parameter.model_construct(
        name="", name_en="", values=(), unit=str(unit), minimum=low, maximum=high, choices=choices
    )


def _check_table(
    table: Mapping[str, Any], *, file: TomlFile, key: str, sources: Mapping[str, str] | None
) -> list[Problem]:
    """Check what the shape cannot say, on whatever parts of the table are there: one mistake hides no other."""
    problems: list[Problem] = []
    unit = table.get("unit")
    if isinstance(unit, str) and unit not in PARAMETER_UNITS:
        problems.append(_unit_problem(file.where(f"{key}.unit"), unit))
    if unit == "name" and "choices" not in table:
        problems.append(Problem(file.where(f"{key}.choices"), "nothing", "the words it may be", 'add choices = ["…"]'))
    header = _header(table)
    if header is not None and header.bounds[0] > header.bounds[1]:
        low, high = header.bounds
        problems.append(Problem(file.where(f"{key}.minimum"), f"{low:g} to {high:g}", "a minimum below the maximum"))
        header = None
    entries = table.get("values")
    last: dt.date | None = None
    for number, entry in enumerate(entries if isinstance(entries, tuple) else (), 1):
        if not isinstance(entry, Mapping):
            continue
        place = f"{key}.values[{number}]"
        last, found = _check_dates(entry, last, file=file, place=place)
        problems += found
        if isinstance(entry.get("value"), int | float | str | dt.date):
            value = entry["value"]
            value = as_number(value) if isinstance(value, int) and not isinstance(value, bool) else value
            where = file.where(f"{place}.value")
            if header is not None:
                problems += check_bounds(header, value, where=where)
            elif isinstance(value, str) and _means_number(unit):
                problems.append(Problem(where, shown(value), "a number", "write it as a bare number"))
        source = entry.get("source")
        if isinstance(source, str):
            where = file.where(f"{place}.source")
            problems += check_source(source, where=where, sources=sources, label=file.label)
    return problems


def _means_number(unit: object) -> bool:
    """Say whether a unit that is missing or misspelt can only have been meant as one of a number."""
    meant = nearest_name(str(unit), PARAMETER_UNITS) if isinstance(unit, str) and unit not in UNITS else unit
    return meant not in ("name", "date", "flag")


def _check_dates(
    entry: Mapping[str, Any], last: dt.date | None, *, file: TomlFile, place: str
) -> tuple[dt.date | None, list[Problem]]:
    """Check that an entry begins after the one before it and ends after it begins."""
    first, end = _day(entry.get("from")), _day(entry.get("to"))
    if first is None or (end is None and entry.get("to") is not None):
        return last, []
    if last is not None and first <= last:
        before = f"a day after {last.isoformat()}, for the entry before reaches it"
        mend = "put the entries in order of time, without overlap"
        return last, [Problem(file.where(f"{place}.from"), shown(first), before, mend)]
    if end is not None and end < first:
        return first, [Problem(file.where(f"{place}.to"), shown(end), f"a day from {first.isoformat()} on")]
    return end or first, []


def _day(value: object) -> dt.date | None:
    return value if isinstance(value, dt.date) and not isinstance(value, dt.datetime) else None


def _unit_problem(where: str, unit: str) -> Problem:
    if unit in UNITS:
        base = base_unit(unit)
        return Problem(where, repr(unit), f"the base unit {base!r}", f"write the value in {base}")
    return unknown_name(where, unit, PARAMETER_UNITS, what="unit")


def read_groups[P: Parameter](
    model: type[P], groups: Mapping[str, Any], *, file: TomlFile, sources: Mapping[str, str] | None
) -> tuple[dict[str, P], list[Problem]]:
    """Read the parameters of a file: every table ``[group.key]``.

    Parameters
    ----------
    model : type
        :class:`Parameter` or :class:`AssumptionParameter`.
    groups : mapping
        The groups of the file, already known to be allowed.
    file : TomlFile
        The file.
    sources : mapping or None
        Its list of sources.

    Returns
    -------
    tuple
        ``{"group.key": parameter}`` of the sound ones, and every problem.
    """
    parameters: dict[str, P] = {}
    problems: list[Problem] = []
    for group, content in groups.items():
        if not isinstance(content, Mapping):
            problems.append(Problem(file.where(group), shown(content), f"tables [{group}.key]"))
            continue
        for name, table in content.items():
            key = f"{group}.{name}"
            if not _KEY.match(name):
                problems.append(Problem(file.where(key), repr(name), "a key of small letters, digits and _"))
                continue
            if not isinstance(table, Mapping):
                problems.append(Problem(file.where(key), shown(table), f"a table [{key}]"))
                continue
            parameter, found = fit(model, table, file=file, key_path=key)
            found += _check_table(table, file=file, key=key, sources=sources)
            if parameter is not None and not found:
                parameters[key] = parameter
            problems += found
    return parameters, problems
