"""Read a partition as a table of settlement cases, with what is known of its rows from the other partitions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from actuary.errors import TableError
from actuary.payment.case_build import choose_columns
from actuary.payment.case_columns import COLUMNS, Kind
from actuary.payment.case_files import read_cases
from actuary.payment.cases import CaseTable
from actuary.payment.hospital_list import HospitalList, with_hospitals
from actuary.payment.statuses import PaymentReason
from actuary.policy.fingerprints import fingerprint
from actuary.workflow.bulk.keys import Marks, write_keys
from actuary.workflow.bulk.partitions import Partition
from actuary.workflow.bulk.rows import read_columns, read_rows

__all__ = ["CaseReader", "hospitals_fingerprint", "write_case_ids"]

_NONE = Marks({})


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReader:
    """Read partitions as tables of cases.

    Parameters
    ----------
    source : str
        The dataset, for messages.
    hospitals : HospitalList, optional
        List of hospitals.
    extra : tuple of str
        Further columns, see :func:`actuary.payment.case_files.read_cases`.
    duplicates : Marks
        Rows whose case stands in an earlier partition.
    """

    source: str
    hospitals: HospitalList | None = None
    extra: tuple[str, ...] = ()
    duplicates: Marks = _NONE

    def own(self, partition: Partition) -> CaseTable:
        """Read a partition; what other partitions and the list of hospitals say is not known yet."""
        names = read_columns(partition)
        chosen = choose_columns(names, where=partition.path, extra=self.extra)
        column_of = {column: name for name, column in chosen.items()}

        def coded(leaf: str) -> bool:
            name = column_of.get(leaf, "")
            return name in COLUMNS and COLUMNS[name].kind is Kind.TEXT and name not in {"case_id", "person_key"}

        rows = read_rows(partition, set(chosen.values()), coded=coded)
        try:
            table = read_cases(rows, extra=self.extra, threads=1)
        except TableError as error:
            raise TableError([replace(one, where=partition.path) for one in error.problems]) from None
        unread = tuple(name for name in names if name not in column_of)
        return replace(table, source=self.source, unread=unread)

    def judged(self, table: CaseTable, number: int) -> CaseTable:
        """Return the cases of a partition with what other partitions and the list of hospitals say of them."""
        rows = self.duplicates.rows(number)
        if len(rows):
            reason = table.reason.copy()
            rows = rows[reason[rows] == PaymentReason.REGULAR.number]
            reason[rows] = PaymentReason.DUPLICATE.number
            table = replace(table, reason=reason)
        return table if self.hospitals is None else with_hospitals(table, self.hospitals)

    def read(self, partition: Partition) -> CaseTable:
        """Read a partition with all that is known of it."""
        return self.judged(self.own(partition), partition.number)


def write_case_ids(table: CaseTable, folder: Path, *, shares: int) -> None:
    """Write the names of the cases that may be paid, by share; they are compared with those of other partitions.

    Parameters
    ----------
    table : CaseTable
        A partition as it is read by itself.
    folder : Path
        Where the keys go.
    shares : int
        How many shares.
    """
    rows = np.flatnonzero(table.reason == PaymentReason.REGULAR.number)
    write_keys("ids", folder, {"key": table.case_id.take(pa.array(rows)), "row": rows}, shares=shares)


def hospitals_fingerprint(hospitals: HospitalList | None) -> str:
    """Hash what a list of hospitals says."""
    if hospitals is None:
        return ""
    held: Iterable[tuple[str, object]] = hospitals.tiers.items()
    factors = {name: str(value) for name, value in hospitals.coefficients.items()}
    return fingerprint(
        {"tiers": [list(pair) for pair in held], "coefficients": factors, "titles": dict(hospitals.titles)}
    )
