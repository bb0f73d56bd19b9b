"""The pooled model: one prior of recursions for all series, weighted by how well each would have forecast them.

A draw's weight for a series has two parts, its loss over the whole panel and its loss over the series itself: a
predictive posterior with partial pooling. Shocks of the future are past innovations, taken at the same calendar times
for all series, so that what moves together goes on moving together.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from actuary.forecast.panel import Panel
from actuary.forecast.spec import PooledSpec
from actuary.kernels.innovations import innovation_losses, innovation_paths, one_step_errors
from actuary.seeds import stream

__all__ = ["Fitted", "PooledFit", "draw_parameters", "fit_pooled", "simulate_pooled"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]


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
        Mean absolute error of each draw over the seasonal-naive one; NaN where there was no origin.
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
    pooled_losses: FloatArray = field(repr=False)


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
    kappa = rng.beta(*prior.kappa, size)
    return np.stack([alpha, beta, gamma, phi, kappa], axis=1)


def _scale(values: FloatArray, power: float) -> tuple[float, float, FloatArray]:
    """Return the size and the power that suit a series, and its values on that scale."""
    known = values[~np.isnan(values)]
    size = float(np.abs(known).mean())
    if size == 0:
        return 1.0, 1.0, values - 1.0
    if (known < 0).any():
        return size, 1.0, values / size - 1.0
    y = values / size
    if power == 0.0:
        floor = 1e-3
        return size, power, np.log(np.maximum(y, floor))
    return size, power, (y**power - 1.0) / power


def _naive_error(y: FloatArray, season: int) -> float:
    """Return the mean absolute seasonal difference, the yardstick of all losses; never zero."""
    for lag in (season, 1):
        steps = np.abs(y[lag:] - y[:-lag]) if y.size > lag else np.empty(0)
        steps = steps[~np.isnan(steps)]
        if steps.size and steps.mean() > 0:
            return float(steps.mean())
    return max(float(np.nanmean(np.abs(y))), 1e-12)


def _fit_one(panel: Panel, row: int, spec: PooledSpec, table: FloatArray, horizon: int) -> Fitted:
    begin, end = panel.span(row)
    values = panel.values[row, begin:end]
    size, power, z = _scale(values, spec.scale.power)
    y = values / size
    back = spec.weights.back[panel.freq]
    first = max(2 * panel.season + 1, values.size - horizon - back)
    origins = max(values.size - horizon - first + 1, 0)
    losses = innovation_losses(z, y, season=panel.season, table=table, horizon=horizon, back=back, power=power)
    return Fitted(begin, end, size, power, z, losses / _naive_error(y, panel.season), origins, np.empty(0))


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
    with ThreadPoolExecutor(threads) as pool:
        rows = range(len(panel.series))
        fitted = list(pool.map(lambda row: _fit_one(panel, row, spec, table, horizon), rows))
    judged = [one.losses for one in fitted if one.origins and not np.isnan(one.losses).all()]
    pooled = np.mean(judged, axis=0) if judged else np.zeros(table.shape[0])
    return PooledFit(spec, panel, table, tuple(_weigh(one, pooled, spec) for one in fitted), pooled)


def _weigh(one: Fitted, pooled: FloatArray, spec: PooledSpec) -> Fitted:
    log = -spec.weights.panel * pooled
    if one.origins and not np.isnan(one.losses).any():
        log = log - spec.weights.series * min(1.0, one.origins / spec.weights.full_at) * one.losses
    weights = np.exp(log - log.max())
    return Fitted(one.begin, one.end, one.size, one.power, one.z, one.losses, one.origins, weights / weights.sum())


def simulate_pooled(fit: PooledFit, *, horizon: int, draws: int, seed: int, threads: int | None = None) -> FloatArray:
    """Draw joint futures of all series of a panel.

    Parameters
    ----------
    fit : PooledFit
        The fitted panel.
    horizon : int
        Periods ahead of each series' own end.
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
    panel, spec = fit.panel, fit.spec
    half_life = spec.shocks.half_life[panel.freq]
    # How long ago each shock was, shared by all series: recent times are likelier.
    ages = np.arange(spec.weights.back[panel.freq])
    likely = 0.5 ** (ages / half_life)
    rng = stream(seed, "forecast/pooled/times")
    ago = rng.choice(ages.size, size=(draws, horizon), p=likely / likely.sum())
    last = _common_ends([one.end for one in fit.fitted], panel.season)
    spread = _panel_spread(fit)

    def one(row: int) -> FloatArray:
        own = stream(seed, f"forecast/pooled/series/{panel.series[row]}")
        return _simulate_one(fit, row, last[row] - 1 - ago, spread, own)

    with ThreadPoolExecutor(threads) as pool:
        paths = list(pool.map(one, range(len(panel.series))))
    return np.stack(paths, axis=1)


def _common_ends(ends: list[int], season: int) -> list[int]:
    """Return for each series the end of those that end within a cycle of each other: they share a calendar."""
    common: dict[int, int] = {}
    latest = None
    for end in sorted(set(ends), reverse=True):
        if latest is None or latest - end > season:
            latest = end
        common[end] = latest
    return [common[end] for end in ends]


def _panel_spread(fit: PooledFit) -> float:
    """Return the typical spread of an innovation over the panel, on the Box-Cox scale: for series with few of their own."""
    best = int(np.argmin(fit.pooled_losses))
    spreads = []
    for one in fit.fitted:
        errors = one_step_errors(one.z, season=fit.panel.season, table=fit.table[best : best + 1])[0]
        errors = errors[min(fit.panel.season, errors.size - 1) :]
        errors = errors[~np.isnan(errors)]
        if errors.size >= fit.spec.shocks.least:
            spreads.append(float(errors.std()))
    return float(np.median(spreads)) if spreads else 0.1


def _simulate_one(fit: PooledFit, row: int, times: IntArray, spread: float, rng: np.random.Generator) -> FloatArray:
    one, season, spec = fit.fitted[row], fit.panel.season, fit.spec
    draws, horizon = times.shape
    chosen = rng.choice(one.weights.size, size=draws, p=one.weights)
    used, position = np.unique(chosen, return_inverse=True)
    table = fit.table[used]
    errors = one_step_errors(one.z, season=season, table=table)
    # The first cycle set the opening states: its errors are not errors of a forecast.
    errors[:, : min(season, errors.shape[1] - 1)] = np.nan
    known = np.flatnonzero(~np.isnan(errors[0]))
    own_scale = max(spec.shocks.floor, 1e-9)
    if known.size < spec.shocks.least:
        shocks = spread * rng.standard_t(4, size=(draws, horizon)) / np.sqrt(2.0)
    else:
        half_life = spec.shocks.half_life[fit.panel.freq]
        back = spec.weights.back[fit.panel.freq]
        known = known[known >= errors.shape[1] - back]
        likely = 0.5 ** ((errors.shape[1] - 1 - known) / half_life)
        likely /= likely.sum()
        centred = errors - (errors[:, known] * likely).sum(axis=1, keepdims=True)
        # A shared time at which this series has no error of its own is replaced by one at which it has.
        at = times - one.begin
        inside = np.isin(at, known)
        at = np.where(inside, at, known[rng.choice(known.size, size=at.shape, p=likely)])
        shocks = centred[position[:, None], at]
    if one.power != 1.0 or one.size > 0:
        quiet = shocks.std()
        if quiet < own_scale:
            shocks = shocks + rng.normal(0.0, np.sqrt(own_scale**2 - quiet**2), size=shocks.shape)
    paths = innovation_paths(one.z, season=season, table=table, chosen=position, shocks=shocks, power=one.power)
    return paths * one.size
