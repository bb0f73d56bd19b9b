"""Replace the cells of persons by keys, and find them in columns that were not known to hold any."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from actuary.errors import Problem, TableError
from actuary.personal_numbers import mask_numbers
from actuary.tables.personal_columns import has_genuine_numbers, is_personal_cell
from actuary.tables.personal_keys import PersonalKey
from actuary.tables.personal_rules import PersonalRules
from actuary.tables.personal_sample import text_of

__all__ = ["foreign_keys", "has_stray", "keyed", "masked_texts", "used_words"]

#: What only some cells may hold, wherever they stand: identity numbers, telephones with an area code, and mobile
#: numbers in a sentence.
_STRAY = (
    r"(^|[^0-9A-Za-z.])[1-9]\d{5}[ -]?(18|19|20)\d{2}[ -]?(0[1-9]|1[0-2])[ -]?(0[1-9]|[12]\d|3[01])[ -]?\d{3}[0-9Xx]"
    r"($|[^0-9A-Za-z])|[０-９]{11}|"
    r"(^|[^0-9A-Za-z.])[(（]?0(10|2\d|[3-9]\d{2})[)）\- ]{1,2}[2-8]\d{6,7}($|[^0-9A-Za-z])|"
    r"\p{Han}[^0-9]{0,4}1[3-9]\d{9}($|[^0-9])|(^|[^0-9])1[3-9]\d{9}[^0-9]{0,4}\p{Han}"
)
#: Bytes of the shortest of these.
_STRAY_BYTES = 12
#: Texts in which a number of a person may be quoted.
_LOOKS = r"[0-9０-９]([\s.,·_/－-]?[0-9０-９]){9}|[@＠]|[0-9][eE]\+?1[4-9]|[(（]0[0-9]{2,3}[)）]"
_MOBILE_DIGITS = 11
#: Numbers of eleven digits from and to, and those of mobile telephones among them.
_MOBILE = (10_000_000_000, 13_000_000_000, 100_000_000_000, 20_000_000_000)


def _texts(column: Any) -> Any:
    """Return the cells of a column as texts; None for a column of another kind."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return column if pa.types.is_string(kind) or pa.types.is_large_string(kind) else None


def has_stray(column: Any, rules: PersonalRules, *, money: bool = False) -> bool:
    """Return whether numbers of persons stand in a column that was not recognised.

    Parameters
    ----------
    column : pyarrow.Array or pyarrow.ChunkedArray
        The column.
    rules : PersonalRules
        What is recognised.
    money : bool
        Whether it is a column of money: eleven digits alone are an amount there.
    """
    if column.type in (pa.int64(), pa.uint64(), pa.float64()):
        first, mobile, end, above = (pa.scalar(number, column.type) for number in _MOBILE)
        long = column.filter(pc.and_(pc.greater_equal(column, first), pc.less(column, end)))
        if pa.types.is_floating(column.type):
            long = long.filter(pc.equal(long, pc.floor(long)))
        return not money and _are_mobile(pc.and_(pc.greater_equal(long, mobile), pc.less(long, above)), rules)
    texts = _texts(column)
    if texts is None or not len(texts):
        return False
    distinct = _dictionary(texts) if pa.types.is_dictionary(texts.type) else texts
    lengths = pc.binary_length(distinct)
    longest = pc.max(lengths).as_py()
    if longest is None or longest < _MOBILE_DIGITS:
        return False
    if not money:
        bare = pc.fill_null(pc.and_(pc.equal(lengths, _MOBILE_DIGITS), pc.ascii_is_decimal(distinct)), False)
        if pc.any(bare).as_py() and _are_mobile(pc.match_substring_regex(distinct.filter(bare), "^1[3-9]"), rules):
            return True
    if longest < _STRAY_BYTES:
        return False
    looks = pc.fill_null(pc.match_substring_regex(distinct, _STRAY), False)
    return bool(pc.any(looks).as_py()) and has_genuine_numbers(_some(distinct.filter(looks), rules), rules)


def _are_mobile(alike: Any, rules: PersonalRules) -> bool:
    """Return whether cells of eleven digits alone are mobile numbers, and not of a row of numbers as long."""
    mobile = pc.sum(alike).as_py() or 0
    return bool(mobile) and mobile >= rules.least_genuine * len(alike)


def _some(cells: Any, rules: PersonalRules) -> list[Any]:
    found: list[Any] = pc.unique(cells)[: rules.stray_cells].to_pylist()
    return found


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


def masked_texts(column: Any) -> Any:
    """Return texts that quote cells, with every number of a person replaced by what it looks like.

    Parameters
    ----------
    column : pyarrow.Array or pyarrow.ChunkedArray
        Texts, such as the messages of a list of findings.

    Examples
    --------
    >>> masked_texts(pa.array(["total_cost '13800000000.'", None, "12.50"])).to_pylist()
    ["total_cost '‹11 digits, like a mobile number›.'", None, '12.50']
    """
    looks = pc.fill_null(pc.match_substring_regex(column, _LOOKS), False)
    if not pc.any(looks).as_py():
        return column
    masked = [mask_numbers(text) for text in column.filter(looks).to_pylist()]
    return pc.replace_with_mask(column, looks, pa.array(masked, column.type))
