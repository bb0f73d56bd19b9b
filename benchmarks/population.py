"""Measure the projection of people: python benchmarks/population.py [--paths 10000] [--threads 2] [--json].

Paths are drawn from the published bounds of the nation and run for 77 years by single age and sex; a plain NumPy loop
does the same work in the same run, path by path and year by year, on as many paths as fit into a few seconds.
"""

from __future__ import annotations

import argparse
import json
import resource
from functools import partial

import numpy as np
from plain import births_of, least_seconds, migration_of, survival_of

from actuary.demography.population import project_population
from actuary.demography.population_sources import load_population
from actuary.demography.stochastic import (
    PopulationPaths,
    age_group_weights,
    draw_population_paths,
    run_population_paths,
)

REPEATS = 3
PLAIN_PATHS = 200


def plain_numpy(paths: PopulationPaths, count: int) -> np.ndarray:
    """Run paths with whole-array NumPy, one line a rule; return sums (count, T, K)."""
    inputs = paths.inputs
    _, weights = age_group_weights(inputs.ages)
    out = np.empty((count, len(inputs.years), len(weights)))
    for d in range(count):
        people = np.array(inputs.base)
        for t in range(len(inputs.years)):
            survival = survival_of(paths, d, t)
            end = np.empty_like(people)
            end[:, 1:] = people[:, :-1] * survival[:, 1:]
            end[:, -1] += people[:, -1] * survival[:, -1]
            end[:, 0] = 0.0
            end[:, 0] = births_of(paths, d, t, people[1], end[1]) * survival[:, 0]
            people = end + migration_of(paths, d, t)
            out[d, t] = (weights * people).sum(axis=(1, 2))
    return out


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paths", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    inputs = load_population("national")
    project_population(inputs)
    paths = draw_population_paths(inputs, given.paths, seed=1)
    run_population_paths(draw_population_paths(inputs, 2, seed=1))
    small = draw_population_paths(inputs, PLAIN_PATHS, seed=1)
    plain = plain_numpy(small, PLAIN_PATHS)
    compiled = run_population_paths(small)["population"].to_numpy()
    if not np.allclose(plain, compiled, rtol=1e-10):
        raise SystemExit("the plain loop and the compiled one disagree")
    draw = least_seconds(lambda: draw_population_paths(inputs, given.paths, seed=1), REPEATS)
    run = least_seconds(lambda: run_population_paths(paths, threads=given.threads), REPEATS)
    growth = {}
    for count in (given.paths // 4, given.paths // 2):
        part = draw_population_paths(inputs, count, seed=1)
        growth[count] = least_seconds(partial(run_population_paths, part, threads=given.threads), REPEATS)
    found = {
        "paths": given.paths,
        "years": len(inputs.years),
        "threads": given.threads,
        "draw_seconds": draw,
        "run_seconds": run,
        "run_seconds_by_paths": {**growth, given.paths: run},
        "plain_numpy_seconds": least_seconds(lambda: plain_numpy(small, PLAIN_PATHS), 1) * given.paths / PLAIN_PATHS,
        "deterministic_seconds": least_seconds(lambda: project_population(inputs), REPEATS),
        "peak_memory_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2,
    }
    if given.json:
        print(json.dumps(found))
        return
    size = f"{given.paths:,} paths x {len(inputs.years)} years x 101 ages x 2 sexes"
    print(f"{size}: drawn in {draw:.2f} s, run in {run:.2f} s on {given.threads} threads")
    print(f"plain NumPy, the same work: {found['plain_numpy_seconds']:.1f} s (from {PLAIN_PATHS} paths)")
    print("growth: " + ", ".join(f"{count:,} paths {s:.2f} s" for count, s in found["run_seconds_by_paths"].items()))
    print(f"one deterministic projection: {found['deterministic_seconds'] * 1000:.1f} ms")
    print(f"peak memory {found['peak_memory_gib']:.2f} GiB")


if __name__ == "__main__":
    main()
