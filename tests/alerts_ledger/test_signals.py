"""Signals and tables for offices: what is refused, what is the same matter, what is no formula."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from actuary.alerts.sheets import read_filled, xlsx_bytes
from actuary.alerts.signals import Signal
from actuary.errors import ActuaryError, TableError
from actuary.files import csv_bytes, neutral

Make = Callable[..., Signal]
NASTY = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", "=cmd|' /C calc'!A0"]


def test_the_key_is_that_of_the_matter(make_signal: Make) -> None:
    first = make_signal()
    for other in ({"period": "2026"}, {"level": "red"}, {"title_zh": "别名"}, {"money_at_stake_fen": 5}):
        assert make_signal(**other).key == first.key
    for other in ({"kind": "fund"}, {"region": "anyang"}, {"subject": "H3"}, {"rule_id": "split"}):
        assert make_signal(**other).key != first.key
    assert make_signal(region="ab", subject="c").key != make_signal(region="a", subject="bc").key


def test_numbers_of_numpy_become_plain_and_lists_are_frozen(make_signal: Make) -> None:
    signal = make_signal(
        evidence=[["ratio", np.float64(1.5)], ["cases", ["a", np.int64(3)]]], money_at_stake_fen=np.int64(7)
    )
    assert signal.evidence == (("ratio", 1.5), ("cases", ("a", 3)))
    assert type(signal.evidence[1][1][1]) is int
    assert type(signal.money_at_stake_fen) is int
    assert Signal.from_dict(signal.to_dict()) == signal


def test_every_wrong_field_is_said(make_signal: Make) -> None:
    with pytest.raises(ActuaryError) as caught:
        make_signal(
            kind="provder", level="green", subject=" ", period="2025-Q1", money_at_stake_fen=-1,
            evidence=(("ratio", float("nan")), ("row", {"name": "x"})),
        )  # fmt: skip
    assert len(caught.value.problems) == 7
    with pytest.raises(ActuaryError, match=r"did you mean 'period'(.|\n)*signal\.level"):
        Signal.from_dict({"perod": "2025Q1", "kind": "fund"})


@pytest.mark.parametrize("text", NASTY)
def test_no_cell_is_a_formula(text: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"note": [text, "约谈"], "=head": ["-5.20", "x"], "fen": [1, -2]})
    assert neutral(text).startswith("'")
    rows = csv_bytes(frame).decode("utf-8-sig")
    assert "'=head" in rows
    assert ",-5.20," in rows, "numbers stay numbers"
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes({"list": frame})))
    cells = [cell for row in book["list"].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    path = tmp_path / "back.csv"
    path.write_bytes(csv_bytes(frame))
    back = read_filled(path).rows
    assert [row["fen"] for _, row in back] == ["1", "-2"]
    assert back[0][1]["note"].strip() == text.strip()


def test_numbers_that_a_spreadsheet_summed_are_read_as_written(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["case_id", "error_yuan", ""])
    book.active.append([1234567, 0.1 + 0.2, None])
    book.active.append([None, None, None])
    book.active.append(["C2", 12.0, "beside the table"])
    book.save(tmp_path / "list.xlsx")
    assert read_filled(tmp_path / "list.xlsx").rows == (
        (2, {"case_id": "1234567", "error_yuan": "0.3"}),
        (4, {"case_id": "C2", "error_yuan": "12"}),
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file"),
        (b"a,a\n1,2\n", "the column 'a' 2 times"),
        ("医院,结果\n".encode("gb18030") + b"\xff\xff,1\n", "not UTF-8"),
        (b'a,b\n"1,2\n', "quotation marks"),
        (b"PK\x03\x04", "no workbook"),
    ],
)
def test_files_that_are_no_tables_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(TableError, match=message):
        read_filled(path)
