"""Models compiled for the sampler, with nothing on disk that is believed without a checksum.

Importing this module imports PyTensor, which takes a second.
"""

from __future__ import annotations

from typing import Any

from pytensor.configdefaults import config

from actuary.kernels.compiled_cache import check_compiled_caches

__all__ = ["compile_model"]

# Before anything is compiled: PyTensor keeps it on disk by way of numba, which believes whatever it finds there.
check_compiled_caches()


def compile_model(model: Any) -> Any:
    """Compile a model of PyMC with numba for nutpie.

    PyTensor would build a linker in C for the few functions that it runs itself meanwhile, and load it again in every
    later process; a damaged one ends the process without a word of ours. They run without it as well.

    Parameters
    ----------
    model : pymc.Model
        The model.

    Returns
    -------
    nutpie.compile_pymc.CompiledPyMCModel
        What nutpie samples.
    """
    import nutpie  # noqa: PLC0415  (seconds)

    with config.change_flags(cxx=""):
        return nutpie.compile_pymc_model(model, backend="numba")
