"""Paths on a GPU are the paths of the processor: on a real device where there is one, on numba's simulator anywhere."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from actuary.demography.population_sources import load_population
from actuary.demography.stochastic import draw_population_paths, run_population_paths
from actuary.errors import UnknownNameError
from actuary.kernels.gpu import gpu_missing, uses_gpu

#: The same few paths both ways; the simulator walks every line in Python, so there are few years.
BOTH = """
import dataclasses, numpy as np
from actuary.demography.population_sources import load_population
from actuary.demography.stochastic import draw_population_paths
from actuary.kernels.cohort_paths import run_paths
from actuary.kernels.gpu import gpu_missing, run_paths_on_gpu
assert not gpu_missing(), gpu_missing()
paths = draw_population_paths(load_population("national"), 3, seed=7)
inputs, years = paths.inputs, 3
boys = inputs.srb / (1.0 + inputs.srb)
weights = np.random.default_rng(1).random((2, 2, inputs.base.shape[1]))
given = [np.array(inputs.base), paths.survival_grid[:years], paths.pattern[:years], boys[:years],
         np.array(inputs.migration)[:years], paths.migration_profile, paths.tfr[:, :years].copy(),
         paths.level[:, :years].copy(), paths.migration_change[:, :years].copy(), weights]
answers = []
for run in (run_paths, run_paths_on_gpu):
    out = [np.full((3, years, 2), np.nan), np.full((3, years), np.nan), np.full((3, years), np.nan)]
    run(*given, *out)
    answers.append(out)
for one, other in zip(*answers):
    np.testing.assert_allclose(other, one, rtol=1e-12)
print("equal")
"""


@pytest.mark.slow
def test_the_loop_of_the_device_is_that_of_the_processor() -> None:
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
    command = [sys.executable, "-W", "ignore", "-c", BOTH]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "equal", done.stderr


@pytest.mark.slow
def test_a_real_device_gives_the_same_paths() -> None:
    if missing := gpu_missing():
        pytest.skip(f"GPU: {missing}")
    paths = draw_population_paths(load_population("national"), 500, seed=7)
    one, other = run_population_paths(paths), run_population_paths(paths, device="gpu")
    assert other.attrs["device"] == "gpu"
    for name in one:
        np.testing.assert_allclose(other[name], one[name], rtol=1e-9)


def test_a_gpu_that_is_not_there_is_told() -> None:
    if not gpu_missing():
        pytest.skip("GPU: there is one")
    assert not uses_gpu("auto")
    with pytest.raises(UnknownNameError, match=r"device 'gpu': found no NVIDIA GPU.*actuary\[gpu\]"):
        uses_gpu("gpu")
    with pytest.raises(UnknownNameError, match="did you mean 'gpu'"):
        uses_gpu("gpus")
