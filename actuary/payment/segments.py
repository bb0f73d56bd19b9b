"""What one kind of case is paid, as straight lines over its cost: the boundaries and formulas of the case classes.

Every rule of a case class is straight in the cost between boundaries, or in the days of a stay that is paid by the day.
A boundary becomes the highest whole number of fen on its lower side, so that a ratio hit exactly falls on the side that
the operator of the rule says. All numbers are fractions; nothing is rounded here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, Literal

from actuary.payment.declared_classes import BedDayBand, CaseClass
from actuary.payment.exact import highest_below

__all__ = [
    "ACTUAL_COST",
    "NOTHING",
    "CaseTerms",
    "Line",
    "PaidIn",
    "Segment",
    "bed_day_segments",
    "boundary_of",
    "class_line",
    "class_segments",
    "constant_segment",
    "incomplete_segments",
    "ratio_line",
    "standard_line",
    "times",
]

type PaidIn = Literal["points", "money"]


@dataclass(frozen=True, slots=True)
class Line:
    """Hold ``constant + slope x``, where x is the cost [fen] or the days of a stay.

    Parameters
    ----------
    constant : Fraction
        Value at 0 [points, or yuan].
    slope : Fraction
        Change with each fen or day.
    """

    constant: Fraction = Fraction(0)
    slope: Fraction = Fraction(0)

    def at(self, x: int | Fraction) -> Fraction:
        """Return the value at x."""
        return self.constant + self.slope * x

    def times(self, factor: Fraction) -> Line:
        """Return the line multiplied by a number."""
        return Line(self.constant * factor, self.slope * factor)


#: Nothing is paid.
NOTHING: Final = Line()
#: The cost itself [yuan].
ACTUAL_COST: Final = Line(slope=Fraction(1, 100))


@dataclass(frozen=True, slots=True)
class Segment:
    """Hold the line of the cases up to one cost.

    Parameters
    ----------
    upper : int or None
        Highest cost [fen], or days; None: no end.
    case_class : str
        Class of these cases.
    line : Line
        What they are paid.
    paid_in : {"points", "money"}
        Whether the line counts points, which have a price, or yuan.
    review : bool
        Whether they are put up for special review.
    pending : bool
        Whether nothing is paid before its decision.
    """

    upper: int | None
    case_class: str
    line: Line
    paid_in: PaidIn = "points"
    review: bool = False
    pending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTerms:
    """Hold the numbers that the cases of one kind share.

    Parameters
    ----------
    weight : Fraction
        Relative weight of the group.
    base : Fraction
        Base points B: weight times scale.
    factor : Fraction
        Coefficient K.
    supplement : Fraction
        Supplement of the score; it multiplies whatever is paid in points.
    mean_fen : Fraction or None
        What the cost is compared with [fen]: the group's mean or the payment standard; None: the policy has no such
        number, so that every case is normal.
    """

    weight: Fraction
    base: Fraction
    factor: Fraction = Fraction(1)
    supplement: Fraction = Fraction(1)
    mean_fen: Fraction | None = None


def standard_line(terms: CaseTerms) -> Line:
    """Return the points of a normal case: B K, times the supplement."""
    return Line(terms.base * terms.factor * terms.supplement)


def ratio_line(terms: CaseTerms, share: Fraction = Fraction(1)) -> Line:
    """Return points in proportion to the cost: ``share r B``, times the supplement.

    Raises
    ------
    ValueError
        When the group has no mean cost.
    """
    if not terms.mean_fen:
        raise ValueError("a ratio needs the mean cost of the group")
    return Line(slope=share * terms.base * terms.supplement / terms.mean_fen)


def boundary_of(rule: CaseClass, terms: CaseTerms) -> Fraction:
    """Return the ratio at which a class begins or ends, for one group.

    Parameters
    ----------
    rule : CaseClass
        The class; its boundary is `k`, or that of the band its group falls into.
    terms : CaseTerms
        The group.

    Examples
    --------
    >>> rule = CaseClass(name="high", op=">", cap=({"rw_below": "1", "k": 3}, {"k": 2}), pay="standard")
    >>> boundary_of(rule, CaseTerms(weight=Fraction(1), base=Fraction(100)))
    Fraction(2, 1)
    """
    k = rule.k
    for band in rule.cap:
        if _in_band(band.bound, terms):
            k = band.k
            break
    if k is None:
        raise ValueError(f"the class {rule.name} has no boundary for a weight of {terms.weight}")
    boundary = Fraction(k)
    return boundary * min(Fraction(1), terms.factor) if rule.threshold == "lower_of" else boundary


def _in_band(bound: tuple[str, object] | None, terms: CaseTerms) -> bool:
    if bound is None:
        return True
    key, number = bound
    limit = Fraction(str(number))
    value = terms.weight if key.startswith("rw") else terms.base
    return value < limit if key.endswith("below") else value <= limit


# Formulas by the name that a policy writes, each from (rule, its boundary k, terms).


def _linear(rule: CaseClass, k: Fraction, terms: CaseTerms) -> Line:
    share = Fraction(1) if rule.share is None else Fraction(rule.share)
    if rule.factor_on_excess:
        share *= terms.factor
    excess = terms.base * terms.supplement * share
    return Line(standard_line(terms).constant - k * excess, ratio_line(terms, share).slope)


def _deduct(_: CaseClass, k: Fraction, terms: CaseTerms) -> Line:
    return Line(-(k - 1) * standard_line(terms).constant, ratio_line(terms).slope)


def _dip_excess(rule: CaseClass, k: Fraction, terms: CaseTerms) -> Line:
    # one: (r - k + 1) B K; factor: (r - k + K) B.
    share, add = (terms.factor, Fraction(1)) if rule.excess_base == "one" else (Fraction(1), terms.factor)
    unit = terms.base * terms.supplement * share
    return Line((add - k) * unit, ratio_line(terms, share).slope)


def _flat(rule: CaseClass, _: Fraction, terms: CaseTerms) -> Line:
    return standard_line(terms).times(Fraction(1) if rule.share is None else Fraction(rule.share))


_FORMULAS: dict[str, Callable[[CaseClass, Fraction, CaseTerms], Line]] = {
    "ratio_points": lambda _, __, terms: ratio_line(terms, terms.factor),
    "points_no_factor": lambda _, __, terms: ratio_line(terms),
    "flat": _flat,
    "standard": lambda _, __, terms: standard_line(terms),
    "review": lambda _, __, terms: standard_line(terms),
    "linear": _linear,
    "deduct": _deduct,
    "cap": lambda _, k, terms: standard_line(terms).times(k),
    "dip_excess": _dip_excess,
}


def class_line(rule: CaseClass, k: Fraction, terms: CaseTerms) -> Line:
    """Return what the cases of a class are paid, by the formula that its rule names.

    Parameters
    ----------
    rule : CaseClass
        The class.
    k : Fraction
        Its boundary.
    terms : CaseTerms
        The group.

    Examples
    --------
    >>> rule = CaseClass(name="high", op=">", k=3, pay="linear")
    >>> class_line(rule, Fraction(3), CaseTerms(weight=Fraction(1), base=Fraction(100), mean_fen=Fraction(10_000)))
    Line(constant=Fraction(-200, 1), slope=Fraction(1, 100))
    """
    return ACTUAL_COST if rule.pay == "actual" else _FORMULAS[rule.pay](rule, k, terms)


def class_segments(rules: Sequence[CaseClass], terms: CaseTerms) -> tuple[Segment, ...]:
    """Return what cases of one kind are paid, by cost.

    Parameters
    ----------
    rules : sequence of CaseClass
        The classes that the policy declares; what falls into none of them is normal.
    terms : CaseTerms
        The numbers of the kind.

    Returns
    -------
    tuple of Segment
        By rising cost; the last has no end. Nothing is ever paid less than 0.

    Examples
    --------
    A case is low up to, and without, 0.4 of the mean of 10,000 yuan:

    >>> low = CaseClass(name="low", op="<", k="0.4", pay="actual")
    >>> terms = CaseTerms(weight=Fraction(1), base=Fraction(100), mean_fen=Fraction(1_000_000))
    >>> [(segment.upper, segment.case_class) for segment in class_segments([low], terms)]
    [(399999, 'low'), (None, 'normal')]
    """
    normal = next((rule for rule in rules if rule.name == "normal"), None)
    plain = Segment(None, "normal", standard_line(terms))
    if normal is not None:
        plain = _segment_of(normal, Fraction(1), terms)
    bounded = [rule for rule in rules if rule.name != "normal"] if terms.mean_fen else []
    boundaries = [_Boundary(rule, k := boundary_of(rule, terms), _last_below(rule, k, terms)) for rule in bounded]
    ends = sorted({boundary.last_below for boundary in boundaries} - {-1})
    pieces: list[Segment] = []
    for low, high in zip([-1, *ends], [*ends, None], strict=True):
        met = _class_at(low + 1, boundaries)
        segment = plain if met is None else _segment_of(met.rule, met.k, terms)
        pieces += _never_negative(replace(segment, upper=high), low)
    return _merged(pieces)


@dataclass(frozen=True, slots=True)
class _Boundary:
    """Hold the boundary of a class for one group: the ratio k, and the highest cost on its lower side, at least -1."""

    rule: CaseClass
    k: Fraction
    last_below: int


def _last_below(rule: CaseClass, k: Fraction, terms: CaseTerms) -> int:
    assert terms.mean_fen is not None  # noqa: S101
    # The cost k m itself is on the upper side for < (not low any more) and for >= (high already).
    return max(-1, highest_below(k * terms.mean_fen, strict=rule.op in {"<", ">="}))


def _class_at(cost: int, boundaries: Sequence[_Boundary]) -> _Boundary | None:
    """Return the class of a cost: the highest boundary passed, else the lowest one not reached."""
    above = [one for one in boundaries if one.rule.op in {">", ">="} and cost > one.last_below]
    if above:
        return max(above, key=lambda one: one.k)
    below = [one for one in boundaries if one.rule.op in {"<", "<="} and cost <= one.last_below]
    return min(below, key=lambda one: one.k, default=None)


def _segment_of(rule: CaseClass, k: Fraction, terms: CaseTerms) -> Segment:
    pending = rule.pay == "review"
    review = rule.review or pending
    paid_in: PaidIn = "money" if rule.pay == "actual" else "points"
    return Segment(None, rule.name, class_line(rule, k, terms), paid_in, review, pending)


def incomplete_segments(formula: str, terms: CaseTerms) -> tuple[Segment, ...]:
    """Return what incomplete stays of one kind are paid.

    Parameters
    ----------
    formula : {"with_coef", "without_coef"}
        min(B K r, B), or min(B r, B).
    terms : CaseTerms
        The numbers of the kind.

    Examples
    --------
    >>> terms = CaseTerms(weight=Fraction("1.2"), base=Fraction(120), mean_fen=Fraction(800_000))
    >>> [(segment.upper, segment.line.at(400_000)) for segment in incomplete_segments("without_coef", terms)]
    [(800000, Fraction(60, 1)), (None, Fraction(120, 1))]
    """
    rising = ratio_line(terms, terms.factor if formula == "with_coef" else Fraction(1))
    cap = Line(terms.base * terms.supplement)
    if rising.slope == 0:
        return (Segment(None, "incomplete", NOTHING),)
    reached = highest_below(cap.constant / rising.slope, strict=False)
    return (Segment(reached, "incomplete", rising), Segment(None, "incomplete", cap))


def bed_day_segments(bands: Sequence[BedDayBand], per_day: Fraction, *, paid_in: PaidIn) -> tuple[Segment, ...]:
    """Return what stays paid by the day get, over their days.

    Parameters
    ----------
    bands : sequence of BedDayBand
        Part of the tariff by day of stay; days beyond the last band are not paid.
    per_day : Fraction
        Points or yuan a day.
    paid_in : {"points", "money"}
        Which of both.

    Examples
    --------
    80 % of 100 yuan for 30 days, then 60 %:

    >>> bands = [BedDayBand(to=30, pay="0.8"), BedDayBand(pay="0.6")]
    >>> segments = bed_day_segments(bands, Fraction(100), paid_in="money")
    >>> [segment.upper for segment in segments], segments[1].line.at(31)
    ([30, None], Fraction(2460, 1))
    """
    if not bands:
        return (Segment(None, "bed_day", Line(slope=per_day), paid_in),)
    segments, start, paid = [], 0, Fraction(0)
    for band in bands:
        slope = per_day * Fraction(band.pay)
        segments.append(Segment(band.to, "bed_day", Line(paid - slope * start, slope), paid_in))
        if band.to is not None:
            paid, start = paid + slope * (band.to - start), band.to
    if segments[-1].upper is not None:
        segments.append(Segment(None, "bed_day", Line(paid), paid_in))
    return _merged(segments)


def constant_segment(case_class: str, line: Line, *, paid_in: PaidIn = "points") -> tuple[Segment, ...]:
    """Return one segment for every cost."""
    return (Segment(None, case_class, line, paid_in),)


def times(segments: Sequence[Segment], share: Fraction) -> tuple[Segment, ...]:
    """Return segments that pay a share of what they paid."""
    return _merged([replace(segment, line=segment.line.times(share)) for segment in segments])


def _never_negative(segment: Segment, below: int) -> list[Segment]:
    """Cut a segment that begins above `below` where its line is under 0, and pay nothing there."""
    line, first = segment.line, below + 1
    if line.constant >= 0 and line.slope >= 0:
        return [segment]
    at_end = line.slope if segment.upper is None else line.at(segment.upper)
    if line.at(first) >= 0 and at_end >= 0:
        return [segment]
    zero = replace(segment, line=NOTHING)
    if line.slope == 0 or (line.at(first) < 0 and at_end < 0):
        return [zero]
    crossing = -line.constant / line.slope
    if line.slope > 0:
        return [replace(zero, upper=highest_below(crossing, strict=True)), segment]
    return [replace(segment, upper=highest_below(crossing, strict=False)), zero]


def _merged(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    merged: list[Segment] = []
    for segment in segments:
        if merged and replace(merged[-1], upper=segment.upper) == segment:
            merged[-1] = segment
        else:
            merged.append(segment)
    return tuple(merged)
