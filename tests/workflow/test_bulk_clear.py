"""Clearing what was settled part by part is clearing what was settled at once."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from typer.testing import CliRunner

from actuary.cli import app


def stays(count: int = 90) -> pa.Table:
    return pa.table(
        {
            "case_id": [f"c{number}" for number in range(count)],
            "hospital": [f"H{number % 3}" for number in range(count)],
            "tier": ["3"] * count,
            "insurance": ["employee" if number % 4 else "resident" for number in range(count)],
            "drg": ["BR25" if number % 2 else "GD25" for number in range(count)],
            "total_cost": [f"{4000 + 137 * number}.05" for number in range(count)],
            "fund_charged": [f"{2000 + 57 * number}.00" for number in range(count)],
            "month": [f"2024-{1 + number // 30:02d}" for number in range(count)],
        }
    )


def run(*words: object) -> None:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output


def test_settled_and_cleared_by_the_command(tmp_path: Path) -> None:
    table = stays()
    pq.write_table(table, tmp_path / "cases.parquet")
    for month in range(3):
        folder = tmp_path / f"in/year=2024/city=a/month={month + 1}"
        folder.mkdir(parents=True)
        pq.write_table(table.slice(30 * month, 30), folder / "part.parquet")
    for name, cases in (("whole", "cases.parquet"), ("parts", "in")):
        run("settle", tmp_path / cases, "--policy", "suzhou-2022", "--budget", "900000", "--out", tmp_path / name)
        run("clear", tmp_path / name)
    for name in ("clearing/hospitals.csv", "clearing/books.csv", "hospitals.csv", "months.csv"):
        whole, parts = (pd.read_csv(tmp_path / one / name, dtype=str) for one in ("whole", "parts"))
        pd.testing.assert_frame_equal(parts, whole)
    # What lists all that it holds may be replaced.
    run("settle", tmp_path / "in", "--policy", "suzhou-2022", "--budget", "900000", "--out", tmp_path / "parts")
