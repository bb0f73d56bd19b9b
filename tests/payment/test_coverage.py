"""How far payment by group reaches, on cases made by hand, against the declared thresholds of two plans."""

from __future__ import annotations

import datetime as dt
import importlib.util
import sys
from pathlib import Path

import pandas as pd
import pytest

from actuary.errors import ActuaryError, UnknownNameError
from actuary.payment.coverage import measure_coverage
from actuary.payment.settle import settle_cases

_SPEC = importlib.util.spec_from_file_location("small_policy", Path(__file__).parent / "small_policy.py")
_small = importlib.util.module_from_spec(_SPEC)
sys.modules["small_policy"] = _small
_SPEC.loader.exec_module(_small)

# Two of four hospitals, and two of three groups, are paid by group: bed-days and a group without a weight are not.
CASES = _small.stays(
    {"hospital": "H1", "fund_charged": "4000.00"},
    {"hospital": "H2", "drg": "BB15", "fund_charged": "3000.00"},
    {"hospital": "H3", "drg": "NO10", "fund_charged": "2000.00"},
    {"hospital": "H3", "bed_day": 1, "los_days": 20, "fund_charged": "1000.00"},
)
HOSPITALS = pd.DataFrame({"hospital": ["H1", "H2", "H3", "H4"], "tier": ["2", "2", "2", "2"]})
YEAR_2023 = dt.date(2023, 7, 1)


@pytest.fixture
def settled(tmp_path):
    return settle_cases(CASES, _small.small_policy(tmp_path), hospitals=HOSPITALS)


def test_the_thresholds_of_a_plan_are_met_or_not(settled):
    coverage = measure_coverage(settled, "liuyang", day=YEAR_2023)
    rows = {row.key.removeprefix("payment."): row for row in coverage.rows}
    assert {key: (row.part, row.whole, row.wanted, row.met) for key, row in rows.items()} == {
        "drg_first_batch_hospital_share_min": (2, 4, 0.4, True),
        "drg_hospital_coverage_target": (2, 4, 1.0, False),
        "drg_disease_coverage_target": (2, 3, 0.9, False),
        # 7,000 of 10,000 yuan: exactly the threshold.
        "drg_fund_share_target": (700_000, 1_000_000, 0.7, True),
    }
    assert coverage.summary()["met"] == 2
    assert all(row.source and row.basis and not row.reason for row in coverage.rows)
    assert coverage.to_frame()["value"].tolist() == [0.5, 0.5, pytest.approx(2 / 3), 0.7]


def test_the_day_chooses_the_thresholds(settled):
    first_batch = measure_coverage(settled, "liuyang", day=dt.date(2022, 7, 1))
    assert [row.key for row in first_batch.rows] == ["payment.drg_first_batch_hospital_share_min"]
    wanted = [
        measure_coverage(settled, "shenyang", day=dt.date(year, 6, 30)).rows[0].wanted for year in (2022, 2023, 2024)
    ]
    assert wanted == [0.7, 0.75, 0.8]
    assert [measure_coverage(settled, "shenyang", day=dt.date(year, 6, 30)).rows[0].met for year in (2022, 2023)] == [
        True,
        False,
    ]
    assert measure_coverage(settled, "anyang", day=YEAR_2023).rows == ()


def test_what_is_not_known_is_not_assessed(tmp_path):
    policy = _small.small_policy(tmp_path)
    without = settle_cases(CASES.drop(columns="fund_charged"), policy)
    rows = {
        row.key.removeprefix("payment.drg_"): row for row in measure_coverage(without, "liuyang", day=YEAR_2023).rows
    }
    assert rows["hospital_coverage_target"].met is None
    assert "list of hospitals" in rows["hospital_coverage_target"].reason
    assert rows["fund_share_target"].met is None
    assert rows["fund_share_target"].value is None
    assert "fund_charged" in rows["fund_share_target"].reason
    given = measure_coverage(without, "liuyang", day=YEAR_2023, inpatient_fund_yuan="40000").rows[-1]
    # 10,000 + 20,000 yuan by group, of 40,000.
    assert (given.part, given.value, given.met) == (3_000_000, 0.75, True)
    some = settle_cases(CASES.assign(fund_charged=["4000", None, "1", "1"]), policy)
    assert "missing for 1 of 4 cases" in measure_coverage(some, "shenyang", day=YEAR_2023).rows[0].reason
    with pytest.raises(UnknownNameError, match="liuyang"):
        measure_coverage(without, "liuyng", day=YEAR_2023)


def test_an_inpatient_fund_that_cannot_be_is_refused(settled):
    for amount in ("abc", "0", "-1", 1.5):
        with pytest.raises(ActuaryError, match="above 0"):
            measure_coverage(settled, "shenyang", day=YEAR_2023, inpatient_fund_yuan=amount)
    row = measure_coverage(settled, "shenyang", day=YEAR_2023, inpatient_fund_yuan="29999.99").rows[0]
    assert row.met is None
    assert "30,000.00 yuan, more than all that was given" in row.reason
