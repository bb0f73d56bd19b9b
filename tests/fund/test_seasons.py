from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.fund.seasons import apportion_year, seasonal_profile
from actuary.periods import Quarter

yuan = st.integers(10**6, 4 * 10**12).map(float)
weights = st.tuples(*[st.floats(0.05, 1.0)] * 4)


def shares(parts: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(part / sum(parts) for part in parts)


@settings(deadline=None)
@given(total=yuan, parts=weights, known=st.sets(st.integers(1, 4)), revision=st.floats(0.98, 1.02), flash=st.booleans())
def test_four_quarters_always_add_up_exactly(total, parts, known, revision, flash):
    provisional = round(total * revision)
    published = {number: float(round(provisional * shares(parts)[number - 1])) for number in known}
    year = apportion_year(
        total, published, provisional_total=float(provisional) if flash else None, profile=(0.27, 0.22, 0.21, 0.30)
    )
    assert sum(year.quarters) == total
    assert all(value.is_integer() for value in year.quarters)
    assert {n for n, s in enumerate(year.status, 1) if s == "apportioned"} == set(range(1, 5)) - known


def test_determined_quarters_keep_their_published_amount_where_the_revision_is_unknown():
    year = apportion_year(1000.0, {1: 260.0, 2: 240.0}, provisional_total=None, profile=(0.3, 0.2, 0.2, 0.3))
    assert year.quarters == (260.0, 240.0, 200.0, 300.0)
    assert year.status == ("published", "published", "apportioned", "apportioned")


def test_a_revision_moves_determined_quarters_in_proportion():
    year = apportion_year(1010.0, {1: 250.0, 2: 250.0, 3: 200.0, 4: 300.0}, provisional_total=None, profile=None)
    assert year.quarters == (252.0, 252.0, 202.0, 304.0)
    assert set(year.status) == {"derived"}


def test_without_a_profile_the_rest_is_a_gap():
    year = apportion_year(1000.0, {1: 260.0}, provisional_total=None, profile=None)
    assert year.quarters[0] == 260.0
    assert all(math.isnan(value) for value in year.quarters[1:])
    assert year.status == ("published", "gap", "gap", "gap")


def test_the_profile_is_the_mean_of_complete_years():
    flows = {Quarter(2021, n): f for n, f in enumerate([40.0, 20.0, 20.0, 20.0], 1)}
    flows |= {Quarter(2022, n): f for n, f in enumerate([200.0, 200.0, 200.0, 400.0], 1)}
    flows |= {Quarter(2023, 1): 7.0}
    profile, years = seasonal_profile(flows)
    assert years == (2021, 2022)
    assert profile == pytest.approx((0.3, 0.2, 0.2, 0.3))


def test_no_complete_year_gives_no_profile():
    assert seasonal_profile({Quarter(2023, 1): 1.0}) == (None, ())
