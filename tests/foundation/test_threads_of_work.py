"""Work on threads: no more of them than was said, one of BLAS in each, and no more processor time than on one."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from actuary.workflow.bulk.engine import LocalEngine
from tests.foundation.test_threads import blas_threads

#: Pools that wait for the disk, and call no library with threads of its own.
READERS = {"tables/personal_dataset.py", "workflow/bulk/partitions.py", "workflow/bulk/journal.py"}


def test_every_pool_is_one_that_holds_the_libraries_back(root: Path) -> None:
    package = root / "actuary"
    opened = re.compile(r"\b(ThreadPoolExecutor|ProcessPoolExecutor|ThreadPool|Pool|Parallel)\(")
    pools = {path for path in package.rglob("*.py") if opened.search(path.read_text(encoding="utf-8"))}
    assert {path.relative_to(package).as_posix() for path in pools} == {"threads.py"} | READERS


def test_every_sampler_is_held_back_too(root: Path) -> None:
    """Its chains are threads of its own; what stands around them is read off the sources."""
    found = []
    for path in sorted((root / "actuary" / "forecast").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for block in ast.walk(ast.parse(text)) if "nutpie.sample(" in text else ():
            if isinstance(block, ast.With) and "nutpie.sample(" in ast.unparse(block):
                found.append(path.name)
                assert any("one_blas_thread()" in ast.unparse(item) for item in block.items), path.name
    assert found == ["sample.py", "sampled_reserves.py"]


@pytest.mark.parametrize("threads", [1, 2])
def test_parts_are_worked_on_with_one_thread_of_blas_each(threads: int) -> None:
    before = blas_threads()
    engine = LocalEngine(threads)
    seen = list(engine.run(lambda _: blas_threads(), [0, 1, 2]))  # type: ignore[arg-type,return-value,list-item]
    assert seen == [{1}] * 3
    assert blas_threads() == before


MEASURED = """
import os, sys, threading, time
import numpy as np, pandas as pd
from actuary.demography.population_sources import load_population
from actuary.demography.stochastic import draw_population_paths, run_population_paths
from actuary.forecast.face import forecast_series

rng = np.random.default_rng(1)
periods = [f"{year}Q{quarter}" for year in range(2010, 2025) for quarter in (1, 2, 3, 4)]
rows = pd.concat([
    pd.DataFrame({"series_id": f"s{k}", "period": periods, "value": 100 + np.cumsum(rng.normal(0, 2, 60)) + k})
    for k in range(12)])
paths = draw_population_paths(load_population("national"), 2000, seed=7)
WORK = {
    "series": lambda threads: forecast_series(rows, horizon=4, draws=100, threads=threads),
    "paths": lambda threads: run_population_paths(paths, threads=threads),
}
peak, ended = 0, threading.Event()

def alive():
    return len(os.listdir("/proc/self/task"))

def watch():
    global peak
    while not ended.wait(0.002):
        peak = max(peak, alive())

work = WORK[sys.argv[1]]
work(2)
rest = alive()
watcher = threading.Thread(target=watch)
watcher.start()
for threads in (1, 2):
    peak, begin = 0, time.process_time()
    work(threads)
    print(time.process_time() - begin, peak - rest - 1)
ended.set()
watcher.join()
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc, which is Linux'")
@pytest.mark.parametrize("work", ["series", "paths"])
def test_two_threads_take_the_processor_time_of_one(work: str, root: Path) -> None:
    # BLAS as it comes: as many threads as there are cores, were it not held back.
    free = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    command = [sys.executable, "-W", "ignore", "-c", MEASURED, work]
    done = subprocess.run(command, cwd=root, env=free, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (one, few), (two, more) = ((float(cpu), int(alive)) for cpu, alive in map(str.split, done.stdout.splitlines()))
    # One beside them at most, asleep: BLAS makes its own again when the limit is lifted.
    assert few <= 2
    assert more <= 3
    assert two < 1.6 * one + 0.2
