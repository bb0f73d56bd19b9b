"""Turn columns of text or numbers into typed values, keeping what stood in the rows that cannot be read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from actuary.drg.quality.shapes import Field
from actuary.files import serial_day

__all__ = ["Column", "as_text", "format_fen", "format_time", "read_column"]

type Mask = npt.NDArray[np.bool_]
type Numbers = npt.NDArray[Any]

_INTEGER = re.compile(r"[+-]?\d{1,17}(?:\.0+)?")
_MONEY = r"^[+-]?\d{1,15}(\.\d{1,2}0*|\.)?$"
_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.0*)?)?)?"
    r"|(\d{4})(\d{2})(\d{2})(?:[ T]?(\d{2})(\d{2})(\d{2})?)?"
)
_DURATION = re.compile(r"(\d{1,4})/(\d{1,3})/(\d{1,3})")
_FLAGS = {"1": 1, "0": 0, "是": 1, "否": 0, "true": 1, "false": 0, "y": 1, "n": 0, "1.0": 1, "0.0": 0}
_EPOCH = dt.datetime(1970, 1, 1)
_MINUTES = {"hour": 60, "minute": 1}


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Hold one field of a table, row by row.

    Parameters
    ----------
    field : Field
        What it is.
    raw : pyarrow.Array
        What stood in the file.
    values : array, shape (rows,)
        Integers; fen of money; seconds since 1970 of a time; minutes of a duration; for codes and choices the
        position in `categories`; equal numbers for equal texts.
    known : array of bool
        Whether the value could be read.
    blank : array of bool
        Whether nothing stood there.
    categories : tuple of str
        The distinct texts of a code exactly as they stood, or of a choice without space and ".0".
    """

    field: Field
    raw: pa.Array
    values: Numbers
    known: Mask
    blank: Mask
    categories: tuple[str, ...] = ()

    @property
    def bad(self) -> Mask:
        """Whether something stood there that could not be read."""
        return ~self.known & ~self.blank

    def text(self, rows: Numbers) -> pa.Array:
        """Return what stood in some rows, as text."""
        return pc.fill_null(as_text(self.raw.take(pa.array(rows))), "")

    def where(self, holds: Callable[[str], bool]) -> Mask:
        """Return the rows whose code fulfils a condition, asking once for each distinct code, spaces stripped."""
        if not self.categories:
            return np.zeros(len(self.values), dtype=bool)
        asked = np.fromiter((holds(text.strip()) for text in self.categories), dtype=bool, count=len(self.categories))
        return self.known & asked[self.values]


def as_text(array: pa.Array) -> pa.Array:
    """Return an array as text: whole numbers without decimals, times as they are written.

    Examples
    --------
    >>> as_text(pa.array([1.0, 2.5, None])).to_pylist()
    ['1', '2.5', None]
    """
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.dictionary_decode()
        kind = array.type
    if pa.types.is_string(kind):
        return array
    if pa.types.is_floating(kind):
        array = pc.if_else(pc.is_nan(array), None, array) if len(array) else array
        whole = pc.and_(pc.equal(pc.trunc(array), array), pc.less(pc.abs(array), 1e15))
        numbers = pc.cast(pc.if_else(whole, array, 0.0), pa.int64())
        return pc.if_else(whole, pc.cast(numbers, pa.string()), pc.cast(array, pa.string()))
    if pa.types.is_boolean(kind):
        return pc.if_else(array, "1", "0")
    if pa.types.is_timestamp(kind):
        return pc.strftime(pc.cast(array, pa.timestamp("s"), safe=False), format="%Y-%m-%d %H:%M:%S")
    return pc.cast(array, pa.string())


def read_column(field: Field, raw: pa.Array, *, blank: Sequence[str]) -> Column:
    """Read a column as its field says.

    Parameters
    ----------
    field : Field
        Type, unit and bounds.
    raw : pyarrow.Array
        Texts or numbers.
    blank : sequence of str
        Texts that stand for nothing.

    Examples
    --------
    >>> from actuary.drg.quality.declarations import load_declarations
    >>> fields = load_declarations().tables["case"].fields
    >>> column = read_column(fields["total_cost"], pa.array(["12.5", "-", "abc"]), blank=["", "-"])
    >>> column.values.tolist(), column.known.tolist(), column.bad.tolist()
    ([1250, 0, 0], [True, False, False], [False, False, True])
    """
    if field.type == "money":
        return _by_fast_path(field, raw, blank, _money, _money_of_text)
    if field.type == "time":
        return _by_fast_path(field, raw, blank, _times, _time_of_text)
    if field.type == "text":
        return _texts(field, raw, blank)
    if field.type in ("code", "choice"):
        return _coded(field, raw, blank)
    if pa.types.is_integer(raw.type) and field.type == "integer":
        known = _mask(pc.is_valid(raw))
        return Column(field, raw, _filled(raw, pa.int64()), known, ~known)
    parse: Callable[[str], int | None] = {
        "integer": _integer_of_text,
        "flag": lambda text: _FLAGS.get(text.lower()),
        "duration": lambda text: _duration_of_text(text, _MINUTES.get(field.unit, 1)),
    }[field.type]
    return _by_categories(field, raw, blank, parse)


def _texts(field: Field, raw: pa.Array, blank: Sequence[str]) -> Column:
    text = pc.utf8_trim_whitespace(as_text(raw))
    text = pc.if_else(pc.is_in(text, pa.array(list(blank), pa.string())), None, text)
    encoded = pc.dictionary_encode(text)
    known = _mask(pc.is_valid(encoded.indices))
    return Column(field, raw, _filled(encoded.indices, pa.int32()), known, ~known)


def _coded(field: Field, raw: pa.Array, blank: Sequence[str]) -> Column:
    encoded = _encode(raw)
    texts = tuple(as_text(encoded.dictionary).to_pylist())
    if field.type == "choice":
        # A number that a spreadsheet wrote with decimals is the code it shows.
        texts = tuple(text.strip().removesuffix(".0") for text in texts)
    empty = np.fromiter((text.strip() in blank for text in texts), dtype=bool, count=len(texts))
    values = _filled(encoded.indices, pa.int32())
    known = _mask(pc.is_valid(encoded.indices))
    if texts:
        known &= ~empty[values]
    return Column(field, raw, values, known, ~known, texts)


def _by_categories(field: Field, raw: pa.Array, blank: Sequence[str], parse: Callable[[str], int | None]) -> Column:
    encoded = _encode(raw)
    texts = [str(text).strip() for text in as_text(encoded.dictionary).to_pylist()]
    read = [None if text in blank else parse(text) for text in texts]
    count = len(texts)
    empty = np.fromiter((text in blank for text in texts), dtype=bool, count=count)
    good = np.fromiter((value is not None for value in read), dtype=bool, count=count)
    numbers = np.fromiter((value or 0 for value in read), dtype=np.int64, count=count)
    at = _filled(encoded.indices, pa.int32())
    filled = _mask(pc.is_valid(encoded.indices))
    if not count:
        return Column(field, raw, np.zeros(len(raw), np.int64), filled, ~filled)
    known = filled & good[at]
    return Column(field, raw, np.where(known, numbers[at], 0), known, ~filled | empty[at])


def _by_fast_path(
    field: Field,
    raw: pa.Array,
    blank: Sequence[str],
    fast: Callable[[pa.Array], pa.Array],
    slow: Callable[[str], int | None],
) -> Column:
    """Read the whole column at once; where that fails, read each distinct text by itself."""
    if pa.types.is_string(raw.type) or pa.types.is_large_string(raw.type) or pa.types.is_dictionary(raw.type):
        text = pc.utf8_trim_whitespace(as_text(raw))
        stripped = pc.if_else(pc.is_in(text, pa.array(list(blank), pa.string())), None, text)
    else:
        stripped = raw
    try:
        numbers = fast(stripped)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _by_categories(field, raw, blank, slow)
    known = _mask(pc.is_valid(numbers))
    return Column(field, raw, _filled(numbers, pa.int64()), known, _mask(pc.is_null(stripped, nan_is_null=True)))


def _money(array: pa.Array) -> pa.Array:
    """Return fen; null where an amount is not exact to the fen."""
    kind = array.type
    if pa.types.is_integer(kind):
        return pc.multiply(pc.cast(array, pa.int64()), 100)
    if pa.types.is_floating(kind):
        fen = pc.round(pc.multiply(pc.cast(array, pa.float64()), 100.0))
        # A float holds a fen amount up to its own precision: anything further away was no amount in fen.
        close = pc.less_equal(
            pc.abs(pc.subtract(pc.multiply(array, 100.0), fen)),
            pc.add(pc.multiply(pc.abs(fen), 1e-12), 1e-6),
        )
        fen = pc.if_else(pc.and_(close, pc.less(pc.abs(fen), 1e15)), fen, None)
        return pc.cast(fen, pa.int64())
    if pa.types.is_decimal(kind):
        return _unscaled(pc.cast(array, pa.decimal128(20, 2)))
    text = array
    if pc.any(pc.invert(pc.match_substring_regex(text, _MONEY))).as_py():
        raise pa.ArrowInvalid("not every text is an amount")
    return _unscaled(pc.cast(text, pa.decimal128(20, 2)))


def _unscaled(decimals: pa.Array) -> pa.Array:
    """Return the digits of decimal128(20, 2) as integers: the low eight of its sixteen bytes."""
    words = np.frombuffer(decimals.buffers()[1], dtype="<i8")
    start = decimals.offset
    return pa.array(words[0::2][start : start + len(decimals)], mask=~_mask(pc.is_valid(decimals)))


def _money_of_text(text: str) -> int | None:
    if not re.fullmatch(_MONEY, text):
        return None
    yuan, _, rest = text.lstrip("+-").partition(".")
    fen = int(yuan) * 100 + int((rest + "00")[:2])
    return -fen if text.startswith("-") else fen


def _times(array: pa.Array) -> pa.Array:
    """Return seconds since 1970; raises where a text is not in ISO form."""
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        raise pa.ArrowInvalid("a number is not a time")
    return pc.cast(pc.cast(array, pa.timestamp("s"), safe=False), pa.int64())


def _time_of_text(text: str) -> int | None:
    match = _TIME.fullmatch(text)
    if match is None:
        counted = serial_day(text)
        return None if counted is None else (counted - _EPOCH.date()).days * 86_400
    parts = match.groups()
    found = parts[:6] if parts[0] is not None else parts[6:]
    year, month, day, hour, minute, second = (int(part or 0) for part in found)
    try:
        moment = dt.datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    return int((moment - _EPOCH).total_seconds())


def _integer_of_text(text: str) -> int | None:
    return int(text.partition(".")[0]) if _INTEGER.fullmatch(text) else None


def _duration_of_text(text: str, minutes: int) -> int | None:
    if _INTEGER.fullmatch(text) and not text.startswith("-"):
        return int(text.partition(".")[0]) * minutes
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    days, hours, rest = (int(part) for part in match.groups())
    return days * 1440 + hours * 60 + rest if hours < 24 and rest < 60 else None


def _encode(raw: pa.Array) -> pa.DictionaryArray:
    return raw if pa.types.is_dictionary(raw.type) else pc.dictionary_encode(raw)


def _mask(array: pa.Array) -> Mask:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=bool)


def _filled(array: pa.Array, kind: pa.DataType) -> Numbers:
    return np.asarray(pc.fill_null(pc.cast(array, kind), 0).to_numpy(zero_copy_only=False))


def format_fen(fen: Numbers) -> pa.Array:
    """Return amounts in fen as yuan with two decimals.

    Examples
    --------
    >>> format_fen(np.array([-5, 123456])).to_pylist()
    ['-0.05', '1234.56']
    """
    whole = np.abs(fen)
    sign = pc.if_else(pa.array(fen < 0), "-", "")
    yuan = pc.cast(pa.array(whole // 100), pa.string())
    cents = pc.utf8_lpad(pc.cast(pa.array(whole % 100), pa.string()), width=2, padding="0")
    return pc.binary_join_element_wise(sign, yuan, ".", cents, "")


def format_time(seconds: Numbers) -> pa.Array:
    """Return times as text; midnight is left out.

    Examples
    --------
    >>> format_time(np.array([0, 3600])).to_pylist()
    ['1970-01-01', '1970-01-01 01:00:00']
    """
    moments = pa.array(seconds.astype("datetime64[s]"))
    return pc.if_else(
        pa.array(seconds % 86400 == 0),
        pc.strftime(moments, format="%Y-%m-%d"),
        pc.strftime(moments, format="%Y-%m-%d %H:%M:%S"),
    )
