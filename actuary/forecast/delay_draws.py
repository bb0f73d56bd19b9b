"""Joint draws of final amounts from the fitted delay model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from actuary.forecast.delay_design import Design, lay_out
from actuary.forecast.delay_model import DelayFit, fit_delay
from actuary.forecast.delay_spec import DelaySpec, DrawSpec
from actuary.forecast.triangles import Triangle
from actuary.seeds import stream

__all__ = ["draw_delay"]

type FloatArray = NDArray[np.float64]


def _unknowns(fit: DelayFit, law: DrawSpec, draws: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return deviations of the shared (draw, unknown) and own (draw, series, unknown) unknowns."""
    shared = rng.standard_normal((draws, fit.shared.size)) @ np.linalg.cholesky(fit.shared_covariance).T
    factors = np.linalg.cholesky(fit.own_covariance)
    own = np.einsum("ipq,niq->nip", factors, rng.standard_normal((draws, *fit.own.shape)), optimize=True)
    wider = np.sqrt(law.tail / rng.chisquare(law.tail, size=(draws, fit.own.shape[0], 1)))
    own *= np.minimum(wider, law.widest)
    own -= np.einsum("ipq,nq->nip", fit.own_pull, shared, optimize=True)
    return shared, own


def _final(design: Design, fit: DelayFit, shared: FloatArray, own: FloatArray) -> FloatArray:
    """Return final amounts, shape (draw, series, period): known ones plus log-normal outstanding ones."""
    slots = design.slots
    centre = design.volumes.level[:, None] + fit.shared[slots.volume] + fit.own[:, slots.own_volume]
    apart = shared[:, None, slots.volume] + own[:, :, slots.own_volume]
    latest = design.amounts[:, :, -1]
    known = latest > 0
    young = design.last_lag < slots.lags
    spread = apart.std(axis=0)
    over = np.maximum(centre - np.log(np.where(known, latest, 1.0)), 1e-6)
    share = np.expm1(over)
    # Log-normal with the posterior's own relative width: outstanding amounts stay above 0 and lean to the right.
    width = np.sqrt(np.log1p((np.exp(over) * spread / share) ** 2))
    steps = width * apart / np.maximum(spread, 1e-12)
    ratio = share * np.exp(np.minimum(steps, design.spec.draws.farthest))
    open_now = np.where(known, latest * (1 + ratio), np.exp(centre + apart))
    closed = np.where(np.isnan(latest), np.exp(centre + apart), np.where(known, latest, 0.0))
    final: FloatArray = np.where(young, open_now, closed)
    return final


def _left_later(design: Design, fit: DelayFit, shared: FloatArray, own: FloatArray, horizon: int) -> FloatArray:
    """Return the share still unknown so many periods later, shape (draw, series, period)."""
    slots = design.slots
    lag = design.last_lag + horizon
    at = np.clip(lag, 0, slots.lags - 1)
    shared, own = fit.shared + shared, fit.own + own
    shift = shared[:, slots.drift.stop - 1, None] + shared[:, slots.tilt.stop - 1, None] * design.steep[at]
    odds = (shared[:, slots.curve][:, at] + shift)[:, None, :]
    odds = odds + own[:, :, 0, None] + own[:, :, slots.own_drift.stop - 1, None]
    odds = odds + (own[:, :, 1, None] + own[:, :, slots.own_tilt.stop - 1, None]) * design.steep[at]
    odds = odds + own[:, :, slots.own_curve][:, :, at]
    if slots.months:
        odds = odds + shared[:, slots.season][:, design.months][:, None, :]
    left: FloatArray = np.where(lag < slots.lags, expit(-odds), 0.0)
    return left


def draw_delay(
    triangle: Triangle,
    *,
    horizon: int | None,
    expected: FloatArray | None,
    draws: int,
    seed: int,
    spec: DelaySpec | None = None,
) -> tuple[FloatArray, dict[str, float], tuple[str, ...]]:
    """Fit the delay model and draw final amounts.

    Parameters
    ----------
    triangle : Triangle
        The triangle.
    horizon : int or None
        Give amounts as they will stand so many periods after the last cut-off.
    expected : array, shape (series, period), or None
        Amounts by which volumes are measured.
    draws : int
        How many draws.
    seed : int
        Root seed.
    spec : DelaySpec, optional
        The declaration; that of the package when left out.

    Returns
    -------
    values : array, shape (draw, series, period)
        Amounts of the periods of the window.
    settings : dict
        Learned spreads [log-odds] and the noise of complete amounts [log].
    notes : tuple of str
        What a reader should know.
    """
    design = lay_out(triangle, expected=expected, spec=spec)
    fit = fit_delay(design)
    rng = stream(seed, "forecast/reserve/delay")
    shared, own = _unknowns(fit, design.spec.draws, draws, rng)
    values = _final(design, fit, shared, own)
    known = np.nan_to_num(design.amounts[:, :, -1])
    if horizon is not None:
        left = _left_later(design, fit, shared, own, horizon)
        values = np.where(design.last_lag < design.slots.lags, np.maximum(values * (1 - left), known), values)
    values = values * np.exp(design.noise * rng.standard_normal(values.shape))
    if expected is not None:
        values = values * expected[:, design.first :]
    settings = {**fit.spreads, "carry": fit.carry, "noise": design.noise, "complete_after": float(design.slots.lags)}
    notes = []
    if not fit.settled:
        notes.append("the spreads of the delay were still moving a little when the steps ended")
    far = fit.drift_weight[:, -1] < 0.2
    names = [name for name, out in zip(triangle.series, far, strict=True) if out]
    if names:
        notes.append(f"reporting at the last cut-off is unlike earlier and unlike the others: {', '.join(names)}")
    return values, settings, tuple(notes)
