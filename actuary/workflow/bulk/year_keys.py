"""Rules that look at all cases of a year, answered over partitions: keys that each writes, joined share by share.

A partition counts by itself what uses up a yearly number or a quota: by group and day, by hospital. The counts of all
partitions say how many of each are left to each partition; which of its rows take them it finds by itself again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from actuary.payment.case_kinds import sort_cases
from actuary.payment.cases import CaseTable
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_classes import Readmission
from actuary.payment.readmission import stay_keys
from actuary.payment.review import Reviewed, read_applications, review_quota
from actuary.payment.volume_caps import CapUse, places_left
from actuary.payment.year_rules import YearRules
from actuary.workflow.bulk.case_parts import CaseReader
from actuary.workflow.bulk.keys import Marks, list_rows, one_column, write_keys
from actuary.workflow.bulk.partitions import Partition

__all__ = ["Elsewhere", "JoinCaps", "JoinReviews", "YearKeyTask", "YearKeys"]

_NONE = Marks({})

type _Rows = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Say what the other partitions mean for the rows of each.

    Parameters
    ----------
    alone : bool
        Whether there are no others: every rule is answered from the table itself.
    earlier : Marks
        Stays that are followed by a readmission.
    caps : Marks
        Entries of :class:`~actuary.payment.volume_caps.CapUse` that lie beyond their cap in part, with their places.
    reviews : Marks
        Hospitals that applied for more reviews than they have places, with their places.
    """

    alone: bool = False
    earlier: Marks = _NONE
    caps: Marks = _NONE
    reviews: Marks = _NONE

    def rules(self, number: int) -> YearRules:
        """Return the answers for a partition."""
        if self.alone:
            return YearRules()
        return YearRules(
            find_earlier=partial(_marked, self.earlier.rows(number)),
            places_of=partial(_places, self.caps, number),
            check_reviews=partial(_reviewed, self.reviews, number),
        )

    @property
    def changed(self) -> set[int]:
        """Partitions of which others change a row."""
        return {*self.earlier.files, *self.caps.files, *self.reviews.files}


def _marked(rows: NDArray[np.int64], cases: CaseTable, _rule: Readmission, _taking_part: _Rows) -> _Rows:
    found = np.zeros(len(cases), bool)
    found[rows] = True
    return found


def _places(caps: Marks, number: int, use: CapUse) -> NDArray[np.int64]:
    return caps.put(number, use.count.copy())


def _reviewed(
    reviews: Marks, number: int, cases: CaseTable, _quota: Mapping[str, Decimal], taking_part: _Rows
) -> Reviewed | None:
    if "review_decision" not in cases.coded:
        return None
    found = read_applications(cases, taking_part)
    return found.granted(cases, reviews.put(number, found.approvals.copy()))


@dataclass(frozen=True, slots=True, kw_only=True)
class YearKeys:
    """Say which keys a partition writes that other partitions must know.

    Parameters
    ----------
    shares : int
        Shares of the keys.
    stays, caps, reviews : bool
        Whether a rule looks for readmissions, at yearly numbers of cases, at quotas of special reviews.
    """

    shares: int
    stays: bool = False
    caps: bool = False
    reviews: bool = False

    def __bool__(self) -> bool:
        """Say whether any is written."""
        return self.stays or self.caps or self.reviews

    def rules(self, folder: Path, known: YearRules) -> YearRules:
        """Return rules that answer as far as is known, and write the keys into a folder on the way.

        Parameters
        ----------
        folder : Path
            Where they go.
        known : YearRules
            What is known of the other partitions.
        """

        def find_earlier(cases: CaseTable, rule: Readmission, taking_part: _Rows) -> _Rows:
            if self.stays:
                write_keys("stays", folder, stay_keys(cases, rule, taking_part), shares=self.shares)
            return known.find_earlier(cases, rule, taking_part)

        def places_of(use: CapUse) -> NDArray[np.int64]:
            if self.caps:
                columns = {"day": use.day, "count": use.count, "limit": use.limit}
                write_keys("caps", folder, _entries(use.names, columns), shares=self.shares)
            return known.places_of(use)

        def check_reviews(cases: CaseTable, quota: Mapping[str, Decimal], taking_part: _Rows) -> Reviewed | None:
            if self.reviews:
                found = read_applications(cases, taking_part)
                columns = {"discharges": found.discharges, "approved": found.approvals, "refused": found.refusals}
                tiers = {"tier": pa.array(found.tiers, pa.string())}
                write_keys("reviews", folder, _entries(found.names, columns) | tiers, shares=self.shares)
            return known.check_reviews(cases, quota, taking_part)

        return YearRules(find_earlier=find_earlier, places_of=places_of, check_reviews=check_reviews)


def _entries(names: tuple[str, ...], numbers: Mapping[str, NDArray[np.int64]]) -> dict[str, Any]:
    return {"key": pa.array(names, pa.large_string()), "row": np.arange(len(names)), **numbers}


@dataclass(frozen=True, slots=True, kw_only=True)
class YearKeyTask:
    """Write the keys of a partition again, with what is known by now of the others.

    Parameters
    ----------
    reader : CaseReader
        How it is read; it knows the repeated cases.
    policy : PaymentPolicy
        The policy.
    keys : YearKeys
        Which keys.
    elsewhere : Elsewhere
        What is known of the other partitions.
    """

    reader: CaseReader
    policy: PaymentPolicy
    keys: YearKeys
    elsewhere: Elsewhere

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Write the keys of a partition."""
        rules = self.keys.rules(folder, self.elsewhere.rules(partition.number))
        sort_cases(self.reader.read(partition), self.policy, year=rules)
        return {}


def _of_key(table: Any) -> NDArray[np.int64]:
    numbers: NDArray[np.int64] = one_column(table, "key").dictionary_encode().indices.to_numpy().astype(np.int64)
    return numbers


@dataclass(frozen=True, slots=True)
class JoinCaps:
    """Say how many cases of a group and day of each partition lie within its yearly number, for the keys of a share.

    Parameters
    ----------
    folders : tuple of str
        Where each partition wrote its keys ``caps``: day, count, limit.
    """

    folders: tuple[str, ...]

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Join a share."""

        def judge(table: Any) -> tuple[_Rows, NDArray[np.int64]]:
            day, count, limit = (table[name].to_numpy() for name in ("day", "count", "limit"))
            places = places_left(_of_key(table), day, count, limit)
            return places < count, places

        return list_rows("caps", self.folders, partition.number, folder=folder, judge=judge)


@dataclass(frozen=True, slots=True)
class JoinReviews:
    """Say how many reviews of a hospital each partition grants, for the hospitals of a share, and book them.

    Parameters
    ----------
    folders : tuple of str
        Where each partition wrote its keys ``reviews``: discharges, approved, refused, tier.
    quota : mapping of str to Decimal
        Share of the discharges by tier.
    """

    folders: tuple[str, ...]
    quota: Mapping[str, Decimal]

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Join a share; return the books of its hospitals."""
        books: list[list[Any]] = []

        def judge(table: Any) -> tuple[_Rows, NDArray[np.int64]]:
            key, first = np.unique(_of_key(table), return_index=True)
            hospital = _of_key(table)
            approved = table["approved"].to_numpy()
            sums = {name: np.zeros(len(key), np.int64) for name in ("discharges", "approved", "refused")}
            for name, total in sums.items():
                np.add.at(total, hospital, table[name].to_numpy())
            names, tiers = (table[name].take(pa.array(first)).to_pylist() for name in ("key", "tier"))
            columns = (one.tolist() for one in sums.values())
            for name, tier, *numbers in zip(names, tiers, *columns, strict=True):
                books.append([name, tier, *numbers])
            granted = np.array([self.book(row).granted for row in books], np.int64)
            # The hospital's places are taken in the order of the partitions: all on one day.
            places = places_left(hospital, np.zeros(len(hospital), np.int64), approved, granted[hospital])
            return places < approved, places

        found = list_rows("reviews", self.folders, partition.number, folder=folder, judge=judge)
        return {**found, "books": [row for row in books if row[3] + row[4]]}

    def book(self, row: list[Any]) -> Any:
        """Return the book of a hospital as the task tells it: name, tier, discharges, approved, refused."""
        name, tier, discharges, approved, refused = row
        return review_quota(self.quota, name, tier=tier, discharges=discharges, approved=approved, refused=refused)
