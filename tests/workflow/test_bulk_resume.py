"""A run that was stopped goes on where it was, and ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actuary.errors import OutputError, TableError
from actuary.workflow.bulk.engine import LocalEngine, PartDone, PartWork
from actuary.workflow.bulk.group import group_dataset
from actuary.workflow.bulk.journal import open_journal
from actuary.workflow.bulk.partitions import Partition, find_partitions
from actuary.workflow.bulk.settle import settle_dataset

ROOT = Path(__file__).resolve().parents[2]


class StoppedError(Exception):
    """Stands for whatever ends a run."""


@dataclass
class StoppingEngine:
    """Stop after some parts, and count them; parts come in the reverse order."""

    parts: int
    done: int = 0

    def run(self, work: PartWork, partitions: Sequence[Partition]) -> Iterator[PartDone]:
        for partition in reversed(partitions):
            if self.done == self.parts:
                raise StoppedError
            # What an engine carries travels between processes.
            yield pickle.loads(pickle.dumps(work))(partition)  # noqa: S301  (our own)
            self.done += 1


def stays(root: Path, parts: int = 4, *, grouped: bool = True) -> None:
    for number in range(parts):
        table = pa.table(
            {
                "case_id": [f"c{one + 9 * number}" for one in range(10)],
                "hospital": ["H1", "H2"] * 5,
                "tier": ["3"] * 10,
                "insurance": ["employee"] * 10,
                "drg": ["BR25"] * 10,
                "total_cost": [f"{5000 + one * 100}.05" for one in range(10)],
                "sex": [1] * 10,
                "age_years": [50] * 10,
                "age_days": pa.nulls(10, pa.int64()),
                "birth_weight_g": pa.nulls(10, pa.int64()),
                "dx": [["I21.401"]] * 10,
                "px": [["36.0700"]] * 10,
            }
        )
        table = table if grouped else table.drop_columns(["drg"])
        (root / f"month={number + 1}").mkdir(parents=True)
        pq.write_table(table, root / f"month={number + 1}/part.parquet")


def contents(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("stop", [0, 3, 5, 7])
def test_a_stopped_settlement_goes_on(tmp_path: Path, stop: int) -> None:
    stays(tmp_path / "in")
    settle_dataset(tmp_path / "in", tmp_path / "calm", "suzhou-2022", threads=2)
    first = StoppingEngine(stop)
    with pytest.raises(StoppedError):
        settle_dataset(tmp_path / "in", tmp_path / "out", "suzhou-2022", engine=first)
    assert not (tmp_path / "out").exists()
    rest = StoppingEngine(1000)
    settle_dataset(tmp_path / "in", tmp_path / "out", "suzhou-2022", engine=rest)
    # Four parts are scanned and paid, one share of the names of the cases is joined.
    assert rest.done == 4 + 1 + 4 - stop
    assert contents(tmp_path / "out") == contents(tmp_path / "calm")
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_a_part_that_is_not_whole_is_done_again(tmp_path: Path) -> None:
    stays(tmp_path / "in")
    group_dataset(tmp_path / "in", tmp_path / "calm", threads=1)
    with pytest.raises(StoppedError):
        group_dataset(tmp_path / "in", tmp_path / "out", engine=StoppingEngine(2))
    kept = sorted((tmp_path / ".out.work").glob("*/group/*/cases.parquet"))
    assert len(kept) == 2
    kept[0].write_bytes(kept[0].read_bytes()[:-1] + b"x")
    record = kept[1].with_name("done.json")
    record.write_text(record.read_text().replace('"rows":10', '"rows":11'), encoding="utf-8")
    rest = StoppingEngine(1000)
    group_dataset(tmp_path / "in", tmp_path / "out", engine=rest)
    assert rest.done == 4
    assert contents(tmp_path / "out") == contents(tmp_path / "calm")


@pytest.mark.slow
def test_other_parameters_other_files_and_a_restart_keep_nothing(tmp_path: Path) -> None:
    stays(tmp_path / "in", grouped=False)
    with pytest.raises(StoppedError):
        group_dataset(tmp_path / "in", tmp_path / "out", engine=StoppingEngine(3))
    for change in ("parameters", "restart", "files"):
        if change == "files":
            os.utime(tmp_path / "in/month=1/part.parquet", ns=(1, 1))
        engine = StoppingEngine(2)
        with pytest.raises(StoppedError):
            group_dataset(
                tmp_path / "in",
                tmp_path / "out",
                with_cases=change == "parameters",
                restart=change == "restart",
                engine=engine,
            )
        assert engine.done == 2


def test_two_runs_at_once(tmp_path: Path) -> None:
    with (
        open_journal(tmp_path / "out", {}, LocalEngine()),
        pytest.raises(OutputError, match="another run"),
        open_journal(tmp_path / "out", {}, LocalEngine()),
    ):
        pass


def test_files_that_change_during_the_work_are_told(tmp_path: Path) -> None:
    stays(tmp_path / "in")

    @dataclass
    class Meddling:
        def run(self, work: PartWork, partitions: Sequence[Partition]) -> Iterator[PartDone]:
            pq.write_table(pq.read_table(partitions[-1].path).slice(0, 5), partitions[-1].path)
            yield from map(work, partitions)

    with pytest.raises(TableError, match="10 rows, as when the run began"):
        group_dataset(tmp_path / "in", tmp_path / "out", engine=Meddling())


def test_months_stand_in_their_order_and_splits_keep_their_rows(tmp_path: Path) -> None:
    stays(tmp_path / "in", parts=11)
    names = [partition.name for partition in find_partitions(tmp_path / "in").partitions]
    assert names == [f"month={number}/part.parquet" for number in range(1, 12)]
    table = pa.table({"case_id": [str(number) for number in range(25)]})
    pq.write_table(table, tmp_path / "big.parquet", row_group_size=4)
    parts = find_partitions(tmp_path / "big.parquet", partition_rows=10).partitions
    assert [(part.first_row, part.rows) for part in parts] == [(0, 8), (8, 8), (16, 9)]


@pytest.mark.slow
def test_killed_at_random(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tools/kill_test.py"), "--kills", "4", "--cases", "8000", "--parts", "4"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = subprocess.run(
        [*command, "--json"], capture_output=True, text=True, check=False, env=environment, cwd=tmp_path
    )
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert sum(found["kills"].values()) == 4
    assert found["different"] == []
