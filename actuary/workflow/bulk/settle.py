"""Settle a dataset of cases, part by part: what a point is worth first, then what every case is paid."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.durable.folders import check_output
from actuary.errors import ActuaryError, Problem, TableError
from actuary.payment.case_build import choose_columns
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import Number, as_decimal, fen_to_yuan
from actuary.payment.hospital_list import HospitalList, read_hospitals
from actuary.payment.point_value import PointValue, budgets_of
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.readmission import READMISSION_COLUMNS
from actuary.payment.settle_pools import book_pools, value_points
from actuary.payment.settlement import BookRow
from actuary.payment.settlement_files import record_of_sums, write_settlement_tables
from actuary.payment.settlement_sums import SettlementSums
from actuary.payment.statuses import REASON_STATUS, PaymentStatus
from actuary.policy.fingerprints import fingerprint
from actuary.tables.personal_door import current_door
from actuary.threads import threads_to_use
from actuary.workflow.bulk.case_parts import CaseReader, hospitals_fingerprint
from actuary.workflow.bulk.engine import Engine, LocalEngine, PartDone
from actuary.workflow.bulk.journal import Journal, open_journal
from actuary.workflow.bulk.keys import JoinDuplicates, JoinReadmissions, Marks, marks_of, shares_for
from actuary.workflow.bulk.partitions import PARTITION_ROWS, Dataset, find_partitions
from actuary.workflow.bulk.progress import Progress
from actuary.workflow.bulk.publish import publish, refuse_overlap
from actuary.workflow.bulk.rows import read_columns
from actuary.workflow.bulk.settle_tasks import PayTask, ScanTask, SumTask, pools_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SettledDataset", "settle_dataset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledDataset:
    """Say what a settlement of a dataset comes to.

    Parameters
    ----------
    path : Path
        The folder that was written.
    policy : PaymentPolicy
        The policy.
    partitions : int
        How many parts.
    sums : SettlementSums
        What all cases come to [fen, points].
    point_values : tuple of PointValue
        What a point is worth in each pool [yuan].
    books : tuple of BookRow
        Lines that add up to the budget of each pool [fen].
    fingerprint : str
        Hash of the policy, of every part of the cases in its order, and of the budgets.
    """

    path: Path
    policy: PaymentPolicy
    partitions: int
    sums: SettlementSums
    point_values: tuple[PointValue, ...]
    books: tuple[BookRow, ...]
    fingerprint: str

    def __len__(self) -> int:
        """Return the number of cases."""
        return sum(self.sums.reasons)

    def __repr__(self) -> str:
        """Return what it is of, in a line."""
        made_up = ", synthetic" if self.sums.synthetic else ""
        return f"<settlement of {len(self):,} cases in {self.partitions:,} parts by {self.policy.id}{made_up}>"

    def summary(self) -> Mapping[str, object]:
        """Return the main figures, as :meth:`actuary.payment.settlement.Settlement.summary` does."""
        by_status = {status.value: 0 for status in PaymentStatus}
        for number, status in zip(self.sums.reasons, REASON_STATUS, strict=True):
            by_status[status.value] += number
        values = {pool.insurance: None if pool.value is None else as_decimal(pool.value) for pool in self.point_values}
        return {
            "policy": self.policy.id,
            "cases": len(self),
            **by_status,
            "cost_yuan": fen_to_yuan(self.sums.money["cost"]),
            "standard_yuan": fen_to_yuan(self.sums.money["standard"]),
            "fund_yuan": fen_to_yuan(self.sums.money["fund"]),
            "point_values_yuan": values,
            "synthetic": self.sums.synthetic,
            "fingerprint": self.fingerprint,
        }


def settle_dataset(  # noqa: PLR0913  (what a run can be asked for)
    path: str | Path,
    out: str | Path,
    policy: PaymentPolicy | str | Path,
    *,
    budget: Mapping[str, Number] | Number | None = None,
    hospitals: HospitalList | pd.DataFrame | str | Path | None = None,
    lang: str = "zh",
    strict: bool = False,
    engine: Engine | None = None,
    threads: int | None = None,
    partition_rows: int = PARTITION_ROWS,
    restart: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> SettledDataset:
    """Settle a dataset of cases: a folder of Parquet files, or one large file by its row groups.

    Every case is paid what it would be paid if all cases stood in one table, to the fen. The cases are read twice: once
    for the points and the names of the cases, once to pay them.

    Parameters
    ----------
    path : str or Path
        The dataset: one pool and period of settlement, whatever its folders.
    out : str or Path
        Folder to write: ``cases/`` laid out as the input, and the tables of ``actuary settle``.
    policy : PaymentPolicy, str or Path
        The payment policy, its name or its file.
    budget : mapping or number, optional
        Budgets by insurance, where the price of the policy floats [yuan].
    hospitals : DataFrame or path, optional
        List of hospitals with their tiers.
    lang : str
        Language of the reasons in the list of problems.
    strict : bool
        Whether to refuse when a case cannot be paid as it stands.
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
    SettledDataset
        What it comes to.

    Raises
    ------
    TableError
        When a file cannot be read or lacks a column, or a rule of the policy needs all cases of the year at once.
    DeclarationError, BudgetError
        When the policy, or the budget it asks for, is not what it should be.
    ActuaryError
        With `strict`, when a case cannot be paid as it stands.
    OutputError
        When the output cannot be written, or another run is at work on it.

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow as pa, pyarrow.parquet as pq
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / "cases").mkdir()
    ...     stays = {"case_id": ["1"], "hospital": ["H1"], "tier": ["3"], "insurance": ["employee"], "drg": ["BR25"],
    ...              "total_cost": ["9000.00"]}
    ...     pq.write_table(pa.table(stays), Path(folder) / "cases" / "2024-01.parquet")
    ...     settle_dataset(Path(folder) / "cases", Path(folder) / "settled", "suzhou-2022")
    <settlement of 1 cases in 1 parts by suzhou-2022>
    """
    target = check_output(Path(out))
    refuse_overlap(path, target)
    rules = policy if isinstance(policy, PaymentPolicy) else load_payment_policy(policy)
    if rules.partial:
        # Loading it again says which inputs are missing, and how to give them.
        rules = load_payment_policy(rules.source_path)
    listed = None if hospitals is None else read_hospitals(hospitals)
    pools = budgets_of(rules, budget, ())
    dataset = find_partitions(path, partition_rows=partition_rows)
    chosen = choose_columns(dataset.columns, where=str(path))
    if current_door().drop:
        with suppress(TableError):  # a column that is needed is told where it is read, with the way on
            chosen = choose_columns(_columns_left(dataset), where=str(path))
    _refuse_orders(rules, dataset, chosen)
    identity = {
        "verb": "settle",
        "policy": rules.fingerprint,
        "hospitals": hospitals_fingerprint(listed),
        "budgets_fen": {pool: str(amount) for pool, amount in pools.items()},
        "lang": lang,
        "dataset": dataset.fingerprint,
    }
    runner = engine or LocalEngine(threads_to_use(threads))
    with open_journal(target, identity, runner, restart=restart, progress=progress) as journal:
        run = _Run(journal, dataset, rules, pools, CaseReader(source=str(path), hospitals=listed), chosen)
        return run.settle(target, budget=budget, lang=lang, strict=strict)


def _columns_left(dataset: Dataset) -> list[str]:
    """Return the columns that no file has to leave out for the persons in them."""
    files = {partition.path: partition for partition in dataset.partitions}
    left = set(dataset.columns).intersection(*(read_columns(one) for one in files.values()))
    return [name for name in dataset.columns if name in left]


def _refuse_orders(rules: PaymentPolicy, dataset: Dataset, chosen: Mapping[str, str]) -> None:
    """Refuse rules that take cases in the order of a whole year."""
    if len(dataset.partitions) == 1:
        return
    needs = []
    if rules.volume_cap is not None or any(row.cap_cases is not None for row in rules.weight_table):
        needs.append("a yearly number of cases of a group, used up in the order of discharge")
    if rules.review is not None and "review_decision" in chosen:
        needs.append("a quota of special reviews of every hospital, used up in the order of the table")
    if needs:
        expected = "rules that look at a case, at its repetition, or at a person's next stay"
        mend = "write the cases of this pool into one Parquet file and settle it without --engine"
        raise TableError([Problem(f"policy {rules.id}, in parts", one, expected, mend) for one in needs])


@dataclass(frozen=True, slots=True)
class _Run:
    """Hold what the stages of a settlement share."""

    journal: Journal
    dataset: Dataset
    rules: PaymentPolicy
    pools: Mapping[str, int]
    reader: CaseReader
    chosen: Mapping[str, str]

    def settle(
        self, target: Path, *, budget: Mapping[str, Number] | Number | None, lang: str, strict: bool
    ) -> SettledDataset:
        floats = self.rules.price.mode != "fixed"
        several = len(self.dataset.partitions) > 1
        scan = ScanTask(
            reader=self.reader,
            policy=self.rules,
            pools=tuple(self.pools) if floats else (),
            shares=shares_for(self.dataset.rows) if several else 0,
            stays=self._looks_for_readmissions(),
        )
        scanned = self.journal.stage("1 scan", scan, self.dataset.partitions)
        budgets_of(self.rules, budget, sorted({name for part in scanned for name in part.sums["insurances"]}))
        duplicates = self._duplicates(scanned) if several else Marks({})
        earlier = self._readmissions(scanned, duplicates) if scan.stays else Marks({})
        reader = replace(self.reader, duplicates=duplicates)
        values: tuple[PointValue, ...] = ()
        if floats:
            again = SumTask(reader=reader, policy=self.rules, pools=scan.pools, earlier=earlier)
            values = value_points(self.rules, self.pools, self._pool_sums(scanned, again))
        mark = fingerprint(
            {
                "policy": self.rules.fingerprint,
                "cases": [part.sums["fingerprint"] for part in scanned],
                "budgets_fen": {pool: str(amount) for pool, amount in self.pools.items()},
            }
        )
        pay = PayTask(
            reader=reader,
            policy=self.rules,
            earlier=earlier,
            pools=self.pools,
            values=values,
            fingerprint=mark,
            synthetic=any(part.sums["synthetic"] for part in scanned),
            lang=lang,
        )
        paid = self.journal.stage("4 pay", pay, self.dataset.partitions)
        found = self._result(target, paid, values, mark)
        if strict and (wrong := _wrong(found.sums)):
            said = f"{wrong:,} of {len(found):,} cases that cannot be paid as they stand"
            mend = "mend them, or leave --strict out: they are listed then in problems.csv and not paid"
            raise ActuaryError(Problem(self.dataset.root, said, "none with --strict", mend))
        self._publish(found, paid)
        return found

    def _looks_for_readmissions(self) -> bool:
        rule = self.rules.readmission
        if rule is None or rule.effect == "none":
            return False
        return all(name in self.chosen for name in READMISSION_COLUMNS)

    def _duplicates(self, scanned: Sequence[PartDone]) -> Marks:
        shares = self.journal.buckets(shares_for(self.dataset.rows), self.dataset.rows)
        task = JoinDuplicates(tuple(part.folder for part in scanned))
        return marks_of(self.journal.stage("2 repeated cases", task, shares))

    def _readmissions(self, scanned: Sequence[PartDone], duplicates: Marks) -> Marks:
        rule = self.rules.readmission
        several = len(self.dataset.partitions) > 1
        shares = self.journal.buckets(shares_for(self.dataset.rows) if several else 1, self.dataset.rows)
        task = JoinReadmissions(tuple(part.folder for part in scanned), rule.days if rule else 0, duplicates)
        return marks_of(self.journal.stage("2 readmissions", task, shares))

    def _pool_sums(self, scanned: Sequence[PartDone], again: SumTask) -> Mapping[str, Any]:
        """Add up the points; partitions of which other ones change a row are added up again."""
        changed = {*again.reader.duplicates.files, *again.earlier.files}
        few = [partition for partition in self.dataset.partitions if partition.number in changed]
        renewed = {part.number: part.sums["pools"] for part in self.journal.stage("3 points", again, few)}
        return pools_of([renewed.get(part.number, part.sums["pools"]) for part in scanned], tuple(self.pools))

    def _result(
        self, target: Path, paid: Sequence[PartDone], values: tuple[PointValue, ...], mark: str
    ) -> SettledDataset:
        sums: SettlementSums | None = None
        money = dict.fromkeys(self.pools, (0, 0))
        for part in paid:
            text = (Path(part.folder) / "sums.json").read_text(encoding="utf-8")
            own = SettlementSums.from_json(json.loads(text))
            sums = own if sums is None else sums.joined(own)
            for pool, (priced, fund) in part.sums["money"].items():
                money[pool] = (money[pool][0] + priced, money[pool][1] + fund)
        assert sums is not None  # noqa: S101  (a dataset has at least one partition)
        return SettledDataset(
            path=target,
            policy=self.rules,
            partitions=len(paid),
            sums=sums,
            point_values=values,
            books=book_pools(self.pools, values, money),
            fingerprint=mark,
        )

    def _publish(self, found: SettledDataset, paid: Sequence[PartDone]) -> None:
        titles = {} if self.reader.hospitals is None else self.reader.hospitals.titles

        def more(folder: Path) -> None:
            source = Path(self.dataset.root)
            record = record_of_sums(
                self.rules, found.sums, found.point_values, fingerprint=found.fingerprint, source=source
            )
            write_settlement_tables(folder, self.rules, found.sums, record=record, books=found.books, titles=titles)
            _join_problems([Path(part.folder) / "problems.csv" for part in paid], folder / "problems.csv")

        marks = {"verb": "settle", "synthetic": found.sums.synthetic, "fingerprint": found.fingerprint}
        publish(found.path, self.dataset, paid, tables={"cases.parquet": "cases"}, more=more, marks=marks)


def _wrong(sums: SettlementSums) -> int:
    pairs = zip(sums.reasons, REASON_STATUS, strict=True)
    return sum(cases for cases, status in pairs if status is PaymentStatus.REJECTED)


def _join_problems(files: Sequence[Path], target: Path) -> None:
    """Write the problems of all parts one after the other; no more than a line is held."""
    with target.open("wb") as out:
        for number, path in enumerate(files):
            with path.open("rb") as part:
                heading = part.readline()
                if number == 0:
                    # The byte-order mark lets spreadsheets read Chinese.
                    out.write(b"\xef\xbb\xbf" + heading)
                for line in part:
                    out.write(line)
