"""What a report is: cover, sections, tables, figures and annex, frozen and written as canonical JSON.

Renderers see nothing else, so that every format tells the same figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from actuary.errors import OutputError, Problem, unknown_name
from actuary.files import parse_json
from actuary.report.blocks import (
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
)
from actuary.report.canonical import decode, encode

__all__ = [
    "Block",
    "Bullets",
    "Callout",
    "Cell",
    "Column",
    "Cover",
    "Gap",
    "Heading",
    "Mark",
    "NumberRef",
    "Paragraph",
    "ReportData",
    "ReportFigure",
    "ReportTable",
    "Section",
]

#: Bump when a reader of ``report_data.json`` has to change.
JSON_VERSION = 1


@dataclass(frozen=True, slots=True)
class Section:
    """Hold one numbered section."""

    id: str
    number: str
    title: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """Say what a report lacks, and why: printed on the cover and, in full, in its section.

    Parameters
    ----------
    section : str
        Id of the section that says it in full.
    title : str
        Title of that section.
    reason : str
        What is missing and why.
    """

    section: str
    title: str
    reason: str


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
    gaps : tuple of Gap
        What the report lacks, in the order of its sections; empty when it is whole.
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
    gaps: tuple[Gap, ...] = ()


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
        document = {"version": JSON_VERSION, "report": encode(self)}
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
            document = parse_json(text)
        except ValueError as error:
            raise OutputError(
                Problem("report_data.json", str(error), "the JSON of a report", "build the report again")
            ) from None
        version = document.get("version") if isinstance(document, dict) else None
        if version != JSON_VERSION:
            raise OutputError(
                Problem("report_data.json, version", repr(version), repr(JSON_VERSION), "build the report again")
            )
        report = decode(document.get("report"), _TYPES, where="report_data.json, report")
        if not isinstance(report, cls):
            raise OutputError(Problem("report_data.json, report", type(report).__name__, "a report"))
        return report


_TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        Bullets,
        Callout,
        Column,
        Cover,
        Gap,
        Heading,
        Mark,
        NumberRef,
        Paragraph,
        ReportData,
        ReportFigure,
        ReportTable,
        Section,
    )
}
