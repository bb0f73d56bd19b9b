"""Warning rules: which value of which indicator means which level, who said so, and what is to be done."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from actuary.errors import DeclarationError, Problem, raise_all
from actuary.paths import models_root
from actuary.policy.alert_conditions import FORECAST, INDICATOR_UNITS, AlertCondition, unit_of
from actuary.policy.alert_levels import find_level_faults
from actuary.policy.alert_shapes import (
    LEVELS,
    NOT_ASSESSABLE,
    AlertCase,
    AlertHysteresis,
    AlertOutcome,
    AlertRule,
    AlertRuleFile,
)
from actuary.policy.shapes import check_source, fit, shown
from actuary.policy.toml_files import TomlFile, read_sources, read_toml

__all__ = [
    "LEVELS",
    "NOT_ASSESSABLE",
    "OTHER_FORMS",
    "AlertCase",
    "AlertCondition",
    "AlertHysteresis",
    "AlertOutcome",
    "AlertRule",
    "AlertRuleFile",
    "load_alert_rules",
    "read_alert_file",
]

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
    "before",
    "event",
    "within",
)

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: A share beyond this is most likely written in percent.
_WIDEST_SHARE = 1.0


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
        problems += _check_parts(row, file=file, place=place)
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
            problems += _check_language(case[name], name, where=file.where(f"{place}.{name}"))
    conditions = case.get("all", ())
    for number, condition in enumerate(conditions if isinstance(conditions, tuple) else (), 1):
        if isinstance(condition, Mapping):
            problems += _check_condition(condition, file=file, place=f"{place}.all[{number}]")
    return problems


def _check_parts(row: Mapping[str, Any], *, file: TomlFile, place: str) -> list[Problem]:
    """Check what no case shows alone: names, hysteresis, outcome, and how the levels share the line."""
    problems: list[Problem] = []
    for name in ("name_zh", "name_en", "owner_zh", "owner_en"):
        if isinstance(row.get(name), str):
            problems += _check_language(row[name], name, where=file.where(f"{place}.{name}"))
    outcome = row.get("outcome")
    if isinstance(outcome, Mapping):
        compared = {key: value for key, value in outcome.items() if key != "within_years"}
        problems += _check_condition(compared, file=file, place=f"{place}.outcome")
    try:
        rule = AlertRule.model_validate(row)
    except ValidationError:
        return problems
    own = rule.own
    if own.indicator != rule.indicator:
        expected = f"a condition on {rule.indicator}, the indicator of the rule"
        problems.append(Problem(file.where(f"{place}.case"), f"conditions on {own.indicator} only", expected))
    margin = rule.hysteresis
    if margin is not None and (margin.margin or margin.unit is not None):
        expected_unit = unit_of(own.indicator, own.measure)
        if margin.unit != expected_unit:
            where = file.where(f"{place}.hysteresis.unit")
            found = "no unit" if margin.unit is None else repr(margin.unit)
            problems.append(Problem(where, found, f"{expected_unit!r}, the unit of {own.axis}"))
    if margin is not None and not math.isfinite(margin.margin):
        where = file.where(f"{place}.hysteresis.margin")
        problems.append(Problem(where, shown(margin.margin), "a finite number"))
    finite = all(math.isfinite(condition.threshold) for condition in rule.conditions)
    problems += [
        Problem(file.where(f"{place}.case[{number}]"), found, expected, "move a threshold, or add or drop a level")
        for number, found, expected in (find_level_faults(rule) if finite else ())
    ]
    return problems


def _check_condition(condition: Mapping[str, Any], *, file: TomlFile, place: str) -> list[Problem]:
    """Check that unit, span, horizon and threshold of a comparison fit its indicator and measure."""
    problems: list[Problem] = []
    indicator, measure = condition.get("indicator"), condition.get("measure", "value")
    threshold, unit = condition.get("threshold"), condition.get("unit")

    def wrong(key: str, found: str, expected: str, mend: str = "") -> None:
        problems.append(Problem(file.where(f"{place}.{key}"), found, expected, mend))

    for key in ("threshold", "below", "above"):
        if isinstance(condition.get(key), float) and not math.isfinite(condition[key]):
            wrong(key, shown(condition[key]), "a finite number")
    if indicator not in INDICATOR_UNITS or measure not in ("value", "change", "slope", *FORECAST):
        return problems
    wanted = unit_of(indicator, measure)
    if isinstance(unit, str) and unit != wanted:
        wrong("unit", repr(unit), f"{wanted!r}, the unit of {indicator}", "convert the threshold")
    lowest = 0.0 if measure == "probability" else -_WIDEST_SHARE
    number = threshold if isinstance(threshold, int | float) and not isinstance(threshold, bool) else math.nan
    if wanted == "share" and math.isfinite(number) and not lowest <= number <= _WIDEST_SHARE:
        wrong("threshold", shown(threshold), f"a share from {lowest:g} to 1", "write 10 % as 0.1")
    return problems + _check_span(condition, measure, file=file, place=place)


def _check_span(condition: Mapping[str, Any], measure: str, *, file: TomlFile, place: str) -> list[Problem]:
    """Check that a trend has one span, a forecast a horizon, and nothing has what it does not need."""
    problems: list[Problem] = []

    def wrong(key: str, found: str, expected: str, mend: str = "") -> None:
        problems.append(Problem(file.where(f"{place}.{key}"), found, expected, mend))

    spans = [key for key in ("over_years", "over_quarters") if key in condition]
    if measure in ("change", "slope") and len(spans) != 1:
        found = "no span" if not spans else "over_years and over_quarters"
        wrong("measure", f"{measure!r} with {found}", "over_years or over_quarters", "say over how long")
    if measure not in ("change", "slope") and spans:
        wrong(spans[0], f"a span of a {measure}", "a span of a change or a slope only")
    levels = [key for key in ("below", "above") if key in condition]
    if measure == "probability" and len(levels) != 1:
        found = "no level" if not levels else "below and above"
        wrong("measure", f"'probability' with {found}", "below or above", "say which value may be crossed")
    if measure != "probability" and levels:
        wrong(levels[0], f"a level of a {measure}", "a level of a probability only")
    if measure in FORECAST and "within_years" not in condition:
        wrong("measure", f"{measure!r} without a horizon", "within_years", "say how many years ahead")
    if measure not in FORECAST and "within_years" in condition:
        wrong("within_years", f"a horizon of a {measure}", "a horizon of a probability or a median only")
    if measure in FORECAST and condition["indicator"] not in FORECAST[measure]:
        known = ", ".join(FORECAST[measure])
        wrong("indicator", repr(condition["indicator"]), f"one of which the forecast has a {measure}: {known}")
    return problems


def _check_language(text: str, name: str, *, where: str) -> list[Problem]:
    """Check that a text is in the language its key names; an empty one is found by its shape."""
    if not text.strip() or bool(_CHINESE.search(text)) == name.endswith("_zh"):
        return []
    expected = "Chinese" if name.endswith("_zh") else "English"
    return [Problem(where, f"{text[:20]!r}", f"text in {expected}", "write it in that language")]


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
