"""The quarterly recursion: levels, income, spending and balances of both schemes, restartable at any quarter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from actuary.fund.assembly import payable_months
from actuary.fund.model.base_year import MODEL_SCHEMES, BaseYear
from actuary.fund.model.calibration import Calibration
from actuary.fund.model.exposure import Exposure
from actuary.fund.model.income import (
    SOURCES,
    contribution_wages,
    employee_income,
    raised_premium,
    resident_funding,
    resident_income,
)
from actuary.fund.model.labels import exact_labels, stack_labelled
from actuary.fund.model.levers import Levers
from actuary.fund.recursion import QUARTERS_A_YEAR, season_of, sum_of_year
from actuary.fund.seasons import Profile
from actuary.kernels import accrue
from actuary.periods import Quarter
from actuary.policy import FinanceModel

__all__ = ["FinanceInputs", "FinanceState", "opening_state", "project_finance"]

_FUNDS = ("pooled", "personal")


@dataclass(frozen=True)
class FinanceInputs:
    """Hold everything that the recursion needs beside people.

    Parameters
    ----------
    model : FinanceModel
        Declaration.
    base : BaseYear
        Figures of the base year.
    calibration : Calibration
        Its levels.
    drivers : Dataset, dims (..., quarter)
        From the base year to the horizon.
    seasons : mapping
        ``(scheme, "income" | "expenditure") -> four shares``.
    levers : Levers
        What modules add to or multiply into income and spending.
    """

    model: FinanceModel
    base: BaseYear
    calibration: Calibration
    drivers: xr.Dataset
    seasons: Mapping[tuple[str, str], Profile]
    levers: Levers = field(default_factory=Levers)


@dataclass(frozen=True)
class FinanceState:
    """Hold where the funds stand at the end of a quarter: a projection goes on from it as if it had never stopped.

    Parameters
    ----------
    quarter : Quarter
        The quarter at whose end it holds.
    balances : DataArray, dims (..., scheme, fund)
        Balances [yuan].
    wage_level : DataArray, dims (...)
        Average wage over that of the base year [ratio].
    trend_level : DataArray, dims (..., scheme, benefit, factor)
        Levels of the trend factors, the base year being 1 [ratio].
    spent : DataArray, dims (..., scheme, quarter)
        Pool spending of the last three quarters [yuan], for the months payable.
    """

    quarter: Quarter
    balances: xr.DataArray
    wage_level: xr.DataArray
    trend_level: xr.DataArray
    spent: xr.DataArray


def opening_state(inputs: FinanceInputs) -> FinanceState:
    """Return the state at the end of the base year."""
    base, drivers = inputs.base, inputs.drivers
    schemes = list(MODEL_SCHEMES)
    balances = [[base.closing_balances.get((scheme, fund), np.nan) for fund in _FUNDS] for scheme in schemes]
    last = [Quarter(base.year, number) for number in (2, 3, 4)]
    spent = [
        [
            base.flows.get((scheme, "pooled_expenditure"), np.nan)
            * inputs.seasons.get((scheme, "expenditure"), (np.nan,) * 4)[quarter.number - 1]
            for quarter in last
        ]
        for scheme in schemes
    ]
    one = xr.ones_like(drivers["wage_growth"].isel(quarter=0, drop=True))
    return FinanceState(
        quarter=Quarter(base.year, 4),
        balances=xr.DataArray(balances, dims=("scheme", "fund"), coords={"scheme": schemes, "fund": list(_FUNDS)}),
        wage_level=one,
        trend_level=xr.ones_like(drivers["trend_growth"].isel(quarter=0, drop=True)),
        spent=xr.DataArray(
            spent, dims=("scheme", "quarter"), coords={"scheme": schemes, "quarter": [str(q) for q in last]}
        ),
    )


def project_finance(
    inputs: FinanceInputs,
    exposure: Exposure,
    quarters: Sequence[Quarter],
    *,
    start: FinanceState | None = None,
) -> tuple[xr.Dataset, FinanceState]:
    r"""Project income, spending and balances quarter by quarter.

    Spending of benefit :math:`b` is weighted uses :math:`X_b` times what the fund pays for one, times the levels of
    price, use, technology and policy, times the season's share:

    .. math:: E_{b,t} = X_{b,t} \, p_b \, w_b \, f_b \, k_b \, P_{b,t} U_{b,t} T_{b,t} O_{b,t} \, s_t

    and balances follow :math:`B_t = B_{t-1} + i_t \max(B_{t-1}, 0) + I_t - E_t`.

    Parameters
    ----------
    inputs : FinanceInputs
        Declaration, levels and drivers.
    exposure : Exposure
        People of these quarters.
    quarters : sequence of Quarter
        The quarters, following the state.
    start : FinanceState, optional
        Where the funds stand; the end of the base year when left out.

    Returns
    -------
    paths : Dataset, dims (..., scheme[, benefit | source | factor], quarter)
        Flows [yuan], balances [yuan], months payable, levels.
    state : FinanceState
        Where the funds stand after the last quarter.
    """
    with exact_labels():
        return _project(inputs, exposure, quarters, state=start or opening_state(inputs))


def _project(
    inputs: FinanceInputs, exposure: Exposure, quarters: Sequence[Quarter], *, state: FinanceState
) -> tuple[xr.Dataset, FinanceState]:
    labels = [str(quarter) for quarter in quarters]
    drivers = inputs.drivers.sel(quarter=labels)
    premium, before, breached = raised_premium(
        inputs.drivers, inputs.model.declared.resident, first_year=inputs.base.year + 1
    )
    drivers = drivers.assign(premium=premium.sel(quarter=labels), premium_before=before.sel(quarter=labels))
    wage = _levels(state.wage_level, drivers["wage_growth"], quarters)
    trend = _levels(state.trend_level, drivers["trend_growth"], quarters)
    pooled, personal = _incomes(inputs, exposure, drivers, quarters, wage)
    spending = _spending(inputs, exposure, trend, quarters)
    annual_interest = drivers["reserve_interest"] / QUARTERS_A_YEAR
    opening = {fund: state.balances.sel(fund=fund, drop=True) for fund in _FUNDS}
    spent = spending.sum("benefit")
    pool, pool_interest = _roll(opening["pooled"], annual_interest, pooled.sum("source") - spent)
    account_rate = drivers["account_interest"] / QUARTERS_A_YEAR * xr.ones_like(annual_interest)
    account_spent = _accounts(inputs, drivers, personal, quarters)
    account, account_interest = _roll(opening["personal"], account_rate, personal.sum("source") - account_spent)
    pooled = _add_interest(pooled, pool_interest)
    personal = _add_interest(personal, account_interest)
    held = {
        "pooled_income_by_source_yuan": pooled,
        "personal_income_by_source_yuan": personal,
        "spending_yuan": spending,
        "pooled_income_yuan": pooled.sum("source"),
        "pooled_expenditure_yuan": spent,
        "pooled_balance_end_yuan": pool,
        "personal_income_yuan": personal.sum("source"),
        "personal_expenditure_yuan": account_spent,
        "personal_balance_end_yuan": account,
    }
    for name in ("income", "expenditure", "balance_end"):
        held[f"{name}_yuan"] = held[f"pooled_{name}_yuan"] + held[f"personal_{name}_yuan"]
    history = state.spent.broadcast_like(spent.isel(quarter=0, drop=True)).transpose(*spent.dims)
    chain = xr.concat([history, spent], "quarter")
    held["pooled_expenditure_year_yuan"] = sum_of_year(chain).isel(quarter=slice(history.sizes["quarter"], None))
    held["payable_months"] = _months(pool, held["pooled_expenditure_year_yuan"])
    held["trend_level"] = trend
    held["average_wage_yuan"] = inputs.calibration.average_wage * wage
    held["premium_raised"] = breached.sel(quarter=labels)
    _add_people(held, inputs, exposure, drivers, quarters)
    after = FinanceState(
        quarter=quarters[-1],
        balances=stack_labelled([pool, account], "fund", _FUNDS).isel(quarter=-1, drop=True),
        wage_level=wage.isel(quarter=-1, drop=True),
        trend_level=trend.isel(quarter=-1, drop=True),
        spent=chain.isel(quarter=slice(-history.sizes["quarter"], None)),
    )
    return xr.Dataset(held), after


def _months(balance: xr.DataArray, spent: xr.DataArray) -> xr.DataArray:
    balance, spent = xr.broadcast(balance, spent)
    return balance.copy(data=payable_months(balance.to_numpy(), spent.to_numpy()))


def _season(inputs: FinanceInputs, flow: str, quarters: Sequence[Quarter]) -> xr.DataArray:
    """Return the share of the year in each quarter by scheme; nothing for a scheme without figures."""
    none: Profile = (0.0, 0.0, 0.0, 0.0)
    shares = [season_of(inputs.seasons.get((scheme, flow), none), quarters) for scheme in MODEL_SCHEMES]
    return stack_labelled(shares, "scheme", MODEL_SCHEMES)


def _levels(opening: xr.DataArray, growth: xr.DataArray, quarters: Sequence[Quarter]) -> xr.DataArray:
    """Step a level up in each first quarter, one factor after the other, so that a restart gives the same bits."""
    first = xr.DataArray(
        [quarter.number == 1 for quarter in quarters], dims="quarter", coords={"quarter": growth["quarter"]}
    )
    factor = (1 + growth).where(first, 1.0).transpose(..., "quarter")
    begin, steps = xr.broadcast(opening, factor.isel(quarter=0, drop=True))
    chain = np.concatenate([begin.to_numpy()[..., None], factor.transpose(*steps.dims, "quarter").to_numpy()], axis=-1)
    return factor.transpose(*steps.dims, "quarter").copy(data=np.multiply.accumulate(chain, axis=-1)[..., 1:])


def _incomes(
    inputs: FinanceInputs, exposure: Exposure, drivers: xr.Dataset, quarters: Sequence[Quarter], wage: xr.DataArray
) -> tuple[xr.DataArray, xr.DataArray]:
    """Return the income of pool and accounts by scheme and source, without interest."""
    funds: dict[str, dict[str, dict[str, xr.DataArray]]] = {fund: {} for fund in _FUNDS}
    if "employee" in inputs.base.schemes:
        season = season_of(inputs.seasons["employee", "income"], quarters)
        employee = employee_income(
            drivers,
            exposure.average,
            inputs.calibration,
            wage_level=wage,
            season=season,
            divided=inputs.base.divided,
        )
        funds["pooled"]["employee"], funds["personal"]["employee"] = employee["pooled"], employee["personal"]
    if "resident" in inputs.base.schemes:
        per_head = resident_funding(
            drivers, inputs.model.declared.resident, subsidy_season=inputs.calibration.subsidy_season
        )
        funds["pooled"]["resident"] = resident_income(exposure.average, inputs.calibration, per_head=per_head)
    zero = xr.zeros_like(drivers["wage_growth"])
    pooled, personal = (
        stack_labelled(
            [
                stack_labelled([funds[fund].get(scheme, {}).get(source, zero) for source in SOURCES], "source", SOURCES)
                for scheme in MODEL_SCHEMES
            ],
            "scheme",
            MODEL_SCHEMES,
        )
        for fund in _FUNDS
    )
    return inputs.levers.apply_income(pooled, quarters), personal


def _spending(
    inputs: FinanceInputs, exposure: Exposure, trend: xr.DataArray, quarters: Sequence[Quarter]
) -> xr.DataArray:
    season = _season(inputs, "expenditure", quarters)
    spent = exposure.weighted * inputs.calibration.unit_cost * trend.prod("factor") * season
    return inputs.levers.apply_spending(spent, quarters)


def _accounts(
    inputs: FinanceInputs,
    drivers: xr.Dataset,
    personal: xr.DataArray,
    quarters: Sequence[Quarter],
) -> xr.DataArray:
    """Return account spending: a share of what is credited in the year."""
    spent = xr.zeros_like(personal.isel(source=0, drop=True))
    if "employee" not in inputs.base.schemes or not inputs.base.divided:
        return spent
    into, out = (season_of(inputs.seasons["employee", flow], quarters) for flow in ("income", "expenditure"))
    yearly = personal.sum("source") / into
    share = inputs.calibration.account_spending_factor * drivers["account_spending_share"]
    return (yearly * share * out).transpose(*spent.dims)


def _roll(opening: xr.DataArray, interest: xr.DataArray, net: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    start, net = xr.broadcast(opening, net, exclude=["quarter"])
    rate = interest.broadcast_like(net).transpose(*net.dims)
    start = start.transpose(*[dim for dim in net.dims if dim != "quarter"])
    balance = net.transpose(..., "quarter").copy(
        data=accrue(
            start.to_numpy(), rate.transpose(..., "quarter").to_numpy(), net.transpose(..., "quarter").to_numpy()
        )
    )
    before = balance.shift(quarter=1)
    before[{"quarter": 0}] = start
    return balance, rate * before.clip(min=0.0)


def _add_interest(income: xr.DataArray, interest: xr.DataArray) -> xr.DataArray:
    chosen = xr.DataArray([source == "interest" for source in SOURCES], dims="source", coords={"source": list(SOURCES)})
    whole: xr.DataArray = income.where(~chosen, interest).transpose(*income.dims)
    return whole


def _add_people(
    held: dict[str, xr.DataArray],
    inputs: FinanceInputs,
    exposure: Exposure,
    drivers: xr.Dataset,
    quarters: Sequence[Quarter],
) -> None:
    closing = exposure.closing
    groups = {
        "employee": ["employee_active", "employee_flexible", "employee_retired"],
        "resident": ["resident_child", "resident_adult", "resident_elderly"],
    }
    for name, people in (("enrolled_persons", closing), ("average_persons", exposure.average)):
        counted = [people.sel(status=statuses).sum("status") for statuses in groups.values()]
        held[name] = stack_labelled(counted, "scheme", MODEL_SCHEMES)
    active = closing.sel(status=["employee_active", "employee_flexible"]).sum("status")
    retired = closing.sel(status="employee_retired", drop=True)
    none = xr.full_like(active, np.nan)
    held["active_persons"] = stack_labelled([active, none], "scheme", MODEL_SCHEMES)
    held["retired_persons"] = stack_labelled([retired, none], "scheme", MODEL_SCHEMES)
    held["dependency_ratio"] = held["active_persons"] / held["retired_persons"].where(held["retired_persons"] > 0)
    season = _season(inputs, "expenditure", quarters)
    held["uses"] = exposure.uses * held["trend_level"].sel(factor="use", drop=True) * season
    held["weighted_uses"] = exposure.weighted * season
    held["persons_in_season"] = held["average_persons"] * season
    wage = held["average_wage_yuan"]
    # Residents have no base of their own: average wage times persons stands for it.
    per_head = held["average_persons"].sel(scheme="resident", drop=True) * wage / QUARTERS_A_YEAR
    levied = xr.full_like(per_head, np.nan)
    if "employee" in inputs.base.schemes:
        into = season_of(inputs.seasons["employee", "income"], quarters)
        levied = contribution_wages(drivers, exposure.average) * into * wage
    held["contribution_base_yuan"] = stack_labelled([levied, per_head], "scheme", MODEL_SCHEMES)
