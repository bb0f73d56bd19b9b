"""The kernels on labelled arrays: quarters are the core dimension, everything else broadcasts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from actuary.fund.seasons import Profile
from actuary.kernels import compound, roll_forward, trailing_sum
from actuary.periods import Quarter

__all__ = ["QUARTERS_A_YEAR", "by_quarter", "grow_level", "grow_stock", "roll_balance", "season_of", "sum_of_year"]

QUARTERS_A_YEAR = 4


def by_quarter(annual: xr.DataArray, quarters: Sequence[Quarter]) -> xr.DataArray:
    """Give every quarter the value of its year.

    Parameters
    ----------
    annual : DataArray, dims (..., year)
        Values by year.
    quarters : sequence of Quarter
        Quarters wanted.

    Returns
    -------
    DataArray, dims (..., quarter)

    Examples
    --------
    >>> growth = xr.DataArray([0.1, 0.2], dims="year", coords={"year": [2024, 2025]})
    >>> by_quarter(growth, [Quarter(2024, 4), Quarter(2025, 1)]).values.tolist()
    [0.1, 0.2]
    """
    labels = [str(quarter) for quarter in quarters]
    years = xr.DataArray([quarter.year for quarter in quarters], dims="quarter", coords={"quarter": labels})
    return annual.sel(year=years).drop_vars("year")


def season_of(profile: Profile, quarters: Sequence[Quarter]) -> xr.DataArray:
    """Return the share of the year that falls into each quarter.

    Examples
    --------
    >>> season_of((0.3, 0.2, 0.2, 0.3), [Quarter(2024, 4), Quarter(2025, 1)]).values.tolist()
    [0.3, 0.3]
    """
    labels = [str(quarter) for quarter in quarters]
    shares = [profile[quarter.number - 1] for quarter in quarters]
    return xr.DataArray(shares, dims="quarter", coords={"quarter": labels})


def grow_stock(opening: float, growth: xr.DataArray) -> xr.DataArray:
    r"""Grow a stock evenly through each year.

    .. math:: N_t = N_{t-1} (1 + g_t)^{1/4}

    Parameters
    ----------
    opening : float
        Stock before the first quarter [persons].
    growth : DataArray, dims (..., quarter)
        Growth a year that holds in each quarter [share].

    Returns
    -------
    DataArray, dims (..., quarter)
        Stock at the end of each quarter [persons].

    Examples
    --------
    >>> growth = xr.DataArray([0.21, 0.21, 0.21, 0.21], dims="quarter")
    >>> round(float(grow_stock(100.0, growth)[-1]), 6)
    121.0
    """
    return _apply(compound, xr.DataArray(opening), (1 + growth) ** (1 / QUARTERS_A_YEAR))


def grow_level(growth: xr.DataArray, quarters: Sequence[Quarter]) -> xr.DataArray:
    """Return the level of a price or wage against the base year: it steps up each first quarter.

    Parameters
    ----------
    growth : DataArray, dims (..., quarter)
        Growth of each quarter's year over the year before [share].
    quarters : sequence of Quarter
        The quarters, the first of which is the first after the base year.

    Returns
    -------
    DataArray, dims (..., quarter)
        Level, the base year being 1.

    Examples
    --------
    >>> quarters = [Quarter(2025, number) for number in range(1, 5)] + [Quarter(2026, 1)]
    >>> growth = xr.DataArray([0.1] * 4 + [0.5], dims="quarter", coords={"quarter": [str(q) for q in quarters]})
    >>> grow_level(growth, quarters).round(9).values.tolist()
    [1.1, 1.1, 1.1, 1.1, 1.65]
    """
    first = xr.DataArray([quarter.number == 1 for quarter in quarters], dims="quarter")
    return _apply(compound, xr.DataArray(1.0), (1 + growth).where(first, 1.0))


def roll_balance(opening: float, income: xr.DataArray, expenditure: xr.DataArray) -> xr.DataArray:
    """Roll a balance forward over quarters without adjustments.

    Parameters
    ----------
    opening : float
        Balance before the first quarter [yuan].
    income, expenditure : DataArray, dims (..., quarter)
        Flows [yuan].

    Returns
    -------
    DataArray, dims (..., quarter)
        Balance at the end of each quarter [yuan]; negative where the fund falls short.

    Examples
    --------
    >>> flow = xr.DataArray([5.0, 5.0], dims="quarter")
    >>> roll_balance(3.0, flow, 2 * flow).values.tolist()
    [-2.0, -7.0]
    """
    return _apply(roll_forward, xr.DataArray(opening), income, expenditure, xr.zeros_like(income))


def sum_of_year(flow: xr.DataArray) -> xr.DataArray:
    """Add up the last four quarters; missing where fewer are known.

    Examples
    --------
    >>> sum_of_year(xr.DataArray([1.0, 2.0, 3.0, 4.0], dims="quarter")).values.tolist()
    [nan, nan, nan, 10.0]
    """
    summed: xr.DataArray = xr.apply_ufunc(
        trailing_sum,
        flow,
        np.int64(QUARTERS_A_YEAR),
        input_core_dims=[["quarter"], []],
        output_core_dims=[["quarter"]],
    )
    return summed


def _apply(kernel: Callable[..., Any], opening: xr.DataArray, *paths: xr.DataArray) -> xr.DataArray:
    applied: xr.DataArray = xr.apply_ufunc(
        kernel,
        opening,
        *paths,
        input_core_dims=[[], *[["quarter"] for _ in paths]],
        output_core_dims=[["quarter"]],
    )
    return applied
