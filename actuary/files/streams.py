"""How a large file of rows is written: found by looking at all of its bytes once, before its rows are streamed."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from actuary.errors import Problem, TableError
from actuary.files.delimited import (
    MOST_COLUMNS,
    SAMPLE,
    SEPARATORS,
    TITLE_ROWS,
    check_title,
    clean_heading,
    find_separator,
)
from actuary.files.encodings import find_encoding, note
from actuary.files.formulas import COMPUTING, GUARDED, neutral, unguarded
from actuary.files.opening import check_regular

__all__ = ["RowsKind", "check_rows", "find_kind", "guarded_column", "unguarded_column"]

_CHUNK = 1 << 24
#: Rows a byte of Parquet, and rows from which they are counted. Every case has a name of its own, which takes bytes;
#: equal rows take none, and a file of some kilobytes may hold billions of them.
_MOST_ROWS_A_BYTE, _CHECKED_ROWS = 8, 10_000_000


@dataclass(frozen=True, slots=True)
class RowsKind:
    """Say how the rows of a file are written.

    Parameters
    ----------
    encoding : str
        Codec that reads the whole file.
    separator : str
        What stands between the cells.
    columns : tuple of str
        Headings, cleaned.
    quotes : bool
        Whether guards against formulas are possible.
    """

    encoding: str
    separator: str
    columns: tuple[str, ...]
    quotes: bool


def find_kind(path: Path, *, where: str) -> RowsKind:
    """Find encoding, separator and headings of a CSV file, and tell the user what was assumed.

    Parameters
    ----------
    path : Path
        The file.
    where : str
        How messages name it.

    Raises
    ------
    TableError
        When it is no text file, or its encoding or separator cannot be told.
    """
    check_regular(path, where=where, expected="a CSV file")

    def chunks() -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                while piece := file.read(_CHUNK):
                    yield piece
        except OSError as failure:
            found = (failure.strerror or "an unreadable file").lower()
            raise TableError(Problem(where, found, "a CSV file that can be read")) from None

    kind = find_encoding(chunks, where=where)
    if kind.assumed:
        note(where, kind.assumed)
    with path.open(encoding=kind.encoding, newline="") as file:
        sample = file.read(SAMPLE)
        whole = not file.read(1)
    if not sample.strip("\ufeff \t\r\n\u3000"):
        raise TableError(Problem(where, "an empty file", "a header and at least one row"))
    separator = find_separator(sample, where=where, whole=whole)
    if separator != ",":
        note(where, f"read with {SEPARATORS[separator]} between the cells")
    try:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
        header = next(reader, [])
    except csv.Error as failure:
        raise TableError(Problem(f"{where} row 1", f"no headings ({failure})", "the header")) from None
    columns = tuple(clean_heading(name) for name in header)
    if not any(columns):
        raise TableError(Problem(f"{where} row 1", "an empty line", "the header", "delete the line"))
    with contextlib.suppress(csv.Error):  # whoever reads the rows says more
        for row in islice(reader, TITLE_ROWS):
            check_title(columns, row, where=where)
    if len(columns) > MOST_COLUMNS:
        raise TableError(Problem(f"{where} header", f"{len(columns):,} columns", f"at most {MOST_COLUMNS:,}"))
    return RowsKind(kind.encoding, separator, columns, kind.quotes)


def unguarded_column(column: Any) -> Any:
    """Take the guards against formulas away from an Arrow array of texts.

    Examples
    --------
    >>> import pyarrow as pa
    >>> unguarded_column(pa.array(["'=A1", "5", None])).to_pylist()
    ['=A1', '5', None]
    """
    import pyarrow as pa  # noqa: PLC0415  (only where rows are streamed)
    import pyarrow.compute as pc  # noqa: PLC0415

    guarded = pc.fill_null(pc.match_substring_regex(column, GUARDED), False)
    if not pc.any(guarded).as_py():
        return column
    cells = [cell if cell is None else unguarded(cell) for cell in column.filter(guarded).to_pylist()]
    return pc.replace_with_mask(column, guarded, pa.array(cells, column.type))


def guarded_column(column: Any) -> Any:
    """Put the guards against formulas before those texts of an Arrow array that need one.

    Examples
    --------
    >>> import pyarrow as pa
    >>> guarded_column(pa.array(["=A1", "-5", "c1", None])).to_pylist()
    ["'=A1", '-5', 'c1', None]
    """
    import pyarrow as pa  # noqa: PLC0415  (only where rows are streamed)
    import pyarrow.compute as pc  # noqa: PLC0415

    suspect = pc.fill_null(pc.match_substring_regex(column, COMPUTING), False)
    if not pc.any(suspect).as_py():
        return column
    cells = [neutral(cell) for cell in column.filter(suspect).to_pylist()]
    return pc.replace_with_mask(column, suspect, pa.array(cells, column.type))


def check_rows(rows: int, size: int, *, where: str) -> None:
    """Raise when a Parquet file says that it has far more rows than its bytes can tell apart.

    Parameters
    ----------
    rows : int
        Rows that the file says it has.
    size : int
        Its bytes.
    where : str
        How messages name it.

    Raises
    ------
    TableError
        When it has more than 8 rows a byte, and more than ten million.

    Examples
    --------
    >>> check_rows(10**12, 5_000, where="cases.parquet")
    Traceback (most recent call last):
        ...
    actuary.errors.TableError: cases.parquet: found 1,000,000,000,000 rows in 5,000 bytes;
    expected at most 8 rows a byte; write the file again
    """
    if rows > _CHECKED_ROWS and rows > _MOST_ROWS_A_BYTE * size:
        expected = f"at most {_MOST_ROWS_A_BYTE} rows a byte"
        raise TableError(Problem(where, f"{rows:,} rows in {size:,} bytes", expected, "write the file again"))
