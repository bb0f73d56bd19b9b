"""Frozen dataclasses as canonical JSON and back: sorted keys, no clock, no path."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from actuary.errors import OutputError, Problem, unknown_name

__all__ = ["decode", "encode"]


def encode(value: Any) -> Any:
    """Turn dataclasses, tuples and mappings into what JSON can hold; a dataclass says its type.

    Parameters
    ----------
    value : object
        Dataclass, tuple, mapping, text, number, bool or None.

    Raises
    ------
    OutputError
        When it holds anything else.

    Examples
    --------
    >>> encode((1, "a", None))
    [1, 'a', None]
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"type": type(value).__name__, **fields}
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise OutputError(Problem("report", type(value).__name__, "text, numbers and the parts of a report"))


def decode(value: Any, types: Mapping[str, type], *, where: str) -> Any:
    """Turn what :func:`encode` made back into dataclasses.

    Parameters
    ----------
    value : object
        Parsed JSON.
    types : mapping
        Name to dataclass.
    where : str
        Where it stands, for messages.

    Raises
    ------
    OutputError
        When a type or a field is unknown.

    Examples
    --------
    >>> decode([1, [2]], {}, where="report")
    (1, (2,))
    """
    if isinstance(value, list):
        return tuple(decode(item, types, where=f"{where}[{number}]") for number, item in enumerate(value))
    if not isinstance(value, dict):
        return value
    parts = {key: decode(item, types, where=f"{where}.{key}") for key, item in value.items()}
    if "type" not in parts:
        return parts
    name = parts.pop("type")
    if name not in types:
        raise OutputError(unknown_name(where, name, types, what="part of a report"))
    try:
        return types[name](**parts)
    except TypeError as error:
        raise OutputError(Problem(where, str(error), f"the fields of {name}")) from None
