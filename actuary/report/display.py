"""Show parts of a report in a notebook: objects whose HTML is the HTML of the exported report."""

from __future__ import annotations

from html import escape

from actuary.report.contracts import (
    Block,
    Bullets,
    Callout,
    Heading,
    Paragraph,
    ReportData,
    ReportFigure,
    ReportTable,
    Section,
)
from actuary.report.view import note_lines, table_view

__all__ = ["Html", "printed_table", "show_cover", "show_section"]


class Html:
    """Hold HTML that JupyterLab shows and the exported report carries over.

    Parameters
    ----------
    html : str
        The markup.
    plain : str
        What a terminal shows instead.

    Examples
    --------
    >>> Html("<p>a</p>", plain="a")
    a
    """

    def __init__(self, html: str, *, plain: str = "") -> None:
        self.html = html
        self.plain = plain

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.plain


def show_cover(report: ReportData) -> Html:
    """Show the cover.

    Parameters
    ----------
    report : ReportData
        The report.
    """
    cover = report.cover
    lines = "".join(f"<tr><th>{escape(label)}</th><td>{escape(text)}</td></tr>" for label, text in cover.lines)
    stamp = f'<p class="stamp">{escape(report.label("synthetic"))}</p>' if cover.synthetic else ""
    html = (
        f'<header class="report-cover" id="cover"><p class="subtitle">{escape(cover.subtitle)}</p>'
        f"<h1>{escape(cover.title)}</h1>{stamp}{_gaps(report)}"
        f'<table class="cover-lines"><tbody>{lines}</tbody></table></header>'
    )
    return Html(html, plain=cover.title)


def _gaps(report: ReportData) -> str:
    if not report.cover.gaps:
        return ""
    colon = report.label("colon")
    items = "".join(
        f'<li><a href="#section-{escape(gap.section)}">{escape(gap.title)}</a>{escape(colon + gap.reason)}</li>'
        for gap in report.cover.gaps
    )
    title = escape(report.label("gaps"))
    return f'<aside class="callout callout-missing"><p class="callout-title">{title}</p><ul>{items}</ul></aside>'


def show_section(report: ReportData, section: str | Section) -> Html:
    """Show one section.

    Parameters
    ----------
    report : ReportData
        The report.
    section : str or Section
        The section or its id.

    Raises
    ------
    OutputError
        When the report has no section of that id.
    """
    part = report.section(section) if isinstance(section, str) else section
    body = "".join(_block(block, report) for block in part.blocks)
    title = _numbered(part.number, part.title)
    html = f'<section class="report-section" id="section-{part.id}"><h2>{escape(title)}</h2>{body}</section>'
    return Html(html, plain=title)


def printed_table(report: ReportData, table_id: str) -> str:
    """Return a table as plain text, one row a line, printed as in the report; nothing where there is no such table.

    Parameters
    ----------
    report : ReportData
        The report.
    table_id : str
        Id of the table.
    """
    table = next((table for table in report.tables() if table.id == table_id), None)
    if table is None:
        return ""
    view = table_view(table, report)
    heads = [f"{head} [{unit}]" if unit else head for head, unit in zip(view.heads, view.units, strict=True)]
    return "\n".join([table.title, " | ".join(heads), *(" | ".join(cell.text for cell in row) for row in view.rows)])


def _numbered(number: str, title: str) -> str:
    gap = "" if number.endswith(("、", "）")) or not number else " "
    return f"{number}{gap}{title}"


def _chip(level: str, name: str) -> str:
    return f'<span class="chip chip-{escape(level)}">{escape(name)}</span>'


def _paragraph(paragraph: Paragraph, report: ReportData, tag: str) -> str:
    chip = _chip(paragraph.level, report.level_name(paragraph.level)) + " " if paragraph.level else ""
    lead = f"<strong>{escape(paragraph.lead)}</strong>" if paragraph.lead else ""
    gap = " " if lead and report.lang != "zh" else ""
    return f"<{tag}>{chip}{lead}{gap}{escape(paragraph.text)}</{tag}>"


def _table(table: ReportTable, report: ReportData) -> str:
    view = table_view(table, report)
    head = "".join(
        f'<th scope="col" class="{"num" if column.numeric else "txt"}">{escape(label)}'
        + (f'<span class="unit">{escape(unit)}</span>' if unit else "")
        + "</th>"
        for column, label, unit in zip(table.columns, view.heads, view.units, strict=True)
    )
    rows = []
    for style, row in zip(view.styles, view.rows, strict=True):
        cells = "".join(
            f'<td class="{"num" if cell.align == "right" else "long" if flexible else "txt"}">'
            + (_chip(cell.level, cell.text) if cell.level else escape(cell.text))
            + (f"<sup>{escape(cell.mark)}</sup>" if cell.mark else "")
            + "</td>"
            for cell, flexible in zip(row, view.flexible, strict=True)
        )
        rows.append(f'<tr class="row-{style}">{cells}</tr>' if style else f"<tr>{cells}</tr>")
    foot = "".join(f"<p>{escape(line)}</p>" for line in note_lines(table, report))
    synthetic = f'<span class="stamp">{escape(report.label("synthetic"))}</span>' if table.synthetic else ""
    return (
        f'<figure class="report-table" id="table-{table.id}"><figcaption>{escape(view.caption)}{synthetic}</figcaption>'
        f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
        f'<div class="notes">{foot}</div></figure>'
    )


def _figure(figure: ReportFigure) -> str:
    note = f'<div class="notes"><p>{escape(figure.note)}</p></div>' if figure.note else ""
    caption = escape(f"{figure.number}\u2002{figure.title}")
    return (
        f'<figure class="report-figure" id="figure-{figure.id}">'
        f'<div class="scroll" tabindex="0">{figure.svg}</div>'
        f"<figcaption>{caption}</figcaption>{note}</figure>"
    )


def _block(block: Block, report: ReportData) -> str:
    match block:
        case Paragraph():
            return _paragraph(block, report, "p")
        case Bullets():
            return "<ul>" + "".join(_paragraph(item, report, "li") for item in block.items) + "</ul>"
        case Heading():
            return f"<h3>{escape(_numbered(block.number, block.title))}</h3>"
        case Callout():
            items = "".join(f"<li>{escape(item)}</li>" for item in block.items)
            listed = f"<ul>{items}</ul>" if items else ""
            text = f"<p>{escape(block.text)}</p>" if block.text else ""
            return (
                f'<aside class="callout callout-{escape(block.level)}">'
                f'<p class="callout-title">{escape(block.title)}</p>{text}{listed}</aside>'
            )
        case ReportTable():
            return _table(block, report)
        case ReportFigure():
            return _figure(block)
