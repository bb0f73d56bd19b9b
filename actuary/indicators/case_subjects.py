"""For whom indicators of cases are computed, and of which months."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from actuary.errors import Problem, TableError
from actuary.indicators.case_parts import CaseParts
from actuary.payment.case_cells import Coded
from actuary.payment.cases import CaseTable
from actuary.periods import Quarter

__all__ = ["cases_within", "every_subject", "months_of_period", "subjects_of", "sums_of_parts"]

_YEAR = re.compile(r"[0-9]{4}")


def cases_within(table: CaseTable, quarter: str | Quarter | None) -> tuple[NDArray[np.bool_], str]:
    """Return which cases are of a quarter or a year, or all, and the period in words."""
    every = np.ones(len(table), dtype=bool)
    if "month" not in table.coded:
        if quarter is not None:
            raise TableError(Problem("cases", "no column month", "one, to choose the stays of a quarter"))
        return every, ""
    held = table.coded["month"]
    if quarter is None:
        return every, f"{min(held.names)} to {max(held.names)}" if held.names else ""
    wanted = months_of_period(quarter)
    inside = np.array([*(name in wanted for name in held.names), False])
    if not inside[held.codes].any():
        raise TableError(
            Problem(
                "--quarter",
                str(quarter),
                f"a quarter with stays; the cases are of {min(held.names)} to {max(held.names)}",
            )
        )
    return inside[held.codes], str(quarter)


def months_of_period(period: str | Quarter) -> tuple[str, ...]:
    """Return the months of a quarter, or of a year.

    Examples
    --------
    >>> months_of_period("2024Q1"), months_of_period("2024")[-1]
    (('2024-01', '2024-02', '2024-03'), '2024-12')
    """
    if isinstance(period, str) and _YEAR.fullmatch(period):
        return tuple(f"{period}-{month:02d}" for month in range(1, 13))
    quarter = Quarter.parse(period, where="--quarter")
    return tuple(f"{quarter.year}-{3 * quarter.number - back:02d}" for back in (2, 1, 0))


def subjects_of(table: CaseTable, by: str, within: NDArray[np.bool_]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return the subjects, and the place of each case among them; -1 outside the period."""
    held = table.coded["hospital" if by == "city" else by]
    if by == "city":
        held = Coded(np.where(held.codes >= 0, 0, -1).astype(np.int32), ("city",))
    return held.names, np.where(within, held.codes, -1).astype(np.int32)


def sums_of_parts(
    parts: CaseParts, code: NDArray[np.int32], size: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the value of an indicator for each subject, and how many cases count."""
    chosen = parts.counted & (code >= 0)
    places = code[chosen]
    top = np.bincount(places, weights=parts.top[chosen], minlength=size)
    numbers = np.bincount(places, minlength=size)
    if parts.bottom is None:
        return np.where(numbers > 0, top, np.nan), numbers
    bottom = np.bincount(places, weights=parts.bottom[chosen], minlength=size)
    return np.divide(top, bottom, out=np.full(size, np.nan), where=bottom > 0), numbers


def every_subject(cases: CaseTable, code: NDArray[np.int32], names: tuple[str, ...]) -> NDArray[np.int32]:
    """Return the subject of every case, those outside the period too."""
    if names == ("city",):
        return np.where(cases.hospital_code >= 0, 0, -1).astype(np.int32)
    return next((held.codes for held in cases.coded.values() if held.names == names), code)
