"""Arithmetic of membership: quarter-ends between published year-ends, average members, dependency ratio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actuary.errors import PeriodError, Problem
from actuary.periods import Quarter

__all__ = ["average_members", "dependency_ratio", "interpolate_stocks"]


def interpolate_stocks(year_ends: Mapping[int, float]) -> dict[Quarter, float]:
    r"""Return the stock at every quarter-end between consecutive year-ends, growing evenly through the year.

    .. math:: N_{y,k} = N_{y-1} \left( N_y / N_{y-1} \right)^{k/4}, \qquad k = 1, 2, 3

    Year-ends come back as they were given. A year whose opening stock is not known gives its year-end only: nothing is
    interpolated across a missing year.

    Parameters
    ----------
    year_ends : mapping
        ``year -> stock on 31 December`` [persons].

    Returns
    -------
    dict
        ``Quarter -> stock`` [persons], in order of time.

    Raises
    ------
    PeriodError
        When a stock is not positive, for then it cannot grow evenly.

    Examples
    --------
    >>> stocks = interpolate_stocks({2022: 100.0, 2023: 104.0})
    >>> {str(quarter): round(value, 3) for quarter, value in stocks.items()}
    {'2022Q4': 100.0, '2023Q1': 100.985, '2023Q2': 101.98, '2023Q3': 102.985, '2023Q4': 104.0}
    """
    stocks: dict[Quarter, float] = {}
    for year, closing in sorted(year_ends.items()):
        if not closing > 0:
            raise PeriodError(Problem(f"stock at the end of {year}", repr(closing), "a number above zero"))
        opening = year_ends.get(year - 1)
        if opening is not None:
            for number in (1, 2, 3):
                stocks[Quarter(year, number)] = opening * (closing / opening) ** (number / 4)
        stocks[Quarter(year, 4)] = closing
    return stocks


def average_members(opening: Any, closing: Any) -> Any:
    r"""Return the average members of a quarter: the mean of the stocks at its two ends.

    .. math:: \bar N_t = (N_{t-1} + N_t) / 2

    Parameters
    ----------
    opening, closing : float, array or DataArray
        Stock at the start and at the end of the quarter [persons].

    Examples
    --------
    >>> average_members(100.0, 110.0)
    105.0
    """
    return (opening + closing) / 2


def dependency_ratio(active: ArrayLike, retired: ArrayLike) -> NDArray[np.float64]:
    """Return how many active members there are for each retired member (职退比).

    Parameters
    ----------
    active, retired : array_like, any one shape
        Stocks at one date [persons].

    Returns
    -------
    array
        Active over retired [ratio]; missing where either is missing or nobody is retired.

    Examples
    --------
    Anyang, 2022: 250,000 active and 160,000 retired.

    >>> float(dependency_ratio(250_000, 160_000))
    1.5625
    """
    numerator, denominator = np.broadcast_arrays(np.asarray(active, float), np.asarray(retired, float))
    ratio = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=ratio, where=denominator > 0)
    return ratio
