"""Conditions of warning rules: on the value, the trend and the forecast of indicators."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Literal

from pydantic import Field

from actuary.policy.shapes import Shape, Text

__all__ = [
    "FORECAST",
    "INDICATOR_UNITS",
    "AlertCondition",
    "Indicator",
    "unit_of",
]

Measure = Literal["value", "change", "slope", "probability", "median"]
Indicator = Literal[
    "payable_months",
    "current_balance_yuan",
    "balance_end_yuan",
    "surplus_rate",
    "income_growth",
    "expenditure_growth",
    "growth_gap",
    "dependency_ratio",
    "dependency_ratio_gap_national",
    "retired_share",
    "enrolled_growth",
    "income_per_member_yuan",
    "expenditure_per_member_yuan",
    "years_to_current_deficit",
    "years_to_months_below_3",
    "years_to_exhaustion",
    "budget_progress_gap",
    "out_of_area_share",
]

#: Unit of every indicator that a rule may watch.
INDICATOR_UNITS: dict[str, str] = {
    "payable_months": "months",
    "current_balance_yuan": "yuan",
    "balance_end_yuan": "yuan",
    "surplus_rate": "share",
    "income_growth": "share",
    "expenditure_growth": "share",
    "growth_gap": "share",
    "dependency_ratio": "ratio",
    "dependency_ratio_gap_national": "ratio",
    "retired_share": "share",
    "enrolled_growth": "share",
    "income_per_member_yuan": "yuan_per_year",
    "expenditure_per_member_yuan": "yuan_per_year",
    "years_to_current_deficit": "years",
    "years_to_months_below_3": "years",
    "years_to_exhaustion": "years",
    "budget_progress_gap": "share",
    "out_of_area_share": "share",
}

#: What a forecast draws: indicators of which a probability, and of which a median can be asked.
FORECAST: dict[str, tuple[str, ...]] = {
    "probability": ("payable_months", "current_balance_yuan", "balance_end_yuan"),
    "median": ("years_to_current_deficit", "years_to_months_below_3", "years_to_exhaustion"),
}

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def unit_of(indicator: str, measure: str = "value") -> str:
    """Return the unit in which a threshold on a measure of an indicator is written.

    Parameters
    ----------
    indicator : str
        Name of the indicator.
    measure : str
        ``value``, ``change``, ``slope`` (per year), ``probability`` (a share) or ``median``.

    Examples
    --------
    >>> unit_of("payable_months"), unit_of("payable_months", "slope"), unit_of("payable_months", "probability")
    ('months', 'months_per_year', 'share')
    """
    if measure == "probability":
        return "share"
    unit = INDICATOR_UNITS[indicator]
    return f"{unit}_per_year" if measure == "slope" else unit


class AlertCondition(Shape):
    """Hold one comparison of a measure of an indicator with a threshold.

    Attributes
    ----------
    indicator : str
        Name of the indicator.
    measure : str
        ``value``: as observed. ``change``: less its value `over_years` or `over_quarters` before. ``slope``: of the
        line of least squares through the values of that span, per year. ``probability``: that the forecast falls
        `below` (or rises `above`) a value at the end of any period within `within_years`. ``median``: of the years
        until an event, over the draws of the forecast, none counted later than `within_years`.
    operator : str
        <, <=, > or >=.
    threshold : float
        In `unit`.
    unit : str
        Unit of the threshold: that of the indicator (months, yuan, share, ratio, years); with ``_per_year`` of a
        slope; ``share`` of a probability.
    over_years, over_quarters : int or None
        Span of a change or slope; one of the two.
    below, above : float or None
        The value whose crossing is asked of a probability, in the unit of the indicator; one of the two.
    within_years : int or None
        How far ahead a forecast is asked.

    Examples
    --------
    >>> condition = AlertCondition(indicator="payable_months", measure="probability", below=3.0, within_years=5,
    ...                            operator=">", threshold=0.25, unit="share")
    >>> str(condition), condition.holds(0.3), condition.holds(float("nan"))
    ('P(payable_months < 3 within 5 years) > 0.25', True, False)
    """

    indicator: Indicator
    measure: Measure = "value"
    operator: Literal["<", "<=", ">", ">="]
    threshold: float
    unit: Text
    over_years: int | None = Field(default=None, ge=1)
    over_quarters: int | None = Field(default=None, ge=1)
    below: float | None = None
    above: float | None = None
    within_years: int | None = Field(default=None, ge=1, le=10)

    @property
    def span_quarters(self) -> int:
        """Span of a change or slope [quarters]; 0 where there is none."""
        return 4 * self.over_years if self.over_years is not None else self.over_quarters or 0

    @property
    def axis(self) -> str:
        """What the threshold is held against; plain values are named by their indicator."""
        if self.measure == "probability":
            sign, level = ("<", self.below) if self.below is not None else (">", self.above)
            return f"P({self.indicator} {sign} {level:g} within {self.within_years} years)"
        if self.measure == "median":
            return f"median({self.indicator} within {self.within_years} years)"
        if self.measure == "value":
            return str(self.indicator)
        span = f"{self.over_years} years" if self.over_years is not None else f"{self.over_quarters} quarters"
        return f"{self.measure}({self.indicator} over {span})"

    @property
    def of_forecast(self) -> bool:
        """Whether it asks the forecast."""
        return self.measure in FORECAST

    def holds(self, value: float, *, margin: float = 0.0) -> bool:
        """Say whether a value fulfils the comparison; never for a value that is not a number.

        Parameters
        ----------
        value : float
            In the unit of the threshold.
        margin : float
            By how much the threshold is moved so that more values fulfil it: for leaving a level.
        """
        moved = self.threshold + (margin if self.operator.startswith("<") else -margin)
        return not math.isnan(value) and _OPERATORS[self.operator](value, moved)

    def __str__(self) -> str:
        """Return the comparison, such as ``payable_months < 3``."""
        return f"{self.axis} {self.operator} {self.threshold:g}"
