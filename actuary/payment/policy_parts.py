"""The parts that a payment policy is made of, where two policies differ in them, and mixes of two policies.

A difference between two policies is told apart by exchanging one part after the other. A mix is never written down or
checked like a policy: it exists to be settled once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from actuary.payment.coefficient_tables import CoefficientTable
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.weight_tables import WeightTable
from actuary.policy.fingerprints import fingerprint

__all__ = ["POLICY_PARTS", "PolicyPart", "differing_parts", "mixed_policy", "part_changes", "tied_parts"]

_SHOWN_CHANGES: Final = 6
_SHOWN_ENTRIES: Final = 6
_CLASSES: Final = ("low", "normal", "high", "extreme")


@dataclass(frozen=True, slots=True)
class PolicyPart:
    """Name a part of a policy.

    Parameters
    ----------
    name : str
        As results write it.
    zh, en : str
        What it is.
    """

    name: str
    zh: str
    en: str


#: The parts in the order in which they are exchanged unless another order is given.
POLICY_PARTS: Final[tuple[PolicyPart, ...]] = (
    PolicyPart("weights", "权重", "weights and marks of groups"),
    PolicyPart("coefficients", "系数", "coefficients of places"),
    PolicyPart("base_groups", "基础病组", "base groups"),
    PolicyPart("price", "费率或点值", "rate, or value of a point, with its budget"),
    PolicyPart("ratio", "费用比口径", "what the cost is compared with, and what is deducted before"),
    PolicyPart("class_low", "低倍率规则", "rule of low cases"),
    PolicyPart("class_normal", "正常倍率规则", "rule of normal cases"),
    PolicyPart("class_high", "高倍率规则", "rule of high cases"),
    PolicyPart("class_extreme", "极高倍率规则", "rule of extreme cases"),
    PolicyPart("incomplete", "不完整住院", "incomplete stays"),
    PolicyPart("readmission", "再入院", "readmissions"),
    PolicyPart("bed_day", "床日", "stays paid by the day"),
    PolicyPart("day_surgery", "日间手术", "day surgery"),
    PolicyPart("review", "特病单议", "special review"),
    PolicyPart("substitution", "病组对照", "substituted groups and additions"),
    PolicyPart("volume_cap", "年度例数上限", "yearly numbers of cases"),
    PolicyPart("dip", "分值付费专项", "rules of DIP: supplements, blank group"),
    PolicyPart("payers", "支付方分担", "how the fund's part follows from the standard"),
    PolicyPart("rounding", "进位规则", "rounding"),
)

_SECTIONS: Final = ("incomplete", "readmission", "bed_day", "day_surgery", "review", "volume_cap", "dip", "rounding")


def _weights(policy: PaymentPolicy) -> dict[str, Any]:
    held = policy.weights.model_dump()
    return {name: value for name, value in held.items() if name not in {"scale", "file"}}


def _price(policy: PaymentPolicy) -> dict[str, Any]:
    return {"scale": policy.weights.scale, **policy.price.model_dump()}


def _coefficients(policy: PaymentPolicy) -> dict[str, Any]:
    held = policy.coefficient.model_dump()
    return {name: value for name, value in held.items() if name not in {"base_group", "file"}}


def _ratio(policy: PaymentPolicy) -> dict[str, Any]:
    held = {} if policy.ratio is None else policy.ratio.model_dump()
    return {name: value for name, value in held.items() if name != "group_means"}


def _class_of(name: str) -> Callable[[PaymentPolicy], Any]:
    return lambda policy: tuple(rule.model_dump() for rule in policy.classes if rule.name == name)


def _section_of(name: str) -> Callable[[PaymentPolicy], Any]:
    def value(policy: PaymentPolicy) -> Any:
        held = getattr(policy, name)
        return None if held is None else held.model_dump()

    return value


_VALUES: Final[Mapping[str, Callable[[PaymentPolicy], Any]]] = {
    "weights": _weights,
    "coefficients": _coefficients,
    "base_groups": lambda policy: (
        None if policy.coefficient.base_group is None else policy.coefficient.base_group.model_dump()
    ),
    "price": _price,
    "ratio": _ratio,
    **{f"class_{name}": _class_of(name) for name in _CLASSES},
    **{name: _section_of(name) for name in _SECTIONS},
    "substitution": lambda policy: policy.substitute.model_dump(),
    "payers": lambda policy: {
        "subtract": policy.settlement.subtract,
        "fund_payable": policy.settlement.fund_payable,
        "policy_ratio": tuple(row.model_dump() for row in policy.settlement.policy_ratio),
    },
}


def _table_of(policy: PaymentPolicy, part: str) -> WeightTable | CoefficientTable | None:
    tables: dict[str, WeightTable | CoefficientTable | None] = {
        "weights": policy.weight_table,
        "coefficients": policy.coefficient_table,
        "ratio": policy.group_means,
    }
    return tables.get(part)


def _table_rows(table: WeightTable | CoefficientTable | None) -> dict[tuple[str, ...], Any]:
    if isinstance(table, WeightTable):
        return {(row.group, row.tier): (row.rw, row.marks, row.cap_cases, row.mean_cost) for row in table}
    if isinstance(table, CoefficientTable):
        return {(row.group, row.tier, row.hospital): row.coef for row in table}
    return {}


def differing_parts(first: PaymentPolicy, second: PaymentPolicy) -> tuple[str, ...]:
    """Return the names of the parts in which two policies differ, in the order of :data:`POLICY_PARTS`.

    Parameters
    ----------
    first, second : PaymentPolicy
        The policies.

    Examples
    --------
    >>> from actuary.payment.policy_changes import change_policy
    >>> from actuary.payment.policy_files import load_payment_policy
    >>> jilin = load_payment_policy("jilin-2022")
    >>> differing_parts(jilin, change_policy(jilin, {"class[1].k": "0.4", "price.rate[1].value": 9000}))
    ('price', 'class_low')
    """
    return tuple(
        part.name
        for part in POLICY_PARTS
        if _VALUES[part.name](first) != _VALUES[part.name](second)
        or _table_rows(_table_of(first, part.name)) != _table_rows(_table_of(second, part.name))
    )


def tied_parts(first: PaymentPolicy, second: PaymentPolicy) -> tuple[frozenset[str], ...]:
    """Return sets of parts that mean something only together, for these two policies.

    Parameters
    ----------
    first, second : PaymentPolicy
        The policies.
    """
    both = (first, second)
    tied = []
    if first.weights.scale != second.weights.scale:
        # Points of another scale cannot be mixed with prices, points a day or bands of points of this one.
        joined = {"price", "bed_day"}
        if any(policy.weights.holds == "points" for policy in both):
            joined.add("weights")
        joined |= {
            f"class_{rule.name}"
            for policy in both
            for rule in policy.classes
            if any(band.points_below is not None or band.points_to is not None for band in rule.cap)
        }
        tied.append(frozenset(joined))
    mechanisms = {None if one.coefficient.base_group is None else one.coefficient.base_group.mechanism for one in both}
    if "table" in mechanisms:
        tied.append(frozenset({"coefficients", "base_groups"}))
    return tuple(tied)


def mixed_policy(first: PaymentPolicy, second: PaymentPolicy, taken: frozenset[str]) -> PaymentPolicy:
    """Return the first policy with some parts of the second.

    Parameters
    ----------
    first, second : PaymentPolicy
        The policies.
    taken : frozenset of str
        Names of the parts that come from the second.
    """

    def of(part: str) -> PaymentPolicy:
        return second if part in taken else first

    weights = of("weights").weights.model_copy(update={"scale": of("price").weights.scale})
    base_group = of("base_groups").coefficient.base_group
    payers = _VALUES["payers"](of("payers"))
    payers["policy_ratio"] = of("payers").settlement.policy_ratio
    update: dict[str, Any] = {
        "policy": first.declared.policy.model_copy(update={"family": of("price").family}),
        "weights": weights,
        "price": of("price").price,
        "coefficient": of("coefficients").coefficient.model_copy(update={"base_group": base_group}),
        "ratio": of("ratio").ratio,
        "classes": _mixed_classes(first, second, taken),
        "substitute": of("substitution").substitute,
        "settlement": first.settlement.model_copy(update=payers),
        **{name: getattr(of(name), name) for name in _SECTIONS},
    }
    parts = sorted(taken)
    return replace(
        first,
        declared=first.declared.model_copy(update=update),
        weight_table=of("weights").weight_table,
        coefficient_table=of("coefficients").coefficient_table,
        group_means=of("ratio").group_means,
        fingerprint=fingerprint({"first": first.fingerprint, "second": second.fingerprint, "parts": parts}),
    )


def _mixed_classes(first: PaymentPolicy, second: PaymentPolicy, taken: frozenset[str]) -> tuple[Any, ...]:
    kept = [rule for rule in first.classes if f"class_{rule.name}" not in taken]
    return (*kept, *(rule for rule in second.classes if f"class_{rule.name}" in taken))


def part_changes(first: PaymentPolicy, second: PaymentPolicy, parts: Sequence[str]) -> str:
    """Return in words what changes when parts are exchanged: the first few values, each with its key.

    Parameters
    ----------
    first, second : PaymentPolicy
        The policies.
    parts : sequence of str
        Names of parts.

    Examples
    --------
    >>> from actuary.payment.policy_changes import change_policy
    >>> from actuary.payment.policy_files import load_payment_policy
    >>> jilin = load_payment_policy("jilin-2022")
    >>> part_changes(jilin, change_policy(jilin, {"class[1].k": "0.4"}), ["class_low"])
    'class_low[1].k 0.35 → 0.4'
    """
    found: list[str] = []
    for part in parts:
        found += _value_changes(_VALUES[part](first), _VALUES[part](second), part)
        rows, others = _table_rows(_table_of(first, part)), _table_rows(_table_of(second, part))
        if rows != others:
            changed = sum(rows.get(key) != others.get(key) for key in {*rows, *others})
            found.append(f"{changed:,} of {len({*rows, *others}):,} rows of the table of {part}")
    more = f"; {len(found) - _SHOWN_CHANGES} more" if len(found) > _SHOWN_CHANGES else ""
    return "; ".join(found[:_SHOWN_CHANGES]) + more


def _value_changes(old: Any, new: Any, path: str) -> Iterator[str]:
    if old == new:
        return
    tuples = isinstance(old, tuple) and isinstance(new, tuple)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _value_changes(old.get(key), new.get(key), f"{path}.{key}")
    elif tuples and min(len(old), len(new)) > _SHOWN_ENTRIES:
        left, came = sum(one not in new for one in old), sum(one not in old for one in new)
        yield f"{path} {left} of {len(old)} entries out, {came} in"
    elif tuples and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True), 1):
            yield from _value_changes(one, other, f"{path}[{number}]")
    elif _shown(old) != _shown(new):
        yield f"{path} {_shown(old)} → {_shown(new)}"


def _shown(value: Any) -> str:
    if value is None or value == ():
        return "nothing"
    if isinstance(value, Mapping):
        # What is not declared, or switched off, would only hide the rest.
        said = [(key, item) for key, item in value.items() if item not in (None, (), {}) and item is not False]
        return ", ".join(f"{key} {_shown(item)}" for key, item in said)
    if isinstance(value, tuple):
        more = f"; {len(value) - _SHOWN_ENTRIES} more" if len(value) > _SHOWN_ENTRIES else ""
        return f"({'; '.join(_shown(item) for item in value[:_SHOWN_ENTRIES])}{more})"
    return str(value)
