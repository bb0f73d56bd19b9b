"""Checking a dataset part by part finds what checking it at once finds."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from actuary.cli import app
from actuary.drg.quality import check_settlement_list
from actuary.workflow.bulk.check import check_dataset
from actuary.workflow.bulk.partitions import find_partitions


def cases(count: int = 80) -> pa.Table:
    rng = np.random.default_rng(3)
    return pa.table(
        {
            "case_id": [f"c{number}" for number in rng.integers(0, count * 2, count)],
            "sex": rng.choice([1, 2, 3], count, p=[0.5, 0.4, 0.1]),
            "age_years": rng.choice([30, 60, 150], count, p=[0.5, 0.4, 0.1]),
            "dx": [["I21.001"] if number % 9 else [] for number in range(count)],
            "px": [["36.0700"]] * count,
            "psn_key": [f"p{number}" for number in rng.integers(0, 12, count)],
            "adm_time": ["2024-03-01"] * count,
            "dscg_time": rng.choice(["2024-03-05", "2024-03-06", "2024-02-01"], count),
            "fixmedins_code": rng.choice(["H1", "H2"], count),
            "age_yaers": [1] * count,
        }
    )


def read(folder: Path) -> pd.DataFrame:
    parts = [pq.ParquetFile(part.path).read().to_pandas() for part in find_partitions(folder).partitions]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("cuts", [[], [40], [0, 10, 11, 11, 70]])
def test_findings_of_parts_are_those_of_the_whole(tmp_path: Path, cuts: list[int]) -> None:
    table = cases()
    whole = check_settlement_list(table)
    for number, (begin, end) in enumerate(itertools.pairwise([0, *cuts, table.num_rows])):
        (tmp_path / f"in/{number}").mkdir(parents=True)
        pq.write_table(table.slice(begin, end - begin), tmp_path / f"in/{number}/part.parquet")
    found = check_dataset(tmp_path / "in", tmp_path / "out", threads=1)
    pd.testing.assert_frame_equal(found.summary(), whole.summary())
    assert {"F06", "Q15", "F08"} <= set(whole.findings["rule"])
    columns = ["rule", "case_id", "field", "value", "message_zh"]
    assert read(tmp_path / "out/findings")[columns].to_numpy().tolist() == whole.findings[columns].to_numpy().tolist()
    assert read(tmp_path / "out/rejected")["rejected_by"].tolist() == whole.rejected["rejected_by"].tolist()
    assert (found.rejected_count, found.error_count) == (whole.rejected_count, whole.error_count)


def test_the_command_checks_a_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(2):
        pq.write_table(cases().slice(40 * number, 40), tmp_path / f"in/{number}.parquet")
    wanted = [str(word) for word in ("check", tmp_path / "in")]
    told = CliRunner().invoke(app, wanted)
    assert told.exit_code == 2
    assert "--out" in told.output
    told = CliRunner().invoke(app, [*wanted, "--out", str(tmp_path / "out")])
    assert told.exit_code == 1, told.output
    assert "2 parts" in told.output
