"""Replace the cells of persons by keys, and find them in columns that were not known to hold any."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from actuary.errors import Problem, TableError
from actuary.tables.personal_columns import has_genuine_numbers, is_personal_cell
from actuary.tables.personal_keys import PersonalKey
from actuary.tables.personal_rules import PersonalRules
from actuary.tables.personal_sample import text_of

__all__ = ["foreign_keys", "has_stray", "keyed", "used_words"]

#: What only some cells may hold, wherever they stand: identity numbers, and mobile numbers in a sentence.
_STRAY = (
    r"(^|[^0-9A-Za-z.])[1-9]\d{5}[ -]?(18|19|20)\d{2}[ -]?(0[1-9]|1[0-2])[ -]?(0[1-9]|[12]\d|3[01])[ -]?\d{3}[0-9Xx]"
    r"($|[^0-9A-Za-z])|[０-９]{11}|\p{Han}[^0-9]{0,4}1[3-9]\d{9}($|[^0-9])|(^|[^0-9])1[3-9]\d{9}[^0-9]{0,4}\p{Han}"
)
#: Bytes of the shortest of these.
_STRAY_BYTES = 14


def _texts(column: Any) -> Any:
    """Return the cells of a column as texts; None for a column of another kind."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return column if pa.types.is_string(kind) or pa.types.is_large_string(kind) else None


def has_stray(column: Any, rules: PersonalRules) -> bool:
    """Return whether numbers of persons stand in a column that was not recognised.

    Parameters
    ----------
    column : pyarrow.Array or pyarrow.ChunkedArray
        The column.
    rules : PersonalRules
        What is recognised.
    """
    texts = _texts(column)
    if texts is None or not len(texts):
        return False
    distinct = _dictionary(texts) if pa.types.is_dictionary(texts.type) else texts
    longest = pc.max(pc.binary_length(distinct)).as_py()
    if longest is None or longest < _STRAY_BYTES:
        return False
    looks = pc.fill_null(pc.match_substring_regex(distinct, _STRAY), False)
    if not pc.any(looks).as_py():
        return False
    return has_genuine_numbers(pc.unique(distinct.filter(looks)).to_pylist()[: rules.stray_cells], rules)


def _dictionary(column: Any) -> Any:
    if isinstance(column, pa.ChunkedArray):
        chunks = [chunk.dictionary for chunk in column.chunks]
        return pa.chunked_array(chunks) if chunks else pa.chunked_array([], pa.string())
    return column.dictionary


def foreign_keys(where: str, key: PersonalKey) -> Problem:
    """Tell that a table was keyed before, with another secret.

    Parameters
    ----------
    where : str
        Table and column.
    key : PersonalKey
        The secret that was given.
    """
    mend = (
        "go on with the key of the file, or key the table anew from the one that it was made of; pseudonyms of another "
        "house: --not-personal COLUMN"
    )
    return Problem(where, "keys that another secret made", f"keys of {key.id}, or none yet", mend)


def keyed(column: Any, key: PersonalKey, *, whole: bool, where: str) -> Any:
    """Return keys of the cells of a column, or of those cells only that look like a number of a person.

    Parameters
    ----------
    column : pyarrow.Array or pyarrow.ChunkedArray
        The column.
    key : PersonalKey
        The secret.
    whole : bool
        Whether every cell is replaced.
    where : str
        Table and column, for messages.

    Raises
    ------
    TableError
        When another secret made the keys that stand there.
    """
    if isinstance(column, pa.ChunkedArray):
        chunks = [keyed(chunk, key, whole=whole, where=where) for chunk in column.chunks]
        return pa.chunked_array(chunks) if chunks else column
    kind, encoded = column.type, column
    if pa.types.is_nested(kind):
        encoded = pa.array([text_of(value) for value in column.to_pylist()], pa.string())
    if not pa.types.is_dictionary(kind):
        encoded = pc.dictionary_encode(encoded)
    keys = []
    for value in encoded.dictionary.to_pylist():
        text = text_of(value)
        if key.is_foreign(text):
            raise TableError(foreign_keys(where, key))
        keys.append(key.of(text) if whole or is_personal_cell(text) else text)
    made = pa.DictionaryArray.from_arrays(encoded.indices, pa.array(keys, pa.string()))
    # A column of texts stays what it was, so that all batches have one type; one of numbers becomes texts.
    return made.cast(kind if _texts(column) is not None and not pa.types.is_dictionary(kind) else made.type.value_type)


def used_words(column: Any) -> Any:
    """Return a column whose dictionary holds no word that no cell has: rows that were left out may have had it.

    Parameters
    ----------
    column : pyarrow.Array or pyarrow.ChunkedArray
        The column; one without a dictionary stays as it is.

    Examples
    --------
    >>> words = pa.DictionaryArray.from_arrays(pa.array([0, None, 2]), pa.array(["a", "of another row", "b"]))
    >>> used_words(words).dictionary.to_pylist()
    ['a', 'b']
    """
    if isinstance(column, pa.ChunkedArray):
        if not pa.types.is_dictionary(column.type):
            return column
        chunks = [used_words(chunk) for chunk in column.chunks]
        same = all(new is old for new, old in zip(chunks, column.chunks, strict=True))
        return column if same else pa.chunked_array(chunks, type=column.type)
    if not pa.types.is_dictionary(column.type):
        return column
    indices = column.indices
    present = indices.drop_null().to_numpy(zero_copy_only=False)
    used = np.bincount(present, minlength=len(column.dictionary)) > 0
    if used.all():
        return column
    new = np.cumsum(used) - 1
    told = np.where(indices.is_valid().to_numpy(zero_copy_only=False), indices.fill_null(0).to_numpy(), 0)
    moved = pa.array(new[told] if len(new) else told, type=indices.type, mask=indices.is_null().to_numpy(False))
    return pa.DictionaryArray.from_arrays(moved, column.dictionary.filter(pa.array(used)), ordered=column.type.ordered)
