"""Read a CSV file as text cells, and find everything that is wrong with the file itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from actuary.errors import Problem, unknown_name

__all__ = ["Cells", "read_cells"]

_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", "，": "full-width commas"}
_SAVE = "save it again as CSV with commas, in UTF-8"


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


def read_cells(content: bytes, columns: Sequence[str], *, where: str) -> Cells:
    r"""Read the bytes of a CSV file whose columns are known.

    Parameters
    ----------
    content : bytes
        The file.
    columns : sequence of str
        The columns it must have, in any order.
    where : str
        How messages name it.

    Returns
    -------
    Cells
        Text only; a byte order mark is accepted.

    Examples
    --------
    >>> read_cells(b"a,b\n1,2\n", ["a", "b"], where="t.csv").rows
    [['1', '2']]
    >>> print(read_cells(b"a;b\n1;2\n", ["a", "b"], where="t.csv").problems[0])
    t.csv: found columns separated by semicolons; expected commas; save it again as CSV with commas, in UTF-8
    """
    text, problem = _decode(content, where)
    if problem is not None:
        return _unreadable(problem)
    header = text.splitlines()[0]
    if not header.strip():
        return _unreadable(Problem(f"{where} row 1", "an empty line", "the header", "delete the line"))
    for separator, name in _SEPARATORS.items():
        if "," not in header and separator in header:
            return _unreadable(Problem(where, f"columns separated by {name}", "commas", _SAVE))
    try:
        found, rows, lines, problems = _split(text, where)
    except csv.Error as error:
        mend = 'close every quotation mark; write a quotation mark inside a cell twice ("")'
        return _unreadable(Problem(where, f"quotation marks that do not match ({error})", "a CSV file", mend))
    problems = [*_header_problems(found, columns, where), *problems]
    if not rows and not problems:
        problems.append(Problem(where, "a header and no rows", "at least one row"))
    return Cells(found, rows, lines, tuple(problems))


def _unreadable(problem: Problem) -> Cells:
    return Cells((), [], [], (problem,), readable=False)


def _decode(content: bytes, where: str) -> tuple[str, Problem | None]:
    found = _packed(content)
    if found:
        return "", Problem(where, found, "a CSV file of text in UTF-8", _SAVE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return "", _foreign_encoding(content, error.start, where)
    if not text.strip():
        return "", Problem(where, "an empty file", "a header and at least one row")
    return text, None


def _packed(content: bytes) -> str:
    if content.startswith(_SPREADSHEETS):
        return "a spreadsheet or another packed file"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text in UTF-16"
    return "a file that is not text" if b"\x00" in content else ""


def _foreign_encoding(content: bytes, start: int, where: str) -> Problem:
    found = f"bytes that are not UTF-8 on line {content.count(b'\n', 0, start) + 1}"
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return Problem(where, found, "text in UTF-8", "save it as CSV in UTF-8")
    mend = f"save it as CSV in UTF-8, for instance: iconv -f GB18030 -t UTF-8 {where.rpartition('/')[2]}"
    return Problem(where, f"{found}, probably GB18030 (GBK)", "text in UTF-8", mend)


def _split(text: str, where: str) -> tuple[tuple[str, ...], list[list[str]], list[int], list[Problem]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: tuple[str, ...] | None = None
    rows: list[list[str]] = []
    lines: list[int] = []
    problems: list[Problem] = []
    uneven: dict[int, list[int]] = {}
    start = 1
    for row in reader:
        line, start = start, reader.line_num + 1
        if header is None:
            header = tuple(row)
        elif not row:
            continue
        elif len(row) != len(header):
            uneven.setdefault(len(row), []).append(line)
        elif not any(row):
            problems.append(Problem(f"{where} row {line}", "an empty row", "a row with values", "delete the row"))
        else:
            rows.append(row)
            lines.append(line)
    columns = header or ()
    problems += [_uneven_problem(where, at, cells, len(columns)) for cells, at in uneven.items()]
    return columns, rows, lines, problems


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
