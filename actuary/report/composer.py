"""Write tables, figures and sentences so that every number in the prose comes from a cell of a table.

A sentence is filled with references to cells, never with numbers; the reference prints the cell as the table prints it
and is kept beside the sentence. Numbers of sections, tables and figures are given at the end, in the order of reading,
so that a section may be written after the tables it quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from actuary.errors import OutputError, Problem
from actuary.report.contracts import (
    Block,
    Bullets,
    Callout,
    Cell,
    Column,
    Heading,
    Mark,
    NumberRef,
    Paragraph,
    ReportFigure,
    ReportTable,
    Section,
)
from actuary.report.dated_words import dated_words
from actuary.report.numbers import NO_FIGURE, format_cell, scale_of
from actuary.report.wording import Wording, load_wording

__all__ = ["CellRef", "Composer", "number_report"]

#: Columns that count time: their labels stay short.
_TIME_AXES = ("quarter", "period")
_REFERENCE = re.compile(r"\[\[(table|figure):([a-z0-9_]+)\]\]")


@dataclass(frozen=True, slots=True)
class CellRef:
    """Print one cell inside a sentence.

    Parameters
    ----------
    text : str
        The cell as it is printed, with its unit.
    number : NumberRef
        Where it stands.
    """

    text: str
    number: NumberRef


class Composer:
    """Collect the tables of a report and write sentences from their cells.

    Parameters
    ----------
    lang : str
        ``zh`` or ``en``.

    Examples
    --------
    >>> from actuary.report.contracts import Column
    >>> composer = Composer("en")
    >>> columns = [Column("n", "Ratio", "", "number", 2)]
    >>> table = composer.table("t", "tables.membership", columns=columns, rows=[(2.6289,)])
    >>> composer.ref(table, 0, "n").text
    '2.63'
    """

    def __init__(self, lang: str) -> None:
        self.wording: Wording = load_wording(lang)
        self.lang = lang
        self.tables: dict[str, ReportTable] = {}
        self.annex: list[ReportTable] = []
        self.titles: dict[str, str] = {}
        self.paragraphs: dict[str, Paragraph] = {}

    def text(self, key: str, **values: str) -> str:
        """Return words that hold no figures, such as a heading or a label."""
        return self.wording.text(key, **values)

    def column(
        self,
        key: str,
        quantity: str,
        values: Sequence[float | None] = (),
        *,
        label: str | None = None,
        growth: bool = False,
    ) -> Column:
        """Build a numeric column whose unit and digits follow from what it measures.

        Parameters
        ----------
        key : str
            Key of the column; its heading is the sentence ``columns.<key>`` unless `label` is given.
        quantity : str
            A key of :data:`~actuary.report.numbers.SCALES`, such as ``money``, ``people``, ``share`` or ``count``.
        values : sequence of float, optional
            The figures in base units, to choose the digits.
        label : str, optional
            Heading.
        growth : bool
            Whether a sign is always printed.
        """
        scale = scale_of(self.lang, quantity, values)
        heading = self.text(f"columns.{key}") if label is None else label
        return Column(key, heading, scale.unit, "growth" if growth else "number", scale.decimals)

    def text_column(self, key: str, *, kind: str = "text", label: str | None = None) -> Column:
        """Build a column of words; its heading is the sentence ``columns.<key>`` unless `label` is given."""
        return Column(key, self.text(f"columns.{key}") if label is None else label, "", kind)

    def show(self, value: object, quantity: str) -> float | None:
        """Return a base-unit figure in the unit printed for its quantity, full precision."""
        return scale_of(self.lang, quantity).show(value)  # type: ignore[arg-type]

    def table(  # noqa: PLR0913 - a table has that many parts, nearly all of them optional
        self,
        table_id: str,
        title: str,
        *,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Cell]],
        notes: Sequence[str] = (),
        source: str = "",
        synthetic: bool = False,
        marks: Sequence[Mark] = (),
        row_styles: Sequence[str] = (),
        row_decimals: Sequence[int] = (),
        title_values: Mapping[str, str] | None = None,
    ) -> ReportTable:
        """Build a table and remember it; `title` is the key of its caption."""
        built = ReportTable(
            id=table_id,
            number="",
            title=self.text(title, **(title_values or {})),
            columns=tuple(columns),
            rows=tuple(tuple(row) for row in rows),
            notes=tuple(note for note in notes if note),
            source=source,
            synthetic=synthetic,
            marks=tuple(marks),
            row_styles=tuple(row_styles),
            row_decimals=tuple(row_decimals),
        )
        if table_id in self.tables:
            raise OutputError(Problem(f"table {table_id}", "two tables of that id", "one"))
        self.tables[table_id] = built
        return built

    def figure(self, figure_id: str, title: str, *, svg: str, note: str = "", **values: str) -> ReportFigure:
        """Build a figure; `title` is the key of its caption, ``<title>_alt`` that of its description."""
        return ReportFigure(figure_id, "", self.text(title, **values), self.text(f"{title}_alt", **values), svg, note)

    def ref(self, table: ReportTable, row: int, key: str, *, absolute: bool = False, unit: bool = True) -> CellRef:
        """Refer to a cell, printed as the table prints it.

        Parameters
        ----------
        table : ReportTable
            The table.
        row : int
            Position of the row; negative counts from the end.
        key : str
            Key of the column.
        absolute : bool
            Whether the sign is left to the words around it.
        unit : bool
            Whether the unit follows.
        """
        position = row % len(table.rows)
        column = table.column(key)
        printed = format_cell(table.cell(position, key), column, decimals=table.decimals(position, column))
        if absolute:
            printed = printed.lstrip("−+")
        measure = str(table.cell(position, "unit") or "") if column.kind == "mixed" else column.unit
        shown = printed + self._unit(measure) if unit and printed != NO_FIGURE else printed
        return CellRef(shown, NumberRef(printed, table.id, position, key))

    def _unit(self, unit: str) -> str:
        if not unit:
            return ""
        if unit == scale_of(self.lang, "points").unit:
            return self.text("phrases.points", unit=unit)  # counted in a sentence
        return unit if self.lang == "zh" or unit == "%" else f" {unit}"

    def change(self, table: ReportTable, row: int, key: str) -> CellRef:
        """Refer to a growth rate in words: 增长, 下降 or 持平, with the rate."""
        value = table.cell(row % len(table.rows), key)
        reference = self.ref(table, row, key, absolute=True)
        if value is None or isinstance(value, str):
            return CellRef(self.text("phrases.no_comparison"), reference.number)
        printed = format_cell(value, table.column(key))
        way = "up" if printed.startswith("+") else "down" if printed.startswith("−") else "flat"
        return CellRef(self.text(f"phrases.{way}", rate=reference.text), reference.number)

    def moved(self, table: ReportTable, row: int, key: str) -> CellRef:
        """Refer to an amount of change in words: 增加 or 减少 with the amount, or that nothing changes."""
        reference = self.ref(table, row, key, absolute=True)
        value = table.cell(row % len(table.rows), key)
        if value is None or isinstance(value, str):
            return reference
        way = "same" if value == 0 else "more" if value > 0 else "less"
        return CellRef(self.text(f"phrases.moved_{way}", amount=reference.text), reference.number)

    def became(self, table: ReportTable, row: int, key: str, *, before: int = 0) -> CellRef:
        """Refer to what a figure of an earlier row became: 升至 or 降至 with the figure, or that it stayed."""
        reference = self.ref(table, row, key)
        first, last = (table.cell(place % len(table.rows), key) for place in (before, row))
        if not isinstance(first, (int, float)) or not isinstance(last, (int, float)):
            return reference
        way = "same" if reference.text == self.ref(table, before, key).text else "up" if last > first else "down"
        return CellRef(self.text(f"phrases.became_{way}", value=reference.text), reference.number)

    def months(self, table: ReportTable, row: int, key: str) -> CellRef | str:
        """Refer to months payable in words; where none are left, say that the reserve is spent."""
        value = table.cell(row % len(table.rows), key)
        if isinstance(value, (int, float)) and value <= 0:
            return self.text("phrases.months_spent")
        reference = self.ref(table, row, key)
        return CellRef(self.text("phrases.months_left", months=reference.text), reference.number)

    def say(self, key: str, **values: str | CellRef) -> Paragraph:
        """Write a sentence from its key; figures are given as references to cells, never as numbers."""
        texts = {name: value.text if isinstance(value, CellRef) else value for name, value in values.items()}
        used = tuple(value.number for value in values.values() if isinstance(value, CellRef))
        return Paragraph(self.text(key, **texts), used)

    def headed(self, paragraph: Paragraph, *, name: str, level: str = "") -> Paragraph:
        """Put a name in bold, and a warning level where there is one, before a paragraph."""
        return replace(paragraph, lead=self.text("phrases.lead", name=name), level=level)

    def join(self, *paragraphs: Paragraph) -> Paragraph:
        """Write several sentences as one paragraph."""
        gap = "" if self.lang == "zh" else " "
        return Paragraph(
            gap.join(paragraph.text for paragraph in paragraphs),
            tuple(number for paragraph in paragraphs for number in paragraph.numbers),
        )

    def heading(self, key: str) -> Heading:
        """Build a heading inside a section; it is numbered at the end."""
        return Heading("", self.text(key))

    def callout(self, level: str, key: str, *, items: Sequence[str] = (), **values: str | CellRef) -> Callout:
        """Build a framed remark from the sentences ``<key>_title`` and ``<key>``."""
        body = self.say(key, **values)
        return Callout(level, self.text(f"{key}_title"), body.text, tuple(items), body.numbers)

    def section(self, section_id: str, blocks: Sequence[Block]) -> Section:
        """Build a section under the title that the report plan gives it."""
        return Section(section_id, "", self.titles[section_id], tuple(blocks))


def number_report(
    wording: Wording, sections: Sequence[Section], annex: Sequence[ReportTable]
) -> tuple[tuple[Section, ...], tuple[ReportTable, ...]]:
    """Give sections, headings, tables and figures their numbers in the order of reading, and fill in references.

    Parameters
    ----------
    wording : Wording
        Gives the style of the numbers.
    sections : sequence of Section
        The body, without numbers.
    annex : sequence of ReportTable
        Tables of the annex, without numbers.
    """
    labels = _labels(wording, sections, annex)

    def link(text: str) -> str:
        return dated_words(wording, _REFERENCE.sub(lambda match: labels[match[1], match[2]], text))

    done = []
    for position, section in enumerate(sections, 1):
        headings = 0
        blocks: list[Block] = []
        for block in section.blocks:
            if isinstance(block, Heading):
                headings += 1
                blocks.append(replace(block, number=wording.second_level(position, headings)))
            else:
                blocks.append(_linked(block, link, labels))
        done.append(replace(section, number=wording.first_level(position), blocks=tuple(blocks)))
    return tuple(done), tuple(_linked_table(table, link, labels) for table in annex)


def _labels(wording: Wording, sections: Sequence[Section], annex: Sequence[ReportTable]) -> dict[tuple[str, str], str]:
    tables = [block for section in sections for block in section.blocks if isinstance(block, ReportTable)]
    figures = [block for section in sections for block in section.blocks if isinstance(block, ReportFigure)]
    labels = {("table", t.id): wording.text("labels.table_number", number=str(n)) for n, t in enumerate(tables, 1)}
    labels |= {("figure", f.id): wording.text("labels.figure_number", number=str(n)) for n, f in enumerate(figures, 1)}
    return labels | {
        ("table", t.id): wording.text("labels.annex_number", number=str(n)) for n, t in enumerate(annex, 1)
    }


def _linked(block: Block, link: Callable[[str], str], labels: Mapping[tuple[str, str], str]) -> Block:
    match block:
        case ReportTable():
            return _linked_table(block, link, labels)
        case ReportFigure():
            words = {"title": link(block.title), "alt": link(block.alt), "note": link(block.note)}
            return replace(block, number=labels["figure", block.id], **words)
        case Paragraph():
            return _linked_paragraph(block, link)
        case Bullets():
            return replace(block, items=tuple(_linked_paragraph(item, link) for item in block.items))
        case Callout():
            items = tuple(link(item) for item in block.items)
            return replace(block, text=link(block.text), items=items, numbers=_linked_numbers(block.numbers, link))
        case Heading():
            return block


def _linked_paragraph(paragraph: Paragraph, link: Callable[[str], str]) -> Paragraph:
    return replace(
        paragraph,
        text=link(paragraph.text),
        lead=link(paragraph.lead),
        numbers=_linked_numbers(paragraph.numbers, link),
    )


def _linked_numbers(numbers: Sequence[NumberRef], link: Callable[[str], str]) -> tuple[NumberRef, ...]:
    """Write what a sentence quotes from a cell as the cell is written."""
    return tuple(replace(number, text=link(number.text)) for number in numbers)


def _linked_table(table: ReportTable, link: Callable[[str], str], labels: Mapping[tuple[str, str], str]) -> ReportTable:
    return replace(
        table,
        number=labels["table", table.id],
        title=link(table.title),
        columns=tuple(replace(column, label=link(column.label)) for column in table.columns),
        notes=tuple(link(note) for note in table.notes),
        rows=tuple(
            tuple(
                link(cell) if isinstance(cell, str) and column.key not in _TIME_AXES else cell
                for column, cell in zip(table.columns, row, strict=True)
            )
            for row in table.rows
        ),
    )
