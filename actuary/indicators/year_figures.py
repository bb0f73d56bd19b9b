"""The figures of whole years that an indicator is computed from, and the published rows behind each."""

from __future__ import annotations

import math

from actuary.fund.fact_book import FactBook
from actuary.fund.figures import Figures
from actuary.indicators.fact_view import fact_rows_of
from actuary.indicators.reading import FactRow

__all__ = ["YearFigures", "rows_of_figure"]

_PARTS = ("income", "expenditure", "balance_end")


class YearFigures:
    """Hand out figures of a scheme for a year and those before, and keep the record of what was asked for.

    Parameters
    ----------
    figures : Figures
        Completed year figures.
    scheme, fund : str
        The scheme, and ``pooled_`` where its pool is judged, "" where the undivided fund is.
    year : int
        The year of the value.
    """

    def __init__(self, figures: Figures, scheme: str, fund: str, year: int) -> None:
        self._figures, self._scheme, self._fund, self._year = figures, scheme, fund, year
        self.asked: dict[tuple[str, str, int], float] = {}

    def money(self, name: str, back: int = 0) -> float:
        """Return income, expenditure or balance_end of the fund that is judged, some years back [yuan]."""
        return self._get(f"{self._fund}{name}", back)

    def people(self, name: str, back: int = 0) -> float:
        """Return active, retired or enrolled members at a year-end, some years back [persons]."""
        return self._get(name, back)

    def _get(self, indicator: str, back: int) -> float:
        key = (self._scheme, indicator, self._year - back)
        value = self._figures.value(*key)
        self.asked[key] = math.nan if value is None else value
        return self.asked[key]


def rows_of_figure(book: FactBook, key: tuple[str, str, int], *, first: bool = False) -> tuple[FactRow, ...]:
    """Return the published rows that a completed year figure is, or is added up from.

    Parameters
    ----------
    book : FactBook
        Rows of the region.
    key : tuple of (str, str, int)
        Scheme, indicator and year.
    first : bool
        Of the figures as they were first published.

    Examples
    --------
    >>> from actuary.fund.fact_book import load_fact_book
    >>> from actuary.periods import Quarter
    >>> book = load_fact_book("shenyang", until=Quarter(2020, 4))
    >>> [row.printed for row in rows_of_figure(book, ("all", "income", 2020))]
    ['190.6']
    """
    return _rows_behind(book, book.first_figures if first else book.figures, key, first=first, above=frozenset())


def _rows_behind(
    book: FactBook,
    figures: Figures,
    key: tuple[str, str, int],
    *,
    first: bool,
    above: frozenset[tuple[str, str, int]],
) -> tuple[FactRow, ...]:
    value = figures.value(*key)
    if value is None or key in above:
        return ()
    own = _own_rows(book, key, first=first)
    if own and own[0].value == value:
        return own
    for parts in _identities(*key):
        known = [figures.value(*part) for _, part in parts]
        summed = [sign * one for (sign, _), one in zip(parts, known, strict=True) if one is not None]
        if None not in known and math.isclose(sum(summed), value, rel_tol=1e-12, abs_tol=1e-6):
            behind = [_rows_behind(book, figures, part, first=first, above=above | {key}) for _, part in parts]
            if all(behind):
                return tuple(dict.fromkeys(row for rows in behind for row in rows))
    return own


def _own_rows(book: FactBook, key: tuple[str, str, int], *, first: bool) -> tuple[FactRow, ...]:
    rows = book.first_published if first else book.chosen
    if rows.empty:
        return ()
    scheme, indicator, year = key
    mask = rows["scheme"].eq(scheme) & rows["indicator"].eq(indicator) & rows["period"].eq(str(year))
    return fact_rows_of(rows[mask & rows["scope"].eq("") & rows["group"].eq("")])


def _identities(scheme: str, indicator: str, year: int) -> list[list[tuple[int, tuple[str, str, int]]]]:
    """Return the sums that a completed figure may be, parts with their sign, those of one publication first."""
    found: list[list[tuple[int, tuple[str, str, int]]]] = []
    fund = next((prefix for prefix in ("pooled_", "personal_") if indicator.startswith(prefix)), "")
    bare = indicator.removeprefix(fund)
    if scheme == "employee" and indicator == "enrolled":
        found.append([(1, (scheme, "active", year)), (1, (scheme, "retired", year))])
    if scheme == "employee" and bare in _PARTS:
        whole, pool, accounts = ((scheme, f"{prefix}{bare}", year) for prefix in ("", "pooled_", "personal_"))
        sums = {
            "": [(1, pool), (1, accounts)],
            "pooled_": [(1, whole), (-1, accounts)],
            "personal_": [(1, whole), (-1, pool)],
        }
        found.append(sums[fund])
    if scheme == "resident" and fund == "pooled_":
        found.append([(1, (scheme, bare, year))])
    if scheme == "all":
        found.append([(1, ("employee", indicator, year)), (1, ("resident", indicator, year))])
    return found
