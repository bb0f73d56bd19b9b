"""Run every notebook, store the outputs of its check cells only, and write its text twin.

Run it after a change that is meant to move a figure; the difference of the notebooks then shows which ones moved.

    .venv/bin/python tools/refresh_notebooks.py [NAME…]
"""

from __future__ import annotations

import sys
from pathlib import Path

import jupytext
import nbformat
from runnable_notebooks import runnable_notebooks

from actuary.report.notebook import execute_notebook

_KEEP = "keep_output"


def refresh(path: Path) -> None:
    """Refresh one notebook and its twin."""
    notebook, executed = nbformat.read(path, as_version=4), execute_notebook(path)
    for stored, fresh in zip(notebook.cells, executed.cells, strict=True):
        if stored.cell_type == "code":
            checked = _KEEP in stored.metadata.get("tags", ())
            stored.outputs = fresh.outputs if checked else []
            stored.execution_count = fresh.execution_count if checked else None
    path.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8")
    path.with_suffix(".py").write_text(jupytext.writes(notebook, fmt="py:percent"), encoding="utf-8")


if __name__ == "__main__":
    wanted = set(sys.argv[1:])
    for found in runnable_notebooks():
        if not wanted or found.stem in wanted:
            refresh(found)
