"""Claims by period of service as they stood at several cut-offs, read from vintages or from payments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.errors import PeriodError, Problem, TableError, raise_all
from actuary.files import read_bytes, read_delimited
from actuary.forecast.panel import SEASONS, period_labels

__all__ = ["COLUMNS", "Triangle", "build_triangle", "read_triangle"]

type FloatArray = NDArray[np.float64]

#: What the columns of a file may be called; the first name of each is ours.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "series": ("series_id", "series", "state", "region", "line", "统筹区", "序列"),
    "period": ("period", "service_month", "service_period", "origin", "accident_year", "就诊月", "发生月"),
    "cutoff": ("cutoff", "cutoff_month", "as_of", "valuation", "截止月", "评估时点"),
    "paid": ("paid_month", "processing_month", "paid_period", "结算月", "支付月"),
    "value": ("value", "amount", "paid", "cost", "金额"),
}

_SHAPES = {
    "A": re.compile(r"(\d{4})\Z"),
    "Q": re.compile(r"(\d{4})-?[Qq]([1-4])\Z"),
    "M": re.compile(r"(\d{4})-(0[1-9]|1[0-2])\Z"),
}
#: Problems of single rows that are shown one by one.
_SHOWN_ROWS = 5


@dataclass(frozen=True, eq=False)
class Triangle:
    """Hold what was known of every period of service at every cut-off.

    Parameters
    ----------
    series : tuple of str
        Names.
    freq : str
        ``A``, ``Q`` or ``M``.
    first : int
        Number of the first period: years, quarters or months since year 0.
    cutoffs : tuple of int
        Numbers of the cut-offs, in order of time; everything up to the end of that period is in.
    amounts : array, shape (series, period, cutoff)
        Amount known so far (cumulative) [unit of the file]; NaN where a cut-off does not show a period.
    unit : str
        Unit, as far as known.
    synthetic : bool
        Whether the amounts are made up.
    notes : tuple of str
        What a reader should know: amounts that fell, periods without an amount.
    """

    series: tuple[str, ...]
    freq: str
    first: int
    cutoffs: tuple[int, ...]
    amounts: FloatArray = field(repr=False)
    unit: str = ""
    synthetic: bool = False
    notes: tuple[str, ...] = ()

    @property
    def periods(self) -> tuple[str, ...]:
        """Labels of the periods of service."""
        return period_labels(self.freq, self.first, self.amounts.shape[1])

    @property
    def cutoff_labels(self) -> tuple[str, ...]:
        """Labels of the cut-offs."""
        return tuple(period_labels(self.freq, number, 1)[0] for number in self.cutoffs)

    @property
    def lags(self) -> NDArray[np.int64]:
        """Periods between service and cut-off, shape (period, cutoff); negative where service comes later."""
        numbers = self.first + np.arange(self.amounts.shape[1])
        lags: NDArray[np.int64] = np.asarray(self.cutoffs)[None, :] - numbers[:, None]
        return lags

    @property
    def latest(self) -> FloatArray:
        """Amounts at the last cut-off, shape (series, period); NaN where it does not show a period."""
        latest: FloatArray = self.amounts[:, :, -1]
        return latest

    def at(self, label: str) -> Triangle:
        """Return the triangle as it stood at a cut-off: later cut-offs and later periods are left out.

        Raises
        ------
        PeriodError
            When there is no such cut-off.
        """
        if label not in self.cutoff_labels:
            raise PeriodError(Problem("cut-off", repr(label), f"one of {', '.join(self.cutoff_labels)}"))
        upto = self.cutoff_labels.index(label) + 1
        periods = min(self.amounts.shape[1], self.cutoffs[upto - 1] - self.first + 1)
        return replace(self, cutoffs=self.cutoffs[:upto], amounts=self.amounts[:, :periods, :upto])


def _numbers(texts: pd.Series) -> tuple[dict[str, int], set[str]]:
    """Return the number of every readable label, and the frequencies that occur."""
    numbers: dict[str, int] = {}
    found: set[str] = set()
    for text in texts.unique():
        for freq, shape in _SHAPES.items():
            match = shape.match(text)
            if match is not None:
                parts = [int(part) for part in match.groups()]
                numbers[text] = parts[0] * SEASONS[freq] + (parts[1] - 1 if len(parts) > 1 else 0)
                found.add(freq)
    return numbers, found


def _rename(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    names = {str(name).strip().lower(): name for name in frame.columns}
    found = {ours: next((names[n] for n in others if n in names), None) for ours, others in COLUMNS.items()}
    problems = []
    for ours in ("period", "value"):
        if found[ours] is None:
            known = ", ".join(str(name) for name in frame.columns) or "no columns"
            problems.append(
                Problem(f"{where}, column {COLUMNS[ours][0]}", f"columns {known}", " or ".join(COLUMNS[ours]))
            )
    if (found["cutoff"] is None) == (found["paid"] is None):
        what = "neither" if found["cutoff"] is None else "both"
        expected = (
            f"one of {', '.join(COLUMNS['cutoff'])} (amounts known so far) or {', '.join(COLUMNS['paid'])} (payments)"
        )
        problems.append(Problem(f"{where}, columns", f"{what} a cut-off and a month of payment", expected))
    raise_all(problems, TableError)
    kept = {name: ours for ours, name in found.items() if name is not None}
    named = frame[list(kept)].rename(columns=kept)
    if "series" not in named:
        named["series"] = "all"
    return named


def _rows(named: pd.DataFrame, *, where: str) -> tuple[pd.DataFrame, str]:
    """Return the rows with numbers of periods, or raise every problem of them."""
    second = "cutoff" if "cutoff" in named else "paid"
    # A cell that is missing is blank: as a number that is none it would fall out of every group in silence.
    rows = pd.DataFrame({"series": named["series"].astype(object).fillna("").astype(str).str.strip()})
    problems = [
        Problem(f"{where} row {row + 2}, series", "nothing", "the name of a series")
        for row in np.flatnonzero(rows["series"].eq(""))[:_SHOWN_ROWS]
    ]
    kinds: set[str] = set()
    for column in ("period", second):
        texts = named[column].astype(object).fillna("").astype(str).str.strip()
        numbers, found = _numbers(texts)
        kinds |= found
        bad = ~texts.isin(list(numbers))
        for row in np.flatnonzero(bad)[:_SHOWN_ROWS]:
            expected = "a year 2019, a quarter 2019Q3 or a month 2019-07"
            problems.append(Problem(f"{where} row {row + 2}, {column}", repr(texts.iloc[row]), expected))
        rows[column] = texts.map(numbers).astype("Int64")
    if len(kinds) > 1:
        problems.append(Problem(f"{where}, periods", f"frequencies {', '.join(sorted(kinds))}", "one frequency"))
    value = pd.to_numeric(named["value"], errors="coerce").astype(float)
    unread = ~np.isfinite(value.to_numpy())
    problems += [
        Problem(f"{where} row {row + 2}, value", repr(named["value"].iloc[row]), "a number")
        for row in np.flatnonzero(unread)[:_SHOWN_ROWS]
    ]
    rows["value"] = value
    if not problems:
        problems += _impossible(rows, second, where=where)
    raise_all(problems, TableError)
    return rows, kinds.pop()


def _impossible(rows: pd.DataFrame, second: str, *, where: str) -> list[Problem]:
    problems = []
    early = rows[second] < rows["period"]
    for row in np.flatnonzero(early)[:_SHOWN_ROWS]:
        expected = "a cut-off or payment in or after the period of service"
        problems.append(Problem(f"{where} row {row + 2}", f"a {second} before the service", expected))
    if second == "paid":
        return problems
    again = rows.duplicated(["series", "period", second])
    for row in np.flatnonzero(again)[:_SHOWN_ROWS]:
        found = f"{rows['series'].iloc[row]} for a period and cut-off that stand above already"
        problems.append(Problem(f"{where} row {row + 2}", found, "one row a series, period and cut-off", "remove one"))
    for row in np.flatnonzero(rows["value"] < 0)[:_SHOWN_ROWS]:
        expected = "an amount known so far of 0 or more"
        mend = "give single payments in a column paid_month if these are corrections"
        problems.append(Problem(f"{where} row {row + 2}, value", f"{rows['value'].iloc[row]:g}", expected, mend))
    return problems


def _cumulate(rows: pd.DataFrame, series: list[str], first: int, last: int) -> FloatArray:
    """Add payments up: shape (series, period, cutoff); every period of payment is a cut-off."""
    count = last - first + 1
    amounts = np.zeros((len(series), count, count))
    where = (
        pd.Categorical(rows["series"], series).codes,
        rows["period"].to_numpy(int) - first,
        rows["paid"].to_numpy(int) - first,
    )
    np.add.at(amounts, where, rows["value"].to_numpy())
    amounts = amounts.cumsum(axis=2)
    service, cutoff = np.indices((count, count))
    amounts[:, cutoff < service] = np.nan
    return amounts


def build_triangle(
    frame: pd.DataFrame, *, where: str = "triangle", unit: str = "", synthetic: bool = False
) -> Triangle:
    """Lay vintages or payments out by series, period of service and cut-off.

    Two kinds of rows are read. *Vintages* say what was known of a period at a cut-off: ``series_id, period, cutoff,
    value``. *Payments* say what was paid when: ``series_id, period, paid_month, value``; they are added up, payments
    of one period and month are added, negative ones are corrections, and every period of payment becomes a cut-off.
    Without ``series_id`` all rows are one series. The order of the rows does not matter.

    Parameters
    ----------
    frame : DataFrame
        Rows; other names of columns are listed in :data:`COLUMNS`. Periods are 2019, 2019Q3 or 2019-07, one kind only.
    where : str
        What messages call the rows.
    unit : str
        Unit of the amounts.
    synthetic : bool
        Whether the amounts are made up.

    Raises
    ------
    TableError
        With every problem of the rows: unreadable periods or numbers, mixed frequencies, doubled rows, cut-offs
        before the service, negative amounts known so far, and fewer than two cut-offs.

    Examples
    --------
    >>> rows = {"period": ["2019", "2019", "2020"], "cutoff": ["2019", "2020", "2020"], "value": [6.0, 10.0, 7.0]}
    >>> build_triangle(pd.DataFrame(rows)).amounts[0].tolist()
    [[6.0, 10.0], [nan, 7.0]]
    """
    if frame.empty:
        raise TableError(Problem(where, "no rows", "one row a series, period and cut-off"))
    rows, freq = _rows(_rename(frame, where), where=where)
    series = sorted(rows["series"].unique())
    first = int(rows["period"].min())
    notes: list[str] = []
    if "paid" in rows:
        last = int(rows["paid"].max())
        cutoffs = tuple(range(first, last + 1))
        amounts = _cumulate(rows, series, first, last)
    else:
        cutoffs = tuple(sorted(int(number) for number in rows["cutoff"].unique()))
        amounts = np.full((len(series), cutoffs[-1] - first + 1, len(cutoffs)), np.nan)
        codes = pd.Categorical(rows["series"], series).codes
        columns = np.searchsorted(cutoffs, rows["cutoff"].to_numpy(int))
        amounts[codes, rows["period"].to_numpy(int) - first, columns] = rows["value"].to_numpy()
    if len(cutoffs) < 2:
        found = f"one cut-off only ({period_labels(freq, cutoffs[0], 1)[0]})"
        mend = "add the same table as it stood earlier: the difference shows how claims come in late"
        raise TableError(Problem(where, found, "amounts at two cut-offs or more", mend))
    falls = int((np.diff(amounts, axis=2) < 0).sum())
    if falls:
        notes.append(f"{falls} amounts fall from one cut-off to the next: corrections, kept as they are")
    empty = [name for name, part in zip(series, amounts, strict=True) if not np.nansum(part) > 0]
    problems = [
        Problem(f"{where}, {name}", "no amount above 0", "some claims", "leave the series out") for name in empty
    ]
    raise_all(problems, TableError)
    gaps = int(np.isnan(amounts[:, :, -1]).sum())
    if gaps:
        notes.append(f"{gaps} periods of a series are not shown at the last cut-off: estimated from their neighbours")
    return Triangle(tuple(series), freq, first, cutoffs, amounts, unit, synthetic, tuple(notes))


def read_triangle(path: Path | str, *, unit: str = "", synthetic: bool = False) -> Triangle:
    """Read a CSV file of vintages or payments; see :func:`build_triangle`.

    Raises
    ------
    TableError
        When the file cannot be read, or with every problem of its rows.
    """
    path = Path(path).expanduser()
    content = read_bytes(path, where=str(path), expected="a CSV file with a line of names")
    table = read_delimited(content, where=path.name)
    raise_all(table.problems(path.name), TableError)
    frame = pd.DataFrame(table.rows, columns=list(table.columns), dtype=str)
    frame = frame.mask(frame == "")
    return build_triangle(frame, where=path.name, unit=unit, synthetic=synthetic)
