"""A new drug or device in a group: what it costs and saves a case, and what that does to hospital and fund."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from actuary.errors import Problem, raise_all
from actuary.payment.exact import Number, as_fraction

__all__ = ["NewTechnology", "TechnologyBenefit", "weigh_technology"]


@dataclass(frozen=True, slots=True)
class NewTechnology:
    """Hold what a new drug or device does in the cases of one group.

    Parameters
    ----------
    group : str
        Group of the cases.
    cases : int
        Cases of a year that would use it.
    added_yuan : number
        What it costs a case [yuan].
    saved_yuan : number
        What it saves a case elsewhere: other drugs, days, complications [yuan].
    standard_yuan : number, optional
        Payment standard of the group, for the gain of the hospital [yuan].
    cost_yuan : number, optional
        Mean cost of a case before [yuan].
    extra_pay_yuan : number
        Paid on top of the standard for it, while it counts as new [yuan a case].
    """

    group: str
    cases: int
    added_yuan: Number
    saved_yuan: Number
    standard_yuan: Number | None = None
    cost_yuan: Number | None = None
    extra_pay_yuan: Number = 0


@dataclass(frozen=True, slots=True)
class TechnologyBenefit:
    """Hold the benefit in one group [yuan].

    Parameters
    ----------
    group : str
        The group.
    per_case_yuan : Fraction
        Saved less added, a case.
    total_yuan : Fraction
        The same for all cases.
    hospital_yuan : Fraction
        What the hospitals gain: the total and what is paid on top.
    fund_yuan : Fraction
        What the fund gains in the year: less what it pays on top; the standard stays.
    gain_per_case_yuan : Fraction or None
        Gain of a case after: standard + extra pay − (cost + added − saved); None without standard and cost.
    """

    group: str
    per_case_yuan: Fraction
    total_yuan: Fraction
    hospital_yuan: Fraction
    fund_yuan: Fraction
    gain_per_case_yuan: Fraction | None


def weigh_technology(entries: Sequence[NewTechnology]) -> tuple[TechnologyBenefit, ...]:
    """Weigh the cost of a new drug or device against what it saves, group by group.

    benefit = (saved − added) × cases. The standard of a group does not change within the year, so the hospitals keep
    the benefit; the fund pays only what is granted on top.

    Parameters
    ----------
    entries : sequence of NewTechnology
        One entry for each group.

    Returns
    -------
    tuple of TechnologyBenefit
        In the order given.

    Raises
    ------
    ActuaryError
        When a number of cases is negative.

    Examples
    --------
    >>> benefit = weigh_technology([NewTechnology("FR21", 554, added_yuan=145, saved_yuan=362)])[0]
    >>> int(benefit.per_case_yuan), int(benefit.total_yuan)
    (217, 120218)
    """
    raise_all(
        Problem(f"group {entry.group}, cases", str(entry.cases), "0 or more") for entry in entries if entry.cases < 0
    )
    return tuple(_benefit(entry) for entry in entries)


def _benefit(entry: NewTechnology) -> TechnologyBenefit:
    per_case = as_fraction(entry.saved_yuan) - as_fraction(entry.added_yuan)
    extra = as_fraction(entry.extra_pay_yuan)
    gain = None
    if entry.standard_yuan is not None and entry.cost_yuan is not None:
        gain = as_fraction(entry.standard_yuan) + extra - as_fraction(entry.cost_yuan) + per_case
    return TechnologyBenefit(
        entry.group, per_case, entry.cases * per_case, entry.cases * (per_case + extra), -entry.cases * extra, gain
    )
