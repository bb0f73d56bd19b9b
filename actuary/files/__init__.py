"""Files as strangers write them: their encoding, their separator, their numbers, their workbooks, and what may not pass.

Every reader of the package opens files through here, and every sheet that leaves it passes :func:`neutral`.
"""

from actuary.files.delimited import Delimited, clean_heading, find_separator, read_delimited
from actuary.files.encodings import FileNote, TextKind, decode_text, find_encoding
from actuary.files.formulas import neutral, unguarded
from actuary.files.numbers import plain_decimal
from actuary.files.opening import check_regular, read_bytes
from actuary.files.streams import find_kind, unguarded_column

__all__ = [
    "Delimited",
    "FileNote",
    "TextKind",
    "check_regular",
    "clean_heading",
    "decode_text",
    "find_encoding",
    "find_kind",
    "find_separator",
    "neutral",
    "plain_decimal",
    "read_bytes",
    "read_delimited",
    "unguarded",
    "unguarded_column",
]
