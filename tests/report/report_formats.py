"""Read every format of a report back as text, as those who open it would."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import cache
from html import unescape

import docx
import openpyxl
from docx.document import Document
from pypdf import PdfReader

from actuary.report import render_docx, render_excel, render_html, render_pdf, render_summary
from actuary.report.contracts import ReportData, ReportTable
from actuary.report.numbers import format_cell

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
RENDERERS = {
    "pdf": render_pdf,
    "html": render_html,
    "docx": render_docx,
    "xlsx": render_excel,
    "summary": render_summary,
}


class Formats:
    """Hold one report in every format; each is made when a test first asks for it."""

    def __init__(self, report: ReportData) -> None:
        self.report = report
        self._made: dict[str, bytes] = {}

    def __getitem__(self, name: str) -> bytes:
        if name not in self._made:
            self._made[name] = RENDERERS[name](self.report)
        return self._made[name]

    @cache  # noqa: B019 - lives as long as the session
    def text(self, name: str) -> str:
        """Return everything one format prints, words and numbers parted by white space."""
        read = {"pdf": pdf_text, "summary": pdf_text, "html": html_text, "docx": docx_text, "xlsx": xlsx_text}
        return self.report.to_json() if name == "json" else read[name](self[name])


def pdf_text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def html_text(page: bytes) -> str:
    text = re.sub(r"<(svg|style).*?</\1>", " ", page.decode(), flags=re.DOTALL)
    # Inside a line of text no blank may part what one reads together.
    text = re.sub(r"</?(?:strong|a|b|em)\b[^>]*>", "", text)
    return unescape(re.sub(r"<[^>]+>", " ", text))


def open_docx(document: bytes) -> Document:
    return docx.Document(io.BytesIO(document))


def docx_paragraphs(document: Document) -> Iterator[str]:
    for section in document.sections:
        for part in (section.header, section.footer):
            yield from (paragraph.text for paragraph in part.paragraphs)
    for element in document.element.body.iter("{*}p"):
        yield "".join("\n" if node.tag.endswith("}br") else node.text or "" for node in element.iter("{*}t", "{*}br"))


def docx_text(document: bytes) -> str:
    return "\n".join(docx_paragraphs(open_docx(document)))


def xlsx_text(book: bytes) -> str:
    sheets = openpyxl.load_workbook(io.BytesIO(book)).worksheets
    return "\n".join(
        str(cell) for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None
    )


def numbers_in(text: str) -> list[str]:
    """Return every number of a text as it is printed."""
    return [number.rstrip(",") for number in _NUMBER.findall(text)]


def squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


def body_tables(report: ReportData) -> Iterator[ReportTable]:
    for section in report.sections:
        yield from (block for block in section.blocks if isinstance(block, ReportTable))


def printed_rows(table: ReportTable, report: ReportData) -> list[list[str]]:
    """Return the cells of a table as every format prints them."""
    return [
        [
            format_cell(cell, column, decimals=table.decimals(number, column), level_name=report.level_name)
            for column, cell in zip(table.columns, row, strict=True)
        ]
        for number, row in enumerate(table.rows)
    ]
