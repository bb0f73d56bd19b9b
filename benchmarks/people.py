"""Measure the people-driven model as a whole: python benchmarks/people.py [--paths 10000] [--threads 2] [--json].

A projection to 2100 as a user asks for it (members, income by source, spending by benefit, balances, milestones), warm;
then drawn people through members and funds, at a quarter, a half and all of the paths. A plain NumPy loop does the same
work on few paths in the same run: members path by path and year by year (benchmarks/membership.py), then the funds path
by path.
"""

from __future__ import annotations

import argparse
import json
import resource

import numpy as np
from membership import plain_numpy
from plain import least_seconds

from actuary.demography.stochastic import draw_population_paths
from actuary.fund.model.exposure import Exposure
from actuary.fund.model.face import load_model
from actuary.fund.model.finance import project_finance
from actuary.fund.model.stochastic_run import one_exposure, one_scenario, run_stochastic
from actuary.periods import quarter_range

PLAIN_PATHS = 8
REPEATS = 3


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paths", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    model = load_model("national")
    run = model.project(to="2100Q4")
    deterministic = least_seconds(lambda: model.project(to="2100Q4"), REPEATS)
    run_stochastic(run, 10, seed=1, threads=given.threads)
    sizes = [given.paths // 4, given.paths // 2, given.paths]
    growth = {
        count: least_seconds(lambda count=count: run_stochastic(run, count, seed=1, threads=given.threads))
        for count in sizes
    }
    people = run.members["base"].population.inputs
    paths = draw_population_paths(people, PLAIN_PATHS, seed=1)
    rules = model.membership_rules("base")
    inputs = one_scenario(run.projection.inputs, "base")
    quarters = list(quarter_range(run.projection.base_quarter + 1, run.projection.horizon))
    exposure = one_exposure(run.projection.exposure, "base", [str(quarter) for quarter in quarters])

    def plain() -> None:
        plain_numpy(paths, rules, PLAIN_PATHS)
        for factor in np.linspace(0.9, 1.1, PLAIN_PATHS):
            project_finance(inputs, Exposure(*(value * factor for value in vars(exposure).values())), quarters)

    found = {
        "deterministic_to_2100_seconds": deterministic,
        "paths": given.paths,
        "threads": given.threads,
        "run_seconds_by_paths": growth,
        "plain_numpy_seconds": least_seconds(plain) * given.paths / PLAIN_PATHS,
        "peak_memory_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2,
    }
    if given.json:
        print(json.dumps(found))
        return
    print(f"one projection to 2100 as a user asks for it: {deterministic:.2f} s")
    words = ", ".join(f"{count:,} paths {seconds:.1f} s" for count, seconds in growth.items())
    print(f"drawn people through members and funds on {given.threads} threads: {words}")
    print(f"plain NumPy, path by path: {found['plain_numpy_seconds']:.0f} s (from {PLAIN_PATHS} paths)")
    print(f"peak memory {found['peak_memory_gib']:.2f} GiB")


if __name__ == "__main__":
    main()
