"""Causes, use and price, reconciliation, payment and opinion: what they add up to, and what they say is lacking."""

from __future__ import annotations

import math

import pytest

from actuary.report.contracts import Callout, Paragraph, ReportData, ReportTable
from actuary.report.waterfall import Fall, waterfall


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
