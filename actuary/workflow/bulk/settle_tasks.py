"""What a settlement does to one partition: scan it, add up its points, pay it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from actuary.files import csv_bytes
from actuary.payment.case_content import content_fingerprint
from actuary.payment.case_kinds import sort_cases
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.known_cells import KnownCells
from actuary.payment.point_value import PointValue
from actuary.payment.settle_pools import PoolSums, money_by_pool, sum_pools
from actuary.payment.settle_steps import insurances_of, pay_cases, sort_and_point
from actuary.payment.settlement import Settlement
from actuary.payment.settlement_files import write_settled_cases
from actuary.payment.settlement_problems import problem_frame
from actuary.payment.settlement_sums import sums_of_settlement
from actuary.payment.year_rules import YearRules
from actuary.workflow.bulk.case_parts import CaseReader, write_case_ids
from actuary.workflow.bulk.partitions import Partition
from actuary.workflow.bulk.year_keys import Elsewhere, YearKeys

__all__ = ["PayTask", "ScanTask", "SumTask", "pools_of"]


#: Kinds of cases of one policy, compiled once a process: the next partition has mostly the same.
_KINDS: dict[str, KnownCells] = {}


def _known(policy: PaymentPolicy) -> KnownCells:
    kinds = _KINDS.get(policy.fingerprint)
    if kinds is None:
        kinds = KnownCells()
        _KINDS.clear()
        _KINDS[policy.fingerprint] = kinds
    return kinds


def _pool_json(sums: Mapping[str, PoolSums]) -> dict[str, list[Any]]:
    return {pool: [str(one.points), one.others_fen, one.outside_fen] for pool, one in sums.items()}


def pools_of(held: Sequence[Mapping[str, Any]], pools: Sequence[str]) -> dict[str, PoolSums]:
    """Add up what the parts say of the pools, in their order.

    Examples
    --------
    >>> found = pools_of([{"all": ["1/3", 5, 0]}, {"all": ["2/3", 1, 0]}], ["all"])
    >>> found["all"].points, found["all"].others_fen
    (Fraction(1, 1), 6)
    """
    total = {pool: PoolSums() for pool in pools}
    for part in held:
        for pool in pools:
            points, others, outside = part[pool]
            total[pool] += PoolSums(points=Fraction(points), others_fen=others, outside_fen=outside)
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTask:
    """Read a partition: who is insured how, what the points add up to, and the keys that other partitions must know.

    Sums are those of a partition of which no other one changes a row: none repeats a case of another, no stay is
    followed by a readmission, no case lies beyond a yearly number or a quota. The few partitions where that is not so
    are added up again by :class:`SumTask`.

    Parameters
    ----------
    reader : CaseReader
        How it is read.
    policy : PaymentPolicy
        The policy.
    pools : tuple of str
        Pools whose points are wanted; none where prices are declared.
    keys : YearKeys or None
        What is written for other partitions beside the names of the cases; None where there are none.
    """

    reader: CaseReader
    policy: PaymentPolicy
    pools: tuple[str, ...]
    keys: YearKeys | None

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Scan a partition."""
        own = self.reader.own(partition)
        if self.keys is not None:
            write_case_ids(own, folder, shares=self.keys.shares)
        table = self.reader.judged(own, partition.number)
        found: dict[str, Any] = {
            "insurances": insurances_of(table),
            "synthetic": table.synthetic,
            "fingerprint": content_fingerprint(table),
        }
        rules = YearRules() if self.keys is None else self.keys.rules(folder, Elsewhere().rules(partition.number))
        if self.pools:
            ready = sort_and_point(table, self.policy, year=rules, known=_known(self.policy))
            found["pools"] = _pool_json(sum_pools(ready, self.pools))
        elif self.keys:
            sort_cases(table, self.policy, year=rules)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SumTask:
    """Add up the points of a partition with what other partitions say of its rows.

    Parameters
    ----------
    reader, policy, pools :
        As in :class:`ScanTask`; the reader knows the duplicates.
    elsewhere : Elsewhere
        What the other partitions mean for its rows.
    """

    reader: CaseReader
    policy: PaymentPolicy
    pools: tuple[str, ...]
    elsewhere: Elsewhere

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:  # noqa: ARG002  (writes no file)
        """Add up a partition."""
        year = self.elsewhere.rules(partition.number)
        ready = sort_and_point(self.reader.read(partition), self.policy, year=year, known=_known(self.policy))
        return {"pools": _pool_json(sum_pools(ready, self.pools))}


@dataclass(frozen=True, slots=True, kw_only=True)
class PayTask:
    """Pay a partition: ``cases.parquet``, ``problems.csv`` and ``sums.json``.

    Parameters
    ----------
    reader, policy, elsewhere :
        As in :class:`SumTask`.
    pools : mapping of str to int
        Budgets [fen].
    values : tuple of PointValue
        What a point is worth.
    fingerprint : str
        That of the whole settlement.
    synthetic : bool
        Whether any case of the dataset is made up.
    lang : str
        Language of the reasons.
    """

    reader: CaseReader
    policy: PaymentPolicy
    elsewhere: Elsewhere
    pools: Mapping[str, int]
    values: tuple[PointValue, ...]
    fingerprint: str
    synthetic: bool
    lang: str

    def pay(self, partition: Partition) -> Settlement:
        """Return what the cases of a partition are paid; its books stand open."""
        year = self.elsewhere.rules(partition.number)
        ready = sort_and_point(self.reader.read(partition), self.policy, year=year, known=_known(self.policy))
        return pay_cases(ready, self.pools, self.values)

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Pay a partition."""
        settled = self.pay(partition)
        write_settled_cases(settled, folder / "cases.parquet", fingerprint=self.fingerprint, synthetic=self.synthetic)
        problems = problem_frame(settled, lang=self.lang)
        problems["row"] += partition.first_row
        problems.insert(0, "file", partition.name)
        if self.synthetic:
            problems["synthetic"] = True
        (folder / "problems.csv").write_bytes(csv_bytes(problems, mark=False))
        sums = sums_of_settlement(settled, weights=_known(self.policy).weights)
        (folder / "sums.json").write_text(json.dumps(sums.to_json(), ensure_ascii=False), encoding="utf-8")
        money = money_by_pool(settled, tuple(self.pools))
        books = [asdict(one) for one in settled.kinds.quotas]
        return {"money": {pool: list(pair) for pool, pair in money.items()}, "reviews": books}
