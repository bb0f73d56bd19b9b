"""What the report can bear: opinion on data, assumptions, method and financial position by rule, and who signs."""

from __future__ import annotations

from actuary.alerts.warning import worst_level
from actuary.report.composer import CellRef, Composer
from actuary.report.contracts import Block, Cell, ReportTable, Section
from actuary.report.inputs import ReportInputs
from actuary.report.sections.balance import SCHEMES

__all__ = ["build"]

#: How an opinion may end, from the best to the worst.
_SOUND, _RESERVED, _NONE = "sound", "reserved", "none"
_RECALLED_ROW = 2
_GRAVE = ("red", "orange")


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the opinion; it follows from counts in the table, and a person signs it.

    Parameters
    ----------
    inputs : ReportInputs
        Facts, assumptions, the verdict on the forecast and the warnings.
    composer : Composer
        Writes tables and sentences; holds the tables written before.
    """
    table = _grounds(inputs, composer)
    opinions = {
        "data": _data(inputs, table),
        "assumptions": _assumptions(inputs, table),
        "method": _method(inputs),
    }
    blocks: list[Block] = [composer.say("opinion.intro")]
    for topic, grade in opinions.items():
        values: dict[str, str | CellRef] = {
            "recalled": composer.ref(table, 0, "found"),
            "conflicts": composer.ref(table, 1, "found"),
            "lacking": composer.ref(table, 2, "found"),
            "judged": composer.ref(table, 4, "found"),
            "assumptions": composer.ref(table, 3, "found"),
        }
        used = {name: value for name, value in values.items() if name in _used(composer, f"opinion.{topic}_{grade}")}
        blocks.append(
            composer.headed(composer.say(f"opinion.{topic}_{grade}", **used), name=composer.text(f"topics.{topic}"))
        )
    for scheme in SCHEMES:
        level = worst_level(inputs.warnings, scheme)
        months = inputs.paths.years(("payable_months",), scheme)
        key = "unknown" if not months else "grave" if level in _GRAVE else "watch" if level == "yellow" else "steady"
        sentence = composer.say(f"opinion.position_{key}", scheme=composer.text(f"schemes.{scheme}"))
        name = composer.text("topics.position")
        blocks.append(composer.headed(sentence, name=name, level=level if months else "not_assessable"))
    blocks += [table, composer.say("opinion.reliance"), composer.say("opinion.sign"), composer.say("opinion.review")]
    return composer.section("opinion", blocks)


def _used(composer: Composer, key: str) -> set[str]:
    from actuary.report.wording import placeholders  # noqa: PLC0415

    return placeholders(composer.wording.template(key))


def _grounds(inputs: ReportInputs, composer: Composer) -> ReportTable:
    recalled = float((inputs.facts["confidence"] == "recalled").sum()) if len(inputs.facts) else 0.0
    values = (
        [entry for key in inputs.basis.parameters for entry in inputs.basis.parameter(key).values]
        if inputs.basis
        else []
    )
    reconciled = inputs.reconciled
    inside = sum(one.figures[-1].low <= one.figures[-1].came <= one.figures[-1].high for one in reconciled)
    rows: list[list[Cell]] = [
        [composer.text("topics.data"), composer.text("opinion_checks.recalled"), recalled],
        [composer.text("topics.data"), composer.text("opinion_checks.conflicts"), float(len(inputs.conflicts))],
        [composer.text("topics.data"), composer.text("opinion_checks.lacking"), float(len(inputs.missing_lines()))],
        [composer.text("topics.assumptions"), composer.text("opinion_checks.assumptions"), float(len(values))],
        [
            composer.text("topics.assumptions"),
            composer.text("opinion_checks.judged"),
            float(sum(entry.source == "judgement" for entry in values)),
        ],
        [composer.text("topics.method"), composer.text("opinion_checks.reconciled"), float(len(reconciled))],
        [composer.text("topics.method"), composer.text("opinion_checks.inside"), float(inside)],
    ]
    columns = [composer.text_column("topic"), composer.text_column("ground"), composer.column("found", "count")]
    return composer.table(
        "opinion",
        "tables.opinion",
        columns=columns,
        rows=rows,
        notes=[composer.text("opinion.note")],
        source=composer.text("sources.projection"),
    )


def _data(inputs: ReportInputs, table: ReportTable) -> str:
    if not inputs.projected:
        return _NONE
    return _RESERVED if any(table.cell(row, "found") for row in range(_RECALLED_ROW)) else _SOUND


def _assumptions(inputs: ReportInputs, table: ReportTable) -> str:
    if inputs.basis is None:
        return _NONE
    return _RESERVED if table.cell(4, "found") else _SOUND


def _method(inputs: ReportInputs) -> str:
    if inputs.evidence is None or inputs.evidence.forecast is None:
        return _NONE
    schemes = inputs.reconciled
    outside = any(not one.figures[-1].low <= one.figures[-1].came <= one.figures[-1].high for one in schemes)
    return _RESERVED if outside or not schemes else _SOUND
