"""The formula that a trace prints, computed as it stands, gives what the case is paid, whatever the policy."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from actuary.errors import DeclarationError
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settle import settle_cases


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


drawn_policies = _module("drawn_policies")
small = _module("small_policy")


def computed(formula: str) -> float:
    """Compute a formula as it is printed."""
    plain = formula.replace("×", "*").replace("−", "-").replace(",", "")
    if plain.startswith("min("):
        # The comma between the two sides of the smaller one is no comma of thousands.
        return min(computed(side) for side in formula.removeprefix("min(").removesuffix(")").split(", "))
    assert set(plain) <= set("0123456789.+-*() E"), formula
    return float(eval(plain, {"__builtins__": {}}))  # noqa: S307  (numbers and operators only)


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(drawn=drawn_policies.drawn_settlements())
def test_printed_formulas_give_what_is_paid(drawn: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        policy = drawn.load(Path(folder))
        settled = settle_cases(drawn_policies.frame_of(drawn.cases), policy, budget=drawn.budget)
    for name in settled.table.case_id.to_pylist():
        trace = settled.explain(name)
        assert trace.to_text("zh")
        if trace.status.value != "paid" or "formula" not in [step.name for step in trace.steps]:
            continue
        numbers = trace.step("formula").numbers
        exact = float(numbers["exact"])
        if exact == 0:  # nothing is paid less than 0
            continue
        # Six digits are shown of a ratio; the base points that it is multiplied by are of any size.
        assert computed(numbers["filled"]) == pytest.approx(exact, rel=1e-4, abs=0.05)


@pytest.mark.parametrize(
    ("rule", "points", "formula"),
    [
        # B = 100, K = 1.1, r = 5, k = 3
        ('pay = "linear"', 310, "100 × 1.1 + (5 − 3) × 100"),
        ('pay = "linear"\nshare = 0.5', 210, "100 × 1.1 + (5 − 3) × 100 × 0.5"),
        ('pay = "linear"\nfactor_on_excess = true', 330, "100 × 1.1 + (5 − 3) × 100 × 1.1"),
        ('pay = "deduct"', 280, "100 × (5 − (3 − 1) × 1.1)"),
        ('pay = "cap"', 330, "3 × 100 × 1.1"),
        ('pay = "dip_excess"\nexcess_base = "one"', 330, "(5 − 3 + 1) × 100 × 1.1"),
        ('pay = "dip_excess"\nexcess_base = "factor"', 310, "(5 − 3 + 1.1) × 100"),
        ('pay = "ratio_points"', 550, "5 × 100 × 1.1"),
        ('pay = "points_no_factor"', 500, "5 × 100"),
        ('pay = "flat"\nshare = 2.5', 275, "2.5 × 100 × 1.1"),
        ('pay = "standard"', 110, "100 × 1.1"),
    ],
)
def test_every_formula_of_a_class_is_printed_with_its_numbers(
    rule: str, points: int, formula: str, tmp_path: Path
) -> None:
    (tmp_path / "weights.csv").write_text(small.WEIGHTS, encoding="utf-8")
    path = tmp_path / "policy.toml"
    path.write_text(small.TOML.replace('pay = "linear"', rule), encoding="utf-8")
    settled = settle_cases(small.stays({"tier": "3", "total_cost": "50000"}), path)
    numbers = settled.explain("c0").step("formula").numbers
    assert (numbers["filled"], numbers["exact"]) == (formula, points)
    assert computed(formula) == pytest.approx(points)
    assert settled.standard_fen.tolist() == [points * 10_000]


BASE_GROUP = """
[coefficient.base_group]
mechanism = "uniform_coef"
value = 0.97
groups = ["WE25"]
[incomplete]"""
BANDS = "points_per_day = 3.2\nbands = [{ to = 60, pay = 1.0 }, { pay = 0.8 }]"
STAY = {"tier": "3", "patient_cash": "500"}


@pytest.mark.parametrize(
    ("row", "step", "zh", "en"),
    [
        (
            {"drg": "BB15", "total_cost": "6000", "incomplete": 1},
            "formula",
            "min(200 × 0.3, 200) = 60 点",
            "min(200 × 0.3, 200) = 60 points",
        ),
        (
            {"bed_day": 1, "los_days": 90},
            "formula",
            "60 × 3.2 × 1 + 30 × 3.2 × 0.8 = 268.8 点",
            "60 × 3.2 × 1 + 30 × 3.2 × 0.8 = 268.8 points",
        ),
        ({"day_surgery": 1}, "formula", "0.9 × 100 × 1.1 = 99 点", "0.9 × 100 × 1.1 = 99 points"),
        (
            {"drg": "TC19", "tcm_share": "0.3"},
            "group",
            "TC19 → WE25（对照规则：中医药占比 0.3 < 0.6）",
            "TC19 → WE25 (cross-reference: tcm_share 0.3 < 0.6)",
        ),
        (
            {"drg": "WE25"},
            "coefficient",
            "K = 0.97（基础病组统一系数）",
            "K = 0.97 (one coefficient for base groups)",
        ),
        ({}, "coefficient", "K = 1.1（按医院等级）", "K = 1.1 (by tier)"),
        ({}, "case", "险种 职工", "tier 3, employee"),
        (
            {"negotiated_drugs": "500"},
            "deduction",
            "扣除 国谈药 500.00 元",
            "negotiated drugs of 500.00 yuan are taken out",
        ),
        (
            {},
            "payers",
            "11,000.00 − 500.00（个人现金） = 10,500.00",
            "11,000.00 − 500.00 (patient's cash) = 10,500.00",
        ),
        ({}, "ratio", "r = 9,000.00 ÷ 10,000 = 0.9（病组均费）", "0.9 (mean of the group)"),
        ({"total_cost": "50000"}, "formula", "× B × s：", "(s = 0.5)"),
    ],
)
def test_the_numbers_of_every_step_are_there(
    row: dict[str, object], step: str, zh: str, en: str, tmp_path: Path
) -> None:
    (tmp_path / "weights.csv").write_text(small.WEIGHTS, encoding="utf-8")
    path = tmp_path / "policy.toml"
    text = small.TOML.replace("[incomplete]", BASE_GROUP).replace("points_per_day = 3.2", BANDS)
    text = text.replace('pay = "linear"', 'pay = "linear"\nshare = 0.5')
    text += '\n[day_surgery]\npay = "flat"\nshare = 0.9\n'
    path.write_text(text, encoding="utf-8")
    found = settle_cases(small.stays({**STAY, **row}), path).explain("c0").step(step)
    assert (zh if row.get("total_cost") != "50000" else "s = 0.5") in found.zh
    assert en in found.en


def test_the_earlier_stay_and_the_ratio_of_the_fund_are_spelt_out(tmp_path: Path) -> None:
    (tmp_path / "weights.csv").write_text(small.WEIGHTS, encoding="utf-8")
    path = tmp_path / "policy.toml"
    by_ratio = 'fund_payable = "by_ratio"\npolicy_ratio = [{ value = 0.8 }]'
    path.write_text(small.TOML.replace('subtract = ["cash"]', by_ratio), encoding="utf-8")
    rows = [
        {"person_key": "p", "admission_date": "2024-01-01", "discharge_date": "2024-01-02"},
        {"person_key": "p", "admission_date": "2024-01-03", "discharge_date": "2024-01-04"},
    ]
    parts = {"tier": "3", "fully_self_paid": "100", "first_self_paid": "200", "deductible_paid": "700"}
    settled = settle_cases(small.stays(*({**parts, **row} for row in rows)), path)
    trace = settled.explain("c0")
    assert trace.step("formula").numbers["filled"] == "100 × 1.1 × 0.5"
    said = (
        "max(5,500.00 − 100.00 (fully self-paid) − 200.00 (first self-paid) − 700.00 (deductible), 0) × 0.8 = 3,600.00"
    )
    assert said in trace.step("payers").en
    assert settled.payers.fund_fen[0] == 360_000
    assert f"policy {settled.policy.fingerprint[:12]}, settlement {settled.fingerprint[:12]}" in trace.to_text("en")


def test_the_announced_value_and_the_lower_boundary_are_spelt_out(tmp_path: Path) -> None:
    (tmp_path / "weights.csv").write_text(small.WEIGHTS, encoding="utf-8")
    path = tmp_path / "policy.toml"
    text = small.TOML.replace('mode = "fixed"', 'mode = "pool"\nbudget_value = 80')
    text = text.replace('rate = [{ tier = "*", scheme = "*", value = 100 }]', "")
    text = text.replace('"city_group_mean"', '"standard"').replace('"3" = 1.1', '"3" = 0.9')
    text = text.replace("k = 0.4\n", 'k = 0.4\nthreshold = "lower_of"\n')
    path.write_text(text, encoding="utf-8")
    settled = settle_cases(small.stays({"tier": "3", "total_cost": "1800"}), path, budget=9000)
    trace = settled.explain("c0")
    assert "1,800.00 ÷ 7,200 = 0.25 (the standard at the announced value 90 × 80 = 7,200)" in trace.step("ratio").en
    assert trace.step("class").en.endswith("r = 0.25 < 0.4 × min(1, 0.9) = 0.36")
    path.write_text(text.replace("budget_value = 80", ""), encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"price\.budget_value"):
        load_payment_policy(path)
