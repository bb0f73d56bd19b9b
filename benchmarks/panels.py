"""Measure how fast the what-if panels answer: python benchmarks/panels.py [--answers 20] [--cases 20000].

Sliders move at random, so that no answer is one given before. Half a second is what a person does not wait for; the
verb ends with status 1 where the median of a panel takes longer.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
from pathlib import Path

import pandas as pd

from actuary.report.panels import WhatIfPanel, panel_fund, panel_payment, panel_warnings
from actuary.workflow.synthetic import write_synthetic_city

PATIENCE_S = 0.5


def measure(name: str, panel: WhatIfPanel, answers: int) -> bool:
    """Print how long a panel takes to answer [s]; return whether it is quick enough."""
    draw, taken = random.Random(1), []  # noqa: S311 (settings, not secrets)
    for _ in range(answers):
        one = draw.choice([one for one in panel.question.sliders if not one.id.startswith(("cn_", "pr_1_"))])
        steps = round((one.high - one.low) / one.step)
        panel.set(**{one.id: round(one.low + draw.randint(0, steps) * one.step, 6)})
        if not panel.message.value:
            taken.append(panel.answered_s)
    middle = statistics.median(taken)
    print(f"{name:20} {len(taken):3d} answers  median {middle:6.3f} s  slowest {max(taken):6.3f} s")
    return middle <= PATIENCE_S


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
