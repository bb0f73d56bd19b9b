"""Indicators of hospitals (病种组合指数、消耗指数、控费准确率 …) from grouped and weighted stays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actuary.payment.exact import Number, as_fraction
from actuary.payment.hospital_indicator_list import HOSPITAL_INDICATORS
from actuary.payment.indicator_limits import IndicatorLimits
from actuary.payment.stay_tally import StayTally, accurate_cases, accurate_costs, tally_stays
from actuary.payment.stays_in_base import IndicatorStays, indicator_base

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "HospitalIndicators",
    "IndicatorStays",
    "case_mix_index",
    "compute_indicators",
    "indicator_base",
    "indicators_of_tally",
    "risk_scores",
]

type IntArray = NDArray[np.int64]
type FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class HospitalIndicators:
    """Hold every indicator of every hospital; NaN where it is undefined, with the reason.

    Parameters
    ----------
    hospitals : tuple of str
        Hospitals.
    cases, base : int64 array, shape (hospital,)
        Cases, and those that the indicators rest on.
    figures : mapping of str to float array, shape (hospital,)
        Indicators by name, see :data:`~actuary.payment.hospital_indicator_list.HOSPITAL_INDICATORS`.
    why : mapping of str to str
        Why an indicator is undefined where it is.
    synthetic : bool
        Whether the cases are made up.
    """

    hospitals: tuple[str, ...]
    cases: IntArray
    base: IntArray
    figures: Mapping[str, FloatArray]
    why: Mapping[str, str]
    synthetic: bool = False

    def to_frame(self) -> pd.DataFrame:
        """Return one row a hospital and one column an indicator."""
        import pandas as pd  # noqa: PLC0415  (only those who look at tables need it)

        return pd.DataFrame({"hospital": self.hospitals, "cases": self.cases, "base": self.base, **self.figures})

    def to_long(self) -> pd.DataFrame:
        """Return one row a hospital and indicator: ``hospital, indicator, zh, en, unit, value, reason``."""
        import pandas as pd  # noqa: PLC0415

        rows = [
            {
                "hospital": hospital,
                "indicator": indicator.name,
                "zh": indicator.zh,
                "en": indicator.en,
                "unit": indicator.unit,
                "value": value,
                "reason": self.why[indicator.name] if math.isnan(value) else "",
            }
            for indicator in HOSPITAL_INDICATORS
            for hospital, value in zip(self.hospitals, self.figures[indicator.name].tolist(), strict=True)
        ]
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """Return one line on size."""
        return (
            f"{len(self.hospitals):,} hospitals, {int(self.cases.sum()):,} cases, {int(self.base.sum()):,} in the base"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self.summary()}</p>{self.to_frame().to_html(index=False, max_rows=30)}"


def case_mix_index(total_weight: Number, cases: int) -> Fraction | None:
    """Return total weight over cases; None without cases.

    Examples
    --------
    >>> from actuary.payment.exact import round_to
    >>> float(round_to(case_mix_index("15192", 10471), 2))
    1.45
    """
    return as_fraction(total_weight) / cases if cases else None


def risk_scores(deaths: IntArray, cases: IntArray) -> FloatArray:
    """Return the standard score of the logarithm of each group's mortality.

    ``z = (ln M_g - mean) / sd`` with ``M_g = deaths / cases``; mean and sd (n - 1) over the groups with deaths, each
    counted once. A group without deaths gets minus infinity, one without cases NaN.

    Parameters
    ----------
    deaths, cases : int array, shape (group,)
        Deaths and cases of each group.

    Examples
    --------
    >>> risk_scores(np.array([1, 10, 100, 0, 0]), np.array([1000, 1000, 1000, 50, 0])).round(6).tolist()
    [-1.0, 0.0, 1.0, -inf, nan]
    """
    scores = np.full(len(deaths), np.nan)
    scores[(cases > 0) & (deaths == 0)] = -np.inf
    dead = np.flatnonzero(deaths > 0)
    # Added up without an error of rounding: the order of the groups means nothing.
    logs = [math.log(died / number) for died, number in zip(deaths[dead].tolist(), cases[dead].tolist(), strict=True)]
    mean = math.fsum(logs) / max(1, len(logs))
    spread = math.sqrt(math.fsum((one - mean) ** 2 for one in logs) / (len(logs) - 1)) if len(logs) > 1 else 0.0
    # Groups that all die alike differ in nothing: they lie at the mean. Rounding leaves them some 1e-16 apart.
    scores[dead] = [(one - mean) / spread if spread > 1e-12 else 0.0 for one in logs]
    return scores


def _divided(top: NDArray[np.generic], bottom: NDArray[np.generic]) -> FloatArray:
    bottom = bottom.astype(np.float64)
    quotient: FloatArray = np.full(bottom.shape, np.nan)
    np.divide(top.astype(np.float64), bottom, out=quotient, where=bottom != 0)
    return quotient


def _rounded_once(tally: StayTally, values: FloatArray) -> FloatArray:
    """Add up a number of every cell by hospital, rounded once, so that the order of the cells means nothing."""
    return np.array([math.fsum(values[begin:end].tolist()) for begin, end in tally.bounds()])


def _indices(tally: StayTally, n: IntArray, total: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the consumption index, as ratio of sums and as mean of ratios."""
    mean = np.nan_to_num(_divided(tally.over_hospitals(total), tally.over_hospitals(n)))[tally.group_code]
    # A group whose stays all cost nothing has no ratio.
    ratios = np.nan_to_num(_divided(total, mean))
    counted = tally.over_groups(n, mean > 0)
    return (
        _divided(tally.over_groups(total), _rounded_once(tally, n * mean)),
        _divided(_rounded_once(tally, ratios), counted),
    )


def _of_weights(tally: StayTally, weights: Sequence[Fraction | None]) -> dict[str, FloatArray]:
    """Return what weights add up to, exactly, and what cases of groups with one cost."""
    has_weight = np.array([weight is not None for weight in weights], dtype=bool)[tally.group_code]
    weighed = tally.over_groups(tally.cell("cases"), has_weight)
    cost = tally.over_groups(tally.cell("cost_fen"), has_weight)
    scale = math.lcm(*(weight.denominator for weight in weights if weight is not None))
    whole = [0 if weight is None else int(weight * scale) for weight in weights]
    cells = [
        number * whole[group]
        for number, group in zip(tally.cell("cases").tolist(), tally.group_code.tolist(), strict=True)
    ]
    totals = [Fraction(sum(cells[begin:end]), scale) for begin, end in tally.bounds()]
    rows = list(zip(totals, weighed.tolist(), cost.tolist(), strict=True))
    return {
        "total_weight": np.array([float(total) if number else math.nan for total, number, _ in rows]),
        "cmi": np.array([float(total / number) if number else math.nan for total, number, _ in rows]),
        "cost_per_weight_yuan": np.array([float(fen / (100 * total)) if total else math.nan for total, _, fen in rows]),
    }


def compute_indicators(
    stays: IndicatorStays, limits: IndicatorLimits, *, zero_deaths_low_risk: bool = True, synthetic: bool = False
) -> HospitalIndicators:
    """Compute the indicators of every hospital.

    The base leaves out stays that are too long, cost too little or cannot be read. Means of a group are those of the
    base, all hospitals together.

    Parameters
    ----------
    stays : IndicatorStays
        The stays.
    limits : IndicatorLimits
        See :func:`actuary.payment.indicator_limits.load_indicator_limits`.
    zero_deaths_low_risk : bool
        Whether a group without deaths is one of low risk.
    synthetic : bool
        Whether the stays are made up.

    Returns
    -------
    HospitalIndicators
        The indicators.

    Examples
    --------
    >>> from actuary.payment.indicator_limits import load_indicator_limits
    >>> stays = IndicatorStays(
    ...     hospitals=("H1", "H2"),
    ...     groups=("A",),
    ...     hospital_code=np.array([0, 0, 1]),
    ...     group_code=np.array([0, 0, 0]),
    ...     cost_fen=np.array([120_00, 120_00, 60_00]),
    ...     valid=np.ones(3, dtype=bool),
    ...     weights=(Fraction(1),),
    ... )
    >>> found = compute_indicators(stays, load_indicator_limits())
    >>> found.figures["cost_index"].tolist(), found.why["time_index"]
    ([1.2, 0.6], 'lengths of stay are missing')
    """
    tally, costs = tally_stays(stays, limits)
    accurate = accurate_cases(tally, costs, accurate_costs(tally, limits))
    return indicators_of_tally(
        tally, accurate, stays.weights, limits, zero_deaths_low_risk=zero_deaths_low_risk, synthetic=synthetic
    )


def indicators_of_tally(
    tally: StayTally,
    accurate: IntArray,
    weights: Sequence[Fraction | None],
    limits: IndicatorLimits,
    *,
    zero_deaths_low_risk: bool = True,
    synthetic: bool = False,
) -> HospitalIndicators:
    """Compute the indicators of every hospital from what its stays add up to.

    Parameters
    ----------
    tally : StayTally
        The sums of all stays, at once or part by part.
    accurate : int64 array, shape (hospital,)
        Cases whose cost is accurate, see :func:`actuary.payment.stay_tally.accurate_cases`.
    weights : sequence of Fraction or None
        Weight of each group; None where it has none.
    limits, zero_deaths_low_risk, synthetic :
        As in :func:`compute_indicators`.
    """
    n, base = tally.cell("cases"), tally.hospital("base")
    n_grouped = tally.over_groups(n)
    missing = np.full(len(tally.hospitals), np.nan)
    values: dict[str, FloatArray] = {
        "grouping_rate": _divided(n_grouped, base),
        "grouping_rate_listed": _divided(tally.hospital("listed_grouped"), tally.hospital("listed")),
        "groups": np.where(base > 0, tally.over_groups(np.ones(n.size, dtype=np.int64)), np.nan),
        **_of_weights(tally, weights),
        "cost_accuracy": _divided(accurate, n_grouped),
        "low_risk_mortality": missing,
        "mean_fund_gap_yuan": _divided(tally.hospital("gap_fen") / 100, tally.hospital("with_gap")),
        "time_index": missing,
        "time_index_mean_ratio": missing,
    }
    values["cost_index"], values["cost_index_mean_ratio"] = _indices(tally, n, tally.cell("cost_fen"))
    if "days" in tally.known:
        days = _indices(tally, tally.cell("stays_with_days"), tally.cell("days"))
        values["time_index"], values["time_index_mean_ratio"] = days
    if "died" in tally.known:
        values["low_risk_mortality"] = _low_risk_mortality(tally, limits, zero_deaths_low_risk)
    return HospitalIndicators(
        hospitals=tally.hospitals,
        cases=tally.hospital("cases"),
        base=base,
        figures={indicator.name: values[indicator.name] for indicator in HOSPITAL_INDICATORS},
        why=_reasons(tally.known),
        synthetic=synthetic,
    )


def _low_risk_mortality(tally: StayTally, limits: IndicatorLimits, zero_deaths_low_risk: bool) -> FloatArray:
    deaths, n = tally.cell("deaths"), tally.cell("cases")
    scores = risk_scores(tally.over_hospitals(deaths), tally.over_hospitals(n))
    low = scores < float(limits.low_risk_score_under.value)
    if not zero_deaths_low_risk:
        low &= np.isfinite(scores)
    here = low[tally.group_code]
    return _divided(tally.over_groups(deaths, here), tally.over_groups(n, here))


def _reasons(known: frozenset[str]) -> dict[str, str]:
    """Say for each indicator why it is undefined where it is."""
    no_case, no_group = "no case in the base", "no grouped case in the base"
    no_weight = "no case of a group with a weight"
    money = "no case with both the fund money charged and the standard"
    if "gap" not in known:
        money = "the fund money charged, or the standard, is missing"
    days = "no grouped case with a length of stay" if "days" in known else "lengths of stay are missing"
    deaths = "no case in a low-risk group" if "died" in known else "deaths are missing"
    return {
        "grouping_rate": no_case,
        "grouping_rate_listed": "no case",
        "groups": no_case,
        "total_weight": no_weight,
        "cmi": no_weight,
        "cost_index": no_group,
        "cost_index_mean_ratio": no_group,
        "time_index": days,
        "time_index_mean_ratio": days,
        "cost_per_weight_yuan": no_weight,
        "cost_accuracy": no_group,
        "mean_fund_gap_yuan": money,
        "low_risk_mortality": deaths,
    }
