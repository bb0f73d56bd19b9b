"""Rules held against history as it was known at every quarter, and scored against what came."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.alerts.episodes import follow_levels
from actuary.alerts.history import measure_trend
from actuary.alerts.outlook import Outlook
from actuary.alerts.track import TrackRecord, score_track
from actuary.periods import Quarter
from actuary.policy import LEVELS, NOT_ASSESSABLE, AlertRule

__all__ = ["WatchedSeries", "flows_series", "history_series", "replay_rule", "replay_rules"]

#: What a quarter knew of itself; between two year-ends nobody saw anything.
_SEEN = ("published", "derived", "apportioned")
_YEAR = 4
#: Indicators of four quarters: a quarter later three of them are the same.
_OF_YEAR = frozenset({"current_balance_yuan", "surplus_rate", "income_growth", "expenditure_growth", "growth_gap"})
_NO_RECORD = {
    "outcome": ("规则未声明所警示的结果", "the rule declares no outcome"),
    "forecast": ("各起点均无通过检验的预测", "no origin has a forecast that passed its gate"),
    "unforecast": (
        "本序列不作预测，年末起点见年序列",
        "no forecast is made on this series; for the ends of years see the series of years",
    ),
    "projection": (
        "测算假设自近年起才有，历史各期无法推演",
        "assumptions begin in recent years: earlier quarters cannot be projected",
    ),
    "pooled": (
        "历史各期统筹基金未与个人账户分别公布",
        "the pool was not published apart from the accounts at any time",
    ),
    "figures": ("该序列没有规则所需的数字", "the series has none of the figures the rule asks for"),
}


@dataclass(frozen=True, eq=False)
class WatchedSeries:
    """Hold what a scheme's indicators were at every quarter, as known then and as known now.

    Parameters
    ----------
    name, scheme : str
        Which series, of which scheme.
    known : mapping of str to mapping
        Indicator to quarter to its value by the figures first published for that quarter: what a rule saw.
    final : mapping of str to mapping
        The same by the figures published last: what came.
    pooled : frozenset of Quarter or None
        Quarters at which money is that of the pool; None where that is no matter.
    outlook : callable or None
        From a quarter to the forecast made then; None where none is made.
    """

    name: str
    scheme: str
    known: Mapping[str, Mapping[Quarter, float]]
    final: Mapping[str, Mapping[Quarter, float]]
    pooled: frozenset[Quarter] | None = None
    outlook: Callable[[Quarter], Outlook] | None = field(default=None, repr=False)


def history_series(
    history: pd.DataFrame,
    name: str,
    scheme: str,
    *,
    pooled: frozenset[Quarter] | None = None,
    outlook: Callable[[Quarter], Outlook] | None = None,
) -> WatchedSeries:
    """Return the series of a scheme from its indicators quarter by quarter.

    Parameters
    ----------
    history : DataFrame
        See :func:`actuary.indicators.indicator_history`: every quarter knows figures up to its end only.
    name, scheme : str
        Which series, of which scheme.
    pooled, outlook
        See :class:`WatchedSeries`.
    """
    mine = history[history["scheme"].eq(scheme) & history["is_new"] & history["status"].isin(list(_SEEN))]
    known: dict[str, dict[Quarter, float]] = {}
    final: dict[str, dict[Quarter, float]] = {}
    for row in mine.to_dict("records"):
        indicator, quarter = str(row["indicator"]), Quarter.parse(str(row["quarter"]))
        last, first = float(row["value"]), float(row["provisional_value"])
        known.setdefault(indicator, {})[quarter] = first if math.isfinite(first) else last
        final.setdefault(indicator, {})[quarter] = last
    return WatchedSeries(name, scheme, known, final, pooled, outlook)


def flows_series(
    name: str, quarters: Sequence[Quarter], income: NDArray[np.float64], expenditure: NDArray[np.float64]
) -> WatchedSeries:
    """Return the series of income and spending by quarter alone; they are in the vintage published last.

    Parameters
    ----------
    name : str
        Which series.
    quarters : sequence of Quarter
        Consecutive quarters.
    income, expenditure : array, shape (quarters,)
        Flows, in one unit of money.

    Examples
    --------
    >>> quarters = [Quarter(2000, 1) + n for n in range(8)]
    >>> found = flows_series("made up", quarters, np.full(8, 10.0), np.array([8.0] * 4 + [11.0] * 4))
    >>> found.known["surplus_rate"][Quarter(2001, 4)], found.known["growth_gap"][Quarter(2001, 4)]
    (-0.1, 0.375)
    """

    def of_year(values: NDArray[np.float64]) -> NDArray[np.float64]:
        summed = np.full(values.shape, np.nan)
        summed[_YEAR - 1 :] = np.convolve(values, np.ones(_YEAR), "valid")
        return summed

    def growth(values: NDArray[np.float64]) -> NDArray[np.float64]:
        grown = np.full(values.shape, np.nan)
        grown[_YEAR:] = values[_YEAR:] / values[:-_YEAR] - 1
        return grown

    into, out = of_year(income), of_year(expenditure)
    values = {
        "current_balance_yuan": into - out,
        "surplus_rate": 1 - out / into,
        "income_growth": growth(into),
        "expenditure_growth": growth(out),
        "growth_gap": growth(out) - growth(into),
    }
    known = {
        indicator: {q: round(float(v), 12) for q, v in zip(quarters, found, strict=True) if np.isfinite(v)}
        for indicator, found in values.items()
    }
    return WatchedSeries(name, "all", known, known)


def replay_rule(rule: AlertRule, series: WatchedSeries) -> TrackRecord:
    """Hold a rule against a series at every quarter as it was known then, and score it against what came.

    Parameters
    ----------
    rule : AlertRule
        The rule, with its outcome.
    series : WatchedSeries
        The series.
    """
    if rule.outcome is None:
        return _without(rule, series, "outcome")
    if rule.indicator.startswith("years_to_") and not rule.of_forecast:
        return _without(rule, series, "projection")
    rows = _rows(rule, series)
    if not rows:
        if rule.of_forecast and series.outlook is None:
            return _without(rule, series, "unforecast")
        pool = rule.fund == "pooled" and bool(_rows(rule, series, any_fund=True))
        return _without(rule, series, "pooled" if pool else "forecast" if rule.of_forecast else "figures")
    quarters = list(rows)
    path = follow_levels(rule, list(rows.values()))
    gravest = LEVELS.index(rule.outcome.alarm)
    alarms = [None if one.level == NOT_ASSESSABLE else LEVELS.index(one.level) <= gravest for one in path]
    condition = rule.outcome.condition
    values = series.final.get(condition.indicator, {})
    outcome = [
        (quarter, condition.holds(found))
        for quarter in sorted(values)
        if math.isfinite(
            found := values[quarter]
            if condition.measure == "value"
            else measure_trend(dict(values), condition, quarter)
        )
    ]
    of_year = condition.measure == "change" or condition.indicator in _OF_YEAR
    scored = score_track(
        quarters,
        alarms,
        outcome,
        within_years=rule.outcome.within_years,
        apart_quarters=_YEAR if of_year else 1,
    )
    return TrackRecord(rule.id, series.name, series.scheme, **scored)  # type: ignore[arg-type]


def replay_rules(rules: Iterable[AlertRule], series: Sequence[WatchedSeries]) -> tuple[TrackRecord, ...]:
    """Return the record of every rule on every series of a scheme it is for.

    Parameters
    ----------
    rules : iterable of AlertRule
        The rules; those without an outcome have no record.
    series : sequence of WatchedSeries
        The series; one of all schemes together stands for a fund of its own where it has no parts.
    """
    alone = {one.name for one in series if one.scheme == "all"} - {one.name for one in series if one.scheme != "all"}
    return tuple(
        replay_rule(rule, one)
        for rule in rules
        if rule.outcome is not None
        for one in series
        if one.scheme in rule.schemes or one.name in alone
    )


def _without(rule: AlertRule, series: WatchedSeries, key: str) -> TrackRecord:
    zh, en = _NO_RECORD[key]
    return TrackRecord(rule.id, series.name, series.scheme, reason_zh=zh, reason_en=en)


def _rows(rule: AlertRule, series: WatchedSeries, *, any_fund: bool = False) -> dict[Quarter, dict[str, float]]:
    """Return the measures of a rule at every quarter at which its own one was known."""
    own = rule.own
    quarters = sorted(series.known.get(own.indicator, {}))
    if own.of_forecast:
        ends = {quarter for values in series.known.values() for quarter in values}
        quarters = sorted(quarter for quarter in ends if quarter.number == _YEAR) if series.outlook else []
    rows: dict[Quarter, dict[str, float]] = {}
    for quarter in quarters:
        if rule.fund == "pooled" and series.pooled is not None and quarter not in series.pooled and not any_fund:
            continue
        row = {}
        for one in rule.conditions:
            if one.of_forecast:
                made = None if series.outlook is None else series.outlook(quarter)
                found = None if made is None else made.measure(series.scheme, one)
                draws = None if made is None else made.schemes.get(series.scheme)
                wrong_fund = rule.fund == "pooled" and draws is not None and not draws.pooled and not any_fund
                row[one.axis] = math.nan if found is None or wrong_fund else found.value
                continue
            seen = series.known.get(one.indicator, {})
            # What was revised since is known by its last figure; the quarter itself by its first.
            past = {q: v for q, v in series.final.get(one.indicator, {}).items() if q < quarter}
            values = {**past, quarter: seen.get(quarter, math.nan)}
            row[one.axis] = values[quarter] if one.measure == "value" else measure_trend(values, one, quarter)
        if not math.isnan(row[own.axis]):
            rows[quarter] = row
    return rows
