"""What a payment policy declares of rounding, weights, prices and coefficients."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from actuary.payment.declared_values import (
    CaseCount,
    NonNegative,
    PerInsurance,
    Places,
    Positive,
    RateRow,
    Share,
    TierName,
)
from actuary.policy.shapes import Shape, Text

__all__ = [
    "BaseGroup",
    "Budget",
    "Coefficient",
    "Price",
    "Rounding",
    "SpecialGroups",
    "Stability",
    "Trimming",
    "WeightYear",
    "Weights",
]


class Rounding(Shape):
    """Say how many decimals each quantity keeps, how it is rounded and when.

    Attributes
    ----------
    weight, points, point_value, coefficient, ratio : int or None
        Decimals; None (``"none"`` in the file, or left out) keeps every digit.
    money : int or None
        Decimals of yuan; 0 is whole yuan. Paid amounts are in fen even where it is None.
    standard : int or None
        Decimals of a printed payment standard; as `money` where it is left out.
    mode : str
        half_up or half_even.
    stage : str
        output: once, at the end. each_case: the points of every case are rounded before they are priced or added up.
    """

    weight: Places = None
    points: Places = None
    point_value: Places = None
    coefficient: Places = None
    ratio: Places = None
    money: Places
    standard: Places = None
    mode: Literal["half_up", "half_even"]
    stage: Literal["output", "each_case"] = "output"

    @property
    def standard_places(self) -> int | None:
        """Decimals of a printed payment standard; None: every digit."""
        return self.standard if "standard" in self.model_fields_set else self.money

    @property
    def money_places(self) -> int:
        """Decimals of a paid amount, 0 to 2."""
        return 2 if self.money is None else min(self.money, 2)


class Trimming(Shape):
    """Say which cases are left out of a group's mean.

    Attributes
    ----------
    method : str
        iqr (k times the interquartile range), sigma (k standard deviations), quantile (between two quantiles),
        multiple (between two multiples of the group's mean), none.
    k : Decimal or None
        Multiple of iqr and sigma.
    low, high : Decimal or None
        The two quantiles [share] or multiples.
    log : bool
        Whether costs are compared as logarithms.
    quantile_type : int or None
        Definition of a sample quantile, 1-9 as Hyndman and Fan number them; needed by iqr and quantile.
    sd : str
        sample (n - 1) or population (n), for sigma.
    rounds : int
        How often trimming is repeated.
    """

    method: Literal["iqr", "sigma", "quantile", "multiple", "none"]
    k: Positive | None = None
    low: NonNegative | None = None
    high: Positive | None = None
    log: bool = False
    quantile_type: int | None = Field(default=None, ge=1, le=9)
    sd: Literal["sample", "population"] = "sample"
    rounds: CaseCount = 1


class Stability(Shape):
    """Say when a group is stable: at least `min_cases` cases, and CV at most `cv_max`, after trimming.

    Attributes
    ----------
    min_cases : int
        Fewest cases.
    cv_max : Decimal or None
        Largest coefficient of variation.
    sd : str
        sample (n - 1) or population (n).
    otherwise : str
        What a group gets that is not stable: own_mean, adrg_mean, overall_mean (a weight of 1), review or none (no
        weight either way).
    """

    min_cases: CaseCount
    cv_max: Positive | None = None
    sd: Literal["sample", "population"] = "sample"
    otherwise: Literal["own_mean", "adrg_mean", "overall_mean", "review", "none"] = "own_mean"


class WeightYear(Shape):
    """Give one year of cases its part in the mean.

    Attributes
    ----------
    year : int
        Year of discharge.
    w : Decimal
        Its weight; the weights of all years are divided by their sum.
    """

    year: int = Field(ge=1990, le=2100)
    w: Positive


#: What happens to a case of a group without a usable weight.
SpecialPay = Literal["actual", "review", "standard", "ratio_points", "unpriced"]


class SpecialGroups(Shape):
    """Say how groups are paid that are not groups like the others.

    Attributes
    ----------
    ungrouped : mapping of str to Decimal
        Weights of pseudo-groups, such as ``"0000"``.
    ungroupable : str
        How a case without any group is paid: actual, review, ratio_points (see the blank group of DIP) or unpriced.
    qy : str
        How ambiguous (QY) groups are paid: own_weight, actual or review.
    placeholder_one : str
        What a weight of exactly 1 on an unstable group means: reject (the policy is refused), accept (paid like any
        weight, where the payer's own table does so), actual, review or unpriced (no such case is paid, and its reason
        is said).
    unstable, ffs, special_review, uncovered : str
        How groups with that mark are paid: standard (by their weight), actual, review or unpriced.
    """

    ungrouped: dict[str, Positive] = Field(default_factory=dict)
    ungroupable: SpecialPay = "unpriced"
    qy: Literal["own_weight", "actual", "review"] = "own_weight"
    placeholder_one: Literal["reject", "accept", "actual", "review", "unpriced"] = "unpriced"
    unstable: SpecialPay = "standard"
    ffs: SpecialPay = "actual"
    special_review: SpecialPay = "review"
    uncovered: SpecialPay = "unpriced"


class Weights(Shape):
    """Say where the weights stand and how they were, or are to be, computed.

    Attributes
    ----------
    file : str or None
        CSV beside the policy: columns group, rw, and mark, tier, mean_cost, name where there are such.
    scale : Decimal
        What the file's numbers are multiplied by to become points: 1, 100 or 1000. Base points are weight x scale.
    holds : str
        weight: the file's numbers are weights, base points are weight x scale; points: they are base points already.
    basis : str
        charge or structure_adjusted.
    trim, stable, years
        How to compute weights from cases.
    keep_total : bool
        Whether weights are rescaled so that the total weight holds after an edit.
    freeze : tuple of str
        Groups whose weight is not lowered (procurement).
    smoothing : Decimal or None
        Part of the new weight in a x new + (1 - a) x old.
    overall_mean_cost : Decimal or None
        Mean cost of all cases [yuan]; with it a group's mean cost is weight x overall mean.
    excluded_days_from, excluded_days_to : int or None
        Stays of at most `excluded_days_to` days, and of at least `excluded_days_from`, stay out of the means.
    special : SpecialGroups
        Groups that are not like the others.
    """

    file: Text | None = None
    scale: Positive
    holds: Literal["weight", "points"] = "weight"
    basis: Literal["charge", "structure_adjusted"] = "charge"
    trim: Trimming | None = None
    stable: Stability | None = None
    years: tuple[WeightYear, ...] = ()
    keep_total: bool = False
    freeze: tuple[Text, ...] = ()
    smoothing: Share | None = None
    overall_mean_cost: Positive | None = None
    excluded_days_from: CaseCount | None = None
    excluded_days_to: CaseCount | None = None
    special: SpecialGroups = Field(default_factory=SpecialGroups)


class Price(Shape):
    """Say what one weight, point or score is worth.

    Attributes
    ----------
    mode : str
        fixed (declared), pool (budget / points) or pool_bounded (the same between floor and ceiling).
    represents : str
        total_cost: the standard covers the whole bill, other payers' parts are subtracted; fund: it is fund money.
    rate : tuple of RateRow
        Declared prices [yuan per weight or per point].
    budget : tuple of InsuranceValue
        Yearly budgets [yuan]; they may also be given when a settlement is run.
    adjust_share : Decimal or None
        Part of the budget kept as adjusting fund before the value is computed.
    fund_share : tuple of InsuranceValue
        Part of the cost that the fund bears; the pool is budget / fund share where points stand for total cost.
    floor, ceiling : tuple of InsuranceValue
        Bounds of the value, in yuan or relative to `budget_value`.
    bounds : str
        yuan or budget_value: what floor and ceiling are measured in.
    budget_value : tuple of InsuranceValue
        Value announced before the year [yuan per point].
    control_factor : tuple of InsuranceValue
        Value / (overall mean cost / scale), where it is printed.
    """

    mode: Literal["fixed", "pool", "pool_bounded"]
    represents: Literal["total_cost", "fund"] = "total_cost"
    rate: tuple[RateRow, ...] = ()
    budget: PerInsurance = ()
    adjust_share: Share | None = None
    fund_share: PerInsurance = ()
    floor: PerInsurance = ()
    ceiling: PerInsurance = ()
    bounds: Literal["yuan", "budget_value"] = "yuan"
    budget_value: PerInsurance = ()
    control_factor: PerInsurance = ()


class BaseGroup(Shape):
    """Say how base groups (the same disease, the same price) are priced.

    Attributes
    ----------
    mechanism : str
        uniform_coef (one coefficient at all tiers), lowest_tier_rate (every tier at the lowest tier's rate), coef_one
        (coefficient 1 at the tiers named, at all when none is), table (their rows in the coefficient table), none
        (like any other group).
    value : Decimal or None
        The coefficient of uniform_coef.
    tier : str or None
        The lowest tier of lowest_tier_rate; the tier with the lowest rate when left out.
    tiers : tuple of str
        Tiers of coef_one.
    groups : tuple of str
        Base groups; besides them, those with one of the `marks` in the weight table.
    marks : tuple of str
        Marks that make a base group.
    """

    mechanism: Literal["uniform_coef", "lowest_tier_rate", "coef_one", "table", "none"]
    value: Positive | None = None
    tier: TierName | None = None
    tiers: tuple[TierName, ...] = ()
    groups: tuple[Text, ...] = ()
    marks: tuple[Text, ...] = ("base",)


class Coefficient(Shape):
    """Say by what a weight is multiplied besides the price.

    Attributes
    ----------
    form : str
        none, tier, hospital, group_tier or group_hospital.
    tier, hospital : mapping of str to Decimal
        Coefficients by tier or hospital.
    file : str or None
        CSV beside the policy: columns group, tier (or hospital), coef.
    new_group : Decimal or None
        Coefficient of a group, or of a hospital in group_hospital, that has no row; without it such a group is not
        priced.
    from_cases : bool
        Whether the coefficients are to be computed from cases (mean of the tier or hospital / mean of all).
    min_cases : int or None
        Fewest cases of a coefficient computed from cases; with fewer it is 1.
    floor, ceiling : Decimal or None
        Bounds of coefficients computed from cases.
    base_group : BaseGroup or None
        Base groups.
    """

    form: Literal["none", "tier", "hospital", "group_tier", "group_hospital"] = "none"
    tier: dict[str, Positive] = Field(default_factory=dict)
    hospital: dict[str, Positive] = Field(default_factory=dict)
    file: Text | None = None
    new_group: Positive | None = None
    from_cases: bool = False
    min_cases: CaseCount | None = None
    floor: Share | None = None
    ceiling: Positive | None = None
    base_group: BaseGroup | None = None


class Budget(Shape):
    """Say which parts of the expected income become the budget of the pool.

    Attributes
    ----------
    inpatient_share : Decimal or None
        Part of the fund for inpatient care.
    reserve_share, out_of_area_share, outpatient_share, other_methods_share : Decimal or None
        Parts taken out before the pool.
    growth : Decimal or None
        Growth on last year's spending, where the budget is made that way.
    """

    inpatient_share: Share | None = None
    reserve_share: Share | None = None
    out_of_area_share: Share | None = None
    outpatient_share: Share | None = None
    other_methods_share: Share | None = None
    growth: NonNegative | None = None
