"""Project a population by age and sex: the cohort-component method as the United Nations apply it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from actuary.demography.life_table import SEXES
from actuary.demography.population_arrays import TIMINGS, PopulationInputs, survival_from_rates
from actuary.errors import Problem, TableError, raise_all
from actuary.kernels.cohort import roll_population

__all__ = ["TIMINGS", "PopulationInputs", "PopulationProjection", "project_population", "survival_from_rates"]

type FloatArray = NDArray[np.float64]

# Share of all people up to which emigrants who do not exist are left out, and what is nobody after that [persons].
_FEW_SHARE = 0.001
_NOBODY = 1e-6


@dataclass(frozen=True, eq=False, repr=False)
class PopulationProjection:
    """Hold a projected population with the flows that lead to it.

    ``population[year] = population[year before] moved up + births - deaths + net migrants``, cohort by cohort.

    Parameters
    ----------
    inputs : PopulationInputs
        What it was projected from.
    population : DataArray, dims (sex, age, year)
        Persons on 31 December [persons].
    births : DataArray, dims (sex, year)
        Live births of the step [persons].
    deaths : DataArray, dims (sex, age, year)
        Deaths of the step by the age that the dead would have had at its end; infants born in it at age 0 [persons].
    net_migrants : DataArray, dims (sex, age, year)
        Net migrants of the step [persons].
    notes : tuple of str
        What a reader should know beside the notes of the inputs.

    Notes
    -----
    `year` is the calendar year whose 31 December ends the step; with five-year steps it is the last of the five.
    """

    inputs: PopulationInputs
    population: xr.DataArray
    births: xr.DataArray
    deaths: xr.DataArray
    net_migrants: xr.DataArray
    notes: tuple[str, ...] = ()

    @property
    def base(self) -> xr.DataArray:
        """Persons at the start, dims (sex, age)."""
        return xr.DataArray(
            self.inputs.base, dims=("sex", "age"), coords={"sex": list(SEXES), "age": self.inputs.ages}, name="base"
        )

    @property
    def fingerprint(self) -> str:
        """Hash of the inputs, which decide everything."""
        return self.inputs.fingerprint

    @property
    def total(self) -> xr.DataArray:
        """Persons of all ages and both sexes on 31 December, dims (year)."""
        return self.population.sum(("sex", "age"))

    def residuals(self) -> xr.DataArray:
        """Return closing less opening people, births, deaths and migrants by cohort: zero to rounding.

        Returns
        -------
        DataArray, dims (sex, age, year)
            By age at the end of the step [persons].
        """
        start = np.concatenate([self.inputs.base[None], np.moveaxis(self.population.to_numpy(), 2, 0)[:-1]])
        share = self.inputs.start_share
        migrants = np.moveaxis(self.net_migrants.to_numpy(), 2, 0)
        start = start + share * migrants
        moved = np.zeros_like(start)
        moved[:, :, 1:] = start[:, :, :-1]
        moved[:, :, -1] += start[:, :, -1]
        moved[:, :, 0] = self.births.to_numpy().T
        expected = np.moveaxis(moved + (1.0 - share) * migrants, 0, 2) - self.deaths.to_numpy()
        left: xr.DataArray = self.population - expected
        return left

    def to_frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the people and the flows as two tables.

        Returns
        -------
        tuple of DataFrame
            Columns year, age, sex, population [persons on 31 December]; and year, births, deaths, net_migrants
            [persons in the step that ends then].
        """
        years, ages = self.inputs.end_years, self.inputs.ages
        people = pd.DataFrame(
            {
                "year": np.repeat(years, len(ages) * 2),
                "age": np.tile(np.repeat(ages, 2), len(years)),
                "sex": np.tile(np.array(SEXES), len(years) * len(ages)),
                "population": self.population.transpose("year", "age", "sex").to_numpy().ravel(),
            }
        )
        flows = pd.DataFrame(
            {
                "year": years,
                "births": self.births.sum("sex").to_numpy(),
                "deaths": self.deaths.sum(("sex", "age")).to_numpy(),
                "net_migrants": self.net_migrants.sum(("sex", "age")).to_numpy(),
            }
        )
        return people, flows

    def summary(self, years: Sequence[int] | None = None) -> pd.DataFrame:
        """Return figures of some years for reading.

        Parameters
        ----------
        years : sequence of int, optional
            Years that are projected; the first, the last and every tenth when left out.

        Returns
        -------
        DataFrame
            Columns year, people, births, deaths, net migrants [persons], TFR, e0 of men and women [years], share
            of people of 60 and over [%], people of 20–59 per person of 60 and over.
        """
        ends = [int(year) for year in self.inputs.end_years]
        wanted = [year for year in ends if year in (ends[0], ends[-1]) or year % 10 == 0] if years is None else years
        rows = [ends.index(int(year)) for year in wanted if int(year) in ends]
        people = self.population.sum("sex").to_numpy()[:, rows]
        ages = self.inputs.ages
        old = people[ages >= 60].sum(axis=0)
        working = people[(ages >= 20) & (ages < 60)].sum(axis=0)
        _, flows = self.to_frames()
        frame = flows.iloc[rows].reset_index(drop=True)
        frame.insert(1, "population", people.sum(axis=0))
        frame["tfr"] = self.inputs.tfr[rows]
        if self.inputs.survival is None:
            frame["e0_male"], frame["e0_female"] = self.inputs.e0[rows].T
        frame["aged_60_and_over_pct"] = 100.0 * old / people.sum(axis=0)
        frame["aged_20_59_per_60_and_over"] = np.divide(working, old, out=np.full_like(old, np.nan), where=old > 0)
        return frame

    def __repr__(self) -> str:
        total = self.total.to_numpy()
        ends = self.inputs.end_years
        return (
            f"<PopulationProjection: {self.inputs.base.sum():,.0f} persons at the start of {self.inputs.years[0]}, "
            f"{total[-1]:,.0f} at the end of {ends[-1]}>"
        )

    def _repr_html_(self) -> str:
        return str(self.summary().to_html(index=False, float_format=lambda value: f"{value:,.2f}"))


def project_population(inputs: PopulationInputs) -> PopulationProjection:
    """Project a population by the cohort-component method, in the convention of the United Nations.

    Parameters
    ----------
    inputs : PopulationInputs
        Base population and the rates and migrants of every step.

    Returns
    -------
    PopulationProjection
        People on 31 December of each step's last year, and the flows of each step.

    Raises
    ------
    TableError
        When more people leave than there are: more than one in a thousand of all at a year's end.

    Notes
    -----
    The living are moved up by the survival ratios of the life table; births follow from the mean of the women before
    and after that, before migration is added; infants are survived to the end of the step. Single years: all net
    migrants are added at the end of the year. Five-year groups: one half at the start, one half at the end.

    Where a few more people would leave an age than there are, as happens among the oldest, nobody is left there and the
    migrants that do not exist are not counted; the notes of the result say how many.

    Examples
    --------
    >>> inputs = PopulationInputs(
    ...     years=[2025, 2026],
    ...     ages=[0, 1, 2],
    ...     base=[[20.0, 20.0, 10.0], [20.0, 20.0, 20.0]],
    ...     mx=[[[0.01, 0.01, 0.2]] * 2] * 2,
    ...     asfr=[[0.0, 0.5, 0.0]] * 2,
    ...     srb=[1.05, 1.05],
    ...     migration=[[[0.0, 1.0, 0.0]] * 2] * 2,
    ... )
    >>> projection = project_population(inputs)
    >>> [round(float(value), 2) for value in projection.total]
    [109.92, 101.47]
    >>> bool(abs(projection.residuals()).max() < 1e-9)
    True
    """
    steps, ages = len(inputs.years), len(inputs.ages)
    population = np.empty((steps, 2, ages))
    deaths, births = np.empty_like(population), np.empty(steps)
    boys = inputs.srb / (1.0 + inputs.srb)
    # Read-only arrays have another type for the compiled loop.
    base, survival, asfr, migration = (
        np.array(array) for array in (inputs.base, inputs.survival_ratios, inputs.asfr, inputs.migration)
    )
    share, width = inputs.start_share, float(inputs.step)
    roll_population(base, survival, asfr, boys, migration, share, width, population, deaths, births)
    raise_all(_boundless(population, inputs), TableError)
    # The first step with too few people decides what the later ones begin with.
    while (population < -_NOBODY).any():
        t = int(np.argmax((population < -_NOBODY).any(axis=(1, 2))))
        raise_all(_emptied(population[t], int(inputs.end_years[t]), inputs.ages), TableError)
        migration[t] -= np.minimum(population[t], 0.0) / (1.0 - share)
        roll_population(base, survival, asfr, boys, migration, share, width, population, deaths, births)
    np.maximum(population, 0.0, out=population)
    missing = float((migration - inputs.migration).sum())
    notes = (f"{missing:,.1f} emigrants are not counted: no more can leave an age than there are",) if missing else ()
    coords = {"sex": list(SEXES), "age": inputs.ages, "year": inputs.end_years}

    def by_age(values: FloatArray, name: str, kind: str) -> xr.DataArray:
        array = xr.DataArray(np.moveaxis(values, 0, 2), dims=("sex", "age", "year"), coords=coords, name=name)
        return array.assign_attrs(unit="persons", kind=kind)

    born = np.stack([births * boys, births - births * boys])
    return PopulationProjection(
        inputs=inputs,
        population=by_age(population, "population", "stock"),
        births=xr.DataArray(
            born,
            dims=("sex", "year"),
            coords={"sex": coords["sex"], "year": coords["year"]},
            name="births",
            attrs={"unit": "persons", "kind": "flow"},
        ),
        deaths=by_age(deaths, "deaths", "flow"),
        net_migrants=by_age(migration, "net_migrants", "flow"),
        notes=notes,
    )


def _boundless(population: FloatArray, inputs: PopulationInputs) -> list[Problem]:
    """Name the first step whose people are beyond all numbers."""
    beyond = ~np.isfinite(population).all(axis=(1, 2))
    if not beyond.any():
        return []
    year = int(inputs.end_years[int(np.argmax(beyond))])
    return [Problem(f"population at the end of {year}", "more people than can be counted", "a finite number")]


def _emptied(people: FloatArray, year: int, ages: NDArray[np.int64]) -> list[Problem]:
    """Name the first age out of which more people move than there are, where they are many."""
    below = np.minimum(people, 0.0)
    if -below.sum() <= _FEW_SHARE * np.maximum(people, 0.0).sum():
        return []
    s, x = (int(index[0]) for index in np.nonzero(below))
    where = f"population at the end of {year}, {SEXES[s]}, age {ages[x]}"
    found = f"{people[s, x]:,.1f} persons ({np.count_nonzero(below)} ages below 0, {-below.sum():,.0f} people too few)"
    mend = "check that base population and net migrants are in persons both, not one of them in thousands"
    return [Problem(where, found, "0 or more: no more people can leave than there are", mend)]
