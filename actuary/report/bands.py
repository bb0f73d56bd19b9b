"""Bands of months payable, read off the declared warning rules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

__all__ = ["MonthsBand", "months_bands"]

_INDICATOR = "payable_months"
_STATUS_ORDER = ("official", "practice", "judgement")


@dataclass(frozen=True, slots=True)
class MonthsBand:
    """Hold one band of months payable and the level a rule gives it.

    Parameters
    ----------
    rule_id : str
        The rule.
    level : str
        Its level.
    low, high : float or None
        Bounds [months]; None where the band is open.
    status : str
        ``official``, ``practice`` or ``judgement``.
    source : str
        Where the rule stands.
    recalled : bool
        Whether the level was entered from memory.
    """

    rule_id: str
    level: str
    low: float | None
    high: float | None
    status: str
    source: str
    recalled: bool = False

    def holds(self, months: float) -> bool:
        """Return whether a number of months lies in the band."""
        return (self.low is None or months >= self.low) and (self.high is None or months < self.high)


def months_bands(rules: Sequence[Any], scheme: str) -> list[MonthsBand]:
    """Return the bands of the leading rule on months payable of a scheme, from the lowest to the highest.

    The leading rule is the official one, and among several of one status the one with the most cases. A rule that
    also asks for another indicator is read as if that condition did not hold.

    Parameters
    ----------
    rules : sequence of AlertRule
        The declared rules.
    scheme : str
        The scheme.

    Examples
    --------
    >>> from actuary.policy import load_alert_rules
    >>> [(band.low, band.high, band.level) for band in months_bands(load_alert_rules(), "employee")][:2]
    [(None, 3.0, 'orange'), (3.0, 6.0, 'yellow')]
    """
    watched = [rule for rule in rules if rule.indicator == _INDICATOR and scheme in rule.schemes]
    if not watched:
        return []
    rule = min(watched, key=lambda one: (_STATUS_ORDER.index(one.status), -len(one.case)))
    limits = sorted({c.threshold for case in rule.case for c in case.all if c.indicator == _INDICATOR})
    edges = [-math.inf, *limits, math.inf]
    bands: list[MonthsBand] = []
    previous: Any = object()
    for low, high in pairwise(edges):
        inside = high - 1.0 if low == -math.inf else low + 1.0 if high == math.inf else (low + high) / 2
        case = rule.matching_case({_INDICATOR: inside})
        level = case.level if case else rule.otherwise
        top = None if high == math.inf else high
        start = None if low == -math.inf else low
        if case is not None and case is previous:
            start = bands.pop().low
        recalled = case is not None and case.confidence == "recalled"
        bands.append(MonthsBand(rule.id, level, start, top, rule.status_of(case), rule.source_of(case), recalled))
        previous = case
    return bands
