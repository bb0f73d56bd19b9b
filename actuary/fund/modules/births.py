"""What a birth policy costs: births, delivery and leave, the care of the children, and what they pay later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from actuary.demography.population import PopulationInputs, PopulationProjection, project_population
from actuary.demography.variants import with_births_factor, with_mean_age_shift
from actuary.errors import DeclarationError, Problem, UnknownNameError, unknown_name
from actuary.fund.model.income import employee_income, raised_premium, resident_funding, resident_income
from actuary.fund.modules.view import ModuleDelta, ModuleView
from actuary.fund.recursion import QUARTERS_A_YEAR
from actuary.periods import Quarter
from actuary.policy import BirthPolicy

__all__ = ["BirthFlows", "birth_flows", "birth_policy", "policy_population"]

_NAME = "birth_policy"
_DAYS_A_YEAR = 365


@dataclass(frozen=True)
class BirthFlows:
    """Hold what one policy changes against another.

    Parameters
    ----------
    policy, against : str
        The two policies.
    start : Quarter
        First quarter of the policy.
    births : DataArray, dims (variant, year)
        Births under both, ``policy`` and ``against`` [births].
    persons : DataArray, dims (status, quarter)
        Additional average persons [persons].
    fund : tuple of ModuleDelta
        Changes of spending and income of the pools.
    budget : mapping
        ``item -> DataArray, dims (quarter)``: what the budget pays more [yuan].
    """

    policy: str
    against: str
    start: Quarter
    births: xr.DataArray
    persons: xr.DataArray
    fund: tuple[ModuleDelta, ...]
    budget: Mapping[str, xr.DataArray]


def policy_population(inputs: PopulationInputs, policy: BirthPolicy, *, start: int) -> PopulationInputs:
    """Return the inputs of a projection under a birth policy that begins in a year.

    Parameters
    ----------
    inputs : PopulationInputs
        The medium projection.
    policy : BirthPolicy
        The policy: its factor on births, and its shift of the mean age with the tempo that follows from it.
    start : int
        First year.
    """
    factor = {start + years: value for years, value in policy.path("births_factor").items()}
    shift = {start + years: value for years, value in policy.path("mean_age_shift").items()}
    # Years before the policy are as projected, whatever its first figure says.
    changed = with_births_factor(inputs, {start - 1: 1.0, **factor}, variant=policy.name)
    if any(shift.values()):
        changed = with_mean_age_shift(changed, {start - 1: 0.0, **shift}, variant=policy.name)
    return changed


def birth_policy(view: ModuleView) -> list[ModuleDelta]:
    """Return what the policy of the scenario changes against the one declared before it."""
    start = view.first_on(_NAME)
    policy = view.name("births.policy", start)
    against = str(view.declared.value("births.policy", start.first_day))
    return list(birth_flows(view, policy, against=against, start=start).fund)


def birth_flows(view: ModuleView, policy: str, *, against: str, start: Quarter) -> BirthFlows:
    """Return what a policy changes against another, by quarter.

    Parameters
    ----------
    view : ModuleView
        The projection.
    policy, against : str
        Names of two policies; both begin in the same quarter, from the same people.
    start : Quarter
        First quarter.

    Raises
    ------
    UnknownNameError
        When a policy is not declared.
    DeclarationError
        When the people end before the last quarter.
    """
    policies = view.modules.policies
    for name in (policy, against):
        if name not in policies:
            raise UnknownNameError(unknown_name("birth policy", name, policies, what="birth policy"))
    medium = view.members.population
    if int(medium.population["year"][-1]) < view.quarters[-1].year:
        raise DeclarationError(
            Problem("people", f"none after {int(medium.population['year'][-1])}", f"people to {view.quarters[-1]}")
        )
    projected = {
        name: project_population(policy_population(medium.inputs, policies[name], start=start.year))
        for name in dict.fromkeys((policy, against))
    }
    years = list(range(view.quarters[0].year - 1, view.quarters[-1].year + 1))
    births = {name: _births(one, years[1:]) for name, one in projected.items()}
    more = (projected[policy].population - projected[against].population).sel(year=_held(medium, years))
    # Year-ends that lie before the projection of people have no child of either policy.
    more = more.reindex(year=years, fill_value=0.0)
    shares = _status_shares(view, years)
    people = shares * more
    persons = _by_quarter(view, people.sum(("sex", "age")))
    fund = [
        *_maternity(view, policies, births, names=(policy, against), start=start),
        *_care(view, people),
        *_contributions(view, persons),
    ]
    funding = _funding(view, persons)
    fund += funding
    cash = _cash(view, policies[policy], births[policy], start) - _cash(view, policies[against], births[against], start)
    subsidy = sum((one.yuan for one in funding if one.line == "subsidy"), start=view.quarterly(np.zeros(len(cash))))
    both = xr.concat([births[policy], births[against]], "variant").assign_coords(variant=["policy", "against"])
    return BirthFlows(
        policy, against, start, both, persons, tuple(fund), {"resident_subsidy": subsidy, "cash_subsidy": cash}
    )


def _held(people: PopulationProjection, years: list[int]) -> list[int]:
    known = {int(year) for year in people.population["year"].to_numpy()}
    return [year for year in years if year in known]


def _births(people: PopulationProjection, years: list[int]) -> xr.DataArray:
    births = people.births.sum("sex") if "sex" in people.births.dims else people.births
    return births.sel(year=years)


def _status_shares(view: ModuleView, years: list[int]) -> xr.DataArray:
    """Return how the people of each sex and age are divided among the statuses, dims (status, sex, age, year)."""
    stocks = view.members.stocks.sel(quarter=[str(Quarter(year, QUARTERS_A_YEAR)) for year in years])
    people = stocks.sum("status")
    shares = (stocks / people.where(people > 0)).fillna(0.0)
    return shares.rename(quarter="year").assign_coords(year=years)


def _by_quarter(view: ModuleView, year_ends: xr.DataArray) -> xr.DataArray:
    """Lay year-end figures over quarters as averages, along straight lines, dims (..., quarter)."""
    values = year_ends.transpose(..., "year").to_numpy()
    first = int(year_ends["year"][0])
    place = np.array([quarter.year - first for quarter in view.quarters])
    along = np.array([(2 * quarter.number - 1) / (2 * QUARTERS_A_YEAR) for quarter in view.quarters])
    laid = values[..., place - 1] + along * (values[..., place] - values[..., place - 1])
    dims = [dim for dim in year_ends.transpose(..., "year").dims if dim != "year"]
    return xr.DataArray(
        laid, dims=(*dims, "quarter"), coords={**{str(d): year_ends[d] for d in dims}, "quarter": view.labels}
    )


def _of_year(view: ModuleView, yearly: xr.DataArray) -> xr.DataArray:
    """Return the figure of the year of each quarter, dims (quarter)."""
    return view.quarterly(yearly.sel(year=[quarter.year for quarter in view.quarters]).to_numpy())


def _maternity(
    view: ModuleView,
    policies: Mapping[str, BirthPolicy],
    births: Mapping[str, xr.DataArray],
    *,
    names: tuple[str, str],
    start: Quarter,
) -> list[ModuleDelta]:
    mothers = view.path("births.employee_mother_share")
    price = view.level("births.delivery_cost_growth")
    claims = mothers * view.path("births.allowance_claim_share")
    day = view.path("births.mother_wage_ratio") * view.wage_level / _DAYS_A_YEAR
    laid = {name: _of_year(view, births[name]) for name in names}
    more = laid[names[0]] - laid[names[1]]
    begun = view.quarterly([float(quarter >= start) for quarter in view.quarters])
    leave = [laid[name] * policies[name].leave_days * begun for name in names]
    amounts = {
        ("employee", "delivery"): more * mothers * view.path("births.delivery_cost_employee") * price,
        ("employee", "allowance"): (leave[0] - leave[1]) * claims * day,
        ("resident", "delivery"): more * (1 - mothers) * view.path("births.delivery_cost_resident") * price,
    }
    return [
        ModuleDelta(_NAME, item, "spending", scheme, "maternity", yuan * view.season(scheme, "expenditure"))
        for (scheme, item), yuan in amounts.items()
        if scheme in view.schemes
    ]


def _care(view: ModuleView, people: xr.DataArray) -> list[ModuleDelta]:
    """Return the care of the additional persons at each age, births apart, in their early years and after them."""
    held = view.inputs.calibration
    early = people["age"] < view.scalar("births.early_years", view.quarters[0])
    trend = view.paths["trend_level"].prod("factor")
    deltas = []
    for item, ages in (("early_care", early), ("later_care", ~early)):
        weighted = xr.dot(held.weights["weighted"], people.where(ages, 0.0), dim=("status", "sex", "age"))
        spent = _by_quarter(view, weighted) * held.unit_cost * trend
        for scheme in view.schemes:
            course = view.season(scheme, "expenditure")
            for benefit in spent["benefit"].to_numpy():
                if benefit == "maternity" or float(held.unit_cost.sel(scheme=scheme, benefit=benefit)) == 0:
                    continue
                yuan = spent.sel(scheme=scheme, benefit=benefit, drop=True) * course
                deltas.append(ModuleDelta(_NAME, item, "spending", scheme, str(benefit), yuan))
    return deltas


def _contributions(view: ModuleView, persons: xr.DataArray) -> list[ModuleDelta]:
    if "employee" not in view.schemes:
        return []
    drivers = view.inputs.drivers.sel(quarter=view.labels)
    pooled = employee_income(
        drivers,
        persons,
        view.inputs.calibration,
        wage_level=view.wage_level / view.inputs.calibration.average_wage,
        season=view.season("employee", "income"),
        divided=view.inputs.base.divided,
    )["pooled"]
    return [ModuleDelta(_NAME, "contributions", "income", "employee", source, yuan) for source, yuan in pooled.items()]


def _funding(view: ModuleView, persons: xr.DataArray) -> list[ModuleDelta]:
    if "resident" not in view.schemes:
        return []
    rule = view.inputs.model.declared.resident
    premium, before, _ = raised_premium(view.inputs.drivers, rule, first_year=view.inputs.base.year + 1)
    drivers = view.inputs.drivers.assign(premium=premium, premium_before=before).sel(quarter=view.labels)
    per_head = resident_funding(drivers, rule, subsidy_season=view.inputs.calibration.subsidy_season)
    paid = resident_income(persons, view.inputs.calibration, per_head=per_head)
    items = {"subsidy": "resident_subsidy", "premium": "premiums"}
    return [ModuleDelta(_NAME, items[source], "income", "resident", source, yuan) for source, yuan in paid.items()]


def _cash(view: ModuleView, policy: BirthPolicy, births: xr.DataArray, start: Quarter) -> xr.DataArray:
    """Return the cash that a policy pays for the children born since it began, dims (quarter) [yuan]."""
    known = {int(year): float(value) for year, value in zip(births["year"], births, strict=True)}
    children = [
        sum(known.get(quarter.year - age, 0.0) for age in range(policy.subsidy_years)
            if quarter.year - age >= start.year)
        if quarter >= start else 0.0
        for quarter in view.quarters
    ]  # fmt: skip
    return view.quarterly(children) * policy.subsidy_per_year_yuan / QUARTERS_A_YEAR
