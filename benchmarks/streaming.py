"""Measure work part by part: python benchmarks/streaming.py [--sizes 200000 2000000] [--threads 2] [--json].

A made-up dataset of files of 500,000 cases is grouped, settled and cleared part by part, every size in a process of its
own, so that the peak of its memory can be read; the same cases in one file take the usual way in another process of the
same run. Told are rows a second, peak memory, and the ratio of the two ways.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from actuary.drg.group_files import group_file
from actuary.payment.settle import settle_cases
from actuary.payment.settlement_files import write_settlement
from actuary.workflow.bulk.group import group_dataset
from actuary.workflow.bulk.settle import settle_dataset
from actuary.workflow.outputs import staged_output

FILE_ROWS = 500_000
POLICY = """
[policy]
id = "streaming"
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
tier = { "1" = 0.85, "2" = 0.97, "3" = 1.0325 }
[ratio]
denominator = "city_group_mean"
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
GROUPS = 700


def _texts(names: list[str], codes: np.ndarray[Any, Any]) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(names)).cast(pa.string())


def draw(root: Path, cases: int) -> None:
    """Write the dataset, the same cases in one file, and a policy."""
    root.mkdir(parents=True)
    rng = np.random.default_rng(7)
    weights = np.round(np.exp(rng.normal(-0.2, 0.8, GROUPS)), 4) + 0.05
    lines = [f"G{number:03d},{weight:.4f}" for number, weight in enumerate(weights)]
    (root / "weights.csv").write_text("\n".join(["group,rw", *lines]) + "\n", encoding="utf-8")
    (root / "streaming.toml").write_text(POLICY, encoding="utf-8")
    dx = ["I21.401", "I63.900", "N40.x00", "K80.100", "J18.900", "O82.900", "I10.x00", "C34.900"]
    px = ["36.0700", "60.2100", "51.2300", "74.1x01"]
    writer = None
    for number, first in enumerate(range(0, cases, FILE_ROWS)):
        count = min(FILE_ROWS, cases - first)
        group = rng.integers(0, GROUPS, count)
        hospital = rng.integers(0, 200, count)
        fen = (np.exp(rng.normal(0, 0.6, count)) * weights[group] * 9876.54 * 85).astype(np.int64) + 100
        table = pa.table(
            {
                "case_id": pa.array([f"c{name:010d}" for name in range(first, first + count)]),
                "hospital": _texts([f"H{one:03d}" for one in range(200)], hospital),
                "tier": _texts(["1", "2", "3"], hospital % 3),
                "insurance": _texts(["employee", "resident"], rng.integers(0, 2, count)),
                "drg": _texts([f"G{one:03d}" for one in range(GROUPS)], group),
                "total_cost": pa.array(fen / 100),
                "patient_cash": pa.array(fen // 4 / 100),
                "fund_charged": pa.array(fen // 2 / 100),
                "month": _texts([f"2024-{one + 1:02d}" for one in range(12)], rng.integers(0, 12, count)),
                "department": _texts([f"A{one:02d}" for one in range(30)], rng.integers(0, 30, count)),
                "sex": pa.array(rng.integers(1, 3, count)),
                "age_years": pa.array(rng.integers(0, 95, count)),
                "age_days": pa.nulls(count, pa.int64()),
                "birth_weight_g": pa.nulls(count, pa.int64()),
                "dx": pa.ListArray.from_arrays(
                    np.arange(0, 2 * count + 1, 2).astype(np.int32), _texts(dx, rng.integers(0, len(dx), 2 * count))
                ),
                "px": pa.ListArray.from_arrays(
                    np.arange(count + 1).astype(np.int32), _texts(px, rng.integers(0, len(px), count))
                ),
                "synthetic": pa.array(np.ones(count, np.int8)),
            }
        )
        folder = root / f"cases/year=2024/part={number}"
        folder.mkdir(parents=True)
        pq.write_table(table, folder / "part.parquet")
        if writer is None:
            writer = pq.ParquetWriter(root / "cases.parquet", table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def measure(root: Path, way: str, verb: str, threads: int) -> dict[str, Any]:
    """Do one step in this process; return its seconds and the peak of its memory."""
    budget = {"employee": "1e12", "resident": "1e12"}
    policy = root / "streaming.toml"
    # What is compiled and loaded once a process is not what is measured.
    warm = root / f"warm-{way}-{verb}"
    _step(root / "warm.parquet", warm, way, verb, (policy, budget, threads))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin, worked = time.perf_counter(), time.process_time()
    cases = root / ("cases" if way == "parts" else "cases.parquet")
    _step(cases, root / f"{way}-{verb}", way, verb, (policy, budget, threads))
    seconds, worked = time.perf_counter() - begin, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "cpu_seconds": worked, "peak_mb": peak / 1024, "idle_mb": before / 1024}


def _step(cases: Path, out: Path, way: str, verb: str, given: tuple[Path, dict[str, str], int]) -> None:
    policy, budget, threads = given
    if verb == "group" and way == "parts":
        group_dataset(cases, out, threads=threads)
    elif verb == "group":
        group_file(cases, out.with_suffix(".parquet"), threads=threads)
    elif way == "parts":
        settle_dataset(cases, out, policy, budget=budget, threads=threads)
    else:
        settled = settle_cases(cases, policy, budget=budget, threads=threads)
        with staged_output(out) as folder:
            write_settlement(settled, folder)


def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[200_000, 2_000_000])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ways", nargs="+", default=["parts", "whole"])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", nargs=3, metavar=("ROOT", "WAY", "VERB"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        root, way, verb = given.measure
        print(json.dumps(measure(Path(root), way, verb, given.threads)))
        return
    rows = []
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as place:
            root = Path(place) / "data"
            draw(root, size)
            with pq.ParquetFile(root / "cases.parquet") as file:
                pq.write_table(pa.Table.from_batches([next(file.iter_batches(1000))]), root / "warm.parquet")
            for verb in ("group", "settle"):
                for way in given.ways:
                    command = [sys.executable, __file__, "--threads", str(given.threads)]
                    done = subprocess.run(
                        [*command, "--measure", str(root), way, verb], capture_output=True, text=True, check=False
                    )
                    if done.returncode:
                        sys.exit(done.stderr)
                    row = {"cases": size, "verb": verb, "way": way, **json.loads(done.stdout.splitlines()[-1])}
                    row["rows_per_second"] = size / row["seconds"]
                    rows.append(row)
                    if not given.json:
                        speed = f"{row['seconds']:8.2f} s {row['rows_per_second']:>12,.0f} rows/s"
                        work = f"{row['cpu_seconds']:8.2f} CPU-s, peak {row['peak_mb']:>7,.0f} MB"
                        print(f"{size:>12,} {verb:<7} {way:<6} {speed} {work}", flush=True)
    if given.json:
        print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
