"""Verbs called with odd values and odd files end with a status that they promise, and without a traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from actuary.paths import models_root


@pytest.mark.slow
def test_odd_values_and_files_end_in_a_sentence() -> None:
    # One seed, so that the same calls are made every time; others are made by `make fuzz TARGET=cli`.
    command = [sys.executable, "-m", "fuzz.cli", "--seed", "7", "--calls", "12", "--seconds", "40", "--limit", "10"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=models_root().parent)
    assert done.returncode == 0, done.stdout + done.stderr
