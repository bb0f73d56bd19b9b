"""For whom indicators of cases are computed, and of which months."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from actuary.errors import Problem, TableError
from actuary.indicators.case_parts import CaseBasis
from actuary.payment.case_cells import Coded
from actuary.payment.cases import CaseTable
from actuary.payment.indicator_limits import IndicatorLimits
from actuary.payment.indicator_stays import stays_of_cases
from actuary.periods import Quarter

__all__ = ["basis_of_cases", "check_months", "months_of_cases", "months_of_period", "words_of_period"]

_YEAR = re.compile(r"[0-9]{4}")


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


def check_months(months: Collection[str] | None, quarter: str | Quarter | None) -> None:
    """Raise when cases have no stay of a quarter.

    Parameters
    ----------
    months : collection of str or None
        Months of all cases; None where the cases do not say.
    quarter : str or Quarter or None
        The quarter or year that is asked for; None for all.

    Raises
    ------
    TableError
        When there are none.
    """
    if quarter is None:
        return
    if months is None:
        raise TableError(Problem("cases", "no column month", "one, to choose the stays of a quarter"))
    if not set(months) & set(months_of_period(quarter)):
        there = f"the cases are of {min(months)} to {max(months)}" if months else "the cases say no month"
        raise TableError(Problem("--quarter", str(quarter), f"a quarter with stays; {there}"))


def words_of_period(months: Collection[str] | None, quarter: str | Quarter | None) -> str:
    """Return the period in words.

    Examples
    --------
    >>> words_of_period(["2024-02", "2024-01"], None), words_of_period(["2024-01"], "2024Q1")
    ('2024-01 to 2024-02', '2024Q1')
    """
    if quarter is not None:
        return str(quarter)
    return f"{min(months)} to {max(months)}" if months else ""


def months_of_cases(table: CaseTable) -> Coded | None:
    """Return the months of discharge that occur, sorted, and that of each case; None where there is no column."""
    return _sorted(table.coded["month"]) if "month" in table.coded else None


def _sorted(coded: Coded) -> Coded:
    """Return a column with the words that occur, sorted: the same for every order and share of the cases."""
    present = np.unique(coded.codes[coded.codes >= 0]).tolist()
    names = sorted(coded.names[place] for place in present)
    ranks = {name: rank for rank, name in enumerate(names)}
    places = np.array([*(ranks.get(name, -1) for name in coded.names), -1], dtype=np.int32)
    return Coded(places[coded.codes], tuple(names))


def basis_of_cases(
    table: CaseTable,
    weights: Mapping[str, Fraction],
    limits: IndicatorLimits,
    *,
    fund_fen: NDArray[np.int64] | None,
    by: str,
    quarter: str | Quarter | None,
) -> CaseBasis:
    """Return what indicators of cases are computed from.

    Parameters
    ----------
    table : CaseTable
        The cases, or a part of them.
    weights : mapping of str to Fraction
        Weight by group.
    limits : IndicatorLimits
        Limits of the base.
    fund_fen : int64 array, shape (case,), or None
        What the fund pays by the rule, negative where it pays nothing [fen].
    by : str
        For whom: ``city``, or a column of words.
    quarter : str or Quarter or None
        Stays of one quarter, or of a year; all when None. No stay of a table without months is of a quarter.
    """
    held = _sorted(table.coded["hospital" if by == "city" else by])
    if by == "city":
        held = Coded(np.where(held.codes >= 0, 0, -1).astype(np.int32), ("city",))
    within = np.ones(len(table), dtype=bool)
    if quarter is not None:
        months = table.coded.get("month", Coded(np.full(len(table), -1, dtype=np.int32), ()))
        wanted = months_of_period(quarter)
        within = np.array([*(name in wanted for name in months.names), False])[months.codes]
    stays = stays_of_cases(
        table,
        weights,
        standard_fen=fund_fen,
        subjects=(held.names, np.where(within, held.codes, -1).astype(np.int64)),
    )
    return CaseBasis(table, stays, limits, within, held.codes, fund_fen)
