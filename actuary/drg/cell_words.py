"""Read single cells as words, whatever they hold: codes, lists of codes, ways of discharge and departments."""

from __future__ import annotations

import decimal
import re
from collections.abc import Iterable, Mapping

from actuary.drg.arrow_arrays import SEPARATOR

__all__ = ["cell_codes", "cell_text", "department_code", "discharge_code"]

#: How a whole number is written that went through a column of fractions.
_WHOLE = re.compile(r"(0|[1-9][0-9]*)\.0+", re.ASCII)
_DIGITS = re.compile(r"([0-9]+)(\.0+)?", re.ASCII)

#: What a cell is read as that cannot be written as text.
_UNREADABLE = "?"


def cell_text(cell: object) -> str | None:
    r"""Return a cell as text, None where it is missing (a missing value differs from itself).

    What no text in UTF-8 can hold is replaced, which makes the text an unknown code or an unreadable number.

    Examples
    --------
    >>> cell_text(b"I21.401"), cell_text("\ud800"), cell_text(float("nan"))
    ('I21.401', '?', None)
    """
    if cell is None or type(cell).__name__ in {"NAType", "NaTType"}:
        return None
    if isinstance(cell, float | decimal.Decimal) and cell != cell:  # noqa: PLR0124
        return None
    if isinstance(cell, bytes | bytearray | memoryview):
        return bytes(cell).decode("utf-8", "replace")
    try:
        return str(cell).encode("utf-8", "replace").decode("utf-8")
    except ValueError:  # a whole number of more digits than Python writes
        return _UNREADABLE


def cell_codes(cell: object) -> list[str | None] | None:
    """Return a cell as a list of codes: a list, a text joined by the separator, or a single code.

    Examples
    --------
    >>> cell_codes("A41.900|N17.900"), cell_codes(["A41.900", None]), cell_codes(5), cell_codes(None)
    (['A41.900', 'N17.900'], ['A41.900', None], ['5'], None)
    """
    if isinstance(cell, Iterable) and not isinstance(cell, str | bytes | bytearray | memoryview | Mapping):
        return [cell_text(code) for code in cell]
    text = cell_text(cell)
    return None if text is None else list(text.split(SEPARATOR))


def department_code(cell: object) -> str | None:
    """Return a department as it is compared: without spaces around it, a whole number without ``.0``.

    Leading zeros are part of the code.

    Examples
    --------
    >>> department_code(" 0302"), department_code(12.0), department_code("12.0"), department_code("")
    ('0302', '12', '12', '')
    """
    text = cell_text(cell)
    if text is None:
        return None
    text = text.strip()
    number = _WHOLE.fullmatch(text)
    return number[1] if number else text


def discharge_code(cell: object) -> str | None:
    """Return a way of discharge as it is compared: a whole number without leading zeros, spaces and ``.0``.

    Examples
    --------
    >>> discharge_code("05"), discharge_code(5.0), discharge_code(" 5.0 "), discharge_code("home")
    ('5', '5', '5', 'home')
    """
    text = cell_text(cell)
    if text is None:
        return None
    text = text.strip()
    number = _DIGITS.fullmatch(text)
    return (number[1].lstrip("0") or "0") if number else text
