"""Say what in a place's own year figures contradicts itself, or is far from anything seen in the nation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from actuary.errors import Problem
from actuary.fund.figures import Difference, Figures
from actuary.fund.sources import NATION, load_region_facts
from actuary.periods import Quarter
from actuary.tables import data_fingerprint

__all__ = ["contradictions", "implausible_figures"]

#: Published figures are rounded; what is further apart is a mistake.
_ROUNDING_SHARE = 0.01
#: Rich and poor cities differ by two or three times from the nation, units by ten thousand.
_FAR = 10.0
#: Spending of so many years in reserve has been seen nowhere.
_RESERVE_YEARS = 30.0
_HEADS: Mapping[str, str] = {"employee": "active", "resident": "enrolled"}
_LATEST = Quarter(2100, 4)


def contradictions(differences: tuple[Difference, ...], *, where: str) -> list[Problem]:
    """Return the figures that are not what the others add up to.

    Parameters
    ----------
    differences : tuple of Difference
        From :func:`actuary.fund.figures.complete_figures`, of the place's own figures alone.
    where : str
        How messages name the file.

    Examples
    --------
    >>> from actuary.fund.figures import Figure, complete_figures
    >>> parts = {"balance_end": 30e8, "pooled_balance_end": 20e8, "personal_balance_end": 7e8}
    >>> rows = {("employee", name, 2024): Figure(value) for name, value in parts.items()}
    >>> print(contradictions(complete_figures(Figures(rows))[1], where="figures.csv")[0].found)
    3,000,000,000, the others make 2,700,000,000 (balance_end = pooled_balance_end + personal_balance_end)
    """
    return [
        Problem(
            f"{where}, {one.scheme} {one.indicator} {one.year}",
            f"{one.published:,.0f}, the others make {one.implied:,.0f} ({one.identity})",
            "figures that add up",
            "look at value and unit of each of them",
        )
        for one in differences
        if abs(one.published - one.implied) > _ROUNDING_SHARE * max(abs(one.published), abs(one.implied))
    ]


def implausible_figures(figures: Figures, *, where: str = "figures.csv", data: Path | None = None) -> list[Problem]:
    """Return where income or spending per member is far from the nation's, or a reserve beyond what has been seen.

    Parameters
    ----------
    figures : Figures
        The place's own year figures [yuan, persons].
    where : str
        How messages name the file.
    data : Path, optional
        Data folder of the nation's figures.
    """
    problems: list[Problem] = []
    for (scheme, name, year), figure in sorted(figures.rows().items()):
        heads = figures.value(scheme, _HEADS.get(scheme, ""), year)
        place = f"{where}, {scheme} {name} {year}"
        if name in ("income", "expenditure") and heads:
            usual = _of_nation(scheme, name, None if data is None else str(data), data_fingerprint(data))
            per_head = figure.value / heads
            if usual and per_head > 0 and not usual / _FAR <= per_head <= usual * _FAR:
                found = f"{per_head:,.6g} yuan for each of {heads:,.0f} {_HEADS[scheme]} members"
                expected = f"something like the nation's {usual:,.0f}"
                problems.append(Problem(place, found, expected, "are money and people in the unit that is written?"))
        if name == "balance_end":
            spent = figures.value(scheme, "expenditure", year)
            if spent and abs(figure.value) > _RESERVE_YEARS * spent:
                found = f"{figure.value / spent:,.0f} years of spending"
                problems.append(Problem(place, found, f"at most {_RESERVE_YEARS:g}", "is it in the unit written?"))
    return problems


@lru_cache(maxsize=16)
def _of_nation(scheme: str, name: str, data: str | None, _fingerprint: str) -> float | None:
    figures = load_region_facts(NATION, until=_LATEST, data=None if data is None else Path(data)).figures
    heads, money = figures.values(scheme, _HEADS[scheme]), figures.values(scheme, name)
    both = sorted(set(heads) & set(money))
    return money[both[-1]] / heads[both[-1]] if both else None
