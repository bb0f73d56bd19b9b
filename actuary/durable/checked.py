"""Files that can be made again, kept under a checksum: damage is found, said once, and the file is made anew.

The first line of such a file is JSON: what kind it is, under which key, how long and with which SHA-256 the rest is.
A file that was cut, changed, half written, put under another name or written for another form is not used. Times of
files are never asked: the key holds everything that the content rests on.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from actuary.durable.files import replace_file
from actuary.errors import OutputError

__all__ = ["CacheFolder", "CacheWarning", "pack", "say_once", "unpack"]

#: Longest first line [bytes].
_LONGEST_HEAD = 4096


class CacheWarning(UserWarning):
    """A cache was damaged or cannot be written: results are the same, and take longer."""


def _head(body: bytes, kind: str, key: str) -> dict[str, object]:
    return {"kind": kind, "key": key, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def pack(body: bytes, *, kind: str, key: str) -> bytes:
    """Return content with the line that tells whether it is whole.

    Parameters
    ----------
    body : bytes
        The content.
    kind : str
        What it is and in which form, such as ``posterior 2``.
    key : str
        Hash of everything it rests on.
    """
    return json.dumps(_head(body, kind, key)).encode() + b"\n" + body


def unpack(content: bytes, *, kind: str, key: str) -> bytes | None:
    """Return what :func:`pack` was given; None when it is not whole, or of another kind or key.

    Examples
    --------
    >>> kept = pack(b"draws", kind="posterior 2", key="a1")
    >>> unpack(kept, kind="posterior 2", key="a1")
    b'draws'
    >>> print(unpack(kept[:-1], kind="posterior 2", key="a1"), unpack(kept, kind="posterior 2", key="b2"))
    None None
    """
    head, line, body = content.partition(b"\n")
    if not line or len(head) > _LONGEST_HEAD:
        return None
    try:
        said = json.loads(head)
    except (ValueError, RecursionError):
        return None
    return body if said == _head(body, kind, key) else None


@dataclass(slots=True)
class CacheFolder:
    """Keep what can be made again in a folder; without the folder everything works, and takes longer.

    Parameters
    ----------
    folder : Path
        The folder; it is made when something is kept.
    kind : str
        What is kept and in which form; another form is another kind.
    ending : str
        Ending of the files' names, with its dot.
    notes : list of str
        What went wrong so far, a sentence each and each once: for the notes of a result, or :func:`say_once`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     cache = CacheFolder(Path(place), kind="draws 1", ending=".draws")
    ...     cache.load("a1"), cache.store("a1", b"draws"), cache.load("a1")
    (None, True, b'draws')
    """

    folder: Path
    kind: str
    ending: str
    notes: list[str] = field(default_factory=list)

    def path(self, key: str) -> Path:
        """Return the file of a key."""
        return self.folder / f"{key}{self.ending}"

    def load(self, key: str) -> bytes | None:
        """Return what is kept under a key; None when there is nothing, or it is damaged, which is noted."""
        try:
            content = self.path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self._note(f"the cache of {self._name}s cannot be read ({error.strerror or error}): made anew")
            return None
        body = unpack(content, kind=self.kind, key=key)
        if body is None:
            self.reject()
        return body

    def reject(self) -> None:
        """Note that what was loaded cannot be used; the next `store` replaces it."""
        self._note(f"a cached {self._name} was damaged or not whole: made anew")

    def store(self, key: str, body: bytes) -> bool:
        """Keep content under a key, whole or not at all; say whether it could be kept."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_file(self.path(key), pack(body, kind=self.kind, key=key))
        except (OSError, OutputError) as error:
            words = (error.strerror or str(error)) if isinstance(error, OSError) else error.problems[0].found
            words = words.partition(" (")[0]
            self._note(f"the cache of {self._name}s cannot be written ({words}): they are made anew each time")
            return False
        return True

    @property
    def _name(self) -> str:
        """What is kept, without its form; notes travel in results and name no folder of this machine."""
        return self.kind.rpartition(" ")[0] or self.kind

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


_said: set[str] = set()


def say_once(notes: Iterable[str]) -> None:
    """Warn of each sentence once in a process: for caches of results that bear no notes."""
    for text in notes:
        if text not in _said:
            _said.add(text)
            warnings.warn(text, CacheWarning, stacklevel=2)
