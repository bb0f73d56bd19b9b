"""Attack a table with blank cells: what a reader can work out of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actuary.tables.small_cells import BlankCells, signs, with_totals

__all__ = ["feasible_intervals"]

type Counts = NDArray[np.int64]


def feasible_intervals(counts: Counts, blank: BlankCells) -> tuple[Counts, Counts]:
    """Return what can be worked out of every blank cell: the least and the greatest count that fits what is published.

    Parameters
    ----------
    counts : array of int, shape (rows, columns)
        The counts.
    blank : BlankCells
        What is left blank.

    Returns
    -------
    tuple of arrays of int, shape (rows + 1, columns + 1)
        Least and greatest, totals in the last row and column; the count itself where it is published, and -1 for a
        greatest without bound.

    Notes
    -----
    Two linear programmes a blank cell, solved by HiGHS: an attack, meant for checks, not for large tables. The totals
    of a two-way table form a totally unimodular system, so that the ends are whole numbers and exact.

    Examples
    --------
    >>> table = np.array([[3, 40], [60, 30]])
    >>> only = BlankCells(np.array([[True, True], [False, False]]), np.zeros(2, bool), np.zeros(2, bool), False)
    >>> [ends[0, 0].item() for ends in feasible_intervals(table, only)]
    [3, 3]
    """
    from scipy.optimize import linprog  # noqa: PLC0415  (only an attack needs it)

    whole, mask = with_totals(np.asarray(counts, dtype=np.int64)), blank.whole
    sign = signs(whole.shape)
    places = list(zip(*np.nonzero(mask), strict=True))
    number = {place: at for at, place in enumerate(places)}
    left, right = [], []
    for axis, length in enumerate(whole.shape):
        for line in range(length):
            row = np.zeros(len(places))
            known = 0
            for at in range(whole.shape[1 - axis]):
                place = (line, at) if axis == 0 else (at, line)
                if mask[place]:
                    row[number[place]] = sign[place]
                else:
                    known += int(sign[place] * whole[place])
            if row.any():
                left.append(row)
                right.append(-known)
    least, greatest = whole.copy(), whole.copy()
    for place, at in number.items():
        goal = np.zeros(len(places))
        goal[at] = 1
        for ends, way in ((least, 1), (greatest, -1)):
            found = linprog(way * goal, A_eq=np.array(left), b_eq=right, bounds=(1, None), method="highs")
            ends[place] = -1 if found.status == 3 else round(way * found.fun)
    return least, greatest
