"""Read a settlement case table from a frame, an Arrow table, Parquet or CSV."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from actuary.errors import Problem, TableError
from actuary.payment.case_build import choose_columns, table_of_batches
from actuary.payment.case_columns import COLUMNS, Kind
from actuary.payment.cases import CaseTable
from actuary.payment.hospital_list import HospitalList, read_hospitals, with_hospitals
from actuary.tables.personal_door import admit_frame
from actuary.tables.row_files import RowBatches, open_rows
from actuary.threads import threads_to_use

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_cases"]

#: Cases that are read at a time.
_BATCH_CASES = 1 << 18


def read_cases(
    cases: CaseTable | pd.DataFrame | pa.Table | str | Path,
    *,
    hospitals: HospitalList | pd.DataFrame | str | Path | None = None,
    extra: Iterable[str] = (),
    threads: int | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> CaseTable:
    """Read a settlement case table.

    Parameters
    ----------
    cases : CaseTable, DataFrame, pyarrow.Table or path of a .parquet or .csv file
        Columns `case_id, hospital, insurance, drg, total_cost` [yuan, at most two decimals] and those of
        :data:`~actuary.payment.case_columns.COLUMNS` that there are; names of the settlement list are understood. A
        CaseTable is taken as it is.
    hospitals : DataFrame or path, optional
        List of hospitals: `hospital, tier` and, where there are, `coefficient`, `name`. A hospital that is not on it
        is not paid.
    extra : iterable of str
        Further columns of numbers, or of yes and no, that the table must have; they are read to a billionth.
    threads : int, optional
        Threads to read with; all cores when left out. The table does not depend on it.
    progress : callable, optional
        Called with the cases done and, where the file says, the cases in all.

    Returns
    -------
    CaseTable
        Every row, in its order, with the reason where it cannot be paid.

    Raises
    ------
    TableError
        When the table cannot be read or lacks a column.

    Examples
    --------
    >>> import pandas as pd
    >>> from actuary.payment.statuses import REASONS
    >>> frame = pd.DataFrame(
    ...     {
    ...         "case_id": ["a", "b", "a"],
    ...         "hospital": ["H1", "H1", "H1"],
    ...         "tier": ["3", "3", "3"],
    ...         "insurance": ["employee", "390", "employee"],
    ...         "drg": ["GD25", "GD25", "GD25"],
    ...         "total_cost": ["1000.10", "-5", "1000.10"],
    ...     }
    ... )
    >>> table = read_cases(frame)
    >>> table.cost_fen.tolist(), [REASONS[number].value for number in table.reason.tolist()]
    ([100010, 0, 100010], ['regular', 'cost_negative', 'duplicate'])
    """
    count = threads_to_use(threads)
    table = cases if isinstance(cases, CaseTable) else _read(cases, tuple(extra), count, progress)
    return table if hospitals is None else with_hospitals(table, read_hospitals(hospitals))


def _read(
    cases: pd.DataFrame | pa.Table | str | Path,
    extra: tuple[str, ...],
    threads: int,
    progress: Callable[[int, int | None], None] | None,
) -> CaseTable:
    rows: int | None
    batches: Iterator[Any]
    names: list[str]
    if isinstance(cases, str | Path):
        source = str(cases)
        opened, chosen, names = _of_file(Path(cases).expanduser(), extra, threads)
        batches, rows = opened.batches, opened.rows
    else:
        source = "the table of cases" if isinstance(cases, pa.Table) else "the frame of cases"
        if not isinstance(cases, pa.Table):
            _check_frame(cases)
        batches, chosen, names = _of_table(cases, source, extra)
        rows = len(cases)
    shown = None if progress is None else (lambda done: progress(done, rows))
    unread = [name for name in names if name not in chosen.values()]
    return table_of_batches(batches, chosen, source=source, unread=unread, threads=threads, progress=shown)


def _of_file(path: Path, extra: tuple[str, ...], threads: int) -> tuple[RowBatches, dict[str, str], list[str]]:
    chosen: dict[str, str] = {}
    present: list[str] = []

    def choose(names: list[str]) -> Iterable[str]:
        present.extend(names)
        chosen.update(choose_columns(names, where=str(path), extra=extra))
        return set(chosen.values())

    def coded(leaf: str) -> bool:
        # Names of cases and persons differ from row to row: a dictionary of them would only cost memory.
        here = next((name for name, column in chosen.items() if column == leaf), "")
        return here in COLUMNS and COLUMNS[here].kind is Kind.TEXT and here not in {"case_id", "person_key"}

    def named(column: str) -> bool:
        return column == chosen.get("case_id")

    opened = open_rows(path, choose, coded=coded, threads=threads, batch_rows=_BATCH_CASES, named=named)
    return opened, chosen, present


def _of_table(
    given: pd.DataFrame | pa.Table, source: str, extra: tuple[str, ...]
) -> tuple[Iterator[Any], dict[str, str], list[str]]:
    """Return the batches of a table in memory, what is read as what, and its columns; persons come in as in a file."""
    names = given.column_names if isinstance(given, pa.Table) else [str(name) for name in given.columns]
    admission = admit_frame(given, where=source)
    chosen: dict[str, str] = {}

    def choose(present: list[str]) -> Iterable[str]:
        chosen.update(choose_columns(present, where=source, extra=extra))
        return dict.fromkeys(chosen.values())

    wanted = admission.choose(choose, names)
    if isinstance(given, pa.Table):
        table = given.select(wanted)
    else:
        table = pa.table({column: _of_series(given[column]) for column in wanted})
    return iter(admission.rows(table).to_batches(max_chunksize=_BATCH_CASES)), chosen, names


def _check_frame(frame: object) -> None:
    pandas = sys.modules.get("pandas")  # who has a frame has loaded pandas
    if pandas is None or not isinstance(frame, pandas.DataFrame):
        expected = "a pandas.DataFrame, a pyarrow.Table, or the path of a .parquet or .csv file"
        mend = "pandas.DataFrame(cases) makes a frame of rows or of a mapping of columns"
        raise TableError(Problem("the cases", f"a {type(frame).__name__}", expected, mend))


def _of_series(series: Any) -> Any:
    """Return a column of a frame; cells of mixed types become texts, each by itself."""
    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        cells = [None if cell is None or cell != cell else str(cell) for cell in series.tolist()]  # noqa: PLR0124
        return pa.array([None if cell is None else cell.encode("utf-8", "replace").decode() for cell in cells])
