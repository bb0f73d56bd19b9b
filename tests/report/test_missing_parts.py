"""What is missing does not stop a report: it comes, and says on its cover and in place what is missing and why."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from actuary.paths import data_root, models_root
from actuary.report import build_report_data
from actuary.report.contracts import Callout, ReportData
from actuary.tables.sealing import seal_catalog

# Whole reports on changed data: seconds each.
pytestmark = pytest.mark.slow


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(data_root(), tmp_path / "data"))


def _gaps(report: ReportData) -> dict[str, str]:
    return {gap.section: gap.reason for gap in report.cover.gaps}


def _said_in_place(report: ReportData) -> None:
    """Every gap on the cover is told in its section, and what a section of the region tells is on the cover."""
    for gap in report.cover.gaps:
        section = report.section(gap.section)
        assert gap.title == section.title
        told = [block for block in section.blocks if isinstance(block, Callout) and block.level == "missing"]
        assert told
        assert all(block.text in gap.reason or block.title in gap.reason for block in told)


def test_a_whole_report_lacks_nothing(national_zh: ReportData, national_en: ReportData) -> None:
    # The pages on cities say what those cities lack; the report on the nation does not lack it.
    for report in (national_zh, national_en):
        told = [
            section.id
            for section in report.sections
            for block in section.blocks
            if isinstance(block, Callout) and block.level == "missing" and section.id != "city_pages"
        ]
        assert [gap.section for gap in report.cover.gaps] == told


def test_a_city_with_few_figures_names_every_part_that_is_missing(
    shenyang_zh: ReportData, shenyang_en: ReportData
) -> None:
    for report in (shenyang_zh, shenyang_en):
        assert {"key_findings", "operation", "balance", "projection", "forecast", "warnings"} <= set(_gaps(report))
        _said_in_place(report)
    assert "没有公布的累计结余" in _gaps(shenyang_zh)["balance"]
    for report, stop in ((shenyang_zh, "。"), (shenyang_en, ".")):
        assert all(reason.endswith(stop) for reason in _gaps(report).values()), _gaps(report)
    assert "No reserve is published" in _gaps(shenyang_en)["balance"]


def test_a_table_that_is_missing_is_named(data: Path) -> None:
    (data / "reference/national_cumulative_monthly.csv").unlink()
    catalog = data / "catalog.toml"
    entry = r"\[table\.national_cumulative_monthly\]\n(?:.+\n)*\n?"
    catalog.write_text(re.sub(entry, "", catalog.read_text(encoding="utf-8")), encoding="utf-8")
    report = build_report_data("national", "2024Q4", data=data)
    gaps = _gaps(report)
    assert "没有可用于分季的数据" in gaps["operation"]
    assert "不作测算" in gaps["projection"]
    _said_in_place(report)


def test_a_scheme_without_figures_is_named(data: Path) -> None:
    for name in ("national_annual", "national_cumulative_monthly"):
        table = data / f"reference/{name}.csv"
        head, *rows = table.read_text(encoding="utf-8").splitlines(keepends=True)
        table.write_text(head + "".join(row for row in rows if ",resident," not in row), encoding="utf-8")
    seal_catalog(data)
    report = build_report_data("national", "2024Q4", data=data)
    assert "居民医保没有公布的累计结余" in _gaps(report)["balance"]
    assert report.table("summary").rows[0][0] == "职工医保"
    _said_in_place(report)


def test_a_forecast_that_failed_its_gate_is_named(tmp_path: Path) -> None:
    models = Path(shutil.copytree(models_root(), tmp_path / "models"))
    spec = models / "forecast/fund.toml"
    text = spec.read_text(encoding="utf-8")
    assert "worst_error = " in text
    spec.write_text(re.sub(r"worst_error = [\d.]+", "worst_error = 0.1", text), encoding="utf-8")
    report = build_report_data("national", "2024Q4", models=models)
    assert "预测未通过前置检验" in _gaps(report)["forecast"]
    assert not any(figure.id.startswith("forecast_") for figure in report.figures())
    _said_in_place(report)
