"""Classical forecasts of single series, from statsforecast: peers in back-tests and voices in the stack."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actuary.dims import CI_PROB

__all__ = ["CLASSICAL", "ClassicalForecast", "bridge_gaps", "classical_forecast"]

type FloatArray = NDArray[np.float64]

#: Names of the classical models, and what statsforecast calls them.
CLASSICAL: Mapping[str, str] = {"theta": "AutoTheta", "ets": "AutoETS"}

_FAILURES = (ValueError, ZeroDivisionError, IndexError, RuntimeError, FloatingPointError, np.linalg.LinAlgError)


@dataclass(frozen=True, eq=False)
class ClassicalForecast:
    """Hold the forecast of a classical model.

    Parameters
    ----------
    mean, sd : array, shape (horizon,)
        Mean and standard deviation by horizon [unit of the series].
    form : str
        What the model chose among its forms, to be passed back where the search need not be made again; may be empty.
    """

    mean: FloatArray
    sd: FloatArray
    form: str = ""


@functools.cache
def _models() -> Mapping[str, Callable[..., Any]]:
    # Loading statsforecast takes seconds and warns of its own dependencies: only those who forecast pay for it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from statsforecast import models  # noqa: PLC0415
    return {name: getattr(models, label) for name, label in CLASSICAL.items()}


def classical_forecast(
    values: FloatArray, *, model: str, season: int, horizon: int, form: str = ""
) -> ClassicalForecast | None:
    """Return the forecast of a classical model, or None where it has none.

    Parameters
    ----------
    values : array, shape (period,)
        History without gaps [any unit]; see :func:`bridge_gaps`.
    model : str
        ``theta`` or ``ets``.
    season, horizon : int
        Periods in a cycle; periods ahead.
    form : str
        A form found earlier in the same history, which saves the search among all of them.

    Returns
    -------
    ClassicalForecast or None
        None when the history is too short for the model, does not move, or the model fails.
    """
    if values.size < max(2 * season, 5) or np.ptp(values) == 0:
        return None
    size = float(np.abs(values).mean())
    level = round(100 * CI_PROB)
    options = {"model": form[:3], "damped": form[3:] == "D"} if form else {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            fitted = _models()[model](season_length=season, **options).fit(values / size)
            found = fitted.predict(h=horizon, level=[level])
        except _FAILURES:
            return None
    mean = np.asarray(found["mean"], dtype=np.float64) * size
    width = (np.asarray(found[f"hi-{level}"]) - np.asarray(found[f"lo-{level}"])) * size
    sd = width / (2 * NormalDist().inv_cdf((1 + CI_PROB) / 2))
    if not (np.isfinite(mean).all() and np.isfinite(sd).all()):
        return None
    return ClassicalForecast(mean, sd, str(fitted.model_["components"]) if model == "ets" else "")


def bridge_gaps(values: FloatArray, season: int) -> FloatArray:
    """Return a history without gaps, for models that know none: a cycle away, or a neighbour, stands in.

    Parameters
    ----------
    values : array, shape (period,)
        History [any unit]; NaN where missing.
    season : int
        Periods in a cycle.

    Examples
    --------
    >>> bridge_gaps(np.array([1.0, 2.0, np.nan, 2.5]), 2).tolist()
    [1.0, 2.0, 1.0, 2.5]
    """
    filled = values.copy()
    for t in np.flatnonzero(np.isnan(filled)):
        near = [filled[s] for s in (t - season, t + season, t - 1, t + 1) if 0 <= s < filled.size]
        known = [value for value in near if not np.isnan(value)]
        filled[t] = known[0] if known else np.nanmean(values)
    return filled
