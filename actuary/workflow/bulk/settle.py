"""Settle a dataset of cases, part by part: what a point is worth first, then what every case is paid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from actuary.errors import TableError
from actuary.payment.case_build import choose_columns
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import Number
from actuary.payment.hospital_list import HospitalList, read_hospitals
from actuary.payment.point_value import budgets_of
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.readmission import READMISSION_COLUMNS
from actuary.payment.volume_caps import volume_limits
from actuary.tables.personal_door import current_door
from actuary.workflow.bulk.case_parts import CaseReader, hospitals_fingerprint
from actuary.workflow.bulk.engine import Engine
from actuary.workflow.bulk.journal import open_journal
from actuary.workflow.bulk.keys import shares_for
from actuary.workflow.bulk.partitions import PARTITION_ROWS, Dataset, find_partitions
from actuary.workflow.bulk.progress import Progress
from actuary.workflow.bulk.publish import output_beside
from actuary.workflow.bulk.rows import read_columns
from actuary.workflow.bulk.settle_run import SettledDataset, SettleRun
from actuary.workflow.bulk.year_keys import YearKeys

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SettledDataset", "settle_dataset"]


def settle_dataset(  # noqa: PLR0913  (what a run can be asked for)
    path: str | Path,
    out: str | Path,
    policy: PaymentPolicy | str | Path,
    *,
    budget: Mapping[str, Number] | Number | None = None,
    hospitals: HospitalList | pd.DataFrame | str | Path | None = None,
    lang: str = "zh",
    strict: bool = False,
    explain: Sequence[str] = (),
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
    explain : sequence of str
        Names of cases to explain; see :attr:`SettledDataset.traces`.
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
        When a file cannot be read or lacks a column.
    UnknownNameError
        When a case that is to be explained is not there.
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
    target = output_beside(path, out)
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
    identity = {
        "verb": "settle",
        "policy": rules.fingerprint,
        "hospitals": hospitals_fingerprint(listed),
        "budgets_fen": {pool: str(amount) for pool, amount in pools.items()},
        "lang": lang,
        "dataset": dataset.fingerprint,
    }
    with open_journal(target, identity, engine, threads=threads, restart=restart, progress=progress) as journal:
        run = SettleRun(
            journal=journal,
            dataset=dataset,
            rules=rules,
            pools=pools,
            reader=CaseReader(source=str(path), hospitals=listed),
            keys=_keys_of(rules, dataset, chosen),
        )
        return run.settle(target, budget=budget, lang=lang, strict=strict, explain=explain)


def _columns_left(dataset: Dataset) -> list[str]:
    """Return the columns that no file has to leave out for the persons in them."""
    files = {partition.path: partition for partition in dataset.partitions}
    left = set(dataset.columns).intersection(*(read_columns(one) for one in files.values()))
    return [name for name in dataset.columns if name in left]


def _keys_of(rules: PaymentPolicy, dataset: Dataset, chosen: Mapping[str, str]) -> YearKeys | None:
    """Return which keys the parts write for each other; None where there is one part only."""
    if len(dataset.partitions) == 1:
        return None
    readmission = rules.readmission is not None and rules.readmission.effect != "none"
    return YearKeys(
        shares=shares_for(dataset.rows),
        stays=readmission and all(name in chosen for name in READMISSION_COLUMNS),
        caps=bool(volume_limits(rules)),
        reviews=rules.review is not None and "review_decision" in chosen,
    )
