"""Money of volume-based procurement (集中带量采购): savings, what hospitals keep of them, the turnover fund."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from actuary.errors import ActuaryError, Problem, raise_all
from actuary.payment.exact import Number, RoundingMode, as_fraction, in_units

__all__ = [
    "ProcurementEvent",
    "Purchase",
    "Retention",
    "event_effects",
    "progress",
    "retain_surplus",
    "returned_surplus",
    "saving",
    "turnover_leverage",
]


@dataclass(frozen=True, slots=True)
class Retention:
    """Hold what hospitals keep of a procurement's saving [fen].

    Parameters
    ----------
    budget_fen : int
        What the fund would have paid at the old price.
    base_fen : int
        What it saved; negative when it spent more.
    retained_fen : int
        What hospitals keep; 0 for a negative base.
    """

    budget_fen: int
    base_fen: int
    retained_fen: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """Hold what was bought of one group of drugs in a year of an agreement.

    Parameters
    ----------
    base_volume : number
        Volume bought before the agreement [units].
    price_before : number
        Price before [yuan].
    selected_volume : number
        Volume of the selected product bought [units].
    price_after : number
        Its price [yuan].
    other_spend_yuan : number
        Spending on products of the group that were not selected [yuan].
    """

    base_volume: Number
    price_before: Number
    selected_volume: Number
    price_after: Number
    other_spend_yuan: Number = 0


def retain_surplus(
    purchase: Purchase,
    *,
    fund_share: Number,
    retain_share: Number,
    assessment: Number,
    mode: RoundingMode = "half_up",
) -> Retention:
    """Return what hospitals keep of what a procurement saves the fund (结余留用).

    budget = base volume × old price × fund share; base = budget − (selected volume × new price + other use) × fund
    share; retained = max(0, base) × retain share × assessment coefficient.

    Parameters
    ----------
    purchase : Purchase
        What was bought.
    fund_share : number
        Share of the spending that the fund bears, 0-1.
    retain_share : number
        Share of the base that is kept, 0-1.
    assessment : number
        Coefficient of the assessment, 0-1.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Raises
    ------
    ActuaryError
        When a share lies outside 0-1.

    Examples
    --------
    >>> purchase = Purchase(10_000, 10, selected_volume=10_000, price_after=4)
    >>> retain_surplus(purchase, fund_share="0.6", retain_share="0.5", assessment="0.9")
    Retention(budget_fen=6000000, base_fen=3600000, retained_fen=1620000)
    """
    shares = {"fund share": fund_share, "retain share": retain_share, "assessment": assessment}
    raise_all(
        Problem(name, str(value), "a share from 0 to 1")
        for name, value in shares.items()
        if not 0 <= as_fraction(value) <= 1
    )
    fund = as_fraction(fund_share)
    budget = as_fraction(purchase.base_volume) * as_fraction(purchase.price_before) * fund
    selected = as_fraction(purchase.selected_volume) * as_fraction(purchase.price_after)
    spent = (selected + as_fraction(purchase.other_spend_yuan)) * fund
    retained = max(budget - spent, Fraction(0)) * as_fraction(retain_share) * as_fraction(assessment)
    return Retention(in_units(budget, 2, mode), in_units(budget - spent, 2, mode), in_units(retained, 2, mode))


def saving(cases: int, cost_before: Number, cost_after: Number) -> tuple[Fraction, Fraction]:
    """Return what a procurement saves a case, and all cases together [yuan].

    Examples
    --------
    >>> [int(amount) for amount in saving(3362, 45988, 27814)]
    [18174, 61100988]
    """
    per_case = as_fraction(cost_before) - as_fraction(cost_after)
    return per_case, cases * per_case


def returned_surplus(surplus_fen: int, *, hospital_share: Number, mode: RoundingMode = "half_up") -> int:
    """Return the part of a procurement's surplus, such as that on stents, that is paid to hospitals [fen].

    Parameters
    ----------
    surplus_fen : int
        Surplus of the fund [fen]; a negative one is not passed on.
    hospital_share : number
        Share of the hospitals, 0-1.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Examples
    --------
    >>> returned_surplus(6_110_098_800, hospital_share="0.5")
    3055049400
    """
    return in_units(max(surplus_fen, 0) * as_fraction(hospital_share), 0, mode)


def turnover_leverage(turnover_fund_yuan: Number, purchases_yuan: Number) -> Fraction:
    """Return how often the turnover fund (周转金) was used: purchases / fund.

    Raises
    ------
    ActuaryError
        When the fund is not above 0.

    Examples
    --------
    >>> round(float(turnover_leverage(37_670_000, 148_000_000)), 2)
    3.93
    """
    fund = as_fraction(turnover_fund_yuan)
    if fund <= 0:
        raise ActuaryError(Problem("turnover fund", f"{turnover_fund_yuan} yuan", "an amount above 0"))
    return as_fraction(purchases_yuan) / fund


def progress(purchased: Number, agreed: Number) -> Fraction:
    """Return the progress of an agreed purchase: purchased / agreed, in volume or in yuan.

    Raises
    ------
    ActuaryError
        When nothing was agreed.

    Examples
    --------
    >>> float(progress(720, 360))
    2.0
    """
    if as_fraction(agreed) <= 0:
        raise ActuaryError(Problem("agreed purchase", str(agreed), "an amount above 0"))
    return as_fraction(purchased) / as_fraction(agreed)


@dataclass(frozen=True, slots=True)
class ProcurementEvent:
    """Hold the change of a price in the cases of one group.

    Parameters
    ----------
    group : str
        Group whose cases use the item.
    item : str
        Drug, stent, lens …
    day : date
        First day of the new price.
    price_before, price_after : number
        Prices of a unit [yuan].
    units : number
        Units that the group's cases of a year use.
    """

    group: str
    item: str
    day: dt.date
    price_before: Number
    price_after: Number
    units: Number


def event_effects(
    events: Sequence[ProcurementEvent], cases: Mapping[str, int], *, frozen: Sequence[str] = ()
) -> dict[str, tuple[Fraction, bool]]:
    """Return by how much the mean cost of each group changes, and whether its weight is frozen.

    change = Σ (new − old price) × units / cases. The weight of a frozen group is not lowered in the year, so what its
    cases cost less stays with the hospitals.

    Parameters
    ----------
    events : sequence of ProcurementEvent
        What became cheaper or dearer.
    cases : mapping of str to int
        Cases of each group in the same year.
    frozen : sequence of str
        Groups whose weight is frozen.

    Returns
    -------
    dict
        Group to (change of the mean cost [yuan], frozen).

    Raises
    ------
    ActuaryError
        When a group with an event has no cases.

    Examples
    --------
    >>> event = ProcurementEvent("FM1", "stent", dt.date(2021, 1, 1), 13_000, 700, 150)
    >>> event_effects([event], {"FM1": 100}, frozen=["FM1"])
    {'FM1': (Fraction(-18450, 1), True)}
    """
    raise_all(
        Problem(f"group {event.group}, {event.item}", "no cases", "cases of the group in the year")
        for event in events
        if cases.get(event.group, 0) < 1
    )
    changes: dict[str, Fraction] = {}
    for event in events:
        change = (as_fraction(event.price_after) - as_fraction(event.price_before)) * as_fraction(event.units)
        changes[event.group] = changes.get(event.group, Fraction(0)) + change / cases[event.group]
    return {group: (change, group in frozen) for group, change in changes.items()}
