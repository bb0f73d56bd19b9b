"""What warnings of real regions say, and what is never told as well."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from actuary.alerts import evaluate_rules, fund_outlook, signals_of_warnings
from actuary.alerts.outlook_draws import Outlook, SchemeDraws
from actuary.forecast.fund_backtest import Verdict
from actuary.fund import project_fund
from actuary.indicators import compute_indicators
from actuary.paths import models_root
from actuary.periods import Quarter
from actuary.policy import NOT_ASSESSABLE, load_alert_rules

RULES = load_alert_rules()


@lru_cache
def known(region, quarter):
    projection = project_fund(region, quarter, scenarios=("base",))
    return projection, compute_indicators(projection)


def judged(region, quarter, *, rules=RULES, outlook=None, change=None):
    projection, indicators = known(region, quarter)
    if change is not None:
        indicators = change(indicators)
    return evaluate_rules(projection, indicators, rules, outlook=outlook)


def find(warnings, rule_id, scheme):
    (found,) = [one for one in warnings if (one.rule_id, one.scheme) == (rule_id, scheme)]
    return found


@pytest.fixture(scope="module")
def national():
    return judged("national", "2024Q4")


@pytest.fixture(scope="module")
def panel():
    outlook = fund_outlook("city_panel", Quarter(2022, 4), RULES)
    return judged("city_panel", "2022Q4", outlook=outlook)


def test_published_facts_of_2024(national):
    employee, resident = (find(national, "PR-1", scheme) for scheme in ("employee", "resident"))
    assert (round(employee.value, 1), employee.level) == (27.6, "blue")
    assert (round(resident.value, 1), resident.level) == (9.2, "normal")


def test_the_ratio_of_shenyang_is_below_the_national_one():
    warnings = judged("shenyang", "2020Q4")
    assert find(warnings, "PR-10", "employee").level == "red"
    assert find(warnings, "PR-10N", "employee").level == "yellow"


def test_urumqi_holds_seventeen_months():
    found = find(judged("urumqi", "2013Q4"), "CN-1", "employee")
    assert (round(found.value, 1), found.level) == (17.2, "blue")


def test_a_warning_says_everything_in_both_languages(panel):
    raised = [one for one in panel if one.raised]
    assert raised
    for one in raised:
        for lang, headings in (("zh", 7), ("en", 7)):
            lines = one.lines(lang)
            assert len(lines) == headings, (one.rule_id, lang, lines)
            assert all("nan" not in text.lower().replace("finance", "") for _, text in lines), one
            assert all(text.endswith(("。", ".", "门", "bureau")) for _, text in lines)


def test_an_episode_says_since_when(panel):
    gap = find(panel, "PR-9", "resident")
    assert (gap.level, gap.since, gap.level_since) == ("red", "2017Q4", "2018Q4")
    deficit = find(panel, "CN-7", "resident")
    assert deficit.since == "2021Q4"
    assert not deficit.since_open


def test_a_revised_figure_stands_beside_the_first(national):
    gap = find(national, "CN-8", "employee")
    assert gap.provisional_value == pytest.approx(gap.value - gap.revision)
    assert gap.revision != 0
    assert "首次公布的数为8.6个百分点（黄色），修订后为8.9个百分点" in gap.sure_zh


def test_causes_of_a_warning_are_told(panel):
    found = find(panel, "CN-7", "resident")
    assert "支出比上年+9.1亿元（+14.8%）" in found.cause_zh
    assert "筹资标准（政策）" in found.cause_zh
    assert "not separable" in found.cause_en


def test_the_forecast_gives_a_probability_with_its_interval(panel):
    found = find(panel, "PR-7", "resident")
    assert found.measure == "probability"
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.level in {"red", "orange"}
    # The employee fund is not divided, and the rule is about the pool.
    assert find(panel, "PR-7", "employee").level == NOT_ASSESSABLE


def test_a_forecast_rule_says_that_no_earlier_forecast_passed_its_gate(panel):
    found = find(panel, "PR-7", "resident")
    assert found.since == "2022Q4"
    assert found.since_open
    assert "此前没有可比的预测" in found.since_zh
    # The base projection has no assumptions of earlier years, and says so.
    projected = find(panel, "PR-8B", "resident")
    assert projected.since_open
    assert projected.extent_zh == "已是最高级别。"
    assert projected.since_zh == "2022年末的推演如此；此前没有可比的推演。"


def crossing(quarter, share):
    months = np.full((100, 1), 9.0)
    months[: round(100 * share)] = 2.0
    ends = (f"{quarter.year + 1}Q4",)
    return Outlook(quarter, {"resident": SchemeDraws(ends, months, months * 1e9, months, pooled=True)})


def test_a_probability_that_falls_a_little_does_not_flap():
    year = Quarter(2024, 4)
    for now, level in ((0.26, "orange"), (0.23, "orange"), (0.19, "yellow")):
        outlook = replace(crossing(year, now), earlier=(crossing(year + -4, 0.3),))
        found = find(judged("national", "2024Q4", outlook=outlook), "PR-7", "resident")
        assert (found.level, found.value, found.since) == (level, now, "2023Q4")
    far = replace(crossing(year, 0.23), earlier=(crossing(year + -8, 0.3),))
    assert find(judged("national", "2024Q4", outlook=far), "PR-7", "resident").level == "yellow"


def test_a_forecast_shut_elsewhere_is_told_and_never_kept(panel):
    verdict = Verdict(passed=False, reasons=(("error", "somewhere", 1.4, 1.0),))
    shut = fund_outlook("city_panel", Quarter(2022, 4), RULES, verdict=verdict)
    assert (dict(shut.schemes), shut.reason_zh) == ({}, "预测误差未通过回测检验（1.40，上限1）")
    again = fund_outlook("city_panel", Quarter(2022, 4), RULES)
    assert find(judged("city_panel", "2022Q4", outlook=again), "PR-7", "resident") == find(panel, "PR-7", "resident")


def test_a_series_of_years_has_no_missing_quarter():
    found = find(judged("city_panel", "2022Q3"), "CN-7", "resident")
    assert (found.level, found.period) == ("orange", "2021")
    assert "3个季度前" in found.sure_zh


def test_a_trend_that_is_well_is_told_as_one(national):
    found = find(national, "PR-14", "resident")
    assert found.text_zh == "2024年末可支付月数1年来上升0.4个月，未达到预警条件。"
    assert found.text_en == "The end of 2024: Months payable rose by 0.4 months within a year, no condition met."


def test_the_level_of_another_fund_is_not_told_as_that_of_an_earlier_time(panel):
    for one in panel:
        if "未分别公布" in one.text_zh:
            assert "当时为" not in one.text_zh
    # Where nothing is published at all, that is the reason.
    assert find(judged("shenyang", "2020Q4"), "CN-1", "employee").text_zh == "无法评估：计算所需的数字未公布。"
    deficit = find(panel, "CN-7", "resident")
    assert deficit.extent_zh == "门槛为零，现低于零14.9亿元。"
    assert find(panel, "PR-10", "employee").extent_zh == "低于门槛值2，相差0.15；距红色门槛还差0.35。"
    beyond = find(panel, "PR-7B", "employee")
    assert beyond.text_zh.endswith("按含个人账户的全部基金计算。")


def test_without_a_forecast_its_rules_are_not_assessable(national):
    for rule in ("PR-7", "PR-8"):
        found = find(national, rule, "resident")
        assert found.level == NOT_ASSESSABLE
        assert "本次未作预测" in found.text_zh
        assert "no forecast was asked for" in found.text_en


@pytest.mark.slow
def test_a_shut_gate_and_a_short_history_say_so():
    shut = fund_outlook("national", Quarter(2022, 2), RULES)
    assert "bound" in shut.reason_en
    short = fund_outlook("shenyang", Quarter(2020, 4), RULES)
    assert "too short" in short.reason_en
    for region, quarter, outlook in (("national", "2022Q2", shut), ("shenyang", "2020Q4", short)):
        found = find(judged(region, quarter, outlook=outlook), "PR-8", "resident")
        assert found.level == NOT_ASSESSABLE
        assert outlook.reason_zh in found.text_zh


def test_a_figure_a_year_old_warns_but_reassures_nobody():
    rules = [rule for rule in RULES if rule.id == "PR-10"]
    milder = rules[0].model_copy(update={"id": "X", "case": rules[0].case[:1]})
    stale = judged("shenyang", "2024Q4", rules=[rules[0]])[0]
    assert (stale.level, stale.period) == ("red", "2020Q4")
    assert "16个季度前" in stale.sure_zh

    def raise_ratio(table):
        table = table.copy()
        table.loc[table["indicator"] == "dependency_ratio", "value"] = 3.0
        return table

    found = judged("shenyang", "2024Q4", rules=[milder], change=raise_ratio)[0]
    assert found.level == NOT_ASSESSABLE
    assert "a year or more before" in found.text_en


def test_a_missing_quarter_is_not_assessable():
    # The figures of January to September 2023 were never published: 2024Q3 has no year to be held against.
    warnings = judged("national", "2024Q3")
    for rule in ("PR-1", "CN-7", "CN-8"):
        found = find(warnings, rule, "resident")
        assert found.level == NOT_ASSESSABLE
        assert "2024年三季度的数字缺失，最近一期为2023年末" in found.text_zh


def test_nothing_spent_is_undefined_and_never_green(national):
    def nothing_spent(table):
        table = table.copy()
        mine = (table["scheme"] == "resident") & (table["indicator"] == "payable_months")
        table.loc[mine, ["value", "status", "reason_zh", "reason_en"]] = (math.nan, "gap", "尚无支出", "nothing spent")
        return table

    found = find(judged("national", "2024Q4", change=nothing_spent), "PR-1", "resident")
    assert (found.level, found.text_zh) == (NOT_ASSESSABLE, "无法评估：尚无支出。")


def test_a_level_is_held_and_says_so():
    def barely_out(table):
        table = table.copy()
        mine = (table["scheme"] == "employee") & (table["indicator"] == "payable_months")
        table.loc[mine, "value"] = 14.8
        return table

    found = find(judged("national", "2024Q4", change=barely_out), "PR-1", "employee")
    assert (found.level, found.raw_level, found.held) == ("blue", "normal", True)
    assert "级别保持" in found.extent_zh


def test_warnings_are_the_same_every_time(panel):
    outlook = fund_outlook("city_panel", Quarter(2022, 4), RULES)
    assert judged("city_panel", "2022Q4", outlook=outlook) == panel


def test_signals_are_of_raised_warnings_and_keep_their_key(panel):
    signals = signals_of_warnings(panel, region="city_panel", quarter="2022Q4", fingerprint="f")
    assert {one.level for one in signals} <= {"red", "orange", "yellow", "blue"}
    assert len(signals) == sum(one.raised for one in panel)
    json.dumps([one.to_dict() for one in signals])
    deficit = next(one for one in signals if one.rule_id == "CN-7")
    assert deficit.money_at_stake_fen == round(-100 * find(panel, "CN-7", "resident").value)
    later = signals_of_warnings(panel, region="city_panel", quarter="2023Q1")
    assert [one.key for one in later] == [one.key for one in signals]


def test_a_threshold_is_moved_without_new_draws(tmp_path, panel):
    models = tmp_path / "models"
    shutil.copytree(models_root(), models)
    path = models / "alerts" / "fund.toml"
    text = path.read_text(encoding="utf-8").replace("threshold = 0.5, unit", "threshold = 0.99, unit")
    path.write_text(text, encoding="utf-8")
    outlook = fund_outlook("city_panel", Quarter(2022, 4), RULES)
    found = find(judged("city_panel", "2022Q4", rules=load_alert_rules(models), outlook=outlook), "PR-7", "resident")
    assert (found.level, found.value) == ("orange", find(panel, "PR-7", "resident").value)


def test_an_outlook_without_the_scheme_is_not_assessable(panel):
    empty = replace(Outlook(Quarter(2022, 4)), reason_zh="", reason_en="")
    found = find(judged("city_panel", "2022Q4", outlook=empty), "PR-7", "resident")
    assert found.level == NOT_ASSESSABLE
    assert "do not allow a forecast" in found.text_en
