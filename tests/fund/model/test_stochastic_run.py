"""Drawn people and assumptions through the finance model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from actuary.demography.stochastic import draw_population_paths
from actuary.errors import TableError, UnknownNameError
from actuary.fund.model.face import load_model
from actuary.fund.model.run import Run
from actuary.fund.model.stochastic_run import run_stochastic

YEARS = [2025, 2026, 2030, 2035]


@pytest.fixture(scope="module")
def run() -> Run:
    return load_model("national").project(to="2035Q4")


def test_a_draw_with_the_runs_own_people_is_the_run(run: Run) -> None:
    paths = draw_population_paths(run.members["base"].population.inputs, 60, seed=1)
    inputs = paths.inputs
    own = np.broadcast_to(inputs.e0, paths.e0.shape)
    flat = replace(
        paths,
        tfr=np.broadcast_to(inputs.tfr, paths.tfr.shape).copy(),
        e0=own.copy(),
        migration_change=np.zeros_like(paths.migration_change),
        level=(own - paths.e0.min(axis=0)) / _span(paths.e0) * (paths.survival_grid.shape[1] - 1),
    )
    found = run_stochastic(run, 60, paths=flat)
    annual = run.annual().set_index(["scheme", "year"])
    for scheme in ("employee", "resident"):
        for flow in ("income", "expenditure"):
            for year in YEARS:
                values = found.paths[f"year_pooled_{flow}_yuan"].sel(scheme=scheme, year=year).to_numpy()
                # Survival is read from a grid of life expectancies: close, not to the bit.
                assert values == pytest.approx(annual.loc[(scheme, year), f"pooled_{flow}_yuan"], rel=5e-4)


def _span(e0: np.ndarray) -> np.ndarray:
    return np.maximum(e0.max(axis=0) - e0.min(axis=0), 0.1)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_paths_whatever_the_threads(run: Run) -> None:
    one, two = run.stochastic(30, seed=5, threads=1), run.stochastic(30, seed=5, threads=2)
    xr.testing.assert_identical(one.paths, two.paths)
    assert one.fingerprint == two.fingerprint
    other = run.stochastic(30, seed=6)
    assert not np.array_equal(one.paths["payable_months"], other.paths["payable_months"], equal_nan=True)
    more = run.stochastic(40, seed=5)
    first = more.paths["pooled_balance_end_yuan"].isel(draw=slice(30))
    np.testing.assert_allclose(first, one.paths["pooled_balance_end_yuan"], rtol=1e-3)


def test_the_fan_widens_and_probabilities_only_grow(run: Run) -> None:
    many = run.stochastic(200, seed=1)
    fan = many.fan().set_index(["scheme", "year"])
    assert (fan["q2.5"] <= fan["q50"]).all()
    assert (fan["q50"] <= fan["q97.5"]).all()
    width = (fan["q90"] - fan["q10"]).loc["employee"]
    assert width.loc[2035] > width.loc[2026] > 0
    chance = many.probabilities().set_index(["scheme", "year"]).loc["resident"]
    assert chance["deficit_by_now"].is_monotonic_increasing
    assert chance["below_6_by_now"].is_monotonic_increasing
    assert ((chance >= 0) & (chance <= 1)).all().all()
    assert many.summary()["year"].max() == 2035
    assert "<table" in many._repr_html_()


def test_drawn_drivers_act_like_a_scenario(run: Run) -> None:
    years = np.arange(2025, 2036)
    basis = run.model.assumptions
    growth = [basis.value("employee.contribution_base_growth", np.datetime64(f"{y}-01-01").item()) for y in years]
    drawn = xr.Dataset(
        {"employee.contribution_base_growth": (("draw", "year"), np.stack([growth, np.array(growth) + 0.01]))},
        coords={"year": years},
    )
    found = run.stochastic(2, drivers=drawn, people=False).paths["pooled_balance_end_yuan"].sel(scheme="employee")
    scenario = run.model.project(to="2035Q4", scenario="faster_base_growth")
    for draw, reference in ((0, run), (1, scenario)):
        expected = reference.paths["pooled_balance_end_yuan"].isel(scenario=0).sel(scheme="employee", quarter="2035Q4")
        assert float(found.sel(draw=draw, year=2035)) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize(
    ("values", "dims", "name", "message"),
    [
        (np.zeros((2, 3)), ("draw", "year"), "employee.price_growht", "did you mean 'employee.price_growth'"),
        (np.zeros((2, 3)), ("draw", "hospital"), "employee.price_growth", "the dims hospital"),
        (np.full((2, 3), np.nan), ("draw", "year"), "employee.price_growth", "not a number"),
    ],
)
def test_draws_that_break_the_contract_are_refused(
    run: Run, values: np.ndarray, dims: tuple[str, str], name: str, message: str
) -> None:
    draws = xr.Dataset({name: (dims, values)}, coords={dims[1]: [2025, 2026, 2027]})
    with pytest.raises(UnknownNameError, match=message):
        run.stochastic(2, drivers=draws, people=False)


def test_numbers_of_draws_must_agree(run: Run) -> None:
    draws = xr.Dataset({"employee.price_growth": ("draw", np.zeros(3))})
    with pytest.raises(TableError, match="3 draws"):
        run.stochastic(2, drivers=draws, people=False)
