"""Kinds of cases of one policy that were compiled: a table that grows, shared by the parts of a settlement."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from actuary.payment.cells import Cell, CellKey, Variant, cell_of, known_tiers
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.segments import Segment
from actuary.payment.statuses import PaymentReason

__all__ = ["CellTables", "KnownCells"]

_NO_END: Final = 1 << 62

#: Kinds that are kept whatever a part has of them; and how many times its own kinds, where those are more.
_ROOMY: Final = 20_000
_TIMES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellTables:
    """Hold compiled kinds of cases, as :class:`~actuary.payment.compiled.CompiledCells` does.

    Parameters
    ----------
    keys, cells, segments : tuple
        Kinds that have a price, what they are paid, and all segments, those of one cell together.
    segment_cell, segment_reason, cutoffs : ndarray (segments)
        Cell of each, reason of its cases, highest variable.
    cell_first : int32 (cells)
        First segment of each cell.
    made : dict
        Tables for the loops that were made of them.
    """

    keys: tuple[CellKey, ...] = ()
    cells: tuple[Cell, ...] = ()
    segments: tuple[Segment, ...] = ()
    segment_cell: NDArray[np.int32]
    segment_reason: NDArray[np.int8]
    cutoffs: NDArray[np.int64]
    cell_first: NDArray[np.int32]
    made: dict[tuple[str, int, int], Any] = field(default_factory=dict)


class KnownCells:
    """Keep the kinds of cases of one policy that were compiled; parts on several threads may add to it.

    Attributes
    ----------
    weights : dict
        Weights by group and tier that were looked up for totals.

    Examples
    --------
    >>> len(KnownCells())
    0
    """

    def __init__(self) -> None:
        self._adding = threading.Lock()
        self.weights: dict[tuple[str, str], Fraction] = {}
        self._forget()

    def _forget(self) -> None:
        self._place: dict[CellKey, int] = {}
        self._alike: dict[CellKey, Cell] = {}
        self._tables = CellTables(
            segment_cell=np.zeros(0, np.int32),
            segment_reason=np.zeros(0, np.int8),
            cutoffs=np.zeros(0, np.int64),
            cell_first=np.zeros(0, np.int32),
        )

    def __len__(self) -> int:
        """Return the number of kinds."""
        return len(self._place)

    def places(self, policy: PaymentPolicy, keys: Sequence[CellKey]) -> tuple[list[int], CellTables]:
        """Return where some kinds stand, and the tables in which they do; what is new is compiled.

        Parameters
        ----------
        policy : PaymentPolicy
            The policy, always the same one.
        keys : sequence of CellKey
            Kinds, each once.

        Returns
        -------
        list of int
            Cell of each kind; of one without a price, -1 less the number of its reason.
        CellTables
            Tables of these kinds and of others.
        """
        with self._adding:
            found = [self._place.get(key) for key in keys]
            if None in found:
                if len(self._place) + found.count(None) > max(_ROOMY, _TIMES * len(keys)):
                    # Those of other hospitals, mostly: every part would carry them along.
                    self._forget()
                    found = [None] * len(keys)
                self._add(policy, [key for key, place in zip(keys, found, strict=True) if place is None])
            places = (self._place[key] if place is None else place for key, place in zip(keys, found, strict=True))
            return list(places), self._tables

    def _add(self, policy: PaymentPolicy, keys: Sequence[CellKey]) -> None:
        held, tiers = self._tables, known_tiers(policy)
        of_standard = policy.ratio is not None and policy.ratio.denominator == "standard"
        by_insurance = policy.price.mode == "fixed" or of_standard
        priced: list[tuple[CellKey, Cell]] = []
        for key in keys:
            cell = self._cell(policy, key, by_insurance=by_insurance)
            if tiers is not None and key.tier not in tiers and cell.reason is not PaymentReason.GROUP_UNKNOWN:
                cell = Cell(reason=PaymentReason.TIER_UNKNOWN)
            self._place[key] = len(held.cells) + len(priced) if cell.segments else -1 - cell.reason.number
            if cell.segments:
                priced.append((key, cell))
        segments = [(segment, key.variant) for key, cell in priced for segment in cell.segments]
        sizes = np.array([len(cell.segments) for _, cell in priced], np.int32)
        first = np.append(0, np.cumsum(sizes))[:-1] + len(held.segments)
        ends = [_NO_END if segment.upper is None else min(segment.upper, _NO_END) for segment, _ in segments]
        reasons = [_reason_of(segment, variant) for segment, variant in segments]
        owner = np.repeat(np.arange(len(priced)) + len(held.cells), sizes)
        self._tables = CellTables(
            keys=(*held.keys, *(key for key, _ in priced)),
            cells=(*held.cells, *(cell for _, cell in priced)),
            segments=(*held.segments, *(segment for segment, _ in segments)),
            segment_cell=np.append(held.segment_cell, owner).astype(np.int32),
            segment_reason=np.append(held.segment_reason, reasons).astype(np.int8),
            cutoffs=np.append(held.cutoffs, np.array(ends, np.int64)),
            cell_first=np.append(held.cell_first, first).astype(np.int32),
        )

    def _cell(self, policy: PaymentPolicy, key: CellKey, *, by_insurance: bool) -> Cell:
        """Compile a kind. In a pool its lines are the same for every insurance; only what a point is worth differs."""
        if by_insurance or key.variant.kind == "bed_day":
            return cell_of(policy, key)
        alike = replace(key, insurance="")
        if alike not in self._alike:
            self._alike[alike] = cell_of(policy, key)
        return self._alike[alike]


def _reason_of(segment: Segment, variant: Variant) -> int:
    reason = PaymentReason.REGULAR
    if segment.pending:
        reason = PaymentReason.REVIEW_PENDING
    elif variant.review:
        reason = {
            "approved": PaymentReason.REVIEW_APPROVED,
            "refused": PaymentReason.REVIEW_REFUSED,
            "over_quota": PaymentReason.REVIEW_OVER_QUOTA,
        }[variant.review]
    elif variant.kind == "over_cap":
        reason = PaymentReason.OVER_VOLUME_CAP
    elif variant.share != 1:
        reason = PaymentReason.EARLIER_STAY
    return reason.number
