"""Sheets of small tables, drawn for a notebook (HTML) or a terminal (rich) from the same content."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Group

__all__ = ["DrawnAsSheet", "Row", "Section", "Sheet", "sheet_html", "sheet_rich"]

#: Marks of a row: it holds, it does not, it is of less interest.
MARKS = ("", "yes", "no", "dim")

_STYLE = """
.actuary-sheet{font:13px/1.5 "Noto Sans SC","Source Han Sans SC","Microsoft YaHei","PingFang SC",system-ui,sans-serif;
color:#1f2933;background:#fff;max-width:62em;padding:.4em .8em;border:1px solid #d9dee4;border-radius:6px}
.actuary-sheet h3{font-size:1.15em;margin:.3em 0 .1em}.actuary-sheet h4{font-size:1em;margin:1em 0 .2em;color:#334e68}
.actuary-sheet p{margin:.15em 0}.actuary-sheet p.head{font-size:1.1em;font-weight:600}
.actuary-sheet p.note{color:#52606d}
.actuary-sheet table{border-collapse:collapse;width:100%;margin:.2em 0}
.actuary-sheet th,.actuary-sheet td{text-align:left;vertical-align:top;padding:.15em .6em .15em 0;
border:0;border-bottom:1px solid #e8ecf0;background:none;white-space:normal;overflow-wrap:anywhere}
.actuary-sheet th{color:#52606d;font-weight:600}
.actuary-sheet td.n,.actuary-sheet th.n{text-align:right;white-space:nowrap;
overflow-wrap:normal}
.actuary-sheet tr.yes td{background:#eef7ee;font-weight:600}.actuary-sheet tr.no td{color:#52606d}
.actuary-sheet tr.dim td{color:#829ab1}
.actuary-sheet summary{cursor:pointer;color:#334e68}
@media print{.actuary-sheet{border:0;max-width:none}.actuary-sheet tr{break-inside:avoid}}
"""


@dataclass(frozen=True, slots=True)
class Row:
    """Hold the cells of one row and its mark (one of `MARKS`)."""

    cells: tuple[str, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Hold one small table.

    Parameters
    ----------
    title : str
        Its heading.
    columns : tuple of str
        Heads of the columns; empty for a table without heads.
    rows : tuple of Row
        What is always shown.
    folded : tuple of Row
        What a notebook shows on demand and a terminal leaves out.
    folded_title : str
        How the folded rows are announced.
    note : str
        A sentence under the heading.
    numeric : tuple of int
        Columns that hold numbers.
    """

    title: str
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    folded: tuple[Row, ...] = ()
    folded_title: str = ""
    note: str = ""
    numeric: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Hold a title, lines under it and sections.

    Parameters
    ----------
    title, headline : str
        What it is about, and the answer.
    lines : tuple of str
        Lines under the headline.
    sections : tuple of Section
        The tables.
    lang : str
        Language of the texts, ``zh`` or ``en``.
    """

    title: str
    headline: str
    lines: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    lang: str = "zh"


def _table(columns: Sequence[str], rows: Sequence[Row], numeric: Sequence[int]) -> Iterator[str]:
    yield "<table>"
    if columns:
        heads = (f'<th{_numeric(place, numeric)} scope="col">{html.escape(c)}</th>' for place, c in enumerate(columns))
        yield f"<thead><tr>{''.join(heads)}</tr></thead>"
    yield "<tbody>"
    for row in rows:
        cells = (f"<td{_numeric(place, numeric)}>{html.escape(cell)}</td>" for place, cell in enumerate(row.cells))
        mark = f' class="{row.mark}"' if row.mark else ""
        yield f"<tr{mark}>{''.join(cells)}</tr>"
    yield "</tbody></table>"


def _numeric(place: int, numeric: Sequence[int]) -> str:
    return ' class="n"' if place in numeric else ""


def _section(section: Section) -> Iterator[str]:
    if section.title:
        yield f"<h4>{html.escape(section.title)}</h4>"
    if section.note:
        yield f'<p class="note">{html.escape(section.note)}</p>'
    if section.rows:
        yield from _table(section.columns, section.rows, section.numeric)
    if section.folded:
        yield f"<details><summary>{html.escape(section.folded_title)}</summary>"
        yield from _table(section.columns, section.folded, section.numeric)
        yield "</details>"


def sheet_html(sheet: Sheet) -> str:
    """Draw a sheet as a piece of HTML that needs nothing from outside.

    Examples
    --------
    >>> "<h3>Title</h3>" in sheet_html(Sheet(title="Title", headline="BR21", lang="en"))
    True
    """
    language = "zh-CN" if sheet.lang == "zh" else "en"
    parts = [
        f'<div class="actuary-sheet" lang="{language}"><style>{_STYLE}</style>',
        f"<h3>{html.escape(sheet.title)}</h3>",
        f'<p class="head">{html.escape(sheet.headline)}</p>',
        *(f"<p>{html.escape(line)}</p>" for line in sheet.lines),
    ]
    for section in sheet.sections:
        parts.extend(_section(section))
    parts.append("</div>")
    return "\n".join(parts)


def sheet_rich(sheet: Sheet) -> Group:
    """Draw a sheet for the terminal; folded rows are announced and left out."""
    from rich import box  # noqa: PLC0415  (kept out of whatever only computes)
    from rich.console import Group, RenderableType  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    styles = {"": "", "yes": "bold green", "no": "", "dim": "dim"}
    parts: list[RenderableType] = [Text(sheet.title, "bold"), Text(sheet.headline, "bold green")]
    parts.extend(Text(line) for line in sheet.lines)
    for section in sheet.sections:
        parts.append(Text(f"\n{section.title}", "bold blue"))
        if section.note:
            parts.append(Text(section.note, "dim"))
        if section.rows:
            table = Table(box=box.SIMPLE_HEAD if section.columns else None, show_header=bool(section.columns))
            for place in range(len(section.rows[0].cells)):
                title = section.columns[place] if section.columns else ""
                table.add_column(title, justify="right" if place in section.numeric else "left", overflow="fold")
            for row in section.rows:
                table.add_row(*(Text(cell) for cell in row.cells), style=styles[row.mark])
            parts.append(table)
        if section.folded:
            parts.append(Text(section.folded_title, "dim"))
    return Group(*parts)


class DrawnAsSheet(ABC):
    """Draw a result by the one sheet it makes of itself, in a notebook and in the terminal."""

    __slots__ = ()

    @abstractmethod
    def to_sheet(self, lang: str = "zh") -> Sheet:
        """Return the sheet in Chinese (``zh``) or English (``en``)."""

    def to_html(self, lang: str = "zh") -> str:
        """Return the sheet as HTML in Chinese (``zh``) or English (``en``)."""
        return sheet_html(self.to_sheet(lang))

    def to_rich(self, lang: str = "zh") -> Group:
        """Return the sheet for the terminal in Chinese (``zh``) or English (``en``)."""
        return sheet_rich(self.to_sheet(lang))

    def _repr_html_(self) -> str:
        return self.to_html()

    def __rich__(self) -> Group:
        return self.to_rich()
