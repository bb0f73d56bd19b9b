"""What a scenario does to people: dated changes of fertility, mortality and migration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from actuary.demography.population import PopulationInputs
from actuary.demography.population_checks import implausible
from actuary.demography.population_files import list_spans
from actuary.demography.variants import with_tfr
from actuary.drivers import POPULATION_DRIVERS
from actuary.errors import DeclarationError, Problem, raise_all
from actuary.policy.scenarios import Delta, Scenario

__all__ = ["change_people", "touches_people"]

type FloatArray = NDArray[np.float64]

_LEAST_TFR = 0.1


def touches_people(scenario: Scenario) -> bool:
    """Say whether a scenario changes the people themselves.

    Examples
    --------
    >>> from actuary.policy import load_scenario
    >>> touches_people(load_scenario("fertility_low")), touches_people(load_scenario("adverse"))
    (True, False)
    """
    return any(delta.key in POPULATION_DRIVERS for delta in scenario.deltas)


def change_people(inputs: PopulationInputs, scenario: Scenario) -> PopulationInputs:
    """Apply the deltas of a scenario that touch people, in their order.

    A calendar year is touched where its first of July lies within the days of the delta. Births per woman keep their
    age pattern; death rates of all ages are multiplied; net migrants are multiplied, or persons are added in
    proportion to the gross size of each sex and age.

    Parameters
    ----------
    inputs : PopulationInputs
        People without the scenario.
    scenario : Scenario
        Its deltas on ``population.`` keys are applied, the others are left to rules and assumptions.

    Returns
    -------
    PopulationInputs
        The same object where nothing touches people.

    Raises
    ------
    DeclarationError
        When an operation makes no sense for its key, or leads out of what is possible.

    Examples
    --------
    >>> from actuary.demography.population_sources import load_population
    >>> from actuary.policy import load_scenario
    >>> people = load_population("national")
    >>> low = change_people(people, load_scenario("fertility_low"))
    >>> round(float(people.tfr[20] - low.tfr[20]), 3)
    0.25
    """
    wanted = [delta for delta in scenario.deltas if delta.key in POPULATION_DRIVERS]
    raise_all([problem for delta in wanted for problem in _problems(delta, scenario)], DeclarationError)
    before = inputs
    for delta in wanted:
        inputs = _apply(inputs, delta, scenario)
    if wanted:
        known = {problem.where for problem in _doubts(before)}
        odd = [replace(one, where=f"scenario {scenario.name}: {one.where}") for one in _doubts(inputs)
               if one.where not in known]  # fmt: skip
        raise_all(odd, DeclarationError)
    # Tables carry their own name; a changed one carries that of what changed it.
    return replace(inputs, variant=scenario.name) if wanted else inputs


def _problems(delta: Delta, scenario: Scenario) -> list[Problem]:
    where = f"scenario {scenario.name}, {delta.key}"
    if delta.key == "population.mortality" and delta.operation != "multiply":
        return [Problem(where, delta.operation, "multiply", "death rates differ by age: give a factor")]
    if delta.key == "population.net_migrants" and delta.operation == "replace":
        return [Problem(where, delta.operation, "add or multiply", "say how many persons more, or a factor")]
    if not isinstance(delta.value, float):
        return [Problem(where, repr(delta.value), "a number")]
    if delta.operation != "add" and delta.key != "population.net_migrants" and delta.value <= 0:
        return [Problem(where, f"{delta.value:g}", "a number above 0")]
    return []


def _touched(years: Sequence[int] | NDArray[np.int64], delta: Delta) -> NDArray[np.bool_]:
    last = delta.last_day or dt.date.max
    return np.array([delta.first_day <= dt.date(int(year), 7, 1) <= last for year in years])


def _doubts(inputs: PopulationInputs) -> list[Problem]:
    """Return what is not plausible in fertility and mortality; where people move is the tables' own matter."""
    return implausible({"mx": inputs.mx, "asfr": inputs.asfr}, ages=inputs.ages, years=inputs.years)


def _apply(inputs: PopulationInputs, delta: Delta, scenario: Scenario) -> PopulationInputs:
    chosen, value = _touched(inputs.years, delta), float(str(delta.value))
    if delta.key == "population.total_fertility":
        changed = {"add": inputs.tfr + value, "multiply": inputs.tfr * value, "replace": np.full(len(chosen), value)}
        tfr = np.where(chosen, changed[delta.operation], inputs.tfr)
        low = chosen & (tfr < _LEAST_TFR)
        if low.any():
            found = f"{tfr[low].min():.3g} births per woman in {list_spans(np.asarray(inputs.years)[low].tolist())}"
            where = f"scenario {scenario.name}, {delta.key}"
            raise DeclarationError(Problem(where, found, f"{_LEAST_TFR:g} or more", "change the value of the delta"))
        return with_tfr(inputs, tfr)
    if delta.key == "population.mortality":
        factor = np.where(chosen, value, 1.0)[:, None, None]
        # Survival ratios that were given belong to the rates that were given.
        return replace(inputs, mx=inputs.mx * factor, survival=None)
    if delta.operation == "multiply":
        return replace(inputs, migration=inputs.migration * np.where(chosen, value, 1.0)[:, None, None])
    gross = np.abs(inputs.migration)
    weight = np.where(gross.sum(axis=(1, 2), keepdims=True) > 0, gross, inputs.base[None])
    share: FloatArray = weight / weight.sum(axis=(1, 2), keepdims=True)
    return replace(inputs, migration=inputs.migration + share * np.where(chosen, value, 0.0)[:, None, None])
