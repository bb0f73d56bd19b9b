"""Locks that end with the process that holds them: one run at a time, and leftovers told from work under way."""

from __future__ import annotations

import datetime as dt
import errno
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from actuary.durable.unfinished import unfinished
from actuary.errors import OutputError, Problem

__all__ = ["exclusive", "remove_abandoned", "try_lock"]

#: What file systems answer that know no locks.
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.EBADF}


def try_lock(number: int, path: Path) -> bool | None:
    """Take the lock of an open file, at once or not at all.

    Parameters
    ----------
    number : int
        The open file; its lock ends when it is closed, also by the end of the process.
    path : Path
        Its name.

    Returns
    -------
    bool or None
        True when it is held and the name still is that file's; False when somebody else holds it or has removed it;
        None where the file system knows no locks.
    """
    try:
        import fcntl  # noqa: PLC0415  (not on every system)

        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        return None
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return None
        raise
    try:
        return os.path.samestat(os.fstat(number), path.stat())
    except FileNotFoundError:
        return False


def remove_abandoned(path: Path) -> None:
    """Remove a file whose writer lives no more; one that is locked, or of which that cannot be told, is left."""
    try:
        # To be written: network file systems lock nothing else for one alone.
        number = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return
    try:
        # While the lock is held: a writer that has just made the file finds it gone, and makes another.
        if try_lock(number, path):
            path.unlink(missing_ok=True)
    finally:
        os.close(number)


def _holder(number: int) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return os.pread(number, 200, 0).decode().strip()
    return ""


@contextmanager
def exclusive(path: Path, *, where: str, needed: bool = True) -> Iterator[bool]:
    """Hold a lock while the block runs; whoever comes second is told at once and has changed nothing.

    The lock ends with the process, however it ends: what a killed run leaves is a file that locks nobody out.

    Parameters
    ----------
    path : Path
        The file of the lock, made and removed here; its folder exists.
    where : str
        What is locked, for messages.
    needed : bool
        Whether to refuse where the file system knows no locks; otherwise the block runs without one.

    Yields
    ------
    bool
        Whether the lock is held.

    Raises
    ------
    OutputError
        When another run holds it, or the file cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lock = Path(folder) / ".lock"
    ...     with exclusive(lock, where="the folder"), exclusive(lock, where="the folder"):
    ...         pass
    Traceback (most recent call last):
    actuary.errors.OutputError: the folder: found another run that writes there (process ...
    """
    while True:
        try:
            number = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
        except OSError as error:
            found = error.strerror or str(error)
            raise OutputError(Problem(where, found, "a place that can be written", "choose another")) from None
        try:
            held = try_lock(number, path)
            if held is False and path.exists():
                holder = _holder(number)
                found = f"another run that writes there{f' ({holder})' if holder else ''}"
                raise OutputError(Problem(where, found, "one run at a time", "wait for it, or choose another place"))
            if held is None and needed:
                path.unlink(missing_ok=True)
                found = "a file system without locks"
                raise OutputError(Problem(where, found, "one that lets one run keep another out", "choose another"))
            if held is not False:
                yield from _while_held(path, number, held=bool(held))
                return
        finally:
            os.close(number)


def _while_held(path: Path, number: int, *, held: bool) -> Iterator[bool]:
    """Say in the file who holds it; remove it before the lock ends, so that nobody waits for a file that is gone."""
    try:
        with suppress(OSError):
            moment = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
            os.ftruncate(number, 0)
            os.pwrite(number, f"process {os.getpid()} on {platform.node()} since {moment}\n".encode(), 0)
        with unfinished(path):
            yield held
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)
