r"""A Bayesian model of reporting delay: what is known of a period at a cut-off, over all series at once.

The log of the amount of series i and period s known at cut-off c is

.. math:: \log C_{isc} = n_{is} + \log G(\eta_{isc}) + \text{noise},\quad G = 1 / (1 + e^{-\eta})

where n is the log volume (a level, a shared and an own random walk, months of the year) and G the share known. Its
log-odds are a curve over the lag, plus drift and tilt of the curve from cut-off to cut-off (pulled together over
time), plus months of service, plus the series' own level, slope, drift and tilt, all partially pooled: their spreads
are learned from the data and held by a prior. The own drift and the scatter of single cells have heavy tails, so that
one office that stops reporting does not bend the rest. What is outstanding is :math:`C e^{-\eta}`.

The unknowns are found by Gauss-Newton steps with expectation-maximisation steps for the spreads in between; the
posterior is taken as normal, with one block for what is shared and one for every series, and its centre is led from the
mode to the mean by what the curvature of log G does over the posterior's own width. Every prior is declared in
models/forecast/reserving.toml.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from actuary.forecast.delay_design import Design

__all__ = ["DelayFit", "fit_delay"]

type FloatArray = NDArray[np.float64]

_STEPS = 80
_SETTLED = 2e-3


@dataclass(eq=False)
class DelayFit:
    """Hold the unknowns, their posterior blocks and the learned spreads.

    Parameters
    ----------
    shared : array, shape (unknown,)
        Shared unknowns; see :class:`actuary.forecast.delay_design.Slots`.
    own : array, shape (series, unknown)
        Unknowns of every series.
    spreads : dict
        Learned standard deviations [log-odds].
    shared_covariance : array, shape (unknown, unknown)
        Posterior covariance of the shared unknowns.
    own_covariance : array, shape (series, unknown, unknown)
        Posterior covariance of a series' unknowns where the shared ones are known.
    own_pull : array, shape (series, unknown, shared unknown)
        How a series' unknowns follow the shared ones: by less than this times them.
    drift_weight, cell_weight : arrays
        Weight of every own drift (series, cutoff) and cell (series, cell): below 1 where it lies far out.
    carry : float
        Correlation of the scatter of one period from one cut-off to the next, a period later.
    settled : bool
        Whether the steps came to rest.
    """

    shared: FloatArray
    own: FloatArray
    spreads: dict[str, float]
    drift_weight: FloatArray
    cell_weight: FloatArray
    shared_covariance: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    own_covariance: FloatArray = field(default_factory=lambda: np.zeros((0, 0, 0)))
    own_pull: FloatArray = field(default_factory=lambda: np.zeros((0, 0, 0)))
    carry: float = 0.0
    settled: bool = False


@dataclass(frozen=True, eq=False)
class _Look:
    """The data seen from the present unknowns: residuals, share unknown, slopes."""

    residual: FloatArray
    unknown_share: FloatArray
    by_shared: FloatArray
    by_own: FloatArray


def _look(design: Design, fit: DelayFit) -> _Look:
    odds = fit.shared @ design.delay_shared.T + fit.own @ design.delay_own.T
    share = np.where(design.young, expit(odds), 1.0)
    volume = design.volumes.level[:, None] + fit.shared @ design.volume_shared.T + fit.own @ design.volume_own.T
    unknown_share = 1.0 - share
    by_shared = unknown_share[:, :, None] * design.delay_shared + design.volume_shared
    by_own = unknown_share[:, :, None] * design.delay_own + design.volume_own
    return _Look(design.logs - volume - np.log(share), unknown_share, by_shared, by_own)


def _deviations(design: Design, fit: DelayFit, look: _Look) -> FloatArray:
    scatter = look.unknown_share * fit.spreads["scatter"]
    deviations: FloatArray = np.sqrt(scatter**2 / fit.cell_weight + design.noise**2)
    return deviations


def _whiten(design: Design, fit: DelayFit, values: FloatArray, deviations: FloatArray) -> FloatArray:
    """Return values of cells (series, cell, …) with unit variance and free of what the cell before says."""
    wide = (slice(None), slice(None)) + (None,) * (values.ndim - 2)
    linked = (design.before >= 0) & design.shown[:, design.before]
    carry = np.where(linked, fit.carry**design.gap, 0.0)[wide]
    unit = values / deviations[wide]
    white: FloatArray = (unit - carry * unit[:, design.before]) / np.sqrt(1 - carry**2) * design.shown[wide]
    return white


def _prior_shared(design: Design, fit: DelayFit) -> FloatArray:
    slots, spreads = design.slots, fit.spreads
    precision = np.zeros((slots.shared, slots.shared))
    precision[slots.curve, slots.curve] = np.eye(slots.lags) / design.spec.shape.curve_sd**2
    precision[slots.drift, slots.drift] = design.nearness / spreads["drift"] ** 2
    precision[slots.tilt, slots.tilt] = design.nearness / spreads["tilt"] ** 2
    precision[slots.season, slots.season] = np.eye(slots.months) / spreads["season"] ** 2
    precision[slots.volume, slots.volume] = design.common_precision
    return precision


def _own_nearness(design: Design, fit: DelayFit) -> FloatArray:
    """Return how near a series' own drifts are, shape (series, cutoff, cutoff): a part that stays, and single jumps."""
    share = design.spec.shape.jumps
    jumps: FloatArray = share / fit.drift_weight[:, :, None] * np.eye(design.slots.cutoffs)
    return (1 - share) * design.near + jumps


def _prior_own(design: Design, fit: DelayFit) -> FloatArray:
    slots, spreads = design.slots, fit.spreads
    precision = np.zeros((fit.own.shape[0], slots.own, slots.own))
    precision[:, 0, 0] = 1 / spreads["level"] ** 2
    precision[:, 1, 1] = 1 / spreads["slope"] ** 2
    near = np.linalg.inv(_own_nearness(design, fit))
    precision[:, slots.own_drift, slots.own_drift] = near / spreads["own_drift"] ** 2
    precision[:, slots.own_tilt, slots.own_tilt] = near / spreads["own_tilt"] ** 2
    precision[:, slots.own_curve, slots.own_curve] = np.eye(slots.lags) / spreads["own_curve"] ** 2
    precision[:, slots.own_volume, slots.own_volume] = design.own_precision / design.volumes.scale[:, None, None] ** 2
    return precision


def _doubt(design: Design, fit: DelayFit) -> tuple[FloatArray, FloatArray]:
    """Return the posterior variance of a cell's log-odds and its covariance with the log volume, (series, cell)."""
    odds = design.delay_shared - design.delay_own @ fit.own_pull
    volume = design.volume_shared - design.volume_own @ fit.own_pull
    through_shared, through_own = odds @ fit.shared_covariance, design.delay_own @ fit.own_covariance
    variance: FloatArray = (through_shared * odds).sum(axis=2) + (through_own * design.delay_own).sum(axis=2)
    together: FloatArray = (through_shared * volume).sum(axis=2) + (through_own * design.volume_own).sum(axis=2)
    return variance, together


def _correct(design: Design, fit: DelayFit, look: _Look, deviations: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what leads from the mode to the mean of the posterior, shape (series, cell).

    The first is the mean of -log G over the doubt of the log-odds less its value at the centre. The second is what the
    slope of log G does to the width of the posterior: without it a smaller share known would explain the same amounts
    with smaller deviations, and be preferred for no other reason.
    """
    variance, together = _doubt(design, fit)
    known = np.where(design.young, 1 - look.unknown_share, 0.0)
    bend: FloatArray = known * look.unknown_share * variance / 2
    leverage = look.unknown_share * (look.unknown_share * variance + together) / deviations**2
    return bend, np.where(design.shown, known * np.clip(leverage, 0.0, 1.0), 0.0)


def _step(design: Design, fit: DelayFit, start: FloatArray) -> float:
    """Move the unknowns one Gauss-Newton step, note the posterior blocks, and return the largest move."""
    look = _look(design, fit)
    deviations = _deviations(design, fit, look)
    by_shared = _whiten(design, fit, look.by_shared, deviations)
    by_own = _whiten(design, fit, look.by_own, deviations)
    count = design.slots.shared
    prior_shared, prior_own = _prior_shared(design, fit), _prior_own(design, fit)
    flat = by_shared.reshape(-1, count)
    turned = by_own.transpose(0, 2, 1)
    cross = turned @ by_shared
    own_covariance = np.linalg.inv(prior_own + turned @ by_own)
    follow = own_covariance @ cross
    left = prior_shared + flat.T @ flat - cross.reshape(-1, count).T @ follow.reshape(-1, count)
    shared_covariance = np.linalg.inv((left + left.T) / 2)
    fit.shared_covariance, fit.own_covariance, fit.own_pull = shared_covariance, own_covariance, follow
    bend, lift = _correct(design, fit, look, deviations)
    residual = _whiten(design, fit, look.residual + bend, deviations)
    pull_shared = flat.T @ residual.ravel() - prior_shared @ (fit.shared - start)
    pull_shared += lift.sum(axis=0) @ design.delay_shared
    pull_own = (turned @ residual[:, :, None] - prior_own @ fit.own[:, :, None])[:, :, 0] + lift @ design.delay_own
    move_shared = shared_covariance @ (pull_shared - np.einsum("ipq,ip->q", follow, pull_own))
    move_own = (own_covariance @ pull_own[:, :, None])[:, :, 0] - follow @ move_shared
    move = float(max(np.abs(move_shared).max(), np.abs(move_own).max()))
    length = min(1.0, 2.0 / max(move, 1e-12))
    fit.shared, fit.own = fit.shared + length * move_shared, fit.own + length * move_own
    return move


def _learn(design: Design, fit: DelayFit, name: str, squares: float, count: int) -> None:
    """Set a spread from the expected sum of squares of so many unknowns, held by its prior."""
    prior = design.spec.spreads.named(name)
    fit.spreads[name] = float(np.sqrt((prior.worth * prior.sd**2 + squares) / (prior.worth + count)))


def _learn_spreads(design: Design, fit: DelayFit) -> None:
    """Set the spreads of what is shared and of the series, and the weights of own drifts that lie far out."""
    slots, near = design.slots, design.nearness
    spread_of = fit.own_covariance + fit.own_pull @ fit.shared_covariance @ fit.own_pull.transpose(0, 2, 1)
    series = fit.own.shape[0]
    for position, name in enumerate(("level", "slope")):
        squares = fit.own[:, position] ** 2 + spread_of[:, position, position]
        _learn(design, fit, name, float(squares.sum()), series)
    curve = fit.own[:, slots.own_curve] ** 2 + np.einsum("ijj->ij", spread_of[:, slots.own_curve, slots.own_curve])
    _learn(design, fit, "own_curve", float(curve.sum()), curve.size)
    own_near = np.linalg.inv(_own_nearness(design, fit))
    shape = design.spec.shape
    jump = shape.jumps / fit.drift_weight
    # Of what a drift is made of two parts, the expected jump is this share of it, and so much of it stays open.
    share = jump[:, :, None] * own_near
    left = jump - jump**2 * np.einsum("ijj->ij", own_near)
    far = np.zeros_like(jump)
    for name, slot in (("own_drift", slots.own_drift), ("own_tilt", slots.own_tilt)):
        second = fit.own[:, slot, None] * fit.own[:, None, slot] + spread_of[:, slot, slot]
        _learn(design, fit, name, float(np.sum(second * own_near)), jump.size)
        far += (np.einsum("ijk,ikl,ijl->ij", share, second, share) / fit.spreads[name] ** 2 + left) / shape.jumps
    fit.drift_weight = (shape.tail + 2) / (shape.tail + far)
    for name, slot in (("drift", slots.drift), ("tilt", slots.tilt)):
        second = np.outer(fit.shared[slot], fit.shared[slot]) + fit.shared_covariance[slot, slot]
        _learn(design, fit, name, float(np.sum(near * second)), slots.cutoffs)
    if slots.months:
        squares = np.sum(fit.shared[slots.season] ** 2) + np.trace(fit.shared_covariance[slots.season, slots.season])
        _learn(design, fit, "season", float(squares), slots.months)


def _learn_scatter(design: Design, fit: DelayFit) -> None:
    """Set the scatter of cells, their weights, and how much of it a period carries to the next cut-off."""
    tail = design.spec.shape.tail
    look = _look(design, fit)
    apart = look.by_shared - look.by_own @ fit.own_pull
    variance = ((apart @ fit.shared_covariance) * apart).sum(axis=2)
    variance += ((look.by_own @ fit.own_covariance) * look.by_own).sum(axis=2)
    used = design.shown & design.young & (look.unknown_share > 5 * design.noise)
    room = np.where(used, look.unknown_share, 1.0)
    scatter = (room * fit.spreads["scatter"]) ** 2 / fit.cell_weight
    part = scatter / (scatter + design.noise**2)
    squares = (part**2 * (look.residual**2 + variance) + part * design.noise**2) / room**2
    _learn(design, fit, "scatter", float((fit.cell_weight * squares)[used].sum()), int(used.sum()))
    fit.cell_weight = np.where(used, (tail + 1) / (tail + squares / fit.spreads["scatter"] ** 2), 1.0)
    near = (design.before >= 0) & (design.gap <= 3)
    unit = look.residual / _deviations(design, fit, look)
    both = (used & used[:, design.before])[:, near]
    here, before = unit[:, near][both], unit[:, design.before[near]][both]
    if here.size > 20:
        correlation = float((here * before).sum() / np.sqrt((here**2).sum() * (before**2).sum()))
        fit.carry = float(np.clip(correlation, 0.0, 0.95))


def fit_delay(design: Design) -> DelayFit:
    """Fit the delay model to a laid-out triangle.

    Parameters
    ----------
    design : Design
        See :func:`actuary.forecast.delay_design.lay_out`.

    Returns
    -------
    DelayFit
        Unknowns, posterior blocks and learned spreads.
    """
    slots, series = design.slots, design.logs.shape[0]
    start = np.zeros(slots.shared)
    start[slots.curve] = design.start
    first = start.copy()
    first[slots.volume] = design.volumes.common
    declared = design.spec.spreads
    spreads = {name: declared.named(name).sd for name in type(declared).model_fields}
    weights = np.ones((series, slots.cutoffs)), np.ones_like(design.logs)
    fit = DelayFit(first, np.zeros((series, slots.own)), spreads, *weights, carry=design.spec.shape.carry)
    for step in range(_STEPS):
        move = _step(design, fit, start)
        if step >= 3:
            _learn_spreads(design, fit)
            _learn_scatter(design, fit)
        if step >= 15 and move < _SETTLED:
            fit.settled = True
            break
    return fit
