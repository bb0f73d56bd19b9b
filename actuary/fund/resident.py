"""The resident scheme projected: persons enrolled, subsidies and premiums, cost per head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from actuary.demography import average_members
from actuary.fund.recursion import by_quarter, grow_level, grow_stock, roll_balance, season_of
from actuary.fund.seasons import Profile
from actuary.periods import Quarter

__all__ = ["ResidentBase", "calibrate_resident", "project_resident"]


@dataclass(frozen=True, slots=True)
class ResidentBase:
    """Hold what the base year of the resident scheme published.

    Parameters
    ----------
    year : int
        The base year; its last day is the valuation date.
    enrolled : array, shape (5,)
        Stock at the start of the year and at its four quarter-ends [persons].
    income, expenditure : float
        Flows of the year [yuan].
    balance : float
        Balance on the valuation date [yuan].
    income_profile, expenditure_profile : tuple of four floats
        Seasonal shares.
    """

    year: int
    enrolled: NDArray[np.float64]
    income: float
    expenditure: float
    balance: float
    income_profile: Profile
    expenditure_profile: Profile

    @property
    def quarters(self) -> list[Quarter]:
        """Quarters of the base year."""
        return [Quarter(self.year, number) for number in range(1, 5)]


def calibrate_resident(base: ResidentBase, funding: xr.DataArray) -> xr.Dataset:
    r"""Find the levels at which the model gives exactly the flows of the base year.

    .. math::
        f = \frac{I}{\sum_t s_t N_t (\text{subsidy} + \text{premium})}, \qquad
        k = \frac{E}{\sum_t s_t N_t}

    The factor :math:`f` holds everything that makes actual funding differ from the declared subsidy and premium per
    head: interest, assistance for the poor, local additions, arrears, and that the premium is collected in the autumn
    before the year it buys.

    Parameters
    ----------
    base : ResidentBase
        What the base year published.
    funding : DataArray, dims (..., year)
        Subsidy and premium per head of the notice of each year [yuan a year].

    Returns
    -------
    Dataset
        ``funding_factor`` [ratio] and ``cost_yuan`` (per head) [yuan a year].
    """
    into, out = season_of(base.income_profile, base.quarters), season_of(base.expenditure_profile, base.quarters)
    members = into.copy(data=average_members(base.enrolled[:-1], base.enrolled[1:]))
    declared = (members * into * by_quarter(funding, base.quarters)).sum("quarter")
    return xr.Dataset(
        {"funding_factor": base.income / declared, "cost_yuan": base.expenditure / (members * out).sum("quarter")}
    )


def project_resident(
    base: ResidentBase, drivers: xr.Dataset, *, funding: xr.DataArray, quarters: Sequence[Quarter]
) -> xr.Dataset:
    """Project members, flows and balance of the resident scheme.

    Parameters
    ----------
    base : ResidentBase
        What the base year published.
    drivers : Dataset, dims (..., year)
        Assumptions by their key, from the base year to the last year.
    funding : DataArray, dims (..., year)
        Subsidy and premium per head, from the base year to the last year [yuan a year].
    quarters : sequence of Quarter
        Quarters after the base year, in order.

    Returns
    -------
    Dataset, dims (..., quarter)
        Variables of :data:`actuary.fund.variables.VARIABLES`, without ratios; the whole fund is the pool.
    """
    levels = calibrate_resident(base, funding)
    opening = float(base.enrolled[-1])
    enrolled = grow_stock(opening, by_quarter(drivers["resident.enrolled_growth"], quarters))
    average = average_members(enrolled.shift(quarter=1, fill_value=opening), enrolled)
    cost = levels["cost_yuan"] * grow_level(by_quarter(drivers["resident.cost_growth"], quarters), quarters)
    head = levels["funding_factor"] * by_quarter(funding, quarters)
    income = average * head * season_of(base.income_profile, quarters)
    expenditure = average * cost * season_of(base.expenditure_profile, quarters)
    balance = roll_balance(base.balance, income, expenditure)
    projected = {"enrolled_persons": enrolled}
    for name, path in (("income", income), ("expenditure", expenditure), ("balance_end", balance)):
        projected[f"{name}_yuan"] = projected[f"pooled_{name}_yuan"] = path
        projected[f"personal_{name}_yuan"] = xr.zeros_like(path)
    return xr.Dataset(projected)
