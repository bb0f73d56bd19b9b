"""Ageing, births, the long term and stress: their figures are those of the people-driven model, in every format."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

from actuary.errors import PeriodError
from actuary.fund.model.sensitivity import load_ranges
from actuary.periods import Quarter
from actuary.policy import load_report_plan
from actuary.report import build_report_data
from actuary.report.build import check_period
from actuary.report.contracts import Callout, ReportData, ReportTable
from actuary.report.people import PeoplePart, drawn_assumptions, look_at_people
from actuary.report.sections import PEOPLE_SECTIONS

_FORMATS = ("pdf", "html", "docx")


@pytest.fixture(scope="module")
def part() -> PeoplePart:
    pages = load_report_plan().people
    assert pages is not None
    return look_at_people("national", Quarter(2024, 4), pages)


def _column(table: ReportTable, key: str) -> dict[object, float]:
    return {
        table.cell(row, "year"): value
        for row in range(len(table.rows))
        if isinstance(value := table.cell(row, key), float)
    }


def test_every_section_of_the_model_stands_in_the_report(national_zh: ReportData, national_en: ReportData) -> None:
    for report in (national_zh, national_en):
        assert set(PEOPLE_SECTIONS) <= {section.id for section in report.sections}
        for name in PEOPLE_SECTIONS:
            blocks = report.section(name).blocks
            assert any(isinstance(block, ReportTable) for block in blocks)
            assert not any(isinstance(block, Callout) and block.level == "missing" for block in blocks)


def test_people_and_ratio_are_those_of_the_model(national_zh: ReportData, part: PeoplePart) -> None:
    assert part.run is not None
    people = national_zh.table("ageing_people")
    held = part.run.members["base"].population.population
    for year, value in _column(people, "people_all").items():
        assert value * 1e4 == pytest.approx(float(held.sel(year=year).sum()))
    groups = [column.key for column in people.columns if column.key.startswith("age_")]
    for row in range(len(people.rows)):
        parts = [people.cell(row, key) for key in groups]
        assert math.fsum(part for part in parts if isinstance(part, float)) == pytest.approx(
            people.cell(row, "people_all")
        )
        low, share, high = (people.cell(row, f"elderly_{end}") for end in ("low", "share", "high"))
        if row:
            assert isinstance(low, float)
            assert isinstance(share, float)
            assert isinstance(high, float)
            assert low < share < high
    annual = part.run.annual("employee").set_index(["scenario", "year"])["dependency_ratio"]
    for name in ("base", "no_delayed_retirement"):
        for year, value in _column(national_zh.table("ageing_ratio"), f"ratio_{name}").items():
            if year != part.base_year:
                assert value == pytest.approx(annual[name, year])


def test_causes_of_spending_add_up_to_its_growth(national_zh: ReportData, part: PeoplePart) -> None:
    assert part.run is not None
    table = national_zh.table("ageing_growth")
    causes = [column.key for column in table.columns if column.key.startswith("cause_")][:-1]
    assert "cause_ageing" in causes
    for row in range(len(table.rows)):
        parts = [value for key in causes if isinstance(value := table.cell(row, key), float)]
        assert math.fsum(parts) == pytest.approx(table.cell(row, "cause_growth"), abs=1e-3)
    spent = part.run.annual("employee").set_index(["scenario", "year"])["pooled_expenditure_yuan"]
    whole = math.fsum(
        value
        for row in range(len(table.rows))
        if table.cell(row, "scheme") == "职工医保" and isinstance(value := table.cell(row, "cause_growth"), float)
    )
    levels = part.run.projection.inputs.calibration
    base = float((levels.base_weighted * levels.unit_cost).sel(scheme="employee").sum())
    assert spent["base", 2050] - base == pytest.approx(whole * 1e8, rel=1e-6)


def test_the_long_term_is_that_of_the_model(national_zh: ReportData, part: PeoplePart) -> None:
    assert part.run is not None
    for scheme in part.schemes:
        annual = part.run.annual(scheme).set_index(["scenario", "year"])
        table = national_zh.table(f"long_term_{scheme}")
        for key, name, unit in (
            ("expenditure", "pooled_expenditure_yuan", 1e8),
            ("balance_end", "pooled_balance_end_yuan", 1e8),
            ("payable_months", "payable_months", 1.0),
        ):
            for year, value in _column(table, key).items():
                assert value * unit == pytest.approx(annual.loc[("base", year), name])
        for row in range(len(table.rows)):
            income, spending, balance = (table.cell(row, k) for k in ("income", "expenditure", "current_balance"))
            assert isinstance(income, float)
            assert isinstance(spending, float)
            assert income - spending == pytest.approx(balance)


def test_probabilities_are_those_of_the_draws(national_zh: ReportData, part: PeoplePart) -> None:
    assert part.mixed is not None
    chances = part.mixed.probabilities((6.0,)).set_index(["scheme", "year"])
    for scheme in part.schemes:
        table = national_zh.table(f"mixed_{scheme}")
        for year, value in _column(table, "exhausted").items():
            assert value / 100 == pytest.approx(chances.loc[(scheme, year), "exhausted_by_now"])
        for row in range(len(table.rows)):
            low, median, high = (table.cell(row, key) for key in ("low", "median", "high"))
            assert isinstance(low, float)
            assert isinstance(median, float)
            assert isinstance(high, float)
            assert low <= median <= high
        # What may have happened by a year cannot have un-happened later.
        out = list(_column(table, "exhausted").values())
        assert out == sorted(out)


def test_drawn_assumptions_keep_their_range_with_the_declared_probability(part: PeoplePart) -> None:
    assert part.run is not None
    ranges = [one for one in load_ranges("national") if one.key == "employee.use_growth"]
    found = drawn_assumptions(part.run, ranges, 4000, seed=3, share=0.8)["employee.use_growth"].sel(year=2035)
    base = float(part.model.assumptions.value("employee.use_growth", dt.date(2035, 1, 1)))
    inside = (found >= base + ranges[0].low - 1e-12) & (found <= base + ranges[0].high + 1e-12)
    assert float(inside.mean()) == pytest.approx(0.8, abs=0.03)
    again = drawn_assumptions(part.run, ranges, 100, seed=3, share=0.8)["employee.use_growth"].sel(year=2035)
    assert np.array_equal(again, found[:100])


def test_who_pays_for_births_adds_up(national_zh: ReportData) -> None:
    table, costs = national_zh.table("birth_payers"), national_zh.table("birth_policies")
    policies = [column for column in table.columns if column.key.startswith("paid_")]
    last = len(table.rows) - 1
    for column in policies:
        parts = [value for row in range(last) if isinstance(value := table.cell(row, column.key), float)]
        whole = table.cell(last, column.key)
        assert math.fsum(parts) == pytest.approx(whole, abs=1e-6)
        ten = [
            costs.cell(row, "cost_10")
            for row in range(len(costs.rows))
            if str(costs.cell(row, "policy_of_births")).startswith(column.label)
            and costs.cell(row, "payer") == "基金与财政合计"
        ]
        assert ten == [pytest.approx(whole)]


def test_a_region_without_people_says_what_it_lacks(shenyang_zh: ReportData, shenyang_en: ReportData) -> None:
    for report in (shenyang_zh, shenyang_en):
        gaps = {gap.section for gap in report.cover.gaps}
        assert set(PEOPLE_SECTIONS) <= gaps
        for name in PEOPLE_SECTIONS:
            assert not any(isinstance(block, ReportTable) for block in report.section(name).blocks)
    listed = [item for block in shenyang_zh.section("long_term").blocks if isinstance(block, Callout)
              for item in block.items]  # fmt: skip
    assert any("人口" in item for item in listed)
    assert any("精算假设" in item for item in listed)


def test_the_model_is_not_used_before_its_base_year() -> None:
    pages = load_report_plan().people
    assert pages is not None
    part = look_at_people("national", Quarter(2022, 4), pages)
    assert part.late == 2024
    assert part.run is None


def test_the_quarterly_report_tells_in_short_what_the_annual_one_tells_in_full(national_zh: ReportData) -> None:
    quarterly, annual = load_report_plan("quarterly"), load_report_plan("annual")
    assert (quarterly.kind, annual.kind, annual.brief) == ("quarterly", "annual", ())
    assert [section.id for section in annual.sections] == [section.id for section in quarterly.sections]
    annex = {table.id for table in national_zh.annex}
    assert {"rules_in_force", "sources", "assumptions", "calibration"} <= annex
    kinds = dict(national_zh.cover.lines)
    assert kinds["报告类型"].startswith("季度报告")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_annual_report_ends_with_a_year(number: int) -> None:
    with pytest.raises(PeriodError, match="ask for 2023Q4, or for a quarterly report"):
        check_period(Quarter(2024, number), load_report_plan("annual"))


@pytest.mark.slow
def test_the_annual_report_has_every_part_in_full() -> None:
    report = build_report_data("national", "2024Q4", lang="zh", plan="annual")
    body = {block.id for section in report.sections for block in section.blocks if isinstance(block, ReportTable)}
    assert {
        "rules_in_force",
        "sources",
        "conflicts",
        "assumptions",
        "people_assumptions",
        "people_back_test",
        "valuation",
        "scenario_list",
    } <= body
    assert report.cover.title == "全国医疗保障基金年度精算报告（2024年第四季度）"
    assert dict(report.cover.lines)["报告类型"].startswith("年度报告")
    table = report.table("sensitivity_employee")
    assert {"set_by", "reason"} <= {column.key for column in table.columns}
    assert len(table.rows) > 8
    assert any(column.key == "alone_low" for column in report.table("mixed_employee").columns)
    # The last long valuation needs an income rate below the cost rate to show what is lacking.
    assert {report.table("valuation").cell(row, "valuation_years") for row in range(4)} == {30.0, 75.0}


@pytest.mark.slow
@pytest.mark.parametrize("name", _FORMATS)
def test_key_figures_of_the_model_stand_in_every_format(formats: object, name: str) -> None:
    report = formats.report  # type: ignore[attr-defined]
    text = formats.text(name)  # type: ignore[attr-defined]
    for section in PEOPLE_SECTIONS:
        assert report.section(section).title in text
    if report.cover.region != "national":
        return
    ratio = report.table("ageing_ratio").cell(-1, "ratio_base")
    assert isinstance(ratio, float)
    assert f"{ratio:.2f}" in text
    out = report.table("mixed_employee").cell(-1, "exhausted")
    assert isinstance(out, float)
    assert f"{out:.1f}" in text
