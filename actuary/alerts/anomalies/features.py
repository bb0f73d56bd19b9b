"""What is read off each case before anything is compared: typical cost, light stays, readmissions, quarters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from actuary.alerts.anomalies.arrow_cells import NO_DAY
from actuary.alerts.anomalies.peers import cell_codes, leave_one_out, sum_by
from actuary.alerts.anomalies.rules import AnomalyRules
from actuary.alerts.anomalies.stays import Stays

__all__ = ["Features", "middle_by"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]


def middle_by(value: FloatArray, code: IntArray, *, where: BoolArray, size: int) -> FloatArray:
    """Return the middle value of some cases by code; 0 for a code without any.

    Examples
    --------
    >>> middle_by(np.array([3.0, 1.0, 2.0, 9.0]), np.array([0, 0, 0, 1]), where=np.array([True] * 3 + [False]), size=2)
    array([2., 0.])
    """
    rows = np.flatnonzero(where)
    order = rows[np.lexsort((value[rows], code[rows]))]
    count = np.bincount(code[rows], minlength=size)
    if not len(order):
        return np.zeros(size)
    first = np.cumsum(count) - count
    return np.where(count > 0, value[order[np.minimum(first + count // 2, len(order) - 1)]], 0.0)


@dataclass(frozen=True)
class Features:
    """Compute figures of the usable cases when they are first asked for; arrays have one place a usable case.

    Parameters
    ----------
    stays : Stays
        All cases.
    rules : AnomalyRules
        What counts as what.
    """

    stays: Stays
    rules: AnomalyRules

    @cached_property
    def rows(self) -> IntArray:
        """Rows of the table that are usable."""
        return np.flatnonzero(self.stays.usable)

    def of[T: np.generic](self, column: NDArray[T]) -> NDArray[T]:
        """Return a column of the table at the usable rows."""
        return column if len(self.rows) == len(column) else column[self.rows]

    @cached_property
    def hospital(self) -> IntArray:
        """Hospital."""
        return self.of(self.stays.hospital)

    @cached_property
    def tier(self) -> IntArray:
        """Tier of the hospital."""
        return self.stays.tier_of[self.hospital]

    @cached_property
    def drg(self) -> IntArray:
        """Group."""
        return self.of(self.stays.drg)

    @cached_property
    def adrg(self) -> IntArray:
        """Group before complications."""
        return self.of(self.stays.adrg)

    @cached_property
    def mdc(self) -> IntArray:
        """Major category."""
        return self.of(self.stays.mdc)

    @cached_property
    def insurance(self) -> IntArray:
        """Employee or resident; -1 unknown."""
        return self.of(self.stays.insurance)

    @cached_property
    def cost(self) -> FloatArray:
        """Total cost [yuan]."""
        return self.of(self.stays.cost)

    @cached_property
    def severity(self) -> IntArray:
        """Severity of the group, 0 to 2; -1 where it has none."""
        return self.stays.severity_of[self.drg]

    def number(self, name: str) -> FloatArray:
        """Return another column of numbers; NaN where missing."""
        return self.of(self.stays.numbers[name])

    def has(self, *names: str) -> bool:
        """Say whether the table has columns, with something in them."""
        return not self.lacking(*names)

    def lacking(self, *names: str) -> tuple[str, ...]:
        """Return which of some columns the table lacks, or holds nothing in."""
        found = []
        for name in names:
            if name == "los_days" and "los_days" in self.stays.numbers:
                continue
            column = self.stays.numbers.get(name)
            if name in self.stays.missing or (column is not None and bool(np.isnan(column).all())):
                found.append(name)
        return tuple(found)

    @cached_property
    def age_band(self) -> IntArray:
        """Band of age, -1 unknown."""
        if not self.has("age_years"):
            return np.full(len(self.rows), -1, np.int64)
        years = self.number("age_years")
        bands = np.digitize(np.nan_to_num(years), self.rules.statistics.age_bands)
        return np.where(np.isnan(years), -1, bands).astype(np.int64)

    @cached_property
    def mix(self) -> tuple[IntArray, ...]:
        """Cells of peers, the widest first: group; group and tier."""
        return cell_codes(self.adrg), cell_codes(self.drg), cell_codes(self.drg, self.tier)

    @cached_property
    def residual(self) -> FloatArray:
        """Logarithm of the cost above that of peers in the same group and insurance."""
        log = np.log(self.cost)
        levels = [*self.mix, cell_codes(self.drg, self.tier, self.insurance)]
        prior = self.rules.statistics.prior_cases
        return log - leave_one_out(log, self.hospital, levels=levels, prior_cases=prior)

    @cached_property
    def level(self) -> FloatArray:
        """Cost level of each hospital: the middle residual of its cases, shape (hospitals,)."""
        everywhere = np.ones(len(self.rows), bool)
        return middle_by(self.residual, self.hospital, where=everywhere, size=len(self.stays.hospitals))

    @cached_property
    def ratio(self) -> FloatArray:
        """Logarithm of the cost above what is usual for the group and this hospital."""
        return self.residual - self.level[self.hospital]

    @cached_property
    def days(self) -> FloatArray:
        """Length of stay [days]; NaN where unknown or the table has none."""
        if "los_days" not in self.stays.numbers:
            return np.full(len(self.rows), np.nan)
        return self.number("los_days")

    @cached_property
    def days_residual(self) -> FloatArray:
        """Logarithm of the length of stay above that of peers in the same group; 0 where unknown."""
        known = self.days > 0
        log = np.where(known, np.log(np.where(known, self.days, 1.0)), 0.0)
        found = np.zeros(len(log))
        if known.any():
            levels = [level[known] for level in self.mix]
            prior = self.rules.statistics.prior_cases
            found[known] = log[known] - leave_one_out(
                log[known], self.hospital[known], levels=levels, prior_cases=prior
            )
        return found

    @cached_property
    def light(self) -> BoolArray:
        """Whether the stay is short and far below the cost of its group; nowhere without lengths of stay.

        A hospital that is quick or cheap in all it does is no light one: both figures are measured against its own
        longer stays, which light admissions leave as they are.
        """
        rule = self.rules.light_admission
        longer = self.days > rule.most_days
        size = len(self.stays.hospitals)
        cheap = middle_by(self.residual, self.hospital, where=longer, size=size)[self.hospital]
        quick = middle_by(self.days_residual, self.hospital, where=longer, size=size)[self.hospital]
        short = self.days <= (rule.most_days + 0.5) * np.exp(quick)
        far_below = self.residual - cheap < np.log(rule.cost_ratio_under)
        return np.asarray(short & far_below & ~self.part_of_pair, np.bool_)

    @cached_property
    def admission(self) -> IntArray:
        """Day of admission; of discharge where that is unknown."""
        first, last = self.stays.admission, self.stays.discharge
        if first is None:
            first = np.full(len(self.stays), NO_DAY)
        if last is not None:
            first = np.where(first == NO_DAY, last, first)
        return self.of(first)

    @cached_property
    def dated(self) -> BoolArray:
        """Whether a day is known."""
        return np.asarray(self.admission != NO_DAY, np.bool_)

    @cached_property
    def end(self) -> IntArray:
        """Day of discharge; of admission where that is unknown."""
        last = self.stays.discharge
        found = self.admission if last is None else self.of(last)
        return np.where(found == NO_DAY, self.admission, found)

    @cached_property
    def quarter(self) -> IntArray:
        """Calendar quarter of the admission, from 0; stays from before the first discharge count with it."""
        first = int(self.end[self.dated].min()) if self.dated.any() else 0
        days = np.where(self.dated, np.maximum(self.admission, first), first)
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        return (months // 3 - months.min() // 3).astype(np.int64)

    @cached_property
    def first_quarter(self) -> int:
        """Number of the quarter that is 0, counted from 1970Q1."""
        first = np.datetime64(int(self.end[self.dated].min()) if self.dated.any() else 0, "D")
        return int(first.astype("datetime64[M]").astype(np.int64)) // 3

    @cached_property
    def later_half(self) -> BoolArray:
        """Whether the admission lies in the later half of the days of discharge."""
        ends = self.end[self.dated]
        middle = (int(ends.min()) + int(ends.max()) + 1) / 2
        later: BoolArray = self.admission >= middle
        return later

    @cached_property
    def _pairs(self) -> tuple[IntArray, IntArray, IntArray]:
        """Rows of stays that follow another of the person, hospital and ADRG, the row before, and the days between."""
        stays = self.stays
        if stays.person is None or stays.admission is None or stays.discharge is None:
            empty = np.empty(0, np.int64)
            return empty, empty, empty
        person, first, last = self.of(stays.person), self.of(stays.admission), self.of(stays.discharge)
        counts = np.bincount(person[person >= 0], minlength=1)
        rows = np.flatnonzero((person >= 0) & (counts[person] > 1) & (first != NO_DAY) & (last != NO_DAY))
        order = rows[np.lexsort((last[rows], first[rows], self.adrg[rows], self.hospital[rows], person[rows]))]
        before, after = order[:-1], order[1:]
        same = np.ones(len(after), bool)
        for column in (person, self.hospital, self.adrg):
            same &= column[before] == column[after]
        gap = (first[after] - last[before]).astype(np.int64)
        same &= (gap >= 0) & (gap <= self.rules.split_stay.within_days)
        return after[same], before[same], gap[same]

    @cached_property
    def readmitted(self) -> BoolArray:
        """Whether the stay follows another of the same person, hospital and ADRG within the declared days."""
        found = np.zeros(len(self.rows), bool)
        found[self._pairs[0]] = True
        return found

    @cached_property
    def part_of_pair(self) -> BoolArray:
        """Whether the stay is either of two such stays."""
        found = self.readmitted.copy()
        found[self._pairs[1]] = True
        return found

    @cached_property
    def pairs(self) -> tuple[IntArray, IntArray, IntArray]:
        """Readmissions, the stays before them, and the days between."""
        return self._pairs

    @cached_property
    def group_mean(self) -> FloatArray:
        """Mean cost of each case's group [yuan]."""
        size = len(self.stays.drgs)
        total = sum_by(self.drg, self.cost, size=size)
        return (total / np.maximum(sum_by(self.drg, None, size=size), 1.0))[self.drg]
