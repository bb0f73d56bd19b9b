"""Ways of discharge and departments are compared alike, whatever type their column has."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actuary.drg.cases import Case
from actuary.drg.explain import explain_case
from actuary.drg.group_files import group_file
from actuary.drg.grouper import group_cases, group_one
from actuary.drg.scheme import Scheme, load_scheme

STEMI = {"sex": 1, "age_years": 60, "age_days": None, "birth_weight_g": None, "dx": "I21.401", "px": "36.0700"}


def _city(national: Scheme, folder: Path, discharge: str, department: str) -> Scheme:
    """Return the national scheme in which FM19 is for one discharge and one department only."""
    shutil.copytree(national.folder, folder)
    table = pd.read_csv(folder / "drg.csv", dtype=str, keep_default_na=False)
    table["discharge"] = ["" if drg != "FM19" else discharge for drg in table["drg"]]
    table["department"] = ["" if drg != "FM19" else department for drg in table["drg"]]
    table.to_csv(folder / "drg.csv", index=False)
    return load_scheme(folder)


@pytest.fixture(scope="module")
def city(national: Scheme, tmp_path_factory: pytest.TempPathFactory) -> Scheme:
    return _city(national, tmp_path_factory.mktemp("city") / "city", "5", "12;0302")


def _answers(scheme: Scheme, folder: Path, column: str, cells: Any) -> dict[str, list[str]]:
    """Group the same cells along every way into the grouper."""
    rows = {"case_id": [str(row) for row in range(len(cells))]}
    rows |= {name: [value] * len(cells) for name, value in STEMI.items()}
    frame = pd.DataFrame({**rows, "discharge_status": "5", "department": "12"}).assign(**{column: cells})
    frame.to_csv(folder / "in.csv", index=False)
    pq.write_table(
        pa.Table.from_pandas(frame.astype({column: object}).assign(**{column: cells})), folder / "in.parquet"
    )
    found = {"frame": group_cases(frame, scheme)["drg"].tolist()}
    found["object"] = group_cases(frame.assign(**{column: pd.Series(list(cells), dtype=object)}), scheme)[
        "drg"
    ].tolist()
    for suffix in ("csv", "parquet"):
        group_file(folder / f"in.{suffix}", folder / f"out-{suffix}.parquet", scheme)
        found[suffix] = pq.read_table(folder / f"out-{suffix}.parquet")["drg"].to_pylist()
    cases = [
        Case(**{"case_id": "a", **STEMI, "discharge_status": "5", "department": "12", column: cell}) for cell in cells
    ]
    found["one"] = [group_one(case, scheme).drg for case in cases]
    found["explained"] = [explain_case(case, scheme, alternatives=False).result.drg for case in cases]
    return found


@pytest.mark.parametrize(
    "cells",
    [
        ["5", "4", ""],
        ["5.0", "4.0", "5.5"],
        [" 5 ", "x", "50"],
        ["05", "04", "0"],
        [5, 4, 0],
        [5.0, 4.0, float("nan")],
        [5.0, 5.5, float("inf")],
        pd.array([5, 4, None], dtype="Int64"),
        [Decimal("5.00"), Decimal(4), Decimal(55)],
    ],
)
def test_a_way_of_discharge_is_compared_as_a_number(city: Scheme, tmp_path: Path, cells: Any) -> None:
    for way, found in _answers(city, tmp_path, "discharge_status", cells).items():
        assert [drg == "FM19" for drg in found] == [True, False, False], way


@pytest.mark.parametrize(
    ("cells", "met"),
    [
        (["12", "0302", "302"], [True, True, False]),
        (["12.0", " 0302 ", "0302.0"], [True, True, False]),
        ([12, 302, 5], [True, False, False]),
        ([12.0, 302.0, float("nan")], [True, False, False]),
    ],
)
def test_a_department_keeps_its_leading_zeros(city: Scheme, tmp_path: Path, cells: Any, met: list[bool]) -> None:
    for way, found in _answers(city, tmp_path, "department", cells).items():
        assert [drg == "FM19" for drg in found] == met, way


def test_a_scheme_may_write_its_codes_with_zeros(national: Scheme, tmp_path: Path) -> None:
    padded = _city(national, tmp_path / "padded", "05", "12")
    for way, found in _answers(padded, tmp_path, "discharge_status", ["5", "05", "4"]).items():
        assert [drg == "FM19" for drg in found] == [True, True, False], way
