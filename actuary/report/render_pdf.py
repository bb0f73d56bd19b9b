"""Set the report as PDF with typst: own template, fonts by path, no date, the same bytes for the same report."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib import resources
from typing import Any

from actuary.errors import OutputError, Problem
from actuary.report.contracts import (
    Block,
    Bullets,
    Callout,
    Heading,
    Paragraph,
    ReportData,
    ReportFigure,
    ReportTable,
)
from actuary.report.fitting import fit_table
from actuary.report.fonts import FAMILY, missing_characters, variable_font
from actuary.report.view import note_lines, table_view

__all__ = ["page_data", "printed_block", "render_pdf", "render_png", "typeset"]


def render_pdf(report: ReportData) -> bytes:
    """Set the report as an A4 PDF.

    Parameters
    ----------
    report : ReportData
        The report.

    Returns
    -------
    bytes
        The PDF; two calls give the same bytes.

    Raises
    ------
    OutputError
        When the font lacks a character of the report, or the template cannot be set.
    """
    return bytes(_compile(report, format="pdf"))


def render_png(report: ReportData, *, ppi: int = 80) -> list[bytes]:
    """Set the report as pictures, one a page, to look at.

    Parameters
    ----------
    report : ReportData
        The report.
    ppi : int
        Resolution.

    Raises
    ------
    OutputError
        As :func:`render_pdf`.
    """
    pages = _compile(report, format="png", ppi=float(ppi))
    return list(pages) if isinstance(pages, list) else [pages]


def _compile(report: ReportData, **options: Any) -> Any:
    return typeset("report.typ", page_data(report), report.figures(), **options)


def typeset(template: str, page: dict[str, Any], figures: Iterable[ReportFigure], **options: Any) -> Any:
    """Set a template of the package with the shipped font.

    Parameters
    ----------
    template : str
        Its file under ``templates``.
    page : dict
        What it reads: every figure already printed as text.
    figures : iterable of ReportFigure
        The figures it shows.
    **options
        Format and resolution, as typst takes them.

    Raises
    ------
    OutputError
        When the font lacks a character, or the template cannot be set.
    """
    import typst  # noqa: PLC0415 - a large binary that only PDF needs

    told = json.dumps(page, ensure_ascii=False, sort_keys=True)
    lacking = missing_characters(told)
    if lacking:
        raise OutputError(
            Problem("text of the PDF", " ".join(lacking[:8]), f"characters of {FAMILY}", "write the name with others")
        )
    folder = resources.files("actuary.report") / "templates"
    files = {"main": (folder / template).read_bytes(), "parts.typ": (folder / "parts.typ").read_bytes()}
    files |= {"page.json": told.encode(), **{f"{figure.id}.svg": figure.svg.encode() for figure in figures}}
    try:
        output, remarks = typst.compile_with_warnings(
            files, font_paths=[str(variable_font().parent)], ignore_system_fonts=True, **options
        )
    except typst.TypstError as error:
        raise OutputError(Problem(template, str(error), "a template that can be set")) from None
    if remarks:
        raise OutputError(Problem(template, str(remarks[0]), "a template without warnings"))
    return output


def page_data(report: ReportData) -> dict[str, Any]:
    """Return what the template reads: every figure already printed as text.

    Parameters
    ----------
    report : ReportData
        The report.
    """
    sections = [
        {
            "title": _numbered(section.number, section.title),
            "blocks": [printed_block(block, report) for block in section.blocks],
        }
        for section in report.sections
    ]
    return {
        "lang": report.lang,
        "font": FAMILY,
        "title": report.cover.title,
        "heading": report.cover.heading or report.cover.title,
        "period": report.cover.period,
        "subtitle": report.cover.subtitle,
        "quarter": report.cover.quarter,
        "synthetic": report.cover.synthetic,
        "cover": [list(line) for line in report.cover.lines],
        "gaps": [[gap.title + report.label("colon").rstrip(), gap.reason] for gap in report.cover.gaps],
        "labels": dict(report.meta["labels"]),
        "captions": any(isinstance(block, (ReportTable, ReportFigure)) for s in report.sections for block in s.blocks),
        "sections": sections,
    }


def _numbered(number: str, title: str) -> str:
    return f"{number}{title}" if number.endswith(("、", "）")) or not number else f"{number}\u2002{title}"


def _sentence(paragraph: Paragraph, report: ReportData) -> dict[str, Any]:
    return {
        "type": "paragraph",
        "text": paragraph.text,
        "lead": paragraph.lead,
        "level": paragraph.level,
        "level_name": report.level_name(paragraph.level) if paragraph.level else "",
    }


def printed_block(block: Block, report: ReportData) -> dict[str, Any]:
    """Return one part of a section as the templates read it.

    Parameters
    ----------
    block : Block
        Paragraph, list, heading, remark, table or figure.
    report : ReportData
        The report: words and names of levels.
    """
    match block:
        case Paragraph():
            return _sentence(block, report)
        case Bullets():
            return {"type": "bullets", "items": [_sentence(item, report) for item in block.items]}
        case Heading():
            return {"type": "heading", "text": _numbered(block.number, block.title)}
        case Callout():
            return {
                "type": "callout",
                "level": block.level,
                "title": block.title,
                "text": block.text,
                "items": list(block.items),
            }
        case ReportTable():
            return _table(block, report)
        case ReportFigure():
            return {
                "type": "figure",
                "caption": f"{block.number}\u2002{block.title}",
                "file": f"{block.id}.svg",
                "alt": block.alt,
                "notes": [block.note] if block.note else [],
            }


def _table(table: ReportTable, report: ReportData) -> dict[str, Any]:
    view = table_view(table, report)
    fit = fit_table(view)
    stamp = f"\u2002[{report.label('synthetic')}]" if table.synthetic else ""
    return {
        "type": "table",
        "caption": view.caption + stamp,
        "heads": list(view.heads),
        "units": list(view.units),
        "align": ["right" if column.numeric else "left" for column in table.columns],
        "rows": [[{"text": cell.text, "mark": cell.mark, "level": cell.level} for cell in row] for row in view.rows],
        "styles": list(view.styles),
        "columns": ["auto" if share is None else f"{share:.2f}fr" for share in fit.shares],
        "size": fit.size,
        "pad": fit.pad,
        "keep": fit.keep,
        "notes": note_lines(table, report),
    }
