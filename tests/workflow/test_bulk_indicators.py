"""Indicators part by part are those of all cases at once, to the last bit."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.errors import PeriodError, TableError, UnknownNameError
from actuary.files import csv_bytes
from actuary.indicators.case_indicators import compute_case_indicators
from actuary.workflow.bulk.indicators import DatasetQuestion, indicators_of_dataset, trace_dataset

COUNT = 90
POLICY = "suzhou-2022"


def stays(seed: int = 1) -> pa.Table:
    rng = np.random.default_rng(seed)
    cost = np.exp(rng.normal(9, 0.8, COUNT))
    frame = pd.DataFrame(
        {
            # Some cases stand twice, some cells are wrong.
            "case_id": [f"c{number}" for number in rng.integers(0, int(COUNT * 1.5), COUNT)],
            "hospital": rng.choice(["H2", "H10", "H1"], COUNT),
            "tier": rng.choice(["3", "2"], COUNT),
            "insurance": rng.choice(["employee", "390", "resident"], COUNT),
            "drg": rng.choice(["BR25", "ES25", "GD25", "ZZ99", ""], COUNT),
            "total_cost": [f"{-one if rng.random() < 0.03 else one:.2f}" for one in cost],
            "fund_charged": [f"{one * 0.6:.2f}" for one in cost],
            "fully_self_paid": "10.01",
            "first_self_paid": "5.02",
            "los_days": rng.integers(1, 70, COUNT),
            "death": (rng.random(COUNT) < 0.1).astype(int),
            "month": rng.choice(["2023-11", "2023-12", "2023-10", "2024-11", "2024-12", "2024-10"], COUNT),
            "synthetic": 1,
        }
    )
    return pa.Table.from_pandas(frame, preserve_index=False)


def lay_out(table: pa.Table, root: Path, cuts: list[int]) -> Path:
    for number, (begin, end) in enumerate(itertools.pairwise([0, *sorted(cuts), table.num_rows])):
        folder = root / f"year=2024/city=a/month={number + 1}"
        folder.mkdir(parents=True)
        pq.write_table(table.slice(begin, end - begin), folder / "part.parquet")
    return root


def check_same(table: pa.Table, root: Path, cuts: list[int], **question: object) -> None:
    whole = compute_case_indicators(table, threads=1, **question)  # type: ignore[arg-type]
    asked = DatasetQuestion(threads=2, **question)  # type: ignore[arg-type]
    found = indicators_of_dataset(lay_out(table, root / "in", cuts), root / "out.csv", asked)
    pd.testing.assert_frame_equal(found.frame, whole.frame, check_exact=True)
    for name in ("by", "cases", "subject_names", "policy", "not_settled", "synthetic"):
        assert getattr(found, name) == getattr(whole, name), name
    assert found.partitions == len(cuts) + 1
    assert sorted(path.name for path in root.iterdir()) == ["in"]


def test_parts_are_the_whole(tmp_path: Path) -> None:
    check_same(stays(), tmp_path, [0, 30, 50], policy=POLICY, by="hospital", quarter="2024Q4")


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 99),
    cuts=st.lists(st.integers(0, COUNT), max_size=4),
    policy=st.sampled_from([None, POLICY]),
    by=st.sampled_from(["city", "hospital", "tier", "insurance"]),
    quarter=st.sampled_from([None, "2024Q4"]),
)
def test_any_parts_are_the_whole(tmp_path_factory, seed, cuts, policy, by, quarter):
    check_same(stays(seed), tmp_path_factory.mktemp("parts"), cuts, policy=policy, by=by, quarter=quarter)


@pytest.mark.slow
def test_with_a_list_of_hospitals_and_a_floating_price(tmp_path: Path) -> None:
    hospitals = pd.DataFrame({"hospital": ["H1", "H2"], "tier": ["3", "2"]})
    check_same(stays(), tmp_path, [45], policy=POLICY, hospitals=hospitals, by="tier", budget=300_000)


@pytest.mark.slow
def test_cases_behind_a_value_are_those_of_the_whole(tmp_path: Path) -> None:
    root = lay_out(stays(), tmp_path / "in", [30, 60])
    asked = DatasetQuestion(policy=POLICY, by="hospital", threads=1)
    whole = compute_case_indicators(stays(), policy=POLICY, by="hospital")
    for name, subject in (("cost_index", None), ("cmi", "H10"), ("time_index", "H1"), ("settlement_rate", None)):
        found = trace_dataset(root, tmp_path / "rows.csv", name, asked, subject=subject)
        rows = whole.trace(name, subject=subject)
        assert (tmp_path / "rows.csv").read_bytes() == csv_bytes(rows)
        assert (found.rows, found.cases) == (len(rows), COUNT)
        assert (found.top, found.bottom) == pytest.approx((rows["top"].sum(), rows["bottom"].sum()))


def test_wrong_questions_are_answered_before_any_work(tmp_path: Path) -> None:
    root, out = lay_out(stays(), tmp_path / "in", [45]), tmp_path / "out.csv"
    for question, kind, said in (
        (DatasetQuestion(by="hospitl"), UnknownNameError, "did you mean 'hospital'"),
        (DatasetQuestion(by="department"), TableError, "no column department"),
        (DatasetQuestion(quarter="2024Q5"), PeriodError, "2024Q5"),
    ):
        with pytest.raises(kind, match=said):
            indicators_of_dataset(root, out, question)
        assert not list(tmp_path.glob(".*"))
    with pytest.raises(UnknownNameError, match="did you mean 'cmi'"):
        trace_dataset(root, out, "cmii")
    with pytest.raises(TableError, match="a quarter with stays; the cases are of 2023-10 to 2024-12"):
        indicators_of_dataset(root, out, DatasetQuestion(quarter="2022Q1", threads=1))
    with pytest.raises(UnknownNameError, match="H9"):
        trace_dataset(root, out, "inpatient_visits", DatasetQuestion(by="hospital", threads=1), subject="H9")
    with pytest.raises(TableError, match="no column month"):
        indicators_of_dataset(
            lay_out(stays().drop_columns(["month"]), tmp_path / "no", [45]), out, DatasetQuestion(quarter="2024Q4")
        )


def test_every_file_that_differs_is_named(tmp_path: Path) -> None:
    root = lay_out(stays(), tmp_path / "in", [30, 60])
    for number, name in ((2, "los_days"), (3, "month")):
        path = root / f"year=2024/city=a/month={number}/part.parquet"
        pq.write_table(pq.read_table(path).drop_columns([name]), path)
    with pytest.raises(TableError, match="2 problems") as caught:
        indicators_of_dataset(root, tmp_path / "out.csv")
    assert ["month=2" in str(one) or "month=3" in str(one) for one in caught.value.problems] == [True, True]
    (tmp_path / "nothing").mkdir()
    with pytest.raises(TableError, match="no file"):
        indicators_of_dataset(tmp_path / "nothing", tmp_path / "out.csv")
