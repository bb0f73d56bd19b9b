"""History by quarter: members, flows and balances of each scheme, as far as they are published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from actuary.demography import interpolate_stocks
from actuary.fund.figures import FLOWS, Figures, is_whole_of_two
from actuary.fund.seasons import DERIVED, GAP, PUBLISHED, Profile, apportion_year
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
    quarters : mapping
        ``(scheme, indicator) -> {Quarter: flow}`` [yuan], determined by published cumulative figures.
    provisional : mapping
        ``(scheme, indicator) -> {year: flow}`` [yuan], the year in the series of the cumulative figures.
    profiles : mapping
        ``(scheme, "income" or "expenditure") -> four shares``.
    """

    quarters: Mapping[tuple[str, str], Mapping[Quarter, float]] = field(default_factory=dict)
    provisional: Mapping[tuple[str, str], Mapping[int, float]] = field(default_factory=dict)
    profiles: Mapping[tuple[str, str], Profile] = field(default_factory=dict)


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
    :func:`~actuary.fund.seasons.apportion_year`; pool and accounts follow the total of their scheme. Balances stand
    where they are published at year-ends and roll forward in between; what the year's flows do not explain is the
    adjustment, booked in the fourth quarter. The schemes together have their published totals, and the course of the
    sum of employees and residents in between.

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
        | {quarter.year for (scheme, _), known in shapes.quarters.items() if scheme in schemes for quarter in known}
    )
    first = Quarter(years[0], 1) if years else last
    grid = Grid(schemes, tuple(quarter_range(first, last)))
    for scheme in sorted(schemes, key=lambda name: name == "all"):
        _lay_members(grid, figures, scheme)
        for year in years:
            for flow in FLOWS:
                _lay_flow(grid, figures, shapes, scheme=scheme, flow=flow, year=year)
            for fund in FUNDS:
                _lay_balance(grid, figures, scheme=scheme, fund=fund, year=year)
    return grid


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
                _lay_together(grid, figures, f"{fund}{flow}", year)
        return
    total = figures.get(scheme, flow, year)
    published = _quarters_of(shapes, scheme, flow, year)
    if total is None:
        # The year is not over, or not published: its determined quarters stand alone.
        for number, value in published.items():
            grid.put(scheme, f"{flow}_yuan", Quarter(year, number), float(round(value)), status=PUBLISHED)
        return
    laid = apportion_year(
        total.value,
        published,
        provisional_total=shapes.provisional.get((scheme, flow), {}).get(year),
        profile=shapes.profiles.get((scheme, flow)),
    )
    _put_year(grid, scheme, f"{flow}_yuan", year, laid.quarters, laid.status)
    pooled, personal = figures.get(scheme, f"pooled_{flow}", year), figures.get(scheme, f"personal_{flow}", year)
    if pooled is None or personal is None or GAP in laid.status:
        return
    part = laid
    if pooled.value != total.value:
        part = apportion_year(
            pooled.value,
            _quarters_of(shapes, scheme, f"pooled_{flow}", year),
            provisional_total=shapes.provisional.get((scheme, f"pooled_{flow}"), {}).get(year),
            profile=tuple(value / total.value for value in laid.quarters),
        )
    rest = tuple(whole - pool for whole, pool in zip(laid.quarters, part.quarters, strict=True))
    _put_year(grid, scheme, f"pooled_{flow}_yuan", year, part.quarters, part.status)
    _put_year(grid, scheme, f"personal_{flow}_yuan", year, rest, part.status)


def _quarters_of(shapes: Shapes, scheme: str, indicator: str, year: int) -> dict[int, float]:
    known = shapes.quarters.get((scheme, indicator), {})
    return {quarter.number: value for quarter, value in known.items() if quarter.year == year}


def _put_year(grid: Grid, scheme: str, name: str, year: int, values: Sequence[float], statuses: Sequence[str]) -> None:
    for number, (value, status) in enumerate(zip(values, statuses, strict=True), 1):
        grid.put(scheme, name, Quarter(year, number), value, status=status)


def _lay_together(grid: Grid, figures: Figures, indicator: str, year: int) -> None:
    name = f"{indicator}_yuan"
    (first, first_status), (second, second_status) = (grid.year(s, name, year) for s in ("employee", "resident"))
    values = [a + b for a, b in zip(first, second, strict=True)]
    statuses = [worst_status(a, b) for a, b in zip(first_status, second_status, strict=True)]
    total, summed = figures.value("all", indicator, year), sum(values)
    if total is not None and np.isfinite(summed) and summed != total:
        profile = [value / summed for value in values]
        values = list(apportion_year(total, {}, provisional_total=None, profile=profile).quarters)
        statuses = [worst_status(DERIVED, status) for status in statuses]
    _put_year(grid, "all", name, year, values, statuses)


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
