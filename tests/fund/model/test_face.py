"""The Python face: what loads, what is missing, what runs say side by side."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import actuary
from actuary.demography.population import project_population
from actuary.demography.population_inputs import PopulationInputs
from actuary.demography.population_sources import load_population
from actuary.errors import DeclarationError, PeriodError, TableError, UnknownNameError
from actuary.fund.model.face import Model, load_model
from actuary.fund.model.run import Run


@pytest.fixture(scope="module")
def model() -> Model:
    return actuary.load_model("national")


@pytest.fixture(scope="module")
def run(model: Model) -> Run:
    return model.project(to="2035Q4", scenarios=["base", "delayed-retirement", "fertility-low"])


def test_the_example_of_the_documentation(model: Model) -> None:
    run = model.project(to="2030Q4", scenario="delayed-retirement")
    assert run.scenarios == ("delayed_retirement",)
    assert len(run.summary())
    assert "延迟退休" in model._repr_html_() or "delayed_retirement" in model._repr_html_()
    assert "<table" in run._repr_html_()
    for name in ("project", "scenarios", "missing", "assumptions"):
        assert name in dir(model)
    for name in ("paths", "annual", "to_frame", "milestones", "compare", "keep_months", "valuation"):
        assert name in dir(run)


def test_numbers_that_make_no_sense_are_named(run: Run) -> None:
    with pytest.raises(TableError, match="draws: found 0; expected 1 or more"):
        run.stochastic(0)
    with pytest.raises(PeriodError):
        run.valuation(30)


def test_scenarios_are_those_that_change_something_here(model: Model) -> None:
    assert {"base", "adverse", "epidemic", "delayed_retirement", "long_term_care"} <= set(model.scenarios)
    assert not {"slower_active_growth", "higher_cost_growth"} & set(model.scenarios)
    with pytest.raises(UnknownNameError) as told:
        model.project(to="2026", scenario="slower_active_growt")
    assert "'slower_active_growth'" not in str(told.value)


def test_scenarios_stand_side_by_side(run: Run) -> None:
    assert set(run.summary()["scenario"]) == set(run.scenarios)
    table = run.differences()
    assert set(table["scenario"]) == {"delayed_retirement", "fertility_low"}
    assert (table["difference"] == table["value"] - table["against_value"]).all()
    ratio = table.query("measure == 'active per retired' and scheme == 'employee' and year == 2032")
    later = ratio[ratio["scenario"] == "delayed_retirement"]["difference"].iloc[0]
    assert later > 0.05
    # Children who are not born have no part in the employee scheme within ten years.
    assert abs(ratio[ratio["scenario"] == "fertility_low"]["difference"].iloc[0]) < 0.01
    maternity = run.projection.spending_frame().query(
        "benefit == 'maternity' and scheme == 'employee' and year == 2034"
    )
    by_scenario = maternity.set_index("scenario")["yuan"]
    assert by_scenario["fertility_low"] < 0.85 * by_scenario["base"]
    assert by_scenario["delayed_retirement"] == pytest.approx(by_scenario["base"], rel=0.05)


def test_several_scenarios_are_each_alone(model: Model, run: Run) -> None:
    alone = model.project(to="2035Q4", scenario="fertility_low")
    table = run.compare(alone, scenario="fertility_low")
    assert (table["difference"].abs() <= 1e-9 * table["this"].abs()).all()


def test_contribution_rate_that_keeps_months(run: Run) -> None:
    found = run.keep_months("employee", months=6, at="2035Q4")
    assert (found["error_months"].abs() < 1e-9).all()


@pytest.mark.parametrize("region", ["shenyang", "anyang", "liuyang", "changsha"])
def test_a_city_with_gaps_loads_and_lists_them(region: str) -> None:
    model = load_model(region)
    missing = model.missing
    assert {"key", "what_zh", "what_en", "how_zh", "how_en"} <= set(missing.columns)
    assert missing["how_zh"].str.len().gt(5).all()
    assert missing["key"].is_unique
    with pytest.raises(DeclarationError) as refused:
        model.project(to="2030Q4")
    for key in missing["key"]:
        assert f"{region}, {key}: found nothing" in str(refused.value)
    assert region in repr(model)
    assert "<table" in model._repr_html_()


def test_members_of_a_city_need_totals_and_people_only() -> None:
    nation = load_population("national", first_year=2024)
    # A place of 9 million with the nation's structure: made up, only to run.
    share = 9e6 / float(nation.base.sum())
    people = PopulationInputs(
        nation.years - 3,
        nation.ages,
        nation.base * share,
        nation.mx,
        nation.asfr,
        nation.srb,
        nation.migration * share,
        region="shenyang",
        synthetic=True,
    )
    model = load_model("shenyang")
    members = model.project_members(to="2030Q4", population=project_population(people))["base"]
    assert members.dependency_ratio("2020Q4") == pytest.approx(1.47, abs=0.01)
    with pytest.raises(DeclarationError, match="shenyang, population: found nothing"):
        model.project_members(to="2030Q4")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda _: load_model("shengyang"), "did you mean 'shenyang'"),
        (lambda model: model.project(scenario="delayed-retirment"), "did you mean 'delayed_retirement'"),
        (lambda model: model.project(scenario="base", scenarios=["base"]), "one of them"),
    ],
)
def test_a_wrong_name_gives_the_nearest(model: Model, call: object, message: str) -> None:
    with pytest.raises(UnknownNameError, match=re.escape(message)):
        call(model)  # type: ignore[operator]


@pytest.mark.parametrize("to", ["2024", "2024Q4", "2150Q4"])
def test_a_horizon_out_of_reach_is_refused(model: Model, to: str) -> None:
    with pytest.raises(PeriodError):
        model.project(to=to)


def test_runs_compare(model: Model, run: Run) -> None:
    other = model.project(to="2030Q4", scenario="cost-surge")
    table = run.compare(other)
    assert list(table.columns) == ["scheme", "year", "measure", "unit", "this", "other", "difference"]
    assert isinstance(table, pd.DataFrame)
    with pytest.raises(UnknownNameError, match="did you mean 'fertility_low'"):
        run.compare(other, scenario="fertility_lo")
