"""What stays add up to by hospital and group, in whole numbers.

Every indicator of a hospital follows from these sums. They can be added up part by part, in any order, without a
difference to the sums of all stays at once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.cost_cells import SQUARE_PARTS, carry_squares, cell_squares, cell_sums, whole_square
from actuary.payment.indicator_limits import IndicatorLimits
from actuary.payment.stays_in_base import IndicatorStays, indicator_base
from actuary.payment.trimming import CostMoments

__all__ = [
    "CellCosts",
    "StayTally",
    "accurate_cases",
    "accurate_costs",
    "join_tallies",
    "tally_stays",
]

type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]

#: Sums of a cell, a hospital and group: the cases of the base that are grouped.
OF_CELL: Final = ("cases", "cost_fen", *SQUARE_PARTS, "stays_with_days", "days", "deaths")
#: Sums of a hospital. Listed are all cases that can be read; those with a gap have charge and standard.
OF_HOSPITAL: Final = ("cases", "base", "listed", "listed_grouped", "with_gap", "gap_fen")

#: Hospitals times groups for which there is always room.
_WIDE_CELLS: Final = 1 << 22
#: Cells that are held before they are added up.
_HELD_CELLS: Final = 1 << 17


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StayTally:
    """Hold what stays add up to.

    Parameters
    ----------
    hospitals, groups : tuple of str
        Names.
    hospital_code, group_code : int64 array, shape (cell,)
        Places of the cells that hold a case among them, by hospital and then by group.
    of_cell : int64 array, shape (sum, cell)
        Sums of the cells, see :data:`OF_CELL` [count, fen, days].
    of_hospital : int64 array, shape (sum, hospital)
        Sums of the hospitals, see :data:`OF_HOSPITAL` [count, fen].
    known : frozenset of str
        Which of ``days``, ``died``, ``gap`` the stays tell.
    """

    hospitals: tuple[str, ...]
    groups: tuple[str, ...]
    hospital_code: IntArray
    group_code: IntArray
    of_cell: IntArray
    of_hospital: IntArray
    known: frozenset[str]

    def cell(self, name: str) -> IntArray:
        """Return a sum of every cell."""
        found: IntArray = self.of_cell[OF_CELL.index(name)]
        return found

    def hospital(self, name: str) -> IntArray:
        """Return a sum of every hospital."""
        found: IntArray = self.of_hospital[OF_HOSPITAL.index(name)]
        return found

    def over_groups(self, value: IntArray, where: BoolArray | None = None) -> IntArray:
        """Add up a number of every cell over the groups of each hospital."""
        return _added(self.hospital_code, value, len(self.hospitals), where)

    def over_hospitals(self, value: IntArray) -> IntArray:
        """Add up a number of every cell over the hospitals of each group."""
        return _added(self.group_code, value, len(self.groups), None)

    def bounds(self) -> list[tuple[int, int]]:
        """Return where the cells of each hospital begin and end."""
        edges = np.searchsorted(self.hospital_code, np.arange(len(self.hospitals) + 1)).tolist()
        return list(itertools.pairwise(edges))

    def moments(self) -> list[list[CostMoments]]:
        """Return number, sum and sum of squares of the costs of every group of each hospital."""
        squares = [self.cell(name).tolist() for name in SQUARE_PARTS]
        cells = [
            CostMoments(n, total, whole_square(*parts))
            for n, total, *parts in zip(
                self.cell("cases").tolist(), self.cell("cost_fen").tolist(), *squares, strict=True
            )
        ]
        return [cells[begin:end] for begin, end in self.bounds()]

    def means(self) -> Mapping[str, tuple[int, int, int, int]]:
        """Return of every group with cases: cases, their cost [fen], those with a length of stay, its sum [days]."""
        names = ("cases", "cost_fen", "stays_with_days", "days")
        sums = [self.over_hospitals(self.cell(name)).tolist() for name in names]
        rows = zip(self.groups, *sums, strict=True)
        return {group: (n, cost, with_days, days) for group, n, cost, with_days, days in rows if n}


def _added(code: IntArray, value: IntArray, size: int, where: BoolArray | None) -> IntArray:
    return cell_sums(code if where is None else np.where(where, code, -1), value, cells=size)[1]


@dataclass(frozen=True, slots=True, eq=False)
class CellCosts:
    """Hold the costs of the grouped cases of the base, for what cannot be added up before the means are known.

    Parameters
    ----------
    cell : int32 array, shape (grouped case,)
        Place of the cell of each case in its tally.
    cost_fen : int64 array, shape (grouped case,)
        Costs [fen].
    """

    cell: NDArray[np.int32]
    cost_fen: IntArray


def tally_stays(stays: IndicatorStays, limits: IndicatorLimits) -> tuple[StayTally, CellCosts]:
    """Add up stays by hospital and group.

    Parameters
    ----------
    stays : IndicatorStays
        The stays.
    limits : IndicatorLimits
        Limits of the base.

    Returns
    -------
    StayTally, CellCosts
        The sums, and the costs that they are of.

    Examples
    --------
    >>> from actuary.payment.indicator_limits import load_indicator_limits
    >>> stays = IndicatorStays(
    ...     hospitals=("H1", "H2"), groups=("A",), hospital_code=np.array([0, 0, 1]), group_code=np.array([0, 0, -1]),
    ...     cost_fen=np.array([120_00, 130_00, 60_00]), valid=np.ones(3, dtype=bool), weights=(None,))
    >>> tally, _ = tally_stays(stays, load_indicator_limits())
    >>> tally.cell("cost_fen").tolist(), tally.hospital("base").tolist()
    ([25000], [2, 1])
    """
    base = indicator_base(stays, limits)
    grouped = base & (stays.group_code >= 0)
    width, size = len(stays.groups), len(stays.hospitals)
    wide = np.where(grouped, stays.hospital_code.astype(np.int64) * width + stays.group_code, -1)
    filled, cell = _filled_cells(wide, size * width)
    none = np.zeros(filled.size, dtype=np.int64)
    with_days, days, deaths = none, none, none
    if stays.days is not None:
        with_days, days = cell_sums(np.where(stays.days >= 0, cell, -1), stays.days, cells=filled.size)
    if stays.died is not None:
        deaths, _ = cell_sums(np.where(stays.died, cell, -1), stays.cost_fen, cells=filled.size)
    number, cost = cell_sums(cell, stays.cost_fen, cells=filled.size)
    known = {name for name, held in (("days", stays.days), ("died", stays.died)) if held is not None}
    if stays.charged_fen is not None and stays.standard_fen is not None:
        known.add("gap")
    tally = StayTally(
        hospitals=stays.hospitals,
        groups=stays.groups,
        hospital_code=filled // max(1, width),
        group_code=filled % max(1, width),
        of_cell=np.stack(
            [number, cost, *cell_squares(cell, stays.cost_fen, cells=filled.size), with_days, days, deaths]
        ),
        of_hospital=_of_hospitals(stays, base),
        known=frozenset(known),
    )
    return tally, CellCosts(cell[grouped].astype(np.int32), stays.cost_fen[grouped])


def _filled_cells(wide: IntArray, size: int) -> tuple[IntArray, IntArray]:
    """Return the cells that hold a case, and the place of each case's cell among them; -1 where it has none."""
    if size > max(_WIDE_CELLS, wide.size):
        # Far more names than cases: places for all that could be would not fit.
        filled, cell = np.unique(np.append(wide, -1), return_inverse=True)
        return filled[1:], cell[:-1] - 1
    filled = np.flatnonzero(cell_sums(wide, wide, cells=size)[0])
    # A case without a cell keeps -1, which is the last place.
    places = np.full(size + 1, -1, dtype=np.int64)
    places[filled] = np.arange(filled.size)
    return filled, places[wide]


def _of_hospitals(stays: IndicatorStays, base: BoolArray) -> IntArray:
    readable = stays.valid & (stays.hospital_code >= 0)
    gap, both = stays.cost_fen, np.zeros(len(stays.cost_fen), dtype=bool)
    if stays.charged_fen is not None and stays.standard_fen is not None:
        gap = stays.charged_fen - stays.standard_fen
        both = base & (stays.charged_fen >= 0) & (stays.standard_fen >= 0)
    every = stays.hospital_code >= 0
    counted = (every, base, readable, readable & (stays.group_code >= 0), both)
    sums = [cell_sums(np.where(where, stays.hospital_code, -1), gap, cells=len(stays.hospitals)) for where in counted]
    return np.stack([*(number for number, _ in sums), sums[-1][1]])


def join_tallies(parts: Iterable[StayTally]) -> StayTally:
    """Add up the tallies of parts, in any order; names come sorted.

    Parameters
    ----------
    parts : iterable of StayTally
        At least one; they are read one after the other.

    Examples
    --------
    >>> one = StayTally(
    ...     hospitals=("H1",), groups=("A",), hospital_code=np.array([0]), group_code=np.array([0]),
    ...     of_cell=np.ones((8, 1), dtype=np.int64), of_hospital=np.ones((6, 1), dtype=np.int64), known=frozenset())
    >>> both = join_tallies([one, one])
    >>> both.cell("cases").tolist(), both.hospital("base").tolist()
    ([2], [2])
    """
    hospitals: dict[str, int] = {}
    groups: dict[str, int] = {}
    known: frozenset[str] | None = None
    held: list[tuple[IntArray, IntArray]] = []
    of_hospital: list[tuple[IntArray, IntArray]] = []
    for part in parts:
        known = part.known if known is None else known & part.known
        mine = _places(hospitals, part.hospitals)
        of_hospital.append((mine, part.of_hospital))
        held.append((mine[part.hospital_code] << 32 | _places(groups, part.groups)[part.group_code], part.of_cell))
        if len(held) > 1 and sum(len(keys) for keys, _ in held[1:]) > max(_HELD_CELLS, len(held[0][0])):
            held = [_summed(held)]
    keys, cells = _summed(held)
    names, of_names = sorted(hospitals), sorted(groups)
    # Places among the sorted names.
    place, group = (_ranks(first, then) for first, then in ((hospitals, names), (groups, of_names)))
    hospital_code, group_code = place[keys >> 32], group[keys & ((1 << 32) - 1)]
    order = np.lexsort((group_code, hospital_code))
    whole = np.zeros((len(OF_HOSPITAL), len(names)), dtype=np.int64)
    for mine, sums in of_hospital:
        whole[:, place[mine]] += sums
    return StayTally(
        hospitals=tuple(names),
        groups=tuple(of_names),
        hospital_code=hospital_code[order],
        group_code=group_code[order],
        of_cell=carry_squares(cells[:, order], first=OF_CELL.index(SQUARE_PARTS[0])),
        of_hospital=whole,
        known=known or frozenset(),
    )


def _places(held: dict[str, int], names: Iterable[str]) -> IntArray:
    """Return the places of names among those that are held; new ones are added."""
    return np.array([held.setdefault(name, len(held)) for name in names], dtype=np.int64)


def _ranks(held: Mapping[str, int], names: list[str]) -> IntArray:
    ranks = np.zeros(len(held), dtype=np.int64)
    ranks[[held[name] for name in names]] = np.arange(len(names))
    return ranks


def _summed(held: list[tuple[IntArray, IntArray]]) -> tuple[IntArray, IntArray]:
    """Add up cells of the same key."""
    keys, place = np.unique(np.concatenate([one for one, _ in held]), return_inverse=True)
    sums = np.concatenate([one for _, one in held], axis=1)
    whole = [cell_sums(place, row, cells=keys.size)[1] for row in sums]
    return keys, carry_squares(np.stack(whole), first=OF_CELL.index(SQUARE_PARTS[0]))


def accurate_costs(tally: StayTally, limits: IndicatorLimits) -> Mapping[str, tuple[int, int]]:
    """Return of every group with cases the least and the greatest cost that is accurate [fen], exactly.

    Parameters
    ----------
    tally : StayTally
        The sums of all cases.
    limits : IndicatorLimits
        Between which ratios to the mean of the group a cost is accurate, both excluded.
    """
    low, high = limits.accuracy_ratio_over.exact, limits.accuracy_ratio_under.exact
    means = {group: Fraction(cost, n) for group, (n, cost, *_) in tally.means().items()}
    return {group: (math.floor(low * mean) + 1, math.ceil(high * mean) - 1) for group, mean in means.items()}


def accurate_cases(tally: StayTally, costs: CellCosts, accurate: Mapping[str, tuple[int, int]]) -> IntArray:
    """Count the cases of each hospital whose cost is accurate.

    Parameters
    ----------
    tally : StayTally
        The sums that the costs belong to: of a part, or of all.
    costs : CellCosts
        The costs.
    accurate : mapping of str to (int, int)
        Which costs are accurate, by group, see :func:`accurate_costs` [fen].
    """
    of_group = np.array([accurate.get(group, (1, 0)) for group in tally.groups] or [(1, 0)], dtype=np.int64)
    of_cell = of_group[tally.group_code]
    inside = (costs.cost_fen >= of_cell[costs.cell, 0]) & (costs.cost_fen <= of_cell[costs.cell, 1])
    code = np.where(inside, tally.hospital_code[costs.cell], -1)
    return cell_sums(code, costs.cost_fen, cells=len(tally.hospitals))[0]
