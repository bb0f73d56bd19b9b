"""Which declared rule a case falls under, and its formula with the numbers put in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from actuary.payment.cells import Cell, CellKey
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_classes import CaseClass
from actuary.payment.exact import as_decimal, fen_to_yuan
from actuary.payment.segments import CaseTerms, Segment, boundary_of

__all__ = ["TracedCase", "class_reached", "filled_formula", "shown", "way_of_paying"]

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
    return (_declared_formula(case, pay, found) if case.key.variant.share == 1 else "") or _line_formula(case)


def _line_formula(case: TracedCase) -> str:
    line, parts = case.segment.line, []
    by_day = case.key.variant.kind == "bed_day"
    if line.constant or not line.slope:
        parts.append(str(shown(line.constant)))
    if line.slope:
        per, amount = (
            (line.slope, str(case.variable)) if by_day else (line.slope * 100, f"{fen_to_yuan(case.variable):,}")
        )
        parts.append(f"{shown(per)} × {amount}")
    return " + ".join(parts)


def _declared_formula(case: TracedCase, pay: str, found: tuple[CaseClass, Fraction] | None) -> str:
    terms, ratio = case.terms, case.ratio
    if terms is None:
        return ""
    base, factor = shown(terms.base), shown(terms.factor)
    more = f" × {shown(terms.supplement)}" if terms.supplement != 1 else ""
    if pay == "standard":
        return f"{base} × {factor}{more}"
    if ratio is None or found is None:
        return ""
    rule, k = found[0], shown(found[1])
    r = shown(ratio)
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
    return formulas.get(pay, "") + (more if pay in formulas else "")
