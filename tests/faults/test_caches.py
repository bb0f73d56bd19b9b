"""Every kind of cache: cut, changed, foreign, of another form, half written; found by its checksum, made anew, said."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.durable.checked import CacheFolder, CacheWarning, pack, say_once, unpack

BODY = b'{"head": 1}\n' + bytes(range(256)) * 3
KEPT = pack(BODY, kind="draw 1", key="a1")


@settings(max_examples=300)
@given(st.data())
def test_no_damage_is_believed(data: st.DataObject) -> None:
    how = data.draw(st.sampled_from(("flip", "cut", "grow", "splice", "zero")))
    at = data.draw(st.integers(0, len(KEPT) - 1))
    damaged = bytearray(KEPT)
    if how == "flip":
        damaged[at] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "cut":
        del damaged[at:]
    elif how == "grow":
        damaged[at:at] = data.draw(st.binary(min_size=1, max_size=9))
    elif how == "splice":
        damaged = bytearray(KEPT[:at] + KEPT)
    else:
        damaged[at:] = bytes(len(damaged) - at)
    if bytes(damaged) != KEPT:
        assert unpack(bytes(damaged), kind="draw 1", key="a1") in (None, BODY)  # a space in the head changes nothing
    assert unpack(KEPT, kind="draw 1", key="a1") == BODY


@given(st.binary(max_size=300))
def test_a_foreign_file_is_not_believed(content: bytes) -> None:
    assert unpack(content, kind="draw 1", key="a1") is None
    assert unpack(content + b"\n" + BODY, kind="draw 1", key="a1") is None


def test_another_form_another_kind_and_another_key_are_not_believed(tmp_path: Path) -> None:
    CacheFolder(tmp_path, "draw 1", ".draw").store("a1", BODY)
    assert CacheFolder(tmp_path, "draw 2", ".draw").load("a1") is None
    assert CacheFolder(tmp_path, "gate 1", ".draw").load("a1") is None
    cache = CacheFolder(tmp_path, "draw 1", ".draw")
    cache.path("a1").rename(cache.path("b2"))
    assert cache.load("b2") is None
    assert cache.notes == ["a cached draw was damaged or not whole: made anew"]
    assert cache.store("b2", BODY)
    assert cache.load("b2") == BODY


def test_what_a_killed_process_left_is_not_taken_and_removed(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path, "draw 1", ".draw")
    (tmp_path / ".a1.draw.partial-dead").write_bytes(KEPT[:100])
    assert cache.load("a1") is None
    assert cache.store("a1", BODY)
    assert [path.name for path in tmp_path.iterdir()] == ["a1.draw"]


def test_a_sentence_is_said_once() -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(3):
            say_once(["a cached thing of this very test was damaged"])
    assert [(one.category, str(one.message)) for one in told] == [
        (CacheWarning, "a cached thing of this very test was damaged")
    ]


def flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "flipped": flip,
    "cut": lambda content: content[:-7],
    "empty": lambda _: b"",
}

LOOP = """
import sys, warnings
sys.path.insert(0, {folder!r})
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    import loop
    print(loop.total(10), sum(loop.total.stats.cache_hits.values()), *(one.message for one in told), sep="|")
"""
SOURCE = """
from actuary.kernels.jit import njit

@njit(cache=True)
def total(n):
    found = 0
    for i in range(n):
        found += i * {factor}
    return found
"""


def run_loop(folder: Path, root: Path, **environment: str) -> tuple[int, int, str]:
    done = subprocess.run(
        [sys.executable, "-c", LOOP.format(folder=str(folder))],
        cwd=root,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    value, hits, *told = done.stdout.strip().split("|")
    return int(value), int(hits), " ".join(told)


@pytest.fixture
def loop(tmp_path: Path, root: Path) -> Path:
    (tmp_path / "loop.py").write_text(SOURCE.format(factor=3))
    assert run_loop(tmp_path, root) == (135, 0, "")
    assert run_loop(tmp_path, root) == (135, 1, "")
    return tmp_path


@pytest.mark.slow
def test_compiled_loops_are_checked_before_they_are_run(loop: Path, root: Path) -> None:
    for ending, how in (("nbi", "flipped"), ("nbi", "empty"), ("nbc", "flipped"), ("nbc", "cut")):
        (kept,) = (loop / "__pycache__").glob(f"*.{ending}")
        kept.write_bytes(DAMAGE[how](kept.read_bytes()))
        value, hits, told = run_loop(loop, root)
        assert (value, hits) == (135, 0)
        assert "a compiled loop kept on disk was damaged or not whole" in told
    assert run_loop(loop, root) == (135, 1, "")


@pytest.mark.slow
def test_a_loop_whose_source_changed_is_compiled_anew_whatever_the_clock_says(loop: Path, root: Path) -> None:
    before = (loop / "loop.py").stat()
    (loop / "loop.py").write_text(SOURCE.format(factor=5))
    os.utime(loop / "loop.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    # Python itself goes by time and size; only its own file of bytecode is removed.
    for bytecode in (loop / "__pycache__").glob("*.pyc"):
        bytecode.unlink()
    assert run_loop(loop, root)[:2] == (225, 0)


@pytest.mark.slow
def test_loops_that_cannot_be_kept_are_compiled_each_time(loop: Path, root: Path) -> None:
    """No folder beside the source, none of the user: as in a container without a home."""
    for left in (loop / "__pycache__").iterdir():
        left.unlink()
    (loop / "__pycache__").rmdir()
    (loop / "__pycache__").write_text("no folder")
    (loop / "home").write_text("no folder")
    places = {"HOME": str(loop / "home"), "XDG_CACHE_HOME": str(loop / "home")}
    places["NUMBA_CACHE_LOCATOR_CLASSES"] = "InTreeCacheLocator,UserWideCacheLocator"
    value, hits, told = run_loop(loop, root, **places)
    assert (value, hits) == (135, 0)
    assert told.count("compiled loops cannot be kept on disk") == 1
