"""What a projection of people starts from: base population, rates and migrants, as arrays that fit together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actuary.demography.life_table import SEXES, life_table
from actuary.errors import Problem, TableError, raise_all, unknown_name

__all__ = ["TIMINGS", "PopulationInputs", "survival_from_rates"]

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


def _frozen[T: np.generic](array: NDArray[T]) -> NDArray[T]:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


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
