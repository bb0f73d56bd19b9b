"""The parts of a section: tables, figures and text blocks, frozen.

Cells hold full precision in the unit of their column; how many digits are printed is part of the column.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from actuary.errors import OutputError, Problem, raise_all, unknown_name

__all__ = [
    "Block",
    "Bullets",
    "Callout",
    "Cell",
    "Column",
    "Heading",
    "Mark",
    "NumberRef",
    "Paragraph",
    "ReportFigure",
    "ReportTable",
]

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """Describe one column of a table.

    Parameters
    ----------
    key : str
        Name of the column in code.
    label : str
        Heading.
    unit : str
        Unit printed under the heading; cells are in this unit.
    kind : str
        ``text``, ``period``, ``year``, ``number``, ``growth`` (signed), ``mixed`` (a number whose digits and unit
        differ from row to row: the unit stands in a column ``unit``) or ``level``.
    decimals : int
        Digits printed after the point.
    """

    key: str
    label: str
    unit: str = ""
    kind: str = "text"
    decimals: int = 0

    @property
    def numeric(self) -> bool:
        """Whether the cells are numbers."""
        return self.kind in {"number", "growth", "mixed"}


@dataclass(frozen=True, slots=True)
class Mark:
    """Put a note letter on one cell, such as ``a`` for a derived figure."""

    row: int
    key: str
    mark: str


@dataclass(frozen=True, slots=True)
class ReportTable:
    """Hold one table of the report.

    Parameters
    ----------
    id : str
        Stable name.
    number : str
        Label in the caption, such as 表3.
    title : str
        Caption.
    columns : tuple of Column
        Columns, left to right.
    rows : tuple of tuples
        Cells, full precision, in the unit of their column; None where there is no figure.
    notes : tuple of str
        Notes under the table.
    source : str
        Where the figures come from.
    synthetic : bool
        Whether anything in it was made up for a demonstration.
    marks : tuple of Mark
        Note letters on cells; the notes explain them.
    row_styles : tuple of str
        One a row, or empty: ``""``, ``"projection"``, ``"total"`` or ``"group"``.
    row_decimals : tuple of int
        Digits of the ``mixed`` cells, one a row; empty when there are none.
    """

    id: str
    number: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    source: str = ""
    synthetic: bool = False
    marks: tuple[Mark, ...] = ()
    row_styles: tuple[str, ...] = ()
    row_decimals: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        problems = [
            Problem(f"table {self.id}, row {number}", f"{len(row)} cells", f"{len(self.columns)} cells")
            for number, row in enumerate(self.rows)
            if len(row) != len(self.columns)
        ]
        problems += [
            Problem(f"table {self.id}, row {number}, {column.key}", str(cell), "a finite number or nothing")
            for number, row in enumerate(self.rows)
            for column, cell in zip(self.columns, row, strict=False)
            if isinstance(cell, float) and not math.isfinite(cell)
        ]
        raise_all(problems, OutputError)

    def column(self, key: str) -> Column:
        """Return the column of that key.

        Raises
        ------
        OutputError
            When the table has no such column.
        """
        for column in self.columns:
            if column.key == key:
                return column
        raise OutputError(unknown_name(f"table {self.id}", key, [column.key for column in self.columns], what="column"))

    def decimals(self, row: int, column: Column) -> int:
        """Return the digits printed after the point in one cell."""
        return self.row_decimals[row] if column.kind == "mixed" and self.row_decimals else column.decimals

    def cell(self, row: int, key: str) -> Cell:
        """Return one cell, by row position and column key."""
        return self.rows[row][self.columns.index(self.column(key))]


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """Hold one figure as SVG text, with its caption and a description for those who cannot see it."""

    id: str
    number: str
    title: str
    alt: str
    svg: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class NumberRef:
    """Say from which table cell a number in the prose was printed."""

    text: str
    table: str
    row: int
    key: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Hold one paragraph: an optional warning level and lead in bold, the text, and where its numbers come from."""

    text: str
    numbers: tuple[NumberRef, ...] = ()
    lead: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class Bullets:
    """Hold a list of points."""

    items: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Callout:
    """Hold a framed remark; `level` is ``info``, ``missing``, ``caution`` or ``synthetic``."""

    level: str
    title: str
    text: str = ""
    items: tuple[str, ...] = ()
    numbers: tuple[NumberRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """Hold a heading inside a section."""

    number: str
    title: str


Block = Paragraph | Bullets | Callout | Heading | ReportTable | ReportFigure
