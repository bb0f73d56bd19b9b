"""Warning rules: which value of which indicator means which level, who said so, and what is to be done."""

from __future__ import annotations

import math
import operator
import string
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from actuary.errors import DeclarationError, Problem, raise_all
from actuary.paths import models_root
from actuary.policy.shapes import Shape, Text, check_source, fit, shown
from actuary.policy.toml_files import TomlFile, read_sources, read_toml

__all__ = [
    "LEVELS",
    "OTHER_FORMS",
    "AlertCase",
    "AlertCondition",
    "AlertRule",
    "AlertRuleFile",
    "load_alert_rules",
    "read_alert_file",
]

Status = Literal["official", "practice", "judgement"]
Level = Literal["red", "orange", "yellow", "blue", "normal"]
Indicator = Literal[
    "payable_months",
    "current_balance_yuan",
    "growth_gap",
    "dependency_ratio",
    "dependency_ratio_gap_national",
    "years_to_current_deficit",
    "years_to_months_below_3",
    "years_to_exhaustion",
]

#: Levels from the worst to the best.
LEVELS: tuple[str, ...] = ("red", "orange", "yellow", "blue", "normal")

#: Files of models/alerts that hold no warning rules; those who read them check them.
OTHER_FORMS: tuple[str, ...] = ("anomalies.toml", "audit.toml", "credit.toml", "ledger.toml")

#: What a text may insert: the value, the same without its sign, and the threshold, with their unit; the period, the
#: scheme and the region; of an indicator that compares two, the one judged, the other, and the period of the other.
PLACEHOLDERS: tuple[str, ...] = (
    "value",
    "magnitude",
    "threshold",
    "period",
    "scheme",
    "region",
    "own",
    "reference",
    "reference_period",
)

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class AlertCondition(Shape):
    """Hold one comparison of an indicator with a threshold.

    Attributes
    ----------
    indicator : str
        Name of the indicator.
    operator : str
        <, <=, > or >=.
    threshold : float
        In the unit of the indicator (months, yuan, share, ratio, years).
    """

    indicator: Indicator
    operator: Literal["<", "<=", ">", ">="]
    threshold: float

    def holds(self, value: float) -> bool:
        """Say whether a value fulfils the comparison; never for a value that is not a number."""
        return not math.isnan(value) and _OPERATORS[self.operator](value, self.threshold)

    def __str__(self) -> str:
        """Return the comparison, such as ``payable_months < 3``."""
        return f"{self.indicator} {self.operator} {self.threshold:g}"


class AlertCase(Shape):
    """Hold one level of a rule and the conditions that must all hold for it.

    Attributes
    ----------
    level : str
        red, orange, yellow, blue or normal.
    all : tuple of AlertCondition
        Every one must hold.
    text_zh, text_en : str
        What is said; may hold the :data:`PLACEHOLDERS` in braces, such as {value}, {threshold} and {period}.
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
        """Say whether every condition holds for the values of the indicators.

        Parameters
        ----------
        values : mapping
            Indicator to value; one that is missing fulfils nothing.
        """
        return all(condition.holds(values.get(condition.indicator, math.nan)) for condition in self.all)


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
        Level when no case holds and the indicator is known.
    owner_zh, owner_en : str
        Who acts.
    case : tuple of AlertCase
        In the order they are tried.

    Examples
    --------
    >>> rule = next(rule for rule in load_alert_rules() if rule.id == "PR-1")
    >>> rule.level({"payable_months": 4.0, "current_balance_yuan": 1.0})
    'yellow'
    >>> rule.level({})
    'unknown'
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

    def level(self, values: Mapping[str, float]) -> str:
        """Return the level for the values of the indicators; ``unknown`` when its own indicator has none.

        Parameters
        ----------
        values : mapping
            Indicator to value.
        """
        if math.isnan(values.get(self.indicator, math.nan)):
            return "unknown"
        case = self.matching_case(values)
        return case.level if case else self.otherwise


class AlertRuleFile(Shape):
    """Hold a file of models/alerts."""

    rule: tuple[AlertRule, ...] = Field(min_length=1)


def read_alert_file(
    file: TomlFile, *, sources: Mapping[str, str] | None
) -> tuple[tuple[AlertRule, ...], list[Problem]]:
    """Read one file of warning rules that was parsed.

    Parameters
    ----------
    file : TomlFile
        The file.
    sources : mapping or None
        The list of sources of its folder.

    Returns
    -------
    tuple
        The rules (none when there is a problem), and every problem of the file.
    """
    declared, problems = fit(AlertRuleFile, file.data, file=file)
    rows = file.data.get("rule", ())
    seen: set[str] = set()
    for number, row in enumerate(rows if isinstance(rows, tuple) else (), 1):
        if not isinstance(row, Mapping):
            continue
        place = f"rule[{number}]"
        name, source = row.get("id"), row.get("source")
        if isinstance(name, str) and name in seen:
            problems.append(Problem(file.where(f"{place}.id"), f"{name!r} again", "every id once"))
        seen.add(str(name))
        if isinstance(source, str):
            problems += check_source(source, where=file.where(f"{place}.source"), sources=sources, label=file.label)
            problems += _check_status(row.get("status"), source, where=file.where(f"{place}.source"))
        cases = row.get("case", ())
        for count, case in enumerate(cases if isinstance(cases, tuple) else (), 1):
            if isinstance(case, Mapping):
                if "source" in case or case.get("status", row.get("status")) != row.get("status"):
                    status, cited = case.get("status", row.get("status")), case.get("source", source)
                    problems += _check_status(status, cited, where=file.where(f"{place}.case[{count}]"))
                problems += _check_case(case, file=file, place=f"{place}.case[{count}]", sources=sources)
    return (declared.rule if declared is not None and not problems else ()), problems


def _check_status(status: object, source: object, *, where: str) -> list[Problem]:
    """Check that what a document or practice says cites it, and that a judgement does not."""
    if status in ("official", "practice") and source == "judgement":
        expected = f"a document, for its status is {status}"
        return [Problem(where, repr(source), expected, "cite it as S and a number")]
    if status == "judgement" and isinstance(source, str) and source != "judgement":
        return [Problem(where, repr(source), "'judgement', for that is its status", 'write source = "judgement"')]
    return []


def _check_case(
    case: Mapping[str, Any], *, file: TomlFile, place: str, sources: Mapping[str, str] | None
) -> list[Problem]:
    problems: list[Problem] = []
    source = case.get("source")
    if isinstance(source, str):
        problems += check_source(source, where=file.where(f"{place}.source"), sources=sources, label=file.label)
    for name in ("text_zh", "text_en", "action_zh", "action_en"):
        if isinstance(case.get(name), str):
            problems += _check_template(case[name], where=file.where(f"{place}.{name}"))
    conditions = case.get("all", ())
    for number, condition in enumerate(conditions if isinstance(conditions, tuple) else (), 1):
        threshold = condition.get("threshold") if isinstance(condition, Mapping) else None
        if isinstance(threshold, float) and not math.isfinite(threshold):
            where = file.where(f"{place}.all[{number}].threshold")
            problems.append(Problem(where, shown(threshold), "a finite number"))
    return problems


def _check_template(text: str, *, where: str) -> list[Problem]:
    shape = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        return [Problem(where, f"braces that do not match ({error})", f"text with {shape}")]
    return [
        Problem(where, f"{{{name}}}", f"one of {shape}", "use one of them, or write the words")
        for name in names
        if name not in PLACEHOLDERS
    ]


def load_alert_rules(root: Path | None = None) -> tuple[AlertRule, ...]:
    """Load every warning rule of models/alerts, in the order of the files.

    Parameters
    ----------
    root : Path, optional
        Root of the models.

    Raises
    ------
    DeclarationError
        When a file is not valid or an id stands in two files; every problem is listed.

    Examples
    --------
    >>> sorted({rule.status for rule in load_alert_rules()})
    ['judgement', 'official', 'practice']
    """
    base = root or models_root()
    sources, problems = read_sources(base / "alerts", root=base)
    rules: dict[str, AlertRule] = {}
    for path in sorted((base / "alerts").glob("*.toml")):
        if path.name in OTHER_FORMS:
            continue
        file, found = read_toml(path, root=base)
        problems += found
        if file is None:
            continue
        read, found = read_alert_file(file, sources=sources)
        problems += found
        for rule in read:
            if rule.id in rules:
                problems.append(Problem(file.label, f"the rule {rule.id!r} again", "every id in one file"))
            rules[rule.id] = rule
    raise_all(problems, DeclarationError)
    return tuple(rules.values())
