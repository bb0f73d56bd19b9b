from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from actuary.errors import TableError, UnknownNameError
from actuary.indicators.case_indicators import compute_case_indicators
from actuary.indicators.case_parts import SUMMED
from actuary.payment.hospital_indicator_list import HOSPITAL_INDICATORS
from actuary.payment.indicator_stays import indicators_of_settlement
from actuary.payment.settle import settle_cases

#: Suzhou's weights of 2022 are those of the policy that comes with the package.
POLICY = "suzhou-2022"
PLAIN_SUMS = ("inpatient_cost_yuan", "inpatient_visits", "total_weight")


def stays(**columns):
    rows = [
        ("a", "H1", "3", "BR25", 9000, 8, 5000, "2023-11", False),
        ("b", "H1", "3", "BR25", 12000, 10, 7000, "2024-11", False),
        ("c", "H1", "3", "", 3000, 3, 1500, "2024-11", False),
        ("d", "H2", "2", "BR25", 6000, 7, 4000, "2023-11", False),
        ("e", "H2", "2", "ES25", 15000, 20, 9000, "2024-12", True),
        ("f", "H2", "2", "ES25", 11000, 12, 6000, "2024-11", False),
    ]
    names = ["case_id", "hospital", "tier", "drg", "total_cost", "los_days", "fund_charged", "month", "death"]
    frame = pd.DataFrame(rows, columns=names).assign(insurance="employee", fully_self_paid=100, first_self_paid=50)
    return frame.assign(**columns)


def value_of(found, name, subject="city"):
    frame = found.frame
    return frame[(frame["indicator"] == name) & (frame["subject"] == subject)].iloc[0]


@pytest.fixture(scope="module")
def settled():
    return compute_case_indicators(stays(), policy=POLICY, by="hospital")


def test_use_of_the_whole():
    found = compute_case_indicators(stays())
    assert value_of(found, "inpatient_visits")["value"] == 6
    assert value_of(found, "inpatient_cost_per_stay_yuan")["value"] == pytest.approx(56000 / 6)
    assert value_of(found, "inpatient_cost_per_stay_tertiary_yuan")["value"] == 8000
    assert value_of(found, "inpatient_cost_per_stay_secondary_yuan")["value"] == pytest.approx(32000 / 3)
    assert value_of(found, "length_of_stay_days")["value"] == 10
    assert value_of(found, "inpatient_eligible_reimbursement_rate")["value"] == pytest.approx(32500 / (56000 - 900))
    primary = value_of(found, "inpatient_cost_per_stay_primary_yuan")
    assert (math.isnan(primary["value"]), primary["reason"]) == (True, "no stay of primary hospitals")


def test_hospital_indicators_are_those_of_the_settlement(settled):
    own = indicators_of_settlement(settle_cases(stays(), POLICY)).to_frame().set_index("hospital")
    wide = settled.wide().set_index("subject")
    for one in HOSPITAL_INDICATORS:
        for hospital in ("H1", "H2"):
            ours, theirs = wide.loc[hospital, one.name], own.loc[hospital, one.name]
            assert ours == theirs or (math.isnan(ours) and math.isnan(theirs)), (one.name, hospital)


@pytest.mark.parametrize("name", SUMMED)
def test_the_cases_behind_a_value_give_it(settled, name):
    for subject in settled.subject_names:
        value = value_of(settled, name, subject)["value"]
        rows = settled.trace(name, subject=subject)
        assert set(rows["subject"]) <= {subject}
        if math.isnan(value):
            assert not rows["bottom"].sum()
            assert value_of(settled, name, subject)["reason"]
        else:
            total = rows["top"].sum() if name in PLAIN_SUMS else rows["top"].sum() / rows["bottom"].sum()
            assert total == pytest.approx(value, rel=1e-12)


def test_settlement_needs_a_policy_and_says_so():
    found = compute_case_indicators(stays())
    for name in ("settlement_rate", "drg_share_of_inpatient_fund", "cmi", "mean_fund_gap_yuan"):
        row = value_of(found, name)
        assert math.isnan(row["value"])
        assert row["reason"], name
    assert found.not_settled == "no policy was named"


def test_settlement_rate_is_paid_over_charged(settled):
    settlement = settle_cases(stays(), POLICY)
    paid = settlement.paid
    charged = stays()["fund_charged"].to_numpy()[paid].sum()
    city = compute_case_indicators(stays(), policy=POLICY)
    assert value_of(city, "settlement_rate")["value"] == pytest.approx(
        settlement.payers.fund_fen[paid].sum() / 100 / charged
    )
    # The case without a group is not paid by group.
    assert value_of(city, "drg_share_of_inpatient_cost")["value"] == pytest.approx(53000 / 56000)
    assert value_of(city, "grouping_rate")["value"] == pytest.approx(5 / 6)


def test_a_quarter_and_the_same_months_of_the_year_before():
    found = compute_case_indicators(stays(), quarter="2024Q4")
    assert value_of(found, "inpatient_visits")["value"] == 4
    growth = value_of(found, "inpatient_cost_growth")
    assert math.isnan(growth["value"])
    assert growth["reason"] == "the cases hold no stays of 2023-10 to 2023-12"
    whole = compute_case_indicators(stays(month=["2023-11", "2024-11", "2024-11", "2023-11", "2024-11", "2024-11"]))
    assert value_of(whole, "inpatient_visits_growth")["value"] == 1.0
    assert value_of(whole, "inpatient_cost_growth")["value"] == pytest.approx(41000 / 15000 - 1)
    by = compute_case_indicators(
        stays(month=["2023-11", "2024-11", "2024-11", "2023-11", "2024-11", "2024-11"]), by="hospital"
    )
    assert value_of(by, "inpatient_cost_growth", "H1")["value"] == pytest.approx(15000 / 9000 - 1)


def test_wrong_questions_are_answered_with_what_is_there():
    with pytest.raises(UnknownNameError, match="did you mean 'hospital'"):
        compute_case_indicators(stays(), by="hospitl")
    with pytest.raises(TableError, match="no column department"):
        compute_case_indicators(stays(), by="department")
    with pytest.raises(TableError, match="a quarter with stays; the cases are of 2023-11 to 2024-12"):
        compute_case_indicators(stays(), quarter="2022Q1")
    with pytest.raises(TableError, match="indicators_of_dataset reads a folder"):
        compute_case_indicators(Path(__file__).parent)
    found = compute_case_indicators(stays())
    with pytest.raises(UnknownNameError, match="did you mean 'cmi'"):
        found.trace("cmii")
    with pytest.raises(UnknownNameError, match="sum over cases"):
        found.trace("riv")
    with pytest.raises(UnknownNameError, match="city"):
        found.trace("inpatient_visits", subject="H9")


def test_made_up_cases_say_so():
    found = compute_case_indicators(stays(synthetic=True))
    assert found.synthetic
    assert found.summary().startswith("made-up cases")
    assert "made-up" in found._repr_html_()


def test_spread_of_costs_is_that_of_the_groups(settled):
    rows = stays().query("drg != ''").groupby("drg")["total_cost"]
    city = compute_case_indicators(stays(), policy=POLICY)
    costs = stays().query("drg != ''")["total_cost"]
    between = sum(len(one) * (one.mean() - costs.mean()) ** 2 for _, one in rows)
    assert value_of(city, "riv")["value"] == pytest.approx(between / ((costs - costs.mean()) ** 2).sum())
    assert 0 <= value_of(settled, "low_cv_cases", "H2")["value"] <= 1
