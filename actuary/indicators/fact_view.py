"""The published facts of one scheme of a region up to a quarter, and readings computed from them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from actuary.fund.fact_book import FactBook
from actuary.indicators.reading import FactRow, Reading
from actuary.periods import Quarter
from actuary.tables.fact_rows import period_end

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FactView", "fact_rows_of", "months_of"]

_YEAR_LENGTH = 4
_ROW = (
    "table",
    "row",
    "region",
    "period",
    "scheme",
    "indicator",
    "value",
    "unit",
    "value_published",
    "unit_published",
    "basis",
    "confidence",
    "source",
    "url",
    "scope",
    "group",
)
_MONTHS = 12
_QUARTER_MONTHS = 3


def fact_rows_of(frame: pd.DataFrame) -> tuple[FactRow, ...]:
    """Return every row of a frame of facts.

    Parameters
    ----------
    frame : DataFrame
        As :func:`actuary.tables.facts` returns it.
    """
    if frame.empty:
        return ()
    return tuple(
        FactRow(table, int(row), *rest) for table, row, *rest in frame[list(_ROW)].itertuples(index=False, name=None)
    )


def months_of(period: str) -> int:
    """Return how many months a period has passed since January: 12 for a year, 3 for a first quarter.

    Examples
    --------
    >>> months_of("2024"), months_of("2025Q1"), months_of("2025-02")
    (12, 3, 2)
    """
    if "Q" in period:
        return _QUARTER_MONTHS * int(period[-1])
    return int(period.partition("-")[2] or _MONTHS)


def _back(period: str, years: int) -> str:
    return f"{int(period[:_YEAR_LENGTH]) - years}{period[_YEAR_LENGTH:]}"


class FactView:
    """Look facts of one scheme up.

    Parameters
    ----------
    book : FactBook
        Rows of the region.
    scheme : str
        The scheme.
    quarter : Quarter
        The report quarter.
    first : bool
        Take figures as they were first published, where a later publication replaced them.
    province, nation : FactBook, optional
        Rows of the province and of the nation, for comparisons.
    """

    def __init__(
        self,
        book: FactBook,
        scheme: str,
        quarter: Quarter,
        *,
        first: bool = False,
        province: FactBook | None = None,
        nation: FactBook | None = None,
    ) -> None:
        self.book, self.scheme, self.quarter, self.first = book, scheme, quarter, first
        self.province, self.nation = province or FactBook(), nation or FactBook()
        rows = book.first_published if first else book.chosen
        self._rows: dict[tuple[str, str], dict[str, FactRow]] = {}
        for row in fact_rows_of(rows):
            if not row.scope and not row.group and period_end(row.period) <= str(quarter):
                self._rows.setdefault((row.scheme, row.indicator), {})[row.period] = row

    def of(self, indicator: str, *, scheme: str | None = None) -> dict[str, FactRow]:
        """Return the rows of an indicator by period."""
        return self._rows.get((scheme or self.scheme, indicator), {})

    def at(self, indicator: str, period: str, *, scheme: str | None = None) -> FactRow | None:
        """Return the row of an indicator in a period."""
        return self.of(indicator, scheme=scheme).get(period)

    def last(self, indicator: str, *, scheme: str | None = None) -> FactRow | None:
        """Return the latest row of an indicator; a whole year before a month that ends with it."""
        found = self.of(indicator, scheme=scheme)
        if not found:
            return None
        return found[max(found, key=lambda period: (period_end(period), months_of(period), -len(period)))]

    def read(self, indicator: str, *, scheme: str | None = None) -> Reading:
        """Return the latest figure of an indicator as it was published."""
        row = self.last(indicator, scheme=scheme)
        if row is None:
            return self.unpublished()
        status = "derived" if row.confidence == "derived" else "published"
        return Reading(row.value, row.period, status, row.confidence == "recalled", rows=(row,))

    def compute(self, period: str, rows: tuple[FactRow, ...], value: Callable[..., float]) -> Reading:
        """Return a value computed from rows; one that divides by nothing is not assessable.

        Parameters
        ----------
        period : str
            Period of the value.
        rows : tuple of FactRow
            The rows.
        value : callable
            From their values, in order, to the value.
        """
        try:
            number = float(value(*(row.value for row in rows)))
        except ZeroDivisionError:
            number = math.nan
        if not math.isfinite(number):
            zh, en = "分母为零，尚无可比的数", "it would be divided by zero: there is nothing to compare with yet"
            return Reading(math.nan, period, "gap", why_zh=zh, why_en=en, rows=rows)
        return Reading(number, period, "derived", any(row.confidence == "recalled" for row in rows), rows=rows)

    def ratio(self, top: str, bottom: str) -> Reading:
        """Return one figure over another of the latest period that has both."""
        tops, bottoms = self.of(top), self.of(bottom)
        both = sorted(tops.keys() & bottoms.keys(), key=lambda period: (period_end(period), months_of(period)))
        if not both:
            return self.unpublished()
        rows = (tops[both[-1]], bottoms[both[-1]])
        return self.compute(both[-1], rows, lambda above, below: above / below)

    def growth(self, indicator: str, printed: str = "") -> Reading:
        """Return the growth of a figure on the same period of the year before, or the growth that was printed.

        Parameters
        ----------
        indicator : str
            The figure.
        printed : str
            Indicator of its published growth; it stands in where it is of a later period.
        """
        reading = self.changed(indicator, lambda now, before: now / before - 1)
        published = self.read(printed) if printed else self.unpublished()
        if reading.status == "gap" or (
            published.status != "gap" and period_end(published.period) > period_end(reading.period)
        ):
            return published if published.status != "gap" else reading
        return reading

    def changed(self, indicator: str, value: Callable[[float, float], float]) -> Reading:
        """Return a value computed from the latest figure and that of the same period a year before."""
        found = self.of(indicator)
        pairs = [period for period in found if _back(period, 1) in found]
        if not pairs:
            return self.unpublished()
        period = max(pairs, key=lambda one: (period_end(one), months_of(one)))
        return self.compute(period, (found[period], found[_back(period, 1)]), value)

    def unpublished(self) -> Reading:
        """Return the reading of what is not published."""
        return Reading(math.nan, str(self.quarter), "gap")

    def budget(self, flow: str) -> FactRow | None:
        """Return the budget of a flow for the year of the report."""
        planned = self.book.planned
        if planned.empty:
            return None
        wanted = planned[
            planned["scheme"].eq(self.scheme)
            & planned["indicator"].eq(flow)
            & planned["period"].eq(str(self.quarter.year))
            & planned["basis"].eq("plan")
        ]
        rows = fact_rows_of(wanted)
        return rows[0] if rows else None
