"""Quarters of a year's flow: what published cumulative figures determine, and the rest by the seasonal course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from actuary.periods import Quarter

__all__ = [
    "APPORTIONED",
    "DERIVED",
    "GAP",
    "PUBLISHED",
    "Course",
    "Point",
    "Profile",
    "YearFlow",
    "apportion_year",
    "even_course",
    "monthly_course",
    "seasonal_profile",
]

#: Status of a figure, from the best known to the unknown.
PUBLISHED, DERIVED, APPORTIONED, GAP = "published", "derived", "apportioned", "gap"

type Profile = tuple[float, float, float, float]
#: Shares of the twelve months of a year.
type Course = tuple[float, ...]

_MONTHS = 12
_QUARTER_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Point:
    """Hold a January-to-month figure.

    Parameters
    ----------
    value : float
        Flow from January to the month [yuan].
    derived : bool
        Whether it was calculated from published figures, not published itself.
    """

    value: float
    derived: bool = False


@dataclass(frozen=True, slots=True)
class YearFlow:
    """Hold the four quarters of a year's flow and how each is known.

    Parameters
    ----------
    quarters : tuple of float
        Flow of each quarter [yuan].
    status : tuple of str
        ``published``, ``derived``, ``apportioned`` or ``gap``, one a quarter.
    course : tuple of twelve floats, or None
        Share of the year in each month; None where a month is not known.
    """

    quarters: tuple[float, ...]
    status: tuple[str, ...]
    course: Course | None = None


def seasonal_profile(flows: Mapping[Quarter, float]) -> tuple[Profile | None, tuple[int, ...]]:
    r"""Return the mean share of each quarter over the years whose four quarters are all published.

    .. math:: s_k = \frac{1}{|Y|} \sum_{y \in Y} \frac{F_{y,k}}{F_{y,1} + F_{y,2} + F_{y,3} + F_{y,4}}

    Parameters
    ----------
    flows : mapping
        ``Quarter -> flow``, in one unit.

    Returns
    -------
    profile : tuple of four floats, or None
        Shares that add up to 1; None where no year is complete.
    years : tuple of int
        The years it rests on.

    Examples
    --------
    >>> seasonal_profile({Quarter(2022, number): flow for number, flow in enumerate([30.0, 20.0, 20.0, 30.0], 1)})
    ((0.3, 0.2, 0.2, 0.3), (2022,))
    """
    years = tuple(
        year
        for year in sorted({quarter.year for quarter in flows})
        if all(flows.get(Quarter(year, number), 0.0) > 0 for number in range(1, 5))
    )
    if not years:
        return None, ()
    totals = [sum(flows[Quarter(year, number)] for number in range(1, 5)) for year in years]
    first, second, third, fourth = (
        sum(flows[Quarter(year, number)] / total for year, total in zip(years, totals, strict=True)) / len(years)
        for number in range(1, 5)
    )
    return (first, second, third, fourth), years


def even_course(profile: Profile) -> Course:
    """Spread each quarter's share evenly over its months.

    Examples
    --------
    >>> even_course((0.3, 0.3, 0.3, 0.1))[3:5]
    (0.09999999999999999, 0.09999999999999999)
    """
    return tuple(profile[month // _QUARTER_MONTHS] / _QUARTER_MONTHS for month in range(_MONTHS))


def monthly_course(cumulative: Sequence[Mapping[int, float]]) -> Course:
    """Return the mean share of each month over complete years; a gap between two published months is even.

    Parameters
    ----------
    cumulative : sequence of mapping
        For each year ``month -> flow from January to it``, the twelfth among them.

    Examples
    --------
    >>> course = monthly_course([{3: 30.0, 6: 60.0, 9: 80.0, 12: 100.0}])
    >>> [round(share, 3) for share in course[::3]]
    [0.1, 0.1, 0.067, 0.067]
    """
    years = []
    for points in cumulative:
        laid = _cumulate({0: 0.0, **points}, (1.0,) * _MONTHS)
        years.append([(after - before) / points[_MONTHS] for before, after in pairwise(laid)])
    return tuple(sum(shares) / len(years) for shares in zip(*years, strict=True))


def apportion_year(total: float, points: Mapping[int, Point], *, course: Sequence[float] | None) -> YearFlow:
    """Lay a year's flow over its four quarters so that they add up to it and meet every published cumulative figure.

    Published January-to-month figures stand as they are. Between two of them the flow follows the seasonal course of
    the months; months add up to quarters. A quarter is published where it begins and ends at published figures. The
    last quarter takes the final total of the year (the bulletin), and with it whatever the total was revised by since
    the monthly series was published; it is derived. Quarters are whole yuan.

    Parameters
    ----------
    total : float
        Final flow of the year [yuan].
    points : mapping
        ``1 to 12 -> January-to-month figure``; that of December tells whether the total was revised.
    course : sequence of twelve floats, or None
        Seasonal shares of the months.

    Returns
    -------
    YearFlow
        Gaps where a quarter is neither determined nor a course known.

    Examples
    --------
    >>> course = even_course((0.25, 0.25, 0.2, 0.3))
    >>> apportion_year(1000.0, {3: Point(300.0), 5: Point(480.0)}, course=course).quarters
    (300.0, 254.0, 179.0, 267.0)
    >>> apportion_year(1000.0, {3: Point(300.0), 9: Point(700.0)}, course=None).status
    ('published', 'gap', 'gap', 'derived')
    """
    ends = {0: 0.0, **{month: point.value for month, point in points.items() if month < _MONTHS}, _MONTHS: total}
    uncertain = {month for month, point in points.items() if point.derived}
    provisional = points.get(_MONTHS)
    if len(ends) > 2 and (provisional is None or provisional.value != total):
        uncertain.add(_MONTHS)
    laid = _cumulate(ends, course)
    values, status = [], []
    last = 0.0
    for end in range(_QUARTER_MONTHS, _MONTHS + 1, _QUARTER_MONTHS):
        start = end - _QUARTER_MONTHS
        upto = total if end == _MONTHS else _whole(laid[end])
        values.append(upto - last)
        last = upto
        if start in ends and end in ends:
            status.append(DERIVED if {start, end} & uncertain else PUBLISHED)
        else:
            status.append(APPORTIONED if values[-1] == values[-1] else GAP)
    months = tuple((after - before) / total if total else 0.0 for before, after in pairwise(laid))
    return YearFlow(tuple(values), tuple(status), None if course is None or not total else months)


def _cumulate(ends: Mapping[int, float], course: Sequence[float] | None) -> list[float]:
    """Return the cumulative flow at the end of month 0 to 12, between known ends by the course."""
    laid = [float("nan")] * (_MONTHS + 1)
    known = sorted(ends)
    for start, end in pairwise(known):
        laid[start], laid[end] = ends[start], ends[end]
        weight = 0.0 if course is None else sum(course[start:end])
        for month in range(start + 1, end):
            if course is not None and weight:
                laid[month] = ends[start] + (ends[end] - ends[start]) * sum(course[start:month]) / weight
    return laid


def _whole(value: float) -> float:
    return float(round(value)) if value == value else value  # noqa: PLR0124  (missing is not itself)
