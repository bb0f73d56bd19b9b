"""The credit score of providers, explained line by line, and what follows from it for deposit and budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from actuary.alerts.credit_rules import CreditRules
from actuary.errors import ActuaryError, Problem, raise_all
from actuary.payment.apportion import apportion
from actuary.payment.declared_settlement import DepositStep, Settlement
from actuary.payment.deposit import DepositOutcome, settle_deposit
from actuary.payment.exact import in_units

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BudgetShare", "CreditLine", "CreditScore", "Matter", "deposits_by_credit", "score_credit", "share_budget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Hold one finding about a provider, and what became of it.

    Parameters
    ----------
    hospital, rule_id : str
        Whom and what it is about.
    level : str
        red, orange, yellow or blue.
    state : str
        State of its case; ``unrecorded`` where there is none.
    case : int or None
        Number of its case.
    again : bool
        Whether the matter came again after an earlier case of it was closed.
    """

    hospital: str
    rule_id: str
    level: str
    state: str
    case: int | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class CreditLine:
    """Hold one line of the calculation.

    Parameters
    ----------
    item : str
        assessment, conduct, matter, money, bounds or rounding.
    what : str
        What it is, in words and numbers.
    points : Fraction
        Points added or, below 0, deducted.
    """

    item: str
    what: str
    points: Fraction


@dataclass(frozen=True, slots=True)
class CreditScore:
    """Hold the score of a provider.

    Parameters
    ----------
    hospital : str
        The provider.
    score : Decimal or None
        From 0 to 100; None where there is no assessment to begin with.
    grade : str
        Grade of the score; empty without one.
    lines : tuple of CreditLine
        The calculation; the points of its lines add up to the score.
    reason : str
        Why there is no score; empty where there is one.
    """

    hospital: str
    score: Decimal | None
    grade: str
    lines: tuple[CreditLine, ...]
    reason: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return one row a line."""
        import pandas as pd  # noqa: PLC0415  (only where a table is wanted)

        rows = [(self.hospital, line.item, line.what, round(float(line.points), 4)) for line in self.lines]
        return pd.DataFrame(rows, columns=["hospital", "item", "what", "points"])

    def _repr_html_(self) -> str:
        shown = self.reason or f"{self.score} ({self.grade})"
        return f"<p>{self.hospital}: {shown}</p>{self.to_frame().to_html(index=False)}"


def score_credit(
    hospital: str,
    assessment: Decimal | None,
    matters: Sequence[Matter],
    rules: CreditRules,
    *,
    recovered_fen: int = 0,
    spend_fen: int | None = None,
) -> CreditScore:
    """Compute the credit score of a provider.

    score = w × assessment + (1 − w) × 100 − Σ points(level) × factor(state) × repeat − min(most, rate × 100 × recovered
    / spend), not below 0 nor above 100, rounded half up once at the end.

    Parameters
    ----------
    hospital : str
        The provider.
    assessment : Decimal or None
        Score of the yearly assessment, 0 to 100; None where it was not assessed.
    matters : sequence of Matter
        What was found, with what became of it.
    rules : CreditRules
        The declared formula.
    recovered_fen : int
        Money recovered in the year [fen].
    spend_fen : int or None
        Pooled spending of the year [fen]; None: money recovered is not counted.

    Raises
    ------
    ActuaryError
        When the assessment lies outside 0 to 100, or there is money recovered and no spending.

    Examples
    --------
    >>> from actuary.alerts.credit_rules import load_credit_rules
    >>> red = Matter(hospital="H1", rule_id="upcoding", level="red", state="rectifying")
    >>> credit = score_credit("H1", Decimal(90), [red], load_credit_rules())
    >>> credit.score, credit.grade, [str(line.points) for line in credit.lines]
    (Decimal('79.0'), 'C', ['54', '40', '-15'])
    """
    if assessment is None:
        return CreditScore(hospital, None, "", (), "没有考核得分 · no score of the assessment")
    if not 0 <= assessment <= 100:
        raise ActuaryError(Problem(f"{hospital}, assessment", str(assessment), "a score from 0 to 100"))
    weight = Fraction(rules.formula.assessment_weight)
    lines = [
        CreditLine(
            "assessment", f"考核 {assessment} × {rules.formula.assessment_weight}", weight * Fraction(assessment)
        ),
        CreditLine("conduct", f"守信起点 100 × {1 - rules.formula.assessment_weight}", (1 - weight) * 100),
        *(_matter_line(matter, rules) for matter in matters),
    ]
    if spend_fen is not None and recovered_fen:
        lines.append(_money_line(hospital, recovered_fen, spend_fen, rules))
    total = sum((line.points for line in lines), Fraction(0))
    bounded = min(max(total, Fraction(0)), Fraction(100))
    if bounded != total:
        lines.append(CreditLine("bounds", "不低于0、不高于100", bounded - total))
    decimals = rules.formula.decimals
    score = Decimal(in_units(bounded, decimals, "half_up")).scaleb(-decimals)
    if Fraction(score) != bounded:
        lines.append(CreditLine("rounding", f"四舍五入至{decimals}位小数", Fraction(score) - bounded))
    return CreditScore(hospital, score, rules.grade_of(score), tuple(lines))


def _matter_line(matter: Matter, rules: CreditRules) -> CreditLine:
    points, factor = rules.points(matter.level), rules.factor(matter.state)
    repeat = rules.formula.repeat_factor if matter.again else Decimal(1)
    case = "" if matter.case is None else f"案件{matter.case} "
    again = f" × {repeat} 再犯" if matter.again else ""
    what = f"{case}{matter.rule_id} {matter.level} {points} × {factor} {matter.state}{again}"
    return CreditLine("matter", what, -Fraction(points) * Fraction(factor) * Fraction(repeat))


def _money_line(hospital: str, recovered_fen: int, spend_fen: int, rules: CreditRules) -> CreditLine:
    if spend_fen <= 0:
        found = f"{recovered_fen / 100:.2f} yuan recovered and no spending"
        raise ActuaryError(Problem(f"{hospital}, spend_yuan", found, "the pooled spending of the year"))
    percent = Fraction(100 * max(recovered_fen, 0), spend_fen)
    most = Fraction(rules.formula.money_points_most)
    points = min(percent * Fraction(rules.formula.money_points_per_percent), most)
    rate = f"每1% {rules.formula.money_points_per_percent} 分，至多 {rules.formula.money_points_most} 分"
    what = f"追回 {recovered_fen / 100:,.2f} 元，占支出 {float(percent):.4f}%，{rate}"
    return CreditLine("money", what, -points)


def deposits_by_credit(
    scored: Sequence[CreditScore], base_fen: Mapping[str, int], settlement: Settlement
) -> dict[str, DepositOutcome]:
    """Withhold and return deposits by credit scores, as a payment policy declares it.

    Parameters
    ----------
    scored : sequence of CreditScore
        The scores; a provider without one gets its deposit back.
    base_fen : mapping of str to int
        Amount due from which the deposit of each provider is withheld [fen].
    settlement : Settlement
        The policy's `settlement`: `deposit`, `deposit_return` and `deposit_return_form`.

    Raises
    ------
    ActuaryError
        When the policy declares no deposit, or the base of a provider is missing.
    """
    problems = []
    if settlement.deposit is None:
        mend = "declare settlement.deposit and settlement.deposit_return in a file that extends the policy"
        problems.append(Problem("policy, settlement.deposit", "nothing", "the part that is withheld", mend))
    problems += [
        Problem(f"{credit.hospital}, payable_yuan", "nothing", "the amount due of which the deposit is withheld")
        for credit in scored
        if credit.hospital not in base_fen
    ]
    raise_all(problems)
    rate, steps = settlement.deposit or Decimal(0), tuple[DepositStep, ...](settlement.deposit_return)
    return {
        credit.hospital: settle_deposit(
            base_fen[credit.hospital], credit.score, rate=rate, steps=steps, form=settlement.deposit_return_form
        )
        for credit in scored
    }


@dataclass(frozen=True, slots=True)
class BudgetShare:
    """Hold next year's budget of a provider.

    Parameters
    ----------
    hospital : str
        The provider.
    base_fen : int
        What its share is counted from, such as this year's spending [fen].
    factor : Fraction
        What its score makes of it.
    budget_fen : int
        Its part of the budget [fen].
    neutral_fen : int
        What it would be if all had the same factor [fen].
    """

    hospital: str
    base_fen: int
    factor: Fraction
    budget_fen: int
    neutral_fen: int


def share_budget(
    scored: Sequence[CreditScore], base_fen: Mapping[str, int], budget_fen: int, rules: CreditRules
) -> tuple[BudgetShare, ...]:
    """Divide next year's budget by base and credit; the parts add up to the budget to the fen.

    factor = 1 + tilt × (score − reference) / 100 within its bounds; a provider without a score has the factor 1. The
    budget is divided in proportion to base × factor by largest remainders.

    Parameters
    ----------
    scored : sequence of CreditScore
        The scores.
    base_fen : mapping of str to int
        What shares are counted from [fen].
    budget_fen : int
        Budget of the next year [fen].
    rules : CreditRules
        The declared formula.

    Raises
    ------
    ActuaryError
        When the base of a provider is missing or negative, all are 0, or the budget is negative.

    Examples
    --------
    >>> from actuary.alerts.credit_rules import load_credit_rules
    >>> scored = [CreditScore("H1", Decimal(90), "A", ()), CreditScore("H2", Decimal(70), "C", ())]
    >>> shares = share_budget(scored, {"H1": 100, "H2": 100}, 10_001, load_credit_rules())
    >>> [(one.hospital, str(one.factor), one.budget_fen) for one in shares]
    [('H1', '51/50', 5101), ('H2', '49/50', 4900)]
    """
    problems = [
        Problem(f"{credit.hospital}, spend_yuan", "nothing", "what its share is counted from")
        for credit in scored
        if base_fen.get(credit.hospital, -1) < 0
    ]
    if budget_fen < 0:
        problems.append(Problem("budget", f"{budget_fen} fen", "an amount of 0 or more"))
    raise_all(problems)
    factors = [_budget_factor(credit.score, rules) for credit in scored]
    bases = [base_fen[credit.hospital] for credit in scored]
    parts = apportion(budget_fen, [base * factor for base, factor in zip(bases, factors, strict=True)])
    neutral = apportion(budget_fen, bases)
    return tuple(
        BudgetShare(credit.hospital, base, factor, part, before)
        for credit, base, factor, part, before in zip(scored, bases, factors, parts, neutral, strict=True)
    )


def _budget_factor(score: Decimal | None, rules: CreditRules) -> Fraction:
    if score is None:
        return Fraction(1)
    terms = rules.budget
    factor = 1 + Fraction(terms.tilt) * (Fraction(score) - Fraction(terms.reference_score)) / 100
    return min(max(factor, Fraction(terms.least_factor)), Fraction(terms.most_factor))
