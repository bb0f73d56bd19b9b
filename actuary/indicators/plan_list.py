"""Indicators of a plan: the distances to its targets."""

from __future__ import annotations

from actuary.indicators.definition import Indicator

__all__ = ["BETTER_LOWER", "PLAN_INDICATORS"]

_PLAN = "沈阳市“十四五”医疗保障事业发展规划，专栏1"
_LIUYANG = "浏医保联发〔2022〕3号"


def _target(
    name: str, zh: str, en: str, unit: str, direction: str, *, source: str = _PLAN, schemes: tuple[str, ...] = ("all",)
) -> Indicator:
    worse = "target - actual" if direction == "lower" else "actual - target"
    return Indicator(
        f"plan_{name}",
        f"规划目标差距：{zh}",
        f"Distance to target: {en}",
        unit,
        f"{worse} of the next target, from the latest published figure or the plan's base value; above 0 is better",
        source,
        "higher",
        schemes=schemes,
        of_money=False,
        is_difference=unit == "share",
        family="plan",
        frequency="year",
    )


_FUNDS = ("employee", "resident")
_NONE = ("none",)

#: Indicators whose targets a plan may set; by how they are better.
BETTER_LOWER = frozenset({"out_of_pocket_share", "subsidy_to_premium_ratio"})

_TARGETS: tuple[tuple[str, str, str, str, tuple[str, ...], str], ...] = (
    ("enrolment_rate", "基本医疗保险参保率", "enrolment rate", "share", ("all",), _PLAN),
    ("income", "基本医疗保险基金收入", "fund income", "yuan", ("all",), _PLAN),
    ("expenditure", "基本医疗保险基金支出", "fund spending", "yuan", ("all",), _PLAN),
    (
        "inpatient_eligible_reimbursement_rate",
        "政策范围内住院费用报销比例",
        "reimbursement share of eligible inpatient cost",
        "share",
        _FUNDS,
        _PLAN,
    ),
    (
        "assistance_inpatient_rate",
        "重点救助对象住院救助比例",
        "inpatient assistance share of priority groups",
        "share",
        _NONE,
        _PLAN,
    ),
    ("out_of_pocket_share", "个人卫生支出占卫生总费用比例", "out-of-pocket share", "share", _NONE, _PLAN),
    (
        "drg_share_of_inpatient_cost",
        "按疾病相关分组和按病种付费占住院费用比例",
        "share of inpatient cost paid by DRG or by case",
        "share",
        _FUNDS,
        _PLAN,
    ),
    ("platform_drug_share", "省级平台采购药品金额占比", "drugs bought through the province", "share", _NONE, _PLAN),
    (
        "platform_consumable_share",
        "省级平台采购高值耗材金额占比",
        "high-value consumables bought through the province",
        "share",
        _NONE,
        _PLAN,
    ),
    ("procured_drugs", "药品集中带量采购品种", "drugs bought by volume", "count", _NONE, _PLAN),
    (
        "procured_consumables",
        "高值医用耗材集中带量采购品种",
        "high-value consumables bought by volume",
        "count",
        _NONE,
        _PLAN,
    ),
    (
        "cross_province_direct_settlement_rate",
        "住院费用跨省直接结算率",
        "direct settlement of stays in other provinces",
        "share",
        ("all",),
        _PLAN,
    ),
    ("online_service_rate", "政务服务事项线上可办率", "services available online", "share", _NONE, _PLAN),
    ("window_service_rate", "政务服务事项窗口可办率", "services available at the window", "share", _NONE, _PLAN),
    (
        "drg_share_of_inpatient_fund",
        "DRG付费住院基金支出占比",
        "share of inpatient fund spending paid by DRG",
        "share",
        ("all",),
        _PLAN,
    ),
    (
        "subsidy_to_premium_ratio",
        "财政补助与个人缴费之比",
        "subsidy to premium",
        "ratio",
        ("resident",),
        _PLAN,
    ),
    ("drg_hospital_share", "DRG付费医疗机构覆盖率", "hospitals paid by DRG", "share", ("all",), _LIUYANG),
    ("drg_group_share", "DRG病种覆盖率", "disease groups paid by DRG", "share", ("all",), _LIUYANG),
)

#: Distances to the targets of a plan.
PLAN_INDICATORS: tuple[Indicator, ...] = tuple(
    _target(name, zh, en, unit, "lower" if name in BETTER_LOWER else "higher", source=source, schemes=schemes)
    for name, zh, en, unit, schemes, source in _TARGETS
)
