"""What checking does to one partition, and to one share of the keys of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from actuary.drg.quality.dictionaries import CodeDictionary
from actuary.drg.quality.repeats import REPEATS, repeat_keys
from actuary.drg.quality.run import check_lists
from actuary.drg.quality.settlement_list import SettlementList, read_settlement_list
from actuary.drg.quality.shapes import Declarations
from actuary.workflow.bulk.keys import read_share, write_keys
from actuary.workflow.bulk.partitions import Partition
from actuary.workflow.bulk.rows import read_columns, read_rows

__all__ = ["CheckTask", "CountTask", "KeyTask"]


@dataclass(frozen=True, slots=True)
class KeyTask:
    """Write what makes the lists of a partition the same as others.

    Parameters
    ----------
    declared : Declarations
        What the columns are.
    shares : int
        Shares of the keys.
    """

    declared: Declarations
    shares: int

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Write the keys of a partition."""
        wanted = {"case_id", *(name for names in REPEATS.values() for name in names)}
        given = {place: one.name for one in self.declared.case_columns.values() for place in one.fields}
        wanted |= {name for (table, field), name in given.items() if table == "case" and field in wanted}
        rows = read_rows(partition, [name for name in read_columns(partition) if name in wanted])
        lists = _lists(rows, self.declared, partition)
        written = []
        for rule in REPEATS:
            found = repeat_keys(lists, rule)
            if found is not None:
                write_keys(rule, folder, {"key": found[1], "row": found[0]}, shares=self.shares)
                written.append(rule)
        return {"rules": written}


@dataclass(frozen=True, slots=True)
class CountTask:
    """Count how often each list of a share stands, and list the rows of those that stand several times.

    Parameters
    ----------
    folders : tuple of str
        Where each partition wrote its keys.
    rules : tuple of str
        The rules.
    """

    folders: tuple[str, ...]
    rules: tuple[str, ...]

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Count a share."""
        found: dict[str, list[int]] = {}
        for rule in self.rules:
            tables = [read_share(rule, place, partition.number) for place in self.folders]
            whole = pa.concat_tables(tables).combine_chunks()
            if not whole.num_rows:
                continue
            at = whole["key"].chunk(0).dictionary_encode().indices.to_numpy()
            count = np.bincount(at)[at]
            rows, begin = whole["row"].to_numpy(), 0
            for number, table in enumerate(tables):
                here = slice(begin, begin + table.num_rows)
                several = count[here] > 1
                if several.any():
                    pair = np.stack([rows[here][several], count[here][several]]).astype(np.int64)
                    np.save(folder / f"{rule}-{number:06d}.npy", pair)
                    found.setdefault(rule, []).append(number)
                begin += table.num_rows
        return {"found": found}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTask:
    """Check a partition: ``findings.parquet`` and ``rejected.parquet``.

    Parameters
    ----------
    declared : Declarations
        Rules and limits.
    codes : CodeDictionary or None
        The dictionary of codes.
    repeats : mapping of str to mapping of int to tuple of str, or None
        By rule and partition, the files that list rows of lists that stand several times; None where the partition is
        all there is.
    """

    declared: Declarations
    codes: CodeDictionary | None
    repeats: Mapping[str, Mapping[int, tuple[str, ...]]] | None

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Check a partition."""
        import pyarrow.parquet as pq  # noqa: PLC0415

        lists = _lists(read_rows(partition, read_columns(partition)), self.declared, partition)
        if self.repeats is not None:
            counts = {rule: self._counts(files, partition) for rule, files in self.repeats.items()}
            lists = replace(lists, repeats=counts)
        result = check_lists(lists, self.declared, self.codes, headings=partition.number == 0)
        findings, rejected = (
            table.add_column(0, "file", pa.repeat(pa.scalar(partition.name), table.num_rows))
            for table in (result.findings_table, result.rejected_table)
        )
        pq.write_table(findings, folder / "findings.parquet", compression="zstd")
        pq.write_table(rejected, folder / "rejected.parquet", compression="zstd")
        return {
            "rejected": result.rejected_count,
            "errors": result.error_count,
            "unjudged": result.unjudged_cases,
            "edition": result.edition,
            "runs": [[run.findings, run.cases, run.status, list(run.missing)] for run in result.runs],
        }

    def _counts(self, files: Mapping[int, tuple[str, ...]], partition: Partition) -> Any:
        counts = np.zeros(partition.rows, np.int64)
        for path in files.get(partition.number, ()):
            rows, count = np.load(path)
            counts[rows] = count
        return counts


def _lists(table: Any, declared: Declarations, partition: Partition) -> SettlementList:
    lists = read_settlement_list({"case": table}, declared)
    raw = lists.case.raw
    assert raw is not None  # noqa: S101  (the table of stays always has one)
    raw = replace(raw, where=partition.name, rows=raw.rows + partition.first_row)
    tables = {
        name: replace(one, rows=one.rows + partition.first_row, raw=raw if name == "case" else one.raw)
        for name, one in lists.tables.items()
    }
    return replace(lists, tables=tables)
