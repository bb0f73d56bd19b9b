"""Indicators of hospital payment: published ones, and those that grouped and settled cases give."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from actuary.indicators.definition import Indicator
from actuary.indicators.fact_view import FactView
from actuary.indicators.reading import Reading
from actuary.payment.hospital_indicator_list import HOSPITAL_INDICATORS

__all__ = ["PAYMENT_INDICATORS"]

_ANYANG = "安阳市DRG付费改革情况"
_PLAN = "沈阳市“十四五”医疗保障事业发展规划"
_LIUYANG = "浏医保联发〔2022〕3号"
_TWO = 2
_GENERAL = "in general use; no text of a rule could be read"


_published = partial(Indicator, family="payment", frequency="year", of_money=False)


def _as_published(name: str) -> Callable[[FactView], Reading]:
    return lambda view: view.read(name)


def _settlement_rate_change(view: FactView) -> Reading:
    """Return the settlement rate less that of the last published year before."""
    years = sorted(period for period in view.of("drg_settlement_rate") if period.isdigit())
    if len(years) < _TWO:
        return view.unpublished()
    rows = (view.of("drg_settlement_rate")[years[-1]], view.of("drg_settlement_rate")[years[-2]])
    return view.compute(years[-1], rows, lambda now, before: now - before)


_of_cases = partial(Indicator, schemes=("all",), family="payment", frequency="cases", of_money=False, of_cases=True)

#: Indicators of hospital payment.
PAYMENT_INDICATORS: tuple[Indicator, ...] = (
    _published(
        "settlement_rate",
        "DRG结算率",
        "Settlement rate",
        "share",
        "what the fund pays by the rule / what it would have paid item by item, or as printed",
        _ANYANG,
        "band",
        of_facts=_as_published("drg_settlement_rate"),
        of_cases=True,
    ),
    _published(
        "settlement_rate_change",
        "DRG结算率变化",
        "Change of the settlement rate",
        "share",
        "settlement_rate - that of the last published year before",
        _ANYANG,
        "none",
        of_facts=_settlement_rate_change,
        is_difference=True,
    ),
    _published(
        "drg_share_of_inpatient_fund",
        "DRG付费住院基金支出占比",
        "DRG share of the inpatient fund",
        "share",
        "fund money of stays paid by group / fund money of all stays, or as printed",
        _PLAN,
        "higher",
        of_facts=_as_published("drg_share_of_inpatient_fund"),
        of_cases=True,
    ),
    _published(
        "drg_share_of_inpatient_cost",
        "DRG付费占住院费用比例",
        "DRG share of inpatient cost",
        "share",
        "cost of stays paid by group or by case / cost of all stays, or as printed",
        _PLAN,
        "higher",
        of_facts=_as_published("drg_share_of_inpatient_cost"),
        of_cases=True,
    ),
    _published(
        "drg_hospital_share",
        "DRG付费医疗机构覆盖率",
        "Share of hospitals paid by DRG",
        "share",
        "as published",
        _LIUYANG,
        "higher",
        of_facts=_as_published("drg_hospital_share"),
    ),
    _published(
        "drg_group_share",
        "DRG病种覆盖率",
        "Share of disease groups paid by DRG",
        "share",
        "as published",
        _LIUYANG,
        "higher",
        of_facts=_as_published("drg_group_share"),
    ),
    *(
        _of_cases(one.name, one.zh, one.en[0].upper() + one.en[1:], one.unit, one.formula, one.source, one.direction)
        for one in HOSPITAL_INDICATORS
    ),
    _of_cases(
        "riv",
        "组间变异减低系数",
        "Reduction in variance",
        "share",
        "sum_g n_g (m_g - m)^2 / sum_i (C_i - m)^2",
        _GENERAL,
        "higher",
    ),
    _of_cases(
        "low_cv_cases",
        "变异系数小于1的病组病例占比",
        "Share of cases in groups with CV below 1",
        "share",
        "cases in groups whose sd / mean < 1 / grouped cases",
        _GENERAL,
        "higher",
    ),
)
