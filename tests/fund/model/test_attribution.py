"""Causes add up: between runs, between quarters, and the ranges of single assumptions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.errors import DeclarationError, PeriodError, UnknownNameError
from actuary.fund.model.attribution import RUN_CAUSES, attribute_quarters, attribute_runs
from actuary.fund.model.face import Model, load_model
from actuary.fund.model.run import Run
from actuary.fund.model.sensitivity import Range, load_ranges, run_sensitivity

LAST = "2032Q4"


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("national")


@pytest.fixture(scope="module")
def runs(model: Model) -> Run:
    names = ["base", "epidemic", "wage_stagnation", "fast_ageing", "equal_retirement_age", "cost_surge", "favourable"]
    return model.project(to=LAST, scenarios=names)


@pytest.mark.slow
@settings(max_examples=6)
@given(
    pair=st.tuples(
        *[st.sampled_from(["base", "epidemic", "wage_stagnation", "fast_ageing", "equal_retirement_age"])] * 2
    ),
    at=st.sampled_from(["2025Q1", "2026Q3", "2030Q4", LAST]),
)
def test_causes_close_exactly_between_any_two_scenarios(runs: Run, pair: tuple[str, str], at: str) -> None:
    table = attribute_runs(runs, runs, at=at, scenario=pair[0], other_scenario=pair[1])
    for (scheme, measure), rows in table.groupby(["scheme", "measure"]):
        assert list(rows["cause"]) == list(RUN_CAUSES)
        whole = rows["after"].iloc[0] - rows["before"].iloc[0]
        scale = abs(rows["before"].iloc[0]) + rows["change"].abs().sum() + 1e-9
        assert abs(rows["change"].sum() - whole) <= 1e-12 * scale, (scheme, measure)
        assert abs(rows["residual"].iloc[0]) <= 1e-12 * scale
    balance = table[table["measure"] == "pool balance"].drop_duplicates("scheme").set_index("scheme")
    for name, column in zip(pair, ("before", "after"), strict=True):
        for scheme in ("employee", "resident"):
            path = runs.paths["pooled_balance_end_yuan"].sel(scenario=name, scheme=scheme, quarter=at)
            assert balance.loc[scheme, column] == pytest.approx(float(path), rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "causes"),
    [
        ("equal_retirement_age", {"membership rules"}),
        ("fast_ageing", {"population"}),
        ("wage_stagnation", {"wage", "rates"}),
        ("cost_surge", {"use", "technology"}),
        ("epidemic", {"population", "rates", "use"}),
    ],
)
def test_each_scenario_acts_through_its_own_causes(runs: Run, scenario: str, causes: set[str]) -> None:
    table = attribute_runs(runs, runs, other_scenario=scenario)
    rows = table[table["measure"] == "pool balance"]
    assert set(rows[rows["change"].abs() > 1.0]["cause"]) == causes


def test_two_quarters_close_by_source_and_benefit(runs: Run) -> None:
    table = attribute_quarters(runs, "2026Q2", "2031Q1")
    for _, rows in table.groupby("scheme"):
        whole = rows["closing_yuan"].iloc[0] - rows["opening_yuan"].iloc[0]
        assert rows["yuan"].sum() == pytest.approx(whole, abs=1.0)
        assert rows["residual_yuan"].abs().max() < 1.0


def test_pairs_that_cannot_be_compared_are_refused(runs: Run) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'epidemic'"):
        attribute_runs(runs, runs, other_scenario="epidemics")
    with pytest.raises(PeriodError, match="a quarter from 2025Q1"):
        attribute_runs(runs, runs, at="2050Q4")
    with pytest.raises(PeriodError, match="two quarters"):
        attribute_quarters(runs, "2030Q4", "2026Q4")


def test_the_tornado_moves_one_assumption_at_a_time(model: Model) -> None:
    chosen = [one for one in load_ranges("national") if one.key in ("employee.price_growth", "resident.subsidy_growth")]
    found = run_sensitivity(model, at="2030Q4", ranges=chosen)
    employee = found.tornado("employee").set_index("key")
    assert employee.index[0] == "employee.price_growth"
    assert employee.loc["employee.price_growth", "low"] > 0 > employee.loc["employee.price_growth", "high"]
    assert employee.loc["resident.subsidy_growth", "width"] == 0
    assert found.tornado("resident").set_index("key").loc["resident.subsidy_growth", "high"] > 0
    assert "<table" in found._repr_html_()
    with pytest.raises(UnknownNameError, match="did you mean 'employee'"):
        found.tornado("employe")


def test_a_range_out_of_bounds_is_refused(model: Model) -> None:
    wide = Range.model_validate(
        {
            "key": "employee.collection_rate",
            "operation": "add",
            "low": -0.1,
            "high": 0.5,
            "from": "2026-01-01",
            "source": "judgement",
            "reason": "试",
            "reason_en": "try",
        }
    )
    with pytest.raises(DeclarationError, match=r"employee.collection_rate"):
        run_sensitivity(model, ranges=[wide])


def test_stress_tests_are_named(model: Model) -> None:
    assert {"epidemic", "wage_stagnation", "cost_surge", "fast_ageing"} <= set(model.stress_tests)
