"""The page on people shows what the package computes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_tables_of_the_page_are_those_of_the_package(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "tools/population_closeness.py", "--check"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(root)},
    )
    assert done.returncode == 0, done.stderr
