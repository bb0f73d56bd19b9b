"""How the figures are made: purpose and reliance, formulas, assumptions with reason and source, limits, checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actuary.report.composer import Composer
from actuary.report.contracts import Block, Bullets, Cell, Paragraph, ReportTable, Section
from actuary.report.inputs import ReportInputs
from actuary.report.paths_view import BASE
from actuary.report.sections.citations import Citations
from actuary.report.sections.rules_in_force import plain_source, shown_value, source_words
from actuary.units import get_unit

__all__ = ["build"]

#: Said only where something is projected, and only of the nation.
_PROJECTION_FORMULAS = ("b_months", "c_balance", "d_income", "e_spending", "f_season")
_PROJECTION_LIMITS = ("a_scenarios", "d_structure")
_NATIONAL_LIMITS = ("c_aggregate",)


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the section on method.

    Parameters
    ----------
    inputs : ReportInputs
        Assumptions, scenarios and the projection.
    composer : Composer
        Writes tables and sentences.
    """
    blocks: list[Block] = [
        composer.heading("method.heading_purpose"),
        composer.say("method.purpose", region=inputs.region_name),
        composer.say("method.reliance"),
        composer.heading("method.heading_formulas"),
        _bullets(composer, "method.formulas", leave=() if inputs.projected else _PROJECTION_FORMULAS),
        composer.heading("method.heading_assumptions"),
    ]
    if inputs.basis is None:
        blocks.append(composer.callout("missing", "method.no_assumptions", items=inputs.missing_reference(composer)))
    else:
        blocks += [composer.say("method.assumptions"), _assumptions(inputs, composer)]
        levels = _calibration(inputs, composer)
        if levels is not None:
            blocks += [composer.say("method.calibration"), levels]
        deltas = _deltas(inputs, composer)
        if deltas is not None:
            blocks += [composer.say("method.scenarios"), deltas]
    residuals = _residuals(inputs, composer) if inputs.projected else None
    if residuals is not None:
        blocks += [composer.heading("method.heading_checks"), composer.say("method.checks"), residuals]
    notes = [inputs_note for note in getattr(inputs.projection, "notes", ()) if (inputs_note := _note(inputs, note))]
    if notes and inputs.projected:
        blocks.append(Bullets(tuple(Paragraph(note) for note in notes)))
    leave = (*(() if inputs.projected else _PROJECTION_LIMITS), *(_NATIONAL_LIMITS if inputs.own_page else ()))
    blocks += [composer.heading("method.heading_limits"), _bullets(composer, "method.limits", leave=leave)]
    return composer.section("method_notes", blocks)


def _note(inputs: ReportInputs, note: Any) -> str:
    return str(getattr(note, inputs.lang, ""))


def _bullets(composer: Composer, prefix: str, *, leave: Sequence[str] = ()) -> Bullets:
    keys = sorted(set(composer.wording.group(prefix)).difference(leave))
    return Bullets(tuple(composer.say(f"{prefix}.{key}") for key in keys))


def _assumptions(inputs: ReportInputs, composer: Composer) -> ReportTable:
    rows: list[list[Cell]] = []
    decimals: list[int] = []
    cited = Citations()
    for key in inputs.basis.parameters:
        parameter = inputs.basis.parameter(key)
        for entry in parameter.values:
            cell, unit, digits = shown_value(inputs.lang, entry.value, parameter.unit, composer)
            decimals.append(max(digits, 1) if unit == "%" else digits)
            rows.append(
                [
                    str(parameter.name_en if inputs.lang == "en" else parameter.name),
                    entry.first_day.isoformat(),
                    cell,
                    unit,
                    inputs.basis.reason(key, entry.first_day, lang=inputs.lang),
                    source_words(composer, entry.source)
                    if entry.source in {"std", "judgement"}
                    else cited(_full_source(inputs, key, entry)),
                ]
            )
    columns = [
        composer.text_column("assumption"),
        composer.text_column("since", kind="period"),
        composer.text_column("value", kind="mixed"),
        composer.text_column("unit"),
        composer.text_column("reason"),
        composer.text_column("source"),
    ]
    return composer.table(
        "assumptions",
        "tables.assumptions",
        columns=columns,
        rows=rows,
        notes=cited.notes(),
        source=composer.text("sources.assumptions"),
        row_decimals=decimals,
    )


def _full_source(inputs: ReportInputs, key: str, entry: Any) -> str:
    return plain_source(inputs.basis.source_text(key, entry.first_day))


def _calibration(inputs: ReportInputs, composer: Composer) -> ReportTable | None:
    frame = inputs.projection.calibration
    rows: list[list[Cell]] = []
    decimals: list[int] = []
    for level in frame.to_dict("records"):
        if level["scenario"] != BASE:
            continue
        unit = get_unit(str(level["unit"]))
        ratio = unit.quantity == "ratio"
        decimals.append(3 if ratio else 0)
        rows.append(
            [
                composer.text(f"schemes.{level['scheme']}"),
                composer.text(f"calibration.{level['scheme']}_{level['name']}"),
                int(level["year"]),
                float(level["value"]),
                "" if ratio else unit.zh if inputs.lang == "zh" else unit.en,
            ]
        )
    if not rows:
        return None
    columns = [
        composer.text_column("scheme"),
        composer.text_column("level_name"),
        composer.text_column("base_year", kind="year"),
        composer.text_column("value", kind="mixed"),
        composer.text_column("unit"),
    ]
    return composer.table(
        "calibration",
        "tables.calibration",
        columns=columns,
        rows=rows,
        notes=[composer.text("method.note_calibration")],
        source=composer.text("sources.projection"),
        row_decimals=decimals,
    )


def _deltas(inputs: ReportInputs, composer: Composer) -> ReportTable | None:
    rows: list[list[Cell]] = []
    decimals: list[int] = []
    for scenario in inputs.scenarios:
        if scenario.name == BASE:
            continue
        for delta in scenario.deltas:
            parameter = inputs.basis.parameter(delta.key) if delta.key in inputs.basis else None
            if parameter is None and delta.key in inputs.book:
                parameter = inputs.book.parameter(delta.key)
            if parameter is None:
                continue
            points = delta.operation == "add" and parameter.unit == "share"
            quantity = "points" if points else "ratio"
            numeric = isinstance(delta.value, (int, float)) and not isinstance(delta.value, bool)
            if numeric and delta.operation in {"add", "multiply"}:
                cell: Cell = composer.show(delta.value, quantity)
                unit, digits = (composer.column("delta", "points").unit, 2) if points else ("", 3)
            else:
                cell, unit, digits = shown_value(inputs.lang, delta.value, parameter.unit, composer)
            decimals.append(digits)
            rows.append(
                [
                    inputs.word(scenario, "name"),
                    str(parameter.name_en if inputs.lang == "en" else parameter.name),
                    composer.text(f"operations.{delta.operation}"),
                    cell,
                    unit,
                    str((delta.reason_en if inputs.lang == "en" else None) or delta.reason),
                ]
            )
    if not rows:
        return None
    columns = [
        composer.text_column("scenario"),
        composer.text_column("assumption"),
        composer.text_column("operation"),
        composer.text_column("delta", kind="mixed"),
        composer.text_column("unit"),
        composer.text_column("reason"),
    ]
    return composer.table(
        "scenario_deltas",
        "tables.scenario_deltas",
        columns=columns,
        rows=rows,
        source=composer.text("sources.scenarios"),
        row_decimals=decimals,
    )


def _residuals(inputs: ReportInputs, composer: Composer) -> ReportTable | None:
    residuals = inputs.projection.residuals()
    rows: list[list[Cell]] = []
    for name in sorted(str(name) for name in residuals.data_vars):
        array = abs(residuals[name])
        key = f"residuals.{name}"
        label = composer.text(key) if composer.wording.has(key) else str(residuals[name].attrs.get(inputs.lang, name))
        largest = array.max(skipna=True).item() if array.notnull().any().item() else None
        unit = str(residuals[name].attrs.get("unit", ""))
        words = (get_unit(unit).zh if inputs.lang == "zh" else get_unit(unit).en) if unit else ""
        rows.append([label, largest, words])
    if not rows:
        return None
    columns = [
        composer.text_column("identity"),
        composer.column("largest_residual", "ratio"),
        composer.text_column("unit"),
    ]
    return composer.table(
        "residuals", "tables.residuals", columns=columns, rows=rows, source=composer.text("sources.projection")
    )
