"""Turn five-year groups into single years of age: death rates, births and people.

Death rates are interpolated in the logarithm and scaled to a given life expectancy; births are laid out along their
own running total, which keeps every rate at 0 or more, and scaled to a given total fertility; people within a group
follow the births of their years, or a smooth running total where no births are known.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actuary.demography.life_table import life_table

__all__ = ["graduate_births", "graduate_mortality", "graduate_people", "interpolate_periods", "scale_to_e0"]

type FloatArray = NDArray[np.float64]

#: Mean age of people within the group 1–4, whose rates fall steeply.
_MIDDLE_1_4 = 2.5
_SCALE_STEPS = 60
_NEWTON_STEPS = 12


def interpolate_periods(values: ArrayLike, *, middles: ArrayLike, at: ArrayLike) -> FloatArray:
    """Interpolate values of periods at moments, along straight lines between the middles of the periods.

    Parameters
    ----------
    values : array_like, shape (P, ...)
        A value for each period.
    middles : array_like, shape (P,)
        Middle of each period [calendar time].
    at : array_like, shape (T,)
        Moments; before the first and after the last middle the nearest line goes on.

    Returns
    -------
    ndarray, shape (T, ...)

    Examples
    --------
    >>> interpolate_periods([1.0, 3.0], middles=[2023.0, 2028.0], at=[2025.5, 2028.5]).tolist()
    [2.0, 3.2]
    """
    given, times, moments = (np.asarray(array, dtype=np.float64) for array in (values, middles, at))
    place = np.clip(np.searchsorted(times, moments) - 1, 0, len(times) - 2)
    weight = (moments - times[place]) / (times[place + 1] - times[place])
    weight = weight.reshape(-1, *[1] * (given.ndim - 1))
    return np.asarray((1.0 - weight) * given[place] + weight * given[place + 1])


def graduate_mortality(mx: ArrayLike, *, open_age: int = 100) -> FloatArray:
    """Lay abridged death rates out by single year of age.

    Parameters
    ----------
    mx : array_like, shape (..., M)
        Rates at the ages 0, 1–4, 5–9 … and the open age, all above 0 [per person-year].
    open_age : int
        The open age, which keeps its rate.

    Returns
    -------
    ndarray, shape (..., open_age + 1)
        Rates whose logarithm follows a monotone cubic between the middles of the groups; age 0 keeps its rate, the
        ages 1 to 4 the mean of theirs, in equal steps of the logarithm.

    Examples
    --------
    >>> abridged = np.exp(np.linspace(-7, -1, 22))
    >>> graduate_mortality(abridged).shape
    (101,)
    """
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415 (slow to import)

    logs = np.log(np.asarray(mx, dtype=np.float64))
    groups = np.arange(5, open_age, 5)
    middles = np.concatenate([[0.5, 0.5 + _MIDDLE_1_4], groups + 2.5, [open_age + 2.5]])
    ages = np.arange(open_age) + 0.5
    single = np.exp(np.concatenate([PchipInterpolator(middles, logs, axis=-1)(ages), logs[..., -1:]], axis=-1))
    single[..., 1:5] = _small_children(np.exp(logs[..., 1]), single[..., 5])
    return single


def _small_children(group: FloatArray, after: FloatArray) -> FloatArray:
    """Return rates at 1, 2, 3 and 4 that have the mean of the group and run in equal steps to the rate at 5."""
    years = np.arange(4.0, 0.0, -1.0)
    ratio = group / after
    step = np.log(ratio) / 2.5
    for _ in range(_NEWTON_STEPS):
        grown = np.exp(step[..., None] * years)
        step = step - (grown.mean(axis=-1) - ratio) / (grown * years).mean(axis=-1)
    return np.asarray(after[..., None] * np.exp(step[..., None] * years))


def scale_to_e0(mx: ArrayLike, e0: ArrayLike, sex: str) -> FloatArray:
    """Multiply the death rates of each table by one factor so that its life expectancy at birth is the given one.

    Parameters
    ----------
    mx : array_like, shape (T, A)
        Rates by single year of age [per person-year].
    e0 : array_like, shape (T,)
        Wanted life expectancy at birth [years].
    sex : str
        ``male`` or ``female``.

    Returns
    -------
    ndarray, shape (T, A)

    Examples
    --------
    >>> rates = np.exp(np.linspace(-8, -0.5, 101))[None, :]
    >>> scaled = scale_to_e0(rates, [80.0], "male")
    >>> round(float(life_table(scaled, "male").e0[0]), 6)
    80.0
    """
    rates, wanted = np.asarray(mx, dtype=np.float64), np.asarray(e0, dtype=np.float64)
    low, high = np.full(wanted.shape, -4.0), np.full(wanted.shape, 4.0)
    # Life expectancy falls as the factor rises: halving the interval finds it to the last digits.
    for _ in range(_SCALE_STEPS):
        middle = (low + high) / 2.0
        long_lived = life_table(rates * np.exp(middle)[..., None], sex).e0 > wanted
        low, high = np.where(long_lived, middle, low), np.where(long_lived, high, middle)
    return np.asarray(rates * np.exp((low + high) / 2.0)[..., None])


def graduate_births(asfr: ArrayLike, *, ages: ArrayLike, open_age: int = 100) -> FloatArray:
    """Lay five-year rates of fertility out by single year of age, with the same total in every group.

    Parameters
    ----------
    asfr : array_like, shape (..., G)
        Rates, or shares, of five-year groups.
    ages : array_like, shape (G,)
        Lower bounds of the groups, one after another.
    open_age : int
        Last age of the result.

    Returns
    -------
    ndarray, shape (..., open_age + 1)
        Rates whose running total is a monotone cubic; 0 outside the groups. Five rates of a group have the mean of
        the group.

    Examples
    --------
    >>> single = graduate_births([0.1, 0.2], ages=[20, 25])
    >>> round(float(single[20:25].sum()), 12), round(float(single.sum()), 12)
    (0.5, 1.5)
    """
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415 (slow to import)

    rates, lower = np.asarray(asfr, dtype=np.float64), np.asarray(ages, dtype=np.int64)
    bounds = np.append(lower, lower[-1] + 5)
    total = np.concatenate([np.zeros((*rates.shape[:-1], 1)), np.cumsum(5.0 * rates, axis=-1)], axis=-1)
    edges = np.arange(bounds[0], bounds[-1] + 1)
    single = np.diff(PchipInterpolator(bounds, total, axis=-1)(edges), axis=-1)
    out = np.zeros((*rates.shape[:-1], open_age + 1))
    out[..., bounds[0] : bounds[-1]] = np.maximum(single, 0.0)
    return out


def graduate_people(groups: ArrayLike, *, weights: ArrayLike, open_age: int = 100) -> FloatArray:
    """Split five-year groups of people by single year of age.

    Parameters
    ----------
    groups : array_like, shape (G,)
        Persons by five-year group, the last one open.
    weights : array_like, shape (open_age,)
        Relative size of the single years, such as births times survival; NaN where it is not known. A group with an
        unknown year follows a smooth running total of the groups instead.
    open_age : int
        The open age.

    Returns
    -------
    ndarray, shape (open_age + 1,)
        Persons; every group keeps its total.

    Examples
    --------
    >>> split = graduate_people([15.0, 10.0, 2.0], weights=[3.0, 3.0, 3.0, 3.0, 3.0, *[np.nan] * 5], open_age=10)
    >>> split[:5].tolist(), round(float(split[5:10].sum()), 12), float(split[10])
    ([3.0, 3.0, 3.0, 3.0, 3.0], 10.0, 2.0)
    """
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415 (slow to import)

    people, relative = np.asarray(groups, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    # Seen from the oldest, the running total grows with a slope that is 0 where nobody is left.
    bounds = np.append(np.arange(0, open_age + 1, 5), open_age + 10)
    older = np.append(np.cumsum(people[::-1])[::-1], 0.0)
    smooth = -np.diff(PchipInterpolator(bounds, older)(np.arange(open_age + 1)))
    out = np.empty(open_age + 1)
    for g, lower in enumerate(range(0, open_age, 5)):
        own = relative[lower : lower + 5]
        shares = own if np.isfinite(own).all() else smooth[lower : lower + 5]
        out[lower : lower + 5] = people[g] * shares / shares.sum() if people[g] else 0.0
    out[-1] = people[-1]
    return out
