"""What a payment policy declares of case classes and of cases that are not paid like the others."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from actuary.payment.declared_values import (
    Comparison,
    Days,
    NonNegative,
    Positive,
    RateRow,
    Share,
)
from actuary.policy.shapes import Shape, Text

__all__ = [
    "BedDay",
    "BedDayBand",
    "CapBand",
    "CaseClass",
    "DaySurgery",
    "Incomplete",
    "Ratio",
    "Readmission",
    "Review",
]


class Ratio(Shape):
    """Say what a case's cost is compared with, and what is taken out of it before.

    Attributes
    ----------
    denominator : str
        city_group_mean, same_level_mean or standard (the payment standard of the case).
    deduct : tuple of str
        Parts of the bill outside the standard: negotiated_drugs, high_value_consumables.
    deducted : str
        paid_apart (the fund pays them on top) or not_paid (the hospital bears them).
    group_means : str or None
        CSV beside the policy: columns group, tier, mean_cost [yuan]; needed by same_level_mean.
    """

    denominator: Literal["city_group_mean", "same_level_mean", "standard"]
    deduct: tuple[Literal["negotiated_drugs", "high_value_consumables"], ...] = ()
    deducted: Literal["paid_apart", "not_paid"] = "paid_apart"
    group_means: Text | None = None


class CapBand(Shape):
    """Give groups up to a weight, or up to base points, a boundary of their own.

    Attributes
    ----------
    rw_below, points_below : Decimal or None
        The band holds groups below this weight or these base points.
    rw_to, points_to : Decimal or None
        The band holds groups up to and including this weight or these base points.
    k : Decimal
        The boundary of the ratio; the last band has nothing else.
    """

    rw_below: Positive | None = None
    rw_to: Positive | None = None
    points_below: Positive | None = None
    points_to: Positive | None = None
    k: Positive

    @property
    def bound(self) -> tuple[str, Any] | None:
        """Key and value of the upper bound; None for the last band."""
        for key in ("rw_below", "rw_to", "points_below", "points_to"):
            if getattr(self, key) is not None:
                return key, getattr(self, key)
        return None


class CaseClass(Shape):
    """Say which cases are low, high or extreme, and what they are paid.

    With r the ratio, B the base points (weight x scale), K the coefficient and k the boundary.

    Attributes
    ----------
    name : str
        low, normal, high or extreme.
    op : str
        Operator of the boundary: ``r op k`` puts a case into the class. Low: ``<`` or ``<=``; others: ``>`` or ``>=``.
    k : Decimal or None
        The boundary.
    cap : tuple of CapBand
        Boundaries by band of weight or points, in place of `k`.
    threshold : str
        flat: the boundary is k; lower_of: k x min(1, K).
    pay : str
        actual: what it cost. ratio_points: r B K. points_no_factor: r B. flat: `share` x B K. standard: B K. linear:
        B K + (r - k) B, the excess times K too where `factor_on_excess`. deduct: B (r - (k - 1) K). cap: k times the
        group's mean x K x control factor. dip_excess: (r - k + 1) B K where `excess_base` is one, (r - k + K) B where
        it is factor. review: not paid before a decision.
    share : Decimal or None
        Of flat; of linear: the part of the excess that counts (all of it when left out).
    factor_on_excess : bool
        Whether K applies to the excess of linear.
    excess_base : str
        one or factor, for dip_excess.
    review : bool
        Whether the case is put up for review besides.
    """

    name: Literal["low", "normal", "high", "extreme"]
    op: Comparison | None = None
    k: Positive | None = None
    cap: tuple[CapBand, ...] = ()
    threshold: Literal["flat", "lower_of"] = "flat"
    pay: Literal[
        "actual",
        "ratio_points",
        "points_no_factor",
        "flat",
        "standard",
        "linear",
        "deduct",
        "cap",
        "dip_excess",
        "review",
    ]
    share: NonNegative | None = None
    factor_on_excess: bool = False
    excess_base: Literal["one", "factor"] = "one"
    review: bool = False


class Incomplete(Shape):
    """Say how an incomplete stay is paid.

    Attributes
    ----------
    formula : str
        with_coef: min(B K r, B); without_coef: min(B r, B); none: like any other.
    """

    formula: Literal["with_coef", "without_coef", "none"]


class Readmission(Shape):
    """Say what a second stay within some days does to the first.

    Attributes
    ----------
    days : int
        Days from discharge to the next admission, inclusive.
    same_group : bool
        Whether both stays must be of one group.
    same_hospital : bool
        Whether both must be in one hospital.
    effect : str
        halve_earlier, reduce_earlier (by `share`), earlier_unpaid or none (only flagged).
    share : Decimal or None
        Part of the earlier stay's points that is taken away, for reduce_earlier.
    exempt : tuple of str
        Reasons that excuse it, as the column `readmission_reason` or the groups below say: chemo, radio, planned.
    exempt_groups : tuple of str
        Groups (or beginnings of their codes) that are exempt.
    """

    days: Days
    same_group: bool = True
    same_hospital: bool = False
    effect: Literal["halve_earlier", "reduce_earlier", "earlier_unpaid", "none"]
    share: Share | None = None
    exempt: tuple[Literal["chemo", "radio", "planned"], ...] = ()
    exempt_groups: tuple[Text, ...] = ()


class BedDayBand(Shape):
    """Give the days of a stay up to one day their part of the tariff.

    Attributes
    ----------
    to : int or None
        Last day of the band, counted from admission; None: all that follow.
    pay : Decimal
        Part of the tariff that is paid [share].
    """

    to: Days | None = None
    pay: Share


class BedDay(Shape):
    """Say which stays are paid by the day, and how.

    Attributes
    ----------
    bands : tuple of BedDayBand
        Parts of the tariff by day of stay.
    tariff : tuple of RateRow
        Yuan a day by tier and insurance.
    points_per_day : Decimal or None
        Points a day, where bed-days share the pool.
    groups : tuple of str
        Groups (or beginnings of codes) that are paid by the day, besides cases marked so.
    days_from : int or None
        Stays of at least so many days are paid by the day.
    """

    bands: tuple[BedDayBand, ...] = ()
    tariff: tuple[RateRow, ...] = ()
    points_per_day: Positive | None = None
    groups: tuple[Text, ...] = ()
    days_from: Days | None = None


class DaySurgery(Shape):
    """Say how day surgery is paid.

    Attributes
    ----------
    pay : str
        standard, actual or flat (`share` of the standard).
    share : Decimal or None
        Of flat.
    groups : tuple of str
        Groups it applies to; all when empty.
    """

    pay: Literal["standard", "actual", "flat"]
    share: Positive | None = None
    groups: tuple[Text, ...] = ()


class Review(Shape):
    """Say how many cases may be reviewed one by one, and what is paid then.

    Attributes
    ----------
    quota : mapping of str to Decimal
        Part of a hospital's discharges by tier [share]; ``*`` for every tier.
    result : str
        actual, ratio_points or decided (the amount of the decision).
    """

    quota: dict[str, Share] = Field(default_factory=dict)
    result: Literal["actual", "ratio_points", "decided"] = "actual"
