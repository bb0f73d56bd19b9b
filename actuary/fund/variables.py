"""The variables of a fund projection: unit, kind, words, and which status tells how each is known."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "FUNDS",
    "SCHEMES",
    "STATUSES",
    "STATUS_NAMES",
    "VARIABLES",
    "Variable",
    "worst_status",
]

#: Schemes of a projection, in their order.
SCHEMES = ("all", "employee", "resident")

#: Prefix of each fund's variables: the total, the pool, the personal accounts.
FUNDS = ("", "pooled_", "personal_")

#: How a figure is known, from the best to the least.
STATUSES = ("published", "derived", "apportioned", "interpolated", "projected", "gap")


@dataclass(frozen=True, slots=True)
class Variable:
    """Describe a variable of a projection.

    Parameters
    ----------
    name : str
        Name in the Dataset.
    unit : str
        Unit of its values.
    kind : str
        ``stock`` (at the end of the quarter), ``flow`` (of the quarter) or ``ratio``.
    status : str
        Name of the status variable that tells how it is known.
    zh, en : str
        What it is, in words.
    """

    name: str
    unit: str
    kind: str
    status: str
    zh: str
    en: str


def _money(prefix: str, zh: str, en: str) -> tuple[Variable, ...]:
    return (
        Variable(f"{prefix}income_yuan", "yuan", "flow", f"status_{prefix}income", f"{zh}收入", f"{en} income"),
        Variable(
            f"{prefix}expenditure_yuan", "yuan", "flow", f"status_{prefix}expenditure", f"{zh}支出", f"{en} spending"
        ),
        Variable(
            f"{prefix}adjustment_yuan",
            "yuan",
            "flow",
            f"status_{prefix}balance",
            f"{zh}上年调整及尾差",
            f"{en} prior-year adjustment and rounding",
        ),
        Variable(
            f"{prefix}balance_end_yuan", "yuan", "stock", f"status_{prefix}balance", f"{zh}累计结余", f"{en} balance"
        ),
    )


#: Every variable, by name, in the order of the Dataset.
VARIABLES: dict[str, Variable] = {
    variable.name: variable
    for variable in (
        Variable("enrolled_persons", "persons", "stock", "status_enrolled", "参保人数", "Persons enrolled"),
        Variable("active_persons", "persons", "stock", "status_active", "在职人数", "Active members"),
        Variable("retired_persons", "persons", "stock", "status_active", "退休人数", "Retired members"),
        Variable(
            "unassigned_persons",
            "persons",
            "stock",
            "status_unassigned",
            "未分类人数（公布数尾差）",
            "Members in neither status (rounding of the published figures)",
        ),
        Variable("dependency_ratio", "ratio", "ratio", "status_active", "职退比", "Active per retired member"),
        *_money("", "基金", "Fund"),
        *_money("pooled_", "统筹基金", "Pooled fund"),
        *_money("personal_", "个人账户", "Personal account"),
        Variable("payable_months", "months", "ratio", "status_payable_months", "可支付月数", "Months payable"),
    )
}

#: Names of the status variables, in the order of the Dataset.
STATUS_NAMES: tuple[str, ...] = tuple(dict.fromkeys(variable.status for variable in VARIABLES.values()))


def worst_status(*statuses: str) -> str:
    """Return the least known of several statuses.

    Examples
    --------
    >>> worst_status("published", "apportioned", "derived")
    'apportioned'
    """
    return max(statuses, key=STATUSES.index)
