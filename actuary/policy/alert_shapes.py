"""Shapes of a warning rule: levels, when they are left, and what the rule warns of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from actuary.policy.alert_conditions import AlertCondition, Indicator
from actuary.policy.shapes import Shape, Text

__all__ = [
    "LEVELS",
    "NOT_ASSESSABLE",
    "AlertCase",
    "AlertHysteresis",
    "AlertOutcome",
    "AlertRule",
    "AlertRuleFile",
]

Status = Literal["official", "practice", "judgement"]
Level = Literal["red", "orange", "yellow", "blue", "normal"]

#: Levels from the worst to the best.
LEVELS: tuple[str, ...] = ("red", "orange", "yellow", "blue", "normal")

#: What stands where a level would, when nothing can be said; never the level of what is well.
NOT_ASSESSABLE = "not_assessable"


class AlertCase(Shape):
    """Hold one level of a rule and the conditions that must all hold for it.

    Attributes
    ----------
    level : str
        red, orange, yellow, blue or normal.
    all : tuple of AlertCondition
        Every one must hold.
    text_zh, text_en : str
        What is said; may hold the placeholders in braces, such as {value}, {threshold} and {period}.
    action_zh, action_en : str
        What is to be done.
    status : str or None
        official, practice or judgement, if not that of the rule.
    source : str or None
        Where this level stands, if not where the rule does.
    confidence : str or None
        How the level is known, where it was not simply seen in its source.
    """

    level: Level
    all: tuple[AlertCondition, ...] = Field(min_length=1)
    text_zh: Text
    text_en: Text
    action_zh: Text
    action_en: Text
    status: Status | None = None
    source: str | None = None
    confidence: Literal["verified", "derived", "recalled", "conflicting"] | None = None

    def holds(self, values: Mapping[str, float]) -> bool:
        """Say whether every condition holds for the values.

        Parameters
        ----------
        values : mapping
            Axis (for a plain value the name of the indicator) to value; one that is missing fulfils nothing.
        """
        return all(condition.holds(values.get(condition.axis, math.nan)) for condition in self.all)

    def may_hold(self, values: Mapping[str, float]) -> bool:
        """Say whether the case is open: some value is missing, and every condition on a known one holds."""
        known = [condition for condition in self.all if not math.isnan(values.get(condition.axis, math.nan))]
        return len(known) < len(self.all) and all(condition.holds(values[condition.axis]) for condition in known)


class AlertHysteresis(Shape):
    """Say when a level is left for a milder one, so that it does not flap.

    A graver level is entered at once. It is left when the milder level would hold even with every threshold on the
    rule's own measure moved by `margin`, and has done so for `periods` assessed periods in a row.

    Attributes
    ----------
    margin : float
        How far beyond the threshold, in `unit`.
    unit : str or None
        Unit of the margin; needed where there is one.
    periods : int
        How many periods in a row; 1: at once.
    """

    margin: float = Field(default=0.0, ge=0.0)
    unit: Text | None = None
    periods: int = Field(default=1, ge=1)


class AlertOutcome(Shape):
    """Say what a rule warns of, so that its record can be kept.

    Attributes
    ----------
    name_zh, name_en : str
        The event, in words.
    indicator, measure, operator, threshold, unit, over_years
        When it has come, as in :class:`AlertCondition`.
    within_years : int
        How long after a warning it may come.
    alarm : str
        A level as grave as this or graver counts as a warning of it.
    """

    name_zh: Text
    name_en: Text
    indicator: Indicator
    measure: Literal["value", "change"] = "value"
    operator: Literal["<", "<=", ">", ">="]
    threshold: float
    unit: Text
    over_years: int | None = Field(default=None, ge=1)
    within_years: int = Field(ge=1, le=10)
    alarm: Literal["red", "orange", "yellow", "blue"] = "yellow"

    @property
    def condition(self) -> AlertCondition:
        """The comparison that tells whether it has come."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in ("indicator", "measure", "operator", "unit")}
        return AlertCondition(**fields, threshold=self.threshold, over_years=self.over_years)


class AlertRule(Shape):
    """Hold a warning rule: its cases are tried in order, the first that holds gives the level.

    Attributes
    ----------
    id : str
        Identifier, never used again for another rule.
    name_zh, name_en : str
        What it watches.
    indicator : str
        Indicator whose value is shown.
    schemes : tuple of str
        Schemes it is applied to.
    region_kinds : tuple of str
        Kinds of region it is applied to; empty: all.
    status : str
        official, practice or judgement.
    source : str
        ``S1`` of models/alerts/sources.md, or judgement.
    fund : str
        ``pooled`` where the rule is about the pool only and says nothing of an undivided fund; else ``any``.
    otherwise : str
        Level when no case holds and the measure is known.
    owner_zh, owner_en : str
        Who acts.
    case : tuple of AlertCase
        In the order they are tried.
    hysteresis : AlertHysteresis or None
        When a level is left; None: at once.
    outcome : AlertOutcome or None
        What the rule warns of; None: no record is kept of it.

    Examples
    --------
    >>> from actuary.policy import load_alert_rules
    >>> rule = next(rule for rule in load_alert_rules() if rule.id == "PR-1")
    >>> rule.level({"payable_months": 4.0, "current_balance_yuan": 1.0})
    'yellow'
    >>> rule.level({})
    'not_assessable'
    """

    id: Text
    name_zh: Text
    name_en: Text
    indicator: Indicator
    schemes: tuple[Literal["all", "employee", "resident", "maternity", "ltci"], ...] = Field(min_length=1)
    region_kinds: tuple[Literal["nation", "province", "city", "county", "panel"], ...] = ()
    status: Status
    source: str
    fund: Literal["any", "pooled"] = "any"
    otherwise: Level = "normal"
    owner_zh: Text
    owner_en: Text
    note: Text | None = None
    case: tuple[AlertCase, ...] = Field(min_length=1)
    hysteresis: AlertHysteresis | None = None
    outcome: AlertOutcome | None = None

    def applies_to(self, region_kind: str) -> bool:
        """Return whether the rule can hold for a region of a kind: what it asks can exist there.

        A rule that does not apply is left out; a rule that applies and lacks its figures cannot be assessed.

        Examples
        --------
        >>> from actuary.policy import load_alert_rules
        >>> rule = next(rule for rule in load_alert_rules() if rule.id == "PR-11")
        >>> rule.applies_to("city"), rule.applies_to("nation")
        (True, False)
        """
        return not self.region_kinds or region_kind in self.region_kinds

    @property
    def own(self) -> AlertCondition:
        """The first condition on the rule's own indicator: its measure is the one that is shown."""
        found = (one for case in self.case for one in case.all if one.indicator == self.indicator)
        return next(found, self.case[0].all[0])

    @property
    def of_forecast(self) -> bool:
        """Whether any condition asks the forecast."""
        return any(condition.of_forecast for condition in self.conditions)

    @property
    def conditions(self) -> tuple[AlertCondition, ...]:
        """Every condition, in order."""
        return tuple(condition for case in self.case for condition in case.all)

    def matching_case(self, values: Mapping[str, float]) -> AlertCase | None:
        """Return the first case that holds, or None."""
        return next((case for case in self.case if case.holds(values)), None)

    def status_of(self, case: AlertCase | None) -> str:
        """Return who said so for one case: its own status, or that of the rule (also for the level otherwise).

        Parameters
        ----------
        case : AlertCase or None
            One of the rule's cases, as :meth:`matching_case` returns it.

        Examples
        --------
        >>> from actuary.policy import load_alert_rules
        >>> rule = next(rule for rule in load_alert_rules() if rule.id == "CN-1")
        >>> [rule.status_of(rule.matching_case({"payable_months": months})) for months in (2.0, 4.0, 8.0, 12.0, 16.0)]
        ['official', 'judgement', 'official', 'judgement', 'official']
        """
        return case.status if case is not None and case.status is not None else self.status

    def source_of(self, case: AlertCase | None) -> str:
        """Return where one case stands: its own source, or that of the rule.

        Parameters
        ----------
        case : AlertCase or None
            As for :meth:`status_of`.
        """
        return case.source if case is not None and case.source is not None else self.source

    def open_case(self, values: Mapping[str, float]) -> AlertCase | None:
        """Return the case graver than the level found that a missing value leaves open, or None.

        Parameters
        ----------
        values : mapping
            Axis to value.
        """
        found = self.matching_case(values)
        level = found.level if found else self.otherwise
        graver = [case for case in self.case if LEVELS.index(case.level) < LEVELS.index(level)]
        return next((case for case in graver if case.may_hold(values)), None)

    def level(self, values: Mapping[str, float]) -> str:
        """Return the level for the values; ``not_assessable`` when its own measure has none.

        Nor is what is well certain while a missing value leaves a graver case open.

        Parameters
        ----------
        values : mapping
            Axis (for a plain value the name of the indicator) to value.
        """
        if math.isnan(values.get(self.own.axis, math.nan)):
            return NOT_ASSESSABLE
        case = self.matching_case(values)
        level = case.level if case else self.otherwise
        if level == "normal" and self.open_case(values) is not None:
            return NOT_ASSESSABLE
        return level


class AlertRuleFile(Shape):
    """Hold a file of models/alerts."""

    rule: tuple[AlertRule, ...] = Field(min_length=1)
