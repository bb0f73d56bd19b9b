"""The contribution base: what a floor and a cap leave of the distribution of wages."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["contribution_base"]


def contribution_base(spread: ArrayLike, floor: ArrayLike, cap: ArrayLike) -> NDArray[np.float64]:
    r"""Return the mean contribution base over the average wage, for lognormal wages.

    With wages of mean 1 and standard deviation :math:`\sigma` of their logarithm, floor :math:`f` and cap :math:`c`:

    .. math:: E[\min(\max(w, f), c)] = f \Phi(z_f) + \Phi(z_c - \sigma) - \Phi(z_f - \sigma) + c (1 - \Phi(z_c)),
        \qquad z_x = \frac{\ln x}{\sigma} + \frac{\sigma}{2}

    Parameters
    ----------
    spread : array_like
        Standard deviation of log wages; 0: everybody earns the average [ratio].
    floor, cap : array_like, broadcast with it
        Least and greatest base over the average wage; 0 and infinity: none [ratio].

    Returns
    -------
    array
        Mean base over the average wage [ratio].

    Examples
    --------
    >>> round(float(contribution_base(0.55, 0.6, 3.0)), 4)
    1.0317
    >>> float(contribution_base(0.55, 0.0, np.inf)), float(contribution_base(0.0, 0.6, 3.0))
    (1.0, 1.0)
    """
    from scipy.special import ndtr  # noqa: PLC0415 (it takes time to load)

    sigma, low, high = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in (spread, floor, cap)))
    known = sigma > 0
    safe = np.where(known, sigma, 1.0)

    def score(limit: NDArray[np.float64]) -> Any:
        with np.errstate(divide="ignore", over="ignore"):
            return np.log(limit) / safe + safe / 2

    at_floor, at_cap = score(low), score(high)
    above = np.where(np.isfinite(high), high, 0.0) * ndtr(-at_cap)
    mean = low * ndtr(at_floor) + ndtr(at_cap - safe) - ndtr(at_floor - safe) + above
    result: NDArray[np.float64] = np.where(known, mean, np.clip(1.0, low, high))
    return result
