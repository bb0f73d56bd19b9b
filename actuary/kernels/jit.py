"""The one place where numba is called, so that compiled functions keep their types and one set of options.

Kernels are cached on disk, compiled without the interpreter and without fastmath: a sum gives the same bits whatever
the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["FloatArray", "gufunc"]

type FloatArray = NDArray[np.float64]

_guvectorize: Any = numba.guvectorize


def gufunc(signatures: Sequence[str], layout: str) -> Callable[[Callable[..., None]], Callable[..., FloatArray]]:
    """Compile a loop that writes its last argument into a generalised ufunc that returns it.

    Parameters
    ----------
    signatures : sequence of str
        Types of the arguments in numba's notation, such as ``void(float64, float64[:], float64[:])``.
    layout : str
        Core dimensions in numpy's notation, such as ``(),(n)->(n)``.

    Returns
    -------
    callable
        A decorator. The decorated function takes every argument but the last and broadcasts over leading dimensions.

    Examples
    --------
    >>> @gufunc(["void(float64[:], float64[:])"], "(n)->()")
    ... def total(values, out):
    ...     out[0] = 0.0
    ...     for i in range(values.size):
    ...         out[0] += values[i]
    >>> float(total(np.array([1.0, 2.0])))
    3.0
    """

    def compile_loop(loop: Callable[..., None]) -> Callable[..., FloatArray]:
        # A function typed at a prompt has no file beside which its compiled form could be kept.
        cache = not loop.__code__.co_filename.startswith("<")
        compiled: Callable[..., FloatArray] = _guvectorize(list(signatures), layout, nopython=True, cache=cache)(loop)
        return compiled

    return compile_loop
