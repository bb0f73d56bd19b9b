"""Weights and coefficients from cases: published numbers, plain twins, identities, and what odd input gets."""

from __future__ import annotations

import csv
import json
import tempfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuary.errors import TableError
from actuary.payment.case_files import read_cases
from actuary.payment.coefficients import CoefficientRule, compute_coefficients
from actuary.payment.cost_structure import ITEM_CLASSES, adjust_structure
from actuary.payment.declared_rules import rule_of_policy
from actuary.payment.exact import as_fraction, round_to
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.rescaling import rescale_to_total
from actuary.payment.stability import Stability, StabilityRule, Treatment
from actuary.payment.trimming import TrimRule
from actuary.payment.weight_rules import WeightRule
from actuary.payment.weight_set import WeightSet
from actuary.payment.weight_tables import read_weights
from actuary.payment.weights import weigh_groups
from actuary.payment.weights_of_cases import weigh_cases, weights_from_cases, years_of
from tests.reference import slow_weights

_GROUPS = st.dictionaries(
    st.sampled_from(["AB11", "AB13", "AB15", "CD21", "CD25", "EF19"]),
    st.lists(st.integers(1, 10**11), min_size=1, max_size=6),
    min_size=1,
)


def _example(reference: Path, name: str) -> dict[str, Any]:
    examples = json.loads((reference / "settlement" / "worked_examples.json").read_text(encoding="utf-8"))
    return next(entry for entry in [*examples["examples"], *examples["derived_examples"]] if entry["id"] == name)


def _weigh(groups: dict[str, list[int]], rule: WeightRule, **more: Any) -> WeightSet:
    names = list(groups)
    codes = np.repeat(np.arange(len(names)), [len(groups[name]) for name in names])
    return weigh_groups(names, codes, np.array([cost for name in names for cost in groups[name]]), rule=rule, **more)


@pytest.mark.reference
def test_published_weights_are_mean_over_mean(reference: Path) -> None:
    for name in ("yulin-2022-AB19-rw", "yulin-2022-ZZ15-rw"):
        example = _example(reference, name)
        inputs, expected = example["inputs"], example["expected"]["rw"]
        ratio = as_fraction(inputs["group_mean_cost"]) / as_fraction(inputs["overall_mean_cost"])
        assert round_to(ratio, 4) == Fraction(expected)


@pytest.mark.reference
def test_cases_that_cost_the_published_mean_get_the_published_weight(reference: Path) -> None:
    with (reference / "settlement" / "yulin_2022_weight_golden.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["published_rw"]]
    assert len(rows) == 979
    # A cost is a whole number: of ten-thousandths of a yuan here. Many cheap cases make the overall mean what it is.
    parts = {row["group_code"]: int(Decimal(row["group_mean_cost"]) * 10_000) for row in rows}
    overall = 79_902_420
    many = 20_000
    rest = overall * (len(rows) + many) - sum(parts.values())
    cheap = [rest // many] * (many - 1)
    groups = {group: [mean] for group, mean in parts.items()} | {"rest": [*cheap, rest - sum(cheap)]}
    weights = _weigh(groups, WeightRule())
    assert weights.overall_mean_fen == overall
    assert {row["group_code"]: weights.rw(row["group_code"]) for row in rows} == {
        row["group_code"]: Fraction(row["published_rw"]) for row in rows
    }


@pytest.mark.reference
def test_three_years_are_weighted_as_the_specification_says(reference: Path) -> None:
    example = _example(reference, "dip-three-year-mean")
    means = [int(Decimal(mean) * 100) for mean in example["inputs"]["means"]]
    parts = [Fraction(part) for part in example["inputs"]["year_weights"]]
    overall = int(Decimal(example["inputs"]["overall_mean"]) * 100)
    # A second group of the same size in every year brings the overall mean to what it is.
    costs = [cost for mean in means for cost in (mean, 2 * overall - mean)]
    weights = weigh_groups(
        ["A", "B"],
        np.array([0, 1] * 3),
        np.array(costs),
        rule=WeightRule(years=dict(zip((2020, 2021, 2022), parts, strict=True)), decimals=6),
        year=np.repeat([2020, 2021, 2022], 2),
    )
    assert weights["A"].mean_fen == Fraction(example["expected"]["group_mean"]) * 100
    assert weights.rw("A") == Fraction(example["expected"]["rw"])


@given(_GROUPS, st.integers(0, 9))
def test_weights_are_those_of_the_plain_twin(groups: dict[str, list[int]], decimals: int) -> None:
    weights = _weigh(groups, WeightRule(decimals=decimals))
    for group, exact in slow_weights.weights(groups).items():
        rounded = round_to(exact, decimals)
        assert weights[group].raw == exact
        assert weights.rw(group) == (rounded or None)
    assert weights.total_before == sum(len(costs) for costs in groups.values())


@given(
    _GROUPS,
    st.sampled_from(list(Treatment)),
    st.integers(1, 4),
    st.fractions(Fraction(1, 10), 1, max_denominator=10),
    st.booleans(),
)
def test_the_total_weight_is_kept_through_every_edit(
    groups: dict[str, list[int]], otherwise: Treatment, min_cases: int, smoothing: Fraction, freeze: bool
) -> None:
    earlier = {group: Fraction(1, 2) for group in groups}
    rule = WeightRule(
        stable=StabilityRule(min_cases=min_cases, otherwise=otherwise),
        keep_total=True,
        smoothing=smoothing,
        freeze=tuple(sorted(groups)[:1]) if freeze else (),
        decimals=12,
    )
    weights = _weigh(groups, rule, earlier=earlier)
    with_weight = [weight for weight in weights.groups if weight.rw is not None]
    free = [w for w in with_weight if w.treatment is not Treatment.OVERALL_MEAN and w.group not in rule.freeze]
    assert weights.total_before == sum((w.before.n * (w.raw or 0) for w in with_weight), Fraction(0))
    if free:
        room = sum((w.before.n * w.rw for w in with_weight if w not in free and w.rw), Fraction(0))
        if room < weights.total_before:
            assert abs(weights.total_after - weights.total_before) < Fraction(len(groups) * 10, 10**11)
    for group in rule.freeze:
        held = weights.rw(group)
        assert held is None or weights[group].treatment is Treatment.OVERALL_MEAN or held >= earlier[group]


def test_smoothing_and_freezing() -> None:
    groups = {"AB11": [100_00] * 2, "CD21": [300_00] * 2}
    earlier = {"AB11": Fraction(1), "CD21": Fraction(1)}
    assert _weigh(groups, WeightRule()).rw("AB11") == Fraction(1, 2)
    smoothed = _weigh(groups, WeightRule(smoothing=Fraction(3, 4)), earlier=earlier)
    assert [smoothed.rw(group) for group in groups] == [Fraction(5, 8), Fraction(11, 8)]
    frozen = _weigh(groups, WeightRule(freeze=("AB11",), keep_total=True), earlier=earlier)
    assert [frozen.rw(group) for group in groups] == [1, 1]
    assert frozen["AB11"].frozen
    assert not frozen["CD21"].frozen
    lax = _weigh(groups, WeightRule(freeze=("AB11",)), earlier=earlier)
    assert [lax.rw(group) for group in groups] == [1, Fraction(3, 2)]
    with pytest.raises(TableError, match="none for the frozen group AB11"):
        _weigh(groups, WeightRule(freeze=("AB11",)))
    with pytest.raises(TableError, match="weights to smooth with"):
        _weigh(groups, WeightRule(smoothing=Fraction(1, 2)))


def test_what_unstable_groups_get() -> None:
    groups = {
        "AB11": [100_00] * 6,
        "AB13": [400_00] * 2,
        "CD21": [1_00, 1_00, 1_00, 1_00, 96_00],
        "EF19": [0, 0, 0, 0, 0],
    }
    stable = {"min_cases": 5, "cv_max": Fraction(1)}
    found = {
        otherwise: _weigh(
            groups, WeightRule(stable=StabilityRule(**stable, otherwise=otherwise)), known=["GH11", "AB15"]
        )
        for otherwise in Treatment
    }
    assert {weight.group: weight.stability for weight in found[Treatment.REVIEW].groups} == {
        "AB11": Stability.STABLE,
        "AB13": Stability.FEW_CASES,
        "AB15": Stability.UNCOVERED,
        "CD21": Stability.HIGH_CV,
        "EF19": Stability.COST_ZERO,
        "GH11": Stability.UNCOVERED,
    }
    overall = Fraction(6 * 100 + 2 * 400 + 100, 18)
    own = round_to(400 / overall, 4)
    of_adrg = round_to(Fraction(1400, 8) / overall, 4)
    assert {otherwise: weights.rw("AB13") for otherwise, weights in found.items()} == {
        Treatment.OWN_MEAN: own,
        Treatment.REVIEW: None,
        Treatment.ADRG_MEAN: of_adrg,
        Treatment.OVERALL_MEAN: 1,
        Treatment.NONE: None,
    }
    # A group without a case of its own still has the mean of its ADRG, one without any relative has nothing.
    assert found[Treatment.ADRG_MEAN].rw("AB15") == of_adrg
    assert found[Treatment.ADRG_MEAN].rw("GH11") is None
    assert found[Treatment.ADRG_MEAN]["GH11"].treatment is Treatment.NONE
    assert found[Treatment.REVIEW]["AB13"].mark == "special_review"
    assert found[Treatment.OWN_MEAN]["AB13"].mark == "unstable"
    assert found[Treatment.NONE]["GH11"].mark == "uncovered"
    assert "too few cases" in found[Treatment.REVIEW]["AB13"].reason("en")


def test_a_cv_of_exactly_the_limit_is_stable() -> None:
    rule = WeightRule(stable=StabilityRule(min_cases=3, cv_max=Fraction(1, 2)))
    assert _weigh({"A": [1, 2, 3], "B": [5, 5, 5]}, rule)["A"].stability is Stability.STABLE
    wider = WeightRule(stable=StabilityRule(min_cases=3, cv_max=Fraction(49, 100)))
    assert _weigh({"A": [1, 2, 3], "B": [5, 5, 5]}, wider)["A"].stability is Stability.HIGH_CV


def test_years_are_needed_and_present() -> None:
    rule = WeightRule(years={2020: Fraction(1), 2021: Fraction(2)})
    with pytest.raises(TableError, match="no year"):
        _weigh({"A": [1]}, rule)
    with pytest.raises(TableError, match="cases of 2021: found none"):
        _weigh({"A": [1]}, rule, year=np.array([2020]))
    # A group that lacks a year has the mean of the years it has; one of another year does not count.
    weights = _weigh({"A": [100, 300], "B": [200, 999]}, rule, year=np.array([2020, 2021, 2021, 2019]))
    assert weights["A"].mean_fen == Fraction(100 + 2 * 300, 3)
    assert weights["B"].mean_fen == 200
    assert weights.left_out["not of a declared year"] == 1


def test_no_case_is_an_error_and_a_weight_of_nothing_is_none() -> None:
    with pytest.raises(TableError, match="none that counts"):
        weigh_groups(["A"], np.array([-1]), np.array([5]), rule=WeightRule())
    with pytest.raises(TableError, match="costs above 0"):
        _weigh({"A": [0, 0]}, WeightRule())
    weights = _weigh({"A": [1], "B": [10**9]}, WeightRule(decimals=2))
    assert weights.rw("A") is None
    assert weights["A"].stability is Stability.ROUNDS_TO_ZERO


@given(_GROUPS)
def test_the_table_can_be_read_by_a_policy(groups: dict[str, list[int]]) -> None:
    weights = _weigh(groups, WeightRule(stable=StabilityRule(min_cases=2, otherwise=Treatment.REVIEW)), known=["ZZ99"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.csv"
        path.write_bytes(weights.table_bytes())
        table, problems = read_weights(path)
    assert problems == []
    assert table is not None
    assert {row.group: None if row.rw is None else Fraction(row.rw) for row in table} == {
        weight.group: weight.rw for weight in weights.groups
    }
    assert {row.group: row.mark for row in table} == {weight.group: weight.mark for weight in weights.groups}


@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.fractions(Fraction(1, 10), 5, max_denominator=20)), min_size=1, max_size=8
    ),
    st.fractions(Fraction(1, 4), 1, max_denominator=8),
    st.fractions(1, 3, max_denominator=8),
)
def test_rescaling_keeps_total_and_bounds(parts: list[tuple[int, Fraction]], low: Fraction, high: Fraction) -> None:
    cases, values = [number for number, _ in parts], [value for _, value in parts]
    total = Fraction(sum(cases))
    found = rescale_to_total(values, cases, total, lower=[low] * len(parts), upper=[high] * len(parts))
    assert found.residual == 0
    assert sum(number * value for number, value in zip(cases, found.scaled, strict=True)) == total
    assert all(low <= value <= high for value in found.scaled)


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(1, 10**6), st.booleans()), min_size=1, max_size=20
    ),
    st.sampled_from(["tier", "hospital", "group_tier", "group_hospital"]),
    st.integers(1, 3),
)
def test_coefficients_keep_the_total_weight(cases: list[tuple[int, int, int, bool]], form: str, min_cases: int) -> None:
    group, unit, cost, keep = (np.array(column) for column in zip(*cases, strict=True))
    found = compute_coefficients(
        group,
        unit,
        cost,
        keep=keep.astype(bool),
        names=(["A", "B", "C"], ["1", "2", "3"]),
        weights=[Fraction(1, 2), Fraction(1), Fraction(3)],
        rule=CoefficientRule(form=form, min_cases=min_cases, decimals=10),
    )
    assert found.total_before == sum({0: Fraction(1, 2), 1: Fraction(1), 2: Fraction(3)}[g] for g in group.tolist())
    if not any(cell.too_few for cell in found.cells):
        assert abs(found.total_after - found.total_before) < Fraction(1, 10**6)
    assert all(cell.coef == 1 for cell in found.cells if cell.too_few)


@pytest.mark.reference
def test_the_published_cost_coefficient(reference: Path) -> None:
    example = _example(reference, "jinhua-cost-coef")
    hospital, city = (
        int(Decimal(example["inputs"][name]) * 100) for name in ("hospital_group_mean", "city_group_mean")
    )
    found = compute_coefficients(
        np.array([0, 0]),
        np.array([0, 1]),
        np.array([hospital, 2 * city - hospital]),
        keep=np.ones(2, dtype=bool),
        names=(["GD25"], ["H1", "H2"]),
        weights=[Fraction(1)],
        rule=CoefficientRule(form="group_hospital"),
    )
    assert found.cells[0].coef == Fraction(example["expected"]["cost_coef"])


def test_structure_adjustment_brings_every_class_to_a_fifth() -> None:
    rng = np.random.default_rng(3)
    parts = rng.integers(1, 10_000, (5, 400)) * np.array([[1], [2], [3], [10], [1]])
    cost = parts.sum(axis=0)
    classes = dict(zip(ITEM_CLASSES, parts, strict=True))
    adjusted = adjust_structure(cost, classes)
    assert abs(adjusted.residual_fen) <= 200
    assert int(adjusted.cost_fen.sum()) - int(cost.sum()) == adjusted.residual_fen
    for name, part in classes.items():
        share = float(adjusted.shares[name])
        assert (part * 0.2 / share).sum() == pytest.approx(cost.sum() / 5)
    classes["drug_cost"] = classes["drug_cost"] + np.eye(1, 400, dtype=np.int64)[0]
    assert not adjust_structure(cost, classes).used[0]
    with pytest.raises(TableError, match="column nursing_cost: found 0 in every case"):
        adjust_structure(
            cost - parts[1], {**classes, "drug_cost": parts[3], "nursing_cost": np.zeros(400, dtype=np.int64)}
        )
    with pytest.raises(TableError, match="column drug_cost: found no such column"):
        adjust_structure(cost, {name: part for name, part in classes.items() if name != "drug_cost"})


def test_a_class_that_one_case_has_is_refused_before_its_cost_leaves_its_group() -> None:
    cost = np.full(100, 10**11)
    classes = {name: np.full(100, 25 * 10**9) for name in ITEM_CLASSES}
    classes["nursing_cost"] = np.zeros(100, dtype=np.int64)
    classes["nursing_cost"][7], classes["drug_cost"][7] = 10, 25 * 10**9 - 10
    with pytest.raises(TableError, match=r"column nursing_cost: found 1e-12 of all costs.* 20,.*most cases have"):
        adjust_structure(cost, classes)


def test_a_month_of_odd_digits_is_of_no_year() -> None:
    cases = read_cases(_frame(month=["2024-01", "2023", "²⁰²⁴-01", "①②③④", "", "x"]))
    years = years_of(cases)
    assert years is not None
    assert years.tolist() == [2024, 2023, -1, -1, -1, -1]


def _frame(**more: list[str]) -> pd.DataFrame:
    frame = {
        "case_id": list("abcdef"),
        "hospital": ["H1", "H1", "H2", "H2", "H1", "H2"],
        "tier": ["3", "3", "2", "2", "3", "2"],
        "insurance": ["employee"] * 6,
        "drg": ["AB11", "AB11", "AB11", "CD21", "CD21", ""],
        "total_cost": ["100", "200", "300.50", "400", "-1", "500"],
    }
    return pd.DataFrame(frame | more)


def test_rows_that_do_not_count_are_said() -> None:
    policy = load_payment_policy("points-from-cases", partial_ok=True)
    weighed = weigh_cases(_frame(bed_day=["0", "1", "0", "0", "0", "0"]), policy)
    assert dict(weighed.weights.left_out) == {
        "the total cost is negative": 1,
        "paid by the day": 1,
        "no group": 1,
    }
    assert weighed.weights.cases == 3
    assert weighed.weights.fingerprint == policy.fingerprint
    assert "3 cases of 2 groups" in weighed.weights.summary()
    assert weighed.kept.sum() == 3
    assert weighed.quality().overall_before.cases == 3


def test_structure_adjusted_weights_from_a_table(tmp_path: Path) -> None:
    path = tmp_path / "adjusted.toml"
    path.write_text('extends = "points-from-cases"\n[weights]\nbasis = "structure_adjusted"\n', encoding="utf-8")
    policy = load_payment_policy(path, partial_ok=True)
    frame = _frame(total_cost=["100", "200", "300", "400", "500", "600"], drg=["AB11"] * 3 + ["CD21"] * 3)
    with pytest.raises(TableError, match="drug_cost"):
        weights_from_cases(frame, policy)
    for place, name in enumerate(ITEM_CLASSES):
        frame[name] = [str(20 * (row + 1)) for row in range(6)] if place else ["20", "40", "60", "80", "100", "121"]
    weights = weights_from_cases(frame, policy)
    assert weights.left_out["its five classes of items do not add up to its cost"] == 1
    assert weights.overall_mean_fen == 300_00


def test_a_policy_without_a_rule_trims_nothing(tmp_path: Path) -> None:
    path = tmp_path / "plain.toml"
    path.write_text('extends = "suzhou-2022"\n', encoding="utf-8")
    rule = rule_of_policy(load_payment_policy(path))
    assert (rule.trim, rule.stable, rule.decimals) == (TrimRule(), StabilityRule(), 12)
    weights = weights_from_cases(_frame(drg=["AB19"] * 6), load_payment_policy(path))
    assert weights["AB19"].before.n == 5
    assert any(weight.stability is Stability.UNCOVERED for weight in weights.groups)


def test_years_come_from_the_month_or_the_day_of_discharge(tmp_path: Path) -> None:
    path = tmp_path / "years.toml"
    path.write_text(
        'extends = "points-from-cases"\n[weights]\ntrim = { method = "none" }\n'
        "years = [{ year = 2023, w = 1 }, { year = 2024, w = 3 }]\nexcluded_days_from = 60\nexcluded_days_to = 2\n"
        'stable = { min_cases = 1, otherwise = "none" }\n',
        encoding="utf-8",
    )
    policy = load_payment_policy(path, partial_ok=True)
    frame = _frame(total_cost=["100", "200", "300", "400", "500", "600"], drg=["AB11"] * 6)
    frame["los_days"] = ["3", "3", "2", "60", "59", "3"]
    by_month = frame.assign(month=["2023-01", "2024-02", "2024-02", "2024-02", "2024-12", "2022-12"])
    by_day = frame.assign(
        discharge_date=["2023-01-31", "2024-02-29", "2024-02-01", "2024-02-01", "2024-12-31", "2022-12-31"]
    )
    for cases in (by_month, by_day):
        weights = weights_from_cases(cases, policy)
        assert weights["AB11"].mean_fen == Fraction(100_00 + 3 * 350_00, 4)
        assert dict(weights.left_out) == {
            "a stay of at most 2 days": 1,
            "a stay of at least 60 days": 1,
            "not of a declared year": 1,
        }


def test_a_hospital_that_is_not_on_the_list_does_not_count() -> None:
    policy = load_payment_policy("points-from-cases", partial_ok=True)
    hospitals = pd.DataFrame({"hospital": ["H2"], "tier": ["2"]})
    weights = weights_from_cases(_frame(), policy, hospitals=hospitals)
    assert weights.cases == 2
    assert weights.left_out["the hospital is not on the list, or the policy does not know it"] == 2
