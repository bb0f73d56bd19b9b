"""Find out in which encoding a text was written, say what was assumed, and refuse to guess where two would do."""

from __future__ import annotations

import codecs
import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from actuary.errors import ActuaryError, Problem, TableError

__all__ = ["FileNote", "TextKind", "decode_text", "find_encoding", "note", "unmarked_utf16"]

_SAVE = 'save it as "CSV UTF-8"'
_EXPECTED = "text in UTF-8, UTF-16 or GB18030"
_PACKED = (
    (b"PK\x03\x04", "a spreadsheet or another packed file"),
    (b"PK\x05\x06", "an empty packed file"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet of the old kind (.xls)"),
    (b"\x1f\x8b", "a file packed with gzip"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF", "a PDF file"),
)
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Share of the characters beyond ASCII that may lie outside GB2312 in a text taken for GB18030: names of people and
#: places hold a few; text of another encoding, read as GB18030, holds a third and more.
_MOST_RARE = 0.1
#: Share of the rows that read as UTF-8 from which a text that is none is taken for a mixture.
_MIXED = 0.01
#: NUL bytes among the first ones from which a text without a mark is taken for UTF-16.
_UTF16_NULS = 0.2
_HEAD = 1 << 12
_LINE_BYTES = 1 << 24

_FOREIGN_LINE = re.compile(rb"[^\n]*[\x80-\xff][^\n]*")
_TWO_WIDE = re.compile(rb"[\xe3-\xe9][\x80-\xbf]{2}(?:[\xe3-\xef][\x80-\xbf]{2})")
# Chinese takes three bytes a character in UTF-8; characters of two bytes each are pairs of bytes in GB18030 as well.
_THREE_BYTES = re.compile("[\u0800-\U0010ffff]")
_BEYOND_LATIN = re.compile("[\u0100-\u07ff]")

type Chunks = Callable[[], Iterable[bytes]]


class FileNote(UserWarning):
    """Tell how a file was read where it did not say so itself; the command line prints it as a line."""


def note(where: str, said: str) -> None:
    """Tell the user what was assumed about a file."""
    warnings.warn(FileNote(f"{where}: {said}"), stacklevel=3)


@dataclass(frozen=True, slots=True)
class TextKind:
    """Say how a text is written.

    Parameters
    ----------
    encoding : str
        Name of the codec; it takes a byte-order mark away.
    assumed : str
        What was assumed, in words; empty where the file leaves no doubt.
    quotes : bool
        Whether there is an apostrophe anywhere, so that a guard against formulas is possible.
    """

    encoding: str
    assumed: str = ""
    quotes: bool = True


def find_encoding(chunks: Chunks, *, where: str, error: type[ActuaryError] = TableError) -> TextKind:
    """Find the encoding of a text.

    UTF-8 and marked UTF-16 are certain. What is no UTF-8 is taken for GB18030 when all of it can be read so and nearly
    all characters are common ones; then the kind says what was assumed.

    Parameters
    ----------
    chunks : callable
        Returns the bytes of the file piece by piece; it may be called twice.
    where : str
        How messages name the file.
    error : type
        Class of the error.

    Returns
    -------
    TextKind
        Never one that cannot read the whole file.

    Raises
    ------
    ActuaryError
        Of class `error`: the file is packed, binary, a mixture, or of an encoding that cannot be told.
    """
    head = b""
    for piece in chunks():
        head += piece
        if len(head) >= _HEAD:
            break
    head = head[:_HEAD]
    for start, words in _PACKED:
        if head.startswith(start):
            raise error(Problem(where, words, f"a CSV file of {_EXPECTED}", _SAVE))
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            if encoding == "utf-8-sig":
                break
            return _checked(encoding, chunks, where, error)
    if head and head.count(0) >= _UTF16_NULS * len(head):
        return _unmarked_utf16(head, chunks, where, error)
    return _utf8_or_gb18030(chunks, where, error)


def _utf8_or_gb18030(chunks: Chunks, where: str, error: type[ActuaryError]) -> TextKind:
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, quotes, foreign, surely, beyond_latin = 1, False, False, False, False
    try:
        for piece in chunks():
            if 0 in piece:
                line += piece.count(b"\n", 0, piece.index(0))
                found, mend = f"a NUL byte on line {line}", "the file is damaged or not text: write it again"
                raise error(Problem(where, found, f"a CSV file of {_EXPECTED}", mend))
            quotes = quotes or b"'" in piece
            text = decoder.decode(piece)
            if not surely and not piece.isascii():
                foreign = True
                surely = _THREE_BYTES.search(text) is not None
                beyond_latin = beyond_latin or _BEYOND_LATIN.search(text) is not None
            line += piece.count(b"\n")
        pending = decoder.getstate()[0]
        if pending:
            found = "a text that ends in the middle of a character"
            raise error(Problem(where, found, _EXPECTED, "it may have been cut off: copy it again"))
    except UnicodeDecodeError as failure:
        line += bytes(failure.object).count(b"\n", 0, failure.start)
        found = f"bytes that are not UTF-8 on line {line}"
        return _gb18030(chunks, where, error, Problem(where, found, _EXPECTED, _SAVE))
    if foreign and not surely and _is_common_gb18030(chunks):
        if beyond_latin:
            found = "text that could be UTF-8 as well as GB18030"
            raise error(Problem(where, found, "text of which the encoding is certain", f"{_SAVE}, with its mark"))
        return TextKind("utf-8-sig", "read as UTF-8, though it could be GB18030", quotes)
    return TextKind("utf-8-sig", quotes=quotes)


def _is_common_gb18030(chunks: Chunks) -> bool:
    decoder = codecs.getincrementaldecoder("gb18030")()
    try:
        for piece in chunks():
            if piece.startswith(codecs.BOM_UTF8):
                return False
            decoder.decode(piece).encode("gb2312")
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _gb18030(chunks: Chunks, where: str, error: type[ActuaryError], problem: Problem) -> TextKind:
    """Take a text that is no UTF-8 for GB18030, or raise when it is neither or cannot be told."""
    decoder = codecs.getincrementaldecoder("gb18030")()
    wide = rare = lines = as_utf8 = seen = 0
    try:
        for piece in chunks():
            text = decoder.decode(piece)
            plain = len(text.encode("ascii", "ignore"))
            wide += len(text) - plain
            rare += len(text) - plain - (len(text.encode("gb2312", "ignore")) - plain) // 2
            if seen < _LINE_BYTES:
                foreign = _FOREIGN_LINE.findall(piece)
                lines += len(foreign)
                as_utf8 += sum(map(_is_utf8, foreign))
            seen += len(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise error(problem) from None
    if as_utf8 and as_utf8 >= _MIXED * lines:
        found = f"{problem.found}, though other lines are UTF-8"
        mend = "write all rows in one encoding: the part that is not UTF-8 is probably GB18030 (GBK)"
        raise error(Problem(where, found, f"{_EXPECTED} from the first row to the last", mend))
    if rare > _MOST_RARE * wide:
        found = f"{problem.found}, and hardly any sense as GB18030"
        mend = f"open it in the program that wrote it and {_SAVE}"
        raise error(Problem(where, found, _EXPECTED, mend))
    return TextKind("gb18030", "read as GB18030 (GBK)")


def _is_utf8(line: bytes) -> bool:
    if not _TWO_WIDE.search(line):
        return False
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def unmarked_utf16(head: bytes) -> str:
    r"""Return the codec of a text in UTF-16 without a byte-order mark, by the NUL bytes of its first bytes; else "".

    Examples
    --------
    >>> unmarked_utf16("a,b".encode("utf-16-be")), unmarked_utf16(b"a,b")
    ('utf-16-be', '')
    """
    if head.count(0) < max(1, _UTF16_NULS * len(head)):
        return ""
    high, low = head[0::2].count(0), head[1::2].count(0)
    # A character such as 㐀 has a zero in the other byte; one in five of them would be no text.
    if 5 * min(high, low) > max(high, low):
        return ""
    return "utf-16-be" if high > low else "utf-16-le"


def _unmarked_utf16(head: bytes, chunks: Chunks, where: str, error: type[ActuaryError]) -> TextKind:
    encoding = unmarked_utf16(head)
    if encoding:
        order = "lower" if encoding == "utf-16-le" else "higher"
        return _checked(encoding, chunks, where, error, f"read as UTF-16, {order} byte first")
    raise error(Problem(where, "a file that is not text", f"a CSV file of {_EXPECTED}", _SAVE))


def _checked(encoding: str, chunks: Chunks, where: str, error: type[ActuaryError], assumed: str = "") -> TextKind:
    decoder = codecs.getincrementaldecoder(encoding)()
    label = encoding.upper()[:6]
    try:
        for piece in chunks():
            if "\x00" in decoder.decode(piece):
                raise error(Problem(where, "a NUL character", f"a CSV file of {_EXPECTED}", _SAVE))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        found = f"{label} with characters that are broken or cut off"
        raise error(Problem(where, found, _EXPECTED, f"copy it again, or {_SAVE}")) from None
    return TextKind(encoding, assumed)


def decode_text(content: bytes, *, where: str, error: type[ActuaryError] = TableError) -> str:
    """Decode a text, and tell the user where its encoding was assumed.

    Parameters
    ----------
    content : bytes
        The file.
    where : str
        How messages name it.
    error : type
        Class of the error.

    Raises
    ------
    ActuaryError
        As :func:`find_encoding`.

    Examples
    --------
    >>> decode_text("医院".encode("utf-16"), where="list.csv")
    '医院'
    """
    kind = find_encoding(lambda: (content,), where=where, error=error)
    if kind.assumed:
        note(where, kind.assumed)
    return content.decode(kind.encoding)
