"""Compile the kinds of cases that occur: the key of each, its cell, and the segments of all cells in one table."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.settlement import mark_keys
from actuary.payment.case_kinds import CaseKinds
from actuary.payment.cases import CaseTable
from actuary.payment.cells import Cell, CellKey, Variant, cell_of, known_tiers
from actuary.payment.chunks import run_chunks
from actuary.payment.compiled import CaseCodes, CompiledCells, keys_of
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.segments import Segment
from actuary.payment.statuses import PaymentReason

__all__ = ["compile_cells"]

_NO_END: Final = 1 << 62
_DENSE_KEYS: Final = 1 << 26
_REGULAR = PaymentReason.REGULAR.number


def compile_cells(
    cases: CaseTable,
    kinds: CaseKinds,
    policy: PaymentPolicy,
    *,
    threads: int = 1,
    known: dict[CellKey, Cell] | None = None,
) -> CompiledCells:
    """Compile the kinds of cases that occur.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    kinds : CaseKinds
        What they are paid as.
    policy : PaymentPolicy
        The policy.
    threads : int
        Threads.
    known : dict, optional
        Cells of the same policy that were compiled for other cases; it is added to.

    Returns
    -------
    CompiledCells
        Tables for the loops.
    """
    payable = kinds.reason == _REGULAR
    sizes = [len(kinds.group.names), len(kinds.places), len(cases.insurance_names), len(kinds.variants)]
    codes = CaseCodes(
        group=kinds.group.codes,
        place=kinds.place,
        insurance=cases.insurance_code,
        variant=kinds.variant,
        shape=np.array([max(1, size) for size in sizes[1:]], np.int64),
        payable=payable,
    )
    space = int(np.prod([max(1, size) for size in sizes], dtype=object))
    if space > _DENSE_KEYS:
        codes, found = _dense(codes)
        numbers = list(enumerate(found.tolist()))
        space = len(found)
    else:
        seen = np.zeros(space, np.uint8)

        def mark(first: int, end: int) -> None:
            mark_keys(codes.group, codes.place, codes.insurance, codes.variant, codes.shape, payable, first, end, seen)

        run_chunks(mark, len(cases), threads)
        numbers = [(key, key) for key in np.flatnonzero(seen).tolist()]
    return _tables(policy, cases, kinds, codes, (numbers, space), {} if known is None else known)


def _dense(codes: CaseCodes) -> tuple[CaseCodes, NDArray[np.int64]]:
    """Give the keys that occur numbers of their own, where there are too many for a table of all."""
    rows = np.flatnonzero(codes.payable)
    found, numbers = np.unique(keys_of(codes, rows), return_inverse=True)
    group, nothing = np.full(len(codes.group), -1, np.int32), np.zeros(len(codes.group), np.int32)
    group[rows] = numbers
    dense = CaseCodes(
        group=group,
        place=nothing,
        insurance=nothing,
        variant=np.zeros(0, np.int32),
        shape=np.ones(3, np.int64),
        payable=codes.payable,
    )
    return dense, found


def _tables(
    policy: PaymentPolicy,
    cases: CaseTable,
    kinds: CaseKinds,
    codes: CaseCodes,
    found: tuple[list[tuple[int, int]], int],
    done: dict[CellKey, Cell],
) -> CompiledCells:
    numbers, space = found
    slot, unpriced = np.full(space, -1, np.int32), np.zeros(space, np.int8)
    keys: list[CellKey] = []
    cells: list[Cell] = []
    segments: list[Segment] = []
    first: list[int] = []
    owner: list[int] = []
    tiers = known_tiers(policy)
    of_standard = policy.ratio is not None and policy.ratio.denominator == "standard"
    by_insurance = policy.price.mode == "fixed" or of_standard
    for number, key_number in numbers:
        key = _key_of(key_number, cases, kinds)
        # In a pool the lines of a group are the same for every insurance; only what a point is worth differs.
        alike = key if by_insurance else replace(key, insurance="")
        if alike not in done or key.variant.kind == "bed_day":
            done[alike] = cell_of(policy, key)
        cell = done[alike]
        if tiers is not None and key.tier not in tiers and cell.reason is not PaymentReason.GROUP_UNKNOWN:
            cell = Cell(reason=PaymentReason.TIER_UNKNOWN)
        if not cell.segments:
            unpriced[number] = cell.reason.number
            continue
        slot[number] = len(cells)
        first.append(len(segments))
        owner += [len(cells)] * len(cell.segments)
        segments += cell.segments
        keys.append(key)
        cells.append(cell)
    ends = [_NO_END if segment.upper is None else min(segment.upper, _NO_END) for segment in segments]
    reasons = [_reason_of(segment, keys[place].variant) for segment, place in zip(segments, owner, strict=True)]
    return CompiledCells(
        policy=policy,
        codes=codes,
        keys=tuple(keys),
        cells=tuple(cells),
        segments=tuple(segments),
        segment_cell=np.array(owner, np.int32),
        segment_reason=np.array(reasons, np.int8),
        slot=slot,
        unpriced=unpriced,
        cell_first=np.array(first, np.int32),
        cutoffs=np.array(ends, np.int64),
        variable=kinds.variable,
        highest=max(0, int(kinds.variable.max(initial=0))),
    )


def _key_of(number: int, cases: CaseTable, kinds: CaseKinds) -> CellKey:
    number, variant = divmod(number, max(1, len(kinds.variants)))
    number, insurance = divmod(number, max(1, len(cases.insurance_names)))
    group, place = divmod(number, max(1, len(kinds.places)))
    tier, hospital = kinds.places[place]
    listed: Decimal | None = cases.hospital_coefficients.get(hospital)
    return CellKey(
        group=kinds.group.names[group],
        tier=tier,
        hospital=hospital,
        insurance=cases.insurance_names[insurance],
        variant=kinds.variants[variant],
        listed=listed,
    )


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
