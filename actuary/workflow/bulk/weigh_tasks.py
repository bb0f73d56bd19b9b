"""What weighing does to one partition, and to the costs of one share of the groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from actuary.kernels.case_rows import share_texts
from actuary.kernels.cost_cells import sort_by_cell
from actuary.payment.case_cells import text_buffers
from actuary.payment.coefficients import unit_sums
from actuary.payment.cost_structure import StructureSums, sum_structure
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.trimming import CostMoments, trim_cells
from actuary.payment.weight_rules import WeightRule
from actuary.payment.weights import counts_by_year, year_cells
from actuary.payment.weights_of_cases import classes_of, costs_that_count, counted_cases, years_of
from actuary.workflow.bulk.case_parts import CaseReader, write_case_ids
from actuary.workflow.bulk.partitions import Partition

__all__ = ["BoundsOfCells", "CellTask", "CostTask", "StructureTask", "UnitTask", "moments_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureTask:
    """Add up the classes of items of the cases of a partition that count.

    Parameters
    ----------
    reader, policy, ids :
        As in :class:`CostTask`.
    """

    reader: CaseReader
    policy: PaymentPolicy
    ids: int

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Add up a partition."""
        own = self.reader.own(partition)
        if self.ids:
            write_case_ids(own, folder, shares=self.ids)
        table = self.reader.judged(own, partition.number)
        counted, _ = counted_cases(table, self.policy)
        return {"totals": list(sum_structure(table.cost_fen, classes_of(table, counted)).totals)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTask:
    """Write the costs that count of a partition, sorted by share, group and year: ``costs.npy``, ``cells.npz``.

    Parameters
    ----------
    reader : CaseReader
        How it is read.
    policy : PaymentPolicy
        The policy.
    rule : WeightRule
        Its rule of weights.
    ids : int
        Shares of the names of the cases; 0 where they are not wanted.
    shares : int
        Shares of the groups.
    structure : StructureSums or None
        What the classes of items of all partitions add up to, where costs are adjusted by them.
    """

    reader: CaseReader
    policy: PaymentPolicy
    rule: WeightRule
    ids: int
    shares: int
    structure: StructureSums | None = None

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Read a partition."""
        own = self.reader.own(partition)
        if self.ids:
            write_case_ids(own, folder, shares=self.ids)
        table = self.reader.judged(own, partition.number)
        group, cost, left_out = costs_that_count(table, self.policy, self.rule, structure=self.structure)
        years = years_of(table)
        found: dict[str, Any] = {"synthetic": table.synthetic, "tiers": sorted(table.tier_names)}
        cell, width = group, 1
        if counts_by_year(self.rule, years):
            cell, counts, outside = year_cells(group, self.rule, years)
            width = len(self.rule.years)
            found["years"] = {str(year): count for year, count in counts.items()}
            found["present"] = sorted({int(one) for one in (() if years is None else np.unique(years))})
            left_out["not of a declared year"] = outside
        found["left_out"] = left_out
        names = np.array(table.group_names, object)
        values, starts = sort_by_cell(cell, cost, cells=len(names) * width)
        order = _order_of_groups(table.group_names, self.shares)
        places = np.repeat(order.places, width) * width + np.tile(np.arange(width), len(names))
        sizes = np.diff(starts)[places]
        np.save(folder / "costs.npy", _gathered(values, starts[:-1][places], sizes))
        np.savez(
            folder / "cells.npz",
            bounds=np.append(0, np.cumsum(sizes)),
            shares=np.searchsorted(order.shares, np.arange(self.shares + 1)) * width,
        )
        found["groups"] = [str(names[place]) for place in order.places]
        found["width"] = width
        return found


@dataclass(frozen=True, slots=True)
class _Order:
    places: NDArray[np.int64]
    shares: NDArray[np.int32]


def _order_of_groups(names: Sequence[str], shares: int) -> _Order:
    """Return the places of groups sorted by their share."""
    share = np.zeros(len(names), np.int32)
    if shares > 1:
        share_texts(*text_buffers(pa.array(list(names), pa.large_string())), shares, share)
    places = np.argsort(share, kind="stable")
    return _Order(places, share[places])


def _gathered(values: NDArray[np.int64], starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    pieces = [values[start : start + size] for start, size in zip(starts.tolist(), sizes.tolist(), strict=True)]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellTask:
    """Trim the costs of the groups of one share, those of all partitions together.

    Parameters
    ----------
    folders : tuple of str
        Where each partition wrote its costs.
    groups : tuple of tuple of str
        Groups of each partition, in the order of its costs.
    rule : WeightRule
        The rule of weights.
    width : int
        Declared years, 1 without them.
    """

    folders: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    rule: WeightRule
    width: int

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:  # noqa: ARG002  (writes no file)
        """Trim a share; return by group and year the bounds and moments, and the moments of all its years."""
        pieces: dict[str, list[list[NDArray[np.int64]]]] = {}
        for place, names in zip(self.folders, self.groups, strict=True):
            with np.load(Path(place) / "cells.npz") as cells:
                bounds, shares = cells["bounds"], cells["shares"]
            costs = np.load(Path(place) / "costs.npy", mmap_mode="r")
            for cell in range(*shares[partition.number : partition.number + 2].tolist()):
                part = costs[bounds[cell] : bounds[cell + 1]]
                if part.size:
                    group, year = divmod(cell, self.width)
                    pieces.setdefault(names[group], [[] for _ in range(self.width)])[year].append(part)
        return {"groups": {name: self._trimmed(pieces[name]) for name in sorted(pieces)}}

    def _trimmed(self, years: list[list[NDArray[np.int64]]]) -> list[Any]:
        of_year = [np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int64) for parts in years]
        starts = np.append(0, np.cumsum([part.size for part in of_year]))
        values = np.concatenate(of_year)
        by_year = trim_cells(values, starts, self.rule.trim)
        whole = replace(self.rule.trim, sd=self.rule.stable.sd)
        together = np.sort(values) if self.width > 1 else values
        pooled = trim_cells(together, np.array([0, values.size]), whole)
        cells = zip(by_year.low_fen.tolist(), by_year.high_fen.tolist(), by_year.before, by_year.after, strict=True)
        return [
            [[low, high, _plain(before), _plain(after)] for low, high, before, after in cells],
            [_plain(pooled.before[0]), _plain(pooled.after[0])],
        ]


def _plain(moments: CostMoments) -> list[int]:
    return [moments.n, moments.total, moments.squares]


def moments_of(held: Sequence[int]) -> CostMoments:
    """Return moments as a task wrote them.

    Examples
    --------
    >>> moments_of([2, 6, 20]).mean
    Fraction(3, 1)
    """
    return CostMoments(*held)


@dataclass(frozen=True, slots=True)
class BoundsOfCells:
    """Hold the costs that trimming keeps, by group: of each declared year the least and the greatest [fen]."""

    of_group: Mapping[str, tuple[tuple[int, int], ...]]

    def keep(self, names: Sequence[str], cell: NDArray[np.int64], cost: NDArray[np.int64], width: int) -> Any:
        """Say of each case whether it is kept."""
        none = ((1, 0),) * width
        bounds = np.array([pair for name in names for pair in self.of_group.get(name, none)] or [(1, 0)], np.int64)
        place = np.where(cell >= 0, cell, 0)
        return (cell >= 0) & (cost >= bounds[place, 0]) & (cost <= bounds[place, 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTask:
    """Add up the cases of a partition by group and tier or hospital, and those that trimming kept.

    Parameters
    ----------
    reader, policy, rule :
        As in :class:`CostTask`; the reader knows the repeated cases.
    bounds : BoundsOfCells
        What trimming keeps.
    of_tier : bool
        Whether tiers are wanted; else hospitals.
    structure : StructureSums or None
        As in :class:`CostTask`.
    """

    reader: CaseReader
    policy: PaymentPolicy
    rule: WeightRule
    bounds: BoundsOfCells
    of_tier: bool
    structure: StructureSums | None = None

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Add up a partition into ``units.parquet``."""
        import pyarrow.parquet as pq  # noqa: PLC0415

        table = self.reader.read(partition)
        group, cost, _ = costs_that_count(table, self.policy, self.rule, structure=self.structure)
        years, cell, width = years_of(table), group, 1
        if counts_by_year(self.rule, years):
            cell, width = year_cells(group, self.rule, years)[0], len(self.rule.years)
        keep = self.bounds.keep(table.group_names, cell, cost, width)
        names = table.tier_names if self.of_tier else table.hospital_names
        code = (table.tier_code if self.of_tier else table.hospital_code).astype(np.int64)
        # A case of no declared year does not count.
        sums = unit_sums(
            np.where(cell < 0, -1, group), code, cost, keep=keep, shape=(len(table.group_names), len(names))
        )
        at = np.nonzero(sums[0])
        rows = {"group": [table.group_names[one] for one in at[0]], "unit": [names[one] for one in at[1]]}
        numbers = {name: one[at] for name, one in zip(("n", "kept", "total"), sums, strict=True)}
        pq.write_table(pa.table({**rows, **numbers}), folder / "units.parquet")
        return {"rows": len(at[0])}
