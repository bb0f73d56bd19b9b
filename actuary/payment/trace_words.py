"""The words of a payment trace: titles of its steps, formulas of the case classes, in Chinese and English."""

from __future__ import annotations

__all__ = ["BASE_GROUPS", "COEFFICIENTS", "FORMULAS", "INSURANCES", "PARTS", "TITLES", "formula_words", "title"]

#: Title of each step: Chinese, English.
TITLES: dict[str, tuple[str, str]] = {
    "case": ("病例", "case"),
    "status": ("结论", "answer"),
    "group": ("病组", "group"),
    "deduction": ("扣除项", "taken out"),
    "weight": ("权重与基准点数", "weight and base points"),
    "coefficient": ("系数", "coefficient"),
    "supplement": ("辅助目录加成", "supplement"),
    "price": ("费率或点值", "price"),
    "ratio": ("费用比", "cost ratio"),
    "class": ("病例类型", "case class"),
    "formula": ("计算公式", "formula"),
    "points": ("点数", "points"),
    "share": ("减付", "part that is left"),
    "standard": ("支付标准", "payment standard"),
    "payers": ("支付方分担", "payers"),
    "gain": ("盈亏", "gain"),
}

#: Formula of each way of paying a class: with its letters, in Chinese and English words.
FORMULAS: dict[str, tuple[str, str, str]] = {
    "standard": ("B × K", "基准点数 × 系数", "base points × coefficient"),
    "ratio_points": ("r × B × K", "费用比 × 基准点数 × 系数", "ratio × base points × coefficient"),
    "points_no_factor": ("r × B", "费用比 × 基准点数，不乘系数", "ratio × base points, without the coefficient"),
    "flat": ("s × B × K", "固定比例 × 基准点数 × 系数", "a fixed share × base points × coefficient"),
    "linear": ("B × K + (r − k) × B × s", "标准加超出部分", "the standard and the excess over the boundary"),
    "deduct": ("B × (r − (k − 1) × K)", "按费用比扣减", "the ratio less (k − 1) times the coefficient"),
    "cap": ("k × B × K", "封顶于倍数", "at most k times the standard"),
    "dip_excess": ("(r − k + a) × B × b", "偏差部分", "the deviation over the boundary"),
    "actual": ("C", "按实际费用", "what it cost"),
    "review": ("", "特病单议后支付", "paid after its review"),
    "with_coef": ("min(B × K × r, B)", "不完整住院", "incomplete stay"),
    "without_coef": ("min(B × r, B)", "不完整住院，不乘系数", "incomplete stay, without the coefficient"),
    "bed_day": ("d × p", "床日数 × 每日标准", "days × amount a day"),
    "over_cap": ("s × B × K", "超出年度例数的支付办法", "what is paid beyond the yearly number of cases"),
    "day_surgery": ("s × B × K", "日间手术支付办法", "what day surgery is paid"),
    "decided": ("D", "按评审金额", "the amount decided by the review"),
    "ungroupable": ("f × r × B", "空白病组", "the blank group"),
}

#: Where a coefficient comes from, by the form that the policy declares.
COEFFICIENTS: dict[str, tuple[str, str]] = {
    "none": ("政策不设系数", "the policy has no coefficient"),
    "tier": ("按医院等级", "by tier"),
    "hospital": ("按医院", "by hospital"),
    "group_tier": ("按病组和等级", "by group and tier"),
    "group_hospital": ("按病组和医院", "by group and hospital"),
}

#: Where the coefficient of a base group comes from, by the mechanism that the policy declares.
BASE_GROUPS: dict[str, tuple[str, str]] = {
    "uniform_coef": ("基础病组统一系数", "one coefficient for base groups"),
    "coef_one": ("基础病组系数为1", "base groups have the coefficient 1"),
    "table": ("基础病组系数表", "table of base groups"),
    "lowest_tier_rate": ("基础病组按最低等级费率", "base groups at the rate of the lowest tier"),
}

#: Insurances.
INSURANCES: dict[str, tuple[str, str]] = {
    "employee": ("职工", "employee"),
    "resident": ("居民", "resident"),
    "all": ("全部", "all"),
}

#: Parts of a bill, and fields that a rule reads, by their column.
PARTS: dict[str, tuple[str, str]] = {
    "negotiated_drugs": ("国谈药", "negotiated drugs"),
    "high_value_consumables": ("高值耗材", "high-value consumables"),
    "patient_cash": ("个人现金", "patient's cash"),
    "personal_account": ("个人账户", "personal account"),
    "fully_self_paid": ("全自费", "fully self-paid"),
    "first_self_paid": ("先行自付", "first self-paid"),
    "deductible_paid": ("起付线", "deductible"),
    "critical_illness": ("大病保险", "critical illness insurance"),
    "assistance": ("医疗救助", "medical assistance"),
    "other_funds": ("其他基金", "other funds"),
    "tcm_share": ("中医药占比", "share of traditional medicine"),
    "substitute_reason": ("对照原因", "reason"),
    "age_years": ("年龄", "age"),
    "los_days": ("住院天数", "days"),
}


def title(step: str, lang: str) -> str:
    """Return the title of a step in Chinese (``zh``) or English (``en``)."""
    return TITLES[step][0 if lang == "zh" else 1]


def formula_words(pay: str, lang: str) -> str:
    """Return a formula and its meaning in words.

    Examples
    --------
    >>> formula_words("points_no_factor", "en")
    'r × B: ratio × base points, without the coefficient'
    """
    letters, zh, en = FORMULAS[pay]
    words = zh if lang == "zh" else en
    colon = "：" if lang == "zh" else ": "
    return f"{letters}{colon}{words}" if letters else words
