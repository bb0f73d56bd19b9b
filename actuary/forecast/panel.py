"""Series as a panel: one calendar, missing values as gaps, every problem of a file at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, raise_all
from actuary.files import read_bytes
from actuary.tables.cells import read_cells

__all__ = ["COLUMNS", "SEASONS", "Panel", "build_panel", "period_labels", "read_panel"]

#: Periods in a year by frequency.
SEASONS: Mapping[str, int] = {"A": 1, "Q": 4, "M": 12}

#: Columns of a file of series.
COLUMNS = ("series_id", "period", "value")
_COLUMNS = ", ".join(COLUMNS)

#: Rows with the same problem that are named one by one, and periods that a calendar may span.
_SHOWN = 20
_LONGEST = 10_000
#: Known values a series needs: fewer say nothing of how it moves.
_LEAST = 3

_SHAPES = {
    "A": re.compile(r"(\d{4})\Z"),
    "Q": re.compile(r"(\d{4})Q([1-4])\Z"),
    "M": re.compile(r"(\d{4})-(0[1-9]|1[0-2])\Z"),
}
_WORDS = {"A": "years such as 2019", "Q": "quarters such as 2019Q3", "M": "months such as 2019-07"}


@dataclass(frozen=True, eq=False)
class Panel:
    """Hold series on one calendar.

    Parameters
    ----------
    series : tuple of str
        Names.
    freq : str
        ``A``, ``Q`` or ``M``.
    season : int
        Periods in a cycle; 1 for none.
    first : int
        Number of the first period: years, quarters or months since year 0.
    values : array, shape (series, period)
        Values in the unit of the file; NaN where a series has none.
    unit : str
        Unit, as far as known.
    synthetic : bool
        Whether the series are made up.
    ends : tuple of int
        Column after the last period of every series' history: its forecast begins there. It lies after the last
        value where the history ends in gaps; after the last value when left out.
    left_out : tuple of (str, str)
        Series of the same rows that cannot be forecast, each with the reason.
    """

    series: tuple[str, ...]
    freq: str
    season: int
    first: int
    values: NDArray[np.float64] = field(repr=False)
    unit: str = ""
    synthetic: bool = False
    ends: tuple[int, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Let every history without a declared end end after its last value."""
        if not self.ends:
            object.__setattr__(self, "ends", tuple(self.span(row)[1] for row in range(len(self.series))))

    @property
    def periods(self) -> tuple[str, ...]:
        """Labels of the periods."""
        return period_labels(self.freq, self.first, self.values.shape[1])

    def span(self, row: int) -> tuple[int, int]:
        """Return where a series begins and ends: column of the first value, column after the last."""
        known = np.flatnonzero(~np.isnan(self.values[row]))
        return int(known[0]), int(known[-1]) + 1

    def until(self, column: int) -> Panel:
        """Return the panel as it stood when the period of that column began; series without a value are left out."""
        kept = self.subset(np.flatnonzero((~np.isnan(self.values[:, :column])).any(axis=1)).tolist())
        return replace(kept, values=kept.values[:, :column], ends=tuple(min(end, column) for end in kept.ends))

    def subset(self, rows: Sequence[int]) -> Panel:
        """Return some of the series, in the order given."""
        names, ends = tuple(self.series[i] for i in rows), tuple(self.ends[i] for i in rows)
        return replace(self, series=names, values=self.values[list(rows)], ends=ends)


def period_labels(freq: str, first: int, count: int) -> tuple[str, ...]:
    """Return labels of periods in order.

    Examples
    --------
    >>> period_labels("Q", 2019 * 4 + 2, 3), period_labels("M", 2019 * 12 + 11, 2)
    (('2019Q3', '2019Q4', '2020Q1'), ('2019-12', '2020-01'))
    """
    numbers = range(first, first + count)
    if freq == "A":
        return tuple(str(n) for n in numbers)
    if freq == "Q":
        return tuple(f"{n // 4}Q{n % 4 + 1}" for n in numbers)
    return tuple(f"{n // 12}-{n % 12 + 1:02d}" for n in numbers)


def _number(freq: str, text: str) -> int:
    match = _SHAPES[freq].match(text)
    assert match is not None  # noqa: S101  the caller has looked
    parts = [int(part) for part in match.groups()]
    return parts[0] * SEASONS[freq] + (parts[1] - 1 if len(parts) > 1 else 0)


def build_panel(
    frame: pd.DataFrame, *, season: int | None = None, where: str = "series", unit: str = "", synthetic: bool = False
) -> Panel:
    """Lay rows of `series_id`, `period`, `value` out on one calendar.

    A period without a row, or with an empty value, is a gap: it is modelled as missing, not filled in. A series with
    fewer than 3 known values is left out with the reason; where every series is that short, the rows are refused.

    Parameters
    ----------
    frame : DataFrame
        Columns `series_id`, `period` (2019, 2019Q3 or 2019-07, one kind only) and `value`.
    season : int, optional
        Periods in a cycle; a year when left out.
    where : str
        What messages call the rows.
    unit : str
        Unit of the values.
    synthetic : bool
        Whether the series are made up.

    Raises
    ------
    TableError
        With every problem of the rows.

    Examples
    --------
    >>> rows = pd.DataFrame({"series_id": "a", "period": ["2019Q1", "2019Q2", "2019Q4"], "value": [1.0, 2.0, 4.0]})
    >>> build_panel(rows).values.tolist()
    [[1.0, 2.0, nan, 4.0]]
    """
    missing = [name for name in COLUMNS if name not in frame.columns]
    raise_all([Problem(where, f"no column {name!r}", f"the columns {_COLUMNS}") for name in missing], TableError)
    raise_all([Problem(where, "no row", "at least one series")] if frame.empty else [], TableError)
    rows = frame[list(COLUMNS)].reset_index(drop=True)
    rows.index += 2
    return _lay_out(rows, season=season, where=where, unit=unit, synthetic=synthetic)


def _lay_out(rows: pd.DataFrame, *, season: int | None, where: str, unit: str, synthetic: bool) -> Panel:
    """Build the panel of rows that are indexed by their number in the file."""
    ids = rows["series_id"].astype(str).str.strip()
    texts = rows["period"].astype(str).str.strip().str.upper().str.replace("-Q", "Q")
    numbers = pd.to_numeric(rows["value"], errors="coerce").astype(np.float64)
    problems: list[Problem] = []
    if season is not None and not 1 <= season <= 366:
        problems.append(Problem("--season", str(season), "1 (none) to 366 periods"))
    problems += _row_problems(where, rows, ids, texts, numbers)
    freq = _frequency(where, texts, problems)
    raise_all(problems, TableError)
    index = texts.map(lambda text: _number(freq, text)).to_numpy()
    # By name: neither the draws nor their last digits depend on the order of the rows.
    names = tuple(sorted(set(ids)))
    first, last = int(index.min()), int(index.max())
    if last - first >= _LONGEST:
        ends = " to ".join(period_labels(freq, number, 1)[0] for number in (first, last))
        expected = f"at most {_LONGEST:,} periods from the first to the last"
        raise TableError(Problem(f"{where}, period", ends, expected, "look for a mistyped year"))
    values = np.full((len(names), last - first + 1), np.nan)
    row = ids.map({name: i for i, name in enumerate(names)}).to_numpy()
    values[row, index - first] = numbers.to_numpy()
    ends_at = np.zeros(len(names), dtype=np.int64)
    np.maximum.at(ends_at, row, index - first + 1)
    known = (~np.isnan(values)).sum(axis=1)
    kept = known >= _LEAST
    if not kept.any():
        raise_all(_too_short(where, names, known), TableError)
    left_out = tuple(
        (name, f"{count} known values, at least {_LEAST} are needed")
        for name, count in zip(names, known.tolist(), strict=True)
        if count < _LEAST
    )
    used = np.flatnonzero((~np.isnan(values[kept])).any(axis=0))
    # The calendar is that of the series that are kept, so that those left out change nothing.
    begin, end = int(used[0]), max(int(used[-1]) + 1, int(ends_at[kept].max()))
    return Panel(
        series=tuple(name for name, keep in zip(names, kept, strict=True) if keep),
        freq=freq,
        season=season or SEASONS[freq],
        first=first + begin,
        values=values[kept, begin:end],
        unit=unit,
        synthetic=synthetic,
        ends=tuple((ends_at[kept] - begin).tolist()),
        left_out=left_out,
    )


def _frequency(where: str, texts: pd.Series, problems: list[Problem]) -> str:
    """Return the one kind of periods, or add what is wrong to the problems."""
    kinds = {freq: texts.str.match(shape) for freq, shape in _SHAPES.items()}
    present = [freq for freq, found in kinds.items() if found.any()]
    unread = texts[~np.logical_or.reduce([found.to_numpy() for found in kinds.values()])]
    problems += [
        Problem(f"{where} row {number}, period", repr(text), f"one of: {', '.join(_WORDS.values())}")
        for number, text in unread.head(_SHOWN).items()
    ]
    if len(present) > 1:
        shown = ", ".join(f"{texts[kinds[freq]].iloc[0]} ({int(kinds[freq].sum())} rows)" for freq in present)
        mend = "forecast them one by one"
        problems.append(Problem(f"{where}, period", f"mixed: {shown}", "one kind of period", mend))
    return present[0] if present else "A"


def _row_problems(
    where: str, rows: pd.DataFrame, ids: pd.Series, texts: pd.Series, numbers: pd.Series
) -> list[Problem]:
    """Return what is wrong with single rows; of each kind the first few."""
    given = rows["value"]
    nameless = ids[rows["series_id"].isna() | (ids == "")]
    problems = [Problem(f"{where} row {number}, series_id", "nothing", "a name") for number in nameless.index[:_SHOWN]]
    blank = given.isna() | (given.astype(str).str.strip() == "")
    wrong = given[(numbers.isna() & ~blank) | np.isinf(numbers)]
    problems += [
        Problem(f"{where} row {number}, value", repr(value), "a finite number, or nothing for a gap")
        for number, value in wrong.head(_SHOWN).items()
    ]
    twice = pd.DataFrame({"s": ids, "p": texts}).duplicated(keep="first")
    problems += [
        Problem(f"{where} row {number}", f"{ids[number]} {texts[number]} a second time", "one value a period")
        for number in twice.index[twice][:_SHOWN]
    ]
    return problems


def _too_short(where: str, names: tuple[str, ...], known: NDArray[np.int64]) -> list[Problem]:
    """Return the series that hold too little to say anything."""
    expected = f"at least {_LEAST} known values"
    return [
        Problem(f"{where}, series {name}", f"{int(count)} values", expected, "give a longer history")
        for name, count in list(zip(names, known, strict=True))[:_SHOWN]
    ]


def read_panel(path: Path | str, *, season: int | None = None, unit: str = "") -> Panel:
    """Read series from a CSV file with the columns `series_id`, `period`, `value`.

    Parameters
    ----------
    path : Path or str
        The file, UTF-8.
    season : int, optional
        Periods in a cycle; a year when left out.
    unit : str
        Unit of the values.

    Raises
    ------
    TableError
        When the file cannot be read, with every problem of its rows.
    """
    path = Path(path)
    content = read_bytes(path, where=str(path), expected=f"a CSV file with the columns {_COLUMNS}")
    cells = read_cells(content, COLUMNS, where=path.name)
    raise_all(cells.problems, TableError)
    rows = pd.DataFrame(cells.rows, columns=list(cells.columns), index=cells.lines, dtype=str)
    return _lay_out(rows, season=season, where=path.name, unit=unit, synthetic=False)
