"""What the benchmarks of people share: the least time of a few runs, and a year of a path in whole-array NumPy."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from actuary.demography.stochastic import PopulationPaths


def least_seconds(work: Callable[[], object], repeats: int = 1) -> float:
    """Return the least wall time of a few runs [s]."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def survival_of(paths: PopulationPaths, path: int, year: int) -> np.ndarray:
    """Return the survival of a path in a year, between the levels of the grid; shape (sex, age)."""
    grid = paths.survival_grid
    level, both = paths.level[path, year], np.arange(2)
    low = np.minimum(level.astype(int), grid.shape[1] - 2)
    part = (level - low)[:, None]
    return (1 - part) * grid[year, low, both] + part * grid[year, low + 1, both]


def births_of(paths: PopulationPaths, path: int, year: int, women: np.ndarray, women_at_end: np.ndarray) -> np.ndarray:
    """Return births by sex of a path in a year; shape (sex,)."""
    births = (paths.tfr[path, year] * paths.pattern[year] * (women + women_at_end) / 2).sum()
    boys = paths.inputs.srb[year] / (1 + paths.inputs.srb[year])
    return births * np.array([boys, 1 - boys])


def migration_of(paths: PopulationPaths, path: int, year: int) -> np.ndarray:
    """Return migrants of a path in a year; shape (sex, age)."""
    return paths.inputs.migration[year] + paths.migration_change[path, year] * paths.migration_profile
