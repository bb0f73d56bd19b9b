"""A sweep gives what settling every setting by itself gives, to the fen, quick or plain."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actuary.errors import DeclarationError, UnknownNameError
from actuary.payment.fraction_arrays import FractionArray
from actuary.payment.point_value import BudgetError
from actuary.payment.policy_changes import change_policy
from actuary.payment.settle import settle_cases
from actuary.payment.sweep import sweep_policy
from actuary.payment.sweep_result import SWEPT


def _beside(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


drawn_policies = _beside("drawn_policies")
_small = _beside("small_policy")
small_policy, stays = _small.small_policy, _small.stays
slowly = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def _settings_of(policy, draw):
    """Draw changes that the policy can take."""
    number = st.decimals(min_value=Decimal("0.5"), max_value=Decimal("1.5"), places=draw(st.sampled_from([1, 3])))
    found = {}
    for place, rule in enumerate(policy.classes, 1):
        if rule.k is not None and draw(st.booleans()):
            found[f"class[{place}].k"] = rule.k * (1 + (draw(number) - 1) / 10)
    for place, row in enumerate(policy.price.rate, 1):
        found[f"price.rate[{place}].value"] = row.value * draw(number)
    for form in ("tier", "hospital"):
        for name, value in getattr(policy.coefficient, form).items():
            found[f"coefficient.{form}.{name}"] = value * draw(number)
    return found


def _agrees(sweep, number, policy, frame, budget):
    settled = settle_cases(frame, policy, budget=budget, threads=1)
    amounts = {
        "paid_cases": settled.paid.astype(np.int64),
        "standard_fen": settled.standard_fen,
        "fund_fen": settled.payers.fund_fen,
        "gain_fen": settled.payers.gain_fen,
    }
    coded = settled.table.coded["hospital"]
    for name in SWEPT:
        swept = sweep.data[f"{name}_by_hospital"][number]
        for place, hospital in enumerate(coded.names):
            assert int(swept.sel(hospital=hospital)) == int(amounts[name][coded.codes == place].sum()), name
    assert {one.insurance: one.value for one in settled.point_values} == dict(sweep.point_values[number])
    of_class = np.where(settled.paid, settled.class_code, -1)
    assert sweep.data["class_cases"][number].to_numpy().tolist() == [
        int((of_class == code).sum()) for code in range(len(sweep.data["class"]))
    ]


@pytest.mark.slow
@slowly
@given(drawn=drawn_policies.drawn_settlements(), data=st.data())
def test_a_sweep_is_its_settlements(drawn, data):
    with tempfile.TemporaryDirectory() as folder:
        policy = drawn.load(Path(folder))
    frame = drawn_policies.frame_of(drawn.cases)
    drawn_settings = [_settings_of(policy, data.draw), {}]
    sweep = sweep_policy(frame, policy, drawn_settings, budget=drawn.budget, threads=1)
    for number, setting in enumerate(drawn_settings):
        changed = change_policy(policy, setting) if setting else policy
        _agrees(sweep, number, changed, frame, drawn.budget)


CASES = stays(
    {"total_cost": "9000.00"},
    {"total_cost": "3500.00", "hospital": "H2", "tier": "3", "patient_cash": "500.00"},
    {"total_cost": "65000.00", "hospital": "H2", "tier": "3", "drg": "BB15", "negotiated_drugs": "100.50"},
    {"total_cost": "-1", "hospital": "H3"},
    {"total_cost": "8000.00", "hospital": "H3", "bed_day": 1, "los_days": 20},
)


def test_quick_and_plain_settings_by_hand(tmp_path):
    policy = small_policy(tmp_path)
    swept = [
        {"price.rate[1].value": 110},
        {"class[1].k": "0.3", "class[2].k": "2.5"},
        {"coefficient.tier.2": "0.9"},
        {"class[1].pay": "actual", "class[2].pay": "review"},
        {"volume_cap.share": "0.25", "rounding.money": 0},
    ]
    sweep = sweep_policy(CASES, policy, swept)
    assert sweep.quick_settings == 4
    for number, setting in enumerate(swept):
        _agrees(sweep, number, change_policy(policy, setting), CASES, None)
    # The first case alone: 100 points at 110 yuan.
    assert int(sweep.data["standard_fen_by_hospital"].sel(setting=1, hospital="H1")) == 1_100_000
    frame = sweep.to_frame()
    assert frame["price.rate[1].value"].tolist()[0] == 110
    assert frame["fund_fen"].tolist() == sweep.total().tolist()


def test_a_place_that_gets_its_first_price_is_settled_plainly(tmp_path):
    policy, swept = small_policy(tmp_path), [{"coefficient.tier.1": "0.8"}]
    frame = stays({}, {"tier": "1", "hospital": "H9"})
    sweep = sweep_policy(frame, policy, [{}, *swept])
    assert sweep.quick_settings == 1
    _agrees(sweep, 0, policy, frame, None)
    _agrees(sweep, 1, change_policy(policy, swept[0]), frame, None)
    assert int(sweep.data["fund_fen_by_hospital"].sel(setting=2, hospital="H9")) == 800_000


def test_budgets_are_settings_too(tmp_path):
    policy = small_policy(tmp_path)
    pool = change_policy(policy, {"price.mode": "pool", "price.rate": (), "rounding.point_value": 4})
    unrounded = change_policy(pool, {"rounding.stage": "output"})
    swept = [{"budget": 30_000}, {"budget.employee": "33000.10"}, {"class[1].k": "0.2"}]
    for rules in (pool, unrounded):
        sweep = sweep_policy(CASES, rules, swept, budget={"employee": 35_000})
        assert sweep.quick_settings == 3
        budgets = [30_000, {"employee": "33000.10"}, {"employee": 35_000}]
        for number, budget in enumerate(budgets):
            changed = change_policy(rules, {"class[1].k": "0.2"}) if number == 2 else rules
            _agrees(sweep, number, changed, CASES, budget)
    with pytest.raises(BudgetError, match=r"setting 1, budget of employee"):
        sweep_policy(CASES, pool, [{"class[1].k": "0.2"}])


def test_threads_and_progress_change_nothing(tmp_path):
    policy, done = small_policy(tmp_path), []
    swept = [{"price.rate[1].value": rate} for rate in (90, 100, 110)]
    one = sweep_policy(CASES, policy, swept, threads=1, progress=lambda *numbers: done.append(numbers))
    assert done == [(1, 3), (2, 3), (3, 3)]
    assert one.data.identical(sweep_policy(CASES, policy, swept, threads=2).data)
    assert one.fingerprint == sweep_policy(CASES, policy, swept, threads=2).fingerprint
    assert len(sweep_policy(CASES, policy, []).total()) == 0


def test_wrong_settings_are_named(tmp_path):
    policy = small_policy(tmp_path)
    with pytest.raises(DeclarationError, match=r"setting 2, .*class\[9\]"):
        sweep_policy(CASES, policy, [{}, {"class[9].k": 1}])
    with pytest.raises(UnknownNameError, match="hospital"):
        sweep_policy(CASES, policy, [{}], by=["hospitl"])


@given(st.lists(st.tuples(st.fractions(), st.fractions(min_value=Fraction(1, 10**6))), min_size=1, max_size=5))
def test_arrays_of_fractions_are_fractions(pairs):
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    a, b = FractionArray.of(first), FractionArray.of(second)
    assert (a * b - 2 * a / b + (1 - b)).fractions() == [x * y - 2 * x / y + 1 - y for x, y in pairs]
    assert a.highest_below(strict=True).tolist() == [-(-x.numerator // x.denominator) - 1 for x in first]
    assert a.at_most(1).fractions() == [min(x, Fraction(1)) for x in first]
    assert bool(a) == all(first)
