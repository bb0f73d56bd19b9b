"""Build Arrow arrays from plain values, without the detour through pandas that `pyarrow.array` takes.

The first call of `pyarrow.array` loads pandas, which takes as long as everything else of a small run together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["SEPARATOR", "arrow_lists", "arrow_numbers", "arrow_texts"]

#: What stands between the codes of a list that is written as one text.
SEPARATOR = "|"


def _offsets(lengths: Sequence[int]) -> Any:
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(np.asarray(lengths, np.int64), out=offsets[1:])
    return pa.py_buffer(offsets.tobytes())


def _present(values: Sequence[object]) -> Any:
    """Return the bits that say which values are there, or None when all are."""
    present = np.array([value is not None for value in values], dtype=bool)
    return None if present.all() else pa.py_buffer(np.packbits(present, bitorder="little").tobytes())


def arrow_texts(words: Sequence[str | None]) -> Any:
    """Return texts as an Arrow array; what UTF-8 cannot hold is replaced.

    Examples
    --------
    >>> arrow_texts(["A00.000", "", None]).to_pylist()
    ['A00.000', '', None]
    """
    encoded = [b"" if word is None else word.encode("utf-8", "replace") for word in words]
    buffers = [_present(words), _offsets([len(word) for word in encoded]), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def arrow_lists(lists: Sequence[Sequence[str | None] | None]) -> Any:
    """Return lists of texts as an Arrow array.

    Examples
    --------
    >>> arrow_lists([["A00.000", None], [], None]).to_pylist()
    [['A00.000', None], [], None]
    """
    words = arrow_texts([word for words in lists for word in words or ()])
    buffers = [_present(lists), _offsets([len(words or ()) for words in lists])]
    return pa.Array.from_buffers(pa.list_(pa.string()), len(lists), buffers, children=[words])


def arrow_numbers(numbers: NDArray[np.int16]) -> Any:
    """Return numbers as an Arrow array that shares their memory.

    Examples
    --------
    >>> arrow_numbers(np.array([1, 2], np.int16)).to_pylist()
    [1, 2]
    """
    return pa.Array.from_buffers(pa.int16(), len(numbers), [None, pa.py_buffer(numbers)])
