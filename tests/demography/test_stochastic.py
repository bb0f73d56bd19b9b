"""Drawn paths: their bands are the published ones, and nothing depends on threads or on the number of draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from actuary.demography.calibration import band_error, calibrate_persistence, compare_bands
from actuary.demography.graduation import scale_to_e0
from actuary.demography.population import project_population
from actuary.demography.population_sources import load_population
from actuary.demography.stochastic import draw_population_paths, run_population_paths
from actuary.errors import DeclarationError, TableError
from actuary.paths import models_root
from actuary.policy.population_paths import load_population_paths


@pytest.fixture(scope="module")
def inputs():
    return load_population("national")


@pytest.fixture(scope="module")
def comparison(inputs):
    drawn = run_population_paths(draw_population_paths(inputs, 8000, seed=5))
    return compare_bands(drawn)


def test_bands_of_what_is_drawn_are_the_published_ones(comparison) -> None:
    rows = comparison.set_index("series")["off_pct"].abs()
    for name, limit in (("tfr", 4.0), ("e0_male", 0.5), ("e0_female", 0.5), ("net_migrants", 2.5)):
        assert rows.loc[name].max() < limit, name


def test_bands_of_what_follows_come_close_to_the_published_ones(comparison) -> None:
    assert band_error(comparison) < 3.0
    rows = comparison.set_index(["series", "year"])["off_pct"].abs()
    for name, to_2050, to_2100 in (("population", 1.5, 4.0), ("births", 4.0, 12.0), ("deaths", 4.0, 6.0)):
        years = rows.loc[name]
        assert years.loc[:2050].max() < to_2050, name
        assert years.max() < to_2100, name


@pytest.mark.slow
def test_the_result_is_the_same_for_any_number_of_threads_and_draws(inputs) -> None:
    many = run_population_paths(draw_population_paths(inputs, 600, seed=9), threads=3)
    again = run_population_paths(draw_population_paths(inputs, 600, seed=9), threads=1)
    assert many.identical(again)
    few = draw_population_paths(inputs, 50, seed=9)
    np.testing.assert_array_equal(few.tfr, draw_population_paths(inputs, 600, seed=9).tfr[:50])
    other = draw_population_paths(inputs, 50, seed=10)
    assert not np.array_equal(few.tfr, other.tfr)
    assert few.fingerprint != other.fingerprint


def test_a_path_is_the_projection_of_its_own_rates(inputs) -> None:
    """The kernel that keeps sums only agrees with a projection of everything, path by path."""
    paths = draw_population_paths(inputs, 3, seed=2)
    drawn = run_population_paths(paths)
    for d in range(3):
        mx = np.stack(
            [scale_to_e0(inputs.mx[:, s], paths.e0[d, :, s], sex) for s, sex in enumerate(("male", "female"))], 1
        )
        one = replace(
            inputs,
            mx=mx,
            asfr=paths.pattern * paths.tfr[d][:, None],
            migration=inputs.migration + paths.migration_change[d][:, None, None] * paths.migration_profile,
        )
        projection = project_population(one)
        np.testing.assert_allclose(drawn["population"].sel(draw=d, group="total"), projection.total, rtol=1e-4)
        np.testing.assert_allclose(drawn["births"].sel(draw=d), projection.births.sum("sex"), rtol=1e-4)
        np.testing.assert_allclose(drawn["deaths"].sel(draw=d), projection.deaths.sum(("sex", "age")), rtol=2e-3)


def test_people_of_a_path_roll_forward(inputs) -> None:
    drawn = run_population_paths(draw_population_paths(inputs, 20, seed=3))
    total = drawn["population"].sel(group="total").to_numpy()
    start = np.concatenate([np.full((20, 1), inputs.base.sum()), total[:, :-1]], axis=1)
    flows = (drawn["births"] - drawn["deaths"] + drawn["net_migrants"]).to_numpy()
    np.testing.assert_allclose(start + flows, total, rtol=1e-12)
    parts = drawn["population"].sel(group=["0-14", "15-59", "60+"]).sum("group")
    np.testing.assert_allclose(parts, total, rtol=1e-12)


def test_any_profile_of_sex_and_age_can_be_summed(inputs) -> None:
    paths = draw_population_paths(inputs, 5, seed=3)
    drawn = run_population_paths(paths, weights={"twice": np.full((2, 101), 2.0)})
    total = run_population_paths(paths)["population"].sel(group="total")
    np.testing.assert_allclose(drawn["population"].sel(group="twice"), 2 * total, rtol=1e-12)


def test_correlation_is_what_was_declared(inputs) -> None:
    declared = load_population_paths()
    link = declared.correlation.model_copy(update={"tfr_migration": 0.8})
    paths = draw_population_paths(inputs, 4000, seed=1, declared=declared.model_copy(update={"correlation": link}))
    assert np.corrcoef(paths.tfr[:, 0], paths.migration_change[:, 0])[0, 1] == pytest.approx(0.8, abs=0.05)
    impossible = link.model_copy(update={"tfr_e0": 0.9, "e0_migration": -0.9})
    with pytest.raises(TableError, match="exclude each other"):
        draw_population_paths(inputs, 10, declared=declared.model_copy(update={"correlation": impossible}))


def test_a_declaration_out_of_range_is_named(tmp_path) -> None:
    target = tmp_path / "national" / "model" / "population_paths.toml"
    target.parent.mkdir(parents=True)
    text = (models_root() / "national" / "model" / "population_paths.toml").read_text(encoding="utf-8")
    target.write_text(text.replace("persistence = 0.98", "persistence = 1.2"), encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"tfr\.persistence"):
        load_population_paths(tmp_path)


def test_a_region_has_the_deviations_of_the_nation_per_person(inputs) -> None:
    part = replace(inputs, base=inputs.base / 100, migration=inputs.migration / 100)
    whole = run_population_paths(draw_population_paths(inputs, 40, seed=3))
    small = run_population_paths(draw_population_paths(part, 40, seed=3))
    np.testing.assert_allclose(small["population"] * 100, whole["population"], rtol=1e-9)
    np.testing.assert_allclose(small["tfr"], whole["tfr"], rtol=1e-12)


@pytest.mark.slow
def test_calibration_finds_the_persistence_that_comes_nearest() -> None:
    short = load_population("national", last_year=2060)
    start = load_population_paths()
    far = start.model_copy(update={"tfr": start.tfr.model_copy(update={"persistence": 0.5})})
    best, trials = calibrate_persistence(short, draws=400, candidates=(0.5, 0.98), start=far)
    assert best.tfr.persistence == 0.98
    assert trials["error_pct"].is_monotonic_increasing
    found = trials.iloc[0]
    assert (found["tfr"], found["e0"], found["migration"]) == (
        best.tfr.persistence,
        best.e0.persistence,
        best.migration.persistence,
    )


def test_years_without_published_bounds_are_refused(inputs) -> None:
    with pytest.raises(TableError, match="no bounds of tfr in 2101"):
        draw_population_paths(replace(inputs, years=inputs.years + 1), 10)
