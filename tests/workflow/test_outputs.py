"""Outputs appear whole or not at all, whatever stops the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actuary.errors import OutputError
from actuary.workflow.outputs import check_output, replace_file, staged_output


def _write_report(out: Path, *, text: str = "new") -> None:
    with staged_output(out) as staging:
        (staging / "report.txt").write_text(text)
        (staging / "manifest.json").write_text(json.dumps({"outputs": [{"file": "report.txt"}]}))


def _stop_half_way(staging: Path, stop: type[BaseException]) -> None:
    (staging / "report.txt").write_text("half")
    raise stop


def test_output_appears_whole(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b" / "report"
    _write_report(out)
    assert (out / "report.txt").read_text() == "new"
    assert [path.name for path in out.parent.iterdir()] == ["report"]


def test_earlier_report_is_replaced_as_a_whole(tmp_path: Path) -> None:
    out = tmp_path / "report"
    _write_report(out, text="old")
    _write_report(out, text="new")
    assert (out / "report.txt").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_a_stopped_run_leaves_the_earlier_report(tmp_path: Path, stop: type[BaseException]) -> None:
    out = tmp_path / "report"
    _write_report(out, text="old")
    with pytest.raises(stop), staged_output(out) as staging:
        _stop_half_way(staging, stop)
    assert (out / "report.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_stopped_first_run_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), staged_output(tmp_path / "report"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    dead = 2**22 + 1  # above the largest process id of Linux
    left = tmp_path / f".report.partial-{dead}"
    left.mkdir()
    (left / "half.txt").write_text("half")
    _write_report(tmp_path / "report")
    assert not left.exists()


def test_a_kill_between_the_two_renames_is_mended(tmp_path: Path) -> None:
    previous = tmp_path / f".report.previous-{2**22 + 1}"
    previous.mkdir()
    (previous / "report.txt").write_text("old")
    (previous / "manifest.json").write_text(json.dumps({"outputs": [{"file": "report.txt"}]}))
    with pytest.raises(RuntimeError), staged_output(tmp_path / "report"):
        raise RuntimeError
    assert (tmp_path / "report" / "report.txt").read_text() == "old"


def test_files_of_somebody_else_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("mine")
    with pytest.raises(OutputError, match=r"files that are not from an earlier report \(thesis.doc\)"):
        check_output(tmp_path)
    assert (tmp_path / "thesis.doc").read_text() == "mine"


def test_a_file_added_to_an_earlier_report_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "report"
    _write_report(out)
    (out / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        check_output(out)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("a file")
    with pytest.raises(OutputError, match="is a file; expected a folder"):
        check_output(tmp_path / "report")
    with pytest.raises(OutputError, match="is a file; expected a folder"):
        check_output(tmp_path / "report" / "below")


@pytest.mark.parametrize("which", ["parent", "itself"])
def test_a_read_only_folder_is_named_also_to_the_superuser(tmp_path: Path, which: str) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    folder.chmod(0o555)
    try:
        with pytest.raises(OutputError, match="is read-only; expected a folder that can be written"):
            check_output(folder / "report" if which == "parent" else folder)
    finally:
        folder.chmod(0o755)


def test_replace_file_writes_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    replace_file(target, b"a")
    replace_file(target, b"b")
    assert target.read_bytes() == b"b"
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    with pytest.raises(OutputError, match="expected a file that can be written"):
        replace_file(tmp_path / "missing" / "table.csv", b"c")
