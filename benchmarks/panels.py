"""Measure how fast the what-if panels answer: python benchmarks/panels.py [--answers 20] [--cases 20000].

Sliders move at random. Half a second is what a person does not wait for; the run ends with status 1 where the median
answer of a panel takes more processor time than that. The seconds of the wall are those only where nothing else runs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from actuary.report.panels import WhatIfPanel, panel_fund, panel_payment, panel_warnings
from actuary.workflow.synthetic import write_synthetic_city

PATIENCE_S = 0.5


def measure(panel: WhatIfPanel, answers: int) -> dict[str, float]:
    """Return how long a panel takes to answer [s]."""
    draw, taken, worked = random.Random(1), [], []  # noqa: S311 (settings, not secrets)
    for _ in range(4 * answers):
        one = draw.choice(panel.question.sliders)
        steps = round((one.high - one.low) / one.step)
        panel.reset.click()
        begin = time.process_time()
        panel.set(**{one.id: round(one.low + draw.randint(0, steps) * one.step, 6)})
        # Levels that would overlap are refused: no answer.
        if not panel.message.value:
            taken.append(panel.answered_s)
            worked.append(time.process_time() - begin)
        if len(taken) == answers:
            break
    return {
        "answers": len(taken),
        "median_s": statistics.median(taken),
        "slowest_s": max(taken),
        "median_cpu_s": statistics.median(worked),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=20)
    parser.add_argument("--cases", type=int, default=20000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        city = write_synthetic_city("shenyang", Path(folder) / "city", cases=given.cases, seed=1).folder
        budget = pd.read_csv(city / "budget.csv", dtype=str).set_index("insurance")["budget_yuan"].to_dict()
        panels = {
            "funds to 2040": panel_fund("national"),
            "funds to 2050": panel_fund("national", to="2050Q4"),
            "payment": panel_payment(city / "cases.parquet", city / "policy.toml", budget=budget),
            "thresholds": panel_warnings("national"),
        }
        found = {name: measure(panel, given.answers) for name, panel in panels.items()}
    if given.json:
        print(json.dumps(found))
        return 0
    print(f"load of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores; payment of {given.cases:,} cases")
    for name, one in found.items():
        print(
            f"{name:18} {one['answers']:3.0f} answers  median {one['median_s']:6.3f} s"
            f"  slowest {one['slowest_s']:6.3f} s  processor {one['median_cpu_s']:6.3f} s"
        )
    return 0 if all(one["median_cpu_s"] <= PATIENCE_S for one in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
