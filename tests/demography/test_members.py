from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.demography import average_members, dependency_ratio, interpolate_stocks
from actuary.errors import PeriodError
from actuary.periods import Quarter

people = st.floats(1.0, 1.5e9)


@settings(deadline=None)
@given(st.dictionaries(st.integers(2000, 2040), people, max_size=12))
def test_year_ends_stay_and_quarters_lie_between(year_ends):
    stocks = interpolate_stocks(year_ends)
    for year, closing in year_ends.items():
        assert stocks[Quarter(year, 4)] == closing
        if year - 1 in year_ends:
            low, high = sorted((year_ends[year - 1], closing))
            inner = [stocks[Quarter(year, number)] for number in (1, 2, 3)]
            assert all(low * (1 - 1e-12) <= value <= high * (1 + 1e-12) for value in inner)
        else:
            assert Quarter(year, 2) not in stocks


def test_nothing_is_interpolated_across_a_missing_year():
    assert set(interpolate_stocks({2020: 1.0, 2022: 2.0})) == {Quarter(2020, 4), Quarter(2022, 4)}


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan")])
def test_an_impossible_stock_is_refused_by_year(bad):
    with pytest.raises(PeriodError, match=r"stock at the end of 2021.*above zero"):
        interpolate_stocks({2020: 1.0, 2021: bad})


def test_average_members_is_the_mean_of_the_ends():
    assert average_members(np.array([1.0, 2.0]), np.array([3.0, 4.0])).tolist() == [2.0, 3.0]


@pytest.mark.parametrize(
    ("active", "retired", "published", "origin"),
    [
        (274_918_400, 104_575_000, 2.63, "national bulletin 2024"),
        (2_113_000, 1_438_000, 1.47, "Shenyang medical security plan 2021-25"),
        (250_000, 160_000, 1.56, "Anyang government portal 2022-06-28 (prints 1.5:1)"),
        (3_260_000, 1_836_000, 1.78, "city panel 2014"),
    ],
)
def test_published_ratios(active, retired, published, origin):
    assert round(float(dependency_ratio(active, retired)), 2) == published, origin


def test_a_scheme_without_retired_members_has_no_ratio():
    assert np.isnan(dependency_ratio([1.0, np.nan], [0.0, 2.0])).all()
