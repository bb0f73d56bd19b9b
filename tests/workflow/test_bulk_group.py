"""Grouping a dataset part by part is grouping it at once."""

from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actuary.drg.grouper import group_cases
from actuary.errors import OutputError, TableError
from actuary.workflow.bulk.engine import LocalEngine
from actuary.workflow.bulk.group import group_dataset
from actuary.workflow.bulk.partitions import find_partitions

COUNT = 60


def cases(count: int = COUNT) -> pa.Table:
    dx = [["I21.401"], ["I63.900", "I10.x00"], ["N40.x00"], []]
    px = [["36.0700"], [], ["60.2100"], []]
    return pa.table(
        {
            "case_id": [f"c{number}" for number in range(count)],
            "sex": [1 + number % 2 for number in range(count)],
            "age_years": [20 + number for number in range(count)],
            "age_days": pa.nulls(count, pa.int64()),
            "birth_weight_g": pa.nulls(count, pa.int64()),
            "dx": [dx[number % 4] for number in range(count)],
            "px": [px[number % 4] for number in range(count)],
        }
    )


def lay_out(table: pa.Table, root: Path, cuts: list[int]) -> None:
    edges = [0, *cuts, table.num_rows]
    for number, (begin, end) in enumerate(itertools.pairwise(edges)):
        folder = root / f"year=2024/month={number + 1}"
        folder.mkdir(parents=True)
        pq.write_table(table.slice(begin, end - begin), folder / "part.parquet")


def parts_of(out: Path) -> pa.Table:
    return pa.concat_tables(
        [pq.ParquetFile(part.path).read() for part in find_partitions(out).partitions], promote_options="permissive"
    )


@pytest.mark.parametrize("cuts", [[], [1], [7, 7, 30]])
def test_parts_hold_the_answers_of_the_whole(tmp_path: Path, cuts: list[int]) -> None:
    table = cases()
    lay_out(table, tmp_path / "in", cuts)
    found = group_dataset(tmp_path / "in", tmp_path / "out", engine=LocalEngine(2))
    assert found.cases == COUNT
    assert sum(found.statuses.values()) == COUNT
    assert parts_of(tmp_path / "out").to_pylist() == group_cases(table).to_pylist()
    assert not list(tmp_path.glob(".*"))


def test_row_groups_split_a_large_file(tmp_path: Path) -> None:
    table = cases()
    pq.write_table(table, tmp_path / "big.parquet", row_group_size=10)
    group_dataset(tmp_path / "big.parquet", tmp_path / "out", partition_rows=20, threads=1)
    names = sorted(path.name for path in (tmp_path / "out" / "cases").iterdir())
    assert names == ["big-00000.parquet", "big-00001.parquet", "big-00002.parquet"]
    assert parts_of(tmp_path / "out").to_pylist() == group_cases(table).to_pylist()


def test_answers_beside_the_cases(tmp_path: Path) -> None:
    marked = cases().replace_schema_metadata({"city": "anyang", "synthetic": "true", "other": "x"})
    lay_out(marked, tmp_path / "in", [20])
    group_dataset(tmp_path / "in", tmp_path / "out", with_cases=True, threads=1)
    # Whose cases they are is carried on.
    assert find_partitions(tmp_path / "out").city == "anyang"
    written = pq.read_metadata(tmp_path / "out/cases/year=2024/month=1/part.parquet").metadata
    assert written == {b"city": b"anyang", b"synthetic": b"true"}
    joined = parts_of(tmp_path / "out")
    assert joined.column_names[: len(cases().column_names)] == sorted(cases().column_names)
    assert joined["case_id"].to_pylist() == cases()["case_id"].to_pylist()
    assert joined["dx"].to_pylist() == cases()["dx"].to_pylist()


def test_every_problem_of_a_dataset_at_once(tmp_path: Path) -> None:
    lay_out(cases(), tmp_path / "in", [20, 40])
    month = tmp_path / "in/year=2024"
    pq.write_table(cases().drop_columns(["px"]), month / "month=2/part.parquet")
    (month / "month=3/part.parquet").write_bytes(b"PAR1 cut off")
    with pytest.raises(TableError) as told:
        find_partitions(tmp_path / "in")
    assert "no column 'px'" in str(told.value)
    assert "cannot be read" in str(told.value)


def test_cases_are_never_overwritten(tmp_path: Path) -> None:
    lay_out(cases(), tmp_path / "in", [])
    with pytest.raises(OutputError, match="never overwritten"):
        group_dataset(tmp_path / "in", tmp_path / "in" / "out")


def test_decimal_numbers_may_have_other_digits_in_every_part(tmp_path: Path) -> None:
    # Whoever writes parts from Python has the digits inferred from what each part happens to hold.
    for number, (digits, cost) in enumerate(((6, "9000.00"), (8, "123456.78"))):
        costs = pa.array([Decimal(cost)], pa.decimal128(digits, 2))
        pq.write_table(pa.table({"case_id": [str(number)], "total_cost": costs}), tmp_path / f"{number}.parquet")
    assert len(find_partitions(tmp_path).partitions) == 2
