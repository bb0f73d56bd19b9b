"""Parse TOML and JSON of strangers: what cannot be parsed is always the one error of its format."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from actuary.files.numbers import MOST_POWERS, can_be_written_out

__all__ = ["parse_json", "parse_toml"]


def parse_toml(text: str, *, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """Parse TOML.

    Raises
    ------
    tomllib.TOMLDecodeError
        Also for lists within lists beyond all bounds and for numbers of thousands of digits, for which the parser
        fails in other ways.

    Examples
    --------
    >>> parse_toml("a = 1")
    {'a': 1}
    """

    def bounded(digits: str) -> Any:
        number = parse_float(digits)
        if isinstance(number, Decimal) and number.is_finite() and not can_be_written_out(number):
            raise ValueError(f"a number of more than {MOST_POWERS} digits")
        return number

    try:
        return tomllib.loads(text, parse_float=bounded)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise tomllib.TOMLDecodeError("Too many brackets within each other") from None
    except (ValueError, ArithmeticError) as error:
        raise tomllib.TOMLDecodeError(f"A value that cannot be read: {str(error).splitlines()[0]}") from None


def parse_json(text: str | bytes) -> Any:
    """Parse JSON.

    Raises
    ------
    ValueError
        Also for brackets within each other beyond all bounds.

    Examples
    --------
    >>> parse_json("[1, 2]")
    [1, 2]
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("too many brackets within each other") from None
