"""The columns of a settlement case table: names, units, synonyms, and how a cell becomes a whole number.

Money is int64 fen, exactly; a share or a factor is a whole number of its declared parts; a date is a day number. A cell
that cannot be read is wrong for its own row only.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

__all__ = [
    "COLUMNS",
    "HIGHEST_FEN",
    "INSURANCE_WORDS",
    "MISSING",
    "REQUIRED",
    "SYNONYMS",
    "Column",
    "Kind",
    "near_column",
    "rename_columns",
]

#: What stands for a missing cell in every column of numbers.
MISSING = int(np.iinfo(np.int64).min)

#: The highest amount that is read [fen]: 1,000,000,000 yuan.
HIGHEST_FEN = 100_000_000_000


class Kind(enum.StrEnum):
    """Say how the cells of a column are read."""

    TEXT = "text"
    MONEY = "money"
    DECIMAL = "decimal"
    COUNT = "count"
    FLAG = "flag"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    """Describe one column.

    Parameters
    ----------
    name : str
        Its name.
    kind : Kind
        How its cells are read.
    unit : str
        Unit of the cells in the file.
    en : str
        Meaning.
    parts : int
        For a decimal: how many parts a whole has, 10 to the number of digits that are kept.
    """

    name: str
    kind: Kind
    unit: str
    en: str
    parts: int = 1


_MILLION, _BILLION = 10**6, 10**9

COLUMNS: Mapping[str, Column] = {
    column.name: column
    for column in (
        Column("case_id", Kind.TEXT, "", "name of the case"),
        Column("hospital", Kind.TEXT, "", "hospital"),
        Column("insurance", Kind.TEXT, "", "employee or resident"),
        Column("drg", Kind.TEXT, "", "group"),
        Column("total_cost", Kind.MONEY, "yuan", "total cost of the stay"),
        Column("tier", Kind.TEXT, "", "tier of the hospital"),
        Column("group_status", Kind.TEXT, "", "answer of the grouper"),
        Column("department", Kind.TEXT, "", "department of discharge"),
        Column("month", Kind.TEXT, "", "month of discharge, such as 2024-03"),
        Column("discharge_date", Kind.DATE, "date", "day of discharge"),
        Column("admission_date", Kind.DATE, "date", "day of admission"),
        Column("los_days", Kind.COUNT, "days", "length of stay"),
        Column("person_key", Kind.TEXT, "", "pseudonymous person"),
        Column("fund_charged", Kind.MONEY, "yuan", "pool money charged item by item"),
        Column("personal_account", Kind.MONEY, "yuan", "paid from the personal account"),
        Column("patient_cash", Kind.MONEY, "yuan", "paid by the patient in cash"),
        Column("fully_self_paid", Kind.MONEY, "yuan", "outside the catalogue"),
        Column("first_self_paid", Kind.MONEY, "yuan", "first part of a class B item"),
        Column("deductible_paid", Kind.MONEY, "yuan", "deductible"),
        Column("policy_ratio", Kind.DECIMAL, "share", "share that the pool pays within the policy", _MILLION),
        Column("critical_illness", Kind.MONEY, "yuan", "paid by critical illness insurance"),
        Column("assistance", Kind.MONEY, "yuan", "paid by medical assistance"),
        Column("other_funds", Kind.MONEY, "yuan", "paid by other funds"),
        Column("negotiated_drugs", Kind.MONEY, "yuan", "negotiated drugs"),
        Column("high_value_consumables", Kind.MONEY, "yuan", "high-value consumables"),
        Column("tcm_share", Kind.DECIMAL, "share", "share of traditional medicine in the cost", _BILLION),
        Column("substitute_reason", Kind.TEXT, "", "why another group or an addition applies"),
        Column("readmission_reason", Kind.TEXT, "", "what excuses a readmission: chemo, radio, planned"),
        Column("incomplete", Kind.FLAG, "", "the stay ended before its treatment"),
        Column("day_surgery", Kind.FLAG, "", "day surgery"),
        Column("bed_day", Kind.FLAG, "", "paid by the day"),
        Column("review_decision", Kind.TEXT, "", "approved, refused or blank"),
        Column("review_amount", Kind.MONEY, "yuan", "amount that the review decided"),
        Column("supplement", Kind.DECIMAL, "factor", "supplement of the score", _MILLION),
        Column("age_years", Kind.COUNT, "years", "age"),
        Column("age_days", Kind.COUNT, "days", "age under one year"),
        Column("severity_index", Kind.TEXT, "", "severity of the auxiliary list"),
        Column("tumour_index", Kind.TEXT, "", "tumour severity of the auxiliary list"),
        Column("death", Kind.FLAG, "", "died in hospital"),
        Column("synthetic", Kind.FLAG, "", "the case is made up"),
    )
}

#: Columns that every table has.
REQUIRED = ("case_id", "hospital", "insurance", "drg", "total_cost")

#: Names of the settlement list (interface 4101) and common ones, by the name they stand for; the first present is read.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "case_id": ("setl_id", "mdtrt_id", "病例号", "结算号"),
    "hospital": ("fixmedins_code", "hospital_id", "医院", "医疗机构"),
    "insurance": ("hi_type", "scheme", "险种"),
    "drg": ("group", "group_code", "drg_code", "dip", "病组", "病种"),
    "total_cost": ("medfee_sumamt", "total_cost_yuan", "cost", "cost_yuan", "总费用"),
    "tier": ("hi_setl_lv", "医院等级"),
    "group_status": ("status", "分组状态"),
    "department": ("dscg_caty", "科室"),
    "month": ("月份",),
    "discharge_date": ("dscg_time", "discharge_time", "出院日期"),
    "admission_date": ("adm_time", "admission_time", "入院日期"),
    "los_days": ("act_ipt_days", "住院天数"),
    # Numbers of persons come in as keys only (actuary.tables.personal_door).
    "person_key": ("psn_key", "psn_no", "certno", "人员编号", "证件号码", "身份证号"),
    "fund_charged": ("hifp_pay", "统筹支付"),
    "personal_account": ("acct_pay", "个人账户支付"),
    "patient_cash": ("psn_cashpay", "个人现金支付"),
    "fully_self_paid": ("psn_ownpay", "fulamt_ownpay_amt", "全自费"),
    "first_self_paid": ("preselfpay_amt", "先行自付"),
    "deductible_paid": ("act_pay_dedc", "起付线"),
    "policy_ratio": ("pool_prop_selfpay", "统筹支付比例"),
    "critical_illness": ("hifmi_pay", "大病保险支付"),
    "assistance": ("maf_pay", "医疗救助支付"),
    "other_funds": ("oth_pay", "其他基金支付"),
}

#: What the cells of `insurance` may hold, and what they mean; 310 and 390 are the codes of the interface.
INSURANCE_WORDS: Mapping[str, str] = {
    "employee": "employee",
    "310": "employee",
    "职工": "employee",
    "职工医保": "employee",
    "城镇职工": "employee",
    "城镇职工医保": "employee",
    "职工基本医疗保险": "employee",
    "城镇职工基本医疗保险": "employee",
    "resident": "resident",
    "390": "resident",
    "居民": "resident",
    "居民医保": "resident",
    "城乡居民": "resident",
    "城镇居民": "resident",
    "城乡居民医保": "resident",
    "城乡居民基本医疗保险": "resident",
    "all": "all",
}


def rename_columns(present: list[str]) -> dict[str, str]:
    """Return which column of a table is read as what.

    Parameters
    ----------
    present : list of str
        Columns of the table.

    Returns
    -------
    dict of str to str
        Name in :data:`COLUMNS` to name in the table; a column of the right name goes before its synonyms.

    Examples
    --------
    >>> rename_columns(["setl_id", "mdtrt_id", "hospital", "note"])
    {'case_id': 'setl_id', 'hospital': 'hospital'}
    """
    found = {}
    for name in COLUMNS:
        candidates = (name, *SYNONYMS.get(name, ()))
        taken = next((candidate for candidate in candidates if candidate in present), None)
        if taken is not None:
            found[name] = taken
    return found


#: How alike two names must be for one to be taken for the other misspelt.
_ALIKE = 0.8


def near_column(name: str, unread: Iterable[str], *, also: Iterable[str] = ()) -> str | None:
    """Return the column of a table that is likely a column of another name misspelt; None where there is none.

    Parameters
    ----------
    name : str
        Name in :data:`COLUMNS`, which the table lacks.
    unread : iterable of str
        Columns of the table that have no known name.
    also : iterable of str
        Further names that it may be meant by, besides its synonyms.

    Examples
    --------
    >>> near_column("patient_cash", ["note", "patient_csh"]), near_column("patient_cash", ["patient_name"])
    ('patient_csh', None)
    """
    lowered = {column.lower(): column for column in unread}
    scored = [
        (difflib.SequenceMatcher(None, candidate.lower(), column).ratio(), column)
        for candidate in (name, *SYNONYMS.get(name, ()), *also)
        for column in lowered
    ]
    alike, column = max(scored, default=(0.0, ""))
    return lowered[column] if alike >= _ALIKE else None
