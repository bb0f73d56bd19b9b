"""Bad files of a finance model: every problem is named at once, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from actuary.errors import DeclarationError, Problem
from actuary.policy import check_file, check_models, load_basis, load_finance_model
from actuary.policy.finance_model import BENEFITS


def _spoil(models: Path, name: str, old: str, new: str, *, count: int = 1) -> Path:
    path = models / "national" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")
    return path


def _said(problems: list[Problem]) -> str:
    return "\n".join(str(problem) for problem in problems)


def test_every_benefit_of_both_schemes_is_declared() -> None:
    model = load_finance_model("national")
    for scheme in ("employee", "resident"):
        assert all(model.benefit(scheme, benefit) is not None for benefit in BENEFITS)
    for one in model.declared.benefit:
        assert (one.level == "none") == (one.reason is not None)


def test_a_city_without_a_model_of_its_own_uses_that_of_the_nation_without_its_totals() -> None:
    city, nation = load_finance_model("shenyang"), load_finance_model("national")
    assert city.region == "national"
    assert city.benefit("employee", "inpatient") == nation.benefit("employee", "inpatient")
    maternity = city.benefit("employee", "maternity")
    assert maternity is not None
    assert maternity.level == "scheme"
    assert maternity.published_total_yuan is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("value = 0.848", "value = 84.8", "found 84.8; expected a share from 0 to 1; write shares as 0.08 for 8 %"),
        ("value = 11707", "value = -11707", "found -11707; expected a number from 0 on"),
        ("value = 11707", "value = nan", "found nan; expected a finite number"),
        ('profile = "outpatient"', 'profile = "outpatients"', "did you mean 'outpatient'?"),
        ('statuses = ["employee_retired"]', 'statuses = ["resident_adult"]', "found 'resident_adult'"),
        ('statuses = ["employee_retired"]', 'statuses = ["employee_active"]', "a status in two groups"),
        ('source = "S11"', 'source = "S999"', "an id listed in sources.md"),
        ('benefit = "chronic"', 'benefit = "outpatient"', "employee outpatient again"),
        ('wage_base = "implied"', 'wage_base = "declared"', "the average wage of the base year"),
        ('wage_base = "implied"', 'wage_bse = "implied"', "wage_base"),
        ('level = "published"', 'level = "scheme"', "a benefit of level 'scheme' without it"),
        (
            '[benefit.part_of]\nbenefit = "inpatient"',
            '[benefit.part_of]\nbenefit = "out_of_area"',
            "a whole benefit of",
        ),
        ("base_year = 2024", 'base_year = "2024"', "base_year"),
        ('on_breach = "raise_premium"', 'on_breach = "raise"', "on_breach"),
    ],
)
def test_a_bad_finance_file_says_where_and_what(models: Path, old: str, new: str, said: str) -> None:
    path = _spoil(models, "model/finance.toml", old, new)
    problems = check_file(path, root=models)
    assert said in _said(problems)
    assert all(problem.where.startswith("national/model/finance.toml") for problem in problems)
    with pytest.raises(DeclarationError):
        load_finance_model("national", root=models)


def test_all_problems_come_at_once(models: Path) -> None:
    path = _spoil(models, "model/finance.toml", "value = 0.848", "value = 1.2")
    _spoil(models, "model/finance.toml", "value = 11707", "value = -1")
    _spoil(models, "model/age_profiles.csv", "inpatient,male,1,4,1.3", "inpatient,male,1,4,-1.3")
    said = _said(check_file(path, root=models))
    assert "1.2" in said
    assert "found -1" in said
    assert "age_profiles.csv line 3, value: found '-1.3'; expected a number from 0 on" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("inpatient,male,5,9,", "inpatient,male,6,9,", "a group from 6 to 9; expected one that begins at 5"),
        ("inpatient,male,90,,", "inpatient,male,90,95,", "a last age of 95; expected an open last group"),
        ("inpatient,male,5,9,", "inpatient,man,5,9,", "male or female"),
        ("inpatient,male,5,9,0.6,judgement", "inpatient,male,5,9,0.6,S998", "an id listed in sources.md"),
        ("profile,sex,age_from", "profile,gender,age_from", "the columns sex"),
    ],
)
def test_a_bad_age_profile_says_where_and_what(models: Path, old: str, new: str, said: str) -> None:
    _spoil(models, "model/age_profiles.csv", old, new)
    assert said in _said(check_file(models / "national/model/finance.toml", root=models))


def test_missing_profiles_are_a_problem_of_the_model(models: Path) -> None:
    (models / "national/model/age_profiles.csv").unlink()
    said = _said(check_models(models))
    assert "age_profiles.csv: found no such file; expected a table with the columns profile, sex" in said


def test_a_basis_takes_from_the_one_it_extends_what_it_lacks(models: Path) -> None:
    people, base = load_basis("national", "people"), load_basis("national", "base")
    assert people.parameter("employee.relative_cost_retired") == base.parameter("employee.relative_cost_retired")
    assert people.parameter("employee.contribution_base_growth") != base.parameter("employee.contribution_base_growth")
    assert set(base.keys()) < set(people.keys())
    path = _spoil(models, "assumptions/people.toml", 'extends = "base"', 'extends = "bas"')
    with pytest.raises(DeclarationError, match="did you mean 'base'"):
        load_basis("national", "people", root=models)
    path.write_text(path.read_text(encoding="utf-8").replace('"bas"', '"people"'), encoding="utf-8")
    with pytest.raises(DeclarationError, match="a basis that stands alone"):
        load_basis("national", "people", root=models)


def test_an_assumption_of_a_single_benefit_goes_before_that_of_the_scheme() -> None:
    people = load_basis("national", "people")
    assert "employee.maternity_price_growth" in people
    assert "employee.inpatient_price_growth" not in people
