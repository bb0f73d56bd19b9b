"""Read the CSV files of a projection of people row by row, and name every row that cannot be used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from actuary.demography.life_table import SEXES
from actuary.errors import Problem, TableError, unknown_name
from actuary.files import read_bytes
from actuary.tables.cells import read_cells
from actuary.tables.numerals import number_problem

__all__ = ["FILES", "SURVIVAL_FILE", "FileForm", "Rows", "list_spans", "read_rows"]


@dataclass(frozen=True, slots=True)
class FileForm:
    """Describe one input file.

    Parameters
    ----------
    keys : tuple of str
        Columns that together may occur once only.
    value : str
        Column of the figure.
    signed : bool
        Whether the figure may be below 0.
    """

    keys: tuple[str, ...]
    value: str
    signed: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column."""
        return (*self.keys, self.value)


#: The input files by name.
FILES = {
    "base_population.csv": FileForm(("age", "sex"), "population"),
    "mortality.csv": FileForm(("year", "age", "sex"), "mx"),
    "fertility.csv": FileForm(("year", "age"), "asfr"),
    "srb.csv": FileForm(("year",), "srb"),
    "migration.csv": FileForm(("year", "age", "sex"), "net_migrants", signed=True),
}

#: A file that may be given as well: survival ratios by age at the end of the step, in place of those of the life table.
SURVIVAL_FILE = "survival.csv"
_FORMS = {**FILES, SURVIVAL_FILE: FileForm(("year", "age", "sex"), "sx")}

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"\d+(\.0*)?", re.ASCII)
# Words that mean a sex beyond doubt; numbers do not, because 1 and 2 stand for other sexes elsewhere.
_SEX_WORDS = {"male": 0, "female": 1, "m": 0, "f": 1, "男": 0, "女": 1}
_SHOWN_ROWS = 8
_YEARS = (1500, 2500)
_OLDEST = 150


@dataclass(frozen=True, slots=True)
class Rows:
    """Hold the rows of a file whose keys can be read.

    Parameters
    ----------
    name : str
        The file.
    keys : dict of str to ndarray
        Year, age and sex (0 male, 1 female) of each row, those that the file has.
    values : ndarray
        The figure; NaN where it cannot be used.
    lines : ndarray
        Line in the file.
    whole : bool
        Whether every row of the file is here; no age can be called missing where rows are left out.
    """

    name: str
    keys: dict[str, NDArray[np.int64]]
    values: NDArray[np.float64]
    lines: NDArray[np.int64]
    whole: bool = True


def list_spans(numbers: Iterable[int]) -> str:
    """Write whole numbers with runs joined.

    Examples
    --------
    >>> list_spans([2024, 2025, 2026, 2030])
    '2024–2026, 2030'
    """
    ordered = sorted(set(numbers))
    runs: list[list[int]] = []
    for number in ordered:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    words = [f"{first}–{last}" if last > first else str(first) for first, last in runs]
    return ", ".join(words[:10]) + (f" … {len(ordered)} in all" if len(words) > 10 else "")


def read_rows(path: Path) -> tuple[Rows | None, list[Problem], list[str]]:
    """Read one input file.

    Parameters
    ----------
    path : Path
        One of :data:`FILES`, or :data:`SURVIVAL_FILE`.

    Returns
    -------
    tuple
        Rows (None when the file cannot be read at all), problems, and notes on what was understood.
    """
    form, name = _FORMS[path.name], path.name
    expected = f"a file with {', '.join(form.columns)}"
    if not path.exists():
        mend = "write 0 for every year, age and sex where nobody moves" if form.signed else ""
        return None, [Problem(name, "no such file", expected, mend)], []
    try:
        content = read_bytes(path, where=name, expected=expected)
    except TableError as error:
        return None, list(error.problems), []
    cells = read_cells(content, form.columns, where=name)
    problems, notes = list(cells.problems), []
    if not cells.readable or set(form.columns) - set(cells.columns):
        return None, problems, []
    texts = {column: [row[cells.columns.index(column)].strip() for row in cells.rows] for column in form.columns}
    lines = np.array(cells.lines, dtype=np.int64)
    keys: dict[str, NDArray[np.int64]] = {}
    for column in form.keys:
        read, found, said = _READERS[column](texts[column], lines, f"{name}, {column}")
        keys[column] = read
        problems += found
        notes += [f"{name}: {note}" for note in said]
    values, found = _values(texts[form.value], lines, f"{name}, {form.value}", signed=form.signed)
    problems += found
    usable = np.all([key >= 0 for key in keys.values()], axis=0) if len(lines) else np.zeros(0, dtype=bool)
    whole = bool(usable.all()) and not cells.problems
    rows = Rows(name, {key: array[usable] for key, array in keys.items()}, values[usable], lines[usable], whole)
    return rows, problems + _duplicates(rows), notes


def shown_rows(lines: Sequence[int] | NDArray[np.int64]) -> str:
    """Return rows of a file in words, the first few of them."""
    numbers = [int(line) for line in lines]
    more = f" … {len(numbers)} rows in all" if len(numbers) > _SHOWN_ROWS else ""
    return f"{'row' if len(numbers) == 1 else 'rows'} {', '.join(str(n) for n in numbers[:_SHOWN_ROWS])}{more}"


_Read = tuple[NDArray[np.int64], list[Problem], list[str]]


def _whole(
    texts: Sequence[str], lines: NDArray[np.int64], where: str, *, bounds: tuple[int, int], expected: str
) -> tuple[NDArray[np.int64], list[Problem]]:
    """Read whole numbers; -1 stands for what is none."""
    known: dict[str, int] = {}
    wrong: dict[str, list[int]] = {}
    numbers = np.empty(len(texts), dtype=np.int64)
    for k, text in enumerate(texts):
        if text not in known:
            value = int(float(text)) if _WHOLE.fullmatch(text) else -1
            known[text] = value if bounds[0] <= value <= bounds[1] else -1
        numbers[k] = known[text]
        if numbers[k] < 0:
            wrong.setdefault(text, []).append(int(lines[k]))
    name, _, column = where.partition(", ")
    return numbers, [Problem(f"{name} {shown_rows(at)}, {column}", repr(text), expected) for text, at in wrong.items()]


def _read_years(texts: Sequence[str], lines: NDArray[np.int64], where: str) -> _Read:
    numbers, problems = _whole(texts, lines, where, bounds=_YEARS, expected="a year such as 2025")
    return numbers, problems, []


def _read_ages(texts: Sequence[str], lines: NDArray[np.int64], where: str) -> _Read:
    bare = [text.removesuffix("+") for text in texts]
    expected = "an age in years, the lower bound of its group, such as 0, 45 or 100"
    numbers, problems = _whole(bare, lines, where, bounds=(0, _OLDEST), expected=expected)
    open_ages = {int(number) for number, text in zip(numbers, texts, strict=True) if text.endswith("+")}
    largest = int(numbers.max(initial=0))
    if open_ages - {largest, -1}:
        name, _, column = where.partition(", ")
        found = f"{min(open_ages - {largest, -1})}+ and the age {largest}"
        problems.append(Problem(f"{name}, {column}", found, "the open age as the largest age of the file"))
    return numbers, problems, []


def _read_sexes(texts: Sequence[str], lines: NDArray[np.int64], where: str) -> _Read:
    wrong: dict[str, list[int]] = {}
    numbers = np.array([_SEX_WORDS.get(text.lower(), -1) for text in texts], dtype=np.int64)
    for k in np.flatnonzero(numbers < 0).tolist():
        wrong.setdefault(texts[k], []).append(int(lines[k]))
    name, _, column = where.partition(", ")
    problems = []
    for word, at in wrong.items():
        problem = unknown_name(f"{name} {shown_rows(at)}, {column}", word, SEXES, what="sex")
        if not problem.mend:
            mend = "write male and female (m, f, 男 and 女 are understood); leave out rows of both sexes together"
            problem = Problem(problem.where, problem.found, problem.expected, mend)
        problems.append(problem)
    others = sorted({text for text, number in zip(texts, numbers, strict=True) if number >= 0} - set(SEXES))
    meant = [f"{word} as {SEXES[_SEX_WORDS[word.lower()]]}" for word in others]
    return numbers, problems, [f"read {', '.join(meant)}"] if meant else []


_READERS: dict[str, Callable[[Sequence[str], NDArray[np.int64], str], _Read]] = {
    "year": _read_years,
    "age": _read_ages,
    "sex": _read_sexes,
}


def _values(
    texts: Sequence[str], lines: NDArray[np.int64], where: str, *, signed: bool
) -> tuple[NDArray[np.float64], list[Problem]]:
    """Read the figures; NaN where one is none, or below 0 where it must not be."""
    name, _, column = where.partition(", ")
    values = np.array([float(text) if _NUMBER.fullmatch(text) else np.nan for text in texts])
    problems = []
    bad = np.flatnonzero(~np.isfinite(values))
    for k in bad[:_SHOWN_ROWS]:
        place = f"{name} row {lines[k]}, {column}"
        problem = number_problem(texts[k], place)
        problems.append(problem or Problem(place, repr(texts[k]), "a finite number"))
    if len(bad) > _SHOWN_ROWS:
        found = f"{len(bad)} cells that are no numbers, of which the first {_SHOWN_ROWS} are named"
        problems.append(Problem(f"{name}, {column}", found, "a number in every row"))
    values[bad] = np.nan
    below = np.flatnonzero(values < 0) if not signed else np.zeros(0, dtype=np.int64)
    if len(below):
        least = texts[int(below[np.argmin(values[below])])]
        found = f"negative figures, down to {least}" if len(below) > 1 else least
        problems.append(Problem(f"{name} {shown_rows(lines[below])}, {column}", found, "0 or more"))
        values[below] = np.nan
    return values, problems


def _duplicates(rows: Rows) -> list[Problem]:
    """Name rows whose keys stand in the file before."""
    if not rows.keys or not len(rows.lines):
        return []
    stacked = np.stack(list(rows.keys.values()), axis=1)
    _, first, inverse = np.unique(stacked, axis=0, return_index=True, return_inverse=True)
    # A row is doubled when an earlier one has its keys.
    doubled = np.flatnonzero(first[inverse.ravel()] != np.arange(len(stacked)))
    if not len(doubled):
        return []
    keys = ", ".join(rows.keys)
    earlier = int(rows.lines[first[inverse.ravel()[doubled[0]]]])
    found = f"the same {keys} as an earlier row (row {int(rows.lines[doubled[0]])} as row {earlier})"
    return [Problem(f"{rows.name} {shown_rows(rows.lines[doubled])}", found, f"one row for each {keys}")]
