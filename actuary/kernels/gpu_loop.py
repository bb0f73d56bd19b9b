# The loop takes everything it needs as plain arrays; numba types them itself.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, attr-defined"
# ruff: noqa: PLR0913, PLR0917
"""The years of one path as a thread of a GPU walks them: the steps are those of the processor, compiled for the device.

Imported only where a GPU is asked for. ``cuda`` is a name of this module because numba's simulator looks for it there.
"""

from __future__ import annotations

from numba import cuda

from actuary.kernels.cohort import advance
from actuary.kernels.cohort_paths import set_year

__all__ = ["cuda", "loop"]

_prepare, _move = cuda.jit(device=True)(set_year.py_func), cuda.jit(device=True)(advance.py_func)


@cuda.jit
def loop(
    base, survival_grid, pattern, male_share, medium_migration, migration_profile, tfr, level, migration_change,
    weights, work, rates, sums, births, deaths,
) -> None:  # fmt: skip
    """Walk one path, that of this thread; the arguments are those of :func:`actuary.kernels.cohort_paths.run_paths`.

    Parameters
    ----------
    work : device array, shape (5, 2, A, D)
        Room for survival, migration, deaths, and the people at both ends of a year.
    rates : device array, shape (A, D)
        Room for births per woman.
    """
    d = cuda.grid(1)
    if d >= tfr.shape[0]:
        return
    survival, migration, dead = work[0, :, :, d], work[1, :, :, d], work[2, :, :, d]
    now, end, asfr = work[3, :, :, d], work[4, :, :, d], rates[:, d]
    ages = base.shape[1]
    for s in range(2):
        for x in range(ages):
            now[s, x] = base[s, x]
    for t in range(tfr.shape[1]):
        _prepare(
            survival_grid[t], level[d, t, 0], level[d, t, 1], pattern[t], tfr[d, t], medium_migration[t],
            migration_profile, migration_change[d, t], survival, asfr, migration,
        )  # fmt: skip
        births[d, t] = _move(now, survival, asfr, male_share[t], migration, 0.0, 1.0, end, dead)
        total = 0.0
        for s in range(2):
            for x in range(ages):
                total += dead[s, x]
                now[s, x] = end[s, x]
        deaths[d, t] = total
        for k in range(weights.shape[0]):
            total = 0.0
            for s in range(2):
                for x in range(ages):
                    total += weights[k, s, x] * now[s, x]
            sums[d, t, k] = total
