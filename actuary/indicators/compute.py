"""Values of every indicator for a projection."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Protocol

import pandas as pd

from actuary.fund import LATE_ASSUMPTIONS, FundProjection
from actuary.fund.fact_book import FactBook
from actuary.indicators.definition import Indicator
from actuary.indicators.fact_view import FactView
from actuary.indicators.plan_reading import read_targets
from actuary.indicators.reading import Reading
from actuary.indicators.registry import INDICATORS, check_families
from actuary.indicators.view import BASE_SCENARIO, SchemeView
from actuary.indicators.year_figures import YearFigures
from actuary.periods import Quarter

__all__ = [
    "compute_fact_indicators",
    "compute_indicators",
    "explain_gap",
    "provisional_value",
    "read_indicator",
    "whole_year",
    "why_gap",
]


class HasFacts(Protocol):
    """Something with published rows: a projection, or a place at a quarter without figures of its funds."""

    @property
    def region(self) -> str:
        """Region id."""

    @property
    def region_kind(self) -> str:
        """Kind of the region."""

    @property
    def quarter(self) -> Quarter:
        """The report quarter."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """Schemes."""

    @property
    def facts(self) -> FactBook:
        """Rows of the place."""

    @property
    def province_facts(self) -> FactBook:
        """Rows of its province."""

    @property
    def national_facts(self) -> FactBook:
        """Rows of the nation."""


def compute_indicators(projection: FundProjection, *, families: Collection[str] | None = None) -> pd.DataFrame:
    """Compute every indicator of every scheme at the report quarter; a comparison with the nation not of the nation.

    The value is the latest one known up to the report quarter, and says of which period it is. Flows and balances are
    those of the pool, or of the undivided fund where the pool is not published apart. What is not published, or has
    nothing to be divided by, has no value but a reason; it is never a good value.

    Parameters
    ----------
    projection : FundProjection
        The projection.
    families : collection of str, optional
        Families wanted, see :data:`~actuary.indicators.definition.FAMILIES`; all that facts can give when left out.

    Returns
    -------
    DataFrame
        Columns region, scheme, indicator, zh, en, value (NaN where unknown, or where an event does not happen before
        the horizon), unit, period, status, formula, source, direction, recalled (whether it is computed
        from a figure that was recalled and not checked), difference (whether a share is a difference of two, told in
        percentage points), reason_zh, reason_en (why there is no value, ""
        where there is one), family, frequency, provisional_value (the value from the figures as they were first
        published, NaN where none was revised) and revision (value less provisional_value).

    Raises
    ------
    UnknownNameError
        When there is no such family.

    Examples
    --------
    >>> from actuary.fund import project_fund
    >>> found = compute_indicators(project_fund("shenyang", "2020Q4"))
    >>> row = found[(found.scheme == "all") & (found.indicator == "current_balance_yuan")].iloc[0]
    >>> float(row.value), row.period
    (3020000000.0, '2020')
    """
    wanted = check_families(families)
    rows = []
    for scheme in projection.schemes:
        view = SchemeView(projection, scheme)
        for indicator in INDICATORS.values():
            if (
                indicator.family not in wanted
                or scheme not in indicator.schemes
                or (projection.region_kind == "nation" and not indicator.in_nation)
                or (indicator.function is None and indicator.of_facts is None)
            ):
                continue
            reading = read_indicator(view, indicator)
            reasons = explain_gap(projection, scheme, indicator, reading)
            provisional = provisional_value(view, indicator, reading)
            rows.append(_row(projection.region, scheme, indicator, reading, reasons, provisional))
    if "plan" in wanted:
        rows += _plan_rows(projection.region, projection.facts, projection.quarter)
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def compute_fact_indicators(place: HasFacts, *, families: Collection[str] | None = None) -> pd.DataFrame:
    """Compute the indicators that published facts give without a history of the funds.

    Parameters
    ----------
    place : HasFacts
        A place with its rows.
    families : collection of str, optional
        Families wanted; all when left out.

    Returns
    -------
    DataFrame
        The columns of :func:`compute_indicators`; a figure of the funds is not assessable.
    """
    wanted = check_families(families)
    rows = []
    for scheme in place.schemes if not place.facts.observed.empty else ():
        views = [view_of_place(place, scheme, first=first) for first in (False, True)]
        for indicator in INDICATORS.values():
            if (
                indicator.family not in wanted
                or scheme not in indicator.schemes
                or (place.region_kind == "nation" and not indicator.in_nation)
                or (indicator.function is None and indicator.of_facts is None)
            ):
                continue
            reading = views[0].unpublished() if indicator.of_facts is None else indicator.of_facts(views[0])
            first = math.nan if indicator.of_facts is None else _first_value(indicator.of_facts(views[1]), reading)
            rows.append(_row(place.region, scheme, indicator, reading, why_gap(reading), first))
    if "plan" in wanted:
        rows += _plan_rows(place.region, place.facts, place.quarter)
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def view_of_place(place: HasFacts, scheme: str, *, first: bool = False) -> FactView:
    """Return the facts of a scheme of a place up to its quarter."""
    return FactView(
        place.facts,
        scheme,
        place.quarter,
        first=first,
        province=place.province_facts,
        nation=place.national_facts,
    )


def _first_value(earlier: Reading, reading: Reading) -> float:
    if reading.status == "gap" or earlier.period != reading.period:
        return math.nan
    same = math.isclose(earlier.value, reading.value, rel_tol=1e-12, abs_tol=1e-12)
    return math.nan if same else earlier.value


def why_gap(reading: Reading) -> tuple[str, str]:
    """Return why a reading of facts has no value, in Chinese and English; empty where it has one."""
    if reading.status != "gap":
        return "", ""
    return reading.why_zh or _UNPUBLISHED[0], reading.why_en or _UNPUBLISHED[1]


def _plan_rows(region: str, book: FactBook, quarter: Quarter) -> list[dict[str, object]]:
    return [
        _row(
            region,
            one.scheme,
            INDICATORS[f"plan_{one.indicator}"],
            one.reading,
            (one.why_zh, one.why_en) if one.reading.status == "gap" else ("", ""),
            math.nan,
        )
        for one in read_targets(book, quarter)
    ]


def _row(
    region: str,
    scheme: str,
    indicator: Indicator,
    reading: Reading,
    reasons: tuple[str, str],
    provisional: float,
) -> dict[str, object]:
    values = (
        region,
        scheme,
        indicator.name,
        indicator.zh,
        indicator.en,
        reading.value,
        indicator.unit,
        reading.period,
        reading.status,
        indicator.formula,
        indicator.source,
        indicator.direction,
        reading.recalled,
        indicator.is_difference,
        *reasons,
        indicator.family,
        indicator.frequency,
        provisional,
        reading.value - provisional,
    )
    return dict(zip(_COLUMNS, values, strict=True))


_UNPUBLISHED = ("计算所需的数字未公布", "the figures it is computed from are not published")
_COLUMNS = (
    "region",
    "scheme",
    "indicator",
    "zh",
    "en",
    "value",
    "unit",
    "period",
    "status",
    "formula",
    "source",
    "direction",
    "recalled",
    "difference",
    "reason_zh",
    "reason_en",
    "family",
    "frequency",
    "provisional_value",
    "revision",
)


def read_indicator(view: SchemeView, indicator: Indicator) -> Reading:
    """Return the reading of an indicator for one scheme of a projection."""
    if indicator.function is not None:
        return indicator.function(view)
    assert indicator.of_facts is not None  # noqa: S101 (an indicator of cases alone is read from cases)
    return indicator.of_facts(view.facts)


def provisional_value(view: SchemeView, indicator: Indicator, reading: Reading) -> float:
    """Return what an indicator was by the figures as first published; NaN where none of them was revised."""
    book = view.projection.facts
    if reading.status == "gap" or book.observed.empty:
        return math.nan
    if indicator.of_facts is not None:
        return _first_value(indicator.of_facts(view.first_facts), reading)
    if indicator.of_year is not None and (year := whole_year(reading.period)) is not None:
        figures = YearFigures(book.first_figures, view.scheme, view.fund, year)
        try:
            earlier = indicator.of_year(figures)
        except ZeroDivisionError:
            return math.nan
        return _first_value(Reading(earlier, reading.period, reading.status), reading)
    return math.nan


def whole_year(period: str) -> int | None:
    """Return the year of a period that is one, or its end; None for another.

    Examples
    --------
    >>> whole_year("2024"), whole_year("2024Q4"), whole_year("2023Q3-2024Q2")
    (2024, 2024, None)
    """
    if period.isdigit():
        return int(period)
    return int(period[:4]) if period.endswith("Q4") and "-" not in period else None


def explain_gap(projection: FundProjection, scheme: str, indicator: Indicator, reading: Reading) -> tuple[str, str]:
    """Return why an indicator has no value, in Chinese and English; empty where it has one."""
    if reading.status == "beyond_horizon":
        return f"测算期内（至{projection.horizon}）未出现", f"does not happen before {projection.horizon}"
    if reading.status != "gap":
        return "", ""
    if reading.why_zh:
        return reading.why_zh, reading.why_en
    if not indicator.name.startswith("years_to_"):
        return _UNPUBLISHED
    if BASE_SCENARIO not in projection.scenarios:
        return "未按基准情景推演", "the base scenario was not projected"
    ours = [one for one in projection.missing if one.scheme in (scheme, "all")]
    lacking = [one for one in ours if one.key != LATE_ASSUMPTIONS]
    late = [one for one in ours if one.key == LATE_ASSUMPTIONS]
    zh = [f"缺：{'；'.join(one.what_zh for one in lacking)}"] if lacking else []
    en = [f"for want of {'; '.join(one.what_en for one in lacking)}"] if lacking else []
    return (
        "；".join([f"未推演，{zh[0]}" if zh else "未推演", *(one.what_zh for one in late)]),
        "; ".join([f"not projected, {en[0]}" if en else "not projected", *(one.what_en for one in late)]),
    )
