"""Measure which series of a panel move together, pair by pair, with no more of it than chance allows.

A sample correlation of forty quarters is off by a sixth either way, and a panel of twenty series has 190 of them: taken
as they are they would tie independent series together, and one average for all of them would lose the few that count.
Each is therefore drawn towards what the whole panel says: an empirical-Bayes estimate whose prior, the distribution of
true correlations over the pairs, is itself found from the panel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actuary.forecast.pooled import Fitted, PooledFit
from actuary.forecast.spec import DependenceSpec
from actuary.kernels.innovations import one_step_errors

__all__ = ["Dependence", "find_dependence", "own_errors", "shrink_correlations"]

type FloatArray = NDArray[np.float64]

#: Grid of true correlations, on Fisher's scale: evenly spaced to an artanh of 3 (0.995).
_GRID = np.linspace(-3.0, 3.0, 121)
#: Rounds of expectation and maximisation; what moves after that is below a sampling error.
_ROUNDS = 300


@dataclass(frozen=True, eq=False)
class Dependence:
    """Hold what the innovations of a panel say together.

    Parameters
    ----------
    correlation : array, shape (series, series)
        Correlation of the normal scores of innovations; positive semi-definite.
    spread : float
        Typical standard deviation of an innovation on the Box-Cox scale.
    """

    correlation: FloatArray
    spread: float


def own_errors(one: Fitted, season: int, table: FloatArray) -> FloatArray:
    """Return innovations of every set of parameters, NaN over the first cycle: it set the opening states.

    Parameters
    ----------
    one : Fitted
        The series.
    season : int
        Periods in a cycle.
    table : array, shape (draw, 5)
        Sets of parameters.

    Returns
    -------
    array, shape (draw, period)
        Innovations on the Box-Cox scale.
    """
    errors = one_step_errors(one.z, season=season, table=table)
    errors[:, : min(season, errors.shape[1] - 1)] = np.nan
    return errors


def find_dependence(fit: PooledFit) -> Dependence:
    """Measure how the innovations of a panel go together, each series under the parameters that suit it best.

    Parameters
    ----------
    fit : PooledFit
        The fitted panel.
    """
    panel = fit.panel
    errors = np.full(panel.values.shape, np.nan)
    spreads = []
    for row, one in enumerate(fit.fitted):
        best = int(np.argmax(one.weights))
        own = own_errors(one, panel.season, fit.table[best : best + 1])[0]
        errors[row, one.begin : one.end] = own
        known = own[~np.isnan(own)]
        if known.size >= fit.spec.shocks.least:
            spreads.append(float(known.std()))
    spread = float(np.median(spreads)) if spreads else fit.spec.shocks.unknown
    return Dependence(shrink_correlations(errors, fit.spec.dependence), spread)


def shrink_correlations(errors: FloatArray, spec: DependenceSpec) -> FloatArray:
    r"""Return the correlation matrix of series of innovations, shrunk pair by pair.

    Fisher's transform of a sample correlation is normal around that of the true one. The distribution of true ones is a
    mixture of points found by maximum likelihood from all pairs, to which a few independent pairs are added:

    .. math:: \hat z_{ij} \sim N(\theta_{ij}, s_{ij}^2), \quad \theta_{ij} \sim \sum_g w_g \delta_g, \quad
        \rho_{ij} = E[\tanh \theta_{ij} \mid \hat z_{ij}], \quad
        s_{ij}^2 = \frac{(1 + a_i a_j) / (1 - a_i a_j)}{n_{ij} - 3}

    with a the autocorrelation of the innovations at lag one (Bartlett) and n the number of common times. Pairs with too
    few common times say nothing of their own and have the mean of the panel.

    Parameters
    ----------
    errors : array, shape (series, period)
        Innovations; NaN where there is none.
    spec : DependenceSpec
        The declaration.

    Returns
    -------
    array, shape (series, series)
        The nearest matrix with ones on its diagonal and no negative eigenvalue.

    References
    ----------
    Efron, *Two modeling strategies for empirical Bayes estimation* (2014); Dey and Stephens, *CorShrink* (2018).

    Examples
    --------
    >>> from actuary.forecast.spec import load_pooled_spec
    >>> rng = np.random.default_rng(1)
    >>> errors = rng.normal(size=(6, 60))
    >>> errors[1] = errors[0] + 0.2 * errors[1]
    >>> found = shrink_correlations(errors, load_pooled_spec().dependence)
    >>> bool(found[0, 1] > 0.9), bool(np.abs(np.triu(found, 1)[1:]).max() < 0.1)
    (True, True)
    """
    count = len(errors)
    if count < 2 or spec.most == 0.0:
        return np.eye(count)
    upper = np.triu_indices(count, k=1)
    z, s = _fisher(errors, spec.least)
    z, s = z[upper], s[upper]
    known = np.isfinite(s)
    found = np.eye(count)
    if not known.any():
        return found
    likely = np.exp(-0.5 * ((z[known, None] - _GRID) / s[known, None]) ** 2)
    weights = _mixture(likely, spec.independent)
    correlations = np.tanh(_GRID).clip(-spec.most, spec.most)
    shrunk = np.full(z.size, weights @ correlations)
    share = likely * weights
    shrunk[known] = share @ correlations / share.sum(axis=1)
    found[upper] = shrunk
    found.T[upper] = shrunk
    return _nearest(found)


def _scores(errors: FloatArray) -> FloatArray:
    """Return normal scores of the ranks of every row, NaN where there is no error."""
    from scipy.stats import norm, rankdata  # noqa: PLC0415

    scores = np.full(errors.shape, np.nan)
    for row, own in enumerate(errors):
        known = ~np.isnan(own)
        if known.any():
            scores[row, known] = norm.ppf((rankdata(own[known]) - 0.5) / known.sum())
    return scores


def _fisher(errors: FloatArray, least: int) -> tuple[FloatArray, FloatArray]:
    """Return Fisher's transform of all correlations and its standard deviation, infinite with too few common times."""
    scores = _scores(errors)
    seen = ~np.isnan(scores)
    filled, mask = np.where(seen, scores, 0.0), seen.astype(np.float64)
    both = mask @ mask.T
    with np.errstate(invalid="ignore", divide="ignore"):
        sums, squares = filled @ mask.T, (filled**2) @ mask.T
        inner = filled @ filled.T - sums * sums.T / both
        size = np.sqrt((squares - sums**2 / both) * (squares.T - sums.T**2 / both))
        z = np.arctanh((inner / size).clip(-0.999, 0.999))
        lagged = (filled[:, 1:] * filled[:, :-1]).sum(axis=1) / (filled**2).sum(axis=1)
        rho = np.nan_to_num(lagged).clip(-0.9, 0.9)
        bartlett = ((1 + np.outer(rho, rho)) / (1 - np.outer(rho, rho))).clip(min=1.0)
        s = np.sqrt(bartlett / (both - 3.0))
    usable = (both >= max(least, 5)) & np.isfinite(z) & np.isfinite(s)
    return np.where(usable, z, 0.0), np.where(usable, s, np.inf)


def _mixture(likely: FloatArray, independent: float) -> FloatArray:
    """Return the weights of the grid, by expectation and maximisation, with so many independent pairs added."""
    added = np.zeros(_GRID.size)
    added[_GRID.size // 2] = independent
    weights = np.full(_GRID.size, 1.0 / _GRID.size)
    for _ in range(_ROUNDS):
        share = likely * weights
        share /= share.sum(axis=1, keepdims=True)
        weights = (share.sum(axis=0) + added) / (len(likely) + independent)
    return weights


def _nearest(matrix: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= 0:
        return matrix
    made = (vectors * values.clip(min=0.0)) @ vectors.T
    size = np.sqrt(np.diag(made))
    found: FloatArray = made / np.outer(size, size)
    return found
