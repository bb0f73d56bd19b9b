"""Sorted costs by cell (a group, or a group in a year): order statistics and sums that are exact in whole fen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.jit import njit

__all__ = [
    "COST_BITS",
    "SQUARE_PARTS",
    "carry_squares",
    "cell_squares",
    "cell_sums",
    "segment_squares",
    "sort_by_cell",
    "whole_square",
]

type IntArray = NDArray[np.int64]

#: Bits of a cost: 10^9 yuan are 10^11 fen, less than 2^37.
COST_BITS = 37

#: A cost is split here, so that sums of squares fit 64 bits: three sums stand for one of 128.
_SPLIT = 19

#: The three parts of a sum of squares, the highest first.
SQUARE_PARTS = ("squares_high", "squares_middle", "squares_low")


def _compiled[**P, R](signature: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a loop for one signature, keeping its types."""

    def compile_loop(loop: Callable[P, R]) -> Callable[P, R]:
        made: Callable[P, R] = njit(signature, nogil=True, cache=True)(loop)
        return made

    return compile_loop


def sort_by_cell(cell: IntArray, cost_fen: IntArray, *, cells: int) -> tuple[IntArray, IntArray]:
    """Sort costs by cell, and by cost within a cell.

    Parameters
    ----------
    cell : int64 array, shape (case,)
        Cell of each case, 0 to ``cells - 1``; a case with a negative cell is left out.
    cost_fen : int64 array, shape (case,)
        Cost [fen], at least 0 and below ``2**COST_BITS``.
    cells : int
        Number of cells, below ``2**26``.

    Returns
    -------
    values : int64 array, shape (kept case,)
        Costs [fen], cell after cell, rising within each.
    starts : int64 array, shape (cells + 1,)
        Where each cell begins in `values`, and the end.

    Examples
    --------
    >>> values, starts = sort_by_cell(np.array([1, 0, 1]), np.array([7, 5, 3]), cells=2)
    >>> values.tolist(), starts.tolist()
    ([5, 3, 7], [0, 1, 3])
    """
    inside = cell >= 0
    cell, cost_fen = (cell, cost_fen) if inside.all() else (cell[inside], cost_fen[inside])
    # One number holds both, so that the fast sort of whole numbers serves.
    key = (cell.astype(np.int64) << COST_BITS) | cost_fen
    key.sort()
    starts = np.zeros(cells + 1, dtype=np.int64)
    np.cumsum(np.bincount(cell, minlength=cells), out=starts[1:])
    key &= (1 << COST_BITS) - 1
    return key, starts


@_compiled("int64[:,::1](int64[::1], int64[::1], int64[::1])")
def _square_limbs(values: IntArray, first: IntArray, last: IntArray) -> IntArray:
    out = np.zeros((first.size, 3), dtype=np.int64)
    mask = (1 << _SPLIT) - 1
    for cell in range(first.size):
        for i in range(first[cell], last[cell]):
            high, low = values[i] >> _SPLIT, values[i] & mask
            out[cell, 0] += high * high
            out[cell, 1] += high * low
            out[cell, 2] += low * low
    return out


def segment_squares(values: IntArray, first: IntArray, last: IntArray) -> list[int]:
    """Sum the squares of ``values[first:last]`` of each cell, exactly.

    Each square is split into three parts of at most 38 bits, so a cell may hold 2^25 (33 million) cases.

    Parameters
    ----------
    values : int64 array, shape (case,)
        Costs [fen].
    first, last : int64 array, shape (cell,)
        Where the part of each cell begins and ends.

    Returns
    -------
    list of int
        Sum of squares of each cell [fen squared].

    Examples
    --------
    >>> segment_squares(np.array([10**11, 10**11, 3]), np.array([0, 2]), np.array([2, 3])) == [2 * 10**22, 9]
    True
    """
    limbs = _square_limbs(np.ascontiguousarray(values, dtype=np.int64), first, last)
    return [whole_square(*three) for three in limbs.tolist()]


def whole_square(high: int, middle: int, low: int) -> int:
    """Put the three parts of a sum of squares together [fen squared].

    Examples
    --------
    >>> whole_square(1, 1, 1) == 2**38 + 2**20 + 1
    True
    """
    return (high << 2 * _SPLIT) + (middle << _SPLIT + 1) + low


@_compiled("void(int64[::1], int64[::1], int64[:,::1])")
def _squares_by_cell(cell: IntArray, value: IntArray, out: IntArray) -> None:
    mask = (1 << _SPLIT) - 1
    for i in range(cell.size):
        if cell[i] >= 0:
            high, low = value[i] >> _SPLIT, value[i] & mask
            out[0, cell[i]] += high * high
            out[1, cell[i]] += high * low
            out[2, cell[i]] += low * low


def cell_squares(cell: IntArray, value: IntArray, *, cells: int) -> IntArray:
    """Sum the squares over each cell, exactly, in three parts that can be added up.

    Parameters
    ----------
    cell : int64 array, shape (case,)
        Cell of each case; a negative one is left out.
    value : int64 array, shape (case,)
        Costs [fen], at least 0 and below ``2**COST_BITS``; a cell may hold 2^25 (33 million) cases.
    cells : int
        Number of cells.

    Returns
    -------
    int64 array, shape (3, cells)
        The parts, see :func:`whole_square`.

    Examples
    --------
    >>> high, middle, low = cell_squares(np.array([0, 0, 1]), np.array([10**11, 10**11, 3]), cells=2).tolist()
    >>> whole_square(high[0], middle[0], low[0]) == 2 * 10**22, low[1]
    (True, 9)
    """
    out = np.zeros((3, cells), dtype=np.int64)
    _squares_by_cell(np.ascontiguousarray(cell, dtype=np.int64), np.ascontiguousarray(value, dtype=np.int64), out)
    return carry_squares(out, first=0)


def carry_squares(sums: IntArray, *, first: int) -> IntArray:
    """Carry what the lower two of three parts of sums of squares hold above their size into the next higher one.

    What is carried after every addition can be added to again: the highest part of a cell has room for the squares of
    2^27 (134 million) of the highest costs.

    Parameters
    ----------
    sums : int64 array, shape (sum, cell)
        Sums, the three parts among them one after the other.
    first : int
        Place of the highest of them.

    Examples
    --------
    >>> carry_squares(np.array([[0], [2**18], [2**20 + 1]]), first=0).tolist()
    [[1], [1], [1]]
    """
    out = sums.copy()
    high, middle, low = out[first], out[first + 1], out[first + 2]
    middle += low >> _SPLIT + 1
    low &= (1 << _SPLIT + 1) - 1
    high += middle >> _SPLIT - 1
    middle &= (1 << _SPLIT - 1) - 1
    return out


@_compiled("void(int64[::1], int64[::1], int64[::1], int64[::1])")
def _sums(cell: IntArray, value: IntArray, cases: IntArray, total: IntArray) -> None:
    for i in range(cell.size):
        if cell[i] >= 0:
            cases[cell[i]] += 1
            total[cell[i]] += value[i]


def cell_sums(cell: IntArray, value: IntArray, *, cells: int) -> tuple[IntArray, IntArray]:
    """Count the cases of each cell and add up a whole number over them.

    Parameters
    ----------
    cell : int64 array, shape (case,)
        Cell of each case; a negative one is left out.
    value : int64 array, shape (case,)
        What is added up; the sum of a cell must stay below 2^63.
    cells : int
        Number of cells.

    Returns
    -------
    cases, total : int64 array, shape (cells,)
        Number of cases and their sum.

    Examples
    --------
    >>> cases, total = cell_sums(np.array([1, 0, 1, -1]), np.array([7, 5, 3, 9]), cells=2)
    >>> cases.tolist(), total.tolist()
    ([1, 2], [5, 10])
    """
    cases, total = np.zeros(cells, dtype=np.int64), np.zeros(cells, dtype=np.int64)
    _sums(np.ascontiguousarray(cell, dtype=np.int64), np.ascontiguousarray(value, dtype=np.int64), cases, total)
    return cases, total
