"""What a director must not be misled by: old, apportioned, recalled, local and incomparable figures are told apart."""

from __future__ import annotations

import pytest

from actuary.policy import load_policy_book
from actuary.report import build_report_data
from actuary.report.contracts import Callout, ReportData

# Whole reports, kernels of notebooks and cities as their users make them: seconds each.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def half_year() -> ReportData:
    return build_report_data("national", "2022Q2", lang="zh")


@pytest.fixture(scope="module")
def panel() -> ReportData:
    return build_report_data("city_panel", "2022Q4", lang="zh")


@pytest.mark.parametrize("scheme", ["employee", "resident"])
def test_quarters_are_the_last_eight_up_to_the_report_quarter(half_year: ReportData, scheme: str) -> None:
    quarters = [row[0] for row in half_year.table(f"{scheme}_by_quarter").rows]
    assert quarters == ["2020Q3", "2020Q4", "2021Q1", "2021Q2", "2021Q3", "2021Q4", "2022Q1", "2022Q2"]


@pytest.mark.parametrize("scheme", ["employee", "resident"])
def test_no_growth_is_printed_of_an_apportioned_quarter(national_zh: ReportData, scheme: str) -> None:
    table = national_zh.table(f"{scheme}_by_quarter")
    growth = next(column.key for column in table.columns if column.key.endswith("_growth"))
    spending = growth.removesuffix("_growth")
    apportioned = {mark.row for mark in table.marks if mark.mark == "b" and mark.key == spending}
    assert apportioned
    assert all(table.cell(row, growth) is None for row in apportioned)
    assert all(table.cell(row + 4, growth) is None for row in apportioned if row < 4)


@pytest.mark.parametrize("scheme", ["employee", "resident", "all"])
def test_no_growth_is_printed_across_a_break_of_coverage(national_zh: ReportData, scheme: str) -> None:
    table = national_zh.table(f"{scheme}_by_year")
    row = [cells[0] for cells in table.rows].index(2019)
    assert table.cell(row, "income_growth") is None
    assert table.cell(row + 1, "income_growth") is not None
    assert any(mark.row == row and mark.mark == "g" for mark in table.marks)
    assert any("2019年起" in note for note in table.notes)


def test_the_pool_rolls_forward_in_print(national_zh: ReportData) -> None:
    table = national_zh.table("employee_pool_by_year")
    parts = [table.cell(-1, f"pooled_{key}") for key in ("income", "expenditure", "adjustment", "balance_end")]
    before = table.cell(-2, "pooled_balance_end")
    income, spending, adjustment, after = (float(part) for part in parts if part is not None)
    assert float(before or 0) + income - spending + adjustment == pytest.approx(after, abs=0.05)


def test_what_rests_on_a_recalled_figure_is_marked(national_zh: ReportData) -> None:
    table = national_zh.table("payable_months")
    row = [cells[0] for cells in table.rows].index(2023)
    assert {mark.mark for mark in table.marks if mark.row == row and mark.key == "employee_months"} == {"d"}


def test_statistics_are_not_listed_as_rules(shenyang_zh: ReportData) -> None:
    book = load_policy_book("shenyang")
    statistics = {p.name for p in map(book.parameter, book.keys()) if p.kind != "rule"}
    for name in ("rules_in_force", "rule_changes"):
        if name in {table.id for table in shenyang_zh.tables()}:
            listed = {
                row[table.columns.index(table.column("rule"))]
                for table in [shenyang_zh.table(name)]
                for row in table.rows
            }
            assert not listed & statistics


def test_a_city_tells_its_own_rules_from_the_national_ones(shenyang_zh: ReportData) -> None:
    table = shenyang_zh.table("rules_in_force")
    assert {table.cell(row, "scope") for row in range(len(table.rows))} == {"本地", "全国参照"}


def test_missing_inputs_are_listed_once_and_name_no_file(shenyang_zh: ReportData) -> None:
    callouts = [b for section in shenyang_zh.sections for b in section.blocks if isinstance(b, Callout)]
    assert sum(len(callout.items) > 3 for callout in callouts if callout.level == "missing") == 3
    assert ".toml" not in shenyang_zh.to_json()


def test_an_undivided_fund_is_not_held_against_the_pool(panel: ReportData) -> None:
    assert {row[0] for row in panel.table("official_bands").rows} == {"居民医保"}
    note = panel.table("payable_months").notes[0]
    assert "未分列" in note


def test_a_deficit_of_history_is_not_called_a_projected_one(panel: ReportData) -> None:
    table = panel.table("milestones")
    told = {
        str(table.cell(row, "first_deficit_year")) for row, cells in enumerate(table.rows) if cells[0] == "居民医保"
    }
    assert told == {"2021年起"}


def test_the_annex_holds_the_quarters_of_every_scenario(national_zh: ReportData) -> None:
    for scenario in ("base", "adverse", "favourable"):
        table = national_zh.table(f"quarters_resident_{scenario}")
        assert table.cell(-1, "quarter") == "2035Q4"
        assert not any(column.key.startswith("personal") for column in table.columns)


def test_superseded_values_stand_in_the_annex_with_their_address(national_zh: ReportData) -> None:
    table = national_zh.table("all_facts")
    used = [table.cell(row, "used") for row in range(len(table.rows))]
    assert {"是", "否"} == set(used)
    assert any(str(table.cell(row, "url")).startswith("http") for row in range(len(table.rows)))


def test_a_scheme_of_which_rules_cannot_be_assessed_is_never_normal(half_year: ReportData) -> None:
    counts = half_year.table("warning_counts")
    row = [str(cells[0]).startswith("职工") for cells in counts.rows].index(True)
    assert counts.cell(row, "count_normal")
    assert counts.cell(row, "count_not_assessable")
    assert not any(counts.cell(row, f"count_{level}") for level in ("red", "orange", "yellow", "blue"))
    assert counts.cell(row, "overall_level") == "not_assessable"
    assert half_year.table("summary").cell(0, "level") == "not_assessable"
