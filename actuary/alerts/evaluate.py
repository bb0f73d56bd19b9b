"""Hold declared rules against indicators: one warning for each rule and scheme, never well where inputs are missing."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from actuary.alerts.causes import describe_causes, explain_members, explain_year
from actuary.alerts.episodes import Judged, episode_start, follow_levels
from actuary.alerts.finding import Finding
from actuary.alerts.history import ObservedHistory, end_of, history_of, measure_trend
from actuary.alerts.outlook import NO_FORECAST, Outlook, OutlookValue
from actuary.alerts.sentences import tell
from actuary.alerts.track import LONGEST_GAP
from actuary.alerts.warning import LEVELS, Warning, warning_table, worst_level  # noqa: A004
from actuary.alerts.words import describe_period
from actuary.fund import FundProjection
from actuary.indicators import INDICATORS
from actuary.periods import Quarter
from actuary.policy import NOT_ASSESSABLE, AlertCondition, AlertRule

__all__ = ["LEVELS", "Warning", "evaluate_rules", "warning_table", "worst_level"]

#: A figure as old as this may still warn, but tells nobody that all is well.
_STALE_QUARTERS = 4


def evaluate_rules(
    projection: FundProjection,
    indicators: pd.DataFrame,
    rules: Iterable[AlertRule],
    *,
    outlook: Outlook | None = None,
    models: Path | None = None,
) -> tuple[Warning, ...]:
    """Hold every rule against the indicators of every scheme it is for.

    The first case of a rule that holds gives the level; the rule's hysteresis, followed over the history, may hold a
    graver one. An event that does not happen before the horizon fulfils no condition on its years. What is not known
    gives the level ``not_assessable`` with the reason; so do a rule about the pool where the pool is not published
    apart from the accounts, a quarter of which a quarterly series has no figure, and a figure a year old or older that
    would mean that all is well, or be a matter to note only.

    Parameters
    ----------
    projection : FundProjection
        The projection.
    indicators : DataFrame
        Its indicators, see :func:`actuary.indicators.compute_indicators`.
    rules : iterable of AlertRule
        The rules; those for another kind of region are left out.
    outlook : Outlook, optional
        The forecast, see :func:`actuary.alerts.outlook.fund_outlook`; without one, rules on it are not assessable.
    models : Path, optional
        Folder of declared one-offs and standards, for the causes.

    Returns
    -------
    tuple of Warning
        The gravest level first, then in the order of the rules and schemes.

    Examples
    --------
    >>> from actuary.fund import project_fund
    >>> from actuary.indicators import compute_indicators
    >>> from actuary.policy import load_alert_rules
    >>> projection = project_fund("shenyang", "2020Q4")
    >>> found = evaluate_rules(projection, compute_indicators(projection), load_alert_rules())
    >>> found[0].level, found[0].indicator, round(found[0].value, 2)
    ('red', 'dependency_ratio', 1.47)
    """
    tables: dict[str, dict[str, dict[str, Any]]] = {}
    for told in indicators.to_dict("records"):
        tables.setdefault(str(told["scheme"]), {})[str(told["indicator"])] = {
            str(key): one for key, one in told.items()
        }
    none = Outlook(projection.quarter, reason_zh=NO_FORECAST[0], reason_en=NO_FORECAST[1])
    desk = _Desk(projection, tables, history_of(projection), outlook or none, models)
    warnings = [
        desk.judge(rule, str(scheme))
        for rule in rules
        if rule.applies_to(projection.region_kind)
        for scheme in rule.schemes
    ]
    return tuple(sorted(warnings, key=lambda warning: LEVELS.index(warning.level)))


@dataclass(frozen=True, eq=False)
class _Desk:
    """Hold everything that rules are held against."""

    projection: FundProjection
    tables: dict[str, dict[str, dict[str, Any]]]
    history: ObservedHistory
    outlook: Outlook
    models: Path | None
    _causes: dict[tuple[str, Quarter], tuple[str, str]] = field(default_factory=dict)

    def judge(self, rule: AlertRule, scheme: str) -> Warning:
        """Return the warning of one rule and scheme."""
        row = self._row(scheme, rule.indicator)
        measured = {
            condition.axis: self.outlook.measure(scheme, condition)
            for condition in rule.conditions
            if condition.of_forecast
        }
        values = {one.axis: self._value(scheme, one, measured) for one in rule.conditions}
        reason, outdated = self._reason(rule, scheme, row, values), False
        if reason is None:
            reason = self._missing_quarter(rule, scheme, row)
            outdated = reason is not None
        quarters, path = self._path(rule, scheme, row, values)
        judged = path[-1]
        if reason is None and judged.level == NOT_ASSESSABLE:
            reason = ("规则所需的其他指标未公布", "another indicator that the rule asks for is not published")
        if reason is None and judged.level in ("normal", "blue"):
            reason = self._stale(rule, row)
            outdated = reason is not None
        if reason is not None:
            judged = Judged(NOT_ASSESSABLE, None, NOT_ASSESSABLE)
        finding = Finding(
            projection=self.projection,
            rule=rule,
            scheme=scheme,
            rows=self.tables.get(scheme, {}),
            judged=judged,
            value=values[rule.own.axis],
            before=self._before(scheme, rule.own, row),
            measured=measured.get(rule.own.axis),
            outlook=self.outlook,
            quarters=tuple(quarters),
            path=path,
            reason=reason,
            last_level=path[-1].level,
            outdated=outdated,
        )
        return self._warning(finding)

    def _warning(self, finding: Finding) -> Warning:
        rule, case, row = finding.rule, finding.judged.case, finding.row
        raised = finding.judged.level not in ("normal", NOT_ASSESSABLE)
        cause = self._cause(finding) if raised else ("", "")
        start, level_start = (
            episode_start(finding.path, same_level=same) if raised and finding.quarters else None
            for same in (False, True)
        )
        provisional, revision = (_number(row.get(name)) for name in ("provisional_value", "revision"))
        observed = rule.own.measure == "value"
        said = tell(finding, cause=cause, start=start, level_start=level_start)
        interval: OutlookValue | None = finding.measured
        return Warning(
            rule_id=rule.id,
            level=finding.judged.level,
            scheme=finding.scheme,
            indicator=rule.indicator,
            value=_number(finding.value),
            unit=rule.own.unit,
            period=finding.period,
            threshold=" and ".join(str(condition) for condition in (case.all if case else ())),
            source=rule.source_of(case),
            status=rule.status_of(case),
            name_zh=rule.name_zh,
            name_en=rule.name_en,
            action_zh=case.action_zh if case else "",
            action_en=case.action_en if case else "",
            owner_zh=rule.owner_zh,
            owner_en=rule.owner_en,
            confidence=(case.confidence if case else None) or "",
            value_status="forecast" if rule.own.of_forecast else str(row.get("status", "gap")),
            recalled=bool(row.get("recalled", False)) and not rule.own.of_forecast,
            measure=rule.own.measure,
            raw_level=finding.judged.raw_level,
            since="" if start is None else str(finding.quarters[start]),
            level_since="" if level_start is None else str(finding.quarters[level_start]),
            since_open=start == 0,
            low=_number(interval.low) if interval else None,
            high=_number(interval.high) if interval else None,
            provisional_value=provisional if observed else None,
            revision=revision if observed else None,
            **said,
        )

    def _row(self, scheme: str, indicator: str) -> dict[str, Any]:
        return self.tables.get(scheme, {}).get(indicator, {})

    def _value(self, scheme: str, condition: AlertCondition, measured: dict[str, OutlookValue | None]) -> float:
        if condition.of_forecast:
            found = measured[condition.axis]
            return math.nan if found is None else found.value
        row = self._row(scheme, condition.indicator)
        if row.get("status") == "beyond_horizon":
            # An event beyond the horizon is later than any threshold.
            return math.inf if condition.measure == "value" else math.nan
        value = float(row.get("value", math.nan))
        if condition.measure == "value" or not math.isfinite(value):
            return value
        values = self.history.values(scheme, condition.indicator)
        end = end_of(str(row["period"]))
        return measure_trend({**values, end: value}, condition, end)

    def _before(self, scheme: str, condition: AlertCondition, row: dict[str, Any]) -> float:
        if condition.measure not in ("change", "slope") or not row:
            return math.nan
        earlier = end_of(str(row["period"])) + -condition.span_quarters
        return self.history.values(scheme, condition.indicator).get(earlier, math.nan)

    def _path(
        self, rule: AlertRule, scheme: str, row: dict[str, Any], values: dict[str, float]
    ) -> tuple[list[Quarter], tuple[Judged, ...]]:
        """Return the quarters at whose end the rule could be held against figures, and its level at each."""
        counted = rule.own.of_forecast or rule.indicator.startswith("years_to_")
        if rule.own.of_forecast:
            earlier = self._forecast_rows(rule, scheme)
        else:
            earlier = {} if counted else self.history.rows(rule, scheme)
        end = self.projection.quarter if counted or not row.get("period") else end_of(str(row["period"]))
        quarters = [end]
        for quarter in sorted((one for one in earlier if one < end), reverse=True):
            if quarters[0] - quarter > LONGEST_GAP:
                break
            quarters.insert(0, quarter)
        return quarters, follow_levels(rule, [*(earlier[quarter] for quarter in quarters[:-1]), values])

    def _forecast_rows(self, rule: AlertRule, scheme: str) -> dict[Quarter, dict[str, float]]:
        """Return the measures of a rule by the forecasts made at the ends of the years before."""
        rows = {}
        for one in self.outlook.earlier:
            draws = one.schemes.get(scheme)
            if draws is None or (rule.fund == "pooled" and not draws.pooled):
                continue
            row = {}
            for condition in rule.conditions:
                found = one.measure(scheme, condition) if condition.of_forecast else None
                if found is not None:
                    row[condition.axis] = found.value
                elif condition.measure == "value":
                    row[condition.axis] = self.history.values(scheme, condition.indicator).get(one.quarter, math.nan)
            rows[one.quarter] = row
        return rows

    def _reason(
        self, rule: AlertRule, scheme: str, row: dict[str, Any], values: dict[str, float]
    ) -> tuple[str, str] | None:
        """Return why a rule cannot be held against anything, or None."""
        draws = self.outlook.schemes.get(scheme)
        undivided = scheme in self.projection.schemes and self.projection.fund_prefix(scheme) == ""
        if rule.of_forecast and draws is not None:
            undivided = undivided or not draws.pooled
        if rule.fund == "pooled" and undivided and not math.isnan(values[rule.own.axis]):
            return (
                "统筹基金与个人账户未分别公布，该规则只适用于统筹基金",
                "the pool is not published apart from the personal accounts, and the rule is about the pool only",
            )
        if not math.isnan(values[rule.own.axis]):
            return None
        if rule.own.of_forecast:
            lacking = (
                "该险种的收支或结余不足以预测",
                "income, spending or balance of the scheme do not allow a forecast",
            )
            return self.outlook.reason_zh or lacking[0], self.outlook.reason_en or lacking[1]
        if rule.indicator not in INDICATORS or not row:
            return "计算所需的数字未公布", "the figures it is computed from are not published"
        unpublished = "计算所需的数字未公布", "the figures it is computed from are not published"
        if math.isfinite(float(row["value"])) and rule.own.measure in ("change", "slope"):
            unpublished = "计算趋势所需的较早期数字未公布", "the earlier figures of the trend are not published"
        return str(row.get("reason_zh") or unpublished[0]), str(row.get("reason_en") or unpublished[1])

    def _missing_quarter(self, rule: AlertRule, scheme: str, row: dict[str, Any]) -> tuple[str, str] | None:
        """Return the reason where a series that comes by quarter has no figure for the report quarter."""
        if rule.own.of_forecast or rule.indicator.startswith("years_to_"):
            return None
        report, end = self.projection.quarter, end_of(str(row["period"]))
        if end >= report or not self.history.comes_by_quarter(scheme, rule.indicator):
            return None
        told, last = (describe_period(str(one), lang="zh") for one in (report, end))
        return (
            f"{told.removesuffix('末')}的数字缺失，最近一期为{last}",
            f"there is no figure for {report}; the last is of {end}",
        )

    def _stale(self, rule: AlertRule, row: dict[str, Any]) -> tuple[str, str] | None:
        """Return the reason where the figure is too old to say that all is well."""
        if rule.own.of_forecast or rule.indicator.startswith("years_to_"):
            return None
        report, end = self.projection.quarter, end_of(str(row["period"]))
        if report - end < _STALE_QUARTERS:
            return None
        last = describe_period(str(end), lang="zh")
        return (
            f"最近公布的数字为{last}，距报告季度已有一年以上，不足以判断目前情况",
            f"the last published figure is of {end}, a year or more before the report: too old to judge the present by",
        )

    def _cause(self, finding: Finding) -> tuple[str, str]:
        """Say why the flows behind a warning changed, or why members did."""
        end = finding.end
        if not INDICATORS[finding.rule.indicator].of_money:
            return explain_members(self.projection, end)
        key = (finding.scheme, end)
        if key not in self._causes:
            explained = explain_year(self.projection, finding.scheme, end, models=self.models)
            self._causes[key] = describe_causes(explained)
        return self._causes[key]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
