"""How a policy pays the groups that are not groups like the others: by what the table marks and the policy says."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_values import EVERY
from actuary.payment.weight_tables import WeightRow

__all__ = ["GroupTreatment", "TreatmentReason", "is_placeholder", "treat_group"]

type Treatment = Literal["standard", "actual", "review", "ratio_points", "unpriced"]


class TreatmentReason(enum.StrEnum):
    """Say why a group is paid as it is.

    Examples
    --------
    >>> TreatmentReason.PLACEHOLDER.en
    'the weight 1 of an unstable group is a placeholder'
    """

    WEIGHT = "weight"
    UNGROUPED = "ungrouped"
    AMBIGUOUS = "ambiguous"
    UNSTABLE = "unstable"
    PLACEHOLDER = "placeholder"
    ITEM_BY_ITEM = "item_by_item"
    SPECIAL_REVIEW = "special_review"
    UNCOVERED = "uncovered"
    NO_WEIGHT = "no_weight"
    UNKNOWN = "unknown"

    @property
    def zh(self) -> str:
        """Meaning in Chinese."""
        return _TEXTS[self.value][0]

    @property
    def en(self) -> str:
        """Meaning in English."""
        return _TEXTS[self.value][1]


_TEXTS = {
    "weight": ("按病组权重", "by the weight of the group"),
    "ungrouped": ("未入组，按政策规定的权重", "not grouped; by the weight that the policy gives"),
    "ambiguous": ("歧义病组", "ambiguous (QY) group"),
    "unstable": ("非稳定病组", "unstable group"),
    "placeholder": ("非稳定病组的权重1是占位数", "the weight 1 of an unstable group is a placeholder"),
    "item_by_item": ("按项目付费病组", "group paid item by item"),
    "special_review": ("特病单议病组", "group reviewed one by one"),
    "uncovered": ("数据未覆盖的病组", "group without cases in the data"),
    "no_weight": ("病组没有权重", "the group has no weight"),
    "unknown": ("政策没有该病组", "the policy does not know the group"),
}


@dataclass(frozen=True, slots=True)
class GroupTreatment:
    """Hold how a group is paid.

    Parameters
    ----------
    pay : str
        standard (weight x price x coefficient), actual, review, ratio_points or unpriced.
    reason : TreatmentReason
        Why.
    weight : Decimal or None
        Weight, or score, as printed; None where there is none.
    row : WeightRow or None
        Row of the table; None for a pseudo-group that only the policy names, and for an unknown group.
    """

    pay: Treatment
    reason: TreatmentReason
    weight: Decimal | None
    row: WeightRow | None


def is_placeholder(row: WeightRow) -> bool:
    """Return whether a row is an unstable group with a weight of exactly 1, which stands for no weight.

    Parameters
    ----------
    row : WeightRow
        A row of a weight table.

    Examples
    --------
    >>> is_placeholder(WeightRow("AA19", Decimal("1.0000"), "unstable")), is_placeholder(WeightRow("AB19", Decimal(1)))
    (True, False)
    """
    return row.rw == 1 and "unstable" in row.marks


def treat_group(policy: PaymentPolicy, group: str, *, tier: str = EVERY) -> GroupTreatment:
    """Return how a policy pays a group.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    group : str
        Code of the group, or of a pseudo-group such as 0000.
    tier : str
        Tier of the hospital, for tables with weights by tier.

    Examples
    --------
    >>> from actuary.payment.policy_files import load_payment_policy
    >>> treatment = treat_group(load_payment_policy("suzhou-2022"), "BR25")
    >>> treatment.pay, treatment.weight
    ('standard', Decimal('1.247342'))
    """
    special = policy.weights.special
    row = policy.weight_table.row(group, tier)
    if group in special.ungrouped:
        return GroupTreatment("standard", TreatmentReason.UNGROUPED, special.ungrouped[group], row)
    if row is None:
        return GroupTreatment("unpriced", TreatmentReason.UNKNOWN, None, None)
    marks = row.marks
    pay: Treatment = "standard"
    reason = TreatmentReason.WEIGHT
    if "ffs" in marks:
        pay, reason = special.ffs, TreatmentReason.ITEM_BY_ITEM
    elif "special_review" in marks:
        pay, reason = special.special_review, TreatmentReason.SPECIAL_REVIEW
    elif "uncovered" in marks:
        pay, reason = special.uncovered, TreatmentReason.UNCOVERED
    elif is_placeholder(row) and special.placeholder_one != "accept":
        pay = "unpriced" if special.placeholder_one == "reject" else special.placeholder_one
        reason = TreatmentReason.PLACEHOLDER
    elif "unstable" in marks:
        pay, reason = special.unstable, TreatmentReason.UNSTABLE
    elif "ambiguous_qy" in marks:
        pay = "standard" if special.qy == "own_weight" else special.qy
        reason = TreatmentReason.AMBIGUOUS
    if pay == "standard" and row.rw is None:
        return GroupTreatment("unpriced", TreatmentReason.NO_WEIGHT, None, row)
    return GroupTreatment(pay, reason, row.rw, row)
