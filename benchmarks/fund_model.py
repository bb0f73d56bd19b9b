"""Measure the people-driven model of the funds: python benchmarks/fund_model.py [--draws 200] [--json].

People are projected before the clock starts. "Project" reads every declaration, calibrates, projects to 2100 and lays
out the result, warm; "recursion" is income, spending and balances alone; with draws the recursion runs once with a
leading dim and once draw by draw, and both give the same balances.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
import xarray as xr

from actuary.fund.model import Exposure, project_finance, project_model
from actuary.fund.model.people import project_members
from actuary.periods import Quarter, quarter_range
from actuary.policy import resolve

HORIZON = Quarter(2100, 4)
REPEATS = 5


def best(run: Callable[[], object]) -> tuple[float, float]:
    """Return the least wall and processor time of some runs [s]."""
    walls, cpus = [], []
    for _ in range(REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    resolved = {"base": resolve("national", basis="people")}
    members = project_members("national", resolved, base_year=2024, to=HORIZON)
    run = project_model("national", to=HORIZON, members=members)
    quarters = list(quarter_range(run.base_quarter + 1, HORIZON))
    project = best(lambda: project_model("national", to=HORIZON, members=members))
    recursion = best(lambda: project_finance(run.inputs, run.exposure, quarters))
    factors = np.random.default_rng(2024).uniform(0.9, 1.1, given.draws)
    draws = xr.DataArray(factors, dims="draw", coords={"draw": range(given.draws)})
    many = Exposure(*(draws * value for value in vars(run.exposure).values()))
    begin = time.perf_counter()
    together, _ = project_finance(run.inputs, many, quarters)
    at_once = time.perf_counter() - begin
    begin = time.perf_counter()
    apart = [
        project_finance(run.inputs, Exposure(*(value * one for value in vars(run.exposure).values())), quarters)[0]
        for one in factors
    ]
    one_by_one = time.perf_counter() - begin
    stacked = np.stack([one["pooled_balance_end_yuan"].transpose("scenario", "scheme", "quarter") for one in apart])
    balances = together["pooled_balance_end_yuan"].transpose("draw", "scenario", "scheme", "quarter")
    np.testing.assert_allclose(balances, stacked, rtol=1e-10)
    measured = {
        "project_wall_s": project[0],
        "project_cpu_s": project[1],
        "recursion_wall_s": recursion[0],
        "recursion_cpu_s": recursion[1],
        "draws": given.draws,
        "draws_at_once_s": at_once,
        "draws_one_by_one_s": one_by_one,
    }
    if given.json:
        print(json.dumps(measured, indent=2))
        return
    for name, value in measured.items():
        print(f"{name:>20} {value:>9.3f}" if isinstance(value, float) else f"{name:>20} {value:>9}")


if __name__ == "__main__":
    main()
