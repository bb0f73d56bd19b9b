"""Put several reports side by side: the same figures as in each of them, by city and quarter."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from actuary.errors import OutputError, Problem
from actuary.report.composer import Composer, number_report
from actuary.report.contracts import (
    Block,
    Cell,
    Column,
    Cover,
    Mark,
    ReportData,
    ReportFigure,
    ReportTable,
    Section,
)

__all__ = ["compare_reports"]

_SCHEMES = ("employee", "resident")
#: What is compared beside the schemes: table of the report, columns; the last row of each counts.
_LAST_ROWS = (
    ("all_by_year", ("year", "income", "income_growth", "expenditure", "expenditure_growth", "current_balance")),
    ("membership", ("year", "enrolled", "active", "retired", "dependency_ratio", "resident_enrolled")),
)
_SUMMARY = (
    *("year", "enrolled", "income", "income_growth", "expenditure", "expenditure_growth"),
    *("judged_balance", "payable_months", "level"),
)


def compare_reports(reports: Sequence[ReportData]) -> ReportData:
    """Compare reports of one language: levels, key indicators and a chart of each that is worth one.

    Parameters
    ----------
    reports : sequence of ReportData
        Two or more, in the order of the rows.

    Returns
    -------
    ReportData
        A small report; its cells are cells of the reports compared.

    Raises
    ------
    OutputError
        When there are fewer than two reports, or their languages differ.
    """
    languages = {report.lang for report in reports}
    if len(reports) < 2 or len(languages) > 1:
        found = f"{len(reports)} reports in {len(languages)} languages"
        raise OutputError(Problem("comparison", found, "two or more reports in one language"))
    composer = Composer(reports[0].lang)
    sections = [_section(composer, "levels", [_levels(composer, reports)])]
    for scheme in _SCHEMES:
        table = _scheme(composer, reports, scheme)
        if table is not None:
            figure = _figure(composer, reports, table, "payable_months", scheme)
            sections.append(_section(composer, scheme, [table, *figure]))
    for name, keys in _LAST_ROWS:
        table = _last_rows(composer, reports, name, keys)
        if table is not None:
            figure = _figure(composer, reports, table, "dependency_ratio", name)
            sections.append(_section(composer, name, [table, *figure]))
    numbered, _ = number_report(composer.wording, sections, [])
    return ReportData(reports[0].lang, _cover(composer, reports), numbered, (), dict(reports[0].meta))


def _section(composer: Composer, name: str, blocks: Sequence[Block]) -> Section:
    return Section(f"comparison_{name}", "", composer.text(f"comparison.heading_{name}"), tuple(blocks))


def _cover(composer: Composer, reports: Sequence[ReportData]) -> Cover:
    first = reports[0].cover
    gap = composer.text("phrases.list_gap")
    told = hashlib.sha256("\n".join(one.cover.fingerprint for one in reports).encode()).hexdigest()
    data = hashlib.sha256("\n".join(one.cover.data_fingerprint for one in reports).encode()).hexdigest()
    lines = (
        (composer.text("cover_lines.region"), gap.join(dict.fromkeys(one.cover.region_name for one in reports))),
        (composer.text("cover_lines.quarter"), gap.join(dict.fromkeys(one.cover.quarter for one in reports))),
        (composer.text("cover_lines.fingerprint"), told[:16]),
        (composer.text("cover_lines.data_fingerprint"), data[:16]),
    )
    return replace(
        first,
        title=composer.text("comparison.title"),
        subtitle=composer.text("comparison.subtitle"),
        fingerprint=told,
        data_fingerprint=data,
        synthetic=any(one.cover.synthetic for one in reports),
        lines=lines,
        heading=composer.text("comparison.title"),
        period="",
        gaps=(),
    )


def _where(composer: Composer) -> list[Column]:
    return [composer.text_column("region"), composer.text_column("period", kind="period")]


def _find(report: ReportData, name: str) -> ReportTable | None:
    return next((table for table in report.tables() if table.id == name), None)


def _row(table: ReportTable, name: str) -> int | None:
    return next((number for number, cells in enumerate(table.rows) if cells[0] == name), None)


def _levels(composer: Composer, reports: Sequence[ReportData]) -> ReportTable:
    rows: list[list[Cell]] = []
    for report in reports:
        counts = _find(report, "warning_counts")
        levels: list[Cell] = []
        for scheme in _SCHEMES:
            row = _row(counts, composer.text(f"schemes.{scheme}")) if counts is not None else None
            levels.append(
                counts.cell(row, "overall_level") if counts is not None and row is not None else "not_assessable"
            )
        lacking = composer.text("phrases.list_gap").join(gap.title for gap in report.cover.gaps)
        rows.append([report.cover.region_name, report.cover.quarter, *levels, lacking or None])
    columns = [
        *_where(composer),
        *(
            composer.text_column(f"level_{scheme}", kind="level", label=composer.text(f"schemes.{scheme}"))
            for scheme in _SCHEMES
        ),
        composer.text_column("lacks"),
    ]
    return composer.table("comparison_levels", "comparison.levels", columns=columns, rows=rows)


def _scheme(composer: Composer, reports: Sequence[ReportData], scheme: str) -> ReportTable | None:
    name = composer.text(f"schemes.{scheme}")
    found = [(report, table) for report in reports if (table := _find(report, "summary")) is not None]
    picked = [(report, table, row) for report, table in found if (row := _row(table, name)) is not None]
    return _side_by_side(composer, reports, picked, table_id=f"comparison_{scheme}", keys=_SUMMARY)


def _last_rows(composer: Composer, reports: Sequence[ReportData], name: str, keys: Sequence[str]) -> ReportTable | None:
    found = [(report, table) for report in reports if (table := _find(report, name)) is not None]
    picked = [(report, table, len(table.rows) - 1) for report, table in found if table.rows]
    return _side_by_side(composer, reports, picked, table_id=f"comparison_{name}", keys=keys)


def _side_by_side(
    composer: Composer,
    reports: Sequence[ReportData],
    picked: Sequence[tuple[ReportData, ReportTable, int]],
    *,
    table_id: str,
    keys: Sequence[str],
) -> ReportTable | None:
    """Build a table of one row a report from one row of a table of each; a report without it keeps an empty row."""
    if not picked:
        return None
    known = [key for key in keys if all(key in {column.key for column in table.columns} for _, table, _ in picked)]
    columns = [
        replace(picked[0][1].column(key), decimals=max(table.column(key).decimals for _, table, _ in picked))
        for key in known
    ]
    by_report = {id(report): (table, row) for report, table, row in picked}
    rows: list[list[Cell]] = []
    marks: list[Mark] = []
    for number, report in enumerate(reports):
        cells: list[Cell] = [None] * len(known)
        if id(report) in by_report:
            table, row = by_report[id(report)]
            cells = [table.cell(row, key) for key in known]
            marks += [
                Mark(number, mark.key, mark.mark) for mark in table.marks if mark.row == row and mark.key in known
            ]
        rows.append([report.cover.region_name, report.cover.quarter, *cells])
    notes = _notes(composer, picked)
    return composer.table(
        table_id,
        f"comparison.{table_id.removeprefix('comparison_')}",
        columns=[*_where(composer), *columns],
        rows=rows,
        notes=notes,
        source=composer.text("comparison.source"),
        synthetic=any(table.synthetic for _, table, _ in picked),
        marks=marks,
    )


def _notes(composer: Composer, picked: Sequence[tuple[ReportData, ReportTable, int]]) -> list[str]:
    """Return the notes of all tables, each once; one that not all of them bear names those that do."""
    bearers: dict[str, list[str]] = {}
    for report, table, _ in picked:
        for note in dict.fromkeys(table.notes):
            bearers.setdefault(note, []).append(f"{report.cover.region_name} {report.cover.quarter}")
    gap, colon = composer.text("phrases.list_gap"), composer.text("labels.colon")
    return [note if len(names) == len(picked) else f"{gap.join(names)}{colon}{note}" for note, names in bearers.items()]


def _figure(
    composer: Composer, reports: Sequence[ReportData], table: ReportTable, key: str, part: str
) -> list[ReportFigure]:
    """Draw one column of a table as bars, where two reports or more have a figure."""
    from actuary.report.figures import Series, grouped_bars  # noqa: PLC0415 - loads the drawing library

    if key not in {column.key for column in table.columns}:
        return []
    values = [table.cell(row, key) for row in range(len(table.rows))]
    numbers = [float(value) if isinstance(value, (int, float)) else None for value in values]
    if sum(value is not None for value in numbers) < 2:
        return []
    column = table.column(key)
    label = f"{column.label}{composer.text('comparison.unit', unit=column.unit)}" if column.unit else column.label
    svg = grouped_bars(
        f"comparison_{key}_{part}",
        [Series(column.label, "income", tuple((float(place), value) for place, value in enumerate(numbers)))],
        ticks=_ticks(reports),
        y_label=label,
        x_label=composer.text("comparison.axis"),
        alt=composer.text(f"comparison.{key}_alt"),
    )
    note = composer.text("sources.figure", table=f"[[table:{table.id}]]")
    return [composer.figure(f"comparison_{key}_{part}", f"comparison.{key}", svg=svg, note=note)]


def _ticks(reports: Sequence[ReportData]) -> list[str]:
    """Name the reports as shortly as tells them apart."""
    regions = {one.cover.region_name for one in reports}
    quarters = {one.cover.quarter for one in reports}
    if len(regions) == 1:
        return [one.cover.quarter for one in reports]
    if len(quarters) == 1:
        return [one.cover.region_name for one in reports]
    return [f"{one.cover.region_name} {one.cover.quarter}" for one in reports]
