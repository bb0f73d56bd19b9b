"""How far honest hospitals differ: the spread of effects estimated robustly, and what lies beyond it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

__all__ = ["NullModel", "fit_null"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class NullModel:
    """Hold what honest hospitals look like in one indicator, and how far each hospital is from that.

    Parameters
    ----------
    centre : float array, shape (tiers,)
        Mean effect of honest hospitals of each tier.
    between_sd : float
        Spread of true effects among honest hospitals.
    dispersion : float
        How many times the sampling variance the cases really vary.
    share, scale : float
        Share of hospitals beyond the honest spread, and size of their effects.
    sd : float array, shape (hospitals,)
        Spread of the estimate of an honest hospital, sampling included.
    z : float array, shape (hospitals,)
        Effect above the centre in these units.
    p_value : float array, shape (hospitals,)
        How often an honest hospital lies as high or higher.
    posterior : float array, shape (hospitals,)
        Probability that the hospital lies beyond the honest spread.
    effect : float array, shape (hospitals,)
        Effect above the centre, shrunken.
    effect_sd : float array, shape (hospitals,)
        Its spread.
    """

    centre: FloatArray
    between_sd: float
    dispersion: float
    share: float
    scale: float
    sd: FloatArray
    z: FloatArray
    p_value: FloatArray
    posterior: FloatArray
    effect: FloatArray
    effect_sd: FloatArray


def _log_normal(y: FloatArray, sd: FloatArray) -> FloatArray:
    return -0.5 * (y / sd) ** 2 - np.log(sd) - _HALF_LOG_TAU


_HALF_LOG_TAU = 0.5 * float(np.log(2 * np.pi))


def _log_densities(y: FloatArray, variance: FloatArray, scale: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return log densities of an honest hospital, one too high and one too low (a half-normal effect added)."""
    sd = np.sqrt(variance)
    wide = np.sqrt(variance + scale**2)
    base = _log_normal(y, wide) + np.log(2)
    lean = y * scale / (sd * wide)
    return _log_normal(y, sd), base + special.log_ndtr(lean), base + special.log_ndtr(-lean)


def fit_null(
    effect: FloatArray,
    variance: FloatArray,
    *,
    tier: IntArray,
    prior_share: float,
    least_scale_sd: float,
    degrees_of_freedom: float,
) -> NullModel:
    r"""Fit the hierarchical model of honest hospitals and of those beyond them by penalised likelihood.

    .. math::
        y_h \sim (1-\pi-\pi')\,N(\mu_{t(h)}, v_h) + \pi\,[N(\mu_{t(h)}, v_h) + |N(0,\omega^2)|]
              + \pi'\,[N(\mu_{t(h)}, v_h) - |N(0,\omega^2)|],
        \quad v_h = \varphi s_h^2 + \tau^2

    The null is the spread `v` of honest hospitals, not sampling alone; hospitals far off join the other two parts and
    do not widen it.

    Parameters
    ----------
    effect, variance : float array, shape (hospitals,)
        Estimates and their sampling variance; NaN where a hospital has no case to judge by.
    tier : int array, shape (hospitals,)
        Tier of each hospital.
    prior_share : float
        Share of hospitals beyond the honest spread that is expected before looking.
    least_scale_sd : float
        Least size of an effect beyond it, in spreads of an honest hospital.
    degrees_of_freedom : float
        Of the t law of the p-values, because the spread is estimated.

    Returns
    -------
    NullModel
        Fit, p-values, posterior probabilities and shrunken effects.

    Examples
    --------
    >>> y = np.append(np.linspace(-1, 1, 19), 9.0)
    >>> found = fit_null(y, np.full(20, 0.01), tier=np.zeros(20, int), prior_share=0.05, least_scale_sd=3.0,
    ...                  degrees_of_freedom=60.0)
    >>> bool(found.posterior[-1] > 0.99), bool(found.posterior[:-1].max() < 0.3)
    (True, True)
    """
    known = np.isfinite(effect) & np.isfinite(variance) & (variance > 0)
    nan = np.full(len(effect), np.nan)
    tiers = int(tier.max(initial=0)) + 1
    if known.sum() < 3:
        empty = np.full(tiers, np.nan)
        return NullModel(centre=empty, between_sd=np.nan, dispersion=np.nan, share=np.nan, scale=np.nan, sd=nan, z=nan,
                         p_value=nan, posterior=nan, effect=nan, effect_sd=nan)  # fmt: skip
    y, s2, t = effect[known], variance[known], tier[known]
    start = _Start.of(y, s2, t, tiers)

    def unpack(x: FloatArray) -> tuple[FloatArray, float, float, float, float, float]:
        tau, phi = start.unit * np.exp(x[tiers]), np.exp(np.clip(x[tiers + 1], 0.0, np.log(10.0)))
        least = least_scale_sd * float(np.sqrt(np.median(phi * s2) + tau**2))
        scale = least * (1 + np.exp(np.clip(x[tiers + 2], -6.0, 4.0)))
        shares = np.exp(np.clip(np.array([0.0, x[tiers + 3], x[tiers + 4]]), -12.0, 4.0))
        shares /= shares.sum()
        up, down = float(shares[1]), float(shares[2])
        return start.centre + start.unit * x[:tiers], float(tau), float(phi), float(scale), up, down

    def loss(x: FloatArray) -> float:
        centre, tau, phi, scale, up, down = unpack(x)
        parts = _log_densities(y - centre[t], phi * s2 + tau**2, scale)
        weights = np.log(np.array([1 - up - down, up, down]))
        likelihood = float(
            np.logaddexp(np.logaddexp(parts[0] + weights[0], parts[1] + weights[1]), parts[2] + weights[2]).sum()
        )
        # Weak priors: shares as declared, sampling variance near what was computed, no drift of the rest.
        prior = np.log(up) + np.log(down) + (1 / prior_share - 1) * np.log(1 - up - down)
        prior -= 0.5 * (x[tiers + 1] / 0.5) ** 2 + 0.5 * (x[tiers] + 1.2) ** 2 + 0.5 * (x[tiers + 2] / 2.0) ** 2
        prior -= 0.5 * float((x[:tiers] / 10.0) @ (x[:tiers] / 10.0))
        return -float(likelihood + prior)

    # The surface has a hollow where all differ widely and nobody is beyond, and one where few do: try both.
    starts = [(np.log(0.7), np.log(prior_share)), (np.log(0.15), np.log(6 * prior_share))]
    tries = [
        optimize.minimize(loss, np.concatenate([start.low if wide < np.log(0.5) else np.zeros(tiers),
                                                [wide, 0.0, 0.0, many, np.log(prior_share)]]),
                          method="BFGS", options={"gtol": 1e-3})
        for wide, many in starts
    ]  # fmt: skip
    found = min(tries, key=lambda one: float(one.fun))
    centre, tau, phi, scale, up, down = unpack(found.x)
    v = phi * s2 + tau**2
    gap = y - centre[t]
    logs = np.stack(_log_densities(gap, v, scale)) + np.log(np.array([1 - up - down, up, down]))[:, None]
    shares = special.softmax(logs, axis=0)
    # The centre of a tier is itself estimated, from about as many hospitals as the tier has.
    weight = np.bincount(t, weights=shares[0] / v, minlength=tiers)
    sd = np.sqrt(v + 1 / np.maximum(weight, 1e-300)[t])
    z = gap / sd
    # Of an effect beyond: normal with the half-normal's scale as prior.
    keep = scale**2 / (scale**2 + phi * s2)
    full: list[FloatArray] = []
    for values in (
        sd,
        z,
        stats.t.sf(z, degrees_of_freedom),
        shares[1],
        keep * gap,
        np.sqrt(keep * phi * s2 + sd**2 - v),
    ):
        whole = nan.copy()
        whole[known] = values
        full.append(whole)
    return NullModel(centre=centre, between_sd=tau, dispersion=phi, share=up, scale=scale, sd=full[0], z=full[1],
                     p_value=full[2], posterior=full[3], effect=full[4], effect_sd=full[5])  # fmt: skip


@dataclass(frozen=True)
class _Start:
    """Where the search begins: medians by tier, a unit of spread, and how far the lower third lies below."""

    centre: FloatArray
    unit: float
    low: FloatArray

    @classmethod
    def of(cls, y: FloatArray, s2: FloatArray, t: IntArray, tiers: int) -> _Start:
        centre = np.array([np.median(y[t == one]) if (t == one).any() else np.median(y) for one in range(tiers)])
        spread = float(1.4826 * np.median(np.abs(y - centre[t])))
        unit = max(spread, 0.2 * float(np.sqrt(np.median(s2))))
        third = np.array([np.quantile(y[t == one], 0.3) if (t == one).any() else 0.0 for one in range(tiers)])
        return cls(centre, unit, np.minimum(third - centre, 0.0) / unit)
