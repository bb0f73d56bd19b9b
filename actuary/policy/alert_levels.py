"""Whether the levels of a warning rule share the line of its measure well: no overlap, no gap, none out of reach."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from actuary.policy.alert_conditions import AlertCondition
from actuary.policy.alert_shapes import LEVELS, AlertCase, AlertRule

__all__ = ["find_level_faults"]


@dataclass(frozen=True, slots=True, order=True)
class _End:
    """One end of an interval: just before (-1), at (0) or just after (1) a value."""

    value: float
    side: int


@dataclass(frozen=True, slots=True)
class _Interval:
    low: _End
    high: _End

    @property
    def empty(self) -> bool:
        return self.low > self.high

    def meets(self, other: _Interval) -> bool:
        return not _Interval(max(self.low, other.low), min(self.high, other.high)).empty

    def within(self, other: _Interval) -> bool:
        return other.low <= self.low and self.high <= other.high

    def __str__(self) -> str:
        low = "" if self.low.value == -math.inf else f"{'>' if self.low.side > 0 else '>='} {self.low.value:g}"
        high = "" if self.high.value == math.inf else f"{'<' if self.high.side < 0 else '<='} {self.high.value:g}"
        if self.low.value == self.high.value:
            return f"= {self.low.value:g}"
        return " and ".join(part for part in (low, high) if part) or "every value"


_EVERYTHING = _Interval(_End(-math.inf, 0), _End(math.inf, 0))


def _interval(conditions: Iterable[AlertCondition]) -> _Interval:
    low, high = _EVERYTHING.low, _EVERYTHING.high
    for one in conditions:
        if one.operator.startswith("<"):
            high = min(high, _End(one.threshold, 0 if one.operator == "<=" else -1))
        else:
            low = max(low, _End(one.threshold, 0 if one.operator == ">=" else 1))
    return _Interval(low, high)


def find_level_faults(rule: AlertRule) -> list[tuple[int, str, str]]:
    """Find levels of a rule that overlap, that no value reaches, and values between two levels that have none.

    An earlier case may lie inside a later one that is milder, as ``< 3`` lies inside ``< 6``: it goes first. Cases
    that ask for something else too may overlap others.

    Parameters
    ----------
    rule : AlertRule
        The rule.

    Returns
    -------
    list of (int, str, str)
        Number of the case, beginning with 1; what is there; what was expected.

    Examples
    --------
    >>> from actuary.policy import load_alert_rules
    >>> [fault for rule in load_alert_rules() for fault in find_level_faults(rule)]
    []
    """
    faults: list[tuple[int, str, str]] = []
    axes = list(dict.fromkeys(condition.axis for condition in rule.conditions))
    for axis in axes:
        numbered = [
            (number, case, _interval(case.all))
            for number, case in enumerate(rule.case, 1)
            if {condition.axis for condition in case.all} == {axis}
        ]
        for number, _, interval in numbered:
            if interval.empty:
                faults.append((number, f"conditions on {axis} that no value fulfils", "values that can occur"))
        alone = [one for one in numbered if not one[2].empty]
        faults += _overlaps(axis, alone)
        faults += _gaps(axis, [interval for _, _, interval in alone], len(rule.case))
    return faults


def _overlaps(axis: str, cases: Sequence[tuple[int, AlertCase, _Interval]]) -> list[tuple[int, str, str]]:
    faults = []
    for position, (number, case, interval) in enumerate(cases):
        for earlier_number, earlier, before in cases[:position]:
            if not interval.meets(before):
                continue
            both = _Interval(max(interval.low, before.low), min(interval.high, before.high))
            overlap = f"level {case.level} overlaps level {earlier.level} of case {earlier_number}"
            found = f"{overlap} where {axis} is {both}"
            if interval.within(before):
                faults.append((number, found, "a level that the earlier cases leave something to"))
            elif not before.within(interval):
                faults.append((number, found, "levels that do not overlap"))
            elif LEVELS.index(earlier.level) > LEVELS.index(case.level) and "normal" not in {earlier.level}:
                faults.append((number, found, "the graver level first, inside the milder one"))
    return faults


def _gaps(axis: str, intervals: Sequence[_Interval], last: int) -> list[tuple[int, str, str]]:
    faults = []
    ordered = sorted(intervals, key=lambda one: (one.low, one.high))
    reached: _End | None = None
    for interval in ordered:
        # The next place after an end: just after a closed one, at an open one.
        if reached is not None and interval.low > _End(reached.value, reached.side + 1):
            hole = _Interval(_End(reached.value, reached.side + 1), _End(interval.low.value, interval.low.side - 1))
            expected = "a level for every value between two levels"
            faults.append((last, f"a gap: no level where {axis} is {hole}", expected))
        reached = interval.high if reached is None else max(reached, interval.high)
    return faults
