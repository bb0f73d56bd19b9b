"""Compute the chain again: what was edited, deleted, cut off or exchanged."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.alerts.ledger.attachments import attachment_folder, attachment_place
from actuary.alerts.ledger.events import ACTIONS, GENESIS, Head, LedgerEvent, chain_hash
from actuary.alerts.ledger.rules import LedgerRules
from actuary.alerts.ledger.store import COLUMNS, SCHEMA

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Fault", "Verification", "verify_ledger"]

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Fault:
    """Say one thing that is not as the ledger wrote it.

    Parameters
    ----------
    event : int
        Number of the event; 0 where it is about the whole.
    kind : str
        edited, missing, foreign (an event that the ledger would not have written), cut, head, noted_head, guard (a
        table or trigger of the file itself), attachment, damaged.
    what : str
        What was found.
    """

    event: int
    kind: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Hold what a verification found.

    Parameters
    ----------
    head : Head
        Last event of the chain, as computed from its events.
    events, cases, attachments : int
        How many were looked at.
    faults : tuple of Fault
        What is wrong; none in a sound ledger.
    notes : tuple of str
        What is no fault but worth a look: an event dated before the one before it, a file that no event names.
    """

    head: Head
    events: int
    cases: int
    attachments: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether no fault was found."""
        return not self.faults

    def summary(self) -> str:
        """Return the outcome in one line."""
        counts = f"{self.events:,} events, {self.cases:,} cases, {self.attachments:,} attachments"
        outcome = "the chain is sound" if self.sound else f"{len(self.faults):,} faults"
        return f"{counts}: {outcome}; head {self.head}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row a fault."""
        import pandas as pd  # noqa: PLC0415  (only where a table is wanted)

        names = [part.name for part in fields(Fault)]
        return pd.DataFrame([[getattr(fault, name) for name in names] for fault in self.faults], columns=names)

    def _repr_html_(self) -> str:
        return f"<p>{self.summary()}</p>" + ("" if self.sound else self.to_frame().to_html(index=False))


@dataclass(slots=True)
class _Walk:
    """Go along the chain, remembering what the next event must fit."""

    rules: LedgerRules
    number: int = 0
    previous: str = GENESIS
    at: str = ""
    states: dict[int, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: dict[str, tuple[int, int]] = field(default_factory=dict)

    def take(self, event: LedgerEvent) -> None:
        """Check one event."""
        if event.number != self.number + 1:
            found = f"events {self.number + 1} to {event.number - 1} are missing"
            self.faults.append(Fault(event.number, "missing", found))
        if chain_hash(event) != event.hash:
            found = "its content does not give its hash: it was changed after it was written"
            self.faults.append(Fault(event.number, "edited", found))
        elif event.previous != self.previous and event.number == self.number + 1:
            found = f"it follows another event than number {self.number} as it stands here"
            self.faults.append(Fault(event.number, "edited", found))
        self._content(event)
        if event.at < self.at and len(self.notes) < _SHOWN:
            self.notes.append(f"event {event.number} is dated {event.at}, before the event ahead of it ({self.at})")
        self.number, self.previous, self.at = event.number, event.hash, max(self.at, event.at)

    def _content(self, event: LedgerEvent) -> None:
        """Check that the ledger itself could have written it."""
        before = self.states.get(event.case)
        wrong = ""
        if event.action not in ACTIONS:
            wrong = f"the action {event.action!r}"
        elif (event.action == "open") != (before is None):
            wrong = "an opening of a case that was open" if before else f"case {event.case} never opened"
        elif event.action == "open" and event.case != len(self.states) + 1:
            wrong = f"case {event.case} opened out of turn"
        elif event.action == "move" and before is not None and self.rules.is_final(before):
            wrong = f"a step from {before}, which is final"
        elif event.action not in {"open", "move"} and event.state != before:
            wrong = f"the state {event.state} without a step from {before}"
        if wrong:
            self.faults.append(Fault(event.number, "foreign", wrong))
        self.states[event.case] = event.state
        try:
            told = json.loads(event.body) if '"attachment"' in event.body else {}
            kept = told.get("attachment")
            if kept:
                self.files.setdefault(str(kept["sha256"]), (event.number, int(kept["size"])))
        except (ValueError, KeyError, TypeError, AttributeError):
            self.faults.append(Fault(event.number, "foreign", "a body that the ledger does not write"))


def verify_ledger(
    connection: sqlite3.Connection, path: Path, rules: LedgerRules, *, noted: Head | None = None
) -> Verification:
    """Compute the whole chain again, in one state of the ledger.

    Parameters
    ----------
    connection : sqlite3.Connection
        The ledger.
    path : Path
        Its file; the attachments lie beside it.
    rules : LedgerRules
        The declaration: which states are final.
    noted : Head, optional
        A head that was noted outside the ledger: the event of that number must still bear that hash.
    """
    walk = _Walk(rules)
    faults = list(_guards(connection))
    noted_hash = GENESIS if noted is not None and noted.number == 0 else ""
    try:
        recorded = connection.execute("SELECT number, hash FROM head").fetchall()
        names = ", ".join(f'"{name}"' for name in COLUMNS)
        # Without the index, in the order of the table: whatever an index says, these are the rows.
        for row in connection.execute(f"SELECT {names} FROM events NOT INDEXED ORDER BY number"):  # noqa: S608
            event = LedgerEvent(**dict(zip(COLUMNS, row, strict=True)))
            walk.take(event)
            if noted is not None and event.number == noted.number:
                noted_hash = event.hash
        faults += [Fault(0, "damaged", str(row[0])) for row in _damage(connection)]
    except sqlite3.DatabaseError as error:
        recorded = []
        found = f"the file cannot be read beyond event {walk.number}: {error}"
        walk.faults.append(Fault(walk.number, "damaged", found))
    faults += [*walk.faults, *_ends(walk, recorded)]
    if noted is not None and noted_hash != noted.hash:
        gone = "there is no such event any more" if not noted_hash else "another event stands there"
        faults.append(Fault(noted.number, "noted_head", f"the head that was noted is not in this ledger: {gone}"))
    looked, notes = _attachments(path, walk)
    return Verification(
        head=Head(walk.number, walk.previous),
        events=walk.number,
        cases=len(walk.states),
        attachments=len(walk.files),
        faults=(*faults, *looked),
        notes=(*walk.notes, *notes),
    )


def _guards(connection: sqlite3.Connection) -> Iterator[Fault]:
    """Compare tables, indexes and triggers with those that a ledger is made with."""
    found = {
        str(name): " ".join(str(sql).split())
        for name, sql in connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    }
    for name, sql in SCHEMA.items():
        if name not in found:
            yield Fault(0, "guard", f"{name} was taken out of the file")
        elif found[name] != " ".join(sql.split()):
            yield Fault(0, "guard", f"{name} was changed in the file")
    for name in sorted(set(found) - set(SCHEMA)):
        yield Fault(0, "guard", f"{name} was put into the file")


def _damage(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    rows = connection.execute(f"PRAGMA integrity_check({_SHOWN})").fetchall()
    return [] if rows == [("ok",)] else rows


def _ends(walk: _Walk, recorded: list[tuple[Any, ...]]) -> list[Fault]:
    """Compare the end of the chain with the head that the ledger records."""
    if len(recorded) != 1:
        return [Fault(0, "head", f"{len(recorded)} heads are recorded, one is expected")]
    number, digest = recorded[0]
    if number > walk.number:
        found = f"events {walk.number + 1} to {number} are missing at the end"
        return [Fault(walk.number, "cut", found)]
    if number < walk.number:
        return [Fault(walk.number, "head", f"the recorded head is event {number}, though {walk.number} events stand")]
    if digest != walk.previous:
        return [Fault(walk.number, "head", "the last event does not bear the hash that the head records")]
    return []


def _attachments(path: Path, walk: _Walk) -> tuple[list[Fault], list[str]]:
    faults = []
    for digest, (number, size) in walk.files.items():
        place = attachment_place(path, digest)
        try:
            with place.open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            faults.append(Fault(number, "attachment", f"{place.name[:12]}… cannot be read: {error.strerror}"))
            continue
        if found != digest or place.stat().st_size != size:
            faults.append(Fault(number, "attachment", f"{place.name[:12]}… is not the file that was attached"))
    folder = attachment_folder(path)
    kept = {file.name for file in folder.glob("*/*") if file.is_file()} if folder.is_dir() else set()
    strays = len(kept - set(walk.files))
    return faults, [f"{strays} files among the attachments belong to no event"] if strays else []
