"""One fingerprint for all that a table of cases says: another cell, order or list of hospitals gives another one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from actuary.payment.case_cells import Coded, text_buffers
from actuary.payment.cases import CaseTable
from actuary.payment.chunks import CHUNK_CASES
from actuary.policy.fingerprints import fingerprint
from actuary.threads import worker_threads

__all__ = ["content_fingerprint"]

type _Rows = Callable[[int, int], Iterator[Any]]


def content_fingerprint(cases: CaseTable, *, threads: int = 1) -> str:
    """Return the SHA-256 of the content of a table of cases, row by row in its order.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    threads : int
        Threads; the fingerprint does not depend on them.

    Returns
    -------
    str
        Hash of every column that was read, of what the list of hospitals gives, and of the cells that could not be
        read. How words were numbered, and the file that the cases stood in, leave it as it is.

    Examples
    --------
    >>> import pandas as pd
    >>> from actuary.payment.case_files import read_cases
    >>> stays = {"case_id": ["a", "b"], "hospital": ["H2", "H1"], "insurance": ["employee"] * 2, "drg": ["AA11"] * 2}
    >>> one, other = (
    ...     content_fingerprint(read_cases(pd.DataFrame({**stays, "total_cost": costs})))
    ...     for costs in ([1, 2], [2, 1])
    ... )
    >>> one == other
    False
    """
    columns: dict[str, _Rows] = {"case_id": _texts(cases.case_id), "reason": _numbers(cases.reason)}
    if cases.person is not None:
        columns["person_key"] = _texts(cases.person)
    columns |= {f"number {name}": _numbers(numbers) for name, numbers in cases.numbers.items()}
    words: dict[str, list[str]] = {}
    for name, coded in cases.coded.items():
        words[name], columns[f"word {name}"] = _words(coded)
    starts = range(0, len(cases), CHUNK_CASES)

    def digest(task: tuple[str, int]) -> str:
        sha = hashlib.sha256()
        for part in columns[task[0]](task[1], min(task[1] + CHUNK_CASES, len(cases))):
            sha.update(part)
        return sha.hexdigest()

    with worker_threads(threads) as pool:
        digests = list(pool.map(digest, [(name, start) for name in sorted(columns) for start in starts]))
    return fingerprint(
        {
            "cases": len(cases),
            "columns": sorted(columns),
            "rows": digests,
            "words": words,
            "hospital_coefficients": {name: str(value) for name, value in cases.hospital_coefficients.items()},
            "hospital_titles": dict(cases.hospital_titles),
            "listed_hospitals": list(cases.listed_hospitals),
            "unread_cells": [[note.of, note.rows.tolist(), list(note.found)] for note in cases.notes],
            "synthetic": cases.synthetic,
        }
    )


def _numbers(numbers: NDArray[Any]) -> _Rows:
    def rows(first: int, end: int) -> Iterator[Any]:
        yield from _narrow(numbers[first:end])

    return rows


def _narrow(numbers: NDArray[Any]) -> Iterator[Any]:
    """Yield numbers in as few bytes as the greatest of them needs: less is hashed, nothing is lost."""
    low, high = int(numbers.min(initial=0)), int(numbers.max(initial=0))
    kind = next(
        (kind for kind in (np.uint8, np.uint16, np.uint32) if low >= 0 and high <= np.iinfo(kind).max), np.int64
    )
    yield kind.__name__.encode()
    yield np.ascontiguousarray(numbers, kind)


def _words(coded: Coded) -> tuple[list[str], _Rows]:
    """Give the words that occur numbers by their order in the alphabet, in as few bytes as they need."""
    counts = np.bincount(coded.codes + 1, minlength=len(coded.names) + 1)[1:]
    used = sorted((coded.names[place], place) for place in np.flatnonzero(counts).tolist())
    number = np.zeros(len(coded.names) + 1, np.min_scalar_type(len(used)))
    number[[place for _, place in used]] = np.arange(1, len(used) + 1)

    def rows(first: int, end: int) -> Iterator[Any]:
        yield number[coded.codes[first:end]]

    return [name for name, _ in used], rows


def _texts(texts: Any) -> _Rows:
    def rows(first: int, end: int) -> Iterator[Any]:
        part = texts.slice(first, end - first)
        starts, data = text_buffers(part)
        yield from _narrow(np.diff(starts))
        yield data[starts[0] : starts[-1]]
        if part.null_count:
            yield np.flatnonzero(pc.is_null(part).to_numpy(zero_copy_only=False))

    return rows
