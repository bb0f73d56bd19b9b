"""Quarters and months as values, and cumulative year-to-date figures turned into flows.

A quarter is written ``2024Q4`` everywhere. A stock stands at the end of its quarter; a flow belongs to the whole of
it. A rule applies to a quarter when it is in force on the quarter's first day.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import total_ordering

from actuary.errors import PeriodError, Problem

__all__ = ["Flow", "Quarter", "difference_cumulative", "quarter_flows", "quarter_range"]

_QUARTER = re.compile(r"\A\s*(\d{4})\s*-?\s*[Qq]([1-4])\s*\Z")


@total_ordering
@dataclass(frozen=True, slots=True)
class Quarter:
    """Name a quarter of a calendar year.

    Parameters
    ----------
    year : int
        Calendar year, 1900 to 2200.
    number : int
        1 to 4.

    Raises
    ------
    PeriodError
        When year or number is outside its range.

    Examples
    --------
    >>> q = Quarter.parse("2024Q4")
    >>> str(q + 1), q.last_day.isoformat(), Quarter(2026, 1) - q
    ('2025Q1', '2024-12-31', 5)
    """

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1900 <= self.year <= 2200 and 1 <= self.number <= 4):
            raise PeriodError(Problem("quarter", f"{self.year}Q{self.number}", "a quarter such as 2024Q4"))

    @classmethod
    def parse(cls, text: str | Quarter, *, where: str = "quarter") -> Quarter:
        """Read a label such as ``2024Q4``.

        Parameters
        ----------
        text : str or Quarter
            The label; a Quarter comes back as it is.
        where : str
            Where it was written, for the message.

        Raises
        ------
        PeriodError
            When the text is not a quarter.
        """
        if isinstance(text, Quarter):
            return text
        match = _QUARTER.match(str(text))
        if match is None:
            raise PeriodError(Problem(where, repr(text), "a quarter written YYYYQn, such as 2024Q4"))
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: dt.date) -> Quarter:
        """Return the quarter in which a day lies."""
        return cls(day.year, (day.month + 2) // 3)

    @property
    def index(self) -> int:
        """Quarters since year 0, for arithmetic."""
        return self.year * 4 + self.number - 1

    @property
    def first_day(self) -> dt.date:
        """First day of the quarter."""
        return dt.date(self.year, 3 * self.number - 2, 1)

    @property
    def last_day(self) -> dt.date:
        """Last day of the quarter."""
        month = 3 * self.number
        return dt.date(self.year, month, calendar.monthrange(self.year, month)[1])

    def __add__(self, quarters: int) -> Quarter:
        """Return the quarter so many quarters later."""
        year, number = divmod(self.index + quarters, 4)
        return Quarter(year, number + 1)

    def __sub__(self, other: Quarter) -> int:
        """Return how many quarters lie between two quarters."""
        return self.index - other.index

    def __lt__(self, other: Quarter) -> bool:
        """Compare by time."""
        return self.index < other.index

    def __str__(self) -> str:
        """Return the label, such as ``2024Q4``."""
        return f"{self.year}Q{self.number}"


def quarter_range(first: Quarter, last: Quarter) -> Iterator[Quarter]:
    """Yield the quarters from the first to the last, both included; none when last lies before first.

    Examples
    --------
    >>> [str(q) for q in quarter_range(Quarter(2023, 4), Quarter(2024, 2))]
    ['2023Q4', '2024Q1', '2024Q2']
    """
    for index in range(last - first + 1):
        yield first + index


@dataclass(frozen=True, slots=True)
class Flow:
    """Give the flow of a span of months within one year.

    Parameters
    ----------
    year : int
        Calendar year.
    first_month, last_month : int
        The span, both included.
    value : float
        The flow, in the unit of the cumulative figures.
    """

    year: int
    first_month: int
    last_month: int
    value: float

    @property
    def months(self) -> int:
        """Number of months in the span."""
        return self.last_month - self.first_month + 1


def difference_cumulative(cumulative: Mapping[tuple[int, int], float]) -> list[Flow]:
    """Turn cumulative January-to-month figures into the flows between the months that were published.

    Where the months of a year have gaps, the flow covers the whole gap: nothing is spread over months that nobody
    published, and nothing is lost, for the flows of a year always add up to its last cumulative figure.

    Parameters
    ----------
    cumulative : mapping
        ``(year, month) -> value``, where value is the sum from January to that month.

    Returns
    -------
    list of Flow
        In order of time.

    Raises
    ------
    PeriodError
        When a month is not 1 to 12.

    Examples
    --------
    >>> flows = difference_cumulative({(2023, 2): 10, (2023, 3): 14, (2023, 6): 20})
    >>> [(flow.first_month, flow.last_month, flow.value) for flow in flows]
    [(1, 2, 10), (3, 3, 4), (4, 6, 6)]
    """
    flows: list[Flow] = []
    previous_year, previous_month, previous_value = None, 0, 0.0
    for (year, month), value in sorted(cumulative.items()):
        if not 1 <= month <= 12:
            raise PeriodError(Problem(f"cumulative figure of {year}", f"month {month}", "a month from 1 to 12"))
        if year != previous_year:
            previous_year, previous_month, previous_value = year, 0, 0
        flows.append(Flow(year, previous_month + 1, month, value - previous_value))
        previous_month, previous_value = month, value
    return flows


def quarter_flows(cumulative: Mapping[tuple[int, int], float]) -> dict[Quarter, float]:
    """Return the flow of every quarter that the published cumulative figures determine; gaps stay gaps.

    Q1 needs the figure to March; a later quarter needs the figures at its end and at the end of the quarter before.

    Parameters
    ----------
    cumulative : mapping
        ``(year, month) -> value``, where value is the sum from January to that month.

    Returns
    -------
    dict
        ``Quarter -> flow``, only the quarters that are known.

    Examples
    --------
    >>> {str(q): v for q, v in quarter_flows({(2023, 3): 10.0, (2023, 6): 25.0, (2023, 12): 60.0}).items()}
    {'2023Q1': 10.0, '2023Q2': 15.0}
    """
    known: dict[Quarter, float] = {}
    for year, month in sorted(cumulative):
        if month % 3:
            continue
        before = 0.0 if month == 3 else cumulative.get((year, month - 3))
        if before is not None:
            known[Quarter(year, month // 3)] = cumulative[year, month] - before
    return known
