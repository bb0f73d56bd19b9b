"""Measure the members of the schemes: python benchmarks/membership.py [--paths 10000] [--threads 2] [--json].

Paths of people are drawn from the published bounds of the nation; each carries its members by status for 77 years, by
single age and sex. A plain NumPy loop does the same work in the same run, path by path and year by year, on as many
paths as fit into a few seconds.
"""

from __future__ import annotations

import argparse
import json
import resource
from dataclasses import replace
from functools import partial

import numpy as np
from plain import births_of, least_seconds, migration_of, survival_of

from actuary.demography.membership import project_membership
from actuary.demography.membership_paths import run_membership_paths
from actuary.demography.membership_rules import MembershipAnchors, load_membership_rules
from actuary.demography.membership_setup import one_year_older
from actuary.demography.membership_start import first_members
from actuary.demography.membership_steps import advance_year, year_coefficients
from actuary.demography.population import project_population
from actuary.demography.population_sources import load_population
from actuary.demography.stochastic import PopulationPaths, draw_population_paths

REPEATS = 3
PLAIN_PATHS = 40


def plain_numpy(paths: PopulationPaths, rules: object, count: int) -> np.ndarray:
    """Carry members along paths with whole-array NumPy; return contributors and retired (count, T + 1, 2)."""
    inputs = paths.inputs
    ages, first = np.asarray(inputs.ages), int(inputs.years[0])
    opening = first_members(rules, np.array(inputs.base), year=first - 1, ages=ages)
    coefficients = year_coefficients(rules, years=np.asarray(inputs.years), ages=ages, opening=opening)
    out = np.empty((count, len(inputs.years) + 1, 2))
    for d in range(count):
        people, members = np.array(inputs.base), opening.shares * inputs.base
        out[d, 0] = members[:3].sum(), members[3].sum()
        for t in range(len(inputs.years)):
            survival = survival_of(paths, d, t)
            older = one_year_older(people)
            end = older * survival
            born = births_of(paths, d, t, people[1], end[1])
            older[:, 0] = born
            end[:, 0] = born * survival[:, 0]
            migrants = migration_of(paths, d, t)
            step = advance_year(
                coefficients, t, one_year_older(members), born=born, deaths=older - end, migrants=migrants
            )
            people, members = end + migrants, step.closing
            out[d, t + 1] = members[:3].sum(), members[3].sum()
    return out


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paths", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    inputs = load_population("national")
    population = project_population(inputs)
    rules = load_membership_rules("national")
    # Totals of the year before the first: round figures near the published ones, so that scaling is part of the work.
    rules = rules.with_anchors(MembershipAnchors(int(inputs.years[0]) - 1, contributing=2.7e8, retired=1e8))
    small = draw_population_paths(inputs, PLAIN_PATHS, seed=1)
    compiled = run_membership_paths(small, rules, threads=given.threads)["persons"].to_numpy()
    plain = plain_numpy(small, rules, PLAIN_PATHS)
    if not np.allclose(plain[..., 0], compiled[:, :2].sum(axis=1), rtol=1e-9):
        raise SystemExit("the plain loop and the compiled one disagree")
    paths = draw_population_paths(inputs, given.paths, seed=1)
    draw = least_seconds(lambda: draw_population_paths(inputs, given.paths, seed=1), REPEATS)
    growth = {}
    for count in (given.paths // 4, given.paths // 2):
        part = replace(
            paths,
            tfr=paths.tfr[:count],
            e0=paths.e0[:count],
            level=paths.level[:count],
            migration_change=paths.migration_change[:count],
        )
        growth[count] = least_seconds(partial(run_membership_paths, part, rules, threads=given.threads), REPEATS)
    run = least_seconds(lambda: run_membership_paths(paths, rules, threads=given.threads), REPEATS)
    found = {
        "paths": given.paths,
        "years": len(inputs.years),
        "threads": given.threads,
        "draw_seconds": draw,
        "run_seconds": run,
        "run_seconds_by_paths": {**growth, given.paths: run},
        "plain_numpy_seconds": least_seconds(lambda: plain_numpy(small, rules, PLAIN_PATHS), 1)
        * given.paths
        / PLAIN_PATHS,
        "deterministic_seconds": least_seconds(lambda: project_membership(population, rules), REPEATS),
        "peak_memory_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2,
    }
    if given.json:
        print(json.dumps(found))
        return
    size = f"{given.paths:,} paths x {len(inputs.years)} years x 101 ages x 2 sexes x 6 inner statuses"
    print(f"{size}: drawn in {draw:.2f} s, run in {run:.2f} s on {given.threads} threads")
    print(f"plain NumPy, the same work: {found['plain_numpy_seconds']:.1f} s (from {PLAIN_PATHS} paths)")
    print("growth: " + ", ".join(f"{count:,} paths {s:.2f} s" for count, s in found["run_seconds_by_paths"].items()))
    print(f"one projection by quarter to the last year: {found['deterministic_seconds'] * 1000:.0f} ms")
    print(f"peak memory {found['peak_memory_gib']:.2f} GiB")


if __name__ == "__main__":
    main()
