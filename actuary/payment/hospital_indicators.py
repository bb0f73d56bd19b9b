"""Indicators of hospitals (病种组合指数、消耗指数、控费准确率 …) from grouped and weighted stays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, raise_all
from actuary.kernels.cost_cells import cell_sums
from actuary.payment.exact import Number, as_fraction
from actuary.payment.hospital_indicator_list import HOSPITAL_INDICATORS
from actuary.payment.indicator_limits import IndicatorLimits

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "HospitalIndicators",
    "IndicatorStays",
    "case_mix_index",
    "compute_indicators",
    "indicator_base",
    "risk_scores",
]

type IntArray = NDArray[np.int64]
type FloatArray = NDArray[np.float64]
type BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndicatorStays:
    """Hold the stays that indicators are computed from; arrays have one place a case.

    Parameters
    ----------
    hospitals, groups : tuple of str
        Names.
    hospital_code, group_code : int array
        Places among them; -1: no hospital, not grouped.
    cost_fen : int64 array
        Costs [fen].
    valid : bool array
        Whether the case can be read; one that failed quality control is valid and not grouped.
    weights : tuple of Fraction or None
        Weight of each group; None where it has none.
    days : int64 array, optional
        Lengths of stay, -1 where unknown.
    died : bool array, optional
        Deaths in hospital.
    charged_fen, standard_fen : int64 array, optional
        Fund money charged item by item, and what the fund pays by the rule [fen]; a negative charge is unknown.
    """

    hospitals: tuple[str, ...]
    groups: tuple[str, ...]
    hospital_code: IntArray
    group_code: IntArray
    cost_fen: IntArray
    valid: BoolArray
    weights: tuple[Fraction | None, ...]
    days: IntArray | None = None
    died: BoolArray | None = None
    charged_fen: IntArray | None = None
    standard_fen: IntArray | None = None

    def __post_init__(self) -> None:
        size = len(self.cost_fen)
        names = ("hospital_code", "group_code", "valid", "days", "died", "charged_fen", "standard_fen")
        lengths = {name: len(array) for name in names if (array := getattr(self, name)) is not None}
        problems = [
            Problem(name, f"{length} places", f"{size}, one a case")
            for name, length in lengths.items()
            if length != size
        ]
        if len(self.weights) != len(self.groups):
            problems.append(Problem("weights", f"{len(self.weights)}", f"{len(self.groups)}, one a group"))
        raise_all(problems, TableError)


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
    logs = np.log(deaths[dead] / cases[dead])
    spread = logs.std(ddof=1) if dead.size > 1 else 0.0
    # Groups that all die alike differ in nothing: they lie at the mean. Rounding leaves them some 1e-16 apart.
    scores[dead] = (logs - logs.mean()) / spread if spread > 1e-12 else 0.0
    return scores


def _divided(top: NDArray[np.generic], bottom: NDArray[np.generic]) -> FloatArray:
    bottom = bottom.astype(np.float64)
    quotient: FloatArray = np.full(bottom.shape, np.nan)
    np.divide(top.astype(np.float64), bottom, out=quotient, where=bottom != 0)
    return quotient


class _Cells:
    """Sums by hospital and group over the cases of the base."""

    def __init__(self, stays: IndicatorStays, base: BoolArray) -> None:
        self.stays = stays
        self.shape = (len(stays.hospitals), len(stays.groups))
        grouped = base & (stays.group_code >= 0)
        self.cell = np.where(grouped, stays.hospital_code.astype(np.int64) * self.shape[1] + stays.group_code, -1)
        self.n, self.cost = self.sums(stays.cost_fen)

    def sums(self, value: IntArray, where: BoolArray | None = None) -> tuple[IntArray, IntArray]:
        """Count cases and add up a number over each cell."""
        cell = self.cell if where is None else np.where(where, self.cell, -1)
        found = cell_sums(cell, value, cells=self.shape[0] * self.shape[1])
        return found[0].reshape(self.shape), found[1].reshape(self.shape)

    def indices(self, n: IntArray, total: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the consumption index, as ratio of sums and as mean of ratios."""
        mean = _divided(total.sum(axis=0), n.sum(axis=0))
        usual = np.where(n > 0, n * mean, 0.0)
        # A group whose stays all cost nothing has no ratio.
        ratios = _divided(total, np.where(mean > 0, np.broadcast_to(mean, n.shape), 0.0))
        ratios = np.where((n > 0) & ~np.isnan(ratios), ratios, 0.0)
        counted = np.where(np.nan_to_num(mean) > 0, n, 0).sum(axis=1)
        return _divided(total.sum(axis=1), usual.sum(axis=1)), _divided(ratios.sum(axis=1), counted)


def _accurate(stays: IndicatorStays, cells: _Cells, limits: IndicatorLimits) -> IntArray:
    """Return how many cases of each hospital lie strictly between the two ratios, compared exactly."""
    n, total = cells.n.sum(axis=0).tolist(), cells.cost.sum(axis=0).tolist()
    low, high = limits.accuracy_ratio_over.exact, limits.accuracy_ratio_under.exact
    least = [
        math.floor(low * Fraction(cost, number)) + 1 if number else 0 for number, cost in zip(n, total, strict=True)
    ]
    most = [
        math.ceil(high * Fraction(cost, number)) - 1 if number else 0 for number, cost in zip(n, total, strict=True)
    ]
    bounds = np.array([[*least, 0], [*most, -1]], dtype=np.int64)[:, stays.group_code]
    inside = (stays.cost_fen >= bounds[0]) & (stays.cost_fen <= bounds[1])
    return cells.sums(stays.cost_fen, inside)[0].sum(axis=1)


def indicator_base(stays: IndicatorStays, limits: IndicatorLimits) -> BoolArray:
    """Return which cases the indicators rest on: those that can be read, are not too long and cost enough.

    Parameters
    ----------
    stays : IndicatorStays
        The stays.
    limits : IndicatorLimits
        The limits.
    """
    base = stays.valid & (stays.hospital_code >= 0)
    base &= stays.cost_fen >= math.ceil(limits.cost_under_yuan.exact * 100)
    return base if stays.days is None else base & (stays.days <= math.floor(limits.stay_days_over.exact))


def _by_hospital(stays: IndicatorStays, where: BoolArray, value: IntArray | None = None) -> IntArray:
    codes = np.where(where & (stays.hospital_code >= 0), stays.hospital_code, -1).astype(np.int64)
    found = cell_sums(codes, stays.cost_fen if value is None else value, cells=len(stays.hospitals))
    return found[0] if value is None else found[1]


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
    base = indicator_base(stays, limits)
    grouped = stays.group_code >= 0
    cells = _Cells(stays, base)
    n_grouped, n_base = cells.n.sum(axis=1), _by_hospital(stays, base)
    has_weight = np.array([weight is not None for weight in stays.weights], dtype=bool)
    weights = np.array([float(weight or 0) for weight in stays.weights])
    total_weight = cells.n @ weights
    weighed = cells.n[:, has_weight].sum(axis=1)
    missing = np.full(len(stays.hospitals), np.nan)
    readable = stays.valid & (stays.hospital_code >= 0)
    values: dict[str, FloatArray] = {
        "grouping_rate": _divided(n_grouped, n_base),
        "grouping_rate_listed": _divided(_by_hospital(stays, readable & grouped), _by_hospital(stays, readable)),
        "groups": np.where(n_base > 0, (cells.n > 0).sum(axis=1), np.nan),
        "total_weight": np.where(weighed > 0, total_weight, np.nan),
        "cmi": _divided(total_weight, weighed),
        "cost_per_weight_yuan": _divided(cells.cost[:, has_weight].sum(axis=1) / 100, total_weight),
        "cost_accuracy": _divided(_accurate(stays, cells, limits), n_grouped),
        "low_risk_mortality": missing,
        "mean_fund_gap_yuan": missing,
        "time_index": missing,
        "time_index_mean_ratio": missing,
    }
    values["cost_index"], values["cost_index_mean_ratio"] = cells.indices(cells.n, cells.cost)
    if stays.days is not None:
        known = stays.days >= 0
        values["time_index"], values["time_index_mean_ratio"] = cells.indices(*cells.sums(stays.days, known))
    if stays.died is not None:
        values["low_risk_mortality"] = _low_risk_mortality(cells, stays.died, limits, zero_deaths_low_risk)
    if stays.charged_fen is not None and stays.standard_fen is not None:
        both = base & (stays.charged_fen >= 0) & (stays.standard_fen >= 0)
        gap = _by_hospital(stays, both, stays.charged_fen - stays.standard_fen)
        values["mean_fund_gap_yuan"] = _divided(gap / 100, _by_hospital(stays, both))
    return HospitalIndicators(
        hospitals=stays.hospitals,
        cases=_by_hospital(stays, np.ones(len(stays.cost_fen), dtype=bool)),
        base=n_base,
        figures={indicator.name: values[indicator.name] for indicator in HOSPITAL_INDICATORS},
        why=_reasons(stays),
        synthetic=synthetic,
    )


def _low_risk_mortality(
    cells: _Cells, died: BoolArray, limits: IndicatorLimits, zero_deaths_low_risk: bool
) -> FloatArray:
    deaths = cells.sums(cells.stays.cost_fen, died)[0]
    scores = risk_scores(deaths.sum(axis=0), cells.n.sum(axis=0))
    low = scores < float(limits.low_risk_score_under.value)
    if not zero_deaths_low_risk:
        low &= np.isfinite(scores)
    return _divided(deaths[:, low].sum(axis=1), cells.n[:, low].sum(axis=1))


def _reasons(stays: IndicatorStays) -> dict[str, str]:
    """Say for each indicator why it is undefined where it is."""
    no_case, no_group = "no case in the base", "no grouped case in the base"
    no_weight = "no case of a group with a weight"
    money = "no case with both the fund money charged and the standard"
    if stays.charged_fen is None or stays.standard_fen is None:
        money = "the fund money charged, or the standard, is missing"
    days = "no grouped case with a length of stay" if stays.days is not None else "lengths of stay are missing"
    deaths = "no case in a low-risk group" if stays.died is not None else "deaths are missing"
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
