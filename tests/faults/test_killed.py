"""Processes that are killed at any moment: what stood there stands, or the new whole; the next run tidies up."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from actuary.durable.checked import CacheFolder
from actuary.durable.files import replace_file
from actuary.durable.folders import staged_output
from actuary.durable.unfinished import note_stop
from tests.faults.faults import tree

pytestmark = pytest.mark.slow

# One process that is ready; each line on its standard input makes it fork a writer, whose number it tells.
WRITER = """
import os, signal, sys
from pathlib import Path
from actuary.durable.checked import CacheFolder
from actuary.durable.files import replace_file
from actuary.durable.folders import staged_output
place = Path(sys.argv[1])
signal.signal(signal.SIGCHLD, signal.SIG_IGN)

def write(turn):
    body = f"{turn} ".encode() * 20_000
    replace_file(place / "table.csv", body)
    CacheFolder(place / "cache", "draw 1", ".draw").store("a1", body)
    with staged_output(place / "report") as staging:
        (staging / "below").mkdir()
        for name in ("a.txt", "below/b.txt"):
            (staging / name).write_bytes(body)
        (staging / "manifest.json").write_text(
            '{"outputs": [{"file": "a.txt"}, {"file": "below/b.txt"}]}')

for _ in sys.stdin:
    number = os.fork()
    if number == 0:
        os.setsid()
        turn = 0
        while True:
            turn += 1
            write(turn)
    print(number, flush=True)
"""


def of_one_turn(content: bytes) -> bool:
    words = content.split()
    return len(words) == 20_000 and len(set(words)) == 1


def test_a_hundred_kills_leave_nothing_half_written(tmp_path: Path, root: Path) -> None:
    rng = random.Random(9)  # noqa: S311  (moments, not secrets)
    server = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    seen = 0
    try:
        # A busy machine comes less far before the first kills: as many more of them.
        while seen < 100:
            server.stdin.write("write\n")
            server.stdin.flush()
            writer = int(server.stdout.readline())
            time.sleep(rng.uniform(0.001, 0.08))
            os.killpg(writer, signal.SIGKILL) if os.getpgid(writer) == writer else os.kill(writer, signal.SIGKILL)
            time.sleep(0.005)
            if (table := tmp_path / "table.csv").exists():
                assert of_one_turn(table.read_bytes())
            cache = CacheFolder(tmp_path / "cache", "draw 1", ".draw")
            body = cache.load("a1")
            assert cache.notes == []
            assert body is None or of_one_turn(body)
            if (report := tmp_path / "report").exists():
                files = [report / "a.txt", report / "below" / "b.txt"]
                assert len({path.read_bytes() for path in files}) == 1
                assert of_one_turn(files[0].read_bytes())
                seen += 1
    finally:
        server.stdin.close()
        server.stdout.close()
        server.wait()
    replace_file(tmp_path / "table.csv", b"last")
    CacheFolder(tmp_path / "cache", "draw 1", ".draw").store("a1", b"last")
    with staged_output(tmp_path / "report") as staging:
        (staging / "a.txt").write_text("last")
    assert list(tree(tmp_path)) == ["cache", "cache/a1.draw", "report", "report/a.txt", "table.csv"]


# A verb of the command line that writes its output slowly.
VERB = """
import hashlib, sys, time
from pathlib import Path
from actuary.cli import app, main
from actuary.cli.console import teaching
from actuary.durable.folders import staged_output

@app.command()
@teaching
def slowly(out: Path) -> None:
    with staged_output(out) as staging:
        (staging / "a.txt").write_text("half")
        print("ready", flush=True)
        {work}

sys.argv = ["actuary", "slowly", sys.argv[1]]
main()
"""
WAITS = "time.sleep(60)"
# What no interruption gets through to: one long step of a library, and one that takes an interruption for its own.
DEAF = {
    "a long step": 'hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)',
    "swallowed": """
        try:
            time.sleep(60)
        except BaseException:
            time.sleep(60)""",
}


def stop(root: Path, out: Path, work: str, number: signal.Signals) -> tuple[int, str, float]:
    """Run a verb, send it a signal in the middle; return its status, what it said, and how long it took to end [s]."""
    command = [sys.executable, "-c", VERB.format(work=work), str(out)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # What runs in the background of a shell is born deaf to Ctrl-C.
    listen = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)  # noqa: E731
    with subprocess.Popen(command, cwd=root, text=True, preexec_fn=listen, **pipes) as verb:  # noqa: PLW1509
        assert verb.stdout is not None
        assert verb.stdout.readline() == "ready\n"
        time.sleep(0.3)  # what is tried is in work, not about to begin
        begin = time.monotonic()
        verb.send_signal(number)
        _, told = verb.communicate(timeout=30)
        return verb.returncode, told, time.monotonic() - begin


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_verb_that_is_stopped_leaves_nothing(tmp_path: Path, root: Path, number: signal.Signals) -> None:
    status, told, _ = stop(root, tmp_path / "city", WAITS, number)
    assert "Traceback" not in told
    if number == signal.SIGKILL:
        assert all(name.startswith(".city.") for name in tree(tmp_path))
        with staged_output(tmp_path / "city") as staging:
            (staging / "a.txt").write_text("whole")
        assert tree(tmp_path) == {"city": None, "city/a.txt": b"whole"}
    else:
        assert status == 130
        assert "stopped; nothing was written" in told
        assert tree(tmp_path) == {}


@pytest.mark.parametrize("work", DEAF)
def test_a_verb_that_hears_nothing_is_stopped_all_the_same(tmp_path: Path, root: Path, work: str) -> None:
    status, told, seconds = stop(root, tmp_path / "city", DEAF[work], signal.SIGTERM)
    assert (status, told) == (130, "actuary: stopped at once; what was not finished is removed.\n")
    assert seconds < 15  # two of patience, and a machine under load
    assert tree(tmp_path) == {}


def test_an_interruption_that_is_swallowed_is_obeyed_before_anything_is_put_in_place(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("actuary.durable.unfinished._stopped", False)
    with pytest.raises(KeyboardInterrupt), staged_output(tmp_path / "city") as staging:  # noqa: PT012
        (staging / "a.txt").write_text("whole")
        note_stop()  # and then a library goes on as if nothing had been said
    assert tree(tmp_path) == {}
