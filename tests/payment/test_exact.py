"""Exact numbers: rounding modes against the decimal module, cutoffs, sums beyond int64."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuary.payment.exact import (
    as_decimal,
    as_fraction,
    exact_sum,
    fen_to_yuan,
    highest_below,
    in_units,
    round_to,
    yuan_to_fen,
)

MODES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}
decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)


@given(number=decimals, places=st.integers(0, 6), mode=st.sampled_from(sorted(MODES)))
def test_rounding_is_that_of_the_decimal_module(number, places, mode):
    with localcontext() as context:
        context.prec = 60
        expected = number.quantize(Decimal(1).scaleb(-places), rounding=MODES[mode])
    assert round_to(number, places, mode) == Fraction(expected)


@pytest.mark.parametrize("number", [0.5, float("nan"), True])
def test_a_binary_fraction_is_no_exact_number(number):
    with pytest.raises(TypeError, match="give an int, a Decimal or text"):
        as_fraction(number)


@pytest.mark.parametrize("number", [Decimal("NaN"), Decimal("Infinity"), "abc"])
def test_what_is_no_number_is_refused(number):
    with pytest.raises(ValueError, match="not a finite number"):
        as_fraction(number)


@given(bound=st.fractions(min_value=-1000, max_value=10**12), cost=st.integers(-1000, 10**12))
def test_a_cutoff_decides_as_the_ratio_does(bound, cost):
    assert (cost < bound) == (cost <= highest_below(bound, strict=True))
    assert (cost <= bound) == (cost <= highest_below(bound, strict=False))


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=40))
def test_sums_do_not_overflow(numbers):
    assert exact_sum(np.array(numbers, dtype=np.int64)) == sum(numbers)


def test_parts_of_a_fen_are_refused():
    assert yuan_to_fen(fen_to_yuan(123_456)) == 123_456
    with pytest.raises(ValueError, match="parts of a fen"):
        yuan_to_fen("1.005")


@given(st.fractions(max_denominator=10**6))
def test_a_decimal_shown_is_near_and_whole_where_it_ends(number):
    shown = as_decimal(number)
    assert abs(Fraction(shown) - number) <= Fraction(1, 2 * 10**12)
    assert in_units(number, 12) == in_units(shown, 12)
