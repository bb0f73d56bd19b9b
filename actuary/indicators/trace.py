"""From the value of an indicator to the published rows it is computed from, and to other values printed for them."""

from __future__ import annotations

import html
import math
from dataclasses import astuple, dataclass, fields

import pandas as pd

from actuary.errors import UnknownNameError, unknown_name
from actuary.fund import FundProjection
from actuary.fund.fact_book import FactBook
from actuary.indicators.at_quarter import PlaceFacts
from actuary.indicators.compute import (
    HasFacts,
    explain_gap,
    read_indicator,
    view_of_place,
    whole_year,
    why_gap,
)
from actuary.indicators.definition import Indicator
from actuary.indicators.fact_view import fact_rows_of
from actuary.indicators.plan_reading import read_targets
from actuary.indicators.reading import FactRow, Reading
from actuary.indicators.registry import INDICATORS, get_indicator
from actuary.indicators.view import SchemeView
from actuary.indicators.year_figures import YearFigures, rows_of_figure
from actuary.periods import Quarter

__all__ = ["Trace", "trace_indicator"]

_BASE_FIGURES = ("balance_end", "income", "expenditure")


@dataclass(frozen=True, slots=True)
class Trace:
    """Hold where the value of an indicator comes from.

    Parameters
    ----------
    region, scheme, indicator, zh, en : str
        What was computed.
    quarter : str
        The report quarter.
    value : float
        In `unit`.
    unit, period, status, formula, source : str
        Unit, period, how the value is known, how it is computed, and where the definition comes from.
    reason_zh, reason_en : str
        Why there is no value.
    rows : tuple of FactRow
        The published rows it is computed from.
    alternatives : tuple of FactRow
        Other values printed for the same facts: provisional ones, and those of other sources.
    printed : FactRow or None
        The indicator itself as somebody printed it for the same period.
    recomputed : float
        The value computed again from the rows alone; missing where it rests on quarters that were laid out, or on a
        projection.
    note_en : str
        What else it rests on.
    """

    region: str
    scheme: str
    indicator: str
    zh: str
    en: str
    quarter: str
    value: float
    unit: str
    period: str
    status: str
    formula: str
    source: str
    reason_zh: str
    reason_en: str
    rows: tuple[FactRow, ...]
    alternatives: tuple[FactRow, ...]
    printed: FactRow | None
    recomputed: float
    note_en: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each published row: role (``used``, ``alternative``, ``printed``), then its fields."""
        roles = [
            *(("used", row) for row in self.rows),
            *(("alternative", row) for row in self.alternatives),
            *([("printed", self.printed)] if self.printed else []),
        ]
        names = [field.name for field in fields(FactRow)]
        return pd.DataFrame([(role, *astuple(row)) for role, row in roles], columns=["role", *names])

    def summary(self) -> str:
        """Return the value with its formula and the number of rows behind it, in one line."""
        value = f"{self.value:,.4g} {self.unit}" if math.isfinite(self.value) else f"not assessable: {self.reason_en}"
        return (
            f"{self.indicator} of {self.region}, {self.scheme}, {self.period}: {value} = {self.formula}; "
            f"{len(self.rows)} published rows, {len(self.alternatives)} other values printed for them"
        )

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.summary())}</p>{self.to_frame().to_html(index=False)}"


def trace_indicator(
    projection: FundProjection | PlaceFacts, indicator: str, *, scheme: str | None = None
) -> tuple[Trace, ...]:
    """Trace the value of an indicator to the published rows.

    Parameters
    ----------
    projection : FundProjection or PlaceFacts
        What it was computed from, see :func:`actuary.indicators.at_quarter.place_at`.
    indicator : str
        Name in the registry.
    scheme : str, optional
        One scheme; every scheme it makes sense for when left out.

    Returns
    -------
    tuple of Trace
        One a scheme.

    Raises
    ------
    UnknownNameError
        When indicator or scheme are not known, or the indicator is one of cases alone.

    Examples
    --------
    >>> from actuary.fund import project_fund
    >>> (found,) = trace_indicator(project_fund("urumqi", "2013Q4"), "payable_months", scheme="employee")
    >>> [(row.indicator, row.printed, row.printed_unit) for row in found.rows]
    [('pooled_balance_end', '22.48', '100m_yuan'), ('pooled_expenditure', '15.67', '100m_yuan')]
    >>> round(found.recomputed, 1), found.printed.printed
    (17.2, '17')
    """
    described = get_indicator(indicator)
    if described.family == "plan":
        return _of_plan(projection, described, scheme)
    if described.function is None and described.of_facts is None:
        known = [name for name, one in INDICATORS.items() if one.function or one.of_facts]
        raise UnknownNameError(unknown_name("indicator", indicator, known, what="indicator of published facts"))
    known_schemes = [name for name in projection.schemes if name in described.schemes]
    if scheme is not None and scheme not in known_schemes:
        raise UnknownNameError(unknown_name("scheme", scheme, known_schemes, what="scheme of this indicator"))
    chosen = [scheme] if scheme else known_schemes
    if isinstance(projection, PlaceFacts):
        return tuple(_of_place(projection, described, one) for one in chosen)
    return tuple(_of_scheme(projection, described, one) for one in chosen)


def _of_plan(projection: HasFacts, described: Indicator, scheme: str | None) -> tuple[Trace, ...]:
    targets = read_targets(projection.facts, projection.quarter)
    return tuple(
        _trace(projection, described, one.scheme, one.reading, (one.why_zh, one.why_en), one.reading.rows)
        for one in targets
        if f"plan_{one.indicator}" == described.name and scheme in (None, one.scheme)
    )


def _of_place(place: PlaceFacts, described: Indicator, scheme: str) -> Trace:
    view = view_of_place(place, scheme)
    reading = view.unpublished() if described.of_facts is None else described.of_facts(view)
    return _trace(place, described, scheme, reading, why_gap(reading), reading.rows, reading.value)


def _of_scheme(projection: FundProjection, described: Indicator, scheme: str) -> Trace:
    view = SchemeView(projection, scheme)
    reading = read_indicator(view, described)
    reasons = explain_gap(projection, scheme, described, reading)
    if described.of_facts is not None:
        return _trace(projection, described, scheme, reading, reasons, reading.rows, reading.value)
    if reading.rows or reading.status == "gap":
        flows = _months(projection.facts, scheme, str(projection.quarter.year)) if reading.rows else ()
        return _trace(projection, described, scheme, reading, reasons, (*reading.rows, *flows))
    if described.name.startswith("years_to_"):
        return _of_event(projection, view, described, reading, reasons)
    if described.name.startswith("dependency_ratio_"):
        return _of_national(projection, view, described, reading, reasons)
    assert described.of_year is not None  # noqa: S101 (every other indicator of the funds has one)
    year = whole_year(reading.period)
    if year is not None and reading.status != "projected":
        figures = YearFigures(projection.facts.figures, scheme, view.fund, year)
        recomputed = described.of_year(figures)
        rows = _rows(projection.facts, figures)
        return _trace(projection, described, scheme, reading, reasons, rows, recomputed)
    last = Quarter.parse(reading.period.rpartition("-")[2])
    rows = ()
    for one in range(last.year - 1, last.year + 1):
        figures = YearFigures(projection.facts.figures, scheme, view.fund, one)
        described.of_year(figures)
        rows += _rows(projection.facts, figures)
        rows += _months(projection.facts, scheme, str(one))
    note = "laid out by quarter between the published figures; see the status"
    return _trace(projection, described, scheme, reading, reasons, tuple(dict.fromkeys(rows)), note=note)


def _rows(book: FactBook, figures: YearFigures) -> tuple[FactRow, ...]:
    return tuple(dict.fromkeys(row for key in figures.asked for row in rows_of_figure(book, key)))


def _months(book: FactBook, scheme: str, year: str) -> tuple[FactRow, ...]:
    """Return the January-to-month figures of a scheme's flows in a year."""
    chosen = book.chosen
    if chosen.empty:
        return ()
    flows = chosen["indicator"].isin(["income", "expenditure"]) & chosen["scheme"].isin([scheme, "all"])
    return fact_rows_of(chosen[flows & chosen["period"].str.fullmatch(rf"{year}-\d\d|{year}Q[1-4]")])


def _of_event(
    projection: FundProjection, view: SchemeView, described: Indicator, reading: Reading, reasons: tuple[str, str]
) -> Trace:
    start = projection.valuation_quarter(view.scheme) or projection.quarter
    figures = YearFigures(projection.facts.figures, view.scheme, view.fund, start.year)
    for name in _BASE_FIGURES:
        figures.money(name)
    note = f"base scenario on basis {projection.basis}, projected from {start}; fingerprint {projection.fingerprint}"
    rows = _rows(projection.facts, figures)
    return _trace(projection, described, view.scheme, reading, reasons, rows, note=note)


def _of_national(
    projection: FundProjection, view: SchemeView, described: Indicator, reading: Reading, reasons: tuple[str, str]
) -> Trace:
    nation = read_indicator(view, INDICATORS["dependency_ratio_national"])
    national = YearFigures(projection.national_facts.figures, "employee", "", Quarter.parse(nation.period).year)
    ratio = national.people("active") / national.people("retired")
    rows = _rows(projection.national_facts, national)
    if described.name == "dependency_ratio_national":
        return _trace(projection, described, view.scheme, reading, reasons, rows, ratio)
    own = Quarter.parse(reading.period)
    mine = YearFigures(projection.facts.figures, "employee", "", own.year)
    difference = mine.people("active") / mine.people("retired") - ratio
    rows = (*_rows(projection.facts, mine), *rows)
    # Between two year-ends members are on a straight line: then the rows of the year alone do not give the value.
    recomputed = difference if own.number == 4 else math.nan
    return _trace(projection, described, view.scheme, reading, reasons, rows, recomputed)


def _trace(
    projection: HasFacts,
    described: Indicator,
    scheme: str,
    reading: Reading,
    reasons: tuple[str, str],
    rows: tuple[FactRow, ...],
    recomputed: float = math.nan,
    *,
    note: str = "",
) -> Trace:
    books = (projection.facts, projection.national_facts, projection.province_facts)
    used = {(row.table, row.row) for row in rows}
    others = [other for row in rows for book in books for other in _same_fact(book, row)]
    alternatives = tuple(dict.fromkeys(one for one in others if (one.table, one.row) not in used))
    return Trace(
        region=projection.region,
        scheme=scheme,
        indicator=described.name,
        zh=described.zh,
        en=described.en,
        quarter=str(projection.quarter),
        value=reading.value,
        unit=described.unit,
        period=reading.period,
        status=reading.status,
        formula=described.formula,
        source=described.source,
        reason_zh=reasons[0] if reading.status in ("gap", "beyond_horizon") else "",
        reason_en=reasons[1] if reading.status in ("gap", "beyond_horizon") else "",
        rows=rows,
        alternatives=alternatives,
        printed=_printed(projection.facts, described.name, scheme, reading.period, used),
        recomputed=recomputed,
        note_en=note,
    )


def _same_fact(book: FactBook, row: FactRow) -> tuple[FactRow, ...]:
    places = book.places.get((row.region, row.period, row.scheme, row.indicator, row.scope, row.group))
    return fact_rows_of(book.observed.iloc[places]) if places else ()


def _printed(book: FactBook, name: str, scheme: str, period: str, used: set[tuple[str, int]]) -> FactRow | None:
    if book.chosen.empty:
        return None
    periods = {period, period.removesuffix("Q4")}
    facts = {name, name.removesuffix("_yuan")}
    rows = book.chosen
    found = rows[rows["scheme"].eq(scheme) & rows["indicator"].isin(facts) & rows["period"].isin(periods)]
    return next((row for row in fact_rows_of(found) if (row.table, row.row) not in used), None)
