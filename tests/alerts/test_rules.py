"""Bad rules are refused with every problem at once; good ones say what they mean."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from actuary.errors import DeclarationError
from actuary.indicators import INDICATORS
from actuary.paths import models_root
from actuary.policy import NOT_ASSESSABLE, AlertCondition, load_alert_rules
from actuary.policy.alert_conditions import INDICATOR_UNITS, unit_of

RULE = """
[[rule]]
id = "X-1"
name_zh = "甲"
name_en = "a"
indicator = "payable_months"
schemes = ["employee"]
status = "judgement"
source = "judgement"
owner_zh = "乙"
owner_en = "b"
"""


def case(level, condition, *, text_en="said", text_zh="说"):
    english = f'text_en = "{text_en}"\n' if text_en else ""
    chinese = f'text_zh = "{text_zh}"\n' if text_zh else ""
    head = f'[[rule.case]]\nlevel = "{level}"\nall = [{{ {condition} }}]\n'
    return f'{head}{chinese}{english}action_zh = "做"\naction_en = "do"\n\n'


def below(threshold, operator="<"):
    return f'indicator = "payable_months", operator = "{operator}", threshold = {threshold}, unit = "months"'


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    (folder / "alerts").mkdir(parents=True)
    (folder / "national").mkdir()
    shutil.copy(models_root() / "alerts" / "sources.md", folder / "alerts" / "sources.md")
    return folder


def problems(models, *cases, more=""):
    (models / "alerts" / "fund.toml").write_text(RULE + "\n" + "".join(cases) + more, encoding="utf-8")
    try:
        load_alert_rules(models)
    except DeclarationError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_units_of_rules_are_those_of_the_registry():
    known = {name: INDICATORS[name].unit for name in INDICATOR_UNITS if name in INDICATORS}
    assert known == {name: INDICATOR_UNITS[name] for name in known}
    assert {"payable_months", "growth_gap", "dependency_ratio"} <= set(known)


def test_a_sound_rule_is_read(models):
    assert problems(models, case("red", below(1)), case("orange", below(3)), case("yellow", below(6))) == []


def test_every_problem_of_a_file_at_once(models):
    found = problems(
        models,
        case("red", below(1).replace("payable_months", "payable_month")),
        case("orange", below(3).replace('unit = "months"', 'unit = "yuan"')),
        case(
            "yellow",
            'indicator = "payable_months", measure = "probability", below = 3, operator = ">", threshold = 25, '
            'unit = "share"',
        ),
        case("blue", below(15, ">"), text_en=""),
    )
    text = "\n".join(found)
    assert "did you mean 'payable_months'?" in text
    assert "'yuan'; expected 'months', the unit of payable_months" in text
    assert "'probability' without a horizon; expected within_years" in text
    assert "found 25; expected a share from 0 to 1; write 10 % as 0.1" in text
    assert "text_en" in text
    assert len(found) == 5


@pytest.mark.parametrize(
    ("cases", "words"),
    [
        ((("red", below(3)), ("orange", below(1))), "level orange overlaps level red of case 1"),
        ((("red", below(3)), ("orange", below(2, ">"))), "level orange overlaps level red of case 1"),
        ((("red", below(3, "<=")), ("orange", below(3, ">="))), "where payable_months is = 3"),
        ((("yellow", below(1)), ("red", below(3))), "the graver level first, inside the milder one"),
        ((("red", below(1)), ("yellow", below(2, ">="))), "a gap: no level where payable_months is >= 1 and < 2"),
        ((("red", below(3)), ("yellow", below(3, ">"))), "a gap: no level where payable_months is = 3"),
    ],
)
def test_overlapping_and_gapped_levels_are_refused(models, cases, words):
    found = problems(models, *(case(level, condition) for level, condition in cases))
    assert len(found) == 1, found
    assert words in found[0]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (
            'indicator = "payable_months", measure = "change", operator = "<", threshold = -2, unit = "months"',
            "no span",
        ),
        (f"{below(3)}, over_years = 1", "a span of a change or a slope only"),
        (f"{below(3)}, within_years = 5", "a horizon of a probability or a median only"),
        (
            'indicator = "payable_months", measure = "median", within_years = 5, operator = "<=", threshold = 1, '
            'unit = "months"',
            "one of which the forecast has a median",
        ),
        (
            'indicator = "payable_months", measure = "slope", over_years = 3, operator = "<", threshold = -1, '
            'unit = "months"',
            "'months_per_year'",
        ),
        (below("nan"), "a finite number"),
    ],
)
def test_conditions_that_cannot_be_held_are_refused(models, condition, words):
    found = problems(models, case("red", condition))
    assert any(words in one for one in found), found


def test_texts_stand_in_their_language(models):
    found = problems(models, case("red", below(3), text_en="少于三个月", text_zh="less than three"))
    assert len(found) == 2
    assert "text in English" in "".join(found)
    assert "text in Chinese" in "".join(found)


def test_a_margin_is_in_the_unit_of_the_measure(models):
    more = '[rule.hysteresis]\nmargin = 0.5\nunit = "share"\n'
    (found,) = problems(models, case("red", below(3)), more=more)
    assert "'months', the unit of payable_months" in found


def test_conditions_name_what_they_are_held_against():
    asked = AlertCondition(
        indicator="payable_months",
        measure="probability",
        below=3.0,
        within_years=5,
        operator=">",
        threshold=0.25,
        unit="share",
    )
    assert asked.axis == "P(payable_months < 3 within 5 years)"
    assert unit_of("growth_gap", "slope") == "share_per_year"
    assert asked.holds(0.24, margin=0.05)
    assert not asked.holds(0.24)


def test_a_graver_case_left_open_is_never_well():
    rule = next(rule for rule in load_alert_rules() if rule.id == "PR-1")
    open_rule = rule.model_copy(
        update={"case": tuple(one for one in rule.case if len(one.all) > 1), "otherwise": "normal"}
    )
    assert open_rule.level({"payable_months": 2.0}) == NOT_ASSESSABLE
    assert open_rule.level({"payable_months": 2.0, "current_balance_yuan": 1.0}) == "normal"
    assert open_rule.level({"payable_months": 4.0}) == "normal"


def test_the_shipped_rules_hold_the_collected_thresholds():
    rules = {rule.id: rule for rule in load_alert_rules()}
    held = {
        "CN-5": {"surplus_rate": (0.16, "blue")},
        "PR-7": {"P(payable_months < 3 within 5 years)": (0.26, "orange")},
        "PR-8": {"median(years_to_current_deficit within 5 years)": (3.0, "orange")},
        "PR-11": {"budget_progress_gap": (0.11, "red")},
        "PR-12": {"change(out_of_area_share over 1 years)": (0.02, "yellow")},
    }
    for rule, measures in held.items():
        ((axis, (value, level)),) = measures.items()
        assert rules[rule].level({axis: value}) == level, rule
