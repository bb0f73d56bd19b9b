"""Long-term care insurance (长护险): persons in need by age and sex × benefit, and the rates that pay for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from actuary.errors import DeclarationError, Problem
from actuary.fund.model.income import contribution_wages
from actuary.fund.modules.view import ModuleDelta, ModuleView

__all__ = ["care_cost", "care_rates", "long_term_care", "persons_in_need"]

_NAME = "long_term_care"
_PROFILE = "severe_dependency"
_STATUSES = {
    "employee": ["employee_active", "employee_flexible", "employee_retired"],
    "resident": ["resident_child", "resident_adult", "resident_elderly"],
}
#: Who pays the part that neither pool nor budget pays.
_OWN_SOURCE = {"employee": "employee", "resident": "premium"}


def persons_in_need(view: ModuleView) -> xr.DataArray:
    r"""Return insured persons who are severely dependent, by scheme.

    .. math:: D_{s,t} = \sum_{g,a} \pi_{g,a}\, \tfrac12 (N_{s,g,a,t-1} + N_{s,g,a,t})

    Returns
    -------
    DataArray, dims (scheme, quarter)
        Average persons [persons].
    """
    profile = view.modules.profiles.get(_PROFILE)
    if profile is None:
        raise DeclarationError(Problem("module_profiles.csv", "no such profile", f"the profile {_PROFILE}"))
    before = str(view.quarters[0] + -1)
    stocks = view.members.stocks.sel(quarter=[before, *view.labels])
    ages, sexes = stocks["age"].to_numpy(), [str(sex) for sex in stocks["sex"].to_numpy()]
    prevalence = np.array([[profile.value(sex, int(age)) for age in ages] for sex in sexes])
    ordered = stocks.transpose("status", "sex", "age", "quarter")
    by_status = np.einsum("ga,sgaq->sq", prevalence, ordered.to_numpy())
    average = (by_status[:, 1:] + by_status[:, :-1]) / 2
    held = xr.DataArray(
        average,
        dims=("status", "quarter"),
        coords={"status": ordered["status"].to_numpy(), "quarter": view.labels},
    )
    return xr.concat([held.sel(status=names).sum("status") for names in _STATUSES.values()], "scheme").assign_coords(
        scheme=list(_STATUSES)
    )


def care_cost(view: ModuleView) -> xr.DataArray:
    """Return what the insurance pays by scheme, dims (scheme, quarter) [yuan].

    Persons in need × covered × claiming × benefit a person, a quarter of the year each.
    """
    benefit = view.path("care.benefit_per_person") * view.level("care.benefit_growth")
    claiming = view.path("care.coverage") * view.path("care.claim_share") * view.switch(_NAME)
    return persons_in_need(view) * claiming * benefit / 4


def long_term_care(view: ModuleView) -> list[ModuleDelta]:
    """Return what the insurance adds to both pools: its spending, and what budget and members pay towards it.

    It is paid as it goes: income is spending, of which the pool of basic insurance bears its declared share.

    Raises
    ------
    DeclarationError
        When pool and budget together bear more than everything.
    """
    pool, budget = view.path("care.pool_share"), view.path("care.subsidy_share")
    if float((pool + budget).max()) > 1:
        raise DeclarationError(
            Problem("care.pool_share and care.subsidy_share", f"{float((pool + budget).max()):g}", "1 or less together")
        )
    cost = care_cost(view)
    deltas = []
    for scheme in view.schemes:
        paid = cost.sel(scheme=scheme, drop=True)
        deltas += [
            ModuleDelta(_NAME, "benefits", "spending", scheme, _NAME, paid),
            ModuleDelta(_NAME, "budget", "income", scheme, "subsidy", paid * budget),
            ModuleDelta(_NAME, "members", "income", scheme, _OWN_SOURCE[scheme], paid * (1 - pool - budget)),
        ]
    return deltas


def care_rates(view: ModuleView) -> pd.DataFrame:
    """Return the rates that pay for the insurance as it goes, by year, as if it covered everyone who is covered then.

    Returns
    -------
    DataFrame
        Columns year, in_need_persons, beneficiaries_persons, cost_yuan, rate_per_insured_yuan (over those covered),
        rate_per_wage (employees' cost over their contribution base) and share_65_plus of insured persons.
    """
    need = persons_in_need(view)
    cost = care_cost(view)
    claiming = view.path("care.coverage") * view.path("care.claim_share") * view.switch(_NAME)
    covered = sum((view.persons(scheme) for scheme in _STATUSES), start=view.quarterly(np.zeros(len(view.quarters))))
    covered = covered * view.path("care.coverage")
    wages = (
        contribution_wages(view.inputs.drivers.sel(quarter=view.labels), view.exposure.average) * view.wage_level / 4
    )
    stocks = view.members.stocks.sel(status=[name for names in _STATUSES.values() for name in names])
    old = stocks.sel(age=stocks["age"] >= 65).sum(("status", "sex", "age")) / stocks.sum(("status", "sex", "age"))
    frame = pd.DataFrame(
        {
            "year": [quarter.year for quarter in view.quarters],
            "in_need_persons": need.sum("scheme").to_numpy() / 4,
            "beneficiaries_persons": (need.sum("scheme") * claiming).to_numpy() / 4,
            "cost_yuan": cost.sum("scheme").to_numpy(),
            "employee_cost": cost.sel(scheme="employee").to_numpy(),
            "wages": wages.to_numpy(),
            "covered": covered.to_numpy() / 4,
            "share_65_plus": old.sel(quarter=view.labels).to_numpy() / 4,
        }
    )
    yearly = frame.groupby("year", as_index=False).sum()
    yearly["rate_per_insured_yuan"] = yearly["cost_yuan"] / yearly["covered"]
    yearly["rate_per_wage"] = yearly["employee_cost"] / (yearly["wages"] * _mean_coverage(view, yearly["year"]))
    return yearly.drop(columns=["employee_cost", "wages", "covered"])


def _mean_coverage(view: ModuleView, years: pd.Series) -> np.ndarray:
    held = pd.DataFrame(
        {"year": [quarter.year for quarter in view.quarters], "share": view.path("care.coverage").to_numpy()}
    )
    return np.asarray(held.groupby("year")["share"].mean().reindex(years).to_numpy())
