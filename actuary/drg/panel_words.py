"""The sentences of explanations, Chinese first, with their English."""

from __future__ import annotations

from collections.abc import Mapping

from actuary.drg.cases import Result
from actuary.drg.statuses import Status
from actuary.drg.trace_rows import Condition

__all__ = ["answer_cell", "answer_text", "condition_text", "word"]

_CONDITIONS: Mapping[str, tuple[str, str]] = {
    "pdx_list": ("主要诊断在诊断表{w}中", "principal diagnosis in diagnosis list {w}"),
    "not_pdx_list": ("主要诊断不在诊断表{w}中", "principal diagnosis not in diagnosis list {w}"),
    "anydx_list": ("任一诊断在诊断表{w}中", "any diagnosis in diagnosis list {w}"),
    "odx_list": ("其他诊断在诊断表{w}中", "another diagnosis in diagnosis list {w}"),
    "ppx_list": ("主要手术操作在手术表{w}中", "main procedure in procedure list {w}"),
    "apx_list": ("任一手术操作在手术表{w}中", "any procedure in procedure list {w}"),
    "px_pair_list": ("手术表{w}中有两个不同的手术操作", "two different procedures in procedure list {w}"),
    "main_valid": ("主要手术操作属于“全部手术”", "main procedure is a valid procedure"),
    "none_valid": ("没有属于“全部手术”的手术操作", "no procedure is a valid procedure"),
    "main_not_valid": ("主要手术操作不属于“全部手术”", "main procedure is not a valid procedure"),
    "any_valid": ("任一手术操作属于“全部手术”", "any procedure is a valid procedure"),
    "age_days_min": ("日龄≥{w}天", "age ≥ {w} days"),
    "age_days_max": ("日龄≤{w}天", "age ≤ {w} days"),
    "age_years_min": ("年龄≥{w}岁", "age ≥ {w} years"),
    "age_years_max": ("年龄≤{w}岁", "age ≤ {w} years"),
    "weight_g_min": ("出生体重≥{w}克", "birth weight ≥ {w} g"),
    "weight_g_max": ("出生体重＜{w}克", "birth weight < {w} g"),
    "los_min": ("住院≥{w}天", "stay ≥ {w} days"),
    "los_max": ("住院≤{w}天", "stay ≤ {w} days"),
    "icu_hours_min": ("重症监护≥{w}小时", "intensive care ≥ {w} h"),
    "icu_hours_max": ("重症监护≤{w}小时", "intensive care ≤ {w} h"),
    "discharge": ("离院方式为{w}", "discharge status {w}"),
    "department": ("科室为{w}", "department {w}"),
    "mdc_pdx": ("主要诊断在MDC{w}的主诊表中", "principal diagnosis in the list of MDC {w}"),
    "mdc_anydx": ("任一诊断在MDC{w}的诊断表中", "any diagnosis in the list of MDC {w}"),
    "mdc_sites": ("诊断涉及至少两个身体部位", "diagnoses touch at least two body sites"),
    "any_dx_prefix": ("任一诊断以{w}开头", "any diagnosis starts with {w}"),
    "sex": ("性别为{w}", "sex is {w}"),
    "age_years_must_be_0": ("年龄为0岁", "age is 0 years"),
    "needs_valid_main_px": ("主要手术操作属于“全部手术”", "main procedure is a valid procedure"),
    "MCC": ("有MCC", "with MCC"),
    "CC": ("有MCC或CC", "with MCC or CC"),
    "CC_ONLY": ("有CC而无MCC", "with CC and without MCC"),
}

_WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("DRG入组说明", "Why this group"),
    "case": ("病例", "Case"),
    "scheme": ("分组方案", "Scheme"),
    "result": ("结果", "Result"),
    "reason": ("原因", "Reason"),
    "input": ("输入与校验", "Input and checks"),
    "mdcs": ("MDC判定（依次）", "MDCs, in order"),
    "entered": ("进入", "entered"),
    "not_entered": ("未进入", "not entered"),
    "rules": ("ADRG规则（依次）", "ADRG rules, in order"),
    "hit": ("命中", "hit"),
    "not_hit": ("未命中", "no hit"),
    "or": ("或", "or"),
    "any_case": ("无条件", "no condition"),
    "severity": ("并发症与合并症", "Complications and comorbidities"),
    "principal_table": ("主要诊断所在排除表", "Exclusion table of the principal diagnosis"),
    "no_table": ("不在任何排除表", "in no exclusion table"),
    "code": ("编码", "Code"),
    "level": ("级别", "Level"),
    "table": ("排除表", "Exclusion table"),
    "counted": ("计入", "counts"),
    "voided": ("被主要诊断排除", "voided by the principal diagnosis"),
    "not_counted": ("主要诊断不计", "principal diagnosis: does not count"),
    "none_found": ("未发现MCC或CC", "no MCC or CC found"),
    "drgs": ("DRG判定（依次）", "DRGs, in order"),
    "not_tried": ("未判定", "not reached"),
    "decided": ("改变结果的开关", "Switches that decide this case"),
    "none_decided": ("任何开关换位都不改变本例结果", "no switch in another position changes this case"),
    "switch": ("开关", "Switch"),
    "position": ("所用位置", "Position"),
    "question": ("含义", "What it decides"),
    "otherwise": ("换位后的结果", "In other positions"),
    "near": ("差一步可改变的结果", "Near misses"),
    "near_note": (
        "以下只是分组规则的推演，不是编码建议；编码须与病案一致。",
        "These follow from the rules alone and are no advice on coding: codes must agree with the medical record.",
    ),
    "what_if": ("换位与删码试算", "What if"),
    "change": ("改变", "Change"),
    "would_give": ("将得到", "would give"),
    "lacking": ("所缺", "lacking"),
    "examples": ("示例编码", "example codes"),
    "of": ("共", "of"),
    "missing": ("缺", "missing"),
    "same": ("不变", "same"),
    "base": ("原样", "as recorded"),
    "as_principal": ("作主要诊断", "as principal diagnosis"),
    "as_main": ("作主要手术操作", "as main procedure"),
    "drop_dx": ("删去诊断", "without diagnosis"),
    "drop_px": ("删去手术操作", "without procedure"),
    "add_dx": ("增加其他诊断", "add another diagnosis"),
    "add_px": ("增加手术操作", "add a procedure"),
    "set_principal": ("主要诊断改为", "principal diagnosis"),
    "set_main": ("主要手术操作改为", "main procedure"),
    "set_age_days": ("日龄改为", "age in days"),
    "set_age_years": ("年龄改为", "age in years"),
    "set_birth_weight_g": ("出生体重改为", "birth weight"),
    "set_sex": ("性别改为", "sex"),
    "set_los_days": ("住院天数改为", "length of stay"),
    "set_icu_hours": ("重症监护小时数改为", "hours of intensive care"),
    "set_discharge_status": ("离院方式改为", "discharge status"),
    "set_department": ("科室改为", "department"),
    "sex": ("性别", "sex"),
    "age_years": ("年龄（岁）", "age [years]"),
    "age_days": ("日龄（天）", "age [days]"),
    "birth_weight_g": ("出生体重（克）", "birth weight [g]"),
    "los_days": ("住院天数", "length of stay [days]"),
    "discharge_status": ("离院方式", "discharge status"),
    "department": ("科室", "department"),
    "icu_hours": ("重症监护（小时）", "intensive care [h]"),
    "dx": ("诊断", "diagnoses"),
    "px": ("手术操作", "procedures"),
    "surgical": ("外科手术", "surgical"),
    "procedure": ("操作", "procedure"),
    "medical": ("内科", "medical"),
    "male": ("男", "male"),
    "female": ("女", "female"),
    "cases": ("病例数", "Cases"),
    "share": ("占比", "Share"),
    "changed": ("改变", "changed"),
    "first": ("甲方案", "First scheme"),
    "second": ("乙方案", "Second scheme"),
    "comparison": ("两个分组方案的比较", "Two schemes compared"),
    "transitions": ("去向表", "Transitions"),
    "by_mdc": ("按MDC汇总", "By MDC"),
    "by_status": ("按状态汇总", "By status"),
    "share_changed": ("改变占比", "share changed"),
    "share_of_first": ("占原组", "of the first"),
    "left": ("换了MDC", "other MDC"),
    "to": ("主要去向", "mostly to"),
    "compare_headline": (
        "{cases:,}例：{same:,}例同组，{changed:,}例改变（{share}），其中{renamed:,}例组名相同、编码不同",
        "{cases:,} cases: {same:,} keep their group, {changed:,} change it ({share}); {renamed:,} of these change the "
        "code alone and keep the title",
    ),
    "transitions_note": ("另有{n}种去向，见to_frame()", "{n} more pairs: see to_frame()"),
    "example_cases": ("病例号", "Case ids"),
    "item": ("规则或组", "Rule or group"),
    "examples_of": ("{examples} 等{n}个", "{examples} … {n} in all"),
    "folded_same": ("其余{n}项结果不变", "{n} more change nothing"),
    "folded_near": ("另有{n}条只差一个编码的规则", "{n} more rules lack one code and nothing else"),
    "folded_rules": ("另有{n}条规则未命中", "{n} more rules did not hit"),
    "folded_mdcs": ("另有{n}个MDC未进入", "{n} more MDCs were not entered"),
    "folded_switches": ("另有{n}个开关不影响本例", "{n} more switches do not matter here"),
    "condition": ("条件", "Conditions"),
    "elsewhere": ("另有编码在表中但位置不计：", "on the list but in a place that does not count: "),
}


def word(key: str, lang: str = "zh") -> str:
    """Return a fixed word in Chinese (``zh``) or English (``en``).

    Examples
    --------
    >>> word("result"), word("result", "en")
    ('结果', 'Result')
    """
    return _WORDS[key][0 if lang == "zh" else 1]


def condition_text(condition: Condition, lang: str = "zh") -> str:
    """Return a condition in words.

    Examples
    --------
    >>> condition_text(Condition("age_days_max", "28", held=True), "en")
    'age ≤ 28 days'
    >>> condition_text(Condition("ppx_list", "2", held=False))
    '主要手术操作在手术表2中'
    """
    key = condition.wanted if condition.name in ("px_flag", "severity") else condition.name
    wanted = condition.wanted
    if condition.name == "sex":
        wanted = word({"1": "male", "2": "female"}[wanted], lang)
    return _CONDITIONS[key][0 if lang == "zh" else 1].format(w=wanted)


def answer_cell(result: Result) -> str:
    """Return the group, or the status where there is no group."""
    return result.drg if result.status in (Status.GROUPED, Status.AMBIGUOUS_QY) else result.status.value


def answer_text(result: Result, lang: str = "zh") -> str:
    """Return an answer in words: the group with its severity, or the status with its reason."""
    if result.status is Status.GROUPED:
        return f"{result.drg} {result.severity.text(lang)}" if result.severity else result.drg
    group = f"{result.drg} " if result.status is Status.AMBIGUOUS_QY else ""
    apart = "：" if lang == "zh" else ": "
    return f"{group}{result.status.text(lang)}{apart}{result.reason.text(lang)}"
