"""Facts about stays that several checks need: age, sex, western diagnoses, sums of charges."""

from __future__ import annotations

import numpy as np

from actuary.drg.quality.columns import Mask, Numbers
from actuary.drg.quality.registry import Context

__all__ = ["age_in_days", "age_in_years", "charged", "day_of", "earlier", "western"]

_DAY = 86400


def day_of(seconds: Numbers) -> Numbers:
    """Return the day of a time, counted from 1970."""
    return np.floor_divide(seconds, _DAY)


def earlier(first: Numbers, second: Numbers) -> Mask:
    """Return where one time is before another; a time at midnight is a date, and dates are compared as days."""
    dates = (first % _DAY == 0) | (second % _DAY == 0)
    return np.where(dates, day_of(first) < day_of(second), first < second)


def age_in_days(context: Context) -> tuple[Numbers, Mask]:
    """Return the age in days of patients below one year, and where it is known.

    The age in days as given; where it is not, from the date of birth and the admission. Patients with an age of one
    year or more are left out, whatever stands in the other fields.
    """
    lists = context.lists
    count = len(lists.case)
    days, known = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool)
    if lists.has("case", "brdy", "adm_time"):
        born, admitted = lists.column("case", "brdy"), lists.column("case", "adm_time")
        known = born.known & admitted.known
        days = np.where(known, day_of(admitted.values) - day_of(born.values), 0)
        known &= days >= 0
    if lists.has("case", "nwb_age"):
        given = lists.column("case", "nwb_age")
        days, known = np.where(given.known, given.values, days), known | given.known
    if lists.has("case", "age"):
        years = lists.column("case", "age")
        known = known & ~(years.known & (years.values >= 1))
    return days, known


def age_in_years(context: Context) -> tuple[Numbers, Mask]:
    """Return the age in whole years, and where it is known; an age in days alone is an age of no years."""
    lists = context.lists
    count = len(lists.case)
    years, known = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool)
    if lists.has("case", "age"):
        given = lists.column("case", "age")
        years, known = given.values, given.known
    if lists.has("case", "nwb_age"):
        known = known | lists.column("case", "nwb_age").known
    return years, known


def western(context: Context) -> Mask:
    """Return which diagnoses are coded by ICD-10: those not marked as diagnoses of Chinese medicine."""
    lists = context.lists
    known = lists.column("diagnosis", "diag_code").known
    if not lists.has("diagnosis", "diag_type"):
        return known
    kind = lists.column("diagnosis", "diag_type")
    return known & (~kind.known | kind.where(context.codes("western").holds))


def charged(context: Context, codes: str) -> Numbers:
    """Return for each case the sum [fen] of its charges of some categories."""
    lists = context.lists
    category, amount = lists.column("item", "med_chrgitm"), lists.column("item", "amt")
    return lists.sum_of("item", amount.values, category.where(context.codes(codes).holds) & amount.known)
