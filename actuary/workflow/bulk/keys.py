"""Rules that look at several rows: keys written by share of their hash, each share joined by itself.

What stands in several partitions under one key falls into one share, so that a share can be judged alone: which rows
repeat a case, which stays are followed by a readmission. The order is that of the dataset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from actuary.kernels.case_rows import mark_repeats, share_texts
from actuary.payment.case_cells import text_buffers
from actuary.payment.readmission import earlier_stays_of
from actuary.workflow.bulk.engine import PartDone
from actuary.workflow.bulk.partitions import Partition

__all__ = [
    "JoinDuplicates",
    "JoinReadmissions",
    "Marks",
    "list_rows",
    "marks_of",
    "one_column",
    "read_share",
    "shares_for",
    "write_keys",
]

#: Rows of a share, about: what a thread holds of the keys of all partitions.
_SHARE_ROWS: Final = 1 << 19
_MOST_SHARES: Final = 1 << 12


def shares_for(rows: int) -> int:
    """Return into how many shares the keys of some rows go.

    Examples
    --------
    >>> shares_for(1000), shares_for(3_000_000)
    (1, 8)
    """
    return min(_MOST_SHARES, 1 << max(0, -(-rows // _SHARE_ROWS) - 1).bit_length())


def write_keys(name: str, folder: Path, columns: Mapping[str, Any], *, shares: int) -> None:
    """Write keys sorted by their share, within a share in their order.

    Parameters
    ----------
    name : str
        Name of the files.
    folder : Path
        Where they go.
    columns : mapping of str to pyarrow.Array or ndarray
        ``key`` [texts] and whatever belongs to it.
    shares : int
        How many shares.
    """
    key = columns["key"].cast(pa.large_string())
    share = np.zeros(len(key), np.int32)
    if shares > 1:
        share_texts(*text_buffers(key), shares, share)
    order = np.argsort(share, kind="stable")
    table = pa.record_batch({**columns, "key": key})
    if shares > 1:
        table = table.take(pa.array(order))
    with pa.OSFile(str(folder / f"{name}.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_batch(table)
    bounds = np.searchsorted(share[order], np.arange(shares + 1))
    np.save(folder / f"{name}.npy", bounds)


def read_share(name: str, folder: str, share: int) -> Any:
    """Return the keys of one share of a partition, and the arrays beside them.

    Parameters
    ----------
    name : str
        Name of the files.
    folder : str
        Where the partition wrote them.
    share : int
        The share, from 0.
    """
    begin, end = np.load(Path(folder) / f"{name}.npy")[share : share + 2].tolist()
    with pa.memory_map(str(Path(folder) / f"{name}.arrow")) as source:
        batch = pa.ipc.open_file(source).get_batch(0).slice(begin, end - begin)
        # What is kept must not hang on the file.
        return pa.table(batch).take(pa.array(np.arange(batch.num_rows)))


@dataclass(frozen=True, slots=True)
class Marks:
    """Say where the marked rows of each partition are listed, or numbers that belong to rows.

    Parameters
    ----------
    files : mapping of int to tuple of str
        Number of a partition to the files that list rows of it.
    """

    files: Mapping[int, tuple[str, ...]]

    def put(self, number: int, into: NDArray[np.int64]) -> NDArray[np.int64]:
        """Write the numbers that are listed for a partition into an array, each at its row, and return it."""
        for path in self.files.get(number, ()):
            rows, numbers = np.load(path)
            into[rows] = numbers
        return into

    def rows(self, number: int) -> NDArray[np.int64]:
        """Return the marked rows of a partition, from 0."""
        listed = [np.load(path) for path in self.files.get(number, ())]
        return np.concatenate(listed) if listed else np.zeros(0, np.int64)


def marks_of(parts: Sequence[PartDone]) -> Marks:
    """Return where the joins of shares listed rows."""
    files: dict[int, tuple[str, ...]] = {}
    for part in parts:
        for number in part.sums["partitions"]:
            files[number] = (*files.get(number, ()), str(Path(part.folder) / f"{number:06d}.npy"))
    return Marks(files)


def _shares_of(name: str, folders: Sequence[str], share: int, drop: Marks) -> Iterator[Any]:
    for number, folder in enumerate(folders):
        table = read_share(name, folder, share)
        dropped = drop.rows(number)
        if len(dropped):
            table = table.filter(pa.array(~np.isin(table["row"].to_numpy(), dropped)))
        yield table


def list_rows(
    name: str,
    folders: Sequence[str],
    share: int,
    *,
    folder: Path,
    judge: Callable[[Any], tuple[NDArray[np.bool_], NDArray[np.int64] | None]],
    drop: Marks | None = None,
) -> Mapping[str, Any]:
    """Judge a share and list the marked rows of each partition.

    Parameters
    ----------
    name : str
        Name of the files of keys.
    folders : sequence of str
        Where each partition wrote them.
    share : int
        The share, from 0.
    folder : Path
        Where the lists go: ``<number of the partition>.npy``.
    judge : callable
        Says of the keys of all partitions, in their order, which rows are marked, and the number that belongs to each
        row where there is one.
    drop : Marks, optional
        Rows that are not looked at.

    Returns
    -------
    mapping
        ``partitions`` that have marked rows, and how many ``rows`` there are.
    """
    tables = list(_shares_of(name, folders, share, drop or Marks({})))
    ends = np.cumsum([table.num_rows for table in tables]).tolist()
    whole = pa.concat_tables(tables)
    del tables
    whole = whole.combine_chunks()
    marked, told = judge(whole) if whole.num_rows else (np.zeros(0, bool), None)
    rows = whole["row"].to_numpy()
    listed = rows if told is None else np.stack([rows, told])
    found, begin = [], 0
    for number, end in enumerate(ends):
        if marked[begin:end].any():
            np.save(folder / f"{number:06d}.npy", listed[..., begin:end][..., marked[begin:end]].astype(np.int64))
            found.append(number)
        begin = end
    return {"partitions": found, "rows": int(marked.sum())}


def one_column(table: Any, name: str) -> Any:
    """Return a column of a table of one chunk, or of none, as an array."""
    column = table[name]
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)


@dataclass(frozen=True, slots=True)
class JoinDuplicates:
    """Mark the rows of a share whose case stands in an earlier row of the dataset.

    Parameters
    ----------
    folders : tuple of str
        Where each partition wrote its keys ``ids``.
    """

    folders: tuple[str, ...]

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Join a share."""

        def judge(table: Any) -> tuple[NDArray[np.bool_], None]:
            repeats = np.zeros(table.num_rows, bool)
            room = np.full(1 << max(4, (2 * len(repeats)).bit_length()), -1, np.int32)
            mark_repeats(*text_buffers(one_column(table, "key")), np.ones(len(repeats), bool), room, repeats)
            return repeats, None

        return list_rows("ids", self.folders, partition.number, folder=folder, judge=judge)


@dataclass(frozen=True, slots=True)
class JoinReadmissions:
    """Mark the stays of a share after which the person came again too early.

    Parameters
    ----------
    folders : tuple of str
        Where each partition wrote its keys ``stays``: admission, discharge [days], excused.
    days : int
        Most days from discharge to the next admission.
    duplicates : Marks
        Rows that are no stays of their own.
    """

    folders: tuple[str, ...]
    days: int
    duplicates: Marks

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Join a share."""

        def judge(table: Any) -> tuple[NDArray[np.bool_], None]:
            person = one_column(table, "key").dictionary_encode().indices.to_numpy().astype(np.int64)
            admission, discharge = (table[name].to_numpy() for name in ("admission", "discharge"))
            everyone = np.ones(table.num_rows, bool)
            earlier, later = earlier_stays_of(person, admission, discharge, everyone, days=self.days)
            excused = table["excused"].to_numpy(zero_copy_only=False)
            marked = np.zeros(table.num_rows, bool)
            marked[earlier[~excused[later]]] = True
            return marked, None

        return list_rows("stays", self.folders, partition.number, folder=folder, judge=judge, drop=self.duplicates)
