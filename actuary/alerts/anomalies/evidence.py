"""What one kind of anomaly rests on: observed against expected by hospital, and the strata of cases behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from actuary.alerts.anomalies.features import Features
from actuary.alerts.anomalies.peers import leave_one_out, sum_by
from actuary.alerts.anomalies.spike_scan import SpikeScan

__all__ = ["Evidence", "mean_evidence", "rate_evidence"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """Hold what one kind rests on; arrays have one place a hospital or one a usable case.

    Parameters
    ----------
    kind : str
        The kind.
    unit : str
        Unit of observed and expected.
    observed, expected : float array, shape (hospitals,)
        In that unit, per case of the base.
    base : float array, shape (hospitals,)
        Cases that it is judged by.
    effect, variance : float array, shape (hospitals,)
        Distance on the scale on which the null is normal, and its sampling variance.
    flagged : bool array, shape (cases,)
        Cases that show the sign.
    universe : bool array, shape (cases,)
        Cases that could show it.
    strata : int array, shape (cases,)
        Classes of cases within which suspicion is the same; 0 for cases without the sign.
    angular : bool
        Whether `effect` is a difference of arcsines of square roots of shares.
    slope : float array, shape (hospitals,), or None
        Otherwise: how much of `unit` one unit of `effect` is; one, where it is None.
    usual : float array, shape (cases,), or None
        Of spikes: the share that a case is expected to use.
    scan : SpikeScan or None
        For spikes.
    """

    kind: str
    unit: str
    observed: FloatArray
    expected: FloatArray
    base: FloatArray
    effect: FloatArray
    variance: FloatArray
    flagged: BoolArray
    universe: BoolArray
    strata: IntArray
    angular: bool = True
    slope: FloatArray | None = None
    usual: FloatArray | None = field(default=None, repr=False)
    scan: SpikeScan | None = field(default=None, repr=False)

    def natural(self, effect: FloatArray, centre: FloatArray) -> FloatArray:
        """Return effects above the centre of honest hospitals in the unit of `observed`.

        Parameters
        ----------
        effect : float array, shape (hospitals,)
            On the scale of `effect`, above the centre.
        centre : float array, shape (hospitals,)
            Where honest hospitals of the tier lie on that scale.
        """
        if not self.angular:
            return effect if self.slope is None else effect * self.slope
        return self.honest(centre + effect) - self.honest(centre)

    def honest(self, centre: FloatArray) -> FloatArray:
        """Return what honest hospitals of the tier would show, in the unit of `observed`."""
        if not self.angular:
            return self.expected
        angle = np.arcsin(np.sqrt(np.clip(self.expected, 0.0, 1.0)))
        return np.asarray(np.sin(np.clip(angle + centre, 0.0, np.pi / 2)) ** 2, np.float64)


def rate_evidence(
    features: Features,
    kind: str,
    flag: BoolArray,
    *,
    universe: BoolArray,
    levels: Sequence[IntArray],
    strata: IntArray,
    unit: str,
    peers: BoolArray | None = None,
) -> Evidence:
    r"""Compare how often a sign is seen with how often peers show it, mix for mix.

    .. math::
        y_h = \arcsin\sqrt{\tfrac{O_h+3/8}{n_h+3/4}} - \arcsin\sqrt{\tfrac{E_h+3/8}{n_h+3/4}}, \quad
        s_h^2 = \frac{\sum_i e_i(1-e_i)}{4 n_h\,E_h(1-E_h/n_h)}

    Parameters
    ----------
    features : Features
        The cases.
    kind : str
        Kind of anomaly.
    flag, universe : bool array
        Cases with the sign; cases that are counted.
    levels : sequence of int array
        Cells of peers, see :func:`~actuary.alerts.anomalies.peers.leave_one_out`.
    strata : int array
        Classes of cases, 0 without the sign.
    unit : str
        What is counted.
    peers : bool array, shape (hospitals,), optional
        Hospitals that set the standard; all when left out.
    """
    size = len(features.stays.hospitals)
    prior = features.rules.statistics.prior_cases
    hospital, seen = features.hospital[universe], flag[universe].astype(np.float64)
    each = leave_one_out(
        seen, hospital, levels=[one[universe] for one in levels], prior_cases=prior,
        peers=None if peers is None else peers[hospital],
    )  # fmt: skip
    n, observed, expected, spread = (
        sum_by(hospital, values, size=size) for values in (None, seen, each, each * (1 - each))
    )
    safe = np.maximum(n, 1.0)
    angle = [np.arcsin(np.sqrt((count + 0.375) / (n + 0.75))) for count in (observed, np.minimum(expected, n))]
    whole = expected * (1 - expected / safe)
    enough = n >= features.rules.statistics.least_cases
    # Where no peer shows the sign, cases differ in nothing that is known.
    variance = np.where(whole > 0, spread / np.where(whole > 0, whole, 1.0), 1.0) / (4 * safe)
    return Evidence(
        kind=kind,
        unit=unit,
        observed=np.where(n > 0, observed / safe, np.nan),
        expected=np.where(n > 0, expected / safe, np.nan),
        base=n,
        effect=np.where(enough, angle[0] - angle[1], np.nan),
        variance=np.where(enough, variance, np.nan),
        flagged=flag & universe,
        universe=universe,
        strata=np.where(flag & universe, strata + 1, 0),
    )


def mean_evidence(
    features: Features,
    value: FloatArray,
    *,
    universe: BoolArray,
    levels: Sequence[IntArray],
    peers: BoolArray | None = None,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return by hospital the cases, the mean of peers, the mean residual and its sampling variance.

    Parameters
    ----------
    features : Features
        The cases.
    value : float array, shape (cases,)
        What is averaged.
    universe : bool array
        Cases that are counted.
    levels : sequence of int array
        Cells of peers.
    peers : bool array, shape (hospitals,), optional
        Hospitals that set the standard; all when left out.
    """
    size = len(features.stays.hospitals)
    hospital, taken = features.hospital[universe], value[universe]
    prior = features.rules.statistics.prior_cases
    each = leave_one_out(
        taken, hospital, levels=[one[universe] for one in levels], prior_cases=prior,
        peers=None if peers is None else peers[hospital],
    )  # fmt: skip
    n, expected, gap, squares = (
        sum_by(hospital, values, size=size) for values in (None, each, taken - each, (taken - each) ** 2)
    )
    safe = np.maximum(n, 1.0)
    enough = n >= features.rules.statistics.least_cases
    mean = gap / safe
    # The spread of cases is taken from the middle hospital: one with another mix of costs does not get its own.
    own = np.where(enough, squares / safe - mean**2, np.nan)
    common = float(np.nanmedian(own)) if enough.any() else np.nan
    variance = np.maximum(np.where(enough, own, np.nan), common) / safe
    return n, expected / safe, np.where(enough, mean, np.nan), variance
