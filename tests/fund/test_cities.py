"""Cities: what is published is shown, what is not is named, nothing is made up."""

from __future__ import annotations

import numpy as np
import pytest

from actuary.fund import facts_page, project_fund


@pytest.fixture(scope="module")
def shenyang():
    return project_fund("shenyang", "2020Q4")


@pytest.fixture(scope="module")
def panel():
    return project_fund("city_panel", "2022Q4")


def annual(projection, scheme, year, name):
    table = projection.annual(scheme)
    return table[(table["year"] == year) & (table["scenario"] == "base")][name].item()


def test_shenyang_2020_current_balance_is_exact(shenyang):
    # Shenyang medical security plan 2021-25: income 190.6, spending 160.4 (100 m yuan).
    assert annual(shenyang, "all", 2020, "current_balance_yuan") == 3_020_000_000.0


def test_shenyang_2020_dependency_ratio(shenyang):
    assert round(annual(shenyang, "employee", 2020, "dependency_ratio"), 2) == 1.47


def test_shenyang_shows_gaps_and_names_what_is_missing(shenyang):
    assert shenyang.projected_schemes == ()
    assert {one.scheme for one in shenyang.missing} == {"all", "employee", "resident"}
    assert all(one.what_zh and one.what_en and one.needed_for for one in shenyang.missing)
    later = shenyang.paths.sel(quarter="2025Q4")
    assert not np.isfinite(later["income_yuan"]).any()
    assert set(later["status_income"].to_numpy()) == {"gap"}
    assert len(shenyang.milestones) == 0


def test_shenyang_quarters_borrow_the_national_seasons(shenyang):
    quarters = shenyang.paths["income_yuan"].sel(
        scheme="all", scenario="base", quarter=[f"2020Q{n}" for n in (1, 2, 3, 4)]
    )
    assert float(quarters.sum()) == 19_060_000_000.0
    assert set(shenyang.paths["status_income"].sel(scheme="all", quarter="2020Q1").to_numpy().reshape(-1)) == {
        "apportioned"
    }
    assert any("of China, 2022 (later" in note.en and "取自全国2022年" in note.zh for note in shenyang.notes)


def test_anyang_ratio():
    projection = project_fund("anyang", "2022Q4")
    assert round(annual(projection, "employee", 2022, "dependency_ratio"), 2) == 1.56


@pytest.mark.parametrize(
    ("scheme", "year", "months"), [("employee", 2014, 5.2), ("employee", 2022, 16.6), ("resident", 2022, 13.4)]
)
def test_panel_reserves(panel, scheme, year, months):
    assert round(annual(panel, scheme, year, "payable_months"), 1) == months


def test_panel_ratio_stays_between_1_74_and_1_87(panel):
    table = panel.annual("employee")
    ratio = table[(table["phase"] == "history") & (table["scenario"] == "base")]["dependency_ratio"]
    assert (round(ratio.min(), 2), round(ratio.max(), 2)) == (1.74, 1.87)


def test_panel_fund_is_undivided_and_projected(panel):
    assert str(panel.paths["months_basis"].sel(scheme="employee").item()) == "undivided"
    assert panel.projected_schemes == ("all", "employee", "resident")
    assert not np.isfinite(panel.paths["pooled_balance_end_yuan"].sel(scheme="employee")).any()
    for name, residual in panel.residuals().items():
        assert not float(abs(residual).max()) > 0.01, name


def test_panel_rolls_forward_without_adjustment_but_in_two_years(panel):
    # The panel's flows explain its balances to the rounding of 10,000 yuan, save in 2019 and 2020.
    table = panel.annual("employee")
    history = table[(table["phase"] == "history") & (table["scenario"] == "base")].set_index("year")
    moved = {year for year, value in history["adjustment_yuan"].items() if abs(value) > 50_000}
    assert moved == {2019, 2020}


def test_a_region_with_population_figures_only_still_has_a_result():
    projection = project_fund("changsha", "2022Q4")
    assert projection.schemes == ("employee", "resident")
    assert not np.isfinite(projection.paths["enrolled_persons"]).any()
    assert "Not projected" in projection._repr_html_()


def test_the_facts_page_gives_each_figure_its_age():
    page = facts_page("shenyang", "2024Q4")
    income = page[(page["scheme"] == "all") & (page["indicator"] == "income")].iloc[0]
    assert (income["zh"], income["value"], income["age_quarters"]) == ("基金收入", 19_060_000_000.0, 16)
    assert not page.duplicated(["scheme", "indicator", "group", "scope"]).any()
    assert (page["age_quarters"] >= 0).all()
    assert page["zh"].str.len().gt(0).all()


def test_the_facts_page_knows_nothing_later():
    assert (facts_page("shenyang", "2020Q4")["quarter"] <= "2020Q4").all()


def test_a_facts_page_without_figures_is_empty():
    assert facts_page("shenyang", "1999Q4").empty


def test_a_deficit_that_runs_already_says_since_when(panel):
    milestones = panel.milestones.query("scenario == 'base'").set_index("scheme")
    assert milestones["deficit_since"]["resident"] == 2021
    assert milestones["deficit_since"]["employee"] is None


def test_conflicts_show_how_both_are_known_and_which_are_recent():
    found = project_fund("national", "2022Q2", scenarios=("base",)).conflicts
    assert {"confidence", "other_confidence", "recent"} <= set(found.columns)
    assert set(found.loc[found["recent"], "period"].str[:4]) <= {"2020", "2021", "2022"}
    assert not found.loc[found["period"] == "2011", "recent"].any()
