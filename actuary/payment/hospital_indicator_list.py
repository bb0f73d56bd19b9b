"""The indicators of a hospital under DRG: names, unit, formula, source and what is better."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HOSPITAL_INDICATORS", "HospitalIndicator"]

_SOURCE = "descriptions of DRG performance indicators, models/national/payment/indicators S1"
_GENERAL = "in general use; no text of a rule could be read"


@dataclass(frozen=True, slots=True)
class HospitalIndicator:
    """Describe an indicator.

    Parameters
    ----------
    name : str
        Name in code and column of the table.
    zh, en : str
        Name in a report.
    unit : str
        Unit of its value.
    formula : str
        How it is computed; cases are those of the base unless said otherwise.
    direction : str
        ``higher``, ``lower`` or ``band`` (near 1): what is better; ``none`` where neither is.
    source : str
        Where the definition comes from.
    """

    name: str
    zh: str
    en: str
    unit: str
    formula: str
    direction: str
    source: str = _SOURCE


HOSPITAL_INDICATORS = (
    HospitalIndicator(
        "grouping_rate", "入组率", "grouping rate", "share", "grouped cases / cases of the base", "higher"
    ),
    HospitalIndicator(
        "grouping_rate_listed",
        "入组率（按清单）",
        "grouping rate of lists",
        "share",
        "grouped / (grouped + ungrouped + failed quality control), long stays and very low costs included",
        "higher",
    ),
    HospitalIndicator("groups", "DRG组数", "number of groups", "count", "distinct groups with cases", "higher"),
    HospitalIndicator("total_weight", "总权重", "total weight", "weight", "sum of n_g RW_g", "higher"),
    HospitalIndicator("cmi", "病例组合指数", "case mix index", "ratio", "total weight / cases with a weight", "higher"),
    HospitalIndicator("cost_index", "费用消耗指数", "cost consumption index", "ratio", "sum C / sum m_g(i)", "lower"),
    HospitalIndicator(
        "cost_index_mean_ratio",
        "费用消耗指数（比值平均）",
        "cost consumption index, mean of ratios",
        "ratio",
        "sum_g n_g (c_hg / m_g) / sum_g n_g",
        "lower",
        _GENERAL,
    ),
    HospitalIndicator(
        "time_index", "时间消耗指数", "time consumption index", "ratio", "sum LOS / sum mean LOS", "lower"
    ),
    HospitalIndicator(
        "time_index_mean_ratio",
        "时间消耗指数（比值平均）",
        "time consumption index, mean of ratios",
        "ratio",
        "sum_g n_g (l_hg / l_g) / sum_g n_g",
        "lower",
        _GENERAL,
    ),
    HospitalIndicator(
        "cost_per_weight_yuan",
        "每权重费用",
        "cost per weight",
        "yuan",
        "sum C / sum RW of the cases with a weight",
        "lower",
    ),
    HospitalIndicator(
        "cost_accuracy",
        "控费准确率",
        "cost-control accuracy",
        "share",
        "cases with low < C / m_g < high / cases",
        "higher",
    ),
    HospitalIndicator(
        "mean_fund_gap_yuan",
        "例均基金差额",
        "mean fund gap",
        "yuan",
        "(sum charged - sum standard) / cases with both; above 0 the hospital charged more than it is paid",
        "lower",
    ),
    HospitalIndicator(
        "low_risk_mortality",
        "低风险组死亡率",
        "low-risk mortality",
        "share",
        "deaths / cases in low-risk groups; a group is one where (ln M_g - mean) / sd is below the limit",
        "lower",
        _GENERAL,
    ),
)
