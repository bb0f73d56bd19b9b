"""Clearing: the books close to the fen whatever the pool, the hospitals, the bands, the scores and the rounding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuary.errors import ActuaryError
from actuary.payment.apportion import divide_pool
from actuary.payment.bands import apply_bands, check_bands, settle_quota
from actuary.payment.clearing import ClearingRules, HospitalYear, clear_year, clearing_rules, use_adjusting_fund
from actuary.payment.declared_settlement import DepositStep, SurplusBand
from actuary.payment.policy_files import load_payment_policy

BANDS = (
    SurplusBand(to="0.85", rule="actual"),
    SurplusBand(to=1, rule="keep"),
    SurplusBand(to="1.1", rule="share", fund="0.5"),
    SurplusBand(rule="none"),
)
STEPS = (DepositStep(score_from=90, share=1), DepositStep(score_from=60, form="score_percent"))

_fen = st.integers(-(10**12), 10**12)
_positive_fen = st.integers(0, 10**12)
_share = st.decimals(0, 1, places=4)


@st.composite
def _years(draw: st.DrawFn) -> list[HospitalYear]:
    numbers = range(draw(st.integers(0, 12)))
    kinds = [draw(st.sampled_from([("resident",), ("employee", "resident")])) for _ in numbers]
    return [
        HospitalYear(
            f"H{number}",
            insurance,
            draw(_fen),
            units=draw(st.decimals(0, 10**6, places=4)),
            charged_fen=draw(st.none() | _positive_fen),
            deduction_fen=draw(_positive_fen),
            review_fen=draw(_positive_fen),
            score=draw(st.none() | st.decimals(0, 100, places=2)),
            prepaid_fen=draw(_fen),
        )
        for number in numbers
        for insurance in kinds[number]
    ]


_rules = st.builds(
    ClearingRules,
    floating=st.booleans(),
    adjust_share=st.none() | _share,
    deposit=_share,
    deposit_return=st.sampled_from([(), STEPS]),
    deposit_form=st.sampled_from(["step", "linear"]),
    bands=st.sampled_from([(), BANDS]),
    overspending=st.sampled_from(["whole", "layers"]),
    adjusting_order=st.permutations(["review", "overspend"]).map(tuple) | st.just(("overspend",)),
    residual=st.sampled_from(["booked", "largest_remainder"]),
    mode=st.sampled_from(["half_up", "half_even"]),
)


@given(_years(), _rules, _positive_fen, _positive_fen)
def test_books_close_and_no_hospital_is_lost(
    years: list[HospitalYear], rules: ClearingRules, employee: int, resident: int
) -> None:
    budgets = {"employee": employee, "resident": resident}
    clearing = clear_year(years, rules, budgets_fen=budgets)
    assert [(row.hospital, row.insurance) for row in clearing.hospitals] == [(y.hospital, y.insurance) for y in years]
    for insurance, budget in budgets.items():
        rows = [row for row in clearing.hospitals if row.insurance == insurance]
        # Added up from the hospitals, apart from the lines of the books.
        paid = sum(row.payment_fen + row.deposit_kept_fen for row in rows)
        residual = clearing.amount(insurance, "rounding_residual") + clearing.amount(insurance, "reserve")
        assert paid + clearing.amount(insurance, "adjusting_unspent") + residual == budget
        assert clearing.difference_fen(insurance) == 0
        assert clearing.amount(insurance, "adjusting_unspent") >= 0
        assert sum(row.balance_fen + row.prepaid_fen - row.payment_fen for row in rows) == 0
    for row in clearing.hospitals:
        assert row.deposit_returned_fen + row.deposit_kept_fen == row.deposit_fen
        assert 0 <= row.adjusting_fen <= row.overspend_claim_fen + row.review_claim_fen


@given(_years(), _rules.filter(lambda rules: not rules.floating))
def test_books_close_under_a_rate_without_a_budget(years: list[HospitalYear], rules: ClearingRules) -> None:
    assert clear_year(years, rules).closes


@given(
    _positive_fen,
    st.lists(st.decimals(0, 10**6, places=4), max_size=30),
    st.sampled_from(["booked", "largest_remainder"]),
    st.sampled_from(["half_up", "half_even"]),
)
def test_shares_and_residual_are_the_pool(pool: int, points: list[Decimal], residual: str, mode: str) -> None:
    divided = divide_pool(pool, points, residual=residual, mode=mode)
    assert sum(divided.shares_fen) + divided.residual_fen == pool
    assert len(divided.shares_fen) == len(points)
    if any(points):
        exact = [pool * Fraction(point) / sum(map(Fraction, points)) for point in points]
        assert all(abs(share - quota) < 1 for share, quota in zip(divided.shares_fen, exact, strict=True))
        assert abs(divided.residual_fen) <= len(points) / 2


def test_zero_budget_zero_points_and_negative_dues() -> None:
    rules = ClearingRules(floating=True, adjust_share=Decimal("0.05"), deposit=Decimal("0.1"))
    clearing = clear_year([HospitalYear("A", "resident", 0)], rules, budgets_fen={"resident": 0})
    assert clearing.closes
    assert clearing.hospitals[0].payment_fen == 0
    empty = clear_year([], rules, budgets_fen={"resident": 100_000})
    assert (empty.amount("resident", "adjusting_unspent"), empty.amount("resident", "rounding_residual")) == (
        5000,
        95_000,
    )
    owing = clear_year([HospitalYear("A", "resident", -500, prepaid_fen=100)], rules, budgets_fen={"resident": 1000})
    assert owing.hospitals[0].balance_fen == -600
    assert owing.amount("resident", "to_recover") == 600
    assert owing.closes


@pytest.mark.parametrize(
    ("charged", "rule", "pay", "claim"),
    [
        (84_999, "actual", 84_999, 0),
        (85_000, "keep", 100_000, 0),
        (100_000, "keep", 100_000, 0),
        (100_001, "share", 100_000, 1),
        (110_000, "share", 100_000, 5_000),
        (110_001, "none", 100_000, 0),
    ],
)
def test_boundaries_of_bands_hit_exactly(charged: int, rule: str, pay: int, claim: int) -> None:
    outcome = apply_bands(100_000, charged, BANDS)
    assert (outcome.rule, outcome.pay_fen, outcome.claim_fen) == (rule, pay, claim)


def test_operator_of_a_band_moves_its_boundary() -> None:
    inclusive = (SurplusBand(to="0.85", op="<=", rule="actual"), SurplusBand(rule="keep"))
    assert apply_bands(100_000, 85_000, inclusive).rule == "actual"
    exclusive = (
        SurplusBand(to=1, rule="keep"),
        SurplusBand(to="1.1", op="<", rule="share", fund=1),
        SurplusBand(rule="none"),
    )
    assert apply_bands(100_000, 110_000, exclusive).rule == "none"


def test_surplus_is_kept_in_part_up_to_a_limit() -> None:
    bands = (SurplusBand(to=1, rule="keep", hospital="0.5", limit="0.03"), SurplusBand(rule="none"))
    assert apply_bands(100_000, 96_000, bands).pay_fen == 98_000
    assert apply_bands(100_000, 80_000, bands).pay_fen == 83_000


def test_overlapping_bands_are_named_all_at_once() -> None:
    with pytest.raises(ActuaryError, match=r"bands\[2\].to: found 0\.9; expected more than 1\.0") as caught:
        check_bands([SurplusBand(to="1.0", rule="keep"), SurplusBand(to="0.9", rule="share")])
    assert len(caught.value.problems) == 3


def test_adjusting_fund_is_shared_pro_rata_when_it_runs_short() -> None:
    served = use_adjusting_fund(1000, {"review": [300, 0], "overspend": [900, 1800]}, ["review", "overspend"])
    assert served == {"review": (300, 0), "overspend": (233, 467)}
    assert use_adjusting_fund(1000, {"review": [300], "overspend": [0]}, ["overspend"])["review"] == (0,)


def test_quota_at_and_above_its_limit() -> None:
    rule = {
        "share_limit": Decimal("0.2"),
        "overspend_share": Decimal("0.5"),
        "reward_share": Decimal("0.3"),
        "reward_limit": Decimal("0.03"),
    }
    assert settle_quota(100_000, 120_000, **rule).fund_pays_fen == 110_000
    assert settle_quota(100_000, 120_001, **rule).fund_pays_fen == 100_000
    assert settle_quota(0, 0, **rule).fund_pays_fen == 0


def test_unknown_and_impossible_rows_are_named_together() -> None:
    rows = [
        HospitalYear("A", "resident", 1, score=Decimal(101)),
        HospitalYear("A", "resident", 1, deduction_fen=-1),
    ]
    with pytest.raises(ActuaryError) as caught:
        clear_year(rows, ClearingRules(floating=True))
    text = str(caught.value)
    assert "found two rows" in text
    assert "expected a score from 0 to 100" in text
    assert "budget of resident: found nothing" in text


def test_rules_come_from_the_policy() -> None:
    rules = clearing_rules(load_payment_policy("suzhou-2022"))
    assert not rules.floating
    assert rules.mode == "half_up"
