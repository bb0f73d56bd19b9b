"""Read the cells of the tables beside a payment policy: encodings, headings and exact numbers, problem by problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from actuary.errors import Problem, TableError, nearest_name
from actuary.files import read_bytes
from actuary.payment.declared_values import EVERY
from actuary.tables.cells import Cells, read_cells

__all__ = ["open_table", "read_content", "read_number", "repeated_keys", "table_rows", "tier_name"]

_ALIASES = {
    "group_code": "group",
    "drg": "group",
    "weight": "rw",
    "score": "rw",
    "base_points": "rw",
    "coefficient": "coef",
    "group_name": "name",
    "marks": "mark",
    "group_mean_cost": "mean_cost",
}


def open_table(
    content: bytes, required: Sequence[str], optional: Sequence[str], *, where: str
) -> tuple[Cells, list[Problem]]:
    """Read the cells of a table, with the columns it may have.

    Parameters
    ----------
    content : bytes
        The file; common other headings are read as the names here.
    required, optional : sequence of str
        Columns it must, and may, have.
    where : str
        How messages name it.

    Returns
    -------
    tuple
        The cells, and what is wrong with the file itself.
    """

    def usual(heading: str) -> str:
        return _ALIASES.get(heading.lower(), heading.lower())

    cells = read_cells(content, required, optional=optional, rename=usual, where=where)
    return cells, list(cells.problems)


#: Powers of ten of weights, base points and amounts; 1e400 fills the memory once it is a whole number.
_POWERS = range(-30, 12)


def read_number(text: str, where: str, *, what: str) -> tuple[Decimal | None, list[Problem]]:
    """Read a number above 0 exactly as it is printed.

    Parameters
    ----------
    text, where : str
        The cell, and its place.
    what : str
        What it is, in words.

    Returns
    -------
    tuple
        The number, or None with the problem.

    Examples
    --------
    >>> read_number("0.435617855", "t.csv row 2, rw", what="weight")
    (Decimal('0.435617855'), [])
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        mend = "write the number alone, without thousands separators or units"
        return None, [Problem(where, f"the text {text!r}", f"a {what}", mend)]
    if not number.is_finite() or "_" in text:
        return None, [Problem(where, text, f"a {what}")]
    if number <= 0:
        mend = "leave the cell empty and mark the group where it has none"
        return None, [Problem(where, text, f"a {what} above 0", mend)]
    if number.adjusted() not in _POWERS:
        return None, [Problem(where, text, f"a {what} that a policy may hold, below 10¹²")]
    return number, []


def tier_name(text: str) -> str:
    """Return the name of a tier as a cell gives it; empty and ``all`` are the wildcard.

    Examples
    --------
    >>> tier_name("3A"), tier_name("all")
    ('3A', '*')
    """
    return EVERY if text in ("", "all") else text


def read_content(path: Path, label: str) -> tuple[bytes | None, list[Problem]]:
    """Read the bytes of a table; a file that is not there is a problem with the nearest name.

    Parameters
    ----------
    path : Path
        The file.
    label : str
        How messages name it.
    """
    try:
        return read_bytes(path, where=label, expected="a CSV table"), []
    except TableError as error:
        (problem,) = error.problems
        near = nearest_name(path.name, [item.name for item in path.parent.glob("*.csv")])
        mend = f"did you mean {near!r}?" if near else "put the table beside the policy file"
        return None, [Problem(label, f"a file that cannot be read ({problem.found})", problem.expected, mend)]


def table_rows(cells: Cells, label: str) -> Iterator[tuple[str, int, Callable[[str], str]]]:
    """Yield the place, the line and a reader of cells for every row.

    Parameters
    ----------
    cells : Cells
        The table.
    label : str
        How messages name it.
    """
    position = {name: index for index, name in enumerate(cells.columns)}
    for row, line in zip(cells.rows, cells.lines, strict=True):

        def cell(name: str, row: list[str] = row) -> str:
            return row[position[name]].strip() if name in position else ""

        yield f"{label} row {line}", line, cell


def repeated_keys(keys: Sequence[tuple[str, ...]], lines: Sequence[int], label: str) -> list[Problem]:
    """Find keys that stand on two rows.

    Parameters
    ----------
    keys : sequence of tuple
        Key of each row.
    lines : sequence of int
        Line of each row.
    label : str
        How messages name the table.
    """
    first: dict[tuple[str, ...], int] = {}
    problems = []
    for key, line in zip(keys, lines, strict=True):
        if key in first:
            named = " at ".join(part for part in key if part != EVERY)
            found = f"{named} again, as on row {first[key]}"
            problems.append(Problem(f"{label} row {line}", found, "every group once", "delete one of the two rows"))
        first.setdefault(key, line)
    return problems
