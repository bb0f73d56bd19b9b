"""Paths of a population on an NVIDIA GPU, where there is one."""

from __future__ import annotations

import functools

import numpy as np

from actuary.errors import Problem, UnknownNameError, raise_all, unknown_name
from actuary.kernels.jit import FloatArray

__all__ = ["DEVICES", "gpu_missing", "run_paths_on_gpu", "uses_gpu"]

#: Where drawn paths may run: the processor, the GPU, or the GPU where there is one.
DEVICES = ("cpu", "gpu", "auto")

_THREADS = 64
#: Paths on the device at a time: their work space is ten kilobytes each.
_PATHS = 65_536
_WORK = 5


@functools.cache
def gpu_missing() -> str:
    """Say why no GPU can be used; empty where one can.

    Returns
    -------
    str
        The reason, for a person.
    """
    try:
        from actuary.kernels.gpu_loop import cuda  # noqa: PLC0415  (looks for a driver)

        if cuda.is_available():  # type: ignore[no-untyped-call]
            return ""
        return "no NVIDIA GPU, or no driver for it"
    except Exception as error:
        return f"numba cannot use a GPU here ({type(error).__name__})"


def uses_gpu(device: str) -> bool:
    """Say whether a device that was asked for is the GPU.

    Parameters
    ----------
    device : str
        One of :data:`DEVICES`.

    Raises
    ------
    UnknownNameError
        When there is no such device, or a GPU is asked for and missing.

    Examples
    --------
    >>> uses_gpu("cpu")
    False
    """
    if device not in DEVICES:
        raise_all([unknown_name("device", device, DEVICES, what="device")], UnknownNameError)
    if device == "gpu" and (missing := gpu_missing()):
        mend = "install the extra (pip install 'actuary[gpu]') on a machine with one, or use device=\"cpu\""
        raise UnknownNameError(Problem("device 'gpu'", missing, "an NVIDIA GPU that numba can use", mend))
    return device == "gpu" or (device == "auto" and not gpu_missing())


def run_paths_on_gpu(  # noqa: PLR0913, PLR0917  (the arguments of the loop on the processor)
    base: FloatArray,
    survival_grid: FloatArray,
    pattern: FloatArray,
    male_share: FloatArray,
    medium_migration: FloatArray,
    migration_profile: FloatArray,
    tfr: FloatArray,
    level: FloatArray,
    migration_change: FloatArray,
    weights: FloatArray,
    sums: FloatArray,
    births: FloatArray,
    deaths: FloatArray,
) -> None:
    """Run paths side by side on the device; see :func:`actuary.kernels.cohort_paths.run_paths` for the arguments.

    The source of every step is that of the processor, and so is the order of its sums; a device may join a product and
    a sum into one operation, so the last digits may differ.

    Examples
    --------
    >>> uses_gpu("auto") == (not gpu_missing())
    True
    """
    from actuary.kernels.gpu_loop import cuda, loop  # noqa: PLC0415  (looks for a driver)

    ages = base.shape[1]
    fixed = [
        cuda.to_device(np.ascontiguousarray(array))
        for array in (base, survival_grid, pattern, male_share, medium_migration, migration_profile)
    ]
    weighed = cuda.to_device(np.ascontiguousarray(weights))
    for first in range(0, tfr.shape[0], _PATHS):
        part = slice(first, first + _PATHS)
        drawn = [cuda.to_device(np.ascontiguousarray(array[part])) for array in (tfr, level, migration_change)]
        draws = drawn[0].shape[0]
        # Paths last: neighbouring threads then read neighbouring numbers.
        work, rates = cuda.device_array((_WORK, 2, ages, draws)), cuda.device_array((ages, draws))
        found = [cuda.device_array(array[part].shape) for array in (sums, births, deaths)]
        loop[-(-draws // _THREADS), _THREADS](*fixed, *drawn, weighed, work, rates, *found)
        for array, on_device in zip((sums, births, deaths), found, strict=True):
            array[part] = on_device.copy_to_host()
