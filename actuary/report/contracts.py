"""What a report is: cover, sections, tables, figures and annex, frozen and written as canonical JSON.

Renderers see nothing else, so that every format tells the same figures. Cells hold full precision in the unit of their
column; how many digits are printed is part of the column.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from actuary.errors import OutputError, Problem, raise_all, unknown_name

__all__ = [
    "BLOCK_TYPES",
    "Block",
    "Bullets",
    "Callout",
    "Cell",
    "Column",
    "Cover",
    "Heading",
    "Mark",
    "NumberRef",
    "Paragraph",
    "ReportData",
    "ReportFigure",
    "ReportTable",
    "Section",
]

Cell = str | int | float | None

#: Bump when a reader of ``report_data.json`` has to change.
JSON_VERSION = 1


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


@dataclass(frozen=True, slots=True)
class Section:
    """Hold one numbered section."""

    id: str
    number: str
    title: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Cover:
    """Hold what the cover says.

    Parameters
    ----------
    title, subtitle : str
        Title of the report and the line under it.
    region, region_name : str
        Identifier and name of the region.
    quarter : str
        Report quarter, such as ``2024Q4``.
    data_until : str
        Last quarter with an observed figure.
    basis : str
        Assumption basis.
    scenarios : tuple of str
        Scenarios shown, by name.
    horizon : str
        Last projected quarter.
    fingerprint, data_fingerprint : str
        Hashes of everything declared and of the data.
    synthetic : bool
        Whether anything in the report rests on made-up data.
    lines : tuple of (str, str)
        Label and text of each line printed on the cover.
    heading, period : str
        The title without the period, and the period, where they are printed apart.
    """

    title: str
    subtitle: str
    region: str
    region_name: str
    quarter: str
    data_until: str
    basis: str
    scenarios: tuple[str, ...]
    horizon: str
    fingerprint: str
    data_fingerprint: str
    synthetic: bool
    lines: tuple[tuple[str, str], ...] = ()
    heading: str = ""
    period: str = ""


@dataclass(frozen=True, slots=True)
class ReportData:
    """Hold a whole report in one language.

    Parameters
    ----------
    lang : str
        ``zh`` or ``en``.
    cover : Cover
        The cover.
    sections : tuple of Section
        The body.
    annex : tuple of ReportTable
        Tables too long for print: they stand in the workbook only.
    meta : dict
        ``labels`` (words that the renderers print) and ``levels`` (names of the warning levels).
    """

    lang: str
    cover: Cover
    sections: tuple[Section, ...]
    annex: tuple[ReportTable, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)

    def tables(self) -> Iterator[ReportTable]:
        """Yield every table, in the order of the report, the annex last."""
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, ReportTable):
                    yield block
        yield from self.annex

    def figures(self) -> Iterator[ReportFigure]:
        """Yield every figure, in the order of the report."""
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, ReportFigure):
                    yield block

    def table(self, table_id: str) -> ReportTable:
        """Return the table of that id.

        Raises
        ------
        OutputError
            When the report has no such table.
        """
        known = {table.id: table for table in self.tables()}
        if table_id not in known:
            raise OutputError(unknown_name("report", table_id, known, what="table"))
        return known[table_id]

    def section(self, section_id: str) -> Section:
        """Return the section of that id.

        Raises
        ------
        OutputError
            When the report has no such section.
        """
        known = {section.id: section for section in self.sections}
        if section_id not in known:
            raise OutputError(unknown_name("report", section_id, known, what="section"))
        return known[section_id]

    def label(self, key: str) -> str:
        """Return a word that renderers print, such as the one before a source."""
        labels: Mapping[str, str] = self.meta["labels"]
        return labels[key]

    def level_name(self, level: str) -> str:
        """Return the name of a warning level in the language of the report."""
        levels: Mapping[str, str] = self.meta["levels"]
        return levels.get(level, level)

    def to_json(self) -> str:
        """Return the report as canonical JSON: sorted keys, no clock, no path, one line feed at the end.

        Examples
        --------
        >>> from actuary.report.contracts import Cover, ReportData
        >>> cover = Cover("t", "s", "national", "全国", "2024Q4", "2024Q4", "base", ("base",), "2035Q4", "", "", False)
        >>> data = ReportData("zh", cover, ())
        >>> ReportData.from_json(data.to_json()) == data
        True
        """
        document = {"version": JSON_VERSION, "report": _encode(self)}
        return json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> ReportData:
        """Read a report from its JSON.

        Parameters
        ----------
        text : str or bytes
            What :meth:`to_json` wrote.

        Raises
        ------
        OutputError
            When the text is not JSON, is of another version or does not describe a report.
        """
        try:
            document = json.loads(text)
        except ValueError as error:
            raise OutputError(
                Problem("report_data.json", str(error), "the JSON of a report", "build the report again")
            ) from None
        version = document.get("version") if isinstance(document, dict) else None
        if version != JSON_VERSION:
            raise OutputError(
                Problem("report_data.json, version", repr(version), repr(JSON_VERSION), "build the report again")
            )
        report = _decode(document.get("report"), "report")
        if not isinstance(report, cls):
            raise OutputError(Problem("report_data.json, report", type(report).__name__, "a report"))
        return report


BLOCK_TYPES: dict[str, type] = {
    kind.__name__: kind for kind in (Paragraph, Bullets, Callout, Heading, ReportTable, ReportFigure)
}
_TYPES: dict[str, type] = BLOCK_TYPES | {
    kind.__name__: kind for kind in (Column, Mark, NumberRef, Section, Cover, ReportData)
}


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: _encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"type": type(value).__name__, **fields}
    if isinstance(value, (tuple, list)):
        return [_encode(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _encode(item) for key, item in value.items()}
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise OutputError(Problem("report", type(value).__name__, "text, numbers and the parts of a report"))


def _decode(value: Any, where: str) -> Any:
    if isinstance(value, list):
        return tuple(_decode(item, f"{where}[{number}]") for number, item in enumerate(value))
    if isinstance(value, dict):
        parts = {key: _decode(item, f"{where}.{key}") for key, item in value.items()}
        if "type" not in parts:
            return parts
        name = parts.pop("type")
        if name not in _TYPES:
            raise OutputError(unknown_name(f"report_data.json, {where}", name, _TYPES, what="part of a report"))
        try:
            return _TYPES[name](**parts)
        except TypeError as error:
            raise OutputError(Problem(f"report_data.json, {where}", str(error), f"the fields of {name}")) from None
    return value
