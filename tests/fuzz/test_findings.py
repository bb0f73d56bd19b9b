"""What was found by fuzzing and by hand: one smallest input each, and the sentence that says what was wrong."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from actuary.errors import ActuaryError, TableError
from actuary.files import (
    FileNote,
    check_archive,
    check_identifiers,
    check_regular,
    csv_bytes,
    guarded_column,
    neutral,
    parse_json,
    parse_toml,
    plain_decimal,
    read_delimited,
    read_workbook,
    serial_day,
    unguarded_column,
)
from actuary.payment.case_cells import read_dates, read_decimals
from actuary.payment.clearing_inputs import read_figures
from actuary.policy.toml_files import read_toml
from actuary.tables.row_files import open_rows

_GRID = (("case_id", "title", "note"), ("c1", "沈阳市第一人民医院", "a,b"), ("c2", "中心医院", 'line\nline "q"'))


def _csv(separator: str = ",", end: str = "\n", extra: str = "") -> str:
    rows = [separator.join('"' + cell.replace('"', '""') + '"' for cell in row) + extra for row in _GRID]
    return end.join([*rows, ""])


_WAYS = {
    "UTF-8": (_csv().encode(), False),
    "UTF-8 with its mark": (_csv().encode("utf-8-sig"), False),
    "UTF-16 with its mark": (_csv().encode("utf-16"), False),
    "GB18030": (_csv().encode("gb18030"), True),
    "semicolons": (_csv(";").encode(), True),
    "tabs in GB18030": (_csv("\t").encode("gb18030"), True),
    "bars": (_csv("|").encode(), True),
    "CRLF": (_csv(end="\r\n").encode(), False),
    "CR alone": (_csv(end="\r").encode(), False),
    "a separator at the end of each row": (_csv(extra=",").encode(), False),
    "blank rows between": (_csv(end="\n\n").encode(), False),
}


def _stream(path: Path) -> list[list[str]]:
    opened = open_rows(
        path, lambda names: [name for name in names if name], coded=lambda _: False, threads=1, batch_rows=9
    )
    table = pa.Table.from_batches(list(opened))
    return [list(row) for row in zip(*(table[name].to_pylist() for name in _GRID[0]), strict=True)]


def _whole(path: Path) -> list[list[str]]:
    return read_delimited(path.read_bytes(), where="t.csv").rows


@pytest.mark.parametrize("read", [_stream, _whole])
@pytest.mark.parametrize("way", _WAYS)
def test_one_table_is_the_same_however_it_is_written(way: str, read: Callable[[Path], object], tmp_path: Path) -> None:
    content, told = _WAYS[way]
    (tmp_path / "t.csv").write_bytes(content)
    if told:
        with pytest.warns(FileNote, match="read (as GB18030|with)"):
            rows = read(tmp_path / "t.csv")
    else:
        rows = read(tmp_path / "t.csv")
    assert rows == [list(row) for row in _GRID[1:]]


def test_utf_16_without_its_mark_is_known_by_its_zero_bytes() -> None:
    with pytest.warns(FileNote, match="read as UTF-16"):
        table = read_delimited("a,b\n1,2\n".encode("utf-16-le"), where="t.csv")
    assert table.rows == [["1", "2"]]


def test_short_gb18030_that_is_also_utf_8_is_not_guessed() -> None:
    # 伪 in GB18030 has the bytes of α in UTF-8: a Greek name would have come out of a Chinese one.
    with pytest.raises(TableError, match="could be UTF-8 as well as GB18030"):
        read_delimited("伪,a\n1,2\n".encode("gb18030"), where="t.csv")
    with pytest.warns(FileNote, match="read as UTF-8, though it could be GB18030"):
        assert read_delimited("a,b\ncafé,1\n".encode(), where="t.csv").rows == [["café", "1"]]
    assert read_delimited("α,b\n1,2\n".encode("utf-8-sig"), where="t.csv").columns == ("α", "b")


def test_headings_keep_no_guard_when_they_are_read_back() -> None:
    # Found by the target delimited: "-name" was written as "'-name", and stayed so.
    assert read_delimited(b"a,'-name\n1,2\n", where="t.csv").columns == ("a", "-name")


def test_a_form_feed_in_a_heading_ends_no_row() -> None:
    # Found by the target delimited: only what stood before the form feed was searched for the separator.
    with pytest.warns(FileNote, match="semicolons"):
        assert read_delimited(b"a\x0cb;c\n1;2\n", where="t.csv").columns == ("a\x0cb", "c")


def test_a_parquet_file_whose_column_names_are_no_text_is_refused(tmp_path: Path) -> None:
    # Found by the target stays: a flipped byte in the name of a column was a UnicodeDecodeError.
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"case_id": ["1"]}), path, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"case_id", b"cas\xf3_id"))
    with pytest.raises(TableError, match="whole Parquet file"):
        list(open_rows(path, list, coded=lambda _: False, threads=1, batch_rows=9))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b"\xef\xbb\xbf\r\n\r\n", "an empty file"),
        (b"\na,b\n", "an empty line"),
        (b"abcd,b\nefgh,\0\n", "a NUL byte on line 2"),
        (b"a,b\n1,\xe4\xb8", "in the middle of a character"),
        ("医院,名称\n人民医院,1\n".encode() + "中心医院,2\n".encode("gb18030"), "though other lines are UTF-8"),
        ("a，b\n1，2\n".encode(), "full-width commas"),
        (b"a,b;c\n1,2;3\n", "commas and semicolons"),
        (b'a,b\n"1,2\n', "quotation marks"),
        (b"PK\x03\x04", "a spreadsheet"),
        (b"\x1f\x8b\x08", "packed with gzip"),
        (b"%PDF-1.7", "a PDF"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_the_reason(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=said):
        read_delimited(content, where="t.csv")
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(TableError):
        _stream(tmp_path / "t.csv")


def test_ten_thousand_columns_and_no_rows_are_read(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(10_000)]
    (tmp_path / "t.csv").write_text(",".join(names) + "\n" + ",".join("1" * 10_000) + "\n", encoding="utf-8")
    opened = open_rows(tmp_path / "t.csv", lambda _: ["c9999"], coded=lambda _: False, threads=1, batch_rows=9)
    assert [batch.to_pydict() for batch in opened] == [{"c9999": ["1"]}]
    assert read_delimited(b"a,b\n", where="t.csv").rows == []
    with pytest.raises(TableError, match="at most 20,000"):
        read_delimited(b",".join(b"a%d" % number for number in range(20_001)) + b"\n", where="t.csv")


def test_headings_may_be_full_width_blank_or_marked() -> None:
    table = read_delimited("\ufeff ｃａｓｅ＿ｉｄ ,　总费用（元）,\n1,2,\n".encode(), where="t.csv")
    assert table.columns == ("case_id", "总费用（元）")


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    # A pipe that nobody writes into, and a device without end, were read for ever.
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "loop").symlink_to("loop")
    for path, said in ((tmp_path / "pipe.toml", "a pipe"), (Path("/dev/zero"), "a device"), (tmp_path, "a folder"),
                       (tmp_path / "loop", "found"), (tmp_path / ("x" * 300), "found")):  # fmt: skip
        with pytest.raises(TableError, match=said):
            check_regular(path, where="--cases")
    file, problems = read_toml(tmp_path / "pipe.toml", root=tmp_path)
    assert file is None
    assert "a pipe" in str(problems[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.50", "1234.50"), ("１２３４．５", "1234.5"), ("-12,345,678", "-12345678"), ("1.2e9", "1.2E+9"),
        ("−5", "-5"), ("1,5", None), ("12,34", None), ("1_000", None), ("nan", None), ("Infinity", None),
        ("0x10", None), ("", None), ("1" * 65, None), ("1e9999", None), ("1 000", None),
    ],
)  # fmt: skip
def test_a_number_is_read_exactly_or_not_at_all(text: str, value: str | None) -> None:
    # Commas were dropped wherever they stood: a decimal comma made 1,5 into 15.
    assert plain_decimal(text) == (None if value is None else Decimal(value))
    if value is None or not value.startswith("-"):
        whole = read_decimals(pa.array([text]), digits=2, exact=True, highest=10**13).whole[0]
        assert (whole > 0) == (value is not None)


def test_a_decimal_comma_in_a_figure_of_a_clearing_is_no_thousand(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text('hospital,prepaid_yuan\nH1,"1,5"\n', encoding="utf-8")
    with pytest.raises(TableError, match="a number"):
        read_figures(tmp_path / "p.csv", "prepaid", known=[("H1", "employee")])


def test_days_that_a_spreadsheet_counts_are_days() -> None:
    days = read_dates(
        pa.array(["45322", "45322.0", "2024-01-31", "２０２４年１月３１日", "20240131", "99999", "7"])
    ).whole
    assert (days[:5] == days[0]).all()
    assert (days[5:] < 0).all()
    assert str(serial_day("45322")) == "2024-01-31"


def test_names_of_cases_that_lost_their_digits_are_refused() -> None:
    for column in (pa.array(["1.23457E+17"] * 2), pa.array([1.234567890123456e17] * 2)):
        with pytest.raises(TableError, match="last digits are lost"):
            check_identifiers(column, where="cases.csv, case_id")
    check_identifiers(pa.array(["1.23457E+17", "1.23458E+17", "E05", None, "123.0"]), where="t")


_FORMULAS = (
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1+1",
    "\u200b=1",
    "'=1",
    "''=1",
)


@pytest.mark.parametrize("text", _FORMULAS)
def test_no_export_holds_a_formula_and_every_text_comes_back(text: str) -> None:
    written = csv_bytes(pd.DataFrame({"name": ["n"], "=head": [text]}))
    table = read_delimited(written, where="t.csv")
    assert table.columns == ("name", "=head")
    assert table.rows == [["n", text.replace("\r", "\n")]]
    column = pa.array([text, "c1", "-5", None])
    guarded = guarded_column(column)
    assert guarded.to_pylist() == [neutral(text), "c1", "-5", None]
    assert guarded.to_pylist()[0].startswith("'")
    assert unguarded_column(guarded).to_pylist() == column.to_pylist()


def test_guards_do_not_survive_the_way_through_a_stream(tmp_path: Path) -> None:
    table = pa.table({"case_id": guarded_column(pa.array(["=1", "'q"])), "title": ["a", "b"], "note": ["", "-1"]})
    pa_csv.write_csv(table, tmp_path / "t.csv")
    assert _stream(tmp_path / "t.csv") == [["=1", "a", ""], ["'q", "b", "-1"]]


def test_documents_without_an_end_are_errors_of_their_format() -> None:
    # Brackets within each other were a RecursionError, thousands of digits a plain ValueError.
    for text in ("a = " + "[" * 5000, "a = " + "9" * 5000):
        with pytest.raises(ValueError, match=r"brackets|cannot be read"):
            parse_toml(text)
    with pytest.raises(ValueError, match="brackets"):
        parse_json("[" * 100_000)


def test_a_parquet_file_of_equal_rows_without_end_is_refused(tmp_path: Path) -> None:
    # 11 million equal rows take some kilobytes, and much once they are texts.
    path = tmp_path / "t.parquet"
    same = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int8()), pa.array(["c"]))
    with pq.ParquetWriter(path, pa.schema([("case_id", same.type)])) as writer:
        for _ in range(11):
            writer.write_table(pa.table({"case_id": same}))
    with pytest.raises(TableError, match="at most 8 rows a byte"):
        open_rows(path, list, coded=lambda _: False, threads=1, batch_rows=9)


def _zip(members: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] = lambda _: None) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            change(entry)
            archive.writestr(entry, content)
    return sink.getvalue()


def _link(entry: zipfile.ZipInfo) -> None:
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16


def _lying() -> bytes:
    content = bytearray(_zip({"a.xml": b"x" * 5000}))
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = content.index(mark) + place
        content[at : at + 4] = (10).to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_zip({"../../evil": b""}), "a member with the path"),
        (_zip({"/etc/passwd": b""}), "a member with the path"),
        (_zip({"C:\\evil": b""}), "a member with the path"),
        (_zip({"a": b"/etc/passwd"}, _link), "which is a link"),
        (_zip({"a.xml": b"\0" * (40 << 20)}), "at most 250 times its size"),
        (_zip({"xl/a.xml": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'}), "a document type"),
        (_zip({"xl/a.xml": '<!DOCTYPE x><x/>'.encode("utf-16")}), "a document type"),
        (_zip({f"m{number}": b"" for number in range(5_001)}), "at most 5,000"),
        (_lying(), "found"),
        (b"PK\x03\x04rest", "no workbook"),
    ],
)  # fmt: skip
def test_archives_that_hold_more_than_they_weigh_or_point_elsewhere_are_refused(content: bytes, said: str) -> None:
    with pytest.raises(TableError, match=said):
        check_archive(content, where="list.xlsx")
    with pytest.raises(TableError):
        read_workbook(content, where="list.xlsx")


def _book(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def test_a_sheet_that_claims_a_million_rows_is_not_believed() -> None:
    content = _book([["a"], ["1"]])
    members = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            members[name] = archive.read(name).replace(b'ref="A1:A2"', b'ref="A1:XFD1048576"')
    assert read_workbook(_zip(members), where="t.xlsx") == [["a"], ["1"]]


def test_cells_of_a_workbook_are_read_as_they_show() -> None:
    content = _book(
        [["day", "id", "x"], [datetime(2024, 1, 31), 12.0, "=1+1"], [datetime(2024, 1, 31, 10, 5), 0.1 + 0.2]]
    )
    rows = read_workbook(content, where="t.xlsx")
    assert rows[1][:2] == ["2024-01-31", "12"]
    assert rows[2][:2] == ["2024-01-31 10:05:00", "0.3"]
    with pytest.raises(TableError, match="more than 15 digits"):
        read_workbook(_book([["id"], [123456789012345678]]), where="t.xlsx")


def test_every_problem_of_a_refusal_has_its_words() -> None:
    with pytest.raises(ActuaryError) as caught:
        read_delimited(b"\0", where="t.csv")
    for problem in caught.value.problems:
        assert problem.where
        assert problem.found
        assert problem.expected
