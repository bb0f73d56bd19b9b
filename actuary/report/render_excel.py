"""Write the annex workbook: every table of the report on a sheet of its own, with full precision."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from actuary.report.contracts import ReportData, ReportTable
from actuary.report.numbers import excel_format, format_cell
from actuary.report.view import note_lines, table_view, text_width
from actuary.report.word_package import FONT

__all__ = ["render_excel", "sheet_names"]

_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_FIXED = dt.datetime(2000, 1, 1)
_LIMIT = 31


def sheet_names(report: ReportData) -> dict[str, str]:
    """Return the sheet of every table, by table id: legal in Excel, at most 31 characters, no two alike.

    Parameters
    ----------
    report : ReportData
        The report.
    """
    names: dict[str, str] = {}
    for table in report.tables():
        base = _FORBIDDEN.sub(" ", f"{table.number} {table.title}").strip("' ")[:_LIMIT].strip()
        name, counter = base, 2
        while name.lower() in {taken.lower() for taken in names.values()}:
            ending = f" {counter}"
            name, counter = base[: _LIMIT - len(ending)] + ending, counter + 1
        names[table.id] = name
    return names


def render_excel(report: ReportData) -> bytes:
    """Write the workbook.

    Parameters
    ----------
    report : ReportData
        The report.

    Returns
    -------
    bytes
        An ``.xlsx`` file: a contents sheet, then one sheet a table, in the order of the report.
    """
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": report.cover.title, "created": _FIXED})
        styles = _Styles(book)
        names = sheet_names(report)
        _contents(book.add_worksheet(report.label("contents")[:_LIMIT]), report, names, styles)
        for table in report.tables():
            _sheet(book.add_worksheet(names[table.id]), table, report, styles)
    return buffer.getvalue()


class _Styles:
    """Make each cell format once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def __call__(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({"font_name": FONT, "font_size": 10, "valign": "top", **properties})
        return self._made[key]


def _contents(sheet: Worksheet, report: ReportData, names: dict[str, str], styles: _Styles) -> None:
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 60)
    sheet.set_column(2, 2, 70)
    sheet.write_string(0, 0, report.cover.title, styles(bold=True, font_size=14))
    row = 1
    for label, text in report.cover.lines:
        sheet.write_string(row, 0, label, styles(font_color="#5a6672"))
        sheet.write_string(row, 1, text, styles())
        row += 1
    if report.cover.gaps:
        row += 1
        sheet.write_string(row, 0, report.label("gaps"), styles(bold=True, font_color="#b35c00"))
    for gap in report.cover.gaps:
        row += 1
        sheet.write_string(row, 0, gap.title, styles(text_wrap=True))
        sheet.write_string(row, 1, gap.reason, styles(text_wrap=True))
    row += 1
    for column, key in enumerate(("number", "table", "source_head")):
        sheet.write_string(row, column, report.label(key), styles(bold=True, bottom=1, bg_color="#f0f3f6"))
    for table in report.tables():
        row += 1
        sheet.write_url(
            row, 0, f"internal:'{names[table.id]}'!A1", styles(font_color="#0b4f7d", underline=1), table.number
        )
        sheet.write_string(row, 1, table.title, styles(text_wrap=True))
        sheet.write_string(row, 2, table.source, styles(text_wrap=True))


def _sheet(sheet: Worksheet, table: ReportTable, report: ReportData, styles: _Styles) -> None:
    view = table_view(table, report)
    marked: dict[int, list[str]] = {}
    for mark in table.marks:
        marked.setdefault(mark.row, []).append(f"{table.column(mark.key).label} {mark.mark}")
    sheet.hide_gridlines(2)
    stamp = f"（{report.label('synthetic')}）" if table.synthetic else ""
    sheet.write_string(0, 0, f"{table.number} {table.title}{stamp}", styles(bold=True, font_size=13))
    head = styles(bold=True, text_wrap=True, top=2, bg_color="#f0f3f6")
    unit = styles(font_color="#5a6672", bottom=1, bg_color="#f0f3f6")
    last = len(table.columns)
    for index, column in enumerate(table.columns):
        sheet.write_string(2, index, column.label, head)
        sheet.write_string(3, index, column.unit, unit)
        width = min(max(view.widths[index], text_width(column.label) // (1 if column.kind == "text" else 2)) + 3, 60)
        sheet.set_column(index, index, max(width, 9))
    if marked:
        sheet.write_string(2, last, report.label("marks"), head)
        sheet.write_string(3, last, "", unit)
        sheet.set_column(last, last, 34)
    sheet.freeze_panes(4, 1)
    for number, (row, style) in enumerate(zip(table.rows, view.styles, strict=True)):
        base: dict[str, Any] = {"bg_color": "#f3f5f8"} if style in {"projection", "group"} else {}
        if style in {"total", "group"}:
            base["bold"] = True
        for index, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            if isinstance(cell, (int, float)) and not isinstance(cell, bool):
                sheet.write_number(
                    4 + number,
                    index,
                    cell,
                    styles(num_format=excel_format(column, table.decimals(number, column)), **base),
                )
            elif cell is not None:
                text = format_cell(cell, column, level_name=report.level_name)
                sheet.write_string(4 + number, index, text, styles(text_wrap=view.flexible[index], **base))
            elif base:
                sheet.write_blank(4 + number, index, None, styles(**base))
        if number in marked:
            sheet.write_string(
                4 + number,
                last,
                "；".join(marked[number]) if report.lang == "zh" else "; ".join(marked[number]),
                styles(**base),
            )
    below = 5 + len(table.rows)
    for offset, remark in enumerate(note_lines(table, report)):
        sheet.write_string(below + offset, 0, remark, styles(font_color="#5a6672", font_size=9))
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2, 3)
