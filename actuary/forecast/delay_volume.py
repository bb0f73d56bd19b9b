"""How much care is given in a period: a first look at completion, and how volumes vary from period to period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from actuary.forecast.delay_spec import VolumeSpread, VolumesSpec

__all__ = ["Volumes", "first_completion", "first_volumes", "learn_volumes", "volume_covariance"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Volumes:
    """Hold what is thought of log volumes before the delay is modelled.

    Parameters
    ----------
    level : array, shape (series,)
        Mean log volume of every series.
    common : array, shape (period,)
        First look at the movement that all series share.
    scale : array, shape (series,)
        How much wider than the usual a series moves on its own; 1 is usual.
    common_spread, own_spread : VolumeSpread
        Spreads of the shared movement and of the series' own.
    """

    level: FloatArray
    common: FloatArray
    scale: FloatArray
    common_spread: VolumeSpread
    own_spread: VolumeSpread


def volume_covariance(numbers: IntArray, spread: VolumeSpread, *, season: int, level: float) -> FloatArray:
    """Return the covariance of log volumes: level, random walk, noise and months of the year.

    Parameters
    ----------
    numbers : array of int, shape (period,)
        Numbers of the periods.
    spread : VolumeSpread
        Spreads.
    season : int
        Periods in a year; 1 for none.
    level : float
        Standard deviation of the level.

    Returns
    -------
    array, shape (period, period)

    Examples
    --------
    >>> volume_covariance(np.arange(2), VolumeSpread(walk=1.0, noise=0.5, season=0.0), season=1, level=0.0).tolist()
    [[1.25, 1.0], [1.0, 2.25]]
    """
    steps = np.minimum.outer(numbers - numbers[0] + 1, numbers - numbers[0] + 1)
    covariance = level**2 + spread.walk**2 * steps + spread.noise**2 * np.eye(numbers.size)
    if season > 1:
        covariance = covariance + spread.season**2 * ((numbers[:, None] - numbers[None, :]) % season == 0)
    return np.asarray(covariance, dtype=float)


def _numbers(spread: VolumeSpread) -> FloatArray:
    return np.array([spread.walk, spread.noise, spread.season])


def _named(numbers: FloatArray) -> VolumeSpread:
    walk, noise, season = (float(number) for number in numbers)
    return VolumeSpread(walk=walk, noise=noise, season=season)


def _learn_spread(
    moves: FloatArray, numbers: IntArray, season: int, least: VolumeSpread, spec: VolumesSpec
) -> VolumeSpread:
    """Return the likeliest spreads of log volumes, shape (period, series), not below the least."""
    guess = np.log(_numbers(spec.first_guess))

    def loss(log_spread: FloatArray) -> float:
        spread = _named(np.exp(log_spread))
        covariance = volume_covariance(numbers, spread, season=season, level=1.0)
        factor = np.linalg.cholesky(covariance + 1e-10 * np.eye(numbers.size))
        white = np.linalg.solve(factor, moves)
        prior = 0.5 * np.sum(((log_spread - guess) / spec.guess_width) ** 2)
        return float(0.5 * np.sum(white**2) + moves.shape[1] * np.log(np.diag(factor)).sum() + prior)

    found = minimize(loss, guess, method="L-BFGS-B", bounds=[(-7.0, 1.0)] * 3)
    return _named(np.maximum(np.exp(found.x), _numbers(least)))


def first_completion(amounts: FloatArray, lags: IntArray, complete_after: int) -> FloatArray:
    """Return the log of the share known at every lag, of the sum over series, by least squares.

    Parameters
    ----------
    amounts : array, shape (series, period, cutoff)
        Amounts known so far.
    lags : array, shape (period, cutoff)
        Periods since service.
    complete_after : int
        Lag from which all is known.

    Returns
    -------
    array, shape (complete_after,)
        Below 0.
    """
    shown = (lags >= 0) & ~np.isnan(amounts).all(axis=0)
    sums = np.nansum(np.where(shown, amounts, 0.0), axis=0)
    period, cutoff = np.nonzero(shown & (sums > 0))
    lag = lags[period, cutoff]
    periods, rows = lags.shape[0], period.size
    design = np.zeros((rows + complete_after, periods + complete_after))
    wanted = np.zeros(rows + complete_after)
    design[np.arange(rows), period] = 1.0
    young = np.flatnonzero(lag < complete_after)
    design[young, periods + lag[young]] = 1.0
    wanted[:rows] = np.log(sums[period, cutoff])
    # Lags that no two cut-offs link keep a plain guess: two thirds of the odds left over a lag.
    tail = np.arange(complete_after)
    design[rows + tail, periods + tail] = 0.01
    wanted[rows:] = 0.01 * np.log(expit(-0.5 + 1.2 * tail))
    solution = np.linalg.lstsq(design, wanted, rcond=None)[0]
    completion: FloatArray = np.clip(solution[periods:], -8.0, -1e-5)
    return completion


def _steadiness(moves: FloatArray, worth: float) -> FloatArray:
    """Return how much wider than the middle one every series moves, drawn towards 1."""
    steps = np.abs(np.diff(moves, axis=1))
    wide = np.median(steps, axis=1) / 0.6745
    middle = np.median(wide)
    if not middle > 0:
        return np.ones(moves.shape[0])
    count = steps.shape[1]
    scale: FloatArray = np.sqrt((count * wide**2 + worth * middle**2) / (count + worth)) / middle
    return scale


def first_volumes(
    logs: FloatArray, numbers: IntArray, mature: NDArray[np.bool_], *, season: int, spec: VolumesSpec
) -> Volumes:
    """Learn how log volumes move from the periods that are complete, or nearly.

    Parameters
    ----------
    logs : array, shape (series, period)
        Log of a first guess of the final amounts; NaN where there is none.
    numbers : array of int, shape (period,)
        Numbers of the periods.
    mature : array of bool, shape (period,)
        Which periods are complete enough to learn from.
    season : int
        Periods in a year; 1 for none.
    spec : VolumesSpec
        The declaration.
    """
    level = np.nanmean(logs, axis=1)
    moves = np.where(np.isnan(logs), 0.0, logs - level[:, None])
    counted = np.maximum((~np.isnan(logs)).sum(axis=0), 1)
    common = moves.sum(axis=0) / counted
    if mature.sum() < 4:
        mature = np.ones(numbers.size, dtype=bool)
    common_spread = _learn_spread(common[mature, None], numbers[mature], season, spec.least_common, spec)
    scale, own_spread = np.ones(level.size), spec.least_own
    if level.size > 1 and mature.sum() > 2:
        own = np.where(np.isnan(logs), 0.0, moves - common)[:, mature]
        scale = _steadiness(own, spec.steady_worth)
        own_spread = _learn_spread((own / scale[:, None]).T, numbers[mature], season, spec.least_own, spec)
    return Volumes(level, common, scale, common_spread, own_spread)


def learn_volumes(
    amounts: FloatArray, numbers: IntArray, lags: IntArray, completion: FloatArray, *, season: int, spec: VolumesSpec
) -> Volumes:
    """Return what is thought of volumes: the last amount of every period over its first-look completion.

    Parameters
    ----------
    amounts : array, shape (series, period, cutoff)
        Amounts known so far.
    numbers : array of int, shape (period,)
        Numbers of the periods.
    lags : array, shape (period, cutoff)
        Periods since service.
    completion : array, shape (complete_after,)
        See :func:`first_completion`.
    season : int
        Periods in a year; 1 for none.
    spec : VolumesSpec
        The declaration.
    """
    logs = np.full(amounts.shape[:2], np.nan)
    for cutoff in range(amounts.shape[2]):
        lag = lags[:, cutoff]
        known = np.where(lag < completion.size, completion[np.clip(lag, 0, completion.size - 1)], 0.0)
        amount = amounts[:, :, cutoff]
        shown = (amount > 0) & (lag >= 0)
        logs = np.where(shown, np.log(np.where(shown, amount, 1.0)) - known, logs)
    last = lags[:, -1]
    mature = last >= completion.size
    if mature.sum() < spec.enough_mature:
        mature = mature | (np.exp(completion[np.clip(last, 0, completion.size - 1)]) > 0.9)
    return first_volumes(logs, numbers, mature, season=season, spec=spec)
