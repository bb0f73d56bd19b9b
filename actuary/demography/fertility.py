"""Fertility by age: its total, its mean age, and what a shift of births to other ages does to the births of a year."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actuary.errors import Problem, TableError

__all__ = ["mean_age_at_birth", "period_tfr", "shift_mean_age", "tempo_adjusted_tfr", "tempo_change"]

type FloatArray = NDArray[np.float64]


def mean_age_at_birth(asfr: ArrayLike, *, ages: ArrayLike) -> FloatArray:
    """Return the mean age at birth of fertility rates, whatever the ages of the women who live.

    Parameters
    ----------
    asfr : array_like, shape (..., A)
        Births per woman and year.
    ages : array_like, shape (A,)
        Lower bounds of the ages, single years or five-year groups [years].

    Returns
    -------
    ndarray, shape (...)
        Mean of the middles of the ages [years]; NaN without births.

    Examples
    --------
    >>> round(float(mean_age_at_birth([0.1, 0.1], ages=[28, 29])), 6)
    29.0
    """
    rates, lower = np.asarray(asfr, dtype=np.float64), np.asarray(ages, dtype=np.float64)
    middles = lower + (lower[1] - lower[0]) / 2.0
    total = rates.sum(axis=-1)
    return np.asarray(np.divide(rates @ middles, total, out=np.full(np.shape(total), np.nan), where=total > 0))


def shift_mean_age(asfr: ArrayLike, shift: ArrayLike) -> FloatArray:
    """Move births to higher or lower single ages and keep their total.

    Parameters
    ----------
    asfr : array_like, shape (..., A)
        Births per woman and year by single year of age.
    shift : array_like, shape (...)
        Years by which the mean age rises; below 0 it falls [years].

    Returns
    -------
    ndarray, shape (..., A)
        The running total, moved along the ages; what would leave the ages stays at the first or the last of them.

    Examples
    --------
    >>> moved = shift_mean_age([0.0, 0.2, 0.0, 0.0], 0.5)
    >>> [round(float(value), 3) for value in moved]
    [0.0, 0.1, 0.1, 0.0]
    """
    rates = np.asarray(asfr, dtype=np.float64)
    count = rates.shape[-1]
    moves = np.broadcast_to(np.asarray(shift, dtype=np.float64), rates.shape[:-1])
    total = np.concatenate([np.zeros((*rates.shape[:-1], 1)), np.cumsum(rates, axis=-1)], axis=-1)
    edges = np.arange(count + 1.0)
    flat = total.reshape(-1, count + 1)
    moved = np.stack(
        [np.interp(edges - move, edges, row) for row, move in zip(flat, moves.ravel(), strict=True)]
    ).reshape(total.shape)
    moved[..., 0], moved[..., -1] = 0.0, total[..., -1]
    return np.diff(moved, axis=-1)


def tempo_change(mean_age: ArrayLike) -> FloatArray:
    """Return the yearly change of a mean age at birth, half the change between the years on both sides.

    Parameters
    ----------
    mean_age : array_like, shape (..., T)
        Mean age at birth of successive years [years].

    Returns
    -------
    ndarray, shape (..., T)
        Change in years a year; at both ends the change to the one neighbour.

    Raises
    ------
    TableError
        When there are fewer than two years.

    Examples
    --------
    >>> tempo_change([28.0, 28.1, 28.3]).round(3).tolist()
    [0.1, 0.15, 0.2]
    """
    ages = np.asarray(mean_age, dtype=np.float64)
    if ages.shape[-1] < 2:
        raise TableError(Problem("mean age at birth", f"{ages.shape[-1]} year", "two years or more"))
    return np.asarray(np.gradient(ages, axis=-1))


def tempo_adjusted_tfr(asfr: ArrayLike, *, ages: ArrayLike) -> FloatArray:
    """Return total fertility as it would be without the postponement of births: Bongaarts and Feeney.

    ``adjusted TFR = sum over birth orders of TFR_i / (1 - r_i)``, r the yearly change of the mean age at birth.

    Parameters
    ----------
    asfr : array_like, shape (T, A) or (order, T, A)
        Births per woman and year in successive years; by birth order where that is known. Without orders the
        adjustment mixes postponement with fewer births of higher order.
    ages : array_like, shape (A,)
        Lower bounds of the ages [years].

    Returns
    -------
    ndarray, shape (T,)
        Births per woman.

    Raises
    ------
    TableError
        When a mean age rises by a year or more a year, for which the formula has no meaning.

    References
    ----------
    Bongaarts, J. and Feeney, G. (1998), On the quantum and tempo of fertility, *Population and Development Review*.

    Examples
    --------
    >>> later = [[0.0, 0.10, 0.10, 0.0], [0.0, 0.09, 0.10, 0.01]]
    >>> tempo_adjusted_tfr(later, ages=[27, 28, 29, 30]).round(4).tolist()
    [0.2222, 0.2222]
    """
    rates, lower = np.asarray(asfr, dtype=np.float64), np.asarray(ages, dtype=np.float64)
    by_order = rates[None] if rates.ndim == 2 else rates
    change = np.nan_to_num(tempo_change(mean_age_at_birth(by_order, ages=lower)))
    if (change >= 1.0).any():
        found = f"a mean age that rises by {change.max():.2f} years a year"
        raise TableError(Problem("asfr", found, "a rise of less than a year a year"))
    total = by_order.sum(axis=-1) * (lower[1] - lower[0])
    return np.asarray((total / (1.0 - change)).sum(axis=0))


def period_tfr(quantum: ArrayLike, *, mean_age: ArrayLike) -> FloatArray:
    """Return the births per woman of each year when women have a given number in the end, at a moving mean age.

    Parameters
    ----------
    quantum : array_like, shape (T,)
        Births per woman without a change of timing.
    mean_age : array_like, shape (T,)
        Mean age at birth of each year [years].

    Returns
    -------
    ndarray, shape (T,)
        ``quantum * (1 - change of the mean age)``.

    Examples
    --------
    >>> period_tfr([1.2, 1.2, 1.2], mean_age=[28.0, 28.1, 28.2]).round(3).tolist()
    [1.08, 1.08, 1.08]
    """
    return np.asarray(np.asarray(quantum, dtype=np.float64) * (1.0 - tempo_change(mean_age)))
