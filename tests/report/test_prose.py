"""Every number in the prose is printed from a cell of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator

from actuary.policy import load_alert_rules
from actuary.report.contracts import Bullets, Callout, Heading, NumberRef, Paragraph, ReportData
from actuary.report.numbers import format_cell

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
#: Dates, years, quarters and references to tables are no figures.
_NO_FIGURE = re.compile(
    r"\d{4}-\d{2}-\d{2}|\d{4}年\d{1,2}月\d{1,2}日|(?<!\d)(?:19|20)\d{2}(?:Q[1-4])?(?![\d,.]\d)"
    r"|附?表\d+|图\d+|(?:Table|Figure|Annex) \d+"
)


def _prose(report: ReportData) -> Iterator[tuple[str, tuple[NumberRef, ...]]]:
    yield from ((gap.title + gap.reason, ()) for gap in report.cover.gaps)
    yield from ((figure.title + figure.alt + figure.note, ()) for figure in report.figures())
    for section in report.sections:
        yield section.title, ()
        for block in section.blocks:
            match block:
                case Paragraph():
                    yield block.lead + block.text, block.numbers
                case Bullets():
                    yield from ((item.lead + item.text, item.numbers) for item in block.items)
                case Callout():
                    yield " ".join((block.title, block.text, *block.items)), block.numbers
                case Heading():
                    yield block.title, ()


def _printed(report: ReportData) -> set[str]:
    found: set[str] = set()
    for table in report.tables():
        for number, row in enumerate(table.rows):
            for column, cell in zip(table.columns, row, strict=True):
                found.update(_NUMBER.findall(format_cell(cell, column, decimals=table.decimals(number, column))))
    return found


def test_every_number_in_the_prose_occurs_in_a_table(report: ReportData) -> None:
    printed = _printed(report)
    names = [name for rule in load_alert_rules() for name in (rule.name_zh, rule.name_en)]
    strange = []
    for text, _ in _prose(report):
        plain = text
        for name in names:
            plain = plain.replace(name, "")
        strange += [(n, text) for n in _NUMBER.findall(_NO_FIGURE.sub(" ", plain)) if n not in printed]
    assert strange == []


def test_every_recorded_number_is_the_cell_it_names(report: ReportData) -> None:
    count = 0
    for text, numbers in _prose(report):
        for number in numbers:
            table = report.table(number.table)
            column = table.column(number.key)
            cell = format_cell(table.cell(number.row, number.key), column, decimals=table.decimals(number.row, column))
            assert cell.lstrip("−+") == number.text.lstrip("−+")
            assert number.text in text or cell == "—"
            count += 1
    assert count > 5


def test_the_chinese_report_reads_complete(national_zh: ReportData, shenyang_zh: ReportData) -> None:
    for report in (national_zh, shenyang_zh):
        for text, _ in _prose(report):
            assert text.strip()
            assert not re.search(r"[{}]|None|nan|。。|；。|，，", text), text
            without_paths = re.sub(r"assumptions/base\.toml|DRG|[A-Z]{2}-\d+N?", "", text)
            assert not re.search(r"[A-Za-z]{3,} [A-Za-z]{3,}", without_paths), text


def test_the_english_report_holds_chinese_only_in_names_of_sources(
    national_en: ReportData, shenyang_en: ReportData
) -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    named = {"source", "publisher"}
    for report in (national_en, shenyang_en):
        for text, _ in _prose(report):
            assert not chinese.search(text), text
        for figure in report.figures():
            assert not chinese.search(figure.title + figure.alt + figure.note)
        assert not chinese.search("".join(label + text for label, text in report.cover.lines) + report.cover.title)
        for table in report.tables():
            assert not chinese.search(table.title + table.source), table.id
            for column in table.columns:
                assert not chinese.search(column.label + column.unit)
            for row in table.rows:
                for column, cell in zip(table.columns, row, strict=True):
                    if column.key not in named:
                        assert not chinese.search(str(cell)), (table.id, column.key, cell)
            for note in table.notes:
                assert not chinese.search(note) or note.startswith(("[", "Sources of the rules:")), note


def test_scenarios_are_said_to_be_no_probability_intervals(national_zh: ReportData, national_en: ReportData) -> None:
    assert any("不是概率区间" in text for text, _ in _prose(national_zh))
    assert any("no probability intervals" in text for text, _ in _prose(national_en))
