"""Several processes at once, processes that are killed, and any order of steps."""

from __future__ import annotations

import ast
import datetime as dt
import os
import random
import signal as signals
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.alerts.ledger import CaseLedger, LedgerError
from actuary.alerts.signals import Signal

ROOT = Path(__file__).resolve().parents[2]
AT = dt.datetime(2025, 4, 10, 9, tzinfo=dt.UTC)

# Writes signals, notes and attachments without end; what has been committed is told on the standard output.
WORKER = """
import datetime as dt, pathlib, sys
from actuary.alerts.ledger import CaseLedger
from actuary.alerts.signals import Signal
path, name, count = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
at = dt.datetime(2025, 4, 10, tzinfo=dt.UTC)
book = CaseLedger(path)
paper = path.with_name(f"paper-{name}.txt")
print("ready", flush=True)
sys.stdin.readline()
for number in range(count):
    fields = dict(kind="provider", region="r", rule_id="x", level="red", title_zh="t", title_en="t", synthetic=True)
    shared = Signal(subject="shared", period="2025Q1", evidence=((name, number),), **fields)
    own = Signal(subject=f"{name}-{number}", period="2025Q1", **fields)
    case = book.record([shared, own], who=name, at=at)[1].case
    paper.write_text(f"{name} {number} " * 200)
    event = book.attach(case, paper, who=name, at=at)
    print(event.number, event.hash, flush=True)
"""


def start(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(path), name, str(count)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    return worker


def go(*workers: subprocess.Popen[str]) -> None:
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()


@pytest.mark.slow
def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path, count = tmp_path / "cases.sqlite", 40
    workers = [start(path, name, count) for name in ("one", "two", "three")]
    go(*workers)
    told = [worker.communicate(timeout=300)[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    ledger = CaseLedger(path)
    found = ledger.verify()
    assert found.sound
    assert found.events == 3 * count * 3
    assert found.cases == 3 * count + 1
    hashes = {event.number: event.hash for event in ledger.events()}
    for words in told:
        pairs = list(zip(words[::2], words[1::2], strict=True))
        assert len(pairs) == count
        assert all(hashes[int(number)] == digest for number, digest in pairs)
    shared = ledger.history(int(next(event.case for event in ledger.events() if "shared" in event.body)))
    seen = {(event.who, event.told["signal"]["evidence"][0][1]) for event in shared}
    assert seen == {(name, number) for name in ("one", "two", "three") for number in range(count)}


@pytest.mark.slow
def test_a_process_killed_at_any_moment_leaves_a_valid_chain(tmp_path: Path) -> None:
    path, chance, committed = tmp_path / "cases.sqlite", random.Random(20250410), {}  # noqa: S311
    for kill in range(15):
        worker = start(path, f"w{kill}", 100_000)
        go(worker)
        time.sleep(chance.uniform(0, 0.4))
        os.kill(worker.pid, signals.SIGKILL)
        told = worker.communicate(timeout=60)[0].split()
        for number, digest in zip(told[::2], told[1::2], strict=False):
            # The last line may have been cut off while it was told.
            if len(digest) == 64:
                committed[int(number)] = digest
        if path.exists():
            found = CaseLedger(path).verify()
            assert found.sound, found.faults
    hashes = {event.number: event.hash for event in CaseLedger(path).events()}
    assert committed
    assert all(hashes[number] == digest for number, digest in committed.items()), "what was told as written is there"
    CaseLedger(path).note(1, "还能写", who="zhao", at=AT)
    assert CaseLedger(path).verify().sound


STATES = ("open", "checking", "interviewed", "rectifying", "closed", "dismissed")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.sampled_from(STATES), st.sampled_from(["", "理由"])),
        st.tuples(st.just("record"), st.sampled_from(["2025Q1", "2025Q2", "2025Q3"]), st.just("")),
        st.tuples(st.just("note"), st.just("记"), st.integers(-300, 300).map(str)),
    ),
    max_size=15,
)


@settings(max_examples=15)
@given(STEPS)
def test_whatever_is_tried_the_road_is_kept(steps: list[tuple[str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = CaseLedger(Path(folder) / "cases.sqlite")
        allowed = {(step.origin, step.to): step.needs for step in ledger.rules.transition}
        signal = {"kind": "fund", "region": "r", "subject": "employee", "rule_id": "x", "level": "red"}
        titles = {"title_zh": "t", "title_en": "t"}
        ledger.record([Signal(**signal, **titles, period="2025Q1")], who="a", at=AT)
        state, case, money, periods = "open", 1, 0, {"2025Q1"}
        for action, first, second in steps:
            before = ledger.head().number
            if action == "move":
                needs = allowed.get((state, first))
                if needs is None or ("note" in needs and not second):
                    with pytest.raises(LedgerError):
                        ledger.move(case, first, who="a", at=AT, note=second)
                    assert ledger.head().number == before
                else:
                    state = ledger.move(case, first, who="a", at=AT, note=second).state
                    assert state == first
            elif action == "record":
                outcome = ledger.record([Signal(**signal, **titles, period=first)], who="a", at=AT)[0].outcome
                ended = state in {"closed", "dismissed"}
                assert outcome == ("known" if first in periods else "reopened" if ended else "seen")
                if outcome == "reopened":
                    state, case, money = "open", case + 1, 0
                periods.add(first)
            elif money + int(second) < 0:
                with pytest.raises(LedgerError):
                    ledger.note(case, first, who="a", at=AT, recovered_fen=int(second))
            else:
                ledger.note(case, first, who="a", at=AT, recovered_fen=int(second))
                money += int(second)
            assert ledger.head().number >= before
        row = ledger.cases(at=AT).set_index("case").loc[case]
        assert (row["state"], row["recovered_fen"]) == (state, money)
        assert ledger.verify().sound


def test_the_core_reads_no_clock() -> None:
    folders = [ROOT / "actuary" / "alerts" / name for name in ("ledger", "audit")]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    files += [ROOT / "actuary" / "alerts" / name for name in ("signals.py", "sheets.py")]
    clocks = {"now", "today", "utcnow", "time_ns", "monotonic", "gettimeofday"}
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in clocks, f"{path}:{node.lineno}"
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert "time" not in [alias.name for alias in node.names], path
