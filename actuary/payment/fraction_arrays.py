"""Arrays of exact fractions: the arithmetic of the payment formulas on all kinds of cases at once.

Numerators and denominators are whole numbers of any size that are not shortened; nothing is ever rounded. The formulas
of :mod:`actuary.payment.segments` take these arrays in place of single fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FractionArray"]


@dataclass(frozen=True, slots=True, eq=False)
class FractionArray:
    """Hold fractions.

    Parameters
    ----------
    num, den : ndarray of object
        Whole numbers; the denominators are above 0.

    Examples
    --------
    >>> halves = FractionArray.of([Fraction(1, 2), Fraction(3, 2)])
    >>> (1 - halves * Fraction(1, 3)).fractions()
    [Fraction(5, 6), Fraction(1, 2)]
    """

    num: NDArray[Any]
    den: NDArray[Any]

    @classmethod
    def of(cls, numbers: Sequence[Fraction]) -> FractionArray:
        """Return an array of single fractions."""
        num, den = np.empty(len(numbers), object), np.empty(len(numbers), object)
        num[:] = [number.numerator for number in numbers]
        den[:] = [number.denominator for number in numbers]
        return cls(num, den)

    @classmethod
    def spread(cls, value: FractionArray | Fraction | int, count: int) -> FractionArray:
        """Return an array as it is, and a single number as an array of it."""
        if isinstance(value, FractionArray):
            return value
        return cls.of([Fraction(value)] * count)

    def __len__(self) -> int:
        """Return the number of fractions."""
        return len(self.num)

    def __getitem__(self, rows: NDArray[Any]) -> FractionArray:
        """Return some of the fractions."""
        return FractionArray(self.num[rows], self.den[rows])

    def __bool__(self) -> bool:
        """Say whether none of them is 0: a formula may divide by them."""
        return bool((self.num != 0).all())

    def __mul__(self, other: FractionArray | Fraction | int) -> FractionArray:
        """Multiply."""
        num, den = _parts(other)
        return FractionArray(self.num * num, self.den * den)

    def __rmul__(self, other: Fraction | int) -> FractionArray:
        """Multiply."""
        return self * other

    def __truediv__(self, other: FractionArray | Fraction | int) -> FractionArray:
        """Divide by numbers above 0."""
        num, den = _parts(other)
        return FractionArray(self.num * den, self.den * num)

    def __add__(self, other: FractionArray | Fraction | int) -> FractionArray:
        """Add."""
        num, den = _parts(other)
        return FractionArray(self.num * den + num * self.den, self.den * den)

    def __radd__(self, other: Fraction | int) -> FractionArray:
        """Add."""
        return self + other

    def __neg__(self) -> FractionArray:
        """Turn the sign."""
        return FractionArray(-self.num, self.den)

    def __sub__(self, other: FractionArray | Fraction | int) -> FractionArray:
        """Subtract."""
        return self + (-other)

    def __rsub__(self, other: Fraction | int) -> FractionArray:
        """Subtract from a number."""
        return -self + other

    def at_most(self, bound: int) -> FractionArray:
        """Return the fractions, and a whole number in place of those above it."""
        above = self.num > bound * self.den
        return FractionArray(np.where(above, bound, self.num), np.where(above, 1, self.den))

    def highest_below(self, *, strict: bool) -> NDArray[Any]:
        """Return the highest whole number below each fraction, or at most the fraction.

        Parameters
        ----------
        strict : bool
            Whether the fraction itself is outside.
        """
        whole: NDArray[Any] = -(-self.num // self.den) - 1 if strict else self.num // self.den
        return whole

    def fractions(self) -> list[Fraction]:
        """Return the single fractions."""
        return [Fraction(num, den) for num, den in zip(self.num.tolist(), self.den.tolist(), strict=True)]


def _parts(number: FractionArray | Fraction | int) -> tuple[Any, Any]:
    if isinstance(number, FractionArray):
        return number.num, number.den
    return number.numerator, number.denominator
