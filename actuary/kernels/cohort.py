# The step is one loop with everything it needs as plain arrays.
# ruff: noqa: PLR0913, PLR0917
"""The cohort step: everybody one step older, births, deaths and migration, person by person.

One step of any width: migrants of the start are added, the living are survived, births follow from the mean of the
women before and after survival, and migrants of the end are added. Arrays have sex (male, female) before age.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actuary.kernels.jit import FloatArray, njit

__all__ = ["advance", "roll_population"]

_njit: Callable[..., Any] = njit(cache=True, nogil=True)


@_njit
def advance(
    population: FloatArray,
    survival: FloatArray,
    asfr: FloatArray,
    male_share: float,
    migration: FloatArray,
    start_share: float,
    width: float,
    end: FloatArray,
    deaths: FloatArray,
) -> float:
    """Move a population one step ahead and return its births.

    Callable from other compiled functions. `end` and `deaths` are overwritten; the other arrays are only read, and no
    two arrays may share memory. With ``P = population + start_share migration`` and ``S = survival``::

        N[x] = P[x-1] S[x]                       (last age: (P[A-2] + P[A-1]) S[A-1])
        births = width * sum asfr[x] (P[x] + N[x]) / 2 over women (N[0] counts as 0)
        N[0] = births of the sex * S[0]
        deaths[x] = those who would have been x at the end, less N[x]
        end = N + (1 - start_share) migration

    so that births - deaths + migration is the growth, cohort by cohort.

    Parameters
    ----------
    population : ndarray, shape (2, A)
        Persons by sex and age at the start.
    survival : ndarray, shape (2, A)
        Survival ratios by age at the end of the step.
    asfr : ndarray, shape (A,)
        Births per woman and year.
    male_share : float
        Share of boys among births.
    migration : ndarray, shape (2, A)
        Net migrants of the step [persons].
    start_share : float
        Share of them that is added at the start: 0 or 0.5.
    width : float
        Width of the step and of an age group [years].
    end : ndarray, shape (2, A)
        Receives the persons at the end.
    deaths : ndarray, shape (2, A)
        Receives the deaths by the age that the dead would have had at the end.
    """
    ages = population.shape[1]
    for s in range(2):
        for x in range(1, ages):
            start = population[s, x - 1] + start_share * migration[s, x - 1]
            if x == ages - 1:
                start += population[s, x] + start_share * migration[s, x]
            end[s, x] = start * survival[s, x]
            deaths[s, x] = start - end[s, x]
    end[1, 0] = 0.0
    births = 0.0
    for x in range(ages):
        if asfr[x] != 0.0:
            start = population[1, x] + start_share * migration[1, x]
            births += asfr[x] * (start + end[1, x]) / 2.0
    births *= width
    for s in range(2):
        born = births * male_share if s == 0 else births - births * male_share
        end[s, 0] = born * survival[s, 0]
        deaths[s, 0] = born - end[s, 0]
        for x in range(ages):
            end[s, x] += (1.0 - start_share) * migration[s, x]
    return births


@_njit
def roll_population(
    base: FloatArray,
    survival: FloatArray,
    asfr: FloatArray,
    male_share: FloatArray,
    migration: FloatArray,
    start_share: float,
    width: float,
    population: FloatArray,
    deaths: FloatArray,
    births: FloatArray,
) -> None:
    """Move a population through all steps.

    Parameters
    ----------
    base : ndarray, shape (2, A)
        Persons at the start of the first step.
    survival, migration : ndarray, shape (T, 2, A)
        See :func:`advance`.
    asfr : ndarray, shape (T, A)
        Births per woman and year.
    male_share : ndarray, shape (T,)
        Share of boys among births.
    start_share, width : float
        See :func:`advance`.
    population, deaths : ndarray, shape (T, 2, A)
        Receive persons at the end of each step, and deaths.
    births : ndarray, shape (T,)
        Receives births.
    """
    now = base
    for t in range(survival.shape[0]):
        births[t] = advance(
            now, survival[t], asfr[t], male_share[t], migration[t], start_share, width, population[t], deaths[t]
        )
        now = population[t]
