"""Series on one calendar, and everything that can be wrong with their rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from actuary.errors import TableError
from actuary.forecast.panel import build_panel, read_panel


def rows(values, *, name="a", first=2015, freq="Q"):
    count = len(values)
    periods = {
        "Q": [f"{first + i // 4}Q{i % 4 + 1}" for i in range(count)],
        "M": [f"{first + i // 12}-{i % 12 + 1:02d}" for i in range(count)],
        "A": [str(first + i) for i in range(count)],
    }[freq]
    return pd.DataFrame({"series_id": name, "period": periods, "value": values})


def test_a_period_without_a_row_is_a_gap():
    frame = rows([1.0, 2.0, 3.0, 4.0, 5.0]).drop(index=2)
    panel = build_panel(frame)
    assert np.isnan(panel.values[0, 2])
    assert panel.periods == ("2015Q1", "2015Q2", "2015Q3", "2015Q4", "2016Q1")


def test_a_history_ends_with_its_last_row_even_when_that_is_empty():
    panel = build_panel(rows([1.0, 2.0, 3.0, 4.0, None, None]))
    assert panel.span(0) == (0, 4)
    assert panel.ends == (6,)


def test_series_may_begin_and_end_where_they_like():
    panel = build_panel(pd.concat([rows([1.0] * 9), rows([2.0] * 4, name="b", first=2016)], ignore_index=True))
    assert panel.ends == (9, 8)
    assert panel.span(1) == (4, 8)


def test_a_panel_can_be_cut_and_thinned():
    panel = build_panel(pd.concat([rows([1.0] * 9), rows([2.0] * 4, name="b", first=2017)], ignore_index=True))
    assert panel.until(6).series == ("a",)
    assert panel.until(6).ends == (6,)
    assert panel.subset([1]).series == ("b",)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (rows([1.0, 2.0]), "series a: found 2 values; expected at least 3"),
        (rows([None, None, None]), "found 0 values"),
        (pd.concat([rows([1.0] * 4), rows([1.0] * 4, freq="M")]), "mixed: 2015Q1 (4 rows), 2015-01 (4 rows)"),
        (pd.concat([rows([1.0] * 4), rows([1.0] * 1)]), "row 6: found a 2015Q1 a second time"),
        (rows([1.0, "x", 3.0, 4.0]), "row 3, value: found 'x'; expected a finite number"),
        (rows([1.0, float("inf"), 3.0, 4.0]), "a finite number"),
        (rows([1.0] * 4).assign(period=["2015Q1", "Spring", "2015Q3", "2015Q4"]), "row 3, period: found 'SPRING'"),
        (rows([1.0] * 4).assign(period=["2015Q1", "2015-Q1", "2015Q3", "2015Q4"]), "2015Q1 a second time"),
        (rows([1.0] * 4).assign(series_id=["a", "", "a", "a"]), "row 3, series_id: found nothing"),
        (rows([1.0] * 4, freq="M").assign(period=["0019-01", "2019-02", "2019-03", "2019-04"]), "a mistyped year"),
        (rows([1.0] * 4).drop(columns="value"), "no column 'value'"),
        (rows([]), "no row"),
    ],
)
def test_rows_that_cannot_be_laid_out_are_refused_with_the_reason(frame, words):
    with pytest.raises(TableError) as caught:
        build_panel(frame, where="s.csv")
    assert words in str(caught.value)


def test_every_problem_of_the_rows_is_told_at_once():
    frame = rows([1.0, "x", 3.0, 4.0])
    frame = pd.concat([frame, frame.iloc[:1]])
    with pytest.raises(TableError) as caught:
        build_panel(frame)
    assert len(caught.value.problems) == 2


def test_the_row_is_that_of_the_rows_given_not_of_their_labels():
    frame = rows([1.0, 2.0, 3.0, "x"])
    frame.index = [7, 7, 7, 7]
    with pytest.raises(TableError, match="row 5, value"):
        build_panel(frame)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        ("series_id，period，value\na，2019Q1，1\n".encode(), "separated by full-width commas"),
        (b"PK\x03\x04rest", "a spreadsheet"),
        (b"series_id,period,value\n", "a header and no rows"),
        (b"series_id,period,amount\na,2019Q1,1\n", "no column 'value'"),
    ],
)
def test_files_that_cannot_be_read_are_refused_with_the_reason(tmp_path, content, words):
    path = tmp_path / "series.csv"
    path.write_bytes(content)
    with pytest.raises(TableError) as caught:
        read_panel(path)
    assert words in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TableError, match="no such file"):
        read_panel(tmp_path / "absent.csv")


def test_a_file_reads_as_its_rows(tmp_path):
    frame = rows([1.0, None, 3.0, 4.5])
    path = tmp_path / "series.csv"
    frame.to_csv(path, index=False, encoding="utf-8-sig")
    read, built = read_panel(path), build_panel(frame)
    np.testing.assert_array_equal(read.values, built.values)
    assert (read.series, read.freq, read.first, read.ends) == (built.series, built.freq, built.first, built.ends)
