"""Draw joint futures of a fitted panel.

Shocks of the future are past innovations. They are taken at the same calendar times for all series, so that what moves
together goes on moving together. They are so only as often, though, as the panel's innovations go together by more than
chance: shocks of series that have nothing to do with each other stay uncorrelated. How much of the past growth goes on
is learnt from the panel as a whole, so a draw always keeps to one quantile of it in all series: where they grow, their
totals are no better known than that.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actuary.forecast.pooled import Fitted, PooledFit
from actuary.kernels.innovations import innovation_paths, one_step_errors
from actuary.seeds import stream

__all__ = ["Dependence", "find_dependence", "simulate_pooled"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Dependence:
    """Hold what the innovations of a panel say together.

    Parameters
    ----------
    share : float
        Share of the joint futures that keep to common times: the mean squared correlation of innovations over what
        chance would give, less one, 0 to 1.
    spread : float
        Typical standard deviation of an innovation on the Box-Cox scale.
    """

    share: float
    spread: float


def _recency(fit: PooledFit, ages: IntArray) -> FloatArray:
    """Return how likely shocks of given ages [periods] are: recent ones are likelier."""
    likely: FloatArray = 0.5 ** (ages / fit.spec.shocks.half_life[fit.panel.freq])
    return likely / likely.sum()


def _own_errors(one: Fitted, season: int, table: FloatArray) -> FloatArray:
    """Return innovations of every set of parameters, NaN over the first cycle: it set the opening states."""
    errors = one_step_errors(one.z, season=season, table=table)
    errors[:, : min(season, errors.shape[1] - 1)] = np.nan
    return errors


def find_dependence(fit: PooledFit) -> Dependence:
    """Measure how far the innovations of a panel go together, under the parameters that suit the whole panel best.

    The mean squared correlation over pairs of series, each weighted towards recent times, is compared with the one
    that independent series of that length would show: one over the effective number of common times, and more where
    the innovations of both are autocorrelated (Bartlett's formula at lag one).

    Parameters
    ----------
    fit : PooledFit
        The fitted panel.
    """
    panel = fit.panel
    best = int(np.argmin(fit.pooled_losses))
    back = fit.spec.weights.back[panel.freq]
    last = max(one.end for one in fit.fitted)
    errors = np.full((len(fit.fitted), back), np.nan)
    spreads = []
    for row, one in enumerate(fit.fitted):
        own = _own_errors(one, panel.season, fit.table[best : best + 1])[0]
        known = own[~np.isnan(own)]
        if known.size >= fit.spec.shocks.least:
            spreads.append(float(known.std()))
        begin = max(one.begin, last - back)
        if one.end > begin:
            errors[row, begin - (last - back) : one.end - (last - back)] = own[begin - one.begin :]
    spread = float(np.median(spreads)) if spreads else fit.spec.shocks.unknown
    share = _common_share(errors, _recency(fit, np.arange(back)[::-1]), fit.spec.shocks.least)
    return Dependence(min(share, fit.spec.shocks.together), spread)


def _common_share(errors: FloatArray, likely: FloatArray, least: int) -> float:
    seen = ~np.isnan(errors)
    kept = seen.sum(axis=1) >= least
    seen, errors = seen[kept], errors[kept]
    if len(errors) < 2:
        return 0.0
    weights = seen * likely
    means = np.where(seen, errors, 0.0) * weights
    centred = np.where(seen, errors - means.sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True), 0.0)
    both = weights @ seen.T
    size = (centred**2 * likely) @ seen.T
    with np.errstate(invalid="ignore", divide="ignore"):
        squared = ((centred * likely) @ centred.T) ** 2 / (size * size.T)
        by_chance = ((weights * likely) @ seen.T) / both**2 * _bartlett(centred)
    pairs = np.triu(np.isfinite(squared) & np.isfinite(by_chance), k=1)
    if not pairs.any():
        return 0.0
    return float(np.clip(squared[pairs].mean() / by_chance[pairs].mean() - 1.0, 0.0, 1.0))


def _bartlett(centred: FloatArray) -> FloatArray:
    """Return how much more pairs of series correlate by chance than white noise does, shape (series, series)."""
    square = (centred**2).sum(axis=1)
    lagged = (centred[:, 1:] * centred[:, :-1]).sum(axis=1)
    rho = np.divide(lagged, square, out=np.zeros_like(square), where=square > 0).clip(-0.9, 0.9)
    both = np.outer(rho, rho)
    factor: FloatArray = ((1 + both) / (1 - both)).clip(min=1.0)
    return factor


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
        Values in the unit of the series. One draw is one joint future: its series share the times of their shocks.
    """
    panel = fit.panel
    back = fit.spec.weights.back[panel.freq]
    likely = _recency(fit, np.arange(back))
    found = find_dependence(fit)
    rng = stream(seed, "forecast/pooled/times")
    # One age for every period of the calendar that is the future of some series, and whether a draw keeps to it.
    ago = rng.choice(back, size=(draws, horizon + panel.season), p=likely)
    together = rng.random(draws) < found.share
    level = rng.random(draws)
    anchors = _anchors([one.end for one in fit.fitted], panel.season)
    order = _by_growth(fit, horizon=horizon, threads=threads)

    def one(row: int) -> FloatArray:
        own = stream(seed, f"forecast/pooled/series/{panel.series[row]}")
        behind = anchors[row] - fit.fitted[row].end
        first = panel.season - behind
        alone = own.choice(back, size=(draws, horizon), p=likely)
        ages = np.where(together[:, None], ago[:, first : first + horizon] - behind, alone)
        chosen = _choose(fit, row, level, order=order)
        return _simulate_one(fit, row, chosen=chosen, ages=ages, typical=found.spread, rng=own)

    with ThreadPoolExecutor(threads) as pool:
        paths = list(pool.map(one, range(len(panel.series))))
    return np.stack(paths, axis=1)


def _anchors(ends: list[int], season: int) -> list[int]:
    """Return for each series the latest end within a cycle of its own: those series share a calendar."""
    anchors: dict[int, int] = {}
    latest = None
    for end in sorted(set(ends), reverse=True):
        if latest is None or latest - end > season:
            latest = end
        anchors[end] = latest
    return [anchors[end] for end in ends]


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

    with ThreadPoolExecutor(threads) as pool:
        mean = np.mean(list(pool.map(reached, fit.fitted)), axis=0)
    order: IntArray = np.argsort(mean, kind="stable")
    return order


def _choose(fit: PooledFit, row: int, levels: FloatArray, *, order: IntArray) -> IntArray:
    """Return parameters by their quantile in a series' weights, in the order that all series share."""
    reached = np.cumsum(fit.fitted[row].weights[order])
    chosen: IntArray = order[np.searchsorted(reached, levels * reached[-1]).clip(max=order.size - 1)]
    return chosen


def _simulate_one(
    fit: PooledFit, row: int, *, chosen: IntArray, ages: IntArray, typical: float, rng: np.random.Generator
) -> FloatArray:
    one, season, shocks_spec = fit.fitted[row], fit.panel.season, fit.spec.shocks
    used, position = np.unique(chosen, return_inverse=True)
    table = fit.table[used]
    errors = _own_errors(one, season, table)
    size = errors.shape[1]
    known = np.flatnonzero(~np.isnan(errors[0]))
    known = known[known >= size - fit.spec.weights.back[fit.panel.freq]]
    if known.size < shocks_spec.least:
        # Too few errors of its own: the panel's typical spread, or its own steps where they are larger; heavy tails.
        steps = np.diff(one.z[~np.isnan(one.z)])
        width = max(typical, float(np.sqrt((steps**2).mean())))
        shocks = width * rng.standard_t(4, size=ages.shape) / np.sqrt(2.0)
    else:
        likely = _recency(fit, size - 1 - known)
        centred = errors - (errors[:, known] * likely).sum(axis=1, keepdims=True)
        # A shared time at which this series has no error of its own is replaced by one at which it has.
        times = size - 1 - ages
        times = np.where(np.isin(times, known), times, known[rng.choice(known.size, size=times.shape, p=likely)])
        shocks = centred[position[:, None], times]
    # A history that hardly moves is no proof that the future will not.
    still = np.ptp(one.z[~np.isnan(one.z)]) == 0
    least = shocks_spec.still if still else shocks_spec.floor
    if (spread := shocks.std()) < least:
        shocks = shocks + rng.normal(0.0, np.sqrt(least**2 - spread**2), size=shocks.shape)
    paths = innovation_paths(one.z, season=season, table=table, chosen=position, shocks=shocks, power=one.power)
    return paths * one.size
