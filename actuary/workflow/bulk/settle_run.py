"""The stages of a settlement of a dataset: scan, join what looks at all cases of the year, value the points, pay."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from actuary.errors import ActuaryError, Problem
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import Number, as_decimal, fen_to_yuan
from actuary.payment.point_value import PointValue, budgets_of
from actuary.payment.review import ReviewQuota, sorted_book
from actuary.payment.settle_pools import book_pools, value_points
from actuary.payment.settlement import BookRow
from actuary.payment.settlement_files import record_of_sums, write_settlement_tables
from actuary.payment.settlement_sums import SettlementSums
from actuary.payment.statuses import REASON_STATUS, PaymentStatus
from actuary.payment.trace import PaymentTrace
from actuary.policy.fingerprints import fingerprint
from actuary.workflow.bulk.case_parts import CaseReader, hospitals_fingerprint
from actuary.workflow.bulk.engine import PartDone, PartTask
from actuary.workflow.bulk.journal import Journal
from actuary.workflow.bulk.keys import JoinDuplicates, JoinReadmissions, Marks, marks_of
from actuary.workflow.bulk.partitions import Dataset
from actuary.workflow.bulk.publish import publish
from actuary.workflow.bulk.settle_explain import find_cases, trace_cases
from actuary.workflow.bulk.settle_tasks import PayTask, ScanTask, SumTask, pools_of
from actuary.workflow.bulk.year_keys import Elsewhere, JoinCaps, JoinReviews, YearKeys, YearKeyTask

__all__ = ["SettleRun", "SettledDataset"]


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
    traces : tuple of PaymentTrace
        Explanations of the cases for which they were asked.
    """

    path: Path
    policy: PaymentPolicy
    partitions: int
    sums: SettlementSums
    point_values: tuple[PointValue, ...]
    books: tuple[BookRow, ...]
    fingerprint: str
    traces: tuple[PaymentTrace, ...] = ()

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleRun:
    """Hold what the stages of a settlement share.

    Parameters
    ----------
    journal : Journal
        Runs the stages.
    dataset : Dataset
        The cases.
    rules : PaymentPolicy
        The policy.
    pools : mapping of str to int
        Budgets [fen].
    reader : CaseReader
        How parts are read.
    keys : YearKeys or None
        What the parts write for each other; None where there is one part only.
    """

    journal: Journal
    dataset: Dataset
    rules: PaymentPolicy
    pools: Mapping[str, int]
    reader: CaseReader
    keys: YearKeys | None

    def settle(
        self,
        target: Path,
        *,
        budget: Mapping[str, Number] | Number | None,
        lang: str,
        strict: bool,
        explain: Sequence[str] = (),
    ) -> SettledDataset:
        """Run the stages and write the output.

        Parameters
        ----------
        target : Path
            The folder of the output.
        budget : mapping or number, optional
            Budgets as they were given [yuan].
        lang : str
            Language of the reasons in the list of problems.
        strict : bool
            Whether to refuse when a case cannot be paid as it stands.
        explain : sequence of str
            Names of cases to explain.
        """
        places = find_cases(self.journal, self.dataset, explain)
        floats = self.rules.price.mode != "fixed"
        scan = ScanTask(
            reader=self.reader, policy=self.rules, pools=tuple(self.pools) if floats else (), keys=self.keys
        )
        scanned = self.journal.stage("1 scan", scan, self.dataset.partitions)
        budgets_of(self.rules, budget, sorted({name for part in scanned for name in part.sums["insurances"]}))
        reader, elsewhere, quotas = self._others(scanned)
        values: tuple[PointValue, ...] = ()
        if floats:
            again = SumTask(reader=reader, policy=self.rules, pools=scan.pools, elsewhere=elsewhere)
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
            elsewhere=elsewhere,
            pools=self.pools,
            values=values,
            fingerprint=mark,
            synthetic=any(part.sums["synthetic"] for part in scanned),
            lang=lang,
        )
        paid = self.journal.stage("4 pay", pay, self.dataset.partitions)
        found = replace(self._result(target, paid, values, mark), traces=trace_cases(pay, places))
        if strict and (wrong := _wrong(found.sums)):
            said = f"{wrong:,} of {len(found):,} cases that cannot be paid as they stand"
            mend = "mend them, or leave --strict out: they are listed then in problems.csv and not paid"
            raise ActuaryError(Problem(self.dataset.root, said, "none with --strict", mend))
        quotas = quotas or tuple(ReviewQuota(**row) for part in paid for row in part.sums["reviews"])
        self._publish(found, paid, quotas)
        return found

    def _others(self, scanned: Sequence[PartDone]) -> tuple[CaseReader, Elsewhere, tuple[ReviewQuota, ...]]:
        """Join what the parts wrote for each other: what others mean for the rows of each, and the book of reviews."""
        keys = self.keys
        if keys is None:
            return self.reader, Elsewhere(alone=True), ()
        folders = {part.number: part.folder for part in scanned}
        duplicates = self._joined("2 repeated cases", JoinDuplicates(tuple(folders.values())))[0]
        reader, elsewhere = replace(self.reader, duplicates=duplicates), Elsewhere()
        quotas: tuple[ReviewQuota, ...] = ()
        changed = set(duplicates.files)
        if keys.reviews and self.rules.review is not None:
            again = YearKeyTask(
                reader=reader, policy=self.rules, keys=YearKeys(shares=keys.shares, reviews=True), elsewhere=elsewhere
            )
            recounted = self._again("2 reviews again", again, changed)
            join = JoinReviews(tuple((folders | recounted).values()), self.rules.review.quota)
            reviews, done = self._joined("2 reviews", join)
            quotas = sorted_book(join.book(row) for part in done for row in part.sums["books"])
            elsewhere = replace(elsewhere, reviews=reviews)
        if keys.caps or keys.stays:
            # Which cases take part depends on the reviews; a repeated case uses up no place, and is left out of stays.
            again = YearKeyTask(
                reader=reader, policy=self.rules, keys=replace(keys, reviews=False), elsewhere=elsewhere
            )
            folders |= self._again("2 keys again", again, {*elsewhere.changed, *(changed if keys.caps else ())})
        if keys.caps:
            elsewhere = replace(elsewhere, caps=self._joined("2 caps", JoinCaps(tuple(folders.values())))[0])
        if keys.stays and self.rules.readmission is not None:
            stays = JoinReadmissions(tuple(folders.values()), self.rules.readmission.days, duplicates)
            elsewhere = replace(elsewhere, earlier=self._joined("2 readmissions", stays)[0])
        return reader, elsewhere, quotas

    def _joined(self, name: str, task: PartTask) -> tuple[Marks, tuple[PartDone, ...]]:
        """Join the keys of all parts, share by share."""
        shares = self.keys.shares if self.keys is not None else 1
        done = self.journal.stage(name, task, self.journal.buckets(shares, self.dataset.rows))
        return marks_of(done), done

    def _again(self, name: str, task: PartTask, numbers: set[int]) -> dict[int, str]:
        """Do some parts again, and return where their files stand."""
        few = [partition for partition in self.dataset.partitions if partition.number in numbers]
        return {part.number: part.folder for part in self.journal.stage(name, task, few)}

    def _pool_sums(self, scanned: Sequence[PartDone], again: SumTask) -> Mapping[str, Any]:
        """Add up the points; partitions of which other ones change a row are added up again."""
        changed = {*again.reader.duplicates.files, *again.elsewhere.changed}
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

    def _publish(self, found: SettledDataset, paid: Sequence[PartDone], quotas: Sequence[ReviewQuota]) -> None:
        titles = {} if self.reader.hospitals is None else self.reader.hospitals.titles

        def more(folder: Path) -> None:
            record = record_of_sums(
                self.rules,
                found.sums,
                found.point_values,
                fingerprint=found.fingerprint,
                source=Path(self.dataset.root),
                city=self.dataset.city,
            )
            write_settlement_tables(
                folder, self.rules, found.sums, record=record, books=found.books, titles=titles, quotas=quotas
            )
            _join_problems([Path(part.folder) / "problems.csv" for part in paid], folder / "problems.csv")

        marks = {
            "verb": "settle",
            "synthetic": found.sums.synthetic,
            "fingerprint": found.fingerprint,
            "hospitals": hospitals_fingerprint(self.reader.hospitals),
        }
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
