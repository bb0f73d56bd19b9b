"""From joint draws of income and spending to joint draws of the balance and of months payable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from actuary.errors import ActuaryError, Problem, raise_all
from actuary.forecast.result import QUANTILES

__all__ = ["FundPaths", "fund_paths", "months_payable"]

type FloatArray = NDArray[np.float64]

_MONTHS_A_YEAR = 12.0


def months_payable(balance: FloatArray, spending_of_year: FloatArray) -> FloatArray:
    """Return how many months of average spending a balance pays for.

    Parameters
    ----------
    balance, spending_of_year : array, any one shape
        Closing balance, and spending of the year that ends there [yuan].

    Returns
    -------
    array
        ``max(balance, 0) / (spending_of_year / 12)`` [months]; NaN where nothing was spent or either is missing.

    Examples
    --------
    Urumqi 2013: 2.248 bn yuan held and 1.567 bn spent, printed as 17 months.

    >>> months_payable(np.array([2_248.0]), np.array([1_567.0])).round(1).tolist()
    [17.2]
    """
    held, spent = np.broadcast_arrays(np.maximum(balance, 0.0), spending_of_year)
    months = np.full(held.shape, np.nan)
    np.divide(_MONTHS_A_YEAR * held, spent, out=months, where=spent > 0)
    return np.where(np.isnan(balance), np.nan, months)


@dataclass(frozen=True, eq=False, repr=False)
class FundPaths:
    """Hold joint futures of one fund: what comes in, what goes out, what is left, how long it lasts.

    Parameters
    ----------
    name : str
        Which fund.
    paths : Dataset, dims (draw, period)
        ``income``, ``spending``, ``balance`` (at the end of a period), ``balance_of_period`` [unit] and
        ``payable_months`` [months]. One draw is one joint future.
    opening : DataArray, dims (draw,)
        Balance before the first period [unit].
    unit : str
        Unit of money.
    season : int
        Periods a year.
    synthetic : bool
        Whether the figures are made up.
    """

    name: str
    paths: xr.Dataset
    opening: xr.DataArray
    unit: str
    season: int
    synthetic: bool = False

    @property
    def periods(self) -> tuple[str, ...]:
        """Labels of the periods."""
        return tuple(str(label) for label in self.paths["period"].to_numpy())

    def values(self, name: str) -> FloatArray:
        """Return one variable, shape (draw, period)."""
        found: FloatArray = self.paths[name].transpose("draw", "period").to_numpy()
        return found

    def summary(self) -> pd.DataFrame:
        """Return mean and quantiles of every variable and period.

        Returns
        -------
        DataFrame
            fund, variable, period, mean, sd, q2.5, q10, q50, q90, q97.5.
        """
        parts = []
        for name in self.paths.data_vars:
            values = self.values(str(name))
            part: dict[str, object] = {"fund": self.name, "variable": str(name), "period": self.periods}
            part |= {"mean": values.mean(axis=0), "sd": values.std(axis=0, ddof=1)}
            found = np.quantile(values, QUANTILES, axis=0)
            part |= {f"q{round(100 * p, 1):g}": row for p, row in zip(QUANTILES, found, strict=True)}
            parts.append(pd.DataFrame(part))
        return pd.concat(parts, ignore_index=True)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a draw and period, one column a variable."""
        frame = self.paths.to_dataframe(dim_order=["draw", "period"]).reset_index()
        frame.insert(0, "fund", self.name)
        return frame

    def _repr_html_(self) -> str:
        made_up = " · made-up figures" if self.synthetic else ""
        head = f"<p><b>{self.name}</b> · {self.paths.sizes['draw']} draws · {self.unit}{made_up}</p>"
        return head + self.summary().to_html(index=False, float_format="{:,.4g}".format)

    def __repr__(self) -> str:
        return f"FundPaths({self.name!r}, {self.periods[0]} to {self.periods[-1]}, {self.paths.sizes['draw']} draws)"


def fund_paths(
    income: xr.DataArray,
    spending: xr.DataArray,
    *,
    opening: float | xr.DataArray,
    past_spending: xr.DataArray,
    season: int,
    name: str = "fund",
    unit: str = "yuan",
    synthetic: bool = False,
) -> FundPaths:
    r"""Roll a balance forward in every draw.

    .. math:: B_t = B_0 + \sum_{s \le t} (I_s - E_s), \qquad
              M_t = 12 \max(B_t, 0) \Big/ \sum_{s = t - m + 1}^{t} E_s

    Parameters
    ----------
    income, spending : DataArray, dims (draw, period)
        Joint draws [unit]: the same draw of both is one future.
    opening : float or DataArray, dims (draw,)
        Balance before the first period [unit].
    past_spending : DataArray, dims (draw, period) or (period,)
        Spending of the last m - 1 periods before the first [unit]; more is ignored. Empty where m is 1.
    season : int
        Periods a year, m.
    name, unit : str
        Which fund, and the unit of its money.
    synthetic : bool
        Whether the figures are made up.

    Raises
    ------
    ActuaryError
        When draws or periods of the parts are not the same, or the past is too short.

    Examples
    --------
    >>> ones = xr.DataArray(np.ones((2, 2)), dims=("draw", "period"), coords={"period": ["2025Q1", "2025Q2"]})
    >>> past = xr.DataArray(np.ones(3), dims=("period",))
    >>> found = fund_paths(2 * ones, ones, opening=4.0, past_spending=past, season=4)
    >>> found.values("balance")[0].tolist(), found.values("payable_months")[0].tolist()
    ([5.0, 6.0], [15.0, 18.0])
    """
    income, spending = income.transpose("draw", "period"), spending.transpose("draw", "period")
    draws, periods = income.sizes["draw"], income.sizes["period"]
    problems = []
    if income.shape != spending.shape or not np.array_equal(income["period"].values, spending["period"].values):
        found = f"{income.shape} for income, {spending.shape} for spending"
        problems.append(Problem(name, found, "the same draws and periods of both"))
    if past_spending.sizes["period"] < season - 1:
        expected = f"the {season - 1} before the first"
        problems.append(Problem(f"{name}, past spending", f"{past_spending.sizes['period']} periods", expected))
    raise_all(problems, ActuaryError)
    begin = opening.to_numpy() if isinstance(opening, xr.DataArray) else np.full(draws, float(opening))
    past = past_spending.transpose(..., "period").to_numpy()
    past = np.broadcast_to(past, (draws, past.shape[-1]))[:, past.shape[-1] - (season - 1) :]
    net = income.to_numpy() - spending.to_numpy()
    balance = begin[:, None] + net.cumsum(axis=1)
    every = np.concatenate([past, spending.to_numpy()], axis=1)
    yearly = np.stack([every[:, t : t + season].sum(axis=1) for t in range(periods)], axis=1)
    variables = {
        "income": income.to_numpy(),
        "spending": spending.to_numpy(),
        "balance_of_period": net,
        "balance": balance,
        "payable_months": months_payable(balance, yearly),
    }
    units = {key: "months" if key == "payable_months" else unit for key in variables}
    coords = {"draw": np.arange(draws), "period": income["period"].to_numpy()}
    laid = {key: (("draw", "period"), value, {"unit": units[key]}) for key, value in variables.items()}
    start = xr.DataArray(begin, dims=("draw",), attrs={"unit": unit})
    return FundPaths(name, xr.Dataset(laid, coords=coords), start, unit, season, synthetic)
