"""Every file under models/ obeys the rules of the house."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from actuary.drivers import DRIVERS
from actuary.paths import models_root
from actuary.policy import (
    check_file,
    check_models,
    list_regions,
    list_scenarios,
    load_alert_rules,
    load_basis,
    load_policy_book,
    load_region,
    load_report_plan,
    load_scenario,
    resolve,
    write_schemas,
)
from actuary.policy.alert_rules import LEVELS, OTHER_FORMS
from actuary.policy.check import file_kind
from actuary.policy.schema import SCHEMA_KINDS

ROOT = models_root()
# These have forms of their own, which are checked where they are read.
_OTHER = {"drg", "settlement_list", "payment", "synth", "model", "forecast", "personal", *OTHER_FORMS}
FILES = sorted(
    path for path in ROOT.rglob("*.toml") if file_kind(path) or not _OTHER & set(path.relative_to(ROOT).parts)
)
CHINESE = re.compile(r"[一-鿿]")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_is_sound(path: Path) -> None:
    assert check_file(path) == []
    assert file_kind(path) in SCHEMA_KINDS
    assert b"\r" not in path.read_bytes()


def test_all_files_together_are_sound() -> None:
    assert check_models() == []


def test_the_schemas_are_those_of_the_code(tmp_path: Path) -> None:
    written = write_schemas(tmp_path)
    assert [path.name for path in written] == [f"{kind}.schema.json" for kind in SCHEMA_KINDS]
    for path in written:
        assert path.read_bytes() == (ROOT / "schema" / path.name).read_bytes(), "run: actuary models schema"
        assert json.loads(path.read_text(encoding="utf-8"))["$schema"].endswith("2020-12/schema")


@pytest.mark.parametrize("region", list_regions())
def test_every_region_loads_and_names_in_chinese(region: str) -> None:
    place = load_region(region)
    assert CHINESE.search(place.name_zh)
    book = load_policy_book(region)
    assert len(book.fingerprint) == 64
    for key in book.keys():  # noqa: SIM118
        rule = book.parameter(key)
        assert CHINESE.search(rule.name)
        assert not CHINESE.search(rule.name_en)
        for entry in rule.values:
            assert book.source_text(key, entry.first_day) != entry.source or entry.source in ("std", "judgement")


@pytest.mark.slow
@pytest.mark.parametrize("region", [name for name in list_regions() if load_region(name).bases])
def test_every_basis_covers_what_it_needs_and_says_why(region: str) -> None:
    for name in load_region(region).bases:
        basis = load_basis(region, name)
        assert set(DRIVERS) <= set(basis.keys())
        for key in basis.keys():  # noqa: SIM118
            for entry in basis.parameter(key).values:
                assert CHINESE.search(basis.reason(key, entry.first_day))
                assert not CHINESE.search(basis.reason(key, entry.first_day, lang="en"))
        for scenario in list_scenarios():
            resolve(region, basis=name, scenario=scenario)


@pytest.mark.parametrize("region", [name for name in list_regions() if not load_region(name).bases])
def test_a_region_without_assumptions_says_what_it_needs(region: str) -> None:
    needed = {item.key for item in load_region(region).required_inputs}
    assert {"employee.pooled_balance_end_yuan", "resident.balance_end_yuan", "assumptions.base"} <= needed


def test_scenarios_say_what_they_are() -> None:
    for name in list_scenarios():
        scenario = load_scenario(name)
        assert CHINESE.search(scenario.name_zh)
        assert (not scenario.deltas) == (name == "base")
        assert all(delta.reason_en for delta in scenario.deltas)


def test_warning_rules_are_sourced_and_bilingual() -> None:
    rules = load_alert_rules()
    assert len({rule.id for rule in rules}) == len(rules)
    for rule in rules:
        assert (rule.status == "judgement") == (rule.source == "judgement")
        for case in rule.case:
            assert case.level in LEVELS
            assert (rule.status_of(case) == "judgement") == (rule.source_of(case) == "judgement")
            assert CHINESE.search(case.text_zh)
            assert not CHINESE.search(case.text_en)


def test_the_report_plan_shows_known_things() -> None:
    plan = load_report_plan()
    assert set(plan.scenarios) <= set(list_scenarios())
    assert [section.id for section in plan.sections] == [
        "cover",
        "key_findings",
        "rules_in_force",
        "operation",
        "membership",
        "use_and_price",
        "causes",
        "balance",
        "projection",
        "forecast",
        "long_term",
        "stress",
        "ageing",
        "birth_policy",
        "reconciliation",
        "warnings",
        "payment",
        "city_pages",
        "data_notes",
        "method_notes",
        "opinion",
        "appendix",
    ]


def test_recalled_sources_are_marked_on_their_values() -> None:
    for region in list_regions():
        book = load_policy_book(region)
        for key in book.keys():  # noqa: SIM118
            for entry in book.parameter(key).values:
                if "凭记忆录入，未核对原文" in book.source_text(key, entry.first_day):
                    assert entry.confidence == "recalled", (region, key, entry.first_day)
