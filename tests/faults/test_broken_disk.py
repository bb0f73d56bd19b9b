"""A disk that fails at any one step, with any of the errors disks have: what stood there stands, and it is said."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from actuary.durable.checked import CacheFolder
from actuary.durable.files import create_file, replace_file, written_whole
from actuary.durable.folders import staged_output
from actuary.errors import OutputError
from tests.faults.faults import BrokenDisk, tree

NUMBERS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def one_file(place: Path, text: str) -> None:
    replace_file(place / "table.csv", text.encode())


def one_stream(place: Path, text: str) -> None:
    with written_whole(place / "table.csv") as partial:
        partial.write_text(text)


def one_folder(place: Path, text: str) -> None:
    with staged_output(place / "report") as staging:
        (staging / "below").mkdir()
        (staging / "below" / "a.txt").write_text(text)
        (staging / "manifest.json").write_text('{"outputs": [{"file": "below/a.txt"}]}')


def a_key(place: Path, text: str) -> None:
    with suppress(FileExistsError):
        create_file(place / "key", text.encode())


WRITERS = {writer.__name__: writer for writer in (one_file, one_stream, one_folder, a_key)}


@pytest.mark.parametrize("earlier", [True, False], ids=["replacing", "new"])
@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("number", NUMBERS, ids=errno.errorcode.get)
def test_any_one_step_may_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int, *, earlier: bool
) -> None:
    write: Callable[[Path, str], None] = WRITERS[name]
    if earlier:
        write(tmp_path, "old")
    before = tree(tmp_path)
    (whole := tmp_path.with_name(f"{tmp_path.name}-whole")).mkdir()
    if earlier:
        write(whole, "old")
    write(whole, "new")
    after = tree(whole)
    with monkeypatch.context() as patch:
        disk = BrokenDisk(patch, number)
        for step in range(1, 100):
            disk.count, disk.fails_at = 0, step
            with suppress(OutputError):
                write(tmp_path, "new")
            # Only the last step, bringing the folder's names to the disk, fails after the new file stands.
            assert tree(tmp_path) in (before, after)
            if disk.count < step:
                break
    assert step > 3
    assert tree(tmp_path) == after


def test_a_cache_on_a_broken_disk_is_gone_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = CacheFolder(tmp_path / "cache", "draw 1", ".draws")
    with monkeypatch.context() as patch:
        disk = BrokenDisk(patch, errno.EIO)
        for step in range(1, 5):
            disk.count, disk.fails_at = 0, step
            assert not cache.store("a1", b"draws")
            assert cache.load("a1") in (None, b"draws")
    assert cache.notes == ["the cache of draws cannot be written (Input/output error): they are made anew each time"]
