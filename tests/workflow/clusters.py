"""A real cluster of several processes on this machine, for tests of the distributed engine."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from actuary.workflow.bulk.distributed_engine import DistributedEngine

__all__ = ["TASKS", "Cluster", "kill_once_begun"]

#: What workers can import: a task that takes a while, and ones that fail.
TASKS = """
import os, time
from dataclasses import dataclass
from pathlib import Path
import pyarrow.parquet as pq
from actuary.errors import Problem, TableError

@dataclass(frozen=True)
class Sum:
    seconds: float = 0.0
    fail: str = ""

    def __call__(self, partition, folder):
        time.sleep(self.seconds)
        if self.fail == "wrong" and partition.number == 3:
            problems = [Problem(partition.name, "a wrong cell", "a right one"), Problem("there", "another", "none")]
            raise TableError(problems)
        if self.fail == "dies" and partition.number == 3:
            os._exit(1)
        total = sum(pq.read_table(partition.path)["yuan"].to_pylist())
        (folder / "sum.txt").write_text(str(total))
        (folder.parent / f"by-{partition.number}-{os.getpid()}").touch()
        return {"total": total}

@dataclass(frozen=True)
class Slow:
    work: object
    seconds: float

    @property
    def folder(self):
        return self.work.folder

    def __call__(self, partition):
        time.sleep(self.seconds)
        return self.work(partition)
"""


class Cluster:
    """A scheduler and workers, each a process, on this machine only."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        path = os.pathsep.join([str(folder), *sys.path])
        self.environment = {
            **os.environ,
            "PYTHONPATH": path,
            "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error",
            **settings,
        }
        self.file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(self.file))

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "cluster.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
                env=self.environment, cwd=self.folder, stdout=log, stderr=log,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def add_worker(self, **settings: str) -> subprocess.Popen[bytes]:
        name = str(len(self.processes))
        options = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--name", name)
        kept, self.environment = self.environment, {**self.environment, **settings}
        process = self.start("worker", "--scheduler-file", str(self.file), *options)
        self.environment = kept
        self.workers.append(process)
        return process

    def engine(self, workers: int) -> DistributedEngine:
        deadline = time.monotonic() + 60
        while not self.file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        return DistributedEngine(str(self.file), workers=workers)

    def close(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()


def kill_once_begun(process: subprocess.Popen[bytes], out: Path) -> threading.Thread:
    """Kill a process as soon as some parts of an output are done, while others are in work."""

    def watch() -> None:
        deadline = time.monotonic() + 60
        while len(list(out.parent.glob(f".{out.name}.work/*/sum/by-*"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread
