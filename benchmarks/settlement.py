"""Measure settlement: python benchmarks/settlement.py [--cases 10000000] [--threads 2] [--json].

The cases are drawn with a seed under a policy of points with low and high cases, written for this purpose. The loops
of the settlement are compared with loops that read and write the same arrays and do nothing else, in the same run: the
bound that memory sets. Peers add up the same payments by hospital: pyarrow always, DuckDB and Polars where installed.
The whole way goes from a Parquet file to settled and cleared hospitals.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from actuary.payment.case_cells import Coded
from actuary.payment.case_files import read_cases
from actuary.payment.case_kinds import sort_cases
from actuary.payment.cases import CaseTable
from actuary.payment.cell_compiler import compile_cells
from actuary.payment.chunks import run_chunks, sums_by_code
from actuary.payment.clearing_run import clear_settlement
from actuary.payment.compiled import CompiledCells
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settle import settle_cases

GROUPS, HOSPITALS, TIERS, INSURANCES = 700, 200, ("1", "2", "3"), ("employee", "resident")
OVERALL_MEAN = 9876.54
REPEATS = 5
ROW_GROUP = 500_000
POINT_VALUE = Fraction("98.7654")

POLICY = f"""
[policy]
id = "benchmark"
schema = 1
family = "points"
provenance = [{{ field = "*", source = "judgement", tag = "judgement" }}]
[rounding]
points = 4
point_value = 4
money = 2
mode = "half_up"
[weights]
file = "weights.csv"
scale = 100
overall_mean_cost = {OVERALL_MEAN}
[price]
mode = "pool"
represents = "total_cost"
[coefficient]
form = "tier"
tier = {{ "1" = 0.85, "2" = 0.97, "3" = 1.0325 }}
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
cap = [{{ rw_below = 1, k = 3.0 }}, {{ rw_below = 2, k = 2.5 }}, {{ k = 2.0 }}]
pay = "linear"
"""

_njit: Any = numba.njit


@_njit(nogil=True, cache=True)
def _touch_settle(group: Any, place: Any, insurance: Any, payable: Any, variable: Any, end: Any, out: Any) -> None:
    segment, points = out
    for i in range(end[0], end[1]):
        segment[i] = group[i] + place[i] + insurance[i]
        points[i] = variable[i] + payable[i]


@_njit(nogil=True, cache=True)
def _touch_price(segment: Any, variable: Any, points: Any, first: int, end: int, money: Any) -> None:
    for i in range(first, end):
        money[i] = segment[i] + variable[i] + points[i]


def draw_weights() -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(1)
    return np.round(np.exp(rng.normal(-0.2, 0.8, GROUPS)), 4) + 0.05


def load_policy(folder: Path) -> PaymentPolicy:
    lines = [f"G{number:03d},{weight:.4f}" for number, weight in enumerate(draw_weights())]
    (folder / "weights.csv").write_text("\n".join(["group,rw", *lines]) + "\n", encoding="utf-8")
    (folder / "benchmark.toml").write_text(POLICY, encoding="utf-8")
    return load_payment_policy(folder / "benchmark.toml")


def draw_cases(count: int) -> CaseTable:
    """Draw cases whose costs are log-normal about the mean of their group."""
    rng = np.random.default_rng(2)
    weights = draw_weights()
    group = rng.integers(0, GROUPS, count).astype(np.int32)
    hospital = rng.integers(0, HOSPITALS, count).astype(np.int32)
    cost = np.exp(rng.normal(0, 0.6, count)) * weights[group] * OVERALL_MEAN * 85
    return CaseTable(
        case_id=pa.nulls(count, pa.string()),
        coded={
            "hospital": Coded(hospital, tuple(f"H{number:03d}" for number in range(HOSPITALS))),
            "insurance": Coded(rng.integers(0, 2, count).astype(np.int32), INSURANCES),
            "drg": Coded(group, tuple(f"G{number:03d}" for number in range(GROUPS))),
            "tier": Coded(hospital % np.int32(len(TIERS)), TIERS),
        },
        numbers={"total_cost": cost.astype(np.int64)},
        reason=np.zeros(count, np.int8),
        synthetic=True,
    )


def best(work: Callable[[], object]) -> dict[str, float]:
    """Return the best of a few runs [s]: wall, and processor time of all threads."""
    found = {"wall_s": np.inf, "cpu_s": np.inf}
    for _ in range(REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        found["cpu_s"] = min(found["cpu_s"], time.process_time() - cpu)
        found["wall_s"] = min(found["wall_s"], time.perf_counter() - wall)
    return found


def measure_loops(cases: CaseTable, compiled: CompiledCells, threads: int) -> dict[str, dict[str, float]]:
    """Time the loops against loops that only touch the same memory."""
    count = len(cases)
    segment, points = compiled.points(threads)
    priced = compiled.priced([POINT_VALUE] * len(compiled.cells), int(points.max()))
    codes, variable = compiled.codes, compiled.variable
    out = compiled.pay(segment, points, priced, threads)

    # Both sides write their answers to new memory, as a settlement does.
    def touch_settle() -> None:
        read = (codes.group, codes.place, codes.insurance, codes.payable, variable)
        touched = (np.empty(count, np.int32), np.empty(count, np.int64))
        run_chunks(lambda first, end: _touch_settle(*read, (first, end), touched), count, threads)

    def touch_price() -> None:
        money = np.empty(count, np.int64)
        run_chunks(lambda first, end: _touch_price(segment, variable, points, first, end, money), count, threads)

    loops: dict[str, tuple[Callable[[], object], int]] = {
        "class and points": (lambda: compiled.points(threads), 33),
        "memory bound of it": (touch_settle, 33),
        "price": (lambda: compiled.pay(segment, points, priced, threads), 28),
        "memory bound of price": (touch_price, 28),
        "sums by hospital": (
            lambda: sums_by_code(cases.hospital_code, out, HOSPITALS, threads=threads),
            12,
        ),
    }
    results = {}
    for name, (work, width) in loops.items():
        work()
        results[name] = {**best(work), "bytes": float(width * count)}
    return results


def payments_by_hospital(cases: CaseTable, policy: PaymentPolicy) -> pa.Table:
    """Return the columns from which a peer computes the same payments: everything that depends on the group joined."""
    weights = np.array([float(row.rw) for row in policy.weight_table if row.rw is not None])
    factor = np.array([float(policy.coefficient.tier[tier]) for tier in TIERS])
    rw = weights[cases.group_code]
    return pa.table(
        {
            "hospital": cases.hospital_code,
            "cost": cases.cost_fen / 100,
            "rw": rw,
            "factor": factor[cases.tier_code],
            "high": np.where(rw < 1, 3.0, np.where(rw < 2, 2.5, 2.0)),
        }
    )


def with_pyarrow(table: pa.Table) -> pa.Table:
    ratio = pc.divide(table["cost"], pc.multiply(table["rw"], OVERALL_MEAN))
    base = pc.multiply(table["rw"], 100.0)
    normal = pc.multiply(base, table["factor"])
    high = pc.add(normal, pc.multiply(pc.subtract(ratio, table["high"]), base))
    usual = pc.if_else(pc.greater(ratio, table["high"]), high, normal)
    points = pc.if_else(pc.less(ratio, 0.4), pc.multiply(ratio, base), usual)
    money = pc.round(pc.multiply(points, float(POINT_VALUE)), 2)
    return table.append_column("money", money).group_by("hospital").aggregate([("money", "sum")])


def with_duckdb(table: pa.Table) -> object:
    sql = f"""
        select hospital, sum(round({float(POINT_VALUE)} * case when cost / (rw * {OVERALL_MEAN}) < 0.4
          then cost / {OVERALL_MEAN} * 100 when cost / (rw * {OVERALL_MEAN}) > high
          then 100 * rw * (factor + cost / (rw * {OVERALL_MEAN}) - high) else 100 * rw * factor end, 2)) as money
        from cases group by hospital"""  # noqa: S608 (numbers of this file)
    connection = importlib.import_module("duckdb").connect()
    connection.register("cases", table)
    return connection.execute(sql).fetchall()


def with_polars(table: pa.Table) -> object:
    polars = importlib.import_module("polars")
    column = polars.col
    ratio = column("cost") / (column("rw") * OVERALL_MEAN)
    normal = 100 * column("rw") * column("factor")
    points = (
        polars.when(ratio < 0.4)
        .then(ratio * 100 * column("rw"))
        .when(ratio > column("high"))
        .then(normal + (ratio - column("high")) * 100 * column("rw"))
        .otherwise(normal)
    )
    money = (points * float(POINT_VALUE)).round(2)
    return polars.from_arrow(table).lazy().group_by("hospital").agg(money.sum()).collect()


def measure_peers(cases: CaseTable, compiled: CompiledCells, policy: PaymentPolicy, threads: int) -> dict[str, Any]:
    table = payments_by_hospital(cases, policy)
    prices: list[Fraction | None] = [POINT_VALUE] * len(compiled.cells)

    def ours() -> list[int]:
        money = compiled.money(*compiled.points(threads), prices, threads)
        return sums_by_code(cases.hospital_code, money, HOSPITALS, threads=threads)

    pa.set_cpu_count(threads)
    total = sum(with_pyarrow(table)["money_sum"].to_pylist())
    if abs(total - sum(ours()) / 100) > 1e-9 * total:
        raise SystemExit("the peer adds up to another amount: nothing was compared")
    results = {"settle and add up": best(ours), "pyarrow, floats": best(lambda: with_pyarrow(table))}
    for name, work in (("duckdb", with_duckdb), ("polars", with_polars)):
        if importlib.util.find_spec(name) is not None:
            results[f"{name}, floats"] = best(lambda work=work: work(table))  # type: ignore[misc]
    return results


def write_parquet(cases: CaseTable, path: Path) -> None:
    columns: dict[str, Any] = {"case_id": pa.array([f"c{number:09d}" for number in range(len(cases))])}
    for name in ("hospital", "insurance", "drg", "tier"):
        coded = cases.coded[name]
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(coded.codes), pa.array(list(coded.names)))
    columns["total_cost"] = pa.array(cases.cost_fen / 100)
    pq.write_table(pa.table(columns), path, row_group_size=ROW_GROUP)


def measure_whole(path: Path, policy: PaymentPolicy, budget: dict[str, int], threads: int) -> dict[str, float]:
    """Time the way from a Parquet file to cleared hospitals, once."""
    steps = {}
    started = last = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal last
        now = time.perf_counter()
        steps[name], last = now - last, now

    table = read_cases(path, threads=threads)
    lap("read")
    settled = settle_cases(table, policy, budget=budget, threads=threads)
    lap("settle")
    cleared = clear_settlement(settled)
    lap("clear")
    if not cleared.clearing.closes:
        raise SystemExit("the books do not close")
    return {**steps, "all": last - started}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        policy = load_policy(Path(folder))
        cases = draw_cases(given.cases)
        budget = dict.fromkeys(INSURANCES, 5000 * given.cases)
        compiled = compile_cells(cases, sort_cases(cases, policy), policy, threads=given.threads)
        report: dict[str, Any] = {
            "loops": measure_loops(cases, compiled, given.threads),
            "peers": measure_peers(cases, compiled, policy, given.threads),
            "in_memory": best(lambda: settle_cases(cases, policy, budget=budget, threads=given.threads)),
        }
        path = Path(folder) / "cases.parquet"
        write_parquet(cases, path)
        report["whole"] = measure_whole(path, policy, budget, given.threads)
    print(json.dumps(report, indent=1) if given.json else _table(report, given.cases, given.threads))


def _table(report: dict[str, Any], cases: int, threads: int) -> str:
    lines = [
        f"{cases:,} cases, {threads} thread(s)",
        f"{'':28s}{'wall s':>9s}{'cases/s':>15s}{'GB/s':>8s}{'CPU s':>8s}",
    ]
    for name, run in report["loops"].items():
        rate = f"{cases / run['wall_s']:15,.0f}{run['bytes'] / run['wall_s'] / 1e9:8.1f}"
        lines.append(f"{name:28s}{run['wall_s']:9.3f}{rate}{run['cpu_s']:8.3f}")
    loops = report["loops"]
    for name, bound in (("class and points", "memory bound of it"), ("price", "memory bound of price")):
        lines.append(f"{name}: {loops[name]['wall_s'] / loops[bound]['wall_s']:.1f} times the bound of memory")
    for name, run in {**report["peers"], "settle_cases, from memory": report["in_memory"]}.items():
        lines.append(f"{name:28s}{run['wall_s']:9.3f}{cases / run['wall_s']:15,.0f}{'':8s}{run['cpu_s']:8.3f}")
    missing = [name for name in ("duckdb", "polars") if f"{name}, floats" not in report["peers"]]
    if missing:
        lines.append(f"not installed, so not compared: {', '.join(missing)}")
    whole = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in report["whole"].items())
    lines.append(f"from Parquet to settled and cleared: {whole}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
