"""Cells that nobody expects: each is wrong for its own row only, whatever the container."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
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

STEMI = {"sex": 1, "age_years": 60, "age_days": None, "birth_weight_g": None, "dx": ["I21.401"], "px": ["36.0700"]}


def _stays(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{"case_id": str(row), **STEMI, **change} for row, change in enumerate(changes)], dtype=object)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sex": 2**70}, "sex_invalid"),
        ({"age_years": 2**70}, "age_invalid"),
        ({"age_years": 10**400}, "age_invalid"),
        ({"age_years": 10**5000}, "age_invalid"),
        ({"age_days": -(2**70)}, "rule_hit"),
        ({"age_days": -(2**70), "age_years": 0}, "age_days_missing"),
        ({"sex": [1]}, "sex_invalid"),
        ({"sex": {"code": 1}}, "sex_invalid"),
        ({"dx": ["\ud800"]}, "principal_dx_unknown"),
        ({"dx": "\ud800"}, "principal_dx_unknown"),
        ({"dx": [b"\xff\xfe"]}, "principal_dx_unknown"),
        ({"dx": b"\xff\xfe"}, "principal_dx_unknown"),
        ({"dx": {"icd": "I21.401"}}, "principal_dx_unknown"),
        ({"dx": [["I21.401"]]}, "principal_dx_unknown"),
        ({"dx": ["I21.401", "\ud800", b"\xff"], "px": [b"36.0700"]}, "rule_hit"),
        ({"dx": b"I21.401"}, "rule_hit"),
        ({"dx": 10**5000}, "principal_dx_unknown"),
    ],
)
def test_a_cell_that_cannot_be_held_is_wrong_for_its_row(national: Scheme, change: dict[str, Any], reason: str) -> None:
    assert group_cases(_stays(change), national)["reason"].tolist() == [reason]
    found = group_cases(_stays({}, change, {}), national)
    assert found["reason"].tolist() == ["rule_hit", reason, "rule_hit"]
    assert found["drg"].tolist()[::2] == ["FM19", "FM19"]
    assert group_one(Case(case_id="0", **{**STEMI, **change}), national).reason == reason


@pytest.mark.parametrize(
    "codes",
    [pa.list_(pa.binary()), pa.large_list(pa.large_binary()), pa.list_(pa.binary_view()), pa.list_(pa.string())],
)
def test_bytes_that_are_no_text_are_an_unknown_code(national: Scheme, tmp_path: Path, codes: Any) -> None:
    words = pa.array([b"I21.401", b"\xff\xfe", b"I21.401"])
    if codes.value_type == pa.string():
        values = pa.Array.from_buffers(pa.string(), 3, words.buffers())  # what no writer of Parquet checks
    else:
        values = words.cast(codes.value_type)
    lists = pa.LargeListArray if pa.types.is_large_list(codes) else pa.ListArray
    table = pa.Table.from_pandas(_stays({}, {}, {})).drop(["dx"])
    table = table.append_column("dx", lists.from_arrays([0, 1, 2, 3], values))
    expected = ["rule_hit", "principal_dx_unknown", "rule_hit"]
    assert group_cases(table, national)["reason"].to_pylist() == expected
    if codes != pa.list_(pa.binary_view()):
        pq.write_table(table, tmp_path / "in.parquet")
        group_file(tmp_path / "in.parquet", tmp_path / "out.parquet", national)
        assert pq.read_table(tmp_path / "out.parquet")["reason"].to_pylist() == expected


def test_names_and_numbers_of_bytes_stop_nobody(national: Scheme, tmp_path: Path) -> None:
    table = pa.Table.from_pandas(_stays({}, {})).drop(["case_id", "age_years"])
    table = table.append_column("case_id", pa.array([b"a", b"\xff"]))
    ages = pa.Array.from_buffers(pa.string(), 2, pa.array([b"60", b"\xff"]).buffers())
    table = table.append_column("age_years", ages)
    pq.write_table(table, tmp_path / "in.parquet")
    for suffix in ("csv", "parquet"):
        group_file(tmp_path / "in.parquet", tmp_path / f"out.{suffix}", national)
    written = pd.read_csv(tmp_path / "out.csv", dtype=str)
    assert written["case_id"].tolist() == ["a", "\ufffd"]
    assert written["reason"].tolist() == ["rule_hit", "age_invalid"]


@pytest.mark.parametrize("cells", [["1", "1.5"], [Decimal("1.0"), Decimal("1.5")]])
def test_a_sex_of_one_and_a_half_is_none_in_a_categorical_too(national: Scheme, cells: Sequence[object]) -> None:
    frame = _stays({}, {}).assign(sex=pd.Categorical(cells))
    assert group_cases(frame, national)["reason"].tolist() == ["rule_hit", "sex_invalid"]
