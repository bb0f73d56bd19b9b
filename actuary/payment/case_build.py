"""Build the table of cases from Arrow batches: read every column, say what is wrong with a row, join the batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, nearest_name, raise_all
from actuary.kernels import case_rows as rows
from actuary.payment.case_cells import (
    Coded,
    Numbers,
    as_text_column,
    read_codes,
    read_dates,
    read_decimals,
    read_flags,
    text_buffers,
)
from actuary.payment.case_columns import COLUMNS, HIGHEST_FEN, INSURANCE_WORDS, MISSING, REQUIRED, Kind, rename_columns
from actuary.payment.cases import EXTRA_PARTS, CaseTable, CellNote
from actuary.payment.statuses import PaymentReason
from actuary.threads import worker_threads

__all__ = ["check_cell_types", "choose_columns", "table_of_batches"]

#: Cells of one column that are kept for the list of problems.
_KEPT_CELLS = 1_000_000

_COST_REASONS = {
    rows.MISSING_CELL: PaymentReason.COST_MISSING,
    rows.NOT_PLAIN: PaymentReason.COST_NOT_A_NUMBER,
    rows.NEGATIVE: PaymentReason.COST_NEGATIVE,
    rows.TOO_PRECISE: PaymentReason.COST_TOO_PRECISE,
    rows.TOO_HIGH: PaymentReason.COST_TOO_HIGH,
}

_EXTRA_DIGITS = len(str(EXTRA_PARTS)) - 1


def choose_columns(present: Sequence[str], *, where: str, extra: Iterable[str] = ()) -> dict[str, str]:
    """Return which column of a table is read as what, once all that are needed are there.

    Parameters
    ----------
    present : sequence of str
        Columns of the table.
    where : str
        The table, for messages.
    extra : iterable of str
        Further columns that a rule of the policy reads.

    Returns
    -------
    dict of str to str
        Name here to name in the table.

    Raises
    ------
    TableError
        Names every column that is missing, with the nearest there is, or that is there several times.
    """
    names = list(present)
    chosen = rename_columns(names)
    for name in extra:
        if name in names:
            chosen.setdefault(name, name)
    expected = f"the columns {', '.join(REQUIRED)} (and tier, where no list of hospitals gives it)"
    problems = []
    for name in (*REQUIRED, *(name for name in extra if name not in REQUIRED)):
        if name in chosen:
            continue
        near = nearest_name(name, [column for column in names if column not in chosen.values()])
        said = expected if name in REQUIRED else "the columns that the rules of the policy read"
        problems.append(Problem(where, f"no column {name!r}", said, f"rename {near!r}?" if near else "add it"))
    problems += [
        Problem(where, f"the column {column!r} {names.count(column)} times", "every column once", "drop all but one")
        for column in sorted(set(chosen.values()))
        if names.count(column) > 1
    ]
    raise_all(problems, TableError)
    return chosen


@dataclass(frozen=True, slots=True)
class _Part:
    """Hold what was read of one batch."""

    case_id: Any
    person: Any
    coded: dict[str, Coded]
    numbers: dict[str, NDArray[np.int64]]
    reason: NDArray[np.int8]
    notes: list[CellNote]


def _read_numbers(name: str, column: Any) -> Numbers:
    kind = COLUMNS[name].kind if name in COLUMNS else None
    if kind is Kind.MONEY:
        return read_decimals(column, digits=2, exact=True, highest=HIGHEST_FEN)
    if kind is Kind.DECIMAL:
        return read_decimals(column, digits=len(str(COLUMNS[name].parts)) - 1, exact=False)
    if kind is Kind.COUNT:
        return read_decimals(column, digits=0, exact=False)
    if kind is Kind.FLAG:
        return read_flags(column)
    if kind is Kind.DATE:
        return read_dates(column)
    return read_decimals(column, digits=_EXTRA_DIGITS, exact=False, yes_no=True)


def _fault_reason(name: str) -> PaymentReason:
    money = name in COLUMNS and COLUMNS[name].kind is Kind.MONEY
    return PaymentReason.AMOUNT_INVALID if money else PaymentReason.FIELD_INVALID


class _Reasons:
    """Collect why rows cannot be paid: the first reason of a row stays."""

    def __init__(self, count: int) -> None:
        self.array = np.zeros(count, np.int8)

    def give(self, where: NDArray[np.bool_], reason: PaymentReason) -> None:
        self.array[where & (self.array == 0)] = reason.number


def _read_part(batch: Mapping[str, Any]) -> _Part:
    """Read the columns of one batch, given by their names here."""
    case_id = as_text_column(batch["case_id"])
    reasons = _Reasons(len(case_id))
    blank = pc.equal(pc.utf8_trim_whitespace(pc.fill_null(case_id, "")), "").to_numpy(zero_copy_only=False)
    reasons.give(blank, PaymentReason.CASE_ID_MISSING)
    coded: dict[str, Coded] = {}
    numbers: dict[str, NDArray[np.int64]] = {}
    faults: dict[str, NDArray[np.int8]] = {}
    notes: list[CellNote] = []
    for name, column in batch.items():
        if name in {"case_id", "person_key"}:
            continue
        if name in COLUMNS and COLUMNS[name].kind is Kind.TEXT:
            coded[name] = read_codes(column)
            continue
        read = _read_numbers(name, column)
        numbers[name], faults[name] = read.whole, read.faults
        odd = np.flatnonzero(read.faults > rows.MISSING_CELL)
        if odd.size:
            found = as_text_column(column.take(pa.array(odd[:_KEPT_CELLS]))).to_pylist()
            notes.append(CellNote(name, name, odd[:_KEPT_CELLS], tuple(cell or "" for cell in found)))
    for fault, reason in _COST_REASONS.items():
        reasons.give(faults["total_cost"] == fault, reason)
    for name, reason in (
        ("hospital", PaymentReason.HOSPITAL_MISSING),
        ("insurance", PaymentReason.INSURANCE_MISSING),
    ):
        reasons.give(coded[name].codes < 0, reason)
    for name, fault_of in faults.items():
        if name != "total_cost":
            reasons.give(fault_of > rows.MISSING_CELL, _fault_reason(name))
    cost = numbers["total_cost"]
    cost[cost == MISSING] = 0
    person = as_text_column(batch["person_key"]) if "person_key" in batch else None
    return _Part(case_id, person, coded, numbers, reasons.array, notes)


def _joined_codes(parts: Sequence[Coded]) -> Coded:
    if len(parts) == 1:
        return parts[0]
    names: dict[str, int] = {}
    codes = []
    for part in parts:
        places = [names.setdefault(name, len(names)) for name in part.names]
        codes.append(np.array([*places, -1], np.int32)[part.codes])
    return Coded(np.concatenate(codes) if codes else np.zeros(0, np.int32), tuple(names))


def _joined_texts(parts: Sequence[Any]) -> Any:
    return pa.chunked_array(parts, pa.large_string()).combine_chunks() if parts else pa.array([], pa.large_string())


def _insurance(coded: Coded) -> tuple[Coded, NDArray[np.bool_]]:
    """Bring the words for insurances to those of the policies; say which rows hold an unknown one."""
    names: dict[str, int] = {}
    places, unknown = [], []
    for name in coded.names:
        meant = INSURANCE_WORDS.get(name.lower())
        places.append(names.setdefault(meant or name, len(names)))
        unknown.append(meant is None)
    codes = np.array([*places, -1], np.int32)[coded.codes]
    return Coded(codes, tuple(names)), np.array([*unknown, False])[coded.codes]


def _months(days: NDArray[np.int64]) -> Coded:
    """Return the month of each day."""
    known = days != MISSING
    months = np.where(known, days, 0).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    if not known.any():
        return Coded(np.full(len(days), -1, np.int32), ())
    low, high = int(months[known].min()), int(months[known].max())
    present = np.zeros(high - low + 1, bool)
    present[months[known] - low] = True
    place = np.cumsum(present) - 1
    codes = np.where(known, place[np.clip(months - low, 0, high - low)], -1).astype(np.int32)
    names = [str(np.datetime64(int(low + k), "M")) for k in np.flatnonzero(present)]
    return Coded(codes, tuple(names))


def table_of_batches(
    batches: Iterable[Any],
    chosen: Mapping[str, str],
    *,
    source: str,
    unread: Iterable[str] = (),
    threads: int = 1,
    progress: Callable[[int], None] | None = None,
) -> CaseTable:
    """Build the table of cases.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        The rows.
    chosen : mapping of str to str
        Which column is read as what, see :func:`choose_columns`.
    source : str
        Where they come from.
    unread : iterable of str
        Columns that are not read.
    threads : int
        Batches that are read side by side; the table does not depend on it.
    progress : callable, optional
        Called with the rows that are done.

    Returns
    -------
    CaseTable
        Every row once, in its order; hospitals are not compared with a list yet.
    """
    parts: list[_Part] = []
    done = 0

    def read(batch: Any) -> _Part:
        check_cell_types(batch.schema, chosen.values(), source)
        try:
            return _read_part({name: batch.column(column) for name, column in chosen.items()})
        except UnicodeDecodeError:
            mend = "write the file again with texts in UTF-8"
            raise TableError(Problem(source, "texts that are not UTF-8", "text in UTF-8", mend)) from None

    with worker_threads(threads) as pool:
        for part in _in_order(pool, read, batches, threads):
            parts.append(part)
            done += len(part.reason)
            if progress is not None:
                progress(done)
    if not parts:
        empty = {name: pa.nulls(0, pa.string()) for name in chosen}
        parts = [_read_part(empty)]
    return replace(_joined(parts, chosen, source), unread=tuple(unread))


def check_cell_types(schema: pa.Schema, columns: Iterable[str], source: str) -> None:
    """Refuse columns that hold several values a cell; every one is named.

    Parameters
    ----------
    schema : pyarrow.Schema
        The table's.
    columns : iterable of str
        Columns of which one value a cell is read.
    source : str
        The table, for messages.

    Raises
    ------
    TableError
        Names every one of them.
    """
    expected, mend = "one text, number or day a cell", "write one value a cell"
    kinds = {column: schema.field(column).type for column in dict.fromkeys(columns)}
    raise_all(
        (
            Problem(f"{source}, {column}", f"cells of the type {kind}", expected, mend)
            for column, kind in kinds.items()
            if pa.types.is_nested(kind)
        ),
        TableError,
    )


def _in_order(
    pool: ThreadPoolExecutor, read: Callable[[Any], _Part], batches: Iterable[Any], threads: int
) -> Iterable[_Part]:
    waiting: list[Any] = []
    try:
        for batch in batches:
            waiting.append(pool.submit(read, batch))
            if len(waiting) > threads:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
    finally:
        for future in waiting:
            future.cancel()


def _joined(parts: list[_Part], chosen: Mapping[str, str], source: str) -> CaseTable:
    first = parts[0]
    case_id = _joined_texts([part.case_id for part in parts])
    person = None if first.person is None else _joined_texts([part.person for part in parts])
    coded = {name: _joined_codes([part.coded[name] for part in parts]) for name in first.coded}
    numbers = {name: np.concatenate([part.numbers[name] for part in parts]) for name in first.numbers}
    made_up = numbers.pop("synthetic", None)
    reasons = _Reasons(0)
    reasons.array = np.concatenate([part.reason for part in parts])
    begins = np.cumsum([0, *(len(part.reason) for part in parts)])
    notes = tuple(
        CellNote(note.of, chosen[note.of], note.rows + begin, note.found)
        for part, begin in zip(parts, begins.tolist(), strict=False)
        for note in part.notes
    )
    coded["insurance"], unknown = _insurance(coded["insurance"])
    reasons.give(unknown, PaymentReason.INSURANCE_UNKNOWN)
    if "month" not in coded and "discharge_date" in numbers:
        coded["month"] = _months(numbers["discharge_date"])
    coded.setdefault("tier", Coded(np.full(len(reasons.array), -1, np.int32), ()))
    repeats = np.zeros(len(reasons.array), bool)
    offsets, data = text_buffers(case_id)
    table = np.full(1 << max(4, (2 * len(repeats)).bit_length()), -1, np.int32)
    rows.mark_repeats(offsets, data, reasons.array == 0, table, repeats)
    reasons.give(repeats, PaymentReason.DUPLICATE)
    return CaseTable(
        case_id=case_id,
        coded=coded,
        numbers=numbers,
        reason=reasons.array,
        person=person,
        notes=notes,
        renamed={name: column for name, column in chosen.items() if name != column},
        source=source,
        # One made-up case makes the whole settlement so.
        synthetic=made_up is not None and bool((made_up == 1).any()),
    )
