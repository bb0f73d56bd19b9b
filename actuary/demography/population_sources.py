"""Load the people of a region: the nation from the published outlook, a city from the tables of its own folder."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.demography.graduation import (
    graduate_births,
    graduate_mortality,
    graduate_people,
    interpolate_periods,
    scale_to_e0,
)
from actuary.demography.life_table import SEXES
from actuary.demography.population import PopulationInputs, survival_from_rates
from actuary.demography.population_files import FILES
from actuary.demography.population_inputs import read_population_inputs
from actuary.demography.variants import VARIANTS, make_variant
from actuary.errors import Problem, TableError, UnknownNameError, unknown_name
from actuary.policy.regions import region_folder
from actuary.tables import data_fingerprint, read_table

__all__ = ["POPULATION_FOLDER", "Outlook", "load_outlook", "load_past_population", "load_population"]

type FloatArray = NDArray[np.float64]

# Variants of the published outlook: the medium one, and half a child fewer or more.
_PUBLISHED = ("medium", "low", "high")
#: Folder of a region's own tables, inside its folder of declarations.
POPULATION_FOLDER = "population"
_SOURCE = "United Nations, DESA, Population Division, World Population Prospects 2024 (CC BY 3.0 IGO)"
_OPEN = 100
_AGES = np.arange(_OPEN + 1)


class Outlook(NamedTuple):
    """Hold the published annual indicators of a region.

    Parameters
    ----------
    region : str
        The region.
    frame : DataFrame
        Columns medium, low_80, high_80, low_95, high_95, low, high; index series and year. People, births, deaths
        and migrants in persons, life expectancy in years; what was not published is NaN.
    source : str
        Who published it.
    """

    region: str
    frame: pd.DataFrame
    source: str

    def series(self, name: str, years: NDArray[np.int64], *, column: str = "medium") -> FloatArray:
        """Return a series in some years, shape (T,)."""
        return self.frame.loc[name][column].reindex(years).to_numpy(dtype=np.float64)

    def value(self, name: str, year: int, *, column: str = "medium") -> float:
        """Return a series in one year; NaN where nothing was published."""
        return float(self.series(name, np.array([year]), column=column)[0])


def load_outlook(region: str = "national", *, data: Path | str | None = None) -> Outlook:
    """Load the published indicators of a region with variants and prediction bounds.

    Parameters
    ----------
    region : str
        A region of the table; ``national`` in what is shipped.
    data : path, optional
        A data folder; the one that comes with the package when left out.

    Raises
    ------
    UnknownNameError
        When nothing is published for the region.

    Examples
    --------
    >>> outlook = load_outlook()
    >>> float(outlook.frame.loc[("tfr", 2050), "medium"])
    1.18416
    """
    table = read_table("wpp2024_outlook", root=data)
    known = sorted(set(table["region"]))
    if region not in known:
        raise UnknownNameError(unknown_name("region of the outlook", region, known, what="region"))
    rows = table[table["region"] == region]
    frame = rows.assign(year=rows["year"].astype(int)).set_index(["series", "year"]).sort_index()
    return Outlook(region, frame.drop(columns=["region", "row"]), _SOURCE)


def load_population(
    region: str = "national",
    *,
    variant: str = "medium",
    first_year: int = 2024,
    last_year: int = 2100,
    models: Path | None = None,
    data: Path | str | None = None,
) -> PopulationInputs:
    """Load what a projection of a region's people needs.

    A region whose folder of declarations holds a folder ``population`` with the five tables of
    :func:`~actuary.demography.population_inputs.read_population_inputs` is read from there. The nation is read from the
    published outlook: five-year groups laid out by single age, death rates scaled to the published life expectancy
    of each year, fertility to the published total.

    Parameters
    ----------
    region : str
        A declared region.
    variant : str
        See :func:`~actuary.demography.variants.make_variant`; the nation's ``low`` and ``high`` are published.
    first_year, last_year : int
        Calendar years of the published outlook: projections begin on 1 January of one of 2024 and 2025. A region's own
        tables have their own years.
    models, data : path, optional
        Other folders of declarations and of figures.

    Returns
    -------
    PopulationInputs

    Raises
    ------
    UnknownNameError
        When region or variant are not known.
    TableError
        When nothing is known of the region's people, with the tables to be given; or when its tables have problems.

    Examples
    --------
    >>> inputs = load_population("national")
    >>> inputs.years[0], inputs.years[-1], round(float(inputs.base.sum()) / 1e6, 1)
    (np.int64(2024), np.int64(2100), 1421.0)
    """
    if variant not in VARIANTS:
        raise UnknownNameError(unknown_name("variant", variant, VARIANTS, what="variant"))
    folder = region_folder(region, root=models) / POPULATION_FOLDER
    if any((folder / name).exists() for name in FILES):
        inputs = read_population_inputs(folder, region=region, variant="medium")
        return make_variant(inputs, variant)
    if region != "national":
        found = f"no table of the people of {region}"
        mend = f"give {', '.join(FILES)} in models/cities/{region}/{POPULATION_FOLDER}"
        raise TableError(Problem(f"{region}/{POPULATION_FOLDER}", found, "base population, rates and migrants", mend))
    # The published variants of half a child are what VARIANTS makes of the medium one, to the last published digit.
    own = variant if variant in _PUBLISHED else "medium"
    inputs = _published(data_fingerprint(data), None if data is None else str(data), own, first_year, last_year)
    return inputs if variant in _PUBLISHED else make_variant(inputs, variant)


# Laying out seventy-seven years takes a moment, and models ask for the same region again and again.
@lru_cache(maxsize=16)
def _published(_fingerprint: str, root: str | None, variant: str, first_year: int, last_year: int) -> PopulationInputs:
    outlook = load_outlook("national", data=root)
    known = outlook.frame.loc["net_migrants"].index
    people = _by_sex("wpp2024_population", root)
    firsts = sorted({int(year) for year in people.index.get_level_values("year") if year >= 2024})
    if first_year not in firsts:
        known_years = " or ".join(str(year) for year in firsts)
        raise TableError(Problem("first_year", str(first_year), f"{known_years}, the years with a published start"))
    if not first_year <= last_year <= int(known.max()):
        raise TableError(Problem("last_year", str(last_year), f"a year from {first_year} to {known.max()}"))
    years = np.arange(first_year, last_year + 1)
    mx = _mortality(years, outlook, root)
    column = "medium" if variant == "medium" else variant
    migration = _by_sex("wpp2024_migration", root)
    return PopulationInputs(
        years=years,
        ages=_AGES,
        base=_base(first_year, people, outlook, root),
        mx=mx,
        asfr=_fertility(years, outlook.series("tfr", years, column=column), root),
        srb=outlook.series("srb", years),
        migration=np.stack([_cube(migration, sex).loc[years].to_numpy() for sex in SEXES], axis=1),
        region="national",
        variant=variant,
        source=_SOURCE,
        notes=(
            "single years of age are this project's own layout of the published five-year groups: death rates are "
            "scaled to the published life expectancy of each year, fertility to the published total fertility rate",
        ),
    )


def _by_sex(name: str, root: str | None) -> pd.DataFrame:
    table = read_table(name, root=root)
    rows = table[table["region"] == "national"]
    return rows.assign(year=rows["year"].astype(int), age=rows["age"].astype(int)).set_index(["year", "age"])


def _cube(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a column with years down and ages across."""
    return frame.pivot_table(index="year", columns="age", values=column)


def _mortality(years: NDArray[np.int64], outlook: Outlook, root: str | None) -> FloatArray:
    table = _by_sex("wpp2024_mortality", root)
    rates = []
    for sex in SEXES:
        abridged = _cube(table, sex)
        logs = np.log(abridged.to_numpy())
        # Periods run from mid-year to mid-year: the middle of 2025–2030 is the beginning of 2028.
        middles = abridged.index.to_numpy() + 3.0
        of_years = np.exp(interpolate_periods(logs, middles=middles, at=years + 0.5))
        single = graduate_mortality(of_years, open_age=_OPEN)
        rates.append(scale_to_e0(single, outlook.series(f"e0_{sex}", years), sex))
    return np.stack(rates, axis=1)


def _fertility(years: NDArray[np.int64], tfr: FloatArray, root: str | None) -> FloatArray:
    table = read_table("wpp2024_fertility_pattern", root=root)
    rows = table[table["region"] == "national"]
    pattern = rows.assign(year=rows["year"].astype(int)).pivot_table(index="year", columns="age", values="value")
    middles = pattern.index.to_numpy() + 3.0
    of_years = np.maximum(interpolate_periods(pattern.to_numpy(), middles=middles, at=years + 0.5), 0.0)
    single = graduate_births(of_years, ages=pattern.columns.to_numpy().astype(int), open_age=_OPEN)
    return np.asarray(single / single.sum(axis=1, keepdims=True) * tfr[:, None])


def _base(first_year: int, people: pd.DataFrame, outlook: Outlook, root: str | None) -> FloatArray:
    """Return the people of 1 January: the mean of the two nearest mid-years, split by births and their survival."""
    born = first_year - 1 - np.arange(_OPEN)
    alive = _alive(first_year, outlook, root)
    births = outlook.series("births", born)
    boys = outlook.series("srb", born)
    share = {"male": boys / (1.0 + boys), "female": 1.0 / (1.0 + boys)}
    base = []
    for s, sex in enumerate(SEXES):
        cube = _cube(people, sex)
        groups = (cube.loc[first_year - 1] + cube.loc[first_year]).to_numpy() / 2.0
        base.append(graduate_people(groups, weights=births * share[sex] * alive[s], open_age=_OPEN))
    return np.stack(base)


def _alive(first_year: int, outlook: Outlook, root: str | None) -> FloatArray:
    """Return the share of the newborn of each earlier year who live on 1 January, by sex and age; NaN if unknown."""
    earliest = int(outlook.frame.loc["e0_male"].index.min())
    years = np.arange(earliest, first_year)
    ratios = survival_from_rates(_mortality(years, outlook, root), ages=_AGES)
    alive = np.full((len(SEXES), _OPEN), np.nan)
    for t, _ in enumerate(years):
        alive[:, 1:] = alive[:, :-1] * ratios[t, :, 1:_OPEN]
        alive[:, 0] = ratios[t, :, 0]
    return alive


def load_past_population(first_year: int, last_year: int, *, data: Path | str | None = None) -> PopulationInputs:
    """Load the nation's people of a past 1 January with rates held as they were the year before, nobody moving.

    It is what a projection of that time could start from: the people as the published outlook now estimates them, and
    nothing of what came later.

    Parameters
    ----------
    first_year, last_year : int
        First and last calendar year of the projection.
    data : path, optional
        Another folder of figures.

    Returns
    -------
    PopulationInputs

    Raises
    ------
    TableError
        When the first year lies outside the published estimates.

    Examples
    --------
    >>> past = load_past_population(2015, 2024)
    >>> past.years[0], len({float(value) for value in past.tfr})
    (np.int64(2015), 1)
    """
    root = None if data is None else str(data)
    outlook = load_outlook("national", data=data)
    people = _by_sex("wpp2024_population", root)
    known = sorted({int(year) for year in people.index.get_level_values("year")})
    if not known[0] < first_year <= known[-1]:
        raise TableError(Problem("first_year", str(first_year), f"a year from {known[0] + 1} to {known[-1]}"))
    years = np.arange(first_year, last_year + 1)
    before = np.array([first_year - 1])
    fertility = _fertility(before, outlook.series("tfr", before), root)
    shape = (len(years), len(SEXES), len(_AGES))
    return PopulationInputs(
        years=years,
        ages=_AGES,
        base=_base(first_year, people, outlook, root),
        mx=np.broadcast_to(_mortality(before, outlook, root), shape),
        asfr=np.broadcast_to(fertility, (len(years), len(_AGES))),
        srb=np.broadcast_to(outlook.series("srb", before), len(years)),
        migration=np.zeros(shape),
        region="national",
        variant="past",
        source=_SOURCE,
        notes=(f"rates of {first_year - 1} are held, and nobody moves: what was known at the start",),
    )
