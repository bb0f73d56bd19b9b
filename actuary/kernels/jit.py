"""The one place where numba is called, so that compiled functions keep their types and one set of options.

Kernels are cached on disk, compiled without the interpreter and without fastmath: a sum gives the same bits whatever
the number of threads.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from actuary.kernels.compiled_cache import check_compiled_caches

__all__ = ["FloatArray", "gufunc", "njit"]

type FloatArray = NDArray[np.float64]

check_compiled_caches()

#: Numba's own; it knows more options than its types tell.
njit: Any = numba.njit


def gufunc(signatures: Sequence[str], layout: str) -> Callable[[Callable[..., None]], Callable[..., FloatArray]]:
    """Compile a loop that writes its last argument into a generalised ufunc that returns it.

    The loop itself is compiled and its compiled form kept on disk; the leading dimensions are walked in Python. Numba's
    own generalised ufuncs keep two files that belong together: two processes that compile at the same time can leave
    a pair that crashes every later one.

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
    inputs, _, output = layout.partition("->")
    dims = [core.split(",") if core else [] for core in re.findall(r"\(([^)]*)\)", inputs)]
    (out_dims,) = re.findall(r"\(([^)]*)\)", output)

    def compile_loop(loop: Callable[..., None]) -> Callable[..., FloatArray]:
        # A function typed at a prompt has no file beside which its compiled form could be kept.
        cache = not loop.__code__.co_filename.startswith("<")
        compiled = njit(list(signatures), nogil=True, cache=cache)(loop)

        def fill(*arguments: Any) -> FloatArray:
            # Copies: the compiled loop is declared for arrays that can be written.
            core = [np.array(value, dtype=np.float64) if np.ndim(value) else value for value in arguments]
            sizes = {
                name: np.shape(value)[k]
                for value, names in zip(core, dims, strict=True)
                for k, name in enumerate(names)
            }
            out = np.empty(tuple(sizes[name] for name in out_dims.split(",") if name))
            compiled(*core, out if out.ndim else out.reshape(1))
            return out

        broadcast: Callable[..., FloatArray] = np.vectorize(fill, otypes=[np.float64], signature=layout)

        @functools.wraps(loop)
        def walk(*arguments: Any) -> FloatArray:
            return broadcast(*arguments)

        return walk

    return compile_loop
