"""Scores of draws against what came: accuracy, coverage, and both for the sum over the horizon."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["crps", "naive_scale", "score_futures"]

type FloatArray = NDArray[np.float64]


def crps(draws: FloatArray, actual: FloatArray) -> FloatArray:
    r"""Return the continuous ranked probability score of draws, by the estimator without bias.

    .. math:: \frac1m \sum_i |x_i - y| - \frac{1}{2 m (m-1)} \sum_{i,j} |x_i - x_j|

    Parameters
    ----------
    draws : array, shape (draw, ...)
        At least two draws.
    actual : array, shape (...)
        What came; NaN gives NaN.

    Examples
    --------
    >>> crps(np.array([[0.0], [2.0]]), np.array([1.0])).tolist()
    [0.0]
    >>> crps(np.array([[1.0], [1.0], [1.0]]), np.array([4.0])).tolist()
    [3.0]
    """
    count = draws.shape[0]
    order = np.sort(draws, axis=0)
    rank = 2 * np.arange(1, count + 1) - count - 1
    spread: FloatArray = np.tensordot(rank, order, axes=(0, 0)) / (count * (count - 1))
    found: FloatArray = np.abs(draws - actual).mean(axis=0) - spread
    return found


def naive_scale(history: FloatArray, season: int) -> float:
    """Return the mean absolute seasonal difference of a history, the yardstick of all scores; never zero.

    Parameters
    ----------
    history : array, shape (period,)
        Values; NaN where missing.
    season : int
        Periods in a cycle.

    Examples
    --------
    >>> naive_scale(np.array([1.0, 2.0, 2.0, 4.0]), 2)
    1.5
    """
    for lag in (season, 1):
        steps = np.abs(history[lag:] - history[:-lag]) if history.size > lag else np.empty(0)
        steps = steps[~np.isnan(steps)]
        if steps.size and steps.mean() > 0:
            return float(steps.mean())
    known = np.abs(history[~np.isnan(history)])
    return float(known.mean()) if known.size and known.mean() > 0 else 1.0


def score_futures(futures: FloatArray, actual: FloatArray, *, scale: float) -> Mapping[str, float]:
    """Score the futures of one series against what came.

    Parameters
    ----------
    futures : array, shape (draw, horizon)
        Draws [unit of the series].
    actual : array, shape (horizon,)
        What came; NaN where it is not known.
    scale : float
        Yardstick, see :func:`naive_scale`.

    Returns
    -------
    mapping
        mase, scrps, cover50, cover80, cover95 over the known periods; cum_scrps, cum_cover80 of the sum over the
        horizon, NaN unless all of it is known.
    """
    known = ~np.isnan(actual)
    if not known.any():
        return {}
    draws, came = futures[:, known], actual[known]
    bounds = np.quantile(draws, [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975], axis=0)
    inside = {
        name: ((came >= bounds[k]) & (came <= bounds[-1 - k])).mean() for k, name in enumerate(("95", "80", "50"))
    }
    found = {
        "mase": float(np.abs(came - bounds[3]).mean() / scale),
        "scrps": float(crps(draws, came).mean() / scale),
        **{f"cover{name}": float(inside[name]) for name in ("50", "80", "95")},
        "cum_scrps": float("nan"),
        "cum_cover80": float("nan"),
    }
    if known.all():
        total, sum_came = futures.sum(axis=1), actual.sum()
        low, high = np.quantile(total, [0.1, 0.9])
        found["cum_scrps"] = float(crps(total[:, None], np.array([sum_came]))[0] / (scale * actual.size))
        found["cum_cover80"] = float(low <= sum_came <= high)
    return found
