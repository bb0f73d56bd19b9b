"""Declared terms as numbers: effects, windows of outbreaks, and outbreaks that a panel itself shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, raise_all
from actuary.forecast.bayes_spec import EffectSpec, OutbreakSpec
from actuary.forecast.lunar import lunar_new_year
from actuary.forecast.panel import SEASONS, Panel, period_labels

__all__ = ["effect_columns", "effect_members", "find_outbreaks", "outbreak_windows", "period_dates"]

type FloatArray = NDArray[np.float64]


def period_dates(freq: str, first: int, count: int) -> list[tuple[dt.date, dt.date]]:
    """Return first and last day of periods.

    Examples
    --------
    >>> [str(day) for day in period_dates("Q", 2024 * 4, 1)[0]]
    ['2024-01-01', '2024-03-31']
    """
    per_year = SEASONS[freq]
    months = 12 // per_year

    def opening(number: int) -> dt.date:
        return dt.date(number // per_year, number % per_year * months + 1, 1)

    return [(opening(n), opening(n + 1) - dt.timedelta(days=1)) for n in range(first, first + count)]


def _overlap(periods: Sequence[tuple[dt.date, dt.date]], since: dt.date, until: dt.date) -> FloatArray:
    """Return the share of every period's days that lie in a range of dates."""
    shares = [
        max((min(end, until) - max(begin, since)).days + 1, 0) / ((end - begin).days + 1) for begin, end in periods
    ]
    return np.array(shares, dtype=np.float64)


def _lunar_column(effect: EffectSpec, periods: Sequence[tuple[dt.date, dt.date]], season: int) -> FloatArray:
    """Return the share of the holiday's window in every period, less its mean by position in the cycle."""
    column = np.zeros(len(periods))
    for year in range(periods[0][0].year, periods[-1][1].year + 2):
        day = lunar_new_year(year)
        since = day - dt.timedelta(days=effect.days_before)
        until = day + dt.timedelta(days=effect.days_after)
        width = (until - since).days + 1
        days = np.array([max((min(end, until) - max(begin, since)).days + 1, 0) for begin, end in periods])
        column += days / width
    # What is the same every year belongs to the season.
    for position in range(season):
        column[position::season] -= column[position::season].mean()
    return column


def _column(effect: EffectSpec, periods: Sequence[tuple[dt.date, dt.date]], season: int, history: int) -> FloatArray:
    size = len(periods)
    since, until = effect.since, effect.until
    if effect.kind == "lunar_new_year":
        return _lunar_column(effect, periods, season)
    assert since is not None  # noqa: S101  the reader has checked
    if effect.kind == "pulse":
        assert until is not None  # noqa: S101
        return _overlap(periods, since, until)
    if effect.kind == "step":
        column = _overlap(periods, since, until or dt.date.max)
    else:
        assert until is not None  # noqa: S101
        span = (until - since).days + 1
        middles = [begin + (end - begin) / 2 for begin, end in periods]
        column = np.clip(np.array([((middle - since).days + 1) / span for middle in middles]), 0.0, 1.0)
    if not effect.stays:
        column[history:size] = 0.0
    return column


def effect_members(effect: EffectSpec, series: Sequence[str]) -> NDArray[np.bool_]:
    """Return which series an effect is for; names may hold ``*`` and ``?``."""
    return np.array([any(fnmatchcase(name, pattern) for pattern in effect.series) for name in series])


def effect_columns(
    effects: Sequence[EffectSpec],
    panel: Panel,
    *,
    horizon: int,
    covariates: Mapping[str, pd.DataFrame] | None = None,
) -> FloatArray:
    """Return what every effect's coefficient is multiplied by.

    Parameters
    ----------
    effects : sequence of EffectSpec
        The declared effects.
    panel : Panel
        The series.
    horizon : int
        Periods after the panel's last.
    covariates : mapping of str to DataFrame, optional
        For every covariate its rows `period`, `value`, with a future; with a column `draw` where the future is
        simulated: then the mean stands here, and the draws enter with the forecast.

    Returns
    -------
    array, shape (effect, period)
        Zero where an effect is at rest.

    Raises
    ------
    TableError
        When a covariate is missing or has gaps.
    """
    size = panel.values.shape[1]
    periods = period_dates(panel.freq, panel.first, size + horizon)
    labels = period_labels(panel.freq, panel.first, size + horizon)
    columns = np.zeros((len(effects), size + horizon))
    problems: list[Problem] = []
    for number, effect in enumerate(effects):
        if effect.kind != "covariate":
            columns[number] = _column(effect, periods, panel.season, size)
            continue
        rows = (covariates or {}).get(effect.name)
        if rows is None:
            problems.append(Problem(f"covariate {effect.name}", "nothing", "rows period, value", "give covariates="))
            continue
        known = rows.groupby("period")["value"].mean().reindex(list(labels))
        gaps = known.index[known.isna()].tolist()
        if gaps:
            shown = ", ".join(map(str, gaps[:4])) + (" …" if len(gaps) > 4 else "")
            expected = f"a value in every period from {labels[0]} to {labels[-1]}"
            problems.append(Problem(f"covariate {effect.name}", f"none in {shown}", expected))
            continue
        columns[number] = known.to_numpy(dtype=np.float64)
    raise_all(problems, TableError)
    return columns


def outbreak_windows(outbreaks: Sequence[OutbreakSpec], panel: Panel, *, horizon: int) -> FloatArray:
    """Return the share of every period that lies in each outbreak, shape (outbreak, period)."""
    periods = period_dates(panel.freq, panel.first, panel.values.shape[1] + horizon)
    return np.array([_overlap(periods, one.since, one.until) for one in outbreaks]).reshape(-1, len(periods))


def find_outbreaks(panel: Panel, *, threshold: float, share: float) -> pd.DataFrame:
    """Return the periods in which much of a panel moved by more than it does.

    The change on the year in logs, less the median change of the years before and after, over its robust deviation.

    Parameters
    ----------
    panel : Panel
        The series.
    threshold : float
        Robust standard deviations that count as much.
    share : float
        Share of the series that must have moved so.

    Returns
    -------
    DataFrame
        period, share of series, median size in robust deviations.

    Examples
    --------
    >>> values = np.exp(np.random.default_rng(1).normal(0, 0.01, (6, 40)))
    >>> values[:, 30] /= 2
    >>> panel = Panel(tuple("abcdef"), "Q", 4, 2010 * 4, values)
    >>> find_outbreaks(panel, threshold=6, share=0.5).period.tolist()
    ['2017Q3', '2018Q3']
    """
    season, values = panel.season, panel.values
    empty = pd.DataFrame({"period": pd.Series(dtype=str), "share": [], "size": []})
    if values.shape[1] <= 3 * season:
        return empty
    logs = np.log(np.where(values > 0, values, np.nan))
    change = logs[:, season:] - logs[:, :-season]
    known = (~np.isnan(change)).any(axis=1)
    change = change[known]
    if not change.size:
        return empty
    centred = change - np.nanmedian(change, axis=1, keepdims=True)
    spread = 1.4826 * np.nanmedian(np.abs(centred), axis=1, keepdims=True)
    sizes = centred / np.maximum(spread, 1e-9)
    labels = panel.periods[season:]
    rows = []
    for column, label in enumerate(labels):
        here = sizes[:, column][~np.isnan(sizes[:, column])]
        if here.size and (np.abs(here) > threshold).mean() >= share:
            found = {"period": label, "share": float((np.abs(here) > threshold).mean())}
            rows.append(found | {"size": float(np.median(here))})
    return pd.DataFrame(rows) if rows else empty
