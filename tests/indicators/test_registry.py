from __future__ import annotations

import math

import pandas as pd
import pytest

from actuary.errors import PeriodError, UnknownNameError
from actuary.fund import project_fund
from actuary.fund.fact_book import load_fact_book
from actuary.indicators import (
    INDICATORS,
    compute_indicators,
    get_indicator,
    indicator_history,
    plan_targets,
    registry_table,
    trace_indicator,
)
from actuary.indicators.at_quarter import indicators_at, place_at
from actuary.periods import Quarter
from actuary.workflow import indicators_of_city, targets_of_city, trace_city


def value_of(frame, name, scheme):
    (found,) = frame[(frame["indicator"] == name) & (frame["scheme"] == scheme)].to_dict("records")
    return found


@pytest.mark.parametrize(
    ("region", "quarter", "scheme", "name", "printed", "digits"),
    [
        ("urumqi", "2013Q4", "employee", "payable_months", 17.2, 1),
        ("anyang", "2019Q4", "all", "settlement_rate", 0.92, 3),
        ("anyang", "2021Q4", "all", "settlement_rate", 1.004, 3),
        ("anyang", "2021Q4", "all", "settlement_rate_change", 0.084, 3),
        ("anyang", "2018Q4", "all", "inpatient_cost_per_stay_yuan", 11080, 0),
        ("anyang", "2021Q4", "all", "inpatient_cost_per_stay_yuan", 10468, 0),
        ("anyang", "2022Q4", "employee", "dependency_ratio_province", 2.4, 2),
        ("shenyang", "2020Q4", "all", "inpatient_visits_growth", -0.23, 3),
        ("shenyang", "2020Q4", "all", "light_case_visits_growth", -0.33, 3),
        ("shenyang", "2020Q4", "all", "admission_rate", 0.18, 3),
        ("shenyang", "2020Q4", "employee", "inpatient_eligible_reimbursement_rate", 0.798, 4),
        ("shenyang", "2020Q4", "resident", "inpatient_eligible_reimbursement_rate", 0.684, 4),
        ("national", "2021Q4", "employee", "admission_ratio_retired_active", 3.99, 2),
        ("national", "2021Q4", "employee", "inpatient_cost_per_stay_tertiary_yuan", 15588, 0),
        ("national", "2021Q4", "employee", "length_of_stay_days", 10, 1),
        ("huoshan", "2025Q1", "resident", "spending_progress", 0.2471, 4),
        ("huoshan", "2025Q1", "resident", "budget_progress_gap", -0.0029, 4),
        ("huoshan", "2025Q1", "resident", "out_of_area_share", 0.3012, 4),
        ("ningxia_prefecture", "2023Q4", "resident", "subsidy_to_premium_ratio", 1.84, 2),
    ],
)
def test_published_facts_come_out(region, quarter, scheme, name, printed, digits):
    found = value_of(indicators_at(region, Quarter.parse(quarter)), name, scheme)
    assert round(found["value"], digits) == printed


def test_shenyang_lies_below_the_nation():
    found = value_of(indicators_at("shenyang", Quarter(2020, 4)), "dependency_ratio_gap_national", "employee")
    assert found["value"] < 0
    nation = value_of(indicators_at("national", Quarter(2024, 4)), "dependency_ratio", "employee")
    own = value_of(indicators_at("shenyang", Quarter(2020, 4)), "dependency_ratio", "employee")
    assert (round(own["value"], 2), round(nation["value"], 2)) == (1.47, 2.63)


@pytest.mark.parametrize(
    ("region", "quarter"),
    [
        ("national", "2024Q4"),
        ("national", "2022Q3"),
        ("city_panel", "2022Q4"),
        ("anyang", "2020Q4"),
        ("baoshan", "2021Q4"),
    ],
)
def test_every_value_is_traced_to_rows_that_give_it(region, quarter):
    place = place_at(region, Quarter.parse(quarter))
    frame = indicators_at(region, Quarter.parse(quarter))
    by_key = {(row["indicator"], row["scheme"]): row for row in frame.to_dict("records")}
    for (name, scheme), row in by_key.items():
        (found,) = trace_indicator(place, name, scheme=scheme)
        assert found.value == row["value"] or (math.isnan(found.value) and math.isnan(row["value"]))
        assert found.period == row["period"]
        if math.isfinite(found.value):
            assert found.rows, (name, scheme)
            assert all(one.table and one.row > 1 and one.printed and one.source for one in found.rows)
            if not math.isnan(found.recomputed):
                assert math.isclose(found.recomputed, found.value, rel_tol=1e-9), (name, scheme)
        elif found.status == "gap":
            assert found.reason_en, (name, scheme)
            assert found.reason_zh, (name, scheme)


def test_a_trace_shows_the_other_values_and_what_was_printed():
    (found,) = trace_city("national", "payable_months", "2024Q4", scheme="employee")
    assert [(row.indicator, row.printed) for row in found.rows] == [
        ("pooled_balance_end", "30445.5"),
        ("pooled_expenditure", "13222.71"),
    ]
    assert [(row.printed, row.basis) for row in found.alternatives] == [("13205.04", "flash")]
    (urumqi,) = trace_city("urumqi", "payable_months", scheme="employee")
    assert urumqi.printed is not None
    assert urumqi.printed.printed == "17"
    frame = urumqi.to_frame()
    assert frame["role"].tolist() == ["used", "used", "printed"]
    assert "2 published rows" in urumqi.summary()


def test_a_projected_value_names_the_figures_it_starts_from():
    (found,) = trace_indicator(project_fund("national", "2024Q4"), "years_to_current_deficit", scheme="resident")
    assert "projected from 2024Q4" in found.note_en
    assert {row.indicator for row in found.rows} == {"balance_end", "income", "expenditure"}


def test_revised_figures_are_kept_both():
    found = value_of(indicators_at("national", Quarter(2024, 4)), "expenditure_yuan", "employee")
    assert found["value"] == 1_322_271_000_000.0
    assert found["provisional_value"] == 1_320_504_000_000.0
    assert found["revision"] == 1_767_000_000.0
    assert math.isnan(value_of(indicators_at("city_panel", Quarter(2022, 4)), "income_yuan", "employee")["revision"])


def test_final_figures_agree_with_the_reference_of_vintages(reference):
    table = pd.read_csv(reference / "series" / "china_nhsa_bulletin_vs_quick.csv")
    printed = table[table["year"].eq(2024)].pivot_table(index="metric", columns="vintage", values="value")
    final = next(name for name in printed.columns if "final" in name)
    quick = next(name for name in printed.columns if name != final)
    found = value_of(indicators_at("national", Quarter(2024, 4)), "expenditure_yuan", "resident")
    both = printed.loc["resident_fund_expenditure"]
    assert found["value"] == pytest.approx(both[final] * 1e8)
    assert found["provisional_value"] == pytest.approx(both[quick] * 1e8)


def test_nothing_spent_yet_is_not_assessable(with_rows):
    place = {"region": "liuyang", "period": "2021", "scheme": "resident", "unit": "100m_yuan"}
    data = with_rows(
        {**place, "indicator": "balance_end", "value": 3},
        {**place, "indicator": "income", "value": 3},
        {**place, "indicator": "expenditure", "value": 0},
    )
    frame = indicators_at("liuyang", Quarter(2021, 4), data=data)
    months = value_of(frame, "payable_months", "resident")
    assert math.isnan(months["value"])
    assert months["status"] == "gap"
    assert months["reason_zh"] == "最近四个季度支出为零，无法计算"
    assert "no spending of the last four quarters yet" in months["reason_en"]
    assert value_of(frame, "surplus_rate", "resident")["value"] == 1.0


def test_an_older_value_does_not_hide_that_nothing_was_spent(with_rows):
    place = {"region": "liuyang", "scheme": "resident", "unit": "100m_yuan"}
    rows = [
        {**place, "period": year, "indicator": name, "value": value}
        for year, values in ((2020, (3, 3, 2)), (2021, (6, 3, 0)))
        for name, value in zip(("balance_end", "income", "expenditure"), values, strict=True)
    ]
    data = with_rows(*rows)
    frame = indicators_at("liuyang", Quarter(2021, 4), data=data)
    assert value_of(frame, "payable_months", "resident")["status"] == "gap"
    assert value_of(frame, "expenditure_growth", "resident")["value"] == -1.0
    before = indicators_at("liuyang", Quarter(2020, 4), data=data)
    assert value_of(before, "payable_months", "resident")["value"] == 18.0


def test_a_budget_of_the_year_gives_the_progress(with_rows):
    place = {"region": "ningxia_prefecture", "scheme": "resident", "unit": "10k_yuan"}
    data = with_rows(
        {**place, "period": "2024-06", "scope": "all_accounts", "indicator": "expenditure", "value": 46723.2},
        {**place, "period": "2024-03", "scope": "all_accounts", "indicator": "expenditure", "value": 19468},
        table="national_cumulative_monthly",
    )
    frame = indicators_at("ningxia_prefecture", Quarter(2024, 2), data=data)
    progress = value_of(frame, "spending_progress", "resident")
    assert progress["value"] == pytest.approx(46723.2 / 77872)
    gap = value_of(frame, "budget_progress_gap", "resident")
    assert gap["value"] == pytest.approx(46723.2 / 77872 - 0.5)
    assert value_of(frame, "income_progress", "resident")["status"] == "gap"


def test_own_figures_give_out_of_area_care_and_collection(with_rows):
    place = {"region": "anyang", "scheme": "employee"}
    rows = [
        {**place, "period": year, "indicator": name, "value": value, "unit": unit}
        for year, values in ((2022, (1.0, 10.0, 2.0, 19.0, 20.0)), (2023, (1.8, 12.0, 3.0, 19.8, 20.0)))
        for (name, unit), value in zip(
            (
                ("out_of_area_cost", "100m_yuan"),
                ("medical_cost_total", "100m_yuan"),
                ("out_of_area_visits", "10k_visits"),
                ("contribution_income", "100m_yuan"),
                ("contribution_due", "100m_yuan"),
            ),
            values,
            strict=True,
        )
    ]
    frame = indicators_at("anyang", Quarter(2023, 4), data=with_rows(*rows))
    expected = {
        "out_of_area_share": 0.15,
        "out_of_area_share_change": 0.05,
        "out_of_area_cost_growth": 0.8,
        "out_of_area_visits_growth": 0.5,
        "out_of_area_cost_per_visit_yuan": 6000.0,
        "out_of_area_cost_per_visit_growth": 0.2,
        "collection_rate": 0.99,
    }
    for name, value in expected.items():
        assert value_of(frame, name, "employee")["value"] == pytest.approx(value), name
    # One year alone gives no change: not assessable, never nothing.
    first = indicators_at("anyang", Quarter(2022, 4), data=with_rows())
    found = value_of(first, "out_of_area_share_change", "employee")
    assert (found["status"], found["reason_en"]) == (
        "gap",
        "the share of the same period of the year before is not published",
    )


def test_income_of_a_month_against_the_month_before():
    found = value_of(indicators_at("national", Quarter(2022, 3)), "monthly_income_change", "employee")
    assert found["period"] == "2022-09"
    (trace,) = trace_indicator(project_fund("national", "2022Q3"), "monthly_income_change", scheme="employee")
    now, before, start = (row.value for row in trace.rows)
    assert found["value"] == pytest.approx((now - before) / (before - start) - 1)


def test_history_knows_nothing_later():
    history = indicator_history("city_panel", "2020Q4", "2022Q1", indicators=["payable_months", "income_growth"])
    months = history[(history["scheme"] == "employee") & (history["indicator"] == "payable_months")]
    assert months["quarter"].tolist() == ["2020Q4", "2021Q1", "2021Q2", "2021Q3", "2021Q4", "2022Q1"]
    assert months["is_new"].tolist() == [True, False, False, False, True, False]
    assert (months["period"] <= months["quarter"]).all()
    alone = compute_indicators(project_fund("city_panel", "2021Q2", scenarios=("base",)))
    at_quarter = months[months["quarter"] == "2021Q2"]["value"].item()
    assert at_quarter == value_of(alone, "payable_months", "employee")["value"]
    assert not history["indicator"].str.startswith("years_to_").any()


def test_history_reaches_back_before_the_figures_of_the_funds():
    history = indicator_history("anyang", "2019Q4", "2021Q4", indicators=["settlement_rate"], yearly=True)
    rows = history[history["scheme"] == "all"]
    assert rows["value"].tolist() == [0.92, 0.92, 1.004]
    assert rows["is_new"].tolist() == [True, False, True]
    with pytest.raises(PeriodError, match="first quarter: found 2021Q4; expected one up to the last, 2020Q4"):
        indicator_history("anyang", "2021Q4", "2020Q4")


def test_a_quarter_without_any_figure_is_named():
    with pytest.raises(PeriodError, match="--quarter: found 2010Q1; expected a quarter from 2022Q4 to 2024Q4"):
        indicators_of_city("anyang", "2010Q1")


def test_unknown_names_come_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'payable_months'"):
        get_indicator("payble_months")
    with pytest.raises(UnknownNameError, match="did you mean 'payment'"):
        registry_table(["paymnt"])
    with pytest.raises(UnknownNameError, match="did you mean 'fund'"):
        indicators_of_city("shenyang", "2020Q4", families=["found"])
    with pytest.raises(UnknownNameError, match="did you mean 'growth_gap'"):
        indicator_history("city_panel", indicators=["growth_gab"])
    with pytest.raises(UnknownNameError, match="scheme"):
        trace_city("shenyang", "dependency_ratio", "2020Q4", scheme="resident")


def test_the_plan_is_held_against_what_was_reached():
    table = targets_of_city("shenyang", "2020Q4").set_index(["indicator", "scheme"])
    rate = table.loc["inpatient_eligible_reimbursement_rate"]
    assert rate["actual"].to_dict() == {"employee": 0.798, "resident": 0.684}
    assert rate["target"].to_dict() == {"employee": 0.8, "resident": 0.7}
    assert rate["distance"].round(3).to_dict() == {"employee": -0.002, "resident": -0.016}
    assert table.loc[("income", "all"), "assessment"] == "not_assessable"
    assert "in words" in table.loc[("income", "all"), "reason_en"]
    later = targets_of_city("shenyang", "2024Q4").set_index(["indicator", "scheme"])
    assert set(later["assessment"]) == {"not_assessable"}
    assert later.loc[("procured_drugs", "none"), "reason_en"] == "no figure after 2020 is published"
    assert later.loc[("drg_share_of_inpatient_fund", "all"), "target_period"] == "2024"


@pytest.mark.parametrize(
    ("period", "value", "quarter", "assessment"),
    [
        ("2022", 340, "2022Q4", "behind"),
        ("2022", 347, "2022Q4", "on_track"),
        ("2022", 501, "2022Q4", "met"),
        ("2025", 500, "2025Q4", "missed"),
        ("2025", 501, "2025Q4", "met"),
        ("2024", 480, "2026Q4", "not_assessable"),
    ],
)
def test_the_way_to_a_target_is_a_straight_line(with_rows, period, value, quarter, assessment):
    row = {"region": "shenyang", "scheme": "none", "indicator": "procured_drugs", "unit": "count"}
    data = with_rows({**row, "period": period, "value": value})
    asked = Quarter.parse(quarter)
    table = plan_targets(load_fact_book("shenyang", until=asked, data=data), asked).set_index("indicator")
    # 244 in 2020, above 500 in 2025: 346.4 in 2022.
    assert table.loc["procured_drugs", "assessment"] == assessment


def test_a_place_with_plans_alone_has_their_targets():
    frame = indicators_of_city("liuyang")
    assert set(frame["family"]) == {"plan"}
    assert set(frame["status"]) == {"gap"}
    (found,) = trace_city("liuyang", "plan_drg_group_share")
    assert found.rows[0].table == "plan_targets"


def test_the_registry_as_a_table():
    table = registry_table()
    assert list(table["indicator"]) == list(INDICATORS)
    assert table.set_index("indicator").loc["cmi", "from"] == "cases"
    assert set(registry_table(["plan"])["family"]) == {"plan"}
