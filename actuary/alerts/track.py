"""The record of a rule: how often what it warns of came, how often it did not, and how early the warning was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from actuary.periods import Quarter

__all__ = ["TrackRecord", "score_track", "wilson_interval"]

_QUARTERS_A_YEAR = 4
#: The standard normal's point for an interval of 90 %.
_POINT = 1.645


def wilson_interval(count: int, total: int) -> tuple[float, float]:
    """Return the interval of 90 % of a share that was counted, good for few cases too (Wilson 1927).

    Parameters
    ----------
    count, total : int
        How many of how many; NaN for both ends where there is none.

    Examples
    --------
    >>> tuple(round(end, 2) for end in wilson_interval(2, 3))
    (0.25, 0.92)
    """
    if not total:
        return math.nan, math.nan
    share, square = count / total, _POINT**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = _POINT / (1 + square / total) * math.sqrt(share * (1 - share) / total + square / (4 * total**2))
    return max(middle - half, 0.0), min(middle + half, 1.0)


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """Hold the record of one rule on one series.

    Parameters
    ----------
    rule_id, series, scheme : str
        Which rule, on what.
    first, last : str
        First and last quarter at which it could be held against figures.
    periods : int
        How many there were.
    events : int
        How often the outcome came that had not been there before, and could have been warned of.
    hits : int
        How many of them a warning came before.
    alarms : int
        Runs of periods with a warning of which the outcome is known.
    false_alarms : int
        How many of them the outcome did not follow.
    open_alarms : int
        Runs of which the time is not over yet.
    leads : tuple of float
        Years from the first period of a warning to the event, of every hit.
    reason_zh, reason_en : str
        Why there is no record; empty where there is one.
    """

    rule_id: str
    series: str
    scheme: str
    first: str = ""
    last: str = ""
    periods: int = 0
    events: int = 0
    hits: int = 0
    alarms: int = 0
    false_alarms: int = 0
    open_alarms: int = 0
    leads: tuple[float, ...] = ()
    reason_zh: str = ""
    reason_en: str = ""

    @property
    def hit_rate(self) -> float:
        """Share of the events a warning came before; NaN without events."""
        return self.hits / self.events if self.events else math.nan

    @property
    def false_alarm_rate(self) -> float:
        """Share of the warnings that the outcome did not follow; NaN without warnings."""
        return self.false_alarms / self.alarms if self.alarms else math.nan

    @property
    def lead_years(self) -> float:
        """Median lead [years]; NaN without hits."""
        return float(median(self.leads)) if self.leads else math.nan


def score_track(
    quarters: Sequence[Quarter],
    alarms: Sequence[bool | None],
    outcome: Sequence[tuple[Quarter, bool]],
    *,
    within_years: int,
    apart_quarters: int = 1,
) -> dict[str, object]:
    """Score warnings against what came.

    An event is the first period of the outcome after one without it. It is hit when there was a warning in the time
    before it in which the rule may warn. Warnings in consecutive assessed periods are one; it is false when the
    outcome is not there in any period from `apart_quarters` after its beginning to the end of that time after its last,
    and open when the figures end before.

    Parameters
    ----------
    quarters : sequence of Quarter
        Periods at which the rule was asked, in order.
    alarms : sequence of bool or None
        Whether it warned; None where it could not be assessed.
    outcome : sequence of (Quarter, bool)
        Whether the outcome was there, wherever that is known, in order.
    within_years : int
        How long after a warning the outcome may come.
    apart_quarters : int
        From how long after the beginning of a warning it bears the warning out: 4 where the outcome is one of a whole
        year, so that it holds none of what was seen when the warning began.

    Returns
    -------
    dict
        The counts of a :class:`TrackRecord`.

    Examples
    --------
    >>> years = [Quarter(year, 4) for year in range(2010, 2016)]
    >>> found = score_track(years, [False, True, True, False, True, False],
    ...                     list(zip(years, [False, False, False, True, False, False])), within_years=1)
    >>> found["events"], found["hits"], found["alarms"], found["false_alarms"], found["leads"]
    (1, 1, 2, 1, (2.0,))
    """
    window = _QUARTERS_A_YEAR * within_years
    asked = [(quarter, warned) for quarter, warned in zip(quarters, alarms, strict=True) if warned is not None]
    runs: list[list[Quarter]] = []
    before = False
    for quarter, warned in asked:
        if warned and before:
            runs[-1].append(quarter)
        elif warned:
            runs.append([quarter])
        before = bool(warned)
    events = hits = false_alarms = open_alarms = 0
    leads: list[float] = []
    last_known = outcome[-1][0] if outcome else None
    for (_, earlier), (quarter, now) in pairwise(outcome):
        if earlier or not now or not any(0 < quarter - one <= window for one, _ in asked):
            continue
        events += 1
        warned_runs = [run for run in runs if any(0 < quarter - one <= window for one in run)]
        if warned_runs:
            hits += 1
            leads.append((quarter - warned_runs[0][0]) / _QUARTERS_A_YEAR)
    for run in runs:
        end = run[-1] + window
        if any(run[0] + apart_quarters <= quarter <= end and now for quarter, now in outcome):
            continue
        if last_known is None or last_known < end:
            open_alarms += 1
        else:
            false_alarms += 1
    return {
        "periods": len(asked),
        "first": str(asked[0][0]) if asked else "",
        "last": str(asked[-1][0]) if asked else "",
        "events": events,
        "hits": hits,
        "alarms": len(runs) - open_alarms,
        "false_alarms": false_alarms,
        "open_alarms": open_alarms,
        "leads": tuple(leads),
    }
