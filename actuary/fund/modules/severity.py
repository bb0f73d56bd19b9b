"""Laws of a person's yearly burden: what lies above a deductible, in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from actuary.errors import Problem, TableError, UnknownNameError, raise_all, unknown_name

__all__ = ["LAWS", "Lognormal", "Pareto", "SeverityLaw", "fit_law"]

type FloatArray = NDArray[np.float64]


class SeverityLaw(Protocol):
    """Describe a law of positive amounts."""

    def exceedance(self, amount: ArrayLike) -> FloatArray:
        """Return the probability of more than an amount [share]."""
        ...

    def excess(self, amount: ArrayLike) -> FloatArray:
        """Return the mean of what lies above an amount, ``E[(X - d)+]`` [yuan]."""
        ...

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the amount that is exceeded with the rest of a probability [yuan]."""
        ...


@dataclass(frozen=True, slots=True)
class Lognormal:
    r"""Hold a lognormal law.

    .. math:: E[(X-d)^+] = m\,\Phi\!\left(\frac{\mu+\sigma^2-\ln d}{\sigma}\right)
        - d\,\Phi\!\left(\frac{\mu-\ln d}{\sigma}\right)

    Parameters
    ----------
    mean : float
        Mean [yuan].
    sigma : float
        Standard deviation of the logarithm.

    Examples
    --------
    >>> law = fit_law("lognormal", mean=6000, variation=1.6)
    >>> round(float(law.exceedance(15000)), 4), round(float(law.excess(15000)))
    (0.0843, 1144)
    """

    mean: float
    sigma: float

    def _depth(self, amount: ArrayLike) -> FloatArray:
        with np.errstate(divide="ignore"):
            logs = np.log(np.asarray(amount, dtype=np.float64))
        return np.asarray((math.log(self.mean) - self.sigma**2 / 2 - logs) / self.sigma)

    def exceedance(self, amount: ArrayLike) -> FloatArray:
        """Return the probability of more than an amount [share]."""
        return np.asarray(ndtr(self._depth(amount)))

    def excess(self, amount: ArrayLike) -> FloatArray:
        """Return the mean of what lies above an amount [yuan]."""
        depth = self._depth(amount)
        above = self.mean * ndtr(depth + self.sigma) - np.asarray(amount, dtype=np.float64) * ndtr(depth)
        return np.asarray(np.maximum(above, 0.0))

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the amount that is exceeded with the rest of a probability [yuan]."""
        from scipy.special import ndtri  # noqa: PLC0415 (only simulation asks for it)

        middle = math.log(self.mean) - self.sigma**2 / 2
        return np.asarray(np.exp(middle + self.sigma * ndtri(np.asarray(probability, dtype=np.float64))))


@dataclass(frozen=True, slots=True)
class Pareto:
    r"""Hold a Pareto law of the second kind (Lomax), whose tail is heavier than that of the lognormal.

    .. math:: P(X>d) = \left(1+\frac{d}{\theta}\right)^{-\alpha}, \qquad
        E[(X-d)^+] = \frac{\theta+d}{\alpha-1} P(X>d)

    Parameters
    ----------
    alpha : float
        Index of the tail, above 2.
    theta : float
        Scale [yuan].
    """

    alpha: float
    theta: float

    def exceedance(self, amount: ArrayLike) -> FloatArray:
        """Return the probability of more than an amount [share]."""
        return np.asarray((1.0 + np.asarray(amount, dtype=np.float64) / self.theta) ** -self.alpha)

    def excess(self, amount: ArrayLike) -> FloatArray:
        """Return the mean of what lies above an amount [yuan]."""
        depth = np.asarray(amount, dtype=np.float64)
        return (self.theta + depth) / (self.alpha - 1.0) * self.exceedance(depth)

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the amount that is exceeded with the rest of a probability [yuan]."""
        rest = 1.0 - np.asarray(probability, dtype=np.float64)
        return np.asarray(self.theta * (rest ** (-1.0 / self.alpha) - 1.0))


def _fit_lognormal(mean: float, variation: float) -> Lognormal:
    return Lognormal(mean, math.sqrt(math.log1p(variation**2)))


def _fit_pareto(mean: float, variation: float) -> Pareto:
    if not variation > 1.0:
        raise TableError(Problem("coefficient of variation", f"{variation:g}", "above 1 for a Pareto law"))
    alpha = 2.0 * variation**2 / (variation**2 - 1.0)
    return Pareto(alpha, mean * (alpha - 1.0))


#: Laws by name, each fitted to a mean and a coefficient of variation.
LAWS: dict[str, Callable[[float, float], SeverityLaw]] = {"lognormal": _fit_lognormal, "pareto": _fit_pareto}


def fit_law(name: str, *, mean: float, variation: float) -> SeverityLaw:
    """Fit a law to a mean and a coefficient of variation.

    Parameters
    ----------
    name : str
        ``lognormal`` or ``pareto``.
    mean : float
        Mean [yuan].
    variation : float
        Standard deviation over the mean [ratio].

    Raises
    ------
    UnknownNameError
        When there is no such law.
    TableError
        When mean or variation are not above 0, or the variation is not above 1 for a Pareto law.

    Examples
    --------
    >>> fit_law("pareto", mean=6000, variation=2.0).alpha
    2.6666666666666665
    """
    if name not in LAWS:
        raise UnknownNameError(unknown_name("law", name, LAWS, what="law"))
    raise_all(
        [
            Problem(what, f"{value:g}", "a number above 0")
            for what, value in (("mean", mean), ("coefficient of variation", variation))
            if not (math.isfinite(value) and value > 0)
        ],
        TableError,
    )
    return LAWS[name](mean, variation)
