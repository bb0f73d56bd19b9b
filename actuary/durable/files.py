"""One file, whole or not at all: written beside its place, brought to the disk, renamed."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from actuary.durable.locks import remove_abandoned, try_lock
from actuary.durable.unfinished import unfinished
from actuary.errors import OutputError, Problem

__all__ = [
    "beside",
    "check_file",
    "leftovers",
    "replace_file",
    "resolved",
    "sync_file",
    "sync_folder",
    "what_failed",
    "written_whole",
]

#: Longest name of which a longer one is made [bytes]; file systems allow 255.
_LONGEST_STEM = 180

#: What file systems answer that cannot bring a folder to the disk by itself; their renames need none.
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM}


def _stem(name: str) -> str:
    """Return the name itself, or a short name for one too long to be lengthened."""
    encoded = os.fsencode(name)
    return name if len(encoded) <= _LONGEST_STEM else hashlib.sha256(encoded).hexdigest()[:24]


def beside(path: Path, kind: str) -> Path:
    """Return the hidden name beside a path under which a run keeps something of one kind, such as its lock.

    Parameters
    ----------
    path : Path
        A file or folder.
    kind : str
        What is kept.

    Examples
    --------
    >>> beside(Path("output/report"), "lock").as_posix()
    'output/.report.lock'
    """
    return path.parent / f".{_stem(path.name)}.{kind}"


def leftovers(path: Path, kind: str) -> list[Path]:
    """Return what runs have left beside a path under ``.<name>.<kind>-<anything>``, in order of name."""
    start = f"{beside(path, kind).name}-"
    try:
        with os.scandir(path.parent) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.name.startswith(start))
    except OSError:
        return []


def what_failed(error: OSError) -> str:
    """Return what an error of the file system says, with the file where it names one.

    Examples
    --------
    >>> what_failed(OSError(28, "No space left on device", "a.csv"))
    'No space left on device (a.csv)'
    """
    words = error.strerror or str(error) or type(error).__name__
    name = error.filename
    return f"{words} ({os.fsdecode(name)})" if isinstance(name, str | bytes) else words


def resolved(path: Path | str, *, where: str) -> Path:
    """Return a path absolute, `~` and links followed, so that a link stays and what it points to is replaced.

    Raises
    ------
    OutputError
        When no file system can hold such a path.
    """
    try:
        found = Path(path).expanduser().resolve()
        with suppress(FileNotFoundError, NotADirectoryError):
            found.lstat()
    except (OSError, RuntimeError, ValueError) as error:
        words = what_failed(error) if isinstance(error, OSError) else str(error)
        raise OutputError(Problem(where, words, "a path that can be written", "choose another")) from None
    return found


def sync_file(path: Path) -> None:
    """Bring what was written into a file to the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, so that a rename in it outlives a loss of power."""
    try:
        sync_file(folder)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def _begin(target: Path, *, mode: int = 0o666) -> tuple[Path, int]:
    """Make a file beside the target and hold its lock, by which others see that its writer lives."""
    for left in leftovers(target, "partial"):
        if left.is_file():
            remove_abandoned(left)
    while True:
        partial = target.parent / f"{beside(target, 'partial').name}-{secrets.token_hex(4)}"
        number = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, mode)
        # Somebody who tidies up may have removed it before the lock was held: then once more.
        if try_lock(number, partial) is not False:
            return partial, number
        os.close(number)


def _keep_owner_and_mode(target: Path, partial: Path) -> None:
    """Give the new file the mode and, where it is allowed, the owner of the one it replaces."""
    try:
        old, new = target.stat(), partial.stat()
    except FileNotFoundError:
        return
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        with suppress(PermissionError):
            os.chown(partial, old.st_uid, old.st_gid)
    if stat.S_IMODE(old.st_mode) != stat.S_IMODE(new.st_mode):
        partial.chmod(stat.S_IMODE(old.st_mode))


def _check_target(target: Path, where: str) -> None:
    # The mode is read, because the superuser is let through wherever the owner said "read-only".
    if not target.parent.stat().st_mode & 0o222:
        expected = "a folder that can be written"
        raise OutputError(Problem(where, f"{target.parent} is read-only", expected, "choose another place"))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise OutputError(Problem(where, "a folder", "the name of a file", f"name a file in it, such as {target}/…"))
    if not stat.S_ISREG(mode):
        raise OutputError(Problem(where, "a device or a pipe", "the name of a file", "a file can be copied there"))
    if not mode & 0o222:
        # Its owner said "read-only"; a rename would not ask.
        raise OutputError(Problem(where, "a read-only file", "a file that can be written", "choose another name"))


def check_file(path: Path | str, *, where: str = "", makes_folder: bool = False) -> None:
    """Check that a file can be written, before work is done whose answer goes there.

    Parameters
    ----------
    path : Path or str
        The wanted file.
    where : str
        How messages name it; the path when left out.
    makes_folder : bool
        Whether a missing folder will be made: then the nearest one above it is looked at.

    Raises
    ------
    OutputError
        When the folder is missing, no folder or read-only, or the file is a folder, a device or read-only.

    Examples
    --------
    >>> check_file("/dev/null")
    Traceback (most recent call last):
    actuary.errors.OutputError: /dev/null: found a device or a pipe; expected the name of a file; ...
    """
    where = where or str(path)
    target = resolved(path, where=where)
    try:
        while makes_folder and not target.parent.exists():
            target = target.parent
        if target.parent.exists() and not target.parent.is_dir():
            raise OutputError(Problem(where, f"{target.parent} is a file", "a folder", "choose another place"))
        _check_target(target, where)
    except OSError as error:
        raise OutputError(Problem(where, what_failed(error), "a file that can be written")) from None


@contextmanager
def written_whole(path: Path | str, *, where: str = "") -> Iterator[Path]:
    """Give a file beside the wanted one that takes its place when the block ends well.

    Parameters
    ----------
    path : Path or str
        The wanted file; an existing one is replaced and lends its mode, a link stays and its target is replaced.
    where : str
        How messages name it; the path when left out.

    Yields
    ------
    Path
        An empty file in the same folder; write everything there.

    Raises
    ------
    OutputError
        When the folder is missing or read-only, the file is no plain file or read-only, or writing fails. What
        stood there stands there still.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with written_whole(Path(folder) / "a.txt") as partial:
    ...         _ = partial.write_text("whole")
    ...     [path.name for path in Path(folder).iterdir()]
    ['a.txt']
    """
    where = where or str(path)
    target = resolved(path, where=where)
    expected, mend = "a file that can be written", "make room, or choose another place"
    partial: Path | None = None
    number = -1
    try:
        _check_target(target, where)
        partial, number = _begin(target)
        with unfinished(partial):
            yield partial
            _keep_owner_and_mode(target, partial)
            sync_file(partial)
            partial.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise OutputError(Problem(where, what_failed(error), expected, mend)) from None
    finally:
        if partial is not None:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
        if number >= 0:
            os.close(number)


def replace_file(path: Path | str, content: bytes) -> None:
    """Write one file whole or not at all.

    Parameters
    ----------
    path : Path or str
        The wanted file; an existing one is replaced.
    content : bytes
        All of it.

    Raises
    ------
    OutputError
        See :func:`written_whole`.
    """
    with written_whole(path) as partial:
        partial.write_bytes(content)


def create_file(path: Path | str, content: bytes, *, mode: int = 0o666) -> None:
    """Write a new file whole or not at all; one that is there already is never replaced.

    Parameters
    ----------
    path : Path or str
        The wanted file.
    content : bytes
        All of it.
    mode : int
        Who may read and write it, less what the process withholds from all its files.

    Raises
    ------
    FileExistsError
        When there is such a file; it is left as it is.
    OutputError
        When the folder is missing or cannot be written.
    """
    where = str(path)
    target = resolved(path, where=where)
    partial: Path | None = None
    number = -1
    try:
        if not target.exists():
            _check_target(target, where)
        partial, number = _begin(target, mode=mode)
        partial.write_bytes(content)
        os.fsync(number)
        # A link never replaces.
        target.hardlink_to(partial)
        sync_folder(target.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise OutputError(Problem(where, what_failed(error), "a file that can be written")) from None
    finally:
        if partial is not None:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
        if number >= 0:
            os.close(number)
