"""What this process has begun to write and not put in place yet, so that whoever must end it can tidy up first."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["note_stop", "obey_stop", "remove_unfinished", "unfinished"]

_begun: set[Path] = set()
_stopped = False


@contextmanager
def unfinished(path: Path) -> Iterator[None]:
    """Know a file or folder as begun while the block runs; who ends the block removes it or has renamed it.

    Parameters
    ----------
    path : Path
        A hidden name that only this process writes.

    Examples
    --------
    >>> import tempfile
    >>> half = Path(tempfile.mkdtemp()) / ".table.csv.partial"
    >>> with unfinished(half):
    ...     _ = half.write_text("half")
    ...     remove_unfinished()
    >>> half.exists()
    False
    """
    _begun.add(path)
    try:
        yield
    finally:
        _begun.discard(path)


def remove_unfinished() -> None:
    """Remove everything that is begun; threads may still write there, so that it is tried more than once."""
    for _ in range(3):
        for path in list(_begun):
            with suppress(OSError):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)


def note_stop() -> None:
    """Note that this process was told to stop, before it is interrupted: a library may swallow the interruption."""
    global _stopped  # noqa: PLW0603  (one process is told once)
    _stopped = True


def obey_stop() -> None:
    """Interrupt again where a stop was noted, before what was finished meanwhile is put in place.

    Raises
    ------
    KeyboardInterrupt
        When a stop was noted.

    Examples
    --------
    >>> obey_stop()
    """
    if _stopped:
        raise KeyboardInterrupt
