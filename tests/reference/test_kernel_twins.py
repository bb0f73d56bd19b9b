"""Compiled kernels against slow, obvious twins."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.kernels import accrue, compound, roll_forward, trailing_sum

amounts = st.floats(-1e13, 1e13, allow_nan=False)
factors = st.floats(0.5, 2.0)


def slow_compound(opening: float, factor: list[float]) -> list[float]:
    values = []
    for one in factor:
        opening = opening * one
        values.append(opening)
    return values


def slow_roll_forward(opening: float, flows: list[tuple[float, float, float]]) -> list[float]:
    balances = []
    for income, expenditure, adjustment in flows:
        opening = opening + income - expenditure + adjustment
        balances.append(opening)
    return balances


def slow_accrue(opening: float, flows: list[tuple[float, float]]) -> list[float]:
    balances = []
    for interest, net in flows:
        earned = interest * opening if opening > 0 else 0.0
        opening = opening + earned + net
        balances.append(opening)
    return balances


def slow_trailing_sum(values: list[float], window: int) -> list[float]:
    return [
        math.nan if end + 1 < window else float(sum(values[end + 1 - window : end + 1], 0.0))
        for end in range(len(values))
    ]


@settings(deadline=None)
@given(opening=amounts, factor=st.lists(factors, max_size=60))
def test_compound_is_its_twin(opening, factor):
    assert compound(opening, np.array(factor, float)).tolist() == slow_compound(opening, factor)


@settings(deadline=None)
@given(opening=amounts, flows=st.lists(st.tuples(amounts, amounts, amounts), max_size=60))
def test_roll_forward_is_its_twin(opening, flows):
    columns = np.array(flows, float).reshape(-1, 3).T
    assert roll_forward(opening, *np.ascontiguousarray(columns)).tolist() == slow_roll_forward(opening, flows)


@settings(deadline=None)
@given(opening=amounts, flows=st.lists(st.tuples(st.floats(0.0, 0.05), amounts), max_size=60))
def test_accrue_is_its_twin(opening, flows):
    columns = np.ascontiguousarray(np.array(flows, float).reshape(-1, 2).T)
    assert accrue(opening, *columns).tolist() == slow_accrue(opening, flows)


@settings(deadline=None)
@given(values=st.lists(amounts, max_size=40), window=st.integers(1, 8))
def test_trailing_sum_is_its_twin(values, window):
    np.testing.assert_allclose(
        trailing_sum(np.array(values, float), window), slow_trailing_sum(values, window), rtol=1e-12, atol=0.1
    )


@pytest.mark.parametrize("kernel", [compound])
def test_an_opening_of_many_scenarios_broadcasts(kernel):
    together = kernel(np.array([1.0, 2.0]), np.array([1.5, 2.0]))
    assert together.tolist() == [[1.5, 3.0], [3.0, 6.0]]
