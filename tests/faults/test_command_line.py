"""Errors of the machine and warnings of caches, as the command line tells them: a sentence, no traceback."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pandas as pd
import pytest
import typer

import actuary
from actuary.cli import _show_warning
from actuary.cli.console import print_frame, teaching
from actuary.durable.checked import CacheWarning
from tests.faults.faults import full_disk


def fail(error: BaseException) -> None:
    @teaching
    def verb() -> None:
        raise error

    verb()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES, errno.EMFILE])
def test_an_error_of_the_machine_is_told(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as stopped:
        fail(OSError(number, os.strerror(number), "a.csv"))
    assert stopped.value.exit_code == 2
    told = capsys.readouterr().err
    assert told.startswith(f"actuary: found {os.strerror(number)} (a.csv); expected room")
    assert told.count("\n") == 1


def test_too_little_memory_and_no_place_for_temporary_files_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    for error in (MemoryError(), FileNotFoundError(2, "No usable temporary directory found in []")):
        with pytest.raises(typer.Exit):
            fail(error)
    told = capsys.readouterr().err.splitlines()
    assert "too little memory" in told[0]
    assert "TMPDIR" in told[1]


def test_a_folder_that_could_not_be_copied_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (source := tmp_path / "models").mkdir()
    (source / "a.toml").write_bytes(bytes(5000))

    @teaching
    def verb() -> None:
        with full_disk(10):
            shutil.copytree(source, tmp_path / "copy")

    with pytest.raises(typer.Exit):
        verb()
    assert "File too large" in capsys.readouterr().err


def test_an_error_of_the_program_stays_one() -> None:
    with pytest.raises(FileNotFoundError):
        fail(FileNotFoundError(2, "No such file or directory", "a.csv"))


def test_a_warning_of_a_cache_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(warnings, "showwarning", _show_warning)
        warnings.warn("a cached posterior was damaged or not whole: made anew", CacheWarning, stacklevel=1)
        warnings.warn("something else", UserWarning, stacklevel=1)
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "actuary: a cached posterior was damaged or not whole: made anew"
    assert "UserWarning: something else" in told[1]


def test_a_count_that_is_left_blank_is_printed_as_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    counts = pd.array([12, None], dtype="Int64")
    print_frame(pd.DataFrame({"hospital": ["a", None], "cases": counts, "mean": [1.5, None]}), title="findings")
    shown = capsys.readouterr().out
    assert "12" in shown
    assert not {"NA", "nan", "None"} & set(shown.split())


@pytest.mark.slow
def test_a_stop_while_code_is_made_from_a_text_has_the_same_status(tmp_path: Path) -> None:
    # As while a module with dataclasses is imported: Python itself would end by SIGINT.
    (tmp_path / "interrupted.py").write_text(
        "from actuary.cli.stopping import STOPPED, stopped\n"
        "try:\n    exec('raise KeyboardInterrupt')\nexcept KeyboardInterrupt:\n    stopped()\n"
        "    raise SystemExit(STOPPED) from None\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(actuary.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-m", "interrupted"], cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 130
