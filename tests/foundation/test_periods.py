"""Quarters as values, and cumulative figures turned into flows."""

from __future__ import annotations

import datetime as dt
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuary.errors import PeriodError
from actuary.periods import Quarter, difference_cumulative, quarter_flows, quarter_range

quarters = st.builds(Quarter, st.integers(1950, 2150), st.integers(1, 4))


@given(quarters, st.integers(-100, 100))
def test_arithmetic_is_that_of_integers(quarter: Quarter, steps: int) -> None:
    assert (quarter + steps) - quarter == steps
    assert (quarter + steps) + -steps == quarter
    assert ((quarter + steps) > quarter) == (steps > 0)


@given(quarters)
def test_labels_and_days_come_back(quarter: Quarter) -> None:
    assert Quarter.parse(str(quarter)) == quarter
    assert Quarter.of(quarter.first_day) == Quarter.of(quarter.last_day) == quarter
    assert quarter.last_day + dt.timedelta(days=1) == (quarter + 1).first_day


@pytest.mark.parametrize("text", ["2024", "2024Q5", "2024Q0", "24Q1", "2024-13", "Q42024", "", "2024Q4x", "９９９９Q1"])
def test_what_is_no_quarter_says_what_one_looks_like(text: str) -> None:
    with pytest.raises(PeriodError, match="such as 2024Q4"):
        Quarter.parse(text, where="--quarter")


@pytest.mark.parametrize("text", ["2024Q4", "2024q4", " 2024-Q4 "])
def test_usual_spellings_are_read(text: str) -> None:
    assert Quarter.parse(text) == Quarter(2024, 4)


def test_ranges_include_both_ends() -> None:
    assert [str(q) for q in quarter_range(Quarter(2024, 3), Quarter(2025, 1))] == ["2024Q3", "2024Q4", "2025Q1"]
    assert list(quarter_range(Quarter(2024, 3), Quarter(2024, 2))) == []


cumulative_years = st.dictionaries(
    st.tuples(st.integers(2020, 2023), st.integers(1, 12)), st.integers(-(10**6), 10**9), max_size=30
)


@given(cumulative_years)
def test_nothing_is_lost_between_published_months(cumulative: dict[tuple[int, int], int]) -> None:
    flows = difference_cumulative(cumulative)
    for year in {year for year, _ in cumulative}:
        of_year = [flow for flow in flows if flow.year == year]
        assert sum(flow.value for flow in of_year) == cumulative[max(key for key in cumulative if key[0] == year)]
        assert of_year[0].first_month == 1
        assert all(a.last_month + 1 == b.first_month for a, b in itertools.pairwise(of_year))


@given(cumulative_years)
def test_a_quarter_is_known_exactly_when_its_two_ends_are(cumulative: dict[tuple[int, int], int]) -> None:
    known = quarter_flows(cumulative)
    for year in range(2020, 2024):
        for number in range(1, 5):
            ends = (year, 3 * number) in cumulative and (number == 1 or (year, 3 * number - 3) in cumulative)
            assert (Quarter(year, number) in known) == ends
        if all(Quarter(year, number) in known for number in range(1, 5)):
            assert math.isclose(sum(known[Quarter(year, n)] for n in range(1, 5)), cumulative[year, 12], abs_tol=1e-6)


def test_a_month_that_does_not_exist_is_refused() -> None:
    with pytest.raises(PeriodError, match="found month 13; expected a month from 1 to 12"):
        difference_cumulative({(2024, 13): 1.0})
