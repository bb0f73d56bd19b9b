"""Which declared rule a case falls under, and its formula with the numbers put in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from actuary.payment.cells import Cell, CellKey
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_classes import CaseClass
from actuary.payment.exact import as_decimal, fen_to_yuan
from actuary.payment.pricing import declared_rate
from actuary.payment.segments import CaseTerms, Segment, boundary_of

__all__ = ["TracedCase", "boundary_words", "class_reached", "filled_formula", "letters_of", "shown", "way_of_paying"]

_SHOWN_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedCase:
    """Hold what the formulas of one case are made of.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    key : CellKey
        The kind of case.
    cell : Cell
        What the kind is paid.
    segment : Segment
        The segment that the case falls into.
    variable : int
        Its cost after deductions [fen], or its days.
    price : Fraction or None
        Price of a unit [yuan].
    """

    policy: PaymentPolicy
    key: CellKey
    cell: Cell
    segment: Segment
    variable: int
    price: Fraction | None

    @property
    def terms(self) -> CaseTerms | None:
        """The numbers of the kind."""
        return self.cell.terms

    @property
    def ratio(self) -> Fraction | None:
        """Cost over what it is compared with; None where no rule of the case reads it."""
        if self.terms is None or not self.terms.mean_fen or self.key.variant.kind == "bed_day":
            return None
        return self.variable / self.terms.mean_fen


def shown(value: Fraction | Decimal | int) -> Decimal:
    """Return a number as it is shown: every digit where it ends, else six.

    Examples
    --------
    >>> shown(Fraction(4629, 5000)), shown(Fraction(1, 3))
    (Decimal('0.9258'), Decimal('0.333333'))
    """
    return as_decimal(value, digits=_SHOWN_DIGITS)


def class_reached(case: TracedCase) -> tuple[CaseClass, Fraction] | None:
    """Return the declared class that the case falls into, and its boundary; None where none is declared."""
    terms, segment, ratio = case.terms, case.segment, case.ratio
    if terms is None:
        return None
    rules = [rule for rule in case.policy.classes if rule.name == segment.case_class]
    if segment.case_class == "normal" or ratio is None:
        return (rules[0], Fraction(1)) if rules else None
    reached = [(rule, boundary_of(rule, terms)) for rule in rules]
    met = [pair for pair in reached if _meets(ratio, pair[0].op, pair[1])]
    low = segment.case_class == "low"
    return (min if low else max)(met, key=lambda pair: pair[1]) if met else None


def _meets(ratio: Fraction, operator: str | None, bound: Fraction) -> bool:
    below, equal = ratio < bound, ratio == bound
    return {"<": below, "<=": below or equal, ">": not below and not equal, ">=": not below}.get(operator or "", False)


def way_of_paying(case: TracedCase, found: tuple[CaseClass, Fraction] | None) -> str:
    """Return the name of the formula that the case is paid by."""
    segment, variant = case.segment, case.key.variant
    if variant.review == "approved":
        result = case.policy.review.result if case.policy.review is not None else "actual"
        return {"decided": "decided", "ratio_points": "ratio_points"}.get(result, "actual")
    if variant.kind in {"bed_day", "over_cap", "day_surgery"}:
        return variant.kind
    if segment.case_class == "incomplete" and case.policy.incomplete is not None:
        return case.policy.incomplete.formula
    if found is not None:
        # A review that was refused is settled by the group.
        return "standard" if found[0].pay == "review" and variant.review else found[0].pay
    if segment.paid_in == "money":
        return "actual"
    return "ungroupable" if segment.case_class == "ungroupable" else "standard"


def filled_formula(case: TracedCase, pay: str, found: tuple[CaseClass, Fraction] | None) -> str:
    """Return the formula with its numbers put in: as declared, else as the line of the segment."""
    filled = _bed_days(case) if case.key.variant.kind == "bed_day" else _declared_formula(case, pay, found)
    filled = filled or _line_formula(case)
    share = case.key.variant.share
    if share == 1 or not (filled and _is_declared(case, pay, found)):
        return filled
    sum_of_parts = " + " in filled or " − " in filled
    return f"({filled}) × {shown(share)}" if sum_of_parts else f"{filled} × {shown(share)}"


def letters_of(case: TracedCase, pay: str, found: tuple[CaseClass, Fraction] | None) -> str:
    """Return what the letters of a formula stand for that no other step names: ``s = 0.5``; empty where there are none.

    Parameters
    ----------
    case : TracedCase
        The case.
    pay : str
        Name of the formula.
    found : tuple or None
        Its class and boundary.
    """
    if found is None or case.terms is None:
        return ""
    rule, factor = found[0], shown(case.terms.factor)
    share = Fraction(rule.share) if rule.share is not None else Fraction(1)
    if pay == "flat":
        return f"s = {shown(share)}"
    if pay == "linear":
        return f"s = {shown(share * (case.terms.factor if rule.factor_on_excess else 1))}"
    if pay == "dip_excess":
        return f"a = 1, b = {factor}" if rule.excess_base == "one" else f"a = {factor}, b = 1"
    return ""


def boundary_words(rule: CaseClass, k: Fraction, terms: CaseTerms) -> str:
    """Return a boundary, and how the smaller of the two came about where it is that of the coefficient."""
    if rule.threshold != "lower_of" or terms.factor >= 1 or not terms.factor:
        return str(shown(k))
    return f"{shown(k / terms.factor)} × min(1, {shown(terms.factor)}) = {shown(k)}"


def _is_declared(case: TracedCase, pay: str, found: tuple[CaseClass, Fraction] | None) -> bool:
    return case.key.variant.kind == "bed_day" or bool(_declared_formula(case, pay, found))


def _line_formula(case: TracedCase) -> str:
    line, parts = case.segment.line, []
    if line.constant or not line.slope:
        parts.append(str(shown(line.constant)))
    if line.slope:
        # What is paid at its cost is the cost.
        each = "" if line.slope * 100 == 1 and not line.constant else f"{shown(line.slope * 100)} × "
        parts.append(f"{each}{fen_to_yuan(case.variable):,}")
    return " + ".join(parts)


def _bed_days(case: TracedCase) -> str:
    """Return days × amount a day × part of each band."""
    rule = case.policy.bed_day
    if rule is None:
        return ""
    if rule.points_per_day is not None:
        each = Fraction(rule.points_per_day)
    else:
        each = declared_rate(rule.tariff, tier=case.key.tier, insurance=case.key.insurance) or Fraction(0)
    parts, start = [], 0
    for band in rule.bands:
        end = case.variable if band.to is None else min(band.to, case.variable)
        if end > start:
            parts.append(f"{end - start} × {shown(each)} × {shown(Fraction(band.pay))}")
            start = end
    if not rule.bands:
        parts.append(f"{case.variable} × {shown(each)}")
    return " + ".join(parts) or "0"


def _declared_formula(  # noqa: PLR0911 (one answer a rule, in their order)
    case: TracedCase, pay: str, found: tuple[CaseClass, Fraction] | None
) -> str:
    terms, ratio = case.terms, case.ratio
    if terms is None:
        return ""
    base, factor = shown(terms.base), shown(terms.factor)
    more = f" × {shown(terms.supplement)}" if terms.supplement != 1 else ""
    plain = f"{base} × {factor}{more}"
    if pay == "standard":
        return plain
    if pay in {"day_surgery", "over_cap"}:
        part = _share_of(case, pay)
        return "" if part is None else (plain if part == 1 else f"{shown(part)} × {plain}")
    if ratio is None:
        return ""
    r = shown(ratio)
    if pay in {"with_coef", "without_coef"}:
        rising = f"{base} × {factor}{more} × {r}" if pay == "with_coef" else f"{base}{more} × {r}"
        return f"min({rising}, {base}{more})"
    if pay == "ungroupable" or (pay == "ratio_points" and found is None):
        blank = case.policy.dip.blank_group if case.policy.dip is not None else None
        own = blank.factor if blank is not None and case.key.group == blank.group else None
        return f"{shown(own)} × {r} × {base}{more}" if own is not None else f"{r} × {base}{more}"
    if found is None:
        return ""
    rule, k = found[0], shown(found[1])
    share = shown(Fraction(rule.share)) if rule.share is not None else Decimal(1)
    excess = f" × {share}" if share != 1 else ""
    formulas = {
        "ratio_points": f"{r} × {base} × {factor}",
        "points_no_factor": f"{r} × {base}",
        "flat": f"{share} × {base} × {factor}",
        "linear": f"{base} × {factor} + ({r} − {k}) × {base}{excess}"
        + (f" × {factor}" if rule.factor_on_excess else ""),
        "deduct": f"{base} × ({r} − ({k} − 1) × {factor})",
        "cap": f"{k} × {base} × {factor}",
        "dip_excess": f"({r} − {k} + 1) × {base} × {factor}"
        if rule.excess_base == "one"
        else f"({r} − {k} + {factor}) × {base}",
    }
    if pay not in formulas:
        return ""
    return f"({formulas[pay]}){more}" if more and pay == "linear" else formulas[pay] + more


def _share_of(case: TracedCase, pay: str) -> Fraction | None:
    """Return the part of the standard that day surgery, or a case beyond its cap, is paid; None where it is none."""
    if case.segment.paid_in == "money":
        return None
    if pay == "day_surgery":
        surgery = case.policy.day_surgery
        flat = surgery is not None and surgery.pay == "flat" and surgery.share is not None
        return Fraction(surgery.share) if flat and surgery is not None and surgery.share is not None else Fraction(1)
    cap = case.policy.volume_cap
    if cap is None or cap.beyond is None:
        return None
    return {"none": Fraction(0), "share": Fraction(cap.share or 0)}.get(cap.beyond, Fraction(1))
