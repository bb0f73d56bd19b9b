"""Days that a spreadsheet wrote as the number by which it counts them."""

from __future__ import annotations

import datetime as dt
import re

__all__ = ["serial_day"]

_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?", re.ASCII)
#: Day 0 of a spreadsheet, which takes 1900 for a leap year; right from March 1900 on.
_ZERO = dt.date(1899, 12, 30)
#: Days of records that anybody may have: a number outside is none.
_FIRST, _LAST = dt.date(1950, 1, 1), dt.date(2099, 12, 31)


def serial_day(text: str) -> dt.date | None:
    """Return the day that a spreadsheet shows for a number, None for what is no such number.

    Five digits are nothing else where a day is expected: years have four, and days without separators eight.

    Examples
    --------
    >>> serial_day("45322"), serial_day("45322.5"), serial_day("20240131"), serial_day("12")
    (datetime.date(2024, 1, 31), datetime.date(2024, 1, 31), None, None)
    """
    found = _SERIAL.fullmatch(text.strip())
    if found is None:
        return None
    day = _ZERO + dt.timedelta(int(found[1]))
    return day if _FIRST <= day <= _LAST else None
