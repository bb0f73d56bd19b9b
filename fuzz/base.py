"""What targets share: findings, files that last for one input, and the rule that refusals teach."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from actuary.errors import ActuaryError
from actuary.paths import models_root

__all__ = ["PLACE", "Finding", "choice", "memory", "models_copy", "scratch", "teaches", "written"]

#: Names the folder in which others make folders, where somebody else removes them: libFuzzer ends a process at once.
PLACE = "ACTUARY_FUZZ_PLACE"
_MEMORY = Path("/dev/shm")  # noqa: S108  (files that last for one input are written into memory where there is such)


class Finding(AssertionError):  # noqa: N818  (what a search finds)
    """A property of a reader does not hold."""


def memory() -> Path | None:
    """Return the folder of files in memory, where there is one."""
    return _MEMORY if _MEMORY.is_dir() else None


@cache
def scratch() -> Path:
    """Return a folder for the files of this process, which goes with it."""
    base = os.environ.get(PLACE) or memory()
    made = Path(tempfile.mkdtemp(prefix=f"actuary-fuzz-{os.getpid()}-", dir=base))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@cache
def models_copy() -> Path:
    """Return a copy of the declarations, whose files are replaced one at a time."""
    return Path(shutil.copytree(models_root(), scratch() / "models"))


def written(name: str, content: bytes) -> Path:
    """Write a file that lasts for one input."""
    path = scratch() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def choice(content: bytes, options: int) -> tuple[int, bytes]:
    """Use the first byte to choose, the rest as the input."""
    return (content[0] % options if content else 0), content[1:]


def teaches(error: ActuaryError) -> None:
    """Raise a finding where a problem is without words."""
    for problem in error.problems:
        if not (problem.where.strip() and problem.found.strip() and problem.expected.strip()):
            raise Finding(f"a problem without words: {problem!r}")
