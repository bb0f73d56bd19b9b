"""The explanation of one case: the same answer as the grouper, and the way to it."""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import re
import time
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from actuary.drg.case_values import CaseValues, read_case
from actuary.drg.cases import Case
from actuary.drg.explain import explain_case
from actuary.drg.grouper import group_cases, group_one
from actuary.drg.near_misses import near_misses
from actuary.drg.regroup import group_values
from actuary.drg.scheme import Rule, Scheme, load_scheme
from actuary.drg.statuses import Reason, Status
from actuary.drg.switches import SWITCHES
from actuary.drg.tracing import trace_case
from actuary.errors import DeclarationError

FIELDS = [field.name for field in dataclasses.fields(Case)]
COLUMNS = [name for name in FIELDS if name != "icu_hours"]
STROKE = Case(case_id="1", sex=1, age_years=60, dx=["I63.900", "J96.000", "I69.300"], px=[])


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return load_scheme("chs-drg-1.1")


_scheme = functools.cache(load_scheme)


@functools.cache
def _sample(path: Path) -> list[CaseValues]:
    cases = pd.read_parquet(path, columns=COLUMNS).sample(4000, random_state=3)
    return [read_case(Case(**row)) for row in cases.to_dict("records")]


@pytest.mark.slow
@pytest.mark.reference
@pytest.mark.parametrize(
    ("folder", "cases"),
    [("chs-drg-1.1", "cases-public.parquet"), ("chs-drg-2.0", "cases-public-chs20.parquet")],
)
def test_the_explained_answer_is_the_grouper_s(reference: Path, folder: str, cases: str) -> None:
    scheme = _scheme(reference / "drg" / folder)
    values = _sample(reference / "drg" / "conformance" / cases)
    assert [trace_case(one, scheme).result for one in values] == list(group_values(values, scheme))


@pytest.mark.slow
@pytest.mark.reference
@pytest.mark.parametrize("name", sorted(SWITCHES))
@pytest.mark.parametrize(
    ("folder", "cases"),
    [("chs-drg-1.1", "cases-public.parquet"), ("chs-drg-2.0", "cases-public-chs20.parquet")],
)
def test_the_explained_answer_is_the_grouper_s_in_every_position(
    reference: Path, folder: str, cases: str, name: str
) -> None:
    declared = _scheme(reference / "drg" / folder)
    values = _sample(reference / "drg" / "conformance" / cases)[:500]
    for position in declared.px_valid if name == "valid_px" else SWITCHES[name].readings:
        try:
            scheme = declared.with_switches({name: position})
        except DeclarationError:
            continue
        assert [trace_case(one, scheme).result for one in values] == list(group_values(values, scheme))


@pytest.mark.parametrize(
    "change",
    [
        {"sex": "x"},
        {"sex": None},
        {"sex": 1.5},
        {"sex": "2"},
        {"age_years": "abc"},
        {"age_years": None},
        {"age_years": 0},
        {"age_years": 0, "age_days": 3},
        {"age_years": float("nan")},
        {"age_years": 60.9},
        {"dx": None},
        {"dx": []},
        {"dx": ""},
        {"dx": ["", "I63.900"]},
        {"dx": ["nonsense"]},
        {"dx": "I63.900|J96.000"},
        {"dx": ["I63.900"] * 500},
        {"px": None},
        {"px": ["", None]},
        {"birth_weight_g": pd.NA},
    ],
)
def test_odd_input_is_read_as_the_grouper_reads_it(scheme: Scheme, change: dict[str, Any]) -> None:
    case = dataclasses.replace(STROKE, **change)
    assert explain_case(case, scheme).result == group_one(case, scheme)


def test_the_way_is_told_in_order(scheme: Scheme) -> None:
    explanation = explain_case(STROKE, scheme)
    assert explanation.result.drg == "BR21"
    assert explanation.rule is not None
    assert (explanation.rule.mdc, explanation.rule.adrg, explanation.rule.rule_id) == ("B", "BR2", "BR2")
    assert [(hit.name, hit.wanted, hit.codes) for hit in explanation.hits] == [("pdx_list", "1", ("I63.900",))]
    assert [mdc.mdc for mdc in explanation.mdcs] == ["A", "P", "Y", "Z", "M", "N", "B"]
    assert [mdc.mdc for mdc in explanation.mdcs if mdc.entered] == ["B"]
    assert [test.drg for test in explanation.drgs] == ["BR21", "BR23", "BR25"]
    assert [test.tried for test in explanation.drgs] == [True, False, False]


def test_rules_are_scanned_up_to_the_hit(scheme: Scheme) -> None:
    explanation = explain_case(STROKE, scheme)
    scanned = [rule.seq for rule in explanation.mdcs[-1].rules]
    declared = [rule.seq for rule in scheme.rules if rule.mdc == "B"]
    assert scanned == declared[: len(scanned)]
    assert [rule.hit for rule in explanation.mdcs[-1].rules] == [False] * (len(scanned) - 1) + [True]


def test_a_complication_of_the_principal_s_own_table_is_voided(scheme: Scheme) -> None:
    principal = "J45.900x002"
    own = scheme.exclusions[principal]
    voided = next(code for code, table in sorted(scheme.mcc.items()) if table == own)
    counted = next(code for code, table in sorted(scheme.cc.items()) if table != own)
    case = Case(sex=1, age_years=60, dx=[principal, voided, counted])
    found = {one.code: one for one in explain_case(case, scheme).complications if one.position}
    assert found[voided].voided
    assert not found[voided].counted
    assert (found[voided].table, found[voided].principal_table) == (own, own)
    assert found[counted].counted


def test_a_switch_that_decides_is_named(scheme: Scheme) -> None:
    case = Case(sex=1, age_years=60, dx=["I63.900"], px=["51.2300"])
    uses = {use.name: use for use in explain_case(case, scheme).switches}
    assert uses["qy"].decided
    assert {(position, answer.drg) for position, answer in uses["qy"].others} == {("any", "BQY"), ("main", "BQY")}
    assert not uses["hiv"].decided
    assert sorted(uses) == sorted(SWITCHES)


def test_a_failed_check_says_which_field(scheme: Scheme) -> None:
    explanation = explain_case(dataclasses.replace(STROKE, age_years=None), scheme)
    assert explanation.result.status is Status.CHECK_FAILED
    assert [check.field for check in explanation.checks if not check.passed] == ["age_years"]
    assert explanation.result.reason is Reason.AGE_MISSING
    assert Reason.AGE_MISSING.zh in explanation.to_html()


def test_data_is_plain_and_frames_are_long(scheme: Scheme) -> None:
    explanation = explain_case(STROKE, scheme)
    told = json.loads(json.dumps(explanation.to_dict(), ensure_ascii=False))
    assert told["result"]["drg"] == "BR21"
    assert told["mdcs"][-1]["rules"][-1]["held"] is True
    frame = explanation.to_frame()
    assert set(frame["step"]) == {"check", "mdc", "rule", "drg"}
    assert frame.query("item == 'BR2'")["codes"].tolist() == ["I63.900"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        explanation.result = None  # type: ignore[assignment,misc]


def test_the_panel_needs_nothing_from_outside_and_escapes_what_it_shows(scheme: Scheme) -> None:
    case = dataclasses.replace(STROKE, case_id="<b>1</b>", dx=["I63.900", "<script>"])
    html = explain_case(case, scheme)._repr_html_()
    assert not re.search(r"<script|https?:|src=|@import|url\(", html)
    assert "&lt;script&gt;" in html
    assert 'lang="zh-CN"' in html
    assert "MDC判定" in html
    english = explain_case(case, scheme).to_html("en")
    assert "MDCs, in order" in english
    assert not re.search(
        r"[\u4e00-\u9fff]", re.sub(r"<td>[^<]*</td>|<p[^>]*>[^<]*</p>|<style>.*?</style>", "", english, flags=re.S)
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_terminal_shows_the_same(scheme: Scheme, lang: str) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(explain_case(STROKE, scheme).to_rich(lang))
    text = console.export_text()
    assert "BR21" in text
    assert "J96.000" in text


def test_a_near_miss_names_the_list_and_codes_that_work(scheme: Scheme) -> None:
    case = Case(sex=1, age_years=60, dx=["C90.000x023"], px=[])
    found = {near.item: near for near in near_misses(case, scheme).near_misses}
    near = found["RA1"]
    assert (near.lacking.name, near.lacking.wanted, near.change, near.would_give.drg) == (
        "ppx_list",
        "1",
        "set_main",
        "RA19",
    )
    assert set(near.examples) <= scheme.adrg_px["RA1", 1]
    for one in found.values():
        if one.change == "set_main":
            answers = {group_one(dataclasses.replace(case, px=[code]), scheme).drg for code in one.examples}
            assert answers == {one.would_give.drg}
    assert found["RS21"].lacking.wanted == "MCC"
    assert all(scheme.mcc[code] != scheme.exclusions["C90.000x023"] for code in found["RS21"].examples)


def test_a_code_in_the_wrong_place_comes_first(scheme: Scheme) -> None:
    case = Case(sex=1, age_years=60, dx=["C90.000x023"], px=["89.5000", "00.7000x001"])
    first = near_misses(case, scheme).near_misses[0]
    assert first.recorded
    assert (first.item, first.examples, first.would_give.drg) == ("RA1", ("00.7000x001",), "RA19")


def test_age_and_weight_are_near_misses_too(scheme: Scheme) -> None:
    principal = sorted(scheme.adrg_dx["PS1", 1] & scheme.mdc_pdx["P"].keys())[0]
    case = Case(sex=1, age_years=0, age_days=3, birth_weight_g=1500, dx=[principal], px=[])
    base = group_one(case, scheme)
    changes = {near.change: near for near in near_misses(case, scheme).near_misses}
    assert base.adrg == "PS2"
    assert changes["set_birth_weight_g"].examples == ("1499",)
    assert changes["set_birth_weight_g"].would_give.adrg == "PS1"


def test_sex_is_a_near_miss(scheme: Scheme) -> None:
    principal = sorted(scheme.mdc_pdx["N"].keys() & scheme.adrg_dx["NR1", 1])[0]
    found = near_misses(Case(sex=1, age_years=40, dx=[principal], px=[]), scheme).near_misses
    near = next(one for one in found if one.change == "set_sex")
    assert (near.kind, near.mdc, near.examples) == ("mdc", "N", ("2",))
    assert near.would_give.mdc == "N"


def test_conditions_of_city_schemes_are_told_and_missed(scheme: Scheme) -> None:
    listed = next(iter(sorted(scheme.adrg_dx["BR2", 1])))
    rule = Rule(
        rule_id="BR2",
        adrg="BR2",
        mdc="B",
        seq=1,
        pdx_list=1,
        los_min=5,
        discharge=("1",),
        department=("02", "03"),
        icu_hours_min=1,
        icu_hours_max=120,
        age_years_min=18,
    )
    city = dataclasses.replace(scheme, rules=(rule,), declared=None)
    stay = {"los_days": 5, "discharge_status": "1", "department": "03", "icu_hours": 24}
    case = Case(sex=1, age_years=60, dx=[listed], **stay)
    assert explain_case(case, city).result.adrg == "BR2"
    for field, value, expected in (
        ("los_days", 4, "5"),
        ("discharge_status", "5", "1"),
        ("department", "01", "02"),
        ("icu_hours", 121, "120"),
        ("age_years", 17, "18"),
    ):
        missed = dataclasses.replace(case, **{field: value})
        assert explain_case(missed, city).result == group_one(missed, city)
        near = near_misses(missed, city).near_misses[0]
        assert (near.change, near.examples[0], near.would_give.adrg) == (f"set_{field}", expected, "BR2")


def test_an_explanation_is_quick(scheme: Scheme) -> None:
    explain_case(STROKE, scheme)
    took = []
    for _ in range(9):
        start = time.process_time()
        explain_case(STROKE, scheme)
        took.append(time.process_time() - start)
    assert median(took) < 0.05


def test_the_answers_of_a_table_and_of_its_cases_agree(scheme: Scheme) -> None:
    cases = [STROKE, dataclasses.replace(STROKE, case_id="2", dx="K80.201|J96.000", px="51.2300")]
    table = pd.DataFrame([dataclasses.asdict(case) for case in cases])
    assert group_cases(table, scheme)["drg"].tolist() == [explain_case(case, scheme).result.drg for case in cases]
