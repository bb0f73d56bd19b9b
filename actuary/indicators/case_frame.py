"""The table of indicators from what cases add up to."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.indicators.case_subjects import check_months, months_of_period, words_of_period
from actuary.indicators.case_tally import TALLIED, CaseTally
from actuary.indicators.registry import INDICATORS
from actuary.payment.hospital_indicator_list import HOSPITAL_INDICATORS
from actuary.payment.hospital_indicators import indicators_of_tally
from actuary.payment.indicator_limits import IndicatorLimits
from actuary.payment.scheme_quality import grouping_quality
from actuary.periods import Quarter

__all__ = ["frame_of_tally"]

_GROWTH = {
    "inpatient_cost_growth": "inpatient_cost_yuan",
    "inpatient_visits_growth": "inpatient_visits",
    "inpatient_cost_per_stay_growth": "inpatient_cost_per_stay_yuan",
}
_QUALITY = ("riv", "low_cv_cases")
_FEN = 100
_YEAR = re.compile("[0-9]{4}")
_COLUMNS = (
    *("subject", "family", "indicator", "zh", "en", "value", "unit", "period", "cases"),
    *("reason", "direction", "formula", "source"),
)

type _Row = tuple[str, list[float], list[int], str]


def frame_of_tally(
    tally: CaseTally,
    accurate: NDArray[np.int64],
    weights: Mapping[str, Fraction],
    limits: IndicatorLimits,
    *,
    quarter: str | Quarter | None = None,
) -> pd.DataFrame:
    """Compute every indicator of cases from their sums.

    Parameters
    ----------
    tally : CaseTally
        The sums of all cases.
    accurate : int64 array, shape (subject,)
        Cases whose cost is accurate, see :func:`actuary.payment.stay_tally.accurate_cases`.
    weights : mapping of str to Fraction
        Weight by group; a group that is not named has none.
    limits : IndicatorLimits
        The limits.
    quarter : str or Quarter, optional
        The quarter or year that the sums are of; all months when left out.

    Returns
    -------
    DataFrame
        See :class:`actuary.indicators.case_indicators.CaseIndicators`.

    Raises
    ------
    TableError
        When there is no stay of the quarter.
    """
    check_months(tally.months, quarter)
    rows = [*_summed(tally), *_growth(tally, quarter), *_of_stays(tally, accurate, weights, limits)]
    return _frame(rows, tally.subjects, words_of_period(tally.months, quarter))


def _summed(tally: CaseTally) -> list[_Row]:
    rows: list[_Row] = []
    for name, sums in zip(TALLIED, tally.summed.tolist(), strict=True):
        rule = tally.rules[name]
        values = []
        for number, top, bottom in zip(*sums, strict=True):
            below = bottom * rule.top_parts if rule.divides else rule.top_parts
            # Whole numbers are divided exactly and rounded once.
            values.append(top * rule.bottom_parts / below if number and below > 0 else math.nan)
        rows.append((name, values, sums[0], rule.why))
    return rows


def _growth(tally: CaseTally, quarter: str | Quarter | None) -> list[_Row]:
    """Return growth on the same months of the year before: of the quarter, or of the last year of the cases."""
    size = len(tally.subjects)
    held = tally.months
    if not held:
        return [(name, [math.nan] * size, [0] * size, "months of discharge are missing") for name in _GROWTH]
    year = max(held)[:4]
    if not _YEAR.fullmatch(year):
        why = "months of discharge are not written as 2024-03"
        return [(name, [math.nan] * size, [0] * size, why) for name in _GROWTH]
    now = set(months_of_period(quarter)) if quarter is not None else {month for month in held if month[:4] == year}
    before = {f"{int(month[:4]) - 1}{month[4:]}" for month in now}
    if not before <= set(held):
        why = f"the cases hold no stays of {min(before)} to {max(before)}"
        return [(name, [math.nan] * size, [0] * size, why) for name in _GROWTH]
    latest, earlier = (_levels(tally, months) for months in (now, before))
    numbers = [number for number, _ in latest]
    rows: list[_Row] = []
    for name, level in _GROWTH.items():
        values = []
        for then, since in zip(latest, earlier, strict=True):
            first, last = _level(level, *since), _level(level, *then)
            values.append(last / first - 1 if first > 0 else math.nan)
        rows.append((name, values, numbers, "no stay in one of the two periods"))
    return rows


def _levels(tally: CaseTally, months: set[str]) -> list[tuple[int, int]]:
    """Return for each subject cases and cost of some months [count, fen]."""
    inside = np.array([month in months for month in tally.months or ()], dtype=bool)
    number, cost = tally.by_month[:, :, inside].sum(axis=2).tolist()
    return list(zip(number, cost, strict=True))


def _level(name: str, number: int, cost_fen: int) -> float:
    """Return the level that grows; not a number without cases."""
    if not number:
        return math.nan
    if name == "inpatient_visits":
        return float(number)
    return cost_fen / (_FEN if name == "inpatient_cost_yuan" else _FEN * number)


def _of_stays(
    tally: CaseTally, accurate: NDArray[np.int64], weights: Mapping[str, Fraction], limits: IndicatorLimits
) -> list[_Row]:
    stays = tally.stays
    of_group = [weights.get(group) for group in stays.groups]
    found = indicators_of_tally(stays, accurate, of_group, limits, synthetic=tally.synthetic)
    base = found.base.tolist()
    rows: list[_Row] = [
        (one.name, found.figures[one.name].tolist(), base, found.why[one.name]) for one in HOSPITAL_INDICATORS
    ]
    limit = limits.cv_under.exact
    quality = [grouping_quality(moments, cv_limit=limit, sd="sample") for moments in stays.moments()]
    why = "no grouped case, or no spread of costs, in the base"
    return rows + [(name, [getattr(one, name) for one in quality], base, why) for name in _QUALITY]


def _frame(rows: list[_Row], names: tuple[str, ...], period: str) -> pd.DataFrame:
    order = {name: place for place, name in enumerate(INDICATORS)}
    records = []
    for name, values, numbers, why in sorted(rows, key=lambda row: order[row[0]]):
        one = INDICATORS[name]
        for subject, value, number in zip(names, values, numbers, strict=True):
            records.append(
                {
                    "subject": subject,
                    "family": one.family,
                    "indicator": name,
                    "zh": one.zh,
                    "en": one.en,
                    "value": value,
                    "unit": one.unit,
                    "period": period,
                    "cases": number,
                    "reason": why if math.isnan(value) else "",
                    "direction": one.direction,
                    "formula": one.formula,
                    "source": one.source,
                }
            )
    return pd.DataFrame(records, columns=list(_COLUMNS))
