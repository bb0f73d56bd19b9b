"""Indicators part by part are those of all cases at once, to the last bit."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from actuary.cli import app
from actuary.errors import OutputError, PeriodError, TableError, UnknownNameError
from actuary.files import csv_bytes
from actuary.indicators.case_indicators import compute_case_indicators
from actuary.workflow.bulk.indicators import indicators_of_dataset, trace_dataset
from actuary.workflow.bulk.settle import settle_dataset
from tests.workflow.test_bulk_resume import StoppedError, StoppingEngine
from tests.workflow.test_distributed_engine import Cluster

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


def check_same(table: pa.Table, root: Path, cuts: list[int], **question: Any) -> None:
    whole = compute_case_indicators(table, threads=1, **question)
    found = indicators_of_dataset(lay_out(table, root / "in", cuts), root / "out.csv", threads=2, **question)
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
def test_cases_that_are_settled_already(tmp_path: Path) -> None:
    root = lay_out(stays(), tmp_path / "in", [30, 60])
    settle_dataset(root, tmp_path / "settled", POLICY, threads=1)
    whole = compute_case_indicators(stays(), policy=POLICY, by="hospital")
    asked: dict[str, Any] = {"settled": tmp_path / "settled", "by": "hospital", "threads": 1}
    found = indicators_of_dataset(root, tmp_path / "out.csv", **asked)
    pd.testing.assert_frame_equal(found.frame, whole.frame, check_exact=True)
    assert (found.policy, found.not_settled) == (POLICY, "")
    other = lay_out(stays(2), tmp_path / "other", [30, 60])
    for cases, folder, more, said in (
        (root, "in", {}, "no settlement"),
        (other, "settled", {}, "a settlement of other cases"),
        (root, "settled", {"policy": POLICY, "budget": 1}, "2 problems"),
    ):
        with pytest.raises(TableError, match=said):
            indicators_of_dataset(cases, tmp_path / "out.csv", settled=tmp_path / folder, **more)
    with pytest.raises(OutputError, match="a file within --settled"):
        indicators_of_dataset(root, tmp_path / "settled" / "books.csv", **asked)
    listed = pd.DataFrame({"hospital": ["H1", "H2"], "tier": ["3", "2"]})
    with pytest.raises(TableError, match=r"another list of hospitals.*none, as they were settled"):
        indicators_of_dataset(root, tmp_path / "out.csv", hospitals=listed, **asked)
    settle_dataset(root, tmp_path / "listed", POLICY, hospitals=listed, threads=1)
    with pytest.raises(TableError, match=r"no list of hospitals.*the list that the cases were settled with"):
        indicators_of_dataset(root, tmp_path / "out.csv", **{**asked, "settled": tmp_path / "listed"})
    found = indicators_of_dataset(
        root, tmp_path / "out.csv", hospitals=listed, **{**asked, "settled": tmp_path / "listed"}
    )
    whole = compute_case_indicators(stays(), policy=POLICY, by="hospital", hospitals=listed)
    pd.testing.assert_frame_equal(found.frame, whole.frame, check_exact=True)
    part = tmp_path / "settled/cases/year=2024/city=a/month=1/part.parquet"
    part.chmod(0o644)
    part.write_bytes(part.read_bytes() + b"x")
    with pytest.raises(TableError, match="files that are not those of its manifest"):
        indicators_of_dataset(root, tmp_path / "out.csv", **asked)


@pytest.mark.slow
def test_cases_behind_a_value_are_those_of_the_whole(tmp_path: Path) -> None:
    root = lay_out(stays(), tmp_path / "in", [30, 60])
    asked: dict[str, Any] = {"policy": POLICY, "by": "hospital", "threads": 1}
    whole = compute_case_indicators(stays(), policy=POLICY, by="hospital")
    for name, subject in (("cost_index", None), ("cmi", "H10"), ("time_index", "H1"), ("settlement_rate", None)):
        found = trace_dataset(root, tmp_path / "rows.csv", indicator=name, subject=subject, **asked)
        rows = whole.trace(name, subject=subject)
        assert (tmp_path / "rows.csv").read_bytes() == csv_bytes(rows)
        assert (found.rows, found.cases) == (len(rows), COUNT)
        assert (found.top, found.bottom) == pytest.approx((rows["top"].sum(), rows["bottom"].sum()))


def test_wrong_questions_are_answered_before_any_work(tmp_path: Path) -> None:
    root, out = lay_out(stays(), tmp_path / "in", [45]), tmp_path / "out.csv"
    for question, kind, said in (
        ({"by": "hospitl"}, UnknownNameError, "did you mean 'hospital'"),
        ({"by": "department"}, TableError, "no column department"),
        ({"quarter": "2024Q5"}, PeriodError, "2024Q5"),
    ):
        with pytest.raises(kind, match=said):
            indicators_of_dataset(root, out, **question)
        assert not list(tmp_path.glob(".*"))
    with pytest.raises(UnknownNameError, match="did you mean 'cmi'"):
        trace_dataset(root, out, indicator="cmii")
    with pytest.raises(TableError, match="a quarter with stays; the cases are of 2023-10 to 2024-12"):
        indicators_of_dataset(root, out, quarter="2022Q1", threads=1)
    with pytest.raises(UnknownNameError, match="H9"):
        trace_dataset(root, out, indicator="inpatient_visits", by="hospital", threads=1, subject="H9")
    with pytest.raises(TableError, match="no column month"):
        indicators_of_dataset(lay_out(stays().drop_columns(["month"]), tmp_path / "no", [45]), out, quarter="2024Q4")


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


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.slow
def test_the_command_writes_the_same_for_a_folder_as_for_a_file(tmp_path: Path) -> None:
    root = lay_out(stays(), tmp_path / "in", [30, 60])
    pq.write_table(stays(), tmp_path / "cases.parquet", row_group_size=20)
    asked = ("--policy", POLICY, "--by", "hospital")
    for name in ("out.csv", "out.json"):
        written = []
        for cases, more in ((root, ()), ("cases.parquet", ()), ("cases.parquet", ("--engine", "local"))):
            run("indicators", tmp_path / cases, *asked, *more, "--out", tmp_path / name)
            written.append((tmp_path / name).read_bytes())
        assert written[0] == written[1] == written[2]
    plain = run("indicators", root, "--by", "hospital", "--family", "use", "--subject", "H10")
    assert "not settled: no policy was named" in plain
    assert "in 3 parts" in plain
    listed = run("indicators", root, "--trace", "cmi", *asked, "--subject", "H1", "--out", tmp_path / "rows.csv")
    at_once = run("indicators", tmp_path / "cases.parquet", "--trace", "cmi", *asked, "--subject", "H1")
    assert [line for line in listed.splitlines() if "sum of top" in line] == [
        line for line in at_once.splitlines() if "sum of top" in line
    ]
    assert len((tmp_path / "rows.csv").read_text("utf-8-sig").splitlines()) > 1
    fit = run("indicators", root, *asked, "--publish", "--out", tmp_path / "fit.csv")
    assert "few cases" in fit
    assert sorted(path.name for path in tmp_path.glob(".*")) == []


def test_the_command_refuses_what_cannot_be(tmp_path: Path) -> None:
    root = lay_out(stays(), tmp_path / "in", [45])
    far = ("--engine", "distributed", "--scheduler", "tcp://127.0.0.1:9")
    assert "add --out FILE.csv" in run("indicators", root, *far, code=2)
    assert "--engine distributed only" in run("indicators", root, "--scheduler", "tcp://127.0.0.1:9", code=2)
    assert "one in .csv or .json" in run("indicators", root, "--out", tmp_path / "a.xlsx", code=2)
    assert "one in .csv" in run("indicators", root, "--trace", "cmi", "--out", tmp_path / "a.json", code=2)
    assert "cases are never overwritten" in run("indicators", root, "--out", root / "a.csv", code=2)
    assert "no folder of cases" in run("indicators", "--engine", "local", "--restart", code=2)
    assert "--policy: found no cases" in run("indicators", "--policy", POLICY, code=2)
    assert "no --policy beside it" in run("indicators", root, "--budget", "1", code=2)
    assert "for a region only" in run("indicators", root, "--since", "2024Q1", code=2)
    assert "did you mean 'H10'" in run("indicators", root, "--by", "hospital", "--subject", "H100", code=2)


@pytest.mark.slow
def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    root = lay_out(stays(), tmp_path / "in", [20, 40, 60])

    def asked(engine: StoppingEngine) -> dict[str, Any]:
        return {"policy": POLICY, "by": "hospital", "engine": engine}

    undisturbed = StoppingEngine(1000)
    calm = indicators_of_dataset(root, tmp_path / "calm.csv", **asked(undisturbed))
    # In the middle of settling, of the sums, of the sums again, of the second pass.
    for stop in (6, 11, 15, 19):
        with pytest.raises(StoppedError):
            indicators_of_dataset(root, tmp_path / "out.csv", **asked(StoppingEngine(stop)))
        rest = StoppingEngine(1000)
        found = indicators_of_dataset(root, tmp_path / "out.csv", **asked(rest))
        pd.testing.assert_frame_equal(found.frame, calm.frame, check_exact=True)
        assert rest.done == undisturbed.done - stop
        assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_what_is_kept_is_looked_at_and_belongs_to_its_files(tmp_path: Path) -> None:
    root, out = lay_out(stays(), tmp_path / "in", [20, 40, 60]), tmp_path / "out.csv"

    def parts_done(stop: int, **question: Any) -> int:
        engine = StoppingEngine(stop)
        try:
            indicators_of_dataset(root, out, engine=engine, **question)
        except StoppedError:
            assert engine.done == stop
        return engine.done

    # Settling four parts takes nine tasks; its files stand finished once the sums begin.
    assert parts_done(10, policy=POLICY) == 10
    (kept,) = tmp_path.glob(".out.csv.work/*/settled/cases/year=2024/city=a/month=1/part.parquet")
    kept.chmod(0o644)
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    assert parts_done(8, policy=POLICY) == 8
    # Another question, and another file, find nothing; a restart wants nothing.
    for question in ({"policy": POLICY, "by": "tier"}, {"policy": POLICY, "restart": True}):
        assert parts_done(2, **question) == 2
    assert parts_done(3) == 3
    os.utime(root / "year=2024/city=a/month=1/part.parquet", ns=(1, 1))
    assert parts_done(1000) > 7
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_several_processes_give_the_table_of_one(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the extra 'distributed' is not installed")
    root = lay_out(stays(), tmp_path / "in", [20, 40, 60])
    asked = ("--policy", POLICY, "--by", "hospital")
    cluster = Cluster(tmp_path)
    try:
        for _ in range(2):
            cluster.add_worker()
        far = ("--engine", "distributed", "--scheduler", cluster.engine(2).scheduler)
        run("indicators", root, *asked, *far, "--out", tmp_path / "many.csv")
        run("indicators", root, "--trace", "time_index", *far, "--out", tmp_path / "many-rows.csv")
    finally:
        cluster.close()
    run("indicators", root, *asked, "--out", tmp_path / "one.csv")
    run("indicators", root, "--trace", "time_index", "--out", tmp_path / "one-rows.csv")
    for name in ("{}.csv", "{}-rows.csv"):
        one, many = ((tmp_path / name.format(which)).read_bytes() for which in ("one", "many"))
        assert one == many
