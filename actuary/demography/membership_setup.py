"""What people and rules must have in common before members can be projected, and what of the people is used."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from actuary.demography.membership_rules import MembershipRules
from actuary.demography.membership_steps import YearFlows
from actuary.demography.population import PopulationProjection
from actuary.errors import DeclarationError, PeriodError, Problem, raise_all
from actuary.periods import Quarter
from actuary.policy.membership_model import MEMBERSHIP_KEYS

__all__ = ["age_bounds", "members_below_zero", "membership_years", "one_year_older", "people_at", "quarter_span"]

type FloatArray = NDArray[np.float64]

#: Below this open age some of the oldest group may not have reached their retirement yet.
_LEAST_OPEN_AGE = 75


def people_at(population: PopulationProjection, year: int) -> FloatArray:
    """Return the people of 31 December of a year, or of the day before the first step, shape (2, A) [persons]."""
    if year == int(population.inputs.years[0]) - 1:
        return np.array(population.inputs.base)
    return population.population.sel(year=year).transpose("sex", "age").to_numpy()


def one_year_older(members: FloatArray) -> FloatArray:
    """Move members to the age they reach in the year; the newborn column is empty."""
    moved = np.zeros_like(members)
    moved[..., 1:] = members[..., :-1]
    moved[..., -1] += members[..., -1]
    return moved


def age_bounds(rules: MembershipRules, year: int) -> tuple[int, int]:
    """Return the ages below which residents are children and from which they are elderly."""
    child, elderly = (
        round(float(rules.values(f"membership.{name}", [year])[0])) for name in ("child_below", "elderly_from")
    )
    return child, elderly


def membership_years(population: PopulationProjection, rules: MembershipRules) -> tuple[int, int]:
    """Return the first and the last year-end of membership, after checking that people and rules fit each other.

    Raises
    ------
    DeclarationError
        When ages are missing, the totals stand outside the population, or a rule does not reach the last year.
    """
    inputs = population.inputs
    problems = []
    if inputs.step != 1:
        problems.append(
            Problem("ages of the population", "five-year groups", "single years of age", "project single years of age")
        )
    if int(inputs.ages[-1]) < _LEAST_OPEN_AGE:
        problems.append(
            Problem("open age of the population", f"{inputs.ages[-1]}", f"{_LEAST_OPEN_AGE} or more",
                    "who retires when cannot be told within an open group of younger people")
        )  # fmt: skip
    base, last = int(inputs.years[0]) - 1, int(inputs.end_years[-1])
    start = rules.anchors.year if rules.anchors is not None else base
    if not base <= start < last:
        problems.append(
            Problem("year of the totals", str(start), f"a year from {base} to {last - 1}",
                    "the population must hold the people of that year-end and at least one year more")
        )  # fmt: skip
    for key in MEMBERSHIP_KEYS:
        try:
            rules.values(key, list(range(start, last + 1)))
        except DeclarationError as error:
            problems += error.problems
    raise_all(problems, DeclarationError)
    return start, last


def quarter_span(quarters: Iterable[Quarter | str] | None, *, start: int, last: int) -> tuple[Quarter, Quarter]:
    """Return the first and the last quarter wanted, all of them when none is named.

    Raises
    ------
    PeriodError
        When a quarter lies outside the years of membership.
    """
    held = (Quarter(start, 4), Quarter(last, 4))
    if quarters is None:
        return held
    wanted = sorted(Quarter.parse(one) for one in quarters)
    if not wanted or wanted[0] < held[0] or wanted[-1] > held[1]:
        shown = f"{wanted[0]} to {wanted[-1]}" if wanted else "none"
        raise PeriodError(Problem("quarters", shown, f"quarters from {held[0]} to {held[1]}"))
    return wanted[0], max(wanted[-1], held[0] + 1)


def members_below_zero(flows: list[YearFlows], years: NDArray[np.int64]) -> list[Problem]:
    """Name the first year in which more members leave a status than there are."""
    for year, step in zip(years, flows, strict=True):
        low = float(step.closing.min())
        if low < -1e-6 * max(float(step.closing.max()), 1.0):
            mend = "check mortality, migration and the relative mortality of the statuses"
            return [Problem(f"members at the end of {year}", f"{low:,.1f} persons in one status", "0 or more", mend)]
    return []
