"""What the files of a dataset tell of themselves, and where they differ."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actuary.errors import Problem
from actuary.tables.file_marks import file_marks

__all__ = ["DataFile", "differences", "read_footer"]


@dataclass(frozen=True, slots=True)
class DataFile:
    """Say what a file of a dataset tells of itself.

    Parameters
    ----------
    name : str
        The file below the root of the dataset, with ``/``.
    path : Path
        The file.
    fields : mapping of str to str
        Type of each column, as far as it decides how the column is read.
    group_rows : tuple of int
        Rows of each row group.
    stamp : str
        Size, footer and time of change.
    content : str
        Size and footer.
    city : str
        Whose cases it says it holds; empty where it does not say it.
    """

    name: str
    path: Path
    fields: Mapping[str, str]
    group_rows: tuple[int, ...]
    stamp: str
    content: str
    city: str


def read_footer(name: str, path: Path) -> DataFile | Problem:
    """Read what a file tells of itself, or say what is wrong with it.

    Parameters
    ----------
    name : str
        The file below the root of the dataset.
    path : Path
        The file.
    """
    import pyarrow as pa  # noqa: PLC0415  (only where a dataset is read)
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        status = path.stat()
        if status.st_size == 0:
            return Problem(str(path), "an empty file", "a whole Parquet file", "write or copy it again")
        with path.open("rb") as stream:
            stream.seek(-8, os.SEEK_END)
            length = int.from_bytes(stream.read(4), "little")
            stream.seek(-min(status.st_size, length + 8), os.SEEK_END)
            footer = hashlib.sha256(stream.read()).hexdigest()
        with pq.ParquetFile(path) as file:
            schema, metadata = file.schema_arrow, file.metadata
    except (pa.ArrowException, OSError, UnicodeError) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        mend = "write it again, or copy it again if the copy was cut off"
        return Problem(str(path), f"what cannot be read ({said})", "a whole Parquet file", mend)
    names = schema.names
    if double := sorted({one for one in names if names.count(one) > 1}):
        return Problem(str(path), f"the column {double[0]!r} twice", "every column once", "drop all but one")
    fields = {field.name: _plain_type(field.type, pa) for field in schema}
    rows = tuple(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
    content = f"{status.st_size} {footer}"
    city = file_marks(schema.metadata).get("city", "")
    return DataFile(name, path, fields, rows, f"{content} {status.st_mtime_ns}", content, city)


def _plain_type(kind: Any, pa: Any) -> str:
    """Name a type as far as it decides how a column is read."""
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type, pa)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list of {_plain_type(kind.value_type, pa)}"
    for said, test in (
        ("text", lambda one: pa.types.is_string(one) or pa.types.is_large_string(one)),
        ("whole number", pa.types.is_integer),
        ("number", pa.types.is_floating),
        # Digits differ by what each part happens to hold: whoever writes from Python has them inferred.
        ("decimal number", pa.types.is_decimal),
        ("date", pa.types.is_date),
        ("time", pa.types.is_timestamp),
    ):
        if test(kind):
            return said
    return str(kind)


def differences(files: Sequence[DataFile]) -> list[Problem]:
    """Name every file whose columns are not those of the first one.

    Parameters
    ----------
    files : sequence of DataFile
        The files, in their order.
    """
    if not files:
        return []
    first, problems = files[0], []
    # A column without any cell has no type of its own.
    types = {
        name: {kind for file in files if (kind := file.fields.get(name, "null")) != "null"} for name in first.fields
    }
    for file in files[1:]:
        expected = f"the columns of {first.name}"
        lacking = [name for name in first.fields if name not in file.fields]
        further = [name for name in file.fields if name not in first.fields]
        if lacking:
            mend = "write every file with the same columns, empty where nothing is known"
            problems.append(Problem(file.name, f"no column {', '.join(map(repr, lacking))}", expected, mend))
        if further:
            mend = f"add them to {first.name} too, or drop them"
            problems.append(Problem(file.name, f"further columns {', '.join(map(repr, further))}", expected, mend))
        for name, kinds in types.items():
            here = file.fields.get(name, "null")
            told = next((one.fields[name] for one in files if one.fields.get(name, "null") != "null"), "null")
            if len(kinds) > 1 and here not in ("null", told):
                mend = "write the column with one type everywhere"
                problems.append(Problem(f"{file.name}, {name}", here, f"{told}, as in the files before", mend))
    return problems
