"""Find the partitions of a dataset: a folder of Parquet files, nested or not, or one large file by its row groups."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from actuary.errors import Problem, TableError, raise_all
from actuary.policy.fingerprints import fingerprint
from actuary.tables.personal_dataset import decide_parts

__all__ = ["PARTITION_ROWS", "Dataset", "Partition", "find_partitions", "is_dataset"]

#: Rows that a partition holds at most, as far as the row groups of a file allow it.
PARTITION_ROWS = 1 << 19

_SUFFIXES = (".parquet", ".pq")
#: Problems that are named one by one.
_SHOWN = 20
_READERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """Name rows that are read, worked on and written together; small, and the same on every machine.

    Parameters
    ----------
    number : int
        Its place in the dataset, from 0.
    path : str
        The file, absolute.
    name : str
        The file below the root of the dataset, with ``/``.
    out : str
        Where its answer stands below the root of the output, with ``/`` and the suffix ``.parquet``.
    first_group, end_group : int
        Its row groups: from the first up to, not including, the end.
    first_row : int
        Rows of the file before it.
    rows : int
        Its rows.
    fingerprint : str
        Hash of what the file says of itself (size, time of change, footer) and of the row groups.
    content : str
        The same without the time of change: equal for a copy of the file.
    """

    number: int
    path: str
    name: str
    out: str
    first_group: int
    end_group: int
    first_row: int
    rows: int
    fingerprint: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Hold the partitions of a dataset in their order.

    Parameters
    ----------
    root : str
        Folder or file, as it was named.
    partitions : tuple of Partition
        In the natural order of their names: ``month=2`` stands before ``month=10``.
    columns : tuple of str
        Names of the columns, the same in every partition.
    """

    root: str
    partitions: tuple[Partition, ...]
    columns: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Rows in all."""
        return sum(partition.rows for partition in self.partitions)

    @property
    def fingerprint(self) -> str:
        """Hash of every partition in its order; another one once a file was written again."""
        return fingerprint([[one.name, one.fingerprint] for one in self.partitions])

    @property
    def content(self) -> str:
        """Hash of what the files hold as far as their footers tell; a copy of the folder has the same."""
        return fingerprint([[one.name, one.content] for one in self.partitions])


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    path: Path
    fields: Mapping[str, str]
    group_rows: tuple[int, ...]
    stamp: str
    content: str


def is_dataset(path: Path) -> bool:
    """Say whether a path is a folder with Parquet files somewhere below it.

    Parameters
    ----------
    path : Path
        Whatever a person named.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     is_dataset(Path(folder))
    False
    """
    return path.is_dir() and any(True for _ in _walk(path, []))


def find_partitions(root: Path | str, *, partition_rows: int = PARTITION_ROWS) -> Dataset:
    """Find the partitions of a dataset and check that they are of one kind.

    Folders may be named as one likes (``year=2024/city=…/month=…``, ``2024/01``); hidden files and those whose name
    begins with ``_`` are left aside. The names of folders are no columns.

    Parameters
    ----------
    root : path
        A folder of Parquet files at any depth, or one Parquet file.
    partition_rows : int
        Rows a partition holds at most; a file with more is split between its row groups.

    Returns
    -------
    Dataset
        Its partitions.

    Raises
    ------
    TableError
        Names every file that is not Parquet, empty or broken, or differs in its columns, and names that clash; or the
        columns of any part that hold persons, where no way for them was chosen.

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow as pa, pyarrow.parquet as pq
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for month in (10, 2):
    ...         (Path(folder) / f"month={month}").mkdir()
    ...         pq.write_table(pa.table({"case_id": ["a"]}), Path(folder) / f"month={month}" / "part.parquet")
    ...     [partition.name for partition in find_partitions(folder).partitions]
    ['month=2/part.parquet', 'month=10/part.parquet']
    """
    place = Path(root).expanduser()
    found = _listed(place)
    with ThreadPoolExecutor(_READERS) as pool:
        read = list(pool.map(lambda pair: _read_footer(*pair), found))
    problems = [one for one in read if isinstance(one, Problem)]
    files = [one for one in read if isinstance(one, _File)]
    problems += _differences(files)
    problems += _clashes(files, partition_rows)
    if len(problems) > _SHOWN:
        more = Problem(str(root), f"{len(problems) - _SHOWN} further problems", "none", "mend those above first")
        problems = [*problems[:_SHOWN], more]
    raise_all(problems, TableError)
    if not sum(sum(file.group_rows) for file in files):
        raise TableError(Problem(str(root), "no row in any file", "at least one case"))
    decide_parts(place, [file.path for file in files])
    partitions: list[Partition] = []
    for file in files:
        partitions += _partitions_of(file, len(partitions), partition_rows)
    return Dataset(root=str(root), partitions=tuple(partitions), columns=tuple(files[0].fields))


def _walk(root: Path, strange: list[str]) -> Iterator[tuple[str, Path]]:
    """Yield the Parquet files below a folder; other files are put on a list."""
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if not name.startswith((".", "_")))
        for name in sorted(files):
            path = Path(folder) / name
            relative = path.relative_to(root).as_posix()
            if name.startswith((".", "_")):
                continue
            if path.suffix.lower() in _SUFFIXES:
                yield relative, path
            else:
                strange.append(relative)


def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key by which numbers within names stand in their order."""
    pieces = re.split(r"([0-9]+|/)", name)
    # A separator goes before everything, so that a folder's files stand together.
    return tuple(
        (0, 0, "") if piece == "/" else (1, int(piece), piece) if piece.isascii() and piece.isdigit() else (2, 0, piece)
        for piece in pieces
        if piece
    )


def _listed(place: Path) -> list[tuple[str, Path]]:
    expected = "a folder of Parquet files, or one Parquet file"
    if place.is_file():
        if place.suffix.lower() not in _SUFFIXES:
            mend = "only Parquet can be read in parts; without --engine the file is read as a whole"
            raise TableError(Problem(str(place), f"the suffix {place.suffix!r}", expected, mend))
        return [(place.name, place)]
    if not place.is_dir():
        raise TableError(Problem(str(place), "no such folder", expected))
    if (place / "manifest.json").is_file() and (place / "cases").is_dir():
        place /= "cases"  # what an earlier step wrote
    strange: list[str] = []
    found = sorted(_walk(place, strange), key=lambda pair: _natural(pair[0]))
    if not found:
        seen = f"{len(strange)} other files, such as {strange[0]}" if strange else "no file"
        mend = "write the cases as Parquet, one file a month for instance"
        raise TableError(Problem(str(place), seen, expected, mend))
    raise_all(
        [
            Problem(f"{place}/{name}", "a file that is not Parquet", "Parquet files only", "take it out of the folder")
            for name in strange[:_SHOWN]
        ],
        TableError,
    )
    return found


def _read_footer(name: str, path: Path) -> _File | Problem:
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
    return _File(name, path, fields, rows, f"{content} {status.st_mtime_ns}", content)


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
        ("date", pa.types.is_date),
        ("time", pa.types.is_timestamp),
    ):
        if test(kind):
            return said
    return str(kind)


def _differences(files: Sequence[_File]) -> list[Problem]:
    """Name every file whose columns are not those of the first one."""
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


def _splits(file: _File, partition_rows: int) -> list[tuple[int, int]]:
    """Return the row groups of each partition of a file."""
    if sum(file.group_rows) <= partition_rows:
        return [(0, len(file.group_rows))]
    splits, first, rows = [], 0, 0
    for number, more in enumerate(file.group_rows):
        if rows and rows + more > partition_rows:
            splits.append((first, number))
            first, rows = number, 0
        rows += more
    return [*splits, (first, len(file.group_rows))]


def _out_names(file: _File, partition_rows: int) -> list[str]:
    stem = str(PurePosixPath(file.name).with_suffix(""))
    splits = _splits(file, partition_rows)
    if len(splits) == 1:
        return [f"{stem}.parquet"]
    return [f"{stem}-{number:05d}.parquet" for number in range(len(splits))]


def _clashes(files: Sequence[_File], partition_rows: int) -> list[Problem]:
    taken: dict[str, str] = {}
    problems = []
    for file in files:
        for name in _out_names(file, partition_rows):
            other = taken.setdefault(name.casefold(), file.name)
            if other != file.name:
                found = f"a name that cannot be told from {other} in the output"
                problems.append(Problem(file.name, found, "names that differ by more than case or suffix", "rename it"))
                break
    return problems


def _partitions_of(file: _File, number: int, partition_rows: int) -> list[Partition]:
    partitions: list[Partition] = []
    names = _out_names(file, partition_rows)
    for (first, end), out in zip(_splits(file, partition_rows), names, strict=True):
        partitions.append(
            Partition(
                number=number + len(partitions),
                path=str(file.path.absolute()),
                name=file.name,
                out=out,
                first_group=first,
                end_group=end,
                first_row=sum(file.group_rows[:first]),
                rows=sum(file.group_rows[first:end]),
                fingerprint=fingerprint([file.stamp, first, end]),
                content=fingerprint([file.content, first, end]),
            )
        )
    return partitions
