"""Tables whose shape is wrong are answered once, with what is accepted and how to come there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actuary.drg.cases import Case
from actuary.drg.group_files import group_file
from actuary.drg.grouper import group_cases, group_one
from actuary.drg.scheme import Scheme
from actuary.errors import TableError

STEMI = {"sex": 1, "age_years": 60, "age_days": None, "birth_weight_g": None, "dx": ["I21.401"], "px": ["36.0700"]}
HEADER = "case_id,sex,age_years,age_days,birth_weight_g,dx,px\n"
ROW = "a,1,60,,,I21.401,36.0700\n"


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame([{"case_id": "a", **STEMI}, {"case_id": "b", **STEMI}])


def _with(frame: pd.DataFrame, name: str, column: Any) -> Any:
    table = pa.Table.from_pandas(frame)
    return table.set_column(table.column_names.index(name), name, column)


def test_a_column_that_is_there_twice_is_named(national: Scheme, frame: pd.DataFrame, tmp_path: Path) -> None:
    table = pa.Table.from_pandas(frame)
    twice = table.append_column("sex", table["sex"]).append_column("case_id", table["case_id"])
    pq.write_table(twice, tmp_path / "in.parquet")
    (tmp_path / "in.csv").write_text(HEADER.strip() + ",sex,case_id\n" + ROW.strip() + ",1,a\n", encoding="utf-8")
    runs = [
        lambda: group_cases(twice, national),
        lambda: group_cases(pd.concat([frame, frame[["sex", "case_id"]]], axis=1), national),
        lambda: group_file(tmp_path / "in.parquet", tmp_path / "out.csv", national),
        lambda: group_file(tmp_path / "in.csv", tmp_path / "out.csv", national),
    ]
    for run in runs:
        with pytest.raises(TableError) as caught:
            run()
        assert "the column 'sex' 2 times; expected every column once" in str(caught.value)
        assert "the column 'case_id' 2 times" in str(caught.value)
    assert not (tmp_path / "out.csv").exists()
    others = table.append_column("note", table["sex"]).append_column("note", table["sex"])
    assert group_cases(others, national)["drg"].to_pylist() == ["FM19", "FM19"]


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("dx", pa.array([{"icd": "I21.401"}] * 2)),
        ("dx", pa.array([[["I21.401"]]] * 2)),
        ("px", pa.array([[{"icd9": "36.0700"}]] * 2)),
        ("sex", pa.array([[1], [1]])),
        ("age_years", pa.array([{"years": 60}] * 2)),
    ],
)
def test_a_type_that_cannot_hold_a_column_is_named(
    national: Scheme, frame: pd.DataFrame, tmp_path: Path, name: str, column: Any
) -> None:
    table = _with(frame, name, column)
    expected = "lists of texts, or texts joined by" if name in ("dx", "px") else "numbers or texts"
    with pytest.raises(TableError, match=f"column {name}: found cells of the Arrow type .*; expected {expected}"):
        group_cases(table, national)
    pq.write_table(table, tmp_path / "in.parquet")
    with pytest.raises(TableError, match=f"column {name}: found cells of the Arrow type"):
        group_file(tmp_path / "in.parquet", tmp_path / "out.csv", national)


@pytest.mark.parametrize(
    "codes",
    [
        pa.array(["I21.401", None], pa.string_view()),
        pa.array([["I21.401"], None], pa.list_(pa.string_view())),
        pa.array([["I21.401"], None], pa.list_view(pa.string())),
        pa.array([["I21.401"], None], pa.list_(pa.string(), 1)),
        pa.array(["I21.401", None]).dictionary_encode(),
        pa.DictionaryArray.from_arrays(pa.array([0, None], pa.int8()), pa.array([["I21.401"]])),
        pa.RunEndEncodedArray.from_arrays(pa.array([1, 2]), pa.array(["I21.401", None])),
    ],
)
def test_rarer_types_are_read(national: Scheme, frame: pd.DataFrame, codes: Any) -> None:
    table = _with(frame, "dx", codes)
    assert group_cases(table, national)["reason"].to_pylist() == ["rule_hit", "no_diagnosis"]
    sexes = _with(frame, "sex", pa.array(["1", "x"], pa.string_view()))
    assert group_cases(sexes, national)["reason"].to_pylist() == ["rule_hit", "sex_invalid"]


def test_a_record_batch_is_a_table(national: Scheme, frame: pd.DataFrame) -> None:
    found = group_cases(pa.RecordBatch.from_pandas(frame), national)
    assert isinstance(found, pa.Table)
    assert found["drg"].to_pylist() == ["FM19", "FM19"]


@pytest.mark.parametrize(
    ("cases", "found", "mend"),
    [
        ([STEMI], "a list of dict", "pandas.DataFrame"),
        ([Case()], "a list of Case", "group_one takes one Case"),
        ({"case_id": ["a"]}, "a dict", "pandas.DataFrame"),
        ([], "a list", "group_file reads files"),
        ("cases.parquet", "a str", "group_file reads files"),
        (None, "a NoneType", "group_file reads files"),
    ],
)
def test_what_is_no_table_is_named_with_what_is_accepted(national: Scheme, cases: Any, found: str, mend: str) -> None:
    with pytest.raises(TableError) as caught:
        group_cases(cases, national)
    said = str(caught.value)
    assert f"the cases: found {found}; expected a pandas.DataFrame, a pyarrow.Table or a pyarrow.RecordBatch" in said
    assert mend in said


def test_one_case_given_as_a_mapping_is_named(national: Scheme) -> None:
    with pytest.raises(TableError, match=r"a list of dict; expected .* a Case"):
        group_one({"case_id": "a", **STEMI}, national)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_rows_with_a_wrong_number_of_cells_are_named_as_an_editor_counts(
    national: Scheme, tmp_path: Path, encoding: str
) -> None:
    text = HEADER + ROW + "\n" + 'a,"1\n",60,,,I21.401,\n' + "a,1,60\n" + ROW + "病案,1,60,,,I21.401,36.0700,\n"
    (tmp_path / "in.csv").write_text(text, encoding=encoding)
    for threads in (1, 2):
        with pytest.raises(TableError) as caught:
            group_file(tmp_path / "in.csv", tmp_path / "out.csv", national, threads=threads)
        said = str(caught.value)
        assert said.startswith("2 problems")
        assert "in.csv row 6: found 3 cells; expected 7, as in the header; put a cell with a comma" in said
        assert "in.csv row 8: found 8 cells" in said
    assert not (tmp_path / "out.csv").exists()


def test_many_uneven_rows_are_counted(national: Scheme, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(HEADER + ROW + "a,b\n" * 500, encoding="utf-8")
    with pytest.raises(TableError) as caught:
        group_file(tmp_path / "in.csv", tmp_path / "out.csv", national)
    assert len(caught.value.problems) == 11
    assert "500 such rows in all" in str(caught.value)
