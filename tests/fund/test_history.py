from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.fund.figures import Figure, Figures, complete_figures
from actuary.fund.history import Shapes, build_history
from actuary.fund.seasons import Point, even_course
from actuary.periods import Quarter

PROFILE = (0.25, 0.23, 0.22, 0.3)
PEOPLE = ("active", "retired", "enrolled")
SCHEMES = ("all", "employee", "resident")
SHAPES = Shapes(
    courses={(scheme, flow): even_course(PROFILE) for scheme in SCHEMES for flow in ("income", "expenditure")}
)
yuan = st.integers(10**9, 10**12).map(float)
people = st.integers(10**5, 10**8).map(float)


@st.composite
def published(draw):
    """Make up years of both schemes, some figures missing."""
    rows = {}
    for year in range(2019, 2023):
        for scheme, names in (
            ("employee", ("active", "retired")),
            ("resident", ("enrolled",)),
            ("employee", ("pooled_income", "pooled_expenditure", "pooled_balance_end", "personal_balance_end")),
            ("resident", ("income", "expenditure", "balance_end")),
        ):
            for name in names:
                if draw(st.integers(0, 5)):
                    rows[scheme, name, year] = Figure(draw(people if name in PEOPLE else yuan))
        for flow in ("income", "expenditure"):
            pooled = rows.get(("employee", f"pooled_{flow}", year))
            if pooled is not None and draw(st.booleans()):
                rows["employee", flow, year] = Figure(pooled.value + draw(yuan))
    return Figures(rows)


@settings(deadline=None, max_examples=60)
@given(published())
def test_history_keeps_every_figure_and_every_identity(figures):
    completed, _ = complete_figures(figures)
    grid = build_history(completed, SHAPES, schemes=SCHEMES, last=Quarter(2022, 4))
    for (scheme, indicator, year), figure in completed.rows().items():
        for suffix in ("_yuan", "_persons"):
            series = grid.series.get(f"{indicator}{suffix}")
            if series is None:
                continue
            row, last = grid.schemes.index(scheme), grid.position(Quarter(year, 4))
            if indicator.endswith(("income", "expenditure")):
                total = series[row, last - 3 : last + 1].sum()
                assert np.isnan(total) or total == figure.value, (scheme, indicator, year)
            elif np.isfinite(series[row, last]):
                assert series[row, last] == figure.value, (scheme, indicator, year)
    for fund in ("", "pooled_", "personal_"):
        balance = grid.series[f"{fund}balance_end_yuan"]
        moved = (
            grid.series[f"{fund}income_yuan"]
            - grid.series[f"{fund}expenditure_yuan"]
            + grid.series[f"{fund}adjustment_yuan"]
        )
        left = balance[:, 1:] - balance[:, :-1] - moved[:, 1:]
        assert np.nanmax(np.abs(left), initial=0.0, where=np.isfinite(left)) == 0.0


def test_without_an_opening_balance_the_adjustment_is_a_gap():
    figures = Figures(
        {
            ("resident", "income", 2020): Figure(10e9),
            ("resident", "expenditure", 2020): Figure(9e9),
            ("resident", "balance_end", 2020): Figure(5e9),
        }
    )
    completed, _ = complete_figures(figures)
    grid = build_history(completed, SHAPES, schemes=("resident",), last=Quarter(2020, 4))
    assert np.isnan(grid.series["adjustment_yuan"]).all()
    assert np.isnan(grid.series["balance_end_yuan"][0, :3]).all()
    assert grid.series["balance_end_yuan"][0, 3] == 5e9


def test_without_a_closing_balance_the_year_rolls_on_but_its_end_is_a_gap():
    figures = Figures(
        {
            ("resident", "balance_end", 2019): Figure(5e9),
            ("resident", "income", 2020): Figure(10e9),
            ("resident", "expenditure", 2020): Figure(9e9),
        }
    )
    completed, _ = complete_figures(figures)
    grid = build_history(completed, SHAPES, schemes=("resident",), last=Quarter(2020, 4))
    balance = grid.series["balance_end_yuan"][0]
    assert balance[grid.position(Quarter(2020, 1))] == 5e9 + 2.5e9 - 2.25e9
    assert np.isnan(balance[-1])
    assert grid.status["status_balance"][0, -1] == "gap"


def test_no_figures_give_one_empty_quarter():
    grid = build_history(Figures(), Shapes(), schemes=("employee",), last=Quarter(2024, 4))
    assert [str(quarter) for quarter in grid.quarters] == ["2024Q4"]
    assert np.isnan(grid.series["income_yuan"]).all()


def test_determined_quarters_of_a_year_without_a_total_stand_alone():
    shapes = Shapes(points={("resident", "income"): {2023: {3: Point(7e9), 6: Point(12e9)}}})
    grid = build_history(Figures(), shapes, schemes=("resident",), last=Quarter(2023, 3))
    assert grid.series["income_yuan"][0].tolist()[:2] == [7e9, 5e9]
    assert grid.status["status_income"][0].tolist() == ["published", "published", "gap"]
    # The resident fund is pooled whole.
    assert grid.series["pooled_income_yuan"][0].tolist()[:2] == [7e9, 5e9]


def test_the_gap_of_members_runs_straight_between_year_ends():
    figures = Figures(
        {
            ("employee", name, year): Figure(value)
            for year, values in ((2023, (30e6, 10e6, 40e6)), (2024, (31e6, 11e6, 42.04e6)))
            for name, value in zip(PEOPLE, values, strict=True)
        }
    )
    grid = build_history(complete_figures(figures)[0], SHAPES, schemes=("employee",), last=Quarter(2024, 4))
    series = {name: grid.series[f"{name}_persons"][0, 3:] for name in (*PEOPLE, "unassigned")}
    assert series["unassigned"].tolist() == [0.0, 10e3, 20e3, 30e3, 40e3]
    assert series["enrolled"][-1] == 42.04e6
    assert not (series["active"] + series["retired"] + series["unassigned"] - series["enrolled"]).any()
    assert grid.status["status_unassigned"][0, 3:].tolist() == ["derived", *["interpolated"] * 3, "derived"]


def test_a_total_that_is_not_the_sum_of_its_schemes_keeps_their_course():
    rows = {("employee", "income", 2020): Figure(10e9), ("resident", "income", 2020): Figure(8e9)}
    figures = Figures(rows | {("all", "income", 2020): Figure(18.0001e9)})
    grid = build_history(complete_figures(figures)[0], SHAPES, schemes=SCHEMES, last=Quarter(2020, 4))
    together = grid.series["income_yuan"][0]
    assert together.sum() == 18.0001e9
    np.testing.assert_allclose(together / together.sum(), PROFILE, rtol=1e-9)
    assert set(grid.status["status_income"][0]) == {"apportioned"}
