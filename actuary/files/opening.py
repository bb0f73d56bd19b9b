"""Open what was given as a file only when it is one: no folder, no pipe, no device, and no larger than it may be."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from actuary.errors import ActuaryError, Problem, TableError

__all__ = ["MOST_TABLE_BYTES", "check_regular", "read_bytes"]

#: Bytes of a table that is read whole into cells. Lists of hospitals, weights, figures and vintages hold some MB; a
#: cell takes about 20 times its bytes once it is an object, so that this much text just fits into the memory of a
#: laptop. Cases are streamed, and have no such limit.
MOST_TABLE_BYTES = 128 * 2**20

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def check_regular(path: Path, *, where: str, expected: str = "a file", error: type[ActuaryError] = TableError) -> int:
    """Return the bytes of a file, having made sure that it is one.

    Parameters
    ----------
    path : Path
        What was given.
    where : str
        How messages name it.
    expected : str
        What it should be, in words.
    error : type
        Class of the error.

    Raises
    ------
    ActuaryError
        Of class `error`: nothing is there, or a folder, a pipe, a device (which may never end), or no right to read.

    Examples
    --------
    >>> check_regular(Path("/"), where="--cases")
    Traceback (most recent call last):
        ...
    actuary.errors.TableError: --cases: found a folder; expected a file
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as failure:
        said = (getattr(failure, "strerror", None) or "a name that no file can have").lower()
        said = "no such file" if said == "no such file or directory" else said
        raise error(Problem(where, said, expected)) from None
    for is_kind, words in _KINDS:
        if is_kind(found.st_mode):
            mend = "" if words == "a folder" else "write its content to a file first"
            raise error(Problem(where, words, expected, mend))
    if not os.access(path, os.R_OK):
        raise error(Problem(where, "a file that may not be read", expected, "ask for the right to read it"))
    return found.st_size


def read_bytes(
    path: Path,
    *,
    where: str,
    expected: str = "a file",
    most: int = MOST_TABLE_BYTES,
    error: type[ActuaryError] = TableError,
) -> bytes:
    """Read a whole file, never more than it may hold.

    Parameters
    ----------
    path : Path
        The file.
    where, expected : str
        How messages name it, and what it should be.
    most : int
        Bytes it may have.
    error : type
        Class of the error.

    Raises
    ------
    ActuaryError
        Of class `error`, when it is no regular file, cannot be read, or is larger.
    """
    size = check_regular(path, where=where, expected=expected, error=error)
    if size > most:
        raise error(Problem(where, f"{size:,} bytes", f"{expected} of at most {most:,} bytes"))
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as failure:
        found = (failure.strerror or "an unreadable file").lower()
        raise error(Problem(where, found, f"{expected} that can be read")) from None
    if len(content) > most:
        raise error(Problem(where, f"more than {most:,} bytes", f"{expected} of at most {most:,} bytes"))
    return content
