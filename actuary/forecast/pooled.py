"""The pooled model: one prior of recursions for all series, weighted by how well each would have forecast them.

A draw's weight for a series has three parts: its mean loss over the series of the panel, what it misses of their total,
and its loss over the series itself. That is a predictive posterior with partial pooling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from actuary.forecast.panel import Panel
from actuary.forecast.scores import naive_scale
from actuary.forecast.spec import PooledSpec
from actuary.kernels.innovations import innovation_losses
from actuary.seeds import stream
from actuary.threads import worker_threads

__all__ = ["Fitted", "PooledFit", "draw_parameters", "fit_pooled", "shared_calendars"]

type FloatArray = NDArray[np.float64]

#: The logarithm of smaller values than this share of the series' mean is that of this share.
_LOG_FLOOR = 1e-3
#: Series that make a total.
_LEAST_SERIES = 3


@dataclass(frozen=True, eq=False)
class Fitted:
    """Hold one series as the recursion sees it.

    Parameters
    ----------
    begin, end : int
        Columns of the panel: first value, after the last value.
    size : float
        What the values were divided by [unit of the series].
    power : float
        Box-Cox power; 1 for series with negative values.
    z : array, shape (period,)
        Values on that scale.
    losses : array, shape (draw,)
        Mean loss of each draw's median and 80 % interval over the mean absolute seasonal difference; NaN where there
        was no origin.
    origins : int
        How many origins the losses are over.
    weights : array, shape (draw,)
        Weights of the draws; they add up to one.
    """

    begin: int
    end: int
    size: float
    power: float
    z: FloatArray
    losses: FloatArray
    origins: int
    weights: FloatArray


@dataclass(frozen=True, eq=False)
class PooledFit:
    """Hold the fitted panel: parameters shared by all series, and each series with its weights."""

    spec: PooledSpec
    panel: Panel
    table: FloatArray
    fitted: tuple[Fitted, ...]


def draw_parameters(spec: PooledSpec, *, rng: np.random.Generator) -> FloatArray:
    """Draw the recursion's parameters from the declared prior, shape (draw, 5).

    Parameters
    ----------
    spec : PooledSpec
        The declaration.
    rng : numpy.random.Generator
        Where the randomness is from.
    """
    prior, size = spec.prior, spec.prior.draws
    alpha = rng.beta(*prior.alpha, size)
    beta = alpha * rng.beta(*prior.beta_share, size)
    gamma = (1 - alpha) * rng.beta(*prior.gamma_share, size)
    phi = 0.5 + 0.5 * rng.beta(*prior.phi, size)
    kappa = prior.kappa_most * rng.beta(*prior.kappa, size)
    return np.stack([alpha, beta, gamma, phi, kappa], axis=1)


def _scale(values: FloatArray, power: float) -> tuple[float, float, FloatArray]:
    """Return the size and the power that suit a series, and its values on that scale."""
    known = values[~np.isnan(values)]
    size = float(np.abs(known).mean()) or 1.0
    y = values / size
    if (known < 0).any():
        return size, 1.0, y - 1.0
    if power == 0.0:
        return size, power, np.log(np.maximum(y, _LOG_FLOOR))
    return size, power, (y**power - 1.0) / power


def _fit_one(panel: Panel, row: int, spec: PooledSpec, table: FloatArray, horizon: int) -> tuple[Fitted, FloatArray]:
    begin, end = panel.span(row)
    values = panel.values[row, begin:end]
    size, power, z = _scale(values, spec.scale.power)
    y = values / size
    back = spec.weights.back[panel.freq]
    first = max(2 * panel.season + 1, values.size - horizon - back)
    origins = max(values.size - horizon - first + 1, 0)
    losses, missed = innovation_losses(
        z,
        y,
        season=panel.season,
        table=table,
        horizon=horizon,
        back=back,
        half_life=spec.shocks.half_life[panel.freq],
        power=power,
    )
    scale = naive_scale(y, panel.season)
    return Fitted(begin, end, size, power, z, losses / scale, origins, np.empty(0)), missed / scale


def fit_pooled(panel: Panel, spec: PooledSpec, *, horizon: int, seed: int, threads: int | None = None) -> PooledFit:
    """Weigh the prior's draws for every series of a panel.

    Parameters
    ----------
    panel : Panel
        The series.
    spec : PooledSpec
        The declaration.
    horizon : int
        Periods ahead for which the forecasts are wanted; draws are judged at that horizon.
    seed : int
        Root seed.
    threads : int, optional
        Threads to use; the answer does not depend on it.

    Returns
    -------
    PooledFit
        Parameters and weights.
    """
    table = draw_parameters(spec, rng=stream(seed, "forecast/pooled/prior"))
    with worker_threads(threads) as pool:
        rows = range(len(panel.series))
        found = list(pool.map(lambda row: _fit_one(panel, row, spec, table, horizon), rows))
    fitted = [one for one, _ in found]
    judged = [one.losses for one in fitted if one.origins and not np.isnan(one.losses).all()]
    pooled = spec.weights.panel * np.mean(judged, axis=0) if judged else np.zeros(table.shape[0])
    totals = _total_misses(panel, found, horizon=horizon)
    if totals:
        pooled = pooled + spec.weights.total * np.mean([np.abs(one).mean(axis=1) for one in totals], axis=0)
    return PooledFit(spec, panel, table, tuple(_weigh(one, pooled, spec) for one in fitted))


def shared_calendars(ends: Sequence[int], season: int) -> list[int]:
    """Return for each series the latest end within a cycle of its own: those series share a calendar.

    Parameters
    ----------
    ends : sequence of int
        Column after the last value of each series.
    season : int
        Periods in a cycle.

    Examples
    --------
    >>> shared_calendars([40, 39, 20], 4)
    [40, 40, 20]
    """
    anchors: dict[int, int] = {}
    latest = None
    for end in sorted(set(ends), reverse=True):
        if latest is None or latest - end > season:
            latest = end
        anchors[end] = latest
    return [anchors[end] for end in ends]


def _total_misses(panel: Panel, found: list[tuple[Fitted, FloatArray]], *, horizon: int) -> list[FloatArray]:
    """Return for each calendar the mean signed error over its series, shape (draw, origin), in their scales.

    What single series miss by chance cancels out there: it tells how much of the past growth goes on.
    """
    anchors = shared_calendars([one.end for one, _ in found], panel.season)
    totals = []
    for anchor in dict.fromkeys(anchors):
        rows = [row for row, own in enumerate(anchors) if own == anchor]
        total = np.zeros((found[0][1].shape[0], panel.values.shape[1]))
        count = np.zeros(total.shape[1])
        for row in rows:
            one, missed = found[row]
            last = one.end - horizon
            where = slice(last - missed.shape[1] + 1, last + 1)
            known = ~np.isnan(missed[:1])
            total[:, where] += np.where(known, missed, 0.0)
            count[where] += known[0]
        kept = count >= max(_LEAST_SERIES, 0.5 * len(rows))
        if kept.any():
            totals.append(total[:, kept] / count[kept])
    return totals


def _weigh(one: Fitted, pooled: FloatArray, spec: PooledSpec) -> Fitted:
    log = -pooled
    if one.origins and not np.isnan(one.losses).any():
        log = log - spec.weights.series * min(1.0, one.origins / spec.weights.full_at) * one.losses
    weights = np.exp(log - log.max())
    return replace(one, weights=weights / weights.sum())
