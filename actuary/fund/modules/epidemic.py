"""Epidemic shock: contributions cut, advances to hospitals, vaccines, use of care that falls and partly comes back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actuary.errors import DeclarationError, Problem
from actuary.fund.modules.view import ModuleDelta, ModuleView, spread_over
from actuary.periods import Quarter

__all__ = ["contribution_cut", "epidemic", "implied_monthly_base", "use_course", "vaccine_cost"]

_NAME = "epidemic"
#: Benefits whose use falls; chronic care and births are not put off.
_PUT_OFF = ("inpatient", "outpatient", "out_of_area")
_LONGEST_RULE = "employee.contribution_halving_max_months"
_MONTHS_A_QUARTER = 3


def contribution_cut(
    *, persons: float, monthly_base_yuan: float, employer_rate: float, reduction: float, months: float
) -> float:
    """Return the contributions that a cut forgoes: persons × base × rate × cut × months [yuan].

    Examples
    --------
    >>> cut = contribution_cut(
    ...     persons=1.447e6, monthly_base_yuan=5080, employer_rate=0.08, reduction=0.5, months=5
    ... )
    >>> round(cut / 1e9, 2)
    1.47
    """
    return persons * monthly_base_yuan * employer_rate * reduction * months


def implied_monthly_base(
    *, forgone_yuan: float, persons: float, employer_rate: float, reduction: float, months: float
) -> float:
    """Return the contribution base a month at which a cut forgoes an amount [yuan a month].

    Examples
    --------
    >>> base = implied_monthly_base(
    ...     forgone_yuan=1.47e9, persons=1.447e6, employer_rate=0.08, reduction=0.5, months=5
    ... )
    >>> round(base)
    5079
    """
    return forgone_yuan / (persons * employer_rate * reduction * months)


def vaccine_cost(*, persons: float, cost_per_head_yuan: float, fund_share: float) -> float:
    """Return what the funds pay for vaccines [yuan].

    Examples
    --------
    >>> round(vaccine_cost(persons=7.415e6, cost_per_head_yuan=200, fund_share=0.8) / 1e9, 3)
    1.186
    """
    return persons * cost_per_head_yuan * fund_share


def use_course(
    quarters: int, *, fall: float, persistence: float, rebound_share: float, rebound_after: int, rebound_quarters: int
) -> NDArray[np.float64]:
    r"""Return the change of use in each quarter after the first one of an epidemic, over the use without it.

    .. math:: u_k = -f \rho^k + r \frac{f}{1-\rho} \frac{1}{m} 1[a \le k < a+m]

    with the fall :math:`f`, what is left of it after a quarter :math:`\rho`, and the share :math:`r` of all forgone use
    that comes back over :math:`m` quarters from the :math:`a`-th on.

    Parameters
    ----------
    quarters : int
        How many.
    fall, persistence, rebound_share : float
        Shares [share].
    rebound_after, rebound_quarters : int
        When and how long use comes back.

    Examples
    --------
    >>> course = use_course(
    ...     8, fall=0.3, persistence=0.5, rebound_share=0.0, rebound_after=3, rebound_quarters=4
    ... )
    >>> round(float(course[:4].mean()), 3)
    -0.141
    """
    k = np.arange(quarters)
    back = rebound_share * fall / (1.0 - persistence) / rebound_quarters
    return np.asarray(
        -fall * persistence**k + np.where((k >= rebound_after) & (k < rebound_after + rebound_quarters), back, 0.0)
    )


def epidemic(view: ModuleView) -> list[ModuleDelta]:
    """Return what an epidemic that begins in the first quarter of its switch changes.

    The employer's contribution falls for some months; use falls at once, recovers at a declared speed and comes back
    in part; hospitals get an advance that is settled later; vaccines are paid for all insured.

    Raises
    ------
    DeclarationError
        When the months are more than the rule in force allows.
    """
    first = view.first_on(_NAME)
    deltas = []
    if "employee" in view.schemes:
        deltas.append(_reduced_contributions(view, first))
    for scheme in view.schemes:
        deltas += _changed_use(view, first, scheme)
        deltas += _advances(view, first, scheme)
        deltas.append(_vaccines(view, first, scheme))
    return deltas


def _reduced_contributions(view: ModuleView, first: Quarter) -> ModuleDelta:
    months = view.scalar("epidemic.reduction_months", first)
    entry = view.policy.parameters[_LONGEST_RULE].entry(first.first_day) if _LONGEST_RULE in view.policy else None
    if entry is not None and isinstance(entry.value, float) and months > entry.value:
        raise DeclarationError(
            Problem("epidemic.reduction_months", f"{months:g} months", f"at most {entry.value:g}, see {_LONGEST_RULE}")
        )
    cut = view.scalar("epidemic.contribution_reduction", first) * view.scalar("epidemic.reduced_base_share", first)
    # Months begin with the quarter, so the last quarter may be cut for a part of it only.
    shares = [
        float(np.clip(months - _MONTHS_A_QUARTER * (one - first), 0, _MONTHS_A_QUARTER)) / _MONTHS_A_QUARTER
        if one >= first
        else 0.0
        for one in view.quarters
    ]
    yuan = -view.received("employee", "employer") * cut * view.quarterly(shares)
    return ModuleDelta(_NAME, "reduced_contributions", "income", "employee", "employer", yuan)


def _changed_use(view: ModuleView, first: Quarter, scheme: str) -> list[ModuleDelta]:
    begin = view.quarters.index(first)
    course = np.zeros(len(view.quarters))
    course[begin:] = use_course(
        len(view.quarters) - begin,
        fall=view.scalar("epidemic.use_fall", first),
        persistence=view.scalar("epidemic.persistence", first),
        rebound_share=view.scalar("epidemic.rebound_share", first),
        rebound_after=int(view.scalar("epidemic.rebound_after_quarters", first)),
        rebound_quarters=int(view.scalar("epidemic.rebound_quarters", first)),
    )
    factor = view.quarterly(course)
    return [
        ModuleDelta(_NAME, "changed_use", "spending", scheme, benefit, view.spent(scheme, benefit) * factor)
        for benefit in _PUT_OFF
    ]


def _advances(view: ModuleView, first: Quarter, scheme: str) -> list[ModuleDelta]:
    """Pay an advance in the first quarter and take it back when it is settled: in all it costs nothing."""
    wait = int(view.scalar("epidemic.advance_quarters", first))
    at = view.quarters.index(first)
    amount = float(view.spent(scheme, "inpatient")[at]) * view.scalar("epidemic.advance_share", first)
    course = np.zeros(len(view.quarters))
    course[at] = amount
    if at + wait < len(course):
        course[at + wait] -= amount
    return [ModuleDelta(_NAME, "advances", "spending", scheme, "inpatient", view.quarterly(course))]


def _vaccines(view: ModuleView, first: Quarter, scheme: str) -> ModuleDelta:
    start = first + int(view.scalar("epidemic.vaccine_after_quarters", first))
    shares = spread_over(view, start, int(view.scalar("epidemic.vaccine_quarters", first)))
    persons = view.persons(scheme) * view.scalar("epidemic.vaccinated_share", first)
    per_head = vaccine_cost(
        persons=1.0,
        cost_per_head_yuan=view.scalar("epidemic.vaccine_cost_per_head", first),
        fund_share=view.scalar("epidemic.vaccine_fund_share", first),
    )
    return ModuleDelta(_NAME, "vaccines", "spending", scheme, "outpatient", persons * per_head * shares)
