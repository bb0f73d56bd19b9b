"""Cells that are left blank cannot be worked out: attacked by linear programming."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from actuary.errors import TableError
from actuary.tables.cell_intervals import feasible_intervals
from actuary.tables.publication import suppress_small_cells, suppress_small_subjects
from actuary.tables.publication_columns import TOTAL
from actuary.tables.small_cells import BlankCells, protect_counts, protect_list

K, WIDTH = 11, 3

_COUNTS = st.one_of(st.just(0), st.integers(1, 14), st.integers(1, 400))


def _whole(counts: np.ndarray) -> np.ndarray:
    rows = np.c_[counts, counts.sum(axis=1)]
    return np.r_[rows, rows.sum(axis=0)[None]]


def _attacked(counts: np.ndarray, blank: BlankCells) -> None:
    whole, mask = _whole(counts), blank.whole
    small = (whole > 0) & (whole < K)
    assert not (small & ~mask).any()
    assert not (mask & (whole == 0)).any()
    least, greatest = feasible_intervals(counts, blank)
    assert (least <= whole).all()
    bounded = greatest >= 0
    assert (whole[bounded] <= greatest[bounded]).all()
    assert (greatest - least)[small & bounded].min(initial=WIDTH) >= WIDTH
    # What the blank cells of a line hold together follows from its total, and so does their money.
    for table, hidden in ((whole, mask), (whole.T, mask.T)):
        held = (table * hidden)[:, :-1].sum(axis=1)[~hidden[:, -1]]
        assert ((held == 0) | (held >= K)).all()
    if not small.any():
        assert not mask.any()


@settings(max_examples=15)
@given(hnp.arrays(np.int64, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=5), elements=_COUNTS))
def test_no_cell_can_be_worked_out_from_the_totals(counts: np.ndarray) -> None:
    _attacked(counts, protect_counts(counts, least_cases=K, least_width=WIDTH))


def _brute_force(counts: np.ndarray, blank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return least and greatest of the blank cells of a small table, by trying every number."""
    places = np.argwhere(blank)
    grids = np.meshgrid(*[np.arange(1, counts.sum(axis=1)[i] + 1) for i, _ in places], indexing="ij")
    tried = np.stack([grid.ravel() for grid in grids])
    fits = np.ones(tried.shape[1], bool)
    for axis, length in enumerate(counts.shape):
        for line in range(length):
            of_line = places[:, axis] == line
            fits &= tried[of_line].sum(axis=0) == np.take(counts * blank, line, axis=axis).sum()
    return tried[:, fits].min(axis=1), tried[:, fits].max(axis=1)


def test_the_attack_is_the_one_that_tries_everything() -> None:
    rng = np.random.default_rng(7)
    for _ in range(10):
        counts = rng.integers(1, 5, (2, 3))
        mask = rng.random((2, 3)) < 0.7
        if not mask.any():
            continue
        blank = BlankCells(mask, np.zeros(2, bool), np.zeros(3, bool), False)
        least, greatest = feasible_intervals(counts, blank)
        low, high = _brute_force(counts, mask)
        assert least[:-1, :-1][mask].tolist() == low.tolist()
        assert greatest[:-1, :-1][mask].tolist() == high.tolist()


@settings(max_examples=40)
@given(hnp.arrays(np.int64, st.integers(1, 8), elements=_COUNTS))
def test_no_cell_of_a_list_can_be_worked_out(counts: np.ndarray) -> None:
    blank, total = protect_list(counts, least_cases=K, least_width=WIDTH)
    small = (counts > 0) & (counts < K)
    assert not (small & ~blank).any()
    if small.any() and not total:
        assert blank.sum() >= 2
        assert counts[blank].sum() - blank.sum() >= WIDTH
        assert counts[blank].sum() >= K
    if not small.any() and not 0 < counts.sum() < K:
        assert not blank.any()


def test_few_cells_are_lost() -> None:
    counts = np.array([[3, 40, 50], [60, 30, 20], [70, 80, 90]])
    blank = protect_counts(counts, least_cases=K, least_width=WIDTH)
    assert blank.whole.sum() == 4
    assert not blank.rows.any()
    # Without anything beside it the totals must go too.
    lonely = protect_counts(np.array([[4, 0], [0, 50]]), least_cases=K, least_width=WIDTH)
    assert lonely.rows[0]
    assert lonely.columns[0]


def _cells() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = [(h, g, int(n)) for h in "ABCD" for g in "WXYZ" if (n := rng.poisson(rng.choice([4, 30, 90])))]
    frame = pd.DataFrame(rows, columns=["hospital", "group", "cases"])
    return frame.assign(mean_yuan=[f"{1000 + at:,.2f}" for at in range(len(frame))], label="词", synthetic=True)


def test_a_table_is_published_with_its_figures_blank_too() -> None:
    cells = _cells()
    shown = suppress_small_cells(cells, by=["hospital", "group"], totals=True)
    body = shown.iloc[: len(cells)]
    assert (cells["cases"] < K).any()
    assert body.loc[(cells["cases"] < K).to_numpy(), "suppressed"].all()
    for name in ("cases", "mean_yuan"):
        assert (body[name].isna() == body["suppressed"]).all()
    assert (body["label"] == "词").all()
    assert body["synthetic"].all()
    totals = shown.iloc[len(cells) :]
    grand = totals[(totals["hospital"] == TOTAL) & (totals["group"] == TOTAL)]
    assert grand["cases"].tolist() == [cells["cases"].sum()]
    keys = {"index": "hospital", "columns": "group", "fill_value": 0}
    table = cells.pivot_table(values="cases", **keys).to_numpy(dtype=np.int64)
    mask = body.assign(blank=body["suppressed"].astype(int)).pivot_table(values="blank", **keys).to_numpy(dtype=bool)
    rows = totals[(totals["group"] == TOTAL) & (totals["hospital"] != TOTAL)]["suppressed"].to_numpy(dtype=bool)
    columns = totals[(totals["hospital"] == TOTAL) & (totals["group"] != TOTAL)]["suppressed"].to_numpy(dtype=bool)
    _attacked(table, BlankCells(mask, rows, columns, bool(grand["suppressed"].iloc[0])))


def test_a_list_is_published_and_wrong_tables_are_told() -> None:
    frame = pd.DataFrame({"hospital": ["A", "B", "C"], "cases": [5, 20, 30], "share": [0.1, 0.4, 0.5]})
    shown = suppress_small_cells(frame, by=["hospital"])
    assert shown["suppressed"].tolist() == [True, True, False]
    assert shown["share"].isna().tolist() == [True, True, False]
    for wrong, by, said in (
        (frame, ["hospitl"], "did you mean 'hospital'"),
        (frame.assign(cases=[1, -2, 3]), ["hospital"], "row 3: found no count"),
        (frame.assign(cases=["x", 2.5, 3]), ["hospital"], "row 2, 3: found no count"),
        (frame.assign(hospital="A"), ["hospital"], "2 rows of a cell that is there already"),
        (frame, ["hospital", "share", "cases"], "one or two columns"),
    ):
        with pytest.raises(TableError, match=said):
            suppress_small_cells(wrong, by=by)


@settings(max_examples=20)
@given(hnp.arrays(np.int64, st.tuples(st.integers(1, 6), st.just(3)), elements=_COUNTS))
def test_figures_of_few_cases_are_blank_and_so_is_who_hides_them(counts: np.ndarray) -> None:
    rows = [(f"H{h}", f"figure {f}", int(n), 1.5 * n) for h, line in enumerate(counts) for f, n in enumerate(line)]
    shown = suppress_small_subjects(pd.DataFrame(rows, columns=["subject", "indicator", "cases", "value"]))
    blank = shown["suppressed"].to_numpy(dtype=bool).reshape(counts.shape)
    assert blank[(counts > 0) & (counts < K)].all()
    assert not blank[counts == 0].any()
    assert shown["value"].isna().to_numpy().reshape(counts.shape)[blank].all()
    for column, hidden in zip(counts.T, blank.T, strict=True):
        # Whatever is blank in a figure cannot be worked out of the figure of all, unless nobody else has any case.
        if hidden.any() and not hidden[column > 0].all():
            assert hidden.sum() >= 2


def test_figures_with_words_among_them_are_blank_too_and_totals_are_no_cells() -> None:
    table = {"hospital": ["A", "B", "C", "D"], "cases": [3, 40, 60, 2], "note": ["x1", "y", "", "z"]}
    figures = {
        "mean_cost": ["1200.5", "n/a", "800", "70"],
        "told": ["n/a", "", "５e3", "￥900"],
        "share": ["12%", "-", "", "1%"],
    }
    shown = suppress_small_cells(pd.DataFrame({**table, **figures}), by=["hospital"])
    # Five cases would follow from the total of all, and their costs from the total of costs: a third row is blank.
    assert shown["suppressed"].tolist() == [True, True, False, True]
    assert shown.loc[shown["suppressed"], list(figures)].isna().to_numpy().all()
    assert shown["mean_cost"].tolist()[2] == "800"
    assert shown["note"].tolist() == table["note"]
    for total in ("合计", " Total"):
        with pytest.raises(TableError, match="no totals among them"):
            suppress_small_cells(pd.DataFrame({"hospital": ["A", total], "cases": [3, 3]}), by=["hospital"])
