"""Stability (稳定性) of groups: which have cases enough, and near enough to each other, for a weight of their own."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction

from actuary.errors import DeclarationError, Problem, raise_all, unknown_name
from actuary.payment.trimming import CostMoments

__all__ = ["Stability", "StabilityRule", "Treatment", "judge_stability"]


class Treatment(enum.StrEnum):
    """Name what a group gets that has no stable mean of its own.

    Examples
    --------
    >>> Treatment("adrg_mean").en
    'the mean of all cases of its ADRG'
    """

    OWN_MEAN = "own_mean"
    REVIEW = "review"
    ADRG_MEAN = "adrg_mean"
    OVERALL_MEAN = "overall_mean"
    NONE = "none"

    @property
    def zh(self) -> str:
        """Meaning in Chinese."""
        return _TREATMENTS[self.value][0]

    @property
    def en(self) -> str:
        """Meaning in English."""
        return _TREATMENTS[self.value][1]


_TREATMENTS = {
    "own_mean": ("仍用本组均值", "its own mean all the same"),
    "review": ("不定权重，逐例审核", "no weight: its cases go to special review"),
    "adrg_mean": ("用所属ADRG全部病例的均值", "the mean of all cases of its ADRG"),
    "overall_mean": ("用全部病例的均值，即权重1", "the overall mean: a weight of 1"),
    "none": ("不定权重", "no weight"),
}


class Stability(enum.StrEnum):
    """Say why a group is stable or not.

    Examples
    --------
    >>> Stability.FEW_CASES.zh
    '病例数不足'
    """

    STABLE = "stable"
    UNCOVERED = "uncovered"
    ALL_TRIMMED = "all_trimmed"
    FEW_CASES = "few_cases"
    HIGH_CV = "high_cv"
    COST_ZERO = "cost_zero"
    ROUNDS_TO_ZERO = "rounds_to_zero"

    @property
    def zh(self) -> str:
        """Meaning in Chinese."""
        return _STABILITY[self.value][0]

    @property
    def en(self) -> str:
        """Meaning in English."""
        return _STABILITY[self.value][1]


_STABILITY = {
    "stable": ("稳定", "stable"),
    "uncovered": ("没有病例", "no case"),
    "all_trimmed": ("裁剪后没有病例", "no case is left after trimming"),
    "few_cases": ("病例数不足", "too few cases"),
    "high_cv": ("变异系数过大", "costs too far apart: the coefficient of variation is too large"),
    "cost_zero": ("费用全为零", "all costs are zero"),
    "rounds_to_zero": ("权重舍入后为零", "the weight rounds to zero"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StabilityRule:
    """Declare when a group is stable, and what an unstable one gets.

    Parameters
    ----------
    min_cases : int
        Fewest cases after trimming.
    cv_max : Fraction, optional
        Largest coefficient of variation after trimming, itself allowed; None: no limit.
    sd : str
        ``sample`` (divides by n - 1) or ``population`` (by n).
    otherwise : Treatment
        What an unstable group gets.

    Raises
    ------
    DeclarationError
        With every field that is wrong.

    Examples
    --------
    >>> StabilityRule(min_cases=5, cv_max=Fraction(1)).otherwise.value
    'own_mean'
    """

    min_cases: int = 1
    cv_max: Fraction | None = None
    sd: str = "sample"
    otherwise: Treatment = Treatment.OWN_MEAN

    def __post_init__(self) -> None:
        problems = []
        if self.min_cases < 1:
            problems.append(Problem("weights.stable.min_cases", str(self.min_cases), "a number of at least 1"))
        if self.cv_max is not None and self.cv_max <= 0:
            problems.append(Problem("weights.stable.cv_max", f"{float(self.cv_max):g}", "a number above 0"))
        if self.sd not in ("sample", "population"):
            kinds = ("sample", "population")
            problems.append(unknown_name("weights.stable.sd", self.sd, kinds, what="kind of standard deviation"))
        raise_all(problems, DeclarationError)


def judge_stability(moments: CostMoments, rule: StabilityRule, *, cases: int) -> Stability:
    """Say whether a group is stable; the limit of the coefficient of variation is compared exactly.

    Parameters
    ----------
    moments : CostMoments
        Costs after trimming.
    rule : StabilityRule
        What is asked for.
    cases : int
        Cases before trimming.

    Examples
    --------
    >>> rule = StabilityRule(min_cases=3, cv_max=Fraction(1, 2))
    >>> judge_stability(CostMoments(3, 6, 14), rule, cases=3).value  # 1, 2, 3: sd 1, mean 2, cv exactly 0.5
    'stable'
    >>> judge_stability(CostMoments(2, 3, 5), rule, cases=3).value
    'few_cases'
    """
    if not moments.n:
        return Stability.ALL_TRIMMED if cases else Stability.UNCOVERED
    if not moments.total:
        return Stability.COST_ZERO
    if moments.n < rule.min_cases:
        return Stability.FEW_CASES
    cv_squared = moments.cv_squared(rule.sd)
    if rule.cv_max is not None and cv_squared is not None and cv_squared > rule.cv_max**2:
        return Stability.HIGH_CV
    return Stability.STABLE
