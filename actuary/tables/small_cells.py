"""Leave small cells of published tables blank, and as many others as it takes that nobody can work them out.

A table of counts is published with its row totals, its column totals and its grand total. A cell of 1 to k - 1 cases is
left blank (primary). It could then be worked out from a total, so other cells are left blank with it (complementary).

What a reader can work out of a blank cell is an interval: the least and the greatest number that fits every published
number, where blank cells hold one case at least, for cells of none are published. A cell is protected when its interval
is wide enough. What the blank cells of a line with a published total add up to can be worked out too: they hold as many
cases together as any cell that is published, so that sums of money, too, tell of no fewer.

The complementary cells are found by cycles of four blank cells (i, j), (i, b), (a, j), (a, b): counts can be moved
round such a cycle without touching a total, so each is a proof of a width. A total can be a corner of a cycle too: it
counts as a cell of the opposite sign in a further row and column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BlankCells", "counts_apart", "protect_counts", "protect_list", "signs", "with_totals"]

type Mask = NDArray[np.bool_]
type Counts = NDArray[np.int64]

_FREE = np.int64(1) << 62

#: Steps that giving cells back may take: a large table keeps the few cells too many.
_STEPS = 200_000

#: Blank cells of a line through which a cycle is sought.
_CORNERS = 24


@dataclass(frozen=True, slots=True, eq=False)
class BlankCells:
    """Say which cells of a table and of its totals are left blank.

    Parameters
    ----------
    cells : array of bool, shape (rows, columns)
        The cells.
    rows : array of bool, shape (rows,)
        Totals of rows.
    columns : array of bool, shape (columns,)
        Totals of columns.
    total : bool
        The grand total.
    """

    cells: Mask
    rows: Mask
    columns: Mask
    total: bool

    @property
    def whole(self) -> Mask:
        """The mask with the totals as last row and last column."""
        return np.block([[self.cells, self.rows[:, None]], [self.columns[None, :], np.array([[self.total]])]])


def protect_list(
    counts: Counts, *, least_cases: int, least_width: int, hidden: Mask | None = None
) -> tuple[Mask, bool]:
    """Choose what to leave blank in a list that is published with its total.

    Parameters
    ----------
    counts : array of int, shape (n,)
        Counts of 0 or more.
    least_cases : int
        Least count of a cell that is published and not 0, and of all blank cells together.
    least_width : int
        Least width of what can be worked out of a blank cell.
    hidden : array of bool, shape (n,), optional
        Cells that are left blank for another reason and must not be worked out either; a cell of none stays.

    Returns
    -------
    tuple of (array of bool, bool)
        Which cells, and whether the total.

    Notes
    -----
    Exact: with n blank cells that hold s cases together, each lies between 1 and s - n + 1.

    Examples
    --------
    >>> protect_list(np.array([100, 3, 40, 25, 0]), least_cases=11, least_width=3)
    (array([False,  True, False,  True, False]), False)
    """
    counts = np.asarray(counts, dtype=np.int64)
    small = (counts > 0) & ((counts < least_cases) | (False if hidden is None else hidden))
    blank = small.copy()
    order = iter(np.lexsort((np.arange(len(counts)), counts)))
    while small.any():
        number, cases = int(blank.sum()), int(counts[blank].sum())
        if number >= 2 and cases - number >= least_width and cases >= least_cases:
            break
        following = next((at for at in order if counts[at] and not blank[at]), None)
        if following is None:
            # Nothing is left that could hide it but the total itself.
            return blank, True
        blank[following] = True
    return blank, bool(0 < counts.sum() < least_cases)


def counts_apart(counts: Counts, least_cases: int) -> Mask:
    """Say which figures leave out a few cases that another figure of the same counts: the two would tell theirs.

    Parameters
    ----------
    counts : array of int, shape (n,)
        Cases behind every figure; those of none tell nothing.
    least_cases : int
        Least cases that may be told.

    Examples
    --------
    >>> counts_apart(np.array([500, 497, 0, 300, 500]), 11)
    array([False,  True, False, False, False])
    """
    counts = np.asarray(counts, dtype=np.int64)
    kept: list[int] = []
    for count in sorted({int(one) for one in counts if one > 0}, reverse=True):
        if all(more - count >= least_cases for more in kept):
            kept.append(count)
    return (counts > 0) & ~np.isin(counts, kept)


def protect_counts(counts: Counts, *, least_cases: int, least_width: int) -> BlankCells:
    """Choose what to leave blank in a table that is published with its totals.

    Parameters
    ----------
    counts : array of int, shape (rows, columns)
        Counts of 0 or more.
    least_cases : int
        Least count of a cell, or of a total, that is published and not 0, and of the blank cells of a line together.
    least_width : int
        Least width of what can be worked out of a blank cell.

    Returns
    -------
    BlankCells
        The cells; few and small ones are taken rather than many and large ones, cells rather than totals.

    Examples
    --------
    >>> table = np.array([[3, 40, 50], [60, 30, 20], [70, 80, 90]])
    >>> protect_counts(table, least_cases=11, least_width=3).cells.astype(int)
    array([[1, 1, 0],
           [1, 1, 0],
           [0, 0, 0]])
    """
    counts = np.asarray(counts, dtype=np.int64)
    if min(counts.shape) < 2:
        return _of_one_line(counts, least_cases=least_cases, least_width=least_width)
    whole = with_totals(counts)
    small = (whole > 0) & (whole < least_cases)
    blank = small.copy()
    sign = signs(whole.shape)
    # The largest first: what hides them often hides smaller ones beside them.
    order = sorted(zip(*np.nonzero(small), strict=True), key=lambda place: (-whole[place], place))
    added: list[tuple[int, int]] = []
    for i, j in order:
        if _widest(whole, blank, sign, i, j) >= least_width:
            continue
        corners = _cheapest_cycle(whole, blank, sign, (i, j), least_width)
        if corners is None:
            blank[whole > 0] = True
            added = []
            break
        added += _blanked(blank, corners)
    added += _fill_lines(whole, blank, sign, least_cases, least_width)
    _give_back(whole, blank, small, sign, added, (least_cases, least_width))
    return BlankCells(blank[:-1, :-1].copy(), blank[:-1, -1].copy(), blank[-1, :-1].copy(), bool(blank[-1, -1]))


def _of_one_line(counts: Counts, *, least_cases: int, least_width: int) -> BlankCells:
    """Treat a table of one row or one column as the list that it is: its other totals are the cells once more."""
    cells, total = protect_list(counts.ravel(), least_cases=least_cases, least_width=least_width)
    mask = cells.reshape(counts.shape)
    if counts.shape[0] == 1:
        return BlankCells(mask, np.array([total]), cells.copy(), total)
    return BlankCells(mask, cells.copy(), np.full(counts.shape[1], total), total)


def _blanked(blank: Mask, corners: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    new = [corner for corner in corners if not blank[corner]]
    for corner in new:
        blank[corner] = True
    return new


def _few_lines(whole: Counts, blank: Mask, least_cases: int) -> tuple[Mask, Mask]:
    """Return the rows and the columns whose total is published and whose blank cells hold too few cases together."""
    held = whole * blank
    rows, columns = held[:, :-1].sum(axis=1), held[:-1, :].sum(axis=0)
    return (rows > 0) & (rows < least_cases) & ~blank[:, -1], (columns > 0) & (columns < least_cases) & ~blank[-1, :]


def _fill_lines(whole: Counts, blank: Mask, sign: Counts, least_cases: int, least_width: int) -> list[tuple[int, int]]:
    """Leave more cells blank in lines whose blank cells hold too few cases together, and return them.

    Each comes as a corner of a cycle, so that it cannot be worked out either. New ones hold enough cases by themselves:
    no line needs a second look.
    """
    added: list[tuple[int, int]] = []
    for axis in (0, 1):
        for line in np.flatnonzero(_few_lines(whole, blank, least_cases)[axis]).tolist():
            # Seen along the line: the table as it is for a row, turned for a column.
            there, hid, way = (whole, blank, sign) if axis == 0 else (whole.T, blank.T, sign.T)
            lacking = least_cases - int((there[line] * hid[line])[:-1].sum())
            further = ~hid[line] & (there[line] >= lacking)
            further[-1] = True
            at = int(np.flatnonzero(hid[line])[0])
            corners = _cheapest_cycle(there, hid, way, (line, at), least_width, columns=further)
            if corners is None:
                blank[whole > 0] = True
                return []
            added += _blanked(blank, corners if axis == 0 else tuple((j, i) for i, j in corners))
    return added


def with_totals(counts: Counts) -> Counts:
    """Return a table with its row totals, column totals and grand total.

    Parameters
    ----------
    counts : array of int, shape (rows, columns)
        The counts.
    """
    rows, columns = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True)
    return np.block([[counts, rows], [columns, np.array([[counts.sum()]])]])


def signs(shape: tuple[int, ...]) -> Counts:
    """Return by which sign every cell stands in the sums of its lines, which are 0: totals by the other one.

    Parameters
    ----------
    shape : tuple of int
        Of the table with its totals.
    """
    sign = np.ones(shape, np.int64)
    sign[-1, :] *= -1
    sign[:, -1] *= -1
    return sign


def _rooms(whole: Counts, sign: Counts) -> tuple[Counts, Counts]:
    """Return how far the signed number in a cell can go down, and up, before the count falls below one."""
    spare = whole - 1
    return np.where(sign > 0, spare, _FREE), np.where(sign > 0, _FREE, spare)


def _widths(whole: Counts, sign: Counts, i: int, j: int) -> Counts:
    """Return the width that the cycle through (i, j) and every other corner (a, b) proves."""
    down, up = _rooms(whole, sign)
    lower = np.minimum(np.minimum(down[i, j], down), np.minimum(up[i, :][None, :], up[:, j][:, None]))
    raise_ = np.minimum(np.minimum(up[i, j], up), np.minimum(down[i, :][None, :], down[:, j][:, None]))
    widths = np.minimum(lower, _FREE >> 1) + np.minimum(raise_, _FREE >> 1)
    # A cell of none is published: it is no corner.
    usable = (whole > 0) & (whole[i, :] > 0)[None, :] & (whole[:, j] > 0)[:, None]
    usable[i, :] = False
    usable[:, j] = False
    return np.where(usable, widths, -1)


def _widest(whole: Counts, blank: Mask, sign: Counts, i: int, j: int) -> int:
    """Return the greatest width that a cycle of blank cells proves for (i, j); -1 where there is none."""
    rows, columns = np.flatnonzero(blank[:, j]), np.flatnonzero(blank[i, :])
    rows, columns = rows[rows != i], columns[columns != j]
    if not len(rows) or not len(columns):
        return -1
    # The largest cells give the widest cycles; a few of them prove enough.
    rows = rows[np.argsort(-whole[rows, j], kind="stable")[:_CORNERS]]
    columns = columns[np.argsort(-whole[i, columns], kind="stable")[:_CORNERS]]
    at = np.ix_(np.r_[i, rows], np.r_[j, columns])
    widths = np.where(blank[at], _widths(whole[at], sign[at], 0, 0), -1)
    return int(widths.max())


def _cheapest_cycle(
    whole: Counts,
    blank: Mask,
    sign: Counts,
    place: tuple[int, int],
    least_width: int,
    *,
    columns: Mask | None = None,
) -> tuple[tuple[int, int], ...] | None:
    """Return the corners that hide a cell at the least loss: totals last, then the cases that are left blank.

    With `columns` only cycles through one of these count.
    """
    i, j = place
    # Leaving out a total tells less than leaving out all the cells that it adds up, but readers miss it most.
    dear = int(whole[-1, -1]) + 1
    price = np.where(blank, 0, whole + dear * (sign < 0) + 2 * dear * ((sign > 0) & (whole == whole[-1, -1])))
    price[-1, -1] = 0 if blank[-1, -1] else 3 * dear
    cost = price + price[i, :][None, :] + price[:, j][:, None]
    fits = _widths(whole, sign, i, j) >= least_width
    if columns is not None:
        fits &= columns[None, :]
    if not fits.any():
        return None
    a, b = np.unravel_index(np.argmin(np.where(fits, cost, _FREE)), cost.shape)
    return (i, int(b)), (int(a), j), (int(a), int(b))


def _give_back(
    whole: Counts, blank: Mask, small: Mask, sign: Counts, added: list[tuple[int, int]], least: tuple[int, int]
) -> None:
    """Publish complementary cells after all that later ones have made needless, the largest first."""
    hidden = list(zip(*np.nonzero(small), strict=True))
    for corner in sorted(added, key=lambda place: (-whole[place], place))[: _STEPS // max(1, len(hidden))]:
        blank[corner] = False
        few = _few_lines(whole, blank, least[0])
        # What shares a line with it may have been hidden by it, whatever its own size.
        beside = [(i, j) for i, j in zip(*np.nonzero(blank), strict=True) if i == corner[0] or j == corner[1]]
        if (
            few[0][corner[0]]
            or few[1][corner[1]]
            or not all(_widest(whole, blank, sign, i, j) >= least[1] for i, j in hidden)
            or not all(_widest(whole, blank, sign, i, j) >= 0 for i, j in beside)
        ):
            blank[corner] = True
