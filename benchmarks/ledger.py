"""Measure the ledger of cases: python benchmarks/ledger.py [--events 100000] [--json].

A ledger is filled by signals of five quarters; then everything that one does with a ledger is timed on it, each change
as a transaction of its own on the disk.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from actuary.alerts.ledger import CaseFilter, CaseLedger
from actuary.alerts.signals import Signal

QUARTERS = ("2024Q1", "2024Q2", "2024Q3", "2024Q4", "2025Q1")
AT = dt.datetime(2025, 5, 1, tzinfo=dt.UTC)
WHO = "benchmark"
CHANGES = 200


def signals(period: str, matters: int) -> list[Signal]:
    """Return one signal a matter for a quarter."""
    return [
        Signal(
            kind="provider",
            region="synthetic",
            subject=f"H{number // 8:05d}",
            rule_id=f"rule-{number % 8}",
            period=period,
            level=("red", "orange", "yellow", "blue")[number % 4],
            title_zh="合成信号",
            title_en="Synthetic signal",
            evidence=(("cases", tuple(f"C{number:07d}{part}" for part in range(5))), ("ratio", 1.5 + number % 7)),
            money_at_stake_fen=number * 100,
            synthetic=True,
        )
        for number in range(matters)
    ]


def milliseconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Return the best wall time of a few runs [ms]."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(CaseLedger(Path(folder) / "cases.sqlite"), given.events)
    if given.json:
        json.dump(result, sys.stdout)
        return
    print(f"ledger of {result['events']:,} events, {result['megabytes']:.0f} MB")
    for name, value in result.items():
        if name.endswith("_ms"):
            print(f"  {name.removesuffix('_ms').replace('_', ' '):32} {value:10,.1f} ms")


def measure(ledger: CaseLedger, events: int) -> dict[str, float]:
    """Fill a ledger and time what one does with it."""
    matters = events // len(QUARTERS)
    start = time.perf_counter()
    for period in QUARTERS:
        ledger.record(signals(period, matters), who=WHO, at=AT)
    filled = (time.perf_counter() - start) * 1000
    start = time.perf_counter()
    for number in range(1, CHANGES + 1):
        ledger.move(number, "checking", who=WHO, at=AT)
    moved = (time.perf_counter() - start) * 1000 / CHANGES
    return {
        "events": ledger.head().number,
        "megabytes": ledger.path.stat().st_size / 1e6,
        "fill_by_signals_ms": filled,
        "one_change_ms": moved,
        "record_again_1000_known_ms": milliseconds(lambda: ledger.record(signals("2025Q1", 1000), who=WHO, at=AT)),
        "list_all_cases_ms": milliseconds(lambda: ledger.cases(at=AT)),
        "list_one_state_ms": milliseconds(lambda: ledger.cases(CaseFilter(state="checking"), at=AT)),
        "show_one_case_ms": milliseconds(lambda: ledger.history(7)),
        "verify_ms": milliseconds(ledger.verify, 1),
    }


if __name__ == "__main__":
    main()
