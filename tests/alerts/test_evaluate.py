from __future__ import annotations

import dataclasses
import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.alerts import LEVELS, evaluate_rules, warning_table, worst_level
from actuary.alerts.words import describe_value
from actuary.fund import project_fund
from actuary.indicators import INDICATORS, compute_indicators
from actuary.policy import load_alert_rules

RULES = load_alert_rules()


@pytest.fixture(scope="module")
def national():
    projection = project_fund("national", "2024Q4")
    return projection, compute_indicators(projection)


@pytest.fixture(scope="module")
def shenyang():
    projection = project_fund("shenyang", "2020Q4")
    return evaluate_rules(projection, compute_indicators(projection), RULES)


def find(warnings, rule_id, scheme):
    (found,) = [one for one in warnings if (one.rule_id, one.scheme) == (rule_id, scheme)]
    return found


def test_every_indicator_of_a_rule_exists():
    for rule in RULES:
        for case in rule.case:
            assert {condition.indicator for condition in case.all} | {rule.indicator} <= set(INDICATORS)


def test_one_warning_for_each_rule_and_scheme(national):
    projection, indicators = national
    warnings = evaluate_rules(projection, indicators, RULES)
    keys = [(one.rule_id, one.scheme) for one in warnings]
    assert len(keys) == len(set(keys))
    expected = {(rule.id, scheme) for rule in RULES if not rule.region_kinds for scheme in rule.schemes}
    assert set(keys) == expected


def test_levels_of_the_nation_in_2024(national):
    warnings = evaluate_rules(*national, RULES)
    reserve = find(warnings, "CN-1", "employee")
    assert (reserve.level, reserve.threshold, reserve.status) == ("blue", "payable_months > 15", "official")
    assert (
        reserve.text_zh
        == "2024年末可支付27.6个月，超过15个月；国家规定称单个统筹地区达到这一水平为结余过多，合并数只作参照。"
    )
    assert find(warnings, "PR-9", "employee").level == "orange"
    assert find(warnings, "PR-9", "resident").level == "normal"
    assert find(warnings, "PR-1", "resident").level == "normal"
    assert [LEVELS.index(one.level) for one in warnings] == sorted(LEVELS.index(one.level) for one in warnings)


def test_an_event_beyond_the_horizon_is_normal_and_says_so(national):
    found = find(evaluate_rules(*national, RULES), "PR-13", "employee")
    assert (found.level, found.value) == ("normal", None)
    assert "2035Q4" in found.text_zh
    assert "2035Q4" in found.text_en


def test_shenyang_is_red_on_its_ratio_and_unknown_on_its_reserve(shenyang):
    ratio = find(shenyang, "PR-10", "employee")
    assert (ratio.level, round(ratio.value, 2)) == ("red", 1.47)
    reserve = find(shenyang, "CN-1", "employee")
    assert (reserve.level, reserve.value) == ("not_assessable", None)
    assert "无法评估" in reserve.text_zh
    assert worst_level(shenyang, "employee") == "red"
    assert worst_level(shenyang, "resident") == "not_assessable"


def test_a_rule_for_cities_is_not_for_the_nation(national, shenyang):
    found = find(shenyang, "PR-10N", "employee")
    assert (found.level, round(found.value, 2)) == ("yellow", -1.35)
    assert found.text_zh == "2020年末每名退休人员对应在职职工1.47人，低于2020年末全国的2.82人。"
    assert found.text_en == (
        "The end of 2020: 1.47 active members per retired one, below the 2.82 of the nation at the end of 2020."
    )
    assert not [one for one in evaluate_rules(*national, RULES) if one.rule_id == "PR-10N"]


def test_nothing_known_gives_unknown_never_silence(national):
    projection, indicators = national
    warnings = evaluate_rules(projection, indicators.iloc[:0], RULES)
    assert {one.level for one in warnings} == {"not_assessable"}
    assert all(one.text_zh and one.text_en for one in warnings)
    assert len(warnings) == len(evaluate_rules(projection, indicators, RULES))


def test_every_text_is_filled(national, shenyang):
    for one in (*evaluate_rules(*national, RULES), *shenyang):
        assert "{" not in one.text_zh + one.text_en
        assert "nan" not in one.text_en.replace("finance", "")
        assert one.unit
        assert one.source


@settings(deadline=None, max_examples=80)
@given(months=st.floats(-20, 60), balance=st.floats(-1e12, 1e12))
def test_fewer_months_are_never_judged_milder_below_the_normal_band(national, months, balance):
    projection, indicators = national

    def level(value: float) -> int:
        table = indicators.copy()
        mine = table["scheme"] == "employee"
        table.loc[mine & (table["indicator"] == "payable_months"), "value"] = value
        table.loc[mine & (table["indicator"] == "current_balance_yuan"), "value"] = balance
        return LEVELS.index(find(evaluate_rules(projection, table, RULES), "PR-1", "employee").level)

    if months < 6:
        assert level(months - 1) <= level(months)


def test_levels_are_ordered_and_a_warning_is_frozen(national):
    assert LEVELS == ("red", "orange", "yellow", "blue", "not_assessable", "normal")
    warnings = evaluate_rules(*national, RULES)
    with pytest.raises(dataclasses.FrozenInstanceError):
        warnings[0].level = "normal"
    assert worst_level(()) == "not_assessable"


def test_the_table_has_a_row_a_warning(national):
    warnings = evaluate_rules(*national, RULES)
    table = warning_table(warnings)
    assert isinstance(table, pd.DataFrame)
    assert len(table) == len(warnings)
    assert all(one.value is None or math.isfinite(one.value) for one in warnings)


def changed(indicators, scheme, **values):
    table = indicators.copy()
    for name, value in values.items():
        table.loc[(table["scheme"] == scheme) & (table["indicator"] == name), ["value", "status"]] = (value, "derived")
    return table


@pytest.mark.parametrize(
    ("rule", "values", "zh", "en"),
    [
        (
            "CN-7",
            {"current_balance_yuan": -1_234_000_000.0},
            "2024年基金支出大于收入，当期赤字12.3亿元。",
            "Spending exceeded income in 2024: a current deficit of 1.23 bn yuan.",
        ),
        (
            "CN-8",
            {"growth_gap": 0.0512},
            "2024年基金支出增长率比收入增长率高5.1个百分点，收支压力加大。",
            "In 2024 the growth rate of spending was 5.1 percentage points above that of income: pressure on the fund.",
        ),
        (
            "PR-8B",
            {"years_to_current_deficit": 0.0},
            "截至报告季度已出现当期赤字。",
            "There is a current deficit at the report quarter already.",
        ),
        (
            "PR-13",
            {"years_to_exhaustion": 2.25},
            "按基准推演，2.3年后累计结余用完，在3年以内。",
            "In the base projection the reserve is spent in 2.3 years, within 3 years.",
        ),
    ],
)
def test_what_a_warning_says(national, rule, values, zh, en):
    projection, indicators = national
    found = find(evaluate_rules(projection, changed(indicators, "employee", **values), RULES), rule, "employee")
    assert (found.text_zh, found.text_en) == (zh, en)


def test_a_surplus_is_no_deficit(national):
    found = find(evaluate_rules(*national, RULES), "CN-7", "employee")
    assert found.text_zh == "2024年当期结余（最近四个季度）：4,119.7亿元，未达到预警条件。"
    assert found.text_en == "2024: Current balance, last four quarters: 411.97 bn yuan, no condition met."


@pytest.mark.parametrize(
    ("value", "unit", "lang", "said"),
    [
        (-3.0, "yuan", "en", "0.00 bn yuan"),
        (2.675, "ratio", "en", "2.68"),
        (0.285, "share", "zh", "28.5个百分点"),
        (100.0, "months", "zh", "100.0个月"),
        (0.25, "years", "en", "0.3 years"),
    ],
)
def test_values_are_rounded_as_published_ones_are(value, unit, lang, said):
    assert describe_value(value, unit, lang=lang) == said


def test_an_exact_threshold_has_no_digits_to_spare():
    assert describe_value(100.0, "months", lang="en", exact=True) == "100 months"


def test_a_rule_about_the_pool_says_nothing_of_an_undivided_fund():
    projection = project_fund("city_panel", "2022Q4", scenarios=("base",))
    warnings = evaluate_rules(projection, compute_indicators(projection), RULES)
    for rule in ("CN-1", "CN-4", "PR-1"):
        found = find(warnings, rule, "employee")
        assert (found.level, round(found.value, 1), found.threshold) == ("not_assessable", 16.6, "")
        assert "统筹基金" in found.text_zh
        assert "pool" in found.text_en
    assert find(warnings, "PR-1", "resident").level != "not_assessable"
    assert find(warnings, "CN-7", "employee").text_zh.endswith("按含个人账户的全部基金计算。")
