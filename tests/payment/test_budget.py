"""Budgets and money within the year: every step closes, everything is sourced, corrections are exact."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuary.errors import ActuaryError, DeclarationError
from actuary.payment.budget import (
    BudgetStep,
    build_budget,
    divide_by_insurance,
    split_budget,
)
from actuary.payment.budget_sources import budget_of_policy, load_budget
from actuary.payment.exact import yuan_to_fen
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.prepayment import correct_interim, interim_prices, prepay_months, settle_interim, upload_state

FILE = """
income_yuan = 1000000.01
insurance_share = { employee = 0.7, resident = 0.3 }
adjust_share = 0.05
step = [
  { name = "reserve", source = "S1", share = 0.05 },
  { name = "out_of_area", source = "user", amount_yuan = 1234.56 },
  { name = "outpatient_chronic", source = "user", share = 0.1, base = "remaining", insurance = "employee" },
]
"""


@given(
    st.decimals(0, 10**10, places=2),
    st.lists(st.tuples(st.decimals(0, 1, places=4), st.sampled_from(["start", "remaining"])), max_size=6),
    st.decimals(0, 1, places=4),
)
def test_chain_closes_at_every_step(start: Decimal, shares: list[tuple[Decimal, str]], adjust: Decimal) -> None:
    steps = [BudgetStep(f"step {n}", "user", share=share, base=base) for n, (share, base) in enumerate(shares)]  # type: ignore[arg-type]
    try:
        chain = build_budget(start, steps, adjust_share=adjust)
    except ActuaryError as error:
        assert "which the steps before have left" in str(error)  # noqa: PT017
        return
    left = chain.start_fen
    for line in chain.lines:
        left -= line.amount_fen
        assert line.left_fen == left
    assert chain.pool_fen == left
    assert chain.payable_fen + chain.adjusting_fen == chain.pool_fen
    assert len(chain.to_frame()) == len(steps)


def test_file_is_built_insurance_by_insurance(tmp_path: Path) -> None:
    path = tmp_path / "budget.toml"
    path.write_text(FILE, encoding="utf-8")
    employee, resident = load_budget(path)
    assert employee.start_fen + resident.start_fen == 100_000_001
    assert [line.name for line in resident.lines] == ["reserve", "out_of_area"]
    assert employee.lines[2].base_fen == 70_000_001 - 3_500_000 - 123_456
    assert employee.lines[2].amount_fen == 6_637_655  # 6,637,654.5 half up
    assert "resident: 300,000.00 yuan, 2 steps" in resident.summary()


def test_faults_of_a_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / "budget.toml"
    path.write_text(FILE.replace('insurance = "employee"', 'insurance = "employe"'), encoding="utf-8")
    with pytest.raises(DeclarationError, match="did you mean 'employee'"):
        load_budget(path)
    path.write_text("adjust_share = 0.05\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match="found no amount"):
        load_budget(path)
    path.write_text("budget_yuan = { resident = 100 }\nadjust_share = 5\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match="a share from 0 to 1"):
        load_budget(path)


def test_every_fault_of_the_steps_is_named_at_once() -> None:
    steps = [BudgetStep("a", "", share=Decimal(2)), BudgetStep("b", "user"), BudgetStep("b", "user", share=Decimal(0))]
    with pytest.raises(ActuaryError) as caught:
        build_budget("-1", steps)
    assert len(caught.value.problems) == 5
    with pytest.raises(ActuaryError, match=r"at most 100\.00 yuan"):
        build_budget(100, [BudgetStep("a", "user", amount_yuan=Decimal(101))])
    with pytest.raises(ActuaryError, match=r"found 0\.9 in all"):
        divide_by_insurance(100, {"employee": "0.9"})


def test_split_by_hospital_and_month_is_the_budget() -> None:
    split = split_budget(10_001, {"A": "0.333", "B": 2, "C": 0})
    assert sum(map(sum, split.values())) == 10_001
    assert split["C"] == (0,) * 12


def test_interim_amount_and_correction_are_the_final_amount() -> None:
    months = settle_interim(
        [("A", "resident", "2025-01", "12.3456"), ("A", "employee", "2025-01", 7)], {"resident": "52.1", "employee": 60}
    )
    corrections = correct_interim(months, {"resident": "50.0001", "employee": "61.005"})
    final = [month.interim_fen + part for month, part in zip(months, corrections, strict=True)]
    assert final == [yuan_to_fen("617.28"), yuan_to_fen("427.04")]
    with pytest.raises(ActuaryError, match="found no price of employee"):
        correct_interim(months, {"resident": 1})


def test_prepayment_and_late_lists() -> None:
    assert prepay_months([100, -7, 3], share="0.95") == (95, 0, 3)
    with pytest.raises(ActuaryError, match="a share from 0 to 1"):
        prepay_months([1], share=95)
    assert upload_state(dt.date(2025, 1, 1), None, days=10).text() == "未上传"
    with pytest.raises(ActuaryError, match="or later"):
        upload_state(dt.date(2025, 1, 2), dt.date(2025, 1, 1), days=10)


def test_policy_declares_its_own_chain(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'extends = "suzhou-2022"\n[policy]\nprovenance = [{ field = "budget", source = "bureau" }]\n'
        "[budget]\ninpatient_share = 0.6\nreserve_share = 0.05\nout_of_area_share = 0.1\ngrowth = 0.07\n"
        "[price]\nadjust_share = 0.05\n",
        encoding="utf-8",
    )
    policy = load_payment_policy(path)
    chain = budget_of_policy(policy, last_spend_yuan=1000, insurance="resident")
    assert chain.start_fen == 107_000
    assert [(line.name, line.amount_fen, line.source) for line in chain.lines] == [
        ("not_inpatient", 42_800, "bureau"),
        ("reserve", 5_350, "bureau"),
        ("out_of_area", 10_700, "bureau"),
    ]
    assert (chain.pool_fen, chain.adjusting_fen) == (48_150, 2_408)
    with pytest.raises(ActuaryError, match="expected one of the two"):
        budget_of_policy(policy)


def test_interim_price_is_the_one_declared(tmp_path: Path) -> None:
    with pytest.raises(ActuaryError, match="last_year without last year's price"):
        interim_prices(load_payment_policy("chongqing-2025"))
    with pytest.raises(ActuaryError, match="found no price"):
        interim_prices(load_payment_policy("suzhou-2022"))
    path = tmp_path / "own.toml"
    path.write_text(
        'extends = "suzhou-2022"\n[policy]\nprovenance = [{ field = "settlement", source = "judgement" }]\n'
        '[settlement]\ninterim_price = "declared"\ninterim_rate = [{ value = 9000.5 }]\n',
        encoding="utf-8",
    )
    prices = interim_prices(load_payment_policy(path))
    assert settle_interim([("A", "resident", "2025-01", "1.5")], prices)[0].interim_fen == 1_350_075
