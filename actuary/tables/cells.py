"""Read a CSV file as text cells, and find everything that is wrong with the file itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from actuary.errors import Problem, TableError, unknown_name
from actuary.files import read_delimited

__all__ = ["Cells", "read_cells"]


@dataclass(frozen=True, slots=True)
class Cells:
    """Hold the text of a table.

    Parameters
    ----------
    columns : tuple of str
        Headings, as they stand.
    rows : list of list of str
        Cells of the rows whose length fits the header.
    lines : list of int
        Line on which each of them starts, as an editor counts.
    problems : tuple of Problem
        Everything that is wrong with the file itself.
    readable : bool
        Whether the cells can be looked at at all.
    """

    columns: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    problems: tuple[Problem, ...]
    readable: bool = True


def read_cells(
    content: bytes,
    columns: Sequence[str],
    *,
    where: str,
    optional: Sequence[str] = (),
    rename: Callable[[str], str] = str,
) -> Cells:
    r"""Read the bytes of a CSV file whose columns are known.

    Parameters
    ----------
    content : bytes
        The file.
    columns : sequence of str
        The columns it must have, in any order.
    where : str
        How messages name it.
    optional : sequence of str
        Columns it may have.
    rename : callable
        Gives the name here of a heading that is written otherwise.

    Returns
    -------
    Cells
        Text only; see :func:`~actuary.files.read_delimited` for encodings and separators.

    Examples
    --------
    >>> read_cells(b"a,b\n1,2\n", ["a", "b"], where="t.csv").rows
    [['1', '2']]
    >>> print(read_cells(b"a,b\n1\n", ["a", "b"], where="t.csv").problems[0])
    t.csv row 2: found 1 cells; expected 2, as in the header
    """
    try:
        table = read_delimited(content, where=where)
    except TableError as error:
        return _unreadable(*error.problems)
    found = tuple(map(rename, table.columns))
    problems = _header_problems(found, [*columns, *(name for name in optional if name in found)], where)
    problems += [
        Problem(f"{where} row {line}", "an empty row", "a row with values", "delete the row") for line in table.blank
    ]
    problems += [_uneven_problem(where, at, cells, len(table.columns)) for cells, at in table.uneven.items()]
    if not table.rows and not problems:
        problems.append(Problem(where, "a header and no rows", "at least one row"))
    return Cells(found, table.rows, table.lines, tuple(problems))


def _unreadable(*problems: Problem) -> Cells:
    return Cells((), [], [], problems, readable=False)


def _uneven_problem(where: str, lines: Sequence[int], cells: int, columns: int) -> Problem:
    """Name the rows of one wrong length together: a heading left out makes every row of a file uneven."""
    shown = ", ".join(str(line) for line in lines[:8]) + (f" … {len(lines)} rows in all" if len(lines) > 8 else "")
    mend = ""
    if cells > columns:
        mend = "put a text that holds a comma in quotation marks"
        mend += ", or give every column a heading" if len(lines) > 8 else ""
    word = "row" if len(lines) == 1 else "rows"
    return Problem(f"{where} {word} {shown}", f"{cells} cells", f"{columns}, as in the header", mend)


def _header_problems(found: Sequence[str], columns: Sequence[str], where: str) -> list[Problem]:
    place = f"{where} header"
    problems = [unknown_name(place, name, columns, what="column") for name in found if name not in columns]
    problems += [
        Problem(place, f"no column {name!r}", f"the columns {', '.join(columns)}")
        for name in columns
        if name not in found
    ]
    problems += [
        Problem(place, f"the column {name!r} {list(found).count(name)} times", "every column once")
        for name in dict.fromkeys(found)
        if list(found).count(name) > 1 and name in columns
    ]
    return problems
