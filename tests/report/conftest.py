"""Reports that several tests look at, built once."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from actuary.report import build_report_data
from actuary.report.contracts import (
    Bullets,
    Callout,
    Column,
    Cover,
    Heading,
    Mark,
    NumberRef,
    Paragraph,
    ReportData,
    ReportFigure,
    ReportTable,
    Section,
)
from actuary.report.figures import Series, lines
from actuary.report.wording import load_wording

# Under its own name, so that every module of these tests reads the formats with the same functions.
_SPEC = importlib.util.spec_from_file_location("report_formats", Path(__file__).parent / "report_formats.py")
assert _SPEC is not None
assert _SPEC.loader is not None
_READERS = importlib.util.module_from_spec(_SPEC)
sys.modules["report_formats"] = _READERS
_SPEC.loader.exec_module(_READERS)


@pytest.fixture(scope="session")
def national_zh() -> ReportData:
    return build_report_data("national", "2024Q4", lang="zh")


@pytest.fixture(scope="session")
def national_en() -> ReportData:
    return build_report_data("national", "2024Q4", lang="en")


@pytest.fixture(scope="session")
def shenyang_zh() -> ReportData:
    return build_report_data("shenyang", "2024Q4", lang="zh")


@pytest.fixture(scope="session")
def shenyang_en() -> ReportData:
    return build_report_data("shenyang", "2024Q4", lang="en")


@pytest.fixture(params=["national_zh", "national_en", "shenyang_zh", "shenyang_en"])
def report(request: pytest.FixtureRequest) -> ReportData:
    found: ReportData = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session", params=["national_zh", "national_en", "shenyang_zh", "shenyang_en"])
def formats(request: pytest.FixtureRequest):
    """Return a report in every format, rendered once for all tests."""
    return _READERS.Formats(request.getfixturevalue(request.param))


@pytest.fixture(scope="session")
def made_up() -> ReportData:
    """Return a small report of every kind of part; its figures are made up and it says so."""
    wording = load_wording("zh")
    columns = (
        Column("name", "名称"),
        Column("income", "基金收入", "亿元", "number", 1),
        Column("change", "同比", "%", "growth", 1),
        Column("level", "等级", "", "level"),
    )
    table = ReportTable(
        "made_up",
        "表1",
        "基金/收支：[演示]*?",
        columns,
        (("=1+1", 1234.5678, -3.25, "red"), ("@甲", None, 0.05, "normal"), ("-乙", 0.0, 12.0, "not_assessable")),
        notes=("a 由公布数推算。",),
        source="演示",
        synthetic=True,
        marks=(Mark(0, "income", "a"),),
        row_styles=("", "projection", "total"),
    )
    svg = lines(
        "made_up_figure",
        [Series("历史", "history", ((2020.0, 1.0), (2021.0, 2.0)))],
        y_label="金额（亿元）",
        x_label="年末",
        alt="折线图 <演示>",
    )
    blocks = (
        Paragraph("收入1,234.6亿元。", (NumberRef("1,234.6", "made_up", 0, "income"),), "职工医保：", "red"),
        Bullets((Paragraph("一点 <b> & 二点。"),)),
        Heading("（一）", "小节"),
        Callout("missing", "缺少输入数据", "须提供：", ("甲", "乙")),
        table,
        ReportFigure("made_up_figure", "图1", "走势", "折线图 <演示>", svg, "数据同表1。"),
    )
    cover = Cover(
        "演示报告（2024年第4季度）",
        "精算报告",
        "made_up",
        "演示地区",
        "2024Q4",
        "2024Q4",
        "base",
        ("base",),
        "2035Q4",
        "f" * 64,
        "d" * 64,
        True,
        (("统筹地区", "演示地区"),),
        "演示报告",
        "2024年第4季度",
    )
    annex = ReportTable("annex_table", "附表1", "附表", (Column("year", "年份", "", "year"),), ((2024,),))
    meta = {"labels": wording.group("labels"), "levels": wording.group("levels")}
    return ReportData("zh", cover, (Section("only", "一、", "唯一一节", blocks),), (annex,), meta)
