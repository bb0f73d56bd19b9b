"""Hard inputs made on purpose: tables, workbooks and Parquet files as clerks, programs and attackers make them.

Each takes a sound table as rows and returns the content of a file. What a verb says to each of them is shown by
``python -m fuzz.tricks``.
"""

from __future__ import annotations

import csv
import io
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from fuzz.bends import write_rows

__all__ = ["PARQUET", "TEXTS", "WORKBOOKS", "parquet_rows", "rows_of"]

type Rows = list[list[str]]


def rows_of(content: bytes) -> Rows:
    """Return the rows of a CSV file in UTF-8."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def _text(rows: Rows, **how: str) -> str:
    return write_rows(rows, **how).decode()


def _cells(change: Callable[[str], str], *, first: bool = False) -> Callable[[Rows], bytes]:
    """Return what changes every cell below the heading, or those of the first row only."""

    def bent(rows: Rows) -> bytes:
        changed = [[change(cell) for cell in row] if not first or n == 0 else row for n, row in enumerate(rows[1:])]
        return write_rows([rows[0], *changed])

    return bent


def _numbers(change: Callable[[str], str]) -> Callable[[Rows], bytes]:
    return _cells(lambda cell: change(cell) if cell.replace(".", "", 1).isdigit() else cell)


def _one_number(text: str) -> Callable[[Rows], bytes]:
    return _cells(lambda cell: text if cell.replace(".", "", 1).isdigit() else cell, first=True)


def _wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def _with_columns(count: int, name: str, cell: str, **how: str) -> Callable[[Rows], bytes]:
    """Return what adds columns; ``{k}`` is the number of one, ``{first}`` the name of the first column."""

    def bent(rows: Rows) -> bytes:
        header, *others = rows
        names = [name.format(k=k, first=header[0]) for k in range(count)]
        return write_rows([[*header, *names], *([*row, *[cell] * count] for row in others)], **how)

    return bent


#: Tables of text by what is odd about them.
TEXTS: dict[str, Callable[[Rows], bytes]] = {
    "GB18030": _with_columns(1, "备注", "沈阳市第一医院", encoding="gb18030"),
    "UTF-16 with its mark": lambda rows: _text(rows).encode("utf-16"),
    "UTF-8 with its mark, CRLF": lambda rows: _text(rows, end="\r\n").encode("utf-8-sig"),
    "tabs": lambda rows: write_rows(rows, separator="\t"),
    "semicolons": lambda rows: write_rows(rows, separator=";"),
    "CR alone": lambda rows: write_rows(rows, end="\r"),
    "mixed line ends": lambda rows: b"".join(
        write_rows([row], end=("\n", "\r\n", "\r")[n % 3]) for n, row in enumerate(rows)),
    "quoted newlines": _with_columns(1, "note", 'two\nlines, "x"'),
    "10,000 columns": _with_columns(10_000, "c{k}", "1"),
    "0 bytes": lambda _rows: b"",
    "only a heading": lambda rows: write_rows(rows[:1]),
    "heading twice": lambda rows: write_rows([rows[0], *rows]),
    "a title row": lambda rows: write_rows([["2024年统计表", *[""] * (len(rows[0]) - 1)], *rows]),
    "merged heading rows": lambda rows: write_rows([["基本信息", *[""] * (len(rows[0]) - 1)], ["", "费用"], *rows]),
    "a row of totals": lambda rows: write_rows([*rows, ["合计", *[""] * (len(rows[0]) - 2), "123"]]),
    "blank rows at the end": lambda rows: write_rows([*rows, *[[""] * len(rows[0])] * 3]),
    "a mark inside": lambda rows: write_rows(rows[:1]) + b"\xef\xbb\xbf" + write_rows(rows[1:]),
    "NUL bytes": lambda rows: write_rows(rows).replace(b"1", b"\0", 1),
    "a cell too few": lambda rows: write_rows([*rows[:-1], rows[-1][:-1]]),
    "a cell too many": lambda rows: write_rows([*rows[:-1], [*rows[-1], "x"]]),
    "full-width digits and letters": _cells(_wide),
    "full-width heading": lambda rows: write_rows([[_wide(name) for name in rows[0]], *rows[1:]]),
    "thousands": _numbers(lambda cell: f"{Decimal(cell):,}"),
    "yuan signs": _numbers(lambda cell: f"¥{cell}"),
    "with 元": _numbers(lambda cell: f"{cell}元"),
    "apostrophes": _cells(lambda cell: f"'{cell}"),
    "blanks around": _cells(lambda cell: f"  {cell}\u3000"),
    "floats": _numbers(lambda cell: cell if "." in cell else f"{cell}.0"),
    "numbers in scientific notation": _numbers(lambda cell: f"{Decimal(cell):.3E}"),
    "negative zero": _one_number("-0"),
    "1e400": _one_number("1e400"),
    "1e20": _one_number("1e20"),
    "NaN": _one_number("NaN"),
    "negative": _one_number("-5"),
    "400 digits": _one_number("9" * 400),
    "names as 3.2e17": lambda rows: write_rows([rows[0], *(["3.2e17", *row[1:]] for row in rows[1:])]),
    "names with formulas": lambda rows: write_rows(
        [rows[0], *([f"=1+{n}", *row[1:]] for n, row in enumerate(rows[1:]))]),
    "columns that are one after cleaning": _with_columns(1, " {first}\u200b", "x"),
    "columns in capitals": lambda rows: write_rows([[name.upper() for name in rows[0]], *rows[1:]]),
    "day 0000-00-00": _cells(lambda cell: "0000-00-00" if cell.count("-") == 2 else cell),
    "29 February": _cells(lambda cell: "2023-02-29" if cell.count("-") == 2 else cell),
    "year 10000": _cells(lambda cell: "10000-01-01" if cell.count("-") == 2 else cell),
    "serial days": _cells(lambda cell: "45322" if cell.count("-") == 2 else cell),
    "a long cell": lambda rows: write_rows([rows[0], ["x" * 200_000, *rows[1][1:]], *rows[2:]]),
    "packed with gzip": lambda _rows: b"\x1f\x8b\x08" + bytes(30),
    "a PDF": lambda _rows: b"%PDF-1.7\n" + bytes(30),
    "a web page": lambda rows: b"<html><table><tr><td>" + write_rows(rows) + b"</table></html>",
    "JSON": lambda rows: repr(rows).replace("'", '"').encode(),
}  # fmt: skip


def _book(rows: Sequence[Sequence[Any]], *, hidden: Rows | None = None) -> bytes:
    import openpyxl  # noqa: PLC0415

    book = openpyxl.Workbook()
    sheet = book.active
    if hidden is not None:
        sheet.sheet_state = "hidden"
        for row in hidden:
            sheet.append(row)
        sheet = book.create_sheet("data")
        book.active = 1
    for row in rows:
        sheet.append(list(row))
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def _with_member(content: bytes, name: str, held: bytes) -> bytes:
    sink = io.BytesIO(content)
    with zipfile.ZipFile(sink, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, held)
    return sink.getvalue()


def _bomb(rows: Rows) -> bytes:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(30 << 20))
    return _with_member(_book(rows), "xl/media/inner.zip", inner.getvalue())


def _locked(rows: Rows) -> bytes:
    content = bytearray(_book(rows))
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = content.index(mark) + place
        content[at : at + 2] = struct.pack("<H", struct.unpack("<H", content[at : at + 2])[0] | 1)
    return bytes(content)


#: Workbooks by what is odd about them.
WORKBOOKS: dict[str, Callable[[Rows], bytes]] = {
    "sound workbook": _book,
    "formulas without values": lambda rows: _book([rows[0], *([*row[:-1], "=1+1"] for row in rows[1:])]),
    "a hidden sheet first": lambda rows: _book(rows, hidden=[["secret"], ["1"]]),
    "an external link": lambda rows: _with_member(_book(rows), "xl/externalLinks/a.xml", b"<externalLink/>"),
    "a title over merged cells": lambda rows: _book([["统计表"], *rows]),
    "encrypted": lambda _rows: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "a locked member": _locked,
    "xlsb": lambda rows: _with_member(_with_member(b"", "[Content_Types].xml", b"<Types/>"), "xl/workbook.bin",
                                      _text(rows).encode()),
    "a member ../x": lambda rows: _with_member(_book(rows), "../x", b"x"),
    "a member /x": lambda rows: _with_member(_book(rows), "/x", b"x"),
    "an archive within": _bomb,
    "no sheet": lambda _rows: _with_member(b"", "a.txt", b"x"),
    "cut": lambda rows: _book(rows)[:-200],
    "CSV under another name": write_rows,
}  # fmt: skip


def parquet_rows(content: bytes) -> Any:
    """Return the table of a Parquet file, or of a CSV file whose cells are texts."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    if content.startswith(b"PAR1"):
        return pq.read_table(io.BytesIO(content))
    header, *rows = rows_of(content)
    return pa.table({name: [row[place] if row[place:] else None for row in rows] for place, name in enumerate(header)})


def _written(table: Any, **how: Any) -> bytes:
    import pyarrow.parquet as pq  # noqa: PLC0415

    sink = io.BytesIO()
    pq.write_table(table, sink, **how)
    return sink.getvalue()


def _each(change: Callable[[Any, Any], Any]) -> Callable[[Any], bytes]:
    """Return what writes every column otherwise where it can."""

    def bent(table: Any) -> bytes:
        import pyarrow as pa  # noqa: PLC0415

        columns = []
        for column in table.columns:
            try:
                columns.append(change(pa, column.combine_chunks()))
            except (pa.ArrowException, ValueError, TypeError, ArithmeticError):
                columns.append(column)
        return _written(pa.table(columns, names=table.column_names))

    return bent


def _texts(column: Any) -> list[str | None]:
    return [None if cell is None else str(cell) for cell in column.to_pylist()]


def _mapped(column: Any, change: Callable[[str], Any]) -> list[Any]:
    return [None if text is None else change(text) for text in _texts(column)]


def _declared_rows(table: Any) -> bytes:
    """Return a file whose footer says that it has a million times the rows."""
    content = _written(table, compression="none", store_schema=False)
    # In Thrift's compact form a field of 64 bits is written as its zigzag varint.
    rows, lie = table.num_rows, (1 << 40) + 1

    def varint(number: int) -> bytes:
        number <<= 1
        out = bytearray()
        while number >= 0x80:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        return bytes([*out, number])

    size = int.from_bytes(content[-8:-4], "little")
    footer = content[-8 - size : -8].replace(b"\x16" + varint(rows), b"\x16" + varint(lie))
    return content[: -8 - size] + footer + struct.pack("<I", len(footer)) + b"PAR1"


#: Parquet files by what is odd about them; each takes a table.
PARQUET: dict[str, Callable[[Any], bytes]] = {
    "sound Parquet": _written,
    "large texts": _each(lambda pa, column: pa.array(_texts(column), pa.large_string())),
    "dictionaries": _each(lambda pa, column: pa.array(_texts(column)).dictionary_encode()),
    "decimals": _each(lambda pa, column: pa.array(_mapped(column, Decimal), pa.decimal128(30, 6))),
    "floats as Parquet": _each(lambda pa, column: pa.array(_mapped(column, float))),
    "days with a time zone": _each(
        lambda pa, column: column.cast(pa.date32()).cast(pa.timestamp("us", tz="Asia/Shanghai"))),
    "texts as bytes": _each(lambda pa, column: pa.array(_mapped(column, str.encode), pa.binary())),
    "lists": _each(lambda pa, column: pa.array([[text] for text in _texts(column)])),
    "tables within": _each(lambda pa, column: pa.array([{"a": text} for text in _texts(column)])),
    "yes and no": _each(lambda pa, column: pa.array([bool(text) for text in _texts(column)])),
    "nothing at all": _each(lambda pa, column: pa.nulls(len(column))),
    "no rows": lambda table: _written(table.slice(0, 0)),
    "cut off": lambda table: _written(table)[:-100],
    "only its marks": lambda _table: b"PAR1\0\0\0\0PAR1",
    "a footer longer than the file": lambda table: _written(table)[:-8] + b"\xff\xff\xff\x7fPAR1",
    "rows that it does not hold": _declared_rows,
    "a column twice": lambda table: _written(table.append_column(table.column_names[0], table.column(0))),
}  # fmt: skip


def main() -> None:
    """Show what each verb says to each hard input: of the verbs that are named, or of all."""
    from fuzz.cli import hard_calls, prepare  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="actuary-fuzz-") as name:
        prepare(Path(name) / "place")
        for call, what in hard_calls(Path(name) / "place", verbs=sys.argv[1:]):
            said = " ".join(call.said.split())[:260] if call.status else ""
            print(f"{call.status} {what}: {said} {call.finding and '<<< ' + call.finding}", flush=True)


if __name__ == "__main__":
    main()
