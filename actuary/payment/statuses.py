"""What became of a case at settlement, and why: each answer with its Chinese and English text.

Arrays hold the number of the reason only; every reason belongs to one status.
"""

from __future__ import annotations

import enum

__all__ = ["REASONS", "REASON_STATUS", "PaymentReason", "PaymentStatus"]


class PaymentStatus(enum.StrEnum):
    """Say what became of a case.

    Examples
    --------
    >>> PaymentStatus.REJECTED.zh, PaymentStatus.PENDING.text("en"), PaymentStatus("paid").number
    ('不予结算', 'waits for a decision', 0)
    """

    PAID = "paid"
    PENDING = "pending"
    UNPRICED = "unpriced"
    REJECTED = "rejected"

    @property
    def number(self) -> int:
        """Place among the statuses, from 0."""
        return list(PaymentStatus).index(self)

    @property
    def zh(self) -> str:
        """Meaning in Chinese."""
        return _STATUS_TEXTS[self.value][0]

    @property
    def en(self) -> str:
        """Meaning in English."""
        return _STATUS_TEXTS[self.value][1]

    def text(self, lang: str = "zh") -> str:
        """Return the meaning in Chinese (``zh``) or English (``en``)."""
        return self.zh if lang == "zh" else self.en


class PaymentReason(enum.StrEnum):
    """Say why a case got its status; only the reasons of ``paid`` come with money.

    Examples
    --------
    >>> PaymentReason.DUPLICATE.status.value, PaymentReason.DUPLICATE.en
    ('rejected', 'another row of the same case is paid already')
    >>> PaymentReason.REGULAR.number
    0
    """

    # paid
    REGULAR = "regular"
    EARLIER_STAY = "earlier_stay"
    OVER_VOLUME_CAP = "over_volume_cap"
    REVIEW_APPROVED = "review_approved"
    REVIEW_REFUSED = "review_refused"
    REVIEW_OVER_QUOTA = "review_over_quota"
    # waits for a decision
    REVIEW_PENDING = "review_pending"
    # the policy has no price
    WEIGHT_MISSING = "weight_missing"
    WEIGHT_ZERO = "weight_zero"
    WEIGHT_PLACEHOLDER = "weight_placeholder"
    MEAN_MISSING = "mean_missing"
    COEFFICIENT_MISSING = "coefficient_missing"
    RATE_MISSING = "rate_missing"
    POINT_VALUE_MISSING = "point_value_missing"
    CAP_RULE_MISSING = "cap_rule_missing"
    UNGROUPED = "ungrouped"
    OUTSIDE_POLICY = "outside_policy"
    # the row is wrong
    CASE_ID_MISSING = "case_id_missing"
    DUPLICATE = "duplicate"
    COST_MISSING = "cost_missing"
    COST_NOT_A_NUMBER = "cost_not_a_number"
    COST_NEGATIVE = "cost_negative"
    COST_TOO_PRECISE = "cost_too_precise"
    COST_TOO_HIGH = "cost_too_high"
    HOSPITAL_MISSING = "hospital_missing"
    HOSPITAL_UNKNOWN = "hospital_unknown"
    TIER_MISSING = "tier_missing"
    TIER_UNKNOWN = "tier_unknown"
    INSURANCE_MISSING = "insurance_missing"
    INSURANCE_UNKNOWN = "insurance_unknown"
    GROUP_MISSING = "group_missing"
    GROUP_UNKNOWN = "group_unknown"
    AMOUNT_INVALID = "amount_invalid"
    DEDUCTION_TOO_HIGH = "deduction_too_high"
    PAYERS_TOO_HIGH = "payers_too_high"
    DAYS_MISSING = "days_missing"
    FIELD_MISSING = "field_missing"
    FIELD_INVALID = "field_invalid"

    @property
    def number(self) -> int:
        """Place among the reasons, from 0; what the arrays hold."""
        return _NUMBERS[self.value]

    @property
    def status(self) -> PaymentStatus:
        """What became of the case."""
        return REASON_STATUS[self.number]

    @property
    def zh(self) -> str:
        """Meaning in Chinese."""
        return _REASON_TEXTS[self.value][0]

    @property
    def en(self) -> str:
        """Meaning in English."""
        return _REASON_TEXTS[self.value][1]

    def text(self, lang: str = "zh") -> str:
        """Return the meaning in Chinese (``zh``) or English (``en``)."""
        return self.zh if lang == "zh" else self.en


_STATUS_TEXTS = {
    "paid": ("已结算", "paid"),
    "pending": ("待评审", "waits for a decision"),
    "unpriced": ("无支付标准", "the policy has no price for it"),
    "rejected": ("不予结算", "not payable as it stands"),
}

_REASON_TEXTS = {
    "regular": ("按规则结算", "settled by the rule of its class"),
    "earlier_stay": ("规定天数内再入院的前次住院", "the earlier stay of a readmission within the days of the policy"),
    "over_volume_cap": ("超出病组年度例数上限", "beyond the yearly number of cases of its group"),
    "review_approved": ("特病单议通过，按评审金额结算", "special review approved, paid as decided"),
    "review_refused": ("特病单议未通过，按病组结算", "special review refused, settled by its group"),
    "review_over_quota": (
        "特病单议超出医院名额，按病组结算",
        "approved beyond the review quota of its hospital, settled by its group",
    ),
    "review_pending": ("应特病单议而尚无评审结论", "needs a special review that has not been decided"),
    "weight_missing": ("病组没有权重", "the group has no weight"),
    "weight_zero": ("病组权重为零", "the weight of the group is zero"),
    "mean_missing": ("病组没有可供比较的均费", "the group has no mean cost to compare with"),
    "weight_placeholder": (
        "非稳定病组的权重1是占位数，不能计价",
        "the weight 1 of an unstable group is a placeholder, not a weight",
    ),
    "coefficient_missing": ("没有适用的系数", "no coefficient applies"),
    "rate_missing": ("没有适用的费率", "no rate applies"),
    "point_value_missing": ("没有适用的点值（缺预算或总点数为零）", "no point value: no budget, or no points"),
    "cap_rule_missing": (
        "超出年度例数上限，而政策未规定如何支付",
        "beyond the yearly number of cases, for which the policy states no payment",
    ),
    "ungrouped": ("未入组且政策未规定支付办法", "not grouped, and the policy says nothing on that"),
    "outside_policy": ("不属本办法支付范围", "paid by another method than this policy"),
    "case_id_missing": ("缺少病例号", "the case has no name"),
    "duplicate": ("病例重复，前一行已结算", "another row of the same case is paid already"),
    "cost_missing": ("缺少总费用", "the total cost is missing"),
    "cost_not_a_number": ("总费用不是数字", "the total cost is not a number"),
    "cost_negative": ("总费用为负", "the total cost is negative"),
    "cost_too_precise": ("总费用超过两位小数", "the total cost has more than two decimals"),
    "cost_too_high": ("总费用超过十亿元", "the total cost is above 1,000,000,000 yuan"),
    "hospital_missing": ("缺少医院", "the hospital is missing"),
    "hospital_unknown": ("医院不在名单或政策中", "the hospital is not on the list, or the policy does not know it"),
    "tier_missing": ("缺少医院等级", "the tier is missing"),
    "tier_unknown": ("政策没有该医院等级", "the policy does not know the tier"),
    "insurance_missing": ("缺少险种", "the insurance is missing"),
    "insurance_unknown": ("险种不明", "the insurance is not known"),
    "group_missing": ("缺少病组", "the group is missing"),
    "group_unknown": ("政策没有该病组", "the policy does not know the group"),
    "amount_invalid": ("某项金额有误", "an amount is no sum of at least 0 yuan with at most two decimals"),
    "deduction_too_high": ("扣除项大于总费用", "what is deducted exceeds the total cost"),
    "payers_too_high": ("个人及其他支付方所付大于总费用", "what the patient and others paid exceeds the total cost"),
    "days_missing": ("按床日结算而缺少住院天数", "paid by the day, without the length of stay"),
    "field_missing": ("缺少政策所需的字段", "a field that a rule of the policy reads is missing"),
    "field_invalid": ("某字段有误", "a field cannot be read"),
}

_NUMBERS = {reason.value: number for number, reason in enumerate(PaymentReason)}

_FIRST = {
    PaymentReason.REGULAR: PaymentStatus.PAID,
    PaymentReason.REVIEW_PENDING: PaymentStatus.PENDING,
    PaymentReason.WEIGHT_MISSING: PaymentStatus.UNPRICED,
    PaymentReason.CASE_ID_MISSING: PaymentStatus.REJECTED,
}


def _statuses() -> tuple[PaymentStatus, ...]:
    """Give every reason the status of the section that it stands in."""
    statuses: list[PaymentStatus] = []
    for reason in PaymentReason:
        status = _FIRST.get(reason) or statuses[-1]
        statuses.append(status)
    return tuple(statuses)


#: Status of each reason, by the number of the reason.
REASON_STATUS: tuple[PaymentStatus, ...] = _statuses()

#: The reasons by their number.
REASONS: tuple[PaymentReason, ...] = tuple(PaymentReason)
