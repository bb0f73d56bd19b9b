# The loops take everything they need as plain arrays.
# ruff: noqa: PLR0913, PLR0917
"""Many paths of a population, year by year, of which only weighted sums are kept.

A path says three things of each year: total fertility, the level of mortality and the migrants beyond those of the
medium path. :func:`set_year` turns them into what one step of :func:`actuary.kernels.cohort.advance` needs; a kernel
that carries more than people (members by status, say) calls the two in the same way and adds its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from actuary.kernels.cohort import advance
from actuary.kernels.jit import FloatArray, njit

__all__ = ["run_paths", "set_year"]

_njit: Callable[..., Any] = njit(cache=True, nogil=True)


@_njit
def set_year(
    survival_grid: FloatArray,
    level_male: float,
    level_female: float,
    pattern: FloatArray,
    tfr: float,
    medium_migration: FloatArray,
    migration_profile: FloatArray,
    migration_change: float,
    survival: FloatArray,
    asfr: FloatArray,
    migration: FloatArray,
) -> None:
    """Fill the survival, fertility and migration of one year of one path.

    Parameters
    ----------
    survival_grid : ndarray, shape (L, 2, A)
        Survival ratios of the year at each level of mortality.
    level_male, level_female : float
        Place on the grid of each sex, 0 to L - 1; between two levels the line between them holds.
    pattern : ndarray, shape (A,)
        Share of each age in total fertility.
    tfr : float
        Births per woman.
    medium_migration, migration_profile : ndarray, shape (2, A)
        Net migrants of the medium path [persons]; shares of the migrants beyond them.
    migration_change : float
        Net migrants beyond the medium path [persons].
    survival, migration : ndarray, shape (2, A)
        Receive survival ratios and net migrants.
    asfr : ndarray, shape (A,)
        Receives births per woman by age.
    """
    top = survival_grid.shape[0] - 1
    for s in range(2):
        level = level_male if s == 0 else level_female
        low = min(max(int(level), 0), top - 1)
        part = min(max(level - low, 0.0), 1.0)
        for x in range(survival.shape[1]):
            below = survival_grid[low, s, x]
            survival[s, x] = below + part * (survival_grid[low + 1, s, x] - below)
            migration[s, x] = medium_migration[s, x] + migration_change * migration_profile[s, x]
    for x in range(asfr.shape[0]):
        asfr[x] = tfr * pattern[x]


@_njit
def run_paths(
    base: FloatArray,
    survival_grid: FloatArray,
    pattern: FloatArray,
    male_share: FloatArray,
    medium_migration: FloatArray,
    migration_profile: FloatArray,
    tfr: FloatArray,
    level: FloatArray,
    migration_change: FloatArray,
    weights: FloatArray,
    sums: FloatArray,
    births: FloatArray,
    deaths: FloatArray,
) -> None:
    """Run paths one after another and keep weighted sums of the people at each year's end.

    Parameters
    ----------
    base : ndarray, shape (2, A)
        Persons at the start.
    survival_grid : ndarray, shape (T, L, 2, A)
        See :func:`set_year`.
    pattern : ndarray, shape (T, A)
        Share of each age in total fertility.
    male_share : ndarray, shape (T,)
        Share of boys among births.
    medium_migration : ndarray, shape (T, 2, A)
        Net migrants of the medium path [persons].
    migration_profile : ndarray, shape (2, A)
        Shares of the migrants beyond it.
    tfr, migration_change : ndarray, shape (D, T)
        Paths.
    level : ndarray, shape (D, T, 2)
        Paths of the place on the grid by sex.
    weights : ndarray, shape (K, 2, A)
        Weight of each sex and age in each sum.
    sums : ndarray, shape (D, T, K)
        Receives the sums.
    births, deaths : ndarray, shape (D, T)
        Receive births and deaths [persons].
    """
    draws, steps = tfr.shape
    groups, _, ages = weights.shape
    survival, migration, dead = np.empty((2, ages)), np.empty((2, ages)), np.empty((2, ages))
    now, end = np.empty((2, ages)), np.empty((2, ages))
    asfr = np.empty(ages)
    for d in range(draws):
        now[:, :] = base
        for t in range(steps):
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
            births[d, t] = advance(now, survival, asfr, male_share[t], migration, 0.0, 1.0, end, dead)
            total = 0.0
            for s in range(2):
                for x in range(ages):
                    total += dead[s, x]
            deaths[d, t] = total
            for k in range(groups):
                total = 0.0
                for s in range(2):
                    for x in range(ages):
                        total += weights[k, s, x] * end[s, x]
                sums[d, t, k] = total
            now, end = end, now
