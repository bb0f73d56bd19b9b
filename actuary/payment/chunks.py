"""Run compiled loops over chunks of cases, with any number of threads and one answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.settlement import sum_by_code
from actuary.threads import worker_threads

__all__ = ["CHUNK_CASES", "run_chunks", "sums_by_code"]

#: Cases that one thread takes at a time; sums over a chunk of numbers below 2**45 fit into int64.
CHUNK_CASES: Final = 1 << 18

_SUMMABLE: Final = 1 << 45
_HALF: Final = 32


def run_chunks(work: Callable[[int, int], None], count: int, threads: int) -> None:
    """Run a loop over chunks of cases.

    Parameters
    ----------
    work : callable
        Called with the first row of a chunk and the row after its last.
    count : int
        Cases.
    threads : int
        Threads.
    """
    starts = range(0, count, CHUNK_CASES)

    def one(first: int) -> None:
        work(first, min(first + CHUNK_CASES, count))

    if threads <= 1 or len(starts) <= 1:
        for first in starts:
            one(first)
        return
    with worker_threads(threads) as pool:
        list(pool.map(one, starts))


def sums_by_code(code: NDArray[np.int32], amounts: NDArray[np.int64], count: int, *, threads: int = 1) -> list[int]:
    """Add amounts by code, exactly.

    Parameters
    ----------
    code : int32 (cases)
        From 0; below 0: not added.
    amounts : int64 (cases)
        Numbers of any size.
    count : int
        Codes.
    threads : int
        Threads.

    Examples
    --------
    >>> sums_by_code(np.array([1, 0, 1, -1], np.int32), np.array([5, 7, 2**62, 9]), 2)
    [7, 4611686018427387909]
    """
    if max(int(amounts.max(initial=0)), -int(amounts.min(initial=0))) >= _SUMMABLE:
        high = sums_by_code(code, amounts >> _HALF, count, threads=threads)
        low = sums_by_code(code, amounts & ((1 << _HALF) - 1), count, threads=threads)
        return [(first << _HALF) + second for first, second in zip(high, low, strict=True)]
    parts = np.zeros((-(-len(code) // CHUNK_CASES), count), np.int64)

    def add(first: int, end: int) -> None:
        sum_by_code(code, amounts, first, end, parts[first // CHUNK_CASES])

    run_chunks(add, len(code), threads)
    return [int(total) for total in parts.astype(object).sum(axis=0)] if len(parts) else [0] * count
