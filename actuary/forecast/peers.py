"""Classical models of single series as forecasts of their own: what the pooled model has to beat.

Their futures are drawn series by series, so sums over series are too narrow; that is how these models are used.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actuary.forecast.classical import bridge_gaps, classical_forecast
from actuary.forecast.panel import Panel
from actuary.forecast.result import Progress, Run
from actuary.seeds import stream
from actuary.threads import worker_threads

__all__ = ["naive_futures", "paths_of_spread", "run"]

type FloatArray = NDArray[np.float64]


def paths_of_spread(mean: FloatArray, spread: FloatArray, *, draws: int, rng: np.random.Generator) -> FloatArray:
    r"""Draw whole paths of a linear model from its mean and its standard deviation by horizon.

    The error at horizon h of a linear model is a sum of shocks with weights psi, and its variance the sum of their
    squares: the variances by horizon therefore give the weights (taken as positive), and the weights give the paths.

    .. math:: e_h = \sigma_1 \sum_{j=1}^{h} \psi_{h-j} \varepsilon_j, \qquad
        \psi_0 = 1, \quad \psi_i^2 = (\sigma_{i+1}^2 - \sigma_i^2) / \sigma_1^2

    Parameters
    ----------
    mean, spread : array, shape (horizon,)
        Mean and standard deviation by horizon [unit of the series].
    draws : int
        Paths.
    rng : numpy.random.Generator
        Where the randomness is from.

    Returns
    -------
    array, shape (draw, horizon)
        Paths [unit of the series].

    Examples
    --------
    >>> walk = paths_of_spread(np.zeros(4), np.sqrt(np.arange(1.0, 5.0)), draws=20_000, rng=np.random.default_rng(1))
    >>> (walk.std(axis=0) ** 2).round().tolist(), float(np.corrcoef(walk[:, 0], walk[:, 3])[0, 1].round(1))
    ([1.0, 2.0, 3.0, 4.0], 0.5)
    """
    horizon = mean.size
    steps = np.diff(spread**2, prepend=0.0).clip(min=0.0)
    weights = np.sqrt(steps)
    shocks = rng.standard_normal((draws, horizon))
    # Column h of the product is the sum over j of weights[h - j] times shock j.
    lag = np.arange(horizon)[None, :] - np.arange(horizon)[:, None]
    return mean + shocks @ np.where(lag >= 0, weights[lag.clip(min=0)], 0.0)


def naive_futures(values: FloatArray, *, season: int, horizon: int, draws: int, rng: np.random.Generator) -> FloatArray:
    """Carry the last cycle on, with shocks that are past differences between cycles, shape (draw, horizon).

    Parameters
    ----------
    values : array, shape (period,)
        History without gaps [any unit].
    season, horizon, draws : int
        Periods in a cycle; periods ahead; paths.
    rng : numpy.random.Generator
        Where the randomness is from.
    """
    lag = season if values.size > season else 1
    steps = values[lag:] - values[:-lag]
    shocks = rng.choice(steps - steps.mean(), size=(draws, horizon))
    path = np.concatenate([np.broadcast_to(values[-lag:], (draws, lag)), np.zeros((draws, horizon))], axis=1)
    for h in range(horizon):
        path[:, lag + h] = path[:, h] + shocks[:, h]
    return path[:, lag:]


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
    """Forecast every series by itself; see :func:`actuary.forecast.face.forecast_series`."""
    failed: list[str] = []

    def one(row: int) -> FloatArray:
        rng = stream(seed, f"forecast/{model}/series/{panel.series[row]}")
        begin, end = panel.span(row)
        ahead = panel.ends[row] - end
        values = bridge_gaps(panel.values[row, begin:end], panel.season)
        spread = None
        if model != "naive":
            spread = classical_forecast(values, model=model, season=panel.season, horizon=horizon + ahead)
        if spread is not None:
            paths = paths_of_spread(spread.mean, spread.sd, draws=draws, rng=rng)
        else:
            if model != "naive":
                failed.append(panel.series[row])
            paths = naive_futures(values, season=panel.season, horizon=horizon + ahead, draws=draws, rng=rng)
        if progress is not None:
            progress((row + 1) / len(panel.series), f"{model}, series by series")
        return paths[:, ahead:]

    with worker_threads(threads) as pool:
        futures = np.stack(list(pool.map(one, range(len(panel.series)))), axis=1)
    notes = (f"{model} has no forecast of {', '.join(sorted(failed))}: seasonal-naive instead",) if failed else ()
    return Run(futures, notes=notes)
