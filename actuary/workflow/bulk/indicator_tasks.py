"""What indicators ask of one partition: its sums, its accurate costs, or the list of the cases behind a value."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actuary.errors import Problem, TableError
from actuary.files import csv_bytes
from actuary.indicators.case_parts import CaseBasis
from actuary.indicators.case_subjects import basis_of_cases
from actuary.indicators.case_tally import CaseTally, PartOfValue, tally_cases
from actuary.indicators.case_trace import traced_cases
from actuary.payment.indicator_limits import IndicatorLimits
from actuary.payment.statuses import PaymentStatus
from actuary.payment.stay_tally import CellCosts, StayTally, accurate_cases
from actuary.workflow.bulk.case_parts import CaseReader, write_case_ids
from actuary.workflow.bulk.partitions import Partition
from actuary.workflow.bulk.rows import reading
from actuary.workflow.bulk.settled_parts import settled_part

__all__ = ["AccuracyTask", "BasisReader", "TallyTask", "TraceTask", "read_tally"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisReader:
    """Read partitions as what indicators are computed from.

    Parameters
    ----------
    reader : CaseReader
        How the cases are read.
    limits : IndicatorLimits
        Limits of the base.
    by : str
        For whom indicators are computed.
    quarter : str or None
        The quarter or year; None for all months.
    settled : str
        Folder of the same cases settled part by part; "" where they are not settled.
    """

    reader: CaseReader
    limits: IndicatorLimits
    by: str
    quarter: str | None
    settled: str

    def basis(self, partition: Partition, *, ids: tuple[Path, int] | None = None) -> CaseBasis:
        """Read a partition; where `ids` names a folder and shares, write the names of its cases there."""
        own = self.reader.own(partition)
        if ids is not None:
            write_case_ids(own, ids[0], shares=ids[1])
        return basis_of_cases(
            self.reader.judged(own, partition.number),
            {},
            self.limits,
            fund_fen=self._fund(partition) if self.settled else None,
            by=self.by,
            quarter=self.quarter,
        )

    def _fund(self, partition: Partition) -> NDArray[np.int64]:
        """Return what the fund pays for each case by the rule, -1 where it pays nothing [fen]."""
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        path = settled_part(self.settled, partition)
        with reading(replace(partition, path=str(path))), pq.ParquetFile(path) as file:
            paid = file.read(columns=["status", "fund_fen"], use_threads=False)
        if paid.num_rows != partition.rows:
            raise TableError(
                Problem(str(path), f"{paid.num_rows:,} rows", f"{partition.rows:,}, as in {partition.name}")
            )
        is_paid = paid["status"].cast(pa.string()).to_numpy() == PaymentStatus.PAID.value
        return np.where(is_paid, paid["fund_fen"].fill_null(0).to_numpy(), -1).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyTask:
    """Add up a partition: ``tally.json``, ``tally.npz``, ``costs.npz``.

    Parameters
    ----------
    cases : BasisReader
        How it is read.
    ids : int
        Shares of the names of the cases; 0 where they are not wanted.
    """

    cases: BasisReader
    ids: int

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Add up a partition."""
        tally, costs = tally_cases(self.cases.basis(partition, ids=(folder, self.ids) if self.ids else None))
        _write_tally(tally, folder)
        np.savez(folder / "costs.npz", cell=costs.cell, cost_fen=costs.cost_fen)
        return {"cases": tally.cases}


def _write_tally(tally: CaseTally, folder: Path) -> None:
    stays = tally.stays
    words = {
        "subjects": stays.hospitals,
        "groups": stays.groups,
        "known": sorted(stays.known),
        "months": tally.months,
        "rules": {
            name: [rule.divides, rule.top_parts, rule.bottom_parts, rule.why] for name, rule in tally.rules.items()
        },
        "cases": tally.cases,
        "synthetic": tally.synthetic,
    }
    (folder / "tally.json").write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
    np.savez(
        folder / "tally.npz",
        hospital_code=stays.hospital_code,
        group_code=stays.group_code,
        of_cell=stays.of_cell,
        of_hospital=stays.of_hospital,
        summed=tally.summed,
        by_month=tally.by_month,
    )


def read_tally(folder: str | Path) -> CaseTally:
    """Return what a partition adds up to, as :class:`TallyTask` wrote it.

    Parameters
    ----------
    folder : str or Path
        Where it was written.
    """
    place = Path(folder)
    words = json.loads((place / "tally.json").read_text(encoding="utf-8"))
    with np.load(place / "tally.npz") as held:
        arrays = dict(held)
    stays = StayTally(
        hospitals=tuple(words["subjects"]),
        groups=tuple(words["groups"]),
        known=frozenset(words["known"]),
        **{name: arrays[name] for name in ("hospital_code", "group_code", "of_cell", "of_hospital")},
    )
    return CaseTally(
        stays=stays,
        summed=arrays["summed"],
        rules={name: PartOfValue(*rule) for name, rule in words["rules"].items()},
        months=None if words["months"] is None else tuple(words["months"]),
        by_month=arrays["by_month"],
        cases=words["cases"],
        synthetic=words["synthetic"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyTask:
    """Count the cases of a partition whose cost lies near the mean of its group.

    Parameters
    ----------
    folders : tuple of str
        Where each partition was added up.
    accurate : mapping of str to (int, int)
        Which costs are accurate, by group [fen].
    """

    folders: tuple[str, ...]
    accurate: Mapping[str, tuple[int, int]]

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:  # noqa: ARG002  (writes no file)
        """Count a partition by subject; those with none are not named."""
        place = Path(self.folders[partition.number])
        stays = read_tally(place).stays
        with np.load(place / "costs.npz") as held:
            costs = CellCosts(held["cell"], held["cost_fen"])
        counts = accurate_cases(stays, costs, self.accurate).tolist()
        return {name: number for name, number in zip(stays.hospitals, counts, strict=True) if number}


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceTask:
    """List the cases of a partition behind a value: ``rows.csv``, without a heading.

    Parameters
    ----------
    cases : BasisReader
        How it is read.
    weights : mapping of str to Fraction
        Weight by group.
    means : mapping
        What the means of groups are made of, those of all cases, see
        :meth:`actuary.payment.stay_tally.StayTally.means`.
    indicator : str
        The indicator.
    subject : str or None
        One subject; None for all.
    """

    cases: BasisReader
    weights: Mapping[str, Fraction]
    means: Mapping[str, tuple[int, int, int, int]]
    indicator: str
    subject: str | None

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """List the cases; return how many, and their sums as texts."""
        basis = self.cases.basis(partition)
        stays = replace(basis.stays, weights=tuple(self.weights.get(name) for name in basis.stays.groups))
        rows = traced_cases(replace(basis, stays=stays, means=self.means), self.indicator, subject=self.subject)
        _, _, body = csv_bytes(rows, mark=False).partition(b"\n")
        (folder / "rows.csv").write_bytes(body)
        return {"rows": len(rows), **{name: math.fsum(rows[name]).hex() for name in ("top", "bottom")}}
