"""Triangles: two kinds of rows, and every problem of them at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.errors import PeriodError, TableError
from actuary.forecast.triangles import build_triangle, read_triangle


def vintages(rows: list[tuple[str, str, str, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["state", "service_month", "cutoff_month", "value"])


def test_the_order_of_rows_and_cutoffs_does_not_matter() -> None:
    rows = [("a", "2020-01", "2020-01", 3.0), ("a", "2020-01", "2020-04", 9.0), ("a", "2020-03", "2020-04", 4.0)]
    there, back = build_triangle(vintages(rows)), build_triangle(vintages(rows[::-1]))
    assert there.cutoff_labels == ("2020-01", "2020-04")
    np.testing.assert_array_equal(there.amounts, back.amounts)
    assert np.isnan(there.latest[0, 1])
    assert "not shown at the last cut-off" in there.notes[0]


def test_payments_add_up_to_vintages() -> None:
    rows = {"period": ["2020-01"] * 3 + ["2020-02"], "paid_month": ["2020-01", "2020-02", "2020-02", "2020-02"]}
    triangle = build_triangle(pd.DataFrame(rows | {"amount": [5.0, 4.0, -1.0, 7.0]}))
    assert triangle.amounts[0, 0].tolist() == [5.0, 8.0]
    assert triangle.latest.tolist() == [[8.0, 7.0]]


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.floats(0.5, 100)), min_size=2, max_size=30))
def test_nothing_is_lost_when_payments_are_laid_out(paid: list[tuple[int, int, float]]) -> None:
    rows = [
        (str(2000 + period), str(2000 + period + lag), value)
        for period, lag, value in [(0, 0, 1.0), (0, 1, 1.0), *paid]
    ]
    triangle = build_triangle(pd.DataFrame(rows, columns=["period", "paid_month", "value"]))
    assert np.nansum(triangle.latest) == pytest.approx(sum(row[2] for row in rows))


def test_a_triangle_as_it_stood_earlier_shows_nothing_later() -> None:
    rows = [("a", f"2020-0{m}", f"2020-0{c}", float(c)) for c in (2, 4, 6) for m in range(1, c + 1)]
    earlier = build_triangle(vintages(rows)).at("2020-04")
    assert (earlier.cutoff_labels, earlier.periods[-1]) == (("2020-02", "2020-04"), "2020-04")
    with pytest.raises(PeriodError, match="one of 2020-02, 2020-04"):
        earlier.at("2020-05")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", "2020-01", "2020-02", 1.0)], "one cut-off only .2020-02.*add the same table as it stood earlier"),
        ([("a", "2020-01", "2020-02", 1.0)] * 2, "remove one"),
        ([("a", "2020-03", "2020-02", 1.0), ("a", "2020-01", "2020-01", 1.0)], "row 2: found a cutoff before"),
        ([("a", "2020-01", "2020-02", -1.0), ("a", "2020-01", "2020-03", 1.0)], "known so far of 0 or more"),
        ([("a", "2020-01", "2020Q1", 1.0)], "frequencies M, Q"),
        ([("a", "2020-13", "2020-02", 1.0)], "row 2, period: found '2020-13'"),
        ([("a", "2020-01", "2020-02", "many")], "row 2, value: found 'many'"),
        ([("a", "2020-01", "2020-01", 0.0), ("a", "2020-01", "2020-02", 0.0)], "no amount above 0"),
        ([], "no rows"),
    ],
)
def test_bad_rows_are_refused_with_the_way_to_mend_them(rows: list[tuple[str, str, str, object]], said: str) -> None:
    with pytest.raises(TableError, match=said):
        build_triangle(vintages(rows))


def test_every_problem_of_the_columns_is_named() -> None:
    with pytest.raises(TableError) as caught:
        build_triangle(pd.DataFrame({"month": ["2020-01"], "yuan": [1.0]}))
    assert len(caught.value.problems) == 3


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no such file"):
        read_triangle(tmp_path / "none.csv")
