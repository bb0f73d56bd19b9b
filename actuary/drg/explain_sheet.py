"""The sheet of an explanation: what a reader sees, in the order in which the case was grouped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from actuary.drg.near_misses import near_misses_section
from actuary.drg.panel_words import answer_text, condition_text, word
from actuary.drg.statuses import Status
from actuary.drg.switches import SWITCHES
from actuary.drg.trace_rows import Condition, MdcTrace, RuleTrace
from actuary.drg.what_if import alternatives_section
from actuary.tables.sheets import Row, Section, Sheet

if TYPE_CHECKING:
    from actuary.drg.explain import Explanation

__all__ = ["explanation_sheet"]

_FIELDS = (
    "sex",
    "age_years",
    "age_days",
    "birth_weight_g",
    "los_days",
    "discharge_status",
    "department",
    "icu_hours",
    "dx",
    "px",
)


def explanation_sheet(explanation: Explanation, lang: str) -> Sheet:
    """Return the sheet of an explanation in Chinese (``zh``) or English (``en``)."""
    result = explanation.result
    colon = "：" if lang == "zh" else ": "
    title = next((test.name for test in explanation.drgs if test.drg == result.drg), "")
    names = dict.fromkeys((explanation.scheme, explanation.scheme_title))
    lines = [f"{word('scheme', lang)}{colon}{' '.join(names)}"]
    if explanation.rule:
        rule = explanation.rule
        lines.append(
            f"MDC{rule.mdc} → {rule.adrg} {rule.name} ({word(rule.kind, lang)}) → {rule.rule_id} → {result.drg}"
        )
    sections = [_case(explanation, lang)]
    if result.status is not Status.CHECK_FAILED:
        sections += [_mdcs(explanation.mdcs, lang), *_rules(explanation.mdcs, lang)]
        sections.append(_complications(explanation, lang))
        if explanation.drgs:
            sections.append(_drgs(explanation, lang))
    sections.append(_switches(explanation, lang))
    if explanation.near_misses:
        sections.append(near_misses_section(explanation.near_misses, lang, title=word("near", lang)))
    if explanation.alternatives:
        sections.append(alternatives_section(explanation.alternatives, lang, title=word("what_if", lang)))
    case_id = f" · {word('case', lang)} {explanation.case.case_id}" if explanation.case.case_id else ""
    return Sheet(
        title=f"{word('title', lang)}{case_id}",
        headline=f"{answer_text(result, lang)}{colon}{title}" if title else answer_text(result, lang),
        lines=tuple(lines),
        sections=tuple(sections),
        lang=lang,
    )


def _described(condition: Condition, lang: str) -> str:
    """Return a condition with its sign, and what of the case met it or stood in its place."""
    sign = "✓" if condition.held else "✗"
    shown = ", ".join(condition.codes) or condition.found
    text = f"{sign} {condition_text(condition, lang)}" + (f" [{shown}]" if shown else "")
    if condition.elsewhere and not condition.held:
        text += f" ({word('elsewhere', lang)}{', '.join(condition.elsewhere)})"
    return text


def _joined(conditions: Iterable[Condition], lang: str) -> str:
    apart = "；" if lang == "zh" else "; "
    parts = [
        f"{word('or', lang)} {_described(condition, lang)}"
        if condition.name == "any_dx_prefix"
        else _described(condition, lang)
        for condition in conditions
    ]
    return apart.join(parts) or word("any_case", lang)


def _case(explanation: Explanation, lang: str) -> Section:
    failed = {check.field: check.reason for check in explanation.checks if check.reason}
    rows = []
    for field in _FIELDS:
        value = getattr(explanation.case, field)
        shown = " | ".join(value) if isinstance(value, tuple) else value
        reason = failed.get(field)
        if shown in (None, "") and reason is None:
            continue
        if field == "sex" and value in (1, 2):
            shown = f"{value} {word('male' if value == 1 else 'female', lang)}"
        verdict = f"✗ {reason.text(lang)}" if reason else ""
        rows.append(Row((word(field, lang), word("missing", lang) if shown in (None, "") else str(shown), verdict)))
    return Section(title=word("input", lang), rows=tuple(rows))


def _mdcs(mdcs: tuple[MdcTrace, ...], lang: str) -> Section:
    shown: list[Row] = []
    folded: list[Row] = []
    for mdc in mdcs:
        verdict = word("entered" if mdc.entered else "not_entered", lang)
        if mdc.ambiguous:
            verdict = mdc.ambiguous.text(lang)
        elif mdc.entered and not mdc.hit:
            verdict = f"{verdict}, {word('not_hit', lang)}"
        telling = mdc.entered or mdc.ambiguous or any(c.held or c.elsewhere for c in mdc.entry if c.name != "sex")
        row = Row(
            (f"{mdc.mdc} {mdc.name}", verdict, _joined(mdc.entry, lang)),
            "yes" if mdc.hit else "" if telling else "dim",
        )
        (shown if telling else folded).append(row)
    return Section(
        title=word("mdcs", lang),
        columns=("MDC", word("result", lang), word("condition", lang)),
        rows=tuple(shown),
        folded=tuple(folded),
        folded_title=word("folded_mdcs", lang).format(n=len(folded)),
    )


def _telling(rule: RuleTrace) -> bool:
    """Return whether a failed rule is worth a line: something of it held, or a code stood in the wrong place."""
    return rule.hit or any(condition.held or condition.elsewhere for condition in rule.conditions)


def _rules(mdcs: tuple[MdcTrace, ...], lang: str) -> list[Section]:
    sections = []
    for mdc in mdcs:
        if not mdc.rules:
            continue
        rows = []
        for rule in mdc.rules:
            verdict = word("hit" if rule.hit else "not_hit", lang)
            cells = (f"{rule.rule_id} {rule.name}", verdict, _joined(rule.conditions, lang))
            rows.append(Row(cells, "yes" if rule.hit else "" if _telling(rule) else "dim"))
        folded = tuple(row for row in rows if row.mark == "dim")
        sections.append(
            Section(
                title=f"MDC{mdc.mdc}: {word('rules', lang)}",
                columns=("ADRG", word("result", lang), word("condition", lang)),
                rows=tuple(row for row in rows if row.mark != "dim"),
                folded=folded,
                folded_title=word("folded_rules", lang).format(n=len(folded)),
            )
        )
    return sections


def _complications(explanation: Explanation, lang: str) -> Section:
    rows = []
    own = None
    for found in explanation.complications:
        own = found.principal_table
        verdict = "counted" if found.counted else "voided" if found.voided else "not_counted"
        sign = "✓" if found.counted else "✗"
        rows.append(
            Row(
                (found.code, found.level, str(found.table), f"{sign} {word(verdict, lang)}"),
                "yes" if found.counted else "no",
            )
        )
    table = word("no_table", lang) if own is None else str(own)
    note = f"{word('principal_table', lang)}: {table}" if rows else word("none_found", lang)
    columns = (word("code", lang), word("level", lang), word("table", lang), word("counted", lang)) if rows else ()
    return Section(title=word("severity", lang), columns=columns, rows=tuple(rows), note=note, numeric=(2,))


def _drgs(explanation: Explanation, lang: str) -> Section:
    rows = []
    for test in explanation.drgs:
        taken = test.drg == explanation.result.drg
        verdict = word("hit" if taken else "not_hit" if test.tried else "not_tried", lang)
        conditions = _joined(test.conditions, lang)
        rows.append(
            Row((f"{test.drg} {test.name}", verdict, conditions), "yes" if taken else "" if test.tried else "dim")
        )
    return Section(
        title=word("drgs", lang), columns=("DRG", word("result", lang), word("condition", lang)), rows=tuple(rows)
    )


def _switches(explanation: Explanation, lang: str) -> Section:
    rows: list[Row] = []
    folded: list[Row] = []
    for use in explanation.switches:
        doc = SWITCHES[use.name]
        question = doc.zh if lang == "zh" else doc.en
        others = [f"{other}: {answer_text(answer, lang)}" for other, answer in use.others]
        row = Row((use.name, use.position, question, "; ".join(others)), "" if use.decided else "dim")
        (rows if use.decided else folded).append(row)
    return Section(
        title=word("decided", lang),
        columns=(word("switch", lang), word("position", lang), word("question", lang), word("otherwise", lang)),
        rows=tuple(rows),
        folded=tuple(folded),
        folded_title=word("folded_switches", lang).format(n=len(folded)),
        note="" if rows else word("none_decided", lang),
    )
