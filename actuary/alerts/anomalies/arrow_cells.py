"""Columns of strangers' tables as flat arrays: words to codes, money and counts to numbers, dates to days."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, raise_all
from actuary.files import check_regular, check_rows, find_kind, unguarded_column
from actuary.personal_numbers import without_cells

__all__ = ["NO_DAY", "codes_of", "day_column", "number_column", "open_table"]

#: What stands for a missing day.
NO_DAY = int(np.iinfo(np.int64).min)


def open_table(given: Any, label: str) -> tuple[pa.Table, str]:
    """Return a table and what to call it in messages.

    Parameters
    ----------
    given : DataFrame, pyarrow.Table, or path of a Parquet or CSV file
        The table.
    label : str
        What it is, where it has no file.

    Raises
    ------
    TableError
        When the file cannot be read, or `given` is something else.
    """
    if isinstance(given, pa.Table):
        return _once_each(given, label), label
    if isinstance(given, str | Path):
        path = Path(given).expanduser()
        check_regular(path, where=str(path), expected="a Parquet or CSV table")
        try:
            if path.suffix.lower() == ".parquet":
                check_rows(pq.read_metadata(path).num_rows, path.stat().st_size, where=str(path))
                return _once_each(pq.read_table(path), path.name), path.name
            return _once_each(_csv_table(path), path.name), path.name
        except (OSError, UnicodeError, pa.ArrowException) as error:
            raise TableError(Problem(str(path), without_cells(error), "a Parquet or CSV table")) from None
    if hasattr(given, "to_dict") and hasattr(given, "columns"):
        try:
            return pa.Table.from_pandas(given, preserve_index=False), label
        except (pa.ArrowException, ValueError) as error:
            words = without_cells(error)
            raise TableError(Problem(label, words, "columns of one kind each, every name once")) from None
    raise TableError(Problem(label, f"a {type(given).__name__}", "a DataFrame, an Arrow table or a path"))


def _csv_table(path: Path) -> pa.Table:
    kind = find_kind(path, where=str(path))
    twice = sorted({name for name in kind.columns if name and kind.columns.count(name) > 1})
    raise_all([Problem(path.name, f"two columns {name}", "every name once") for name in twice], TableError)
    names = [name or f"column {place}" for place, name in enumerate(kind.columns, 1)]
    encoding = "utf8" if kind.encoding == "utf-8-sig" else kind.encoding
    table = pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(column_names=names, skip_rows_after_names=1, encoding=encoding),
        parse_options=pa_csv.ParseOptions(delimiter=kind.separator, newlines_in_values=True),
        # Codes such as 01 stay what they are: everything is text first.
        convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True),
    )
    if kind.quotes:
        table = pa.table([unguarded_column(column.combine_chunks()) for column in table.columns], names=names)
    return table


def _once_each(table: pa.Table, label: str) -> pa.Table:
    """Return the table, whose columns all have names of their own."""
    twice = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
    raise_all([Problem(label, f"two columns {name}", "every name once") for name in twice], TableError)
    return table


def codes_of(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return words as places in their sorted list; -1 for a missing or blank cell.

    Examples
    --------
    >>> codes, names = codes_of(pa.chunked_array([["b", "a", None, "b"]]))
    >>> codes.tolist(), names
    ([1, 0, -1, 1], ('a', 'b'))
    """
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    else:
        column = column.cast(pa.string()).dictionary_encode()
    chunks = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    chunk = chunks if isinstance(chunks, pa.DictionaryArray) else chunks.chunk(0)
    words = chunk.dictionary.cast(pa.string()).to_pylist()
    codes = pc.fill_null(chunk.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    used = np.zeros(len(words) + 1, bool)
    used[codes] = True
    kept = [i for i, word in enumerate(words) if used[i] and word and not word.isspace()]
    order = sorted(kept, key=lambda i: words[i])
    place = np.full(len(words) + 1, -1, np.int64)
    place[order] = np.arange(len(order))
    return place[codes], tuple(words[i] for i in order)


def number_column(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return numbers; NaN where a cell is missing, is no number, or is one that no amount and no count can be.

    Examples
    --------
    >>> number_column(pa.chunked_array([["12.5", "x", None, "-1", "inf"]])).tolist()
    [12.5, nan, nan, nan, nan]
    """
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_dictionary(column.type):
        import pandas as pd  # noqa: PLC0415  (only tables of text need it)

        found = np.asarray(pd.to_numeric(column.cast(pa.string()).to_pandas(), errors="coerce"), np.float64)
    else:
        found = np.asarray(pc.fill_null(column.cast(pa.float64(), safe=False), float("nan")).to_numpy(), np.float64)
    return np.where((found >= 0) & np.isfinite(found), found, np.nan)


def day_column(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return days since 1970-01-01; :data:`NO_DAY` where a cell is missing or is no date.

    Examples
    --------
    >>> day_column(pa.chunked_array([["1970-01-03", "never"]])).tolist()[0]
    2
    """
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        days = column.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
        return np.asarray(pc.fill_null(days, NO_DAY).to_numpy(), np.int64)
    import pandas as pd  # noqa: PLC0415

    stamps = pd.to_datetime(column.cast(pa.string()).to_pandas(), errors="coerce", format="ISO8601")
    values = stamps.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(values), NO_DAY, values.astype(np.int64))
