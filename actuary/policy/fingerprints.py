"""One fingerprint for everything that was resolved: the same content gives the same text, on every machine."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Mapping

from pydantic import BaseModel

from actuary.errors import DeclarationError, Problem

__all__ = ["canonical_json", "fingerprint"]


def _plain(value: object, where: str) -> object:
    """Turn a value into what JSON can hold; refuse what has no one canonical text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise DeclarationError(Problem(where, repr(value), "a finite number"))
        return value + 0.0  # -0.0 and 0.0 are one value
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name), f"{where}.{name}") for name in type(value).model_fields}
    if isinstance(value, Mapping):
        wrong = [key for key in value if not isinstance(key, str)]
        if wrong:
            raise DeclarationError(Problem(where, f"the key {wrong[0]!r}", "keys that are text"))
        return {key: _plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{number}]") for number, item in enumerate(value, 1)]
    raise DeclarationError(
        Problem(where, f"a {type(value).__name__}", "text, a number, a date, a list, a mapping or a declared model")
    )


def canonical_json(value: object) -> str:
    """Write a value as canonical JSON: sorted keys, ISO dates, floats by their shortest exact text.

    Parameters
    ----------
    value : object
        Text, numbers, truth values, dates, lists, mappings with text keys and pydantic models, nested at will.

    Raises
    ------
    DeclarationError
        When a part is of another type (there is no fallback to its printed form) or is not a finite number.

    Examples
    --------
    >>> canonical_json({"b": 0.08, "a": dt.date(2019, 1, 1)})
    '{"a":"2019-01-01","b":0.08}'
    """
    return json.dumps(
        _plain(value, "content"), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def fingerprint(value: object) -> str:
    """Return the SHA-256 of the canonical JSON of a value.

    The order of keys, the comments and the layout of a file leave it as it is; any other value changes it.

    Parameters
    ----------
    value : object
        What :func:`canonical_json` takes.

    Raises
    ------
    DeclarationError
        As :func:`canonical_json`.

    Examples
    --------
    >>> fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    True
    >>> fingerprint({"rate": 0.08})[:12]
    '3bc276fa2b00'
    """
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
