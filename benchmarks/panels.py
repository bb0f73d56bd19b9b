"""Measure how fast the what-if panels answer: python benchmarks/panels.py [--answers 20] [--cases 20000].

Sliders move at random. Half a second is what a person does not wait for; the run ends with status 1 where the median
answer of a panel takes more processor time than that. The seconds of the wall are those only where nothing else runs.
"""

from __future__ import annotations

import argparse
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


def measure(name: str, panel: WhatIfPanel, answers: int) -> bool:
    """Print how long a panel takes to answer [s]; return whether it is quick enough where nothing else runs."""
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
    wall, work = statistics.median(taken), statistics.median(worked)
    print(
        f"{name:18} {len(taken):3d} answers  median {wall:6.3f} s  slowest {max(taken):6.3f} s  processor {work:6.3f} s"
    )
    return work <= PATIENCE_S


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=20)
    parser.add_argument("--cases", type=int, default=20000)
    given = parser.parse_args()
    print(f"load of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        city = write_synthetic_city("shenyang", Path(folder) / "city", cases=given.cases, seed=1).folder
        budget = pd.read_csv(city / "budget.csv", dtype=str).set_index("insurance")["budget_yuan"].to_dict()
        quick = [
            measure("funds to 2040", panel_fund("national"), given.answers),
            measure("funds to 2050", panel_fund("national", to="2050Q4"), given.answers),
            measure(
                f"payment, {given.cases:,}",
                panel_payment(city / "cases.parquet", city / "policy.toml", budget=budget),
                given.answers,
            ),
            measure("thresholds", panel_warnings("national"), given.answers),
        ]
    return 0 if all(quick) else 1


if __name__ == "__main__":
    sys.exit(main())
