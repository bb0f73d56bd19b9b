"""The warnings: level, rule, value and threshold, where the rule comes from, what to do and who does it."""

from __future__ import annotations

from typing import Any

from actuary.alerts.warning import LEVELS, worst_level
from actuary.report.composer import Composer
from actuary.report.contracts import Block, Cell, Mark, ReportTable, Section
from actuary.report.inputs import ReportInputs, without_files
from actuary.report.numbers import SCALES, number_or_none, scale_in_unit
from actuary.report.sections.rules_in_force import source_words
from actuary.report.sections.warning_evidence import causes_table, evidence_table, track_table
from actuary.report.sections.year_tables import MARKS, mark_notes

__all__ = ["build"]

#: From the firmest ground to the least firm.
_FIRMNESS = ("official", "practice", "judgement")
#: Counted side by side: what was assessed, then what was not.
_COUNTED = ("red", "orange", "yellow", "blue", "normal", "not_assessable")


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the section on warnings.

    Parameters
    ----------
    inputs : ReportInputs
        The evaluated rules.
    composer : Composer
        Writes tables and sentences.
    """
    blocks: list[Block] = [composer.say("warnings.intro")]
    known = sorted((w for w in inputs.warnings if w.level != "not_assessable"), key=lambda w: LEVELS.index(w.level))
    unknown = [w for w in inputs.warnings if w.level == "not_assessable"]
    counts = _counts(inputs, composer)
    blocks.append(counts)
    if known:
        blocks += [composer.heading("warnings.heading_rules"), _table(inputs, composer, known)]
    raised = [w for w in known if w.level != "normal"]
    if raised:
        groups = _merged(composer, raised)
        blocks += [composer.heading("warnings.heading_evidence"), composer.say("warnings.evidence")]
        blocks.append(evidence_table(inputs, composer, groups))
        causes = causes_table(inputs, composer, raised)
        blocks += [causes] if causes is not None else []
        blocks += [
            composer.heading("warnings.heading_actions"),
            composer.say("warnings.actions"),
            _actions(inputs, composer, raised),
        ]
    elif known:
        blocks.append(composer.say("warnings.none_raised"))
    if unknown:
        items = list(dict.fromkeys(_rule_line(inputs, composer, warning) for warning in unknown))
        blocks.append(composer.callout("missing", "warnings.unknown", items=items))
    foreign = [inputs.word(rule, "name") for rule in inputs.rules if not rule.applies_to(inputs.region.kind)]
    if foreign:
        # What can never exist for a region of this kind is no gap of its report; that it was left out is said.
        names = composer.text("phrases.list_gap").join(foreign)
        blocks.append(composer.say("warnings.not_applicable", region=inputs.region_name, rules=names))
    track = track_table(inputs, composer)
    if track is not None:
        blocks += [composer.heading("warnings.heading_track"), composer.say("warnings.track"), track]
    return composer.section("warnings", blocks)


def _rule_line(inputs: ReportInputs, composer: Composer, warning: Any) -> str:
    return composer.text(
        "warnings.unknown_item",
        scheme=composer.text(f"schemes.{warning.scheme}"),
        rule=_rule_name(inputs, warning),
        reason=without_files(inputs.word(warning, "text")),
    )


def _rule(inputs: ReportInputs, warning: Any) -> Any:
    return next((rule for rule in inputs.rules if rule.id == warning.rule_id), None)


def _rule_name(inputs: ReportInputs, warning: Any) -> str:
    rule = _rule(inputs, warning)
    return inputs.word(rule, "name") if rule is not None else str(warning.rule_id)


def _action(inputs: ReportInputs, warning: Any) -> str:
    told = inputs.word(warning, "action")
    if told:
        return told
    rule = _rule(inputs, warning)
    case = next((case for case in rule.case if case.level == warning.level), None) if rule is not None else None
    return inputs.word(case, "action") if case is not None else ""


def _counts(inputs: ReportInputs, composer: Composer) -> ReportTable:
    schemes = sorted({warning.scheme for warning in inputs.warnings}, key=("all", "employee", "resident").index)
    rows: list[list[Cell]] = []
    for scheme in schemes:
        levels = [warning.level for warning in inputs.warnings if warning.scheme == scheme]
        rows.append(
            [
                composer.text(f"schemes.{scheme}"),
                worst_level(inputs.warnings, scheme),
                *(float(levels.count(level)) for level in _COUNTED),
            ]
        )
    columns = [composer.text_column("scheme"), composer.text_column("overall_level", kind="level")]
    columns += [
        composer.column(f"count_{level}", "count", label=composer.text(f"levels.{level}")) for level in _COUNTED
    ]
    return composer.table(
        "warning_counts",
        "tables.warning_counts",
        columns=columns,
        rows=rows,
        source=composer.text("sources.alert_rules"),
    )


def _table(inputs: ReportInputs, composer: Composer, warnings: list[Any]) -> ReportTable:
    rows: list[list[Cell]] = []
    decimals: list[int] = []
    marks: list[Mark] = []
    for warning, rule_ids in _merged(composer, warnings):
        value = number_or_none(warning.value)
        points = warning.unit == "share" and _is_difference(warning)
        scale = SCALES[inputs.lang]["points"] if points else scale_in_unit(inputs.lang, warning.unit, value=value)
        decimals.append(scale.decimals)
        if warning.recalled:
            marks.append(Mark(len(rows), "value", MARKS["recalled"]))
        rows.append(
            [
                warning.level,
                composer.text(f"schemes.{warning.scheme}_short"),
                _rule_name(inputs, warning),
                scale.show(value),
                composer.text("units.ratio") if warning.unit == "ratio" else scale.unit,
                inputs.word(warning, "text"),
                composer.text(f"statuses.{warning.status}"),
                rule_ids,
            ]
        )
    columns = [
        composer.text_column("level", kind="level"),
        composer.text_column("scheme"),
        composer.text_column("rule"),
        composer.text_column("value", kind="mixed"),
        composer.text_column("unit"),
        composer.text_column("finding"),
        composer.text_column("status"),
        composer.text_column("rule_id", kind="period"),
    ]
    return composer.table(
        "warnings",
        "tables.warnings",
        columns=columns,
        rows=rows,
        notes=[*mark_notes(composer, [mark.mark for mark in marks]), _sources_note(inputs, composer, warnings)],
        marks=marks,
        source=composer.text("sources.alert_rules"),
        synthetic=inputs.synthetic,
        row_decimals=decimals,
    )


def _is_difference(warning: Any) -> bool:
    from actuary.indicators import INDICATORS  # noqa: PLC0415  (loads when a report is written)

    return warning.measure in {"change", "slope"} or INDICATORS[warning.indicator].is_difference


def _merged(composer: Composer, warnings: list[Any]) -> list[tuple[Any, str]]:
    """Return the warnings with their rule ids; two rules that give one indicator the same level share a row.

    The row speaks with the words of the one with the firmer ground, an official document before a judgement.
    """
    groups: dict[tuple[str, str, str, str], list[Any]] = {}
    for warning in warnings:
        groups.setdefault((warning.level, warning.scheme, warning.indicator, warning.measure), []).append(warning)
    merged = []
    for group in groups.values():
        first, *others = sorted(group, key=lambda warning: _FIRMNESS.index(warning.status))
        ids = first.rule_id
        for other in others:
            ids = composer.text("warnings.rule_pair", first=ids, second=other.rule_id)
        merged.append((first, ids))
    return merged


def _sources_note(inputs: ReportInputs, composer: Composer, warnings: list[Any]) -> str:
    cited: dict[str, str] = {}
    for warning in warnings:
        source = str(warning.source)
        if source not in {"judgement", "std"}:
            cited[str(warning.rule_id)] = inputs.alert_sources.get(source, source_words(composer, source))
    pairs = [composer.text("warnings.source_pair", rule=rule, source=source) for rule, source in sorted(cited.items())]
    return composer.text("warnings.sources", pairs=composer.text("phrases.list_gap").join(pairs)) if pairs else ""


def _actions(inputs: ReportInputs, composer: Composer, warnings: list[Any]) -> ReportTable:
    rows: list[list[Cell]] = []
    for warning, _ in _merged(composer, warnings):
        rule = _rule(inputs, warning)
        rows.append(
            [
                warning.level,
                composer.text(f"schemes.{warning.scheme}_short"),
                _rule_name(inputs, warning),
                _action(inputs, warning),
                inputs.word(rule, "owner") if rule is not None else "",
            ]
        )
    columns = [
        composer.text_column("level", kind="level"),
        composer.text_column("scheme"),
        composer.text_column("rule"),
        composer.text_column("action"),
        composer.text_column("owner"),
    ]
    return composer.table(
        "actions",
        "tables.actions",
        columns=columns,
        rows=rows,
        notes=[composer.text("warnings.note_actions")],
        source=composer.text("sources.alert_rules"),
    )
