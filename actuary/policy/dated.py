"""Books of dated parameters: the value on a day, over a span of days, and the arithmetic of their time lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from types import MappingProxyType
from typing import Any

from actuary.errors import DeclarationError, Problem, UnknownNameError, unknown_name
from actuary.policy.fingerprints import fingerprint
from actuary.policy.parameters import DatedValue, Parameter

__all__ = ["DatedBook", "Span", "close", "cut", "overlay", "spans_of"]

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Hold an entry with the days on which it is really in force and the place it comes from.

    Parameters
    ----------
    first_day, last_day : datetime.date
        Both included; ``date.max`` is open.
    entry : DatedValue
        The entry.
    origin : str
        Region and file, such as ``national: national/policy/contributions.toml``.
    """

    first_day: dt.date
    last_day: dt.date
    entry: DatedValue
    origin: str = ""


def spans_of(parameter: Parameter, origins: tuple[str, ...] = ()) -> list[Span]:
    """Return the spans of a parameter in order of time."""
    return [
        Span(first, last, parameter.values[number], origins[number] if number < len(origins) else "")
        for first, last, number in parameter.spans()
    ]


def cut(spans: list[Span], first: dt.date, last: dt.date) -> list[Span]:
    """Return the parts of spans that lie outside the days from first to last."""
    kept: list[Span] = []
    for span in spans:
        if span.last_day < first or span.first_day > last:
            kept.append(span)
            continue
        if span.first_day < first:
            kept.append(Span(span.first_day, first - _DAY, span.entry, span.origin))
        if span.last_day > last:
            kept.append(Span(last + _DAY, span.last_day, span.entry, span.origin))
    return kept


def overlay(below: list[Span], above: list[Span]) -> list[Span]:
    """Lay spans over others: on the days of `above` they hold, on all other days `below` does."""
    kept = list(below)
    for span in above:
        kept = cut(kept, span.first_day, span.last_day)
    return sorted([*kept, *above], key=lambda span: span.first_day)


def close(spans: list[Span]) -> tuple[DatedValue, ...]:
    """Turn spans back into dated entries: an entry says its end only where no other follows at once."""
    entries = []
    for number, span in enumerate(spans):
        following = spans[number + 1].first_day if number + 1 < len(spans) else None
        open_ended = span.last_day == dt.date.max or following == span.last_day + _DAY
        entries.append(
            span.entry.model_copy(
                update={"first_day": span.first_day, "last_day": None if open_ended else span.last_day}
            )
        )
    return tuple(entries)


@dataclass(frozen=True, repr=False)
class DatedBook:
    """Hold dated parameters of a region by key.

    Parameters
    ----------
    region : str
        Region id.
    parameters : mapping
        ``{"employee.employer_rate": Parameter, …}``
    origins : mapping
        For every key the place each of its entries comes from.
    sources : mapping
        ``{"national": {"S1": "title, …"}}`` for every region whose entries are in the book.
    """

    region: str
    parameters: Mapping[str, Parameter]
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(sorted(self.parameters.items()))))

    def keys(self) -> tuple[str, ...]:
        """Return the keys in order."""
        return tuple(self.parameters)

    def __contains__(self, key: object) -> bool:
        """Say whether there is such a parameter."""
        return key in self.parameters

    def __repr__(self) -> str:
        """Return region and number of parameters."""
        return f"<{type(self).__name__} of {self.region}: {len(self.parameters)} parameters>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(key)}</td><td>{escape(one.name)}</td><td>{escape(one.unit)}</td>"
            f"<td>{escape(str(one.values[-1].value))}</td><td>{one.values[-1].first_day}</td></tr>"
            for key, one in self.parameters.items()
        )
        head = "<tr><th>key</th><th>name</th><th>unit</th><th>last value</th><th>from</th></tr>"
        return f"<p>{escape(repr(self))}</p><table><thead>{head}</thead><tbody>{rows}</tbody></table>"

    def parameter(self, key: str) -> Parameter:
        """Return a parameter with all its dated entries.

        Raises
        ------
        UnknownNameError
            When there is no such key; the message names the nearest one.
        """
        if key not in self.parameters:
            raise UnknownNameError(unknown_name(f"rules of {self.region}", key, self.parameters, what="key"))
        return self.parameters[key]

    def entry(self, key: str, day: dt.date) -> DatedValue:
        """Return the entry in force on a day: value, source, confidence and note.

        Raises
        ------
        UnknownNameError
            When there is no such key.
        DeclarationError
            When no entry is in force on that day.
        """
        parameter = self.parameter(key)
        entry = parameter.entry(day)
        if entry is None:
            known = ", ".join(
                f"{first.isoformat()} to {'…' if last == dt.date.max else last.isoformat()}"
                for first, last, _ in parameter.spans()
            )
            where = f"{key} of {self.region} on {day.isoformat()}"
            raise DeclarationError(Problem(where, "no value in force", f"a day within {known}", "add a dated entry"))
        return entry

    def value(self, key: str, day: dt.date) -> Any:
        """Return the value in force on a day, in the parameter's unit.

        Raises
        ------
        UnknownNameError, DeclarationError
            As :meth:`entry`.
        """
        return self.entry(key, day).value

    def value_over(self, key: str, first_day: dt.date, last_day: dt.date) -> Any:
        """Return the value for a span of days.

        The rule of the first day holds for the whole span, unless the parameter is pro-rated: then the value is
        the mean over the days, sum over entries of value times days in force, divided by all days.

        Parameters
        ----------
        key : str
            The parameter.
        first_day, last_day : datetime.date
            The span, both included.

        Raises
        ------
        UnknownNameError, DeclarationError
            As :meth:`entry`; a pro-rated parameter must be in force on every day of the span.
        """
        parameter = self.parameter(key)
        if last_day < first_day:
            raise DeclarationError(Problem(f"{key} over days", f"{first_day} to {last_day}", "a span of days"))
        value = self.value(key, first_day)
        if not parameter.prorate or not isinstance(value, float):
            return value
        total, covered = 0.0, 0
        for first, last, number in parameter.spans():
            days = (min(last, last_day) - max(first, first_day)).days + 1
            entry = parameter.values[number].value
            if days > 0 and isinstance(entry, float):
                # differences from the first value, so that an unchanged rate comes back exactly
                total += (entry - value) * days
                covered += days
        if covered != (last_day - first_day).days + 1:
            missing = next(day for day in _days(first_day, last_day) if parameter.entry(day) is None)
            self.entry(key, missing)
        return value + total / covered

    def origin(self, key: str, day: dt.date) -> str:
        """Return region and file that an entry in force on a day comes from."""
        wanted = self.entry(key, day)
        origins = self.origins.get(key, ())
        places = dict(zip(self.parameters[key].values, origins, strict=False))
        return places.get(wanted, self.region)

    def source_text(self, key: str, day: dt.date) -> str:
        """Return title, publisher, date and address of the source of the entry in force on a day.

        ``std`` and ``judgement`` come back as they are.
        """
        entry = self.entry(key, day)
        region = self.origin(key, day).partition(":")[0]
        return self.sources.get(region, {}).get(entry.source, entry.source)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over everything in the book."""
        return fingerprint({"region": self.region, "parameters": dict(self.parameters)})


def _days(first_day: dt.date, last_day: dt.date) -> list[dt.date]:
    return [first_day + number * _DAY for number in range((last_day - first_day).days + 1)]
