"""Which quarter a report may stand at."""

from __future__ import annotations

from pathlib import Path

from actuary.errors import PeriodError, Problem
from actuary.fund.variables import SCHEMES
from actuary.periods import Quarter
from actuary.tables import facts

__all__ = ["check_horizon", "check_quarter"]

_CORE = ("enrolled", "active", "retired", "income", "expenditure", "balance_end")


def check_quarter(region: str, quarter: str | Quarter, *, data: Path | None = None) -> Quarter:
    """Read a report quarter and check that published figures reach it.

    Parameters
    ----------
    region : str
        Region id.
    quarter : str or Quarter
        The report quarter.
    data : Path, optional
        Data folder.

    Raises
    ------
    UnknownNameError
        When no table has a fact of the region.
    PeriodError
        When the quarter cannot be read, lies before the first published figure or after the last, or when the region
        has plans and targets only.

    Examples
    --------
    >>> str(check_quarter("national", "2024q4"))
    '2024Q4'
    """
    report = Quarter.parse(quarter, where="--quarter")
    rows = facts(region, root=data, observed=True)
    if rows.empty:
        raise PeriodError(
            Problem(
                "--quarter",
                str(report),
                f"a quarter with published figures; of {region} there are plans and targets only",
                "choose another region, or add published figures to a table under data/",
            )
        )
    last = Quarter.parse(str(rows["quarter"].max()))
    core = rows[rows["scheme"].isin(list(SCHEMES)) & rows["indicator"].isin(list(_CORE))]
    first = Quarter.parse(str((core if len(core) else rows)["quarter"].min()))
    if not first <= report <= last:
        raise PeriodError(
            Problem(
                "--quarter",
                str(report),
                f"a quarter from {first} to {last}, the last with published figures for {region}",
                f"choose {last}, or add newer figures to a table under data/"
                if report > last
                else f"choose {first} or a later one",
            )
        )
    return report


def check_horizon(report: Quarter, horizon: str | Quarter) -> Quarter:
    """Read the last quarter of a projection and check that it lies after the report quarter.

    Parameters
    ----------
    report : Quarter
        The report quarter.
    horizon : str or Quarter
        Last projected quarter.

    Raises
    ------
    PeriodError
        When it cannot be read or does not lie after the report quarter.
    """
    last = Quarter.parse(horizon, where="--until")
    if last <= report:
        raise PeriodError(
            Problem(
                "--until", str(last), f"a quarter after the report quarter {report}", f"choose {report.year + 10}Q4"
            )
        )
    return last
