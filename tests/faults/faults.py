"""Faults to inject: a disk that is full, calls that fail, what a folder holds before and after."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

#: Calls by which `actuary.durable` changes anything.
CALLS = ("open", "fsync", "replace", "rename", "link", "mkdir", "pwrite")


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return everything below a folder, hidden things too: content of files, None for folders."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, whoever writes it: Python, Arrow or SQLite."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))


class BrokenDisk:
    """Let the k-th change of the file system fail; the ones before and after it are done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        self.monkeypatch, self.number = monkeypatch, number
        self.fails_at = 0
        self.count = 0
        for name in CALLS:
            monkeypatch.setattr(os, name, self._counted(name, getattr(os, name)))

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            if name == "open" and not args[1] & (os.O_WRONLY | os.O_RDWR):
                return call(*args, **kwargs)
            self.count += 1
            if self.count == self.fails_at:
                raise OSError(self.number, os.strerror(self.number), str(args[0]))
            return call(*args, **kwargs)

        return counted
