"""Settling a dataset part by part is settling it at once, to the fen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.payment import known_cells
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settle import settle_cases
from actuary.payment.settlement_files import settlement_record, write_settlement
from actuary.tables.personal_door import personal_door
from actuary.workflow.bulk.settle import settle_dataset
from tests.workflow.settled_parts import BUDGET, check_same, csv_of, lay_out, paid_rows

COUNT = 120
POLICY = """
[policy]
id = "in-parts"
schema = 1
family = "points"
provenance = [{ field = "*", source = "judgement", tag = "judgement" }]
[rounding]
points = 4
point_value = 4
money = 2
mode = "half_up"
[weights]
file = "weights.csv"
scale = 100
overall_mean_cost = 9876.54
[price]
mode = "pool"
represents = "total_cost"
[coefficient]
form = "tier"
tier = { "2" = 0.97, "3" = 1.0325 }
[ratio]
denominator = "city_group_mean"
[readmission]
days = 15
same_group = true
effect = "halve_earlier"
[[class]]
name = "low"
op = "<"
k = 0.4
pay = "points_no_factor"
[[class]]
name = "high"
op = ">"
cap = [{ k = 2.0 }]
pay = "linear"
"""


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> PaymentPolicy:
    folder = tmp_path_factory.mktemp("policy")
    (folder / "weights.csv").write_text("group,rw\nAA11,0.5123\nBB11,1.3\nCC11,2.0071\n", encoding="utf-8")
    (folder / "in-parts.toml").write_text(POLICY, encoding="utf-8")
    return load_payment_policy(folder / "in-parts.toml")


def stays(seed: int, count: int = COUNT) -> pa.Table:
    rng = np.random.default_rng(seed)
    day = np.datetime64("2024-01-01") + rng.integers(0, 90, count)
    cost = np.round(np.exp(rng.normal(8.8, 0.9, count)), 2)
    frame = pd.DataFrame(
        {
            # Some cases stand twice, some costs are wrong: the first that nothing is wrong with is paid.
            "case_id": [f"c{number}" for number in rng.integers(0, int(count * 1.6), count)],
            "hospital": rng.choice(["H1", "H2", "H3"], count),
            "tier": rng.choice(["2", "3"], count),
            "insurance": rng.choice(["employee", "390", "resident"], count),
            "drg": rng.choice(["AA11", "BB11", "CC11", "ZZ99"], count, p=[0.5, 0.3, 0.15, 0.05]),
            "total_cost": [f"{-one if rng.random() < 0.03 else one:.2f}" for one in cost],
            "patient_cash": "10.00",
            "fund_charged": [f"{one * 0.6:.2f}" for one in cost],
            "person_key": [f"p{number}" for number in rng.integers(0, count // 6, count)],
            "admission_date": day.astype(str),
            "discharge_date": (day + rng.integers(1, 9, count)).astype(str),
            "department": rng.choice(["A01", "A02"], count),
        }
    )
    return pa.Table.from_pandas(frame, preserve_index=False)


@pytest.mark.parametrize("cuts", [[], [60], [3, 3, 40, 41, 100]])
def test_parts_are_paid_as_the_whole(tmp_path: Path, policy: PaymentPolicy, cuts: list[int]) -> None:
    table = stays(1)
    check_same(table, policy, tmp_path, cuts)
    reasons = set(csv_of(tmp_path / "out/problems.csv")["reason"])
    assert {"duplicate", "cost_negative", "group_unknown"} <= reasons


def test_kinds_that_are_forgotten_between_parts_change_nothing(
    tmp_path: Path, policy: PaymentPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_cells, "_ROOMY", 1)
    monkeypatch.setattr(known_cells, "_TIMES", 1)
    check_same(stays(2), policy, tmp_path, [3, 3, 40, 100])


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(0, COUNT), max_size=5))
@settings(max_examples=8, deadline=None)
def test_any_partitioning_gives_one_answer(
    tmp_path_factory: pytest.TempPathFactory, policy: PaymentPolicy, seed: int, cuts: list[int]
) -> None:
    check_same(stays(seed), policy, tmp_path_factory.mktemp("any"), cuts)


def test_persons_may_be_left_out_of_parts_and_readmissions_are_then_not_looked_for(policy, tmp_path):
    table = stays(5).rename_columns(["certno" if name == "person_key" else name for name in stays(5).column_names])
    lay_out(table, tmp_path / "in", [40, 80])
    pq.write_table(table, tmp_path / "one.parquet")
    with personal_door(drop=True):
        whole = settle_cases(tmp_path / "one.parquet", policy, budget=BUDGET, threads=1)
        found = settle_dataset(tmp_path / "in", tmp_path / "out", policy, budget=BUDGET, threads=2)
    (tmp_path / "whole").mkdir()
    write_settlement(whole, tmp_path / "whole")
    assert found.point_values == whole.point_values
    assert paid_rows(tmp_path / "out") == pq.read_table(tmp_path / "whole/cases.parquet").to_pylist()
    assert "readmissions are not looked for" in (tmp_path / "out/settlement.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("cities", "told"),
    [(["anyang"], "anyang"), (["anyang", ""], "anyang"), (["a", "b"], ""), (["anyang", "H1 13800000000"], "anyang")],
)
def test_the_city_is_that_of_the_files(policy: PaymentPolicy, tmp_path: Path, cities: list[str], told: str) -> None:
    (tmp_path / "in").mkdir()
    for number, city in enumerate(cities):
        table = stays(number, 20).replace_schema_metadata({"city": city} if city else None)
        pq.write_table(table, tmp_path / "in" / f"{number}.parquet")
    settle_dataset(tmp_path / "in", tmp_path / "out", policy, budget=BUDGET, threads=1)
    assert json.loads((tmp_path / "out/settlement.json").read_text(encoding="utf-8"))["city"] == told
    if len(cities) == 1:
        whole = settle_cases(tmp_path / "in/0.parquet", policy, budget=BUDGET, threads=1)
        assert settlement_record(whole)["city"] == told
