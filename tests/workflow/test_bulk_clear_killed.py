"""A clearing that is killed at any step of the file system: the next one ends as if nothing had happened."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.faults.faults import tree
from tests.workflow.test_bulk_clear import run, stays

pytestmark = pytest.mark.slow

# One process that is ready; each line on its standard input makes it fork one that clears a folder, and dies in the
# place of its k-th change of the file system. It tells how that one ended.
CLEARER = """
import io, os, signal, sys
from pathlib import Path
from typer.testing import CliRunner
from actuary.cli import app
import actuary.cli.clear, actuary.payment.clearing_files, actuary.workflow.bulk.clear

CALLS = ("open", "replace", "rename", "link", "mkdir", "unlink", "rmdir")

def die_at(step):
    left = [step]
    def dying(call, changes):
        def counted(*args, **kwargs):
            if changes(args):
                left[0] -= 1
                if left[0] == 0:
                    os._exit(9)
            return call(*args, **kwargs)
        return counted
    writes = lambda args: len(args) < 2 or bool(args[1] & (os.O_WRONLY | os.O_RDWR))
    for name in CALLS:
        setattr(os, name, dying(getattr(os, name), writes if name == "open" else lambda args: True))
    io.open = dying(io.open, lambda args: len(args) > 1 and "w" in args[1])

for line in sys.stdin:
    folder, step = line.split()
    number = os.fork()
    if number == 0:
        signal.alarm(60)  # a fork that hangs is told, not waited for
        die_at(int(step))
        done = CliRunner().invoke(app, ["clear", folder])
        os._exit(done.exit_code)
    print(os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]), flush=True)
"""


@contextmanager
def clearer(root: Path) -> Iterator[subprocess.Popen[str]]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    # Who forks has no other threads but the allocator's, which knows of forks.
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen([sys.executable, "-c", CLEARER], cwd=root, env=alone, text=True, **pipes) as process:
        yield process
        process.stdin.close()


@pytest.mark.parametrize("ways", ["at once", "in parts"])
def test_killed_at_every_step(tmp_path: Path, root: Path, ways: str) -> None:
    table = stays(20)
    pq.write_table(table, tmp_path / "cases.parquet")
    for month in range(2):
        (tmp_path / f"in/month={month}").mkdir(parents=True)
        pq.write_table(table.slice(10 * month, 10), tmp_path / f"in/month={month}/part.parquet")
    cases = tmp_path / ("in" if ways == "in parts" else "cases.parquet")
    run("settle", cases, "--policy", "suzhou-2022", "--budget", "900000", "--out", tmp_path / "settled")
    settled = tree(tmp_path / "settled")
    shutil.copytree(tmp_path / "settled", tmp_path / "work/calm")
    run("clear", tmp_path / "work/calm")
    calm = tree(tmp_path / "work/calm")
    assert calm["manifest.json"] != settled["manifest.json"]
    shutil.rmtree(tmp_path / "work/calm")
    between = steps = 0
    with clearer(root) as process:
        while True:
            steps += 1
            place = tmp_path / "work/calm"
            shutil.copytree(tmp_path / "settled", place)
            process.stdin.write(f"{place} {steps}\n")
            process.stdin.flush()
            status = int(process.stdout.readline())
            if status == 0:
                break
            assert status == 9
            left = tree(place)
            cleared = {name: body for name, body in left.items() if name.startswith("clearing")}
            # The clearing stands as a whole or not at all, and nothing else of the settlement changes.
            assert cleared in ({}, {name: body for name, body in calm.items() if name.startswith("clearing")})
            assert left["manifest.json"] in (settled["manifest.json"], calm["manifest.json"])
            between += bool(cleared) and left["manifest.json"] == settled["manifest.json"]
            run("clear", place)
            assert tree(tmp_path / "work") == {f"calm/{name}": body for name, body in calm.items()} | {"calm": None}
            shutil.rmtree(place)
    assert between
    assert steps > 10
