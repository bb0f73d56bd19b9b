"""Take the columns that a scheme reads out of a frame, an Arrow table or single cases."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import pyarrow as pa

from actuary.drg.arrow_arrays import arrow_lists, arrow_texts
from actuary.drg.cases import Case
from actuary.drg.cell_words import cell_codes, cell_text
from actuary.drg.column_types import LISTS, is_readable
from actuary.errors import Problem, TableError, nearest_name, raise_all

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["arrow_columns", "check_columns", "check_table", "one_array"]


def check_columns(present: Sequence[str], needed: Iterable[str], *, where: str, scheme: str) -> None:
    """Raise when a column that the scheme reads is missing or there several times.

    Raises
    ------
    TableError
        Names every such column, and for a missing one the nearest there is.
    """
    needed = frozenset(needed)
    problems = [
        Problem(where, f"the column {name!r} {count} times", "every column once", "drop or rename all but one")
        for name, count in sorted(Counter(present).items())
        if count > 1 and name in needed
    ]
    for name in sorted(needed - set(present)):
        near = nearest_name(name, [column for column in present if column not in needed])
        mend = f"rename {near!r}?" if near else "add it; its cells may be empty"
        expected = f"the columns that {scheme} reads: {', '.join(sorted(needed))}"
        problems.append(Problem(where, f"no column {name!r}", expected, mend))
    raise_all(problems, TableError)


def one_array(column: Any) -> Any:
    """Return a column as one array; dictionaries of several chunks are unified."""
    if isinstance(column, pa.ChunkedArray):
        if column.num_chunks == 1:
            return column.chunk(0)
        column = column.unify_dictionaries().combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    return column


def arrow_columns(
    cases: pd.DataFrame | pa.Table | Sequence[Case], needed: Iterable[str], *, scheme: str
) -> tuple[dict[str, Any], Any]:
    """Return the columns that a scheme reads as Arrow arrays, and the names of the cases.

    Parameters
    ----------
    cases : pandas.DataFrame, pyarrow.Table or sequence of Case
        The cases.
    needed : iterable of str
        Columns the scheme reads.
    scheme : str
        Its name, for messages.

    Returns
    -------
    tuple
        The columns by name but `case_id`, and the column `case_id`.

    Raises
    ------
    TableError
        When a column is missing or there twice, or `cases` is something else.
    """
    names = [name for name in needed if name != "case_id"]
    if isinstance(cases, pa.Table):
        check_columns(cases.column_names, needed, where="the table of cases", scheme=scheme)
        return {name: one_array(cases[name]) for name in names}, cases["case_id"]
    if isinstance(cases, Sequence) and all(isinstance(case, Case) for case in cases):
        return {name: _from_cells(name, [getattr(case, name) for case in cases]) for name in names}, None
    if not _is_frame(cases):
        raise TableError(_unsuitable(cases))
    check_columns([str(name) for name in cases.columns], needed, where="the frame of cases", scheme=scheme)
    return {name: _from_series(name, cases[name]) for name in names}, None


def _is_frame(cases: object) -> TypeGuard[pd.DataFrame]:
    pandas = sys.modules.get("pandas")  # who has a frame has loaded pandas
    return pandas is not None and isinstance(cases, pandas.DataFrame)


def check_table(cases: object) -> None:
    """Raise unless the cases are a frame or an Arrow table.

    Raises
    ------
    TableError
        Says what is accepted, and how to come from there to here.
    """
    if not isinstance(cases, pa.Table) and not _is_frame(cases):
        raise TableError(_unsuitable(cases))


def _unsuitable(cases: object) -> Problem:
    found = f"a {type(cases).__name__}"
    mend = "group_file reads files; read other data into a frame first"
    if isinstance(cases, Mapping):
        mend = "pandas.DataFrame(cases) for a mapping of columns; Case(**cases) and group_one for one case"
    elif isinstance(cases, Sequence) and not isinstance(cases, str) and cases:
        found += f" of {type(cases[0]).__name__}"
        mend = "pandas.DataFrame(cases) makes a frame of rows; group_one takes one Case"
    elif hasattr(cases, "to_arrow"):
        mend = "cases.to_arrow() gives an Arrow table"
    expected = "a pandas.DataFrame, a pyarrow.Table or a pyarrow.RecordBatch (for a single case: a Case)"
    return Problem("the cases", found, expected, mend)


def _from_series(name: str, series: pd.Series[Any]) -> Any:
    try:
        column = one_array(pa.array(series, from_pandas=True))
    except (pa.ArrowException, OverflowError, TypeError, ValueError):  # a text that UTF-8 cannot hold is a ValueError
        return _from_cells(name, series.tolist())
    # A frame does not say what its cells hold, so a strange one is wrong for its own row only.
    return column if is_readable(name, column.type) else _from_cells(name, series.tolist())


def _from_cells(name: str, cells: list[Any]) -> Any:
    """Return cells of mixed types as one array: lists of texts for codes, texts for everything else."""
    if name in LISTS:
        return arrow_lists([cell_codes(cell) for cell in cells])
    return arrow_texts([cell_text(cell) for cell in cells])
