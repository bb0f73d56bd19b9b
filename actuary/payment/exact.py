"""Exact numbers of payment: yuan to fen, fractions of decimals, and the one rounding that a rule declares.

A rate, a weight or a coefficient is a decimal number of any length; money is a whole number of fen. Between them stand
fractions, so that nothing is rounded but where a rule says so.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from actuary.files.numbers import can_be_written_out

__all__ = [
    "FEN_PER_YUAN",
    "MOST_YUAN",
    "Number",
    "RoundingMode",
    "as_decimal",
    "as_fraction",
    "divide_rounded",
    "exact_sum",
    "fen_to_yuan",
    "highest_below",
    "in_units",
    "round_to",
    "yuan_to_fen",
]

type Number = int | str | Decimal | Fraction
type RoundingMode = Literal["half_up", "half_even"]

FEN_PER_YUAN: Final = 100

# Sums of int64 are taken by parts of so many: each part stays within 2**63 for amounts below 2**46.
_PART = 1 << 17
_SAFE = 1 << 46


#: No sum of money of a nation's insurance comes near it [yuan]; sums of fen below it fit into 64 bits.
MOST_YUAN = 10**15


def as_fraction(number: Number) -> Fraction:
    """Turn a decimal number into the fraction that it is.

    Parameters
    ----------
    number : int, str, Decimal or Fraction
        A finite number. Binary fractions (float) are refused: they have lost the number that was written.

    Raises
    ------
    TypeError
        When it is a float or a truth value.
    ValueError
        When it is no finite decimal number.

    Examples
    --------
    >>> as_fraction(Decimal("0.9258")), as_fraction("1/3")
    (Fraction(4629, 5000), Fraction(1, 3))
    """
    if isinstance(number, float | bool):
        raise TypeError(f"{number!r} is a {type(number).__name__}; give an int, a Decimal or text")
    try:
        # Text may also be 1/3, which has no powers.
        written = Decimal(number) if isinstance(number, str) and "/" not in number else number
    except InvalidOperation:
        raise ValueError(f"{number!r} is not a finite number") from None
    if isinstance(written, Decimal) and written.is_finite() and not can_be_written_out(written):
        raise ValueError(f"{str(number)[:40]!r} has too many digits")
    try:
        return Fraction(number)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{number!r} is not a finite number") from error


def divide_rounded(numerator: int, denominator: int, mode: RoundingMode = "half_up") -> int:
    """Divide two whole numbers and round to a whole one.

    Parameters
    ----------
    numerator, denominator : int
        The denominator is positive.
    mode : {"half_up", "half_even"}
        Where a half goes: away from zero, or to the even neighbour.

    Examples
    --------
    >>> divide_rounded(5, 2), divide_rounded(-5, 2), divide_rounded(5, 2, "half_even")
    (3, -3, 2)
    """
    whole, rest = divmod(numerator, denominator)
    if 2 * rest > denominator:
        return whole + 1
    if 2 * rest < denominator:
        return whole
    up = whole % 2 == 1 if mode == "half_even" else whole >= 0
    return whole + 1 if up else whole


def in_units(number: Number, decimals: int, mode: RoundingMode = "half_up") -> int:
    """Round a number once and return it in units of its last decimal.

    Parameters
    ----------
    number : int, str, Decimal or Fraction
        The number.
    decimals : int
        Decimals kept; negative ones round to tens, hundreds …
    mode : {"half_up", "half_even"}
        Where a half goes.

    Examples
    --------
    >>> in_units("736.064399", 4), in_units("0.125", 2, "half_even")
    (7360644, 12)
    """
    fraction = as_fraction(number) * Fraction(10) ** decimals
    return divide_rounded(fraction.numerator, fraction.denominator, mode)


def round_to(number: Number, decimals: int | None, mode: RoundingMode = "half_up") -> Fraction:
    """Round a number once to a count of decimals.

    Parameters
    ----------
    number : int, str, Decimal or Fraction
        The number.
    decimals : int, optional
        Decimals kept; without it the number stays as it is.
    mode : {"half_up", "half_even"}
        Where a half goes.

    Examples
    --------
    >>> round_to("2408.445", 2), round_to("1/3", None)
    (Fraction(48169, 20), Fraction(1, 3))
    """
    if decimals is None:
        return as_fraction(number)
    return in_units(number, decimals, mode) / Fraction(10) ** decimals


def as_decimal(number: Number, *, digits: int = 12) -> Decimal:
    """Write a fraction as a decimal number, for showing.

    Parameters
    ----------
    number : int, str, Decimal or Fraction
        The number.
    digits : int
        Decimals shown of a number that has no end; one that ends is shown whole.

    Examples
    --------
    >>> as_decimal(Fraction(4629, 5000)), as_decimal("1/3", digits=4)
    (Decimal('0.9258'), Decimal('0.3333'))
    """
    fraction = as_fraction(number)
    rest, twos, fives = fraction.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    decimals = max(twos, fives) if rest == 1 else digits
    units = in_units(fraction, decimals)
    sign, figures = int(units < 0), tuple(int(figure) for figure in str(abs(units)))
    return Decimal((sign, figures, -decimals))


def yuan_to_fen(yuan: Number) -> int:
    """Turn yuan into fen, exactly.

    Parameters
    ----------
    yuan : int, str, Decimal or Fraction
        An amount with at most two decimals [yuan].

    Raises
    ------
    ValueError
        When it holds parts of a fen.

    Examples
    --------
    >>> yuan_to_fen("8155.59")
    815559
    """
    fen = as_fraction(yuan) * FEN_PER_YUAN
    if fen.denominator != 1:
        raise ValueError(f"{yuan} yuan holds parts of a fen; an amount has at most two decimals")
    return fen.numerator


def fen_to_yuan(fen: int) -> Decimal:
    """Turn fen into yuan with two decimals.

    Parameters
    ----------
    fen : int
        An amount [fen].

    Examples
    --------
    >>> fen_to_yuan(-464_24)
    Decimal('-464.24')
    """
    return Decimal(int(fen)).scaleb(-2)


def highest_below(bound: Number, *, strict: bool) -> int:
    """Return the highest whole number that is below a bound, or at most the bound.

    A cost in whole fen meets ``C < k m`` exactly when it is at most this number, so a boundary that is hit exactly
    falls on the side its operator says.

    Parameters
    ----------
    bound : int, str, Decimal or Fraction
        The bound.
    strict : bool
        Whether the bound itself is outside.

    Examples
    --------
    >>> highest_below("500.5", strict=True), highest_below(500, strict=True), highest_below(500, strict=False)
    (500, 499, 500)
    """
    fraction = as_fraction(bound)
    if strict:
        return -(-fraction.numerator // fraction.denominator) - 1
    return fraction.numerator // fraction.denominator


def exact_sum(amounts: NDArray[np.int64]) -> int:
    """Add whole numbers without overflow.

    Parameters
    ----------
    amounts : ndarray of int64
        Numbers of any size.

    Examples
    --------
    >>> exact_sum(np.array([2**62, 2**62, 2**62]))
    13835058055282163712
    """
    flat = np.ravel(amounts)
    if flat.size == 0:
        return 0
    if max(int(flat.max()), -int(flat.min())) < _SAFE:
        return sum(int(flat[start : start + _PART].sum()) for start in range(0, flat.size, _PART))
    # Halves of 32 bits, each of which can be added 2**31 times.
    return (int((flat >> 32).sum()) << 32) + int((flat & 0xFFFFFFFF).sum())
