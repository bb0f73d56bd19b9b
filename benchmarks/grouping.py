"""Measure the grouper: python benchmarks/grouping.py [--cases 1000000] [--memory-cases 10000000] [--json].

The cases are drawn with a seed from the scheme's own lists, so nothing but the package is needed. Rates are cases per
second of processor time (and of the wall, which says something on a quiet machine only); "times the twin" compares with
the plain-Python twin in the same run.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from actuary.drg.case_columns import arrow_columns
from actuary.drg.case_files import BATCH_CASES, open_cases
from actuary.drg.group_files import group_file
from actuary.drg.grouper import Grouper, group_cases
from actuary.drg.scheme import Scheme, load_scheme

TWIN_CASES = 10_000
ROW_GROUP = 250_000
REPEATS = 3
DRAWN = 200_000

FIRST_CALL = """
import time
wall, cpu = [time.perf_counter()], [time.process_time()]
def lap(): wall.append(time.perf_counter()); cpu.append(time.process_time())
from actuary.drg.grouper import Case, group_one
from actuary.drg.scheme import load_scheme
lap()
scheme = load_scheme("chs-drg-1.1")
group_one(Case(sex=1, age_years=60, dx=["I21.401"], px=["36.0700"]), scheme)
lap()
print(*(b - a for laps in (wall, cpu) for a, b in zip(laps, laps[1:])))
"""


def draw_cases(scheme: Scheme, count: int, seed: int) -> pa.Table:
    """Draw cases: a rule, a principal diagnosis and procedures that fit it, other diagnoses around them."""
    rng = np.random.default_rng(seed)
    listed = {mdc: sorted(codes) for mdc, codes in scheme.mdc_pdx.items()}
    everything = np.array(sorted(scheme.exclusions))
    weighing = np.array(sorted(scheme.cc) + sorted(scheme.mcc))
    procedures = np.array(sorted(scheme.valid_px))
    letters = [mdc for mdc in listed if listed[mdc] and mdc not in "AYZP"]
    by_mdc = {mdc: [rule for rule in scheme.rules if rule.mdc == mdc] for mdc in letters}
    kinds = [(mdc, rule) for mdc in letters for rule in by_mdc[mdc]]
    picked = rng.integers(0, len(kinds), count)
    others, px_more = rng.poisson(3.3, count), rng.poisson(0.6, count)
    dx: list[list[str]] = []
    px: list[list[str]] = []
    for row in range(count):
        mdc, rule = kinds[picked[row]]
        codes = _members(scheme.adrg_dx, rule.adrg, rule.pdx_list) or listed[mdc]
        first = codes[int(rng.integers(len(codes)))]
        pool = weighing if rng.random() < 0.35 else everything
        dx.append([first, *pool[rng.integers(0, len(pool), others[row])]])
        chosen = []
        for number in (rule.ppx_list, *rule.apx_lists):
            if number is not None:
                members = _members(scheme.adrg_px, rule.adrg, number)
                chosen.append(members[int(rng.integers(len(members)))])
        px.append([*chosen, *procedures[rng.integers(0, len(procedures), px_more[row])]])
    age = rng.integers(1, 95, count)
    return pa.table(
        {
            "case_id": pa.array([f"case{row:08d}" for row in range(count)]),
            "sex": pa.array(rng.integers(1, 3, count).astype(np.int8)),
            "age_years": pa.array(age.astype(np.int32)),
            "age_days": pa.array((age * 365).astype(np.int32)),
            "birth_weight_g": pa.nulls(count, pa.int32()),
            "dx": pa.array(dx, pa.list_(pa.string())),
            "px": pa.array(px, pa.list_(pa.string())),
        }
    )


_SORTED: dict[tuple[int, str, int], list[str]] = {}


def _members(lists: Any, adrg: str, number: int | None) -> list[str]:
    if number is None:
        return []
    key = (id(lists), adrg, number)
    if key not in _SORTED:
        _SORTED[key] = sorted(lists[adrg, number])
    return _SORTED[key]


def _slow_twin() -> Callable[..., Any]:
    path = Path(__file__).parent.parent / "tests" / "reference" / "slow_grouper.py"
    spec = importlib.util.spec_from_file_location("slow_grouper", path)
    assert spec is not None  # noqa: S101
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules["slow_grouper"] = module
    spec.loader.exec_module(module)
    function: Callable[..., Any] = module.slow_group
    return function


def measure(work: Callable[[], object], cases: int) -> dict[str, float]:
    """Return the best of a few runs: cases per second of processor and of wall."""
    best = {"cpu": np.inf, "wall": np.inf}
    for _ in range(REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        best["cpu"] = min(best["cpu"], time.process_time() - cpu)
        best["wall"] = min(best["wall"], time.perf_counter() - wall)
    return {"per_cpu_second": cases / best["cpu"], "per_second": cases / best["wall"]}


def _peak_mib() -> float:
    """Return the most memory this process ever held; getrusage would tell that of the process that started it."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _read_and_encode(path: Path, grouper: Grouper) -> None:
    reads = grouper.compiled.reads
    for batch in open_cases(path, reads, scheme="benchmark", threads=1, batch_cases=BATCH_CASES):
        grouper.encode({name: batch.column(name) for name in batch.schema.names})


def _first_call() -> list[float]:
    """Return import, and load and first call: wall and processor seconds, with every cache warm."""
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        settings.setdefault("PYTHONPYCACHEPREFIX", folder)
        runs = [_run("-c", FIRST_CALL, settings=settings) for _ in range(REPEATS)]
    return min(([float(number) for number in run.split()] for run in runs[1:]), key=lambda laps: laps[3])


def _run(*words: str, settings: dict[str, str] | None = None) -> str:
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True, env=settings)
    return done.stdout


def _measure_all(table: pa.Table, scheme: Scheme, path: Path) -> dict[str, dict[str, float]]:
    count, grouper = table.num_rows, Grouper.of(scheme)
    columns, _ = arrow_columns(table, grouper.compiled.reads, scheme="benchmark")
    encoded = grouper.encode(columns)
    answers = grouper.group(encoded)
    rows, slow = table.slice(0, TWIN_CASES).to_pylist(), _slow_twin()
    results = {"plain-Python twin": measure(lambda: [slow(row, scheme) for row in rows], len(rows))}
    results["kernel, 1 thread"] = measure(lambda: grouper.group(encoded), count)
    with ThreadPoolExecutor(2) as pool:
        results["kernel, 2 threads"] = measure(lambda: grouper.group(encoded, pool=pool), count)
    results["encode"] = measure(lambda: grouper.encode(columns), count)
    results["decode"] = measure(lambda: grouper.decode(answers), count)
    for threads in (1, 2):
        work = functools.partial(group_cases, table, scheme, threads=threads)
        results[f"encode + group + decode, {threads} thread(s)"] = measure(work, count)
    results["read Parquet + encode, 1 thread"] = measure(lambda: _read_and_encode(path, grouper), count)
    for threads in (1, 2):
        work = functools.partial(group_file, path, path.with_name("out.parquet"), scheme, threads=threads)
        results[f"Parquet to Parquet, {threads} thread(s)"] = measure(work, count)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--memory-cases", type=int, default=0, help="cases of a file whose peak memory is measured")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only-file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only_file:
        wall, cpu = time.perf_counter(), time.process_time()
        written = group_file(given.only_file, given.only_file.with_name("answers.parquet"))
        print(written.cases, _peak_mib(), time.perf_counter() - wall, time.process_time() - cpu)
        return
    scheme = load_scheme("chs-drg-1.1")
    drawn = min(given.cases, DRAWN)
    table = pa.concat_tables([draw_cases(scheme, drawn, seed=1)] * -(-given.cases // drawn)).slice(0, given.cases)
    memory: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.parquet"
        pq.write_table(table, path, row_group_size=ROW_GROUP)
        results = _measure_all(table, scheme, path)
        peak = _peak_mib()
        if given.memory_cases:
            with pq.ParquetWriter(path, table.schema) as writer:
                for _ in range(-(-given.memory_cases // given.cases)):
                    writer.write_table(table, row_group_size=ROW_GROUP)
            done = _run(__file__, "--only-file", str(path)).split()
            memory = dict(zip(("cases", "peak_mib", "wall_s", "cpu_s"), map(float, done), strict=True))
    report = {"results": results, "peak_mib": peak, "memory": memory, "first_call": _first_call()}
    print(json.dumps(report, indent=1) if given.json else _table(report, given.cases))


def _table(report: dict[str, Any], cases: int) -> str:
    twin = report["results"]["plain-Python twin"]["per_cpu_second"]
    lines = [f"{cases:,} cases", f"{'':40s}{'cases/CPU-s':>14s}{'cases/s':>14s}{'times the twin':>16s}"]
    for name, rate in report["results"].items():
        times = rate["per_cpu_second"] / twin
        lines.append(f"{name:40s}{rate['per_cpu_second']:14,.0f}{rate['per_second']:14,.0f}{times:16,.0f}")
    lines.append(f"peak memory of this process, with all of the cases in it: {report['peak_mib']:,.0f} MiB")
    if memory := report["memory"]:
        lines.append(
            f"{memory['cases']:,.0f} cases from Parquet to Parquet in a process of its own: {memory['peak_mib']:,.0f} "
            f"MiB, {memory['wall_s']:.1f} s, {memory['cpu_s']:.1f} CPU-s"
        )
    wall_import, wall_first, cpu_import, cpu_first = report["first_call"]
    lines.append(
        f"import {wall_import:.2f} s ({cpu_import:.2f} CPU-s); load and first call, caches warm: {wall_first:.2f} s "
        f"({cpu_first:.2f} CPU-s)"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
