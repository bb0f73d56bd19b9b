"""The engine against what the United Nations published, within the closeness that their rounding allows."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from actuary.cli import app
from actuary.demography.life_table import life_table
from actuary.demography.population import project_population
from actuary.demography.population_sources import load_outlook, load_population
from actuary.tables import read_table

pytestmark = pytest.mark.reference


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


published = _load("published_populations")


def _run(inputs: object, folder: Path, *options: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    published.write_inputs(inputs, folder / "inputs")
    places = ["--inputs", str(folder / "inputs"), "--out", str(folder / "out")]
    done = CliRunner().invoke(app, ["population", *places, *options])
    assert done.exit_code == 0, done.output
    return pd.read_csv(folder / "out" / "population.csv"), pd.read_csv(folder / "out" / "flows.csv")


def _off_pct(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    return 100.0 * np.abs(found / wanted - 1.0)


@pytest.mark.slow
def test_canada_is_met_to_the_last_digits(reference: Path, tmp_path: Path) -> None:
    inputs, people, births = published.canada(reference)
    written, flows = _run(inputs, tmp_path)
    by_sex = written.pivot_table(index="year", columns=["sex", "age"], values="population")
    np.testing.assert_allclose(by_sex[["male", "female"]].to_numpy().reshape(people.shape), people, rtol=1e-12)
    np.testing.assert_allclose(flows["births"], births, rtol=1e-12)
    projection = project_population(inputs)
    found = np.moveaxis(projection.population.to_numpy(), 2, 0)
    np.testing.assert_allclose(found, people, rtol=1e-12)
    np.testing.assert_allclose(projection.births.sum("sex"), births, rtol=1e-12)
    assert float(abs(projection.residuals()).max()) < 1e-8


def test_survival_of_canada_follows_from_its_death_rates(reference: Path) -> None:
    inputs, _, _ = published.canada(reference)
    for s, sex in enumerate(("male", "female")):
        # The example data have an older separation factor of infants, and only that.
        own = life_table(inputs.mx[:, s], sex)
        ratios = own.Sx
        np.testing.assert_allclose(ratios[:, 2:], inputs.survival[:, s, 2:], rtol=1e-12)


@pytest.mark.parametrize("variant", ["medium", "low", "high"])
def test_china_by_single_year(reference: Path, variant: str, tmp_path: Path) -> None:
    inputs = published.china_single(reference, variant)
    people, flows = _run(inputs, tmp_path)
    projection = project_population(inputs)
    np.testing.assert_allclose(people.groupby("year")["population"].sum(), projection.total, rtol=1e-13)
    off = _off_pct(projection.total.to_numpy(), published.published_total(reference, variant))
    to_2050, to_2100 = {"medium": (0.03, 0.13), "low": (0.03, 0.10), "high": (0.03, 0.71)}[variant]
    assert off[:27].max() <= to_2050
    assert off.max() <= to_2100
    if variant == "medium":
        wanted = published.outlook(reference).loc[2024:]
        assert _off_pct(flows["births"].to_numpy(), wanted["births_k"].to_numpy() * 1000).max() <= 0.50
        assert _off_pct(flows["deaths"].to_numpy(), wanted["deaths_k"].to_numpy() * 1000).max() <= 0.51
        assert list(people.columns) == ["year", "age", "sex", "population"]
        assert list(flows.columns) == ["year", "births", "deaths", "net_migrants"]


# The published closeness is that of migrants at the end; halves at both ends are as close for the total.
@pytest.mark.parametrize(("timing", "people_pct", "sex_pct"), [("end", 0.14, 0.15), ("even", 0.15, 0.16)])
def test_china_by_five_years(reference: Path, tmp_path: Path, timing: str, people_pct: float, sex_pct: float) -> None:
    inputs = replace(published.china_grouped(reference), migration_timing=timing)
    annual = published.outlook(reference)
    people, _ = _run(inputs, tmp_path, "--migration-timing", timing)
    projection = project_population(inputs)
    np.testing.assert_allclose(people.groupby("year")["population"].sum(), projection.total, rtol=1e-13)
    # A mid-year lies between two year-ends; a period from mid-year to mid-year halves the years at both ends.
    mid = np.arange(2030, 2101, 5)
    for column, wanted in (("male", "pop_dec31_male"), ("female", "pop_dec31_female")):
        ends = annual[wanted]
        middle = (ends.loc[mid - 1].to_numpy() + ends.loc[mid].to_numpy()) / 2 * 1000
        assert _off_pct(projection.population.sel(sex=column).sum("age").to_numpy(), middle).max() <= sex_pct
    ends = annual["pop_dec31_male"] + annual["pop_dec31_female"]
    middle = (ends.loc[mid - 1].to_numpy() + ends.loc[mid].to_numpy()) / 2 * 1000
    assert _off_pct(projection.total.to_numpy(), middle).max() <= people_pct

    def of_periods(column: str) -> np.ndarray:
        flow = annual[column]
        inner = [flow.loc[end - 4 : end - 1].sum() for end in mid]
        return (np.array(inner) + (flow.loc[mid - 5].to_numpy() + flow.loc[mid].to_numpy()) / 2) * 1000

    assert _off_pct(projection.births.sum("sex").to_numpy(), of_periods("births_k")).max() <= 1.5
    assert _off_pct(projection.deaths.sum(("sex", "age")).to_numpy(), of_periods("deaths_k")).max() <= 1.03


def test_china_of_the_2019_revision(reference: Path) -> None:
    inputs, people = published.china_2019(reference)
    inputs = replace(inputs, migration_timing="end")
    found = np.moveaxis(project_population(inputs).population.to_numpy(), 2, 0)
    off = _off_pct(found.sum(axis=(1, 2)), people.sum(axis=(1, 2)))
    by_age = _off_pct(found[:, :, :19].sum(axis=1), people[:, :, :19].sum(axis=1)).max(axis=1)
    ends = list(inputs.years + 5)
    assert off[ends.index(2050)] <= 0.06
    assert off[-1] <= 0.28
    assert by_age[ends.index(2050)] <= 0.24
    assert by_age[-1] <= 0.59


def test_life_expectancy_is_the_published_one(reference: Path) -> None:
    single = published.china_single(reference)
    annual = published.outlook(reference)
    wanted = annual.loc[2024:, ["e0M", "e0F"]].to_numpy()
    assert np.abs(single.e0 - wanted).max() < 0.001
    grouped = published.china_grouped(reference).e0
    for s, column in enumerate(("e0M", "e0F")):
        flow = annual[column]
        mean = [(flow[y] / 2 + flow.loc[y + 1 : y + 4].sum() + flow[y + 5] / 2) / 5 for y in range(2025, 2096, 5)]
        # The mean of six annual values is not quite that of a period of five years.
        assert np.abs(grouped[:, s] - mean).max() < 0.006


@pytest.mark.parametrize("variant", ["medium", "low", "high"])
def test_what_is_shipped_stays_close_without_the_derived_rates(reference: Path, variant: str) -> None:
    projection = project_population(load_population("national", variant=variant))
    off = _off_pct(projection.total.to_numpy(), published.published_total(reference, variant))
    assert off[:27].max() <= 0.06
    assert off.max() <= (0.71 if variant == "high" else 0.15)
    if variant == "medium":
        wanted = published.outlook(reference).loc[2024:]
        births = projection.births.sum("sex").to_numpy() / wanted["births_k"].to_numpy() / 1000
        deaths = projection.deaths.sum(("sex", "age")).to_numpy() / wanted["deaths_k"].to_numpy() / 1000
        assert np.abs(births - 1).max() <= 0.005
        assert np.abs(deaths - 1).max() <= 0.0105


def test_our_layout_by_single_age_agrees_with_the_derived_one(reference: Path) -> None:
    own, derived = load_population("national"), published.china_single(reference)
    assert np.abs(own.asfr - derived.asfr).max() < 0.0003
    # The derived rates at ages 1 to 4 have twice the mean of the published group; ours have the mean itself.
    assert np.abs(np.log(own.mx[:, :, 5:100] / derived.mx[:, :, 5:100])).max() < 0.05
    assert np.abs(own.base[:, :60] / derived.base[:, :60] - 1).max() < 0.02
    groups = np.add.reduceat(own.base[:, :100], np.arange(0, 100, 5), axis=1)
    wanted = np.add.reduceat(derived.base[:, :100], np.arange(0, 100, 5), axis=1)
    np.testing.assert_allclose(groups, wanted, rtol=1e-5)


def test_the_shipped_tables_restate_the_published_ones(reference: Path) -> None:
    folder = reference / "demography"
    annual = published.outlook(reference)
    shipped = load_outlook().frame
    for name, column in (("births", "births_k"), ("deaths", "deaths_k"), ("net_migrants", "net_mig_k")):
        np.testing.assert_allclose(shipped.loc[name]["medium"], annual[column] * 1000, atol=0.51)
    for name, column in (("tfr", "tfr"), ("e0_male", "e0M"), ("e0_female", "e0F"), ("srb", "srb")):
        np.testing.assert_array_equal(shipped.loc[name]["medium"], annual[column])
    for bound, suffix in (("low_80", "80l"), ("high_80", "80u"), ("low_95", "95l"), ("high_95", "95u")):
        for name, column, unit in (("tfr", "tfr", 1), ("population", "pop_dec31", 1000), ("births", "births", 1000)):
            found = shipped.loc[name][bound].loc[2024:]
            np.testing.assert_allclose(found, annual[f"{column}_{suffix}"].loc[2024:] * unit, atol=0.51 * (unit > 1))
    rates = pd.read_csv(folder / "china_wpp2024_mx_5x5.csv")
    own = read_table("wpp2024_mortality")
    np.testing.assert_array_equal(own[["male", "female"]], rates[["mx_male", "mx_female"]])
    people = pd.read_csv(folder / "china_wpp2024_pop_5yr_sex_midyear_1950_2025.csv")
    own = read_table("wpp2024_population")
    np.testing.assert_allclose(own[["male", "female"]], people[["male_k", "female_k"]] * 1000, atol=1e-4)
    moved = pd.read_csv(folder / "china_wpp2024_migration_1x1_2023_2100.csv")
    own = read_table("wpp2024_migration")
    np.testing.assert_allclose(own[["male", "female"]], moved[["mig_male_k", "mig_female_k"]] * 1000, atol=1e-4)
    pattern = pd.read_csv(folder / "china_wpp2024_fertility_5x5.csv")
    np.testing.assert_array_equal(read_table("wpp2024_fertility_pattern")["value"], pattern["pasfr_pct"])
