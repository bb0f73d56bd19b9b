"""Read the rows of one partition; codes come as dictionaries where the file can give them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actuary.errors import Problem, TableError
from actuary.personal_numbers import without_cells
from actuary.tables.personal_door import Admission, admit_file, current_door
from actuary.tables.personal_rules import PersonalRules
from actuary.workflow.bulk.partitions import Partition

__all__ = ["read_columns", "read_rows", "reading"]

#: Files in which nothing of persons was recognised, as they were then.
_WITHOUT_PERSONS: dict[tuple[str, int, int, frozenset[str], PersonalRules], Admission] = {}
_MOST_FILES = 10_000


@contextmanager
def reading(partition: Partition) -> Iterator[None]:
    """Turn what a reader says of a broken file into an error that names the file."""
    import pyarrow as pa  # noqa: PLC0415  (only where rows are read)

    try:
        yield
    except (pa.ArrowException, OSError, UnicodeError) as error:
        said = without_cells(error)
        mend = "write or copy the file again, then run the same command: what is finished is kept"
        raise TableError(
            Problem(partition.path, f"what cannot be read ({said})", "a whole Parquet file", mend)
        ) from None


def _admitted(path: Path) -> Admission:
    """Look at a file for persons once, however many partitions and passes read it.

    Only what a door lets in that would refuse persons is remembered: what is left out or replaced by keys may follow
    from other files.
    """
    door = current_door()
    if door.drop or door.key is not None:
        return admit_file(path)
    try:
        status = path.stat()
    except OSError:
        return admit_file(path)  # which says what is wrong
    file = (str(path), status.st_size, status.st_mtime_ns, door.trusted, door.rules)
    if (held := _WITHOUT_PERSONS.get(file)) is not None:
        return held
    admission = admit_file(path)
    if not admission.found:
        if len(_WITHOUT_PERSONS) >= _MOST_FILES:
            _WITHOUT_PERSONS.clear()
        _WITHOUT_PERSONS[file] = admission
    return admission


def read_rows(partition: Partition, columns: Iterable[str], *, coded: Callable[[str], bool] | None = None) -> Any:
    """Read some columns of a partition.

    Parameters
    ----------
    partition : Partition
        Which rows.
    columns : iterable of str
        Names of the columns.
    coded : callable, optional
        Says of a column, by its path, whether its texts come as dictionaries.

    Returns
    -------
    pyarrow.Table
        The rows, one chunk a row group.

    Raises
    ------
    TableError
        When the file is gone, broken, has other rows than when the run began, or holds persons
        (:mod:`actuary.tables.personal_door`).
    """
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    wanted = sorted(columns)
    admission = _admitted(Path(partition.path))
    admission.require(wanted)
    groups = list(range(partition.first_group, partition.end_group))
    with reading(partition), pq.ParquetFile(partition.path) as plain:
        schema = plain.metadata.schema
        leaves = [schema.column(number).path for number in range(plain.metadata.num_columns)]
        codes = [leaf for leaf in leaves if coded is not None and coded(leaf)]
        table = None
        if codes and partition.rows:
            try:
                with pq.ParquetFile(partition.path, read_dictionary=codes) as numbered:
                    table = numbered.read_row_groups(groups, columns=wanted, use_threads=False)
            except pa.ArrowNotImplementedError:
                table = None  # a column of codes with several dictionaries in one row group
        if table is None:
            table = plain.read_row_groups(groups, columns=wanted, use_threads=False)
    if table.num_rows != partition.rows:
        found = f"{table.num_rows:,} rows"
        expected = f"{partition.rows:,} rows, as when the run began"
        raise TableError(Problem(partition.path, found, expected, "leave the files alone while they are worked on"))
    return admission.rows(table)


def read_columns(partition: Partition) -> list[str]:
    """Return the names of the columns of a partition; those of persons are not among them where they are left out."""
    import pyarrow.parquet as pq  # noqa: PLC0415

    with reading(partition), pq.ParquetFile(partition.path) as file:
        names = list(file.schema_arrow.names)
    dropped = _admitted(Path(partition.path)).dropped
    return [name for name in names if name not in dropped]
