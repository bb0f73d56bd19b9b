"""What a table looks like in print, the same for PDF and HTML: text of every cell, alignment, marks, widths."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from actuary.report.contracts import ReportData, ReportTable
from actuary.report.numbers import format_cell

__all__ = ["CellView", "TableView", "note_lines", "table_view", "text_width"]


@dataclass(frozen=True, slots=True)
class CellView:
    """Hold one cell as printed.

    Parameters
    ----------
    text : str
        What is printed.
    align : str
        ``left`` or ``right``.
    mark : str
        Note letter, printed raised.
    level : str
        Warning level, printed as a chip; empty for any other cell.
    """

    text: str
    align: str
    mark: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class TableView:
    """Hold a table as printed.

    Parameters
    ----------
    caption : str
        Number and title.
    heads, units : tuple of str
        Heading and unit of each column.
    rows : tuple of tuples of CellView
        The body.
    styles : tuple of str
        Style of each row.
    widths : tuple of float
        Widest text of each column, in characters of Latin width.
    flexible : tuple of bool
        Whether a column may be broken into lines.
    chips : tuple of bool
        Whether a column holds warning levels.
    """

    caption: str
    heads: tuple[str, ...]
    units: tuple[str, ...]
    rows: tuple[tuple[CellView, ...], ...]
    styles: tuple[str, ...]
    widths: tuple[int, ...]
    flexible: tuple[bool, ...]
    chips: tuple[bool, ...]


#: A column of words longer than this may be broken into lines.
_LONG = 18


def text_width(text: str) -> int:
    """Return the width of a text, a Chinese character counting two.

    Examples
    --------
    >>> text_width("表1 基金")
    8
    """
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def note_lines(table: ReportTable, report: ReportData) -> list[str]:
    """Return the lines printed under a table: its notes, the first with its label, and its source.

    Parameters
    ----------
    table : ReportTable
        The table.
    report : ReportData
        Gives the labels.
    """
    lines = [report.label("note") + note if number == 0 else note for number, note in enumerate(table.notes)]
    return [*lines, report.label("source") + table.source] if table.source else lines


def table_view(table: ReportTable, report: ReportData) -> TableView:
    """Print every cell of a table.

    Parameters
    ----------
    table : ReportTable
        The table.
    report : ReportData
        Gives the names of the warning levels.
    """
    marks = {(mark.row, mark.key): mark.mark for mark in table.marks}
    rows = tuple(
        tuple(
            CellView(
                format_cell(cell, column, decimals=table.decimals(number, column), level_name=report.level_name),
                "right" if column.numeric else "left",
                marks.get((number, column.key), ""),
                cell if column.kind == "level" and isinstance(cell, str) else "",
            )
            for column, cell in zip(table.columns, row, strict=True)
        )
        for number, row in enumerate(table.rows)
    )
    widths = tuple(
        max(
            [*(text_width(row[index].text) for row in rows), min(text_width(column.label), 12), text_width(column.unit)]
        )
        for index, column in enumerate(table.columns)
    )
    return TableView(
        caption=f"{table.number}\u2002{table.title}".strip(),
        heads=tuple(column.label for column in table.columns),
        units=tuple(column.unit for column in table.columns),
        rows=rows,
        styles=table.row_styles or ("",) * len(rows),
        widths=widths,
        flexible=tuple(
            column.kind == "text" and width > _LONG for column, width in zip(table.columns, widths, strict=True)
        ),
        chips=tuple(column.kind == "level" for column in table.columns),
    )
