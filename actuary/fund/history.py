"""History by quarter: members, flows and balances of each scheme, as far as they are published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from actuary.demography import interpolate_stocks
from actuary.fund.figures import FLOWS, Figures, is_whole_of_two
from actuary.fund.seasons import DERIVED, GAP, PUBLISHED, Course, Point, YearFlow, apportion_year
from actuary.fund.variables import FUNDS, STATUS_NAMES, VARIABLES, worst_status
from actuary.kernels import roll_forward
from actuary.periods import Quarter, quarter_range

__all__ = ["Grid", "Shapes", "build_history"]

_INTERPOLATED = "interpolated"


@dataclass(frozen=True, slots=True)
class Shapes:
    """Hold what is known of the course of a year.

    Parameters
    ----------
    points : mapping
        ``(scheme, indicator) -> {year: {month: January-to-month figure}}``.
    courses : mapping
        ``(scheme, "income" or "expenditure") -> twelve shares``.
    first_year : int
        The first year that is laid out by quarter; earlier ones stay annual.
    """

    points: Mapping[tuple[str, str], Mapping[int, Mapping[int, Point]]] = field(default_factory=dict)
    courses: Mapping[tuple[str, str], Course] = field(default_factory=dict)
    first_year: int = 0

    def of_year(self, scheme: str, indicator: str, year: int) -> Mapping[int, Point]:
        """Return the January-to-month figures of a year."""
        return self.points.get((scheme, indicator), {}).get(year, {})


class Grid:
    """Hold every variable and status over schemes and quarters.

    Parameters
    ----------
    schemes : sequence of str
        Schemes, in order.
    quarters : sequence of Quarter
        Consecutive quarters.
    """

    def __init__(self, schemes: Sequence[str], quarters: Sequence[Quarter]) -> None:
        self.schemes = tuple(schemes)
        self.quarters = tuple(quarters)
        shape = (len(self.schemes), len(self.quarters))
        self.series: dict[str, NDArray[np.float64]] = {name: np.full(shape, np.nan) for name in VARIABLES}
        self.status: dict[str, NDArray[np.str_]] = {name: np.full(shape, GAP, dtype="<U12") for name in STATUS_NAMES}
        flows = [name for name, variable in VARIABLES.items() if variable.kind == "flow"]
        #: Totals of whole years, and how each is known, in the column of the fourth quarter.
        self.totals: dict[str, NDArray[np.float64]] = {name: np.full(shape, np.nan) for name in flows}
        self.total_status: dict[str, NDArray[np.str_]] = {name: np.full(shape, GAP, dtype="<U12") for name in flows}

    def position(self, quarter: Quarter) -> int:
        """Return the column of a quarter; it may lie outside the grid."""
        return quarter - self.quarters[0]

    def put(self, scheme: str, name: str, quarter: Quarter, value: float, *, status: str | None = None) -> None:
        """Write one value, and its status where one is given; outside the grid nothing is written."""
        column = self.position(quarter)
        if 0 <= column < len(self.quarters):
            row = self.schemes.index(scheme)
            self.series[name][row, column] = value
            if status is not None:
                self.status[VARIABLES[name].status][row, column] = status

    def put_total(self, scheme: str, name: str, year: int, value: float, status: str) -> None:
        """Write the total of a whole year; outside the grid nothing is written."""
        column = self.position(Quarter(year, 4))
        if 0 <= column < len(self.quarters):
            row = self.schemes.index(scheme)
            self.totals[name][row, column] = value
            self.total_status[name][row, column] = status

    def year(self, scheme: str, name: str, year: int) -> tuple[list[float], list[str]]:
        """Return the four values of a year and their statuses; outside the grid they are gaps."""
        row = self.schemes.index(scheme)
        values, statuses = [], []
        for number in range(1, 5):
            column = self.position(Quarter(year, number))
            inside = 0 <= column < len(self.quarters)
            values.append(float(self.series[name][row, column]) if inside else float("nan"))
            statuses.append(str(self.status[VARIABLES[name].status][row, column]) if inside else GAP)
        return values, statuses


def build_history(figures: Figures, shapes: Shapes, *, schemes: Sequence[str], last: Quarter) -> Grid:
    """Lay completed year figures out by quarter.

    People grow evenly between year-ends. What the published enrolment of employees has over active and retired members
    is the unassigned stock, on a straight line between year-ends. Flows follow
    :func:`~actuary.fund.seasons.apportion_year`; pool and accounts follow the total of their scheme, and the total its
    parts where only the pool's course is published. Balances stand where they are published at year-ends and roll
    forward in between; what the year's flows do not explain is the adjustment, booked in the fourth quarter. The
    schemes together follow the sum of employees and residents between the points where their own total is known. Years
    before the first that is laid out have their year-end stocks and their totals only.

    Parameters
    ----------
    figures : Figures
        Completed year figures, see :func:`~actuary.fund.figures.complete_figures`.
    shapes : Shapes
        What is known of the course of a year.
    schemes : sequence of str
        Schemes wanted.
    last : Quarter
        Last quarter of the grid; the first is that of the first figure.

    Returns
    -------
    Grid
        Missing values have the status ``gap``.
    """
    years = sorted(
        {year for scheme, indicator, year in figures.rows() if scheme in schemes and _known(indicator)}
        | {year for (scheme, _), known in shapes.points.items() if scheme in schemes for year in known}
    )
    first = Quarter(years[0], 1) if years else last
    grid = Grid(schemes, tuple(quarter_range(first, last)))
    for scheme in sorted(schemes, key=lambda name: name == "all"):
        _lay_members(grid, figures, scheme)
        for year in years:
            if year >= shapes.first_year:
                for flow in FLOWS:
                    _lay_flow(grid, figures, shapes, scheme=scheme, flow=flow, year=year)
            for fund in FUNDS:
                _lay_balance(grid, figures, scheme=scheme, fund=fund, year=year)
                _lay_totals(grid, figures, scheme=scheme, fund=fund, year=year)
    _leave_annual(grid, shapes.first_year)
    return grid


def _lay_totals(grid: Grid, figures: Figures, *, scheme: str, fund: str, year: int) -> None:
    found = {flow: figures.get(scheme, f"{fund}{flow}", year) for flow in FLOWS}
    for flow, figure in found.items():
        if figure is not None:
            grid.put_total(scheme, f"{fund}{flow}_yuan", year, figure.value, figure.status)
    into, out = found["income"], found["expenditure"]
    opening, closing = (figures.value(scheme, f"{fund}balance_end", one) for one in (year - 1, year))
    if into is not None and out is not None and opening is not None and closing is not None:
        moved = closing - (opening + into.value - out.value)
        grid.put_total(scheme, f"{fund}adjustment_yuan", year, moved, DERIVED)


def _leave_annual(grid: Grid, first_year: int) -> None:
    """Take the quarters inside the years that are not laid out away again."""
    inside = np.array([quarter.year < first_year and quarter.number != 4 for quarter in grid.quarters], dtype=bool)
    for name, series in grid.series.items():
        series[:, inside] = np.nan
        grid.status[VARIABLES[name].status][:, inside] = GAP


def _known(indicator: str) -> bool:
    return any(f"{indicator}{suffix}" in VARIABLES for suffix in ("_yuan", "_persons"))


def _lay_members(grid: Grid, figures: Figures, scheme: str) -> None:
    for name in ("active", "retired", "enrolled"):
        known = dict(figures.years(scheme, name))
        for quarter, value in interpolate_stocks({year: figure.value for year, figure in known.items()}).items():
            status = known[quarter.year].status if quarter.number == 4 else _INTERPOLATED
            grid.put(scheme, f"{name}_persons", quarter, value, status=status)
    row = grid.schemes.index(scheme)
    if scheme == "all":
        if {"employee", "resident"} <= set(grid.schemes):
            parts = [grid.series["enrolled_persons"][grid.schemes.index(one)] for one in ("employee", "resident")]
            _add_up(grid, row, parts[0] + parts[1])
        return
    gap = _add_up(grid, row, grid.series["active_persons"][row] + grid.series["retired_persons"][row])
    for quarter, value in zip(grid.quarters, gap, strict=True):
        if np.isfinite(value):
            status = DERIVED if quarter.number == 4 else _INTERPOLATED
            grid.put(scheme, "unassigned_persons", quarter, float(value), status=status)


def _add_up(grid: Grid, row: int, parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Let enrolment be its parts and a gap inside each year, for apart they would not add up; return the gap."""
    enrolled = grid.series["enrolled_persons"][row]
    ends = enrolled - parts
    gap = np.full(ends.shape, np.nan)
    for column, quarter in enumerate(grid.quarters):
        before, after = column - quarter.number, column - quarter.number + 4
        if quarter.number == 4:
            gap[column] = ends[column]
        elif before >= 0 and after < len(ends):
            gap[column] = ends[before] + (ends[after] - ends[before]) * quarter.number / 4
            if np.isfinite(gap[column]):
                enrolled[column] = parts[column] + gap[column]
    return gap


def _lay_flow(grid: Grid, figures: Figures, shapes: Shapes, *, scheme: str, flow: str, year: int) -> None:
    together = scheme == "all" and {"employee", "resident"} <= set(grid.schemes)
    if together and is_whole_of_two(figures, flow, year):
        for fund in FUNDS:
            if is_whole_of_two(figures, f"{fund}{flow}", year):
                _lay_together(grid, figures, shapes, f"{fund}{flow}", year)
        return
    total = figures.get(scheme, flow, year)
    points, pool_points = (shapes.of_year(scheme, f"{fund}{flow}", year) for fund in ("", "pooled_"))
    if total is None:
        # The year is not over, or not published: its determined quarters stand alone.
        _lay_alone(grid, scheme, flow, year, points)
        return
    course = shapes.courses.get((scheme, flow))
    laid = apportion_year(total.value, points, course=course)
    pooled, personal = figures.get(scheme, f"pooled_{flow}", year), figures.get(scheme, f"personal_{flow}", year)
    if pooled is None or personal is None or GAP in laid.status:
        _put_year(grid, scheme, f"{flow}_yuan", year, laid)
        return
    if pooled.value == total.value:
        part, rest = laid, _less(laid, laid)
    elif _within(pool_points) and not _within(points):
        # Only the course of the pool is published: the total follows it, lest the accounts take the difference.
        part = apportion_year(pooled.value, pool_points, course=course)
        rest = apportion_year(personal.value, {}, course=course)
        sums = tuple(a + b for a, b in zip(part.quarters, rest.quarters, strict=True))
        laid = YearFlow(sums, tuple(worst_status(a, b) for a, b in zip(part.status, rest.status, strict=True)))
    else:
        part = apportion_year(pooled.value, pool_points, course=laid.course)
        rest = _less(laid, part)
    _put_year(grid, scheme, f"{flow}_yuan", year, laid)
    _put_year(grid, scheme, f"pooled_{flow}_yuan", year, part)
    _put_year(grid, scheme, f"personal_{flow}_yuan", year, rest)


def _within(points: Mapping[int, Point]) -> bool:
    return any(month < 12 for month in points)


def _less(whole: YearFlow, part: YearFlow) -> YearFlow:
    rest = tuple(a - b for a, b in zip(whole.quarters, part.quarters, strict=True))
    return YearFlow(rest, tuple(worst_status(a, b) for a, b in zip(whole.status, part.status, strict=True)))


def _lay_alone(grid: Grid, scheme: str, flow: str, year: int, points: Mapping[int, Point]) -> None:
    ends = {0: Point(0.0), **points}
    for number in range(1, 5):
        start, end = ends.get(3 * number - 3), ends.get(3 * number)
        if start is None or end is None:
            continue
        status = DERIVED if start.derived or end.derived else PUBLISHED
        value = float(round(end.value)) - float(round(start.value))
        quarter = Quarter(year, number)
        grid.put(scheme, f"{flow}_yuan", quarter, value, status=status)
        if scheme == "resident":
            grid.put(scheme, f"pooled_{flow}_yuan", quarter, value, status=status)
            grid.put(scheme, f"personal_{flow}_yuan", quarter, 0.0, status=status)


def _put_year(grid: Grid, scheme: str, name: str, year: int, laid: YearFlow) -> None:
    for number, (value, status) in enumerate(zip(laid.quarters, laid.status, strict=True), 1):
        grid.put(scheme, name, Quarter(year, number), value, status=status)


def _lay_together(grid: Grid, figures: Figures, shapes: Shapes, indicator: str, year: int) -> None:
    name = f"{indicator}_yuan"
    (first, first_status), (second, second_status) = (grid.year(s, name, year) for s in ("employee", "resident"))
    values = [a + b for a, b in zip(first, second, strict=True)]
    statuses = [worst_status(DERIVED, a, b) for a, b in zip(first_status, second_status, strict=True)]
    total = figures.value("all", indicator, year)
    if total is not None and np.isfinite(values).all():
        own, *parts = (shapes.of_year(scheme, indicator, year) for scheme in ("all", "employee", "resident"))
        ends = {0: 0.0, 4: total}
        for number in (1, 2, 3):
            month = 3 * number
            if all(month in points for points in parts):
                ends[number] = sum(values[:number])
            elif month in own:
                ends[number] = float(round(own[month].value))
        values = _fit(values, ends)
        statuses = [DERIVED if {n, n + 1} <= ends.keys() else status for n, status in enumerate(statuses)]
    _put_year(grid, "all", name, year, YearFlow(tuple(values), tuple(statuses)))


def _fit(values: Sequence[float], ends: Mapping[int, float]) -> list[float]:
    """Scale quarters so that they meet the known ends, in whole yuan."""
    fitted: list[float] = []
    for start, end in pairwise(sorted(ends)):
        summed, wanted = sum(values[start:end]), ends[end] - ends[start]
        part = [float(round(value * wanted / summed)) if summed else 0.0 for value in values[start : end - 1]]
        fitted += [*part, wanted - sum(part)]
    return fitted


def _lay_balance(grid: Grid, figures: Figures, *, scheme: str, fund: str, year: int) -> None:
    name = f"{fund}balance_end"
    closing = figures.get(scheme, name, year)
    if closing is not None:
        grid.put(scheme, f"{name}_yuan", Quarter(year, 4), closing.value, status=closing.status)
    income, income_status = grid.year(scheme, f"{fund}income_yuan", year)
    expenditure, expenditure_status = grid.year(scheme, f"{fund}expenditure_yuan", year)
    opening = figures.value(scheme, name, year - 1)
    if opening is None or not np.isfinite([*income, *expenditure]).all():
        return
    rolled = roll_forward(opening, np.array(income), np.array(expenditure), np.zeros(4))
    flow_status = [worst_status("derived", a, b) for a, b in zip(income_status, expenditure_status, strict=True)]
    for number in (1, 2, 3):
        status = worst_status(*flow_status[:number])
        grid.put(scheme, f"{fund}adjustment_yuan", Quarter(year, number), 0.0)
        grid.put(scheme, f"{name}_yuan", Quarter(year, number), float(rolled[number - 1]), status=status)
    if closing is not None:
        grid.put(scheme, f"{fund}adjustment_yuan", Quarter(year, 4), closing.value - float(rolled[3]))
