from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.kernels import compound, roll_forward, trailing_sum

whole_yuan = st.integers(-(10**14), 10**14).map(float)


@settings(deadline=None)
@given(opening=whole_yuan, flows=st.lists(st.tuples(whole_yuan, whole_yuan), min_size=1, max_size=20))
def test_whole_yuan_roll_forward_exactly(opening, flows):
    income, expenditure = (np.array(column) for column in zip(*flows, strict=True))
    balance = roll_forward(opening, income, expenditure, np.zeros(len(flows)))
    assert balance[-1] == opening + sum(int(i) - int(e) for i, e in flows)
    opened = np.concatenate([[opening], balance[:-1]])
    assert np.array_equal(balance - opened, income - expenditure)


def test_a_missing_flow_leaves_later_balances_missing():
    balance = roll_forward(1.0, np.array([1.0, np.nan, 1.0]), np.zeros(3), np.zeros(3))
    assert np.isnan(balance).tolist() == [False, True, True]


def test_a_missing_quarter_leaves_four_sums_missing():
    sums = trailing_sum(np.array([1.0, np.nan, 1.0, 1.0, 1.0, 1.0, 1.0]), 4)
    assert np.isnan(sums).tolist() == [True] * 5 + [False] * 2
    assert sums[-1] == 4.0


def test_a_shortfall_is_shown_as_one():
    assert roll_forward(1.0, np.zeros(1), np.array([3.0]), np.zeros(1)).tolist() == [-2.0]


def test_an_empty_period_gives_an_empty_path():
    assert compound(1.0, np.empty(0)).shape == (0,)
