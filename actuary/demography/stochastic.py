"""Paths of fertility, mortality and migration that follow published prediction bounds, and the people they lead to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from actuary.demography.life_table import SEXES, life_table
from actuary.demography.population import PopulationInputs, survival_from_rates
from actuary.demography.population_sources import Outlook, load_outlook
from actuary.errors import Problem, TableError
from actuary.kernels.cohort_paths import run_paths
from actuary.kernels.gpu import run_paths_on_gpu, uses_gpu
from actuary.policy.population_paths import PopulationPathsFile, load_population_paths
from actuary.seeds import stream
from actuary.threads import worker_threads

__all__ = ["AGE_GROUPS", "PopulationPaths", "age_group_weights", "draw_population_paths", "run_population_paths"]

type FloatArray = NDArray[np.float64]

#: Age groups that are kept of every path: name, first age, last age.
AGE_GROUPS: tuple[tuple[str, int, int | None], ...] = (
    ("total", 0, None),
    ("0-14", 0, 14),
    ("15-59", 15, 59),
    ("60+", 60, None),
    ("65+", 65, None),
    ("80+", 80, None),
)

# Standard normal quantiles of the published bounds: 2.5, 10, 50, 90 and 97.5 %.
_COLUMNS = ("low_95", "low_80", "medium", "high_80", "high_95")
_KNOTS = np.array([-1.959963984540054, -1.2815515655446004, 0.0, 1.2815515655446004, 1.959963984540054])
_LEVELS = 33
_CHUNK = 250
# Factors of all death rates among which those of the wanted life expectancies lie, as logarithms.
_FACTORS = np.linspace(-4.0, 3.0, 141)


@dataclass(frozen=True, eq=False, repr=False)
class PopulationPaths:
    """Hold drawn paths in the form that kernels take; no draw has its people by age in memory.

    Parameters
    ----------
    inputs : PopulationInputs
        The medium path.
    tfr : ndarray, shape (D, T)
        Births per woman.
    e0 : ndarray, shape (D, T, 2)
        Life expectancy at birth of men and women [years].
    migration_change : ndarray, shape (D, T)
        Net migrants beyond the medium path [persons].
    level : ndarray, shape (D, T, 2)
        Place of each life expectancy on the grid, 0 to L - 1.
    survival_grid : ndarray, shape (T, L, 2, A)
        Survival ratios of each year at each level.
    pattern : ndarray, shape (T, A)
        Share of each age in total fertility.
    migration_profile : ndarray, shape (2, A)
        Share of each sex and age in the migrants beyond the medium path.
    seed : int
        Root seed of the draws.
    """

    inputs: PopulationInputs
    tfr: FloatArray
    e0: FloatArray
    migration_change: FloatArray
    level: FloatArray
    survival_grid: FloatArray
    pattern: FloatArray
    migration_profile: FloatArray
    seed: int

    @property
    def draws(self) -> int:
        """Number of paths."""
        return int(self.tfr.shape[0])

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the medium path and every drawn figure."""
        digest = hashlib.sha256(self.inputs.fingerprint.encode())
        for array in (self.tfr, self.e0, self.migration_change):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def __repr__(self) -> str:
        years = self.inputs.years
        return f"<PopulationPaths: {self.draws:,} draws, {years[0]}-{years[-1]}, seed {self.seed}>"


def draw_population_paths(
    inputs: PopulationInputs,
    draws: int = 10_000,
    *,
    seed: int = 0,
    outlook: Outlook | None = None,
    declared: PopulationPathsFile | None = None,
    models: Path | None = None,
) -> PopulationPaths:
    """Draw paths of total fertility, life expectancy and migration around a medium path.

    Parameters
    ----------
    inputs : PopulationInputs
        The medium path, by single year.
    draws : int
        Number of paths. More draws with the same seed begin with the same paths.
    seed : int
        Root seed.
    outlook : Outlook, optional
        Published bounds; those of the nation when left out.
    declared : PopulationPathsFile, optional
        Persistence and correlation; those declared under `models` when left out.
    models : path, optional
        Other folder of declarations.

    Returns
    -------
    PopulationPaths

    Raises
    ------
    TableError
        When groups have five years, or a year lies outside the published bounds.

    Notes
    -----
    Each of the three follows a stationary Gaussian path, ``z[t] = r z[t-1] + sqrt(1 - r^2) e[t]``, whose shocks are
    correlated as declared. The value of a year is the published quantile at z: straight lines between the 2.5, 10, 50,
    90 and 97.5 % points, carried on outside them; so the bounds of each year are met whatever the persistence. Both
    sexes share the path of mortality. Elsewhere than in the region of the outlook its deviations are carried over:
    fertility as a factor, life expectancy in years, migrants per person.

    Examples
    --------
    >>> from actuary.demography.population_sources import load_population
    >>> paths = draw_population_paths(load_population("national"), 100, seed=1)
    >>> paths.tfr.shape
    (100, 77)
    """
    if inputs.step != 1:
        raise TableError(Problem("ages", "five-year groups", "single years: paths are drawn year by year"))
    rules = declared or load_population_paths(models)
    published = outlook or load_outlook()
    z = _standard_paths(draws, len(inputs.years), rules, seed=seed)
    years = inputs.years
    medium = {name: published.series(name, years) for name in ("tfr", "e0_male", "e0_female", "net_migrants")}
    bounds = {name: _quantiles(published, name, years) for name in medium}
    tfr = inputs.tfr * _at(bounds["tfr"] / medium["tfr"][:, None], z[:, :, 0])
    e0 = np.stack(
        [
            inputs.e0[:, s] + _at(bounds[f"e0_{sex}"] - medium[f"e0_{sex}"][:, None], z[:, :, 1])
            for s, sex in enumerate(SEXES)
        ],
        axis=2,
    )
    change = _at(bounds["net_migrants"] - medium["net_migrants"][:, None], z[:, :, 2])
    change = change * float(inputs.base.sum()) / _people_at_start(published, int(years[0]))
    return _prepared(inputs, np.maximum(tfr, rules.lowest_tfr), e0, change, seed)


def age_group_weights(ages: NDArray[np.int64]) -> tuple[tuple[str, ...], FloatArray]:
    """Return names and weights of :data:`AGE_GROUPS`, and of men and women: shapes (K,) and (K, 2, A).

    Examples
    --------
    >>> names, weights = age_group_weights(np.arange(101))
    >>> names[-2:], float(weights[names.index("60+")].sum())
    (('male', 'female'), 82.0)
    """
    inside = [
        np.tile((ages >= first) & (ages <= (last if last is not None else ages[-1])), (2, 1))
        for _, first, last in AGE_GROUPS
    ]
    sexes = [np.repeat(np.arange(2)[:, None] == s, len(ages), axis=1) for s in range(2)]
    return (*(name for name, _, _ in AGE_GROUPS), *SEXES), np.stack([*inside, *sexes]).astype(np.float64)


def run_population_paths(
    paths: PopulationPaths,
    *,
    weights: Mapping[str, ArrayLike] | None = None,
    threads: int | None = None,
    device: str = "cpu",
) -> xr.Dataset:
    """Project every path and keep sums of its people.

    Parameters
    ----------
    paths : PopulationPaths
        Drawn paths.
    weights : mapping of str to array_like, shape (2, A), optional
        Weight of each sex and age in each sum, such as the cost profile of a benefit; age groups when left out.
    threads : int, optional
        Threads to use; all cores when left out. The result does not depend on it.
    device : str
        ``cpu``; ``gpu`` for an NVIDIA GPU (extra ``gpu``), whose last digits may differ; ``auto`` for a GPU where there
        is one. The attribute ``device`` of the result says which it was.

    Returns
    -------
    Dataset
        ``population`` (draw, year, group) on 31 December, ``births``, ``deaths``, ``net_migrants`` (draw, year)
        [persons], ``tfr`` (draw, year), ``e0_male`` and ``e0_female`` (draw, year) [years].

    Raises
    ------
    UnknownNameError
        When the device is not known, or there is no GPU.

    Examples
    --------
    >>> from actuary.demography.population_sources import load_population
    >>> paths = draw_population_paths(load_population("national"), 50, seed=1)
    >>> found = run_population_paths(paths)
    >>> found["population"].dims, found.sizes["draw"]
    (('draw', 'year', 'group'), 50)
    """
    inputs = paths.inputs
    if weights is None:
        names, stacked = age_group_weights(inputs.ages)
    else:
        names, stacked = tuple(weights), np.stack([np.asarray(array, dtype=np.float64) for array in weights.values()])
    shape = paths.tfr.shape
    sums, births, deaths = np.empty((*shape, len(names))), np.empty(shape), np.empty(shape)
    # The compiled loop is declared for arrays that can be written.
    base, migration = np.array(inputs.base), np.array(inputs.migration)
    boys = inputs.srb / (1.0 + inputs.srb)

    def work(first: int) -> None:
        part = slice(first, first + _CHUNK)
        run_paths(
            base,
            paths.survival_grid,
            paths.pattern,
            boys,
            migration,
            paths.migration_profile,
            paths.tfr[part],
            paths.level[part],
            paths.migration_change[part],
            stacked,
            sums[part],
            births[part],
            deaths[part],
        )

    on_gpu = uses_gpu(device)
    if on_gpu:
        run_paths_on_gpu(
            base, paths.survival_grid, paths.pattern, boys, migration, paths.migration_profile, paths.tfr, paths.level,
            paths.migration_change, stacked, sums, births, deaths,
        )  # fmt: skip
    else:
        with worker_threads(threads) as pool:
            list(pool.map(work, range(0, shape[0], _CHUNK)))
    by_year = ("draw", "year")
    net = inputs.migration.sum(axis=(1, 2)) + paths.migration_change
    dataset = xr.Dataset(
        {
            "population": ((*by_year, "group"), sums, {"unit": "persons", "kind": "stock"}),
            "births": (by_year, births, {"unit": "persons", "kind": "flow"}),
            "deaths": (by_year, deaths, {"unit": "persons", "kind": "flow"}),
            "net_migrants": (by_year, net, {"unit": "persons", "kind": "flow"}),
            "tfr": (by_year, paths.tfr, {"unit": "births per woman"}),
            **{f"e0_{sex}": (by_year, paths.e0[:, :, s], {"unit": "years"}) for s, sex in enumerate(SEXES)},
        },
        coords={"draw": np.arange(shape[0]), "year": inputs.end_years, "group": list(names)},
    )
    return dataset.assign_attrs(fingerprint=paths.fingerprint, seed=paths.seed, device="gpu" if on_gpu else "cpu")


def _people_at_start(outlook: Outlook, year: int) -> float:
    """Return the published people on 1 January of a year: those of its end without its births, deaths and migrants."""
    end, births, deaths, moved = (
        outlook.value(name, year) for name in ("population", "births", "deaths", "net_migrants")
    )
    return end - births + deaths - moved


def _standard_paths(draws: int, steps: int, rules: PopulationPathsFile, *, seed: int) -> FloatArray:
    """Return standard normal paths of fertility, mortality and migration, shape (D, T, 3)."""
    link = rules.correlation
    together = np.array(
        [
            [1.0, link.tfr_e0, link.tfr_migration],
            [link.tfr_e0, 1.0, link.e0_migration],
            [link.tfr_migration, link.e0_migration, 1.0],
        ]
    )
    try:
        root = np.linalg.cholesky(together)
    except np.linalg.LinAlgError:
        found = "three correlations that exclude each other"
        raise TableError(Problem("correlation", found, "a positive definite matrix")) from None
    z = stream(seed, "demography/population_paths").standard_normal((draws, steps, 3)) @ root.T
    last = np.array([rules.tfr.persistence, rules.e0.persistence, rules.migration.persistence])
    fresh = np.sqrt(1.0 - last**2)
    for t in range(1, steps):
        z[:, t] = last * z[:, t - 1] + fresh * z[:, t]
    return np.asarray(z)


def _quantiles(outlook: Outlook, name: str, years: NDArray[np.int64]) -> FloatArray:
    """Return the published quantiles of a series, shape (T, 5)."""
    values = np.stack([outlook.series(name, years, column=column) for column in _COLUMNS], axis=1)
    unknown = years[~np.isfinite(values).all(axis=1)]
    if len(unknown):
        found = f"no bounds of {name} in {unknown[0]}" + (f" to {unknown[-1]}" if len(unknown) > 1 else "")
        raise TableError(Problem("years", found, "years with published bounds"))
    return values


def _at(quantiles: FloatArray, z: FloatArray) -> FloatArray:
    """Return the quantile of each year at z, shape (T, 5) and (D, T) to (D, T)."""
    slopes = np.diff(quantiles, axis=1) / np.diff(_KNOTS)
    place = np.clip(np.searchsorted(_KNOTS, z) - 1, 0, len(_KNOTS) - 2)
    year = np.arange(z.shape[1])
    return np.asarray(quantiles[year, place] + slopes[year, place] * (z - _KNOTS[place]))


def _prepared(
    inputs: PopulationInputs, tfr: FloatArray, e0: FloatArray, change: FloatArray, seed: int
) -> PopulationPaths:
    """Lay out the survival ratios of a grid of life expectancies for each year, and find each draw's place on it."""
    steps = len(inputs.years)
    low, high = e0.min(axis=0), e0.max(axis=0)
    # A grid needs two levels even where all draws are alike.
    high = np.maximum(high, low + 0.1)
    wanted = low[..., None] + (high - low)[..., None] * np.linspace(0.0, 1.0, _LEVELS)
    grid = np.empty((steps, _LEVELS, 2, len(inputs.ages)))
    for t in range(steps):
        scaled = np.empty((_LEVELS, 2, len(inputs.ages)))
        for s, sex in enumerate(SEXES):
            mx = inputs.mx[t, s]
            reached = life_table(mx * np.exp(_FACTORS)[:, None], sex).e0
            factors = np.exp(np.interp(-wanted[t, s], -reached, _FACTORS))
            scaled[:, s] = mx * factors[:, None]
        grid[t] = survival_from_rates(scaled, ages=inputs.ages)
    level = (e0 - low) / (high - low) * (_LEVELS - 1)
    total = inputs.asfr.sum(axis=1, keepdims=True)
    if (total == 0).any():
        raise TableError(Problem("asfr", "a year without births", "an age pattern of births in every year"))
    moved = np.abs(inputs.migration).sum(axis=0)
    profile = moved if moved.sum() > 0 else np.array(inputs.base)
    return PopulationPaths(
        inputs=inputs,
        tfr=tfr,
        e0=e0,
        migration_change=change,
        level=level,
        survival_grid=grid,
        pattern=inputs.asfr / total,
        migration_profile=profile / profile.sum(),
        seed=seed,
    )
