"""Group a dataset of cases, part by part."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from actuary.drg.case_columns import check_columns
from actuary.drg.grouper import ANSWERS, Grouper, loaded_scheme
from actuary.drg.scheme import Scheme
from actuary.drg.statuses import Reason, Status
from actuary.errors import Problem, TableError, raise_all
from actuary.kernels import grouping_arrays as ga
from actuary.tables.file_marks import file_marks
from actuary.workflow.bulk.engine import Engine
from actuary.workflow.bulk.journal import open_journal
from actuary.workflow.bulk.partitions import PARTITION_ROWS, Partition, find_partitions
from actuary.workflow.bulk.progress import Progress
from actuary.workflow.bulk.publish import csv_bytes, output_beside, publish
from actuary.workflow.bulk.rows import read_columns, read_rows

__all__ = ["GroupTask", "GroupedDataset", "group_dataset"]

#: Cases that are encoded at a time.
_BATCH: Final = 131_072

_READY: dict[str, Grouper] = {}
_MAKING = threading.Lock()


def _grouper(scheme: Scheme) -> Grouper:
    """Make a scheme ready once a process, however often it arrives there."""
    with _MAKING:
        ready = _READY.get(scheme.fingerprint)
        if ready is None:
            _READY.clear()
            ready = _READY[scheme.fingerprint] = Grouper.of(scheme)
        return ready


@dataclass(frozen=True, slots=True)
class GroupTask:
    """Group a partition into ``cases.parquet``.

    Parameters
    ----------
    scheme : Scheme
        The scheme.
    with_cases : bool
        Whether the columns of the cases stand beside the answers.
    """

    scheme: Scheme
    with_cases: bool

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Group the cases of a partition; return the cases by status, reason and group."""
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        grouper = _grouper(self.scheme)
        needed = grouper.compiled.reads
        wanted = read_columns(partition) if self.with_cases else needed
        table = read_rows(partition, wanted, coded=lambda leaf: leaf.startswith(("dx.", "px.")))
        # What follows reads whose cases they are from the files, as it does from those that were grouped.
        told = file_marks(pq.read_schema(partition.path).metadata) if self.with_cases else {}
        statuses, reasons, groups = Counter[int](), Counter[int](), Counter[int]()
        writer: Any = None
        try:
            for batch in table.to_batches(max_chunksize=_BATCH) or [_empty(table, pa)]:
                columns = {name: batch.column(name) for name in needed}
                answers = grouper.group(grouper.encode(columns))
                for counter, row in ((statuses, ga.STATUS), (reasons, ga.REASON), (groups, ga.DRG)):
                    numbers, counts = np.unique(answers[row], return_counts=True)
                    counter.update(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))
                decoded = grouper.decode(answers, as_dictionary=True)
                written = {"case_id": batch.column("case_id")}
                if self.with_cases:
                    written = {name: _plain(batch.column(name), pa) for name in batch.schema.names}
                written |= {name: decoded[name] for name in ANSWERS[1:]}
                answered = pa.table(written)
                if writer is None:
                    coded = list(ANSWERS[1:]) if not self.with_cases else True
                    writer = pq.ParquetWriter(
                        folder / "cases.parquet", answered.schema, use_dictionary=coded, compression="snappy",
                        store_schema=False,
                    )  # fmt: skip
                    writer.add_key_value_metadata(told)
                writer.write_table(answered)
        finally:
            if writer is not None:
                writer.close()
        names = grouper.compiled.drgs
        return {
            "statuses": [statuses[number] for number in range(len(Status))],
            "reasons": [reasons[number] for number in range(len(Reason))],
            "groups": {names[number]: count for number, count in sorted(groups.items()) if names[number]},
        }


def _empty(table: Any, pa: Any) -> Any:
    return pa.RecordBatch.from_pylist([], schema=table.schema)


def _plain(column: Any, pa: Any) -> Any:
    """Return a column of codes without its dictionary, which differs from row group to row group."""
    kind = column.type
    if pa.types.is_list(kind) and pa.types.is_dictionary(kind.value_type):
        return column.cast(pa.list_(kind.value_type.value_type))
    return column


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedDataset:
    """Say what was written.

    Parameters
    ----------
    path : Path
        The folder.
    cases, partitions : int
        How many [count].
    statuses : mapping of Status to int
        Cases by status, all statuses.
    reasons : mapping of Reason to int
        Cases by reason, those that occur.
    groups : mapping of str to int
        Cases by group, those that occur.
    scheme, fingerprint : str
        The scheme and the hash of its tables and switches.
    """

    path: Path
    cases: int
    partitions: int
    statuses: Mapping[Status, int]
    reasons: Mapping[Reason, int]
    groups: Mapping[str, int]
    scheme: str
    fingerprint: str

    def __repr__(self) -> str:
        """Return the main counts in a line."""
        grouped = self.statuses[Status.GROUPED]
        return f"<{self.cases:,} cases in {self.partitions:,} parts with {self.scheme}: {grouped:,} grouped>"


def group_dataset(  # noqa: PLR0913  (what a run can be asked for)
    path: str | Path,
    out: str | Path,
    scheme: str | Path | Scheme = "chs-drg-1.1",
    *,
    switches: Mapping[str, str] | None = None,
    with_cases: bool = False,
    engine: Engine | None = None,
    threads: int | None = None,
    partition_rows: int = PARTITION_ROWS,
    restart: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> GroupedDataset:
    """Group a dataset of cases: a folder of Parquet files, or one large file by its row groups.

    Memory does not grow with the rows. A run that was killed goes on where it was: what is finished is kept beside the
    output, and the result is that of an undisturbed run.

    Parameters
    ----------
    path : str or Path
        The dataset, see :func:`~actuary.workflow.bulk.partitions.find_partitions`.
    out : str or Path
        Folder to write: ``cases/`` laid out as the input, ``totals.csv``, ``manifest.json``.
    scheme : Scheme, str or Path
        The scheme, its name or its folder.
    switches : mapping, optional
        Positions of switches by their name, see ``actuary scheme list --switches``.
    with_cases : bool
        Whether the columns of the cases stand beside the answers, so that the output can be settled.
    engine : Engine, optional
        What runs the parts; threads of this process when left out.
    threads : int, optional
        Threads of that engine; as many as there are cores when left out.
    partition_rows : int
        Rows of a part at most, as far as the row groups allow it [rows].
    restart : bool
        Whether what an earlier run kept is discarded.
    progress : callable, optional
        Told how far it is.

    Returns
    -------
    GroupedDataset
        What was written.

    Raises
    ------
    TableError
        When a file cannot be read, differs from the others, or lacks a column.
    UnknownNameError
        When the scheme or a switch is not known.
    OutputError
        When the output cannot be written, or another run is at work on it.

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow as pa, pyarrow.parquet as pq
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / "cases").mkdir()
    ...     stays = {"case_id": ["1"], "sex": [1], "age_years": [60], "age_days": [None], "birth_weight_g": [None],
    ...              "dx": [["N40.x00"]], "px": [["60.2100"]]}
    ...     pq.write_table(pa.table(stays), Path(folder) / "cases" / "2024-01.parquet")
    ...     group_dataset(Path(folder) / "cases", Path(folder) / "grouped")
    <1 cases in 1 parts with chs-drg-1.1: 1 grouped>
    """
    target = output_beside(path, out)
    loaded = loaded_scheme(scheme, switches)
    dataset = find_partitions(path, partition_rows=partition_rows)
    check_columns(dataset.columns, Grouper.of(loaded).compiled.reads, where=str(path), scheme=loaded.name)
    if with_cases:
        mend = "drop it from the cases, or group without the columns of the cases"
        taken = [name for name in ANSWERS[1:] if name in dataset.columns]
        raise_all(
            [Problem(str(path), f"a column {name!r}", "none of that name: the answer has it", mend) for name in taken],
            TableError,
        )
    marks = {"verb": "group", "scheme": loaded.name, "fingerprint": loaded.fingerprint, "with_cases": with_cases}
    with open_journal(
        target, {**marks, "dataset": dataset.fingerprint}, engine, threads=threads, restart=restart, progress=progress
    ) as journal:
        parts = journal.stage("group", GroupTask(loaded, with_cases), dataset.partitions)
        statuses = [sum(part.sums["statuses"][number] for part in parts) for number in range(len(Status))]
        reasons = [sum(part.sums["reasons"][number] for part in parts) for number in range(len(Reason))]
        groups: Counter[str] = Counter()
        for part in parts:
            groups.update(part.sums["groups"])
        found = GroupedDataset(
            path=target,
            cases=dataset.rows,
            partitions=len(dataset.partitions),
            statuses=dict(zip(Status, statuses, strict=True)),
            reasons={reason: count for reason, count in zip(Reason, reasons, strict=True) if count},
            groups=dict(sorted(groups.items())),
            scheme=loaded.name,
            fingerprint=loaded.fingerprint,
        )
        publish(
            target, dataset, parts, tables={"cases.parquet": "cases"}, marks=marks,
            more=lambda folder: _write_totals(found, folder),
        )  # fmt: skip
    return found


def _write_totals(found: GroupedDataset, folder: Path) -> None:
    rows: list[tuple[str, str, int]] = [("status", status.value, count) for status, count in found.statuses.items()]
    rows += [("reason", reason.value, count) for reason, count in found.reasons.items()]
    rows += [("drg", name, count) for name, count in found.groups.items()]
    (folder / "totals.csv").write_bytes(csv_bytes(["of", "name", "cases"], rows))
