"""Draw the location of pooled futures towards classical forecasts, by weights learnt from origins within the history.

The weights of a series are a mean over a grid: the declared prior, times how well each point of the grid would have
forecast the whole panel, times how well it would have forecast the series itself. The score is the CRPS of what came
after an origin, so no forecast is judged on values it has seen. Spread, shape and dependence of the futures stay those
of the pooled model.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.forecast.backtest import cut_panel
from actuary.forecast.classical import bridge_gaps, classical_forecast
from actuary.forecast.panel import Panel
from actuary.forecast.paths import simulate_pooled
from actuary.forecast.pooled import fit_pooled
from actuary.forecast.result import Progress, Run
from actuary.forecast.scores import naive_scale
from actuary.forecast.spec import PooledSpec, StackSpec, load_pooled_spec
from actuary.paths import models_root
from actuary.threads import worker_threads

__all__ = ["Stacked", "classical_voices", "learn_weights", "run", "shift_location"]

type FloatArray = NDArray[np.float64]

#: Futures drawn to score a point of the grid.
_LEARNING_DRAWS = 200
#: A classical voice never takes a future below this share of what it was.
_LEAST_FACTOR = 0.05


@dataclass(frozen=True, eq=False)
class Stacked:
    """Hold the weights of a stack.

    Parameters
    ----------
    voices : tuple of str
        Classical voices; the pooled model has the rest of the weight.
    weights : array, shape (series, voice)
        Weight of each voice for each series.
    panel : array, shape (voice,)
        Weights by the evidence of the whole panel alone.
    cases : int
        Forecasts of a series from an origin that were scored.
    gain : float
        How much smaller the panel's score is at those weights than that of the pooled model alone, share; NaN without
        a case.
    """

    voices: tuple[str, ...]
    weights: FloatArray
    panel: FloatArray
    cases: int
    gain: float


def classical_voices(
    panel: Panel,
    models: tuple[str, ...],
    *,
    horizon: int,
    threads: int | None = None,
    forms: dict[tuple[str, str], str] | None = None,
) -> FloatArray:
    """Return the point forecasts of classical models, shape (model, series, horizon); NaN where a model has none.

    Parameters
    ----------
    panel : Panel
        The series.
    models : tuple of str
        Their names.
    horizon : int
        Periods ahead of each series' last value.
    threads : int, optional
        Threads to use.
    forms : dict, optional
        Forms found from a shorter history by series and model; those missing are searched for and entered.
    """
    known = {} if forms is None else forms

    def one(row: int) -> FloatArray:
        begin, end = panel.span(row)
        values = bridge_gaps(panel.values[row, begin:end], panel.season)
        found = np.full((len(models), horizon), np.nan)
        for k, model in enumerate(models):
            key = (panel.series[row], model)
            forecast = classical_forecast(
                values, model=model, season=panel.season, horizon=horizon, form=known.get(key, "")
            )
            if forecast is not None:
                found[k] = forecast.mean
                known[key] = forecast.form
        return found

    with worker_threads(threads) as pool:
        return np.stack(list(pool.map(one, range(len(panel.series)))), axis=1)


def _grid(spec: StackSpec) -> FloatArray:
    """Return the weights that are tried, shape (point, voice): multiples of the step, up to the most together."""
    steps = np.arange(0.0, spec.most + spec.step / 2, spec.step)
    points = np.array(list(itertools.product(steps, repeat=len(spec.models))))
    kept: FloatArray = points[points.sum(axis=1) <= spec.most + 1e-9]
    return kept


def _prior(spec: StackSpec, grid: FloatArray) -> FloatArray:
    log: FloatArray = -0.5 * (((grid - np.array(spec.prior)) / spec.width) ** 2).sum(axis=1)
    return log


def _mean_weights(log: FloatArray, grid: FloatArray) -> FloatArray:
    """Return the mean of the grid under unnormalised log weights, shape (..., voice)."""
    share: FloatArray = np.exp(log - log.max(axis=-1, keepdims=True))
    found: FloatArray = share / share.sum(axis=-1, keepdims=True) @ grid
    return found


def _factors(median: FloatArray, shift: FloatArray) -> FloatArray:
    """Return what futures are multiplied by to move their median; 1 where the median is zero."""
    positive = median > 0
    factors: FloatArray = np.where(positive, 1.0 + shift / np.where(positive, median, 1.0), 1.0)
    return factors.clip(min=_LEAST_FACTOR)


def _grid_scores(futures: FloatArray, voices: FloatArray, came: FloatArray, grid: FloatArray) -> FloatArray:
    """Return the CRPS of futures moved by every point of the grid, shape (point,) [unit of the series].

    Moving does not change the order of the draws: their mean distance is sorted once and scaled.
    """
    known = ~np.isnan(came)
    draws, actual = futures[:, known], came[known]
    median = np.median(draws, axis=0)
    count = len(draws)
    rank = 2 * np.arange(1, count + 1) - count - 1
    apart = rank @ np.sort(draws, axis=0) / (count * (count - 1))
    factors = _factors(median, grid @ (voices[:, known] - median))
    found: FloatArray = (np.abs(draws[:, None, :] * factors - actual).mean(axis=0) - factors * apart).mean(axis=1)
    return found


def learn_weights(
    panel: Panel,
    spec: PooledSpec,
    *,
    horizon: int,
    seed: int,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Stacked:
    """Learn the weights of the stack from origins within the history of a panel.

    Parameters
    ----------
    panel : Panel
        The series.
    spec : PooledSpec
        The declaration.
    horizon : int
        Periods ahead.
    seed : int
        Root seed.
    threads : int, optional
        Threads to use; the answer does not depend on it.
    progress : callable, optional
        Called with the share of the learning that is done.

    Returns
    -------
    Stacked
        The weights; those of the prior where no history is long enough.
    """
    stack = spec.stack
    grid = _grid(stack)
    chosen = np.linspace(0, len(panel.series) - 1, min(stack.learn_from, len(panel.series))).round().astype(int)
    position = {name: row for row, name in enumerate(panel.series)}
    total, cases = np.zeros((len(panel.series), len(grid))), np.zeros(len(panel.series), dtype=np.int64)
    learners = panel.subset(chosen.tolist())
    # The earliest origin first: the forms chosen there serve the later ones, which have seen more.
    forms: dict[tuple[str, str], str] = {}
    for number in reversed(range(stack.origins)):
        back = horizon + number * max(horizon // 2, 1)
        cut = cut_panel(learners, horizon=horizon, back=back, least=3 * panel.season + 4)
        if cut is None:
            continue
        history, came = cut
        fit = fit_pooled(history, spec, horizon=horizon, seed=seed, threads=threads)
        ahead = _ahead(history)
        reach = horizon + max(ahead)
        futures = simulate_pooled(fit, horizon=reach, draws=_LEARNING_DRAWS, seed=seed, threads=threads)
        voices = classical_voices(history, stack.models, horizon=reach, threads=threads, forms=forms)
        for row, (name, skip) in enumerate(zip(history.series, ahead, strict=True)):
            later = slice(skip, skip + horizon)
            heard = voices[:, row, later]
            if np.isnan(heard).any():
                continue
            scale = naive_scale(history.values[row, : history.ends[row]], panel.season)
            total[position[name]] += _grid_scores(futures[:, row, later], heard, came[row], grid) / scale
            cases[position[name]] += 1
        if progress is not None:
            progress(1 - number / stack.origins, "learning the weights of the stack")
    return _weigh(stack, grid, total, cases)


def _weigh(stack: StackSpec, grid: FloatArray, total: FloatArray, cases: NDArray[np.int64]) -> Stacked:
    prior = _prior(stack, grid)
    judged = cases > 0
    own = np.zeros_like(total)
    own[judged] = total[judged] / cases[judged, None]
    pooled = own[judged].mean(axis=0) if judged.any() else np.zeros(len(grid))
    count = int(cases.sum())
    shared = prior - stack.panel * min(1.0, count / stack.full_at) * pooled
    weights = _mean_weights(shared - stack.series * own, grid)
    panel = _mean_weights(shared, grid)
    gain = float("nan")
    if count:
        nearest = int(np.argmin(((grid - panel) ** 2).sum(axis=1)))
        gain = float(1.0 - pooled[nearest] / pooled[0])
    return Stacked(stack.models, weights, panel, count, gain)


def _ahead(panel: Panel) -> list[int]:
    """Return how many periods each history ends after its last value."""
    return [end - panel.span(row)[1] for row, end in enumerate(panel.ends)]


def shift_location(futures: FloatArray, voices: FloatArray, panel: Panel, stacked: Stacked) -> FloatArray:
    """Move the location of futures towards the classical forecasts by the weights of the stack.

    Parameters
    ----------
    futures : array, shape (draw, series, horizon)
        Futures of the pooled model.
    voices : array, shape (voice, series, horizon)
        Classical forecasts; NaN where a voice has none, and then it does not count.
    panel : Panel
        The series.
    stacked : Stacked
        The weights.

    Returns
    -------
    array, shape (draw, series, horizon)
        Futures of a series that cannot be negative are scaled, others are shifted.
    """
    median = np.median(futures, axis=0)
    shift = np.einsum("sv,vsh->sh", stacked.weights, np.nan_to_num(voices - median))
    scaled = np.nanmin(panel.values, axis=1) >= 0
    return np.where(scaled[:, None], futures * _factors(median, shift), futures + shift)


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
    ahead = _ahead(panel)
    reach = horizon + max(ahead)
    tell(0.0, "weighing parameters")
    fit = fit_pooled(panel, spec, horizon=horizon, seed=seed, threads=threads)
    tell(0.1, "drawing futures")
    futures = simulate_pooled(fit, horizon=reach, draws=draws, seed=seed, threads=threads)
    tell(0.2, "learning the weights of the stack")
    stacked = learn_weights(
        panel, spec, horizon=horizon, seed=seed, threads=threads, progress=lambda s, phase: tell(0.2 + 0.5 * s, phase)
    )
    tell(0.7, "classical voices")
    voices = classical_voices(panel, spec.stack.models, horizon=reach, threads=threads)
    stacked = replace(stacked, weights=np.where(np.isnan(voices).any(axis=2).T, 0.0, stacked.weights))
    moved = shift_location(futures, voices, panel, stacked)
    kept = np.stack([moved[:, row, skip : skip + horizon] for row, skip in enumerate(ahead)], axis=1)
    return Run(kept, weights=_weight_rows(panel, model, stacked), notes=(_describe(stacked),))


def _weight_rows(panel: Panel, model: str, stacked: Stacked) -> pd.DataFrame:
    """Return one row a series and voice: series, voice, weight."""
    voices: Mapping[str, FloatArray] = {
        model: 1.0 - stacked.weights.sum(axis=1),
        **{name: stacked.weights[:, k] for k, name in enumerate(stacked.voices)},
    }
    frame = pd.DataFrame(voices, index=pd.Index(panel.series, name="series"))
    return frame.reset_index().melt("series", var_name="voice", value_name="weight")


def _describe(stacked: Stacked) -> str:
    shown = ", ".join(f"{name} {weight:.2f}" for name, weight in zip(stacked.voices, stacked.panel, strict=True))
    if not stacked.cases:
        return f"weights of the stack as declared ({shown}): no history is long enough to learn them"
    return (
        f"weights of the stack: {shown}, learnt from {stacked.cases} forecasts within the history, "
        f"CRPS {-stacked.gain:+.1%} against none on those same forecasts (in sample)"
    )
