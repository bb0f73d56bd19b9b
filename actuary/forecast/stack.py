"""Draw the location of pooled futures towards classical forecasts, by weights learnt from origins within the history.

The weights are one set for the panel: the smallest error over origins and series, with the declared prior worth so many
of them. Spread, shape and dependence of the futures stay those of the pooled model.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.forecast.classical import bridge_gaps, classical_forecast
from actuary.forecast.panel import Panel
from actuary.forecast.pooled import fit_pooled, simulate_pooled
from actuary.forecast.result import Progress, Run
from actuary.forecast.spec import PooledSpec, load_pooled_spec
from actuary.paths import models_root

__all__ = ["Stacked", "learn_weights", "shift_location"]

type FloatArray = NDArray[np.float64]

#: Futures drawn to find a median while weights are learnt.
_LEARNING_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Stacked:
    """Hold the weights of a stack.

    Parameters
    ----------
    weights : mapping of str to float
        Weight of each classical voice; the pooled model has the rest.
    cases : int
        Series and origins they were learnt from.
    gain : float
        How much smaller the error was than that of the pooled model alone, share.
    """

    weights: Mapping[str, float]
    cases: int
    gain: float


def _voices(panel: Panel, spec: PooledSpec, horizon: int, threads: int | None) -> list[dict[str, FloatArray]]:
    """Return the point forecasts of every classical voice for every series."""

    def one(row: int) -> dict[str, FloatArray]:
        begin, end = panel.span(row)
        values = bridge_gaps(panel.values[row, begin:end], panel.season)
        found = {
            model: classical_forecast(values, model=model, season=panel.season, horizon=horizon)
            for model in spec.stack.models
        }
        return {model: one.mean for model, one in found.items() if one is not None}

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(len(panel.series))))


def learn_weights(panel: Panel, spec: PooledSpec, *, horizon: int, seed: int, threads: int | None = None) -> Stacked:
    """Learn the weights of the stack from origins within the history of a panel.

    Parameters
    ----------
    panel : Panel
        The series.
    spec : PooledSpec
        The declaration: voices, prior weights, grid, number of origins and worth of the prior.
    horizon : int
        Periods ahead.
    seed : int
        Root seed.
    threads : int, optional
        Threads to use.

    Returns
    -------
    Stacked
        The weights, and what they gained.
    """
    grid = [w for w in itertools.product(spec.stack.grid, repeat=len(spec.stack.models)) if sum(w) < 1]
    total = np.zeros(len(grid))
    cases = 0
    for number in range(spec.stack.origins):
        part = _cut_each(panel, horizon * (number + 1), horizon)
        if part is None:
            break
        history, actual = part
        fit = fit_pooled(history, spec, horizon=horizon, seed=seed, threads=threads)
        futures = simulate_pooled(fit, horizon=horizon, draws=_LEARNING_DRAWS, seed=seed, threads=threads)
        median = np.median(futures, axis=0)
        voices = _voices(history, spec, horizon, threads)
        for row, known in enumerate(voices):
            if len(known) < len(spec.stack.models):
                continue
            scale = np.abs(actual[row] - median[row])
            yardstick = max(float(np.nanmean(scale)), 1e-12)
            shift = np.stack([known[model] - median[row] for model in spec.stack.models])
            moved = median[row] + np.array(grid) @ shift
            total += np.nanmean(np.abs(actual[row] - moved), axis=1) / yardstick
            cases += 1
    prior = np.array(spec.stack.prior)
    # The prior is a quadratic penalty, scaled so that it is worth `strength` cases at the width of the grid.
    span = max(spec.stack.grid[-1] - spec.stack.grid[0], 1e-9)
    penalty = spec.stack.strength * (((np.array(grid) - prior) / span) ** 2).sum(axis=1) * 0.1
    best = int(np.argmin(total + penalty))
    alone = grid.index(tuple([0.0] * len(prior))) if tuple([0.0] * len(prior)) in grid else best
    gain = float(1 - total[best] / total[alone]) if cases and total[alone] > 0 else 0.0
    return Stacked(dict(zip(spec.stack.models, grid[best], strict=True)), cases, gain)


def _cut_each(panel: Panel, periods: int, horizon: int) -> tuple[Panel, FloatArray] | None:
    """Return every series without its last periods, and the horizon that followed; None when none is long enough."""
    names, histories, futures = [], [], []
    for row in range(len(panel.series)):
        begin, end = panel.span(row)
        if end - periods - begin < 3 * panel.season + 4:
            continue
        history = panel.values[row].copy()
        history[end - periods :] = np.nan
        # The future begins after the last known value of what is left.
        after = int(np.flatnonzero(~np.isnan(history))[-1]) + 1
        names.append(panel.series[row])
        histories.append(history)
        futures.append(_padded(panel.values[row, after : after + horizon], horizon))
    if not names:
        return None
    values = np.stack(histories)
    cut = Panel(tuple(names), panel.freq, panel.season, panel.first, values, panel.unit, panel.synthetic)
    return cut, np.stack(futures)


def _padded(values: FloatArray, size: int) -> FloatArray:
    out = np.full(size, np.nan)
    out[: values.size] = values
    return out


def shift_location(
    futures: FloatArray, panel: Panel, spec: PooledSpec, stacked: Stacked, *, threads: int | None = None
) -> FloatArray:
    """Move the location of futures towards the classical forecasts by the weights of the stack.

    Parameters
    ----------
    futures : array, shape (draw, series, horizon)
        Futures of the pooled model.
    panel : Panel
        The series.
    spec : PooledSpec
        The declaration.
    stacked : Stacked
        The weights.
    threads : int, optional
        Threads to use.

    Returns
    -------
    array, shape (draw, series, horizon)
        Futures of a series that cannot be negative are scaled, others are shifted.
    """
    if not any(stacked.weights.values()):
        return futures
    moved = futures.copy()
    for row, known in enumerate(_voices(panel, spec, futures.shape[2], threads)):
        median = np.median(futures[:, row], axis=0)
        shift = sum((stacked.weights[model] * (mean - median) for model, mean in known.items()), np.zeros_like(median))
        if np.nanmin(panel.values[row]) >= 0:
            factor = np.where(median > 0, 1 + shift / np.where(median > 0, median, 1.0), 1.0)
            moved[:, row] = futures[:, row] * np.clip(factor, 0.05, None)
        else:
            moved[:, row] = futures[:, row] + shift
    return moved


def run(
    panel: Panel,
    *,
    model: str,
    horizon: int,
    draws: int,
    seed: int,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Forecast a panel by the pooled model and its stack; see :func:`actuary.forecast.face.forecast_series`."""
    spec = load_pooled_spec(models_root() / "forecast" / f"{model}.toml")
    tell = progress or (lambda _share, _phase: None)
    tell(0.0, "weighing parameters")
    ahead = max(end - panel.span(row)[1] for row, end in enumerate(panel.ends))
    fit = fit_pooled(panel, spec, horizon=horizon + ahead, seed=seed, threads=threads)
    tell(0.1, "drawing futures")
    futures = simulate_pooled(fit, horizon=horizon + ahead, draws=draws, seed=seed, threads=threads)
    tell(0.2, "learning the weights of the stack")
    stacked = learn_weights(panel, spec, horizon=horizon, seed=seed, threads=threads)
    tell(0.8, "stacking")
    moved = shift_location(futures, panel, spec, stacked, threads=threads)
    own = {"pooled": 1 - sum(stacked.weights.values()), **stacked.weights}
    weights = pd.DataFrame(
        [(name, voice, weight) for name in panel.series for voice, weight in own.items()],
        columns=["series", "voice", "weight"],
    )
    skip = [end - panel.span(row)[1] for row, end in enumerate(panel.ends)]
    kept = np.stack([moved[:, row, k : k + horizon] for row, k in enumerate(skip)], axis=1)
    return Run(kept, weights=weights)
