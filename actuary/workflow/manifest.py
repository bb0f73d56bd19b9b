"""The manifest of a run: what went in, what did the work, what came out."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from actuary.errors import OutputError, Problem
from actuary.personal_numbers import mask_numbers
from actuary.tables.personal_door import persons_told
from actuary.workflow.outputs import MANIFEST

__all__ = ["file_sha256", "moment_of_run", "write_manifest"]

#: Packages whose version can move a figure or a page.
_PACKAGES = (
    *("numpy", "pandas", "xarray", "numba", "pandera", "pydantic"),
    *("matplotlib", "typst", "xlsxwriter", "nbclient", "nbconvert"),
)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def moment_of_run() -> str:
    """Return the time of the run; ``SOURCE_DATE_EPOCH`` fixes it for builds that must be repeatable."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        moment = dt.datetime.fromtimestamp(int(epoch), dt.UTC) if epoch.isdecimal() else dt.datetime.now(dt.UTC)
    except (ValueError, OverflowError, OSError):
        found, expected = repr(epoch), "seconds since 1970 of a date before the year 10000"
        raise OutputError(Problem("SOURCE_DATE_EPOCH", found, expected, "unset it")) from None
    return moment.isoformat(timespec="seconds")


_INPUTS = frozenset((".toml", ".csv", ".md", ".ipynb"))
#: Declared for the grouping of cases: no input of a report on the funds.
_OTHER_FOLDERS = ("national/drg/", "national/settlement_list/")


def _inputs(roots: Mapping[str, Path]) -> list[dict[str, str]]:
    rows = []
    for name, root in sorted(roots.items()):
        for path in sorted(root.rglob("*")):
            relative = path.relative_to(root).as_posix()
            if path.is_file() and path.suffix in _INPUTS and not relative.startswith(_OTHER_FOLDERS):
                rows.append({"file": f"{name}/{relative}", "sha256": file_sha256(path)})
    return rows


def write_manifest(
    folder: Path, *, command: Sequence[str], run: Mapping[str, Any], roots: Mapping[str, Path], seed: int
) -> Path:
    """Write ``manifest.json`` into a finished output folder.

    Parameters
    ----------
    folder : Path
        The folder; every file in it is listed with its checksum.
    command : sequence of str
        The command that repeats the run.
    run : mapping
        What was asked for and its fingerprints.
    roots : mapping
        Name to folder of the inputs (models, data, notebooks).
    seed : int
        Root seed of the random streams.

    Returns
    -------
    Path
        The manifest.
    """
    content = {
        "command": [mask_numbers(word) for word in command],
        **persons_told(),
        "created": moment_of_run(),
        "seed": seed,
        "run": dict(run),
        "versions": {
            "actuary": importlib.metadata.version("actuary"),
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in _PACKAGES},
        },
        "inputs": _inputs(roots),
        "outputs": [
            {"file": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size, "sha256": file_sha256(path)}
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != MANIFEST
        ],
    }
    target = folder / MANIFEST
    target.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return target
