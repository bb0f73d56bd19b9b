from __future__ import annotations

import math

import pytest

from actuary.fund import project_fund
from actuary.indicators import INDICATORS, compute_indicators
from actuary.indicators.definition import DIRECTIONS, FAMILIES, FREQUENCIES
from actuary.units import get_unit

COLUMNS = [
    "region",
    "scheme",
    "indicator",
    "zh",
    "en",
    "value",
    "unit",
    "period",
    "status",
    "formula",
    "source",
    "direction",
    "recalled",
    "difference",
    "reason_zh",
    "reason_en",
    "family",
    "frequency",
    "provisional_value",
    "revision",
]


@pytest.fixture(scope="module")
def national():
    return compute_indicators(project_fund("national", "2024Q4"))


@pytest.fixture(scope="module")
def shenyang():
    return compute_indicators(project_fund("shenyang", "2024Q4"))


def row(table, scheme, indicator):
    (found,) = table[(table["scheme"] == scheme) & (table["indicator"] == indicator)].to_dict("records")
    return found


def test_every_indicator_is_described():
    for name, indicator in INDICATORS.items():
        assert name == indicator.name
        assert get_unit(indicator.unit)
        assert indicator.zh
        assert indicator.en
        assert indicator.formula
        assert indicator.source
        assert indicator.direction in DIRECTIONS
        assert indicator.family in FAMILIES
        assert indicator.frequency in FREQUENCIES
        assert indicator.function or indicator.of_facts or indicator.of_cases or indicator.family == "plan"


@pytest.mark.parametrize(
    ("scheme", "indicator", "published", "digits", "origin"),
    [
        ("employee", "payable_months", 27.6, 1, "bulletin 2024"),
        ("resident", "payable_months", 9.2, 1, "bulletin 2024"),
        ("employee", "dependency_ratio", 2.63, 2, "bulletin 2024"),
        ("employee", "income_growth", 0.046, 3, "bulletin 2024: pool income +4.6 %"),
        ("employee", "expenditure_growth", 0.135, 3, "bulletin 2024: pool spending +13.5 %"),
        ("employee", "current_balance_yuan", 411_974_000_000.0, 0, "17,342.45 - 13,222.71; printed 4,119.75"),
    ],
)
def test_published_values_of_2024(national, scheme, indicator, published, digits, origin):
    assert round(row(national, scheme, indicator)["value"], digits) == published, origin


def test_the_table_has_its_columns_and_one_row_each(national):
    assert list(national.columns) == COLUMNS
    assert not national.duplicated(["scheme", "indicator"]).any()
    of_employees = {
        name
        for name, one in INDICATORS.items()
        if one.in_nation and "employee" in one.schemes and (one.function or one.of_facts)
    }
    assert set(national[national["scheme"] == "employee"]["indicator"]) == of_employees
    assert {name for name, one in INDICATORS.items() if not one.in_nation} == {
        "dependency_ratio_national",
        "dependency_ratio_gap_national",
        "dependency_ratio_province",
        "dependency_ratio_gap_province",
    }


def test_an_old_figure_keeps_its_period(shenyang):
    found = row(shenyang, "employee", "dependency_ratio")
    assert (round(found["value"], 2), found["period"]) == (1.47, "2020Q4")
    assert row(shenyang, "all", "current_balance_yuan")["value"] == 3_020_000_000.0


def test_what_is_unknown_says_why(shenyang):
    found = row(shenyang, "employee", "payable_months")
    assert math.isnan(found["value"])
    assert found["status"] == "gap"
    assert found["reason_zh"]
    assert "not published" in found["reason_en"]
    assert "for want of" in row(shenyang, "resident", "years_to_exhaustion")["reason_en"]


def test_years_agree_with_the_milestones():
    projection = project_fund("city_panel", "2022Q4")
    table = compute_indicators(projection)
    milestones = projection.milestones[projection.milestones["scenario"] == "base"].set_index("scheme")
    exhausted = row(table, "resident", "years_to_exhaustion")
    assert exhausted["period"] == milestones.loc["resident", "exhaustion_quarter"]
    deficit = row(table, "employee", "years_to_current_deficit")
    assert deficit["period"] == f"{milestones.loc['employee', 'first_deficit_year']}Q4"
    already = row(table, "resident", "years_to_current_deficit")
    assert (already["value"], already["status"]) == (0.0, "derived")


def test_an_event_beyond_the_horizon_is_told_from_one_unknown(national):
    found = row(national, "employee", "years_to_exhaustion")
    assert math.isnan(found["value"])
    assert (found["status"], found["period"]) == ("beyond_horizon", "2035Q4")


def test_without_the_base_scenario_years_are_unknown():
    table = compute_indicators(project_fund("national", "2024Q4", scenarios=("adverse",)))
    found = row(table, "employee", "years_to_exhaustion")
    assert (found["status"], found["reason_en"]) == ("gap", "the base scenario was not projected")


def test_within_a_year_the_last_four_quarters_count():
    table = compute_indicators(project_fund("national", "2024Q2", scenarios=("base",)))
    found = row(table, "resident", "current_balance_yuan")
    # Assumptions begin later, and no quarter of 2024 is published: the year before is the last that is known.
    assert (found["period"], found["status"]) == ("2023", "derived")
    table = compute_indicators(project_fund("national", "2022Q2", scenarios=("base",)))
    read = {scheme: row(table, scheme, "current_balance_yuan") for scheme in ("all", "employee", "resident")}
    assert {(one["period"], one["status"]) for one in read.values()} == {("2021Q3-2022Q2", "apportioned")}
    assert row(table, "employee", "income_growth")["period"] == row(table, "resident", "income_growth")["period"]


def test_every_scheme_is_read_over_the_same_four_quarters():
    # The pool of employees is not published within 2023, the residents' fund is: both are read over 2022.
    for quarter in ("2022Q3", "2023Q1", "2023Q2", "2023Q3", "2024Q1", "2024Q3"):
        table = compute_indicators(project_fund("national", quarter, scenarios=("base",)))
        for name in ("current_balance_yuan", "surplus_rate", "income_growth", "growth_gap"):
            read = [row(table, scheme, name) for scheme in ("employee", "resident")]
            periods = {one["period"] for one in read if one["status"] != "gap"}
            assert len(periods) <= 1, (quarter, name, periods)


def test_what_rests_on_a_recalled_figure_says_so(national):
    assert row(national, "employee", "growth_gap")["recalled"]
    assert not row(national, "employee", "payable_months")["recalled"]
    assert not row(national, "resident", "growth_gap")["recalled"]
    assert row(national, "resident", "growth_gap")["difference"]


@pytest.mark.parametrize(
    ("region", "quarter", "own", "national", "period"),
    [
        ("shenyang", "2020Q4", 1.47, 2.82, "2020Q4"),
        # The city's figure is of 2020, whatever the quarter of the report: it is held against the nation of 2020.
        ("shenyang", "2024Q4", 1.47, 2.82, "2020Q4"),
        ("anyang", "2022Q4", 1.56, 2.76, "2022Q4"),
        ("city_panel", "2022Q4", 1.85, 2.76, "2022Q4"),
        ("city_panel", "2021Q2", 1.84, 2.82, "2020Q4"),
    ],
)
def test_a_city_is_held_against_the_nation_of_its_own_date(region, quarter, own, national, period):
    table = compute_indicators(project_fund(region, quarter, scenarios=("base",)))
    mine = row(table, "employee", "dependency_ratio")["value"]
    nation = row(table, "employee", "dependency_ratio_national")
    assert (round(mine, 2), round(nation["value"], 2), nation["period"]) == (own, national, period)
    gap = row(table, "employee", "dependency_ratio_gap_national")
    assert gap["value"] == mine - nation["value"]
    assert gap["period"] <= quarter


def test_without_a_ratio_of_its_own_a_city_has_no_gap_to_the_nation():
    table = compute_indicators(project_fund("changsha", "2022Q4", scenarios=("base",)))
    assert row(table, "employee", "dependency_ratio_gap_national")["status"] == "gap"


def test_assumptions_that_begin_too_late_are_the_reason():
    found = row(compute_indicators(project_fund("national", "2022Q4")), "employee", "years_to_exhaustion")
    assert found["reason_zh"] == "未推演；测算假设自2025-01-01起，早于该日的季度无法推演"
    assert found["reason_en"] == (
        "not projected; assumptions begin on 2025-01-01; quarters before that day cannot be projected"
    )


def test_a_fund_that_has_run_out_pays_for_no_month():
    projection = project_fund("city_panel", "2022Q4", scenarios=("base",))
    resident = projection.paths.sel(scheme="resident", scenario="base")
    spent = (resident["balance_end_yuan"] < 0).to_numpy()
    assert spent.any()
    assert set(resident["payable_months"].to_numpy()[spent]) == {0.0}
    milestones = projection.milestones.set_index("scheme").loc["resident"]
    assert (milestones["minimum_months"], milestones["horizon_months"]) == (0.0, 0.0)
    assert milestones["minimum_months_quarter"] == milestones["exhaustion_quarter"]
