from __future__ import annotations

import math
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.fund.seasons import Point, apportion_year, even_course, seasonal_profile
from actuary.periods import Quarter

yuan = st.integers(10**6, 4 * 10**12).map(float)
weights = st.tuples(*[st.floats(0.05, 1.0)] * 4)


def shares(parts: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(part / sum(parts) for part in parts)


@settings(deadline=None)
@given(total=yuan, parts=weights, known=st.sets(st.integers(1, 11)), revision=st.floats(0.98, 1.02))
def test_four_quarters_add_up_and_meet_every_published_month(total, parts, known, revision):
    months = even_course(shares(parts))
    points = {month: Point(float(round(total * revision * sum(months[:month])))) for month in known}
    year = apportion_year(total, points, course=even_course((0.27, 0.22, 0.21, 0.30)))
    assert sum(year.quarters) == total
    assert all(value.is_integer() for value in year.quarters)
    upto = list(accumulate(year.quarters, initial=0.0))
    for month, point in points.items():
        low, high = sorted((upto[month // 3], upto[-(-month // 3)]))
        assert low - 1 <= point.value <= high + 1 or month > 9
    ends = {0, 12, *known}
    determined = {n for n in range(1, 5) if {3 * n - 3, 3 * n} <= ends}
    assert {n for n, s in enumerate(year.status, 1) if s != "apportioned"} == determined


def test_published_quarters_stand_and_the_last_takes_the_revision():
    points = {3: Point(250.0), 6: Point(500.0), 9: Point(700.0), 12: Point(1000.0)}
    year = apportion_year(1010.0, points, course=None)
    assert year.quarters == (250.0, 250.0, 200.0, 310.0)
    assert year.status == ("published", "published", "published", "derived")
    assert apportion_year(1000.0, points, course=None).status == ("published",) * 4


def test_a_calculated_figure_makes_the_quarter_derived():
    year = apportion_year(1000.0, {3: Point(260.0), 6: Point(500.0, derived=True)}, course=even_course((0.25,) * 4))
    assert year.status == ("published", "derived", "apportioned", "apportioned")


def test_a_figure_inside_a_quarter_bounds_it():
    year = apportion_year(1200.0, {5: Point(600.0)}, course=even_course((0.25,) * 4))
    assert year.quarters == (360.0, 326.0, 257.0, 257.0)


def test_without_a_course_the_rest_is_a_gap():
    year = apportion_year(1000.0, {3: Point(260.0)}, course=None)
    assert year.quarters[0] == 260.0
    assert all(math.isnan(value) for value in year.quarters[1:3])
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
