"""Rescale weights or coefficients so that the total weight holds (总权重不变), within bounds, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Rescaled", "rescale_to_total"]


@dataclass(frozen=True, slots=True)
class Rescaled:
    """Hold rescaled values.

    Parameters
    ----------
    scaled : tuple of Fraction
        ``clip(factor x value, lower, upper)``, in the order given.
    factor : Fraction
        The one factor of all values that no bound holds.
    residual : Fraction
        Wanted total less the total reached; not 0 only where the bounds leave no room.
    """

    scaled: tuple[Fraction, ...]
    factor: Fraction
    residual: Fraction


def rescale_to_total(
    values: Sequence[Fraction],
    cases: Sequence[int | Fraction],
    total: Fraction,
    *,
    lower: Sequence[Fraction | None],
    upper: Sequence[Fraction | None],
) -> Rescaled:
    """Find the factor with which the sum of ``cases x clip(factor x value, lower, upper)`` is the wanted total.

    The sum never falls as the factor grows, and is a straight line between the factors at which a value meets one of
    its bounds; walking along those finds the factor exactly.

    Parameters
    ----------
    values : sequence of Fraction
        Values of at least 0.
    cases : sequence of int or Fraction
        What each value is multiplied by in the total, at least 0.
    total : Fraction
        Total that is wanted.
    lower, upper : sequence of Fraction or None
        Bounds of each value; None where there is none. A value whose bounds are equal stays fixed.

    Returns
    -------
    Rescaled
        Values, factor and what could not be reached.

    Examples
    --------
    A frozen group keeps its 2; the two others give way until the total is 6 again:

    >>> two = Fraction(2)
    >>> held = rescale_to_total([two, two, two], [1, 1, 2], Fraction(6), lower=[two, None, None], upper=[None] * 3)
    >>> [str(value) for value in held.scaled], held.residual
    (['2', '4/3', '4/3'], Fraction(0, 1))
    """
    constant, slope = Fraction(0), Fraction(0)
    turns: list[tuple[Fraction, Fraction, Fraction]] = []  # factor, change of the constant, change of the slope
    for value, number, low, high in zip(values, cases, lower, upper, strict=True):
        least = Fraction(0) if low is None else low
        constant += number * least
        if value <= 0 or number == 0 or least == high:
            continue
        turns.append((least / value, -number * least, number * value))
        if high is not None:
            turns.append((high / value, number * high, -number * value))
    turns.sort(key=_place)
    factor = Fraction(0)
    for place, turn_constant, turn_slope in turns:
        if constant + slope * place >= total:
            break
        factor, constant, slope = place, constant + turn_constant, slope + turn_slope
    if slope > 0:
        factor = max(factor, (total - constant) / slope)
    scaled = []
    for value, low, high in zip(values, lower, upper, strict=True):
        new = factor * value
        new = new if low is None else max(new, low)
        scaled.append(new if high is None else min(new, high))
    reached = sum((number * value for number, value in zip(cases, scaled, strict=True)), Fraction(0))
    return Rescaled(tuple(scaled), factor, total - reached)


def _place(turn: tuple[Fraction, Fraction, Fraction]) -> tuple[int, Fraction]:
    """Return what sorts as the fraction does; whole numbers are compared faster than fractions."""
    factor = turn[0]
    return (factor.numerator << 64) // factor.denominator, factor
