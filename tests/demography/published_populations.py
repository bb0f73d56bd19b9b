"""Read the published projections that the engine is compared with, from the reference folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from actuary.demography.population import PopulationInputs

SEXES = ("male", "female")


def _cube(frame: pd.DataFrame, column: str, *, rows: str = "year", age: str = "age") -> np.ndarray:
    return frame.pivot_table(index=rows, columns=age, values=column).to_numpy()


def canada(reference: Path) -> tuple[PopulationInputs, np.ndarray, np.ndarray]:
    """Return the inputs of the engine test, its expected people (T, 2, A) and births (T,)."""
    folder = reference / "demography"
    given = pd.read_parquet(folder / "engine_test_canada_inputs_1x1.parquet")
    people = pd.read_parquet(folder / "engine_test_canada_expected_pop_1x1.parquet")
    births = pd.read_csv(folder / "engine_test_canada_srb_births.csv")

    def both(frame: pd.DataFrame, column: str) -> np.ndarray:
        return np.stack([_cube(frame[frame["sex"] == sex], column) for sex in SEXES], axis=1)

    expected = both(people, "pop")
    inputs = PopulationInputs(
        years=np.arange(1950, 2020),
        ages=np.arange(101),
        base=expected[0],
        mx=both(given, "mx"),
        asfr=both(given, "asfr")[:, 1],
        srb=births["srb"].to_numpy(),
        migration=both(given, "net_mig"),
        survival=both(given, "sx"),
    )
    return inputs, expected[1:], births["births_both"].to_numpy()


def outlook(reference: Path) -> pd.DataFrame:
    """Return the published annual figures of China by year."""
    return pd.read_csv(reference / "demography" / "china_wpp2024_indicators_annual_1950_2100.csv").set_index("year")


def china_single(reference: Path, variant: str = "medium") -> PopulationInputs:
    """Return China from 1 January 2024 by single year, with the derived rates of the reference folder."""
    folder = reference / "demography"
    rates = pd.read_parquet(folder / "china_derived_rates_1x1_2024_2100.parquet")
    base = pd.read_csv(folder / "china_derived_base_pop_1yr_2024jan1.csv")
    moved = pd.read_csv(folder / "china_wpp2024_migration_1x1_2023_2100.csv").query("year >= 2024")
    published = outlook(reference).loc[2024:]
    asfr = _cube(rates, "asfr")
    if variant != "medium":
        asfr = asfr * (published[f"tfr_{variant}"] / published["tfr"]).to_numpy()[:, None]
    return PopulationInputs(
        years=np.arange(2024, 2101),
        ages=np.arange(101),
        base=np.stack([base[f"{sex}_k"] for sex in SEXES]) * 1000,
        mx=np.stack([_cube(rates, f"mx_{sex}") for sex in SEXES], axis=1),
        asfr=asfr,
        srb=published["srb"].to_numpy(),
        migration=np.stack([_cube(moved, f"mig_{sex}_k") for sex in SEXES], axis=1) * 1000,
    )


def published_total(reference: Path, variant: str = "medium") -> np.ndarray:
    """Return the published people of China on 31 December 2024 to 2100 [persons]."""
    published = outlook(reference).loc[2024:]
    if variant == "medium":
        return (published["pop_dec31_male"] + published["pop_dec31_female"]).to_numpy() * 1000
    return published[f"pop_dec31_{variant}"].to_numpy() * 1000


def china_grouped(reference: Path) -> PopulationInputs:
    """Return China from mid-2025 by five-year groups."""
    folder = reference / "demography"
    people = pd.read_csv(folder / "china_wpp2024_pop_5yr_sex_midyear_1950_2025.csv").query("year == 2025")
    mx = pd.read_csv(folder / "china_wpp2024_mx_5x5.csv").query("period >= '2025'")
    births = pd.read_csv(folder / "china_wpp2024_fertility_5x5.csv").query("period >= '2025'")
    moved = pd.read_csv(folder / "china_wpp2024_migration_5x5_2020_2100.csv").query("period >= '2025'")
    moved = moved.assign(age=moved["age_group"].str.extract(r"(\d+)")[0].astype(int))
    return PopulationInputs(
        years=np.arange(2025, 2100, 5),
        ages=np.arange(0, 101, 5),
        base=np.stack([people[f"{sex}_k"] for sex in SEXES]) * 1000,
        mx=np.stack([_cube(mx, f"mx_{sex}", rows="period", age="age_start") for sex in SEXES], axis=1),
        asfr=_fertility(births, "asfr_per_woman"),
        srb=births.groupby("period")["srb"].first().to_numpy(),
        migration=np.stack([_cube(moved, f"mig_{sex}_k", rows="period") for sex in SEXES], axis=1) * 1000,
    )


def china_2019(reference: Path) -> tuple[PopulationInputs, np.ndarray]:
    """Return China from mid-2020 in the 2019 revision, and its published people (T, 2, A)."""
    folder = reference / "demography"
    people = pd.read_csv(folder / "china_wpp2019_pop_5yr_sex_1950_2100.csv")
    medium = people[(people["variant"] == "medium") & (people["year"] > 2020)]
    start = people[(people["variant"] == "estimate") & (people["year"] == 2020)]
    mx = pd.read_csv(folder / "china_wpp2019_mx_5x5.csv").query("period >= '2020'")
    births = pd.read_csv(folder / "china_wpp2019_fertility_srb_mig_5x5.csv").query("period >= '2020'")
    births = births.assign(asfr=births["pasfr_pct"] / 100 * births["tfr_medium"] / 5)
    moved = pd.read_csv(folder / "china_wpp2019_derived_residual_migration_5x5.csv")
    inputs = PopulationInputs(
        years=np.arange(2020, 2100, 5),
        ages=np.arange(0, 101, 5),
        base=np.stack([start[f"{sex}_k"] for sex in SEXES]) * 1000,
        mx=np.stack([_cube(mx, f"mx_{sex}", rows="period", age="age_start") for sex in SEXES], axis=1),
        asfr=_fertility(births, "asfr"),
        srb=births.groupby("period")["srb"].first().to_numpy(),
        migration=np.stack([_cube(moved, f"resid_{sex}_k", rows="period", age="age_start") for sex in SEXES], axis=1)
        * 1000,
    )
    published = np.stack([_cube(medium, f"{sex}_k", age="age_start") for sex in SEXES], axis=1) * 1000
    return inputs, published


def _fertility(births: pd.DataFrame, column: str) -> np.ndarray:
    births = births.assign(age=births["age_group"].str[:2].astype(int))
    rates = births.pivot_table(index="period", columns="age", values=column)
    return rates.reindex(columns=np.arange(0, 101, 5), fill_value=0.0).to_numpy()


def write_inputs(inputs: PopulationInputs, folder: Path) -> None:
    """Write inputs as the five tables of the command line."""
    folder.mkdir(parents=True, exist_ok=True)

    def by_age(values: np.ndarray, name: str, ages: np.ndarray, years: np.ndarray | None = None) -> pd.DataFrame:
        coords = (
            {"sex": list(SEXES), "age": ages} if years is None else {"year": years, "sex": list(SEXES), "age": ages}
        )
        index = pd.MultiIndex.from_product(coords.values(), names=list(coords))
        return pd.DataFrame({name: values.ravel()}, index=index).reset_index()

    by_age(inputs.base, "population", inputs.ages).to_csv(folder / "base_population.csv", index=False)
    by_age(inputs.mx, "mx", inputs.mortality_ages, inputs.years).to_csv(folder / "mortality.csv", index=False)
    by_age(inputs.migration, "net_migrants", inputs.ages, inputs.years).to_csv(folder / "migration.csv", index=False)
    if inputs.survival is not None:
        by_age(inputs.survival, "sx", inputs.ages, inputs.years).to_csv(folder / "survival.csv", index=False)
    pd.DataFrame({"year": inputs.years, "srb": inputs.srb}).to_csv(folder / "srb.csv", index=False)
    rates = pd.DataFrame(inputs.asfr, index=inputs.years, columns=inputs.ages).rename_axis("year")
    rates = rates.loc[:, (rates > 0).any()]
    rates.melt(var_name="age", value_name="asfr", ignore_index=False).reset_index().to_csv(
        folder / "fertility.csv", index=False
    )
