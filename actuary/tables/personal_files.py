"""Check a file for persons, and write it again with keys in their place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from actuary.durable.files import written_whole
from actuary.errors import Problem, TableError, raise_all
from actuary.files import find_kind, guarded_column, neutral
from actuary.tables.personal_columns import PersonalColumn, recognise_columns
from actuary.tables.personal_door import current_door, personal_door
from actuary.tables.personal_keys import PersonalKey
from actuary.tables.personal_sample import sample_file, text_of
from actuary.tables.row_files import is_parquet, open_rows

__all__ = ["check_personal", "replace_personal", "tables_of"]

_SUFFIXES = (".csv", ".parquet", ".pq")
_BATCH_ROWS = 1 << 17


def tables_of(path: Path) -> list[Path]:
    """Return the tables that a path names: itself, or those in a folder and below.

    Parameters
    ----------
    path : Path
        A file or a folder.

    Raises
    ------
    TableError
        When there is none.
    """
    if path.is_file():
        is_parquet(path)
        return [path]
    found = sorted(one for one in path.rglob("*") if one.is_file() and one.suffix.lower() in _SUFFIXES)
    if not found:
        what = "a folder without tables" if path.is_dir() else "no such file"
        raise TableError(Problem(str(path), what, "a file or a folder of files, .parquet or .csv"))
    return found


def check_personal(path: Path | str) -> tuple[PersonalColumn, ...]:
    r"""Return the columns of a file that hold persons.

    Parameters
    ----------
    path : path
        Parquet or CSV.

    Returns
    -------
    tuple of PersonalColumn
        Every column that was recognised, and by what; never a value.

    Raises
    ------
    TableError
        When the file cannot be looked at.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "cases.csv"
    ...     _ = file.write_text("case_id,psn_name\n1,someone\n", encoding="utf-8")
    ...     [one.column for one in check_personal(file)]
    ['psn_name']
    """
    path, door = Path(path).expanduser(), current_door()
    if not path.is_file():
        raise TableError(Problem(str(path), "no such file", "a file, .parquet or .csv"))
    if not is_parquet(path):
        find_kind(path, where=str(path))  # of what no reader takes for a table nobody can say that it holds no persons
    sample = sample_file(path, rows=door.rules.sampled_rows)
    if sample is None:
        raise TableError(Problem(str(path), "a table that cannot be read", "a whole file, .parquet or .csv"))
    return recognise_columns(sample, door.rules, trusted=door.trusted)


def replace_personal(path: Path | str, out: Path | str, key: PersonalKey) -> int:
    r"""Write a table again with keys in the place of persons; the file appears whole or not at all.

    Parameters
    ----------
    path : path
        Parquet or CSV, of any length: it is read batch by batch.
    out : path
        The file to write, .parquet or .csv.
    key : PersonalKey
        The secret.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    TableError, OutputError
        When one of the files cannot be read or written.

    Examples
    --------
    >>> import tempfile
    >>> from actuary.tables.personal_keys import new_personal_key
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file, key = Path(folder) / "cases.csv", new_personal_key(Path(folder) / "secret.key")
    ...     _ = file.write_text("case_id,certno\n1,11010519491231002X\n", encoding="utf-8")
    ...     rows = replace_personal(file, Path(folder) / "keyed.csv", key)
    ...     rows, "11010519491231002X" in (Path(folder) / "keyed.csv").read_text(encoding="utf-8-sig")
    (1, False)
    """
    path, out = Path(path).expanduser(), Path(out).expanduser()
    parquet, outer = is_parquet(out), current_door()
    sample = sample_file(path, rows=1)
    order = [] if sample is None else list(sample.names)
    twice = sorted({name for name in order if order.count(name) > 1})
    raise_all((Problem(str(path), f"the column {name!r} twice", "every column once") for name in twice), TableError)
    with personal_door(key=key, not_personal=outer.trusted, rules=outer.rules) as door:
        door.datasets.update(outer.datasets)
        batches = open_rows(path, list, coded=lambda _: False, threads=1, batch_rows=_BATCH_ROWS)
        with written_whole(out) as partial:
            rows = _write(iter(batches), partial, parquet=parquet, order=order)
    outer.record.extend(door.record)
    return rows


def _write(batches: Iterator[Any], out: Path, *, parquet: bool, order: list[str]) -> int:
    import pyarrow.csv as pacsv  # noqa: PLC0415  (one of the two)
    import pyarrow.parquet as pq  # noqa: PLC0415

    rows, writer, schema = 0, None, pa.schema([])
    for batch in batches:
        piece = pa.table(batch.columns, names=batch.schema.names)
        piece = piece.select([name for name in order if name in piece.column_names] or piece.column_names)
        piece = piece if parquet else _flat(piece)
        if writer is None:
            schema = pa.schema([pa.field(one.name, _plain(one.type)) for one in piece.schema])
            writer = pq.ParquetWriter(out, schema) if parquet else pacsv.CSVWriter(out, schema)
        writer.write_table(piece.cast(schema))
        rows += piece.num_rows
    if writer is None:
        raise TableError(Problem(str(out), "a table without rows", "at least one"))
    writer.close()
    return rows


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _flat(table: pa.Table) -> pa.Table:
    """Return a table as a CSV file holds it: lists joined, no text that a spreadsheet would compute."""
    for at, field in enumerate(table.schema):
        if pa.types.is_nested(field.type):
            joined = [None if row is None else text_of(row) for row in table[at].to_pylist()]
            table = table.set_column(at, field.name, pa.array(joined, pa.string()))
        kind = _plain(table.schema.field(at).type)
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            texts = table[at].cast(pa.string()).combine_chunks()
            table = table.set_column(at, field.name, guarded_column(texts))
    return table.rename_columns([neutral(name) for name in table.column_names])
