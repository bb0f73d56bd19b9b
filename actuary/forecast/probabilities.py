"""Probabilities of dated events: a deficit, a warning level crossed at some time, and how deep a shortfall is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.forecast.joint import FundPaths
from actuary.policy import load_alert_rules

__all__ = [
    "WatchedLevel",
    "crossing_table",
    "deficit_table",
    "expected_shortfall",
    "simulation_error",
    "watched_levels",
]

type FloatArray = NDArray[np.float64]

_INDICATOR = "payable_months"


@dataclass(frozen=True, slots=True)
class WatchedLevel:
    """Hold one declared warning level on months payable.

    Parameters
    ----------
    rule : str
        Id of the rule.
    level : str
        ``red``, ``orange`` or ``yellow``.
    months : float
        Below so many months the level holds.
    status : str
        ``official``, ``practice`` or ``judgement``.
    """

    rule: str
    level: str
    months: float
    status: str


def watched_levels(scheme: str, *, models: Path | None = None) -> tuple[WatchedLevel, ...]:
    """Return the declared levels below which months payable of a scheme must not fall, the highest first.

    Where several rules name one threshold, the official one is kept.

    Parameters
    ----------
    scheme : str
        ``employee`` or ``resident``.
    models : Path, optional
        Models folder.

    Examples
    --------
    >>> [(one.level, one.months) for one in watched_levels("employee")][:2]
    [('yellow', 6.0), ('orange', 3.0)]
    """
    order = ("official", "practice", "judgement")
    found: dict[float, WatchedLevel] = {}
    for rule in load_alert_rules(models):
        if rule.indicator != _INDICATOR or scheme not in rule.schemes:
            continue
        for case in rule.case:
            if case.level not in {"red", "orange", "yellow"}:
                continue
            # A case that asks for something else too is no level of months alone.
            if len(case.all) != 1 or case.all[0].indicator != _INDICATOR or not case.all[0].operator.startswith("<"):
                continue
            one = WatchedLevel(rule.id, case.level, float(case.all[0].threshold), rule.status_of(case))
            known = found.get(one.months)
            if known is None or order.index(one.status) < order.index(known.status):
                found[one.months] = one
    return tuple(sorted(found.values(), key=lambda one: -one.months))


def simulation_error(probability: FloatArray | float, draws: int) -> FloatArray:
    """Return the standard error of a probability counted in draws.

    Examples
    --------
    >>> float(simulation_error(0.5, 100))
    0.05
    """
    p = np.asarray(probability, dtype=np.float64)
    found: FloatArray = np.sqrt(p * (1 - p) / draws)
    return found


def deficit_table(fund: FundPaths) -> pd.DataFrame:
    """Return, for every period, how likely a deficit is: of the period, of the year that ends there, and so far.

    Parameters
    ----------
    fund : FundPaths
        Joint futures.

    Returns
    -------
    DataFrame
        fund, period, probability (spending exceeds income in the period), of_year (in the periods of the year up to
        this one that lie in the future), ever (in this period or an earlier one), exhausted (balance below zero now or
        earlier), expected_deficit (mean deficit where there is one) [unit] and simulation_error of `probability`.

    Examples
    --------
    >>> import xarray as xr
    >>> from actuary.forecast.joint import fund_paths
    >>> quarters = {"period": ["2025Q1", "2025Q2"]}
    >>> income = xr.DataArray([[1.0, 1.0], [1.0, 1.0]], dims=("draw", "period"), coords=quarters)
    >>> spending = xr.DataArray([[1.5, 0.5], [0.5, 0.5]], dims=("draw", "period"), coords=quarters)
    >>> past = xr.DataArray(np.ones(3), dims="period")
    >>> fund = fund_paths(income, spending, opening=0.2, past_spending=past, season=4)
    >>> deficit_table(fund)[["probability", "ever", "exhausted"]].to_numpy().tolist()
    [[0.5, 0.5, 0.5], [0.0, 0.5, 0.5]]
    """
    net, balance = fund.values("balance_of_period"), fund.values("balance")
    deficit = net < 0
    years = np.array([label[:4] for label in fund.periods])
    of_year = np.stack(
        [net[:, (years == years[t]) & (np.arange(years.size) <= t)].sum(axis=1) < 0 for t in range(years.size)], axis=1
    )
    count = deficit.sum(axis=0)
    depth = np.where(deficit, -net, 0.0).sum(axis=0)
    probability = deficit.mean(axis=0)
    return pd.DataFrame(
        {
            "fund": fund.name,
            "period": fund.periods,
            "probability": probability,
            "of_year": of_year.mean(axis=0),
            "ever": np.maximum.accumulate(deficit, axis=1).mean(axis=0),
            "exhausted": np.maximum.accumulate(balance < 0, axis=1).mean(axis=0),
            "expected_deficit": np.where(count > 0, depth / np.maximum(count, 1), 0.0),
            "simulation_error": simulation_error(probability, net.shape[0]),
        }
    )


def crossing_table(fund: FundPaths, levels: Sequence[WatchedLevel]) -> pd.DataFrame:
    """Return how likely months payable fall below each level: at the end of a period, and ever up to it.

    The second counts paths by their minimum: it is never less than the first.

    Parameters
    ----------
    fund : FundPaths
        Joint futures.
    levels : sequence of WatchedLevel
        See :func:`watched_levels`.

    Returns
    -------
    DataFrame
        fund, rule, level, months, status, period, at (probability at the end of the period), ever (at any period up to
        it), simulation_error of `ever`.

    Examples
    --------
    >>> import xarray as xr
    >>> from actuary.forecast.joint import fund_paths
    >>> quarters = {"period": ["2025Q1", "2025Q2"]}
    >>> flat = xr.DataArray(np.ones((2, 2)), dims=("draw", "period"), coords=quarters)
    >>> past = xr.DataArray(np.ones(3), dims="period")
    >>> fund = fund_paths(flat - 0.5, flat, opening=2.0, past_spending=past, season=4)
    >>> crossing_table(fund, [WatchedLevel("reserve", "red", 4.0, "judgement")])["ever"].tolist()
    [0.0, 1.0]
    """
    months = fund.values("payable_months")
    lowest = np.fmin.accumulate(months, axis=1)
    parts = []
    for level in levels:
        ever = (lowest < level.months).mean(axis=0)
        part = {"fund": fund.name, "rule": level.rule, "level": level.level, "months": level.months}
        part |= {"status": level.status, "period": fund.periods, "at": (months < level.months).mean(axis=0)}
        part |= {"ever": ever, "simulation_error": simulation_error(ever, months.shape[0])}
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def expected_shortfall(values: FloatArray, *, probability: float = 0.1, below: bool = True) -> FloatArray:
    """Return the mean of the worst draws.

    Parameters
    ----------
    values : array, shape (draw, ...)
        Draws.
    probability : float
        Share of the draws that counts as the worst; at least one draw is taken.
    below : bool
        Whether low values are the worst.

    Returns
    -------
    array, shape (...)
        Mean of the worst draws, in the unit of the values.

    Examples
    --------
    >>> float(expected_shortfall(np.arange(10.0), probability=0.2))
    0.5
    """
    ordered = np.sort(values, axis=0)
    count = max(1, int(np.floor(probability * values.shape[0] + 1e-9)))
    worst = ordered[:count] if below else ordered[-count:]
    found: FloatArray = worst.mean(axis=0)
    return found
