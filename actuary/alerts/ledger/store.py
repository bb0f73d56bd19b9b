"""The SQLite file of the ledger: one table of events that only grows, and the head of their chain.

A rollback journal and not a write-ahead log: at rest the ledger is one file that can be copied, and it may lie on a
network drive. Whoever writes takes the lock first (BEGIN IMMEDIATE) and computes the chain while holding it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakSet

from actuary.alerts.ledger.events import GENESIS, Head, LedgerEvent, chain_hash
from actuary.durable.files import check_file, sync_folder, what_failed
from actuary.errors import ActuaryError, OutputError, Problem

__all__ = [
    "COLUMNS",
    "SCHEMA",
    "LedgerError",
    "Writing",
    "attachment_folder",
    "check_place",
    "read_head",
    "reading",
    "writing",
]

_APPLICATION = 0x41435455
_FORM = 1

#: Columns of the table in the order of :class:`~actuary.alerts.ledger.events.LedgerEvent`.
COLUMNS: tuple[str, ...] = tuple(LedgerEvent.__slots__)

#: Every object of the file by name: what `verify` compares with what it finds.
SCHEMA: dict[str, str] = {
    "events": """CREATE TABLE events (
    number INTEGER PRIMARY KEY, "case" INTEGER NOT NULL, action TEXT NOT NULL, state TEXT NOT NULL,
    who TEXT NOT NULL, at TEXT NOT NULL, matter TEXT NOT NULL, content TEXT NOT NULL,
    recovered_fen INTEGER NOT NULL, body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL) STRICT""",
    "head": "CREATE TABLE head (number INTEGER NOT NULL, hash TEXT NOT NULL) STRICT",
    "events_by_case": 'CREATE INDEX events_by_case ON events ("case", number)',
    "events_by_matter": "CREATE INDEX events_by_matter ON events (matter, number)",
    "events_by_content": "CREATE INDEX events_by_content ON events (content, matter) WHERE content != ''",
    "events_stay": """CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events of the ledger are never deleted'); END""",
    "events_are_fixed": """CREATE TRIGGER events_are_fixed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events of the ledger are never changed'); END""",
    "events_follow": """CREATE TRIGGER events_follow BEFORE INSERT ON events
WHEN NEW.number IS NOT (SELECT number + 1 FROM head) OR NEW.previous IS NOT (SELECT hash FROM head)
BEGIN SELECT RAISE(ABORT, 'an event of the ledger follows the head of its chain'); END""",
    "head_moves": """CREATE TRIGGER head_moves AFTER INSERT ON events
BEGIN UPDATE head SET number = NEW.number, hash = NEW.hash; END""",
    "head_follows": """CREATE TRIGGER head_follows BEFORE UPDATE ON head
WHEN NEW.number IS NOT OLD.number + 1 OR NEW.hash IS NOT (SELECT hash FROM events WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'the head of the ledger moves with its events'); END""",
    "head_stays": """CREATE TRIGGER head_stays BEFORE DELETE ON head
BEGIN SELECT RAISE(ABORT, 'the head of the ledger is never deleted'); END""",
    "head_is_one": """CREATE TRIGGER head_is_one BEFORE INSERT ON head WHEN (SELECT count(*) FROM head) > 0
BEGIN SELECT RAISE(ABORT, 'the ledger has one head'); END""",
}


class LedgerError(ActuaryError):
    """The ledger cannot be read or written, or what was asked of it is not allowed."""


def attachment_folder(ledger: Path) -> Path:
    """Return the folder beside a ledger that keeps its attachments."""
    return ledger.with_name(f"{ledger.name}.attachments")


class _Connection(sqlite3.Connection):
    """Close the cursors with the connection.

    A traceback that a notebook keeps keeps rows that were half read, and with them SQLite's lock on the ledger.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._given: WeakSet[sqlite3.Cursor] = WeakSet()

    def execute(self, *args: Any) -> sqlite3.Cursor:
        """Run a statement, and remember its cursor for as long as somebody else does."""
        made = super().execute(*args)
        self._given.add(made)
        return made

    def close(self) -> None:
        """Close cursors and connection."""
        for one in list(self._given):
            one.close()
        super().close()


def _connect(path: Path, *, wait_seconds: int, create: bool) -> sqlite3.Connection:
    if path.is_dir():
        raise LedgerError(Problem(str(path), "a folder", "the file of a ledger", "name a file in it"))
    if create and not path.exists():
        _create(path)
    if not path.is_file():
        mend = "`actuary cases add` or `actuary warn --record LEDGER` begins one; --ledger names another"
        raise LedgerError(Problem(str(path), "no such file", "the file of a ledger", mend))
    _refuse_log(path)
    # Without an isolation level Python begins no transaction of its own.
    return sqlite3.connect(path, timeout=wait_seconds, isolation_level=None, factory=_Connection)


def check_place(path: Path) -> None:
    """Check that a ledger can be written in its place, or begun there; nothing is written.

    Raises
    ------
    LedgerError
        When its file or folder is read-only (SQLite itself lets the superuser write there), the place is no plain
        file's, or the ledger was lost.
    """
    try:
        check_file(path, makes_folder=True)
    except OutputError as error:
        raise LedgerError(error.problems) from None
    if not path.is_file() and attachment_folder(path).is_dir():
        # Begun anew here, a ledger that was lost would be taken for one that never was.
        found = f"no such file, though its attachments lie beside it in {attachment_folder(path).name}"
        mend = "put its last good copy back, or move the attachments away to begin a new one"
        raise LedgerError(Problem(str(path), found, "the file of a ledger", mend))


def _create(path: Path) -> None:
    """Put an empty ledger in place as a whole: a process that is killed here leaves a ledger or none."""
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        with closing(sqlite3.connect(partial, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            _begin(connection)
            connection.execute("COMMIT")
        # A link never replaces: of two who begin at once, the second goes on with the ledger of the first.
        with suppress(FileExistsError):
            path.hardlink_to(partial)
        sync_folder(path.parent)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(Problem(str(path), str(error), "a folder that can be written")) from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _refuse_log(path: Path) -> None:
    """Refuse a file that another program has switched to a write-ahead log: without the log it would be shorter."""
    try:
        with path.open("rb") as stream:
            modes = stream.read(20)[18:]
    except OSError as error:
        raise LedgerError(Problem(str(path), what_failed(error), "the file of a ledger")) from None
    if modes == bytes((2, 2)):
        log = path.with_name(f"{path.name}-wal")
        found = (
            f"a write-ahead log, which another program has switched on, and {'' if log.exists() else 'no '}{log.name}"
        )
        mend = (
            f"with that file beside it: sqlite3 {path.name} 'PRAGMA journal_mode=DELETE', then `actuary cases verify`; "
            "without it: put the last good copy back"
        )
        raise LedgerError(Problem(str(path), found, "a ledger that is one file", mend))


def _told(error: sqlite3.Error | UnicodeDecodeError, path: Path, wait_seconds: int) -> LedgerError:
    # What SQLite says of a damaged file quotes it, also where that is no text.
    text = "a damaged file" if isinstance(error, UnicodeDecodeError) else str(error)
    if "locked" in text or "busy" in text:
        found = f"somebody else writing for more than {wait_seconds} seconds"
        return LedgerError(Problem(str(path), found, "a ledger that is free now and then", "try again"))
    if "not a database" in text:
        found, mend = (
            "a file that is no ledger",
            "name another with --ledger, or put the last good copy back: it was not touched",
        )
        return LedgerError(Problem(str(path), found, "the file of a ledger", mend))
    mend = "`actuary cases verify` says more; mend the place, or put the last good copy back"
    return LedgerError(Problem(str(path), text, "a sound file that can be read and written", mend))


def _is_ledger(connection: sqlite3.Connection, path: Path) -> bool:
    """Say whether the file is a ledger; False where it is empty still."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    form = connection.execute("PRAGMA user_version").fetchone()[0]
    if application == _APPLICATION and form == _FORM:
        return True
    if application == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        return False
    found = f"a ledger of form {form}" if application == _APPLICATION else "another SQLite file"
    raise LedgerError(Problem(str(path), found, f"a ledger of form {_FORM}", "name another with --ledger"))


_EMPTY = "put the last good copy back; only a ledger that never held a case may be removed"


def _check_objects(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse tables, indices and triggers that the ledger never made: what they hold may be of any kind."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    found = {str(name): sql for name, sql in rows}
    changed = sorted(name for name in found.keys() | SCHEMA.keys() if found.get(name) != SCHEMA.get(name))
    if changed:
        mend = "`actuary cases verify` says more; put the last good copy back"
        words = f"{', '.join(changed[:3])} other than the ledger made it"
        raise LedgerError(Problem(str(path), words, "the tables and triggers of a ledger", mend))


def _check_form(connection: sqlite3.Connection, path: Path, *, objects: bool = True) -> None:
    """Refuse, in a transaction, what is no ledger, an empty file, and a file that is not as long as it says.

    SQLite reads a last page that was cut as if zeros followed; it refuses whole pages that are missing by itself.
    """
    if not _is_ledger(connection, path):
        raise LedgerError(Problem(str(path), "an empty file", "the file of a ledger", _EMPTY))
    pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    if (length := path.stat().st_size) != pages * size:
        mend = "it was cut or added to: put the last good copy back"
        raise LedgerError(Problem(str(path), f"{length:,} bytes", f"{pages * size:,} bytes", mend))
    if objects:
        _check_objects(connection, path)


@contextmanager
def reading(path: Path, *, wait_seconds: int, objects: bool = True) -> Iterator[sqlite3.Connection]:
    """Give a connection that sees one state of the ledger throughout and can change nothing.

    Parameters
    ----------
    path : Path
        The ledger.
    wait_seconds : int
        How long to wait for another who writes [s].
    objects : bool
        Whether a file whose tables or triggers were changed is refused; it is read where they are to be judged.

    Raises
    ------
    LedgerError
        When there is no ledger, or the file is something else or damaged.
    """
    try:
        with closing(_connect(path, wait_seconds=wait_seconds, create=False)) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            try:
                _check_form(connection, path, objects=objects)
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise _told(error, path, wait_seconds) from None


class Writing:
    """Append events while nobody else can.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that holds the lock.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._head = read_head(connection)

    def append(self, event: LedgerEvent) -> LedgerEvent:
        """Append an event, whatever number and hashes it bears, and return it as it stands in the chain."""
        event = replace(event, number=self._head.number + 1, previous=self._head.hash)
        event = replace(event, hash=chain_hash(event))
        self.connection.execute(_INSERT, event.row())
        self._head = Head(event.number, event.hash)
        return event


_INSERT = f"INSERT INTO events VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608  (only question marks)


@contextmanager
def writing(path: Path, *, wait_seconds: int, create: bool = False) -> Iterator[Writing]:
    """Give what appends events; all of the block is written, or nothing where it fails or the process is killed.

    Parameters
    ----------
    path : Path
        The ledger.
    wait_seconds : int
        How long to wait for another who writes [s].
    create : bool
        Whether to begin a ledger where there is no file.

    Raises
    ------
    LedgerError
        When there is no file, it is something else, cannot be written, or stays locked by another.
    """
    if create or path.is_file():
        check_place(path)
    try:
        with closing(_connect(path, wait_seconds=wait_seconds, create=create)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                _check_form(connection, path)
                yield Writing(connection)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise _told(error, path, wait_seconds) from None


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {_FORM}")
    for statement in SCHEMA.values():
        connection.execute(statement)
    connection.execute("INSERT INTO head VALUES (0, ?)", (GENESIS,))


def read_head(connection: sqlite3.Connection) -> Head:
    """Return the head that the ledger records.

    Raises
    ------
    LedgerError
        When it records none, which no ledger does by itself.
    """
    row = connection.execute("SELECT number, hash FROM head").fetchone()
    if row is None:
        raise LedgerError(Problem("the ledger", "no head of the chain", "one", "`actuary cases verify` says more"))
    return Head(*row)
