"""Set the report as PDF with typst: own template, fonts by path, no date, the same bytes for the same report."""

from __future__ import annotations

from typing import Any

from actuary.report.contracts import ReportData, ReportFigure, ReportTable
from actuary.report.fonts import FAMILY
from actuary.report.typesetting import numbered, printed_block, typeset

__all__ = ["render_pdf", "render_png"]


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
    return typeset("report.typ", _page_data(report), report.figures(), **options)


def _page_data(report: ReportData) -> dict[str, Any]:
    """Return what the template reads: every figure already printed as text.

    Parameters
    ----------
    report : ReportData
        The report.
    """
    sections = [
        {
            "title": numbered(section.number, section.title),
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
