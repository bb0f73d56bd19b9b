"""Compute the indicators of a dataset of cases, part by part, or list the cases behind one of them."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from actuary.durable.files import written_whole
from actuary.files import csv_bytes
from actuary.indicators.case_frame import frame_of_tally
from actuary.indicators.case_indicators import TRACED, IndicatorsOfCases, check_subject, check_traced
from actuary.indicators.case_subjects import check_months
from actuary.workflow.bulk.indicator_run import DatasetQuestion, opened_run

__all__ = ["DatasetIndicators", "DatasetQuestion", "TracedDataset", "indicators_of_dataset", "trace_dataset"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class DatasetIndicators(IndicatorsOfCases):
    """Hold indicators of a dataset of cases.

    Parameters
    ----------
    frame, by, cases, subject_names, policy, not_settled, synthetic :
        As in :class:`actuary.indicators.case_indicators.IndicatorsOfCases`.
    partitions : int
        How many parts the cases have.
    """

    partitions: int

    def summary(self) -> str:
        """Return one line on size and origin."""
        return f"{super().summary()}, in {self.partitions:,} parts"


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedDataset:
    """Say what was listed of the cases behind a value.

    Parameters
    ----------
    path : Path
        The table: case_id, subject, drg, top, bottom.
    cases, rows : int
        Cases in all, and those that count.
    top, bottom : float
        Their sums, above and below the line.
    not_settled : str
        Why the cases were not settled; "" where they were.
    synthetic : bool
        Whether the cases are made up.
    """

    path: Path
    cases: int
    rows: int
    top: float
    bottom: float
    not_settled: str
    synthetic: bool


def indicators_of_dataset(
    path: str | Path,
    out: str | Path,
    question: DatasetQuestion | None = None,
    *,
    write: Callable[[DatasetIndicators], None] | None = None,
) -> DatasetIndicators:
    """Compute the indicators of a folder of Parquet files, or of one large file by its row groups.

    The values are those of one table of all cases, to the last bit. Memory does not grow with the rows, but with the
    subjects and groups. A run that was killed goes on where it was.

    Parameters
    ----------
    path : str or Path
        The dataset.
    out : str or Path
        Where the table is going to stand: what is finished is kept beside it.
    question : DatasetQuestion, optional
        For whom, of when, by which policy; all cases together, without a policy, when left out.
    write : callable, optional
        Writes what was found, before what is kept is discarded.

    Returns
    -------
    DatasetIndicators
        The indicators.

    Raises
    ------
    UnknownNameError, PeriodError
        When cases are not told apart by that, or there is no such quarter.
    TableError, DeclarationError, BudgetError
        When cases, policy or budget are not what they should be.
    OutputError
        When another run is at work on the same output, or nothing can be kept beside it.

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow as pa, pyarrow.parquet as pq
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for month in (1, 2):
    ...         (Path(folder) / f"cases/month={month}").mkdir(parents=True)
    ...         stays = {"case_id": [f"c{month}"], "hospital": ["H1"], "tier": ["3"], "insurance": ["employee"],
    ...                  "drg": ["BR25"], "total_cost": [f"{month}000.00"]}
    ...         pq.write_table(pa.table(stays), Path(folder) / f"cases/month={month}/part.parquet")
    ...     found = indicators_of_dataset(Path(folder) / "cases", Path(folder) / "indicators.csv")
    >>> found
    <DatasetIndicators: 2 cases, 1 by city, 12 values, in 2 parts>
    >>> float(found.wide()["inpatient_cost_per_stay_yuan"].iloc[0])
    1500.0
    """
    with opened_run(path, out, question or DatasetQuestion(), trace=[]) as run:
        tally, accurate = run.tally, run.accurate()
        found = DatasetIndicators(
            frame=frame_of_tally(tally, accurate, run.weights, run.limits, quarter=run.question.quarter),
            by=run.question.by,
            cases=tally.cases,
            subject_names=tally.subjects,
            policy="" if run.rules is None else run.rules.id,
            not_settled=run.not_settled,
            synthetic=tally.synthetic,
            partitions=run.partitions,
        )
        if write is not None:
            write(found)
    return found


def trace_dataset(
    path: str | Path,
    out: str | Path,
    indicator: str,
    question: DatasetQuestion | None = None,
    *,
    subject: str | None = None,
) -> TracedDataset:
    """List the cases of a dataset behind a value into a CSV file, with what each adds above and below the line.

    Parameters
    ----------
    path : str or Path
        The dataset.
    out : str or Path
        The file; it appears whole or not at all.
    indicator : str
        An indicator that is a sum over cases, or one over another.
    question : DatasetQuestion, optional
        As for :func:`indicators_of_dataset`.
    subject : str, optional
        One subject; all cases when left out.

    Returns
    -------
    TracedDataset
        How many, and what they add up to; the rows are those of
        :meth:`actuary.indicators.case_indicators.CaseIndicators.trace`.

    Raises
    ------
    UnknownNameError
        When the indicator is not one of cases, or there is no such subject.
    PeriodError, TableError, DeclarationError, BudgetError, OutputError
        As :func:`indicators_of_dataset`.
    """
    check_traced(indicator)
    with opened_run(path, out, question or DatasetQuestion(), trace=[indicator, subject]) as run:
        tally = run.tally
        check_months(tally.months, run.question.quarter)
        check_subject(subject, tally.subjects, by=run.question.by)
        listed = run.trace(indicator, subject)
        with written_whole(out) as partial, partial.open("wb") as whole:
            whole.write(csv_bytes(pd.DataFrame(columns=list(TRACED))))
            for part in listed:
                with (Path(part.folder) / "rows.csv").open("rb") as rows:
                    shutil.copyfileobj(rows, whole)
    top, bottom = (math.fsum(float.fromhex(part.sums[name]) for part in listed) for name in ("top", "bottom"))
    return TracedDataset(
        path=Path(out),
        cases=tally.cases,
        rows=sum(part.sums["rows"] for part in listed),
        top=top,
        bottom=bottom,
        not_settled=run.not_settled,
        synthetic=tally.synthetic,
    )
