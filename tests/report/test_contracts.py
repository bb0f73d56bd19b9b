from __future__ import annotations

import json
from pathlib import Path

import pytest

from actuary.errors import OutputError
from actuary.report.contracts import Column, ReportData, ReportTable

# Whole reports, kernels of notebooks and cities as their users make them: seconds each.
pytestmark = pytest.mark.slow


def test_json_gives_back_an_equal_report(made_up: ReportData, report: ReportData) -> None:
    for one in (made_up, report):
        text = one.to_json()
        again = ReportData.from_json(text)
        assert again == one
        assert again.to_json() == text


def test_json_is_canonical_and_holds_no_path_and_no_clock(report: ReportData) -> None:
    text = report.to_json()
    assert text.endswith("\n")
    assert json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, indent=1) + "\n" == text
    assert str(Path(__file__).resolve().parents[2]) not in text
    assert "/home/" not in text


def test_from_json_reads_bytes(made_up: ReportData) -> None:
    assert ReportData.from_json(made_up.to_json().encode()) == made_up


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the JSON of a report"),
        ("[]", "version: found None"),
        ('{"version": 99, "report": {}}', "found 99"),
        ('{"version": 1, "report": {"type": "Sektion"}}', "did you mean 'Section'"),
        ('{"version": 1, "report": {"type": "Mark", "row": 1}}', "the fields of Mark"),
        ('{"version": 1, "report": {"type": "Mark", "row": 1, "key": "a", "mark": "b"}}', "expected a report"),
    ],
)
def test_from_json_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(OutputError, match=message.replace("(", r"\(")):
        ReportData.from_json(text)


def test_a_table_refuses_rows_of_another_length_and_numbers_without_end() -> None:
    columns = (Column("a", "A", "", "number"), Column("b", "B", "", "number"))
    with pytest.raises(OutputError) as caught:
        ReportTable("t", "", "T", columns, ((1.0,), (float("nan"), 2.0), (float("inf"), 2.0)))
    assert [problem.found for problem in caught.value.problems] == ["1 cells", "nan", "inf"]


def test_unknown_names_are_answered_with_the_nearest(made_up: ReportData) -> None:
    with pytest.raises(OutputError, match="did you mean 'made_up'"):
        made_up.table("made_upp")
    with pytest.raises(OutputError, match="did you mean 'only'"):
        made_up.section("onlyy")
    with pytest.raises(OutputError, match="did you mean 'income'"):
        made_up.table("made_up").column("incom")


def test_ids_of_tables_and_figures_are_unique(report: ReportData) -> None:
    tables = [table.id for table in report.tables()]
    figures = [figure.id for figure in report.figures()]
    assert len(tables) == len(set(tables))
    assert len(figures) == len(set(figures))


def test_everything_is_numbered_in_reading_order(national_zh: ReportData) -> None:
    body = [t.number for t in national_zh.tables() if t not in national_zh.annex]
    assert body == [f"表{n}" for n in range(1, len(body) + 1)]
    assert [f.number for f in national_zh.figures()] == [
        f"图{n}" for n in range(1, len(list(national_zh.figures())) + 1)
    ]
    assert [t.number for t in national_zh.annex] == [f"附表{n}" for n in range(1, len(national_zh.annex) + 1)]
    assert [s.number for s in national_zh.sections][:3] == ["一、", "二、", "三、"]
    assert "[[" not in national_zh.to_json()
