"""Several reports at once: each in its folder, an index, a comparison; one that fails stops no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import actuary
from actuary.cli import app
from actuary.errors import ActuaryError, OutputError, Problem, UnknownNameError
from actuary.report.contracts import Column, Cover, Gap, ReportData, ReportTable, Section
from actuary.report.wording import load_wording
from actuary.workflow import several
from actuary.workflow.quarterly import WrittenReport

_GAP = Gap("forecast", "Forecast", "the series are too short")


def _report(city: str, quarter: str, months: float, gaps: tuple[Gap, ...] = ()) -> ReportData:
    """Return a report of the tables that a comparison reads; its figures are made up and it says so."""
    wording = load_wording("en")
    name = wording.text("schemes.employee")
    columns = (
        Column("scheme", "Scheme"),
        Column("year", "Year", "", "year"),
        Column("payable_months", "Months payable", "months", "number", 1),
        Column("level", "Level", "", "level"),
    )
    summary = ReportTable("summary", "Table 1", "Main figures", columns, ((name, 2024, months, "red"),), synthetic=True)
    counts = ReportTable(
        "warning_counts",
        "Table 2",
        "Levels",
        (Column("scheme", "Scheme"), Column("overall_level", "Level", "", "level")),
        ((name, "red"),),
        synthetic=True,
    )
    cover = Cover(
        *(f"Report on {city}", "made up", city, city.title(), quarter, quarter, "base", ("base",), "2035Q4"),
        *(city * 8, quarter * 8, True),
        gaps=gaps,
    )
    meta = {"labels": wording.group("labels"), "levels": wording.group("levels")}
    return ReportData("en", cover, (Section("only", "1", "Only", (summary, counts)),), (), meta)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Replace the writing of one report by a quick one: north is whole, south lacks its forecast, east fails."""
    done: list[tuple[str, str]] = []

    def write(city: str, quarter: str, *, out: Path, **_options: object) -> WrittenReport:
        done.append((city, quarter))
        if city == "east":
            raise ActuaryError(Problem("east", "no rules", "rules"))
        gaps = (_GAP,) if city == "south" else ()
        report = _report(city, quarter, 10.0 + len(done), gaps)
        out.mkdir(parents=True)
        path = out / "report_data.json"
        path.write_text(report.to_json(), encoding="utf-8")
        return WrittenReport(report.cover.title, out, (path,), gaps)

    monkeypatch.setattr(several, "write_report", write)
    monkeypatch.setattr("actuary.workflow.write_report", write, raising=False)
    monkeypatch.setattr("actuary.workflow.regions.report_quarter", lambda _city, quarter, **_roots: quarter or "2024Q4")
    return done


@pytest.mark.slow
def test_every_region_and_quarter_gets_its_folder_and_the_index_names_what_failed(
    written: list[tuple[str, str]], tmp_path: Path
) -> None:
    told: list[str] = []
    done = actuary.write_reports(
        ["north", "east", "south"], ["2024Q3", "2024Q4"], lang="en", out=tmp_path / "o", progress=told.append
    )
    assert written == [(city, quarter) for city in ("north", "east", "south") for quarter in ("2024Q3", "2024Q4")]
    assert [path.name for path in sorted(done.folder.iterdir())] == [
        "comparison.html",
        "index.html",
        "north-2024Q3-en",
        "north-2024Q4-en",
        "south-2024Q3-en",
        "south-2024Q4-en",
    ]
    assert [(one.city, one.quarter) for one in done.failed] == [("east", "2024Q3"), ("east", "2024Q4")]
    index = done.index.read_text(encoding="utf-8")
    assert index.count("Not written") == 2
    assert index.count("Lacks parts") == 2
    assert index.count("Whole") == 2
    assert "the series are too short" in index
    assert "found no rules" in index
    assert 'href="north-2024Q3-en/report_data.json"' in index
    assert 'href="comparison.html"' in index
    assert "http" not in index.partition("<body>")[2]
    assert done.comparison is not None
    page = done.comparison.read_text(encoding="utf-8")
    assert all(f">{months}<" in page for months in ("11.0", "12.0", "15.0", "16.0"))
    assert "Demonstration data" in page
    assert "<svg" in page


@pytest.mark.slow
def test_one_report_is_not_compared_and_an_old_comparison_goes(written: list[tuple[str, str]], tmp_path: Path) -> None:
    actuary.write_reports(["north", "south"], lang="en", out=tmp_path / "a")
    assert (tmp_path / "a/comparison.html").is_file()
    for path in (tmp_path / "a").glob("*-en"):
        (path / "report_data.json").unlink()
        path.rmdir()
    done = actuary.write_reports(["north", "east"], lang="en", out=tmp_path / "a")
    assert done.comparison is None
    assert not (tmp_path / "a/comparison.html").exists()
    assert len(written) == 4


def test_a_page_of_somebody_else_is_not_replaced(written: list[tuple[str, str]], tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>mine</p>", encoding="utf-8")
    with pytest.raises(OutputError, match=r"index\.html, which no earlier run wrote"):
        actuary.write_reports(["north", "south"], out=tmp_path)
    with pytest.raises(OutputError, match="is a file"):
        actuary.write_reports(["north", "south"], out=tmp_path / "index.html")
    with pytest.raises(UnknownNameError, match="a known language"):
        actuary.write_reports(["north"], lang="de", out=tmp_path / "b")
    assert written == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cities", "code"),
    [("north", 0), ("south", 3), ("north,south", 3), ("north,east", 4), ("east,north,south", 4), ("east,west-east", 2)],
)
def test_the_exit_status_says_whether_something_is_missing(
    written: list[tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cities: str, code: int
) -> None:
    if code == 2:
        cities, quarters = "east", ["--quarter", "2024Q3", "--quarter", "2024Q4"]
    else:
        quarters = ["-q", "2024Q4"]
    done = CliRunner().invoke(
        app, ["report", "--city", cities, *quarters, "--lang", "en", "--out", str(tmp_path / "o")]
    )
    assert done.exit_code == code, done.output
    if code == 3:
        assert "It lacks, as its cover says:" in done.output
        assert "Forecast: the series are too short" in done.output
    if "east" in cities:
        assert "could not be written" in done.output


def test_stopping_keeps_the_reports_that_were_finished(
    written: list[tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = several.write_report

    def stop(city: str, quarter: str, **options: object) -> WrittenReport:
        if city == "south":
            raise KeyboardInterrupt
        return write(city, quarter, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(several, "write_report", stop)
    done = CliRunner().invoke(
        app, ["report", "-c", "north,south", "-q", "2024Q4", "-l", "en", "-o", str(tmp_path / "o")]
    )
    assert done.exit_code == 130
    assert "1 of 2 reports had been written and stay" in done.output
    assert (tmp_path / "o/north-2024Q4-en/report_data.json").is_file()
    assert len(written) == 1


def test_compared_figures_are_cells_of_the_reports() -> None:
    from actuary.report.comparison import compare_reports  # noqa: PLC0415

    one, two = _report("north", "2024Q3", 10.25), _report("south", "2024Q4", 8.5, (_GAP,))
    compared = compare_reports([one, two])
    table = compared.table("comparison_employee")
    months = [table.cell(row, "payable_months") for row in range(2)]
    assert months == [10.25, 8.5]
    levels = compared.table("comparison_levels")
    assert levels.cell(1, "lacks") == "Forecast"
    assert levels.cell(0, "level_employee") == "red"
    assert levels.cell(0, "level_resident") == "not_assessable"
    with pytest.raises(OutputError, match="two or more reports in one language"):
        compare_reports([one])
    with pytest.raises(OutputError, match="2 languages"):
        compare_reports([one, replace(two, lang="zh")])
