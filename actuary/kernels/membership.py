# The loops take everything they need as plain arrays.
# ruff: noqa: PLR0913, PLR0915, PLR0917
"""Many paths of the members of the schemes, year by year, of which only weighted sums are kept.

Each path of people (:mod:`actuary.kernels.cohort_paths`) carries its members with it: every cohort dies, moves, joins,
lapses and retires as in :mod:`actuary.demography.membership_steps`, whose arithmetic this loop repeats number by
number. Nothing by age is kept; memory does not grow with the number of ages or years beyond the sums asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from actuary.kernels.cohort import advance
from actuary.kernels.cohort_paths import set_year
from actuary.kernels.jit import FloatArray, njit

__all__ = ["advance_members", "run_member_paths"]

# Division as numpy does it: a loop that could raise would not be turned into vector instructions.
_njit: Callable[..., Any] = njit(cache=True, nogil=True, error_model="numpy")


@_njit
def advance_members(
    members: FloatArray,
    births: FloatArray,
    deaths: FloatArray,
    migration: FloatArray,
    retire: FloatArray,
    short: FloatArray,
    complete: FloatArray,
    enter: FloatArray,
    expand: FloatArray,
    flexible: FloatArray,
    participation: FloatArray,
    rates: FloatArray,
    mortality: FloatArray,
    migrant: FloatArray,
    end: FloatArray,
) -> None:
    """Move the members of one path through one year.

    Parameters
    ----------
    members : ndarray, shape (6, 2, A)
        Members at the start by inner status, sex and age [persons].
    births : ndarray, shape (2,)
        Births by sex [persons].
    deaths, migration : ndarray, shape (2, A)
        Deaths and net migrants by the age reached in the year [persons].
    retire, short, complete, enter, expand, flexible, participation : ndarray, shape (2, A)
        Coefficients of the year by the age reached, see
        :class:`actuary.demography.membership_steps.YearCoefficients`.
    rates : ndarray, shape (5,)
        Shares of the year: pay on, job change, lapse, of these uninsured, turnover of migration.
    mortality, migrant : ndarray, shape (6,)
        Relative mortality and odds of those who move in by inner status.
    end : ndarray, shape (6, 2, A)
        Receives the members at the end; no two arrays may share memory.
    """
    ages = members.shape[2]
    pay_on, job_change, lapse, lapse_uninsured, turnover = rates
    for i in range(6):
        for s in range(2):
            end[i, s, 0] = 0.0
            for x in range(1, ages):
                end[i, s, x] = members[i, s, x - 1]
            end[i, s, ages - 1] += members[i, s, ages - 1]
    for s in range(2):
        end[4, s, 0] = births[s] * participation[s, 0]
        end[5, s, 0] = births[s] - end[4, s, 0]
        for x in range(ages):
            active, flexi, paying = end[0, s, x], end[1, s, x], end[2, s, x]
            retired, resident, uninsured = end[3, s, x], end[4, s, x], end[5, s, x]
            dead, net = deaths[s, x], migration[s, x]
            people = active + flexi + paying + retired + resident + uninsured
            spared = 1.0 - dead / people if people > 0.0 else 1.0
            m0 = 1.0 + (mortality[0] - 1.0) * spared
            m1 = 1.0 + (mortality[1] - 1.0) * spared
            m2 = 1.0 + (mortality[2] - 1.0) * spared
            m3 = 1.0 + (mortality[3] - 1.0) * spared
            m4 = 1.0 + (mortality[4] - 1.0) * spared
            m5 = 1.0 + (mortality[5] - 1.0) * spared
            weighted = active * m0 + flexi * m1 + paying * m2 + retired * m3 + resident * m4 + uninsured * m5
            rate = dead / weighted if weighted > 0.0 else 0.0
            alive = people - dead
            moving = turnover * alive
            stays = 1.0 - (max(-net, 0.0) + moving) / alive if alive > 0.0 else 1.0
            active *= (1.0 - rate * m0) * stays
            flexi *= (1.0 - rate * m1) * stays
            paying *= (1.0 - rate * m2) * stays
            retired *= (1.0 - rate * m3) * stays
            resident *= (1.0 - rate * m4) * stays
            uninsured *= (1.0 - rate * m5) * stays

            changed = job_change * active
            lapsed = lapse * flexi
            from_active = retire[s, x] * (active - changed)
            from_flexible = retire[s, x] * (flexi - lapsed)
            reached = from_active + from_flexible
            lacking = reached * short[s, x]
            goes_on = lacking * pay_on
            completed = complete[s, x] * paying
            outside = enter[s, x] + expand[s, x] * (1.0 - enter[s, x])
            joins = outside * (resident + uninsured)
            into_flexible = joins * flexible[s, x]
            rest_resident = resident - outside * resident + lapsed - lapsed * lapse_uninsured + lacking - goes_on
            rest_uninsured = uninsured - outside * uninsured + lapsed * lapse_uninsured
            active += joins - into_flexible - changed - from_active
            flexi += changed + into_flexible - lapsed - from_flexible
            paying += goes_on - completed
            retired += reached - lacking + completed
            pool = rest_resident + rest_uninsured
            resident = participation[s, x] * pool
            uninsured = pool - resident

            arriving = max(net, 0.0) + moving
            odds = (
                active * migrant[0]
                + flexi * migrant[1]
                + paying * migrant[2]
                + retired * migrant[3]
                + resident * migrant[4]
                + uninsured * migrant[5]
            )
            share = arriving / odds if odds > 0.0 else 0.0
            end[0, s, x] = active + active * migrant[0] * share
            end[1, s, x] = flexi + flexi * migrant[1] * share
            end[2, s, x] = paying + paying * migrant[2] * share
            end[3, s, x] = retired + retired * migrant[3] * share
            end[4, s, x] = resident + resident * migrant[4] * share
            # Where nobody lives yet, those who come are not insured.
            end[5, s, x] = uninsured + (uninsured * migrant[5] * share if odds > 0.0 else arriving)


@_njit
def run_member_paths(
    base: FloatArray,
    survival_grid: FloatArray,
    pattern: FloatArray,
    male_share: FloatArray,
    medium_migration: FloatArray,
    migration_profile: FloatArray,
    tfr: FloatArray,
    level: FloatArray,
    migration_change: FloatArray,
    first_shares: FloatArray,
    start: int,
    coefficients: FloatArray,
    rates: FloatArray,
    mortality: FloatArray,
    migrant: FloatArray,
    child: int,
    elderly: int,
    weights: FloatArray,
    stocks: FloatArray,
    sums: FloatArray,
    population: FloatArray,
) -> None:
    """Run paths of people with their members and keep sums of each year-end.

    Parameters
    ----------
    base, survival_grid, pattern, male_share, medium_migration, migration_profile : ndarray
        As in :func:`actuary.kernels.cohort_paths.run_paths`.
    tfr, level, migration_change : ndarray
        As in :func:`actuary.kernels.cohort_paths.run_paths`.
    first_shares : ndarray, shape (6, 2, A)
        Shares of the people that the inner statuses have at the start of membership.
    start : int
        Steps before membership starts; its year-ends are number ``start`` (the opening) to T.
    coefficients : ndarray, shape (T - start, 7, 2, A)
        Retire, short, complete, enter, expand, flexible and participation of each year.
    rates : ndarray, shape (T - start, 5)
        See :func:`advance_members`.
    mortality, migrant : ndarray, shape (T - start, 6)
        See :func:`advance_members`.
    child, elderly : int
        Age below which a resident is a child, and from which one is elderly.
    weights : ndarray, shape (K, 7, 2, A)
        Weight of each of the seven statuses, sex and age in each sum.
    stocks : ndarray, shape (D, T - start + 1, 7)
        Receives the members by status.
    sums : ndarray, shape (D, T - start + 1, K)
        Receives the weighted sums.
    population : ndarray, shape (D, T)
        Receives the people at the end of each year.
    """
    draws, steps = tfr.shape
    ages = base.shape[1]
    survival, migration, dead = np.empty((2, ages)), np.empty((2, ages)), np.empty((2, ages))
    now, after = np.empty((2, ages)), np.empty((2, ages))
    members, moved = np.empty((6, 2, ages)), np.empty((6, 2, ages))
    asfr, born = np.empty(ages), np.empty(2)
    for d in range(draws):
        now[:, :] = base
        for t in range(steps + 1):
            if t == start:
                for i in range(6):
                    for s in range(2):
                        for x in range(ages):
                            members[i, s, x] = first_shares[i, s, x] * now[s, x]
            if t >= start:
                _add_up(members, weights, child, elderly, stocks[d, t - start], sums[d, t - start])
            if t == steps:
                break
            set_year(
                survival_grid[t],
                level[d, t, 0],
                level[d, t, 1],
                pattern[t],
                tfr[d, t],
                medium_migration[t],
                migration_profile,
                migration_change[d, t],
                survival,
                asfr,
                migration,
            )
            births = advance(now, survival, asfr, male_share[t], migration, 0.0, 1.0, after, dead)
            total = 0.0
            for s in range(2):
                for x in range(ages):
                    total += after[s, x]
            population[d, t] = total
            if t >= start:
                k = t - start
                born[0] = births * male_share[t]
                born[1] = births - births * male_share[t]
                c = coefficients[k]
                advance_members(
                    members,
                    born,
                    dead,
                    migration,
                    c[0],
                    c[1],
                    c[2],
                    c[3],
                    c[4],
                    c[5],
                    c[6],
                    rates[k],
                    mortality[k],
                    migrant[k],
                    moved,
                )
                members, moved = moved, members
            now, after = after, now


@_njit
def _add_up(
    members: FloatArray, weights: FloatArray, child: int, elderly: int, stocks: FloatArray, sums: FloatArray
) -> None:
    """Add the members up by status, and weighted; ``stocks`` and ``sums`` are overwritten."""
    ages = members.shape[2]
    active = flexi = retired = children = adults = old = uninsured = 0.0
    for s in range(2):
        for x in range(ages):
            active += members[0, s, x]
            flexi += members[1, s, x] + members[2, s, x]
            retired += members[3, s, x]
            uninsured += members[5, s, x]
        for x in range(child):
            children += members[4, s, x]
        for x in range(child, elderly):
            adults += members[4, s, x]
        for x in range(elderly, ages):
            old += members[4, s, x]
    stocks[0], stocks[1], stocks[2], stocks[3] = active, flexi, retired, children
    stocks[4], stocks[5], stocks[6] = adults, old, uninsured
    for k in range(weights.shape[0]):
        w = weights[k]
        total = 0.0
        for s in range(2):
            for x in range(ages):
                resident = 3 if x < child else 4 if x < elderly else 5
                total += (
                    w[0, s, x] * members[0, s, x]
                    + w[1, s, x] * (members[1, s, x] + members[2, s, x])
                    + w[2, s, x] * members[3, s, x]
                    + w[resident, s, x] * members[4, s, x]
                    + w[6, s, x] * members[5, s, x]
                )
        sums[k] = total
