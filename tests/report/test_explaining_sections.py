"""Causes, use and price, reconciliation, payment and opinion: what they add up to, and what they say is lacking."""

from __future__ import annotations

import csv
import math
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from actuary.fund import project_fund
from actuary.paths import data_root
from actuary.periods import Quarter
from actuary.report.contracts import Callout, Paragraph, ReportData, ReportTable
from actuary.report.previous import compare_with_previous
from actuary.report.waterfall import Fall, waterfall
from actuary.tables.sealing import seal_catalog

# Whole reports are built, which test_golden.py does among the fast tests once.
pytestmark = pytest.mark.slow


def _words(report: ReportData, section: str) -> str:
    blocks = report.section(section).blocks
    return " ".join(block.text for block in blocks if isinstance(block, (Paragraph, Callout)))


def _amounts(table: ReportTable) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for number in range(len(table.rows)):
        amount = table.cell(number, "amount")
        assert isinstance(amount, float)
        found.setdefault(str(table.cell(number, "flow")), []).append(amount)
    return found


@pytest.mark.parametrize("scheme", ["employee", "resident", "all"])
def test_causes_of_a_change_add_up_to_it(national_zh: ReportData, scheme: str) -> None:
    flows = _amounts(national_zh.table(f"causes_{scheme}"))
    assert set(flows) == {"支出", "收入"}
    for before, *parts, change, after in flows.values():
        assert math.isclose(math.fsum(parts), change, abs_tol=1e-6)
        assert math.isclose(before + change, after, abs_tol=1e-6)


def test_causes_are_those_of_the_published_figures(national_zh: ReportData, national_en: ReportData) -> None:
    # Pool spending of 2024 13,222.71 and of 2023 11,653 (100 m yuan); resident subsidy and premium rose by 50 yuan.
    assert _amounts(national_zh.table("causes_employee"))["支出"][-1] == pytest.approx(13_222.71)
    assert "筹资标准（政策）使其增加520.3亿元" in _words(national_zh, "causes")
    assert "Policy, funding standard: 52.03 bn yuan more" in _words(national_en, "causes")
    assert "不能用来分解统筹基金的支出" in _words(national_zh, "causes")


def test_a_city_without_flows_of_two_years_says_so(shenyang_zh: ReportData) -> None:
    section = shenyang_zh.section("causes")
    assert [block.level for block in section.blocks if isinstance(block, Callout)] == ["missing"]


def test_a_waterfall_ends_at_the_whole_and_has_no_other_text() -> None:
    falls = [Fall("变动", (("数量", 2.0), ("价格", -0.5)))]
    first = waterfall("w", falls, y_label="亿元", alt="两部分")
    assert first == waterfall("w", falls, y_label="亿元", alt="两部分")
    assert "两部分" in first


def test_use_and_price_print_what_was_published(national_zh: ReportData, shenyang_en: ReportData) -> None:
    words = _words(national_zh, "use_and_price")
    # Bulletins: cost per stay of employees 12,175 yuan in 2023 and 11,707 in 2024; admission rate 21.86 % in 2023.
    assert "2024年次均住院费用为11,707元，比上年下降3.8%" in words
    assert "2023年住院率为21.86%" in words
    table = national_zh.table("use_latest")
    dated = {(str(row[0]), str(row[1])): row[2] for row in table.rows}
    assert dated["在职职工住院率", "职工医保"] == 2021
    assert any("没有公布数：" in item for block in national_zh.section("use_and_price").blocks
               if isinstance(block, Callout) for item in block.items)  # fmt: skip
    assert "Employee scheme), 2020: 78%" in _words(shenyang_en, "use_and_price")


@pytest.mark.parametrize("scheme", ["employee", "resident"])
def test_the_reconciliation_closes_to_the_yuan(national_zh: ReportData, scheme: str) -> None:
    table = national_zh.table(f"reconciliation_{scheme}")
    exact = [int(table.cell(number, "amount_exact") or 0) for number in range(len(table.rows))]
    forecast, *steps, difference, came = exact
    assert len(steps) == 4
    assert forecast + sum(steps) == came
    assert sum(steps) == difference == came - forecast


def test_what_was_not_expected_is_the_step_of_its_flow(national_zh: ReportData) -> None:
    steps, flows = national_zh.table("reconciliation_resident"), national_zh.table("unexpected_resident")
    amounts = _amounts(flows)
    for flow, row, sign in (("收入", 2, 1), ("支出", 3, -1)):
        *causes, change_came, expected, unexpected = amounts[flow]
        assert math.isclose(math.fsum(causes), change_came, abs_tol=1e-6)
        assert math.isclose(change_came - expected, unexpected, abs_tol=1e-6)
        step = steps.cell(row, "amount")
        assert isinstance(step, float)
        assert math.isclose(sign * unexpected, step, abs_tol=1e-6)


@pytest.mark.slow
def test_a_forecast_of_the_past_sees_nothing_later(tmp_path: Path) -> None:
    data = Path(shutil.copytree(data_root(), tmp_path / "data"))
    table = data / "reference/city_panel_annual.csv"
    rows = list(csv.reader(table.read_text(encoding="utf-8").splitlines()))
    head = rows[0]
    for row in rows[1:]:
        if row[head.index("period")] == "2022" and row[head.index("indicator")] == "expenditure":
            row[head.index("value")] = repr(1.1 * float(row[head.index("value")]))
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    seal_catalog(data)
    quarter = Quarter(2022, 4)
    seen = []
    for root in (None, data):
        projection = project_fund("city_panel", quarter, scenarios=("base",), data=root)
        evidence = SimpleNamespace(forecast=object(), model="pooled")
        found = compare_with_previous(projection, evidence, data=root)
        assert found is not None
        seen.append(found[-1].schemes["resident"].figures[1])
    assert (seen[0].forecast, seen[0].low, seen[0].high) == (seen[1].forecast, seen[1].low, seen[1].high)
    assert seen[1].came == pytest.approx(1.1 * seen[0].came)


def test_without_a_forecast_there_is_nothing_to_reconcile(shenyang_zh: ReportData) -> None:
    assert "没有上期预计" in _words(shenyang_zh, "reconciliation")
    assert "reconciliation" in {gap.section for gap in shenyang_zh.cover.gaps}


def test_a_city_tells_its_payment_policy_and_that_it_lacks_cases(
    shenyang_zh: ReportData, national_zh: ReportData
) -> None:
    words = _words(shenyang_zh, "payment")
    assert "沈阳市DRG付费（费率法）" in words
    assert "没有提供沈阳市的DRG分组或结算病例" in words
    assert "payment" in {gap.section for gap in shenyang_zh.cover.gaps}
    assert "payment" not in {section.id for section in national_zh.sections}


def test_the_opinion_follows_from_its_grounds(national_zh: ReportData, shenyang_zh: ReportData) -> None:
    opinion = national_zh.table("opinion")
    assert opinion.cell(0, "found") == national_zh.table("confidence").cell(2, "rows_used")
    assert "有保留" in _words(national_zh, "opinion")
    assert "不能支持对未来的结论" in _words(shenyang_zh, "opinion")
    assert "签字" in _words(shenyang_zh, "opinion")
