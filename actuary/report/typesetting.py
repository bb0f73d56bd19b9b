"""Set templates of the package with typst: fonts by path, no date, every figure already printed as text."""

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

__all__ = ["numbered", "printed_block", "typeset"]


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


def numbered(number: str, title: str) -> str:
    """Return a heading with its number.

    Examples
    --------
    >>> numbered("（一）", "来源"), numbered("1.1", "Sources")
    ('（一）来源', '1.1\u2002Sources')
    """
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
            return {"type": "heading", "text": numbered(block.number, block.title)}
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
