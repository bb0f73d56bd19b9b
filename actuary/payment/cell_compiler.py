"""Compile the kinds of cases that occur: the key of each, its cell, and the segments of all cells in one table."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.settlement import mark_keys
from actuary.payment.case_kinds import CaseKinds
from actuary.payment.cases import CaseTable
from actuary.payment.cells import CellKey
from actuary.payment.chunks import run_chunks
from actuary.payment.compiled import CaseCodes, CompiledCells, keys_of
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.known_cells import KnownCells
from actuary.payment.statuses import PaymentReason

__all__ = ["compile_cells"]

_DENSE_KEYS: Final = 1 << 26
_REGULAR = PaymentReason.REGULAR.number


def compile_cells(
    cases: CaseTable,
    kinds: CaseKinds,
    policy: PaymentPolicy,
    *,
    threads: int = 1,
    known: KnownCells | None = None,
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
    known : KnownCells, optional
        Kinds of the same policy that were compiled for other cases; it is added to.

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
    return _tables(policy, cases, kinds, codes, (numbers, space), KnownCells() if known is None else known)


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
    known: KnownCells,
) -> CompiledCells:
    numbers, space = found
    slot, unpriced = np.full(space, -1, np.int32), np.zeros(space, np.int8)
    places, tables = known.places(policy, [_key_of(key, cases, kinds) for _, key in numbers])
    at, place = np.array([number for number, _ in numbers], np.int64), np.array(places, np.int64)
    slot[at] = np.maximum(place, -1)
    unpriced[at] = np.maximum(-1 - place, 0)
    return CompiledCells(
        policy=policy,
        codes=codes,
        keys=tables.keys,
        cells=tables.cells,
        segments=tables.segments,
        segment_cell=tables.segment_cell,
        segment_reason=tables.segment_reason,
        slot=slot,
        unpriced=unpriced,
        cell_first=tables.cell_first,
        cutoffs=tables.cutoffs,
        variable=kinds.variable,
        highest=max(0, int(kinds.variable.max(initial=0))),
        made=tables.made,
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
