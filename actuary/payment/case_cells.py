"""Turn columns of any Arrow type into whole numbers and codes; what cannot be read is marked, row by row."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from actuary.files import narrow, plain_decimal, serial_day
from actuary.kernels import case_rows as rows
from actuary.payment.case_columns import MISSING

__all__ = [
    "Coded",
    "Numbers",
    "as_text_column",
    "clean_word",
    "read_codes",
    "read_dates",
    "read_decimals",
    "read_flags",
    "text_buffers",
]

#: Shares and factors lie far below this [10**-digits].
_HIGHEST = 10**17

#: A fraction of yuan that a float64 may lie beside its fen.
_FLOAT_FEN = 1e-4

_WHOLE = re.compile(r"(0|[1-9][0-9]*)\.0+", re.ASCII)
_DATE = re.compile(r"\s*(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})|(\d{2})(\d{2}))(?:\D.*)?$", re.ASCII | re.DOTALL)
_NOTHING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "—", "<na>", "nat"})
_YES = frozenset({"1", "true", "t", "yes", "y", "是"})
_NO = frozenset({"0", "false", "f", "no", "n", "否"})
_TYPES = pa.types


@dataclass(frozen=True, slots=True)
class Numbers:
    """Hold one column of whole numbers.

    Parameters
    ----------
    whole : int64 (rows)
        The numbers, :data:`~actuary.payment.case_columns.MISSING` where there is none.
    faults : int8 (rows)
        0, or what is wrong with the cell, as in :mod:`actuary.kernels.case_rows`.
    """

    whole: NDArray[np.int64]
    faults: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Coded:
    """Hold one column of words as numbers.

    Parameters
    ----------
    codes : int32 (rows)
        Place among the names, -1 where the cell is missing.
    names : tuple of str
        The words, in the order in which they occur.
    """

    codes: NDArray[np.int32]
    names: tuple[str, ...]


def clean_word(word: str | None) -> str | None:
    """Return a word as it is compared: without spaces around it, a whole number without ``.0``, None for nothing.

    Full-width letters and digits are the same as narrow ones.

    Examples
    --------
    >>> clean_word(" 3.0"), clean_word("３Ａ "), clean_word("  "), clean_word(None)
    ('3', '3A', None, None)
    """
    if word is None:
        return None
    word = narrow(word.strip())
    number = _WHOLE.fullmatch(word)
    return number[1] if number else word or None


def _plain(column: Any) -> Any:
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if _TYPES.is_run_end_encoded(column.type):
        column = pc.run_end_decode(column)
    return column


def _texts(column: Any) -> Any:
    """Return a column as texts, cell by cell where Arrow has no way."""
    if _TYPES.is_string(column.type):
        return column
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        cells = [None if cell is None else _word(cell) for cell in _cells(column)]
        return pa.array(cells, pa.string())


def _cells(column: Any) -> list[Any]:
    try:
        cells: list[Any] = column.to_pylist()
    except UnicodeDecodeError:  # nobody checks the texts of a Parquet file
        cells = column.cast(pa.binary()).to_pylist()
    return cells


def _word(cell: object) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


def as_text_column(column: Any) -> Any:
    """Return a column of any type as texts, so that columns of several batches join.

    Examples
    --------
    >>> as_text_column(pa.array([1, None])).to_pylist()
    ['1', None]
    """
    column = _plain(column)
    if _TYPES.is_dictionary(column.type):
        column = column.dictionary.take(column.indices)
    texts = column if _TYPES.is_large_string(column.type) else _texts(column)
    return texts.cast(pa.large_string())


def text_buffers(column: Any) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return where each text of a column begins, and the bytes of all; a missing one is empty."""
    if column.null_count:
        column = pc.fill_null(column, "")
    wide = column.cast(pa.large_string())
    _, offsets, data = wide.buffers()
    starts = (
        np.frombuffer(offsets, np.int64)[wide.offset : wide.offset + len(wide) + 1]
        if len(wide)
        else np.zeros(1, np.int64)
    )
    return starts, np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)


def read_decimals(column: Any, *, digits: int, exact: bool, highest: int = _HIGHEST, yes_no: bool = False) -> Numbers:
    """Read a column as whole numbers of 10**-digits.

    Parameters
    ----------
    column : pyarrow.Array
        Numbers, decimals or texts.
    digits : int
        Decimals that are kept.
    exact : bool
        Whether more decimals are a fault; else they are dropped. A float64 is taken as the nearest number of `digits`
        decimals; where `exact`, only when it lies within a millionth of a whole.
    highest : int
        The highest number [10**-digits].
    yes_no : bool
        Whether words such as ``yes`` and ``否`` stand for 1 and 0.

    Examples
    --------
    >>> read_decimals(pa.array(["12.30", "12.345", "1e2", ""]), digits=2, exact=True).whole.tolist()[:3]
    [1230, -9223372036854775808, 10000]
    """
    column = _plain(column)
    if _TYPES.is_dictionary(column.type):
        read = read_decimals(column.dictionary, digits=digits, exact=exact, highest=highest, yes_no=yes_no)
        codes = pc.fill_null(column.indices, len(column.dictionary)).to_numpy(zero_copy_only=False)
        return Numbers(np.append(read.whole, MISSING)[codes], np.append(read.faults, np.int8(rows.MISSING_CELL))[codes])
    kind = column.type
    if _TYPES.is_floating(kind):
        values, faults = _from_floats(column, digits, exact, highest)
    elif _TYPES.is_integer(kind):
        values, faults = _from_integers(column, digits, highest)
    elif _TYPES.is_boolean(kind) and yes_no:
        values, faults = _from_integers(column.cast(pa.int8()), digits, highest)
    else:
        values, faults = _from_texts(_texts(column), digits, highest, yes_no=yes_no)
    if not exact:
        faults[faults == rows.TOO_PRECISE] = 0
    values[faults != 0] = MISSING
    return Numbers(values, faults)


def _from_floats(column: Any, digits: int, exact: bool, highest: int) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    numbers = pc.fill_null(column, float("nan")).to_numpy(zero_copy_only=False).astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = numbers * 10.0**digits
        whole = np.rint(scaled)
        faults = np.zeros(len(column), np.int8)
        if exact:
            faults[np.abs(scaled - whole) > _FLOAT_FEN] = rows.TOO_PRECISE
        high = np.abs(whole) > highest
        faults[high] = rows.TOO_HIGH
        faults[whole < 0] = rows.NEGATIVE
    faults[np.isinf(numbers)] = rows.NOT_PLAIN
    missing = np.isnan(numbers)
    faults[missing] = rows.MISSING_CELL
    values = np.where(missing | high, 0.0, whole).astype(np.int64)
    return values, faults


def _from_integers(column: Any, digits: int, highest: int) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    most = highest // 10**digits
    faults = np.zeros(len(column), np.int8)
    faults[pc.fill_null(pc.greater(column, pa.scalar(most)), False).to_numpy(zero_copy_only=False)] = rows.TOO_HIGH
    faults[pc.fill_null(pc.less(column, pa.scalar(0)), False).to_numpy(zero_copy_only=False)] = rows.NEGATIVE
    faults[column.is_null().to_numpy(zero_copy_only=False)] = rows.MISSING_CELL
    safe = pc.if_else(pa.array(faults == 0), column, pa.scalar(0, column.type))
    return safe.cast(pa.int64()).to_numpy(zero_copy_only=False) * 10**digits, faults


def _from_texts(column: Any, digits: int, highest: int, *, yes_no: bool) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    values, faults = np.empty(len(column), np.int64), np.empty(len(column), np.int8)
    present = column.is_valid().to_numpy(zero_copy_only=False)
    offsets, data = text_buffers(column)
    rows.parse_decimals(offsets, data, present, digits, highest, values, faults)
    for row in np.flatnonzero(faults == rows.NOT_PLAIN).tolist():  # 1e3, full-width digits, words
        values[row], faults[row] = _odd_number(_cells(column.slice(row, 1))[0], digits, highest, yes_no=yes_no)
    return values, faults


def _odd_number(cell: object, digits: int, highest: int, *, yes_no: bool) -> tuple[int, int]:
    """Return a number that is written in an unusual way, and what is wrong with it."""
    word = _word(cell).strip().lower()
    if word in _NOTHING:
        return 0, rows.MISSING_CELL
    if yes_no and word in _YES | _NO:
        return (10**digits if word in _YES else 0), 0
    number = plain_decimal(word)
    return (0, rows.NOT_PLAIN) if number is None else _scaled(number, digits, highest)


def _scaled(number: Decimal, digits: int, highest: int) -> tuple[int, int]:
    if number < 0:
        return 0, rows.NEGATIVE
    if number.adjusted() > 17 or number > Decimal(highest).scaleb(-digits):
        return 0, rows.TOO_HIGH
    if number.adjusted() < -30:
        return 0, rows.TOO_PRECISE
    scaled = number.scaleb(digits)
    return int(scaled), 0 if scaled == int(scaled) else rows.TOO_PRECISE


def read_codes(column: Any) -> Coded:
    """Read a column as words: every distinct cell is looked at once.

    Examples
    --------
    >>> coded = read_codes(pa.array([3.0, None, 2.0, 3.0]))
    >>> coded.codes.tolist(), coded.names
    ([0, -1, 1, 0], ('3', '2'))
    """
    column = _plain(column)
    encoded = column if _TYPES.is_dictionary(column.type) else _encoded(column)
    words = [clean_word(None if cell is None else _word(cell)) for cell in _cells(_texts(encoded.dictionary))]
    names: dict[str, int] = {}
    places = [-1 if word is None else names.setdefault(word, len(names)) for word in words]
    codes = pc.fill_null(encoded.indices, len(places)).to_numpy(zero_copy_only=False)
    return Coded(np.array([*places, -1], np.int32)[codes], tuple(names))


def _encoded(column: Any) -> Any:
    try:
        return pc.dictionary_encode(column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pc.dictionary_encode(_texts(column))


def _by_word(column: Any, meaning: Callable[[str], int | None]) -> Numbers:
    """Read a column by what its words mean; None for a word without meaning."""
    coded = read_codes(column)
    values = np.full(len(coded.names) + 1, MISSING, np.int64)
    faults = np.full(len(coded.names) + 1, rows.MISSING_CELL, np.int8)
    for place, name in enumerate(coded.names):
        if name.lower() in _NOTHING:
            continue
        number = meaning(name)
        faults[place] = rows.NOT_PLAIN if number is None else 0
        values[place] = MISSING if number is None else number
    return Numbers(values[coded.codes], faults[coded.codes])


def read_flags(column: Any) -> Numbers:
    """Read a column of yes and no as 1 and 0.

    Examples
    --------
    >>> read_flags(pa.array(["是", "0", "True"])).whole.tolist()
    [1, 0, 1]
    """

    def meaning(word: str) -> int | None:
        low = word.lower()
        return 1 if low in _YES else 0 if low in _NO else None

    return _by_word(column, meaning)


def read_dates(column: Any) -> Numbers:
    """Read a column of dates, also as a spreadsheet counts them (45322), as days since 1970-01-01, without time.

    Examples
    --------
    >>> read_dates(pa.array(["1970-01-02", "1970/1/3 08:00", "19700104"])).whole.tolist()
    [1, 2, 3]
    """
    column = _plain(column)
    if _TYPES.is_temporal(column.type) and not _TYPES.is_duration(column.type) and not _TYPES.is_time(column.type):
        days = column.cast(pa.date32(), safe=False).cast(pa.int32())
        missing = column.is_null().to_numpy(zero_copy_only=False)
        values = pc.fill_null(days, 0).to_numpy(zero_copy_only=False).astype(np.int64)
        values[missing] = MISSING
        return Numbers(values, np.where(missing, np.int8(rows.MISSING_CELL), np.int8(0)))

    def meaning(word: str) -> int | None:
        found = _DATE.match(unicodedata.normalize("NFKC", word))
        if not found:
            serial = serial_day(word)
            return None if serial is None else serial.toordinal() - dt.date(1970, 1, 1).toordinal()
        year, month, day = found[1], found[2] or found[4], found[3] or found[5]
        try:
            return dt.date(int(year), int(month), int(day)).toordinal() - dt.date(1970, 1, 1).toordinal()
        except ValueError:
            return None

    return _by_word(column, meaning)
