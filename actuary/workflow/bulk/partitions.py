"""Find the partitions of a dataset: a folder of Parquet files, nested or not, or one large file by its row groups."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from actuary.errors import Problem, TableError, raise_all
from actuary.policy.fingerprints import fingerprint
from actuary.tables.personal_dataset import decide_parts
from actuary.workflow.bulk.footers import DataFile, differences, read_footer

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
    city : str
        Whose cases the files say they hold; empty where none says it, or not all that do say the same.
    """

    root: str
    partitions: tuple[Partition, ...]
    columns: tuple[str, ...]
    city: str = ""

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
        read = list(pool.map(lambda pair: read_footer(*pair), found))
    problems = [one for one in read if isinstance(one, Problem)]
    files = [one for one in read if isinstance(one, DataFile)]
    problems += differences(files)
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
    cities = {file.city for file in files} - {""}
    return Dataset(
        root=str(root),
        partitions=tuple(partitions),
        columns=tuple(files[0].fields),
        city=cities.pop() if len(cities) == 1 else "",
    )


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


def _splits(file: DataFile, partition_rows: int) -> list[tuple[int, int]]:
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


def _out_names(file: DataFile, partition_rows: int) -> list[str]:
    stem = str(PurePosixPath(file.name).with_suffix(""))
    splits = _splits(file, partition_rows)
    if len(splits) == 1:
        return [f"{stem}.parquet"]
    return [f"{stem}-{number:05d}.parquet" for number in range(len(splits))]


def _clashes(files: Sequence[DataFile], partition_rows: int) -> list[Problem]:
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


def _partitions_of(file: DataFile, number: int, partition_rows: int) -> list[Partition]:
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
