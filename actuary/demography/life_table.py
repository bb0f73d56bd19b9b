"""Life tables from central death rates, by single year of age or abridged.

Separation factors follow the United Nations: below age 1 Andreev and Kingkade (2015), ages 1 to 4 Coale and Demeny's
West family, older five-year groups Greville, single years one half, the open age 1/m.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actuary.errors import Problem, TableError, UnknownNameError, unknown_name

__all__ = ["SEXES", "LifeTable", "life_table", "survival_ratios"]

#: Sexes, in the order of every array.
SEXES = ("male", "female")

type FloatArray = NDArray[np.float64]

# Andreev and Kingkade (2015), table 3-2: upper bound of m0, constant, slope.
_A0 = {
    "male": ((0.0230, 0.14929, -1.99545), (0.08307, 0.02832, 3.26021), (np.inf, 0.29915, 0.0)),
    "female": ((0.01724, 0.14903, -2.05527), (0.06891, 0.04667, 3.88089), (np.inf, 0.31411, 0.0)),
}
# Coale and Demeny (1983), West: constant and slope below m0 = 0.107, value from there on.
_A1 = {"male": (1.651, -2.816, 1.352), "female": (1.522, -1.518, 1.361)}
_M0_HIGH = 0.107
#: First age of the five-year groups whose separation factor follows Greville; younger ones die evenly.
_GREVILLE_FROM = 15


@dataclass(frozen=True, eq=False, repr=False)
class LifeTable:
    """Hold life tables; arrays have age last and any dimensions before it.

    Parameters
    ----------
    sex : str
        ``male`` or ``female``.
    ages : ndarray, shape (A,)
        Lower bounds of the ages, the last one open [years].
    mx : ndarray, shape (..., A)
        Central death rates [per person-year].
    ax : ndarray, shape (..., A)
        Years lived in the age by those who die in it [years].
    qx : ndarray, shape (..., A)
        Probability of dying within the age [share].
    lx : ndarray, shape (..., A)
        Survivors to the age, of one newborn.
    Lx, Tx : ndarray, shape (..., A)
        Years lived in the age, and from the age on [years].
    ex : ndarray, shape (..., A)
        Life expectancy at the age [years].
    """

    sex: str
    ages: NDArray[np.int64]
    mx: FloatArray
    ax: FloatArray
    qx: FloatArray
    lx: FloatArray
    Lx: FloatArray
    Tx: FloatArray
    ex: FloatArray

    @property
    def e0(self) -> FloatArray:
        """Life expectancy at birth [years], shape (...)."""
        return self.ex[..., 0]

    @property
    def dx(self) -> FloatArray:
        """Deaths within the age, of one newborn."""
        return self.lx * self.qx

    @property
    def Sx(self) -> FloatArray:  # noqa: N802  (the name that every textbook uses)
        """Survival ratios for a projection whose step is the width of the age groups; see :func:`survival_ratios`."""
        return survival_ratios(self)

    def __repr__(self) -> str:
        shape = " x ".join(str(size) for size in self.mx.shape[:-1]) or "one"
        return f"<LifeTable {self.sex}, {shape}, ages {self.ages[0]}-{self.ages[-1]}+>"


def life_table(mx: ArrayLike, sex: str, *, ages: ArrayLike | None = None, ax: ArrayLike | None = None) -> LifeTable:
    """Build life tables from central death rates.

    Parameters
    ----------
    mx : array_like, shape (..., A)
        Central death rates [per person-year], age last.
    sex : str
        ``male`` or ``female``: infants and small children die at other moments of their year.
    ages : array_like, shape (A,), optional
        Lower bounds: 0, 1, 2 … or 0, 1, 5, 10 …; single years when left out.
    ax : array_like, shape (..., A), optional
        Separation factors in place of those of the convention.

    Returns
    -------
    LifeTable
        Of the shape of `mx`.

    Raises
    ------
    UnknownNameError
        When the sex is another word.
    TableError
        When ages are neither single years nor abridged, a rate is negative or not finite, or the open age has none.

    Notes
    -----
    ``q = n m / (1 + (n - a) m)``, at most 1; ``L[x] = n l[x+n] + a d[x]``; in the open age ``L = l / m``.

    Examples
    --------
    >>> table = life_table([0.01, 0.001, 0.1], "female")
    >>> [round(float(value), 4) for value in table.lx]
    [1.0, 0.9901, 0.9891]
    >>> round(float(table.e0), 4)
    11.8719
    """
    if sex not in SEXES:
        raise UnknownNameError(unknown_name("sex", sex, SEXES, what="sex"))
    rates = np.asarray(mx, dtype=np.float64)
    lower = np.arange(rates.shape[-1]) if ages is None else np.asarray(ages, dtype=np.int64)
    _check(rates, lower)
    widths = np.diff(lower).astype(np.float64)
    factors = _separation(rates, lower, sex) if ax is None else np.broadcast_to(np.asarray(ax, float), rates.shape)
    closed, a = rates[..., :-1], factors[..., :-1]
    qx = np.ones_like(rates)
    qx[..., :-1] = np.minimum(widths * closed / (1.0 + (widths - a) * closed), 1.0)
    lx = np.ones_like(rates)
    np.cumprod(1.0 - qx[..., :-1], axis=-1, out=lx[..., 1:])
    years = np.empty_like(rates)
    years[..., :-1] = widths * lx[..., 1:] + a * (lx[..., :-1] - lx[..., 1:])
    years[..., -1] = lx[..., -1] / rates[..., -1]
    later = np.flip(np.cumsum(np.flip(years, -1), axis=-1), -1)
    alive = lx > 0.0
    ex = np.divide(later, lx, out=np.zeros_like(lx), where=alive)
    return LifeTable(sex, lower, rates, np.array(factors), qx, lx, years, later, ex)


def survival_ratios(table: LifeTable) -> FloatArray:
    """Return the survival ratios that move a population one step ahead.

    With single years the step is one year. With abridged ages it is five: the ages 0 and 1–4 are taken together, so
    that there is one ratio less than there are ages in the table.

    Parameters
    ----------
    table : LifeTable
        Any leading dimensions.

    Returns
    -------
    ndarray, shape (..., G)
        By age at the end of the step: at first those born in it, ``L[0] / z``; then ``L[x] / L[x-1]``; at last
        ``T[open] / T[open-1]``, which holds for the last two groups together.

    Examples
    --------
    >>> table = life_table([0.01, 0.001, 0.1], "female")
    >>> [round(float(value), 4) for value in survival_ratios(table)]
    [0.9914, 0.9982, 0.909]
    """
    years, later = table.Lx, table.Tx
    width = 1.0
    if len(table.ages) > 2 and table.ages[2] - table.ages[1] == 4:
        width = 5.0
        years = np.concatenate([years[..., :1] + years[..., 1:2], years[..., 2:]], axis=-1)
        later = np.concatenate([later[..., :1], later[..., 2:]], axis=-1)
    ratios = np.empty_like(years)
    ratios[..., 0] = years[..., 0] / width
    before = years[..., :-2]
    ratios[..., 1:-1] = np.divide(years[..., 1:-1], before, out=np.zeros_like(before), where=before > 0.0)
    last = later[..., -2]
    ratios[..., -1] = np.divide(later[..., -1], last, out=np.zeros_like(last), where=last > 0.0)
    return ratios


def _check(rates: FloatArray, ages: NDArray[np.int64]) -> None:
    problems = []
    steps = np.diff(ages)
    single = len(ages) > 1 and ages[0] == 0 and bool((steps == 1).all())
    abridged = len(ages) > 2 and ages[0] == 0 and list(steps[:2]) == [1, 4] and bool((steps[2:] == 5).all())
    if len(ages) != rates.shape[-1]:
        problems.append(Problem("ages", f"{len(ages)} ages for {rates.shape[-1]} rates", "one age a rate"))
    elif not (single or abridged):
        shown = ", ".join(str(age) for age in ages[:4])
        problems.append(Problem("ages", f"{shown} …", "single years 0, 1, 2 … or abridged ages 0, 1, 5, 10 …"))
    if not np.isfinite(rates).all() or (rates < 0).any():
        problems.append(Problem("mx", "a rate that is negative or not a number", "rates of 0 or more"))
    elif (rates[..., -1] <= 0).any():
        problems.append(Problem(f"mx at the open age {ages[-1]}+", "0", "a rate above 0", "everybody dies in the end"))
    if problems:
        raise TableError(problems)


def _separation(rates: FloatArray, ages: NDArray[np.int64], sex: str) -> FloatArray:
    """Return the separation factors of the United Nations' convention."""
    factors = np.full_like(rates, 0.5)
    abridged = len(ages) > 2 and ages[2] - ages[1] == 4
    infant = rates[..., 0]
    bounds = [infant < bound for bound, _, _ in _A0[sex]]
    factors[..., 0] = np.select(bounds, [constant + slope * infant for _, constant, slope in _A0[sex]])
    if abridged:
        constant, slope, high = _A1[sex]
        factors[..., 1] = np.where(infant < _M0_HIGH, constant + slope * infant, high)
        factors[..., 2:-1] = 2.5
        for x in range(2, len(ages) - 1):
            if ages[x] >= _GREVILLE_FROM:
                factors[..., x] = _greville(rates[..., x - 1], rates[..., x], rates[..., x + 1])
    factors[..., -1] = 1.0 / rates[..., -1]
    return factors


def _greville(before: FloatArray, here: FloatArray, after: FloatArray) -> FloatArray:
    """Return the separation factor of a five-year group from its rate and its neighbours'; 2.5 where one is 0."""
    known = (before > 0) & (after > 0)
    growth = np.log(np.where(known, after, 1.0) / np.where(known, before, 1.0)) / 10.0
    return np.where(known, 2.5 - 25.0 / 12.0 * (here - growth), 2.5)
