"""The income side of the base year: the wage, the credit and the factors at which published income comes out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from actuary.fund.model.base_year import BaseYear
from actuary.fund.model.income import contributions_per_wage, resident_funding, subsidy_course
from actuary.policy import FinanceModel

__all__ = ["COLUMNS", "calibrate_funding", "calibrate_wage", "sum_quarters", "table_row"]

#: Columns of the table of levels and factors.
COLUMNS = ("scheme", "name", "declared", "factor", "value", "unit", "note_zh", "note_en")

_INCOME_WORDS = {
    "average wage": (
        "yuan a year",
        "使基年统筹与账户收入成立的平均工资，不是统计的工资",
        "The wage at which the base year's income comes out; no statistic",
    ),
    "collection factor": ("ratio", "公布收入与声明工资之比", "Published income over that of the declared wage"),
    "retiree credit": (
        "yuan a year",
        "退休人员账户定额，此后不变",
        "Fixed credit to each retired member's account",
    ),
    "account factor": ("ratio", "个人账户计入的调整", "Moves what goes to accounts"),
    "account spending factor": (
        "ratio",
        "个人账户支出占计入（不含利息）",
        "Account spending over what is credited, interest apart",
    ),
}


def calibrate_wage(
    model: FinanceModel,
    base: BaseYear,
    now: xr.Dataset,
    people: xr.DataArray,
    into: Mapping[str, xr.DataArray],
    rows: list[dict[str, object]],
) -> dict[str, xr.DataArray]:
    """Solve average wage and credit to retired members from the income of both funds, and add their rows to the table.

    Parameters
    ----------
    model, base
        Declaration and figures of the base year.
    now : Dataset, dims (..., quarter)
        Drivers of the four quarters of the base year.
    people : DataArray, dims (status, sex, age)
        Average members of the base year [persons].
    into : mapping
        ``scheme -> share of the year's income in each quarter``.
    rows : list
        Rows of the table, to which these are added.

    Returns
    -------
    dict
        ``average_wage``, ``collection_factor``, ``account_factor``, ``account_spending_factor``, ``retiree_credit``;
        missing throughout where the scheme is not projected.
    """
    scenario = xr.ones_like(now["employer_rate"].isel(quarter=0, drop=True))
    if "employee" not in base.schemes:
        names = ("average_wage", "collection_factor", "account_factor", "account_spending_factor", "retiree_credit")
        return dict.fromkeys(names, scenario * np.nan)
    persons = people.sum(("sex", "age"))
    per_wage = contributions_per_wage(now, persons, divided=base.divided)
    season = into["employee"]
    to_pool, to_account = (sum_quarters(per_wage[name], season) for name in ("pooled", "personal"))
    retired = float(persons.sel(status="employee_retired"))
    interest = {
        "pooled": (now["reserve_interest"].sel(scheme="employee", drop=True)).mean("quarter"),
        "personal": now["account_interest"].mean("quarter"),
    }
    earned = {fund: rate * max(base.opening_balances["employee", fund], 0.0) for fund, rate in interest.items()}
    pool = base.flows["employee", "pooled_income"] - earned["pooled"]
    account = base.flows["employee", "personal_income"] - earned["personal"]
    if base.divided:
        wage = (pool + account) / (to_pool + to_account)
        credit = (account - to_account * wage) / retired
        covered = credit >= 0
        wage = wage.where(covered, pool / to_pool)
        credit = credit.where(covered, 0.0)
        account_factor = (account / (to_account * wage)).where(~covered, 1.0)
        spent = base.flows["employee", "personal_expenditure"] / (
            account * now["account_spending_share"].mean("quarter")
        )
    else:
        wage, credit = pool / to_pool, scenario * 0.0
        account_factor, spent = scenario, scenario * 0.0
    factor = scenario
    declared = model.declared.employee.average_wage_yuan
    if declared is not None:
        factor, wage = wage / declared.value, scenario * declared.value
    first = {"scenario": 0} if "scenario" in scenario.dims else {}
    levels = {
        "average wage": wage,
        "collection factor": factor,
        "retiree credit": credit,
        "account factor": account_factor,
        "account spending factor": spent,
    }
    for name, (unit, zh, en) in _INCOME_WORDS.items():
        level = float(levels[name].isel(first))
        rows.append(table_row("employee", name, np.nan, level if unit == "ratio" else np.nan, level, unit, zh, en))
    return {
        "average_wage": wage,
        "collection_factor": factor,
        "account_factor": account_factor,
        "account_spending_factor": spent,
        "retiree_credit": credit,
    }


def sum_quarters(rate: xr.DataArray, season: xr.DataArray) -> xr.DataArray:
    """Add up a year's flow from its rate a year in each quarter."""
    return (rate * season).sum("quarter")


def calibrate_funding(
    model: FinanceModel,
    base: BaseYear,
    now: xr.Dataset,
    into: Mapping[str, xr.DataArray],
    rows: list[dict[str, object]],
) -> tuple[xr.DataArray, tuple[float, ...]]:
    """Find the factor between the notices and what residents' funding came to, and add its row to the table.

    Parameters
    ----------
    model, base, now, into, rows
        As :func:`calibrate_wage`.

    Returns
    -------
    factor : DataArray
        Published income less interest over the notices [ratio].
    course : tuple of four floats
        Share of the subsidy in each quarter; empty where the scheme is not projected.
    """
    scenario = xr.ones_like(now["employer_rate"].isel(quarter=0, drop=True))
    if "resident" not in base.schemes:
        return scenario * np.nan, ()
    course = subsidy_course(now, model.declared.resident, season=into["resident"])
    parts = resident_funding(now, model.declared.resident, subsidy_season=course)
    declared = base.average["enrolled"] * (parts["subsidy"] + parts["premium"]).sum("quarter")
    interest = now["reserve_interest"].sel(scheme="resident", drop=True).mean("quarter")
    earned = interest * max(base.opening_balances["resident", "pooled"], 0.0)
    wanted = base.flows["resident", "pooled_income"] - earned
    factor = wanted / declared
    first = {"scenario": 0} if "scenario" in factor.dims else {}
    rows.append(
        table_row(
            "resident",
            "funding factor",
            float(declared.isel(first)),
            float(factor.isel(first)),
            float(wanted.isel(first)),
            "yuan",
            "公布收入（减利息）与通知标准之比：含地方加额、对困难群众的资助与欠缴",
            "Published income less interest over the notices: local additions, help for the poor, arrears",
        )
    )
    return factor, course


def table_row(
    scheme: str, name: str, declared: float, factor: float, value: float, unit: str, zh: str, en: str
) -> dict[str, object]:
    """Return a row of the table of levels and factors, by column."""
    return dict(zip(COLUMNS, (scheme, name, declared, factor, value, unit, zh, en), strict=True))
