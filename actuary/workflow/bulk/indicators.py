"""Compute the indicators of a dataset of cases, part by part, or list the cases behind one of them."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from actuary.durable.files import written_whole
from actuary.files import csv_bytes
from actuary.indicators.case_frame import frame_of_tally
from actuary.indicators.case_indicators import IndicatorsOfCases
from actuary.indicators.case_subjects import check_months
from actuary.indicators.case_trace import TRACED, check_subject, check_traced
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import Number
from actuary.payment.hospital_list import HospitalList
from actuary.periods import Quarter
from actuary.workflow.bulk.engine import Engine
from actuary.workflow.bulk.indicator_run import DatasetQuestion, opened_run
from actuary.workflow.bulk.partitions import PARTITION_ROWS
from actuary.workflow.bulk.progress import Progress

__all__ = ["DatasetIndicators", "TracedDataset", "indicators_of_dataset", "trace_dataset"]


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


def indicators_of_dataset(  # noqa: PLR0913  (what a run can be asked for)
    path: str | Path,
    out: str | Path,
    *,
    policy: PaymentPolicy | str | Path | None = None,
    budget: Mapping[str, Number] | Number | None = None,
    settled: str | Path | None = None,
    hospitals: HospitalList | pd.DataFrame | str | Path | None = None,
    by: str = "city",
    quarter: str | Quarter | None = None,
    write: Callable[[DatasetIndicators], None] | None = None,
    engine: Engine | None = None,
    threads: int | None = None,
    partition_rows: int = PARTITION_ROWS,
    restart: bool = False,
    progress: Callable[[Progress], None] | None = None,
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
    policy : PaymentPolicy, str or Path, optional
        The payment policy, whose weights count and by which cases are settled.
    budget : mapping or number, optional
        Budgets by insurance, where the price of the policy floats [yuan].
    settled : str or Path, optional
        Folder of the same cases settled part by part, in the place of policy and budget; they are settled on the way
        where it is left out.
    hospitals : DataFrame or path, optional
        List of hospitals with their tiers.
    by : str
        One of :data:`actuary.indicators.case_indicators.BY`.
    quarter : str or Quarter, optional
        Stays of one quarter, or of a year such as 2024; all when left out.
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
    question = DatasetQuestion(
        policy=policy,
        budget=budget,
        settled=settled,
        hospitals=hospitals,
        by=by,
        quarter=quarter,
        engine=engine,
        threads=threads,
        partition_rows=partition_rows,
        restart=restart,
        progress=progress,
    )
    with opened_run(path, out, question, trace=[]) as run:
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


def trace_dataset(  # noqa: PLR0913  (what a run can be asked for)
    path: str | Path,
    out: str | Path,
    *,
    indicator: str,
    subject: str | None = None,
    policy: PaymentPolicy | str | Path | None = None,
    budget: Mapping[str, Number] | Number | None = None,
    settled: str | Path | None = None,
    hospitals: HospitalList | pd.DataFrame | str | Path | None = None,
    by: str = "city",
    quarter: str | Quarter | None = None,
    engine: Engine | None = None,
    threads: int | None = None,
    partition_rows: int = PARTITION_ROWS,
    restart: bool = False,
    progress: Callable[[Progress], None] | None = None,
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
    subject : str, optional
        One subject; all cases when left out.
    policy : PaymentPolicy, str or Path, optional
        As for :func:`indicators_of_dataset`, as what follows.
    budget : mapping or number, optional
        Budgets [yuan].
    settled : str or Path, optional
        The same cases, settled.
    hospitals : DataFrame or path, optional
        List of hospitals.
    by : str
        For whom.
    quarter : str or Quarter, optional
        Of when.
    engine : Engine, optional
        What runs the parts.
    threads : int, optional
        Threads of the local engine.
    partition_rows : int
        Rows of a part at most [rows].
    restart : bool
        Whether what an earlier run kept is discarded.
    progress : callable, optional
        Told how far it is.

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

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow as pa, pyarrow.parquet as pq
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / "cases").mkdir()
    ...     stays = {"case_id": ["1", "2"], "hospital": ["H1", "H2"], "tier": ["3", "3"], "insurance": ["employee"] * 2,
    ...              "drg": ["BR25", "BR25"], "total_cost": ["9000.00", "8000.00"]}
    ...     pq.write_table(pa.table(stays), Path(folder) / "cases" / "2024-01.parquet")
    ...     listed = trace_dataset(Path(folder) / "cases", Path(folder) / "rows.csv", indicator="inpatient_cost_yuan")
    >>> listed.rows, listed.top
    (2, 17000.0)
    """
    check_traced(indicator)
    question = DatasetQuestion(
        policy=policy,
        budget=budget,
        settled=settled,
        hospitals=hospitals,
        by=by,
        quarter=quarter,
        engine=engine,
        threads=threads,
        partition_rows=partition_rows,
        restart=restart,
        progress=progress,
    )
    with opened_run(path, out, question, trace=[indicator, subject]) as run:
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
