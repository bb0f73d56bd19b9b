"""Outputs of many files that appear whole or not at all.

Everything is written into a staging folder beside the wanted one, brought to the disk, and exchanged with it at the
end. Whatever stops the run before that leaves the wanted folder as it was.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from actuary.durable.files import beside, leftovers, resolved, sync_file, sync_folder, what_failed
from actuary.durable.locks import exclusive
from actuary.durable.unfinished import obey_stop, unfinished
from actuary.errors import OutputError, Problem

__all__ = ["MANIFEST", "check_output", "staged_output"]

#: The file that lists everything a finished output holds.
MANIFEST = "manifest.json"

_CHOOSE = "choose another folder with --out"

#: Linux: exchange two names in one step.
_HERE, _EXCHANGE = -100, 2


def _recover(out: Path) -> None:
    """Put an earlier output back and remove what killed runs have left; only under the lock of the output."""
    for left in leftovers(out, "previous"):
        if out.exists():
            shutil.rmtree(left)
        else:
            left.rename(out)
    for left in leftovers(out, "partial"):
        shutil.rmtree(left)


def _foreign_files(out: Path) -> list[str]:
    """Return what the folder holds beside the files that its own manifest lists; nothing below it is walked."""
    try:
        listed = {entry["file"] for entry in json.loads((out / MANIFEST).read_text(encoding="utf-8"))["outputs"]}
        known = {*(name.partition("/")[0] for name in listed), MANIFEST} if listed else set()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        known = set()
    return sorted(path.name for path in out.iterdir() if path.name not in known)


def _first_existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def check_output(out: Path | str, *, where: str = "", owned: bool = False) -> Path:
    """Check that an output folder can be written, before any work is done.

    Parameters
    ----------
    out : Path or str
        The wanted folder: absent, empty, or holding an earlier output and nothing else.
    where : str
        How messages name it; ``--out`` and the folder when left out.
    owned : bool
        Whether the folder belongs to the package, so that whatever it holds is replaced.

    Returns
    -------
    Path
        The folder, absolute, links followed.

    Raises
    ------
    OutputError
        When it is a file, cannot be written, is marked read-only, is the root of a file system, or holds files that
        no earlier output lists.
    """
    out = resolved(out, where=where or f"--out {Path(out).absolute()}")
    where = where or f"--out {out}"
    try:
        return _checked(out, where=where, owned=owned)
    except OSError as error:
        raise OutputError(Problem(where, what_failed(error), "a folder that can be written", _CHOOSE)) from None


def _checked(out: Path, *, where: str, owned: bool) -> Path:
    base = _first_existing(out)
    if not base.is_dir():
        raise OutputError(Problem(where, f"{base} is a file", "a folder", _CHOOSE))
    # The mode is read as well, because the superuser is let through wherever the owner said "read-only".
    for folder in {base, out.parent if out.parent.is_dir() else base}:
        if not os.access(folder, os.W_OK | os.X_OK) or not folder.stat().st_mode & 0o222:
            raise OutputError(Problem(where, f"{folder} is read-only", "a folder that can be written", _CHOOSE))
    if out == out.parent:
        raise OutputError(Problem(where, "the root of the file system", "a folder of its own", _CHOOSE))
    if os.path.ismount(out):
        # It cannot be renamed: nothing could take its place as a whole.
        mend = f"name a folder in it, such as {out / 'report'}"
        raise OutputError(Problem(where, "a place where a file system is mounted", "a folder of its own", mend))
    if not owned and out.is_dir() and (foreign := _foreign_files(out)):
        shown = ", ".join(foreign[:5]) + (f" … {len(foreign)} in all" if len(foreign) > 5 else "")
        raise OutputError(
            Problem(where, f"files that are not from an earlier report ({shown})", "an empty or new folder", _CHOOSE)
        )
    return out


def _sync_tree(folder: Path) -> None:
    """Bring everything in a folder to the disk, the folder last."""
    for path, _, files in os.walk(folder, topdown=False):
        for name in files:
            if stat.S_ISREG(os.lstat(place := os.path.join(path, name)).st_mode):  # noqa: PTH118  (walks in texts)
                sync_file(Path(place))
        sync_folder(Path(path))


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two folders in one step; False where the system or the file system has no such step."""
    import ctypes  # noqa: PLC0415  (only where an earlier output is replaced)

    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    if rename(_HERE, os.fsencode(first), _HERE, os.fsencode(second), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM}:
        return False
    raise OSError(number, os.strerror(number), str(second))


def _put_in_place(staging: Path, out: Path) -> None:
    """Let a finished staging folder take the place of the output; an earlier one is removed afterwards."""
    if not out.exists():
        staging.rename(out)
        sync_folder(out.parent)
        return
    staging.chmod(stat.S_IMODE(out.stat().st_mode))
    previous = out.parent / f"{beside(out, 'previous').name}-{secrets.token_hex(4)}"
    if _exchange(staging, out):
        staging.rename(previous)
    else:
        out.rename(previous)
        try:
            staging.rename(out)
        except BaseException:
            previous.rename(out)
            raise
    try:
        sync_folder(out.parent)
    finally:
        shutil.rmtree(previous, ignore_errors=True)


@contextmanager
def staged_output(out: Path | str, *, where: str = "", owned: bool = False) -> Iterator[Path]:
    """Give a staging folder that becomes the output folder when the block ends well.

    Parameters
    ----------
    out : Path or str
        The wanted folder; an earlier output in it is replaced as a whole.
    where, owned :
        As in :func:`check_output`.

    Yields
    ------
    Path
        An empty folder on the same file system; write everything there.

    Raises
    ------
    OutputError
        See :func:`check_output`; also when another run is writing the same output, or the folder cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with staged_output(Path(folder) / "report") as staging:
    ...         _ = (staging / "a.txt").write_text("whole")
    ...     (Path(folder) / "report" / "a.txt").read_text()
    'whole'
    """
    out = check_output(out, where=where, owned=owned)
    where = where or f"--out {out}"
    staging = out.parent / f"{beside(out, 'partial').name}-{secrets.token_hex(4)}"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(Problem(where, what_failed(error), "a folder that can be written", _CHOOSE)) from None
    with exclusive(beside(out, "lock"), where=where, needed=False) as held:
        try:
            if held:
                _recover(out)
            with unfinished(staging):
                staging.mkdir()
                yield staging
                _sync_tree(staging)
                # Once more: work takes minutes, and somebody may have laid a file of theirs there.
                check_output(out, where=where, owned=owned)
                obey_stop()
                _put_in_place(staging, out)
        except OSError as error:
            expected, mend = "room and leave to write", "make room or choose another folder with --out"
            raise OutputError(Problem(where, f"{what_failed(error)} while writing", expected, mend)) from None
        finally:
            with suppress(OSError):
                shutil.rmtree(staging, ignore_errors=True)
