"""What is missing, through the command: the report comes, says so on the cover and in place, and ends with status 3."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from actuary.cli import app
from actuary.paths import data_root, models_root
from actuary.report.contracts import Callout, ReportData
from actuary.tables.sealing import seal_catalog

# Whole reports through the command: seconds each.
pytestmark = pytest.mark.slow

_FILES = {"report.pdf", "summary.pdf", "report.html", "report.docx", "annex.xlsx", "report_data.json", "manifest.json"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(data_root(), tmp_path / "data"))


def _told(out: Path, *options: str) -> dict[str, str]:
    """Write a report; return what its cover says is missing, which the terminal, manifest and sections say too."""
    done = CliRunner().invoke(app, ["report", "--lang", "en", "--out", str(out), *options])
    assert done.exit_code == 3, done.output
    assert {path.name for path in out.iterdir()} == _FILES
    report = ReportData.from_json((out / "report_data.json").read_text(encoding="utf-8"))
    page = (out / "report.html").read_text(encoding="utf-8")
    lacks = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["run"]["lacks"]
    assert [one["section"] for one in lacks] == [gap.section for gap in report.cover.gaps]
    for gap in report.cover.gaps:
        assert f"{gap.title}: {gap.reason}" in done.output
        assert gap.title in page
        section = report.section(gap.section)
        assert any(isinstance(block, Callout) and block.level == "missing" for block in section.blocks)
    return {gap.section: gap.reason for gap in report.cover.gaps}


def _without_table(data: Path, name: str) -> None:
    (data / f"reference/{name}.csv").unlink()
    catalog = data / "catalog.toml"
    entry = rf"\[table\.{name}\]\n(?:.+\n)*\n?"
    catalog.write_text(re.sub(entry, "", catalog.read_text(encoding="utf-8")), encoding="utf-8")


def test_a_first_report_says_that_there_is_none_before_it(data: Path, tmp_path: Path) -> None:
    table = data / "reference/city_panel_annual.csv"
    head, *rows = csv.reader(table.read_text(encoding="utf-8").splitlines())
    kept = [row for row in rows if int(row[head.index("period")][:4]) >= 2020]
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *kept])
    seal_catalog(data)
    gaps = _told(tmp_path / "out", "--city", "city_panel", "--quarter", "2022Q4", "--data", str(data))
    assert "there is no earlier forecast; the next report will compare" in gaps["reconciliation"]
    assert "forecast" not in gaps


def test_a_gate_that_is_shut_hides_the_forecast(tmp_path: Path) -> None:
    models = Path(shutil.copytree(models_root(), tmp_path / "models"))
    spec = models / "forecast/fund.toml"
    text = spec.read_text(encoding="utf-8")
    spec.write_text(re.sub(r"worst_error = [\d.]+", "worst_error = 0.1", text), encoding="utf-8")
    gaps = _told(tmp_path / "out", "--city", "city_panel", "--quarter", "2022Q4", "--models", str(models))
    assert "failed the checks" in gaps["forecast"]
    assert "reconciliation" in gaps


def test_a_missing_table_is_told_by_what_rests_on_it(data: Path, tmp_path: Path) -> None:
    _without_table(data, "national_cumulative_monthly")
    gaps = _told(tmp_path / "out", "--city", "national", "--quarter", "2024Q4", "--data", str(data))
    assert {"operation", "projection", "long_term"} <= set(gaps)


def test_a_city_without_cases_lacks_them(tmp_path: Path) -> None:
    gaps = _told(tmp_path / "out", "--city", "shenyang", "--quarter", "2024Q4")
    assert "no grouped or settled DRG cases are supplied" in gaps["payment"]


def test_the_nation_lacks_nothing_that_it_can_have(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", "--quarter", "2024Q4", "--lang", "en", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    report = ReportData.from_json((tmp_path / "out/report_data.json").read_text(encoding="utf-8"))
    assert report.cover.gaps == ()
    words = " ".join(getattr(block, "text", "") for block in report.section("warnings").blocks)
    assert "they were left out and are no gap" in words
    assert "Spending ahead of the budget" in words
