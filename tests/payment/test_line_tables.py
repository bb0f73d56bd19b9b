"""Lines in compiled loops are what fractions say, at the borders of what fits too."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from actuary.kernels.exact import DENOMINATOR_LIMIT, VARIABLE_LIMIT, line_value
from actuary.payment.exact import divide_rounded
from actuary.payment.line_tables import table_of_lines
from actuary.payment.segments import Line

modes = st.sampled_from(["half_up", "half_even"])
denominators = st.one_of(
    st.integers(1, 40),
    st.integers(1, DENOMINATOR_LIMIT - 1),
    st.integers(DENOMINATOR_LIMIT - 50, DENOMINATOR_LIMIT - 1),
)


def compiled_value(line, x, mode):
    table = table_of_lines([line], [x], scale=1, mode=mode)
    assume(not table.unfit[0])
    return int(line_value(table.rows, table.floats, 0, x, mode == "half_even"))


@settings(max_examples=400)
@given(
    constant=st.integers(-(2**61), 2**61),
    slope=st.integers(-(2**70), 2**70),
    denominator=denominators,
    x=st.one_of(st.integers(0, 100), st.integers(0, VARIABLE_LIMIT - 1)),
    mode=modes,
)
def test_a_line_is_rounded_as_fractions_are(constant, slope, denominator, x, mode):
    line = Line(Fraction(constant, denominator), Fraction(slope, denominator))
    value = line.at(x)
    assert compiled_value(line, x, mode) == divide_rounded(value.numerator, value.denominator, mode)


@settings(max_examples=200)
@given(half=st.integers(-(2**40), 2**40), rise=st.integers(1, 10**6), x=st.integers(0, 10**11), mode=modes)
def test_halves_are_hit_exactly(half, rise, x, mode):
    slope = Fraction(2 * rise + 1, 10**9)
    line = Line(Fraction(2 * half + 1, 2) - slope * x, slope)
    value = Fraction(2 * half + 1, 2)
    assert line.at(x) == value
    assert compiled_value(line, x, mode) == divide_rounded(value.numerator, value.denominator, mode)


@pytest.mark.parametrize(
    ("line", "highest"),
    [
        (Line(Fraction(1, DENOMINATOR_LIMIT), Fraction(1, 3)), 1),
        (Line(slope=Fraction(1)), VARIABLE_LIMIT),
        (Line(slope=Fraction(2**30)), 10**12),
    ],
)
def test_what_does_not_fit_is_said(line, highest):
    table = table_of_lines([line], [highest], scale=1, mode="half_up")
    assert table.unfit.tolist() == [True]
    assert not table.rows.any()
