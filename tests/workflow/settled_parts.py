"""Settle cases at once and in parts, and compare everything that is written."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from actuary.payment.declaration import PaymentPolicy
from actuary.payment.settle import settle_cases
from actuary.payment.settlement_files import write_settlement
from actuary.workflow.bulk.engine import Engine, LocalEngine
from actuary.workflow.bulk.partitions import find_partitions
from actuary.workflow.bulk.settle import settle_dataset

BUDGET = {"employee": "600000", "resident": "400000"}


def lay_out(table: pa.Table, root: Path, cuts: list[int]) -> None:
    """Write a table as a folder of months, cut at some rows."""
    edges = [0, *sorted(cuts), table.num_rows]
    for number, (begin, end) in enumerate(itertools.pairwise(edges)):
        folder = root / f"year=2024/month={number + 1}"
        folder.mkdir(parents=True)
        pq.write_table(table.slice(begin, end - begin), folder / "part.parquet")


def paid_rows(out: Path) -> list[dict[str, object]]:
    """Return the rows of the cases that were written, part after part."""
    rows = []
    for part in find_partitions(out).partitions:
        rows += pq.ParquetFile(part.path).read().to_pylist()
    return rows


def csv_of(path: Path) -> pd.DataFrame:
    """Return a table as its texts."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def check_same(
    table: pa.Table,
    policy: PaymentPolicy,
    root: Path,
    cuts: list[int],
    *,
    budget: Mapping[str, str] | None = BUDGET,
    engine: Engine | None = None,
) -> None:
    """Settle a table at once and cut into parts: the same rows, values, books, totals, remarks and problems."""
    whole = settle_cases(table, policy, budget=budget, threads=1)
    (root / "whole").mkdir(parents=True)
    write_settlement(whole, root / "whole")
    lay_out(table, root / "in", cuts)
    found = settle_dataset(root / "in", root / "out", policy, budget=budget, engine=engine or LocalEngine(2))
    assert paid_rows(root / "out") == pq.read_table(root / "whole/cases.parquet").to_pylist()
    assert found.point_values == whole.point_values
    assert found.books == whole.books
    tables = {path.name for path in (root / "whole").glob("*.csv")}
    assert {path.name for path in (root / "out").glob("*.csv")} == tables
    for name in tables - {"problems.csv"}:
        assert (root / "out" / name).read_bytes() == (root / "whole" / name).read_bytes(), name
    mine, theirs = (json.loads((root / one / "settlement.json").read_text()) for one in ("out", "whole"))
    for key in set(theirs) - {"fingerprint", "source"}:
        assert mine[key] == theirs[key], key
    problems = csv_of(root / "out/problems.csv")
    columns = ["case_id", "reason", "column", "found", "nearest"]
    assert problems[columns].to_numpy().tolist() == csv_of(root / "whole/problems.csv")[columns].to_numpy().tolist()
