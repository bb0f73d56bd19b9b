"""Every verb of folders of cases on a real cluster: workers that die, differ or come late change nothing unsaid."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from actuary.errors import ActuaryError, OutputError
from actuary.payment.clearing_run import ClearingFiles
from actuary.payment.policy_files import load_payment_policy
from actuary.workflow.bulk import distributed_engine
from actuary.workflow.bulk.check import check_dataset
from actuary.workflow.bulk.clear import clear_dataset
from actuary.workflow.bulk.distributed_engine import ClusterError, DistributedEngine
from actuary.workflow.bulk.engine import Engine, LocalEngine
from actuary.workflow.bulk.group import group_dataset
from actuary.workflow.bulk.settle import settle_dataset
from actuary.workflow.bulk.weigh import weigh_dataset
from actuary.workflow.synthetic import write_synthetic_city
from tests.workflow.clusters import TASKS, Cluster

pytest.importorskip("distributed", reason="the extra 'distributed' is not installed")
pytestmark = pytest.mark.slow

PARTS, CASES = 6, 900


@pytest.fixture(scope="module")
def stays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay a small city out in parts; its policy stands beside them."""
    place = tmp_path_factory.mktemp("stays")
    write_synthetic_city("shenyang", place / "city", cases=CASES, seed=5)
    cases = pq.read_table(place / "city" / "cases.parquet")
    cases = cases.drop_columns(["mdc", "adrg", "drg", "severity", "group_status"])
    (place / "in").mkdir()
    for number in range(PARTS):
        each = CASES // PARTS
        pq.write_table(cases.slice(number * each, each), place / "in" / f"month={number + 1}.parquet")
    return place


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "cluster_tasks.py").write_text(TASKS, encoding="utf-8")
    sys.path.insert(0, str(folder))
    made = Cluster(folder)
    try:
        for _ in range(5):
            made.add_worker()
        yield made
    finally:
        made.close()
        sys.path.remove(str(folder))


class Disturbed:
    """Run parts slowly on a cluster, and do something once the first one is done."""

    def __init__(self, engine: Engine, disturb: Callable[[], object]) -> None:
        self.engine, self.disturb, self.done = engine, disturb, False

    def run(self, work, partitions):
        from cluster_tasks import Slow  # noqa: PLC0415  (written by the fixture)

        for one in self.engine.run(Slow(work, 0.15), partitions):
            if not self.done:
                self.done = True
                self.disturb()
            yield one


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_worker_dies_in_every_verb_and_nothing_differs(cluster: Cluster, stays: Path, tmp_path: Path) -> None:
    rules = load_payment_policy(str(stays / "city" / "policy.toml"))
    seen = sorted(set(pq.read_table(stays / "city" / "cases.parquet")["hospital"].to_pylist()))
    (tmp_path / "scores.csv").write_text("hospital,score\n" + "".join(f"{name},95\n" for name in seen))
    scores = ClearingFiles(scores=tmp_path / "scores.csv")
    verbs: dict[str, Callable[[Path, Engine], object]] = {
        "group": lambda out, engine: group_dataset(stays / "in", out / "grouped", with_cases=True, engine=engine),
        "check": lambda out, engine: check_dataset(stays / "in", out / "checked", engine=engine),
        "weights": lambda out, engine: weigh_dataset(
            out / "grouped", out / "weights.csv", rules, engine=engine,
            write=lambda found: (out / "weights.csv").write_bytes(found.weights.table_bytes()),
        ),
        "settle": lambda out, engine: settle_dataset(
            out / "grouped", out / "settled", rules, budget={"all": Decimal(10**7)}, engine=engine
        ),
        "clear": lambda out, engine: clear_dataset(out / "settled", scores, engine=engine),
    }  # fmt: skip
    for name in ("one", "many"):
        (tmp_path / name).mkdir()
    engine = cluster.engine(5)
    for number, (name, run) in enumerate(verbs.items()):
        # The last one is spared: it works on alone.
        victim = cluster.workers[min(number, 3)]
        disturbed = Disturbed(DistributedEngine(engine.scheduler), victim.kill)
        told = [_refusal(run, tmp_path / "one", LocalEngine(2)), _refusal(run, tmp_path / "many", disturbed)]
        assert told == ["", ""], name
        assert disturbed.done, name
        assert victim.wait() != 0, name
    one, many = _files(tmp_path / "one"), _files(tmp_path / "many")
    assert {name.split("/")[0] for name in one} >= {"grouped", "checked", "weights.csv", "settled"}
    assert one == many


def _refusal(run: Callable[[Path, Engine], object], out: Path, engine: Engine) -> str:
    """Return what a verb refuses; nothing where it ends well."""
    try:
        run(out, engine)
    except ActuaryError as error:
        return str(error)
    return ""


def test_wrong_data_are_told_as_on_one_machine(cluster: Cluster, stays: Path, tmp_path: Path) -> None:
    shutil.copytree(stays / "in", tmp_path / "in")
    broken = tmp_path / "in" / "month=4.parquet"
    content = bytearray(broken.read_bytes())
    content[4:400] = bytes(396)  # pages of cells; the footer is whole
    broken.write_bytes(content)
    told = {}
    for name, engine in (("one", LocalEngine(1)), ("many", cluster.engine(1))):
        told[name] = _refusal(
            lambda out, runner: group_dataset(tmp_path / "in", out, engine=runner), tmp_path / name, engine
        )
    assert "month=4.parquet: found what cannot be read" in told["one"]
    assert told["many"] == told["one"]


def test_two_clients_of_one_output_do_not_meet(cluster: Cluster, stays: Path, tmp_path: Path) -> None:
    said = []

    def second() -> None:
        with pytest.raises(OutputError, match="another run that writes there") as caught:
            group_dataset(stays / "in", tmp_path / "out", engine=cluster.engine(1))
        said.append(caught.value)

    group_dataset(stays / "in", tmp_path / "out", engine=Disturbed(cluster.engine(1), second))
    assert said
    group_dataset(stays / "in", tmp_path / "calm")
    assert _files(tmp_path / "out") == _files(tmp_path / "calm")


def test_a_worker_with_other_rules_is_refused_early_and_late(
    cluster: Cluster, stays: Path, tmp_path: Path, root: Path
) -> None:
    """The same version and the same code, but a rule that somebody changed."""
    other = tmp_path / "other"
    shutil.copytree(root / "actuary", other / "actuary", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "models", other / "models")
    rule = other / "models" / "national" / "drg" / "chs-drg-1.1" / "scheme.toml"
    rule.write_text(rule.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    workers = sum(worker.poll() is None for worker in cluster.workers) + 1
    strange = cluster.add_worker(PYTHONPATH=os.pathsep.join([str(other), str(cluster.folder), *sys.path]))
    engine = cluster.engine(workers)
    try:
        with pytest.raises(ClusterError, match=r"found declarations \w+; expected declarations \w+, as here"):
            group_dataset(stays / "in", tmp_path / "out", engine=engine)
        # One that joins when the others have been asked is looked at by itself.
        with pytest.raises(ClusterError, match="which joined later: found declarations"):
            group_dataset(stays / "in", tmp_path / "out", engine=LateCheck(engine))
        assert not (tmp_path / "out").exists()
    finally:
        strange.kill()
        strange.wait()


class LateCheck:
    """Run on a cluster whose workers were not there when they were asked."""

    def __init__(self, engine: DistributedEngine) -> None:
        self.engine = engine

    def run(self, work, partitions):
        here = distributed_engine._probe([partitions[0].path], work.folder)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DistributedEngine, "_check", lambda *_: here)
            yield from self.engine.run(work, partitions)


def test_what_a_worker_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "seen").write_text("x")
    here = distributed_engine._probe([str(tmp_path / "seen")], str(tmp_path))
    there = distributed_engine._probe([str(tmp_path / "seen")], str(tmp_path))
    there["sizes"] = {str(tmp_path / "seen"): "No such file or directory"}
    there["writes"] = False
    client = SimpleNamespace(
        run=lambda *_, **__: {"tcp://a": there, "tcp://b": ModuleNotFoundError("actuary"), "tcp://c": here}
    )
    partition = SimpleNamespace(path=str(tmp_path / "seen"))
    with pytest.raises(ClusterError) as caught:
        DistributedEngine("tcp://s:1")._check(client, SimpleNamespace(folder=str(tmp_path)), [partition])
    told = [str(problem) for problem in caught.value.problems]
    assert len(told) == 3
    assert "worker tcp://a" in told[0]
    assert "seen: No such file or directory; expected 1 bytes, as here; mount the storage" in told[0]
    assert "which it may not write; expected a folder that workers share" in told[1]
    assert "worker tcp://b: found a worker that cannot run this package (ModuleNotFoundError)" in told[2]
