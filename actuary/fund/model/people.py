"""People of a model: population and membership of a region, and how births move maternity."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from actuary.demography.membership import Membership, project_membership
from actuary.demography.membership_rules import load_membership_rules, membership_anchors
from actuary.demography.population import PopulationProjection, project_population
from actuary.demography.population_sources import load_population
from actuary.periods import Quarter
from actuary.policy import FinanceModel, Resolved

__all__ = ["births_by_scenario", "births_index", "project_members", "stack_scenarios"]


def project_members(
    region: str,
    resolved: Mapping[str, Resolved],
    *,
    base_year: int,
    to: Quarter,
    population: PopulationProjection | None = None,
    models: Path | None = None,
    data: Path | None = None,
) -> dict[str, Membership]:
    """Project the members of a region under every scenario; scenarios with the same rules share one projection.

    Parameters
    ----------
    region : str
        Region id.
    resolved : mapping
        ``scenario -> Resolved``: its rules decide who retires when.
    base_year : int
        Members are scaled to the published totals of its end.
    to : Quarter
        Last quarter.
    population : PopulationProjection, optional
        People; projected from the region's inputs when left out.
    models, data : Path, optional
        Folders.

    Returns
    -------
    dict
        ``scenario -> Membership``, from the end of the base year to the last quarter.

    Raises
    ------
    UnknownNameError, DeclarationError, TableError
        When inputs or rules are missing or not valid.
    """
    people = population or project_population(load_population(region, models=models, data=data))
    anchors = membership_anchors(region, base_year, root=data)
    found: dict[str, Membership] = {}
    by_rules: dict[str, Membership] = {}
    for name, one in resolved.items():
        rules = load_membership_rules(region, policy=one.policy, anchors=anchors, scenario=one.scenario, root=models)
        key = rules.fingerprint
        if key not in by_rules:
            by_rules[key] = project_membership(people, rules, quarters=[Quarter(base_year, 4), to])
        found[name] = by_rules[key]
    return found


def stack_scenarios(members: Mapping[str, Membership]) -> xr.DataArray:
    """Return the stocks of all scenarios; without a scenario dim where they are the same.

    Parameters
    ----------
    members : mapping
        ``scenario -> Membership`` over the same quarters.

    Returns
    -------
    DataArray, dims ([scenario,] status, sex, age, quarter)
        Persons at quarter-ends [persons].
    """
    held = list(members.values())
    if all(one is held[0] for one in held):
        return held[0].stocks
    stacked = xr.concat([one.stocks for one in held], "scenario", join="exact")
    return stacked.assign_coords(scenario=list(members))


def births_by_scenario(
    members: Mapping[str, Membership], model: FinanceModel, *, base_year: int
) -> xr.DataArray | None:
    """Return the births index of every scenario; without a scenario dim where all have the same people.

    Parameters
    ----------
    members : mapping
        ``scenario -> Membership``.
    model : FinanceModel
        Holds the profile of maternity.
    base_year : int
        Year in which the index is 1.

    Returns
    -------
    DataArray, dims ([scenario,] quarter), or None
        See :func:`births_index`.
    """
    people = [one.population for one in members.values()]
    first = births_index(people[0], model, base_year=base_year)
    if first is None or all(one is people[0] for one in people):
        return first
    indices = [first if one is people[0] else births_index(one, model, base_year=base_year) for one in people]
    return xr.concat([one for one in indices if one is not None], "scenario").assign_coords(scenario=list(members))


def births_index(population: PopulationProjection, model: FinanceModel, *, base_year: int) -> xr.DataArray | None:
    r"""Return how births move against what women by age alone would make of them.

    .. math:: \phi_y = \frac{B_y / \sum_a f_a W_{a,y}}{B_0 / \sum_a f_a W_{a,0}}

    with the maternity profile :math:`f` and women :math:`W`: it is 1 while fertility by age stands still.

    Parameters
    ----------
    population : PopulationProjection
        People.
    model : FinanceModel
        Holds the profile of maternity.
    base_year : int
        Year in which the index is 1; the first projected year where the projection begins later.

    Returns
    -------
    DataArray, dims (quarter), or None
        Index of every quarter of the projection [ratio]; None where no maternity profile is declared.
    """
    declared = model.benefit("employee", "maternity")
    if declared is None or declared.profile is None:
        return None
    profile = model.profiles[declared.profile]
    women = population.population.sel(sex="female", drop=True)
    weights = xr.DataArray(
        [profile.value("female", int(age)) for age in women["age"].to_numpy()], dims="age", coords={"age": women["age"]}
    )
    expected = (women * weights).sum("age")
    births = population.births.sum("sex") if "sex" in population.births.dims else population.births
    rate = births / expected
    years = [int(year) for year in rate["year"].to_numpy()]
    index = rate / rate.sel(year=base_year if base_year in years else years[0])
    labels = [f"{year}Q{number}" for year in years for number in range(1, 5)]
    return xr.DataArray(np.repeat(index.to_numpy(), 4, axis=-1), dims="quarter", coords={"quarter": labels})
