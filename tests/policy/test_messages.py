"""Every problem of a file comes at once, one line each, with its place and its mend."""

from __future__ import annotations

import datetime as dt
import textwrap
from pathlib import Path

import pytest

from actuary.errors import DeclarationError, UnknownNameError
from actuary.paths import models_root
from actuary.policy import (
    check_file,
    check_models,
    freeze_basis,
    load_alert_rules,
    load_basis,
    load_policy_book,
    load_region,
    load_report_plan,
    load_scenario,
    resolve,
)

EIGHT_MISTAKES = """\
#:schema ../../schema/policy.schema.json

[employe.employer_rate]
name = "不存在的组"
name_en = "A group that does not exist"
unit = "share"
values = [{ from = 2019-01-01, value = 0.08, source = "S1" }]

[employee.employer_rate]
name = "用人单位缴费费率"
name_en = "Employer contribution rate"
unit = "share"
values = [
  { from = 2019-01-01, value = "8%", source = "S1" },
  { from = 2020-02-01, value = 0.04, source = "S99" },
  { from = 2019-06-01, value = 0.08, source = "S1" },
]

[employee.employee_rate]
nmae = "职工个人缴费费率"
name_en = "Employee contribution rate"
unit = "pct"
values = [
  { from = "1998-01-01", value = 2, source = "S6" },
  { from = 1999-01-01, value = 2 },
]
"""


def lines_of(error: DeclarationError) -> list[str]:
    return [str(problem) for problem in error.problems]


def test_eight_mistakes_give_eight_lines(models: Path) -> None:
    (models / "national/policy/contributions.toml").write_text(EIGHT_MISTAKES, encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        load_policy_book("national", root=models)
    label = "national/policy/contributions.toml"
    expected = [
        f"{label} line 3, employe: found 'employe'; expected a known group of rules",
        f"{label} line 14, employee.employer_rate.values[1].value: found the text '8%'; "
        "expected a number (share); write 0.08",
        f"{label} line 15, employee.employer_rate.values[2].source: found 'S99'; expected an id listed in sources.md",
        f"{label} line 16, employee.employer_rate.values[3].from: found the date 2019-06-01; "
        "expected a day after 2020-02-01",
        f"{label} line 20, employee.employee_rate.nmae: found 'nmae'; expected a known key",
        f"{label} line 22, employee.employee_rate.unit: found 'pct'; expected the base unit 'share'",
        f"{label} line 24, employee.employee_rate.values[1].from: found the text '1998-01-01'; expected a date; "
        "write it without quotation marks",
        f"{label} line 25, employee.employee_rate.values[2].source: found nothing; expected the key 'source'",
    ]
    found = lines_of(caught.value)
    for start in expected:
        assert any(line.startswith(start) for line in found), (start, found)
    assert len(found) == len(expected) == 8
    assert any("did you mean 'employee'?" in line for line in found)
    assert any("did you mean 'name'?" in line for line in found)


def test_a_misspelt_group_or_unit_hides_no_other_mistake(models: Path) -> None:
    text = EIGHT_MISTAKES.replace('value = 0.08, source = "S1" }]', "value = 8 }]").replace(
        'unit = "share"', 'unit = "shar"'
    )
    (models / "national/policy/contributions.toml").write_text(text, encoding="utf-8")
    found = "\n".join(map(str, check_models(models)))
    assert "employe.employer_rate.values[1].source: found nothing; expected the key 'source'" in found
    assert found.count("found 'shar'; expected a known unit") == 2
    assert "employee.employer_rate.values[1].value: found the text '8%'; expected a number" in found


def test_a_file_with_no_models_around_it_is_checked_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(EIGHT_MISTAKES, encoding="utf-8")
    assert len(check_file(path)) == 8
    scenario = (models_root() / "scenarios/adverse.toml").read_text(encoding="utf-8")
    path.write_text(scenario, encoding="utf-8")
    assert check_file(path) == []
    path.write_text(scenario.replace("employee.pooled_cost_growth", "employee.pooled_cost_grwth"), encoding="utf-8")
    (problem,) = check_file(path)
    assert "did you mean 'employee.pooled_cost_growth'" in str(problem)
    path.write_text("a = = 3\n", encoding="utf-8")
    (problem,) = check_file(path)
    assert str(problem).startswith("mine.toml line 1 column 5")


SOUND = """\
#:schema ../../schema/policy.schema.json

[payment.example_share]
name = "示例"
name_en = "Example"
unit = "share"
values = [
  { from = 2020-01-01, value = 0.5, source = "S1" },
]
"""


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("value = 0.5", "valeu = 0.5", "valeu: found 'valeu'"),
        ("value = 0.5", "value = true", "found true; expected a number (share)"),
        ("value = 0.5", "value = nan", "found nan; expected a finite number"),
        ("value = 0.5", "value = inf", "found inf; expected a finite number"),
        ("value = 0.5", "value = -0.1", "found -0.1; expected a value from 0 to 1"),
        ("value = 0.5", "value = [1]", "found a list of 1; expected a number, true or false"),
        ("value = 0.5", "value = 2020-01-01", "found the date 2020-01-01; expected a number (share)"),
        (', source = "S1"', "", "source: found nothing; expected the key 'source'"),
        ('"S1"', '""', "source: found empty text; expected S and a number"),
        ('"S1"', '"seen"', "expected S and a number, std or judgement"),
        ('"S1"', '"S1", confidence = "recaled"', "did you mean 'recalled'?"),
        ('"示例"', '" "', "name: found empty text; expected text that is not empty"),
        ('"示例"', "3", "name: found 3; expected text; put it in quotation marks"),
        ('"share"', '"shares"', "did you mean 'share'?"),
        ('"share"', '"share"\nminimum = 0.7\nmaximum = 0.6', "found 0.7 to 0.6; expected a minimum below the maximum"),
        ('"share"', '"share"\nmaximum = 0.4', "expected a value from 0 to 0.4"),
        ('"share"', '"name"', "expected the words it may be"),
        ('"share"', '"flag"', "found 0.5; expected true or false (unit flag)"),
        ('"share"', '"date"', "found 0.5; expected a date"),
        ("from = 2020-01-01", "from = 2020-01-01T00:00:00", "found the date with time"),
        ("from = 2020-01-01", "from = 2020-01-01, to = 2019-01-01", "expected a day from 2020-01-01 on"),
        ("from = 2020-01-01", "from = 2020-02-30", "expected a date that exists"),
        ('{ from = 2020-01-01, value = 0.5, source = "S1" },', "", "values: found a list of 0"),
        ('{ from = 2020-01-01, value = 0.5, source = "S1" },', "7,", "values[1]: found 7; expected a table"),
        ('name_en = "Example"', 'name_en = "Example"\nname_en = "Again"', "expected every key and table once"),
        ("unit =", "unit", "line 6 column"),
        ("[payment.example_share]", "[payment.Example-Share]", "expected a key of small letters, digits and _"),
        ("[payment.example_share]", "[payment]\nrate = 3\n[payment.example_share]", "payment.rate: found 3"),
        (SOUND.partition("\n")[2], "", "found nothing; expected at least one table"),
        ("#:schema ../../", "#:schema ../", "put that line first"),
        (
            'source = "S1" },',
            'source = "S1", to = 2020-12-31 },\n  { from = 2020-12-31, value = 0.6, source = "S1" },',
            "expected a day after 2020-12-31",
        ),
    ],
)  # fmt: skip
def test_one_mistake_gives_one_line(models: Path, old: str, new: str, found: str) -> None:
    path = models / "national/policy/example.toml"
    path.write_text(SOUND, encoding="utf-8")
    assert check_file(path) == []
    assert old in SOUND
    path.write_text(SOUND.replace(old, new, 1), encoding="utf-8")
    problems = [str(problem) for problem in check_file(path)]
    assert len(problems) == 1, problems
    assert problems[0].startswith("national/policy/example.toml")
    assert found in problems[0]


def test_files_that_are_no_utf8(models: Path) -> None:
    path = models / "national/policy/example.toml"
    path.write_bytes(SOUND.encode("gb18030"))
    assert [str(problem) for problem in check_file(path)] == [
        "national/policy/example.toml line 4: found text that is not UTF-8 (it looks like GB18030); expected "
        "UTF-8 text; "
        "open it in that encoding and save it as UTF-8"
    ]
    path.write_bytes(SOUND.encode("utf-8-sig"))
    assert check_file(path) == []


def test_a_file_in_an_unknown_place_is_named(models: Path) -> None:
    (models / "national/policies").mkdir()
    path = models / "national/policies/example.toml"
    path.write_text(SOUND, encoding="utf-8")
    (problem,) = check_models(models)
    assert "did you mean 'policy'?" in str(problem)


def test_a_key_in_two_files_and_a_unit_of_its_own(models: Path) -> None:
    again = SOUND.replace("payment.example_share", "payment.case_payment_fund_share")
    (models / "national/policy/again.toml").write_text(again, encoding="utf-8")
    (problem,) = check_models(models)
    assert "it stands in national/policy/again.toml already" in str(problem)
    (models / "national/policy/again.toml").unlink()
    city = again.replace('"share"', '"ratio"\nkind = "statistic"').replace("../../", "../../../")
    (models / "cities/anyang/policy/again.toml").write_text(city, encoding="utf-8")
    (problem,) = check_models(models)
    assert "found 'ratio'; expected 'share'; a city keeps the unit" in str(problem)


def test_a_source_cited_twice_and_a_missing_list(models: Path) -> None:
    path = models / "cities/anyang/sources.md"
    path.write_text("[S1] one\n[S1] another\n", encoding="utf-8")
    (problem,) = check_models(models)
    assert str(problem).startswith("cities/anyang/sources.md line 2: found [S1] again")
    path.unlink()
    (problem,) = check_models(models)
    assert "found 'S1', but no sources.md" in str(problem)


def test_unknown_names_give_the_nearest(models: Path) -> None:
    for call, near in (
        (lambda: load_region("shenyan"), "shenyang"),
        (lambda: load_policy_book("national").parameter("employee.employer_rat"), "employee.employer_rate"),
        (lambda: load_scenario("advers"), "adverse"),
        (lambda: load_basis("national", "bass"), "base"),
        (lambda: load_report_plan("quarterley"), "quarterly"),
    ):
        with pytest.raises(UnknownNameError, match=f"did you mean '{near}'"):
            call()


def test_a_misspelt_driver_is_found(models: Path) -> None:
    path = models / "national/assumptions/base.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("employee.active_growth", "employee.activ_growth"), encoding="utf-8")
    (problem,) = check_file(path)
    assert "did you mean 'employee.active_growth'?" in str(problem)
    extra = text.replace("employee.active_growth", "employee.activ_growth")
    extra = extra.replace('name_en = "National', 'extra = { keys = ["employee.activ_growth"] }\nname_en = "National', 1)
    path.write_text(extra, encoding="utf-8")
    assert check_file(path) == []
    path.write_text(text.replace('unit = "share"', 'unit = "ratio"', 1), encoding="utf-8")
    (problem,) = check_file(path)
    assert "employee.active_growth is in share" in str(problem)
    path.write_text(text.replace('reason = "2020—2024年增速', 'resaon = "2020—2024年增速', 1), encoding="utf-8")
    (problem,) = check_file(path)
    assert "employee.active_growth.values[1].resaon: found 'resaon'" in str(problem)
    assert "did you mean 'reason'?" in str(problem)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("employee.pooled_cost_growth", "employee.pooled_cost_grwoth", "did you mean 'employee.pooled_cost_growth'?"),
        ('"add"', '"plus"', "operation: found 'plus'; expected a known operation (add, multiply, replace)"),
        ("value = 0.02", 'value = "2%"', "found the text '2%'; expected a number to add"),
        ("value = 0.02", "value = true", "found true; expected a number to add"),
        ("value = 0.02", "value = nan", "expected a finite number"),
        ("from = 2023-01-01", 'from = "2023-01-01"', "expected a date; write it without quotation marks"),
        ("from = 2023-01-01", "from = 2023-01-01\nto = 2022-01-01", "expected a day from 2023-01-01 on"),
        ('source = "judgement"', 'source = "S7"', "expected an id listed in sources.md (S1)"),
        ('"employee.pooled_cost_growth"', '"resident.premium_per_head"\nfrom = 2010-01-01\n#', "Cannot overwrite"),
        ("name_zh", "nam_zh", "did you mean 'name_zh'?"),
    ],
)
def test_mistakes_of_a_scenario(models: Path, old: str, new: str, found: str) -> None:
    path = models / "scenarios/higher_cost_growth.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    problems = [str(problem) for problem in check_file(path)]
    assert len(problems) == 1, problems
    assert found.lower() in problems[0].lower()


def test_a_scenario_must_not_begin_before_its_rule(models: Path) -> None:
    path = models / "scenarios/contribution_halving_5_months.toml"
    text = path.read_text(encoding="utf-8").replace("from = 2026-02-01", "from = 1990-02-01")
    path.write_text(text, encoding="utf-8")
    (problem,) = check_file(path)
    assert "expected a day from 1998-01-01 on" in str(problem)


def test_a_scenario_out_of_bounds_is_refused(models: Path) -> None:
    path = models / "scenarios/contribution_halving_5_months.toml"
    text = path.read_text(encoding="utf-8").replace("value = 0.5", "value = 5.0")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"found 0\.3; expected a value from 0 to 0\.2"):
        resolve("national", scenario="contribution_halving_5_months", root=models)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('level = "orange"', 'level = "oragne"', "did you mean 'orange'?"),
        ('operator = "<"', 'operator = "=<"', "found '=<'; expected a known operator"),
        ('schemes = ["employee"]', 'schemes = ["employees"]', "did you mean 'employee'?"),
        ('indicator = "payable_months"', 'indicator = "payable_month"', "did you mean 'payable_months'?"),
        ("threshold = 3", 'threshold = "3"', "found the text '3'; expected a number"),
        ("threshold = 3", "threshold = inf", "found inf; expected a finite number"),
        ('status = "official"', 'status = "offical"', "did you mean 'official'?"),
        ('source = "S1"', 'source = "judgement"', "expected a document, for its status is official"),
        ('source = "S1"', 'source = "S41"', "add a line [S41]"),
        ("{value}", "{valeu}", "found {valeu}; expected one of {value}"),
        ("{value}", "{value", "braces that do not match"),
        ('id = "CN-4"', 'id = "CN-1"', "found 'CN-1' again; expected every id once"),
    ],
)
def test_mistakes_of_a_warning_rule(models: Path, old: str, new: str, found: str) -> None:
    path = models / "alerts/fund.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        load_alert_rules(models)
    assert len(caught.value.problems) == 1, str(caught.value)
    assert found in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('"adverse"', '"advers"', "did you mean 'adverse'?"),
        ('"2035Q4"', '"2035"', "expected a quarter written YYYYQn"),
        ('["shenyang"]', '["shenyan"]', "did you mean 'shenyang'?"),
        ('id = "balance"', 'id = "balnce"', "did you mean 'balance'?"),
        ('id = "balance"', 'id = "operation"', "found 'operation' again; expected every section once"),
        ('language = "zh"', 'language = "cn"', "found 'cn'; expected a known language (en, zh)"),
    ],
)
def test_mistakes_of_a_report_plan(models: Path, old: str, new: str, found: str) -> None:
    path = models / "reports/quarterly.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        load_report_plan(root=models)
    assert len(caught.value.problems) == 1, str(caught.value)
    assert found in str(caught.value)


def test_mistakes_of_a_city(models: Path) -> None:
    path = models / "cities/anyang/city.toml"
    text = path.read_text(encoding="utf-8").replace('kind = "city"', 'kind = "town"')
    path.write_text(text.replace("what_en =", "what_eng =", 1), encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        load_region("anyang", root=models)
    assert [str(problem).partition(";")[0] for problem in caught.value.problems] == [
        "cities/anyang/city.toml line 5, kind: found 'town'",
        "cities/anyang/city.toml line 15, required_inputs[1].what_eng: found 'what_eng'",
    ]


def test_a_city_without_assumptions_says_what_to_give() -> None:
    with pytest.raises(DeclarationError) as caught:
        load_basis("shenyang")
    assert len(caught.value.problems) == len(load_region("shenyang").required_inputs)
    assert "职工统筹基金累计结余" in str(caught.value)


def test_a_sealed_basis_refuses_another_content(models: Path) -> None:
    path = models / "national/assumptions/base.toml"
    before = load_basis("national", root=models).fingerprint
    assert freeze_basis(path) == before
    assert freeze_basis(path) == before
    text = path.read_text(encoding="utf-8")
    assert text.count("frozen = ") == 1
    assert load_basis("national", root=models).fingerprint == before
    path.write_text(text + "# a comment changes nothing\n", encoding="utf-8")
    assert load_basis("national", root=models).fingerprint == before
    path.write_text(text.replace("value = 0.055", "value = 0.056"), encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"copy the new one to another name beside base\.toml"):
        load_basis("national", root=models)
    with pytest.raises(DeclarationError, match="restore it"):
        freeze_basis(path)


def test_no_value_in_force_says_when_there_is_one() -> None:
    book = load_policy_book("national")
    with pytest.raises(DeclarationError, match=r"expected a day within 2019-01-01 to …"):
        book.value("maternity.merged_into_employee", dt.date(2018, 12, 31))


def test_messages_are_one_line_each(models: Path) -> None:
    path = models / "national/policy/example.toml"
    path.write_text(textwrap.dedent(SOUND).replace("0.5", '"""a\nb"""'), encoding="utf-8")
    (problem,) = check_file(path)
    assert "\n" not in str(problem)


def test_a_number_beyond_every_float_and_a_folder_named_like_a_file_are_named(models: Path) -> None:
    path = models / "national/policy/example.toml"
    path.write_text(SOUND.replace("0.5", "9" * 400), encoding="utf-8")
    (problem,) = check_models(models)
    assert "found inf; expected a finite number" in str(problem)
    path.unlink()
    path.mkdir()
    assert any("national/policy/example.toml: found a folder" in str(one) for one in check_models(models))
