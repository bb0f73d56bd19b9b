"""Compute the weights of groups from a dataset of cases: the costs of all partitions are trimmed together, exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from actuary.errors import Problem, TableError
from actuary.payment.case_build import choose_columns
from actuary.payment.coefficients import CoefficientRule, CoefficientSet, coefficients_of_sums
from actuary.payment.cost_structure import StructureSums
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_rules import rule_of_policy, weights_of_table
from actuary.payment.hospital_list import HospitalList, read_hospitals
from actuary.payment.scheme_quality import SchemeQuality, quality_of_moments
from actuary.payment.statuses import PaymentReason
from actuary.payment.trimming import CostMoments, Trimmed
from actuary.payment.weight_set import WeightSet
from actuary.payment.weights import check_earlier, check_years, weigh_cells
from actuary.payment.weights_of_cases import columns_of, known_groups
from actuary.policy.fingerprints import fingerprint
from actuary.workflow.bulk.case_parts import CaseReader, hospitals_fingerprint
from actuary.workflow.bulk.engine import Engine, PartDone
from actuary.workflow.bulk.journal import Journal, open_journal
from actuary.workflow.bulk.keys import JoinDuplicates, Marks, marks_of, shares_for
from actuary.workflow.bulk.partitions import PARTITION_ROWS, Dataset, Partition, find_partitions
from actuary.workflow.bulk.progress import Progress
from actuary.workflow.bulk.weigh_tasks import BoundsOfCells, CellTask, CostTask, StructureTask, UnitTask, moments_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["WeighedDataset", "weigh_dataset"]


@dataclass(frozen=True, kw_only=True, eq=False)
class WeighedDataset:
    """Hold weights from a dataset.

    Parameters
    ----------
    weights : WeightSet
        The weights [ratio to the mean cost of all cases].
    scheme : SchemeQuality
        How well the groups explain costs, before and after trimming, all years together.
    coefficients : CoefficientSet or None
        Coefficients, where they were asked for.
    partitions : int
        How many parts the cases have.
    """

    weights: WeightSet
    scheme: SchemeQuality
    coefficients: CoefficientSet | None
    partitions: int

    def __repr__(self) -> str:
        """Return what the weights rest on, in a line."""
        return f"<{self.weights.summary()}, in {self.partitions:,} parts>"


def weigh_dataset(  # noqa: PLR0913  (what a run can be asked for)
    path: str | Path,
    out: str | Path,
    policy: PaymentPolicy,
    *,
    hospitals: HospitalList | pd.DataFrame | str | Path | None = None,
    earlier: Mapping[str, Fraction] | None = None,
    coefficients: CoefficientRule | None = None,
    cv_limit: Fraction = Fraction(1),
    write: Callable[[WeighedDataset], None] | None = None,
    engine: Engine | None = None,
    threads: int | None = None,
    partition_rows: int = PARTITION_ROWS,
    restart: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> WeighedDataset:
    """Compute the weights of groups from a folder of Parquet files, or one large file by its row groups.

    Parameters
    ----------
    path : str or Path
        The dataset.
    out : str or Path
        Where the weights are going to stand: what is finished is kept beside it.
    policy : PaymentPolicy
        The policy that declares how weights are computed.
    hospitals : DataFrame or path, optional
        List of hospitals with their tiers.
    earlier : mapping of str to Fraction, optional
        Weights in force before, by group, for smoothing and frozen groups [ratio].
    coefficients : CoefficientRule, optional
        Compute coefficients by this rule too; the cases are then read a second time.
    cv_limit : Fraction
        Limit of the coefficient of variation, for the quality of the grouping.
    write : callable, optional
        Writes what was found, before what is kept is discarded.
    engine : Engine, optional
        What runs the parts; threads of this process when left out.
    threads : int, optional
        Threads of that engine; as many as there are cores when left out.
    partition_rows : int
        Rows of a part at most, as far as the row groups allow it [rows].
    restart : bool
        Whether what an earlier run kept is discarded.
    progress : callable, optional
        Told how far it is.

    Returns
    -------
    WeighedDataset
        The same weights as from one table of all cases.

    Raises
    ------
    TableError
        When a file cannot be read, or no case counts.
    OutputError
        When another run is at work on the same output.

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow as pa, pyarrow.parquet as pq
    >>> from actuary.payment.policy_files import load_payment_policy
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / "cases").mkdir()
    ...     stays = {"case_id": ["1", "2"], "hospital": ["H1", "H1"], "tier": ["3", "3"], "insurance": ["employee"] * 2,
    ...              "drg": ["BR25", "BR25"], "total_cost": ["9000.00", "8000.00"]}
    ...     pq.write_table(pa.table(stays), Path(folder) / "cases" / "2024-01.parquet")
    ...     weighed = weigh_dataset(
    ...         Path(folder) / "cases", Path(folder) / "weights.csv", load_payment_policy("suzhou-2022"))
    >>> weighed.partitions
    1
    """
    rule = rule_of_policy(policy)
    before = weights_of_table(policy.weight_table, policy) if earlier is None else earlier
    check_earlier(rule, before)
    listed = None if hospitals is None else read_hospitals(hospitals)
    dataset = find_partitions(path, partition_rows=partition_rows)
    choose_columns(dataset.columns, where=str(path), extra=columns_of(rule))
    identity = {
        "verb": "weights",
        "policy": policy.fingerprint,
        "hospitals": hospitals_fingerprint(listed),
        "earlier": fingerprint({name: str(weight) for name, weight in before.items()}),
        "form": None if coefficients is None else coefficients.form,
        "dataset": dataset.fingerprint,
    }
    with open_journal(Path(out), identity, engine, threads=threads, restart=restart, progress=progress) as journal:
        run = _Run(journal, dataset, policy, CaseReader(source=str(path), hospitals=listed, extra=columns_of(rule)))
        found = run.weigh(before, coefficients, cv_limit)
        if write is not None:
            write(found)
    return found


@dataclass(frozen=True, slots=True)
class _Run:
    """Hold what the stages share."""

    journal: Journal
    dataset: Dataset
    policy: PaymentPolicy
    reader: CaseReader

    def weigh(
        self, earlier: Mapping[str, Fraction], coefficients: CoefficientRule | None, cv_limit: Fraction
    ) -> WeighedDataset:
        rule = rule_of_policy(self.policy)
        several = len(self.dataset.partitions) > 1
        shares = shares_for(self.dataset.rows)
        ids = shares if several else 0
        reader, structure = self.reader, None
        if rule.basis == "structure_adjusted":
            reader, structure = self._structure(ids)
            ids = 0  # the repeated cases are known by now
        task = CostTask(reader=reader, policy=self.policy, rule=rule, ids=ids, shares=shares, structure=structure)
        parts = self.journal.stage("1 costs", task, self.dataset.partitions)
        if ids:
            reader, few = self._repeats(ids, parts)
            again = self.journal.stage("2 costs again", replace(task, reader=reader, ids=0), few)
            parts = _renewed(parts, again)
        width = max((part.sums["width"] for part in parts), default=1)
        if any("years" in part.sums for part in parts):
            counts = {year: sum(part.sums["years"][str(year)] for part in parts) for year in rule.years}
            check_years(rule, counts, {year for part in parts for year in part.sums["present"]})
        groups = tuple(tuple(part.sums["groups"]) for part in parts)
        trim = CellTask(folders=tuple(part.folder for part in parts), groups=groups, rule=rule, width=width)
        trimmed = self.journal.stage("3 trim", trim, self.journal.buckets(shares, self.dataset.rows))
        cells: dict[str, Any] = {name: held for part in trimmed for name, held in part.sums["groups"].items()}
        listed = known_groups(self.policy)
        # Groups of which only cases stand that do not count are listed as the policy lists them.
        names = sorted({*cells, *listed, *(name for one in groups for name in one)})
        weights = weigh_cells(
            names, _trimmed(names, cells, width), rule, earlier=earlier, known=listed, left_out=_left_out(parts)
        )
        weights = replace(
            weights,
            source=self.dataset.root,
            fingerprint=self.policy.fingerprint,
            synthetic=any(part.sums["synthetic"] for part in parts),
        )
        here = sorted(cells)
        scheme = quality_of_moments(
            here,
            [moments_of(cells[name][1][0]) for name in here],
            [moments_of(cells[name][1][1]) for name in here],
            cv_limit=cv_limit,
            sd=rule.stable.sd,
        )
        factors = None
        if coefficients is not None:
            bounds = BoundsOfCells({name: tuple((low, high) for low, high, *_ in cells[name][0]) for name in here})
            units = UnitTask(
                reader=reader,
                policy=self.policy,
                rule=weights.rule,
                bounds=bounds,
                of_tier=coefficients.form.endswith("tier"),
                structure=structure,
            )
            factors = self._coefficients(units, weights, coefficients)
        return WeighedDataset(weights=weights, scheme=scheme, coefficients=factors, partitions=len(parts))

    def _structure(self, ids: int) -> tuple[CaseReader, StructureSums]:
        """Add up the classes of items of all cases that count, each case once."""
        task = StructureTask(reader=self.reader, policy=self.policy, ids=ids)
        parts = self.journal.stage("0 classes", task, self.dataset.partitions)
        reader = self.reader
        if ids:
            reader, few = self._repeats(ids, parts)
            again = self.journal.stage("0 classes again", replace(task, reader=reader, ids=0), few)
            parts = _renewed(parts, again)
        structure = sum((StructureSums(tuple(part.sums["totals"])) for part in parts), StructureSums())
        structure.shares()  # refuses a class that is empty everywhere, before any cost is adjusted
        return reader, structure

    def _repeats(self, ids: int, parts: Sequence[PartDone]) -> tuple[CaseReader, list[Partition]]:
        """Find the few partitions that hold cases of an earlier one, and read without those."""
        shares = self.journal.buckets(ids, self.dataset.rows)
        join = JoinDuplicates(tuple(part.folder for part in parts))
        marks: Marks = marks_of(self.journal.stage("2 repeated cases", join, shares))
        few = [partition for partition in self.dataset.partitions if partition.number in marks.files]
        return replace(self.reader, duplicates=marks), few

    def _coefficients(self, task: UnitTask, weights: WeightSet, rule: CoefficientRule) -> CoefficientSet:
        import pyarrow.parquet as pq  # noqa: PLC0415

        sums: dict[tuple[str, str], list[int]] = {}
        for part in self.journal.stage("4 units", task, self.dataset.partitions):
            for row in pq.ParquetFile(Path(part.folder) / "units.parquet").read().to_pylist():
                held = sums.setdefault((row["group"], row["unit"]), [0, 0, 0])
                for at, name in enumerate(("n", "kept", "total")):
                    held[at] += row[name]
        groups, units = sorted({group for group, _ in sums}), sorted({unit for _, unit in sums})
        if not units:
            expected = "a column tier, or a list of hospitals"
            raise TableError(Problem(self.dataset.root, "no tier of a hospital", expected))
        counted = np.zeros((3, len(groups), len(units)), np.int64)
        for (group, unit), held in sums.items():
            counted[:, groups.index(group), units.index(unit)] = held
        of_group = tuple(weights.rw(name) for name in groups)
        return coefficients_of_sums((groups, units), (counted[0], counted[1], counted[2]), weights=of_group, rule=rule)


def _renewed(parts: Sequence[PartDone], again: Sequence[PartDone]) -> tuple[PartDone, ...]:
    """Return all parts, those that were done again in place of what they were."""
    renewed = {part.number: part for part in again}
    return tuple(renewed.get(part.number, part) for part in parts)


def _trimmed(names: Sequence[str], cells: Mapping[str, Any], width: int) -> Trimmed:
    """Put the cells of all groups together; where their costs lie is nobody's business any more."""
    empty: list[Any] = [0, (1 << 62), [0, 0, 0], [0, 0, 0]]
    rows: list[list[Any]] = [row for name in names for row in (cells[name][0] if name in cells else [empty] * width)]
    nowhere = np.zeros(len(rows), np.int64)
    none = CostMoments(0, 0, 0)
    return Trimmed(
        low_fen=np.array([row[0] for row in rows], np.int64),
        high_fen=np.array([row[1] for row in rows], np.int64),
        first=nowhere,
        last=nowhere,
        before=tuple(moments_of(row[2]) if row[2][0] else none for row in rows),
        after=tuple(moments_of(row[3]) if row[3][0] else none for row in rows),
    )


def _left_out(parts: Sequence[PartDone]) -> dict[str, int]:
    """Add up the cases that do not count, by reason, in the order in which reasons are looked for."""
    total: dict[str, int] = {}
    for part in parts:
        for reason, count in part.sums["left_out"].items():
            total[reason] = total.get(reason, 0) + count
    order = [reason.en for reason in PaymentReason]
    return dict(sorted(total.items(), key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order)))
