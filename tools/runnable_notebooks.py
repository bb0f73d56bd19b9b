"""List the notebooks whose data are here, and say by name which ones are skipped.

A notebook names in its metadata what it needs beside the repository, relative to the top of the checkout:
``"actuary": {"needs": ["../shared/…"]}``.

    .venv/bin/python tools/runnable_notebooks.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def missing_data(notebook: Path, *, root: Path = ROOT) -> list[str]:
    """Return what a notebook needs and what is not there."""
    metadata = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]
    return [name for name in metadata.get("actuary", {}).get("needs", ()) if not (root / name).exists()]


def runnable_notebooks(*, root: Path = ROOT) -> list[Path]:
    """Return the notebooks that can run here; the others are named on the error stream."""
    found = []
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        missing = missing_data(path, root=root)
        if missing:
            print(f"skipped: {path.relative_to(root)} needs {', '.join(missing)}", file=sys.stderr)
        else:
            found.append(path)
    return found


if __name__ == "__main__":
    print("\n".join(str(path.relative_to(ROOT)) for path in runnable_notebooks()))
