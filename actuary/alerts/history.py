"""Values of the measures of rules over the history of a projection: what was observed at the end of every quarter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from actuary.fund import VARIABLES, FundProjection
from actuary.fund.variables import FUNDS
from actuary.indicators import INDICATORS, Reading
from actuary.indicators.compute import read_indicator
from actuary.indicators.view import SchemeView
from actuary.periods import Quarter
from actuary.policy import AlertCondition, AlertRule

__all__ = ["ObservedHistory", "end_of", "measure_trend"]

#: What quarters inside a year are not when their course was made up from a total that came later.
_OBSERVED = ("published", "derived")
_LAST = 4
#: Of quarters that at least the course of a year tells.
_BY_QUARTER = ("published", "derived", "apportioned")


def end_of(period: str) -> Quarter:
    """Return the quarter at whose end a period of an indicator ends.

    Examples
    --------
    >>> [str(end_of(period)) for period in ("2024", "2024Q2", "2023Q3-2024Q2")]
    ['2024Q4', '2024Q2', '2024Q2']
    """
    last = period.partition("-")[2] or period
    return Quarter.parse(last) if "Q" in last else Quarter(int(last), 4)


def measure_trend(values: Mapping[Quarter, float], condition: AlertCondition, quarter: Quarter) -> float:
    """Return the change or the slope of a series at a quarter; NaN where the values it needs are not there.

    Parameters
    ----------
    values : mapping
        Quarter to value.
    condition : AlertCondition
        Measure ``change`` or ``slope``, with its span.
    quarter : Quarter
        End of the span.

    Examples
    --------
    >>> from actuary.policy import AlertCondition
    >>> values = {Quarter(2020 + n, 4): 8.0 - n for n in range(4)}
    >>> fall = AlertCondition(indicator="payable_months", measure="slope", over_years=3, operator="<", threshold=-0.5,
    ...                       unit="months_per_year")
    >>> round(measure_trend(values, fall, Quarter(2023, 4)), 6)
    -1.0
    """
    span = condition.span_quarters
    first, last = values.get(quarter + -span, math.nan), values.get(quarter, math.nan)
    if math.isnan(first) or math.isnan(last):
        return math.nan
    if condition.measure == "change":
        return last - first
    inside = [(one - quarter, value) for one, value in values.items() if -span <= one - quarter <= 0]
    known = np.array([pair for pair in inside if math.isfinite(pair[1])])
    return float(np.polyfit(known[:, 0] / 4, known[:, 1], 1)[0])


class ObservedHistory:
    """Give what indicators of a projection were at the end of every quarter up to the report.

    Quarters whose course within a year was apportioned from a total are left out: nobody saw them. Years that a
    projection counts ahead have no history, for nothing was projected then.

    Parameters
    ----------
    projection : FundProjection
        The projection.
    """

    def __init__(self, projection: FundProjection) -> None:
        self.projection = projection
        self._views: dict[tuple[str, Quarter], SchemeView] = {}
        self._readings: dict[tuple[str, str], dict[Quarter, Reading]] = {}
        self._seen: dict[str, list[Quarter]] = {}

    def readings(self, scheme: str, indicator: str) -> dict[Quarter, Reading]:
        """Return the readings of an indicator by the quarter at whose end they stand.

        Parameters
        ----------
        scheme, indicator : str
            Of which scheme, and which indicator.
        """
        key = (scheme, indicator)
        if key not in self._readings:
            self._readings[key] = self._read(scheme, indicator)
        return self._readings[key]

    def comes_by_quarter(self, scheme: str, indicator: str) -> bool:
        """Say whether an indicator had a figure of its own within a year in the last four quarters before the report.

        Parameters
        ----------
        scheme, indicator : str
            Of which scheme, and which indicator.
        """
        known, report = INDICATORS.get(indicator), self.projection.quarter
        first = Quarter.parse(str(self.projection.paths["quarter"].to_numpy()[0]))
        if known is None or scheme not in self.projection.schemes:
            return False
        for quarter in (report + -back for back in range(1, _LAST + 1)):
            if quarter.number == _LAST or quarter < first:
                continue
            reading = read_indicator(self._view(scheme, quarter), known)
            if reading.status in _BY_QUARTER and end_of(reading.period) == quarter:
                return True
        return False

    def values(self, scheme: str, indicator: str) -> dict[Quarter, float]:
        """Return the values of :meth:`readings`."""
        return {quarter: reading.value for quarter, reading in self.readings(scheme, indicator).items()}

    def _read(self, scheme: str, indicator: str) -> dict[Quarter, Reading]:
        found: dict[Quarter, Reading] = {}
        known = INDICATORS.get(indicator)
        if known is None or scheme not in self.projection.schemes or indicator.startswith("years_to_"):
            return found
        if known.function is None and known.of_facts is None:
            return found
        for quarter in self._seen_quarters(scheme):
            reading = read_indicator(self._view(scheme, quarter), known)
            seen = reading.status in _OBSERVED and math.isfinite(reading.value)
            if seen and end_of(reading.period) == quarter:
                found[quarter] = reading
        return found

    def _seen_quarters(self, scheme: str) -> list[Quarter]:
        """Return the ends of years, and the quarters within a year of which a flow was seen."""
        if scheme not in self._seen:
            paths = self.projection.paths.sel(scheme=scheme)
            status = {VARIABLES[f"{fund}{flow}_yuan"].status for fund in FUNDS for flow in ("income", "expenditure")}
            seen = np.logical_or.reduce([np.isin(paths[name].to_numpy(), _OBSERVED) for name in sorted(status)])
            labels = [Quarter.parse(str(label)) for label in paths["quarter"].to_numpy()]
            self._seen[scheme] = [
                quarter
                for quarter, one in zip(labels, seen, strict=True)
                if quarter <= self.projection.quarter and (one or quarter.number == _LAST)
            ]
        return self._seen[scheme]

    def _view(self, scheme: str, quarter: Quarter) -> SchemeView:
        if (scheme, quarter) not in self._views:
            self._views[scheme, quarter] = SchemeView(replace(self.projection, quarter=quarter), scheme)
        return self._views[scheme, quarter]

    def rows(self, rule: AlertRule, scheme: str) -> dict[Quarter, dict[str, float]]:
        """Return the observed measures of a rule by quarter, wherever its own measure is known.

        Parameters
        ----------
        rule : AlertRule
            The rule; measures of the forecast have no history.
        scheme : str
            The scheme.
        """
        rows: dict[Quarter, dict[str, float]] = {}
        for condition in rule.conditions:
            if condition.of_forecast:
                continue
            values = self.values(scheme, condition.indicator)
            for quarter, value in values.items():
                found = value if condition.measure == "value" else measure_trend(values, condition, quarter)
                if math.isfinite(found):
                    rows.setdefault(quarter, {})[condition.axis] = found
        own = rule.own.axis
        return {quarter: rows[quarter] for quarter in sorted(rows) if own in rows[quarter]}
