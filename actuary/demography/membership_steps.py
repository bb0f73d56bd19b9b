"""The year of a cohort: who dies, moves, joins, lapses and retires, as coefficients and as one step.

Arrays carry six inner statuses: employed, flexible, paying on after retirement age for want of years, retired, in the
resident scheme, not insured. Ages are those reached in the year, so that one column is one cohort of birth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from actuary.demography.membership_rules import MembershipRules
from actuary.demography.membership_start import FirstMembers, odds_scaled
from actuary.periods import Quarter

__all__ = [
    "AT_RETIREMENT",
    "CAUSES",
    "INNER",
    "YearCoefficients",
    "YearFlows",
    "advance_year",
    "year_coefficients",
]

type FloatArray = NDArray[np.float64]

#: Inner statuses, in the order of the first dimension.
INNER: tuple[str, ...] = ("active", "flexible", "paying_on", "retired", "resident", "uninsured")
_ACTIVE, _FLEXIBLE, _PAYING, _RETIRED, _RESIDENT, _UNINSURED = range(6)

#: Causes of change, with their names; ``ageing`` moves residents between child, adult and elderly only.
CAUSES: dict[str, tuple[str, str]] = {
    "births": ("出生", "Births"),
    "deaths": ("死亡", "Deaths"),
    "migration_in": ("迁入", "Migration in"),
    "migration_out": ("迁出", "Migration out"),
    "ageing": ("年龄增长", "Ageing"),
    "new_entrants": ("新参保", "New entrants"),
    "coverage": ("扩面与参保率变化", "Coverage"),
    "job_changes": ("转为灵活就业", "From employment to flexible work"),
    "lapses": ("断保", "Lapses"),
    "retirements": ("退休", "Retirements"),
    "paying_on": ("年限不足继续缴费", "Paying on for want of years"),
    "paid_up": ("补足年限后退休", "Retired after paying on"),
    "not_qualified": ("年限不足转出", "Left for want of years"),
}
#: Causes that follow the months of retirement within the year; all others are even over its quarters.
AT_RETIREMENT: tuple[str, ...] = ("retirements", "paying_on", "not_qualified")
_MOVES = ("new_entrants", "coverage", "job_changes", "lapses", "paid_up", *AT_RETIREMENT)


@dataclass(frozen=True, eq=False)
class YearCoefficients:
    """Hold the coefficients of every year; T years, A ages reached in the year.

    Parameters
    ----------
    years : ndarray, shape (T,)
        Calendar years.
    retire : ndarray, shape (T, 2, A)
        Share of those not yet retired that reaches retirement in the year.
    quarter_share : ndarray, shape (T, 2, A, 5)
        Share of the year's retirements that lies before each quarter-end, 0 at its start and 1 at its end.
    short : ndarray, shape (T, 2, A)
        Share of them that lacks years of contribution.
    pay_on : ndarray, shape (T,)
        Share of those who pay on.
    complete : ndarray, shape (T, 2, A)
        Share of those who pay on that completes the years in a year.
    enter : ndarray, shape (T, 2, A)
        Share of those outside the employee scheme that enters it as young cohorts do.
    expand : ndarray, shape (T, 2, A)
        Share of the others outside that joins it beyond that.
    flexible : ndarray, shape (2, A)
        Share of flexible members among those who enter.
    job_change, lapse, lapse_uninsured, turnover : ndarray, shape (T,)
        Yearly shares.
    participation : ndarray, shape (T, 2, A)
        Share of those outside the employee scheme that the resident scheme holds.
    mortality, migrant : ndarray, shape (T, 6)
        Relative mortality, and relative odds among those who move in, by inner status.
    """

    years: NDArray[np.int64]
    retire: FloatArray
    quarter_share: FloatArray
    short: FloatArray
    pay_on: FloatArray
    complete: FloatArray
    enter: FloatArray
    expand: FloatArray
    flexible: FloatArray
    job_change: FloatArray
    lapse: FloatArray
    lapse_uninsured: FloatArray
    turnover: FloatArray
    participation: FloatArray
    mortality: FloatArray
    migrant: FloatArray


class YearFlows(NamedTuple):
    """Hold a year of all cohorts: the members after it and what led to them.

    Parameters
    ----------
    closing : ndarray, shape (6, 2, A)
        Members at the end of the year [persons].
    by_cause : dict
        For every cause but ageing the change, shape (6, 2, A) [persons].
    """

    closing: FloatArray
    by_cause: dict[str, FloatArray]


def year_coefficients(
    rules: MembershipRules,
    *,
    years: NDArray[np.int64],
    ages: NDArray[np.int64],
    opening: FirstMembers,
) -> YearCoefficients:
    """Lay the rules out by year, sex and age.

    Parameters
    ----------
    rules : MembershipRules
        The rules.
    years : ndarray, shape (T,)
        Calendar years in order, each following the one before.
    ages : ndarray, shape (A,)
        Single ages, the last one open.
    opening : FirstMembers
        The first members, for the curves as scaled to their totals.

    Returns
    -------
    YearCoefficients
        One row a year.
    """
    count = len(ages)
    ends = [Quarter(int(years[0]) - 1, 4) + number for number in range(4 * len(years) + 1)]
    births = np.arange(int(years[0]) - int(ages[-1]), int(years[-1]) + 1)
    retired = rules.retirement.retired_share(births, ends)
    delays = rules.retirement.mean_delay(births)
    # The cohort that reaches age x in year y was born in y - x; the open age takes its youngest one.
    cohort = (years[:, None] - ages[None, :]) - births[0]
    at_quarter = np.stack([retired[:, cohort[t]][:, :, 4 * t : 4 * t + 5] for t in range(len(years))])
    before, after = at_quarter[..., 0], at_quarter[..., 4]
    left = 1.0 - before
    retire = np.where(left > 1e-12, (after - before) / np.where(left > 1e-12, left, 1.0), 1.0)
    moved = after - before
    even = np.arange(5) / 4.0
    quarter_share = np.where(
        (moved > 1e-12)[..., None],
        (at_quarter - before[..., None]) / np.where(moved > 1e-12, moved, 1.0)[..., None],
        even,
    )
    values = {name: rules.values(f"membership.{name}", years) for name in _BY_YEAR}
    short, complete = _short_of_years(rules, years, delay=delays[:, cohort].transpose(1, 0, 2))
    rise = np.zeros((2, count))
    rise[:, 1:] = np.maximum(np.diff(opening.covered, axis=1), 0.0) / np.maximum(1.0 - opening.covered[:, :-1], 1e-12)
    enter = np.minimum(values["entry_factor"][:, None, None] * rise, 1.0) * left
    expand = values["coverage_expansion"][:, None, None] * rules.curve("expansion_shape", ages) * left
    odds = values["resident_participation"][:, None, None]
    others = values["insured_mortality"]
    ones = np.ones_like(others)
    member = values["migrant_contributing"]
    return YearCoefficients(
        years=years,
        retire=retire,
        quarter_share=quarter_share,
        short=short,
        pay_on=values["pay_on_share"],
        complete=complete,
        enter=enter,
        expand=expand,
        flexible=opening.flexible,
        job_change=values["job_to_flexible_rate"],
        lapse=values["flexible_lapse_rate"],
        lapse_uninsured=values["lapse_uninsured_share"],
        turnover=values["migration_turnover"],
        participation=odds_scaled(np.broadcast_to(opening.participation, enter.shape), odds),
        mortality=np.stack([others, others, others, values["retired_mortality"], others, ones], axis=1),
        migrant=np.stack(
            [member, member, member, values["migrant_retired"], ones, values["migrant_uninsured"]], axis=1
        ),
    )


_BY_YEAR = (
    "entry_factor",
    "coverage_expansion",
    "flexible_lapse_rate",
    "lapse_uninsured_share",
    "job_to_flexible_rate",
    "pay_on_share",
    "retired_mortality",
    "insured_mortality",
    "migration_turnover",
    "migrant_contributing",
    "migrant_retired",
    "migrant_uninsured",
    "resident_participation",
)


def _short_of_years(
    rules: MembershipRules, years: NDArray[np.int64], *, delay: FloatArray
) -> tuple[FloatArray, FloatArray]:
    r"""Return who lacks years at retirement, and how fast those who pay on complete them.

    Years of contribution are normal with the declared mean, which rises with the delay of the cohort, and spread:
    :math:`z = (min - mean) / sd`, share short :math:`\Phi(z)`, mean lack :math:`sd (z + \varphi(z)/\Phi(z))`.
    """
    least = rules.least_years([int(year) for year in years]).T[:, :, None]
    means = [rules.values(f"membership.contribution_years_{who}", years) for who in ("men", "women")]
    spread = rules.values("membership.contribution_years_spread", years)[:, None, None]
    z = (least - np.stack(means, axis=1)[:, :, None] - delay) / spread
    short = ndtr(z)
    density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    lack = spread * (z + density / np.maximum(short, 1e-300))
    short = np.where(least > 0, short, 0.0)
    return short, np.minimum(1.0 / np.maximum(lack, 1e-9), 1.0)


def advance_year(
    coefficients: YearCoefficients,
    t: int,
    opening: FloatArray,
    *,
    born: FloatArray,
    deaths: FloatArray,
    migrants: FloatArray,
) -> YearFlows:
    """Move all cohorts through one year.

    Deaths, those who move out and those who leave a status are taken from the members of the start; those who enter
    do not leave again in the same year. All net migrants move at the end of the year, as in the population.

    Parameters
    ----------
    coefficients : YearCoefficients
        The coefficients.
    t : int
        Position of the year.
    opening : ndarray, shape (6, 2, A)
        Members at the start by the age they reach in the year; the newborn column is empty [persons].
    born : ndarray, shape (2,)
        Live births by sex [persons].
    deaths, migrants : ndarray, shape (2, A)
        Deaths and net migrants by the age reached in the year [persons].

    Returns
    -------
    YearFlows
        The members at the end and the change by cause; ``opening + sum of all changes = closing``.
    """
    c = coefficients
    births = np.zeros_like(opening)
    births[_RESIDENT, :, 0] = born * c.participation[t, :, 0]
    births[_UNINSURED, :, 0] = born - births[_RESIDENT, :, 0]
    people = opening + births
    # Where nearly all die, a relative mortality loses its meaning: it fades, so that no status loses more than it has.
    spared = 1.0 - _over(deaths, people.sum(axis=0))
    weighted = people * (1.0 + (c.mortality[t] - 1.0)[:, None, None] * spared)
    dead = deaths * _over(weighted, weighted.sum(axis=0))
    alive = people - dead
    total = alive.sum(axis=0)
    turnover = c.turnover[t] * total
    leaving = np.maximum(-migrants, 0.0) + turnover
    out = leaving * _over(alive, total)
    stay = alive - out

    flows = _moves(c, t, stay)
    settled = stay + sum(flows.values())
    outside = settled[_RESIDENT] + settled[_UNINSURED]
    moved = c.participation[t] * outside - settled[_RESIDENT]
    flows["coverage"][_RESIDENT] += moved
    flows["coverage"][_UNINSURED] -= moved
    settled[_RESIDENT] += moved
    settled[_UNINSURED] -= moved
    odds = settled * c.migrant[t][:, None, None]
    arriving = np.maximum(migrants, 0.0) + turnover
    share = _over(odds, odds.sum(axis=0))
    # Where nobody lives yet, those who come are not insured.
    share[_UNINSURED] += 1.0 - share.sum(axis=0)
    into = arriving * share
    closing = settled + into
    return YearFlows(closing, {"births": births, "deaths": -dead, "migration_in": into, "migration_out": -out, **flows})


def _moves(c: YearCoefficients, t: int, stay: FloatArray) -> dict[str, FloatArray]:
    """Return who leaves one status for another, of those who neither died nor moved out."""
    changed = c.job_change[t] * stay[_ACTIVE]
    lapsed = c.lapse[t] * stay[_FLEXIBLE]
    reach = np.stack([c.retire[t] * (stay[_ACTIVE] - changed), c.retire[t] * (stay[_FLEXIBLE] - lapsed)])
    short = reach * c.short[t]
    paying = short * c.pay_on[t]
    unqualified = short - paying
    completed = c.complete[t] * stay[_PAYING]
    entering = c.enter[t] * stay[_RESIDENT:]
    joining = c.expand[t] * (stay[_RESIDENT:] - entering)

    flows = {name: np.zeros_like(stay) for name in _MOVES}
    flows["job_changes"][_ACTIVE] -= changed
    flows["job_changes"][_FLEXIBLE] += changed
    flows["lapses"][_FLEXIBLE] -= lapsed
    flows["lapses"][_UNINSURED] += lapsed * c.lapse_uninsured[t]
    flows["lapses"][_RESIDENT] += lapsed - lapsed * c.lapse_uninsured[t]
    flows["retirements"][: _FLEXIBLE + 1] -= reach - short
    flows["retirements"][_RETIRED] += (reach - short).sum(axis=0)
    flows["paying_on"][: _FLEXIBLE + 1] -= paying
    flows["paying_on"][_PAYING] += paying.sum(axis=0)
    flows["not_qualified"][: _FLEXIBLE + 1] -= unqualified
    # They are divided at once, so that nobody leaves the resident scheme before having come to it.
    gone = unqualified.sum(axis=0)
    flows["not_qualified"][_RESIDENT] += gone * c.participation[t]
    flows["not_qualified"][_UNINSURED] += gone - gone * c.participation[t]
    for name, moving in (("new_entrants", entering), ("coverage", joining)):
        into = moving.sum(axis=0)
        flows[name][_RESIDENT:] -= moving
        flows[name][_FLEXIBLE] += into * c.flexible
        flows[name][_ACTIVE] += into - into * c.flexible
    flows["paid_up"][_PAYING] -= completed
    flows["paid_up"][_RETIRED] += completed
    return flows


def _over(values: FloatArray, total: FloatArray) -> FloatArray:
    """Divide by a total over the first dimension; nothing where the total is nothing."""
    return np.divide(values, total, out=np.zeros_like(values), where=total > 0)
