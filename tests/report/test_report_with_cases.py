"""A report of a synthetic city with its settled cases: filled, marked, and without a row of a case."""

from __future__ import annotations

import importlib.util
import json
import shutil
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from actuary.cli import app
from actuary.errors import TableError
from actuary.paths import data_root
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settle import settle_cases
from actuary.payment.settlement_files import write_settlement
from actuary.periods import Quarter
from actuary.report import build_report_data
from actuary.report.cases_given import cases_of_report
from actuary.report.contracts import Callout, ReportData
from actuary.workflow import several
from actuary.workflow.synthetic import write_synthetic_city

# A city of some thousand stays is drawn, settled and reported on: seconds.
pytestmark = pytest.mark.slow

_QUARTER = Quarter(2024, 4)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_synthetic_city("shenyang", tmp_path_factory.mktemp("synthetic") / "city", cases=6000, seed=3).folder


@pytest.fixture(scope="module")
def settled(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from actuary.cli.settle import read_budget  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("settlement") / "settled"
    folder.mkdir()
    policy = load_payment_policy(city / "policy.toml")
    budget = read_budget([str(city / "budget.csv")])
    write_settlement(settle_cases(city / "cases.parquet", policy, budget=budget), folder)
    return folder


@pytest.fixture(scope="module")
def report(settled: Path) -> ReportData:
    return build_report_data("shenyang", "2024Q4", lang="zh", cases=settled)


def test_the_pages_on_payment_and_hospitals_are_filled_and_marked(report: ReportData) -> None:
    assert "payment" not in {gap.section for gap in report.cover.gaps}
    assert report.cover.synthetic
    assert "合成" in dict(report.cover.lines)["数据性质"]
    tables = [table for table in report.tables() if table.id.startswith("case_")]
    assert {"case_scope", "case_tiers", "case_pools", "case_books", "case_classes", "case_groups"} <= {
        table.id for table in tables
    }
    assert {"case_hospitals", "case_use"} <= {table.id for table in tables}
    assert all(table.synthetic for table in tables)
    assert not report.table("payment_facts").synthetic
    section = report.section("payment")
    assert any(isinstance(block, Callout) and block.level == "synthetic" for block in section.blocks)
    scope = report.table("case_scope")
    assert scope.cell(0, "held_cases") == 6000
    city = report.table("case_tiers")
    assert city.cell(-1, "cases") == scope.cell(0, "period_cases")
    # The policy was made so that weights have a mean of one over the year.
    assert city.cell(-1, "cmi") == pytest.approx(1.0, abs=0.05)
    books = report.table("case_books")
    for name in {row[0] for row in books.rows}:
        budget, *rest = (row[3] for row in books.rows if row[0] == name)
        assert budget == pytest.approx(sum(float(one or 0) for one in rest), abs=0.005)


def test_both_languages_hold_the_same_figures(report: ReportData, settled: Path) -> None:
    english = build_report_data("shenyang", "2024Q4", lang="en", cases=settled)
    for name in ("case_scope", "case_hospitals", "case_pools"):
        one, other = report.table(name), english.table(name)
        assert len(one.rows) == len(other.rows)
        assert [column.key for column in one.columns] == [column.key for column in other.columns]
    counts = [[table.cell(row, "cases") for row in range(len(table.rows))]
              for table in (report.table("case_hospitals"), english.table("case_hospitals"))]  # fmt: skip
    assert counts[0] == counts[1]


def test_every_number_in_its_prose_is_a_cell(report: ReportData, settled: Path) -> None:
    spec = importlib.util.spec_from_file_location("prose_of_reports", Path(__file__).with_name("test_prose.py"))
    assert spec is not None
    assert spec.loader is not None
    prose = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(prose)
    english = build_report_data("shenyang", "2024Q4", lang="en", cases=settled)
    for one in (report, english):
        prose.test_every_number_in_the_prose_occurs_in_a_table(one)
        prose.test_every_recorded_number_is_the_cell_it_names(one)
    prose.test_the_chinese_report_reads_complete(report, report)
    prose.test_the_english_report_holds_chinese_only_in_names_of_sources(english, english)


def test_the_same_from_the_file_of_cases_and_from_its_settlement(report: ReportData, city: Path) -> None:
    from actuary.cli.settle import read_budget  # noqa: PLC0415

    budget = read_budget([str(city / "budget.csv")])
    figures = cases_of_report(
        city / "cases.parquet", "shenyang", _QUARTER, policy=str(city / "policy.toml"), budget=budget
    )
    assert figures is not None
    other = build_report_data("shenyang", "2024Q4", lang="zh", cases=figures)
    for name in ("case_tiers", "case_hospitals", "case_pools", "case_classes"):
        assert other.table(name).rows == report.table(name).rows
    # The file has the columns that the search asks for; the settlement has not.
    assert len(figures.not_searched) < 6
    with pytest.raises(TableError, match="cases of shenyang; expected cases of anyang"):
        cases_of_report(city / "cases.parquet", "anyang", _QUARTER, policy=str(city / "policy.toml"), budget=budget)


def test_the_command_writes_no_case_and_lists_the_checksums(city: Path, settled: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    asked = ["report", "--city", "shenyang", "--quarter", "2024Q4", "--lang", "en", "--out", str(out)]
    done = CliRunner().invoke(app, [*asked, "--cases", str(settled)])
    assert done.exit_code == 3, done.output  # the funds of the city are not published
    assert "Payment and hospitals" not in done.output.partition("It lacks")[2]
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    told = manifest["run"]["cases"]
    assert told["synthetic"] is True
    listed = json.loads((settled / "manifest.json").read_text(encoding="utf-8"))["outputs"]
    assert told["sha256"]["cases.parquet"] in {one["sha256"] for one in listed}
    held = pq.read_table(city / "cases.parquet", columns=["case_id", "person_key"])
    names = {name.encode() for column in ("case_id", "person_key") for name in held[column].to_pylist()}
    for path in out.iterdir():
        if path.suffix in {".docx", ".xlsx"}:
            with zipfile.ZipFile(path) as package:
                content = b"".join(package.read(name) for name in package.namelist())
        else:
            content = path.read_bytes()
        assert not any(name in content for name in names), path.name


@pytest.mark.parametrize("damage", ["manifest", "cases", "books", "missing", "other quarter", "other city"])
def test_a_wrong_settlement_is_refused_in_words(settled: Path, tmp_path: Path, damage: str) -> None:
    folder = Path(shutil.copytree(settled, tmp_path / "settled"))
    region, quarter = "shenyang", _QUARTER
    if damage == "manifest":
        (folder / "manifest.json").write_text('{"outputs": [1]}', encoding="utf-8")
        expected = "manifest.json: found what cannot be read"
    elif damage == "cases":
        content = (folder / "cases.parquet").read_bytes()
        (folder / "cases.parquet").write_bytes(content[:-40])
        expected = "cases.parquet: found checksum"
    elif damage == "books":
        with (folder / "books.csv").open("a", encoding="utf-8") as file:
            file.write("employee,reserve,1.00\n")
        expected = "books.csv: found checksum"
    elif damage == "missing":
        (folder / "policy.toml").unlink()
        expected = "no policy.toml"
    elif damage == "other quarter":
        quarter, expected = Quarter(2023, 4), "found cases of 2024-01 to 2024-12; expected cases of 2023-10 to 2023-12"
    else:
        region, expected = "anyang", "cases of shenyang; expected cases of anyang"
    with pytest.raises(TableError) as caught:
        cases_of_report(folder, region, quarter)
    assert expected in str(caught.value)


def test_cases_lie_in_the_data_folder_or_by_city_and_quarter(
    settled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = Path(shutil.copytree(data_root(), tmp_path / "data"))
    place = Path(shutil.copytree(settled, data / "settled/shenyang/2024Q4"))
    found = cases_of_report(None, "shenyang", _QUARTER, data=data)
    assert found is not None
    assert found.held_cases == 6000
    asked: list[tuple[str, Path | None]] = []

    def write(city: str, label: str, *, cases: Path | None, **_options: object) -> None:
        asked.append((f"{city} {label}", cases))
        raise TableError([])

    monkeypatch.setattr(several, "write_report", write)
    out = tmp_path / "out"
    several.write_reports(["shenyang", "national"], ["2024Q3", "2024Q4"], out=out, cases=data / "settled")
    assert asked == [("shenyang 2024Q3", None), ("shenyang 2024Q4", place), ("national 2024Q3", None),
                     ("national 2024Q4", None)]  # fmt: skip
    with pytest.raises(TableError, match="one settlement for 2 regions"):
        several.write_reports(["shenyang", "anyang"], ["2024Q4"], out=out, cases=settled)
    with pytest.raises(TableError, match="no such file or folder"):
        several.write_reports(["shenyang"], ["2024Q3", "2024Q4"], out=out, cases=tmp_path / "nowhere")
