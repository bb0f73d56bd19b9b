"""The ledger of cases: cut, filled up, lost or killed, it is refused with what to do, never silently shorter."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from actuary.alerts.ledger import CaseLedger, LedgerError
from actuary.alerts.ledger.store import Writing
from actuary.alerts.signals import Signal
from tests.faults.faults import full_disk, tree

AT = dt.datetime(2025, 4, 10, 9, tzinfo=dt.UTC)
PAGE = 4096


def signals(first: int, last: int) -> list[Signal]:
    told = {"kind": "provider", "region": "r", "rule_id": "x", "level": "red", "title_zh": "t", "title_en": "t"}
    return [Signal(subject=f"H{number}", period="2025Q1", synthetic=True, **told) for number in range(first, last)]


@pytest.fixture
def book(tmp_path: Path) -> CaseLedger:
    ledger = CaseLedger(tmp_path / "cases.sqlite")
    ledger.record(signals(0, 40), who="office", at=AT)
    return ledger


def test_a_ledger_that_was_cut_anywhere_is_refused_by_everything(book: CaseLedger) -> None:
    whole = book.path.read_bytes()
    assert len(whole) > 8 * PAGE
    cuts = {0, 1, 16, 99, 100, *range(PAGE - 1, len(whole), PAGE), *range(PAGE, len(whole), PAGE), len(whole) - 1}
    for cut in sorted(cuts):
        book.path.write_bytes(whole[:cut])
        for use in (
            book.cases,
            book.head,
            book.verify,
            lambda: book.history(1),
            lambda: book.record(signals(90, 91), who="office", at=AT),
        ):
            with pytest.raises(LedgerError, match="put the last good copy back"):
                use()
        assert book.path.read_bytes() == whole[:cut]
    book.path.write_bytes(whole)
    assert book.verify().sound


def test_a_ledger_that_grew_is_refused(book: CaseLedger) -> None:
    with book.path.open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(LedgerError, match="it was cut or added to"):
        book.cases()


@pytest.mark.parametrize("room", [0, 1, 100, PAGE, 3 * PAGE])
def test_a_full_disk_leaves_the_ledger_as_it_was(book: CaseLedger, tmp_path: Path, room: int) -> None:
    before = tree(tmp_path)
    with full_disk(book.path.stat().st_size + room), pytest.raises(LedgerError):
        book.record(signals(100, 400), who="office", at=AT)
    assert book.verify().events == 40
    assert tree(tmp_path) == before
    book.record(signals(100, 101), who="office", at=AT)
    assert book.verify().sound


@pytest.mark.parametrize("size", [0, 100, PAGE, 5 * PAGE])
def test_a_full_disk_begins_no_half_ledger(tmp_path: Path, size: int) -> None:
    with full_disk(size), pytest.raises(LedgerError):
        CaseLedger(tmp_path / "cases.sqlite").record(signals(0, 1), who="office", at=AT)
    assert tree(tmp_path) == {}


def test_an_attachment_is_whole_or_not_there(book: CaseLedger, tmp_path: Path) -> None:
    paper = tmp_path / "paper.txt"
    paper.write_bytes(b"long " * 9000)
    with full_disk(book.path.stat().st_size // 2), pytest.raises(LedgerError):
        book.attach(1, paper, who="office", at=AT)
    kept = book.path.with_name("cases.sqlite.attachments")
    assert [path for path in kept.rglob("*") if path.is_file()] == []
    assert book.verify().events == 40


def test_a_lost_ledger_is_not_begun_anew_beside_its_attachments(book: CaseLedger, tmp_path: Path) -> None:
    paper = tmp_path / "paper.txt"
    paper.write_text("found")
    book.attach(1, paper, who="office", at=AT)
    book.path.unlink()
    with pytest.raises(LedgerError, match="put its last good copy back"):
        book.record(signals(0, 1), who="office", at=AT)
    assert not book.path.exists()


def in_the_middle(book: CaseLedger) -> tuple[bytes, bytes]:
    """Return file and journal as a process leaves them that is killed while it writes many events."""
    with closing(sqlite3.connect(book.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 2")  # pages reach the file long before the end
        connection.execute("BEGIN IMMEDIATE")
        writing = Writing(connection)
        for event in list(book.events()) * 5:
            writing.append(event)
        found = book.path.read_bytes(), book.path.with_name("cases.sqlite-journal").read_bytes()
        connection.execute("ROLLBACK")
    return found


def test_a_ledger_killed_in_a_transaction_is_that_of_before(book: CaseLedger) -> None:
    before, head = list(book.events()), book.head()
    half, journal = in_the_middle(book)
    assert book.path.read_bytes() != half
    book.path.write_bytes(half)
    book.path.with_name("cases.sqlite-journal").write_bytes(journal)
    assert list(book.events()) == before
    assert book.head() == head
    assert book.verify().sound
    assert list(tree(book.path.parent)) == ["cases.sqlite"]


def test_a_copy_made_in_a_transaction_or_a_lost_journal_is_never_sound(book: CaseLedger, tmp_path: Path) -> None:
    half, _ = in_the_middle(book)
    (copy := CaseLedger(tmp_path / "copy.sqlite")).path.write_bytes(half)
    for use in (copy.cases, copy.head, lambda: copy.record(signals(90, 91), who="office", at=AT), copy.verify):
        with pytest.raises(LedgerError, match="put the last good copy back"):
            use()
    assert copy.path.read_bytes() == half


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "there"])
def test_a_ledger_that_another_program_gave_a_log_is_refused(book: CaseLedger, tmp_path: Path, *, lost: bool) -> None:
    first = next(book.events())
    other = sqlite3.connect(book.path, isolation_level=None)
    other.execute("PRAGMA journal_mode = WAL")
    Writing(other).append(first)
    for name in ("cases.sqlite", "cases.sqlite-wal"):
        (tmp_path / "moved").mkdir(exist_ok=True)
        (tmp_path / "moved" / name).write_bytes((tmp_path / name).read_bytes())
    other.close()
    moved = CaseLedger(tmp_path / "moved" / "cases.sqlite")
    if lost:
        (tmp_path / "moved" / "cases.sqlite-wal").unlink()
    before = tree(moved.path.parent)
    for use in (moved.cases, moved.verify, lambda: moved.record(signals(90, 91), who="office", at=AT)):
        with pytest.raises(
            LedgerError, match=f"and {'no ' if lost else ''}cases.sqlite-wal; expected a ledger that is one"
        ):
            use()
    assert tree(moved.path.parent) == before
    if not lost:  # the way out that is told
        with closing(sqlite3.connect(moved.path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
        assert moved.verify().events == 41
