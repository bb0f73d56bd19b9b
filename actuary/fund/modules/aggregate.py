"""The sum of many claims: its distribution by fast Fourier transform, and stop-loss premiums with a sure error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, raise_all
from actuary.fund.modules.severity import SeverityLaw

__all__ = ["AggregateClaims", "StopLoss", "aggregate_claims"]

type FloatArray = NDArray[np.float64]

#: Damping against wrap-around at the end of the grid: what wraps is lowered by this power of e.
_DAMPING = 10.0
_LONGEST = 2**22


@dataclass(frozen=True, slots=True)
class StopLoss:
    """Hold the mean of what lies above a limit on the sum of claims.

    Parameters
    ----------
    limit : float
        Limit [yuan].
    premium : float
        The mean, and a bound from above: claims are spread over the grid so that each keeps its mean [yuan].
    lower : float
        A bound from below [yuan].
    """

    limit: float
    premium: float
    lower: float

    @property
    def error(self) -> float:
        """Largest error of the premium [yuan]."""
        return self.premium - self.lower


@dataclass(frozen=True)
class AggregateClaims:
    """Hold the distribution of the sum of claims on a grid.

    Parameters
    ----------
    step : float
        Width of the grid [yuan].
    weights : array, shape (n,)
        Probability of each point, claims spread over the grid with their mean kept.
    weights_below : array, shape (n,)
        The same with claims rounded down.
    mean, mean_below : float
        Mean of the sum, exact, and of the sum of claims rounded down [yuan].
    deviation : float
        Standard deviation of the sum, claims spread over the grid [yuan].
    payments : float
        Mean number of persons who are paid something [persons].
    """

    step: float
    weights: FloatArray
    weights_below: FloatArray
    mean: float
    mean_below: float
    deviation: float
    payments: float

    def stop_loss(self, limit: float) -> StopLoss:
        r"""Return the mean of what lies above a limit: the mean less what lies below it.

        .. math:: E[(S-L)^+] = E[S] - \sum_{x<L} x\,g(x) - L\left(1-\sum_{x<L} g(x)\right)

        From below it is bounded by claims rounded down, and by what spreading claims of mean square deviation at most
        :math:`h^2/4` can add: half the mean absolute deviation of the sum, :math:`\tfrac12\sqrt{n h^2/4}`.

        Parameters
        ----------
        limit : float
            Limit, within the grid [yuan].

        Raises
        ------
        TableError
            When the limit lies outside the grid.
        """
        top = self.step * (len(self.weights) - 1)
        if not 0 <= limit <= top:
            raise TableError(Problem("limit", f"{limit:g}", f"an amount from 0 to {top:g} yuan"))
        below = math.ceil(limit / self.step)
        points = self.step * np.arange(below)
        found = []
        for mean, weights in ((self.mean, self.weights[:below]), (self.mean_below, self.weights_below[:below])):
            found.append(max(0.0, mean - float(points @ weights) - limit * (1.0 - float(weights.sum()))))
        spread = self.step * math.sqrt(self.payments) / 4.0
        return StopLoss(limit, found[0], min(found[0], max(found[1], found[0] - spread)))

    def quantile(self, probability: float) -> float:
        """Return the amount that the sum stays within with a probability [yuan]."""
        place = int(np.searchsorted(np.cumsum(self.weights), probability))
        return self.step * min(place, len(self.weights) - 1)


def aggregate_claims(
    law: SeverityLaw,
    *,
    claimants: float,
    deductible: float,
    fund_share: float,
    step: float,
    overdispersion: float = 1.0,
    reach: float = 4.0,
) -> AggregateClaims:
    r"""Return the distribution of what a fund pays above a deductible for many persons together.

    A random number of persons (Poisson, or negative binomial where its variance exceeds its mean) has a burden
    :math:`X`; the fund pays :math:`s (X-d)^+` for each. Spread over a grid of width :math:`h` with the closed form of
    :math:`\pi(y)=E[(sX-sd-y)^+]`,

    .. math:: f_k = \frac{\pi((k-1)h) - 2\pi(kh) + \pi((k+1)h)}{h},

    which keeps the mean and lies above the true law in the convex order, so every stop-loss premium is a bound from
    above that falls to the true one with the square of the width.

    Parameters
    ----------
    law : SeverityLaw
        Law of a person's burden.
    claimants : float
        Mean number of persons with a burden [persons].
    deductible : float
        Deductible [yuan].
    fund_share : float
        Share paid above it [share].
    step : float
        Width of the grid [yuan].
    overdispersion : float
        Variance of the number of persons over its mean, from 1 on [ratio].
    reach : float
        The grid ends at this multiple of the mean sum plus twelve standard deviations of it.

    Raises
    ------
    TableError
        When an argument is out of range, or the grid would have more than four million points.

    References
    ----------
    Grübel, R. and Hermesmeier, R. (1999), Computation of compound distributions, *ASTIN Bulletin* 29.

    Examples
    --------
    >>> from actuary.fund.modules.severity import fit_law
    >>> law = fit_law("lognormal", mean=6000, variation=1.6)
    >>> claims = aggregate_claims(law, claimants=7500, deductible=15000, fund_share=0.6, step=2000)
    >>> stop = claims.stop_loss(1.1 * claims.mean)
    >>> 0 < stop.lower < stop.premium < claims.mean
    True
    """
    raise_all(
        [
            Problem(name, f"{value:g}", words)
            for name, value, words, sound in (
                ("claimants", claimants, "a number above 0", claimants > 0),
                ("deductible", deductible, "an amount from 0 on", deductible >= 0),
                ("fund_share", fund_share, "a share above 0, up to 1", 0 < fund_share <= 1),
                ("step", step, "an amount above 0", step > 0),
                ("overdispersion", overdispersion, "a ratio from 1 on", overdispersion >= 1),
            )
            if not (math.isfinite(value) and sound)
        ],
        TableError,
    )
    mean_claim = fund_share * float(law.excess(deductible))
    mean = claimants * mean_claim
    spread = math.sqrt(overdispersion * claimants) * max(mean_claim, step) * 12.0
    count = 2 ** math.ceil(math.log2(max(16.0, (reach * mean + spread) / step)))
    if count > _LONGEST:
        raise TableError(Problem("step", f"{step:g} yuan", f"at most {_LONGEST:,} points", f"take {mean / 50000:.3g}"))
    points = step * np.arange(-1.0, count + 1.0)
    # Below a payment of 0 the mean excess is a straight line: the law has nothing there.
    above = np.where(points < 0, mean_claim - points, fund_share * law.excess(deductible + points.clip(0) / fund_share))
    spread_out = np.clip((above[:-2] - 2 * above[1:-1] + above[2:]) / step, 0.0, None)
    spread_out[-1] += max(0.0, 1.0 - float(spread_out.sum()))
    tail = law.exceedance(deductible + step * np.arange(count) / fund_share)
    rounded = np.concatenate([[1.0 - tail[1]], tail[1:-1] - tail[2:], tail[-1:]])
    grid = step * np.arange(count)
    weights = _compound(spread_out, claimants, overdispersion)
    first = float(grid @ weights)
    deviation = math.sqrt(max(0.0, float((grid - first) ** 2 @ weights)))
    return AggregateClaims(
        step=step,
        weights=weights,
        weights_below=_compound(rounded, claimants, overdispersion),
        mean=mean,
        mean_below=claimants * float(grid @ rounded),
        deviation=deviation,
        payments=claimants * float(law.exceedance(deductible)),
    )


def _compound(claims: FloatArray, number: float, overdispersion: float) -> FloatArray:
    """Return the distribution of the sum of a random number of claims on the same grid."""
    count = len(claims)
    damping = np.exp(-_DAMPING / count * np.arange(count))
    turned = np.fft.rfft(claims * damping)
    extra = overdispersion - 1.0
    # As the extra variance goes to 0 the negative binomial becomes the Poisson.
    summed = np.exp(number * (turned - 1.0)) if extra == 0 else (1.0 - extra * (turned - 1.0)) ** (-number / extra)
    return np.asarray(np.fft.irfft(summed, count) / damping)
