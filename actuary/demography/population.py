"""Project a population by age and sex: the cohort-component method as the United Nations apply it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from actuary.demography.life_table import SEXES, life_table
from actuary.errors import Problem, TableError, raise_all, unknown_name
from actuary.kernels.cohort import roll_population

__all__ = ["TIMINGS", "PopulationInputs", "PopulationProjection", "project_population", "survival_from_rates"]

type FloatArray = NDArray[np.float64]

#: When migrants move.
TIMINGS = ("standard", "end", "even")

_ARRAYS = ("base", "mx", "asfr", "srb", "migration")


@dataclass(frozen=True, eq=False, repr=False)
class PopulationInputs:
    """Hold everything that a projection of people needs.

    A step is one year where ages are single years, and five where they are five-year groups.

    Parameters
    ----------
    years : ndarray, shape (T,)
        First calendar year of each step.
    ages : ndarray, shape (A,)
        Lower bounds of the age groups, the last one open [years].
    base : ndarray, shape (2, A)
        Persons by sex (male, female) and age at the start of the first step.
    mx : ndarray, shape (T, 2, A) or (T, 2, A + 1)
        Central death rates [per person-year]; with five-year groups abridged, ages 0 and 1–4 apart.
    asfr : ndarray, shape (T, A)
        Births per woman and year.
    srb : ndarray, shape (T,)
        Boys per girl born.
    migration : ndarray, shape (T, 2, A)
        Net migrants of each step [persons].
    survival : ndarray, shape (T, 2, A), optional
        Survival ratios to use in place of those of the life tables of `mx`.
    migration_timing : str
        When migrants move: ``end`` of the step, ``even`` (one half at the start, one half at the end), or ``standard``:
        ``end`` with steps of one year, ``even`` with steps of five.
    region, variant : str
        What the inputs describe.
    source : str
        Where they come from.
    notes : tuple of str
        What a reader should know of how they were read.
    synthetic : bool
        Whether any of them was made up.

    Raises
    ------
    TableError
        With every array whose shape or content cannot be right.
    """

    years: NDArray[np.int64]
    ages: NDArray[np.int64]
    base: FloatArray
    mx: FloatArray
    asfr: FloatArray
    srb: FloatArray
    migration: FloatArray
    survival: FloatArray | None = None
    migration_timing: str = "standard"
    region: str = ""
    variant: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()
    synthetic: bool = False

    def __post_init__(self) -> None:
        for name in ("years", "ages"):
            object.__setattr__(self, name, _frozen(np.asarray(getattr(self, name), dtype=np.int64)))
        for name in (*_ARRAYS, *(("survival",) if self.survival is not None else ())):
            object.__setattr__(self, name, _frozen(np.asarray(getattr(self, name), dtype=np.float64)))
        raise_all(_problems(self), TableError)

    @property
    def step(self) -> int:
        """Width of a step and of an age group: 1 or 5 [years]."""
        return int(self.ages[1] - self.ages[0])

    @property
    def start_share(self) -> float:
        """Share of the migrants of a step that is added at its start: 0 or 0.5."""
        even = self.migration_timing == "even" or (self.migration_timing == "standard" and self.step == 5)
        return 0.5 if even else 0.0

    @property
    def mortality_ages(self) -> NDArray[np.int64]:
        """Lower bounds of the ages of `mx`: those of the groups, or 0, 1, 5, 10 …."""
        return self.ages if self.step == 1 else np.concatenate([[0, 1], self.ages[1:]])

    @property
    def end_years(self) -> NDArray[np.int64]:
        """Calendar year on whose 31 December each step ends, when the first begins on a 1 January."""
        return self.years + self.step - 1

    @property
    def survival_ratios(self) -> FloatArray:
        """Survival ratios by step, sex and age, shape (T, 2, A)."""
        if self.survival is not None:
            return self.survival
        return survival_from_rates(self.mx, ages=self.mortality_ages)

    @property
    def tfr(self) -> FloatArray:
        """Total fertility rate of each step [births per woman], shape (T,)."""
        return np.asarray(self.asfr.sum(axis=1) * self.step)

    @property
    def e0(self) -> FloatArray:
        """Life expectancy at birth of each step by sex [years], shape (T, 2)."""
        tables = [life_table(self.mx[:, s], sex, ages=self.mortality_ages).e0 for s, sex in enumerate(SEXES)]
        return np.stack(tables, axis=1)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over years, ages and every figure."""
        digest = hashlib.sha256()
        digest.update(repr(self.start_share).encode())
        for array in (self.years, self.ages, *(getattr(self, name) for name in _ARRAYS), self.survival):
            if array is not None:
                digest.update(repr(array.shape).encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def __repr__(self) -> str:
        named = " ".join(part for part in (self.region, self.variant) if part)
        return (
            f"<PopulationInputs{f' of {named}' if named else ''}: {self.base.sum():,.0f} persons, "
            f"ages {self.ages[0]}-{self.ages[-1]}+ by {self.step}, {self.years[0]}-{self.end_years[-1]}>"
        )


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

    Notes
    -----
    `year` is the calendar year whose 31 December ends the step; with five-year steps it is the last of the five.
    """

    inputs: PopulationInputs
    population: xr.DataArray
    births: xr.DataArray
    deaths: xr.DataArray
    net_migrants: xr.DataArray

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


def survival_from_rates(mx: ArrayLike, *, ages: ArrayLike) -> FloatArray:
    """Return the survival ratios of both sexes.

    Parameters
    ----------
    mx : array_like, shape (..., 2, M)
        Central death rates by sex (male, female) and age.
    ages : array_like, shape (M,)
        Lower bounds of the ages: single years, or 0, 1, 5, 10 ….

    Returns
    -------
    ndarray, shape (..., 2, A)
        See :func:`actuary.demography.life_table.survival_ratios`.
    """
    rates = np.asarray(mx, dtype=np.float64)
    return np.stack([life_table(rates[..., s, :], sex, ages=ages).Sx for s, sex in enumerate(SEXES)], axis=-2)


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
        When more people leave an age than there are.

    Notes
    -----
    The living are moved up by the survival ratios of the life table; births follow from the mean of the women before
    and after that, before migration is added; infants are survived to the end of the step. Single years: all net
    migrants are added at the end of the year. Five-year groups: one half at the start, one half at the end.

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
    roll_population(
        base, survival, asfr, boys, migration, inputs.start_share, float(inputs.step), population, deaths, births
    )
    raise_all(_emptied(population, inputs), TableError)
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
    )


def _frozen[T: np.generic](array: NDArray[T]) -> NDArray[T]:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def _emptied(population: FloatArray, inputs: PopulationInputs) -> list[Problem]:
    """Name the ages out of which more people move than there are."""
    below = population < 0
    if not below.any():
        return []
    t, s, x = (int(index[0]) for index in np.nonzero(below))
    where = f"population at the end of {inputs.end_years[t]}, {SEXES[s]}, age {inputs.ages[x]}"
    found = f"{population[t, s, x]:,.1f} persons ({int(below.sum())} ages and years below 0 in all)"
    mend = "check that base population and net migrants are in persons both, not one of them in thousands"
    return [Problem(where, found, "0 or more: no more people can leave than there are", mend)]


def _problems(inputs: PopulationInputs) -> list[Problem]:
    if inputs.migration_timing not in TIMINGS:
        return [unknown_name("migration_timing", inputs.migration_timing, TIMINGS, what="timing")]
    ages, steps = inputs.ages, len(inputs.years)
    widths = np.diff(ages)
    if len(ages) < 3 or ages[0] != 0 or len(set(widths.tolist())) != 1 or int(widths[0]) not in (1, 5):
        shown = ", ".join(str(age) for age in ages[:4])
        return [Problem("ages", f"{shown} …", "0, 1, 2 … or 0, 5, 10 …, the last one open")]
    if not steps or (np.diff(inputs.years) != widths[0]).any():
        shown = ", ".join(str(year) for year in inputs.years[:4])
        return [Problem("years", f"{shown} …", f"one year a step of {widths[0]}, without a gap")]
    count = len(ages)
    shapes: dict[str, tuple[int, ...]] = {
        "base": (2, count),
        "mx": (steps, 2, len(inputs.mortality_ages)),
        "asfr": (steps, count),
        "srb": (steps,),
        "migration": (steps, 2, count),
        "survival": (steps, 2, count),
    }
    problems = []
    for name, shape in shapes.items():
        array = getattr(inputs, name)
        if array is None:
            continue
        if array.shape != shape:
            problems.append(Problem(name, f"shape {array.shape}", f"shape {shape}"))
        elif not np.isfinite(array).all():
            problems.append(Problem(name, "a value that is not a number", "finite numbers"))
        elif name != "migration" and (array < 0).any():
            problems.append(Problem(name, f"{array.min():g}", "0 or more"))
    if not problems and inputs.survival is None and (inputs.mx[:, :, -1] == 0).any():
        problems.append(Problem(f"mx at the open age {ages[-1]}+", "0", "a rate above 0"))
    return problems
