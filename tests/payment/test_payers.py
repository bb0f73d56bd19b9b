"""Payments that the table lacks, misspells or overstates; hospitals that a policy does not know; odd tables."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pytest

from actuary.errors import TableError
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settle import settle_cases
from actuary.payment.settlement_problems import problem_frame

POLICY = """
[policy]
id = "own"
schema = 1
family = "rate"
provenance = [{ field = "*", source = "judgement", tag = "judgement" }]
[rounding]
money = 2
mode = "half_up"
[weights]
file = "weights.csv"
scale = 1
overall_mean_cost = 10000
[price]
mode = "fixed"
represents = "total_cost"
rate = [{ value = 10000 }]
"""
SUBTRACT = '[settlement]\nsubtract = ["cash", "account", "assistance"]\n'
BY_RATIO = '[settlement]\nfund_payable = "by_ratio"\npolicy_ratio = [{ value = 0.8 }]\n'


def policy_of(text=""):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "weights.csv").write_text("group,rw,mark\nA,1,\nBASE,1,base\n", encoding="utf-8")
        path = Path(folder) / "own.toml"
        path.write_text(POLICY + text, encoding="utf-8")
        return load_payment_policy(path)


def stays(*rows):
    usual = {"hospital": "H1", "tier": "2", "insurance": "employee", "drg": "A", "total_cost": "9000.00"}
    return pd.DataFrame([{"case_id": f"c{number}", **usual, **row} for number, row in enumerate(rows)])


@pytest.mark.parametrize(
    ("text", "row", "said"),
    [
        (SUBTRACT, {}, "'patient_cash'.*no column 'personal_account'.*no column 'assistance'.*0 where nothing"),
        (SUBTRACT, {"patient_csh": "1"}, "no column 'patient_cash'.*rename 'patient_csh'"),
        (SUBTRACT, {"patient_cash": "1", "asistance": "1"}, "^[^\n]*'assistance'[^\n]*rename 'asistance'[^\n]*$"),
        (SUBTRACT, {"cash": "1"}, "no column 'patient_cash'.*rename 'cash'"),
        (BY_RATIO, {}, "no column 'fully_self_paid'.*by_ratio"),
        (BY_RATIO, {"deductible_paid": "1", "fuly_self_paid": "1"}, "rename 'fuly_self_paid'"),
    ],
)  # fmt: skip
def test_payments_that_the_policy_takes_off_must_be_there(text, row, said):
    with pytest.raises(TableError, match=f"(?s){said}"):
        settle_cases(stays(row), policy_of(text))


@pytest.mark.parametrize(
    ("text", "row", "remarks"),
    [
        (SUBTRACT, {"patient_cash": "1"}, ["account.*personal_account", "nothing is taken off for assistance"]),
        (SUBTRACT, {"patient_cash": "1", "personal_account": "", "maf_pay": "0"}, []),
        (BY_RATIO, {"first_self_paid": "1", "fully_self_paid": "0"}, ["no column deductible_paid"]),
        ("", {}, ["the fund pays the whole standard.*patient_cash"]),
        ("", {"other_funds": "1"}, []),
        ("", {"other_funds": "1", "incomplet": "1"}, ["'incomplet' is not read; did you mean 'incomplete'"]),
    ],
)
def test_what_is_not_taken_off_is_said(text, row, remarks):
    said = settle_cases(stays(row), policy_of(text)).kinds.remarks
    assert len(said) == len(remarks)
    for one, pattern in zip(said, remarks, strict=True):
        assert pd.Series([one]).str.contains(pattern, regex=True).all(), one


def test_fund_money_needs_no_payments_of_others():
    policy = policy_of('[settlement]\nfund_payable = "fund"\n')
    settled = settle_cases(stays({}), policy)
    assert (settled.kinds.remarks, settled.payers.fund_fen.tolist()) == ((), [10_000_00])


@pytest.mark.parametrize("text", ["", SUBTRACT, BY_RATIO])
def test_payers_above_the_bill_are_a_reason_and_not_paid(text):
    usual = {"patient_cash": "0", "personal_account": "0", "assistance": "0", "fully_self_paid": "0"}
    rows = [
        {**usual, "total_cost": "100", "patient_cash": "100"},
        {**usual, "total_cost": "100", "patient_cash": "100.01"},
        {**usual, "total_cost": "100", "patient_cash": "60", "assistance": "40.01"},
        {**usual, "total_cost": "30000", "personal_account": "999999999"},
    ]
    settled = settle_cases(stays(*rows), policy_of(text))
    assert settled.cases["reason"].to_pylist() == ["regular"] + ["payers_too_high"] * 3
    assert settled.payers.fund_fen.tolist()[1:] == [0, 0, 0]
    assert set(settled.cases["status"].to_pylist()[1:]) == {"rejected"}


def test_parts_that_are_not_eligible_stay_within_the_bill():
    rows = [{"total_cost": "100", "fully_self_paid": "60", "deductible_paid": part} for part in ("40", "40.01")]
    settled = settle_cases(stays(*rows), policy_of(BY_RATIO))
    assert settled.cases["reason"].to_pylist() == ["regular", "payers_too_high"]


def test_a_charge_that_does_not_add_up_is_said():
    rows = [{"fund_charged": charged, "patient_cash": "1000"} for charged in ("8000", "8000.01", "7999", "")]
    (said,) = settle_cases(stays(*rows), policy_of()).kinds.remarks
    assert "more than total_cost in 1 cases and less in 1" in said


def test_odd_tables_are_said():
    rows = [{"tier": "2"}, {"tier": "3"}, {"hospital": "H2", "tier": "3"}]
    rows = [{**row, "patient_cash": "0", "admission_date": "2024-01-05"} for row in rows]
    rows = [{**row, "discharge_date": day} for row, day in zip(rows, ("2024-01-04", "2024-01-05", ""), strict=True)]
    assert settle_cases(stays(*rows), policy_of()).kinds.remarks == (
        "hospital H1 stands with several tiers: 2, 3",
        "1 cases were discharged before they were admitted",
    )


BY_HOSPITAL = '[coefficient]\nform = "hospital"\nhospital = { ABC = 1.1, B = 0.9 }\n'
BASE = '[coefficient.base_group]\nmechanism = "uniform_coef"\nvalue = 1\nmarks = ["base"]\n'


def test_a_hospital_that_the_policy_does_not_know_is_named():
    rows = [{"hospital": "ABC"}, {"hospital": "ABD"}]
    rows += [{"hospital": "Z", "drg": "BASE"}, {"hospital": "ABC", "drg": "BASE"}]
    settled = settle_cases(stays(*rows), policy_of(BY_HOSPITAL + BASE))
    assert settled.cases["reason"].to_pylist() == ["regular", "hospital_unknown", "hospital_unknown", "regular"]
    frame = problem_frame(settled, lang="en")
    assert frame[["row", "column", "found", "nearest"]].to_numpy().tolist() == [
        [2, "hospital", "ABD", "ABC"],
        [3, "hospital", "Z", ""],
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BY_HOSPITAL + "new_group = 0.8\n", "regular"),
        ('[coefficient]\nform = "hospital"\nhospital = { ABC = 1.1, "*" = 0.9 }\n', "regular"),
        (BY_HOSPITAL, "hospital_unknown"),
    ],
)
def test_a_coefficient_for_others_lets_every_hospital_be_paid(text, reason):
    assert settle_cases(stays({}), policy_of(text)).cases["reason"].to_pylist() == [reason]


def test_a_list_of_hospitals_may_give_the_coefficient():
    hospitals = pd.DataFrame({"hospital": ["H1"], "tier": ["2"], "coefficient": ["1.2"]})
    settled = settle_cases(stays({}), policy_of(BY_HOSPITAL), hospitals=hospitals)
    assert settled.standard_fen.tolist() == [12_000_00]
