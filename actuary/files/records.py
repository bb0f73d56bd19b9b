"""Read small tables with a heading as records, with the problems in place of an error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from actuary.errors import Problem, TableError, nearest_name
from actuary.files.delimited import read_delimited
from actuary.files.opening import read_bytes

__all__ = ["read_records"]


def read_records(
    path: Path, columns: Sequence[str], *, label: str, comments: bool = False
) -> tuple[list[tuple[int, dict[str, str]]], list[Problem]]:
    """Read a table that must have certain columns; others are left out.

    Parameters
    ----------
    path : Path
        The file.
    columns : sequence of str
        The columns it must have, in any order.
    label : str
        How messages name it.
    comments : bool
        Whether lines that begin with ``#`` are remarks.

    Returns
    -------
    tuple
        Line and stripped cells of every whole row, and what is wrong with the file itself.
    """
    try:
        content = read_bytes(path, where=label, expected=f"a table with the columns {', '.join(columns)}")
        table = read_delimited(content, where=label, comments=comments)
    except TableError as error:
        return [], list(error.problems)
    missing = [column for column in columns if column not in table.columns]
    if missing:
        near = nearest_name(missing[0], [column for column in table.columns if column not in columns])
        mend = f"rename {near} to {missing[0]}" if near else ""
        return [], [Problem(f"{label} line 1", "nothing", f"the columns {', '.join(missing)}", mend)]
    rows = [(line, {name: record[name].strip() for name in columns}) for line, record in table.records()]
    problems = table.problems(label)
    if not rows and not problems:
        problems.append(Problem(label, "no row", "at least one row"))
    return rows, problems
