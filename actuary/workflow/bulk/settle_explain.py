"""Explain what single cases of a dataset are paid: find the part that holds each, and trace it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from actuary.errors import Problem, UnknownNameError, raise_all, unknown_name
from actuary.payment.case_build import choose_columns
from actuary.payment.case_cells import as_text_column
from actuary.payment.statuses import PaymentReason
from actuary.payment.trace import PaymentTrace, find_row, trace_case
from actuary.policy.fingerprints import fingerprint
from actuary.workflow.bulk.journal import Journal
from actuary.workflow.bulk.partitions import Dataset, Partition
from actuary.workflow.bulk.rows import read_columns, read_rows
from actuary.workflow.bulk.settle_tasks import PayTask

__all__ = ["FindTask", "find_cases", "trace_cases"]

#: Names of cases among which the nearest one is looked for.
_COMPARED = 10_000


@dataclass(frozen=True, slots=True)
class FindTask:
    """Say which of some cases stand in a partition; only their names are read.

    Parameters
    ----------
    cases : tuple of str
        Names of cases.
    """

    cases: tuple[str, ...]

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:  # noqa: ARG002  (writes no file)
        """Look through a partition."""
        places = pc.index_in(pa.array(self.cases, pa.large_string()), value_set=pc.unique(_names_of(partition)))
        return {"found": np.flatnonzero(places.is_valid().to_numpy(zero_copy_only=False)).tolist()}


def _names_of(partition: Partition) -> Any:
    column = choose_columns(read_columns(partition), where=partition.path)["case_id"]
    return as_text_column(read_rows(partition, [column])[column].combine_chunks())


def find_cases(journal: Journal, dataset: Dataset, cases: Sequence[str]) -> dict[str, tuple[Partition, ...]]:
    """Return the partitions in which each case stands, in their order.

    Parameters
    ----------
    journal : Journal
        Runs the search.
    dataset : Dataset
        The cases.
    cases : sequence of str
        Names of cases.

    Raises
    ------
    UnknownNameError
        When there is no such case; the message names the nearest one among the first.
    """
    wanted = tuple(dict.fromkeys(cases))
    if not wanted:
        return {}
    stage = f"0 find {fingerprint(list(wanted))[:16]}"
    parts = journal.stage(stage, FindTask(wanted), dataset.partitions)
    places = {
        name: tuple(one for one, part in zip(dataset.partitions, parts, strict=True) if at in part.sums["found"])
        for at, name in enumerate(wanted)
    }
    if lacking := [name for name, where in places.items() if not where]:
        raise_all(_unknown(dataset, lacking), UnknownNameError)
    return places


def _unknown(dataset: Dataset, cases: Sequence[str]) -> list[Problem]:
    known: list[str] = []
    for partition in dataset.partitions:
        if len(known) >= _COMPARED:
            break
        known += [name for name in _names_of(partition).slice(0, _COMPARED - len(known)).to_pylist() if name]
    return [unknown_name("case_id", name, known, what="case") for name in cases]


def trace_cases(pay: PayTask, places: Mapping[str, Sequence[Partition]]) -> tuple[PaymentTrace, ...]:
    """Explain what cases are paid, with the values, quotas and repetitions of the whole dataset.

    Of several rows of one name the first that is not wrong is explained, as
    :func:`actuary.payment.trace.trace_case` does. One partition is held at a time.

    Parameters
    ----------
    pay : PayTask
        How the cases are paid.
    places : mapping of str to sequence of Partition
        Where each case stands.
    """
    return tuple(_traced(pay, name, partitions) for name, partitions in places.items())


def _traced(pay: PayTask, name: str, partitions: Sequence[Partition]) -> PaymentTrace:
    several = len(partitions) > 1
    chosen = next((one for one in partitions if several and _stands_well(pay, one, name)), partitions[0])
    trace = trace_case(pay.pay(chosen), name)
    return replace(trace, settlement=pay.fingerprint, synthetic=pay.synthetic)


def _stands_well(pay: PayTask, partition: Partition, name: str) -> bool:
    """Say whether a row of a case in a partition has nothing wrong with it."""
    table = pay.reader.read(partition)
    return bool(table.reason[find_row(table, name)] == PaymentReason.REGULAR.number)
