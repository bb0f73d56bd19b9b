"""Write the report as a Word document that an office can edit: styles, fields, repeated heads of tables."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

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
    Section,
)
from actuary.report.fitting import TEXT_MM, fit_table
from actuary.report.fonts import FAMILY, missing_characters
from actuary.report.pictures import Picture, figure_pictures
from actuary.report.view import CellView, TableView, note_lines, table_view
from actuary.report.word_package import FOOTER, HEADER, WordParts, pack_document
from actuary.report.word_parts import (
    Bookmarks,
    cell,
    field,
    linked,
    paragraph,
    picture,
    row,
    run,
    section_end,
    table,
)

__all__ = ["render_docx"]

_LABEL = re.compile(r"^(.*?)(\d+)$")
_REMARKS = {"missing": "RemarkMissing", "caution": "RemarkMissing", "synthetic": "RemarkSynthetic"}


def render_docx(report: ReportData) -> bytes:
    """Write the report as a Word document.

    Headings, captions, notes and warning levels are styles; numbers of headings, tables, figures and pages are fields
    and lists that follow when parts are moved; heads of tables repeat and rows stay whole; every figure carries its
    description.

    Parameters
    ----------
    report : ReportData
        The report.

    Returns
    -------
    bytes
        A ``.docx`` file; two calls give the same bytes.

    Raises
    ------
    OutputError
        When the font lacks a character of the report, or a figure cannot be drawn.
    """
    pictures = figure_pictures(report)
    document = _Writer(report, pictures).document()
    lacking = missing_characters(re.sub(r"<[^>]+>", "", document))
    if lacking:
        raise OutputError(
            Problem(
                "text of the Word document",
                " ".join(lacking[:8]),
                f"characters of {FAMILY}",
                "write the name with others",
            )
        )
    parts = WordParts(
        document=document,
        header=_header(report),
        footer=_footer(report),
        pictures=tuple(drawn.png for drawn in pictures.values()),
    )
    return pack_document(parts, title=report.cover.title, subject=report.cover.fingerprint, lang=report.lang)


class _Writer:
    """Write the body, keeping count of bookmarks and figures."""

    def __init__(self, report: ReportData, pictures: dict[str, Picture]) -> None:
        self.report = report
        self.pictures = pictures
        self.figures = list(pictures)
        self.marks = Bookmarks()
        self.anchors = self._anchors()
        # The annex is named as well, so that its label is not taken for that of a table it ends with.
        labels = sorted([*self.anchors, *(table.number for table in report.annex)], key=len, reverse=True)
        known = "|".join(re.escape(label) for label in labels if label)
        self.references = re.compile(rf"(?:{known})(?!\d)") if known else None

    def _anchors(self) -> dict[str, str]:
        """Return the bookmark of every numbered table and figure of the body, by its label."""
        found = {}
        for section in self.report.sections:
            for block in section.blocks:
                if isinstance(block, (ReportTable, ReportFigure)) and _LABEL.match(block.number):
                    kind = "table" if isinstance(block, ReportTable) else "figure"
                    found[block.number] = f"_Ref_{kind}_{block.id}"[:40]
        return found

    def document(self) -> str:
        body = [*self._cover(), *self._contents()]
        for position, section in enumerate(self.report.sections, 1):
            body += self._section(section, position)
        end = section_end(header=HEADER, footer=FOOTER, first_page=1)
        return "".join(body) + end

    def _cover(self) -> list[str]:
        cover, report = self.report.cover, self.report
        parts = [
            paragraph(run(cover.subtitle), "Subtitle"),
            paragraph(run(cover.heading or cover.title), "Title"),
            paragraph(run(cover.period or cover.quarter), "CoverPeriod"),
        ]
        if cover.synthetic:
            parts.append(paragraph(run(report.label("synthetic")), "Stamp"))
        if cover.gaps:
            parts.append(paragraph(run(report.label("gaps"), style="Strong"), "RemarkMissing", keep=True))
            parts += [
                paragraph(
                    run(f"• {gap.title}{report.label('colon')}", style="Strong") + run(gap.reason), "RemarkMissing"
                )
                for gap in cover.gaps
            ]
        parts.append(paragraph(""))
        widths = (42.0, TEXT_MM - 42.0)
        lines = [
            row(
                [
                    cell(paragraph(run(label), "CoverLabel"), widths[0]),
                    cell(paragraph(run(text), "CoverText"), widths[1]),
                ]
            )
            for label, text in cover.lines
        ]
        parts.append(table(lines, widths, title=cover.title))
        parts.append(paragraph("", more=section_end()))
        return parts

    def _contents(self) -> list[str]:
        report = self.report
        entries = []
        for position, section in enumerate(report.sections, 1):
            entries.append(("TOC1", f"_Toc_{position}", _numbered(section.number, section.title)))
            heads = [block for block in section.blocks if isinstance(block, Heading)]
            entries += [
                ("TOC2", f"_Toc_{position}_{number}", _numbered(head.number, head.title))
                for number, head in enumerate(heads, 1)
            ]
        parts = [paragraph(run(report.label("contents")), "TOCHeading"), *_listed(r'TOC \o "1-2" \h \z \u', entries)]
        captions = [
            block
            for section in report.sections
            for block in section.blocks
            if isinstance(block, (ReportTable, ReportFigure)) and block.number in self.anchors
        ]
        if captions:
            parts.append(paragraph(run(report.label("tables_and_figures")), "ListHeading"))
        for kind in (ReportTable, ReportFigure):
            chosen = [block for block in captions if isinstance(block, kind)]
            if chosen:
                prefix = _split(chosen[0].number)[0].strip()
                lines = [("TableofFigures", self.anchors[b.number], f"{b.number}\u2002{b.title}") for b in chosen]
                parts += _listed(rf'TOC \h \z \c "{prefix}"', lines)
        parts.append(paragraph('<w:r><w:br w:type="page"/></w:r>'))
        return parts

    def _section(self, section: Section, position: int) -> list[str]:
        parts = [paragraph(self.marks.around(f"_Toc_{position}", run(section.title)), "Heading1")]
        heads = 0
        for block in section.blocks:
            if isinstance(block, Heading):
                heads += 1
                parts.append(paragraph(self.marks.around(f"_Toc_{position}_{heads}", run(block.title)), "Heading2"))
            else:
                parts += self._block(block)
        return parts

    def _block(self, block: Block) -> list[str]:
        match block:
            case Paragraph():
                return [paragraph(self._sentence(block))]
            case Bullets():
                return [paragraph(self._sentence(item), "ListBullet") for item in block.items]
            case Callout():
                return self._remark(block)
            case ReportTable():
                return self._table(block)
            case ReportFigure():
                return self._figure(block)
            case Heading():
                return []

    def _text(self, text: str) -> str:
        """Write text; the label of a table or figure in it becomes a reference that follows its number."""
        if self.references is None:
            return run(text)
        parts, place = [], 0
        for match in self.references.finditer(text):
            if match[0] not in self.anchors:
                continue
            if match.start() > place:
                parts.append(run(text[place : match.start()]))
            parts.append(field(rf"REF {self.anchors[match[0]]} \h", match[0]))
            place = match.end()
        if place < len(text) or not parts:
            parts.append(run(text[place:]))
        return "".join(parts)

    def _chip(self, level: str, name: str, size: float | None = None) -> str:
        known = level if level in self.report.meta["levels"] else "not_assessable"
        return run(f"\u00a0{name}\u00a0", style=f"Level{known.capitalize()}", size=size)

    def _sentence(self, sentence: Paragraph) -> str:
        chip = self._chip(sentence.level, self.report.level_name(sentence.level)) + run(" ") if sentence.level else ""
        gap = "" if self.report.lang == "zh" or not sentence.lead else " "
        lead = run(sentence.lead + gap, style="Strong") if sentence.lead else ""
        return chip + lead + self._text(sentence.text)

    def _remark(self, block: Callout) -> list[str]:
        style = _REMARKS.get(block.level, "Remark")
        lines = [run(block.title, style="Strong")]
        lines += [self._text(block.text)] if block.text else []
        lines += [self._text(f"• {item}") for item in block.items]
        return [paragraph(line, style, keep=number < min(len(lines) - 1, 2)) for number, line in enumerate(lines)]

    def _caption(self, block: ReportTable | ReportFigure, style: str, *, stamp: str = "") -> str:
        prefix, number = _split(block.number)
        label = run(prefix) + field(rf"SEQ {prefix.strip()} \* ARABIC", number) if number else run(prefix)
        anchor = self.anchors.get(block.number)
        marked = self.marks.around(anchor, label) if anchor else label
        return paragraph(marked + run(f"\u2002{block.title}{stamp}"), style)

    def _table(self, block: ReportTable) -> list[str]:
        view = table_view(block, self.report)
        fit = fit_table(view)
        right = [column.numeric for column in block.columns]
        head = row(
            [
                cell(self._head(label, unit, align, fit.size), width)
                for label, unit, align, width in zip(view.heads, view.units, right, fit.widths_mm, strict=True)
            ],
            head=True,
        )
        body = [
            row(
                [
                    cell(self._cell(one, style, fit.size, keep=fit.keep and not last), width, fill=_fill(style))
                    for one, width in zip(cells, fit.widths_mm, strict=True)
                ]
            )
            for cells, style, last in _rows(view)
        ]
        stamp = f"\u2002[{self.report.label('synthetic')}]" if block.synthetic else ""
        title = f"{block.number} {block.title}"
        made = table([head, *body], fit.widths_mm, style="ReportTable", title=title, pad=fit.pad)
        notes = [paragraph(self._text(line), "TableNote") for line in note_lines(block, self.report)]
        return [self._caption(block, "Caption", stamp=stamp), made, *(notes or [paragraph("", "TableNote")])]

    def _head(self, label: str, unit: str, right: bool, size: float) -> str:
        below = f"<w:r><w:br/></w:r>{run(unit, style='Unit')}" if unit else ""
        return paragraph(run(label, size=size) + below, "TableHead", align="right" if right else "")

    def _cell(self, one: CellView, style: str, size: float, *, keep: bool) -> str:
        bold = style in {"total", "group"}
        text = self._chip(one.level, one.text, size) if one.level else run(one.text, size=size, bold=bold)
        mark = run(one.mark, raised=True, size=size) if one.mark else ""
        return paragraph(text + mark, "TableText", keep=keep, align="right" if one.align == "right" else "")

    def _figure(self, block: ReportFigure) -> list[str]:
        drawn, number = self.pictures[block.id], self.figures.index(block.id) + 1
        image = picture(
            f"rIdFigure{number}",
            number,
            name=block.number,
            alt=block.alt,
            width_mm=drawn.width_mm,
            height_mm=drawn.height_mm,
        )
        note = [paragraph(self._text(block.note), "TableNote")] if block.note else []
        return [paragraph(image, "Figure"), self._caption(block, "FigureCaption"), *note]


def _rows(view: TableView) -> list[tuple[tuple[CellView, ...], str, bool]]:
    last = len(view.rows) - 1
    return [
        (cells, style, number == last) for number, (cells, style) in enumerate(zip(view.rows, view.styles, strict=True))
    ]


def _fill(style: str) -> str:
    return "F3F5F8" if style in {"projection", "group"} else ""


def _numbered(number: str, title: str) -> str:
    return f"{number}{title}" if number.endswith(("、", "）")) or not number else f"{number} {title}"


def _split(label: str) -> tuple[str, str]:
    """Part the label of a table into its word and its number."""
    match = _LABEL.match(label)
    return (match[1], match[2]) if match else (label, "")


def _listed(code: str, entries: list[tuple[str, str, str]]) -> list[str]:
    """Write a list of contents that is filled already; its page numbers come when Word first lays the pages out."""
    begin = (
        '<w:r><w:fldChar w:fldCharType="begin" w:dirty="true"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {escape(code)} </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    )
    end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    last = len(entries) - 1
    return [
        paragraph((begin if number == 0 else "") + linked(anchor, run(text)) + (end if number == last else ""), style)
        for number, (style, anchor, text) in enumerate(entries)
    ]


def _header(report: ReportData) -> str:
    right = report.label("synthetic") if report.cover.synthetic else report.cover.quarter
    return paragraph(run(report.cover.title) + "<w:r><w:tab/></w:r>" + run(right), "Header")


def _footer(report: ReportData) -> str:
    parts = re.split(r"(\{pages?\})", report.label("page"))
    fields = {"{page}": field("PAGE", "1"), "{pages}": field("SECTIONPAGES", "1")}
    return paragraph("".join(fields.get(part) or run(part) for part in parts if part), "Footer")
