"""A disk that fills up while a file is written, whoever writes: Python, Arrow, SQLite."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from actuary.durable.checked import CacheFolder
from actuary.durable.files import replace_file, written_whole
from actuary.durable.folders import staged_output
from actuary.errors import OutputError
from tests.faults.faults import full_disk, tree

SIZES = (0, 1, 4095, 4096, 65_535)
CONTENT = bytes(range(256)) * 256


@pytest.mark.parametrize("size", SIZES)
def test_a_file_is_whole_or_as_it_was(tmp_path: Path, size: int) -> None:
    place = tmp_path / "table.csv"
    for before in ({}, {"table.csv": b"old"}):
        with full_disk(size), pytest.raises(OutputError, match=r"File too large.*make room"):
            replace_file(place, CONTENT)
        assert tree(tmp_path) == before
        replace_file(place, b"old")


@pytest.mark.parametrize("size", SIZES)
def test_a_folder_is_whole_or_as_it_was(tmp_path: Path, size: int) -> None:
    with (
        pytest.raises(OutputError, match=r"while writing.*make room"),
        full_disk(size),
        staged_output(tmp_path / "report") as staging,
    ):
        (staging / "large.bin").write_bytes(CONTENT)
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("size", [0, 4, 1000, 4096])
def test_arrow_is_told_as_well(tmp_path: Path, size: int) -> None:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.csv as pacsv  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    table = pa.table({"cost": [str(number**7) for number in range(9000)]})
    for write in (pq.write_table, pacsv.write_csv):
        with pytest.raises(OutputError), full_disk(size), written_whole(tmp_path / "cases") as partial:
            write(table, partial)
    assert tree(tmp_path) == {}


def test_a_cache_is_gone_without_and_says_so_once(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path / "cache", "posterior 2", ".posterior")
    with full_disk(10):
        assert [cache.store(key, CONTENT) for key in ("a", "b", "a")] == [False] * 3
    assert cache.notes == ["the cache of posteriors cannot be written (File too large): they are made anew each time"]
    assert cache.load("a") is None
    assert list(cache.folder.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of its own with room for 16 pages; skipped where nobody may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "mount") or libc.mount(b"none", os.fsencode(place), b"tmpfs", 0, b"size=64k,nr_inodes=20"):
        pytest.skip("no leave to mount a small file system")
    yield place
    libc.umount2(os.fsencode(place), 2)


def _write_many(out: Path) -> None:
    with staged_output(out) as staging:
        for number in range(40):  # out of names before it is out of room
            (staging / f"{number}.txt").write_bytes(b"")


def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    place = small_disk / "table.csv"
    replace_file(place, b"old")
    with pytest.raises(OutputError, match="No space left on device"):
        replace_file(place, CONTENT * 2)
    assert tree(small_disk) == {"table.csv": b"old"}
    with pytest.raises(OutputError, match="No space left on device"):
        _write_many(small_disk / "report")
    assert tree(small_disk) == {"table.csv": b"old"}
    shutil.copyfile(place, small_disk / "copy")


def test_an_output_on_another_file_system_than_temporary_files(small_disk: Path, tmp_path: Path) -> None:
    assert small_disk.stat().st_dev != tmp_path.stat().st_dev
    with staged_output(small_disk / "report") as staging:
        (staging / "a.txt").write_text("whole")
    assert tree(small_disk) == {"report": None, "report/a.txt": b"whole"}
    with (
        pytest.raises(OutputError, match=r"where a file system is mounted.*name a folder in it"),
        staged_output(small_disk),
    ):
        raise AssertionError
