"""Read a number as people write it, exactly, or not at all."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

__all__ = ["MOST_POWERS", "can_be_written_out", "plain_decimal"]

#: Powers of ten, up or down, of a number that is made a fraction or written out in full.
MOST_POWERS = 400

_THOUSANDS = re.compile(r"([+-]?\d{1,3})((?:,\d{3})+)(\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_SIGNS = str.maketrans({"−": "-", "–": "-", "，": ","})
#: Characters of the longest number that is read; money of a nation in fen has 17 digits.
_LONGEST = 64
#: Powers of ten that a number of people, money or shares may have; 1e400 fills the memory once it is a whole number.
_POWERS = range(-30, 25)


def can_be_written_out(number: Decimal) -> bool:
    """Say whether a number has few enough digits to be computed with exactly: 1e40045322 would take for ever.

    Parameters
    ----------
    number : Decimal
        The number.

    Examples
    --------
    >>> can_be_written_out(Decimal("1e12")), can_be_written_out(Decimal("1e40045322"))
    (True, False)
    """
    return not number or (number.is_finite() and abs(number.adjusted()) <= MOST_POWERS)


def plain_decimal(text: str) -> Decimal | None:
    """Return the number in a cell, None when the cell holds none or could mean two.

    Full-width digits and thousands separators in their places are read; a comma elsewhere is not, because it may be a
    decimal comma. A number from 10²⁵ on, or so small, is none either.

    Parameters
    ----------
    text : str
        The cell.

    Examples
    --------
    >>> plain_decimal("1,234.50"), plain_decimal("１２．５"), plain_decimal("1,5"), plain_decimal("1_000")
    (Decimal('1234.50'), Decimal('12.5'), None, None)
    """
    if len(text) > _LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", text.strip()).translate(_SIGNS)
    grouped = _THOUSANDS.fullmatch(plain)
    if grouped:
        plain = grouped[1] + grouped[2].replace(",", "") + (grouped[3] or "")
    if not _NUMBER.fullmatch(plain):
        return None
    number = Decimal(plain)
    return number if not number or number.adjusted() in _POWERS else None
