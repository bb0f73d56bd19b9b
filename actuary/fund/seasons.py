"""Quarters of a year's flow: what published cumulative figures determine, and the rest by the seasonal profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actuary.periods import Quarter

__all__ = ["APPORTIONED", "DERIVED", "GAP", "PUBLISHED", "Profile", "YearFlow", "apportion_year", "seasonal_profile"]

#: Status of a figure, from the best known to the unknown.
PUBLISHED, DERIVED, APPORTIONED, GAP = "published", "derived", "apportioned", "gap"

type Profile = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class YearFlow:
    """Hold the four quarters of a year's flow and how each is known.

    Parameters
    ----------
    quarters : tuple of float
        Flow of each quarter [yuan].
    status : tuple of str
        ``published``, ``derived``, ``apportioned`` or ``gap``, one a quarter.
    """

    quarters: tuple[float, ...]
    status: tuple[str, ...]


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


def apportion_year(
    total: float,
    published: Mapping[int, float],
    *,
    provisional_total: float | None,
    profile: Sequence[float] | None,
) -> YearFlow:
    """Lay a year's flow over its four quarters so that they add up to it exactly.

    A quarter that published cumulative figures determine keeps its share of the provisional total of the same series
    (the flash report), applied to the final total of the year (the bulletin); where the provisional total is not known
    it keeps its published amount. What is left is laid over the other quarters by the seasonal profile. Quarters are
    whole yuan, and the last one that is not determined (the fourth, when all are) takes the remainder.

    Parameters
    ----------
    total : float
        Final flow of the year [yuan].
    published : mapping
        ``1 to 4 -> flow`` [yuan]; the quarters that are determined.
    provisional_total : float or None
        The year's flow in the series of `published` [yuan].
    profile : sequence of four floats, or None
        Seasonal shares.

    Returns
    -------
    YearFlow
        Gaps where a quarter is neither published nor in a profile.

    Examples
    --------
    >>> apportion_year(1000.0, {1: 297.0}, provisional_total=990.0, profile=(0.3, 0.2, 0.2, 0.3))
    YearFlow(quarters=(300.0, 200.0, 200.0, 300.0), status=('derived', 'apportioned', 'apportioned', 'apportioned'))
    """
    provisional = sum(published.values()) if len(published) == 4 else provisional_total
    scale = total / provisional if provisional else 1.0
    values = {number: float(round(flow * scale)) for number, flow in published.items()}
    status = dict.fromkeys(published, PUBLISHED if scale == 1.0 else DERIVED)
    rest = [number for number in range(1, 5) if number not in published]
    if rest:
        if profile is None:
            return YearFlow(tuple(values.get(n, float("nan")) for n in range(1, 5)), _all(status, rest, GAP))
        weight = sum(profile[number - 1] for number in rest)
        left = total - sum(values.values())
        values |= {number: float(round(left * profile[number - 1] / weight)) for number in rest}
    last = rest[-1] if rest else 4
    values[last] = total - sum(value for number, value in values.items() if number != last)
    return YearFlow(tuple(values[number] for number in range(1, 5)), _all(status, rest, APPORTIONED))


def _all(status: Mapping[int, str], rest: Sequence[int], filler: str) -> tuple[str, ...]:
    return tuple(filler if number in rest else status[number] for number in range(1, 5))
