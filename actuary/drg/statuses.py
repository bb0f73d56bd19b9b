"""The answers a case can get: status, reason and severity, each with its Chinese and English text."""

from __future__ import annotations

import enum

__all__ = ["Reason", "Severity", "Status"]


class _Answer(enum.StrEnum):
    """Name with a number (for arrays) and its meaning in two languages."""

    @property
    def number(self) -> int:
        """Place among the answers of its kind, from 0."""
        return list(type(self)).index(self)

    @property
    def zh(self) -> str:
        """Meaning in Chinese."""
        return _TEXTS[type(self).__name__, self.value][0]

    @property
    def en(self) -> str:
        """Meaning in English."""
        return _TEXTS[type(self).__name__, self.value][1]

    def text(self, lang: str = "zh") -> str:
        """Return the meaning in Chinese (``zh``) or English (``en``)."""
        return self.zh if lang == "zh" else self.en


class Status(_Answer):
    """Say what became of a case.

    Examples
    --------
    >>> Status.AMBIGUOUS_QY.value, Status.AMBIGUOUS_QY.zh, Status("grouped").number
    ('ambiguous_qy', '歧义病案', 0)
    """

    GROUPED = "grouped"
    UNGROUPED = "ungrouped"
    CHECK_FAILED = "check_failed"
    AMBIGUOUS_QY = "ambiguous_qy"


class Reason(_Answer):
    """Say why a case got its status.

    Examples
    --------
    >>> Reason.BIRTH_WEIGHT_MISSING.text("en")
    'a newborn of at most 28 days without its birth weight'
    """

    RULE_HIT = "rule_hit"
    NO_DIAGNOSIS = "no_diagnosis"
    SEX_INVALID = "sex_invalid"
    AGE_MISSING = "age_missing"
    AGE_INVALID = "age_invalid"
    AGE_DAYS_MISSING = "age_days_missing"
    BIRTH_WEIGHT_MISSING = "birth_weight_missing"
    PRINCIPAL_DX_EMPTY = "principal_dx_empty"
    PRINCIPAL_DX_UNKNOWN = "principal_dx_unknown"
    PRINCIPAL_DX_IN_NO_MDC = "principal_dx_in_no_mdc"
    MDC_CONDITION_NOT_MET = "mdc_condition_not_met"
    NO_RULE_MATCHED = "no_rule_matched"
    NO_DRG_MATCHED = "no_drg_matched"
    QY_VALID_PROCEDURE = "qy_valid_procedure"
    QY_NEONATE_ELSEWHERE = "qy_neonate_elsewhere"
    QY_OLD_NEONATE = "qy_old_neonate"
    QY_SEX_CONFLICT = "qy_sex_conflict"


class Severity(_Answer):
    """Say which level of complications the group of a case stands for.

    Examples
    --------
    >>> [level.value for level in Severity]
    ['MCC', 'CC', 'none', 'undivided']
    """

    MCC = "MCC"
    CC = "CC"
    NONE = "none"
    UNDIVIDED = "undivided"


_TEXTS = {
    ("Status", "grouped"): ("分组成功", "grouped"),
    ("Status", "ungrouped"): ("无法入组", "ungrouped"),
    ("Status", "check_failed"): ("信息校验不通过", "check failed"),
    ("Status", "ambiguous_qy"): ("歧义病案", "ambiguous (QY)"),
    ("Reason", "rule_hit"): ("符合某ADRG的入组规则", "a rule of an ADRG holds"),
    ("Reason", "no_diagnosis"): ("没有诊断", "no diagnosis is recorded"),
    ("Reason", "sex_invalid"): ("性别缺失或不是1、2", "sex is missing or neither 1 nor 2"),
    ("Reason", "age_missing"): ("缺少年龄（岁）", "the age in years is missing"),
    ("Reason", "age_invalid"): ("年龄不是数字", "the age is not a number"),
    ("Reason", "age_days_missing"): ("不足一周岁而缺少日龄", "under one year of age without the age in days"),
    ("Reason", "birth_weight_missing"): (
        "28天以内的新生儿缺少出生体重",
        "a newborn of at most 28 days without its birth weight",
    ),
    ("Reason", "principal_dx_empty"): ("主要诊断为空", "the principal diagnosis is empty"),
    ("Reason", "principal_dx_unknown"): (
        "主要诊断编码不在分组方案中",
        "the code of the principal diagnosis is not in the scheme",
    ),
    ("Reason", "principal_dx_in_no_mdc"): ("主要诊断不属于任何MDC", "the principal diagnosis belongs to no MDC"),
    ("Reason", "mdc_condition_not_met"): (
        "主要诊断属于某MDC，但性别、年龄或部位数不符合其进入条件",
        "the principal diagnosis is listed, but sex, age or the number of body sites keeps the case out of its MDC",
    ),
    ("Reason", "no_rule_matched"): ("进入MDC后没有符合的ADRG", "no ADRG of the MDC entered accepts the case"),
    ("Reason", "no_drg_matched"): ("进入ADRG后没有符合条件的细分组", "no DRG of the ADRG accepts the case"),
    ("Reason", "qy_valid_procedure"): (
        "有效手术操作与主要诊断不相符",
        "a valid procedure that fits no surgical or procedure group of the MDC",
    ),
    ("Reason", "qy_neonate_elsewhere"): (
        "28天以内的新生儿，主要诊断不属于新生儿MDC",
        "a newborn of at most 28 days whose diagnosis is not one of newborns",
    ),
    ("Reason", "qy_old_neonate"): (
        "超过28天而主要诊断只适用于28天以内的新生儿",
        "older than 28 days with a diagnosis that is for newborns only",
    ),
    ("Reason", "qy_sex_conflict"): ("主要诊断与性别不符", "the principal diagnosis contradicts the sex"),
    ("Severity", "MCC"): ("伴严重并发症或合并症", "with major complications or comorbidities"),
    ("Severity", "CC"): ("伴一般并发症或合并症", "with complications or comorbidities"),
    ("Severity", "none"): ("不伴并发症或合并症", "without complications or comorbidities"),
    ("Severity", "undivided"): ("不区分并发症或合并症", "not divided by complications or comorbidities"),
}
