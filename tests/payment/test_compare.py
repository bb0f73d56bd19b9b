"""Two policies over the same cases: differences that close to the fen, whatever the policies and the order."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import actuary
from actuary.errors import ActuaryError, UnknownNameError
from actuary.payment.compare import compare_policies
from actuary.payment.point_value import BudgetError
from actuary.payment.policy_changes import change_policy
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.policy_parts import POLICY_PARTS, differing_parts, part_changes


def _beside(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


drawn_policies = _beside("drawn_policies")
_small = _beside("small_policy")
small_policy, stays = _small.small_policy, _small.stays
slowly = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def _drawn_pair(one, other, folder):
    """Load two drawn policies, and the cases of both with their budgets."""
    policies = []
    for name, drawn in (("one", one), ("other", other)):
        (folder / name).mkdir()
        policies.append(drawn.load(folder / name))
    return policies, drawn_policies.frame_of((*one.cases, *other.cases)), (one.budget or {}, other.budget or {})


def _compared(frame, policies, budgets, **options):
    """Return the comparison, or None where a policy pays none of the cases."""
    try:
        return compare_policies(frame, *policies, budget_a=budgets[0], budget_b=budgets[1], threads=1, **options)
    except ActuaryError as error:
        if "no case that it pays" not in str(error):
            raise
        return None


@pytest.mark.slow
@slowly
@given(
    one=drawn_policies.drawn_settlements(),
    other=drawn_policies.drawn_settlements(),
    order=st.permutations([part.name for part in POLICY_PARTS]),
)
def test_rules_add_up_to_the_difference(one, other, order):
    with tempfile.TemporaryDirectory() as folder:
        policies, frame, budgets = _drawn_pair(one, other, Path(folder))
    run = _compared(frame, policies, budgets, order=order)
    if run is None:
        return
    assert sum(run.rules["difference_fen"]) == run.difference_fen
    for key in run.keys:
        table = run.by(key)
        told = run.rules_by(key).groupby(key)["difference_fen"].sum()
        for name, difference in zip(table[key], table["difference_fen"], strict=True):
            assert told.get(name, 0) == difference
        assert sum(table["difference_fen"]) == run.difference_fen
        assert sum(table["cases"]) == len(run.first)
    assert sum(run.class_changes["difference_fen"]) == run.difference_fen
    assert sum(run.class_changes["cases"]) == len(run.first)


@pytest.mark.slow
@slowly
@given(one=drawn_policies.drawn_settlements(), other=drawn_policies.drawn_settlements())
def test_exchanging_the_policies_turns_the_sign(one, other):
    with tempfile.TemporaryDirectory() as folder:
        policies, frame, budgets = _drawn_pair(one, other, Path(folder))
    ahead = _compared(frame, policies, budgets)
    back = _compared(frame, policies[::-1], budgets[::-1])
    if ahead is None or back is None:
        return
    assert ahead.difference_fen == -back.difference_fen
    ours, theirs = (run.by("hospital").set_index("hospital")["difference_fen"] for run in (ahead, back))
    assert (ours == -theirs).all()


@slowly
@given(drawn=drawn_policies.drawn_settlements())
def test_the_same_policy_twice_gives_zeros(drawn):
    with tempfile.TemporaryDirectory() as folder:
        policy = drawn.load(Path(folder))
    run = _compared(drawn_policies.frame_of(drawn.cases), (policy, policy), (drawn.budget, None))
    if run is None:
        return
    assert run.difference_fen == 0
    assert run.rules.empty
    assert not any(run.hospitals["difference_fen"])
    assert run.gainers().empty
    assert run.losers().empty
    assert run.changed_cases().empty


CASES = stays(
    {"total_cost": "9000.00"},
    {"total_cost": "3500.00", "hospital": "H2", "tier": "3"},
    {"total_cost": "45000.00", "hospital": "H2", "tier": "3", "drg": "BB15"},
)


def test_differences_by_hand(tmp_path):
    # Low below 0.3 in place of 0.4: the case of 3,500 yuan becomes normal, 10,000 x 1.1 in place of 3,500.
    before = small_policy(tmp_path)
    after = change_policy(before, {"class[1].k": "0.3", "price.rate[1].value": 101})
    run = compare_policies(CASES, before, after)
    rules = dict(zip(run.rules["rule"], run.rules["difference_fen"], strict=True))
    # 1 % more on 10,000 + 3,500 + 22,000 (the third case is below three times its mean of 20,000).
    assert rules == {"price": 35_500, "class_low": (11_000 - 3_500) * 101}
    other_order = compare_policies(CASES, before, after, order=["class_low"])
    rules = dict(zip(other_order.rules["rule"], other_order.rules["difference_fen"], strict=True))
    assert rules == {"class_low": 750_000, "price": 35_500 + 7_500}
    mean = compare_policies(CASES, before, after, attribution="shapley")
    rules = dict(zip(mean.rules["rule"], mean.rules["difference_fen"], strict=True))
    assert rules == {"price": 39_250, "class_low": 753_750}
    hospitals = run.hospitals.set_index("hospital")
    assert hospitals["rank"].to_dict() == {"H1": 2, "H2": 1}
    assert hospitals.loc["H2", "difference_fen"] == 757_500 + 3_500 + 22_000
    changed = run.changed_cases()
    assert changed[["case_id", "class_a", "class_b"]].to_numpy().tolist() == [["c1", "low", "normal"]]
    assert run.gainers()["hospital"].tolist() == ["H2", "H1"]
    assert run.losers().empty
    assert run.summary()["hospitals_gaining"] == 2


def test_budgets_are_a_part_of_the_price(tmp_path):
    policy = small_policy(tmp_path)
    pool = change_policy(policy, {"price.mode": "pool", "price.rate": ()})
    run = compare_policies(CASES, pool, pool, budget_a=30_000, budget_b=33_000)
    assert [(row.rule, row.changes) for row in run.rules.itertuples()] == [
        ("price", "budget all 30,000.00 yuan → 33,000.00 yuan")
    ]
    assert run.books.query("item == 'budget'")["amount_fen"].tolist() == [3_000_000, 3_300_000]
    assert abs(run.difference_fen - 300_000) <= 1000
    with pytest.raises(BudgetError, match=r"policy b \(small, changed, changed\).*budget of employee"):
        compare_policies(CASES, policy, change_policy(pool, {}))


def test_points_of_another_scale_move_with_their_price(tmp_path):
    points = small_policy(tmp_path)
    rate = change_policy(points, {"weights.scale": 1, "price.rate[1].value": 10000, "bed_day.points_per_day": "0.032"})
    run = compare_policies(CASES, points, rate)
    assert run.difference_fen == 0
    assert differing_parts(points, rate) == ("price", "bed_day")
    assert run.rules["rule"].tolist() == ["price + bed_day"]


def test_a_policy_that_prices_none_of_the_cases_is_refused(tmp_path):
    policy = small_policy(tmp_path)
    with pytest.raises(ActuaryError, match=r"policy b \(linyi-2022\).*tier_unknown.*tiers 2, 3"):
        compare_policies(CASES.assign(tier="1", drg="BR25"), "suzhou-2022", "linyi-2022")
    with pytest.raises(UnknownNameError, match="class_high"):
        compare_policies(CASES, policy, change_policy(policy, {"class[1].k": "0.3"}), order=["class_hihg"])
    run = compare_policies(CASES, policy, policy)
    with pytest.raises(UnknownNameError, match="hospital"):
        run.by("hospitl")


def test_a_part_waits_until_its_mix_can_be_settled(tmp_path):
    # Weights without a mean cost go only after the last formula that compares with one.
    policy = small_policy(tmp_path)
    changes = {"weights.overall_mean_cost": None, "class": (), "incomplete.formula": "none", "ratio": None}
    bare = change_policy(policy, {**changes, "price.rate[1].value": 120})
    run = compare_policies(CASES, policy, bare)
    assert run.rules["rule"].tolist() == ["price", "class_low", "class_high", "weights", "ratio", "incomplete"]
    assert sum(run.rules["difference_fen"]) == run.difference_fen
    # 20 % more on 10,000 + 3,500 + 22,000 yuan; then the low case becomes normal.
    assert run.rules["difference_fen"].tolist()[:2] == [710_000, 900_000]


def test_equal_differences_share_a_rank(tmp_path):
    policy = small_policy(tmp_path)
    run = compare_policies(CASES, policy, policy)
    assert run.hospitals["rank"].tolist() == [1, 1]
    three = stays({}, {"hospital": "H2"}, {"hospital": "H3", "total_cost": "3500.00"})
    run = compare_policies(three, policy, change_policy(policy, {"price.rate[1].value": 101}))
    assert run.hospitals["rank"].tolist() == [1, 1, 3]


def test_an_empty_file_of_cases_comes_to_nothing(tmp_path):
    policy = small_policy(tmp_path)
    run = compare_policies(CASES.head(0), policy, change_policy(policy, {"price.rate[1].value": 101}))
    assert run.difference_fen == 0
    assert run.gainers().empty
    assert run.losers().empty
    assert run.hospitals.empty


def test_sides_are_told_apart_where_both_policies_have_one_name(tmp_path):
    policy = small_policy(tmp_path)
    frame = pd.concat([CASES, stays({"tier": "9", "hospital": "H9"})]).assign(case_id=list("abcd"))
    run = compare_policies(frame, policy, policy)
    assert run.unpaid[["side", "reason", "reason_zh", "cases"]].to_numpy().tolist() == [
        ["a", "tier_unknown", "政策没有该医院等级", 1],
        ["b", "tier_unknown", "政策没有该医院等级", 1],
    ]


def test_cases_that_only_one_policy_pays_are_told_apart(tmp_path):
    policy = small_policy(tmp_path)
    frame = stays({}, {"tier": "1", "hospital": "H9"})
    wider = change_policy(policy, {"coefficient.tier.1": "0.8", "price.rate[1].value": 101})
    summary = compare_policies(frame, policy, wider).summary()
    assert (summary["paid_a"], summary["paid_b"], summary["paid_by_both"]) == (1, 2, 1)
    assert (summary["difference_yuan"], summary["difference_paid_by_both_yuan"]) == (8180, 100)


def test_long_lists_of_a_change_are_cut_short():
    policy = load_payment_policy("suzhou-2022")
    groups = policy.weight_table.groups[:20]
    base = {"mechanism": "uniform_coef", "value": 1}
    one = change_policy(policy, {"coefficient.base_group": {**base, "groups": groups}})
    other = change_policy(
        policy, {"coefficient.base_group": {**base, "groups": (*groups[:-1], policy.weight_table.groups[20])}}
    )
    assert f"{groups[5]}; 14 more)" in part_changes(policy, one, ["base_groups"])
    assert part_changes(one, other, ["base_groups"]) == "base_groups.groups 1 of 20 entries out, 1 in"


def test_too_many_parts_for_all_orders_are_refused(tmp_path):
    policy = small_policy(tmp_path)
    changes = {"class[1].k": "0.3", "class[2].k": 2, "price.rate[1].value": 90, "coefficient.tier.3": 1,
               "volume_cap.share": "0.4", "readmission.days": 10, "rounding.points": 2}  # fmt: skip
    with pytest.raises(ActuaryError, match=r"7 parts that differ.*at most 6"):
        compare_policies(CASES, policy, change_policy(policy, changes), attribution="shapley")


def test_the_face_names_it():
    assert actuary.compare_policies is compare_policies
    assert isinstance(compare_policies(CASES.assign(drg="BR25"), "suzhou-2022", "suzhou-2022").to_frame(), pd.DataFrame)
