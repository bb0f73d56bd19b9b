"""Supplements of a score under DIP: by age, severity, tumour, or as the case itself brings them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_columns import MISSING
from actuary.payment.cases import CaseTable
from actuary.payment.declared_classes import AgeBand, Supplement

__all__ = ["Supplements", "case_supplements"]

#: Words for "no level" in the columns of the auxiliary lists.
_NO_LEVEL = frozenset({"0", "none", "无", "-"})


@dataclass(frozen=True, slots=True)
class Supplements:
    """Hold the supplement of each case.

    Parameters
    ----------
    codes : int32 (cases)
        Place among the factors.
    factors : tuple of Fraction
        The supplements that occur; the first is 1.
    unknown : bool (cases)
        Whether a level is one that the policy does not know.
    """

    codes: NDArray[np.int32]
    factors: tuple[Fraction, ...]
    unknown: NDArray[np.bool_]


def _age_codes(cases: CaseTable, bands: tuple[AgeBand, ...]) -> NDArray[np.int64]:
    """Return the number of each case's band from 1, 0 for none; bands in days are for the first year of life."""
    count = len(cases)
    years = cases.numbers.get("age_years", np.full(count, MISSING))
    days = cases.numbers.get("age_days", np.full(count, MISSING))
    codes = np.zeros(count, np.int64)
    for number, band in enumerate(bands, start=1):
        in_days = band.days_from is not None or band.days_to is not None
        age = days if in_days else years
        low, high = (band.days_from, band.days_to) if in_days else (band.years_from, band.years_to)
        holds = (age != MISSING) & (age >= (low or 0))
        if high is not None:
            holds &= age <= high
        if in_days:
            holds &= (years == 0) | (years == MISSING)
        codes[holds & (codes == 0)] = number
    return codes


def case_supplements(cases: CaseTable, rule: Supplement) -> Supplements | None:
    """Find the supplement of each case.

    Parameters
    ----------
    cases : CaseTable
        The cases, with those of the columns `age_years, age_days, severity_index, tumour_index, supplement` that there
        are.
    rule : Supplement
        The factors, and whether the largest applies or all multiply.

    Returns
    -------
    Supplements or None
        None where no case has one.
    """
    count = len(cases)
    attributes: list[tuple[NDArray[np.int64], list[Fraction | None]]] = []
    if rule.age:
        attributes.append((_age_codes(cases, rule.age), [None, *(Fraction(band.factor) for band in rule.age)]))
    unknown = np.zeros(count, bool)
    for column, levels in (("severity_index", rule.severity), ("tumour_index", rule.tumour)):
        coded = cases.coded.get(column)
        if coded is None or not levels:
            continue
        strange = [name not in levels and name.lower() not in _NO_LEVEL for name in coded.names]
        unknown |= np.array([*strange, False])[coded.codes]
        factors = [Fraction(levels[name]) if name in levels else None for name in coded.names]
        attributes.append(((coded.codes.astype(np.int64) + 1), [None, *factors]))
    if rule.from_cases and "supplement" in cases.numbers:
        values, places = np.unique(cases.numbers["supplement"], return_inverse=True)
        parts = cases.parts("supplement")
        own = [None if value in {MISSING, 0} else Fraction(value, parts) for value in values.tolist()]
        attributes.append((places.astype(np.int64), own))
    if not attributes:
        return None
    return _combined(attributes, rule.combine, unknown)


def _combined(
    attributes: list[tuple[NDArray[np.int64], list[Fraction | None]]], combine: str, unknown: NDArray[np.bool_]
) -> Supplements | None:
    key = np.zeros(len(unknown), np.int64)
    for codes, factors in attributes:
        key = key * len(factors) + codes
    present, places = np.unique(key, return_inverse=True)
    found: dict[Fraction, int] = {Fraction(1): 0}
    numbers = []
    for one in present.tolist():
        rest, chosen = one, []
        for _, factors in reversed(attributes):
            rest, code = divmod(rest, len(factors))
            if (factor := factors[code]) is not None:
                chosen.append(factor)
        value = (max(chosen) if combine == "max" else math.prod(chosen)) if chosen else Fraction(1)
        numbers.append(found.setdefault(Fraction(value), len(found)))
    if len(found) == 1 and not unknown.any():
        return None
    return Supplements(np.array(numbers, np.int32)[places], tuple(found), unknown)
