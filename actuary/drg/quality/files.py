"""Read tables of cases as they stand: CSV as text, Parquet and frames as typed, each row with its number."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from actuary.errors import Problem, TableError
from actuary.files import check_regular, check_rows, find_kind, unguarded_column
from actuary.files.streams import RowsKind
from actuary.personal_numbers import without_cells
from actuary.tables.personal_door import Admission, admit_file, admit_table

__all__ = ["BrokenRow", "RawTable", "raw_from_frame", "read_header", "read_raw"]

_SAVE = "save it again as CSV with commas, in UTF-8"


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """Name a row of a CSV file whose number of cells is not that of the heading."""

    row: int
    cells: int
    expected: int


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """Hold a table before anything of it is judged.

    Parameters
    ----------
    where : str
        How messages name it.
    table : pyarrow.Table
        The columns as they stand, each in one piece.
    rows : array of int
        Row numbers as a spreadsheet shows them: the heading is row 1.
    broken : tuple of BrokenRow
        Rows with too few or too many cells; they were cut or filled up to the heading.
    """

    where: str
    table: pa.Table
    rows: npt.NDArray[np.int64]
    broken: tuple[BrokenRow, ...] = field(default=())


def read_header(path: Path) -> tuple[str, ...]:
    """Return the column names of a CSV or Parquet file, without reading its rows.

    Raises
    ------
    TableError
        When the file cannot be read as what its name says.
    """
    where = path.name
    check_regular(path, where=where, expected="a CSV or Parquet file")
    if path.suffix.lower() != ".parquet":
        return _csv_kind(path).columns
    import pyarrow.parquet as pq  # noqa: PLC0415  (only for Parquet)

    try:
        return tuple(pq.read_schema(path).names)
    except (OSError, UnicodeError, pa.ArrowException) as error:
        raise TableError(
            Problem(where, f"a file that cannot be read ({without_cells(error)})", "a CSV or Parquet file")
        ) from None


def _csv_kind(path: Path) -> RowsKind:
    kind = find_kind(path, where=path.name)
    double = sorted({name for name in kind.columns if name and kind.columns.count(name) > 1})
    if double:
        raise TableError(Problem(f"{path.name} heading", f"the column {double[0]!r} twice", "every column once"))
    return kind


def read_raw(path: Path, *, of_stays: bool = True) -> RawTable:
    """Read a CSV or Parquet file; values are left as they stand.

    Parameters
    ----------
    path : Path
        The file.
    of_stays : bool
        Whether it may hold persons, which the door then looks for (:mod:`actuary.tables.personal_door`).

    Raises
    ------
    TableError
        When the file itself cannot be read: another encoding, no table, cut off.
    """
    check_regular(path, where=path.name, expected="a CSV or Parquet file")
    admission = admit_file(path) if of_stays else None
    raw = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path, _csv_kind(path))
    return raw if admission is None else _admitted(raw, admission)


def _admitted(raw: RawTable, admission: Admission) -> RawTable:
    """Return a table as the door lets it in; in one with persons a broken row keeps its number, not its cells."""
    table = raw.table
    if admission.found and raw.broken:
        # Where cells are missing a name stands under another heading.
        whole = pa.array(~np.isin(raw.rows, [row.row for row in raw.broken]))
        columns = [pc.if_else(whole, column.combine_chunks(), "") for column in table.columns]
        table = pa.table(columns, names=table.column_names)
    return RawTable(raw.where, admission.rows(table).combine_chunks(), raw.rows, raw.broken)


def raw_from_frame(frame: Any, *, where: str) -> RawTable:
    """Take a pandas frame or an Arrow table as it stands.

    Columns that mix types become text, so that one odd value never stops the rest.

    Raises
    ------
    TableError
        When it is neither, or a column name occurs twice.
    """
    if isinstance(frame, pa.Table):
        table = frame
    else:
        columns = getattr(frame, "columns", None)
        if columns is None:
            found = f"a {type(frame).__name__}"
            raise TableError(Problem(where, found, "a pandas DataFrame, a pyarrow Table or the path of a file"))
        names = [str(name) for name in columns]
        table = pa.table([_from_series(frame.iloc[:, at]) for at in range(len(names))], names=names)
    double = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
    if double:
        raise TableError(Problem(f"{where} heading", f"the column {double[0]!r} twice", "every column once"))
    table = admit_table(table.combine_chunks(), where=where).table.combine_chunks()
    return RawTable(where, table, np.arange(table.num_rows) + 2)


def _from_series(series: Any) -> pa.Array:
    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return pa.array([_plain(value) for value in series], pa.string())


def _plain(value: Any) -> str | None:
    if isinstance(value, list | tuple | np.ndarray):
        return "|".join("" if item is None else str(item) for item in value)
    if value is None or value != value:  # noqa: PLR0124  (not a number)
        return None
    return str(value)


def _read_parquet(path: Path) -> RawTable:
    import pyarrow.parquet as pq  # noqa: PLC0415  (only for Parquet)

    try:
        check_rows(pq.read_metadata(path).num_rows, path.stat().st_size, where=path.name)
        table = pq.read_table(path)
    except (OSError, UnicodeError, pa.ArrowException) as error:
        mend = "it may have been cut off: write or copy it again"
        raise TableError(
            Problem(path.name, f"a file that cannot be read ({without_cells(error)})", "a Parquet file", mend)
        ) from None
    return RawTable(path.name, table.combine_chunks(), np.arange(table.num_rows) + 2)


def _read_csv(path: Path, kind: RowsKind) -> RawTable:
    names = _named_columns(kind.columns)
    broken: list[Any] = []

    def keep(row: Any) -> str:
        broken.append(row)
        return "skip"

    try:
        table = _parse_csv(path, kind, keep, threads=True)
        if broken:
            # Only one thread knows the numbers of the rows.
            broken.clear()
            table = _parse_csv(path, kind, keep, threads=False)
    except pa.ArrowInvalid as error:
        raise TableError(
            Problem(path.name, f"rows that cannot be read ({without_cells(error)})", "a CSV file", _SAVE)
        ) from None
    table = table.combine_chunks()
    if not broken:
        return _without_blank_rows(RawTable(path.name, table, np.arange(table.num_rows) + 2))
    numbers = [row.number for row in broken]
    kept = np.setdiff1d(np.arange(2, table.num_rows + len(numbers) + 2), np.array(numbers), assume_unique=True)
    wrong = [row for row in broken if row.text.strip(f"{kind.separator} \r\n")]
    if not wrong:
        return _without_blank_rows(RawTable(path.name, table, kept))
    cells = [
        [*next(csv.reader(io.StringIO(row.text, newline=""), delimiter=kind.separator), []), *[""] * len(names)][
            : len(names)
        ]
        for row in wrong
    ]
    filled = pa.table([pa.array(column, pa.string()) for column in zip(*cells, strict=True)], names=list(names))
    rows = np.concatenate([kept, np.array([row.number for row in wrong], dtype=np.int64)])
    order = np.argsort(rows, kind="stable")
    whole = RawTable(
        path.name,
        pa.concat_tables([table, filled]).combine_chunks().take(pa.array(order)).combine_chunks(),
        rows[order],
        tuple(BrokenRow(row.number, row.actual_columns, row.expected_columns) for row in wrong),
    )
    return _without_blank_rows(whole)


def _without_blank_rows(raw: RawTable) -> RawTable:
    """Leave out rows without any text: they are no cases, and the numbers of the others stay."""
    blank = np.ones(raw.table.num_rows, dtype=bool)
    for name in raw.table.column_names:
        if not blank.any():
            return raw
        blank &= np.asarray(pc.equal(raw.table.column(name), "").to_numpy())
    if not blank.any():
        return raw
    return RawTable(raw.where, raw.table.filter(pa.array(~blank)).combine_chunks(), raw.rows[~blank], raw.broken)


def _parse_csv(path: Path, kind: RowsKind, keep: Any, *, threads: bool) -> pa.Table:
    import pyarrow.csv as arrow_csv  # noqa: PLC0415  (only for CSV)

    names = _named_columns(kind.columns)
    encoding = "utf8" if kind.encoding == "utf-8-sig" else kind.encoding
    table = arrow_csv.read_csv(
        path,
        read_options=arrow_csv.ReadOptions(
            use_threads=threads, column_names=names, skip_rows_after_names=1, encoding=encoding
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=kind.separator, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=keep
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    if kind.quotes:
        columns = [unguarded_column(column.combine_chunks()) for column in table.columns]
        table = pa.table(columns, names=table.column_names)
    return table


def _named_columns(columns: Sequence[str]) -> list[str]:
    """Return the headings; a column without one gets its number, since two may have none."""
    return [name or f"column {place}" for place, name in enumerate(columns, 1)]
