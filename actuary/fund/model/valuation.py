"""Actuarial balance over 30 and 75 years, and the rate or subsidy that keeps a reserve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from actuary.errors import DeclarationError, PeriodError, Problem, UnknownNameError, unknown_name
from actuary.fund.model.base_year import MODEL_SCHEMES
from actuary.fund.model.calibration import Calibration
from actuary.fund.model.exposure import Exposure
from actuary.fund.model.finance import FinanceInputs, project_finance
from actuary.fund.recursion import QUARTERS_A_YEAR
from actuary.periods import Quarter, quarter_range

if TYPE_CHECKING:
    from actuary.fund.model.result import ModelProjection

__all__ = ["LEVERS", "actuarial_balance", "change_driver", "solve_reserve"]

_MONTHS_A_YEAR = 12
_TOLERANCE = 1e-9
_DOUBLINGS = 24
#: What may be moved to keep a reserve: driver, scheme, unit and size of a first step.
LEVERS: dict[str, tuple[str, str, float]] = {
    "employer_rate": ("employee", "share", 0.01),
    "employee_rate": ("employee", "share", 0.01),
    "subsidy": ("resident", "yuan_per_year", 100.0),
    "premium": ("resident", "yuan_per_year", 100.0),
}
_DEFAULT = {"employee": "employer_rate", "resident": "subsidy"}


def actuarial_balance(projection: ModelProjection, *, years: int = 75) -> pd.DataFrame:
    r"""Compare income and cost of many years as rates of one base.

    With reserve :math:`R`, income without interest :math:`I_t`, spending :math:`E_t`, contribution base :math:`W_t`,
    discount factors :math:`v_t` (middle of the quarter), and a target fund :math:`T` of the last year's cost:

    .. math:: i = \frac{R + \sum v_t I_t}{\sum v_t W_t}, \quad c = \frac{\sum v_t E_t + v_n T}{\sum v_t W_t},
        \quad b = i - c

    A negative balance is what the rate lacks over the whole time, levied on the base from the first day.

    Parameters
    ----------
    projection : ModelProjection
        Projected over at least so many years.
    years : int
        Length of the valuation.

    Returns
    -------
    DataFrame
        Rows by scenario and scheme (and draw): `income_rate`, `cost_rate`, `actuarial_balance` [share of the base],
        `pv_base`, `reserve`, `pv_income`, `pv_cost`, `pv_target_fund` [yuan], `base` (employees: the contribution
        base; residents: average wage times persons, for they have no base of their own).

    Raises
    ------
    PeriodError
        When the projection is shorter.

    Examples
    --------
    >>> from actuary.fund.model import project_model
    >>> table = actuarial_balance(project_model("national", to="2054Q4"), years=30)
    >>> table["scheme"].tolist()
    ['employee', 'resident']
    """
    first = projection.base_quarter + 1
    last = projection.base_quarter + years * QUARTERS_A_YEAR
    if last > projection.horizon:
        raise PeriodError(
            Problem("years", f"{years} from {first} on", f"a projection to {last}", f'project with to="{last}"')
        )
    quarters = [str(quarter) for quarter in quarter_range(first, last)]
    paths = projection.paths.sel(scheme=list(MODEL_SCHEMES), quarter=quarters)
    step = (1 + projection.inputs.drivers["discount_rate"].sel(quarter=quarters)) ** (1 / QUARTERS_A_YEAR)
    end = 1 / step.cumprod("quarter")
    middle = end * np.sqrt(step)
    income = paths["pooled_income_yuan"] - paths["pooled_income_by_source_yuan"].sel(source="interest", drop=True)
    spent = paths["pooled_expenditure_yuan"]
    reserve = xr.DataArray(
        [projection.inputs.base.closing_balances.get((scheme, "pooled"), np.nan) for scheme in MODEL_SCHEMES],
        dims="scheme",
        coords={"scheme": list(MODEL_SCHEMES)},
    )
    target = spent.isel(quarter=slice(-QUARTERS_A_YEAR, None)).sum("quarter", skipna=False)
    table = xr.Dataset(
        {
            "pv_base": (paths["contribution_base_yuan"] * middle).sum("quarter", skipna=False),
            "pv_income": (income * middle).sum("quarter", skipna=False),
            "pv_cost": (spent * middle).sum("quarter", skipna=False),
            "pv_target_fund": target * end.isel(quarter=-1, drop=True),
            "reserve": reserve,
        }
    ).reset_coords(drop=True)
    table["income_rate"] = (table["reserve"] + table["pv_income"]) / table["pv_base"]
    table["cost_rate"] = (table["pv_cost"] + table["pv_target_fund"]) / table["pv_base"]
    table["actuarial_balance"] = table["income_rate"] - table["cost_rate"]
    lead = [dim for dim in ("draw", "scenario", "scheme") if dim in table.sizes]
    frame = table.to_dataframe(dim_order=lead).reset_index()
    frame.insert(len(lead), "years", years)
    words = {"employee": "contribution base", "resident": "average wage × persons"}
    frame["base"] = frame["scheme"].map(words)
    shown = [*lead, "years", "income_rate", "cost_rate", "actuarial_balance", "pv_base", "reserve", "pv_income"]
    return frame[[*shown, "pv_cost", "pv_target_fund", "base"]].dropna(subset=["income_rate"]).reset_index(drop=True)


def change_driver(inputs: FinanceInputs, name: str, change: float, *, first: Quarter, last: Quarter) -> FinanceInputs:
    """Add to a driver from one quarter to another.

    Parameters
    ----------
    inputs : FinanceInputs
        Inputs of a projection.
    name : str
        Driver, such as ``employer_rate``.
    change : float
        What is added, in its unit. A premium that is raised is paid from the season of its notice on.
    first, last : Quarter
        Both included.

    Returns
    -------
    FinanceInputs
        The same with that driver changed; calibration stays.
    """
    labels = [Quarter.parse(str(label)) for label in inputs.drivers["quarter"].to_numpy()]

    def within(delay: int) -> xr.DataArray:
        chosen = [first <= label + -delay <= last for label in labels]
        return xr.DataArray(chosen, dims="quarter", coords={"quarter": inputs.drivers["quarter"]})

    changed = {name: inputs.drivers[name] + change * within(0)}
    if name == "premium":
        changed["premium_before"] = inputs.drivers["premium_before"] + change * within(QUARTERS_A_YEAR)
    return replace(inputs, drivers=inputs.drivers.assign(changed))


def solve_reserve(
    projection: ModelProjection,
    scheme: str,
    *,
    months: float,
    at: Quarter | str,
    first: Quarter | str | None = None,
    lever: str | None = None,
) -> pd.DataFrame:
    """Find the change of a rate or amount that leaves so many months payable at a quarter.

    The whole recursion is run for every trial, so interest, the account split and the ratio of subsidy to premium act.

    Parameters
    ----------
    projection : ModelProjection
        A projection without draws.
    scheme : str
        ``employee`` or ``resident``.
    months : float
        Months payable wanted at the end of the quarter, 0 or more [months].
    at : Quarter or str
        The quarter.
    first : Quarter or str, optional
        From when on the change holds; the first projected quarter when left out.
    lever : str, optional
        One of :data:`LEVERS`; employer rate for employees and subsidy for residents when left out.

    Returns
    -------
    DataFrame
        One row a scenario: scheme, lever, unit, first, at, months, `change` (what is added), `level` (the rate or
        amount at that quarter with it), `error_months` (what is left of the aim).

    Raises
    ------
    UnknownNameError
        When scheme or lever are not known, or the scheme is not projected.
    PeriodError
        When a quarter is not projected, or `at` comes before `first`.
    DeclarationError
        When no change reaches the aim.

    Examples
    --------
    >>> from actuary.fund.model import project_model
    >>> run = project_model("national", to="2035Q4")
    >>> found = solve_reserve(run, "employee", months=9.0, at="2035Q4")
    >>> bool(abs(found["error_months"].iloc[0]) < 1e-9)
    True
    """
    last = Quarter.parse(at)
    begin = projection.base_quarter + 1 if first is None else Quarter.parse(first)
    wanted = lever or _DEFAULT.get(scheme, "")
    if scheme not in projection.projected_schemes:
        raise UnknownNameError(unknown_name("scheme", scheme, projection.projected_schemes, what="projected scheme"))
    known = [name for name, (owner, _, _) in LEVERS.items() if owner == scheme]
    if wanted not in known:
        raise UnknownNameError(unknown_name("lever", wanted, known, what="lever"))
    if not projection.base_quarter < begin <= last <= projection.horizon:
        span = f"quarters from {projection.base_quarter + 1} to {projection.horizon}, in order"
        raise PeriodError(Problem("first and at", f"{begin} and {last}", span))
    if not 0 <= months < np.inf:
        raise DeclarationError(Problem("months", f"{months:g}", "a number from 0 on"))
    quarters = list(quarter_range(projection.base_quarter + 1, last))
    rows = []
    for number, scenario in enumerate(projection.scenarios):
        inputs = replace(
            projection.inputs,
            drivers=projection.inputs.drivers.sel(scenario=[scenario]),
            calibration=_of_scenario(projection.inputs, scenario),
        )
        exposure = _cut(projection.exposure, scenario, [str(quarter) for quarter in quarters])

        def miss(change: float, inputs: FinanceInputs = inputs, exposure: Exposure = exposure) -> float:
            trial = change_driver(inputs, wanted, change, first=begin, last=last)
            paths, _ = project_finance(trial, exposure, quarters)
            end = paths.isel(quarter=-1).sel(scheme=scheme)
            # Not cut off at zero: a shortfall has to say how far it is from the aim.
            held, spent = (float(end[f"pooled_{name}_yuan"].squeeze()) for name in ("balance_end", "expenditure_year"))
            return held / (spent / _MONTHS_A_YEAR) - months

        change = _root(miss, LEVERS[wanted][2], where=f"{scheme}, {scenario}")
        level = float(inputs.drivers[wanted].sel(quarter=str(last)).squeeze()) + change
        rows.append(
            {
                "scenario": projection.scenarios[number],
                "scheme": scheme,
                "lever": wanted,
                "unit": LEVERS[wanted][1],
                "first": str(begin),
                "at": str(last),
                "months": months,
                "change": change,
                "level": level,
                "error_months": miss(change),
            }
        )
    return pd.DataFrame(rows)


def _of_scenario(inputs: FinanceInputs, scenario: str) -> Calibration:
    held = inputs.calibration
    names = ("average_wage", "collection_factor", "account_factor", "account_spending_factor", "funding_factor")
    arrays = {name: getattr(held, name) for name in (*names, "retiree_credit")}
    return replace(
        held, **{name: value.sel(scenario=[scenario]) for name, value in arrays.items() if "scenario" in value.dims}
    )


def _cut(exposure: Exposure, scenario: str, labels: list[str]) -> Exposure:
    def chosen(value: xr.DataArray) -> xr.DataArray:
        value = value.sel(quarter=labels)
        return value.sel(scenario=[scenario]) if "scenario" in value.dims else value

    return Exposure(
        chosen(exposure.average), chosen(exposure.closing), chosen(exposure.uses), chosen(exposure.weighted)
    )


def _root(miss: Callable[[float], float], step: float, *, where: str) -> float:
    """Find where a rising function is zero: widen a bracket, then Brent's method."""
    from scipy.optimize import brentq  # noqa: PLC0415 (it takes time to load)

    start = miss(0.0)
    if start == 0:
        return 0.0
    side = -1.0 if start > 0 else 1.0
    width, reached = step, start
    for _ in range(_DOUBLINGS):
        before, reached = reached, miss(side * width)
        if start * reached <= 0:
            break
        # Where twice the change makes no difference, the rule holds what is paid: no change will.
        if reached == before:
            raise DeclarationError(Problem(where, "no change that reaches the aim", "an aim that income can reach"))
        width *= 2
    else:
        raise DeclarationError(Problem(where, "no change that reaches the aim", "an aim that income can reach"))
    low, high = sorted((0.0, side * width))
    found = float(brentq(miss, low, high, xtol=1e-15 * max(1.0, width), rtol=8.9e-16, maxiter=200))
    if abs(miss(found)) > _TOLERANCE:
        raise DeclarationError(Problem(where, f"{miss(found):.3g} months beside the aim", f"within {_TOLERANCE:g}"))
    return found
