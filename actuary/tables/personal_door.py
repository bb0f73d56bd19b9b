"""The door through which tables of cases come in: personal columns are refused, left out, or replaced by keys.

Every reader of cases asks :func:`admit_file` or :func:`admit_table` first. What the door does is set once, by
:func:`personal_door`, not by each reader: without it a table with personal columns is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actuary.errors import ActuaryError, Problem, TableError, raise_all
from actuary.tables.personal_admission import Admission, refuse_persons
from actuary.tables.personal_cells import foreign_keys
from actuary.tables.personal_columns import PersonalColumn, is_personal_cell, recognise_columns
from actuary.tables.personal_keys import PersonalKey, read_personal_key
from actuary.tables.personal_rules import PersonalRules, load_personal_rules
from actuary.tables.personal_sample import Sample, sample_file, sample_frame

__all__ = [
    "Admission",
    "Door",
    "admit_file",
    "admit_frame",
    "admit_table",
    "check_file_name",
    "current_door",
    "personal_door",
    "persons_told",
    "same_door",
]


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
    datasets : dict of str to tuple of PersonalColumn
        Root of a dataset in parts to the columns that are personal in any part of it.
    """

    drop: bool
    key: PersonalKey | None
    trusted: frozenset[str]
    rules: PersonalRules
    record: list[dict[str, Any]] = field(default_factory=list)
    datasets: dict[str, tuple[PersonalColumn, ...]] = field(default_factory=dict)

    @property
    def has_way(self) -> bool:
        """Whether a way was chosen for persons; without one a table that holds them is refused."""
        return self.drop or self.key is not None

    def as_elsewhere(
        self, found: tuple[PersonalColumn, ...], names: Sequence[str], where: str
    ) -> tuple[PersonalColumn, ...]:
        """Return the personal columns of a part as those of its whole dataset, so that all parts are treated alike.

        Parameters
        ----------
        found : tuple of PersonalColumn
            Those that were recognised in the part.
        names : sequence of str
            Its columns.
        where : str
            The file.

        Raises
        ------
        TableError
            When a column that other parts keep would be left out of this one.
        """
        known = next(
            (known for root, known in self.datasets.items() if Path(where).absolute().is_relative_to(root)), None
        )
        if known is None:
            return found
        of_all = {one.column: one for one in known}
        new = [one for one in found if one.column not in of_all]
        if self.drop:
            mend = "take the column out of every part, or replace persons by keys: --personal-key FILE"
            expected = "a column without persons, as in the parts that were looked at"
            raise_all([Problem(where, str(one), expected, mend) for one in new], TableError)
        every = {**{one.column: one for one in found}, **of_all}
        return tuple(every[name] for name in dict.fromkeys(names) if name in every)

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
    >>> import pyarrow as pa
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


def admit_file(path: Path) -> Admission:
    """Look at a file before it is read, and say how it comes in.

    Parameters
    ----------
    path : Path
        Parquet or CSV; anything else comes in as it is, for its reader refuses it.

    Raises
    ------
    TableError
        When it has personal columns and no way for them was chosen; the message names every such column, no value.
    """
    door = current_door()
    sample = sample_file(path, rows=door.rules.sampled_rows)
    return _admit(sample, str(path), path.name, door)


def check_file_name(name: str) -> None:
    """Raise when the name of a file leads to a person: outputs, lists and manifests repeat it.

    Parameters
    ----------
    name : str
        The name, or the path below the root of a dataset.

    Raises
    ------
    TableError
        When a number of a person stands in it; a name of one cannot be told from a word.

    Examples
    --------
    >>> check_file_name("of=2024-01/cases.csv")
    >>> check_file_name("11010519491231002X.csv")
    Traceback (most recent call last):
    actuary.errors.TableError: ‹18 characters, like an identity number›.csv: found a number of a person in the name ...
    """
    if is_personal_cell(name):
        found = "a number of a person in the name of the file"
        raise TableError(Problem(name, found, "a name that tells of no person", "rename the file or the folder"))


def admit_table(table: Any, *, where: str) -> Admission:
    """Look at a table in memory, and return how it comes in, with the table as it then is.

    Parameters
    ----------
    table : pyarrow.Table
        The table.
    where : str
        How messages call it.

    Raises
    ------
    TableError
        As :func:`admit_file`.
    """
    admission = admit_frame(table, where=where)
    return Admission(admission.where, admission.door, admission.found, admission.rows(table))


def admit_frame(frame: Any, *, where: str) -> Admission:
    """Look at a frame or table in memory, all of whose columns were given whether they are read or not.

    Parameters
    ----------
    frame : pandas.DataFrame or pyarrow.Table
        The table; :meth:`Admission.rows` then takes the columns that are read.
    where : str
        How messages call it.

    Raises
    ------
    TableError
        As :func:`admit_file`.
    """
    door = current_door()
    return _admit(sample_frame(frame, rows=door.rules.sampled_rows), where, where, door)


def _admit(sample: Sample | None, where: str, label: str, door: Door) -> Admission:
    check_file_name(label)
    if sample is None:
        return Admission(where, door, ())
    if any(is_personal_cell(name) for name in sample.names):
        expected = "the names of the columns"
        raise TableError(
            Problem(where, "numbers of persons in the first row", expected, "write a heading above the rows")
        )
    found = recognise_columns(sample, door.rules, trusted=door.trusted)
    found = door.as_elsewhere(found, sample.names, where)
    if (key := door.key) is not None:
        foreign = [
            name
            for name, cells in sample.cells.items()
            if name not in door.trusted and any(key.is_foreign(cell) for cell in cells)
        ]
        raise_all([foreign_keys(f"{where}, {name}", key) for name in foreign], TableError)
    if not found:
        return Admission(where, door, ())
    if not door.has_way:
        if door.rules.policy == "refuse":
            refuse_persons(found, where)
        return Admission(where, door, found)
    names = [one.column for one in found]
    kept = {"dropped": names if door.drop else [], "keyed": names if door.key else []}
    door.record.append({"table": label, **kept})
    return Admission(where, door, found)
