"""Run every benchmark: python benchmarks/suite.py [--only NAME …] [--check] [--show].

Writes benchmarks/results.json and docs/benchmarks.md, which nobody types. With --check nothing is written: the ratios
are measured again and held against those kept, and the run fails when one has fallen by more than 30 %; a benchmark
with such a fall is run once more before it counts. What is measured, beside what, and what it is to reach stands in
aims.toml.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import itertools
import json
import math
import os
import platform
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"
#: The share of a ratio that may be lost to a busy machine.
FALL = 0.30
PACKAGES = ("actuary", "numpy", "numba", "pyarrow", "pymc", "distributed")


def read_aims() -> dict[str, Any]:
    """Return what is declared; refuse aims of runs that are not."""
    aims = tomllib.loads((HERE / "aims.toml").read_text(encoding="utf-8"))
    names = {run["name"] for run in aims["run"]}
    asked = {aim["run"] for aim in aims["aim"]}
    asked |= {row[1] for growth in aims["growth"] for row in growth.get("rates", growth.get("seconds", []))}
    if unknown := sorted(asked - names):
        sys.exit(
            f"aims.toml: found aims of {', '.join(unknown)}; expected runs of these names: {', '.join(sorted(names))}"
        )
    return aims


def peak_mib(pid: int) -> float:
    """Return the most memory that a process has held; 0 where it cannot be read."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return 0.0


def run(declared: Mapping[str, Any]) -> dict[str, Any]:
    """Run one benchmark in a process of its own; return its JSON, seconds, memory and the load around it."""
    print(f"{declared['name']} …", end=" ", flush=True)
    load, begin = os.getloadavg()[0], time.monotonic()
    command = [sys.executable, str(HERE / declared["script"]), *declared["arguments"], "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    peak = 0.0
    said = ""
    while True:
        try:
            said, _ = process.communicate(timeout=0.2)
            break
        except subprocess.TimeoutExpired:
            peak = max(peak, peak_mib(process.pid))
    seconds = time.monotonic() - begin
    print(f"{seconds:.0f} s", flush=True)
    if process.returncode:
        sys.exit(f"{declared['script']} ended with {process.returncode}")
    found = json.loads(said)
    return {"arguments": declared["arguments"], "found": found, "seconds": seconds, "peak_mib": peak, "load": load}


def at(found: Any, path: Sequence[str | int]) -> float:
    """Return the figure under a path of keys."""
    for key in path:
        found = found[key]
    return float(found)


def judge(aim: Mapping[str, Any], runs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figure of an aim, its peer's, their ratio, and whether it is met."""
    found = runs[aim["run"]]["found"]
    value = at(found, aim["value"])
    peer = at(found, aim["peer"]) if "peer" in aim else None
    ratio = None if peer is None else (peer / value if aim.get("less") else value / peer)
    tests = [
        (f"at least {aim.get('at_least', 0):,.10g}", "at_least" in aim and value >= aim["at_least"], "at_least"),
        (f"at most {aim.get('at_most', 0):,.10g}", "at_most" in aim and value <= aim["at_most"], "at_most"),
        (
            f"ratio at least {aim.get('ratio_at_least', 0):g}",
            "ratio_at_least" in aim and (ratio or 0) >= aim["ratio_at_least"],
            "ratio_at_least",
        ),
    ]
    asked = [(text, met) for text, met, key in tests if key in aim]
    return {
        "name": aim["name"],
        "unit": aim["unit"],
        "value": value,
        "peer_name": aim.get("peer_name"),
        "peer": peer,
        "ratio": ratio,
        "aim": "; ".join(text for text, _ in asked) or None,
        "met": all(met for _, met in asked) if asked else None,
    }


def grow(declared: Mapping[str, Any], runs: Mapping[str, Any]) -> dict[str, Any]:
    """Return seconds by size and the exponent between each size and the next."""
    if "rates" in declared:
        points = [(size, size / at(runs[run]["found"], path)) for size, run, path in declared["rates"]]
    else:
        points = [(size, at(runs[run]["found"], path)) for size, run, path in declared["seconds"]]
    slopes = [
        math.log(later[1] / earlier[1]) / math.log(later[0] / earlier[0])
        for earlier, later in itertools.pairwise(points)
    ]
    return {"name": declared["name"], "seconds": dict(points), "exponents": slopes}


def extrapolate(declared: Mapping[str, Any], runs: Mapping[str, Any]) -> dict[str, Any]:
    """Reckon a nation's year from the largest size measured on the cluster: hours by cores, bytes, parts."""
    found = runs[declared["run"]]["found"]
    cases = max(int(one) for one in found)
    largest, scale = found[str(cases)], declared["stays"] / cases
    seconds = {verb: used["wall_s"] * largest["workers"] * scale for verb, used in largest["distributed"].items()}
    return {
        "stays": declared["stays"],
        "from": cases,
        "core_hours": {verb: value / 3600 for verb, value in seconds.items()},
        "hours": {str(cores): sum(seconds.values()) / 3600 / cores for cores in declared["cores"]},
        "gigabytes": {name: value * scale / 1e9 for name, value in largest["bytes"].items()},
        "parts": round(largest["parts"] * scale),
    }


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "unknown"
    )
    return {"cores": len(os.sched_getaffinity(0)), "processor": model, "python": platform.python_version()} | versions


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def kept_runs(aims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the kept runs; one with other arguments, or without a figure that is asked for, is told and left out."""
    if not RESULTS.is_file():
        return {}
    runs = json.loads(RESULTS.read_text(encoding="utf-8"))["runs"]
    asked = {one["name"]: one["arguments"] for one in aims["run"]}
    for name, one in list(runs.items()):
        if one["arguments"] != asked.get(name):
            print(f"{name}: kept with arguments {one['arguments']}, declared are {asked.get(name)}; left out")
            del runs[name]
        elif lacking := [path for path in _figures(aims, name) if not _holds(one["found"], path)]:
            print(f"{name}: kept without {', '.join(map(str, lacking[0]))}; left out")
            del runs[name]
    return dict(runs)


def _figures(aims: Mapping[str, Any], run: str) -> list[Sequence[str | int]]:
    """Return the paths of all figures that are asked of a run."""
    paths = [aim[of] for aim in aims["aim"] if aim["run"] == run for of in ("value", "peer") if of in aim]
    rows = [row for growth in aims["growth"] for row in growth.get("rates", growth.get("seconds", []))]
    return paths + [row[2] for row in rows if row[1] == run]


def _holds(found: Any, path: Sequence[str | int]) -> bool:
    try:
        at(found, path)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def collect(aims: Mapping[str, Any], runs: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that is kept."""
    return {
        "machine": machine(),
        "aims": [judge(aim, runs) for aim in aims["aim"] if aim["run"] in runs],
        "growth": [
            grow(one, runs)
            for one in aims["growth"]
            if {row[1] for row in one.get("rates", one.get("seconds"))} <= set(runs)
        ],
        "nation": extrapolate(aims["nation"], runs) if aims["nation"]["run"] in runs else None,
        "runs": dict(runs),
    }


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def page(results: Mapping[str, Any]) -> str:
    """Return the page of the docs."""
    on = results["machine"]
    loads = [one["load"] for one in results["runs"].values()]
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench` from `benchmarks/results.json`; what is measured stands in `benchmarks/aims.toml`.",
        "A ratio is that of one run, ours beside the peer, so that more than 1 is faster (or, for a bound, how near we",
        "come); absolute figures depend on the machine and on what else it does. `make bench-check` measures again and",
        f"fails when a ratio has fallen by more than {FALL:.0%}.",
        "",
        f"{on['cores']} cores of {on['processor']}, Python {on['python']}, "
        + ", ".join(f"{name} {on[name]}" for name in PACKAGES[1:])
        + f"; load of the machine before each run {min(loads):.1f} to {max(loads):.1f}.",
        "",
        "| measured | figure | beside | its figure | ratio | aim | met |",
        "|---|---|---|---|---|---|---|",
    ]
    met = {True: "yes", False: "**no**", None: ""}
    for one in results["aims"]:
        cells = [
            one["name"],
            f"{_number(one['value'])} {one['unit']}".strip(),
            one["peer_name"] or "",
            _number(one["peer"]),
            _number(one["ratio"]),
            one["aim"] or "",
            met[one["met"]],
        ]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "## Growth with size",
        "",
        "| measured | seconds by size | exponent from size to size |",
        "|---|---|---|",
    ]
    for one in results["growth"]:
        seconds = ", ".join(f"{int(size):,}: {_number(value)}" for size, value in one["seconds"].items())
        lines.append(f"| {one['name']} | {seconds} | {', '.join(f'{slope:.2f}' for slope in one['exponents'])} |")
    if nation := results.get("nation"):
        lines += _nation(nation)
    lines += [
        "",
        "## Memory and time of the benchmarks",
        "",
        "| benchmark | seconds | peak memory, MiB |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {one['seconds']:.0f} | {one['peak_mib']:,.0f} |" for name, one in results["runs"].items()]
    return "\n".join(lines) + "\n"


def _nation(nation: Mapping[str, Any]) -> list[str]:
    used = ", ".join(f"{verb} {_number(hours)}" for verb, hours in nation["core_hours"].items())
    held = ", ".join(f"{name} {_number(size)} GB" for name, size in nation["gigabytes"].items())
    hours = "; ".join(f"{cores} cores {_number(value)} h" for cores, value in nation["hours"].items())
    return [
        "",
        "## A nation's year",
        "",
        f"{nation['stays']:,} stays, reckoned from {nation['from']:,} on the cluster of this run, in proportion (see",
        "the exponents above), as long as the storage keeps up:",
        "",
        f"- core hours: {used};",
        f"- all three: {hours};",
        f"- on the storage: {held}, in {nation['parts']:,} parts of the size measured.",
    ]


def fallen(kept: Mapping[str, Any], now: Iterable[Mapping[str, Any]]) -> list[tuple[str, float, float]]:
    """Return the aims whose ratio has fallen too far: name, ratio kept, ratio now."""
    before = {one["name"]: one["ratio"] for one in kept["aims"] if one["ratio"] is not None}
    return [
        (one["name"], before[one["name"]], one["ratio"])
        for one in now
        if one["name"] in before and one["ratio"] < before[one["name"]] * (1 - FALL)
    ]


def check(aims: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]]) -> None:
    """Measure again and fail when a ratio has fallen, twice."""
    if not RESULTS.is_file():
        sys.exit(f"{RESULTS}: found no such file; expected the kept results; run make bench first")
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))
    runs = {one["name"]: run(one) for one in wanted}
    judged = [judge(aim, runs) for aim in aims["aim"] if aim["run"] in runs]
    by_aim = {aim["name"]: aim["run"] for aim in aims["aim"]}
    low = fallen(kept, judged)
    again = {by_aim[name] for name, _, _ in low}
    if again:
        print(f"lower than kept, measured once more: {', '.join(sorted(again))}")
        runs = {one["name"]: run(one) for one in wanted if one["name"] in again}
        twice = fallen(kept, [judge(aim, runs) for aim in aims["aim"] if aim["run"] in runs])
        low = [one for one in twice if one[0] in {name for name, _, _ in low}]
    for name, before, now in low:
        print(f"{name}: ratio {_number(now)}, kept {_number(before)}: {1 - now / before:.0%} lower")
    if low:
        sys.exit(f"{len(low)} ratios have fallen by more than {FALL:.0%}")
    print(f"{len(judged)} aims measured; no ratio has fallen by more than {FALL:.0%}")


def main() -> None:
    """Measure, write, or check."""
    aims = read_aims()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [one["name"] for one in aims["run"]]
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"some of: {', '.join(names)}")
    parser.add_argument("--check", action="store_true", help="hold the ratios against those kept")
    parser.add_argument("--show", action="store_true", help="write the page anew from the kept results")
    given = parser.parse_args()
    if given.show:
        PAGE.write_text(page(json.loads(RESULTS.read_text(encoding="utf-8"))), encoding="utf-8")
        return
    wanted = [one for one in aims["run"] if one["name"] in (given.only or [one["name"]] * (not one.get("named_only")))]
    for one in [one for one in wanted if not (ROOT / one.get("needs", "")).exists()]:
        print(f"{one['name']}: left out, for there is no {one['needs']}")
        wanted.remove(one)
    if given.check:
        check(aims, wanted)
        return
    runs = kept_runs(aims)
    for one in wanted:
        # Kept after each: a run that is stopped loses one benchmark, not all.
        runs[one["name"]] = run(one)
        results = collect(aims, {name: runs[name] for name in names if name in runs})
        RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        PAGE.write_text(page(results), encoding="utf-8")
    for one in results["aims"]:
        beside = f", {_number(one['ratio'])} times {one['peer_name']}" if one["ratio"] is not None else ""
        aim = "" if one["met"] is None else f"; aim {one['aim']}: {'met' if one['met'] else 'NOT MET'}"
        print(f"{one['name']}: {_number(one['value'])} {one['unit']}{beside}{aim}")
    print(f"written: {RESULTS.relative_to(ROOT)}, {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
