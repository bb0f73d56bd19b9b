"""Read the rows of Parquet or CSV files batch by batch, and say in time what is wrong with a file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from actuary.errors import Problem, TableError
from actuary.files import check_identifiers, check_regular, check_rows, find_kind, unguarded_column
from actuary.files.streams import RowsKind
from actuary.personal_numbers import without_cells
from actuary.tables.personal_door import admit_file

__all__ = ["RowBatches", "is_parquet", "open_rows"]

type ColumnChoice = Callable[[list[str]], Iterable[str]]

#: Row groups of fewer rows are read together: a dictionary of its own is not worth it then.
_FEW_ROWS = 16_384

#: Rows with a wrong number of cells that are named one by one.
_SHOWN_ROWS = 10

_PARQUET = (".parquet", ".pq")
_TEXT = (".csv",)
_BLOCK_BYTES = 1 << 23


def is_parquet(path: Path) -> bool:
    """Say by its suffix whether a file is Parquet or CSV.

    Raises
    ------
    TableError
        When the suffix is another.

    Examples
    --------
    >>> is_parquet(Path("cases.parquet")), is_parquet(Path("cases.CSV"))
    (True, False)
    """
    suffix = path.suffix.lower()
    if suffix not in (*_PARQUET, *_TEXT):
        found = f"the suffix {suffix!r}" if suffix else "no suffix"
        raise TableError(Problem(str(path), found, "a file .parquet or .csv"))
    return suffix in _PARQUET


class RowBatches:
    """Iterate over the batches of a file.

    Parameters
    ----------
    batches : iterator of pyarrow.RecordBatch
        The batches.
    rows : int or None
        How many rows the file has, where it says so.
    """

    def __init__(self, batches: Iterator[Any], rows: int | None) -> None:
        self.batches = batches
        self.rows = rows

    def __iter__(self) -> Iterator[Any]:
        """Return the batches in the order of the file."""
        return self.batches


def open_rows(
    path: Path,
    choose: ColumnChoice,
    *,
    coded: Callable[[str], bool],
    threads: int,
    batch_rows: int,
    named: Callable[[str], bool] = lambda _: False,
) -> RowBatches:
    """Open a file of cases.

    Parameters
    ----------
    path : Path
        Parquet, or CSV in UTF-8, UTF-16 or GB18030, with commas, semicolons, tabs or bars.
    choose : callable
        Given the columns of the file, returns those to read; raises when they do not do.
    coded : callable
        Says of a Parquet column, by its path, whether its texts come as dictionaries.
    threads : int
        Threads for reading.
    batch_rows : int
        Rows a batch holds at most, where the format lets one choose.
    named : callable
        Says of a column whether it holds the names of cases: lost digits in them are found.

    Returns
    -------
    RowBatches
        Its batches; a CSV file gives texts only.

    Raises
    ------
    TableError
        When there is no such file, it is empty, broken, `choose` says so, or it holds persons
        (:mod:`actuary.tables.personal_door`).
    """
    size = check_regular(path, where=str(path), expected="a file, .parquet or .csv")
    parquet = is_parquet(path)
    if size == 0:
        raise TableError(Problem(str(path), "an empty file", "a table with its column names"))
    admission = admit_file(path)

    def admitted(names: list[str]) -> Iterable[str]:
        return admission.choose(choose, names)

    opened = (
        _open_parquet(path, admitted, coded, threads, batch_rows) if parquet else _open_csv(path, admitted, threads)
    )
    batches = _with_whole_names(opened.batches, named, str(path))
    return RowBatches(admission.batches(batches), opened.rows)


def _with_whole_names(batches: Iterable[Any], named: Callable[[str], bool], where: str) -> Iterator[Any]:
    for batch in batches:
        for name in batch.schema.names:
            if named(name):
                check_identifiers(batch.column(name), where=f"{where}, {name}")
        yield batch


def _open_parquet(
    path: Path, choose: ColumnChoice, coded: Callable[[str], bool], threads: int, batch_rows: int
) -> RowBatches:
    import pyarrow.parquet as pq  # noqa: PLC0415  (only where it is needed)

    with _named(path, "a whole Parquet file"):
        schema = pq.read_schema(path)
        wanted = sorted(choose(schema.names))
        metadata = pq.read_metadata(path)
    check_rows(metadata.num_rows, path.stat().st_size, where=str(path))
    leaves = [metadata.schema.column(number).path for number in range(metadata.num_columns)]
    codes = [leaf for leaf in leaves if coded(leaf)]
    options = {"batch_size": batch_rows, "columns": wanted, "use_threads": threads > 1}

    def batches() -> Iterator[Any]:
        with _named(path, "a whole Parquet file"), pq.ParquetFile(path) as plain:
            if metadata.num_rows < metadata.num_row_groups * _FEW_ROWS:
                yield from plain.iter_batches(**options)
                return
            with pq.ParquetFile(path, read_dictionary=codes) as numbered:
                for group in range(metadata.num_row_groups):
                    yield from _row_group(numbered, plain, group, options)

    return RowBatches(batches(), metadata.num_rows)


def _row_group(numbered: Any, plain: Any, group: int, options: dict[str, Any]) -> Iterator[Any]:
    """Read the codes of a row group as numbers in its own dictionary, or as texts where it has several."""
    done = 0
    try:
        for batch in numbered.iter_batches(row_groups=[group], **options):
            yield batch
            done += batch.num_rows
    except pa.ArrowNotImplementedError:
        for batch in plain.iter_batches(row_groups=[group], **options):
            if done < batch.num_rows:
                yield batch.slice(done)
            done = max(0, done - batch.num_rows)


def _open_csv(path: Path, choose: ColumnChoice, threads: int) -> RowBatches:
    import pyarrow.csv as pacsv  # noqa: PLC0415  (only where it is needed)

    kind = find_kind(path, where=str(path))
    wanted = sorted(choose(list(kind.columns)))
    # Everything is read as text: what one cell holds must never decide how a column is read.
    convert = pacsv.ConvertOptions(
        column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted, strings_can_be_null=False
    )
    encoding = "utf8" if kind.encoding == "utf-8-sig" else kind.encoding
    read = pacsv.ReadOptions(
        encoding=encoding,
        block_size=_BLOCK_BYTES,
        use_threads=threads > 1,
        column_names=list(kind.columns),
        skip_rows_after_names=1,
    )

    uneven: list[Any] = []

    def remember(row: Any) -> str:
        uneven.append(row)
        return "error"

    def batches() -> Iterator[Any]:
        parse = pacsv.ParseOptions(delimiter=kind.separator, newlines_in_values=True, invalid_row_handler=remember)
        with _named(path, "a CSV file"):
            try:
                with pacsv.open_csv(path, read_options=read, convert_options=convert, parse_options=parse) as reader:
                    yield from map(_unguarded, reader) if kind.quotes else reader
            except pa.ArrowInvalid:
                if not uneven:
                    raise
                raise TableError(_uneven_rows(path, kind, uneven[0])) from None

    return RowBatches(batches(), None)


def _unguarded(batch: Any) -> Any:
    return pa.RecordBatch.from_arrays([unguarded_column(column) for column in batch.columns], schema=batch.schema)


def _uneven_rows(path: Path, kind: RowsKind, first: Any) -> list[Problem]:
    """Name the rows with too few or too many cells, which the reader does not count as an editor does."""
    wanted = first.expected_columns
    expected = f"{wanted}, as in the header"
    mend = 'put a cell with a comma in it in quotation marks "", and leave no cell out'
    problems: list[Problem] = []
    rows = 0
    try:
        with path.open(encoding=kind.encoding, newline="") as file:
            reader = csv.reader(file, delimiter=kind.separator)
            for row in reader:
                if row and len(row) != wanted:
                    rows += 1
                    if rows <= _SHOWN_ROWS:
                        problems.append(Problem(f"{path} row {reader.line_num}", f"{len(row)} cells", expected, mend))
    except csv.Error:  # what was found so far is told
        pass
    if rows > _SHOWN_ROWS:
        problems.append(Problem(str(path), f"{rows} such rows in all", "none", "look at how the file was written"))
    found = f"a row of {first.actual_columns} cells"
    return problems or [Problem(str(path), found, expected, mend)]


class _named:  # noqa: N801
    """Turn what a reader says of a broken file into an error that names the file."""

    def __init__(self, path: Path, expected: str) -> None:
        self.path = path
        self.expected = expected

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not isinstance(error, pa.ArrowException | OSError | UnicodeError):
            return
        said = without_cells(error)
        mend = "write it again, or copy it again if the copy was cut off"
        raise TableError(Problem(str(self.path), f"what cannot be read ({said})", self.expected, mend)) from None
