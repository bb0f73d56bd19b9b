"""The door through which tables of cases come in: personal columns are refused, left out, or replaced by keys.

Every reader of cases asks :func:`admit_file` or :func:`admit_table` first. What the door does is set once, by
:func:`personal_door`, not by each reader: without it a table with personal columns is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from actuary.errors import ActuaryError, Problem, TableError, raise_all
from actuary.tables.personal_columns import PersonalColumn, has_genuine_numbers, is_personal_cell, recognise_columns
from actuary.tables.personal_keys import PersonalKey, read_personal_key
from actuary.tables.personal_rules import PersonalRules, load_personal_rules
from actuary.tables.personal_sample import Sample, sample_file, sample_table, text_of

__all__ = [
    "Admission",
    "Door",
    "admit_file",
    "admit_table",
    "current_door",
    "personal_door",
    "persons_told",
    "same_door",
]

#: The two ways on, for messages.
WAYS_ON = (
    "leave them out with --drop-personal, or replace them by keys with --personal-key FILE (actuary personal key new "
    "FILE makes one); a column that holds no persons: --not-personal COLUMN (docs/personal-data.md)"
)
#: What only some cells may hold, wherever they stand: identity numbers, and mobile numbers in a sentence.
_STRAY = (
    r"(^|[^0-9A-Za-z.])[1-9]\d{5}[ -]?(18|19|20)\d{2}[ -]?(0[1-9]|1[0-2])[ -]?(0[1-9]|[12]\d|3[01])[ -]?\d{3}[0-9Xx]"
    r"($|[^0-9A-Za-z])|[０-９]{11}|\p{Han}[^0-9]{0,4}1[3-9]\d{9}($|[^0-9])|(^|[^0-9])1[3-9]\d{9}[^0-9]{0,4}\p{Han}"
)
#: Bytes of the shortest of these.
_STRAY_BYTES = 14


@dataclass(frozen=True, slots=True)
class Door:
    """Say what happens to personal columns.

    Parameters
    ----------
    drop : bool
        Whether they are left out.
    key : PersonalKey or None
        The key that stands for what is in them; without `drop` and key a table that has them is refused.
    trusted : frozenset of str
        Columns of which the user says that they hold no persons.
    rules : PersonalRules
        What is recognised.
    record : list of dict
        What was done to every table that came in: names of columns, never a value.
    """

    drop: bool
    key: PersonalKey | None
    trusted: frozenset[str]
    rules: PersonalRules
    record: list[dict[str, Any]] = field(default_factory=list)

    def __repr__(self) -> str:
        """Return what it does, without the secret of the key."""
        key = f" by key {self.key.id}" if self.key else ""
        return f"<door for personal data: {self.way['way']}{key}>"

    @property
    def way(self) -> dict[str, Any]:
        """What is done with persons, and by which key: a run that goes on must have it in common with its beginning."""
        way = "keyed" if self.key else "dropped" if self.drop else "refused"
        return {"way": way, "key_id": self.key.id if self.key else None, "not_personal": sorted(self.trusted)}

    def told(self) -> dict[str, Any]:
        """Return what a manifest says of it: the way, the id of the key, the columns of every table."""
        return {**self.way, "tables": list({str(sorted(one.items())): one for one in self.record}.values())}


#: The doors that are set, the innermost last. Threads share them: what a run decides holds for all its readers.
_DOORS: list[Door] = []
_LOCK = threading.Lock()


def current_door() -> Door:
    """Return the door that is set; the one that refuses where none is."""
    return _DOORS[-1] if _DOORS else Door(False, None, frozenset(), load_personal_rules())


def persons_told() -> dict[str, Any]:
    """Return what a manifest says of persons, under the key ``persons``; nothing where nothing was done to them.

    Examples
    --------
    >>> persons_told()
    {}
    >>> with personal_door(drop=True):
    ...     persons_told()
    {'persons': {'way': 'dropped', 'key_id': None, 'not_personal': [], 'tables': []}}
    """
    door = current_door()
    return {"persons": door.told()} if door.drop or door.key or door.trusted else {}


@contextmanager
def same_door(door: Door) -> Iterator[Door]:
    """Set a door that was set elsewhere, such as in the process that sent the work.

    Parameters
    ----------
    door : Door
        What :func:`current_door` returned there.
    """
    with _LOCK:
        _DOORS.append(door)
    try:
        yield door
    finally:
        # By identity: another thread may have set its own in between.
        with _LOCK:
            del _DOORS[max(at for at, one in enumerate(_DOORS) if one is door)]


@contextmanager
def personal_door(
    *,
    drop: bool = False,
    key: PersonalKey | Path | str | None = None,
    not_personal: Iterable[str] = (),
    rules: PersonalRules | None = None,
) -> Iterator[Door]:
    """Set what happens to personal columns of the tables that are read inside.

    Parameters
    ----------
    drop : bool
        Leave them out.
    key : PersonalKey or path, optional
        Replace what is in them by keys of this secret.
    not_personal : iterable of str
        Columns that hold no persons, whatever they look like.
    rules : PersonalRules, optional
        What is recognised; as the package declares it when left out.

    Raises
    ------
    TableError
        When the file of the key cannot be used.

    Examples
    --------
    >>> with personal_door(drop=True) as door:
    ...     admit_table(pa.table({"case_id": ["a"], "姓名": ["某"]}), where="cases").table.column_names
    ['case_id']
    >>> door.told()["tables"]
    [{'table': 'cases', 'dropped': ['姓名'], 'keyed': []}]
    """
    if drop and key is not None:
        raise ActuaryError(Problem("--drop-personal, --personal-key", "both", "one of them"))
    secret = read_personal_key(key) if isinstance(key, str | Path) else key
    door = Door(drop, secret, frozenset(not_personal), rules or load_personal_rules())
    with same_door(door):
        yield door


@dataclass(frozen=True, slots=True)
class Admission:
    """Hold how one table comes in.

    Parameters
    ----------
    where : str
        How messages call it.
    door : Door
        What was set when it was opened.
    found : tuple of PersonalColumn
        Its personal columns; empty when it has none.
    table : pyarrow.Table or None
        The table as it came in, where it was given whole.
    """

    where: str
    door: Door
    found: tuple[PersonalColumn, ...]
    table: Any = None

    @property
    def dropped(self) -> frozenset[str]:
        """Columns that are left out."""
        return frozenset(one.column for one in self.found) if self.door.drop else frozenset()

    def choose(self, choose: Callable[[list[str]], Iterable[str]], names: Sequence[str]) -> list[str]:
        """Return the columns that a reader wants, of those that are not left out.

        Raises
        ------
        TableError
            When it cannot do without one that is left out.
        """
        try:
            return list(choose([name for name in names if name not in self.dropped]))
        except TableError as error:
            self.require(one.column for one in self.found if f"{one.column!r}" in str(error))
            raise

    def require(self, columns: Iterable[str]) -> None:
        """Raise when a column that a reader cannot do without is left out.

        Raises
        ------
        TableError
            Names it, what it holds, and the way on.
        """
        needed = set(columns) & self.dropped
        mend = "replace it by keys instead: --personal-key FILE"
        left = [one for one in self.found if one.column in needed]
        raise_all(
            [Problem(self.where, f"{one}, left out", "a column that is needed", mend) for one in left], TableError
        )

    def batches(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Give batches with keys in the place of persons.

        Raises
        ------
        TableError
            When a number of a person stands where none was seen before, and there is no key.
        """
        return (self.rows(batch) for batch in batches)

    def rows(self, batch: Any) -> Any:
        """Return a batch or a table with keys in the place of persons; columns that are left out are gone."""
        by = {one.column: one for one in self.found}
        keep = [at for at, name in enumerate(batch.schema.names) if name not in self.dropped]
        columns = [self._column(batch.schema.names[at], batch.column(at), by) for at in keep]
        names = [batch.schema.names[at] for at in keep]
        if len(keep) == batch.num_columns and all(new is batch.column(at) for at, new in enumerate(columns)):
            return batch
        fields = [pa.field(name, column.type) for name, column in zip(names, columns, strict=True)]
        return type(batch).from_arrays(columns, schema=pa.schema(fields, metadata=batch.schema.metadata))

    def _column(self, name: str, column: Any, by: Mapping[str, PersonalColumn]) -> Any:
        if name in self.door.trusted:
            return column
        if name in by and self.door.key is not None:
            return _keyed(column, self.door.key, whole=by[name].by == "name", where=f"{self.where}, {name}")
        if not _has_stray(column, self.door.rules):
            return column
        if self.door.key is not None:
            return _keyed(column, self.door.key, whole=False, where=f"{self.where}, {name}")
        found = f"identity numbers or telephone numbers in some cells of {name!r}"
        mend = "replace them by keys: --personal-key FILE; or correct the cells" if self.door.drop else WAYS_ON
        raise TableError(Problem(self.where, found, "a column without persons", mend))


def admit_file(path: Path, *, reads: Callable[[str], bool] | None = None) -> Admission:
    """Look at a file before it is read, and say how it comes in.

    Parameters
    ----------
    path : Path
        Parquet or CSV; anything else comes in as it is, for its reader refuses it.
    reads : callable, optional
        Says of a column whether its reader may read it; all when left out.

    Raises
    ------
    TableError
        When it has personal columns and no way for them was chosen; the message names every such column, no value.
    """
    door = current_door()
    sample = sample_file(path, rows=door.rules.sampled_rows)
    return _admit(sample, str(path), path.name, door, reads)


def admit_table(table: Any, *, where: str, reads: Callable[[str], bool] | None = None) -> Admission:
    """Look at a table in memory, and return how it comes in, with the table as it then is.

    Parameters
    ----------
    table : pyarrow.Table
        The table.
    where : str
        How messages call it.
    reads : callable, optional
        Says of a column whether its reader may read it; all when left out.

    Raises
    ------
    TableError
        As :func:`admit_file`.
    """
    door = current_door()
    admission = _admit(sample_table(table, rows=door.rules.sampled_rows), where, where, door, reads)
    return Admission(admission.where, door, admission.found, admission.rows(table))


def _admit(sample: Sample | None, where: str, label: str, door: Door, reads: Callable[[str], bool] | None) -> Admission:
    if sample is None:
        return Admission(where, door, ())
    if any(is_personal_cell(name) for name in sample.names):
        expected = "the names of the columns"
        raise TableError(
            Problem(where, "numbers of persons in the first row", expected, "write a heading above the rows")
        )
    found = recognise_columns(sample, door.rules, trusted=door.trusted)
    if (key := door.key) is not None:
        foreign = [
            name
            for name, cells in sample.cells.items()
            if name not in door.trusted and any(key.is_foreign(cell) for cell in cells)
        ]
        raise_all([_foreign(f"{where}, {name}", key) for name in foreign], TableError)
    if not found:
        return Admission(where, door, ())
    if not door.drop and door.key is None:
        refused = [one for one in found if door.rules.policy == "refuse" or (reads is None or reads(one.column))]
        if refused:
            columns = "; ".join(str(one) for one in refused)
            raise TableError(Problem(where, f"personal columns: {columns}", "a table without persons", WAYS_ON))
    names = [one.column for one in found]
    kept = {"dropped": names if door.drop else [], "keyed": names if door.key else []}
    door.record.append({"table": label, **kept})
    return Admission(where, door, found)


def _texts(column: Any) -> Any:
    """Return the cells of a column as texts; None for a column of another kind."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return column if pa.types.is_string(kind) or pa.types.is_large_string(kind) else None


def _has_stray(column: Any, rules: PersonalRules) -> bool:
    """Return whether numbers of persons stand in a column that was not recognised."""
    texts = _texts(column)
    if texts is None or not len(texts):
        return False
    distinct = _dictionary(texts) if pa.types.is_dictionary(texts.type) else texts
    longest = pc.max(pc.binary_length(distinct)).as_py()
    if longest is None or longest < _STRAY_BYTES:
        return False
    looks = pc.fill_null(pc.match_substring_regex(distinct, _STRAY), False)
    if not pc.any(looks).as_py():
        return False
    return has_genuine_numbers(pc.unique(distinct.filter(looks)).to_pylist()[: rules.stray_cells], rules)


def _dictionary(column: Any) -> Any:
    if isinstance(column, pa.ChunkedArray):
        chunks = [chunk.dictionary for chunk in column.chunks]
        return pa.chunked_array(chunks) if chunks else pa.chunked_array([], pa.string())
    return column.dictionary


def _foreign(where: str, key: PersonalKey) -> Problem:
    """Tell that a table was keyed before, with another secret."""
    mend = (
        "go on with the key of the file, or key the table anew from the one that it was made of; pseudonyms of another "
        "house: --not-personal COLUMN"
    )
    return Problem(where, "keys that another secret made", f"keys of {key.id}, or none yet", mend)


def _keyed(column: Any, key: PersonalKey, *, whole: bool, where: str) -> Any:
    """Return keys of the cells of a column, or of those cells only that look like a number of a person."""
    if isinstance(column, pa.ChunkedArray):
        chunks = [_keyed(chunk, key, whole=whole, where=where) for chunk in column.chunks]
        return pa.chunked_array(chunks) if chunks else column
    kind, encoded = column.type, column
    if pa.types.is_nested(kind):
        encoded = pa.array([text_of(value) for value in column.to_pylist()], pa.string())
    if not pa.types.is_dictionary(kind):
        encoded = pc.dictionary_encode(encoded)
    keys = []
    for value in encoded.dictionary.to_pylist():
        text = text_of(value)
        if key.is_foreign(text):
            raise TableError(_foreign(where, key))
        keys.append(key.of(text) if whole or is_personal_cell(text) else text)
    made = pa.DictionaryArray.from_arrays(encoded.indices, pa.array(keys, pa.string()))
    # A column of texts stays what it was, so that all batches have one type; one of numbers becomes texts.
    return made.cast(kind if _texts(column) is not None and not pa.types.is_dictionary(kind) else made.type.value_type)
