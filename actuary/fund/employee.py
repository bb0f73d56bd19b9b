"""The employee scheme projected: members, contributions, pool and personal accounts, from a calibrated base year."""

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

__all__ = ["EmployeeBase", "calibrate_employee", "employee_flows", "project_employee"]


@dataclass(frozen=True, slots=True)
class EmployeeBase:
    """Hold what the base year of the employee scheme published.

    Parameters
    ----------
    year : int
        The base year; its last day is the valuation date.
    active, retired : array, shape (5,)
        Stocks at the start of the year and at its four quarter-ends [persons].
    flows : dict
        ``{"pooled_income": …, "pooled_expenditure": …, "personal_income": …, "personal_expenditure": …}``, or
        ``{"income": …, "expenditure": …}`` where the fund is not divided in what is published [yuan a year].
    balances : dict
        ``{"pooled_": …, "personal_": …}`` or ``{"": …}`` on the valuation date [yuan].
    income_profile, expenditure_profile : tuple of four floats
        Seasonal shares.
    """

    year: int
    active: NDArray[np.float64]
    retired: NDArray[np.float64]
    flows: dict[str, float]
    balances: dict[str, float]
    income_profile: Profile
    expenditure_profile: Profile

    @property
    def divided(self) -> bool:
        """Whether pool and personal accounts are known apart."""
        return "pooled_income" in self.flows

    @property
    def quarters(self) -> list[Quarter]:
        """Quarters of the base year."""
        return [Quarter(self.year, number) for number in range(1, 5)]

    def members(self) -> tuple[xr.DataArray, xr.DataArray]:
        """Return average active and retired members of each quarter of the base year [persons]."""
        labels = {"quarter": [str(quarter) for quarter in self.quarters]}
        active, retired = (
            xr.DataArray(average_members(stock[:-1], stock[1:]), dims="quarter", coords=labels)
            for stock in (self.active, self.retired)
        )
        return active, retired


def calibrate_employee(base: EmployeeBase, drivers: xr.Dataset, rates: xr.Dataset) -> xr.Dataset:
    r"""Find the levels at which the model gives exactly the flows of the base year.

    With the season's share :math:`s_t`, average members :math:`A_t, R_t`, rate :math:`c_t` and relative cost :math:`r`:

    .. math::
        b = \frac{I}{\sum_t c_t s_t A_t}, \qquad
        k = \frac{E}{\sum_t s_t (A_t + r R_t)}, \qquad
        d = \frac{P - \sum_t e_t b s_t A_t}{\sum_t s_t R_t}

    The contribution base :math:`b` is implied: it is what the pool's income would be levied on if everybody paid the
    employer rate :math:`c` of the rules; it is a yardstick, not a wage. The credit to retired members' accounts
    :math:`d` is what employees' own contributions at rate :math:`e` leave of the accounts' income :math:`P`; where they
    leave less than nothing the accounts' income is laid on active members alone.

    Parameters
    ----------
    base : EmployeeBase
        What the base year published.
    drivers : Dataset, dims (..., year)
        Assumptions by their key, see :data:`actuary.drivers.DRIVERS`.
    rates : Dataset, dims (..., quarter)
        ``employer_rate`` and ``employee_rate`` [share].

    Returns
    -------
    Dataset, dims of the drivers without year
        ``implied_base_yuan``, ``cost_yuan`` (per weighted member), and for a divided fund ``personal_base_yuan``,
        ``retiree_credit_yuan``, ``personal_spending_yuan`` (per member) [yuan a year].
    """
    active, retired = base.members()
    into, out = season_of(base.income_profile, base.quarters), season_of(base.expenditure_profile, base.quarters)
    labels = [str(quarter) for quarter in base.quarters]
    employer, employee = (rates[name].sel(quarter=labels) for name in ("employer_rate", "employee_rate"))
    relative = by_quarter(drivers["employee.relative_cost_retired"], base.quarters)
    prefix = "pooled_" if base.divided else ""
    rate = employer if base.divided else employer + employee
    implied = base.flows[f"{prefix}income"] / (active * into * rate).sum("quarter")
    weighted = ((active + relative * retired) * out).sum("quarter")
    levels = {"implied_base_yuan": implied, "cost_yuan": base.flows[f"{prefix}expenditure"] / weighted}
    if base.divided:
        own_weight = (active * into * employee).sum("quarter")
        rest = base.flows["personal_income"] - implied * own_weight
        covered = rest >= 0
        levels["personal_base_yuan"] = implied.where(covered, base.flows["personal_income"] / own_weight)
        levels["retiree_credit_yuan"] = (rest / (retired * into).sum("quarter")).where(covered, 0.0)
        spending = base.flows["personal_expenditure"] / ((active + retired) * out).sum("quarter")
        levels["personal_spending_yuan"] = spending
    return xr.Dataset(levels)


def employee_flows(
    active: xr.DataArray, retired: xr.DataArray, *, levels: xr.Dataset, rates: xr.Dataset, seasons: xr.Dataset
) -> xr.Dataset:
    """Compute the flows of quarters from average members, levels and rates.

    Parameters
    ----------
    active, retired : DataArray, dims (..., quarter)
        Average members [persons].
    levels : Dataset, dims (..., quarter)
        The levels of :func:`calibrate_employee`, grown, and ``relative_cost``.
    rates : Dataset, dims (..., quarter)
        ``employer_rate`` and ``employee_rate`` [share].
    seasons : Dataset, dims (quarter,)
        ``income`` and ``expenditure`` shares.

    Returns
    -------
    Dataset, dims (..., quarter)
        Flows [yuan], by fund and in total.
    """
    employer, employee = rates["employer_rate"], rates["employee_rate"]
    spending = (active + levels["relative_cost"] * retired) * levels["cost_yuan"] * seasons["expenditure"]
    base = active * levels["implied_base_yuan"] * seasons["income"]
    if "personal_base_yuan" not in levels:
        return xr.Dataset({"income_yuan": base * (employer + employee), "expenditure_yuan": spending})
    own = active * levels["personal_base_yuan"] * employee * seasons["income"]
    credit = retired * levels["retiree_credit_yuan"] * seasons["income"]
    flows = {
        "pooled_income_yuan": base * employer,
        "pooled_expenditure_yuan": spending,
        "personal_income_yuan": own + credit,
        "personal_expenditure_yuan": (active + retired) * levels["personal_spending_yuan"] * seasons["expenditure"],
    }
    for flow in ("income_yuan", "expenditure_yuan"):
        flows[flow] = flows[f"pooled_{flow}"] + flows[f"personal_{flow}"]
    return xr.Dataset(flows)


def project_employee(
    base: EmployeeBase, drivers: xr.Dataset, *, rates: xr.Dataset, quarters: Sequence[Quarter]
) -> xr.Dataset:
    """Project members, flows and balances of the employee scheme.

    Parameters
    ----------
    base : EmployeeBase
        What the base year published.
    drivers : Dataset, dims (..., year)
        Assumptions by their key, from the base year to the last year.
    rates : Dataset, dims (..., quarter)
        ``employer_rate`` and ``employee_rate`` from the base year to the last quarter [share].
    quarters : sequence of Quarter
        Quarters after the base year, in order.

    Returns
    -------
    Dataset, dims (..., quarter)
        Variables of :data:`actuary.fund.variables.VARIABLES`, without ratios.
    """
    labels = [str(quarter) for quarter in quarters]
    growth = {name: by_quarter(drivers[f"employee.{name}"], quarters) for name in _GROWTH}
    opening = {"active": float(base.active[-1]), "retired": float(base.retired[-1])}
    stocks = {name: grow_stock(opening[name], growth[f"{name}_growth"]) for name in opening}
    average = {
        name: average_members(stock.shift(quarter=1, fill_value=opening[name]), stock) for name, stock in stocks.items()
    }
    calibrated = calibrate_employee(base, drivers, rates)
    level = {name: grow_level(growth[driver], quarters) for name, driver in _LEVELS.items() if name in calibrated}
    levels = calibrated.copy()
    for name, index in level.items():
        levels[name] = calibrated[name] * index
    levels["relative_cost"] = growth["relative_cost_retired"]
    seasons = xr.Dataset(
        {
            "income": season_of(base.income_profile, quarters),
            "expenditure": season_of(base.expenditure_profile, quarters),
        }
    )
    projected = employee_flows(
        average["active"], average["retired"], levels=levels, rates=rates.sel(quarter=labels), seasons=seasons
    )
    for fund, balance in base.balances.items():
        projected[f"{fund}balance_end_yuan"] = roll_balance(
            balance, projected[f"{fund}income_yuan"], projected[f"{fund}expenditure_yuan"]
        )
    if base.divided:
        projected["balance_end_yuan"] = projected["pooled_balance_end_yuan"] + projected["personal_balance_end_yuan"]
    projected["active_persons"], projected["retired_persons"] = stocks["active"], stocks["retired"]
    # Only published figures are rounded apart: projected members are active or retired, none is neither.
    projected["enrolled_persons"] = stocks["active"] + stocks["retired"]
    projected["unassigned_persons"] = xr.zeros_like(projected["enrolled_persons"])
    return projected


_GROWTH = (
    "active_growth",
    "retired_growth",
    "contribution_base_growth",
    "pooled_cost_growth",
    "personal_spending_growth",
    "relative_cost_retired",
)
# What a retired member is credited was fixed when the accounts were reformed and is not indexed.
_LEVELS = {
    "implied_base_yuan": "contribution_base_growth",
    "personal_base_yuan": "contribution_base_growth",
    "cost_yuan": "pooled_cost_growth",
    "personal_spending_yuan": "personal_spending_growth",
}
