"""The model against history: what it came to, and the page that says so."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from actuary.errors import PeriodError
from actuary.fund.model.back_test import BackTest, back_test

# Whole reports, kernels of notebooks and cities as their users make them: seconds each.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def nation() -> BackTest:
    return back_test("national", 2014)


@pytest.mark.parametrize(
    ("measure", "year", "method", "error"),
    [
        ("active", 2024, "model", -0.073),
        ("retired", 2024, "model", -0.047),
        ("income", 2019, "model", -0.017),
        ("income", 2024, "model", 0.020),
        ("expenditure", 2024, "model", 0.172),
        ("balance_end", 2024, "model", -0.346),
        ("income", 2024, "growth of three years", 0.710),
        ("expenditure", 2024, "growth of the last year", 0.403),
    ],
)
def test_errors_of_the_nation_are_those_of_the_page(
    nation: BackTest, measure: str, year: int, method: str, error: float
) -> None:
    assert float(nation.errors("employee", measure).loc[year, method]) == pytest.approx(error, abs=5e-3)


def test_the_model_beats_naive_continuations_in_income_and_spending(nation: BackTest) -> None:
    mean = nation.summary().set_index("measure")
    for measure in ("income", "expenditure", "retired"):
        naive = mean.loc[measure, ["growth of the last year", "growth of three years"]].min()
        assert mean.loc[measure, "model"] < naive, measure


def test_naive_continuations_are_plain_growth(nation: BackTest) -> None:
    rows = nation.table.query("measure == 'active' and method == 'growth of the last year' and year == 2016")
    assert float(rows["projected"].iloc[0]) == pytest.approx(210_410_000 * (210_410 / 205_010) ** 2)


def test_nothing_later_than_the_start_is_used(nation: BackTest) -> None:
    short = back_test("national", 2014, end=2016)
    for measure in ("active", "income", "expenditure"):
        for year in (2015, 2016):
            longer = nation.errors("employee", measure).loc[year, "model"]
            assert float(short.errors("employee", measure).loc[year, "model"]) == pytest.approx(float(longer), abs=1e-9)


def test_a_start_without_figures_before_it_is_refused() -> None:
    with pytest.raises(PeriodError, match="no figures of 2013"):
        back_test("city_panel", 2017)
    with pytest.raises(PeriodError, match="2024 to 2024"):
        back_test("national", 2024)


@pytest.mark.slow
def test_the_page_is_that_of_the_code(root: Path) -> None:
    spec = importlib.util.spec_from_file_location("write_model_history", root / "tools" / "write_model_history.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run: python tools/write_model_history.py"
