"""Clocks that go backwards, stand in the future or are fixed: nothing is decided by the times of files."""

from __future__ import annotations

import ast
import datetime as dt
import os
from pathlib import Path

import pytest

from actuary.durable.checked import CacheFolder
from actuary.durable.files import replace_file
from actuary.durable.folders import staged_output
from actuary.errors import OutputError
from tests.faults.faults import tree

FUTURE, PAST = 4_102_444_800, 0  # 2100 and 1970


@pytest.mark.parametrize("moment", [FUTURE, PAST])
def test_a_file_from_another_time_is_replaced(tmp_path: Path, moment: int) -> None:
    (tmp_path / ".table.csv.partial-dead").write_text("half")
    replace_file(tmp_path / "table.csv", b"old")
    for path in tmp_path.iterdir():
        os.utime(path, (moment, moment))
    replace_file(tmp_path / "table.csv", b"new")
    assert tree(tmp_path) == {"table.csv": b"new"}


@pytest.mark.parametrize("moment", [FUTURE, PAST])
def test_a_cache_goes_by_its_key_and_checksum(tmp_path: Path, moment: int) -> None:
    cache = CacheFolder(tmp_path, "draw 1", ".draw")
    cache.store("a", b"first")
    os.utime(cache.path("a"), (moment, moment))
    assert cache.load("a") == b"first"
    content = bytearray(cache.path("a").read_bytes())
    content[-1] ^= 1
    before = cache.path("a").stat()
    cache.path("a").write_bytes(content)
    os.utime(cache.path("a"), ns=(before.st_atime_ns, before.st_mtime_ns))  # same size, same time, other content
    assert cache.load("a") is None


@pytest.mark.parametrize("moment", [FUTURE, PAST])
def test_leftovers_of_any_age_are_told_by_their_lock(tmp_path: Path, moment: int) -> None:
    (left := tmp_path / ".report.partial-dead").mkdir()
    os.utime(left, (moment, moment))
    with staged_output(tmp_path / "report") as staging:
        os.utime(staging, (moment, moment))
        assert not left.exists()
    assert tree(tmp_path) == {"report": None}


def test_no_code_asks_when_a_file_was_written(root: Path) -> None:
    times = {"st_mtime", "st_mtime_ns", "st_ctime", "st_ctime_ns", "getmtime", "getctime", "st_birthtime"}
    # Files of cases are too large to hash before each run: their size and footer say which they are, the time beside.
    # A run remembers by the same marks, for as long as it lasts, which files hold no persons.
    beside = {root / "actuary" / "workflow" / "bulk" / name for name in ("footers.py", "rows.py")}
    for path in sorted(set((root / "actuary").rglob("*.py")) - beside):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert getattr(node, "attr", "") not in times, f"{path}:{getattr(node, 'lineno', 0)}"


def test_the_ledger_keeps_its_chain_when_clocks_go_backwards(tmp_path: Path) -> None:
    from actuary.alerts.ledger import CaseLedger  # noqa: PLC0415
    from actuary.alerts.signals import Signal  # noqa: PLC0415

    moments = [dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2025, 2100, 1999, 2025)]
    book = CaseLedger(tmp_path / "cases.sqlite", clock=lambda: moments.pop(0))
    told = {"kind": "provider", "region": "r", "rule_id": "x", "level": "red", "title_zh": "t", "title_en": "t"}
    for number in range(3):
        book.record([Signal(subject=f"H{number}", period="2025Q1", synthetic=True, **told)], who="office")
    found = book.verify()
    assert found.sound
    assert [event.number for event in book.events()] == [1, 2, 3]
    assert any("before the event ahead of it" in note for note in found.notes)
    assert list(book.cases()["case"]) == [3, 2, 1]


@pytest.mark.parametrize("epoch", ["99999999999999", "9" * 400, "²"])
def test_a_fixed_time_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, epoch: str) -> None:
    from actuary.workflow.manifest import moment_of_run  # noqa: PLC0415

    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    if epoch == "²":  # no number: as if nothing were set
        assert moment_of_run()[:2] == "20"
    else:
        with pytest.raises(OutputError, match="SOURCE_DATE_EPOCH"):
            moment_of_run()
