"""The Word document is made of styles, fields and repeated heads, so that an office can go on with it."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace

import pytest
from lxml import etree
from report_formats import Formats, body_tables, open_docx

from actuary.errors import OutputError
from actuary.report import render_docx
from actuary.report.contracts import Heading, ReportData
from actuary.report.wording import load_wording

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def _part(document: bytes, name: str = "word/document.xml") -> etree.Element:
    with zipfile.ZipFile(io.BytesIO(document)) as package:
        return etree.fromstring(package.read(name))


def _text(element: etree.Element) -> str:
    return "".join(node.text or "" for node in element.iter(f"{_W}t"))


def _style(paragraph: etree.Element) -> str:
    found = paragraph.find(f"{_W}pPr/{_W}pStyle")
    return found.get(f"{_W}val", "") if found is not None else ""


def test_a_small_report_becomes_a_document_of_fixed_bytes(made_up: ReportData) -> None:
    made = render_docx(made_up)
    assert render_docx(ReportData.from_json(made_up.to_json())) == made
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert package.testzip() is None
    document = open_docx(made)
    assert document.core_properties.title == made_up.cover.title
    assert document.core_properties.author == ""
    told = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "一点 <b> & 二点。" in told
    assert "演示数据，非真实统计" in told


def test_every_part_is_declared_and_every_relation_leads_somewhere(made_up: ReportData) -> None:
    with zipfile.ZipFile(io.BytesIO(render_docx(made_up))) as package:
        names = set(package.namelist())
        types = package.read("[Content_Types].xml").decode()
        for name in names - {"[Content_Types].xml"}:
            assert f'PartName="/{name}"' in types or f'Extension="{name.rpartition(".")[2]}"' in types
        relations = etree.fromstring(package.read("word/_rels/document.xml.rels"))
        assert {f"word/{one.get('Target')}" for one in relations} <= names
        used = re.findall(r'r:(?:embed|id)="([^"]+)"', package.read("word/document.xml").decode())
        assert set(used) <= {one.get("Id") for one in relations}


def test_styles_that_are_used_exist(made_up: ReportData) -> None:
    made = render_docx(made_up)
    known = {style.get(f"{_W}styleId") for style in _part(made, "word/styles.xml").iter(f"{_W}style")}
    used = {
        element.get(f"{_W}val")
        for element in _part(made).iter()
        if element.tag in {f"{_W}pStyle", f"{_W}rStyle", f"{_W}tblStyle"}
    }
    assert used <= known
    assert {"Heading1", "Heading2", "Caption", "ListBullet", "ReportTable", "LevelRed", "RemarkMissing"} <= used


def test_headings_are_one_list_in_the_style_of_the_language(made_up: ReportData) -> None:
    for lang, expected in (("zh", ["%1、", "（%2）"]), ("en", ["%1", "%1.%2"])):
        numbering = _part(render_docx(replace(made_up, lang=lang)), "word/numbering.xml")
        levels = [level for level in numbering.iter(f"{_W}lvl") if level.find(f"{_W}pStyle") is not None]
        assert [level.find(f"{_W}lvlText").get(f"{_W}val") for level in levels] == expected
        assert [level.find(f"{_W}pStyle").get(f"{_W}val") for level in levels] == ["Heading1", "Heading2"]


def test_a_character_the_font_lacks_stops_the_document(made_up: ReportData) -> None:
    rare = ReportData.from_json(made_up.to_json().replace("唯一一节", "\U00020bb7"))
    with pytest.raises(OutputError, match=r"text of the Word document.*characters of Noto Sans SC"):
        render_docx(rare)


@pytest.mark.slow
def test_headings_are_numbered_by_word_as_the_report_numbers_them(formats: Formats) -> None:
    report = formats.report
    wording = load_wording(report.lang)
    sections, heads, numbered = 0, 0, []
    for paragraph in _part(formats["docx"]).iter(f"{_W}p"):
        if _style(paragraph) == "Heading1":
            sections, heads = sections + 1, 0
            numbered.append((wording.first_level(sections), _text(paragraph)))
        elif _style(paragraph) == "Heading2":
            heads += 1
            numbered.append((wording.second_level(sections, heads), _text(paragraph)))
    expected = []
    for section in report.sections:
        expected.append((section.number, section.title))
        expected += [(block.number, block.title) for block in section.blocks if isinstance(block, Heading)]
    assert numbered == expected


@pytest.mark.slow
def test_the_contents_are_filled_and_lead_to_bookmarks(formats: Formats) -> None:
    report = formats.report
    body = _part(formats["docx"])
    listed = [_text(paragraph) for paragraph in body.iter(f"{_W}p") if _style(paragraph) == "TOC1"]
    assert [re.sub(r"\s", "", line) for line in listed] == [
        re.sub(r"\s", "", section.number + section.title) for section in report.sections
    ]
    bookmarks = [mark.get(f"{_W}name") for mark in body.iter(f"{_W}bookmarkStart")]
    assert len(bookmarks) == len(set(bookmarks))
    anchors = {link.get(f"{_W}anchor") for link in body.iter(f"{_W}hyperlink")}
    codes = [code.text or "" for code in body.iter(f"{_W}instrText")]
    anchors |= {code.split()[1] for code in codes if code.split()[0] == "REF"}
    assert anchors <= set(bookmarks)
    assert any('TOC \\o "1-2"' in code for code in codes)
    marks = [mark.get(f"{_W}fldCharType") for mark in body.iter(f"{_W}fldChar")]
    assert marks.count("begin") == marks.count("separate") == marks.count("end")


@pytest.mark.slow
def test_captions_are_fields_with_the_numbers_of_the_report(formats: Formats) -> None:
    report = formats.report
    captions = [
        _text(paragraph)
        for paragraph in _part(formats["docx"]).iter(f"{_W}p")
        if _style(paragraph) in {"Caption", "FigureCaption"}
    ]
    expected = {f"{table.number}\u2002{table.title}" for table in body_tables(report)}
    expected |= {f"{figure.number}\u2002{figure.title}" for figure in report.figures()}
    assert set(captions) == expected
    codes = [code.text or "" for code in _part(formats["docx"]).iter(f"{_W}instrText")]
    assert sum(code.split()[0] == "SEQ" for code in codes) == len(captions)


@pytest.mark.slow
def test_tables_repeat_their_heads_and_split_no_row(formats: Formats) -> None:
    tables = list(_part(formats["docx"]).iter(f"{_W}tbl"))[1:]
    for table in tables:
        rows = table.findall(f"{_W}tr")
        assert rows[0].find(f"{_W}trPr/{_W}tblHeader") is not None
        assert all(row.find(f"{_W}trPr/{_W}cantSplit") is not None for row in rows)
        widths = [int(column.get(f"{_W}w", "0")) for column in table.iter(f"{_W}gridCol")]
        assert abs(sum(widths) - 9638) <= len(widths)
        assert min(widths) > 250


@pytest.mark.slow
def test_figures_are_described_and_pages_are_a4_with_head_and_numbers(formats: Formats) -> None:
    report = formats.report
    made = formats["docx"]
    described = [one.get("descr") for one in _part(made).iter() if one.tag.endswith("}docPr")]
    assert described == [figure.alt for figure in report.figures()]
    document = open_docx(made)
    assert {(round(s.page_width.mm), round(s.page_height.mm)) for s in document.sections} == {(210, 297)}
    cover, body = document.sections
    assert cover.header.is_linked_to_previous
    assert report.cover.title in body.header.paragraphs[0].text
    codes = [code.text or "" for code in _part(made, "word/footer1.xml").iter(f"{_W}instrText")]
    assert [code.strip() for code in codes] == ["PAGE", "SECTIONPAGES"]
