"""The steps of a payment trace, from the group to the hospital's gain, with their numbers put in."""

from __future__ import annotations

import operator as operators
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from actuary.payment.cases import CaseTable
from actuary.payment.exact import as_decimal, fen_to_yuan, round_to
from actuary.payment.paid_classes import PaidClass
from actuary.payment.payers import RATIO_PARTS, reimbursed_parts, taken_off
from actuary.payment.pricing import is_base_group
from actuary.payment.segments import standard_line
from actuary.payment.statuses import PaymentReason, PaymentStatus
from actuary.payment.trace_formulas import (
    TracedCase,
    boundary_words,
    class_reached,
    filled_formula,
    letters_of,
    shown,
    way_of_paying,
)
from actuary.payment.trace_words import BASE_GROUPS, COEFFICIENTS, INSURANCES, PARTS, formula_words

if TYPE_CHECKING:
    from actuary.payment.settlement import Settlement

__all__ = ["TraceStep", "steps_of"]


@dataclass(frozen=True, slots=True)
class TraceStep:
    """Hold one step.

    Parameters
    ----------
    name : str
        Its name, a key of :data:`~actuary.payment.trace_words.TITLES`.
    zh, en : str
        What happened, in both languages, numbers put in.
    numbers : mapping of str to object
        The numbers, exact: Decimal, int or str.
    """

    name: str
    zh: str
    en: str
    numbers: Mapping[str, Any]

    def text(self, lang: str) -> str:
        """Return what happened in Chinese (``zh``) or English (``en``)."""
        return self.zh if lang == "zh" else self.en


def _yuan(fen: int) -> str:
    return f"{fen_to_yuan(fen):,}"


def steps_of(settlement: Settlement, row: int) -> list[TraceStep]:
    """Return the steps that led to what one case is paid.

    Parameters
    ----------
    settlement : Settlement
        The settlement.
    row : int
        Row of the case.

    Returns
    -------
    list of TraceStep
        A case without a price ends after its group.
    """
    reason = list(PaymentReason)[settlement.reason[row]]
    steps = [_case_step(settlement.table, row), _status_step(reason)]
    if settlement.paid_group.codes[row] >= 0 and reason.status is not PaymentStatus.REJECTED:
        steps += _group_steps(settlement, row)
    number = int(settlement.segment[row])
    if number < 0 or reason.status is PaymentStatus.REJECTED:
        return steps
    compiled = settlement.compiled
    cell = int(compiled.segment_cell[number])
    case = TracedCase(
        policy=settlement.policy,
        key=compiled.keys[cell],
        cell=compiled.cells[cell],
        segment=compiled.segments[number],
        variable=int(settlement.kinds.variable[row]),
        price=settlement.prices[cell],
    )
    steps += [*_price_steps(case), *_class_steps(case)]
    if reason.status is PaymentStatus.PAID:
        steps += [*_money_steps(case, int(settlement.standard_fen[row])), *_payer_steps(settlement, row)]
    return steps


def _case_step(cases: CaseTable, row: int) -> TraceStep:
    names = {}
    for name in ("hospital", "tier", "insurance", "drg"):
        coded = cases.coded[name]
        names[name] = coded.names[coded.codes[row]] if coded.codes[row] >= 0 else ""
    cost = next((note.cell_of(row) for note in cases.notes if note.of == "total_cost" and note.cell_of(row)), "")
    shown_cost = repr(cost) if cost else _yuan(int(cases.cost_fen[row]))
    parts = [part or "—" for part in names.values()]
    insurance = INSURANCES.get(parts[2], (parts[2], parts[2]))[0]
    zh = f"医院 {parts[0]}，等级 {parts[1]}，险种 {insurance}，病组 {parts[3]}，总费用 {shown_cost} 元"
    en = f"hospital {parts[0]}, tier {parts[1]}, {parts[2]}, group {parts[3]}, total cost {shown_cost} yuan"
    return TraceStep("case", zh, en, {**names, "cost_yuan": fen_to_yuan(int(cases.cost_fen[row]))})


def _status_step(reason: PaymentReason) -> TraceStep:
    status = reason.status
    zh, en = f"{status.zh}：{reason.zh}", f"{status.en}: {reason.en}"
    return TraceStep("status", zh, en, {"status": status.value, "reason": reason.value})


def _group_steps(settlement: Settlement, row: int) -> list[TraceStep]:
    own, paid = settlement.table.coded["drg"], settlement.paid_group
    before = own.names[own.codes[row]] if own.codes[row] >= 0 else ""
    after = paid.names[paid.codes[row]]
    zh, en = f"按 {after} 支付", f"paid as {after}"
    if before != after:
        rule = _substituted_by(settlement, row, before, after)
        zh = f"{before or '未入组'} → {after}" + (f"（对照规则：{rule[0]}）" if rule[0] else "")
        en = f"{before or 'no group'} → {after}" + (f" (cross-reference: {rule[1]})" if rule[1] else "")
    steps = [TraceStep("group", zh, en, {"drg": before, "paid_group": after})]
    taken = 0 if settlement.kinds.deducted is None else int(settlement.kinds.deducted[row])
    if taken and settlement.policy.ratio is not None:
        rest = int(settlement.table.cost_fen[row]) - taken
        taken_out = [name for name in settlement.policy.ratio.deduct if settlement.table.amount(name)[row]]
        names, names_zh = (sep.join(PARTS[name][k] for name in taken_out) for k, sep in ((1, ", "), (0, "、")))
        zh = f"扣除 {names_zh} {_yuan(taken)} 元，余 {_yuan(rest)} 元进入费用比"
        en = f"{names} of {_yuan(taken)} yuan are taken out; {_yuan(rest)} yuan enter the ratio"
        numbers = {"deducted_yuan": fen_to_yuan(taken), "rest_yuan": fen_to_yuan(rest)}
        steps.append(TraceStep("deduction", zh, en, numbers))
    return steps


def _substituted_by(settlement: Settlement, row: int, before: str, after: str) -> tuple[str, str]:
    """Return the rule that gave a case another group, with what it read, in both languages."""
    table = settlement.table
    for rule in settlement.policy.substitute.rules:
        if (rule.group, rule.to) != (before, after):
            continue
        if rule.text is not None:
            held = _word_of(table, rule.field, row)
            if held != rule.text:
                continue
            condition = f"{held!r}"
            return f"{PARTS[rule.field][0]} {condition}", f"{rule.field} {condition}"
        number = shown(Fraction(int(table.numbers[rule.field][row]), table.parts(rule.field)))
        if not _holds(number, rule.op, rule.value):
            continue
        condition = f"{number} {rule.op} {rule.value}"
        return f"{PARTS[rule.field][0]} {condition}", f"{rule.field} {condition}"
    return "", ""


def _holds(number: Decimal, operator: str, bound: Decimal | None) -> bool:
    tests = {"<": operators.lt, "<=": operators.le, ">": operators.gt, ">=": operators.ge, "==": operators.eq}
    return bool(tests[operator](number, bound or 0))


def _word_of(table: CaseTable, name: str, row: int) -> str:
    coded = table.coded.get(name)
    return "" if coded is None or coded.codes[row] < 0 else coded.names[coded.codes[row]]


def _coefficient_words(case: TracedCase) -> tuple[str, str]:
    """Return where the coefficient of a case comes from."""
    policy, key = case.policy, case.key
    rule = policy.coefficient.base_group
    words = COEFFICIENTS[policy.coefficient.form]
    if rule is not None and is_base_group(policy, key.group, policy.weight_table.row(key.group, key.tier)):
        own = rule.mechanism != "coef_one" or not rule.tiers or key.tier in rule.tiers
        if rule.mechanism == "lowest_tier_rate":
            words = (f"{words[0]}；{BASE_GROUPS[rule.mechanism][0]}", f"{words[1]}; {BASE_GROUPS[rule.mechanism][1]}")
        elif own:
            words = BASE_GROUPS[rule.mechanism]
    dip = policy.dip
    for number, zh, en in (
        (dip.support_coefficient if dip is not None else None, "× (1 + 扶持系数 {})", "x (1 + support {})"),
        (dip.assessment_coefficient if dip is not None else None, "× 考核系数 {}", "x assessment {}"),
    ):
        if number is not None:
            words = (f"{words[0]} {zh.format(number)}", f"{words[1]} {en.format(number)}")
    return words


def _price_steps(case: TracedCase) -> list[TraceStep]:
    terms = case.terms
    steps: list[TraceStep] = []
    if terms is not None:
        weight, base = shown(terms.weight), shown(terms.base)
        added = shown(case.key.variant.addition)
        of_score = case.policy.family == "dip"
        names = ("分值", "score") if of_score else ("权重", "weight")
        zh = f"{names[0]} {weight}" + (f" × (1 + {added})" if added else "") + f"，基准点数 B = {base}"
        en = f"{names[1]} {weight}" + (f" × (1 + {added})" if added else "") + f", base points B = {base}"
        steps.append(TraceStep("weight", zh, en, {"weight": weight, "base_points": base, "addition": added}))
        factor = shown(terms.factor)
        words = _coefficient_words(case)
        zh, en = f"K = {factor}（{words[0]}）", f"K = {factor} ({words[1]})"
        steps.append(TraceStep("coefficient", zh, en, {"factor": factor}))
        if terms.supplement != 1:
            more = shown(terms.supplement)
            steps.append(TraceStep("supplement", f"× {more}", f"× {more}", {"supplement": more}))
    if case.price is not None and case.segment.paid_in == "points":
        value = shown(case.price)
        declared = case.cell.price is not None
        zh = f"{'费率（政策规定）' if declared else '点值（预算 ÷ 总点数）'} {value} 元"
        en = f"{'declared rate' if declared else 'point value (budget / points)'} {value} yuan"
        steps.append(TraceStep("price", zh, en, {"price_yuan": value}))
    return steps


def _class_steps(case: TracedCase) -> list[TraceStep]:
    ratio, terms = case.ratio, case.terms
    steps = []
    if ratio is not None and terms is not None and terms.mean_fen:
        mean = as_decimal(terms.mean_fen / 100, digits=2)
        rounded = shown(ratio)
        filled = f"r = {_yuan(case.variable)} ÷ {mean:,} = {rounded}"
        of = _denominator_words(case, mean)
        zh, en = f"{filled}（{of[0]}）", f"{filled} ({of[1]})"
        steps.append(TraceStep("ratio", zh, en, {"ratio": rounded, "mean_yuan": mean}))
    found = class_reached(case)
    name = PaidClass(case.segment.case_class)
    zh, en, numbers = name.zh, name.en, {"class": name.value}
    if found is not None and found[0].op is not None and ratio is not None:
        rule, bound = found
        words = str(shown(bound)) if terms is None else boundary_words(rule, bound, terms)
        compared = f"r = {shown(ratio)} {rule.op} {words}"
        zh, en = f"{zh}：{compared}", f"{en}: {compared}"
        numbers |= {"operator": str(rule.op), "boundary": str(shown(bound))}
    steps.append(TraceStep("class", zh, en, numbers))
    steps.append(_formula_step(case))
    return steps


def _denominator_words(case: TracedCase, mean: Decimal) -> tuple[str, str]:
    """Return what the cost of a case is compared with."""
    rule, terms = case.policy.ratio, case.terms
    if rule is None or rule.denominator != "standard" or terms is None:
        same_level = rule is not None and rule.denominator == "same_level_mean"
        return ("同级均费", "mean of the group at its tier") if same_level else ("病组均费", "mean of the group")
    lone = standard_line(terms).constant
    value = shown(terms.mean_fen / lone / 100) if lone and terms.mean_fen else mean
    product = f"{shown(lone)} × {value} = {mean:,}"
    if case.policy.price.mode == "fixed":
        return f"按费率的支付标准 {product}", f"the standard at the declared rate {product}"
    return f"按预告点值的支付标准 {product}", f"the standard at the announced value {product}"


def _formula_step(case: TracedCase) -> TraceStep:
    found = class_reached(case)
    pay = way_of_paying(case, found)
    unit_zh, unit_en = ("点", "points") if case.segment.paid_in == "points" else ("元", "yuan")
    exact = shown(case.segment.line.at(case.variable))
    filled = filled_formula(case, pay, found)
    letters = letters_of(case, pay, found)
    zh = f"{formula_words(pay, 'zh')}{f'（{letters}）' if letters else ''}：{filled} = {exact} {unit_zh}"
    en = f"{formula_words(pay, 'en')}{f' ({letters})' if letters else ''}: {filled} = {exact} {unit_en}"
    if pay == "decided":
        zh, en = formula_words(pay, "zh"), formula_words(pay, "en")
    numbers = {"pay": pay, "filled": filled, "exact": exact, "paid_in": case.segment.paid_in}
    return TraceStep("formula", zh, en, numbers)


def _money_steps(case: TracedCase, standard_fen: int) -> list[TraceStep]:
    steps = []
    share = case.key.variant.share
    if share != 1:
        left = shown(share)
        zh, en = f"前次住院保留 {left}（已计入公式）", f"{left} of the earlier stay is left (within the formula)"
        steps.append(TraceStep("share", zh, en, {"share": left}))
    rounding = case.policy.rounding
    product = ""
    if case.segment.paid_in == "points":
        exact = case.segment.line.at(case.variable)
        points = round_to(exact, rounding.points, rounding.mode)
        of_case = shown(points)
        places = "不取整" if rounding.points is None else f"{rounding.points} 位小数"
        places_en = "not rounded" if rounding.points is None else f"{rounding.points} decimals"
        steps.append(
            TraceStep("points", f"{of_case} 点（{places}）", f"{of_case} points ({places_en})", {"points": of_case})
        )
        each = rounding.stage == "each_case"
        value = case.price or Fraction(0)
        used = points if each else exact
        product = f"{shown(used)} × {shown(value)} = {shown(used * value)} → "
    mode = {"half_up": ("四舍五入", "half up"), "half_even": ("四舍六入五成双", "half even")}[rounding.mode]
    zh = f"{product}{_yuan(standard_fen)} 元（{rounding.money_places} 位小数，{mode[0]}，只取整一次）"
    en = f"{product}{_yuan(standard_fen)} yuan ({rounding.money_places} decimals, {mode[1]}, rounded once)"
    steps.append(TraceStep("standard", zh, en, {"standard_yuan": fen_to_yuan(standard_fen)}))
    return steps


def _payer_steps(settlement: Settlement, row: int) -> list[TraceStep]:
    payers = settlement.payers
    fund, patient, other = int(payers.fund_fen[row]), int(payers.patient_fen[row]), int(payers.other_fen[row])
    gain, cost = int(payers.gain_fen[row]), int(settlement.table.cost_fen[row])
    zh_rule, en_rule = _fund_words(settlement, row)
    zh = f"基金 {_yuan(fund)} 元，个人 {_yuan(patient)} 元，其他 {_yuan(other)} 元；{zh_rule}"
    en = f"fund {_yuan(fund)}, patient {_yuan(patient)}, others {_yuan(other)} yuan; {en_rule}"
    numbers = {"fund_yuan": fen_to_yuan(fund), "patient_yuan": fen_to_yuan(patient), "other_yuan": fen_to_yuan(other)}
    sums = f"{_yuan(fund)} + {_yuan(patient)} + {_yuan(other)} − {_yuan(cost)} = {_yuan(gain)}"
    return [
        TraceStep("payers", zh, en, numbers),
        TraceStep("gain", f"{sums} 元", f"{sums} yuan", {"gain_yuan": fen_to_yuan(gain)}),
    ]


def _fund_words(settlement: Settlement, row: int) -> tuple[str, str]:
    """Return how the fund's part follows from the standard, numbers put in, in both languages."""
    table, policy = settlement.table, settlement.policy
    standard = _yuan(int(settlement.standard_fen[row]))
    fund = _yuan(int(settlement.payers.fund_fen[row]))
    if policy.fund_formula == "fund":
        return "标准即基金支付", "the standard is fund money"
    taken = [(name, int(table.amount(name)[row])) for name in taken_off(policy) if name in table.numbers]
    zh = "".join(f" − {_yuan(fen)}（{PARTS[name][0]}）" for name, fen in taken)
    en = "".join(f" − {_yuan(fen)} ({PARTS[name][1]})" for name, fen in taken)
    if policy.fund_formula == "subtract":
        return (
            f"标准减去其他支付方：{standard}{zh} = {fund}",
            f"the standard less what others pay: {standard}{en} = {fund}",
        )
    ratio = shown(Fraction(int(max(reimbursed_parts(table, policy)[row], 0)), RATIO_PARTS))
    return (
        f"（标准 − 不予支付部分，不低于0）× 政策比例：max({standard}{zh}, 0) × {ratio} = {fund}",
        f"(standard - not eligible, at least 0) x policy ratio: max({standard}{en}, 0) × {ratio} = {fund}",
    )
