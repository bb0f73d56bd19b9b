"""Classical forecasts of single series, from statsforecast: peers in back-tests and voices in the stack."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLASSICAL", "classical_mean"]

type FloatArray = NDArray[np.float64]

#: Names of the classical models, and what statsforecast calls them.
CLASSICAL = {"theta": "AutoTheta", "ets": "AutoETS"}


def _models() -> dict[str, Callable[..., Any]]:
    # Loading statsforecast takes seconds and warns of its own dependencies: only those who forecast pay for it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from statsforecast import models  # noqa: PLC0415
    return {name: getattr(models, label) for name, label in CLASSICAL.items()}


def classical_mean(values: FloatArray, *, model: str, season: int, horizon: int) -> FloatArray | None:
    """Return the point forecast of a classical model, or None where it has none.

    Parameters
    ----------
    values : array, shape (period,)
        History [any unit]; inner gaps are bridged by the seasonal neighbour for this voice only.
    model : str
        ``theta`` or ``ets``.
    season, horizon : int
        Periods in a cycle; periods ahead.

    Returns
    -------
    array, shape (horizon,), or None
        None when the history is too short for the model or it fails.
    """
    filled = _bridge(values, season)
    if filled.size < max(2 * season, 5) or np.ptp(filled) == 0:
        return None
    size = float(np.abs(filled).mean())
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            mean = _models()[model](season_length=season).forecast(y=filled / size, h=horizon)["mean"]
        except (ValueError, ZeroDivisionError, IndexError, RuntimeError, np.linalg.LinAlgError):
            return None
    mean = np.asarray(mean, dtype=np.float64) * size
    return mean if np.isfinite(mean).all() else None


def _bridge(values: FloatArray, season: int) -> FloatArray:
    """Return the history without gaps: a missing value is that of a cycle before or after, else its neighbour's."""
    filled = values.copy()
    for t in np.flatnonzero(np.isnan(filled)):
        near = [filled[s] for s in (t - season, t + season, t - 1, t + 1) if 0 <= s < filled.size]
        known = [value for value in near if not np.isnan(value)]
        filled[t] = known[0] if known else np.nanmean(values)
    return filled
