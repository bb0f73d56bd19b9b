"""Months nobody published, drawn so that every published sum comes out.

Funds publish January-to-month figures, some months of some years, and of early years the whole year only. The monthly
flows behind them are latent; what is known are sums of them. Draws of the flows given the sums carry how little is
known of each month into whatever is done with them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actuary.errors import ActuaryError, Problem
from actuary.forecast.fund_spec import FlowSpec

__all__ = ["KnownSums", "draw_flows"]

type FloatArray = NDArray[np.float64]

_YEAR = 12
_TRIES = 50


@dataclass(frozen=True, eq=False)
class KnownSums:
    """Hold published sums of months.

    Parameters
    ----------
    first, last : int array, shape (sum,)
        First and last month of each, counted from January of the first year.
    values : array, shape (draw, sum)
        Their values [yuan], by draw: a provisional figure differs between draws.
    errors : array, shape (sum,)
        How far a sum of the flows may be from it, standard deviation as a share of the value; 0 for exact.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    values: FloatArray
    errors: FloatArray

    def matrix(self, months: int) -> FloatArray:
        """Return which months are in which sum, shape (sum, month)."""
        column = np.arange(months)
        inside = (column >= self.first[:, None]) & (column <= self.last[:, None])
        return inside.astype(np.float64)


def _trend(sums: KnownSums, middle: FloatArray, months: int) -> FloatArray:
    """Return a flow a month that grows by one rate through the published sums: the scale of everything below."""
    length = sums.last - sums.first + 1.0
    # Sums of whole years carry no season; where there are none, all are used.
    whole = length == _YEAR
    used = whole if whole.any() else np.ones(length.size, dtype=bool)
    x = ((sums.first + sums.last) / 2)[used]
    y = np.log(middle[used] / length[used])
    slope = float(np.polyfit(x, y, 1)[0]) if np.ptp(x) > 0 else 0.0
    found: FloatArray = np.exp(y.mean() + slope * (np.arange(months) - x.mean()))
    return found


def _kernels(months: int, spec: FlowSpec) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    """Return how level, season and single months hang together over time, by length of the season, variance one."""
    t = np.arange(months)
    apart = t[:, None] - t[None, :]
    level = np.exp(-0.5 * (apart / spec.level_months) ** 2)
    same = (apart % _YEAR == 0).astype(np.float64)
    return [(level, same * np.exp(-np.abs(apart) / (_YEAR * years)), np.eye(months)) for years in spec.season_years]


def draw_flows(sums: KnownSums, *, months: int, spec: FlowSpec, rng: np.random.Generator) -> FloatArray:
    r"""Draw the flow of every month given the published sums.

    Relative to one growing trend a month is level, season and its own surprise, each a Gaussian process; sums of months
    are Gaussian with it, so that the draws given the sums are exact (conditioning by kriging):

    .. math:: q_t = T_t (1 + l_t + s_t + w_t), \qquad A q = b \circ (1 + \epsilon)

    The sizes of level, season and surprise are drawn from the declared grid by the likelihood of the sums themselves.

    Parameters
    ----------
    sums : KnownSums
        What was published.
    months : int
        How many months, from January of the first year.
    spec : FlowSpec
        The declaration.
    rng : numpy.random.Generator
        Where the randomness is from.

    Returns
    -------
    array, shape (draw, month)
        Flows [unit of the sums], above zero. Where the error of a sum is 0 they add up to it.

    Raises
    ------
    ActuaryError
        When a published sum is not above zero, or no draw above zero was found: the sums contradict each other.
    """
    middle = sums.values.mean(axis=0)
    if not (middle > 0).all():
        raise ActuaryError(Problem("published sums", f"{float(middle.min()):g}", "above zero"))
    trend = _trend(sums, middle, months)
    matrix = sums.matrix(months) * trend
    kernels = _kernels(months, spec)
    # Parts of the covariance of the sums, computed once for all sizes.
    parts = [[matrix @ kernel @ matrix.T for kernel in three] for three in kernels]
    noise = np.diag((sums.errors * middle) ** 2)
    sizes = np.array(list(itertools.product(spec.level, spec.season, spec.month)))
    cases = [(k, size) for k in range(len(kernels)) for size in sizes]
    gap = middle - matrix.sum(axis=1)
    logs = np.array([_log_likelihood(gap, parts[k], noise, size) for k, size in cases])
    weights = np.exp(logs - logs.max())
    count = sums.values.shape[0]
    chosen = rng.choice(len(cases), size=count, p=weights / weights.sum())
    flows = np.empty((count, months))
    for which in np.unique(chosen):
        k, size = cases[which]
        kernel = sum((s**2 * one for s, one in zip(size, kernels[k], strict=True)), 1e-10 * np.eye(months))
        gain = np.linalg.solve(_covariance(parts[k], noise, size), matrix @ kernel).T
        rows = np.flatnonzero(chosen == which)
        root = np.linalg.cholesky(kernel)
        flows[rows] = trend * (1 + _condition(sums, matrix, root, gain, rows, noise, rng))
    return flows


def _covariance(parts: list[FloatArray], noise: FloatArray, size: FloatArray) -> FloatArray:
    cover = sum((s**2 * part for s, part in zip(size, parts, strict=True)), noise)
    jitter = 1e-12 * np.trace(cover) / cover.shape[0]
    found: FloatArray = cover + jitter * np.eye(cover.shape[0])
    return found


def _log_likelihood(gap: FloatArray, parts: list[FloatArray], noise: FloatArray, size: FloatArray) -> float:
    root = np.linalg.cholesky(_covariance(parts, noise, size))
    white = np.linalg.solve(root, gap)
    return float(-0.5 * white @ white - np.log(np.diag(root)).sum())


def _condition(
    sums: KnownSums,
    matrix: FloatArray,
    root: FloatArray,
    gain: FloatArray,
    rows: NDArray[np.int64],
    noise: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw relative flows and move each draw onto its sums; those with a month below zero are drawn again."""
    found = np.empty((rows.size, root.shape[0]))
    left = np.arange(rows.size)
    spread = np.sqrt(np.diag(noise))
    for _ in range(_TRIES):
        free = rng.standard_normal((left.size, root.shape[0])) @ root.T
        error = rng.standard_normal((left.size, spread.size)) * spread
        target = sums.values[rows[left]] - matrix.sum(axis=1) - error
        free = free + (target - free @ matrix.T) @ gain.T
        good = (free > -1).all(axis=1)
        found[left[good]] = free[good]
        left = left[~good]
        if not left.size:
            return found
    raise ActuaryError(
        Problem(
            "published sums",
            f"no flows above zero in {_TRIES} tries",
            "sums that monthly flows can have",
            "check the January-to-month figures: a later one must exceed an earlier one",
        )
    )
