"""Sums of parts are the sums of all, whatever the parts, and so is every value that follows from them."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.indicators.case_frame import frame_of_tally
from actuary.indicators.case_indicators import BY, indicators_of_table
from actuary.indicators.case_subjects import basis_of_cases
from actuary.indicators.case_tally import join_case_tallies, tally_cases
from actuary.kernels.cost_cells import carry_squares, cell_squares, whole_square
from actuary.payment import stay_tally
from actuary.payment.case_files import read_cases
from actuary.payment.indicator_limits import load_indicator_limits
from actuary.payment.stay_tally import accurate_cases, accurate_costs

COUNT = 60
WEIGHTS = {"A": Fraction("0.7133"), "B": Fraction("1.9"), "C": Fraction(1, 3)}
LIMITS = load_indicator_limits()


def stays(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    cost = np.exp(rng.normal(8.5, 1.5, COUNT))
    return pd.DataFrame(
        {
            "case_id": [f"c{number}" for number in range(COUNT)],
            "hospital": rng.choice(["H2", "H10", "H1", None], COUNT),
            "tier": rng.choice(["3", "2", "1"], COUNT),
            "department": rng.choice(["D2", "D1"], COUNT),
            "insurance": rng.choice(["employee", "390", "nobody"], COUNT, p=[0.5, 0.4, 0.1]),
            "drg": rng.choice(["C", "A", "B", "Z", None], COUNT),
            "total_cost": [f"{-one if rng.random() < 0.05 else one:.2f}" for one in cost],
            "fund_charged": [None if rng.random() < 0.2 else f"{one * 0.6:.2f}" for one in cost],
            "fully_self_paid": "12.34",
            "first_self_paid": "0.01",
            "los_days": rng.integers(1, 75, COUNT),
            "death": rng.random(COUNT) < 0.1,
            "month": rng.choice(["2023-01", "2023-02", "2023-03", "2024-01", "2024-02", "2024-03"], COUNT),
        }
    )


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 99),
    cuts=st.lists(st.integers(0, COUNT), max_size=4),
    by=st.sampled_from(BY),
    quarter=st.sampled_from([None, "2024Q1", "2023"]),
    settled=st.booleans(),
    turned=st.booleans(),
)
def test_any_parts_give_the_frame_of_all(seed, cuts, by, quarter, settled, turned):
    frame = stays(seed)
    paid = np.random.default_rng(seed).integers(-1, 10**6, COUNT) if settled else None
    whole = indicators_of_table(read_cases(frame), WEIGHTS, fund_fen=paid, by=by, quarter=quarter)
    parts = []
    for begin, end in itertools.pairwise([0, *sorted(cuts), COUNT]):
        if begin < end:
            fund = None if paid is None else paid[begin:end]
            table = read_cases(frame.iloc[begin:end])
            basis = basis_of_cases(table, {}, LIMITS, fund_fen=fund, by=by, quarter=quarter)
            parts.append(tally_cases(basis))
    parts = parts[::-1] if turned else parts
    joined = join_case_tallies(tally for tally, _ in parts)
    near = accurate_costs(joined.stays, LIMITS)
    accurate = np.zeros(len(joined.subjects), np.int64)
    for tally, costs in parts:
        for name, number in zip(tally.subjects, accurate_cases(tally.stays, costs, near).tolist(), strict=True):
            accurate[joined.subjects.index(name)] += number
    found = frame_of_tally(joined, accurate, WEIGHTS, LIMITS, quarter=quarter)
    pd.testing.assert_frame_equal(found, whole.frame, check_exact=True)
    assert (joined.cases, joined.subjects) == (COUNT, whole.subject_names)
    assert joined.stays.means() == whole.basis.means


@given(st.lists(st.lists(st.integers(0, 10**11), max_size=6), max_size=4))
def test_squares_of_parts_are_exact(parts):
    total = np.zeros((3, 1), np.int64)
    for part in parts:
        costs = np.array(part, np.int64)
        total = carry_squares(total + cell_squares(np.zeros(len(part), np.int64), costs, cells=1), first=0)
    assert whole_square(*total[:, 0].tolist()) == sum(cost**2 for part in parts for cost in part)


def test_far_more_names_than_cases(monkeypatch):
    cases = read_cases(stays(3).head(10))
    few = indicators_of_table(cases, WEIGHTS, by="hospital").frame
    monkeypatch.setattr(stay_tally, "_WIDE_CELLS", 0)
    assert len(cases.group_names) * len(cases.hospital_names) > len(cases)
    pd.testing.assert_frame_equal(indicators_of_table(cases, WEIGHTS, by="hospital").frame, few, check_exact=True)


def test_months_of_another_kind_have_no_growth():
    found = indicators_of_table(read_cases(stays(3).assign(month="March")), WEIGHTS).frame.set_index("indicator")
    assert found.loc["inpatient_cost_growth", "reason"] == "months of discharge are not written as 2024-03"


def test_subjects_come_sorted_and_only_those_that_occur():
    table = read_cases(stays(1).assign(hospital=pd.Categorical(["H2"] * COUNT, categories=["H9", "H2"])))
    assert indicators_of_table(table, {}, by="hospital").subject_names == ("H2",)


def test_cases_without_a_subject_give_an_empty_table():
    found = indicators_of_table(read_cases(stays(1).assign(hospital=None)), {}, by="hospital")
    assert found.frame.empty
    assert "value" in found.frame.columns


def test_the_mean_of_a_group_is_rounded_once():
    frame = stays(2).head(3).assign(hospital="H1", drg="A", total_cost=["0.10", "100.20", "200.30"], los_days=3)
    found = indicators_of_table(read_cases(frame), WEIGHTS, by="city")
    # 0.10 yuan is below the base.
    assert found.trace("cost_index")["bottom"].tolist() == [150.25, 150.25]
