"""Dated look-up, inheritance, scenarios and fingerprints."""

from __future__ import annotations

import datetime as dt
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.drivers import DRIVERS
from actuary.errors import DeclarationError, UnknownNameError
from actuary.policy import (
    AssumptionBasis,
    DatedBook,
    Parameter,
    canonical_json,
    check_models,
    fingerprint,
    list_regions,
    list_scenarios,
    load_alert_rules,
    load_basis,
    load_policy_book,
    load_scenario,
    resolve,
)
from actuary.policy.dated import close, overlay, spans_of
from actuary.policy.parameters import AssumptionValue

FIRST = dt.date(2000, 1, 1)


def parameter(days: list[int], values: list[float], *, prorate: bool = False) -> Parameter:
    """Build a parameter whose entries begin so many days after 2000-01-01."""
    return Parameter.model_validate(
        {
            "name": "示例",
            "name_en": "Example",
            "unit": "ratio",
            "prorate": prorate,
            "values": tuple(
                {"from": FIRST + dt.timedelta(days=day), "value": value, "source": "std"}
                for day, value in zip(days, values, strict=True)
            ),
        }
    )


@st.composite
def dated(draw: st.DrawFn, *, prorate: bool = False) -> Parameter:
    days = sorted(draw(st.sets(st.integers(0, 4000), min_size=1, max_size=8)))
    values = draw(st.lists(st.floats(-10, 10), min_size=len(days), max_size=len(days)))
    return parameter(days, values, prorate=prorate)


@settings(deadline=None)
@given(rule=dated(), offset=st.integers(0, 5000))
def test_the_value_on_a_day_is_the_last_entry_not_after_it(rule: Parameter, offset: int) -> None:
    day = FIRST + dt.timedelta(days=offset)
    book = DatedBook("somewhere", {"a.b": rule})
    before = [entry.value for entry in rule.values if entry.first_day <= day]
    if before:
        assert book.value("a.b", day) == before[-1]
    else:
        with pytest.raises(DeclarationError, match="no value in force"):
            book.value("a.b", day)


@settings(deadline=None)
@given(rule=dated(prorate=True), offset=st.integers(0, 3000), length=st.integers(0, 400))
def test_a_prorated_mean_lies_between_least_and_greatest(rule: Parameter, offset: int, length: int) -> None:
    first = rule.values[0].first_day + dt.timedelta(days=offset)
    last = first + dt.timedelta(days=length)
    mean = DatedBook("somewhere", {"a.b": rule}).value_over("a.b", first, last)
    entries = [rule.entry(first + dt.timedelta(days=number)) for number in range(length + 1)]
    values = [float(entry.value) for entry in entries if entry is not None]
    assert min(values) - 1e-9 <= mean <= max(values) + 1e-9
    assert math.isclose(mean, sum(values) / len(values), abs_tol=1e-9)


@settings(deadline=None)
@given(below=dated(), above=dated(), offset=st.integers(0, 5000))
def test_an_overlay_holds_where_it_is_in_force(below: Parameter, above: Parameter, offset: int) -> None:
    day = FIRST + dt.timedelta(days=offset)
    spans = overlay(spans_of(below), spans_of(above))
    merged = below.model_copy(update={"values": close(spans)})
    expected = above.entry(day) or below.entry(day)
    found = merged.entry(day)
    assert (found.value if found else None) == (expected.value if expected else None)


def test_without_prorating_a_quarter_uses_the_rule_of_its_first_day() -> None:
    rule = parameter([0, 40], [1.0, 3.0])
    book = DatedBook("somewhere", {"a.b": rule})
    assert book.value_over("a.b", FIRST, FIRST + dt.timedelta(days=90)) == 1.0


def test_prorating_needs_a_rule_on_every_day() -> None:
    rule = parameter([0], [1.0], prorate=True)
    entry = rule.values[0].model_copy(update={"last_day": FIRST + dt.timedelta(days=9)})
    book = DatedBook("somewhere", {"a.b": rule.model_copy(update={"values": (entry,)})})
    with pytest.raises(DeclarationError, match="2000-01-11"):
        book.value_over("a.b", FIRST, FIRST + dt.timedelta(days=20))


def test_a_city_inherits_what_it_does_not_rule() -> None:
    city, nation = load_policy_book("shenyang"), load_policy_book("national")
    assert set(nation.keys()) - set(city.keys()) == {"critical_illness.funding_share"}
    day = dt.date(2024, 6, 30)
    assert (city.value("employee.employer_rate", day), nation.value("employee.employer_rate", day)) == (0.08, 0.06)
    assert city.value("resident.premium_per_head", day) == 400
    assert city.origin("resident.premium_per_head", day) == "national: national/policy/resident_funding.toml"
    assert city.origin("employee.employer_rate", day) == "shenyang: cities/shenyang/policy/contributions.toml"
    assert "国发〔1998〕44号" in city.source_text("employee.employer_rate", dt.date(2019, 1, 1))
    assert "凭记忆录入，未核对原文" in city.source_text("employee.employer_rate", day)


def test_a_city_entry_that_ends_gives_way_to_the_nation() -> None:
    city = load_policy_book("shenyang")
    subsidy = {year: city.value("resident.subsidy_per_head", dt.date(year, 7, 1)) for year in range(2014, 2026)}
    assert subsidy[2015] == 380
    assert subsidy[2016] == 420
    assert subsidy[2020] == 550
    assert subsidy[2024] == 670
    assert city.origin("resident.subsidy_per_head", dt.date(2020, 7, 1)).startswith("shenyang")
    assert city.origin("resident.subsidy_per_head", dt.date(2021, 7, 1)).startswith("national")


def test_a_city_key_that_replaces_hides_the_national_one() -> None:
    city, day = load_policy_book("shenyang"), dt.date(2024, 6, 30)
    assert city.parameter("critical_illness.funding_per_head").replaces == ("critical_illness.funding_share",)
    assert "critical_illness.funding_share" not in city.on(day)
    assert load_policy_book("anyang").value("critical_illness.funding_share", day) == 0.05


@pytest.mark.slow
@pytest.mark.parametrize(
    ("replaces", "words"),
    [
        ('["critical_illness.funding_shares"]', "did you mean 'critical_illness.funding_share'"),
        ('["employee.employer_rate"]', "which the city rules too"),
    ],
)
def test_a_replaced_key_must_be_one_of_the_nation(models: Path, replaces: str, words: str) -> None:
    path = models / "cities/shenyang/policy/benefits.toml"
    text = path.read_text(encoding="utf-8").replace('["critical_illness.funding_share"]', replaces)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError, match=words):
        load_policy_book("shenyang", root=models)
    assert any(words in str(problem) for problem in check_models(models))


def test_only_a_city_replaces_and_it_keeps_the_kind(models: Path) -> None:
    path = models / "national/policy/payment.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('kind = "statistic"', 'replaces = ["resident.premium_per_head"]'), encoding="utf-8")
    with pytest.raises(DeclarationError, match="in files of a city only"):
        load_policy_book("anyang", root=models)
    path.write_text(text, encoding="utf-8")
    path = models / "cities/shenyang/policy/contributions.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('kind = "statistic"', 'kind = "rule"'), encoding="utf-8")
    with pytest.raises(DeclarationError, match="a city keeps the kind of"):
        load_policy_book("shenyang", root=models)


def test_statistics_and_first_records_are_no_changes() -> None:
    ever = (dt.date(1990, 1, 1), dt.date(2050, 12, 31))
    for region in list_regions():
        book = load_policy_book(region)
        told = book.changes(*ever)
        assert {change.key for change in told} <= set(book.rules())
        for change in told:
            entry = book.parameter(change.key).entry(change.day)
            assert entry is None or not entry.first_record
            assert change.before is not None or change.after is not None
            assert "改革前" not in change.name
    city = load_policy_book("shenyang").changes(*ever)
    own = {change.key: (change.day.year, change.before, change.after) for change in city}
    assert own["critical_illness.funding_per_head"] == (2020, 25, 70)
    assert own["benefits.pooled_cap"] == (2020, 100_000, 150_000)
    assert own["benefits.employee_large_sum_cap"] == (2020, 350_000, 450_000)
    assert not any(change.key == "employee.employer_rate" and change.day.year > 1998 for change in city)
    assert not any(change.key.startswith("retirement.start_age") for change in city)


def test_a_statistic_is_in_the_book_and_not_among_its_rules() -> None:
    book, day = load_policy_book("shenyang"), dt.date(2020, 6, 30)
    assert book.on(day)["employee.contribution_cut_employers"] == 94_000
    assert "employee.contribution_cut_employers" not in book.rules(day)
    assert book.parameter("payment.drg_fund_share_target").kind == "target"
    assert set(book.rules(day)) <= set(book.on(day))


def test_an_assumption_has_no_kind(models: Path) -> None:
    path = models / "national/assumptions/base.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('unit = "share"', 'unit = "share"\nkind = "statistic"', 1), encoding="utf-8")
    with pytest.raises(DeclarationError, match="an assumption without it"):
        load_basis("national", root=models)


def test_a_city_without_rules_has_those_of_the_nation() -> None:
    assert dict(load_policy_book("changsha").parameters) == dict(load_policy_book("national").parameters)


def test_rules_on_a_day_are_a_mapping() -> None:
    view = load_policy_book("national").on(dt.date(2019, 6, 30))
    assert view["maternity.merged_into_employee"] is True
    assert "employee.personal_credit_active" not in view
    assert view.get("employee.personal_credit_active") is None
    assert len(view) == len(dict(view))
    assert view.entry("employee.employer_rate").confidence == "recalled"
    with pytest.raises(DeclarationError, match="no value in force"):
        view["employee.personal_credit_active"]
    with pytest.raises(UnknownNameError):
        view["employee.credit"]


def test_changes_tell_before_and_after() -> None:
    changes = load_policy_book("national").changes(dt.date(2021, 1, 1), dt.date(2021, 12, 31))
    told = {change.key: (change.day.isoformat(), change.before, change.after) for change in changes}
    assert told["resident.subsidy_per_head"] == ("2021-01-01", 550, 580)
    assert told["employee.employer_share_to_personal"] == ("2021-04-01", 0.3, None)
    assert told["employee.personal_credit_active"] == ("2021-04-01", None, 0.02)
    assert [change.day for change in changes] == sorted(change.day for change in changes)
    assert all(change.source for change in changes)


def test_the_base_scenario_changes_nothing() -> None:
    plain, base = resolve("national"), resolve("national", scenario="base")
    assert base.deltas == ()
    assert plain.fingerprint == base.fingerprint
    assert base.policy.fingerprint == load_policy_book("national").fingerprint
    assert base.assumptions.fingerprint == load_basis("national").fingerprint


@pytest.mark.parametrize(("region", "basis"), [("national", "people"), ("city_panel", "base")])
@pytest.mark.parametrize("name", [name for name in list_scenarios() if name != "base"])
def test_a_scenario_is_its_deltas_and_nothing_else(name: str, region: str, basis: str) -> None:
    base, changed = resolve(region, basis=basis), resolve(region, basis=basis, scenario=name)
    touched = {delta.key for delta in load_scenario(name).deltas}
    # What a region does not hold (people, assumptions of the people-driven model) changes nothing in its books.
    held = [key for key in touched if key in base.policy or key in base.assumptions]
    assert (changed.fingerprint != base.fingerprint) == bool(held)
    for before, after in ((base.policy, changed.policy), (base.assumptions, changed.assumptions)):
        for key in before.keys():  # noqa: SIM118
            if key not in touched:
                assert after.parameter(key) == before.parameter(key)
    for key in held:
        before_book = base.policy if key in base.policy else base.assumptions
        after_book = changed.policy if key in changed.policy else changed.assumptions
        begins = before_book.parameter(key).values[0].first_day
        for day in (max(begins, dt.date(2023, 5, 1)), dt.date(2026, 5, 1), dt.date(2034, 5, 1)):
            if before_book.parameter(key).entry(day) is None:
                continue
            value = before_book.value(key, day)
            for delta in changed.deltas:
                if delta.key == key and delta.first_day <= day <= (delta.last_day or dt.date.max):
                    moved = {"add": value + delta.value, "multiply": value * delta.value, "replace": delta.value}
                    value = moved[delta.operation]
            assert after_book.value(key, day) == value


@pytest.mark.parametrize(("region", "year"), [("national", 2025), ("city_panel", 2023)])
def test_a_basis_begins_after_the_last_year_it_argues_from(region: str, year: int) -> None:
    basis = load_basis(region)
    for key in DRIVERS:
        if key != "employee.relative_cost_retired":
            first = basis.parameter(key).values[0]
            assert first.first_day == dt.date(year, 1, 1), key
            assert not re.search(rf"{year}年实际", basis.reason(key, first.first_day))
    said = [entry.reason + (entry.reason_en or "") for key in DRIVERS for entry in _entries(basis, key)]
    for later in range(year + (region == "national"), 2030):
        assert not any(re.search(rf"{later}年(?:实际|增|为)", text) for text in said), later


def _entries(basis: AssumptionBasis, key: str) -> tuple[AssumptionValue, ...]:
    return tuple(entry for entry in basis.parameter(key).values if isinstance(entry, AssumptionValue))


def test_directions_of_the_scenarios() -> None:
    day = dt.date(2030, 1, 1)
    worse, base, better = (resolve("national", scenario=name).assumptions for name in ("adverse", "base", "favourable"))
    for key in ("employee.pooled_cost_growth", "employee.retired_growth", "resident.cost_growth"):
        assert worse.value(key, day) > base.value(key, day) > better.value(key, day)
    for key in ("employee.active_growth", "employee.contribution_base_growth", "resident.enrolled_growth"):
        assert worse.value(key, day) < base.value(key, day) < better.value(key, day)


def test_halving_enters_a_quarter_by_days() -> None:
    book = resolve("national", scenario="contribution_halving_5_months").policy
    key = "employee.employer_rate"
    rate = book.value(key, dt.date(2025, 12, 31))
    first = book.value_over(key, dt.date(2026, 1, 1), dt.date(2026, 3, 31))
    assert first == pytest.approx(rate * (31 + 0.5 * 59) / 90, rel=1e-14)
    assert book.value_over(key, dt.date(2026, 4, 1), dt.date(2026, 6, 30)) == pytest.approx(rate / 2, rel=1e-15)
    assert book.value_over(key, dt.date(2026, 7, 1), dt.date(2026, 9, 30)) == rate
    assert book.origin(key, dt.date(2026, 3, 1)).startswith("scenario contribution_halving_5_months")
    assert "医保发〔2020〕6号" in book.source_text(key, dt.date(2026, 3, 1))


def test_a_scenario_replaces_and_refuses_what_a_region_lacks(models: Path) -> None:
    path = models / "scenarios/higher_cost_growth.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"add"', '"replace"').replace("value = 0.02", "value = 0.07"), encoding="utf-8")
    changed = resolve("national", scenario="higher_cost_growth", root=models).assumptions
    assert changed.value("employee.pooled_cost_growth", dt.date(2034, 1, 1)) == 0.07
    path.write_text(text.replace("employee.pooled_cost_growth", "critical_illness.funding_per_head"), encoding="utf-8")
    with pytest.raises(UnknownNameError, match="scenario higher_cost_growth for city_panel"):
        resolve("city_panel", scenario="higher_cost_growth", root=models)


def test_fingerprints_ignore_order_comments_and_layout(models: Path) -> None:
    path = models / "national/policy/payment.toml"
    before = load_policy_book("national", root=models).fingerprint
    text = path.read_text(encoding="utf-8")
    body = text.replace("unit =", "# which unit\nunit    =").replace(
        "minimum = 0\nmaximum = 1\n", "maximum = 1.0\nminimum = 0.0\n"
    )
    assert body != text
    path.write_text(body, encoding="utf-8")
    path.rename(path.with_name("zz_payment.toml"))
    assert load_policy_book("national", root=models).fingerprint == before
    path.with_name("zz_payment.toml").write_text(text.replace("0.80", "0.81"), encoding="utf-8")
    assert load_policy_book("national", root=models).fingerprint != before


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.text(),
            st.floats(allow_nan=False, allow_infinity=False),
            st.dates(),
        ),
    )
)
def test_canonical_json_does_not_depend_on_the_order_of_keys(content: dict[str, object]) -> None:
    backwards = dict(reversed(list(content.items())))
    assert fingerprint(content) == fingerprint(backwards)
    assert fingerprint({**content, "added": 1}) != fingerprint({**content, "added": 2})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"a": {1, 2}}, "content.a: found a set"),
        ({"a": [object()]}, r"content.a\[1\]: found a object"),
        ({"a": math.nan}, "a finite number"),
        ({1: "a"}, "keys that are text"),
        ({"a": dt.datetime(2020, 1, 1)}, "found a datetime"),
        ({"a": Path()}, "found a .*Path"),
    ],
)
def test_a_fingerprint_refuses_what_has_no_canonical_form(content: object, words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        canonical_json(content)


def test_warning_levels_of_the_payable_months() -> None:
    rules = {rule.id: rule for rule in load_alert_rules()}
    positive, negative = {"current_balance_yuan": 1.0}, {"current_balance_yuan": -1.0}
    for months, flows, level in (
        (0.9, positive, "red"),
        (2.9, negative, "red"),
        (2.9, positive, "orange"),
        (3.0, positive, "yellow"),
        (6.0, negative, "normal"),
        (9.0, positive, "normal"),
        (15.0, positive, "normal"),
        (15.1, positive, "blue"),
        (math.nan, positive, "not_assessable"),
    ):
        assert rules["PR-1"].level({"payable_months": months, **flows}) == level
    for months, level in ((2.9, "orange"), (3, "yellow"), (6, "normal"), (9, "normal"), (12, "normal"), (16, "blue")):
        assert rules["CN-1"].level({"payable_months": months}) == level
    band = rules["CN-1"]
    for months, status, confidence in (
        (2.9, "official", "recalled"),
        (5.9, "judgement", None),
        (6.0, "official", None),
        (9.0, "official", None),
        (9.1, "judgement", None),
        (15.0, "judgement", None),
        (15.1, "official", None),
    ):
        case = band.matching_case({"payable_months": months})
        assert case is not None
        assert (band.status_of(case), case.confidence) == (status, confidence), months
    assert band.status_of(None) == "official"
    assert rules["PR-8B"].level({"years_to_current_deficit": math.inf}) == "normal"
    assert rules["PR-8B"].level({"years_to_current_deficit": 3.0}) == "orange"
    assert rules["PR-10"].level({"dependency_ratio": 1.47}) == "red"
    assert rules["PR-10N"].region_kinds == ("province", "city", "county", "panel")


def test_the_layer_needs_neither_pandas_nor_numpy() -> None:
    code = (
        "import sys, actuary.policy as p; [getattr(p, name) for name in p.__all__]; p.resolve('national');"
        "sys.exit(bool({'pandas', 'numpy', 'xarray'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
