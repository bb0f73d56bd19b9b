"""Compiled loops kept on disk under a checksum: numba believes whatever it finds there, also half a file.

Numba keeps machine code beside its source and loads it without a look. Here each of its files ends in the SHA-256 of
its name and the rest; one that was cut or changed, or is another loop's, is compiled anew. What PyTensor lets numba
compile for a sampler is kept in the same way, under its own folder. The stamp holds the sources of all kernels, because
a loop that calls a loop of another file holds a copy of it. Where nothing can be kept, everything is compiled in each
process.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pickle
from pathlib import Path
from typing import Any

from numba.core import caching as numba_caching
from numba.core import dispatcher as numba_dispatcher

from actuary.durable.checked import say_once
from actuary.durable.files import replace_file
from actuary.errors import OutputError

__all__ = ["check_compiled_caches"]

# numba has no types here.
caching: Any = numba_caching
dispatcher: Any = numba_dispatcher

_DAMAGED = "a compiled loop kept on disk was damaged or not whole: compiled anew"
_UNREADABLE = "compiled loops kept on disk cannot be read ({why}): they are compiled anew"
_NOT_KEPT = "compiled loops cannot be kept on disk ({why}): they are compiled in each process"
_DIGEST = 32


@functools.lru_cache(maxsize=1)
def _kernel_sources() -> str:
    """Return the hash of every source in this folder."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _seal(path: str, body: bytes) -> bytes:
    return hashlib.sha256(Path(path).name.encode() + b"\0" + body).digest()


def _unsealed(path: str) -> Any:
    """Return what a file holds; None where there is none, or it is not whole or another's, which is said."""
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        say_once([_UNREADABLE.format(why=error.strerror or error)])
        return None
    body, seal = content[:-_DIGEST], content[-_DIGEST:]
    if _seal(path, body) != seal:
        say_once([_DAMAGED])
        return None
    return pickle.loads(body)  # noqa: S301  (written here, and its checksum holds)


class _CheckedFiles(caching.IndexDataCacheFile):  # type: ignore[misc]
    """The index of a loop and its compiled forms, each sealed by a checksum.

    A form is written before the index that names it, and its name follows from what it was compiled for: of two
    processes that write at the same time neither finds the form of the other under its own key.
    """

    def __init__(self, cache_path: str, filename_base: str, source_stamp: Any) -> None:
        super().__init__(cache_path, f"{filename_base}.named", (source_stamp, _kernel_sources()))

    def save(self, key: Any, data: Any) -> None:
        name = self._data_name_of(key)
        self._write(self._data_path(name), caching.dumps(data))
        self._save_index({**self._load_index(), key: name})

    def load(self, key: Any) -> Any:
        name = self._load_index().get(key)
        return None if name is None else _unsealed(self._data_path(name))

    def _data_name_of(self, key: Any) -> str:
        stamped = hashlib.sha256(repr((self._source_stamp, key)).encode()).hexdigest()
        return f"{self._index_name.removesuffix('.nbi')}.{stamped[:16]}.nbc"

    def _load_index(self) -> dict[Any, str]:
        found = _unsealed(self._index_path)
        if not isinstance(found, tuple) or found[:2] != (self._version, self._source_stamp):
            return {}
        overloads: dict[Any, str] = pickle.loads(found[2])  # noqa: S301  (as above)
        return overloads

    def _save_index(self, overloads: dict[Any, str]) -> None:
        # Keys of another numba may not be readable: they are unpacked once its version is known to be this one.
        self._write(self._index_path, pickle.dumps((self._version, self._source_stamp, caching.dumps(overloads))))

    @staticmethod
    def _write(path: str, body: bytes) -> None:
        replace_file(path, body + _seal(path, body))


class _CheckedCache(caching.FunctionCache):  # type: ignore[misc]
    """The cache of a loop; what cannot be kept is compiled again by the next process."""

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except (OSError, OutputError) as error:
            why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "no room, or no leave"
            say_once([_NOT_KEPT.format(why=why)])


def _cache_of(loop: Any) -> Any:
    try:
        return _CheckedCache(loop)
    except RuntimeError:
        say_once([_NOT_KEPT.format(why="no folder can be written")])
        return caching.NullCache()


def check_compiled_caches() -> None:
    """Let every loop that is compiled from now on in this process keep its compiled forms under a checksum."""
    caching.IndexDataCacheFile = _CheckedFiles
    dispatcher.FunctionCache = _cache_of
