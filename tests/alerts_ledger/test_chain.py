"""The chain: what was edited, deleted, cut off or exchanged is found; SQLite itself refuses most of it."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from actuary.alerts.ledger import CaseLedger, Head
from actuary.alerts.ledger.attachments import attachment_place
from actuary.alerts.ledger.events import chain_hash
from actuary.alerts.ledger.store import SCHEMA
from actuary.alerts.signals import Signal

AT = dt.datetime(2025, 4, 10, 9, tzinfo=dt.UTC)
WHO = "zhao"


@pytest.fixture
def filled(ledger: CaseLedger, make_signal: Callable[..., Signal], tmp_path: Path) -> CaseLedger:
    ledger.record([make_signal(f"H0{number}") for number in range(1, 4)], who=WHO, at=AT)
    ledger.move(1, "checking", who=WHO, at=AT)
    paper = tmp_path / "paper.txt"
    paper.write_text("paper", encoding="utf-8")
    ledger.attach(2, paper, who=WHO, at=AT)
    ledger.note(3, "追回", who=WHO, at=AT, recovered_fen=12_300)
    return ledger


def by_hand(ledger: CaseLedger, *statements: str, guarded: bool = False) -> None:
    """Change the file as somebody would who knows SQLite: take the triggers off first, put them back at the end."""
    with sqlite3.connect(ledger.path) as connection:
        triggers = [name for name, sql in SCHEMA.items() if sql.startswith("CREATE TRIGGER")]
        for name in [] if guarded else triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for name in [] if guarded else triggers:
            connection.execute(SCHEMA[name])
    connection.close()


def kinds(ledger: CaseLedger, noted: Head | None = None) -> list[tuple[int, str]]:
    return [(fault.event, fault.kind) for fault in ledger.verify(noted).faults]


def test_a_sound_ledger_is_sound(filled: CaseLedger) -> None:
    found = filled.verify()
    assert (found.sound, found.events, found.cases, found.attachments) == (True, 6, 3, 1)
    assert found.head == filled.head()
    assert "the chain is sound" in found.summary()
    assert found.to_frame().empty


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET recovered_fen = 0 WHERE number = 6",
        "DELETE FROM events WHERE number = 6",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events SELECT number, \"case\", action, 'closed', who, at, matter, content, "
        "recovered_fen, body, previous, hash FROM events WHERE number = 6",
        'INSERT INTO events SELECT 9, "case", action, state, who, at, matter, content, recovered_fen, body, hash, '
        "hash FROM events WHERE number = 6",
        "UPDATE head SET number = 2",
        "DELETE FROM head",
        "INSERT INTO head VALUES (1, 'x')",
    ],
)
def test_the_file_refuses_changes_by_hand(filled: CaseLedger, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="ledger"):
        by_hand(filled, statement, guarded=True)
    assert filled.verify().sound


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE events SET recovered_fen = 99999 WHERE number = 6", (6, "edited")),
        ("UPDATE events SET body = replace(body, 'orange', 'yellow') WHERE number = 2", (2, "edited")),
        ("UPDATE events SET who = 'li' WHERE number = 4", (4, "edited")),
        ("UPDATE events SET at = '2024-01-01T00:00:00+00:00' WHERE number = 1", (1, "edited")),
        ("UPDATE events SET state = 'dismissed' WHERE number = 4", (4, "edited")),
        ("DELETE FROM events WHERE number = 3", (4, "missing")),
        ("DELETE FROM events WHERE number = 1", (2, "missing")),
        ("DELETE FROM events WHERE number >= 5", (4, "cut")),
        ("DELETE FROM events", (0, "cut")),
        ("UPDATE head SET hash = 'x'", (6, "head")),
        ("UPDATE head SET number = 3", (6, "head")),
        ("DELETE FROM head", (0, "head")),
        ("UPDATE events SET number = number + 100 WHERE number = 6", (106, "missing")),
    ],
)
def test_changes_by_hand_are_found(filled: CaseLedger, statement: str, expected: tuple[int, str]) -> None:
    by_hand(filled, statement)
    assert expected in kinds(filled)


def test_a_change_with_its_own_hash_made_good_is_found_by_the_next_event(filled: CaseLedger) -> None:
    event = next(event for event in filled.events() if event.number == 4)
    forged = type(event)(**{**dict(zip(type(event).__slots__, event.row(), strict=True)), "who": "li"})
    by_hand(filled, f"UPDATE events SET who = 'li', hash = '{chain_hash(forged)}' WHERE number = 4")  # noqa: S608
    assert kinds(filled) == [(5, "edited")]


def test_a_tail_cut_with_its_head_shows_only_beside_a_noted_head(filled: CaseLedger) -> None:
    noted = filled.head()
    earlier = next(event for event in filled.events() if event.number == 4)
    by_hand(filled, "DELETE FROM events WHERE number > 4", f"UPDATE head SET number = 4, hash = '{earlier.hash}'")  # noqa: S608
    assert filled.verify().sound
    assert kinds(filled, noted) == [(6, "noted_head")]
    assert filled.verify(Head(4, earlier.hash)).sound


def test_a_trigger_that_was_taken_off_or_put_in_is_found(filled: CaseLedger) -> None:
    by_hand(filled, "DROP TRIGGER events_stay", "CREATE TABLE aside (x)", guarded=True)
    assert [fault.what for fault in filled.verify().faults] == [
        "events_stay was taken out of the file",
        "aside was put into the file",
    ]


def test_an_exchanged_or_lost_attachment_is_found(filled: CaseLedger) -> None:
    digest = filled.history(2)[-1].told["attachment"]["sha256"]
    place = attachment_place(filled.path, digest)
    place.write_text("other", encoding="utf-8")
    assert kinds(filled) == [(5, "attachment")]
    place.unlink()
    assert kinds(filled) == [(5, "attachment")]
    place.with_name("stray").write_text("x", encoding="utf-8")
    assert filled.verify().notes == ("1 files among the attachments belong to no event",)


def test_events_dated_backwards_are_noted(filled: CaseLedger) -> None:
    filled.note(1, "补记", who=WHO, at=AT - dt.timedelta(days=3))
    found = filled.verify()
    assert found.sound
    assert "before the event ahead of it" in found.notes[0]


def test_bytes_changed_in_the_file_are_found(filled: CaseLedger) -> None:
    content = bytearray(filled.path.read_bytes())
    place = content.rfind("疑似高套".encode())
    content[place : place + 3] = "无".encode()
    filled.path.write_bytes(bytes(content))
    assert {kind for _, kind in kinds(filled)} == {"edited"}
