"""Measure a sweep: python benchmarks/parallel_run.py [--cases 1000000] [--settings 1000] [--threads 2].

Random settings of one policy over the same cases: boundaries, coefficients and the budget of a pool. The sweep is
compared with the plain loop, which settles every setting by itself, on a few of the settings in the same run; both must
come to the same amounts.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from settlement import draw_cases, load_policy

from actuary.cli.group import Progress
from actuary.payment.policy_changes import change_policy
from actuary.payment.settle import settle_cases
from actuary.payment.sweep import sweep_policy

PLAIN_SETTINGS = 5


def draw_settings(count: int, cases: int) -> list[dict[str, object]]:
    draw = random.Random(3)  # noqa: S311 (settings, not secrets)
    return [
        {
            "class[1].k": f"{draw.uniform(0.3, 0.5):.3f}",
            "class[2].cap[1].k": f"{draw.uniform(2.5, 3.5):.2f}",
            "coefficient.tier.3": f"{draw.uniform(1, 1.2):.4f}",
            "budget": draw.randint(8000, 12000) * cases,
        }
        for _ in range(count)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--settings", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        policy = load_policy(Path(folder))
        cases, drawn = draw_cases(given.cases), draw_settings(given.settings, given.cases)
        warm = drawn[0]
        sweep_policy(cases, policy, [warm], threads=given.threads)
        with Progress() as progress:
            begin = time.perf_counter()
            sweep = sweep_policy(cases, policy, drawn, threads=given.threads, progress=progress)
            swept_s = (time.perf_counter() - begin) / len(drawn)
        begin, totals = time.perf_counter(), sweep.total("fund_fen").tolist()
        plain = drawn[:PLAIN_SETTINGS]
        for number, setting in enumerate(plain):
            changes = {path: value for path, value in setting.items() if path != "budget"}
            changed = change_policy(policy, changes)
            settled = settle_cases(cases, changed, budget=setting["budget"], threads=given.threads)  # type: ignore[arg-type]
            if settled.fund_total_fen != totals[number]:
                raise SystemExit(f"setting {number + 1}: the sweep comes to another amount")
        plain_s = (time.perf_counter() - begin) / len(plain)
    if given.json:
        print(json.dumps({"cases": given.cases, "settings": given.settings, "swept_s": swept_s, "plain_s": plain_s}))
        return
    print(f"{given.cases:,} cases, {given.settings:,} settings, {given.threads} thread(s)")
    print(f"sweep          {swept_s * len(drawn):9.1f} s {swept_s * 1000:9.1f} ms a setting")
    print(f"plain loop     {'':9s}   {plain_s * 1000:9.1f} ms a setting ({len(plain)} settings)")
    print(f"the sweep is {plain_s / swept_s:.1f} times as fast, to the same fen")


if __name__ == "__main__":
    sys.exit(main())
