"""The reporting-delay model laid out: which amounts are looked at, and what each says about which unknown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actuary.forecast.delay_spec import DelaySpec, NoiseSpec, load_delay_spec
from actuary.forecast.delay_volume import Volumes, first_completion, learn_volumes, volume_covariance
from actuary.forecast.panel import SEASONS
from actuary.forecast.triangles import Triangle

__all__ = ["Design", "Slots", "lay_out"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Slots:
    """Say where the unknowns lie: shared ones (curve … volume), and own ones of every series.

    Parameters
    ----------
    lags, cutoffs, months, periods : int
        How many lags of the curve, cut-offs, months of the year (0 for none) and periods there are.
    """

    lags: int
    cutoffs: int
    months: int
    periods: int

    @property
    def curve(self) -> slice:
        """Log-odds of the share known, by lag."""
        return slice(0, self.lags)

    @property
    def drift(self) -> slice:
        """Shift of the curve at every cut-off."""
        return slice(self.lags, self.lags + self.cutoffs)

    @property
    def tilt(self) -> slice:
        """Change of the slope of the curve at every cut-off."""
        return slice(self.lags + self.cutoffs, self.lags + 2 * self.cutoffs)

    @property
    def season(self) -> slice:
        """Shift of the curve by month of service."""
        return slice(self.tilt.stop, self.tilt.stop + self.months)

    @property
    def volume(self) -> slice:
        """Movement of log volumes that all series share."""
        return slice(self.season.stop, self.season.stop + self.periods)

    @property
    def shared(self) -> int:
        """Number of shared unknowns."""
        return int(self.volume.stop)

    @property
    def own_drift(self) -> slice:
        """A series' own shift at every cut-off; its own level and slope lie at 0 and 1."""
        return slice(2, 2 + self.cutoffs)

    @property
    def own_tilt(self) -> slice:
        """A series' own change of slope at every cut-off."""
        return slice(2 + self.cutoffs, 2 + 2 * self.cutoffs)

    @property
    def own_volume(self) -> slice:
        """Movement of log volumes of a series alone."""
        return slice(2 + 2 * self.cutoffs, 2 + 2 * self.cutoffs + self.periods)

    @property
    def own_curve(self) -> slice:
        """A series' own shift at every lag, which stays from cut-off to cut-off."""
        return slice(self.own_volume.stop, self.own_volume.stop + self.lags)

    @property
    def own(self) -> int:
        """Number of unknowns of a series."""
        return int(self.own_curve.stop)


@dataclass(frozen=True, eq=False)
class Design:
    """Hold amounts as cells (period x cut-off) and what each says.

    Parameters
    ----------
    slots : Slots
        Where the unknowns lie.
    spec : DelaySpec
        The declaration.
    volumes : Volumes
        What is thought of volumes beforehand.
    amounts : array, shape (series, period, cutoff)
        Amounts of the window that is looked at.
    first : int
        Column of the triangle where the window begins.
    season : int
        Periods in a year.
    noise : float
        Noise of a log amount that is complete.
    start : array, shape (lag,)
        First look at the curve [log-odds].
    steep : array, shape (lag,)
        How much a change of slope moves every lag.
    period, lag, before, gap : arrays, shape (cell,)
        Period and lag of a cell, the cell of the same period at the cut-off before (-1 for none), and how far back.
    young : array of bool, shape (cell,)
        Whether the cell is not complete.
    logs, shown : arrays, shape (series, cell)
        Log amounts, and whether there is one.
    delay_shared, delay_own, volume_shared, volume_own : arrays, shape (cell, unknown)
        What the log-odds and the log volume of a cell are made of.
    """

    slots: Slots
    spec: DelaySpec
    volumes: Volumes
    amounts: FloatArray
    first: int
    season: int
    noise: float
    start: FloatArray
    steep: FloatArray
    period: IntArray
    lag: IntArray
    before: IntArray
    gap: IntArray
    young: BoolArray
    logs: FloatArray
    shown: BoolArray
    delay_shared: FloatArray
    delay_own: FloatArray
    volume_shared: FloatArray
    volume_own: FloatArray
    near: FloatArray
    nearness: FloatArray
    common_precision: FloatArray
    own_precision: FloatArray
    last_lag: IntArray
    months: IntArray


def _noise_of_complete(amounts: FloatArray, lags: IntArray, complete_after: int, spec: NoiseSpec) -> float:
    """Return how much complete log amounts still move between cut-offs."""
    moves = []
    for cutoff in range(1, amounts.shape[2]):
        before, after = amounts[:, :, cutoff - 1], amounts[:, :, cutoff]
        known = (before > 0) & (after > 0) & (lags[:, cutoff - 1] >= complete_after)
        moves.append(np.log(after[known] / before[known]))
    every = np.concatenate(moves)
    if not every.size:
        return _noise_of_falls(amounts, spec)
    return max(spec.least, float(np.sqrt(np.mean(every**2) / 2)))


def _noise_of_falls(amounts: FloatArray, spec: NoiseSpec) -> float:
    """Return the noise of log amounts from those that fall: half of the noise is falls, the other half is not seen."""
    before, after = amounts[:, :, :-1], amounts[:, :, 1:]
    known = (before > 0) & (after > 0)
    moves = np.log(after[known] / before[known])
    return max(spec.usual, float(np.sqrt(np.sum(np.minimum(moves, 0.0) ** 2) / max(moves.size, 1))))


def _cells(lags: IntArray, complete_after: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return period, cut-off and the cell before of every cell; complete ones are kept at the last cut-off only."""
    kept = (lags >= 0) & (lags < complete_after)
    kept[:, -1] = lags[:, -1] >= 0
    period, cutoff = np.nonzero(kept)
    same = np.r_[False, period[1:] == period[:-1]]
    before = np.where(same, np.arange(period.size) - 1, -1)
    return period, cutoff, before


def lay_out(triangle: Triangle, *, expected: FloatArray | None = None, spec: DelaySpec | None = None) -> Design:
    """Lay a triangle out for the delay model.

    Parameters
    ----------
    triangle : Triangle
        The triangle.
    expected : array, shape (series, period), optional
        Amounts by which volumes are measured.
    spec : DelaySpec, optional
        The declaration; that of the package when left out.

    Returns
    -------
    Design
    """
    spec = spec or load_delay_spec()
    window = spec.window
    lags = triangle.lags
    complete_after = max(1, min(window.complete_after[triangle.freq], int(lags.max())))
    first = max(0, triangle.amounts.shape[1] - complete_after - window.history)
    amounts, lags = triangle.amounts[:, first:, -window.cutoffs :], lags[first:, -window.cutoffs :]
    if expected is not None:
        amounts = amounts / expected[:, first:, None]
    season = SEASONS[triangle.freq]
    numbers = triangle.first + first + np.arange(amounts.shape[1])
    completion = first_completion(amounts, lags, complete_after)
    volumes = learn_volumes(amounts, numbers, lags, completion, season=season, spec=spec.volumes)
    period, cutoff, before = _cells(lags, complete_after)
    cell = np.arange(period.size)
    lag = lags[period, cutoff]
    slots = Slots(complete_after, amounts.shape[2], season if season > 1 else 0, amounts.shape[1])
    cells = amounts[:, period, cutoff]
    shown = cells > 0
    at = np.minimum(lag, complete_after - 1)
    # A change of slope turns the curve about its middle; the slowest claims are no further from it than twice that.
    middle = min(complete_after - 1, 6) / 2
    steep: FloatArray = (np.arange(complete_after) - middle) / np.float64(max(middle, 1.0))
    delay_shared = np.zeros((cell.size, slots.shared))
    delay_own = np.zeros((cell.size, slots.own))
    delay_shared[cell, at] = 1.0
    delay_shared[cell, slots.drift.start + cutoff] = 1.0
    delay_shared[cell, slots.tilt.start + cutoff] = steep[at]
    delay_own[:, 0], delay_own[:, 1] = 1.0, steep[at]
    delay_own[cell, slots.own_drift.start + cutoff] = 1.0
    delay_own[cell, slots.own_tilt.start + cutoff] = steep[at]
    delay_own[cell, slots.own_curve.start + at] = 1.0
    if slots.months:
        delay_shared[cell, slots.season.start + numbers[period] % season] = 1.0
    volume_shared, volume_own = np.zeros_like(delay_shared), np.zeros_like(delay_own)
    volume_shared[cell, slots.volume.start + period] = 1.0
    volume_own[cell, slots.own_volume.start + period] = 1.0
    times = np.asarray(triangle.cutoffs[-window.cutoffs :])
    near = np.exp(-np.abs(np.subtract.outer(times, times)) / max(season, 3))
    common = volume_covariance(numbers, volumes.common_spread, season=season, level=1e-3)
    own = volume_covariance(numbers, volumes.own_spread, season=season, level=spec.volumes.level_sd)
    return Design(
        slots=slots,
        spec=spec,
        volumes=volumes,
        amounts=amounts,
        first=first,
        season=season,
        noise=_noise_of_complete(amounts, lags, complete_after, spec.noise),
        start=-np.log(np.expm1(-completion)),
        steep=steep,
        period=period,
        lag=lag,
        before=before,
        gap=np.where(before >= 0, lag - lag[before], 1),
        young=lag < complete_after,
        logs=np.where(shown, np.log(np.where(shown, cells, 1.0)), 0.0),
        shown=shown,
        delay_shared=delay_shared,
        delay_own=delay_own,
        volume_shared=volume_shared,
        volume_own=volume_own,
        near=near,
        nearness=np.linalg.inv((1 - spec.shape.jumps) * near + spec.shape.jumps * np.eye(times.size)),
        common_precision=np.linalg.inv(common),
        own_precision=np.linalg.inv(own),
        last_lag=lags[:, -1],
        months=numbers % season,
    )
