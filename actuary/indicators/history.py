"""Indicators quarter by quarter, each from the figures of periods up to that quarter."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from actuary.errors import PeriodError, Problem
from actuary.indicators.at_quarter import first_fund_quarter, indicators_at
from actuary.indicators.registry import get_indicator
from actuary.periods import Quarter, quarter_range
from actuary.tables import facts, last_quarter
from actuary.tables.fact_rows import period_end

__all__ = ["indicator_history"]

_LAST = 4
_INSIDE = (2, 3)
_COLUMNS = (
    "region",
    "quarter",
    "scheme",
    "indicator",
    "value",
    "unit",
    "period",
    "is_new",
    "status",
    "recalled",
    "provisional_value",
    "revision",
    "reason_zh",
    "reason_en",
    "family",
)


def indicator_history(
    city: str,
    first: str | Quarter | None = None,
    last: str | Quarter | None = None,
    *,
    indicators: Collection[str] | None = None,
    families: Collection[str] | None = ("fund", "use", "payment"),
    yearly: bool = False,
    models: Path | None = None,
    data: Path | None = None,
) -> pd.DataFrame:
    """Compute the indicators of a region as they stood at every quarter.

    A quarter knows the figures of periods up to its end and none of later ones. When they were published is not
    known: the final figure of a year stands for that year, with the provisional one beside it. Years to an event are
    left out: they are of a projection, not of history.

    Parameters
    ----------
    city : str
        Region id.
    first, last : str or Quarter, optional
        First and last quarter; those of the published figures of the funds when left out.
    indicators : collection of str, optional
        Indicators wanted; all when left out.
    families : collection of str, optional
        Families wanted; None for all.
    yearly : bool
        Year-ends only.
    models, data : Path, optional
        Folders; those that come with the package when left out.

    Returns
    -------
    DataFrame
        One row for each quarter, scheme and indicator: region, quarter, scheme, indicator, value, unit, period (of the
        value), is_new (whether that period ends in the quarter; else the value is an older one carried on), status,
        recalled, provisional_value, revision, reason_zh, reason_en, family.

    Raises
    ------
    UnknownNameError
        When region, indicator or family is not known.
    PeriodError
        When a quarter lies outside the published figures, or the first after the last.

    Examples
    --------
    >>> found = indicator_history("city_panel", "2020Q4", "2022Q4", indicators=["payable_months"], yearly=True)
    >>> found[found.scheme == "resident"].value.round(1).tolist()
    [26.6, 18.3, 13.4]
    """
    for name in indicators or ():
        get_indicator(name)
    rows = facts(city, root=data, observed=True)
    funds = first_fund_quarter(city, data=data)
    start = Quarter.parse(first if first is not None else funds or str(rows["quarter"].min()))
    end = Quarter.parse(last) if last is not None else last_quarter(city, data)
    if start > end:
        raise PeriodError(Problem("first quarter", str(start), f"one up to the last, {end}"))
    news = set(rows["quarter"])
    frames: list[pd.DataFrame] = []
    for quarter in quarter_range(start, end):
        if yearly and quarter.number != _LAST:
            continue
        if frames and not yearly and quarter.number in _INSIDE and str(quarter) not in news:
            # Nothing became known, and the year has not turned: the figures of the quarter before stand.
            frames.append(frames[-1].assign(quarter=str(quarter)))
            continue
        found = indicators_at(city, quarter, families=families, horizon=quarter + 1, models=models, data=data)
        found.insert(1, "quarter", str(quarter))
        frames.append(found[~found["indicator"].str.startswith("years_to_")])
    history = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(_COLUMNS))
    if indicators is not None:
        history = history[history["indicator"].isin(list(indicators))].reset_index(drop=True)
    known = history["value"].notna()
    ends = [
        period_end(str(period).rpartition("-")[2]) if "Q" in str(period) else period_end(str(period))
        for period in history["period"]
    ]
    history["is_new"] = known & (pd.Series(ends, index=history.index, dtype="str") == history["quarter"])
    return history[list(_COLUMNS)]
