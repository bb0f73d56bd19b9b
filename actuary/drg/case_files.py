"""Open files of cases for the grouper: the columns that its scheme reads, codes as dictionaries."""

from __future__ import annotations

from pathlib import Path

from actuary.drg.case_columns import check_columns
from actuary.tables.row_files import RowBatches, open_rows

__all__ = ["BATCH_CASES", "open_cases"]

#: Cases that are held at a time.
BATCH_CASES = 131_072


def open_cases(path: Path, needed: frozenset[str], *, scheme: str, threads: int, batch_cases: int) -> RowBatches:
    """Open a file of cases.

    Parameters
    ----------
    path : Path
        Parquet, or CSV (see :func:`~actuary.tables.row_files.open_rows`) whose lists are joined by ``|``.
    needed : frozenset of str
        Columns to read.
    scheme : str
        Name of the scheme that reads them, for messages.
    threads : int
        Threads for reading.
    batch_cases : int
        Cases a batch holds at most, where the format lets one choose.

    Returns
    -------
    RowBatches
        Its batches; a CSV file gives texts only.

    Raises
    ------
    TableError
        When there is no such file, it is empty, broken, lacks a column or has one twice.
    """

    def choose(names: list[str]) -> frozenset[str]:
        check_columns(names, needed, where=str(path), scheme=scheme)
        return needed

    return open_rows(
        path,
        choose,
        coded=lambda leaf: leaf.startswith(("dx.", "px.")),
        threads=threads,
        batch_rows=batch_cases,
        named=lambda name: name == "case_id",
    )
