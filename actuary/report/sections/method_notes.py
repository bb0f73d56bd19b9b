"""How the figures are made: purpose and reliance, formulas, assumptions with reason and source, limits, checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from actuary.drivers import ALL_DRIVERS, DRIVERS
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
#: Sources that are no document: who stands behind them is said in words.
_SETTERS = ("std", "judgement")
_DAYS_A_YEAR = 366
#: Growth that both projections use.
_SHARED = ("employee.contribution_base_growth", "employee.collection_rate")
#: Methods of the back-test, and the column of each.
_METHODS = {
    "model": "tested_model",
    "model, trends carried on": "tested_carried",
    "growth of the last year": "tested_last",
    "growth of three years": "tested_three",
}


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the section on method.

    Parameters
    ----------
    inputs : ReportInputs
        Assumptions, scenarios and the projection.
    composer : Composer
        Writes tables and sentences.
    """
    full = inputs.full("method_notes")
    blocks: list[Block] = [
        composer.heading("method.heading_purpose"),
        composer.say("method.purpose", region=inputs.region_name),
        composer.say("method.reliance"),
    ]
    if full:
        blocks += [
            composer.heading("method.heading_formulas"),
            _bullets(composer, "method.formulas", leave=() if inputs.projected else _PROJECTION_FORMULAS),
        ]
    else:
        blocks.append(composer.say("method.in_annual"))
    blocks.append(composer.heading("method.heading_assumptions"))
    if inputs.basis is None:
        blocks.append(composer.callout("missing", "method.no_assumptions", items=inputs.missing_reference(composer)))
    elif full:
        blocks += [composer.say("method.assumptions"), _assumptions(inputs, composer)]
        blocks += _levels_and_deltas(inputs, composer)
    else:
        blocks += _assumption_changes(inputs, composer)
    if full and inputs.people is not None and inputs.people.run is not None:
        blocks += _people_model(inputs, composer)
    residuals = _residuals(inputs, composer) if inputs.projected else None
    if residuals is not None:
        blocks += [composer.heading("method.heading_checks"), composer.say("method.checks"), residuals]
    notes = [inputs_note for note in getattr(inputs.projection, "notes", ()) if (inputs_note := _note(inputs, note))]
    if notes and inputs.projected:
        blocks.append(Bullets(tuple(Paragraph(note) for note in notes)))
    leave = (*(() if inputs.projected else _PROJECTION_LIMITS), *(_NATIONAL_LIMITS if inputs.own_page else ()))
    blocks += [composer.heading("method.heading_limits"), _bullets(composer, "method.limits", leave=leave)]
    return composer.section("method_notes", blocks)


def _levels_and_deltas(inputs: ReportInputs, composer: Composer) -> list[Block]:
    found: list[Block] = []
    levels = _calibration(inputs, composer)
    if levels is not None:
        found += [composer.say("method.calibration"), levels]
    deltas = _deltas(inputs, composer)
    if deltas is not None:
        found += [composer.say("method.scenarios"), deltas]
    return found


def _assumption_changes(inputs: ReportInputs, composer: Composer) -> list[Block]:
    """Tell the assumptions that begin within a year of the quarter; the whole list stands in the annex."""
    whole = _assumptions(inputs, composer)
    composer.annex.append(whole)
    composer.annex += [part for part in _levels_and_deltas(inputs, composer) if isinstance(part, ReportTable)]
    day = inputs.quarter.last_day
    near = [
        row
        for row in range(len(whole.rows))
        if abs((dt.date.fromisoformat(str(whole.cell(row, "since"))) - day).days) <= _DAYS_A_YEAR
    ]
    words = composer.say("method.assumptions_in_annex", table=f"[[table:{whole.id}]]")
    if not near:
        return [words, composer.say("method.no_changes")]
    table = composer.table(
        "assumption_changes",
        "tables.assumption_changes",
        columns=whole.columns,
        rows=[whole.rows[row] for row in near],
        notes=whole.notes,
        source=whole.source,
        row_decimals=[whole.row_decimals[row] for row in near],
    )
    return [words, table]


def _people_model(inputs: ReportInputs, composer: Composer) -> list[Block]:
    """Tell how the people-driven model works, what it assumes, and how it would have done in the past."""
    part = inputs.people
    assert part is not None  # noqa: S101 (asked for where it was run)
    blocks: list[Block] = [composer.heading("method.heading_people"), _bullets(composer, "method.people_formulas")]
    basis = part.model.assumptions
    keys = [key for key in basis.parameters if (key in ALL_DRIVERS and key not in DRIVERS) or key in _SHARED]
    table = _assumptions(inputs, composer, basis=basis, keys=keys, table_id="people_assumptions")
    blocks += [composer.say("method.people_assumptions"), table]
    tested = _back_test(inputs, composer)
    if tested is not None:
        blocks += [composer.say("method.back_test"), tested]
    return blocks


def _back_test(inputs: ReportInputs, composer: Composer) -> ReportTable | None:
    part = inputs.people
    if part is None or part.back_test is None:
        return None
    found = part.back_test
    rows: list[list[Cell]] = [
        [
            composer.text(f"schemes.{row['scheme']}"),
            composer.text(f"columns.{row['measure']}"),
            *(composer.show(row[name], "share") for name in _METHODS),
        ]
        for row in found.summary().to_dict("records")
    ]
    columns = [
        composer.text_column("scheme"),
        composer.text_column("indicator"),
        *(composer.column(key, "share") for key in _METHODS.values()),
    ]
    return composer.table(
        "people_back_test",
        "tables.people_back_test",
        columns=columns,
        rows=rows,
        notes=[composer.text("method.note_back_test")],
        source=composer.text("sources.people"),
        title_values={"start": str(found.start), "end": str(found.end)},
    )


def _note(inputs: ReportInputs, note: Any) -> str:
    return str(getattr(note, inputs.lang, ""))


def _bullets(composer: Composer, prefix: str, *, leave: Sequence[str] = ()) -> Bullets:
    keys = sorted(set(composer.wording.group(prefix)).difference(leave))
    return Bullets(tuple(composer.say(f"{prefix}.{key}") for key in keys))


def _assumptions(
    inputs: ReportInputs,
    composer: Composer,
    *,
    basis: Any = None,
    keys: Sequence[str] | None = None,
    table_id: str = "assumptions",
) -> ReportTable:
    basis = inputs.basis if basis is None else basis
    rows: list[list[Cell]] = []
    decimals: list[int] = []
    cited = Citations()
    for key in basis.parameters if keys is None else keys:
        parameter = basis.parameter(key)
        for entry in parameter.values:
            cell, unit, digits = shown_value(inputs.lang, entry.value, parameter.unit, composer)
            decimals.append(max(digits, 1) if unit == "%" else digits)
            rows.append(
                [
                    str(parameter.name_en if inputs.lang == "en" else parameter.name),
                    entry.first_day.isoformat(),
                    cell,
                    unit,
                    basis.reason(key, entry.first_day, lang=inputs.lang),
                    composer.text(f"method.set_by_{entry.source if entry.source in _SETTERS else 'figures'}"),
                    source_words(composer, entry.source)
                    if entry.source in _SETTERS
                    else cited(plain_source(basis.source_text(key, entry.first_day))),
                ]
            )
    columns = [
        composer.text_column("assumption"),
        composer.text_column("since", kind="period"),
        composer.text_column("value", kind="mixed"),
        composer.text_column("unit"),
        composer.text_column("reason"),
        composer.text_column("set_by"),
        composer.text_column("source"),
    ]
    return composer.table(
        table_id,
        f"tables.{table_id}",
        columns=columns,
        rows=rows,
        notes=cited.notes(),
        source=composer.text("sources.assumptions"),
        row_decimals=decimals,
    )


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
