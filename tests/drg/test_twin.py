"""The compiled loop gives what the slow twin gives: on the national scheme and on schemes made at random."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.drg.case_changes import change_case
from actuary.drg.case_values import read_case
from actuary.drg.cases import Case
from actuary.drg.explain import explain_case
from actuary.drg.grouper import group_cases, group_one
from actuary.drg.regroup import group_values
from actuary.drg.rule_reach import unreachable_rules
from actuary.drg.scheme import Scheme
from actuary.drg.scheme_build import Roles, SchemeParts, apply_switches
from actuary.drg.scheme_rows import AdrgRow, DrgRow, MdcRow, Rule
from actuary.drg.statuses import Reason, Severity
from actuary.drg.switches import SWITCHES, Switches
from actuary.drg.tracing import trace_case

DX = ["A01", "A02", "B01", "B02", "C01", "C02", "D01", "P07.1", "P07.2", "Z37.0"]
PX = ["01.0", "02.0", "03.0", "04.0", "05.0", "06.0"]
NUMBERS = (
    "age_days_min",
    "age_days_max",
    "age_years_min",
    "age_years_max",
    "weight_g_min",
    "weight_g_max",
    "los_min",
    "los_max",
    "icu_hours_min",
    "icu_hours_max",
)
CASES_A_SCHEME = 60


def _some(rng: random.Random, values: list[str], most: int = 6) -> frozenset[str]:
    return frozenset(rng.sample(values, rng.randint(1, min(most, len(values)))))


def _conditions(rng: random.Random) -> dict[str, Any]:
    """Return conditions on the stay; most rules have none."""
    if rng.random() < 0.7:
        return {}
    chosen: dict[str, Any] = {name: rng.randint(0, 3) for name in rng.sample(NUMBERS, rng.randint(0, 2))}
    if rng.random() < 0.3:
        chosen["discharge"] = rng.choice([("1",), ("2", "5")])
    if rng.random() < 0.3:
        chosen["department"] = rng.choice([("ICU",), ("03.01", "ICU")])
    return chosen


def _rule(rng: random.Random, name: str, mdc: str, seq: int) -> Rule:
    """Return a rule with one to three conditions of any kind."""
    kinds = ["pdx_list", "not_pdx_list", "anydx_list", "odx_list", "ppx_list", "px_pair_list", "apx_lists", "px_flag"]
    asked: dict[str, Any] = {kind: rng.randint(1, 3) for kind in rng.sample(kinds, rng.randint(0, 3))}
    if "apx_lists" in asked:
        asked["apx_lists"] = rng.choice([(1,), (1, 2), (3, 2), (1, 2, 3)])
    if "px_flag" in asked:
        asked["px_flag"] = rng.choice(["main_valid", "none_valid", "main_not_valid"])
    return Rule(rule_id=f"{name}_{seq}", adrg=name, mdc=mdc, seq=seq, **asked, **_conditions(rng))


def _drgs(rng: random.Random, name: str) -> tuple[DrgRow, ...]:
    tests = rng.sample(["MCC", "CC", "CC_ONLY", "none", "undivided"], rng.randint(0, 3))
    if rng.random() < 0.8:
        tests.append("none")
    return tuple(
        DrgRow(drg=f"{name}{place}", adrg=name, name=name, severity=test, **_conditions(rng))
        for place, test in enumerate(tests)
    )


def _mdc(rng: random.Random, letter: str, order: int) -> MdcRow:
    return MdcRow(
        mdc=letter,
        name=letter,
        order=order,
        dx_role={"A": "none", "Z": "sites"}.get(letter, rng.choice(["principal", "principal", "any"])),
        sex={"M": "1", "N": "2"}.get(letter, ""),
        age_years_must_be_0=letter == "P",
        needs_valid_main_px=letter == "A",
        any_dx_prefix=rng.choice(["", "P07."]) if letter == "P" else "",
        qy=rng.random() < 0.5,
    )


def make_scheme(rng: random.Random) -> Scheme:
    """Return a small scheme with every kind of entry, rule, test and switch."""
    letters = ["A", *rng.sample(["P", "Y", "Z", "M", "N", "O", "B"], 7)]
    mdcs = tuple(_mdc(rng, letter, order) for order, letter in enumerate(letters))
    adrgs: dict[str, AdrgRow] = {}
    rules: list[Rule] = []
    drgs: dict[str, tuple[DrgRow, ...]] = {}
    for mdc in letters:
        for name in {"P": ["PA1", "PR1", "PV1"], "O": ["OA1", "OR1"]}.get(mdc, [f"{mdc}A1", f"{mdc}R1"]):
            kind = "surgical" if name[1] == "A" else "medical"
            adrgs[name] = AdrgRow(adrg=name, mdc=mdc, name=name, kind=kind, priority=len(adrgs))
            rules += [_rule(rng, name, mdc, len(rules) + more) for more in range(rng.randint(1, 2))]
            drgs[name] = _drgs(rng, name)
    parts = SchemeParts(
        mdcs=mdcs,
        rules=tuple(rules),
        adrgs=adrgs,
        drgs=drgs,
        mdc_pdx={
            mdc: {code: rng.choice(["head", "chest", "arm"]) for code in _some(rng, DX)} if mdc != "A" else {}
            for mdc in letters
        },
        adrg_dx={(name, number): _some(rng, DX) for name in adrgs for number in (1, 2, 3)},
        adrg_px={(name, number): _some(rng, PX, 4) for name in adrgs for number in (1, 2, 3)},
        mcc={code: rng.randint(0, 2) for code in _some(rng, DX)},
        cc={code: rng.randint(0, 2) for code in _some(rng, DX)},
        exclusions={code: rng.randint(0, 2) for code in _some(rng, DX)},
        px_valid={"valid": _some(rng, PX), "valid_web": _some(rng, PX)},
        sex_conflict_exempt=_some(rng, DX),
        repeated=(),
    )
    positions = {name: rng.choice(sorted(doc.readings)) for name, doc in SWITCHES.items() if doc.readings}
    switches = Switches(**positions, valid_px=rng.choice(["valid", "valid_web"]))
    read, problems = apply_switches(parts, switches, Roles())
    assert problems == []
    fields = {entry.name: getattr(read, entry.name) for entry in dataclasses.fields(read)}
    return Scheme(name="random", title="random", folder=Path(), switches=switches, reading="", roles=Roles(), **fields)


def make_case(rng: random.Random, number: int) -> dict[str, Any]:
    """Return a case of which one value in ten is odd."""

    def mostly(usual: list[Any], odd: list[Any]) -> Any:
        return rng.choice(odd if rng.random() < 0.1 else usual)

    return {
        "case_id": str(number),
        "sex": mostly([1, 2], [0, 9, None]),
        "age_years": mostly([0, 0, 1, 2, 3, 60], [-1, None]),
        "age_days": mostly([0, 1, 2, 3, 28, 29, 400], [None]),
        "birth_weight_g": mostly([0, 1, 2, 3, 2500], [None]),
        "los_days": mostly([0, 1, 2, 3], [None]),
        "icu_hours": mostly([0, 1, 2, 3], [None]),
        "discharge_status": mostly(["1", "2", "5"], [None]),
        "department": mostly(["ICU", "03.01", "04"], [None]),
        "dx": mostly(
            [[mostly(DX, ["", "P07.9", "Z37.9", "zz"]) for _ in range(rng.randint(1, 5))]], [None, [], [""], ["", ""]]
        ),
        "px": mostly([[mostly(PX, ["", "99.9"]) for _ in range(rng.randint(0, 4))]], [None]),
    }


@pytest.mark.slow
@settings(max_examples=150)
@given(seed=st.integers(0, 2**32 - 1))
def test_random_schemes(slow_group: Callable[..., Any], seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  (nothing secret)
    scheme = make_scheme(rng)
    stays = [make_case(rng, number) for number in range(CASES_A_SCHEME)]
    for stay in stays:
        found = group_one(Case(**stay), scheme)
        compared = (found.status, found.mdc, found.adrg, found.drg, found.severity or "", found.reason, found.rule_id)
        assert compared == tuple(dataclasses.astuple(slow_group(stay, scheme))), stay
    answers = group_cases(pd.DataFrame(stays), scheme)
    assert answers["drg"].tolist() == [slow_group(stay, scheme).drg for stay in stays]


def test_random_schemes_give_every_answer(slow_group: Callable[..., Any]) -> None:
    rng = random.Random(1)  # noqa: S311
    seen: Counter[str] = Counter()
    for _ in range(150):
        scheme = make_scheme(rng)
        for number in range(20):
            answer = slow_group(make_case(rng, number), scheme)
            seen.update({answer.reason, f"severity {answer.severity}"})
    assert set(Reason) - set(seen) == {Reason.AGE_INVALID}  # plain numbers cannot be unreadable
    assert all(seen[f"severity {level}"] >= 5 for level in Severity)
    assert seen[Reason.RULE_HIT] > 600


@pytest.mark.slow
@settings(max_examples=40)
@given(data=st.data())
def test_national_scheme_under_random_switches(
    slow_group: Callable[..., Any], national: Scheme, data: st.DataObject
) -> None:
    positions = {
        name: data.draw(st.sampled_from(sorted(doc.readings)), label=name)
        for name, doc in SWITCHES.items()
        if doc.readings
    }
    scheme = national.with_switches(positions)
    stays = data.draw(st.lists(national_cases(national), min_size=5, max_size=20))
    table = pa.Table.from_pylist([{"case_id": str(row), **stay} for row, stay in enumerate(stays)], schema=SCHEMA)
    found = group_cases(table, scheme).to_pylist()
    for stay, answer in zip(stays, found, strict=True):
        expected = slow_group(stay, scheme)
        assert [answer[name] for name in ("status", "mdc", "adrg", "drg", "severity", "reason")] == [
            getattr(expected, name) for name in ("status", "mdc", "adrg", "drg", "severity", "reason")
        ]


SCHEMA = pa.schema(
    [
        ("case_id", pa.string()),
        ("sex", pa.int8()),
        ("age_years", pa.int32()),
        ("age_days", pa.int32()),
        ("birth_weight_g", pa.int32()),
        ("dx", pa.list_(pa.string())),
        ("px", pa.list_(pa.string())),
    ]
)


def national_cases(scheme: Scheme) -> st.SearchStrategy[dict[str, Any]]:
    """Return cases that satisfy parts of a rule, with other codes of the scheme around them."""
    rules = st.sampled_from(scheme.rules)
    some_dx, some_px = sorted(scheme.exclusions), sorted(scheme.valid_px)
    members = {key: sorted(codes) for key, codes in (scheme.adrg_dx | scheme.adrg_px).items()}  # type: ignore[operator]
    listed = {mdc: sorted(codes) or some_dx for mdc, codes in scheme.mdc_pdx.items()}

    @st.composite
    def build(draw: st.DrawFn) -> dict[str, Any]:
        rule = draw(rules)
        wanted = rule.pdx_list or rule.anydx_list
        principal = members[rule.adrg, wanted] if wanted and (rule.adrg, wanted) in scheme.adrg_dx else listed[rule.mdc]
        px = [
            draw(st.sampled_from(sorted(scheme.adrg_px[rule.adrg, n]))) for n in (rule.ppx_list, *rule.apx_lists) if n
        ]
        others = draw(st.lists(st.sampled_from(some_dx) | st.sampled_from(["", "X", "Z37.000", "B20.901"]), max_size=4))
        return {
            "sex": draw(st.sampled_from([1, 2])),
            "age_years": draw(st.sampled_from([0, 0, 5, 60, None] if rule.mdc == "P" else [0, 40, 70])),
            "age_days": draw(st.sampled_from([3, 28, 29, 100, None])),
            "birth_weight_g": draw(st.sampled_from([900, 1500, 3000, None])),
            "dx": [draw(st.sampled_from(principal)), *others],
            "px": px + draw(st.lists(st.sampled_from(some_px), max_size=2)),
        }

    return build()


@pytest.mark.slow
@settings(max_examples=150)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_explained_way_through_random_schemes(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    scheme = make_scheme(rng)
    stays = [make_case(rng, number) for number in range(20)]
    never = {rule.rule_id for rule, _ in unreachable_rules(scheme)}
    for stay in stays:
        found = group_one(Case(**stay), scheme)
        trace = trace_case(read_case(Case(**stay)), scheme)
        assert trace.result == found, stay
        assert found.rule_id not in never, stay


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_near_miss_of_a_random_case_gives_what_it_says(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    scheme, stay = make_scheme(rng), make_case(rng, 0)
    explanation = explain_case(Case(**stay), scheme)
    assert explanation.result == group_one(Case(**stay), scheme)
    for near in explanation.near_misses:
        for example in near.examples:
            changed = group_values([change_case(explanation.case, near.change, example)], scheme)[0]
            assert changed.drg == near.would_give.drg
            assert (changed.status, changed.drg) != (explanation.result.status, explanation.result.drg)
    for lang in ("zh", "en"):
        assert explanation.to_html(lang)
