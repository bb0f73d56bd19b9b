"""PDF, HTML and workbook tell the same figures, alone and always in the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

import openpyxl
import pytest
from fontTools.ttLib import TTFont
from pypdf import PdfReader

from actuary.errors import OutputError
from actuary.report import render_excel, render_html, render_pdf
from actuary.report.contracts import Column, ReportData, ReportTable
from actuary.report.numbers import format_cell
from actuary.report.render_excel import sheet_names
from actuary.report.render_html import embedded_font

# Whole reports, kernels of notebooks and cities as their users make them: seconds each.
pytestmark = pytest.mark.slow


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _pdf_text(pdf: bytes) -> str:
    return _squeeze("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def _html_text(page: bytes) -> str:
    text = re.sub(r"<(svg|style).*?</\1>", " ", page.decode(), flags=re.DOTALL)
    return _squeeze(unescape(re.sub(r"<[^>]+>", "", text)))


def _body_tables(report: ReportData) -> Iterator[ReportTable]:
    for section in report.sections:
        yield from (block for block in section.blocks if isinstance(block, ReportTable))


def _figures(table: ReportTable) -> Iterator[tuple[int, Column, str]]:
    for number, row in enumerate(table.rows):
        for column, cell in zip(table.columns, row, strict=True):
            if column.numeric and cell is not None:
                yield number, column, _squeeze(format_cell(cell, column, decimals=table.decimals(number, column)))


@pytest.fixture(scope="module")
def pdf(national_zh: ReportData) -> bytes:
    return render_pdf(national_zh)


@pytest.fixture(scope="module")
def page(national_zh: ReportData) -> bytes:
    return render_html(national_zh)


@pytest.fixture(scope="module")
def annex(national_zh: ReportData) -> bytes:
    return render_excel(national_zh)


def test_pdf_html_and_workbook_tell_the_same_figures(report: ReportData) -> None:
    in_pdf, in_html = _pdf_text(render_pdf(report)), _html_text(render_html(report))
    book = openpyxl.load_workbook(io.BytesIO(render_excel(report)))
    names = sheet_names(report)
    count = 0
    for table in _body_tables(report):
        sheet = book[names[table.id]]
        for number, column, printed in _figures(table):
            assert printed in in_pdf, (table.id, printed)
            assert printed in in_html, (table.id, printed)
            cell = sheet.cell(5 + number, 1 + table.columns.index(column)).value
            if isinstance(cell, (int, float)):
                decimals = table.decimals(number, column)
                assert _squeeze(format_cell(float(cell), column, decimals=decimals)) == printed
            else:
                assert cell == printed
            count += 1
    assert count > 40


def test_every_table_of_the_report_is_in_the_workbook(report: ReportData) -> None:
    book = openpyxl.load_workbook(io.BytesIO(render_excel(report)))
    names = sheet_names(report)
    assert book.sheetnames[1:] == [names[table.id] for table in report.tables()]
    for table in report.tables():
        sheet = book[names[table.id]]
        assert [sheet.cell(3, n + 1).value for n in range(len(table.columns))] == [c.label for c in table.columns]
        last = table.rows[-1][0]
        assert sheet.cell(4 + len(table.rows), 1).value == (report.level_name(last) if isinstance(last, str) else last)
        assert sheet.freeze_panes == "B5"


def test_workbook_cells_keep_full_precision_and_text_stays_text(made_up: ReportData) -> None:
    book = openpyxl.load_workbook(io.BytesIO(render_excel(made_up)))
    sheet = book[sheet_names(made_up)["made_up"]]
    assert sheet["B5"].value == 1234.5678
    assert sheet["B5"].number_format == "#,##0.0;−#,##0.0"
    assert sheet["B6"].value is None
    assert [sheet[f"A{row}"].value for row in (5, 6, 7)] == ["=1+1", "@甲", "-乙"]
    assert {sheet[f"A{row}"].data_type for row in (5, 6, 7)} == {"s"}
    assert sheet["D5"].value == "红色"
    assert "演示数据" in sheet["A1"].value
    assert sheet["E5"].value == "基金收入 a"


def test_sheet_names_are_legal_and_no_two_alike(made_up: ReportData, report: ReportData) -> None:
    for one in (made_up, report):
        names = list(sheet_names(one).values())
        assert len({name.lower() for name in names}) == len(names)
        for name in names:
            assert 0 < len(name) <= 31
            assert not re.search(r"[\[\]:*?/\\]", name)
            assert name.strip("'") == name


def test_two_renderings_give_the_same_bytes(
    national_zh: ReportData, made_up: ReportData, pdf: bytes, page: bytes, annex: bytes
) -> None:
    again = ReportData.from_json(national_zh.to_json())
    assert render_pdf(again) == pdf
    assert render_html(again) == page
    assert render_excel(again) == annex
    assert render_pdf(made_up) == render_pdf(made_up)


def test_the_page_loads_nothing(page: bytes) -> None:
    class Loads(HTMLParser):
        found: list[str]

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href", "action"}]
            if tag in {"script", "link", "iframe", "object", "embed"}:
                self.found.append(f"<{tag}>")

    parser = Loads()
    parser.found = []
    parser.feed(page.decode())
    assert [value for value in parser.found if not value.startswith("#")] == []
    style = re.search(r"<style>(.*?)</style>", page.decode(), re.DOTALL)
    assert style is not None
    assert "@import" not in style[1]
    assert set(re.findall(r"url\(([^:)]*):", style[1])) == {"data"}


def test_the_font_inside_the_page_prints_every_character_and_stays_small(page: bytes) -> None:
    font = embedded_font(page)
    known = set(TTFont(io.BytesIO(font)).getBestCmap())
    lacking = {character for character in _html_text(page) if ord(character) not in known}
    assert lacking == set()
    assert len(font) * 4 / 3 < 500_000


def test_anchors_of_the_contents_exist_and_identifiers_are_unique(page: bytes) -> None:
    text = page.decode()
    identifiers = re.findall(r'\sid="([^"]+)"', text)
    assert len(identifiers) == len(set(identifiers))
    assert set(re.findall(r'<a href="#([^"]+)"', text)) <= set(identifiers)


def test_text_of_a_report_cannot_become_markup(made_up: ReportData) -> None:
    text = render_html(made_up).decode()
    assert "一点 &lt;b&gt; &amp; 二点。" in text
    assert "折线图 &lt;演示&gt;" in text


def test_made_up_data_is_said_on_cover_and_table(made_up: ReportData) -> None:
    assert _pdf_text(render_pdf(made_up)).count("演示数据，非真实统计") >= 3
    assert _html_text(render_html(made_up)).count("演示数据，非真实统计") == 2


def test_levels_carry_their_name_beside_their_colour(made_up: ReportData) -> None:
    assert '<span class="chip chip-red">红色</span>' in render_html(made_up).decode()
    assert "红色" in _pdf_text(render_pdf(made_up))


def test_the_pdf_has_title_contents_bookmarks_page_numbers_and_no_date(national_zh: ReportData, pdf: bytes) -> None:
    reader = PdfReader(io.BytesIO(pdf))
    assert reader.metadata is not None
    assert reader.metadata.title == national_zh.cover.title
    assert reader.metadata.creation_date is None
    assert reader.metadata.modification_date is None
    pages = len(reader.pages)
    assert f"第{pages - 1}页共{pages - 1}页" in _squeeze(reader.pages[-1].extract_text())
    titles = {_squeeze(str(entry.title)) for entry in reader.outline if not isinstance(entry, list)}
    assert {_squeeze(section.number + section.title) for section in national_zh.sections} <= titles
    assert [round(float(x)) for x in reader.pages[0].mediabox[2:]] == [595, 842]


def test_the_pdf_uses_only_the_shipped_font(pdf: bytes) -> None:
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in PdfReader(io.BytesIO(pdf)).pages
        for font in page["/Resources"].get("/Font", {}).values()
    }
    assert fonts
    assert all("NotoSansSC" in name for name in fonts), fonts


def test_a_character_the_font_lacks_stops_pdf_and_html(made_up: ReportData) -> None:
    rare = ReportData.from_json(made_up.to_json().replace("唯一一节", "\U00020bb7"))
    with pytest.raises(OutputError, match="characters of Noto Sans SC"):
        render_pdf(rare)
    with pytest.raises(OutputError, match="characters of Noto Sans SC"):
        render_html(rare)
