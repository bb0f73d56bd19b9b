"""Read the shape of a synthetic city from models/synth/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from actuary.errors import DeclarationError, Problem, raise_all
from actuary.files import read_records
from actuary.paths import models_root
from actuary.policy.shapes import Shape, Text, fit
from actuary.policy.toml_files import read_toml

__all__ = ["KINDS", "Anchor", "Plan", "RelativeCost", "load_plan"]

Share = Annotated[float, Field(ge=0, le=1)]
Spread = Annotated[float, Field(ge=0, le=3)]
Positive = Annotated[float, Field(gt=0)]

#: Kinds of misbehaviour, as the truth names them.
KINDS = (
    "upcoding",
    "split_stay",
    "light_admission",
    "refusing_severe",
    "cost_shifting",
    "growth",
    "drug_spike",
    "consumable_spike",
)


class Anchor(Shape):
    """Name a published figure: indicator, scheme, and the places to look for it in order (``@city`` is the city)."""

    indicator: Text
    scheme: Text
    places: tuple[Text, ...] = Field(min_length=1)


class Hospitals(Shape):
    """Say how many hospitals there are and how they differ."""

    tiers: tuple[Text, ...] = Field(min_length=1)
    count: tuple[Annotated[int, Field(ge=1)], ...]
    stays: tuple[Share, ...]
    size_sigma: tuple[Spread, ...]
    cost_sigma: Spread
    stay_sigma: Spread
    severity_sigma: Spread
    specialty_sigma: Spread


class Mix(Shape):
    """Say how often the groups are, and who is in them."""

    frequency_sigma: Spread
    tier_leaning: Spread
    adult: Share
    child: Share
    infant: Share
    same_group_again: Share
    stays_per_person: Annotated[float, Field(ge=1)]


class Ages(Shape):
    """Say how old grown patients are: pairs are employee and resident, or mean and spread in years."""

    elderly: tuple[Share, Share]
    elderly_years: tuple[Positive, Positive]
    other_years: tuple[Positive, Positive]
    mother_years: tuple[Positive, Positive]


class Death(Shape):
    """Say who dies in hospital: share by complication (none, CC, MCC), growing with the age."""

    share: tuple[Share, Share, Share]
    growth_per_year: Spread
    from_age: Annotated[int, Field(ge=0, le=120)]
    most: Share


class Cost(Shape):
    """Say how cost and length of stay vary within a group."""

    cv_low: Positive
    cv_high: Positive
    tail_share: Share
    tail_sigma: Spread
    stay_power: Spread
    stay_sigma: Spread
    cost_stay_correlation: Annotated[float, Field(ge=-1, le=1)]
    least_yuan: Positive
    outpatient_shape: Positive
    outpatient_yuan: Positive


class Payers(Shape):
    """Say who pays what; pairs are employee and resident, the deductible is by tier."""

    fully_self_paid: tuple[Share, Share]
    first_self_paid: tuple[Share, Share]
    spread: Spread
    most: tuple[Share, Share]
    deductible_yuan: tuple[Annotated[float, Field(ge=0)], ...]
    account_share: Share
    critical_illness_above_yuan: Positive
    critical_illness_share: Share


class Items(Shape):
    """Say how a bill is made up, by class of item."""

    names: tuple[Literal["medical", "nursing", "technical", "drugs", "consumables", "management"], ...]
    medical: tuple[Share, ...]
    surgical: tuple[Share, ...]
    concentration: Positive
    implants: tuple[Positive, Positive]
    negotiated_share: Share
    negotiated: tuple[Positive, Positive]


class Kinds(Shape):
    """Say how strong each kind of misbehaviour is where it is found."""

    upcoding: Share
    split_stay: Share
    light_admission: Share
    refusing_severe: Share
    cost_shifting: Share
    growth: Share
    drug_spike: Annotated[float, Field(ge=0, le=5)]
    consumable_spike: Annotated[float, Field(ge=0, le=5)]


class Misbehaviour(Shape):
    """Say in how many hospitals misbehaviour is found, and of which kinds."""

    hospitals: Share
    kinds: Kinds


class Plan(Shape):
    """Hold the shape of a synthetic city, as models/synth/shape.toml declares it."""

    schema_: Literal[1] = Field(alias="schema")
    name_zh: Text
    name_en: Text
    scheme: Text
    year: Annotated[int, Field(ge=2000, le=2100)]
    relative_cost: Text
    relative_cost_from: tuple[Text, ...]
    anchors: Mapping[str, Anchor]
    hospitals: Hospitals
    mix: Mix
    ages: Ages
    death: Death
    cost: Cost
    payers: Payers
    items: Items
    departments: Mapping[str, Text]
    misbehaviour: Misbehaviour


@dataclass(frozen=True, slots=True)
class RelativeCost:
    """Hold the typical cost of a group against the mean stay, and over how many published tables it is the median."""

    drg: str
    relative_cost: float
    tables: int


def _check_lengths(plan: Plan, where: str) -> list[Problem]:
    tiers = len(plan.hospitals.tiers)
    lists = {
        "hospitals.count": plan.hospitals.count,
        "hospitals.stays": plan.hospitals.stays,
        "hospitals.size_sigma": plan.hospitals.size_sigma,
        "payers.deductible_yuan": plan.payers.deductible_yuan,
    }
    problems = [
        Problem(f"{where}, {key}", f"{len(values)} values", f"{tiers}, one for each of hospitals.tiers")
        for key, values in lists.items()
        if len(values) != tiers
    ]
    shares = {
        "hospitals.stays": plan.hospitals.stays,
        "items.medical": plan.items.medical,
        "items.surgical": plan.items.surgical,
    }
    problems += [
        Problem(f"{where}, {key}", f"a sum of {sum(values):g}", "shares that add up to 1")
        for key, values in shares.items()
        if abs(sum(values) - 1) > 1e-9
    ]
    if plan.cost.cv_low > plan.cost.cv_high:
        problems.append(Problem(f"{where}, cost.cv_low", f"{plan.cost.cv_low:g}", f"at most {plan.cost.cv_high:g}"))
    return problems


def load_plan(path: Path | None = None) -> tuple[Plan, tuple[RelativeCost, ...]]:
    """Read the shape of a synthetic city and the typical costs of its groups.

    Parameters
    ----------
    path : Path, optional
        The declaration; the one that comes with the package when left out.

    Returns
    -------
    tuple
        The shape, and the relative cost of every group [share of the mean stay].

    Raises
    ------
    DeclarationError
        When a file is missing or does not hold what it should, with every problem found.

    Examples
    --------
    >>> plan, costs = load_plan()
    >>> plan.hospitals.tiers, len(costs)
    (('1', '2', '3'), 628)
    """
    path = path or models_root() / "synth" / "shape.toml"
    file, problems = read_toml(path)
    if file is None:
        raise_all(problems, DeclarationError)
    assert file is not None  # noqa: S101  raise_all has raised
    plan, differences = fit(Plan, file.data, file=file)
    raise_all([*problems, *differences], DeclarationError)
    assert plan is not None  # noqa: S101
    raise_all(_check_lengths(plan, file.label), DeclarationError)
    return plan, _read_costs(path.parent / plan.relative_cost)


def _read_costs(path: Path) -> tuple[RelativeCost, ...]:
    rows, problems = read_records(path, ("drg", "relative_cost", "tables"), label=path.name)
    costs: list[RelativeCost] = []
    for number, row in rows:
        try:
            cost = RelativeCost(row["drg"], float(row["relative_cost"]), int(row["tables"]))
        except (KeyError, TypeError, ValueError):
            problems.append(Problem(f"{path.name} row {number}", repr(row), "drg, relative_cost, tables"))
            continue
        if not cost.relative_cost > 0:
            problems.append(Problem(f"{path.name} row {number}", repr(cost.relative_cost), "a cost above zero"))
        costs.append(cost)
    raise_all(problems, DeclarationError)
    return tuple(costs)
