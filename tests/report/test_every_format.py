"""Every format tells the figures of the report data and no others, in characters that can be printed."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader
from report_formats import RENDERERS, Formats, body_tables, numbers_in, open_docx, printed_rows, squeeze

from actuary.report.contracts import ReportData
from actuary.report.fonts import missing_characters
from actuary.report.render_summary import PAGES, summary_blocks
from actuary.report.view import table_view
from actuary.report.word_package import FONT

# Whole reports in every format: seconds each.
pytestmark = pytest.mark.slow

#: Table of the report and columns whose last row a leader asks for first.
_KEY = {
    "summary": ("income", "expenditure", "judged_balance", "payable_months"),
    "membership": ("active", "retired", "dependency_ratio"),
    "payable_months": ("employee_months", "resident_months"),
}


def _key_figures(report: ReportData) -> list[str]:
    tables = {table.id: table for table in body_tables(report)}
    found = []
    for name, keys in _KEY.items():
        if name not in tables:
            continue
        table = tables[name]
        rows = printed_rows(table, report)
        chosen = rows if name == "summary" else rows[-1:]
        places = [place for place, column in enumerate(table.columns) if column.key in keys]
        found += [row[place] for row in chosen for place in places if row[place] != "—"]
    return found


def test_every_format_holds_the_key_figures(formats: Formats) -> None:
    figures = _key_figures(formats.report)
    assert len(figures) >= 3
    for name in ("pdf", "html", "docx"):
        text = squeeze(formats.text(name))
        assert [one for one in figures if squeeze(one) not in text] == [], name
    levels = [formats.report.level_name(str(row[1])) for row in formats.report.table("warning_counts").rows]
    tables = {table.id: table for table in body_tables(formats.report)}
    cards = tables.get("summary", tables["warning_counts"])  # the summary shows the schemes of its own table
    key = "level" if "summary" in tables else "overall_level"
    shown = [formats.report.level_name(str(cards.cell(row, key))) for row in range(len(cards.rows))]
    for name, wanted in (*((one, levels) for one in ("pdf", "html", "docx", "xlsx")), ("summary", shown)):
        text = squeeze(formats.text(name))
        assert [level for level in wanted if squeeze(level) not in text] == [], name


def test_the_summary_shows_what_the_report_says(formats: Formats) -> None:
    text = squeeze(formats.text("summary"))
    report = formats.report
    tables = {table.id: table for table in body_tables(report)}
    if "summary" in tables:
        for row in printed_rows(tables["summary"], report):
            assert [cell for cell in row if squeeze(cell) not in text] == []
    assert list(summary_blocks(report))
    for gap in report.cover.gaps:
        assert squeeze(gap.title) in text
        assert squeeze(gap.reason) in text


def test_workbook_and_json_hold_the_figures_in_full(formats: Formats) -> None:
    report = formats.report
    held = json.loads(report.to_json())["report"]
    stored = {table["id"]: table for table in _parts(held, "ReportTable")}
    book = openpyxl.load_workbook(io.BytesIO(formats["xlsx"]))
    sheets = dict(zip([table.id for table in report.tables()], book.sheetnames[1:], strict=True))
    for table in report.tables():
        assert [tuple(row) for row in stored[table.id]["rows"]] == list(table.rows)
        sheet = book[sheets[table.id]]
        for number, row in enumerate(table.rows):
            for place, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
                if column.numeric and isinstance(cell, float):
                    assert sheet.cell(5 + number, place + 1).value == pytest.approx(cell, rel=1e-14, abs=1e-14)


def _parts(value: Any, kind: str) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [part for item in value for part in _parts(item, kind)]
    if not isinstance(value, dict):
        return []
    inside = [part for item in value.values() for part in _parts(item, kind)]
    return [value, *inside] if value.get("type") == kind else inside


def test_word_prints_every_table_cell_by_cell(formats: Formats) -> None:
    report = formats.report
    tables = open_docx(formats["docx"]).tables[1:]  # the first holds the lines of the cover
    body = list(body_tables(report))
    assert len(tables) == len(body)
    for made, table in zip(tables, body, strict=True):
        view = table_view(table, report)
        for row, cells in zip(made.rows[1:], view.rows, strict=True):
            texts = [cell.text.strip("\u00a0") for cell in row.cells]
            assert texts == [cell.text + cell.mark for cell in cells], table.id


def _known_numbers(formats: Formats) -> set[str]:
    """Return the numbers of the report data as printed: cells, sentences, captions, notes, cover."""
    report = formats.report
    known = set()
    for table in report.tables():
        for row in printed_rows(table, report):
            known.update(number for cell in row for number in numbers_in(cell))
    stored = json.loads(report.to_json())
    for part in _parts(stored, "ReportFigure"):
        part.pop("svg")
    for part in _parts(stored, "ReportTable"):
        part["rows"] = []
    known.update(numbers_in(json.dumps(stored, ensure_ascii=False)))
    return known


@pytest.mark.parametrize("name", ["pdf", "html", "docx", "summary"])
def test_no_format_prints_a_number_that_the_report_data_does_not_hold(formats: Formats, name: str) -> None:
    text = formats.text(name)
    known = _known_numbers(formats)
    if name in {"pdf", "summary"}:
        known |= {str(page) for page in range(1, len(PdfReader(io.BytesIO(formats[name])).pages) + 1)}
    printed = set(numbers_in(text))
    assert len(printed) > 10
    assert printed - known == set()


@pytest.mark.parametrize("name", sorted(RENDERERS))
def test_no_character_of_any_format_is_missing_from_the_font(formats: Formats, name: str) -> None:
    text = formats.text(name)
    assert missing_characters(text) == []
    assert not re.search("[\ufffd\u25a1\ufffe]", text)


@pytest.mark.parametrize("name", ["pdf", "summary"])
def test_typeset_pages_use_only_the_shipped_font(formats: Formats, name: str) -> None:
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in PdfReader(io.BytesIO(formats[name])).pages
        for font in page["/Resources"].get("/Font", {}).values()
    }
    assert fonts
    assert all("NotoSansSC" in font for font in fonts), fonts


def test_office_files_declare_one_font(formats: Formats) -> None:
    book = openpyxl.load_workbook(io.BytesIO(formats["xlsx"]))
    used = {cell.font.name for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value}
    assert used == {FONT}
    document = open_docx(formats["docx"])
    for fonts in document.styles.element.iter("{*}rFonts"):
        assert set(fonts.attrib.values()) == {FONT}
        assert any(name.endswith("}eastAsia") for name in fonts.attrib)


def test_the_summary_has_two_pages_at_most(formats: Formats) -> None:
    pages = PdfReader(io.BytesIO(formats["summary"])).pages
    assert 1 <= len(pages) <= PAGES
    assert [round(float(x)) for x in pages[0].mediabox[2:]] == [595, 842]


@pytest.mark.parametrize("name", sorted(RENDERERS))
def test_two_runs_give_the_same_bytes(formats: Formats, name: str) -> None:
    again = ReportData.from_json(formats.report.to_json())
    assert RENDERERS[name](again) == formats[name]
