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
