"""Measure work in parts: python benchmarks/cluster.py [--cases 200000 2000000] [--workers 2] [--json].

A synthetic city is drawn once and repeated under new names of cases and persons, laid out in one folder a month.
Grouping, settling, clearing and the indicators of hospitals run as a person runs them, each in a process of its own,
whose peak memory is watched. With --workers the same runs again on a Dask cluster of that many processes on this
machine; every file has to be the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from actuary.workflow.synthetic import write_synthetic_city

#: Cases that are drawn; more are the same under other names.
DRAWN = 200_000
ROW_GROUP = 131_072
MONTHS = 12
#: What is measured on the disk, and where it stands.
FOLDERS = {"cases": "cases", "grouped": "local/grouped", "settled": "local/settled"}
#: What the grouper has to say itself.
ANSWERS = ("mdc", "adrg", "drg", "severity", "group_status")


def make_city(folder: Path, cases: int) -> Path:
    """Draw a city that larger ones repeat."""
    write_synthetic_city("shenyang", folder, cases=cases, seed=1)
    names = (folder / "hospitals.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    scores = "".join(f"{line.split(',')[0]},90\n" for line in names)
    (folder / "scores.csv").write_text("hospital,score\n" + scores, encoding="utf-8")
    return folder


def lay_out(city: Path, root: Path, cases: int) -> None:
    """Write a dataset of some size, one folder a month, each with one file a repetition."""
    drawn = pq.read_table(city / "cases.parquet")
    drawn = drawn.drop_columns([name for name in ANSWERS if name in drawn.schema.names])
    months = [part.combine_chunks() for part in _by_month(drawn)]
    for number, first in enumerate(range(0, cases, drawn.num_rows)):
        left = cases - first
        for month, rows in enumerate(months, start=1):
            taken = rows.slice(0, min(rows.num_rows, left))
            left -= taken.num_rows
            if not taken.num_rows:
                continue
            for name in ("case_id", "person_key"):
                column = taken.schema.get_field_index(name)
                renamed = pc.binary_join_element_wise(taken[name].cast(pa.string()), str(number), "-")
                taken = taken.set_column(column, name, renamed)
            folder = root / f"month={month:02d}"
            folder.mkdir(parents=True, exist_ok=True)
            pq.write_table(taken, folder / f"part-{number:04d}.parquet", row_group_size=ROW_GROUP)


def _by_month(table: pa.Table) -> Iterator[pa.Table]:
    share = -(-table.num_rows // MONTHS)
    for month in range(MONTHS):
        yield table.slice(month * share, share)


def peak_mib(pid: int) -> float:
    """Return the most memory that a process has held; 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return 0.0


def run(*arguments: str, workers: Sequence[int] = ()) -> dict[str, float]:
    """Run a command; return its seconds and the peak memory of its process, and of the largest worker."""
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "actuary", *arguments], stdout=subprocess.DEVNULL, stderr=said
        )
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, peak_mib(process.pid))
            time.sleep(0.02)
        wall = time.perf_counter() - begin
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"actuary {' '.join(arguments)}: {said.read().decode(errors='replace')[-2000:]}")
    found = {"wall_s": wall, "peak_mib": peak}
    return found | ({"worker_peak_mib": max(map(peak_mib, workers))} if workers else {})


def run_all(
    city: Path, dataset: Path, out: Path, engine: tuple[str, ...], workers: Sequence[int] = ()
) -> dict[str, dict[str, float]]:
    """Group, settle and clear a dataset, and compute the indicators of its hospitals."""
    grouped, settled = out / "grouped", out / "settled"
    policy = ("--policy", str(city / "policy.toml"), "--budget", str(city / "budget.csv"))
    hospitals = ("--hospitals", str(city / "hospitals.csv"))
    scores = ("--scores", str(city / "scores.csv"))
    table = ("--by", "hospital", "--out", str(out / "indicators.csv"))
    commands = {
        "group": ("group", str(dataset), "--with-cases", "--out", str(grouped)),
        "settle": ("settle", str(grouped), *policy, *hospitals, "--out", str(settled)),
        "clear": ("clear", str(settled), *scores),
        "indicators": ("indicators", str(grouped), "--settled", str(settled), *hospitals, *table),
    }
    return {verb: run(*command, *engine, workers=workers) for verb, command in commands.items()}


def size(folder: Path) -> int:
    """Return the bytes of all files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def digest(folder: Path) -> str:
    """Return a hash of the names and bytes of every file of a folder."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as stream:
                whole = hashlib.file_digest(stream, "sha256").hexdigest()
            found.update(f"{path.relative_to(folder)} {whole}\n".encode())
    return found.hexdigest()


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[int]]]:
    """Start a scheduler and workers on this machine; give the scheduler's file and the workers' process ids."""
    file = folder / "scheduler.json"
    local = ("--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file))
    command = [sys.executable, "-m", "dask"]
    worker = [*command, "worker", "--nthreads", "1", "--no-nanny", *local]
    environment = {**os.environ, "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error"}
    quiet: dict[str, Any] = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [subprocess.Popen([*command, "scheduler", "--port", "0", *local], **quiet)]
    try:
        processes += [subprocess.Popen(worker, **quiet) for _ in range(workers)]
        while not file.exists():
            time.sleep(0.1)
        time.sleep(2)
        yield str(file), [process.pid for process in processes[1:]]
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def measure(sizes: list[int], workers: int, folder: Path) -> dict[str, Any]:
    """Run every size, locally and on the cluster."""
    city = make_city(folder / "city", min(DRAWN, max(sizes)))
    report: dict[str, Any] = {}
    for cases in sizes:
        place = folder / str(cases)
        lay_out(city, place / "cases", cases)
        found: dict[str, Any] = {"local": run_all(city, place / "cases", place / "local", ("--engine", "local"))}
        if workers:
            with cluster(folder, workers) as (scheduler, pids):
                engine = ("--engine", "distributed", "--scheduler", scheduler)
                found["distributed"] = run_all(city, place / "cases", place / "distributed", engine, pids)
            found["equal"] = digest(place / "local") == digest(place / "distributed")
            found["workers"] = workers
        found["bytes"] = {name: size(place / folder) for name, folder in FOLDERS.items()}
        found["parts"] = sum(1 for _ in (place / "cases").rglob("*.parquet"))
        report[str(cases)] = found
        shutil.rmtree(place)
    return report


def _table(report: dict[str, Any]) -> str:
    lines = [f"{'cases':>12s} {'engine':12s}{'verb':11s}{'wall s':>9s}{'cases/s':>12s}{'peak MiB':>10s}{'worker':>8s}"]
    for cases, found in report.items():
        for engine in ("local", "distributed"):
            for verb, used in found.get(engine, {}).items():
                worker = f"{used['worker_peak_mib']:8,.0f}" if "worker_peak_mib" in used else ""
                lines.append(
                    f"{int(cases):12,} {engine:12s}{verb:11s}{used['wall_s']:9.1f}{int(cases) / used['wall_s']:12,.0f}"
                    f"{used['peak_mib']:10,.0f}{worker}"
                )
        if "equal" in found:
            lines.append(f"{int(cases):12,} {'the same files' if found['equal'] else 'FILES DIFFER'}")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, nargs="+", default=[20_000, 200_000, 2_000_000])
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = measure(given.cases, given.workers, Path(folder))
    print(json.dumps(report, indent=1) if given.json else _table(report))
    if not all(found.get("equal", True) for found in report.values()):
        sys.exit("the cluster and this machine alone wrote different files")


if __name__ == "__main__":
    main()
