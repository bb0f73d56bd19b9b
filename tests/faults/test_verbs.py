"""Every verb that writes, under every fault: one sentence, and nothing half-written or changed without a word."""

from __future__ import annotations

import os
import pkgutil
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from actuary.cli import app
from actuary.durable.files import beside, written_whole
from actuary.durable.locks import exclusive
from tests.faults.faults import full_disk, tree
from tests.faults.test_ledger import signals
from tests.faults.verbs import READ, READ_BY, READERS, VERBS, Verb, leaves, make_inputs, paths_of, verb_of

FUTURE, PAST = 4_102_444_800, 86_400  # 2100 and 1970


def test_every_verb_that_writes_is_tried() -> None:
    """A verb or an option that comes later has to be put on the list, or among those that only read."""
    tried = {one.name for one in VERBS.values()} | {"lab"}
    verbs = dict(leaves())
    assert tried | READERS == set(verbs)
    assert not tried & READERS
    words = {name: " ".join(one.words for one in VERBS.values() if one.name == name) for name in verbs}
    untried = [
        f"{name} --{option}"
        for name, function in verbs.items()
        for option in paths_of(function) - READ - READ_BY.get(name, set())
        if name not in READERS
        and f"--{option}" not in words[name]
        and option not in {"ledger", "file", "folder", "basis"}
    ]
    assert untried == []


def test_verbs_and_their_paths_are_read_off_the_command_line() -> None:
    verbs = dict(leaves())
    assert paths_of(verbs["weights"]) >= {"cases", "out", "quality", "coefficients", "models"}
    assert paths_of(verbs["cases attach"]) == {"file", "ledger"}
    assert verb_of("cases attach 1 x") == "cases attach"


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_inputs(tmp_path_factory.mktemp("inputs"))


class Tried:
    """A verb in a folder of its own."""

    def __init__(self, verb: Verb, place: Path, inputs: dict[str, Path]) -> None:
        self.verb, self.place = verb, place
        words = verb.words.format(**inputs, out=place / "out", here=place).split()
        self.words = words
        attached = next((inputs["book"].with_name("cases.sqlite.attachments")).rglob("*/*"), None)
        name = "" if attached is None else f"{attached.name[:8]}-cases.csv"
        self.out = place / verb.out.format(attached=name)
        if verb.prepare is not None:
            verb.prepare(place, inputs)
        self.before, self.stood = self.now(), self.out.exists()

    def now(self) -> dict[str, bytes | None]:
        found = tree(self.place)
        return {
            name: content for name, content in found.items() if not (self.verb.parts and name.startswith(".out.work"))
        }

    def run(self) -> tuple[int, str]:
        done = CliRunner().invoke(app, self.words)
        assert done.exception is None or isinstance(done.exception, SystemExit), (
            self.words,
            done.output,
            done.exception,
        )
        return done.exit_code, done.output

    def refused(self, *told: str) -> None:
        status, said = self.run()
        assert (status, any(one in said for one in told)) == (2, True), (self.words, status, said)
        self.unchanged()

    def unchanged(self) -> None:
        """Find every file as it was; folders above a place may have been made."""
        now = self.now()
        assert {
            name: content for name, content in now.items() if content is not None or name in self.before
        } == self.before
        assert self.out.exists() == self.stood

    def done(self) -> None:
        status, said = self.run()
        assert status in (0, 1, 3), (self.words, said)
        assert "Traceback" not in said

    def stamp(self, moment: int) -> None:
        for path in [self.place, *self.place.rglob("*")]:
            os.utime(path, (moment, moment))


@contextmanager
def closed(place: Path) -> Iterator[None]:
    """Let nobody write in a folder or below it."""
    folders = [place, *(path for path in place.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        yield
    finally:
        for folder in folders:
            folder.chmod(0o755)


#: What is computed once for all runs of a verb: what is tried is how it is written.
COMPUTED = (
    *("actuary.workflow.find_warnings", "actuary.alerts.anomalies.detect_anomalies", "actuary.drg.scheme.load_scheme"),
    *("actuary.synth.city.load_scheme", "actuary.workflow.synthetic.synthesise_city", "actuary.drg.grouper.Grouper.of"),
    *("actuary.drg.scheme_check.check_scheme", "actuary.drg.compare.compare_schemes"),
    *(
        "actuary.workflow.project_city",
        "actuary.forecast.reserving.reserve_claims",
        "actuary.workflow.indicators_of_city",
    ),
)
_answers: dict[str, Any] = {}


def once(name: str, compute: Callable[..., Any]) -> Callable[..., Any]:
    def answer(*args: Any, **more: Any) -> Any:
        key = f"{name} {args!r} {more!r}"
        if str(os.environ["ACTUARY_SCHEMES"]) in key:
            return compute(*args, **more)
        if key not in _answers:
            _answers[key] = compute(*args, **more)
        return _answers[key]

    return answer


@pytest.fixture
def cheap_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a report be built of one small file: what is tried is how it is put in place."""
    cover = SimpleNamespace(fingerprint="f", data_fingerprint="d", synthetic=False, gaps=())

    def build(staging: Path, *_: object, **__: object) -> object:
        (staging / "report.json").write_text("{}" * 5000)
        return SimpleNamespace(cover=SimpleNamespace(**vars(cover), title="t"))

    monkeypatch.setattr("actuary.workflow.quarterly._build", build)


@pytest.mark.slow
@pytest.mark.parametrize("name", VERBS)
@pytest.mark.usefixtures("cheap_report")
def test_a_verb_under_every_fault(
    name: str, inputs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    for target in COMPUTED:
        monkeypatch.setattr(target, once(target, pkgutil.resolve_name(target)))
    if name == "anomalies, recorded":
        monkeypatch.setattr("actuary.alerts.anomalies.Findings.signals", lambda *_, **__: signals(5, 7))
    verb = VERBS[name]
    (place := tmp_path / "place").mkdir()
    monkeypatch.setenv("ACTUARY_SCHEMES", str(place / "schemes"))
    tried = Tried(verb, place, inputs)
    given = {path: path.read_bytes() for path in inputs.values() if path.is_file()}

    # A disk that is full from the beginning, and a folder that is closed.
    with full_disk(10):
        tried.refused("File too large", "disk I/O error", "database or disk is full")
    with closed(place):
        tried.refused("read-only")

    # Stopped as the first file is brought to the disk; for the ledger, within its transaction.
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", stop)
        patch.setattr("actuary.alerts.ledger.store.Writing.append", stop)
        status, said = tried.run()
        assert (status, "stopped" in said) == (130, True), said
    tried.unchanged()

    if verb.book:
        _try_ledger(tried, inputs, monkeypatch)
    else:
        _try_place(tried)
    assert {path: path.read_bytes() for path in given} == given


def stop(*_: object) -> None:
    raise KeyboardInterrupt


def _try_place(tried: Tried) -> None:
    verb, out = tried.verb, tried.out
    # Somebody else at work in the same place.
    if verb.folder:
        with exclusive(beside(out, "lock"), where="another"):
            status, said = tried.run()
            assert (status, "another run that writes there" in said) == (2, True), said
    # What a process has left that was killed there, and clocks of another time.
    out.parent.mkdir(parents=True, exist_ok=True)
    left = out.parent / f"{beside(out, 'partial').name}-dead"
    if verb.folder:
        left.mkdir()
        (left / "half.txt").write_text("half")
        beside(out, "lock").write_text("process 1 on elsewhere")
    else:
        left.write_text("half")
    tried.stamp(FUTURE)
    tried.done()
    after = tried.now()
    assert out.exists()
    assert not [path for path in after if path not in tried.before and path.rpartition("/")[2].startswith(".")]
    if not verb.again:
        return

    # An earlier output, and a disk that fills up while it is replaced.
    tried.before, tried.stood = after, True
    largest = max(len(content or b"") for name, content in after.items() if (tried.place / name).is_relative_to(out))
    with full_disk(largest // 2):
        tried.refused("File too large")
    # Once more, in another time: the same, whatever the times of what stood there.
    tried.stamp(PAST)
    if verb.folder:
        tried.done()
    else:
        with written_whole(out) as slower:
            slower.write_text("slower")
            tried.done()
            assert tried.now() == {**after, slower.relative_to(tried.place).as_posix(): b"slower"}
        assert out.read_text() == "slower"
        tried.done()
    assert tried.now() == after


def _try_ledger(tried: Tried, inputs: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    import datetime as dt  # noqa: PLC0415
    import sqlite3  # noqa: PLC0415

    from actuary.alerts.ledger import CaseLedger  # noqa: PLC0415
    from actuary.workflow import case_ledger  # noqa: PLC0415

    path = tried.place / "book.sqlite"
    # Somebody else writes and does not end.
    monkeypatch.setattr(CaseLedger, "_wait", 0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    tried.refused("somebody else writing")
    other.execute("ROLLBACK")
    other.close()
    # A clock that went back by decades, a file from the future.
    tried.stamp(FUTURE)
    monkeypatch.setattr(case_ledger, "now", lambda: dt.datetime(1999, 1, 1, tzinfo=dt.UTC))
    before = CaseLedger(inputs["book"]).verify().events
    tried.done()
    found = CaseLedger(path).verify()
    assert found.sound, found.faults
    assert found.events > before
    assert any("before the event ahead of it" in note for note in found.notes)


def test_notebooks_are_copied_whole_or_not_at_all(tmp_path: Path) -> None:
    from actuary.cli.lab import seed_notebooks  # noqa: PLC0415
    from actuary.errors import ActuaryError  # noqa: PLC0415

    folder = tmp_path / "notebooks"
    with full_disk(10), pytest.raises(ActuaryError, match="File too large"):
        seed_notebooks(folder)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    with closed(tmp_path), pytest.raises(ActuaryError, match="read-only"):
        seed_notebooks(folder)
    assert seed_notebooks(folder)
    shutil.rmtree(folder)
