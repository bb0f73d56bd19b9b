"""Look at some rows of a file of cases before it is read: its columns, and cells from several places."""

from __future__ import annotations

import codecs
import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from actuary.errors import ActuaryError
from actuary.files import clean_heading, find_separator
from actuary.files.delimited import SAMPLE
from actuary.files.encodings import unmarked_utf16

__all__ = ["Sample", "sample_file", "sample_frame", "text_of"]

_PLACES = 8
#: Numbers of more digits than any of a person.
_LONGEST = 10**24
#: What frames write for nothing.
_NOTHING = frozenset(("NAType", "NaTType"))
_BLOCK_BYTES = 1 << 16
_HEAD_BYTES = 1 << 20
_START_BYTES = 1 << 12
_PARQUET_SUFFIXES = (".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class Sample:
    """Hold the columns of a table and some of its cells as texts.

    Parameters
    ----------
    names : tuple of str
        Every column, in order.
    cells : mapping of str to sequence of str
        By column; blank cells are left out.
    inner : mapping of str to tuple of str
        Names of the fields within a column of records.
    """

    names: tuple[str, ...]
    cells: Mapping[str, Sequence[str]]
    inner: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def text_of(value: Any) -> str:
    """Return a cell as a text; a number that is whole is written out with ``.0``, for its last digits are not sure.

    Examples
    --------
    >>> text_of(1.3812345678e10), text_of(" a "), text_of(["a", "b"]), text_of(None)
    ('13812345678.0', 'a', 'a|b', '')
    """
    if type(value) is str:  # nearly every cell
        return value.strip()
    if hasattr(value, "tolist"):  # of a frame
        value = value.tolist()
    if value is None or type(value).__name__ in _NOTHING or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.1f}" if value.is_integer() and abs(value) < 1e19 else repr(value)
    if isinstance(value, list | tuple | dict):
        return "|".join(text_of(item) for item in (value.values() if isinstance(value, dict) else value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    return "" if isinstance(value, int) and abs(value) >= _LONGEST else str(value).strip()


def _values(column: Any) -> list[Any]:
    """Return the cells of a column; one that is no text at all must not hide the others from the look."""
    try:
        values: list[Any] = column.to_pylist()
    except (UnicodeDecodeError, ValueError, OverflowError, pa.ArrowException):
        values = [_value(cell) for cell in column]
    return values


def _value(cell: Any) -> Any:
    try:
        return cell.as_py()
    except UnicodeDecodeError:
        if hasattr(cell, "as_buffer"):
            return cell.as_buffer().to_pybytes()
        return (
            [_value(one) for one in cell.values] if pa.types.is_nested(cell.type) and hasattr(cell, "values") else None
        )
    except (ValueError, OverflowError, pa.ArrowException):
        return None


def sample_frame(frame: Any, *, rows: int) -> Sample:
    """Take rows from the beginning, the end and between of a table in memory.

    Parameters
    ----------
    frame : pyarrow.Table or pandas.DataFrame
        The table; of a frame only the rows that are taken are turned into texts.
    rows : int
        Rows to take at most.

    Examples
    --------
    >>> sample_frame(pa.table({"a": [1, None]}), rows=10).cells
    {'a': ['1']}
    """
    places = _places(len(frame), rows)
    if isinstance(frame, pa.Table):
        names = tuple(frame.column_names)
        pieces = [frame.slice(start, count) for start, count in places]
        columns = [[value for piece in pieces for value in _values(piece.column(at))] for at in range(len(names))]
    else:
        names = tuple(str(name) for name in frame.columns)
        rows_ = [at for start, count in places for at in range(start, start + count)]
        columns = [frame.iloc[rows_, at].tolist() for at in range(len(names))]
    cells: dict[str, list[str]] = {name: [] for name in names}
    for name, values in zip(names, columns, strict=True):
        cells[name] += [text for value in values if (text := text_of(value))]
    if isinstance(frame, pa.Table):
        return Sample(names, cells, _inner_names(frame.schema))
    records = {
        name: tuple({key for one in values if isinstance(one, dict) for key in map(str, one)})
        for name, values in zip(names, columns, strict=True)
    }
    return Sample(names, cells, records)


def _inner_names(schema: pa.Schema) -> dict[str, tuple[str, ...]]:
    def below(kind: pa.DataType) -> list[str]:
        fields = [kind.field(at) for at in range(kind.num_fields)] if pa.types.is_nested(kind) else []
        named = [one.name for one in fields] if pa.types.is_struct(kind) else []
        return [*named, *(name for one in fields for name in below(one.type))]

    return {one.name: tuple(below(one.type)) for one in schema if pa.types.is_nested(one.type)}


def _places(count: int, rows: int) -> list[tuple[int, int]]:
    if count <= rows:
        return [(0, count)]
    each = max(1, rows // _PLACES)
    starts = {round(at * (count - each) / (_PLACES - 1)) for at in range(_PLACES)}
    return [(start, each) for start in sorted(starts)]


def sample_file(path: Path, *, rows: int) -> Sample | None:
    """Take rows from several places of a Parquet or CSV file; None for one that cannot be looked at.

    What is wrong with such a file is told by its reader.

    Parameters
    ----------
    path : Path
        The file.
    rows : int
        Rows to take at most, about.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in _PARQUET_SUFFIXES:
            return _of_parquet(path, rows)
        return _of_text(path, rows)  # whatever its suffix: some readers take it for a table of text
    except (ActuaryError, OSError, pa.ArrowException, UnicodeError, csv.Error, ValueError):
        return None


def _of_parquet(path: Path, rows: int) -> Sample:
    import pyarrow.parquet as pq  # noqa: PLC0415  (only for Parquet)

    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        names = tuple(schema.names)
        groups = file.metadata.num_row_groups
        wanted = sorted({0, groups // 2, groups - 1}) if groups else []
        cells: dict[str, list[str]] = {name: [] for name in names}
        inner = _inner_names(schema)
        # Days, money and small numbers hold no number of a person, and cost time to unpack.
        read = sorted({field.name for field in schema if _may_hold(field.type)})
        if len(set(names)) < len(names) or not read:
            return Sample(names, cells, inner)
        for group in wanted:
            try:
                batch = next(file.iter_batches(rows // len(wanted) or 1, row_groups=[group], columns=read), None)
            except (pa.ArrowException, OSError, ValueError):
                batch = None  # its reader tells; the names of the columns are looked at all the same
            if batch is None:
                continue
            for name in read:
                cells[name] += [text for value in _values(batch.column(name)) if (text := text_of(value))]
        return Sample(names, cells, inner)


def _may_hold(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _may_hold(kind.value_type)
    if pa.types.is_nested(kind):
        return any(_may_hold(kind.field(at).type) for at in range(kind.num_fields))
    texts = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    # Some writers mark no texts as such: they are bytes then.
    raw = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    numbers = pa.types.is_int64(kind) or pa.types.is_uint64(kind) or pa.types.is_float64(kind)
    whole = pa.types.is_decimal(kind) and kind.scale <= 0
    return bool(texts or raw or numbers or whole)


def _of_text(path: Path, rows: int) -> Sample | None:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        encoding = _encoding(head)
        first = head.decode(encoding, "replace").lstrip("\ufeff")
        separator = find_separator(first[:SAMPLE], where=path.name, whole=size <= SAMPLE)
        table = _rows(first, separator, cut=size > _HEAD_BYTES)
        names = tuple(clean_heading(name) for name in next(table, []))
        if not names:
            return None
        cells: dict[str, list[str]] = {name: [] for name in names}
        _take(table, names, cells, rows // 2)
        if size <= _HEAD_BYTES:
            rest = list(table)
            _take(iter(rest[:: -(-len(rest) // max(1, rows // 2)) or 1]), names, cells, rows)
        each = max(1, rows // 2 // _PLACES)
        for place in range(1, _PLACES + 1) if size > _HEAD_BYTES else ():
            start = (size - _BLOCK_BYTES) * place // _PLACES // 4 * 4
            file.seek(start)
            block = file.read(_BLOCK_BYTES).decode(encoding, "replace").partition("\n")[2]
            _take(_rows(block, separator, cut=True), names, cells, each)
    return Sample(names, cells)


def _encoding(head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF32_LE):  # its first half is the mark of UTF-16
        return "utf-32-le"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16-le" if head.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
    if unmarked := unmarked_utf16(head[:_START_BYTES]):
        return unmarked
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _rows(text: str, separator: str, *, cut: bool) -> Iterator[list[str]]:
    """Give the rows of a text; the last one is left out where it may be cut off."""
    if cut:
        text = text.rpartition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue
        yield row


def _take(table: Iterator[list[str]], names: Sequence[str], cells: dict[str, list[str]], rows: int) -> None:
    for _, row in zip(range(rows), table, strict=False):
        # A row with a cell too few or too many is looked at as it stands: it may be the very one that matters.
        for name, cell in zip(names, row, strict=False):
            if text := cell.strip():
                cells[name].append(text)
