"""What a payment policy declares of settlement in the year and clearing at its end, of audit and of procurement."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from actuary.payment.declared_values import (
    Days,
    InsuranceRow,
    NonNegative,
    Number,
    Positive,
    RateRow,
    Share,
    TierName,
)
from actuary.policy.shapes import Shape, Text

__all__ = [
    "Audit",
    "AuditSample",
    "DepositStep",
    "PolicyRatio",
    "Procurement",
    "Settlement",
    "SurplusBand",
]


class DepositStep(Shape):
    """Say which part of the deposit comes back from a score on.

    Attributes
    ----------
    score_from : Decimal
        Lowest score of the step, inclusive.
    share : Decimal or None
        Part that comes back.
    form : str
        share, or score_percent: score / 100 comes back.
    """

    score_from: NonNegative
    share: Share | None = None
    form: Literal["share", "score_percent"] = "share"


class SurplusBand(Shape):
    """Say what happens to a surplus or an overspend of one size.

    Attributes
    ----------
    to : Decimal or None
        Upper bound of (cost item by item / payable); None for the last band.
    op : str or None
        ``<`` or ``<=``: whether the bound belongs to the band. Left out, it does not for actual ("below 85 %") and
        does for the others ("at most 110 %").
    rule : str
        actual (what it cost), keep (the hospital keeps the surplus), share (the fund bears `fund` of the overspend),
        none (the fund bears nothing).
    fund : Decimal or None
        Part of the overspend that the fund bears, for share.
    hospital : Decimal or None
        Part of the surplus that the hospital keeps, for keep; all of it when left out.
    limit : Decimal or None
        Most that is kept, as part of the payable.
    """

    to: Positive | None = None
    op: Literal["<", "<="] | None = None
    rule: Literal["actual", "keep", "share", "none"]
    fund: Share | None = None
    hospital: Share | None = None
    limit: Share | None = None


class PolicyRatio(InsuranceRow):
    """Give the part of eligible cost that the fund reimburses.

    Attributes
    ----------
    tier : str
        Tier of hospitals, or ``*``.
    value : Decimal
        The part [share].
    """

    tier: TierName = "*"
    value: Share


class Settlement(Shape):
    """Say how hospitals are paid in the year and at its end.

    Attributes
    ----------
    prepay : Decimal or None
        Part of a month's payable that is paid at once.
    deposit : Decimal or None
        Part that is withheld until the yearly assessment.
    deposit_return : tuple of DepositStep
        What comes back by score.
    deposit_return_form : str
        step, or linear between the steps.
    bands : tuple of SurplusBand
        Surplus and overspend.
    overspend : str
        whole: the band of a hospital's whole ratio decides on all of its overspend. layers: each slice of the
        overspend falls under the band it lies in.
    adjusting_order : tuple of str
        Claims on the adjusting fund in the order they are served, pro rata within one of them: review, overspend.
    residual : str
        What becomes of the fen that rounding leaves: booked, or largest_remainder (handed out by payable).
    interim_price : str or None
        Price of a month before the year's price is known: last_year, budget_value or declared (`interim_rate`).
    interim_rate : tuple of RateRow
        Declared interim prices.
    fund_payable : str or None
        subtract: the standard less what others pay. by_ratio: (standard - fully self-paid - first self-paid -
        deductible) x policy ratio. fund: the standard is fund money.
    subtract : tuple of str
        Payments of others that subtract takes off.
    policy_ratio : tuple of PolicyRatio
        Ratios of by_ratio where the cases do not bring them.
    upload_days : int or None
        Days from discharge within which the list must be uploaded.
    """

    prepay: Share | None = None
    deposit: Share | None = None
    deposit_return: tuple[DepositStep, ...] = ()
    deposit_return_form: Literal["step", "linear"] = "step"
    bands: tuple[SurplusBand, ...] = ()
    overspend: Literal["whole", "layers"] = "whole"
    adjusting_order: tuple[Literal["review", "overspend"], ...] = ("overspend",)
    residual: Literal["booked", "largest_remainder"] = "booked"
    interim_price: Literal["last_year", "budget_value", "declared"] | None = None
    interim_rate: tuple[RateRow, ...] = ()
    fund_payable: Literal["subtract", "by_ratio", "fund"] | None = None
    subtract: tuple[
        Literal[
            "cash",
            "account",
            "critical_illness",
            "assistance",
            "other_funds",
            "fully_self_paid",
            "first_self_paid",
            "deductible",
        ],
        ...,
    ] = ()
    policy_ratio: tuple[PolicyRatio, ...] = ()
    upload_days: Days | None = None


class AuditSample(Shape):
    """Say how much of a provider's claims is drawn for a second review.

    Attributes
    ----------
    spend_from : Decimal or None
        Yearly pooled spend from which the rule holds, inclusive [yuan]; None: below the others.
    min_amount : Decimal or None
        Least amount of the sample [yuan].
    min_share : Decimal or None
        Least part of the total.
    """

    spend_from: Positive | None = None
    min_amount: Positive | None = None
    min_share: Share | None = None


class Audit(Shape):
    """Say how claims are reviewed.

    Attributes
    ----------
    first_review : Decimal or None
        Part of the claims in the first review.
    sample : tuple of AuditSample
        Second review.
    """

    first_review: Share | None = None
    sample: tuple[AuditSample, ...] = ()


class Procurement(Shape):
    """Say what hospitals keep of the savings of volume-based procurement.

    Attributes
    ----------
    retain_share : Decimal or None
        Largest part of the base that is retained.
    assessment : Decimal or None
        Assessment coefficient.
    fund_share : Decimal or None
        Part of the spending that the fund bears.
    device_share : Decimal or None
        Part of the surplus on devices that goes to hospitals.
    saving : Decimal or None
        Saving already printed [yuan].
    groups : tuple of str
        Groups whose weight is frozen because of it.
    """

    retain_share: Share | None = None
    assessment: Number | None = None
    fund_share: Share | None = None
    device_share: Share | None = None
    saving: Positive | None = None
    groups: tuple[Text, ...] = Field(default=())
