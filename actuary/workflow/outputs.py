"""Outputs that appear whole or not at all.

Everything is written into a staging folder beside the wanted one and renamed into place at the end. Whatever stops
the run before that leaves the wanted folder as it was.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actuary.errors import OutputError, Problem

__all__ = ["MANIFEST", "check_output", "replace_file", "staged_output"]

#: The file that lists everything a finished output holds.
MANIFEST = "manifest.json"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _recover(out: Path) -> None:
    """Put an earlier output back, and remove what runs that were killed have left beside it."""
    for left in sorted(out.parent.glob(f".{glob.escape(out.name)}.*-*")):
        kind, _, pid = left.name[len(out.name) + 2 :].partition("-")
        if kind not in {"partial", "previous"} or not pid.isdigit() or _is_alive(int(pid)):
            continue
        if kind == "previous" and not out.exists():
            left.rename(out)
        else:
            shutil.rmtree(left)


def _foreign_files(out: Path) -> list[str]:
    """Return what the folder holds beside the files that its own manifest lists; nothing below it is walked."""
    try:
        listed = {entry["file"] for entry in json.loads((out / MANIFEST).read_text(encoding="utf-8"))["outputs"]}
    except (OSError, ValueError, KeyError, TypeError):
        listed = set()
    known = {*(name.partition("/")[0] for name in listed), MANIFEST} if listed else set()
    return sorted(path.name for path in out.iterdir() if path.name not in known)


def _first_existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def check_output(out: Path) -> Path:
    """Check that an output folder can be written, before any work is done.

    Parameters
    ----------
    out : Path
        The wanted folder: absent, empty, or holding an earlier output and nothing else.

    Returns
    -------
    Path
        The folder, absolute.

    Raises
    ------
    OutputError
        When it is a file, cannot be written, is marked read-only, or holds files that no earlier output lists.
    """
    out = out.expanduser().resolve()
    base = _first_existing(out)
    where = f"--out {out}"
    choose = "choose another folder with --out"
    if not base.is_dir():
        raise OutputError(Problem(where, f"{base} is a file", "a folder", choose))
    # The mode is read as well, because the superuser is let through wherever the owner said "read-only".
    for folder in {base, out.parent if out.parent.is_dir() else base}:
        if not os.access(folder, os.W_OK | os.X_OK) or not folder.stat().st_mode & 0o222:
            raise OutputError(Problem(where, f"{folder} is read-only", "a folder that can be written", choose))
    if out == out.parent:
        raise OutputError(Problem(where, "the root of the file system", "a folder of its own", choose))
    if out.is_dir() and (foreign := _foreign_files(out)):
        shown = ", ".join(foreign[:5]) + (f" … {len(foreign)} in all" if len(foreign) > 5 else "")
        raise OutputError(
            Problem(where, f"files that are not from an earlier report ({shown})", "an empty or new folder", choose)
        )
    return out


@contextmanager
def staged_output(out: Path) -> Iterator[Path]:
    """Give a staging folder that becomes the output folder when the block ends well.

    Parameters
    ----------
    out : Path
        The wanted folder; an earlier output in it is replaced as a whole.

    Yields
    ------
    Path
        An empty folder on the same file system; write everything there.

    Raises
    ------
    OutputError
        See :func:`check_output`; also when the folder cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with staged_output(Path(folder) / "report") as staging:
    ...         _ = (staging / "a.txt").write_text("whole")
    ...     (Path(folder) / "report" / "a.txt").read_text()
    'whole'
    """
    out = check_output(out)
    choose_another = "make room or choose another folder with --out"
    staging = out.parent / f".{out.name}.partial-{os.getpid()}"
    previous = out.parent / f".{out.name}.previous-{os.getpid()}"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _recover(out)
        staging.mkdir()
    except OSError as error:
        raise OutputError(
            Problem(f"--out {out}", f"{error.strerror} ({error.filename})", "a folder that can be written")
        ) from None
    try:
        yield staging
        if out.exists():
            out.rename(previous)
        staging.rename(out)
    except BaseException as error:
        shutil.rmtree(staging, ignore_errors=True)
        if previous.exists() and not out.exists():
            previous.rename(out)
        if isinstance(error, OSError):
            found = f"{error.strerror or error} while writing"
            raise OutputError(Problem(f"--out {out}", found, "room and leave to write", choose_another)) from None
        raise
    shutil.rmtree(previous, ignore_errors=True)


def replace_file(path: Path, content: bytes) -> None:
    """Write one file whole or not at all.

    Parameters
    ----------
    path : Path
        The wanted file; an existing one is replaced.
    content : bytes
        All of it.

    Raises
    ------
    OutputError
        When the folder is missing or the file cannot be written.
    """
    path = path.expanduser().absolute()
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        raise OutputError(
            Problem(str(path), error.strerror or "an error of the file system", "a file that can be written")
        ) from None
    finally:
        partial.unlink(missing_ok=True)
