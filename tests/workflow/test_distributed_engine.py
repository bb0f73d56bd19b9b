"""Partitions on a real cluster of several processes: the same bytes, whatever becomes of a worker."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actuary.errors import ActuaryError
from actuary.payment.policy_files import load_payment_policy
from actuary.workflow.bulk import distributed_engine
from actuary.workflow.bulk.distributed_engine import ClusterError, DistributedEngine
from actuary.workflow.bulk.engine import LocalEngine
from actuary.workflow.bulk.group import group_dataset
from actuary.workflow.bulk.journal import open_journal
from actuary.workflow.bulk.partitions import Dataset, find_partitions
from actuary.workflow.bulk.settle import settle_dataset
from actuary.workflow.synthetic import write_synthetic_city
from tests.workflow import test_bulk_year_rules as year_rules
from tests.workflow.clusters import TASKS, Cluster, kill_once_begun
from tests.workflow.settled_parts import check_same

pytest.importorskip("distributed", reason="the extra 'distributed' is not installed")
pytestmark = pytest.mark.slow

PARTS = 12


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("tasks")
    (folder / "cluster_tasks.py").write_text(TASKS, encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def cluster(tasks: Path) -> Iterator[Cluster]:
    made = Cluster(tasks)
    try:
        for _ in range(3):
            made.add_worker()
        yield made
    finally:
        made.close()


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    (tmp_path / "in").mkdir()
    for number in range(PARTS):
        pq.write_table(pa.table({"yuan": [number, number * 10]}), tmp_path / "in" / f"month={number}.parquet")
    return find_partitions(tmp_path / "in")


def totals(engine, dataset, out: Path, **fields) -> tuple[list[int], set[str]]:
    from cluster_tasks import Sum  # noqa: PLC0415  (written by the fixture)

    with open_journal(out, {"made": "for a test"}, engine) as journal:
        parts = journal.stage("sum", Sum(**fields), dataset.partitions)
        pids = {path.name.rpartition("-")[2] for path in Path(parts[0].folder).parent.glob("by-*")}
        written = [int((Path(part.folder) / "sum.txt").read_text()) for part in parts]
    assert written == [part.sums["total"] for part in parts]
    return written, pids


def test_several_processes_give_the_answer_of_one(cluster, dataset, tmp_path):
    local, pids = totals(LocalEngine(1), dataset, tmp_path / "one")
    assert pids == {str(os.getpid())}
    spread, pids = totals(cluster.engine(3), dataset, tmp_path / "many", seconds=0.05)
    assert spread == local == [11 * number for number in range(PARTS)]
    assert len(pids) == 3
    assert str(os.getpid()) not in pids


def test_a_worker_killed_in_the_middle_changes_nothing(cluster, dataset, tmp_path):
    victim = cluster.add_worker()
    engine = cluster.engine(4)
    killer = kill_once_begun(victim, tmp_path / "many")
    spread, _ = totals(engine, dataset, tmp_path / "many", seconds=0.4)
    killer.join()
    assert victim.wait() != 0
    assert spread == [11 * number for number in range(PARTS)]


def test_cases_are_grouped_and_paid_as_on_one_machine(cluster, tmp_path):
    city = tmp_path / "city"
    write_synthetic_city("shenyang", city, cases=3_000, seed=5)
    cases = pq.read_table(city / "cases.parquet").drop_columns(["mdc", "adrg", "drg", "severity", "group_status"])
    for number in range(5):
        folder = tmp_path / "in" / f"month={number}"
        folder.mkdir(parents=True)
        pq.write_table(cases.slice(number * 600, 600), folder / "part.parquet")
    rules, budget = load_payment_policy(str(city / "policy.toml")), {"all": Decimal(10**8)}
    for name, engine in (("one", LocalEngine(2)), ("many", cluster.engine(3))):
        out = tmp_path / name
        group_dataset(tmp_path / "in", out / "grouped", with_cases=True, engine=engine)
        settle_dataset(out / "grouped", out / "settled", rules, budget=budget, engine=engine)
    one, many = ({path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")
                  if path.is_file()} for name in ("one", "many"))  # fmt: skip
    assert len([path for path in one if path.suffix == ".parquet"]) >= 10
    assert one == many


def test_what_is_used_up_over_a_year_is_used_up_on_several_machines(cluster, tmp_path):
    price, result, cap = next(iter(year_rules.WAYS.values()))
    policy = year_rules.policy_of(tmp_path, price=price, result=result, cap=cap)
    check_same(year_rules.stays(3), policy, tmp_path, [20, 20, 55], engine=cluster.engine(3))


def test_an_error_of_the_work_comes_back_whole_and_what_is_finished_is_kept(cluster, dataset, tmp_path):
    with pytest.raises(ActuaryError, match="2 problems") as caught:
        totals(cluster.engine(3), dataset, tmp_path / "many", fail="wrong")
    assert [problem.found for problem in caught.value.problems] == ["a wrong cell", "another"]
    kept = list(tmp_path.glob(".many.work/*/sum/0*"))
    assert kept
    assert totals(cluster.engine(3), dataset, tmp_path / "many")[0] == [11 * number for number in range(PARTS)]
    assert not list(tmp_path.glob(".many.work"))


def test_workers_of_another_version_are_refused(cluster, dataset, tmp_path, monkeypatch):
    here = {**distributed_engine._versions(), "actuary": "9.9.9"}
    monkeypatch.setattr(distributed_engine, "_versions", lambda: here)
    with pytest.raises(ClusterError, match=r"expected actuary 9\.9\.9, as here; install the same lock file"):
        totals(cluster.engine(3), dataset, tmp_path / "many")


def test_a_cluster_without_enough_workers_says_how_to_start_them(cluster, dataset, tmp_path):
    engine = DistributedEngine(cluster.engine(3).scheduler, workers=50, wait_seconds=0.5)
    with pytest.raises(ClusterError, match="expected at least 50; start them on the machines with `dask worker"):
        totals(engine, dataset, tmp_path / "many")


def test_nothing_at_an_address_is_told(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(distributed_engine, "_CONNECT_SECONDS", 1)
    for address in ("tcp://127.0.0.1:9", "nowhere"):
        with pytest.raises(ClusterError, match="start one with `dask scheduler`"):
            totals(DistributedEngine(address), dataset, tmp_path / "many")


def test_a_partition_that_kills_its_workers_is_named(tasks, dataset, tmp_path):
    made = Cluster(tmp_path, PYTHONPATH=os.pathsep.join([str(tasks), *sys.path]),
                   DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1")  # fmt: skip
    try:
        for _ in range(3):
            made.add_worker()
        with pytest.raises(ClusterError, match=r"2 workers that died over month=3\.parquet \(2 rows\)"):
            totals(made.engine(3), dataset, tmp_path / "many", fail="dies")
    finally:
        made.close()


def test_a_lost_scheduler_is_told_and_what_is_finished_is_kept(tasks, dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(distributed_engine, "_CONNECT_SECONDS", 4)
    made = Cluster(tmp_path, PYTHONPATH=os.pathsep.join([str(tasks), *sys.path]))
    try:
        made.add_worker()
        engine = made.engine(1)
        killer = kill_once_begun(made.processes[0], tmp_path / "many")
        with pytest.raises(ClusterError, match="run the same command again: what is finished is kept"):
            totals(engine, dataset, tmp_path / "many", seconds=0.5)
        killer.join()
    finally:
        made.close()


def test_a_program_error_on_a_worker_tells_its_place_and_no_cell(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    pq.write_table(pa.table({"case_id": ["c1"]}), tmp_path / "a.parquet")
    partition = find_partitions(tmp_path).partitions[0]

    def broken(_: object) -> None:
        raise ValueError("cannot convert 11010519491231002X")

    plugin = SimpleNamespace(work=broken, problems=[])
    worker = SimpleNamespace(plugins={"work": plugin}, address="tcp://127.0.0.1:1")
    monkeypatch.setattr(distributed, "get_worker", lambda: worker)
    with pytest.raises(RuntimeError, match=r"^ValueError in test_distributed_engine.py, line \d+, over a.parquet$"):
        distributed_engine._work_on("work", partition)
    monkeypatch.setenv("ACTUARY_TRACEBACK", "1")
    with pytest.raises(ValueError, match="cannot convert"):
        distributed_engine._work_on("work", partition)
