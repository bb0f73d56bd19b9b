"""Kill runs at random moments and compare what they leave in the end with an undisturbed run.

    python tools/kill_test.py [--kills 50] [--cases 60000] [--parts 12] [--seed 1] [--json]

Made-up cases are grouped, settled and cleared part by part, and their indicators computed. Every step is started as a
process of its own, killed (SIGKILL, no handler runs) after a random part of the time that it takes undisturbed, and
started again with the same command until it ends by itself. Every file of the output is then compared byte for byte. A
killed run must also leave no output that looks finished.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

POLICY = "suzhou-2022"
BUDGET = "900000000"


def draw_cases(root: Path, *, cases: int, parts: int, seed: int) -> None:
    """Write a dataset of made-up cases, some of them twice."""
    rng = np.random.default_rng(seed)
    dx = ["I21.401", "I63.900", "N40.x00", "K80.100", "J18.900", "O82.900", "I10.x00", "C34.900"]
    px = ["36.0700", "60.2100", "51.2300", "74.1x01", ""]
    for number, rows in enumerate(np.array_split(np.arange(cases), parts)):
        count = len(rows)
        names = np.where(rng.random(count) < 0.01, rng.integers(0, cases, count), rows)
        cost = np.exp(rng.normal(9, 0.7, count))
        table = pa.table(
            {
                "case_id": [f"c{name:09d}" for name in names.tolist()],
                "hospital": rng.choice([f"H{one}" for one in range(20)], count),
                "tier": rng.choice(["2", "3"], count),
                "insurance": rng.choice(["employee", "resident"], count),
                "total_cost": [f"{one:.2f}" for one in cost.tolist()],
                "fund_charged": [f"{one * 0.6:.2f}" for one in cost.tolist()],
                "sex": rng.integers(1, 3, count),
                "age_years": rng.integers(0, 95, count),
                "age_days": pa.nulls(count, pa.int64()),
                "birth_weight_g": pa.nulls(count, pa.int64()),
                "dx": [[dx[one]] for one in rng.integers(0, len(dx), count)],
                "px": [[px[one]] if px[one] else [] for one in rng.integers(0, len(px), count)],
                "synthetic": np.ones(count, np.int8),
            }
        )
        folder = root / f"year=2024/city=a/month={number + 1}"
        folder.mkdir(parents=True)
        pq.write_table(table, folder / "part.parquet")


def steps(root: Path, out: Path) -> list[tuple[str, list[str], Path]]:
    """Return the steps of the chain: name, command, and the output that a step makes."""
    run = [sys.executable, "-m", "actuary"]
    grouped, settled = out / "grouped", out / "settled"
    pay = ["--policy", POLICY, "--budget", BUDGET]
    settle = ["settle", str(grouped), *pay, "--out", str(settled)]
    table = out / "indicators.csv"
    indicators = ["indicators", str(grouped), *pay, "--by", "hospital", "--out", str(table)]
    return [
        ("group", [*run, "group", str(root), "--with-cases", "--out", str(grouped)], grouped),
        ("settle", [*run, *settle], settled),
        ("clear", [*run, "clear", str(settled)], settled / "clearing"),
        ("indicators", [*run, *indicators], table),
    ]


def digests(out: Path) -> dict[str, str]:
    """Return the checksum of every file below a folder."""
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def finish(command: list[str]) -> float:
    """Run a command to its end; return the seconds."""
    begin = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own command)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stderr}")
    return time.monotonic() - begin


def disturb(command: list[str], output: Path, seconds: float, rng: random.Random, *, most: int) -> int:
    """Start a command again and again, killing it at random moments, until it ends by itself; return the kills."""
    kills = 0
    while True:
        if kills >= most:
            finish(command)
            return kills
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)  # noqa: S603
        try:
            _, said = process.communicate(timeout=rng.uniform(0, 1.1) * seconds)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1
            if output.is_dir() and not (output / "manifest.json").is_file():
                sys.exit(f"{output} stands there unfinished after a kill")
            continue
        if process.returncode:
            sys.exit(f"{' '.join(command)}\nafter {kills} kills ended with {process.returncode}:\n{said}")
        return kills


def main() -> None:
    """Kill, go on, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--cases", type=int, default=60_000)
    parser.add_argument("--parts", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rng = random.Random(given.seed)  # noqa: S311  (moments, no secrets)
    with tempfile.TemporaryDirectory() as place:
        root, calm = Path(place) / "cases", Path(place) / "calm"
        draw_cases(root, cases=given.cases, parts=given.parts, seed=given.seed)
        calm.mkdir()
        seconds = [finish(command) for _, command, _ in steps(root, calm)]
        expected = digests(calm)
        kills: dict[str, int] = {name: 0 for name, _, _ in steps(root, calm)}
        chains, different = 0, []
        while sum(kills.values()) < given.kills:
            out = Path(place) / "disturbed"
            out.mkdir()
            for (name, command, output), usual in zip(steps(root, out), seconds, strict=True):
                most = given.kills - sum(kills.values())
                kills[name] += disturb(command, output, usual, rng, most=most)
            found = digests(out)
            chains += 1
            if found != expected:
                names = {*found, *expected}
                different.append(sorted(name for name in names if found.get(name) != expected.get(name)))
            shutil.rmtree(out)
        result = {
            "cases": given.cases,
            "parts": given.parts,
            "kills": kills,
            "chains": chains,
            "files_compared": len(expected),
            "different": different,
            "undisturbed_seconds": [round(one, 2) for one in seconds],
        }
    print(json.dumps(result, indent=1) if given.json else _told(result))
    if different:
        sys.exit(1)


def _told(result: dict[str, object]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in result.items())


if __name__ == "__main__":
    main()
