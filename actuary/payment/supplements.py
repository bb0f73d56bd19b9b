"""The supplements of a DIP score: by age, severity and tumour, and as the cases bring them; the largest, or all."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_columns import MISSING
from actuary.payment.cases import CaseTable
from actuary.payment.declared_substitutes import Supplement

__all__ = ["supplement_factors"]

#: Place of each case among factors; None where a list gives the case no supplement.
type _Coded = tuple[NDArray[np.int64], tuple[Fraction | None, ...]]

_ONE = Fraction(1)


def supplement_factors(
    cases: CaseTable, rule: Supplement
) -> tuple[NDArray[np.int64], tuple[Fraction, ...], NDArray[np.bool_]]:
    """Find the supplement of each case.

    Parameters
    ----------
    cases : CaseTable
        The cases; a level or an age that is missing gives no supplement.
    rule : Supplement
        The supplements, and whether the largest of those that the case has applies, or their product.

    Returns
    -------
    codes : int64 (cases)
        Number of the case's factor.
    factors : tuple of Fraction
        The factors that occur.
    unknown : bool (cases)
        Whether a level of the case is none that the policy knows.
    """
    parts: list[_Coded] = []
    unknown = np.zeros(len(cases), bool)
    if rule.age:
        parts.append(_by_age(cases, rule))
    for column, levels in (("severity_index", rule.severity), ("tumour_index", rule.tumour)):
        if levels and column in cases.coded:
            part, strange = _by_level(cases, column, levels)
            parts.append(part)
            unknown |= strange
    if rule.from_cases and "supplement" in cases.numbers:
        parts.append(_of_cases(cases))
    codes: NDArray[np.int64] = np.zeros(len(cases), np.int64)
    factors: tuple[Fraction | None, ...] = (None,)
    for more, values in parts:
        pairs, codes = np.unique(codes * len(values) + more, return_inverse=True)
        both = [(factors[pair // len(values)], values[pair % len(values)]) for pair in pairs.tolist()]
        factors = tuple(_combined(rule, [one for one in pair if one is not None]) for pair in both)
    return codes, tuple(_ONE if factor is None else factor for factor in factors), unknown


def _combined(rule: Supplement, found: list[Fraction]) -> Fraction | None:
    if not found:
        return None
    return max(found) if rule.combine == "max" else prod(found, start=_ONE)


def _by_age(cases: CaseTable, rule: Supplement) -> _Coded:
    nothing = np.full(len(cases), MISSING)
    years = cases.numbers.get("age_years", nothing)
    days = cases.numbers.get("age_days", nothing)
    codes = np.zeros(len(cases), np.int64)
    for place, band in reversed(list(enumerate(rule.age, 1))):
        if band.days_from is not None or band.days_to is not None:
            # Days are counted below one year only.
            inside = (days != MISSING) & ((years == MISSING) | (years == 0))
            inside &= days >= (band.days_from or 0)
            inside &= days <= (np.iinfo(np.int64).max if band.days_to is None else band.days_to)
        else:
            inside = (years != MISSING) & (years >= (band.years_from or 0))
            inside &= years <= (np.iinfo(np.int64).max if band.years_to is None else band.years_to)
        codes[inside] = place
    return codes, (None, *(Fraction(band.factor) for band in rule.age))


def _by_level(cases: CaseTable, column: str, levels: Mapping[str, Decimal]) -> tuple[_Coded, NDArray[np.bool_]]:
    coded, places = cases.coded[column], {level: place for place, level in enumerate(levels, 1)}
    known = np.array([*(places.get(name, -1) for name in coded.names), 0], np.int64)[coded.codes]
    factors = (None, *(Fraction(factor) for factor in levels.values()))
    return (np.maximum(known, 0), factors), known < 0


def _of_cases(cases: CaseTable) -> _Coded:
    column, parts = cases.numbers["supplement"], cases.parts("supplement")
    found, codes = np.unique(column, return_inverse=True)
    return codes, tuple(None if number == MISSING else Fraction(number, parts) for number in found.tolist())
