"""Draw joint futures of a fitted panel.

Shocks of the future are past innovations of the series itself, recent ones likelier. Which of them a draw takes is
ruled by ranks that series share as far as their innovations were found to go together, pair by pair (a Gaussian
copula): every series by itself is drawn as if it were alone, and series that have nothing to do with each other stay
uncorrelated. How much of the past growth goes on is learnt from the panel as a whole, so a draw always keeps to one
quantile of it in all series: where they grow, their totals are no better known than that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actuary.forecast.dependence import find_dependence, own_errors
from actuary.forecast.pooled import Fitted, PooledFit, shared_calendars
from actuary.kernels.innovations import innovation_paths
from actuary.seeds import stream
from actuary.threads import worker_threads

__all__ = ["simulate_pooled"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]


def _recency(fit: PooledFit, ages: IntArray) -> FloatArray:
    """Return how likely shocks of given ages [periods] are: recent ones are likelier."""
    likely: FloatArray = 0.5 ** (ages / fit.spec.shocks.half_life[fit.panel.freq])
    return likely / likely.sum()


def simulate_pooled(fit: PooledFit, *, horizon: int, draws: int, seed: int, threads: int | None = None) -> FloatArray:
    """Draw joint futures of all series of a panel.

    Parameters
    ----------
    fit : PooledFit
        The fitted panel.
    horizon : int
        Periods ahead of each series' last value.
    draws : int
        Joint futures.
    seed : int
        Root seed.
    threads : int, optional
        Threads to use; the answer does not depend on it.

    Returns
    -------
    array, shape (draw, series, horizon)
        Values in the unit of the series. One draw is one joint future.
    """
    panel = fit.panel
    found = find_dependence(fit)
    level = stream(seed, "forecast/pooled/level").random(draws)
    ranks = _joint_ranks(fit, found.correlation, draws=draws, periods=horizon + panel.season, seed=seed)
    anchors = shared_calendars([one.end for one in fit.fitted], panel.season)
    order = _by_growth(fit, horizon=horizon, threads=threads)

    def one(row: int) -> FloatArray:
        rng = stream(seed, f"forecast/pooled/series/{panel.series[row]}")
        # The same calendar period has the same ranks, wherever a series ends.
        first = panel.season - (anchors[row] - fit.fitted[row].end)
        chosen = _choose(fit, row, level, order=order)
        own = ranks[row, :, first : first + horizon]
        return _simulate_one(fit, row, chosen=chosen, ranks=own, typical=found.spread, rng=rng)

    with worker_threads(threads) as pool:
        paths = list(pool.map(one, range(len(panel.series))))
    return np.stack(paths, axis=1)


def _joint_ranks(fit: PooledFit, correlation: FloatArray, *, draws: int, periods: int, seed: int) -> FloatArray:
    """Return uniform ranks of shocks, shape (series, draw, period): each series has its own stream, then they are tied.

    The root of the correlations is the symmetric one, so that the order of the series does not matter.
    """
    from scipy.special import ndtr  # noqa: PLC0415

    own = np.stack(
        [stream(seed, f"forecast/pooled/ranks/{name}").standard_normal((draws, periods)) for name in fit.panel.series]
    )
    values, vectors = np.linalg.eigh(correlation)
    root = (vectors * np.sqrt(values.clip(min=0.0))) @ vectors.T
    tied: FloatArray = ndtr(np.tensordot(root, own, axes=(1, 0)))
    return tied


def _by_growth(fit: PooledFit, *, horizon: int, threads: int | None) -> IntArray:
    """Return the sets of parameters in the order of where they take the panel without further shocks.

    Damping, drift and level together say how much of the past growth goes on; the share kappa alone does not order it.
    """
    every = np.arange(len(fit.table))
    calm = np.zeros((every.size, horizon))

    def reached(one: Fitted) -> FloatArray:
        paths = innovation_paths(
            one.z, season=fit.panel.season, table=fit.table, chosen=every, shocks=calm, power=one.power
        )
        found: FloatArray = paths.mean(axis=1)
        return found

    with worker_threads(threads) as pool:
        mean = np.mean(list(pool.map(reached, fit.fitted)), axis=0)
    order: IntArray = np.argsort(mean, kind="stable")
    return order


def _choose(fit: PooledFit, row: int, levels: FloatArray, *, order: IntArray) -> IntArray:
    """Return parameters by their quantile in a series' weights, in the order that all series share."""
    reached = np.cumsum(fit.fitted[row].weights[order])
    chosen: IntArray = order[np.searchsorted(reached, levels * reached[-1]).clip(max=order.size - 1)]
    return chosen


def _simulate_one(
    fit: PooledFit, row: int, *, chosen: IntArray, ranks: FloatArray, typical: float, rng: np.random.Generator
) -> FloatArray:
    one, season, shocks_spec = fit.fitted[row], fit.panel.season, fit.spec.shocks
    used, position = np.unique(chosen, return_inverse=True)
    table = fit.table[used]
    errors = own_errors(one, season, table)
    size = errors.shape[1]
    known = np.flatnonzero(~np.isnan(errors[0]))
    known = known[known >= size - fit.spec.weights.back[fit.panel.freq]]
    if known.size < shocks_spec.least:
        # Too few errors of its own: the panel's typical spread, or its own steps where they are larger; heavy tails.
        steps = np.diff(one.z[~np.isnan(one.z)])
        width = max(typical, float(np.sqrt((steps**2).mean())))
        shocks = width * _heavy_tailed(ranks)
    else:
        shocks = _weighted_quantiles(errors[:, known], _recency(fit, size - 1 - known), position=position, ranks=ranks)
    # A history that hardly moves is no proof that the future will not.
    still = np.ptp(one.z[~np.isnan(one.z)]) == 0
    least = shocks_spec.still if still else shocks_spec.floor
    if (spread := shocks.std()) < least:
        shocks = shocks + rng.normal(0.0, np.sqrt(least**2 - spread**2), size=shocks.shape)
    paths = innovation_paths(one.z, season=season, table=table, chosen=position, shocks=shocks, power=one.power)
    return paths * one.size


def _heavy_tailed(ranks: FloatArray) -> FloatArray:
    """Return quantiles of Student's law with four degrees of freedom, scaled to a standard deviation of one."""
    from scipy.special import stdtrit  # noqa: PLC0415

    found: FloatArray = stdtrit(4.0, ranks) / np.sqrt(2.0)
    return found


def _weighted_quantiles(errors: FloatArray, likely: FloatArray, *, position: IntArray, ranks: FloatArray) -> FloatArray:
    """Return centred errors by rank, shape (draw, horizon): the same law as drawing their times by weight.

    Parameters
    ----------
    errors : array, shape (set, time)
        Past innovations of every set of parameters in use.
    likely : array, shape (time,)
        Weights of the times; they add up to one.
    position : int array, shape (draw,)
        Which set a draw follows.
    ranks : array, shape (draw, horizon)
        Between 0 and 1.
    """
    order = np.argsort(errors, axis=1, kind="stable")
    ordered = np.take_along_axis(errors, order, axis=1) - errors @ likely[:, None]
    reached = np.cumsum(likely[order], axis=1)
    # All sets are looked up at once: set j has the stretch from j to j + 1.
    steps = (reached / reached[:, -1:] + np.arange(len(errors))[:, None]).ravel()
    found = np.searchsorted(steps, ranks + position[:, None], side="left").reshape(ranks.shape)
    last = (position[:, None] + 1) * errors.shape[1] - 1
    shocks: FloatArray = ordered.ravel()[found.clip(max=last)]
    return shocks
