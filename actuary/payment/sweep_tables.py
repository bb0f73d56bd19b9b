"""Tables of lines for the loops of settlement under many settings of one policy, made for all kinds of cases at once.

Settling under one more setting costs little over the cases and much over the kinds of cases, whose segments are exact
fractions. Here the same formulas run over arrays of fractions. What is not a plain kind, such as stays paid by the day
or cases under review, is compiled kind by kind as ever. The lines are the same; so are the payments, to the fen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.settlement import CELL_COLUMNS, FIRST_ROW
from actuary.payment.cells import cell_of
from actuary.payment.compiled import CompiledCells
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_classes import CaseClass
from actuary.payment.fraction_arrays import FractionArray
from actuary.payment.line_tables import aligned_zeros
from actuary.payment.paid_classes import PaidClass
from actuary.payment.pricing import coefficient_of, for_insurance, is_base_group, rate_of
from actuary.payment.segments import (
    ACTUAL_COST,
    NOTHING,
    CaseTerms,
    Line,
    Segment,
    boundary_of,
    class_line,
    standard_line,
)
from actuary.payment.sweep_lines import SettingLines, TooLargeError

__all__ = ["KindTerms", "lines_of_setting", "terms_of_kinds"]

_NO_END: Final = 1 << 62
_PLAIN_CLASSES: Final = frozenset({"low", "normal", "high", "extreme"})


@dataclass(frozen=True, kw_only=True, eq=False)
class KindTerms:
    """Hold the numbers of the kinds of cases that no setting changes.

    Parameters
    ----------
    compiled : CompiledCells
        The kinds under the policy as it is.
    plain, other : int64 arrays
        Kinds that the class rules price, and the others.
    weight, base, supplement, factor, mean_fen : FractionArray
        Numbers of the plain kinds; a mean of 1 where they have none.
    has_mean : bool (plain)
        Whether they have a mean cost.
    over_coefficient : FractionArray
        Factor over the declared coefficient.
    single : tuple of CaseTerms
        The same one by one.
    places : tuple of tuple
        What decides on the coefficient and the price of each plain kind.
    bands : dict
        Band of each plain kind by the bounds of a rule's bands, as they are met.
    """

    compiled: CompiledCells
    plain: NDArray[np.int64]
    other: NDArray[np.int64]
    weight: FractionArray
    base: FractionArray
    supplement: FractionArray
    factor: FractionArray
    mean_fen: FractionArray
    has_mean: NDArray[np.bool_]
    over_coefficient: FractionArray
    single: tuple[CaseTerms, ...]
    places: tuple[tuple[Any, ...], ...]
    bands: dict[tuple[Any, ...], NDArray[np.int64]]


def terms_of_kinds(compiled: CompiledCells) -> KindTerms:
    """Sort the kinds of cases of a settlement for sweeping.

    Parameters
    ----------
    compiled : CompiledCells
        The kinds under the policy as it is.
    """
    policy = compiled.policy
    plain, other, single = [], [], []
    for number, (key, cell) in enumerate(zip(compiled.keys, compiled.cells, strict=True)):
        variant = key.variant
        usual = variant.kind == "regular" and not variant.review and variant.share == 1
        if (
            usual
            and cell.segments
            and cell.terms is not None
            and all(one.case_class in _PLAIN_CLASSES for one in cell.segments)
        ):
            plain.append(number)
            single.append(cell.terms)
        else:
            other.append(number)
    declared = [_coefficient(policy, compiled, number) for number in plain]
    over = [terms.factor / one for terms, one in zip(single, declared, strict=True)]
    return KindTerms(
        compiled=compiled,
        plain=np.array(plain, np.int64),
        other=np.array(other, np.int64),
        weight=FractionArray.of([terms.weight for terms in single]),
        base=FractionArray.of([terms.base for terms in single]),
        supplement=FractionArray.of([terms.supplement for terms in single]),
        factor=FractionArray.of([terms.factor for terms in single]),
        mean_fen=FractionArray.of([terms.mean_fen or Fraction(1) for terms in single]),
        has_mean=np.array([bool(terms.mean_fen) for terms in single], bool),
        over_coefficient=FractionArray.of(over),
        single=tuple(single),
        places=tuple(_place(policy, compiled, number) for number in plain),
        bands={},
    )


def _place(policy: PaymentPolicy, compiled: CompiledCells, number: int) -> tuple[Any, ...]:
    """Return what decides on coefficient and price: whether it is a base group, its group where that matters, place."""
    key, rule = compiled.keys[number], policy.coefficient.base_group
    base = is_base_group(policy, key.group, policy.weight_table.row(key.group, key.tier))
    by_group = policy.coefficient.form.startswith("group") or (base and rule is not None and rule.mechanism == "table")
    return base, key.group if by_group else "", key.tier, key.hospital, key.listed, key.insurance


def _coefficient(policy: PaymentPolicy, compiled: CompiledCells, number: int) -> Fraction:
    key = compiled.keys[number]
    found = coefficient_of(policy, key.group, tier=key.tier, hospital=key.hospital, listed=key.listed)
    if found is None:
        raise TooLargeError
    return found


def lines_of_setting(kinds: KindTerms, policy: PaymentPolicy) -> SettingLines:
    """Return the segments of all kinds of cases under a changed policy.

    Parameters
    ----------
    kinds : KindTerms
        The kinds.
    policy : PaymentPolicy
        The policy with prices, coefficients or classes changed.

    Raises
    ------
    TooLargeError
        When a kind is not priced under the changed policy.
    """
    compiled, count = kinds.compiled, len(kinds.plain)
    terms, has_mean, price = _terms(kinds, policy)
    below = [rule for rule in policy.classes if rule.op in {"<", "<="}]
    above = sorted((rule for rule in policy.classes if rule.op in {">", ">="}), key=lambda rule: rule.name == "extreme")
    normal = next((rule for rule in policy.classes if rule.name == "normal"), None)
    ks = {id(rule): _boundaries(kinds, rule, terms) for rule in (*below, *above)}
    ends = {
        id(rule): _last_below(rule, ks[id(rule)], terms, has_mean, below=rule in below) for rule in (*below, *above)
    }
    order = [*below, normal, *above]
    # Of the rows of a kind each ends where the next begins; a cost above a boundary is above all that lie lower.
    tops = [ends[id(rule)] for rule in below] + [ends[id(rule)] for rule in above]
    if len(below) > 1 or any((tops[i] > tops[i + 1]).any() for i in range(len(below), len(tops) - 1)):
        raise TooLargeError
    if below and above:
        tops[0] = np.minimum(tops[0], tops[1])
    tops.append(np.full(count, _NO_END, np.int64))
    lines = [_line_of(rule, ks.get(id(rule), Fraction(1)) if rule else Fraction(1), terms) for rule in order]
    rows = len(order)
    extra = [(int(number), cell_of(policy, compiled.keys[number])) for number in kinds.other.tolist()]
    negative = _negative(lines, tops, count)
    extra += [(int(kinds.plain[place]), cell_of(policy, compiled.keys[kinds.plain[place]])) for place in negative]
    cells = aligned_zeros(len(compiled.cells), CELL_COLUMNS)
    cells[kinds.plain, FIRST_ROW] = np.arange(count) * rows
    segments: list[tuple[int, Segment, Fraction]] = []
    for number, cell in extra:
        if not cell.segments:
            raise TooLargeError
        cells[number, FIRST_ROW] = count * rows + len(segments)
        segments += [(number, segment, Fraction(cell.price or 0)) for segment in cell.segments]
    constants = [FractionArray.spread(line.constant, count) for line in lines]
    slopes = [FractionArray.spread(line.slope, count) for line in lines]
    money = np.array([rule is not None and rule.pay == "actual" for rule in order], bool)
    prices = [FractionArray.of([Fraction(1)] * count) if paid else price for paid in money]
    own_money = np.array([segment.paid_in == "money" for _, segment, _ in segments], bool)
    names = ["normal" if rule is None else rule.name for rule in order]
    codes = [*(names * count), *(segment.case_class for _, segment, _ in segments)]
    pending = [rule is not None and rule.pay == "review" for rule in order]
    return SettingLines(
        constant=_interleaved(constants, [segment.line.constant for _, segment, _ in segments]),
        slope=_interleaved(slopes, [segment.line.slope for _, segment, _ in segments]),
        price=_interleaved(
            prices, [Fraction(1) if segment.paid_in == "money" else own for _, segment, own in segments]
        ),
        in_money=np.append(np.tile(money, count), own_money),
        pending=np.append(np.tile(pending, count), [segment.pending for _, segment, _ in segments]).astype(bool),
        class_code=np.array([_CLASS_NUMBERS[name] for name in codes], np.int8),
        kind=np.append(np.repeat(kinds.plain, rows), [number for number, _, _ in segments]).astype(np.int64),
        cutoff=np.append(
            np.stack(tops, axis=1).ravel(),
            [_NO_END if segment.upper is None else min(segment.upper, _NO_END) for _, segment, _ in segments],
        ).astype(np.int64),
        cells=cells,
    )


_CLASS_NUMBERS: Final = {one.value: one.number for one in PaidClass}


def _terms(kinds: KindTerms, policy: PaymentPolicy) -> tuple[Any, NDArray[np.bool_], FractionArray]:
    """Return the numbers of the plain kinds under a changed policy: as terms, whether there is a mean, and prices."""
    compiled, before = kinds.compiled, kinds.compiled.policy
    factor = kinds.factor
    if policy.coefficient != before.coefficient:
        known: dict[Any, Fraction] = {}
        found = []
        for number, place in zip(kinds.plain.tolist(), kinds.places, strict=True):
            short = place[:-1]
            if short not in known:
                known[short] = _coefficient(policy, compiled, number)
            found.append(known[short])
        factor = FractionArray.of(found) * kinds.over_coefficient
    price = _prices(kinds, policy)
    mean, has_mean = kinds.mean_fen, kinds.has_mean
    if policy.ratio is not None and policy.ratio.denominator == "standard":
        mean, has_mean = _standards(kinds, policy, factor, price)
    # The formulas take arrays of fractions as they take single ones.
    numbers: dict[str, Any] = {"weight": kinds.weight, "base": kinds.base, "supplement": kinds.supplement}
    return CaseTerms(**numbers, factor=factor, mean_fen=mean), has_mean, price  # type: ignore[arg-type]


def _prices(kinds: KindTerms, policy: PaymentPolicy) -> FractionArray:
    """Return the declared price of each plain kind; 0 where the pool makes it."""
    if policy.price.mode != "fixed":
        return FractionArray.of([Fraction(0)] * len(kinds.plain))
    known, found = dict[Any, Fraction | None](), []
    for number, place in zip(kinds.plain.tolist(), kinds.places, strict=True):
        short = (place[0], place[2], place[-1])
        if short not in known:
            key = kinds.compiled.keys[number]
            known[short] = rate_of(policy, key.group, tier=key.tier, insurance=key.insurance)
        price = known[short]
        if price is None:
            raise TooLargeError
        found.append(price)
    return FractionArray.of(found)


def _standards(
    kinds: KindTerms, policy: PaymentPolicy, factor: FractionArray, price: FractionArray
) -> tuple[FractionArray, NDArray[np.bool_]]:
    """Return the payment standards that ratios are taken to [fen]."""
    if policy.price.mode != "fixed":
        insurances = [kinds.compiled.keys[number].insurance for number in kinds.plain.tolist()]
        announced = {name: for_insurance(policy.price.budget_value, name) for name in dict.fromkeys(insurances)}
        price = FractionArray.of([announced[name] or Fraction(0) for name in insurances])
    standard = kinds.base * factor * kinds.supplement * price * 100
    has_mean: NDArray[np.bool_] = (standard.num != 0).astype(bool)
    return FractionArray(np.where(has_mean, standard.num, 1), np.where(has_mean, standard.den, 1)), has_mean


def _boundaries(kinds: KindTerms, rule: CaseClass, terms: Any) -> FractionArray | Fraction:
    """Return the ratio at which a class begins or ends, of one number or by band."""
    if not rule.cap:
        k: FractionArray | Fraction = Fraction(rule.k or 0)
    else:
        bounds = tuple(band.bound for band in rule.cap)
        if bounds not in kinds.bands:
            counted = [band.model_copy(update={"k": Decimal(place)}) for place, band in enumerate(rule.cap)]
            asking = rule.model_copy(update={"cap": tuple(counted), "k": Decimal(len(counted)), "threshold": "flat"})
            kinds.bands[bounds] = np.array([int(boundary_of(asking, one)) for one in kinds.single], np.int64)
        values = FractionArray.of([*(Fraction(band.k) for band in rule.cap), Fraction(rule.k or 0)])
        k = values[kinds.bands[bounds]]
    return k * terms.factor.at_most(1) if rule.threshold == "lower_of" else k


def _last_below(
    rule: CaseClass, k: FractionArray | Fraction, terms: Any, has_mean: NDArray[np.bool_], *, below: bool
) -> NDArray[np.int64]:
    """Return the highest cost on the lower side of a boundary; one that no cost reaches where there is no mean."""
    highest = (terms.mean_fen * k).highest_below(strict=rule.op in {"<", ">="})
    bounded = np.minimum(np.maximum(highest, -1), _NO_END).astype(np.int64)
    return np.where(has_mean, bounded, -1 if below else _NO_END)


def _line_of(rule: CaseClass | None, k: Any, terms: Any) -> Line:
    if rule is None:
        return standard_line(terms)
    return NOTHING if rule.pay == "review" else class_line(rule, k, terms)


def _negative(lines: Sequence[Line], tops: Sequence[NDArray[np.int64]], count: int) -> list[int]:
    """Return the plain kinds of which a line may fall below 0 within its costs."""
    found = np.zeros(count, bool)
    first = np.zeros(count, np.int64)
    for line, top in zip(lines, tops, strict=True):
        if line is not NOTHING and line is not ACTUAL_COST:
            constant, slope = (FractionArray.spread(part, count) for part in (line.constant, line.slope))
            rows = np.flatnonzero(((constant.num < 0) | (slope.num < 0)) & (first <= top))
            if rows.size:
                some, rise = constant[rows], slope[rows]
                open_end = top[rows] >= _NO_END
                low = (some + rise * _whole(first[rows])).num
                high = np.where(open_end, rise.num, (some + rise * _whole(np.where(open_end, 0, top[rows]))).num)
                found[rows[(low < 0) | (high < 0)]] = True
        first = np.maximum(first, np.where(top >= _NO_END, first, top + 1))
    return np.flatnonzero(found).tolist()


def _whole(numbers: NDArray[np.int64]) -> FractionArray:
    return FractionArray(numbers.astype(object), np.ones(len(numbers), object))


def _interleaved(columns: Sequence[FractionArray], others: Sequence[Fraction]) -> FractionArray:
    """Return the rows of each kind together, and those of other kinds after them."""
    own = FractionArray.of(others)
    num = np.append(np.stack([one.num for one in columns], axis=1).ravel(), own.num)
    den = np.append(np.stack([one.den for one in columns], axis=1).ravel(), own.den)
    return FractionArray(num, den)
