"""The compiled loop gives what the slow twin gives: on the national scheme and on schemes made at random."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
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
numbers = st.none() | st.integers(0, 3)


def _some(values: list[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=5)


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    """Return few conditions: most rules have none."""
    if draw(st.integers(0, 3)):
        return {}
    chosen: dict[str, Any] = {name: draw(numbers) for name in draw(st.lists(st.sampled_from(NUMBERS), max_size=2))}
    if draw(st.booleans()):
        chosen["discharge"] = draw(st.sampled_from([("1",), ("2", "5")]))
    if draw(st.booleans()):
        chosen["department"] = draw(st.sampled_from([("ICU",), ("03.01", "ICU")]))
    return chosen


@st.composite
def schemes(draw: st.DrawFn) -> Scheme:
    """Return a small scheme with every kind of entry, rule, test and switch."""
    letters = ["A", "P", "Y", "Z", "M", "N", "O", "B"]
    mdcs = tuple(
        MdcRow(
            mdc=letter,
            name=letter,
            order=order,
            dx_role="none"
            if letter == "A"
            else "sites"
            if letter == "Z"
            else draw(st.sampled_from(["principal", "any"])),
            sex={"M": "1", "N": "2"}.get(letter, ""),
            age_years_must_be_0=letter == "P",
            needs_valid_main_px=letter == "A",
            any_dx_prefix=draw(st.sampled_from(["", "P07."])) if letter == "P" else "",
            qy=draw(st.booleans()),
        )
        for order, letter in enumerate(letters)
    )
    adrgs: dict[str, AdrgRow] = {}
    rules: list[Rule] = []
    drgs: dict[str, tuple[DrgRow, ...]] = {}
    adrg_dx: dict[tuple[str, int], frozenset[str]] = {}
    adrg_px: dict[tuple[str, int], frozenset[str]] = {}
    for mdc in mdcs:
        names = {"P": ["PR1", "PV1"], "O": ["OR1"]}.get(mdc.mdc, [f"{mdc.mdc}A1", f"{mdc.mdc}R1"])
        for name in names:
            kind = "surgical" if name[1] == "A" else "medical"
            adrgs[name] = AdrgRow(adrg=name, mdc=mdc.mdc, name=name, kind=kind, priority=len(adrgs))
            for number in (1, 2, 3):
                adrg_dx[name, number] = draw(_some(DX))
                adrg_px[name, number] = draw(_some(PX))
            for _ in range(draw(st.integers(1, 2))):
                one = st.none() | st.none() | st.integers(1, 3)
                rules.append(
                    Rule(
                        rule_id=f"{name}_{len(rules)}",
                        adrg=name,
                        mdc=mdc.mdc,
                        seq=len(rules),
                        pdx_list=draw(one),
                        not_pdx_list=draw(one),
                        anydx_list=draw(one),
                        odx_list=draw(one),
                        ppx_list=draw(one),
                        px_pair_list=draw(one),
                        apx_lists=draw(st.sampled_from([(), (), (1,), (1, 2), (1, 2, 3)])),
                        px_flag=draw(st.sampled_from(["", "", "main_valid", "none_valid", "main_not_valid"])),
                        **draw(conditions()),
                    )
                )
            tests = draw(st.lists(st.sampled_from(["MCC", "CC", "CC_ONLY", "none", "undivided"]), max_size=3))
            drgs[name] = tuple(
                DrgRow(drg=f"{name}{place}", adrg=name, name=name, severity=test, **draw(conditions()))
                for place, test in enumerate(tests)
            )
    sites = st.sampled_from(["head", "chest", "arm"])
    parts = SchemeParts(
        mdcs=mdcs,
        rules=tuple(rules),
        adrgs=adrgs,
        drgs=drgs,
        mdc_pdx={
            mdc.mdc: {} if mdc.mdc == "A" else {code: draw(sites) if mdc.mdc == "Z" else "" for code in draw(_some(DX))}
            for mdc in mdcs
        },
        adrg_dx=adrg_dx,
        adrg_px=adrg_px,
        mcc=draw(st.dictionaries(st.sampled_from(DX), st.integers(0, 2), max_size=4)),
        cc=draw(st.dictionaries(st.sampled_from(DX), st.integers(0, 2), max_size=4)),
        exclusions=draw(st.dictionaries(st.sampled_from(DX), st.integers(0, 2), max_size=6)),
        px_valid={"valid": draw(_some(PX)), "valid_web": draw(_some(PX))},
        sex_conflict_exempt=draw(_some(DX)),
        repeated=(),
    )
    positions = {name: draw(st.sampled_from(sorted(doc.readings))) for name, doc in SWITCHES.items() if doc.readings}
    switches = Switches(**positions, valid_px=draw(st.sampled_from(["valid", "valid_web"])))
    read, problems = apply_switches(parts, switches, Roles())
    assert problems == []
    fields = {entry.name: getattr(read, entry.name) for entry in dataclasses.fields(read)}
    return Scheme(name="random", title="random", folder=Path(), switches=switches, reading="", roles=Roles(), **fields)


cases = st.fixed_dictionaries(
    {
        "sex": st.sampled_from([1, 2, 1, 2, 1, 2, 0, 9, None]),
        "age_years": st.sampled_from([0, 0, 0, 1, 2, 3, 60, -1, None]),
        "age_days": st.sampled_from([0, 1, 2, 28, 29, 400, None]),
        "birth_weight_g": st.sampled_from([0, 1, 2, 3, 2500, None]),
        "los_days": st.sampled_from([0, 1, 2, 3, None]),
        "icu_hours": st.sampled_from([0, 1, 2, 3, None]),
        "discharge_status": st.sampled_from(["1", "2", "5", None]),
        "department": st.sampled_from(["ICU", "03.01", "04", None]),
        "dx": st.lists(st.sampled_from([*DX, *DX, "", "P07.9", "Z37.9", "zz"]), max_size=5) | st.none(),
        "px": st.lists(st.sampled_from([*PX, *PX, "", "99.9"]), max_size=4) | st.none(),
    }
)


@settings(max_examples=250)
@given(scheme=schemes(), stays=st.lists(cases, min_size=1, max_size=25))
def test_random_schemes(slow_group: Callable[..., Any], scheme: Scheme, stays: list[dict[str, Any]]) -> None:
    for stay in stays:
        found = group_one(Case(**stay), scheme)
        answer = slow_group(stay, scheme)
        compared = (found.status, found.mdc, found.adrg, found.drg, found.severity or "", found.reason, found.rule_id)
        assert compared == tuple(dataclasses.astuple(answer)), stay


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


@settings(max_examples=150)
@given(scheme=schemes(), stays=st.lists(cases, min_size=1, max_size=25))
def test_the_explained_way_through_random_schemes(scheme: Scheme, stays: list[dict[str, Any]]) -> None:
    never = {rule.rule_id for rule, _ in unreachable_rules(scheme)}
    for stay in stays:
        found = group_one(Case(**stay), scheme)
        trace = trace_case(read_case(Case(**stay)), scheme)
        assert trace.result == found, stay
        assert found.rule_id not in never, stay


@settings(max_examples=60)
@given(scheme=schemes(), stay=cases)
def test_every_near_miss_of_a_random_case_gives_what_it_says(scheme: Scheme, stay: dict[str, Any]) -> None:
    explanation = explain_case(Case(**stay), scheme)
    assert explanation.result == group_one(Case(**stay), scheme)
    for near in explanation.near_misses:
        for example in near.examples:
            changed = group_values([change_case(explanation.case, near.change, example)], scheme)[0]
            assert changed.drg == near.would_give.drg
            assert (changed.status, changed.drg) != (explanation.result.status, explanation.result.drg)
    for lang in ("zh", "en"):
        assert explanation.to_html(lang)
