"""One number of a policy at a time: the swings, by hand."""

from __future__ import annotations

import importlib.util
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from actuary.errors import ActuaryError, UnknownNameError
from actuary.payment.policy_changes import change_policy
from actuary.payment.sensitivity import policy_sensitivity, single_numbers

_SPEC = importlib.util.spec_from_file_location("small_policy", Path(__file__).parent / "small_policy.py")
_small = importlib.util.module_from_spec(_SPEC)
sys.modules["small_policy"] = _small
_SPEC.loader.exec_module(_small)

CASES = _small.stays({"total_cost": "9000.00"}, {"total_cost": "3800.00", "hospital": "H2", "tier": "3"})


def test_swings_by_hand(tmp_path):
    policy = _small.small_policy(tmp_path)
    told = policy_sensitivity(CASES, policy, change="0.1")
    frame = told.to_frame().set_index("number")
    assert list(single_numbers(policy)) == [
        "price.rate[1].value", "coefficient.tier.3", "coefficient.tier.2", "class[1].k", "class[2].k",
    ]  # fmt: skip
    # 10,000 yuan for the normal case and 3,800 for the low one; below 0.36 the latter is normal: 11,000.
    assert frame["at_base_fen"].unique().tolist() == [1_380_000]
    assert frame.loc["class[1].k", ["at_low_fen", "at_high_fen", "swing_fen"]].tolist() == [
        2_100_000,
        1_380_000,
        720_000,
    ]
    assert frame.loc["price.rate[1].value", ["at_low_fen", "at_high_fen"]].tolist() == [1_242_000, 1_518_000]
    assert frame.loc["coefficient.tier.3", "swing_fen"] == 0
    assert frame.index[0] == "class[1].k"
    of_h1 = told.to_frame(by="hospital", place="H1").set_index("number")
    assert of_h1.loc["class[1].k", "swing_fen"] == 0
    assert of_h1.loc["coefficient.tier.2", "swing_fen"] == 200_000


def test_budgets_and_given_values(tmp_path):
    pool = change_policy(_small.small_policy(tmp_path), {"price.mode": "pool", "price.rate": ()})
    frame = policy_sensitivity(CASES, pool, budget=20_000).to_frame().set_index("number")
    assert frame.loc["budget", ["low", "base", "high"]].tolist() == [Decimal(18000), Decimal(20000), Decimal(22000)]
    assert abs(frame.loc["budget", "swing_fen"] - 400_000) <= 10
    given = policy_sensitivity(CASES, pool, budget=20_000, numbers={"class[1].k": ("0.3", "0.5")}).to_frame()
    assert given[["number", "low", "high"]].to_numpy().tolist() == [["class[1].k", "0.3", "0.5"]]
    with pytest.raises(ActuaryError, match=r"class\[1\]\.k.*low, high"):
        policy_sensitivity(CASES, pool, budget=20_000, numbers={"class[1].k": "0.3"})
    with pytest.raises(ActuaryError, match=r"5 % is 0\.05"):
        policy_sensitivity(CASES, pool, budget=20_000, change="5")


def test_moved_numbers_stay_within_what_the_policy_takes(tmp_path):
    changes = {
        "rounding.coefficient": 2,
        "coefficient.tier.3": "1.13",
        "class[1].pay": "flat",
        "class[1].share": "0.95",
    }
    policy = change_policy(_small.small_policy(tmp_path), changes)
    frame = policy_sensitivity(CASES, policy).to_frame().set_index("number")
    assert frame.loc["coefficient.tier.3", ["low", "high"]].tolist() == [Decimal("1.02"), Decimal("1.24")]
    assert frame.loc["class[1].share", "high"] == 1


def test_wrong_names_of_a_tornado_are_told(tmp_path):
    told = policy_sensitivity(CASES, _small.small_policy(tmp_path))
    assert repr(told).startswith("Sensitivity('small', 5 numbers, widest class[1].k")
    for options, named in (
        ({"outcome": "fund"}, "fund_fen"),
        ({"by": "hospitl", "place": "H1"}, "hospital"),
        ({"by": "hospital", "place": "H3"}, "H1, H2"),
    ):
        with pytest.raises(UnknownNameError, match=named):
            told.to_frame(**options)
    with pytest.raises(ActuaryError, match="both or neither"):
        told.to_frame(by="tier")
