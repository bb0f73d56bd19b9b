"""Files as strangers write them: their encoding, separator, numbers and workbooks, and what may not pass.

Every reader of the package opens files through here, and every sheet that leaves it passes :func:`neutral`.
"""

from actuary.files.days import serial_day
from actuary.files.delimited import Delimited, check_title, clean_heading, find_separator, narrow, read_delimited
from actuary.files.documents import parse_json, parse_toml
from actuary.files.encodings import FileNote, TextKind, decode_text, find_encoding
from actuary.files.exports import csv_bytes
from actuary.files.formulas import neutral, unguarded
from actuary.files.identifiers import check_identifiers
from actuary.files.numbers import can_be_written_out, plain_decimal
from actuary.files.opening import check_regular, read_bytes
from actuary.files.records import read_records
from actuary.files.streams import check_rows, find_kind, guarded_column, unguarded_column
from actuary.files.workbooks import check_archive, read_workbook

__all__ = [
    "Delimited",
    "FileNote",
    "TextKind",
    "can_be_written_out",
    "check_archive",
    "check_identifiers",
    "check_regular",
    "check_rows",
    "check_title",
    "clean_heading",
    "csv_bytes",
    "decode_text",
    "find_encoding",
    "find_kind",
    "find_separator",
    "guarded_column",
    "narrow",
    "neutral",
    "parse_json",
    "parse_toml",
    "plain_decimal",
    "read_bytes",
    "read_delimited",
    "read_records",
    "read_workbook",
    "serial_day",
    "unguarded",
    "unguarded_column",
]
