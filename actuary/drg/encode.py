"""Turn columns of cases into the arrays of the grouping loop, whatever types the columns have.

A cell that cannot be read never stops a batch: an unreadable age is marked as such, any other unreadable number counts
as missing, and a code that the scheme does not have becomes -1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from actuary.drg.arrow_arrays import SEPARATOR, arrow_texts
from actuary.drg.cell_words import department_code, discharge_code
from actuary.drg.column_types import as_texts, cells_of, plain_column
from actuary.drg.compiled import CompiledScheme
from actuary.kernels import grouping_arrays as ga
from actuary.kernels.grouping_arrays import HIGHEST, INVALID, LOWEST, MISSING

__all__ = ["CodeBook", "encode_cases"]

_QUANTITIES = (
    (ga.AGE_DAYS, "age_days"),
    (ga.WEIGHT, "birth_weight_g"),
    (ga.LOS, "los_days"),
    (ga.ICU, "icu_hours"),
)

type Ints = NDArray[np.int32]


def _plain(array: Any, null: float) -> NDArray[Any]:
    """Return the numbers of an Arrow array with a stand-in for null, again without pandas."""
    if not array.null_count:
        return np.from_dlpack(array)
    bare = pa.Array.from_buffers(array.type, len(array), [None, array.buffers()[1]], offset=array.offset)
    return np.where(_flags(pc.is_valid(array)), np.from_dlpack(bare), np.asarray(null))


def _flags(array: Any) -> NDArray[np.bool_]:
    flags: NDArray[np.bool_] = _plain(array.cast(pa.uint8()), 0) != 0
    return flags


class CodeBook:
    """Number codes as a scheme does; built once and shared by all batches.

    Parameters
    ----------
    codes : list of str
        Codes by number.
    prefixes : mapping of str to int
        Numbers of unknown codes that start so.
    """

    def __init__(self, codes: list[str], prefixes: Mapping[str, int]) -> None:
        self.codes = arrow_texts(codes)
        self.prefixes = prefixes
        self.empty = codes.index("") if "" in codes else -1

    def numbers(self, words: Any) -> Ints:
        """Return the numbers of the words of a dictionary, -1 for an unknown one and one more for null at the end."""
        words = as_texts(words).cast(pa.string())
        found = _plain(pc.index_in(words, value_set=self.codes), -1)
        numbers = np.append(found.astype(np.int32), np.int32(self.empty))
        if words.null_count:
            numbers[:-1][_flags(words.is_null())] = self.empty
        for prefix, number in self.prefixes.items():
            numbers[:-1][_flags(pc.starts_with(words, prefix)) & (numbers[:-1] < 0)] = number
        return numbers


def _frozen(array: NDArray[Any]) -> Ints:
    whole: Ints = np.ascontiguousarray(array, dtype=np.int32)
    whole.flags.writeable = False
    return whole


def _lists(column: Any, book: CodeBook) -> tuple[Ints, Ints]:
    """Return offsets and numbers of a column of lists, or of texts joined by the separator."""
    kind = column.type
    if pa.types.is_null(kind):
        return _frozen(np.zeros(len(column) + 1)), _frozen(np.empty(0))
    if not pa.types.is_nested(kind):
        column = pc.split_pattern(as_texts(column), SEPARATOR)
    lengths = _plain(pc.list_value_length(column), 0)
    offsets = np.zeros(len(column) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    values = column.flatten()
    if pa.types.is_null(values.type):
        return _frozen(offsets), _frozen(np.full(len(values), book.empty))
    if not pa.types.is_dictionary(values.type):
        values = as_texts(values).dictionary_encode()
    numbers = book.numbers(values.dictionary)
    return _frozen(offsets), _frozen(numbers[_plain(values.indices, len(numbers) - 1)])


def _read_number(cell: object) -> int:
    """Return one number in whole units, `MISSING` for nothing and `INVALID` for what is none."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return MISSING
    try:
        value = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return INVALID
    if math.isnan(value):
        return MISSING
    return math.floor(value) if LOWEST <= value <= HIGHEST else INVALID


def _by_word(column: Any, read: Callable[[object], int], null: object) -> NDArray[np.int64]:
    """Read every different cell once; `null` is read for a missing one."""
    if not pa.types.is_dictionary(column.type):
        try:
            column = column.dictionary_encode()
        except pa.ArrowNotImplementedError:
            column = as_texts(column).dictionary_encode()
    words = np.array([*map(read, cells_of(column.dictionary)), read(null)], dtype=np.int64)
    return np.asarray(words[_plain(column.indices, len(words) - 1)], np.int64)


def _numbers(column: Any) -> NDArray[np.int64]:
    """Return whole numbers, `MISSING` for nothing and `INVALID` for what is no number."""
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), MISSING, np.int64)
    if pa.types.is_integer(kind) and kind.bit_width <= 32:
        return np.asarray(_plain(column.cast(pa.int64()), MISSING), np.int64)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        values = _plain(column.cast(pa.float64(), safe=False), math.nan)
        missing = np.isnan(values)
        with np.errstate(invalid="ignore"):
            readable = (values >= LOWEST) & (values <= HIGHEST)
        return np.where(missing, MISSING, np.where(readable, np.floor(np.where(readable, values, 0)), INVALID)).astype(
            np.int64
        )
    return _by_word(column, _read_number, None)


def _sexes(column: Any) -> NDArray[np.int64]:
    numbers = _numbers(column)
    if not pa.types.is_integer(column.type):
        numbers = np.where(_whole(column), numbers, INVALID)
    given = np.where((numbers == 1) | (numbers == 2), numbers, 0)
    return np.where((numbers == MISSING) | (numbers == INVALID), MISSING, given)


def _whole(column: Any) -> NDArray[np.bool_]:
    """Say which cells are whole numbers, so that a sex of 1.5 is none."""
    return _by_word(column, _is_whole, None).astype(bool)


def _is_whole(word: object) -> bool:
    number = _read_number(word)
    return number in (MISSING, INVALID) or float(word) == number  # type: ignore[arg-type]


def _quantities(column: Any) -> NDArray[np.int64]:
    numbers = _numbers(column)
    return np.where(numbers == INVALID, MISSING, numbers)


def _choices(column: Any, known: Mapping[str, int], code: Callable[[object], str | None]) -> NDArray[np.int64]:
    """Return the numbers of discharges or departments, -1 for one on which no condition is stated."""
    if pa.types.is_null(column.type):
        return np.full(len(column), -1, np.int64)
    return _by_word(column, lambda cell: known.get(code(cell) or "", -1), None)


def encode_cases(columns: Mapping[str, Any], scheme: CompiledScheme, books: tuple[CodeBook, CodeBook]) -> ga.CaseArrays:
    """Encode a batch.

    Parameters
    ----------
    columns : mapping of str to pyarrow.Array
        The columns the scheme reads, one array each.
    scheme : CompiledScheme
        The scheme.
    books : tuple of CodeBook
        Diagnoses and procedures of the scheme.

    Returns
    -------
    CaseArrays
        The batch, ready for the loop.

    Raises
    ------
    TableError
        When a column has a type that cannot hold what it should.
    """
    columns = {name: plain_column(name, columns[name]) for name in sorted(scheme.reads - {"case_id"})}
    count = len(columns["dx"])
    dx_from, dx = _lists(columns["dx"], books[0])
    px_from, px = _lists(columns["px"], books[1])
    numbers = np.empty((8, count), np.int32)
    numbers[ga.SEX] = _sexes(columns["sex"])
    numbers[ga.AGE_YEARS] = _numbers(columns["age_years"])
    for row, name in _QUANTITIES:
        numbers[row] = _quantities(columns[name]) if name in scheme.reads else ga.MISSING
    for row, name, known, code in (
        (ga.DISCHARGE, "discharge_status", scheme.discharges, discharge_code),
        (ga.DEPARTMENT, "department", scheme.departments, department_code),
    ):
        numbers[row] = _choices(columns[name], known, code) if name in scheme.reads else -1
    return ga.CaseArrays(dx_from, dx, px_from, px, _frozen(numbers))
