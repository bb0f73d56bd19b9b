"""Set the two pages that leaders read: levels, findings, one table, figures and what to do, all from the report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from actuary.errors import OutputError, Problem
from actuary.report.contracts import Block, Bullets, Callout, Paragraph, ReportData, ReportFigure, ReportTable
from actuary.report.fonts import FAMILY
from actuary.report.numbers import NO_FIGURE, format_cell
from actuary.report.typesetting import printed_block, typeset

__all__ = ["PAGES", "render_summary", "summary_blocks"]

#: A summary has no more pages than this.
PAGES = 2
_FINDINGS = "key_findings"
#: Figures of a report, those that say most to a leader first.
_FIGURES = (
    *("months_employee", "months_resident", "dependency_ratio"),
    *("forecast_months_employee", "forecast_months_resident", "payable_months_history"),
)
_RAISED = ("red", "orange", "yellow")
_CARD = ("payable_months", "income_growth", "expenditure_growth")
#: Type size [pt], figures and findings, from the roomiest to the tightest.
_LAYOUTS = ((11.5, 3, 9), (10.5, 3, 9), (10.0, 3, 9), (9.5, 2, 9), (9.5, 2, 6), (9.0, 1, 6), (9.0, 1, 4), (8.5, 0, 4))
#: Reasons for what is missing are told from this type size upwards; below, the names of the sections stand alone [pt].
_REASONS_FROM = 9.5


def render_summary(report: ReportData) -> bytes:
    """Set the summary as a PDF of at most two A4 pages.

    Parameters
    ----------
    report : ReportData
        The report; every sentence and figure of the summary stands in it.

    Returns
    -------
    bytes
        The PDF; two calls give the same bytes.

    Raises
    ------
    OutputError
        When the font lacks a character, or what the report says first does not fit on two pages.
    """
    pages = 0
    for size, figures, findings in _LAYOUTS:
        page = _page(report, size=size, figures=figures, findings=findings)
        made = bytes(typeset("summary.typ", page, _chosen(report, figures), format="pdf"))
        pages = _pages(made)
        if pages <= PAGES:
            return made
    raise OutputError(
        Problem("summary.pdf", f"{pages} pages", f"{PAGES} pages or fewer", "shorten the key findings of the report")
    )


def summary_blocks(report: ReportData) -> Iterator[Block]:
    """Yield the parts of the report that its summary shows in its roomiest layout.

    Parameters
    ----------
    report : ReportData
        The report.
    """
    _, figures, findings = _LAYOUTS[0]
    yield from _findings(report, findings)
    yield from _measures(report)
    yield from _chosen(report, figures)


def _pages(pdf: bytes) -> int:
    # Every page object says so in clear: object streams hold none.
    counted = re.findall(rb"/Type\s*/Pages\b.*?/Count\s+(\d+)", pdf, flags=re.DOTALL)
    return max(map(int, counted), default=0) or len(re.findall(rb"/Type\s*/Page\b", pdf))


def _chosen(report: ReportData, count: int) -> list[ReportFigure]:
    known = {figure.id: figure for figure in report.figures()}
    return [known[name] for name in _FIGURES if name in known][:count]


def _findings(report: ReportData, count: int) -> list[Block]:
    """Return the findings, cut to their first items, and the table beside them."""
    blocks: list[Block] = []
    for section in report.sections:
        for block in section.blocks if section.id == _FINDINGS else ():
            if isinstance(block, Bullets):
                blocks.append(Bullets(block.items[:count]))
            elif isinstance(block, Callout):
                # What is missing is told at the top.
                blocks += [block] if block.level != "missing" else []
            elif isinstance(block, Paragraph) or (isinstance(block, ReportTable) and block.id == "summary"):
                blocks.append(block)
    return blocks


def _measures(report: ReportData) -> list[Block]:
    """Return what to do about the levels raised, the gravest first."""
    table = next((table for table in report.tables() if table.id == "actions"), None)
    if table is None:
        return []
    items = []
    for row in range(len(table.rows)):
        level, scheme, rule, action, owner = (
            str(table.cell(row, key) or "") for key in ("level", "scheme", "rule", "action", "owner")
        )
        if level in _RAISED:
            told = f"{action}{report.label('owner').format(owner=owner)}" if owner else action
            items.append(Paragraph(told, (), f"{scheme}{report.label('colon')}{rule}{report.label('colon')}", level))
    return [Bullets(tuple(items))] if items else []


def _cards(report: ReportData) -> list[dict[str, Any]]:
    """Return a card a scheme: its level and, where they are known, its main figures."""
    tables = {table.id: table for table in report.tables()}
    if "summary" in tables:
        table = tables["summary"]
        return [
            {**_level(report, table, row, "level"), "figures": list(_card_figures(table, row))}
            for row in range(len(table.rows))
        ]
    if "warning_counts" in tables:
        table = tables["warning_counts"]
        return [{**_level(report, table, row, "overall_level"), "figures": []} for row in range(len(table.rows))]
    return []


def _level(report: ReportData, table: ReportTable, row: int, key: str) -> dict[str, Any]:
    level = str(table.cell(row, key) or "not_assessable")
    return {"name": str(table.cell(row, "scheme")), "level": level, "level_name": report.level_name(level)}


def _card_figures(table: ReportTable, row: int) -> Iterator[dict[str, str]]:
    for key in _CARD:
        column = table.column(key)
        printed = format_cell(table.cell(row, key), column, decimals=table.decimals(row, column))
        if printed != NO_FIGURE:
            yield {"text": printed, "unit": column.unit, "label": column.label}


def _page(report: ReportData, *, size: float, figures: int, findings: int) -> dict[str, Any]:
    cover = report.cover
    parts: list[tuple[str, Sequence[Block]]] = [
        (report.section(_FINDINGS).title if _has_findings(report) else "", _findings(report, findings)),
        (report.label("measures"), _measures(report)),
        (report.label("outlook"), _chosen(report, figures)),
    ]
    told = [f"{gap.title}{report.label('colon')}{gap.reason}" for gap in cover.gaps]
    names = list(dict.fromkeys(gap.title for gap in cover.gaps))
    return {
        "lang": report.lang,
        "font": FAMILY,
        "size": size,
        "title": f"{report.label('summary')}{report.label('colon')}{cover.title}",
        "heading": cover.heading or cover.title,
        "period": cover.period or cover.quarter,
        "subtitle": report.label("summary"),
        "synthetic": cover.synthetic,
        "labels": dict(report.meta["labels"]),
        "gaps": told if size >= _REASONS_FROM else [report.label("list_gap").join(names)] if names else [],
        "cards": _cards(report),
        "parts": [
            {
                "title": title,
                "blocks": [printed_block(block, report) for block in blocks],
                "turn": any(isinstance(block, ReportFigure) for block in blocks),
            }
            for title, blocks in parts
            if blocks
        ],
        "foot": report.label("summary_foot").format(fingerprint=cover.fingerprint[:16]),
    }


def _has_findings(report: ReportData) -> bool:
    return any(section.id == _FINDINGS for section in report.sections)
