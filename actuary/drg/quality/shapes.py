"""What is declared about the settlement list: fields, tables, checks, limits, lists of codes."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from actuary.errors import UnknownNameError, raise_all, unknown_name

__all__ = [
    "FIELD_TYPES",
    "SEVERITIES",
    "CaseColumn",
    "CodeSet",
    "Codes",
    "Declarations",
    "Field",
    "Limited",
    "Message",
    "Rule",
    "TableShape",
]

#: Kinds of values a field may hold.
FIELD_TYPES = ("text", "code", "choice", "integer", "money", "time", "flag", "duration")

#: E rejects the list, W points something out, R asks a person to look.
SEVERITIES = ("E", "W", "R")


@dataclass(frozen=True, slots=True)
class Field:
    """Describe one field of the settlement list.

    Parameters
    ----------
    name : str
        Name in interface 4101.
    zh, en : str
        What it is.
    type : str
        One of :data:`FIELD_TYPES`.
    required : bool
        Whether every row must fill it.
    source : str
        Where the description comes from.
    unit : str
        Unit of a number; of a duration ``hour`` or ``minute``.
    length : int or None
        Longest text.
    minimum, maximum : int or None
        Bounds of a number, inclusive.
    choices : mapping of str to str
        Every code with its meaning.
    confidence : str
        ``stated``, or ``recalled`` where the code list was not read again.
    """

    name: str
    zh: str
    en: str
    type: str
    required: bool
    source: str
    unit: str = ""
    length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    confidence: str = "stated"
    note: str = ""


@dataclass(frozen=True, slots=True)
class TableShape:
    """Describe one table: its names, its block in interface 4101, its fields."""

    name: str
    zh: str
    en: str
    block: str
    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class CaseColumn:
    """Say which fields of the settlement list a column of a flat case file stands for."""

    name: str
    zh: str
    en: str
    required: bool
    fields: tuple[tuple[str, str], ...]
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """Hold the words of one way to break a rule; names in braces are filled in row by row."""

    zh: str
    en: str
    mend_zh: str
    mend_en: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Describe one check.

    Parameters
    ----------
    id : str
        Q01 … Q16, F01 … for the table itself, C01 … for the code dictionary.
    zh, en : str
        What must hold.
    severity : str
        One of :data:`SEVERITIES`.
    source : str
        Where the rule comes from.
    needs, uses : tuple of (table, field)
        Fields without which the check cannot run; fields without which a part of it cannot.
    dictionary : bool
        Whether it needs the dictionary of codes.
    messages : mapping of str to Message
        The words, by the way in which the rule is broken.
    """

    id: str
    zh: str
    en: str
    severity: str
    source: str
    needs: tuple[tuple[str, str], ...]
    uses: tuple[tuple[str, str], ...]
    dictionary: bool
    messages: Mapping[str, Message]


@dataclass(frozen=True, slots=True)
class Codes:
    """Hold a list of codes: prefixes with their exceptions, or exact values."""

    zh: str
    en: str
    prefixes: tuple[str, ...]
    exceptions: frozenset[str]
    values: frozenset[str]

    def holds(self, code: str) -> bool:
        """Return whether a code belongs to the list."""
        if self.values:
            return code in self.values
        return code.startswith(self.prefixes) and code not in self.exceptions


@dataclass(frozen=True, slots=True)
class Limited:
    """Hold codes that fit one sex or some ages only."""

    table: str
    zh: str
    en: str
    prefixes: tuple[str, ...]
    sex: str
    age_min: int | None
    age_max: int | None


@dataclass(frozen=True, slots=True)
class CodeSet:
    """Name an edition of the codes, the first day of its use, and its files in a dictionary folder."""

    zh: str
    en: str
    first_day: dt.date
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Declarations:
    """Hold everything that is declared about the settlement list and its checks."""

    tables: Mapping[str, TableShape]
    blank: tuple[str, ...]
    rules: Mapping[str, Rule]
    limits: Mapping[str, int]
    codes: Mapping[str, Codes]
    limited: tuple[Limited, ...]
    code_sets: tuple[CodeSet, ...]
    case_columns: Mapping[str, CaseColumn]
    separator: str

    def with_limits(self, limits: Mapping[str, int]) -> Declarations:
        """Return the same with some limits replaced, such as a region's own days of upload.

        Raises
        ------
        UnknownNameError
            When there is no such limit.
        """
        raise_all(
            [unknown_name("limits", name, self.limits, what="limit") for name in limits if name not in self.limits],
            UnknownNameError,
        )
        return dataclasses.replace(self, limits={**self.limits, **limits})
