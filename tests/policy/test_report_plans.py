"""Plans of reports: one extends another, and what is wrong in a plan is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from actuary.errors import DeclarationError, UnknownNameError
from actuary.paths import models_root
from actuary.policy import list_report_plans, load_report_plan

_ANNUAL = (models_root() / "reports/annual.toml").read_text(encoding="utf-8")
_QUARTERLY = (models_root() / "reports/quarterly.toml").read_text(encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/quarterly.toml").write_text(_QUARTERLY, encoding="utf-8")
    for name in ("scenarios", "cities", "national"):
        (tmp_path / name).symlink_to(models_root() / name)
    return tmp_path


def _written(root: Path, text: str) -> Path:
    (root / "reports/annual.toml").write_text(text, encoding="utf-8")
    return root


def test_a_plan_takes_what_it_does_not_say_from_the_one_it_extends(root: Path) -> None:
    plan, under = load_report_plan("annual", _written(root, _ANNUAL)), load_report_plan("quarterly", root)
    assert list_report_plans(root) == ("annual", "quarterly")
    assert plan.sections == under.sections
    assert plan.remarks == under.remarks
    assert plan.city_pages == under.city_pages
    assert plan.title_en != under.title_en
    assert plan.people is not None
    assert under.people is not None
    assert plan.people.draws > under.people.draws
    assert under.people.sensitivity
    assert not plan.people.sensitivity


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('extends = "quarterly"', 'extends = "quartely"', "did you mean 'quarterly'"),
        ('extends = "quarterly"\n', "", "no section; expected at least one, or a plan that it extends"),
        ("ages = [0, 15, 60, 65, 80]", "ages = [0, 60, 15]", "ages from 0 on, rising"),
        ("elderly = 60", "elderly = 61", "found 61; expected one of [0, 15, 60, 65, 80]"),
        ('distant = "2100Q4"', 'distant = "2100"', "people.distant"),
        ("range_share = 0.8", "range_share = 1.8", "range_share"),
        ('"fertility_low", "fertility_high"]\noutlook', '"fertility_lo", "fertility_high"]\noutlook', "fertility_low"),
        ('kind = "annual"', 'kind = "yearly"', "kind"),
    ],
)
def test_what_is_wrong_in_a_plan_is_said(root: Path, old: str, new: str, said: str) -> None:
    assert old in _ANNUAL
    with pytest.raises((DeclarationError, UnknownNameError)) as caught:
        load_report_plan("annual", _written(root, _ANNUAL.replace(old, new, 1)))
    assert said in str(caught.value)
