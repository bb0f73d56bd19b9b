"""Say what in the inputs of a projection is possible but not plausible, such as a base in thousands."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from actuary.demography.life_table import SEXES, life_table
from actuary.demography.population_files import list_spans
from actuary.errors import Problem

__all__ = ["implausible", "remarkable"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]

#: Net migrants of all ages, coming and going, per person and year: more has been seen in war only.
_MOST_MOVING = 0.2
_MOST_MOVING_MEDIAN = 0.1
#: Emigrants beyond those who live, of all people: among the oldest a handful of them is rounding.
_EXCESS_SHARE = 0.001
#: More people than have lived at a time anywhere.
_MOST_PEOPLE = 2e10
#: Below so many people figures with exactly three or four decimals are thousands of persons.
_SMALL_TOTAL = 2e6
#: An annual death rate above 2 leaves nobody alive after a year.
_HIGHEST_MX = 2.0
_E0 = (10.0, 110.0)
_HIGHEST_ASFR = 0.8
_HIGHEST_TFR = 12.0
#: Births per woman below which another unit is meant: a thousandth of what is seen anywhere.
_LOWEST_TFR = 0.05
#: Births per woman below which it is worth a word: no country has come as low.
_FEW_BIRTHS = 0.3
#: What smooth curves leave outside the ages of childbirth counts as nothing.
_NO_BIRTHS = 1e-6
_FERTILE = (10, 60)
_SRB = (0.8, 1.4)
#: Men per woman among all people: cities of migrant workers have come to 3.
_SEX_RATIO = (0.2, 5.0)
_ACCEPT = "mend it, or say that it is meant (accept_implausible, --accept-implausible)"


def implausible(arrays: Mapping[str, FloatArray], *, ages: IntArray, years: IntArray) -> list[Problem]:
    """Return what is not plausible in the inputs of a projection.

    Parameters
    ----------
    arrays : mapping
        Base (2, A), mx (T, 2, M), asfr (T, A), srb (T,), migration (T, 2, A); cells without a figure are NaN, arrays
        that could not be read are left out.
    ages, years : ndarray
        Lower bounds of the age groups; first year of each step.

    Returns
    -------
    list of Problem
        Each says what was seen.
    """
    step = int(ages[1] - ages[0])
    problems: list[Problem] = []
    if "base" in arrays:
        problems += _people(arrays["base"], arrays.get("migration"), ages, years)
    if "mx" in arrays:
        problems += _mortality(arrays["mx"], years, step=step)
    if "asfr" in arrays:
        problems += _fertility(arrays["asfr"], ages, years)
    if "srb" in arrays:
        problems += _srb(arrays["srb"], years)
    return problems


def remarkable(base: FloatArray, asfr: FloatArray, *, ages: IntArray, years: IntArray) -> list[str]:
    """Return what is possible in the inputs, yet worth a look: few people with decimals, hardly any births.

    Parameters
    ----------
    base : ndarray, shape (2, A)
        Persons.
    asfr : ndarray, shape (T, A)
        Births per woman and year.
    ages, years : ndarray
        Lower bounds of the age groups; first year of each step.

    Examples
    --------
    >>> ages, years = np.arange(0, 100, 5), np.array([2025])
    >>> remarkable(np.ones((2, 20)), np.zeros((1, 20)), ages=ages, years=years)
    ['fertility.csv: 0 births per woman in 2025, hardly any child is born']
    """
    notes = []
    total = float(base.sum())
    if total < _SMALL_TOTAL and np.mean(base != np.round(base)) > 0.5:
        people = f"base_population.csv: {total:,.1f} people in all, most figures with decimals, are taken as persons"
        notes.append(f"{people}; if they are thousands, multiply population by 1000")
    tfr = asfr.sum(axis=1) * int(ages[1] - ages[0])
    few = np.flatnonzero(tfr < _FEW_BIRTHS)
    if len(few):
        when = list_spans(years[few].tolist())
        notes.append(f"fertility.csv: {tfr[few].min():.3g} births per woman in {when}, hardly any child is born")
    return notes


def _people(base: FloatArray, migration: FloatArray | None, ages: IntArray, years: IntArray) -> list[Problem]:
    total = float(np.nansum(base))
    where = "base_population.csv, population"
    if total <= 0:
        return [Problem(where, "nobody", "persons")]
    problems = []
    if total > _MOST_PEOPLE:
        problems.append(Problem(where, f"{total:.3g} people in all", f"fewer than {_MOST_PEOPLE:.0e}", _ACCEPT))
    ratio = float(np.nansum(base[0])) / max(float(np.nansum(base[1])), 1e-300)
    if not _SEX_RATIO[0] <= ratio <= _SEX_RATIO[1]:
        found = f"{ratio:.3g} men per woman"
        problems.append(Problem(where, found, "between 0.2 and 5: are both sexes in one unit?", _ACCEPT))
    crowded = _thousands(base, migration, ages, years, total) if migration is not None else []
    return problems + (crowded or _decimals(base, total))


def _thousands(base: FloatArray, migration: FloatArray, ages: IntArray, years: IntArray, total: float) -> list[Problem]:
    """Hold the migrants against the people: a base in thousands makes them a thousand times too many."""
    step = int(ages[1] - ages[0])
    moving = np.nansum(np.abs(migration), axis=(1, 2)) / step / total
    excess = np.maximum(-np.nan_to_num(migration[0]) - np.nan_to_num(base), 0.0)
    leaving = excess > 0
    crowd = moving[0] > _MOST_MOVING or float(np.median(moving)) > _MOST_MOVING_MEDIAN
    if not crowd and float(excess.sum()) <= _EXCESS_SHARE * total:
        return []
    seen = [f"{total:,.0f} people in all beside {np.nansum(np.abs(migration[0])):,.0f} net migrants in {years[0]}"]
    seen[0] += f" (all ages, coming and going: {100 * moving[0]:,.1f} % of the people a year)"
    if leaving.any():
        s, x = (int(i) for i in np.argwhere(leaving)[0])
        one = f"{-migration[0, s, x]:,.1f} {SEXES[s]} of age {ages[x]} leave in {years[0]} where {base[s, x]:,.1f} live"
        seen.append(one + (f", and likewise at {int(leaving.sum()) - 1} more ages" if leaving.sum() > 1 else ""))
    mend = "the base file is probably in thousands: multiply population by 1000; or " + _ACCEPT
    expected = "people and migrants in persons both"
    return [Problem("base_population.csv, population", "; ".join(seen), expected, mend)]


def _decimals(base: FloatArray, total: float) -> list[Problem]:
    """Look for persons that were divided by a thousand: three or four decimals in all, in most of them no fewer.

    Whole persons over a thousand have three, persons with one decimal have four. Figures with all digits, as another
    projection writes them, say nothing and are taken.
    """
    known = base[np.isfinite(base)]

    def whole(digits: int) -> NDArray[np.bool_]:
        scaled = known * 10.0**digits
        near: NDArray[np.bool_] = np.abs(scaled - np.round(scaled)) < 1e-11 * np.maximum(scaled, 1.0)
        return near

    if total >= _SMALL_TOTAL or not whole(4).all() or whole(2).mean() > 0.5:
        return []
    digits = "three" if whole(3).all() else "four"
    found = f"figures with {digits} decimals, {total:,.0f} people in all, such as {known[np.argmin(whole(2))]:.10g}"
    mend = "the base file is probably in thousands: multiply population by 1000; or " + _ACCEPT
    return [Problem("base_population.csv, population", found, "persons", mend)]


def _mortality(mx: FloatArray, years: IntArray, *, step: int) -> list[Problem]:
    where = "mortality.csv, mx"
    high = np.nan_to_num(mx) > _HIGHEST_MX
    if high.any():
        share = float(high.mean())
        guess = "are they per 1,000 or per 100,000? mx is deaths per person and year; " if share > 0.05 else ""
        found = f"{int(high.sum())} rates above {_HIGHEST_MX:g}, up to {np.nanmax(mx):g}"
        return [
            Problem(where, found, f"at most {_HIGHEST_MX:g}: more leaves nobody alive after a year", guess + _ACCEPT)
        ]
    if np.isnan(mx).any() or (mx[:, :, -1] <= 0).any():
        empty = np.flatnonzero((mx[:, :, -1] == 0).any(axis=1))
        if not len(empty):
            return []
        found = f"0 at the open age in {list_spans(years[empty].tolist())}"
        return [Problem(where, found, "a rate above 0 at the open age: everybody dies in the end")]
    ages = np.arange(mx.shape[2]) * step
    if step == 5:
        ages = np.concatenate([[0, 1], ages[1:-1]])
    problems = []
    for s, sex in enumerate(SEXES):
        e0 = life_table(mx[:, s], sex, ages=ages).e0
        odd = np.flatnonzero((e0 < _E0[0]) | (e0 > _E0[1]))
        if len(odd):
            found = f"a life expectancy of {e0[odd[0]]:.4g} years ({sex}, {list_spans(years[odd].tolist())})"
            problems.append(Problem(where, found, f"between {_E0[0]:g} and {_E0[1]:g} years", _ACCEPT))
    return problems


def _fertility(asfr: FloatArray, ages: IntArray, years: IntArray) -> list[Problem]:
    where = "fertility.csv, asfr"
    step = int(ages[1] - ages[0])
    rates = np.nan_to_num(asfr)
    highest, tfr = float(rates.max()), rates.sum(axis=1) * step
    if highest > _HIGHEST_ASFR or float(tfr.max()) > _HIGHEST_TFR:
        found = f"rates up to {highest:g} births per woman and year, {tfr.max():,.4g} births per woman in all"
        guess = "they are probably births per 1,000 women: divide by 1000; or " if highest > 1 else ""
        expected = f"births per woman and year, at most {_HIGHEST_ASFR:g}, together at most {_HIGHEST_TFR:g}"
        return [Problem(where, found, expected, guess + _ACCEPT)]
    few = (tfr > 0) & (tfr < _LOWEST_TFR)
    if few.any():
        found = f"{tfr[few].min():.3g} births per woman in all in {list_spans(years[few].tolist())}"
        expected = f"births per woman and year, together {_LOWEST_TFR:g} or more, or none at all"
        mend = f"was asfr divided by 1000 once too often? {_ACCEPT}"
        return [Problem(where, found, expected, mend)]
    outside = (rates > _NO_BIRTHS).any(axis=0) & ((ages + step <= _FERTILE[0]) | (ages >= _FERTILE[1]))
    if outside.any():
        found = f"births at the ages {list_spans(ages[outside].tolist())}"
        return [Problem(where, found, f"births between {_FERTILE[0]} and {_FERTILE[1]} only", _ACCEPT)]
    return []


def _srb(srb: FloatArray, years: IntArray) -> list[Problem]:
    odd = np.flatnonzero((srb < _SRB[0]) | (srb > _SRB[1]))
    if not len(odd):
        return []
    value = float(srb[odd[0]])
    hundred = "divide by 100; or " if _SRB[0] * 100 <= value <= _SRB[1] * 100 else ""
    found = f"{value:g} in {list_spans(years[odd].tolist())}"
    return [Problem("srb.csv, srb", found, "boys per girl born, about 1.05", hundred + _ACCEPT)]
