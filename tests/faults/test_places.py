"""Places that cannot be written, and places with odd names: refused in a sentence, or written whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from actuary.durable.checked import CacheFolder
from actuary.durable.files import create_file, replace_file
from actuary.durable.folders import check_output, staged_output
from actuary.errors import OutputError
from tests.faults.faults import tree

ODD = [
    *("a b", "-o", "--out", "*", "?[a]", "a\nb", "a'b\"c", "报告", "ñ", "ｆｕｌｌ", "😀", "a\\b", "$HOME", "%s", "{0}"),
    *("lock", ".hidden", "x" * 255, "报" * 85, os.fsdecode(b"\xff\xfe")),
]


@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_odd_names_are_names(tmp_path: Path, name: str) -> None:
    for text in ("old", "new"):
        replace_file(tmp_path / name, text.encode())
    assert [path.name for path in tmp_path.iterdir()] == [name]
    (tmp_path / name).unlink()
    for text in ("old", "new"):
        with staged_output(tmp_path / name) as staging:
            (staging / "manifest.json").write_text('{"outputs": [{"file": "a"}]}')
            (staging / "a").write_text(text)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "a").read_text() == "new"


@pytest.mark.parametrize("name", ["x" * 256, "a\0b", "/".join(["long"] * 1200)], ids=["long", "null", "deep"])
def test_names_that_no_file_system_takes_are_refused(tmp_path: Path, name: str) -> None:
    for write in (check_output, lambda place: replace_file(place, b""), lambda place: create_file(place, b"")):
        with pytest.raises(OutputError):
            write(tmp_path / name)
    assert tree(tmp_path) == {}


def test_links_stay_and_what_they_point_to_is_replaced(tmp_path: Path) -> None:
    (real := tmp_path / "real").mkdir()
    (tmp_path / "table.csv").symlink_to(real / "table.csv")
    (tmp_path / "report").symlink_to(real / "report")
    for text in ("old", "new"):
        replace_file(tmp_path / "table.csv", text.encode())
        with staged_output(tmp_path / "report") as staging:
            (staging / "manifest.json").write_text('{"outputs": [{"file": "a"}]}')
            (staging / "a").write_text(text)
    assert (tmp_path / "table.csv").is_symlink()
    assert (tmp_path / "report").is_symlink()
    assert (real / "table.csv").read_text() == (real / "report" / "a").read_text() == "new"
    assert sorted(path.name for path in real.iterdir()) == ["report", "table.csv"]


def test_links_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for write in (check_output, lambda place: replace_file(place, b"")):
        with pytest.raises(OutputError):
            write(tmp_path / "a")


def test_what_is_no_plain_file_is_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(OutputError, match="a device or a pipe"):
            replace_file(place, b"")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    with pytest.raises(OutputError, match="a folder; expected the name of a file"):
        replace_file(tmp_path, b"")
    with pytest.raises(OutputError, match="No such file or directory"):
        replace_file(tmp_path / "missing" / "table.csv", b"")
    (tmp_path / "table.csv").write_text("")
    with pytest.raises(OutputError, match="Not a directory"):
        replace_file(tmp_path / "table.csv" / "table.csv", b"")


def test_a_read_only_file_is_kept(tmp_path: Path) -> None:
    place = tmp_path / "table.csv"
    place.write_text("kept")
    place.chmod(0o444)
    with pytest.raises(OutputError, match="a read-only file"):
        replace_file(place, b"new")
    assert tree(tmp_path) == {"table.csv": b"kept"}


def test_modes_are_kept_and_the_umask_is_obeyed(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        replace_file(tmp_path / "table.csv", b"")
        with staged_output(tmp_path / "report"):
            pass
        create_file(tmp_path / "key", b"", mode=0o600)
    finally:
        os.umask(before)
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in tmp_path.iterdir()}
    assert modes == {"table.csv": "0o640", "report": "0o750", "key": "0o600"}
    (tmp_path / "table.csv").chmod(0o604)
    (tmp_path / "report").chmod(0o705)
    replace_file(tmp_path / "table.csv", b"new")
    with staged_output(tmp_path / "report"):
        pass
    assert stat.S_IMODE((tmp_path / "table.csv").stat().st_mode) == 0o604
    assert stat.S_IMODE((tmp_path / "report").stat().st_mode) == 0o705


def test_a_new_file_replaces_none(tmp_path: Path) -> None:
    create_file(tmp_path / "key", b"first")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "key", b"second")
    assert tree(tmp_path) == {"key": b"first"}


def test_a_cache_that_is_no_folder_is_gone_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = CacheFolder(tmp_path / "file" / "cache", "gate 2", ".gate")
    assert cache.load("a") is None
    assert not cache.store("a", b"passed")
    assert cache.notes == ["the cache of gates cannot be written (Not a directory): they are made anew each time"]
    (cache := CacheFolder(tmp_path, "gate 2", ".gate")).path("a").mkdir()
    assert cache.load("a") is None
    assert not cache.store("a", b"passed")
    assert cache.notes == [
        "the cache of gates cannot be read (Is a directory): made anew",
        "the cache of gates cannot be written (a folder): they are made anew each time",
    ]


def test_a_read_only_folder_is_told_also_to_the_superuser(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(OutputError, match="read-only"):
            replace_file(tmp_path / "table.csv", b"")
        with pytest.raises(OutputError, match="read-only"):
            check_output(tmp_path / "report")
        cache = CacheFolder(tmp_path, "gate 2", ".gate")
        assert not cache.store("a", b"passed")
    finally:
        tmp_path.chmod(0o755)
    assert tree(tmp_path) == {}
