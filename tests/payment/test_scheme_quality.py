"""CV, RIV and the indicators of hospitals: worked examples, identities, and what is undefined."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuary.errors import DeclarationError, TableError, UnknownNameError
from actuary.payment.case_files import read_cases
from actuary.payment.exact import round_to
from actuary.payment.hospital_indicator_list import HOSPITAL_INDICATORS
from actuary.payment.hospital_indicators import IndicatorStays, case_mix_index, compute_indicators, risk_scores
from actuary.payment.indicator_limits import load_indicator_limits
from actuary.payment.indicator_stays import indicators_of_cases, rank_gains
from actuary.payment.scheme_quality import compare_groupings, measure_scheme
from actuary.payment.trimming import TrimRule


def _example(reference: Path, name: str) -> dict[str, Any]:
    examples = json.loads((reference / "settlement" / "worked_examples.json").read_text(encoding="utf-8"))
    return next(entry for entry in [*examples["examples"], *examples["derived_examples"]] if entry["id"] == name)


@pytest.mark.reference
def test_the_worked_examples(reference: Path) -> None:
    riv = _example(reference, "riv")
    groups = riv["inputs"]["groups"]
    codes = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    measured = measure_scheme(
        ["A", "B"], codes, np.array([cost for group in groups for cost in group]), trim=TrimRule()
    )
    assert round(measured.overall_before.riv, 6) == float(riv["expected"]["riv"])
    cmi = _example(reference, "cmi-exercise")
    found = case_mix_index(cmi["inputs"]["total_weight"], cmi["inputs"]["cases"])
    assert found is not None
    assert round_to(found, 2) == Fraction(Decimal(cmi["expected"]["cmi"]))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1000)), min_size=2, max_size=30))
def test_riv_is_between_over_whole(cases: list[tuple[int, int]]) -> None:
    codes, costs = (np.array(column) for column in zip(*cases, strict=True))
    riv = measure_scheme(list("ABCD"), codes, costs, trim=TrimRule()).overall_before.riv
    whole = float(((costs - costs.mean()) ** 2).sum())
    if whole == 0:
        assert math.isnan(riv)
        return
    between = sum(
        float((codes == g).sum() * (costs[codes == g].mean() - costs.mean()) ** 2) for g in set(codes.tolist())
    )
    assert riv == pytest.approx(between / whole, abs=1e-9)
    assert 0 <= riv <= 1


def test_groups_at_the_limit_of_cv_do_not_pass() -> None:
    # 0, 0, 3: mean 1, sample sd sqrt(3); 1, 2, 3: 0.5; 5, 5: 0; one case alone has none.
    codes, costs = np.array([0, 0, 0, 1, 1, 1, 2, 2, 3]), np.array([0, 0, 3, 1, 2, 3, 5, 5, 9])
    measured = measure_scheme(list("ABCD"), codes, costs, trim=TrimRule(), cv_limit=Fraction(1, 2))
    assert measured.overall_before.low_cv_groups == pytest.approx(1 / 3)
    assert measured.overall_before.low_cv_cases == pytest.approx(2 / 8)
    frame = measured.to_frame()
    assert frame["cv_before"].round(6).tolist()[:3] == [1.732051, 0.5, 0.0]
    assert math.isnan(frame["cv_before"][3])
    with pytest.raises(TableError, match="grouped cases"):
        measure_scheme(["A"], np.array([-1]), np.array([5]), trim=TrimRule())


def test_two_schemes_are_compared_over_the_cases_both_group() -> None:
    costs = np.array([1, 1, 9, 9, 100])
    groupings = {"one": (["A"], np.zeros(5, dtype=int)), "two": (["A", "B"], np.array([0, 0, 1, 1, -1]))}
    compared = compare_groupings(groupings, costs, trim=TrimRule()).set_index(["scheme", "trimmed"])
    assert compared["cases"].tolist() == [4] * 4
    assert compared.loc[("two", False), "riv"] == 1
    assert compared.loc[("one", False), "riv"] == 0


def _stays(**more: Any) -> IndicatorStays:
    given_ = {
        "hospitals": ("H1", "H2", "H3"),
        "groups": ("A", "B", "C"),
        "hospital_code": np.array([0, 0, 0, 1, 1, 1, 2]),
        "group_code": np.array([0, 0, 1, 0, 1, -1, -1]),
        "cost_fen": np.array([9000, 11000, 40000, 10000, 20000, 5000, 400]),
        "valid": np.ones(7, dtype=bool),
        "weights": (Fraction(1, 2), Fraction(2), None),
    }
    return IndicatorStays(**(given_ | more))


def test_indicators_by_hand() -> None:
    stays = _stays(
        days=np.array([4, 8, 10, 6, 20, 3, 2]),
        charged_fen=np.array([8000, 9000, 30000, 9000, 15000, -1, 100]),
        standard_fen=np.array([7000, 7000, 36000, 9000, 12000, 1000, -1]),
    )
    found = compute_indicators(stays, load_indicator_limits())
    values = {name: array.tolist() for name, array in found.figures.items()}
    assert found.base.tolist() == [3, 3, 0]  # 4.00 yuan is below 5 yuan
    assert values["grouping_rate"][:2] == [1, 2 / 3]
    assert values["grouping_rate_listed"] == [1, 2 / 3, 0]
    assert values["groups"][:2] == [2, 2]
    assert values["total_weight"][:2] == [3, 2.5]
    assert values["cmi"][:2] == [1, 1.25]
    # Means: A 100, B 300 yuan.
    assert values["cost_index"][:2] == [600 / 500, 300 / 400]
    assert values["cost_index_mean_ratio"][:2] == pytest.approx([(2 * 1 + 400 / 300) / 3, (1 + 200 / 300) / 2])
    assert values["time_index"][:2] == [22 / 27, 26 / 21]
    assert values["cost_per_weight_yuan"][:2] == [200, 120]
    # 90 and 110 yuan lie on the bounds 0.9 and 1.1 and do not count.
    assert values["cost_accuracy"][:2] == [0, 0.5]
    assert values["mean_fund_gap_yuan"][:2] == pytest.approx([-10, 15])
    long = found.to_long()
    undefined = long[long["value"].isna()]
    assert (undefined["reason"] != "").all()
    assert set(undefined[undefined["hospital"] == "H3"]["indicator"]) == {i.name for i in HOSPITAL_INDICATORS} - {
        "grouping_rate_listed"
    }
    assert set(undefined[undefined["hospital"] == "H1"]["reason"]) == {"deaths are missing"}
    assert (long[long["value"].notna()]["reason"] == "").all()
    assert "3 hospitals" in found.summary()


def test_long_stays_leave_the_base_and_unknown_ones_stay() -> None:
    days = np.array([60, 61, -1, 1, 1, 1, 1])
    assert compute_indicators(_stays(days=days), load_indicator_limits()).base.tolist() == [2, 3, 0]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(500, 10**6)), min_size=1, max_size=25))
def test_the_indices_of_the_whole_city_are_one(cases: list[tuple[int, int, int]]) -> None:
    hospital, group, cost = (np.array(column) for column in zip(*cases, strict=True))
    stays = _stays(
        hospital_code=hospital,
        group_code=group,
        cost_fen=cost,
        valid=np.ones(len(cost), dtype=bool),
        days=cost // 10**5,
    )
    found = compute_indicators(stays, load_indicator_limits())
    frame = pd.DataFrame({"group": group, "cost": cost})
    usual = frame.groupby("group")["cost"].transform("mean").groupby(hospital).sum()
    index = pd.Series(found.figures["cost_index"]).dropna()
    assert (index * usual).sum() == pytest.approx(cost.sum())


def test_low_risk_mortality() -> None:
    deaths, cases = np.array([1, 10, 100, 0]), np.array([1000, 1000, 1000, 500])
    scores = risk_scores(deaths, cases)
    assert scores.tolist() == pytest.approx([-1, 0, 1, -math.inf])
    assert risk_scores(np.array([3, 3, 0]), np.array([9, 9, 0])).tolist()[:2] == [0, 0]
    group = np.repeat([0, 0, 0, 1, 2], [400, 300, 300, 1, 1])
    died = np.zeros(1002, dtype=bool)
    died[[0, 1000, 1001]] = True
    stays = _stays(
        hospital_code=np.r_[np.zeros(500, dtype=int), np.ones(502, dtype=int)],
        group_code=group,
        cost_fen=np.full(1002, 1000),
        valid=np.ones(1002, dtype=bool),
        died=died,
    )
    values = compute_indicators(stays, load_indicator_limits()).figures["low_risk_mortality"]
    assert values[:2].tolist() == [1 / 500, 0]
    without = compute_indicators(
        _stays(died=np.zeros(7, dtype=bool)), load_indicator_limits(), zero_deaths_low_risk=False
    )
    assert np.isnan(without.figures["low_risk_mortality"]).all()
    assert without.why["low_risk_mortality"] == "no case in a low-risk group"


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(TableError) as error:
        _stays(days=np.array([1]), weights=(None,))
    assert "days: found 1 places; expected 7, one a case" in str(error.value)
    assert "weights: found 1; expected 3, one a group" in str(error.value)


def test_indicators_of_a_table_and_limits_of_ones_own(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "case_id": list("abcd"),
            "hospital": ["H1", "H1", "H1", "H2"],
            "tier": ["3"] * 4,
            "insurance": ["employee"] * 4,
            "drg": ["A", "A", "", "A"],
            "group_status": ["grouped", "grouped", "ungrouped", "check_failed"],
            "total_cost": ["100", "300", "100", "100"],
            "los_days": ["3", "80", "", "3"],
            "death": ["0", "1", "0", "0"],
        }
    )
    found = indicators_of_cases(read_cases(frame), {"A": Fraction(1)})
    assert found.figures["grouping_rate"].tolist() == [0.5, 0]
    assert found.figures["grouping_rate_listed"].tolist() == [2 / 3, 0]
    path = tmp_path / "limits.toml"
    national = (Path(__file__).parents[2] / "models/national/payment/indicators/limits.toml").read_text(
        encoding="utf-8"
    )
    path.write_text(national.replace("value = 60", "value = 90").replace('"S1"', '"judgement"'), encoding="utf-8")
    own = indicators_of_cases(read_cases(frame), {"A": Fraction(1)}, limits=load_indicator_limits(path))
    assert own.figures["grouping_rate"].tolist() == [2 / 3, 0]
    path.write_text(national.replace("[cv_under]", "[cv_undr]"), encoding="utf-8")
    with pytest.raises(DeclarationError, match="did you mean 'cv_under'"):
        load_indicator_limits(path)


def test_gains_are_ranked_over_paid_cases() -> None:
    table = pa.table(
        {
            "hospital": ["H1", "H2", "H3", "H1"],
            "status": pa.array(["paid", "paid", "paid", "rejected"]).dictionary_encode(),
            "cost_fen": [100, 100, 0, 100],
            "standard_fen": [150, 150, 0, 900],
            "gain_fen": [50, 50, 0, 800],
        }
    )
    ranked = rank_gains(table)
    assert ranked["hospital"].tolist() == ["H1", "H2", "H3"]
    assert ranked["gain_yuan"].tolist() == [0.5, 0.5, 0]
    assert math.isnan(ranked["gain_share"][2])
    with pytest.raises(UnknownNameError, match="did you mean 'hospital'"):
        rank_gains(table, by="hospitals")
    with pytest.raises(UnknownNameError, match="no column gain_fen"):
        rank_gains(table.drop_columns(["gain_fen"]))
