"""The course of a rule's level over a history: entered at once, left only as the rule says, and since when it holds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actuary.policy import LEVELS, NOT_ASSESSABLE, AlertCase, AlertRule

__all__ = ["Judged", "episode_start", "follow_levels"]


@dataclass(frozen=True, slots=True)
class Judged:
    """Hold the level of a rule at one period.

    Parameters
    ----------
    level : str
        The level that is told.
    case : AlertCase or None
        The case it rests on; None where none holds, or nothing can be said.
    raw_level : str
        The level that the values alone give.
    """

    level: str
    case: AlertCase | None
    raw_level: str

    @property
    def held(self) -> bool:
        """Whether the level stands though the values alone would give a milder one."""
        return self.level != self.raw_level


def follow_levels(rule: AlertRule, values: Sequence[Mapping[str, float]]) -> tuple[Judged, ...]:
    """Follow the level of a rule over consecutive periods.

    A graver level is entered at once. A milder one takes its place when no case of the graver level holds any more
    with every threshold on the rule's own measure moved by the margin of the hysteresis, for as many assessed periods
    in a row as it asks. A period that cannot be assessed changes nothing and is told as such.

    Parameters
    ----------
    rule : AlertRule
        The rule.
    values : sequence of mapping
        For every period, axis to value.

    Examples
    --------
    >>> from actuary.policy import load_alert_rules
    >>> rule = next(rule for rule in load_alert_rules() if rule.id == "PR-9")
    >>> gaps = (0.06, 0.045, 0.03, -0.002, -0.03, float("nan"), 0.02)
    >>> [one.level for one in follow_levels(rule, [{"growth_gap": gap} for gap in gaps])]
    ['orange', 'orange', 'yellow', 'yellow', 'normal', 'not_assessable', 'yellow']
    """
    path: list[Judged] = []
    now: Judged | None = None
    milder = 0
    needed = rule.hysteresis.periods if rule.hysteresis is not None else 1
    for one in values:
        raw = rule.level(one)
        if raw == NOT_ASSESSABLE:
            path.append(Judged(raw, None, raw))
            continue
        found = Judged(raw, rule.matching_case(one), raw)
        if now is None or _rank(raw) <= _rank(now.level):
            now, milder = found, 0
        else:
            target = _kept(rule, one, now.level, found)
            milder = 0 if target.level == now.level else milder + 1
            if target.level == now.level:
                now = target
            elif milder >= needed:
                now, milder = target, 0
            else:
                now = Judged(now.level, now.case, raw)
        path.append(now)
    return tuple(path)


def _rank(level: str) -> int:
    return LEVELS.index(level)


def _kept(rule: AlertRule, values: Mapping[str, float], level: str, found: Judged) -> Judged:
    """Return the gravest level, from the present one down to the one found, of which a case holds with the margin."""
    margin = rule.hysteresis.margin if rule.hysteresis is not None else 0.0
    axis = rule.own.axis
    for kept in LEVELS[_rank(level) : _rank(found.level)]:
        for case in rule.case:
            if case.level == kept and all(
                one.holds(values.get(one.axis, math.nan), margin=margin if one.axis == axis else 0.0)
                for one in case.all
            ):
                return Judged(kept, case, found.raw_level)
    return found


def episode_start(path: Sequence[Judged], *, same_level: bool = False) -> int | None:
    """Return the position of the first period of the present episode, or None where there is none.

    An episode is a run of periods with a warning of any level; a period that cannot be assessed does not end it.

    Parameters
    ----------
    path : sequence of Judged
        See :func:`follow_levels`.
    same_level : bool
        Return the first period of the run at the present level.
    """
    if not path or path[-1].level in ("normal", NOT_ASSESSABLE):
        return None
    level, start = path[-1].level, len(path) - 1
    for position in reversed(range(len(path))):
        now = path[position].level
        if now == NOT_ASSESSABLE:
            continue
        if now == "normal" or (same_level and now != level):
            break
        start = position
    return start
