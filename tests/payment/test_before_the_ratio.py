"""Substitution, deductions, special review, caps, readmissions, stays paid by the day: results computed by hand."""

from __future__ import annotations

import datetime as dt
import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.payment.case_cells import Coded
from actuary.payment.case_files import read_cases
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_classes import Readmission
from actuary.payment.readmission import earlier_stays, share_left
from actuary.payment.settle import settle_cases
from actuary.payment.settlement import Settlement
from actuary.payment.volume_caps import beyond_caps


def _module(folder: str, name: str) -> ModuleType:
    """Load a module that stands beside the tests."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent.parent / folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


slow = _module("reference", "slow_case_rules")
_small = _module("payment", "small_policy")
small_policy, stays = _small.small_policy, _small.stays


@pytest.fixture
def policy(tmp_path: Path) -> PaymentPolicy:
    return small_policy(tmp_path)


def answers(settlement: Settlement) -> list[tuple[str, str, int]]:
    """Return reason, class and standard [fen] of each case."""
    columns = (settlement.cases[name].to_pylist() for name in ("reason", "class", "standard_fen"))
    return [(reason, case_class or "", fen) for reason, case_class, fen in zip(*columns, strict=True)]


def test_a_low_share_of_traditional_medicine_leads_to_the_western_group(policy: PaymentPolicy) -> None:
    settled = settle_cases(
        stays(
            {"drg": "TC19", "tcm_share": 0.6, "total_cost": "7000"},
            {"drg": "TC19", "tcm_share": 0.599999, "total_cost": "7000"},
            {"drg": "TC19", "tcm_share": None, "total_cost": "7000"},
            {"drg": "AA11", "tcm_share": 0.1, "total_cost": "7000"},
        ),
        policy,
    )
    assert answers(settled) == [
        ("regular", "normal", 1_500_000),  # 150 points
        ("regular", "normal", 500_000),  # 50 points of WE25
        ("field_missing", "", 0),
        ("regular", "normal", 1_000_000),
    ]
    assert settled.cases["paid_group"].to_pylist()[:2] == ["TC19", "WE25"]


def test_a_complication_adds_half_of_the_weight(policy: PaymentPolicy) -> None:
    settled = settle_cases(
        stays(
            {"drg": "OB19", "substitute_reason": "complication", "total_cost": "5000"},
            {"drg": "OB19", "total_cost": "5000"},
            {"drg": "AA11", "substitute_reason": "complication", "total_cost": "5000"},
        ),
        policy,
    )
    assert [fen for _, _, fen in answers(settled)] == [900_000, 600_000, 1_000_000]


def test_what_is_deducted_leaves_the_ratio_and_is_paid_apart(policy: PaymentPolicy) -> None:
    settled = settle_cases(
        stays(
            {"total_cost": "5000", "negotiated_drugs": "1000.01"},  # 3,999.99 < 0.4 x 10,000: low
            {"total_cost": "5000", "negotiated_drugs": "1000"},  # exactly 0.4: not low
            {"total_cost": "5000", "negotiated_drugs": "5000.01"},
        ),
        policy,
    )
    assert answers(settled) == [
        ("regular", "low", 399_999),  # 39.9999 points
        ("regular", "normal", 1_000_000),
        ("deduction_too_high", "", 0),
    ]
    assert settled.payers.other_fen.tolist() == [100_001, 100_000, 0]
    assert settled.payers.gain_fen.tolist() == [399_999 + 100_001 - 500_000, 1_000_000 + 100_000 - 500_000, 0]


def test_an_incomplete_stay_is_paid_in_proportion_and_at_most_the_base(policy: PaymentPolicy) -> None:
    settled = settle_cases(
        stays(
            {"total_cost": "4000", "incomplete": 1, "tier": "3"},
            {"total_cost": "40000", "incomplete": "是", "tier": "3"},
            {"total_cost": "9000", "incomplete": 0, "tier": "3"},
        ),
        policy,
    )
    assert [fen for _, _, fen in answers(settled)] == [400_000, 1_000_000, 1_100_000]


def test_a_stay_paid_by_the_day_needs_its_days(policy: PaymentPolicy) -> None:
    settled = settle_cases(
        stays(
            {"bed_day": 1, "los_days": 45},
            {"bed_day": 1, "admission_date": "2024-01-01", "discharge_date": "2024-01-11"},
            {"bed_day": 1, "admission_date": "2024-01-01", "discharge_date": "2024-01-01"},
            {"bed_day": 1},
        ),
        policy,
    )
    assert answers(settled) == [
        ("regular", "bed_day", 1_440_000),  # 3.2 x 45 = 144 points
        ("regular", "bed_day", 320_000),
        ("regular", "bed_day", 32_000),  # one day at least
        ("days_missing", "", 0),
    ]


def test_the_earlier_of_two_close_stays_is_halved(policy: PaymentPolicy) -> None:
    def stay(person: str | None, admission: str, discharge: str, **more: object) -> dict[str, object]:
        return {"person_key": person, "admission_date": admission, "discharge_date": discharge, **more}

    settled = settle_cases(
        stays(
            stay("p", "2024-01-01", "2024-01-05"),
            stay("p", "2024-01-20", "2024-01-25"),  # 15 days: too early
            stay("p", "2024-02-10", "2024-02-12"),  # 16 days: late enough
            stay("p", "2024-02-14", "2024-02-15", drg="BB15"),  # another group
            stay("p", "2024-02-20", "2024-02-22", readmission_reason="chemo"),  # excused
            stay("q", "2024-01-06", "2024-01-07"),
            stay(None, "2024-01-01", "2024-01-02"),
            stay(None, "2024-01-03", "2024-01-04"),
        ),
        policy,
    )
    assert [reason for reason, _, _ in answers(settled)] == ["earlier_stay"] + ["regular"] * 7
    assert answers(settled)[0][2] == 500_000
    assert settled.kinds.remarks == ()


def test_a_rule_whose_columns_are_missing_is_not_applied_and_said(policy: PaymentPolicy) -> None:
    settled = settle_cases(stays({}, {}), policy)
    assert "person_key, admission_date, discharge_date" in settled.kinds.remarks[0]


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(st.sampled_from("pq"), st.sampled_from(["AA11", "BB15"]), st.integers(0, 60), st.integers(0, 9)),
        max_size=12,
    )
)
def test_readmissions_are_found_as_the_plain_twin_finds_them(drawn: list[tuple[str, str, int, int]]) -> None:
    rows = [(person, group, begin, begin + length) for person, group, begin, length in drawn]
    start = dt.date(2024, 1, 1)
    table = read_cases(
        stays(
            *(
                {
                    "person_key": person,
                    "drg": group,
                    "admission_date": str(start + dt.timedelta(admission)),
                    "discharge_date": str(start + dt.timedelta(discharge)),
                }
                for person, group, admission, discharge in rows
            )
        ).reindex(columns=[*stays({}).columns, "person_key", "admission_date", "discharge_date"])
    )
    rule = Readmission(days=15, effect="halve_earlier")
    found = earlier_stays(table, rule, np.ones(len(rows), bool))
    assert set(np.flatnonzero(found).tolist()) == slow.earlier_of_readmissions(rows, 15)


def test_what_is_left_of_the_earlier_stay() -> None:
    assert share_left(Readmission(days=10, effect="reduce_earlier", share="0.3")).limit_denominator() * 10 == 7
    assert share_left(Readmission(days=10, effect="earlier_unpaid")) == 0
    assert share_left(Readmission(days=10, effect="none")) == 1


def test_cases_beyond_the_cap_come_in_the_order_of_discharge(policy: PaymentPolicy) -> None:
    rows = [
        {"drg": "BB15", "discharge_date": day, "total_cost": cost}
        for day, cost in (("2024-03-01", "15000"), ("2024-01-01", "15000"), ("", "15000"), ("2024-01-01", "15000"))
    ]
    rows.append({"drg": "BB15", "discharge_date": "2023-12-31", "total_cost": "-1"})
    settled = settle_cases(stays(*rows), policy)
    assert answers(settled) == [
        ("over_volume_cap", "over_cap", 1_000_000),  # half of 200 points
        ("regular", "normal", 2_000_000),
        ("over_volume_cap", "over_cap", 1_000_000),
        ("regular", "normal", 2_000_000),
        ("cost_negative", "", 0),
    ]


def test_a_cap_without_a_rule_leaves_the_case_without_a_price(tmp_path: Path) -> None:
    policy = small_policy(tmp_path, without=("beyond", "share = 0.5"))
    settled = settle_cases(stays(*({"drg": "BB15"} for _ in range(3))), policy)
    assert [reason for reason, _, _ in answers(settled)] == ["regular", "regular", "cap_rule_missing"]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(["A", "B", "C"]), st.integers(0, 5)), min_size=1, max_size=12))
def test_caps_are_used_up_as_the_plain_twin_uses_them(drawn: list[tuple[str, int]]) -> None:
    table = read_cases(stays(*({"drg": group, "discharge_date": f"2024-01-0{day + 1}"} for group, day in drawn)))
    caps = {"A": 2, "B": 1}
    found = beyond_caps(table, table.coded["drg"], caps, np.ones(len(drawn), bool))
    assert set(np.flatnonzero(found).tolist()) == slow.beyond_caps(drawn, caps)


def test_a_cap_of_each_hospital_counts_its_own_cases() -> None:
    table = read_cases(stays(*({"hospital": f"H{number % 2}"} for number in range(6))))
    group = Coded(table.group_code, table.group_names)
    found = beyond_caps(table, group, {"AA11": 2}, np.ones(6, bool), by_hospital=True)
    assert found.tolist() == [False, False, False, False, True, True]


def test_reviews_are_granted_up_to_the_quota_of_the_hospital(policy: PaymentPolicy) -> None:
    rows: list[dict[str, object]] = [{"total_cost": "50000", "review_decision": "approved"} for _ in range(3)]
    rows += [{"total_cost": "50000", "review_decision": word} for word in ("refused", "later", "")]
    rows += [{"total_cost": "-1"}, {}, {}]
    settled = settle_cases(stays(*rows), policy)
    # 8 discharges x 0.25 = 2 places; the excess over 3 times the mean is paid in points.
    assert answers(settled)[:6] == [
        ("review_approved", "review", 5_000_000),
        ("review_approved", "review", 5_000_000),
        ("review_over_quota", "high", 3_000_000),
        ("review_refused", "high", 3_000_000),
        ("field_invalid", "", 0),
        ("regular", "high", 3_000_000),
    ]
    (book,) = settled.kinds.quotas
    assert (book.discharges, book.quota, book.approved, book.granted, book.beyond, book.refused) == (8, 2, 3, 2, 1, 1)


def test_groups_without_a_weight_and_cases_without_a_group(policy: PaymentPolicy) -> None:
    settled = settle_cases(
        stays(
            {"drg": "NO10"},
            {"drg": "AA12"},
            {"drg": ""},
            {"drg": "", "group_status": "ungrouped"},
            {"drg": "AA11", "group_status": "grouped"},
            {"drg": "AA11", "tier": "5"},
            {"drg": "AA11", "tier": ""},
        ),
        policy,
    )
    assert [reason for reason, _, _ in answers(settled)] == [
        "weight_missing",
        "group_unknown",
        "group_missing",
        "ungrouped",
        "regular",
        "tier_unknown",
        "tier_missing",
    ]
    assert settled.standard_fen.tolist() == [0, 0, 0, 0, 1_000_000, 0, 0]
    assert settled.payers.gain_fen.tolist() == [0, 0, 0, 0, 100_000, 0, 0]
