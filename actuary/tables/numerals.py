"""Turn printed numbers into values in base units, exactly, and say how to mend those that cannot be read."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence

from actuary.errors import Problem
from actuary.units import UNITS, convert

__all__ = ["amounts_in_base_units", "number_problem", "plain_numbers"]

_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"-?\d{1,3}([, '’]\d{3})+(\.\d+)?", re.ASCII)
_MINUS = str.maketrans({"−": "-", "–": "-", "—": "-"})
_WORDS = (
    ("%", "pct"),
    ("‰", "per_1000"),
    ("亿元", "100m_yuan"),
    ("万元", "10k_yuan"),
    ("万人", "10k_persons"),
    ("元", "yuan"),
    ("人", "persons"),
)
_LEAVE_OUT = "leave the row out where no figure was published"


def number_problem(text: str, where: str, *, expected: str = "a number") -> Problem | None:
    """Return what is wrong with a number as it is written, or None.

    Parameters
    ----------
    text : str
        The cell.
    where : str
        File, row and column.
    expected : str
        What should stand there, in words.

    Examples
    --------
    >>> number_problem("190.6", "f.csv row 2, value") is None
    True
    >>> print(number_problem("1,906", "f.csv row 2, value"))
    f.csv row 2, value: found '1,906'; expected a number without separators; write 1906
    """
    if _NUMBER.fullmatch(text):
        return None if math.isfinite(float(text)) else Problem(where, f"a number of {len(text)} digits", expected)
    if not text.strip():
        return Problem(where, "an empty cell", expected, _LEAVE_OUT)
    folded = unicodedata.normalize("NFKC", text.strip()).translate(_MINUS)
    for written, mended, lacking in _readings(folded):
        if _NUMBER.fullmatch(written):
            return Problem(where, repr(text), f"{expected} {lacking}", f"write {mended}")
    return Problem(where, f"text {text!r}", expected, _LEAVE_OUT if not re.search(r"\d", folded) else "write 12.5")


def _readings(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield what was probably meant: the number, how to write it, and what is expected of it."""
    yield text, text, "in plain digits without blanks"
    if _THOUSANDS.fullmatch(text):
        joined = re.sub(r"[, '’]", "", text)
        yield joined, joined, "without separators"
    if text.startswith("(") and text.endswith(")"):
        yield text[1:-1], f"-{text[1:-1]}", "with a minus sign"
    for word, unit in _WORDS:
        if text.endswith(word):
            bare = text.removesuffix(word).strip()
            yield bare, f"{bare} with the unit {unit}", "alone, its unit in the column unit"


def amounts_in_base_units(texts: Sequence[str], units: Sequence[str]) -> list[float]:
    """Convert printed numbers into the base unit of their row, exactly.

    Nothing is multiplied: the power of ten of the unit is written behind the digits, so that reading the text rounds
    once. The result equals :func:`actuary.units.convert` on each cell. Numbers and units must have been checked.

    Parameters
    ----------
    texts : sequence of str
        Printed numbers; an empty one becomes NaN.
    units : sequence of str
        Published unit of each.

    Returns
    -------
    list of float
        Values in base units.

    Examples
    --------
    >>> amounts_in_base_units(["190.6", "79.8"], ["100m_yuan", "pct"])
    [19060000000.0, 0.798]
    """
    suffixes = {unit: _power_of_ten(unit) for unit in set(units)}
    values = []
    for text, unit in zip(texts, units, strict=True):
        suffix = suffixes[unit]
        if not text:
            values.append(float("nan"))
        elif suffix is None:
            values.append(convert(text, unit))
        else:
            values.append(float(text + suffix))
    return values


def plain_numbers(texts: Sequence[str]) -> list[float]:
    """Read numbers that have no unit; an empty one becomes NaN.

    Examples
    --------
    >>> plain_numbers(["5.5", "-0.5"])
    [5.5, -0.5]
    """
    return [float(text) if text else float("nan") for text in texts]


def _power_of_ten(unit: str) -> str | None:
    factor = UNITS[unit].factor.normalize().as_tuple()
    return f"e{factor.exponent}" if factor.digits == (1,) else None
