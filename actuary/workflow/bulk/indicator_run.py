"""A run that computes indicators of a dataset: what is asked, and the stages that add the cases up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actuary.errors import OutputError, Problem, TableError, raise_all
from actuary.indicators.case_indicators import check_by, policy_named, why_not_settled
from actuary.indicators.case_subjects import check_months, months_of_period
from actuary.indicators.case_tally import CaseTally, join_case_tallies
from actuary.payment.case_build import choose_columns
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_rules import weights_of_table
from actuary.payment.exact import Number
from actuary.payment.hospital_list import HospitalList, read_hospitals
from actuary.payment.indicator_limits import IndicatorLimits, load_indicator_limits
from actuary.payment.point_value import budgets_of
from actuary.payment.stay_tally import accurate_costs
from actuary.periods import Quarter
from actuary.threads import threads_to_use
from actuary.workflow.bulk.case_parts import CaseReader, hospitals_fingerprint
from actuary.workflow.bulk.engine import Engine, LocalEngine, PartDone
from actuary.workflow.bulk.indicator_tasks import AccuracyTask, BasisReader, TallyTask, TraceTask, read_tally
from actuary.workflow.bulk.journal import Journal, open_journal
from actuary.workflow.bulk.keys import JoinDuplicates, marks_of, shares_for
from actuary.workflow.bulk.partitions import PARTITION_ROWS, Dataset, find_partitions
from actuary.workflow.bulk.progress import Progress
from actuary.workflow.bulk.publish import refuse_overlap
from actuary.workflow.bulk.settle import settle_dataset
from actuary.workflow.bulk.settled_parts import check_settled, is_whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DatasetQuestion", "IndicatorRun", "opened_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetQuestion:
    """Say which indicators are asked of a dataset, and how it is worked on.

    The fields are those of :func:`actuary.workflow.bulk.indicators.indicators_of_dataset`.
    """

    policy: PaymentPolicy | str | Path | None = None
    budget: Mapping[str, Number] | Number | None = None
    hospitals: HospitalList | pd.DataFrame | str | Path | None = None
    settled: str | Path | None = None
    by: str = "city"
    quarter: str | Quarter | None = None
    engine: Engine | None = None
    threads: int | None = None
    partition_rows: int = PARTITION_ROWS
    restart: bool = False
    progress: Callable[[Progress], None] | None = None


@contextmanager
def opened_run(
    path: str | Path, out: str | Path, question: DatasetQuestion, *, trace: Sequence[object]
) -> Iterator[IndicatorRun]:
    """Check what can be checked without reading rows, then settle the cases, where they are to be, and add them up.

    Parameters
    ----------
    path, out, question :
        As for :func:`actuary.workflow.bulk.indicators.indicators_of_dataset`.
    trace : sequence
        What else decides the answer.

    Yields
    ------
    IndicatorRun
        What the cases add up to, and the stages that follow.
    """
    refuse_overlap(path, Path(out))
    quarter = None if question.quarter is None else str(question.quarter)
    if quarter is not None:
        months_of_period(quarter)
    rules, settled = policy_named(question.policy), ""
    dataset = find_partitions(path, partition_rows=question.partition_rows)
    listed = None if question.hospitals is None else read_hospitals(question.hospitals)
    # Absolute, as workers see it.
    folder = None if question.settled is None else Path(question.settled).expanduser().resolve()
    if folder is not None:
        if folder in Path(out).expanduser().resolve().parents:
            expected, mend = "a settlement that stays as it is", "choose a place beside it"
            raise OutputError(Problem(f"--out {out}", "a file within --settled", expected, mend))
        rules, settled = _settled_by(question, folder, dataset, hospitals=hospitals_fingerprint(listed))
    weights = {} if rules is None else weights_of_table(rules.weight_table, rules)
    not_settled = "" if settled else why_not_settled(rules, question.budget)
    limits = load_indicator_limits()
    chosen = choose_columns(dataset.columns, where=str(path))
    check_by(question.by, {"hospital", "tier", "insurance", *chosen})
    if not {"month", "discharge_date"} & set(chosen):
        check_months(None, quarter)
    pools = {} if rules is None or not_settled or settled else budgets_of(rules, question.budget, ())
    identity = {
        "verb": "indicators",
        "policy": "" if rules is None else rules.fingerprint,
        "budgets_fen": {pool: str(amount) for pool, amount in pools.items()},
        "settled": settled or not not_settled,
        "hospitals": hospitals_fingerprint(listed),
        "limits": json.loads(limits.model_dump_json()),
        "by": question.by,
        "quarter": quarter,
        "trace": list(trace),
        "dataset": dataset.fingerprint,
    }
    runner = question.engine or LocalEngine(threads_to_use(question.threads))
    with open_journal(Path(out), identity, runner, restart=question.restart, progress=question.progress) as journal:
        cases = BasisReader(
            reader=CaseReader(source=str(path), hospitals=listed),
            limits=limits,
            by=question.by,
            quarter=quarter,
            settled="" if not_settled else str(folder or journal.folder / "settled"),
        )
        if rules is not None and not not_settled and not settled:
            _settle(journal, path, cases.settled, rules, replace(question, hospitals=listed))
        cases, folders = _added_up(journal, dataset, cases)
        yield IndicatorRun(
            journal=journal,
            dataset=dataset,
            question=question,
            rules=rules,
            weights=weights,
            not_settled=not_settled,
            cases=cases,
            folders=folders,
            tally=join_case_tallies(map(read_tally, folders)),
        )


def _settled_by(
    question: DatasetQuestion, folder: Path, dataset: Dataset, *, hospitals: str
) -> tuple[PaymentPolicy | None, str]:
    """Return by which policy cases are settled already, and the hash of what was settled."""
    given = {"--policy": question.policy, "--budget": question.budget}
    raise_all(
        [
            Problem(name, "it beside --settled", "one of them: a settlement brings its policy and budgets")
            for name, value in given.items()
            if value is not None
        ],
        TableError,
    )
    mark = check_settled(folder, dataset, hospitals=hospitals)
    return policy_named(folder / "policy.toml"), mark


def _settle(journal: Journal, path: str | Path, folder: str, rules: PaymentPolicy, question: DatasetQuestion) -> None:
    """Settle the cases among the kept parts; what an earlier run has settled is taken where it is whole."""
    if is_whole(Path(folder)):
        return
    shutil.rmtree(folder, ignore_errors=True)
    settle_dataset(
        path,
        folder,
        rules,
        budget=question.budget,
        hospitals=question.hospitals,
        engine=journal.engine,
        partition_rows=question.partition_rows,
        progress=journal.progress,
    )


def _added_up(journal: Journal, dataset: Dataset, cases: BasisReader) -> tuple[BasisReader, tuple[str, ...]]:
    """Add up all partitions; return how they are read with what is known of each other, and where their sums stand."""
    several = len(dataset.partitions) > 1
    task = TallyTask(cases=cases, ids=shares_for(dataset.rows) if several else 0)
    parts = journal.stage("1 sums", task, dataset.partitions)
    if not several:
        return cases, tuple(part.folder for part in parts)
    join = JoinDuplicates(tuple(part.folder for part in parts))
    marks = marks_of(journal.stage("2 repeated cases", join, journal.buckets(task.ids, dataset.rows)))
    # The few partitions that hold cases of an earlier one.
    few = [partition for partition in dataset.partitions if partition.number in marks.files]
    cases = replace(cases, reader=replace(cases.reader, duplicates=marks))
    again = journal.stage("2 sums again", TallyTask(cases=cases, ids=0), few)
    renewed = {part.number: part.folder for part in again}
    return cases, tuple(renewed.get(part.number, part.folder) for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorRun:
    """Hold a run over a dataset whose cases are added up.

    Parameters
    ----------
    journal : Journal
        Where stages are run.
    dataset : Dataset
        The cases.
    question : DatasetQuestion
        What is asked.
    rules : PaymentPolicy or None
        The policy.
    weights : mapping of str to Fraction
        Its weights by group.
    not_settled : str
        Why the cases are not settled; "" where they are.
    cases : BasisReader
        How partitions are read.
    folders : tuple of str
        Where each partition was added up.
    tally : CaseTally
        What all cases add up to.
    """

    journal: Journal
    dataset: Dataset
    question: DatasetQuestion
    rules: PaymentPolicy | None
    weights: Mapping[str, Fraction]
    not_settled: str
    cases: BasisReader
    folders: tuple[str, ...]
    tally: CaseTally

    @property
    def limits(self) -> IndicatorLimits:
        """Limits of the base."""
        return self.cases.limits

    @property
    def partitions(self) -> int:
        """How many parts the cases have."""
        return len(self.dataset.partitions)

    def accurate(self) -> NDArray[np.int64]:
        """Return how many cases of each subject cost about the mean of their group: a second pass, over costs alone."""
        task = AccuracyTask(folders=self.folders, accurate=accurate_costs(self.tally.stays, self.limits))
        ranks = {name: rank for rank, name in enumerate(self.tally.subjects)}
        counts = np.zeros(len(ranks), dtype=np.int64)
        for part in self.journal.stage("3 near the mean", task, self.dataset.partitions):
            for name, number in part.sums.items():
                counts[ranks[name]] += number
        return counts

    def trace(self, indicator: str, subject: str | None) -> tuple[PartDone, ...]:
        """List the cases behind a value into ``rows.csv`` of every part."""
        task = TraceTask(
            cases=self.cases,
            weights=self.weights,
            means=self.tally.stays.means(),
            indicator=indicator,
            subject=subject,
        )
        return self.journal.stage("3 trace", task, self.dataset.partitions)
