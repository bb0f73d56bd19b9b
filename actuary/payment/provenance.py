"""Where the numbers of a payment policy come from: every one has a source, or is marked judgement."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from actuary.errors import Problem, nearest_name
from actuary.payment.declaration import PolicyHeader, Provenance
from actuary.policy.toml_files import TomlFile

__all__ = ["choice_paths", "covers", "number_paths", "provenance_problems", "unsourced_numbers"]

# The header and the list of missing inputs hold no numbers of the rule itself.
_WITHOUT_NUMBERS = ("policy", "required_inputs", "extends")
_TABLES = ("file", "group_means")
_NAMES = ("tier", "tiers", "group", "groups", "to", "hospital", "freeze", "exempt_groups")
# Choices that decide what is paid as much as a number does.
_CHOICES = frozenset(
    ("represents", "op", "pay", "denominator", "mechanism", "formula", "effect", "fund_payable", "combine")
)
_NUMERIC = re.compile(r"\A[+-]?\d+(\.\d+)?\Z")
_SOURCE_ID = re.compile(r"\AS\d+\Z")
_INDEX = re.compile(r"\[\d+\]")


def number_paths(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the key paths of all numbers, and of all tables of numbers, in a policy file as read.

    Parameters
    ----------
    data : mapping
        The file as read; entries of lists are counted from 1.

    Examples
    --------
    >>> number_paths({"price": {"mode": "fixed", "rate": ({"tier": "*", "value": Decimal("9435.25")},)}})
    ('price.rate[1].value',)
    """
    return tuple(path for path, value in _leaves(data).items() if _is_number(value, path))


def _leaves(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return every value of the rule itself by its key path."""
    return dict(_walk({key: value for key, value in data.items() if key not in _WITHOUT_NUMBERS}, ""))


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(item, f"{path}.{key}" if path else key)
    elif isinstance(value, tuple | list):
        for number, item in enumerate(value, 1):
            yield from _walk(item, f"{path}[{number}]")
    else:
        yield path, value


def _is_number(value: Any, path: str) -> bool:
    """Tell a number, a long decimal in quotation marks or a table from a name of a tier, a group or a hospital."""
    if isinstance(value, int | float | Decimal):
        return not isinstance(value, bool)
    key = _INDEX.sub("", path).rpartition(".")[2]
    return isinstance(value, str) and (key in _TABLES or (key not in _NAMES and bool(_NUMERIC.match(value))))


def choice_paths(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the key paths of the choices that decide what is paid, such as an operator or a mechanism.

    Parameters
    ----------
    data : mapping
        The file as read.

    Examples
    --------
    >>> choice_paths({"ratio": {"denominator": "standard"}, "class": ({"name": "low", "op": "<"},)})
    ('ratio.denominator', 'class[1].op')
    """
    return tuple(path for path in _leaves(data) if _INDEX.sub("", path).rpartition(".")[2] in _CHOICES)


def covers(entry: Provenance, path: str) -> bool:
    """Return whether an entry says where the number at a key path comes from.

    Parameters
    ----------
    entry : Provenance
        The entry; its field is a path, the beginning of one, one key anywhere in it, or ``*``.
    path : str
        Key path of a number.

    Examples
    --------
    >>> rate = Provenance(field="rate", source="S1", tag="S")
    >>> covers(rate, "price.rate[1].value"), covers(rate, "rounding.money")
    (True, False)
    """
    plain = _INDEX.sub("", path)
    wanted = entry.field
    if wanted in ("*", path, plain):
        return True
    if "." in wanted or "[" in wanted:
        return any(candidate.startswith((f"{wanted}.", f"{wanted}[")) for candidate in (path, plain))
    return wanted in plain.split(".")


def unsourced_numbers(header: PolicyHeader, data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the key paths of the numbers that no entry of the provenance covers.

    Parameters
    ----------
    header : PolicyHeader
        Holds the provenance.
    data : mapping
        The file as read.
    """
    return tuple(path for path in number_paths(data) if not any(covers(entry, path) for entry in header.provenance))


def provenance_problems(
    header: PolicyHeader, data: Mapping[str, Any], *, file: TomlFile, sources: Mapping[str, str] | None
) -> list[Problem]:
    """Find numbers and choices without a source, entries that cover nothing, and ids that no list of sources holds.

    Parameters
    ----------
    header : PolicyHeader
        Holds the provenance.
    data : mapping
        The file as read.
    file : TomlFile
        For the places.
    sources : mapping or None
        ``{"S1": …}``; None where there is no list.
    """
    paths = tuple(_leaves(data))
    keys = {part for path in paths for part in _INDEX.sub("", path).split(".")}
    problems = [
        Problem(file.where(path), "a number without a source", "an entry of policy.provenance that covers it",
                f'add {{ field = "{_INDEX.sub("", path)}", source = "…", tag = "S" }}, or source = "judgement"')
        for path in unsourced_numbers(header, data)
    ]  # fmt: skip
    problems += [
        Problem(file.where(path), "a choice without a source", "an entry of policy.provenance that covers it",
                f'add {{ field = "{_INDEX.sub("", path)}", source = "…", tag = "S" }}, or source = "judgement"')
        for path in choice_paths(data)
        if not any(covers(entry, path) for entry in header.provenance)
    ]  # fmt: skip
    for number, entry in enumerate(header.provenance, 1):
        where = file.where(f"policy.provenance[{number}]")
        if not any(covers(entry, path) for path in paths):
            close = nearest_name(entry.field, keys)
            mend = f"did you mean {close!r}?" if close else "remove the entry"
            problems.append(Problem(f"{where}.field", repr(entry.field), "a key of the file, or a part of one", mend))
        if _SOURCE_ID.match(entry.source) and entry.source not in (sources or {}):
            mend = f"add a line [{entry.source}] … to sources.md beside or above the file"
            problems.append(Problem(f"{where}.source", repr(entry.source), "an id listed in sources.md", mend))
    return problems
