"""Bring Arrow columns of any type to the few types that the encoder reads, and name those that cannot be brought."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from actuary.drg.arrow_arrays import arrow_texts
from actuary.drg.cell_words import cell_text
from actuary.errors import Problem, TableError

__all__ = ["LISTS", "as_texts", "cells_of", "is_readable", "plain_column"]

#: Columns of which each cell is a list of codes.
LISTS = ("dx", "px")

_TYPES = pa.types


def _is_list(kind: Any) -> bool:
    return bool(
        _TYPES.is_list(kind)
        or _TYPES.is_large_list(kind)
        or _TYPES.is_fixed_size_list(kind)
        or _TYPES.is_list_view(kind)
        or _TYPES.is_large_list_view(kind)
    )


def _of_dictionary(kind: Any) -> Any:
    return kind.value_type if _TYPES.is_dictionary(kind) else kind


def is_readable(name: str, kind: Any) -> bool:
    """Say whether a column of that Arrow type can hold what it should.

    Examples
    --------
    >>> is_readable("dx", pa.list_(pa.string())), is_readable("sex", pa.list_(pa.string()))
    (True, False)
    """
    kind = _of_dictionary(kind)
    if name in LISTS and _is_list(kind):
        kind = _of_dictionary(kind.value_type)
    return not _TYPES.is_nested(kind)


def plain_column(name: str, column: Any) -> Any:
    """Return a column as a plain list, dictionary, text or number column of Arrow.

    Raises
    ------
    TableError
        When its type cannot hold what the column should.
    """
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if _TYPES.is_run_end_encoded(column.type):
        column = pc.run_end_decode(column)
    kind = column.type
    if not is_readable(name, kind):
        expected = "lists of texts, or texts joined by |" if name in LISTS else "numbers or texts"
        raise TableError(Problem(f"column {name}", f"cells of the Arrow type {kind}", expected, "write them so"))
    if name not in LISTS:
        return column
    if _TYPES.is_dictionary(kind):
        column = column.dictionary.take(column.indices)
        kind = column.type
    flat = _TYPES.is_fixed_size_list(kind) or _TYPES.is_list_view(kind) or _TYPES.is_large_list_view(kind)
    return column.cast(pa.list_(kind.value_type)) if flat else column


def as_texts(column: Any) -> Any:
    r"""Return an array as texts; bytes that are not UTF-8 are replaced.

    Examples
    --------
    >>> as_texts(pa.array([b"A01", b"A\xff"])).to_pylist() == ["A01", "A\ufffd"]
    True
    """
    if _TYPES.is_string(column.type) or _TYPES.is_large_string(column.type):
        return column
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return arrow_texts([cell_text(cell) for cell in cells_of(column)])


def cells_of(column: Any) -> list[Any]:
    """Return the cells of an array; texts that are not UTF-8 are replaced."""
    try:
        cells: list[Any] = column.to_pylist()
    except UnicodeDecodeError:  # nobody checks the texts of a Parquet file
        cells = [cell_text(cell) for cell in column.cast(pa.binary()).to_pylist()]
    return cells
