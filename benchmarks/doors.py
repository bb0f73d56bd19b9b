"""Measure what a person waits for first: python benchmarks/doors.py [--repeats 5] [--report CITY] [--json].

Importing the package and asking the command line for help, each in a process of its own, beside an interpreter that
does nothing and one that imports pandas. With --report the quarterly report of a city as well: with nothing cached
(neither draws nor what the compilers have made), and again.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORDS = {
    "bare interpreter": ("-c", "pass"),
    "import pandas": ("-c", "import pandas"),
    "import actuary": ("-c", "import actuary"),
    "actuary --help": ("-m", "actuary", "--help"),
}
#: What `actuary report` ends with where something is missing, which its cover names.
REPORT_STATUS = (0, 3)


def seconds(
    words: tuple[str, ...], *, settings: dict[str, str] | None = None, allowed: tuple[int, ...] = (0,)
) -> float:
    """Return how long a process takes from start to end [s]."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **(settings or {})},
    )
    if done.returncode not in allowed:
        sys.exit(f"{' '.join(words)}: {done.stderr[-2000:]}")
    return time.perf_counter() - begin


def start(repeats: int) -> dict[str, float]:
    """Return the median of each, in turn, after one run that fills the caches."""
    found: dict[str, list[float]] = {name: [] for name in WORDS}
    for turn in range(repeats + 1):
        for name, words in WORDS.items():
            taken = seconds(words)
            if turn:
                found[name].append(taken)
    return {name: statistics.median(taken) for name, taken in found.items()}


def report(city: str) -> dict[str, float]:
    """Return how long the report of a city takes with nothing cached, and again."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {
            "XDG_CACHE_HOME": str(folder / "cache"),
            "NUMBA_CACHE_DIR": str(folder / "numba"),
            "PYTENSOR_FLAGS": f"base_compiledir={folder / 'pytensor'}",
        }
        for state in ("cold", "warm"):
            words = ("-m", "actuary", "report", "--city", city, "--out", str(folder / state))
            found[state] = seconds(words, settings=settings, allowed=REPORT_STATUS)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--report", metavar="CITY")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found: dict[str, dict[str, float]] = {"start": start(given.repeats)}
    if given.report:
        found["report"] = report(given.report)
    if given.json:
        print(json.dumps(found))
        return
    print(f"load of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    for name, taken in found["start"].items():
        print(f"{name:24} {taken:7.3f} s")
    for name, taken in found.get("report", {}).items():
        print(f"report, {name:16} {taken:7.1f} s")


if __name__ == "__main__":
    main()
