"""Plant persons who do not exist in a table of cases, and look for them in everything that was written."""

from __future__ import annotations

import contextlib
import gzip
import html
import io
import re
import sqlite3
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from actuary.personal_numbers import identity_check_digit

#: What every planted word holds.
MARK = "MKQZ"
#: Words of the planted names in signs that no other text has.
HAN = "赵龘靐"


def identity(number: int) -> str:
    """Return an identity number of nobody: its area has never been given out."""
    first = f"110199{1930 + number % 80}{number % 12 + 1:02d}{number % 28 + 1:02d}{number % 1000:03d}"
    return first + identity_check_digit(first)


def card(number: int) -> str:
    """Return a card number with a right check digit."""
    first = f"6299{number:014d}"
    doubled = sum(sum(divmod(int(digit) * 2, 10)) for digit in first[::-2])
    return first + str(-(doubled + sum(int(digit) for digit in first[-2::-2])) % 10)


def planted(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with persons in columns of every kind; every one of them has words of its own."""
    rows = range(len(frame))
    persons = {
        "psn_name": [f"{HAN}{MARK}name{row}" for row in rows],
        "certno": [identity(row) for row in rows],
        "psn_no": [f"{MARK}no{row:012d}" for row in rows],
        "患者电话": [f"{13900000000 + row}" for row in rows],
        "curr_addr": [f"{HAN}路{MARK}addr{row}号" for row in rows],
        "coner_name": [f"{HAN}{MARK}contact{row}" for row in rows],
        "联系人手机号码": [f"{17700000000 + row}" for row in rows],
        "bankacct": [card(row) for row in rows],
        "email": [f"{MARK}.{row}@example.invalid" for row in rows],
        "chfpdr_name": [f"{HAN}{MARK}doctor{row}" for row in rows],
        # Only what stands in them tells what these are.
        "remark": [f"本人{HAN}，证件{identity(row)}，电话{15100000000 + row}" for row in rows],
        "ext1": [identity(row).lower() for row in rows],
        "ext2": [f"{18800000000 + row}" for row in rows],
    }
    return frame.assign(**persons)


def landline(number: int) -> str:
    """Return a telephone number with an area code."""
    return f"0451-87{number:06d}"


def old_identity(number: int) -> str:
    """Return an identity number of fifteen digits."""
    whole = identity(number)
    return whole[:6] + whole[8:17]


def out_of_step(line: str) -> str:
    """Return a row of a CSV file with a cell lost, so that every word behind it stands under another heading."""
    cells = line.rstrip("\n").split(",")
    del cells[1]
    return ",".join(cells) + "\n"


def _pieces(content: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """Give a file and everything that is packed in it, as bytes that can be searched."""
    yield name, content
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for one in packed.namelist():
                yield from _pieces(packed.read(one), f"{name}!{one}")
    elif content.startswith(b"\x1f\x8b"):
        yield from _pieces(gzip.decompress(content), f"{name}!gz")
    elif content.startswith(b"PAR1"):
        table = pq.read_table(io.BytesIO(content))
        for key, value in {**(table.schema.metadata or {}), **_marks_of_fields(table.schema)}.items():
            yield f"{name}!metadata {key.decode(errors='replace')}", key + b" " + value
        yield f"{name}!schema", "\n".join(map(str, table.schema.names)).encode()
        yield from _dictionaries(content, name)
        for column in table.column_names:
            values = (
                table.column(column).unique()
                if table.num_rows and not _is_list(table, column)
                else table.column(column)
            )
            yield f"{name}!{column}", "\n".join(map(str, values.to_pylist())).encode()
    elif content.startswith(b"%PDF"):
        for at, stream in enumerate(re.findall(rb"stream\r?\n(.*?)endstream", content, re.DOTALL)):
            with contextlib.suppress(zlib.error):
                yield f"{name}!stream {at}", zlib.decompress(stream)
    elif content.startswith(b"SQLite format 3"):
        with sqlite3.connect(":memory:") as book:
            book.deserialize(content)
            yield f"{name}!dump", "\n".join(book.iterdump()).encode()


def _marks_of_fields(schema: pa.Schema) -> dict[bytes, bytes]:
    return {key: value for field in schema for key, value in (field.metadata or {}).items()}


def _dictionaries(content: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """Give the words of every dictionary page: one that no row has is still there to be read."""
    with pq.ParquetFile(io.BytesIO(content)) as plain:
        texts = [field.name for field in plain.schema_arrow if not pa.types.is_nested(field.type)]
    with pq.ParquetFile(io.BytesIO(content), read_dictionary=texts) as coded:
        for group in range(coded.num_row_groups):
            table = coded.read_row_group(group, columns=texts)
            for column in table.column_names:
                for chunk in table.column(column).chunks:
                    if pa.types.is_dictionary(chunk.type):
                        yield (
                            f"{name}!dictionary of {column}",
                            "\n".join(map(str, chunk.dictionary.to_pylist())).encode(),
                        )


def _spellings(text: str) -> Iterator[str]:
    """Give a text as it stands, and as a reader of JSON, HTML or an address would spell it."""
    yield text
    if "\\u" in text:
        yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    if "&#" in text:
        yield html.unescape(text)
    if "%E" in text or "%e" in text:
        yield urllib.parse.unquote(text)


def _is_list(table: pa.Table, column: str) -> bool:
    return pa.types.is_nested(table.schema.field(column).type)


_NUMBERS = re.compile(
    r"1101(?:99)\d{11}[\dXx]|110199\d{9}(?!\d)|(?:139|177|151|188)[ -]?000\d[ -]?\d{4}|6299\d{15}|0451[-)]87\d{6}"
    r"|１１０１９９"
)


def marks_in(content: bytes, name: str) -> list[str]:
    """Return where planted words or numbers stand in a file, in whatever encoding it is written."""
    found = []
    for place, piece in _pieces(content, name):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
            for text in _spellings(piece.decode(encoding, "ignore")):
                if HAN in text or MARK.lower() in text.lower():
                    found.append(f"{place} ({encoding})")
                elif encoding in {"utf-8", "utf-16-le", "utf-16-be"} and (number := _NUMBERS.search(text)):
                    found.append(f"{place} ({encoding}, {number[0][:3]}…)")
    return found


def marks_below(folder: Path) -> list[str]:
    """Return where planted words stand in any file below a folder, names of files and hidden ones with them."""
    found = []
    for path in sorted(folder.rglob("*")):
        if MARK in path.name or _NUMBERS.search(path.name):
            found.append(f"the name {path.name}")
        if path.is_file():
            found += marks_in(path.read_bytes(), str(path.relative_to(folder)))
    return found
