"""Read tables of text: which character separates the cells, what the headings are, which rows are whole."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from actuary.errors import ActuaryError, Problem, TableError
from actuary.files.encodings import decode_text, note
from actuary.files.formulas import unguarded

__all__ = ["Delimited", "check_title", "clean_heading", "find_separator", "narrow", "read_delimited"]

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_FOREIGN = {"，": "full-width commas", "；": "full-width semicolons", "、": "enumeration commas"}
_SAVE = "save it again as CSV with commas, in UTF-8"
_SAMPLE_ROWS = 20
#: Rows behind a title that may have one cell too: a heading over several columns, a unit.
TITLE_ROWS = 3
#: Columns of the widest table; the national settlement list has under 300, and a workbook ends at 16,384.
MOST_COLUMNS = 20_000
#: Characters of the first rows by which the separator is found.
SAMPLE = 1 << 18

_HALF = {
    **{code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))},
    0xFF3F: ord("_"),
}
_REMARK = re.compile(r"^#[^\r\n]*", re.MULTILINE)
_QUOTED = re.compile(r'"[^"]*"')
_LINE_END = re.compile(r"[\r\n]")
_INVISIBLE = dict.fromkeys((0xFEFF, 0x200B, 0x200C, 0x200D, 0x2060, 0x200E, 0x200F))


@dataclass(frozen=True, slots=True)
class Delimited:
    """Hold the cells of a table as text.

    Parameters
    ----------
    columns : tuple of str
        Headings, cleaned.
    rows : list of list of str
        Cells of the rows that fit the headings; guards against formulas are taken away.
    lines : list of int
        Line on which each of them starts, as an editor counts.
    uneven : dict of int to list of int
        Number of cells of rows that do not fit to the lines on which they start.
    blank : list of int
        Lines of rows that have cells and nothing in them.
    separator : str
        What stands between the cells.
    """

    columns: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    uneven: dict[int, list[int]]
    blank: list[int]
    separator: str

    def records(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Return line and cells by heading of each whole row; columns without a heading are left out."""
        named = [(place, name) for place, name in enumerate(self.columns) if name]
        for line, row in zip(self.lines, self.rows, strict=True):
            yield line, {name: row[place] for place, name in named}

    def problems(self, where: str) -> list[Problem]:
        """Return what is wrong with the table as such: headings that occur twice, rows that do not fit."""
        found = [
            Problem(f"{where} header", f"the column {name!r} {self.columns.count(name)} times", "every column once")
            for name in dict.fromkeys(self.columns)
            if name and self.columns.count(name) > 1
        ]
        for cells, lines in self.uneven.items():
            shown = ", ".join(map(str, lines[:8])) + (f" … {len(lines)} rows in all" if len(lines) > 8 else "")
            word = "row" if len(lines) == 1 else "rows"
            mend = "put a text that holds a comma in quotation marks" if cells > len(self.columns) else ""
            expected = f"{len(self.columns)}, as in the header"
            found.append(Problem(f"{where} {word} {shown}", f"{cells} cells", expected, mend))
        return found


def narrow(text: str) -> str:
    """Return a text with full-width letters and digits as narrow ones; punctuation stays.

    Examples
    --------
    >>> narrow("ＧＤ２５（一）")
    'GD25（一）'
    """
    return text if text.isascii() else text.translate(_HALF)


def clean_heading(name: str) -> str:
    r"""Return a heading without guard, blanks around it and invisible marks, full-width letters and digits made narrow.

    Examples
    --------
    >>> clean_heading("\ufeff ｃａｓｅ＿ｉｄ\u3000"), clean_heading("总费用（元）")
    ('case_id', '总费用（元）')
    """
    return unguarded(narrow(name.translate(_INVISIBLE).strip()))


def find_separator(sample: str, *, where: str, whole: bool, error: type[ActuaryError] = TableError) -> str:
    r"""Return what stands between the cells: the comma, unless the heading has another and no comma.

    Where the heading has commas and others, the separator is the one with which all rows have as many cells.

    Parameters
    ----------
    sample : str
        The first rows.
    where : str
        How messages name the file.
    whole : bool
        Whether the sample is the whole file; else its last row may be cut off.
    error : type
        Class of the error.

    Raises
    ------
    ActuaryError
        Of class `error`, when two separators would do, or an unusual one is used.

    Examples
    --------
    >>> find_separator("a;b\n1,5;2\n", where="t.csv", whole=True)
    ';'
    """
    # What stands in quotation marks separates nothing; rows end where a CSV reader ends them, at no other mark.
    header = next((line for line in _LINE_END.split(_QUOTED.sub("q", sample)) if line.strip()), "")
    present = [mark for mark in (",", *SEPARATORS) if mark in header]
    if not present:
        for mark, name in _FOREIGN.items():
            if mark in header:
                raise error(Problem(where, f"columns separated by {name}", "commas", _SAVE))
        return ","
    if present == [","]:
        return ","
    even = [mark for mark in present if _even(sample, mark, whole=whole)]
    if len(present) == 1:
        return present[0]
    if "," in present and header.count(",") > max(header.count(mark) for mark in present if mark != ","):
        return ","
    if len(even) == 1:
        return even[0]
    names = " and ".join("commas" if mark == "," else SEPARATORS[mark] for mark in present)
    raise error(Problem(where, f"{names} between the headings", "one kind of separator", _SAVE))


def _even(sample: str, mark: str, *, whole: bool) -> bool:
    """Say whether all rows have as many cells as the heading with this separator."""
    try:
        rows = [row for row in itertools.islice(csv.reader(io.StringIO(sample, newline=""), delimiter=mark),
                                                _SAMPLE_ROWS + 1) if row]  # fmt: skip
    except csv.Error:
        return False
    if not whole and 1 < len(rows) <= _SAMPLE_ROWS:
        rows = rows[:-1]
    return len({len(row) for row in rows}) == 1


def read_delimited(
    content: bytes, *, where: str, comments: bool = False, error: type[ActuaryError] = TableError
) -> Delimited:
    r"""Read the bytes of a table: CSV in UTF-8, UTF-16 or GB18030, with commas, semicolons, tabs or bars.

    Parameters
    ----------
    content : bytes
        The file.
    where : str
        How messages name it.
    comments : bool
        Whether lines that begin with ``#`` are remarks, and blank lines ahead of the headings nothing.
    error : type
        Class of the error.

    Returns
    -------
    Delimited
        Its cells; what was assumed is told as a :class:`~actuary.files.FileNote`.

    Raises
    ------
    ActuaryError
        Of class `error`, when the encoding or the separator cannot be told, the file is empty, or its quotation marks
        do not match.

    Examples
    --------
    >>> table = read_delimited(b"a,b,\r\n1,'=x,\r\n", where="t.csv")
    >>> table.columns, table.rows
    (('a', 'b'), [['1', '=x']])
    """
    text = decode_text(content, where=where, error=error)
    if not text.strip("\ufeff \t\r\n\u3000"):
        raise error(Problem(where, "an empty file", "a header and at least one row"))
    if comments:
        text = _REMARK.sub("", text)
    sample = text[:SAMPLE]
    separator = find_separator(sample, where=where, whole=len(sample) == len(text), error=error)
    if separator != ",":
        note(where, f"read with {SEPARATORS[separator]} between the cells")
    try:
        return _cells(text, separator, where, error, skip=comments)
    except csv.Error as failure:
        if "field larger" in str(failure):
            raise error(Problem(where, f"a cell of more than {csv.field_size_limit():,} characters",
                                "shorter cells", 'close every quotation mark')) from None  # fmt: skip
        mend = 'close every quotation mark; write a quotation mark inside a cell twice ("")'
        raise error(Problem(where, f"quotation marks that do not match ({failure})", "a CSV file", mend)) from None


def check_title(
    header: Sequence[str], following: Sequence[str], *, where: str, error: type[ActuaryError] = TableError
) -> None:
    """Raise when the first row is no heading but a title, as sheets for people have one.

    Parameters
    ----------
    header, following : sequence of str
        The first row and the one behind it.
    where : str
        How messages name the file.
    error : type
        Class of the error.

    Raises
    ------
    ActuaryError
        Of class `error`, when the first row has one cell and the next one several.

    Examples
    --------
    >>> check_title(["2024", ""], ["hospital", "score"], where="t.csv")
    Traceback (most recent call last):
    actuary.errors.TableError: t.csv row 1: found '2024' alone, which looks like a title; expected the names of all
    columns in row 1; delete the rows above them
    """
    titles = [name for name in header if name.strip()]
    if len(titles) == 1 and sum(bool(cell.strip()) for cell in following) > 1:
        found, expected = f"{titles[0][:30]!r} alone, which looks like a title", "the names of all columns in row 1"
        raise error(Problem(f"{where} row 1", found, expected, "delete the rows above them"))


def _cells(text: str, separator: str, where: str, error: type[ActuaryError], *, skip: bool) -> Delimited:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found = next((row for row in reader if row or not skip), [])
    if not any(map(clean_heading, found)):
        raise error(Problem(f"{where} row 1", "an empty line", "the header", "delete the line"))
    # A separator behind the last heading makes a column without a name; an empty one is none.
    columns = [clean_heading(name) for name in found]
    while not columns[-1]:
        columns.pop()
    width = len(columns)
    if width > MOST_COLUMNS:
        raise error(Problem(f"{where} header", f"{width:,} columns", f"at most {MOST_COLUMNS:,}"))
    rows: list[list[str]] = []
    lines: list[int] = []
    uneven: dict[int, list[int]] = {}
    blank: list[int] = []
    guarded = "'" in text
    start = reader.line_num + 1
    for row in reader:
        line, start = start, reader.line_num + 1
        if not row:
            continue
        if width == 1 and len(rows) < TITLE_ROWS:
            check_title(columns, row, where=where, error=error)
        if not any(row):
            blank.append(line)
        elif len(row) not in {width, len(found)} or any(row[width:]):
            uneven.setdefault(len(row), []).append(line)
        else:
            rows.append([unguarded(cell) for cell in row[:width]] if guarded else row[:width])
            lines.append(line)
    return Delimited(tuple(columns), rows, lines, uneven, blank, separator)
