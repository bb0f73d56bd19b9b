"""The ledger of cases: cut, filled up, lost or killed, it is refused with what to do, never silently shorter."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from actuary.alerts.ledger import CaseLedger, LedgerError
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
