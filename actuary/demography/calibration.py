"""Hold drawn paths against published prediction bounds, and find the persistence that meets them best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from actuary.demography.population import PopulationInputs
from actuary.demography.population_sources import Outlook, load_outlook
from actuary.demography.stochastic import draw_population_paths, run_population_paths
from actuary.policy.population_paths import PopulationPathsFile, load_population_paths

__all__ = ["BOUNDS", "band_error", "calibrate_persistence", "compare_bands"]

#: Published bounds and their probabilities.
BOUNDS = {"low_95": 0.025, "low_80": 0.1, "high_80": 0.9, "high_95": 0.975}
#: Series whose bounds follow from the paths; those of fertility, mortality and migration are met by construction.
_IMPLIED = ("population", "births", "deaths")
_CANDIDATES = (0.5, 0.8, 0.9, 0.94, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.998)


def compare_bands(
    drawn: xr.Dataset, *, outlook: Outlook | None = None, years: Sequence[int] | None = None
) -> pd.DataFrame:
    """Compare the quantiles of drawn paths with the published bounds.

    Parameters
    ----------
    drawn : Dataset
        Result of :func:`~actuary.demography.stochastic.run_population_paths` with the group ``total``.
    outlook : Outlook, optional
        Published bounds; those of the nation when left out.
    years : sequence of int, optional
        Years to compare; 2030, 2040 … as far as they are drawn when left out.

    Returns
    -------
    DataFrame
        Columns series, year, bound, published, drawn, off_pct (of births, deaths, people, fertility and life
        expectancy in per cent of the published bound; of migrants in per cent of the width of the 95 % band).
    """
    published = outlook or load_outlook()
    known = {int(year) for year in drawn["year"].to_numpy()}
    chosen = [year for year in (years or range(2030, 2101, 10)) if year in known]
    series = {
        "population": drawn["population"].sel(group="total"),
        **{name: drawn[name] for name in ("births", "deaths", "tfr", "e0_male", "e0_female", "net_migrants")},
    }
    rows = []
    for name, values in series.items():
        quantiles = values.sel(year=chosen).quantile(list(BOUNDS.values()), dim="draw").to_numpy()
        for y, year in enumerate(chosen):
            row = {bound: published.value(name, year, column=bound) for bound in BOUNDS}
            for b, bound in enumerate(BOUNDS):
                wanted = row[bound]
                base = row["high_95"] - row["low_95"] if name == "net_migrants" else wanted
                off = 100.0 * (quantiles[b, y] - wanted) / base
                rows.append((name, year, bound, wanted, float(quantiles[b, y]), off))
    return pd.DataFrame(rows, columns=["series", "year", "bound", "published", "drawn", "off_pct"])


def band_error(comparison: pd.DataFrame) -> float:
    """Return the root mean square distance of the bounds of people, births and deaths from the published ones [%].

    Parameters
    ----------
    comparison : DataFrame
        Result of :func:`compare_bands`.
    """
    off = comparison.loc[comparison["series"].isin(_IMPLIED), "off_pct"]
    return float(np.sqrt(np.mean(np.square(off))))


def calibrate_persistence(
    inputs: PopulationInputs,
    *,
    draws: int = 2000,
    seed: int = 0,
    candidates: Sequence[float] = _CANDIDATES,
    start: PopulationPathsFile | None = None,
) -> tuple[PopulationPathsFile, pd.DataFrame]:
    """Find the persistence of fertility, mortality and migration whose bounds come nearest to the published ones.

    Parameters
    ----------
    inputs : PopulationInputs
        The medium path of the region of the outlook.
    draws, seed : int
        Paths a trial; all trials share their random numbers.
    candidates : sequence of float
        Persistences that are tried, one kind after another until nothing changes.
    start : PopulationPathsFile, optional
        Where to begin, and the correlations; what is declared when left out.

    Returns
    -------
    tuple
        The declaration with the persistences found, and all trials: columns tfr, e0, migration, error_pct.
    """
    best = start or load_population_paths()
    outlook = load_outlook()
    tried: dict[tuple[float, float, float], float] = {}

    def persistences(rules: PopulationPathsFile) -> tuple[float, float, float]:
        return rules.tfr.persistence, rules.e0.persistence, rules.migration.persistence

    def error(rules: PopulationPathsFile) -> float:
        key = persistences(rules)
        if key not in tried:
            paths = draw_population_paths(inputs, draws, seed=seed, outlook=outlook, declared=rules)
            tried[key] = band_error(compare_bands(run_population_paths(paths), outlook=outlook))
        return tried[key]

    moving = True
    while moving:
        moving = False
        for name in ("tfr", "e0", "migration"):
            spread = getattr(best, name)
            trials = [
                best.model_copy(update={name: spread.model_copy(update={"persistence": value})}) for value in candidates
            ]
            nearest = min([best, *trials], key=error)
            moving = moving or persistences(nearest) != persistences(best)
            best = nearest
    rows = [(*key, value) for key, value in tried.items()]
    return best, pd.DataFrame(rows, columns=["tfr", "e0", "migration", "error_pct"]).sort_values("error_pct")
