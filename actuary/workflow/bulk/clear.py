"""Clear the year of a settlement that was made part by part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actuary.durable.files import replace_file
from actuary.durable.folders import staged_output
from actuary.payment.clearing_files import (
    DueSums,
    manifest_with_clearing,
    read_due,
    read_settled_pools,
    write_clearing,
)
from actuary.payment.clearing_run import ClearedYear, ClearingFiles, clear_pools
from actuary.workflow.bulk.engine import Engine
from actuary.workflow.bulk.journal import open_journal
from actuary.workflow.bulk.partitions import Partition, find_partitions
from actuary.workflow.bulk.progress import Progress

__all__ = ["DueTask", "clear_dataset", "is_settled_dataset"]


@dataclass(frozen=True, slots=True)
class DueTask:
    """Add up what the cases of a partition make due."""

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:  # noqa: ARG002  (writes no file)
        """Add up a part."""
        due = read_due(Path(partition.path))
        return {"charged": due.charged, "rows": [[*key, *sums] for key, sums in due.rows.items()]}


def is_settled_dataset(folder: Path) -> bool:
    """Say whether a folder is that of a settlement part by part.

    Examples
    --------
    >>> is_settled_dataset(Path("nowhere"))
    False
    """
    return (folder / "cases").is_dir() and (folder / "settlement.json").is_file()


def clear_dataset(
    folder: str | Path,
    files: ClearingFiles | None = None,
    *,
    engine: Engine | None = None,
    threads: int | None = None,
    restart: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> ClearedYear:
    """Clear the year of a settlement part by part, and write ``clearing`` into its folder.

    Parameters
    ----------
    folder : str or Path
        What :func:`~actuary.workflow.bulk.settle.settle_dataset` wrote.
    files : ClearingFiles, optional
        Scores, prepayments and the other inputs of a clearing.
    engine : Engine, optional
        What runs the parts; threads of this process when left out.
    threads : int, optional
        Threads of that engine; as many as there are cores when left out.
    restart : bool
        Whether what an earlier run kept is discarded.
    progress : callable, optional
        Told how far it is.

    Returns
    -------
    ClearedYear
        What was cleared [fen].

    Raises
    ------
    TableError
        When the folder is not that of a settlement, or its cases do not add up to its books.
    OutputError
        When the folder cannot be written, or another run is at work on it.

    Examples
    --------
    >>> from actuary.errors import TableError
    >>> try:
    ...     clear_dataset("nowhere")
    ... except TableError as error:
    ...     print(error.problems[0].found)
    no such folder
    """
    place = Path(folder).expanduser().resolve()
    dataset = find_partitions(place / "cases", partition_rows=1 << 62)
    out = place / "clearing"
    identity = {"verb": "clear", "dataset": dataset.fingerprint}
    # The work folder stands beside the settlement: what the settlement holds is listed in its manifest.
    beside = place.with_name(f"{place.name}.clearing")
    with open_journal(beside, identity, engine, threads=threads, restart=restart, progress=progress) as journal:
        parts = journal.stage("1 due", DueTask(), dataset.partitions)
        due = DueSums({}, charged=True)
        for part in parts:
            rows = {(row[0], row[1]): (row[2], row[3], row[4]) for row in part.sums["rows"]}
            due = due.joined(DueSums(rows, charged=part.sums["charged"]))
        cleared = clear_pools(read_settled_pools(place, due=due), files or ClearingFiles())
        with staged_output(out) as staging:
            write_clearing(cleared, staging)
        if (manifest := manifest_with_clearing(place)) is not None:
            replace_file(place / "manifest.json", manifest)
    return cleared
