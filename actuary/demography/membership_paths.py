"""Many paths of the members of the schemes, with the people drawn around a medium path."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from actuary.demography.membership_rules import SEXES, MembershipRules
from actuary.demography.membership_setup import age_bounds, membership_years, people_at
from actuary.demography.membership_start import first_members
from actuary.demography.membership_steps import YearCoefficients, year_coefficients
from actuary.demography.population import project_population
from actuary.demography.statuses import STATUS_NAMES
from actuary.demography.stochastic import PopulationPaths
from actuary.errors import Problem, TableError, raise_all
from actuary.kernels.membership import run_member_paths
from actuary.policy import fingerprint
from actuary.threads import worker_threads

__all__ = ["run_membership_paths"]

type FloatArray = NDArray[np.float64]

_CHUNK = 125


def run_membership_paths(
    paths: PopulationPaths,
    rules: MembershipRules,
    *,
    weights: Mapping[str, ArrayLike] | None = None,
    threads: int | None = None,
) -> xr.Dataset:
    """Carry the members of every drawn population to the horizon and keep sums of each year-end.

    The first members have the shares of the medium path, scaled to the published totals; from there each path goes on
    with its own births, deaths and migrants, under the same rules.

    Parameters
    ----------
    paths : PopulationPaths
        Drawn paths of people, see :func:`actuary.demography.stochastic.draw_population_paths`.
    rules : MembershipRules
        Rules of membership.
    weights : mapping of str to array_like, shape (7, 2, A), optional
        Weight of each status, sex and age in each sum, such as the use of a benefit by age.
    threads : int, optional
        Threads; all cores when left out. The result does not depend on it.

    Returns
    -------
    Dataset
        ``persons`` (draw, status, year) [persons], ``dependency_ratio`` (draw, year) [ratio], ``population``
        (draw, year) [persons] and, with weights, ``weighted`` (draw, profile, year) [persons times weight].

    Raises
    ------
    TableError
        When weights have another shape or are not finite; all at once.
    DeclarationError
        As :func:`actuary.demography.membership.project_membership`.

    Examples
    --------
    >>> from actuary.demography.membership_rules import load_membership_rules, membership_anchors
    >>> from actuary.demography.population_sources import load_population
    >>> from actuary.demography.stochastic import draw_population_paths
    >>> paths = draw_population_paths(load_population("national"), 20, seed=1)
    >>> rules = load_membership_rules("national", anchors=membership_anchors("national", 2024))
    >>> found = run_membership_paths(paths, rules)
    >>> found["persons"].dims, round(float(found["dependency_ratio"].sel(year=2024).mean()), 1)
    (('draw', 'status', 'year'), 2.6)
    """
    inputs = paths.inputs
    population = project_population(inputs)
    ages = np.asarray(inputs.ages)
    start, last = membership_years(population, rules)
    profiles = _profiles(weights or {}, ages=len(ages))
    opening = first_members(rules, people_at(population, start), year=start, ages=ages)
    years = np.arange(start + 1, last + 1)
    coefficients = year_coefficients(rules, years=years, ages=ages, opening=opening)
    by_age, rates = _flat(coefficients)
    child, elderly = age_bounds(rules, start)
    draws, steps = paths.tfr.shape
    before = start - (int(inputs.years[0]) - 1)
    kept = steps - before + 1
    stocks, sums = np.empty((draws, kept, len(STATUS_NAMES))), np.empty((draws, kept, len(profiles)))
    people = np.empty((draws, steps))
    # The compiled loop is declared for arrays that can be written.
    base, migration = np.array(inputs.base), np.array(inputs.migration)
    boys = inputs.srb / (1.0 + inputs.srb)

    def work(first: int) -> None:
        part = slice(first, first + _CHUNK)
        run_member_paths(
            base,
            paths.survival_grid,
            paths.pattern,
            boys,
            migration,
            paths.migration_profile,
            paths.tfr[part],
            paths.level[part],
            paths.migration_change[part],
            opening.shares,
            before,
            by_age,
            rates,
            coefficients.mortality,
            coefficients.migrant,
            child,
            elderly,
            profiles,
            stocks[part],
            sums[part],
            people[part],
        )

    with worker_threads(threads) as pool:
        list(pool.map(work, range(0, draws, _CHUNK)))
    retired = stocks[..., 2]
    ratio = np.full(retired.shape, np.nan)
    np.divide(stocks[..., 0] + stocks[..., 1], retired, out=ratio, where=retired > 0)
    dataset = xr.Dataset(
        {
            "persons": (("draw", "status", "year"), np.moveaxis(stocks, 2, 1), {"unit": "persons", "kind": "stock"}),
            "dependency_ratio": (("draw", "year"), ratio, {"unit": "ratio", "kind": "stock"}),
            "population": (
                ("draw", "year"),
                np.concatenate([np.full((draws, 1), inputs.base.sum()), people], axis=1)[:, before:],
                {"unit": "persons", "kind": "stock"},
            ),
        },
        coords={"draw": np.arange(draws), "status": list(STATUS_NAMES), "year": np.arange(start, last + 1)},
    )
    if weights:
        weighted = xr.DataArray(
            np.moveaxis(sums, 2, 1), dims=("draw", "profile", "year"), coords={"profile": list(weights)}
        )
        dataset["weighted"] = weighted.assign_attrs(unit="persons times weight", kind="stock")
    mark = fingerprint({"paths": paths.fingerprint, "rules": rules.fingerprint})
    return dataset.assign_attrs(fingerprint=mark, seed=paths.seed)


def _flat(c: YearCoefficients) -> tuple[FloatArray, FloatArray]:
    """Return the coefficients by age, shape (T, 7, 2, A), and the yearly shares, shape (T, 5), as the kernel wants."""
    flexible = np.broadcast_to(c.flexible, c.retire.shape)
    by_age = np.stack([c.retire, c.short, c.complete, c.enter, c.expand, flexible, c.participation], axis=1)
    rates = np.stack([c.pay_on, c.job_change, c.lapse, c.lapse_uninsured, c.turnover], axis=1)
    return np.ascontiguousarray(by_age), np.ascontiguousarray(rates)


def _profiles(weights: Mapping[str, ArrayLike], *, ages: int) -> FloatArray:
    shape = (len(STATUS_NAMES), len(SEXES), ages)
    held = np.empty((len(weights), *shape))
    problems = []
    for number, (name, given) in enumerate(weights.items()):
        array = np.asarray(given, dtype=np.float64)
        if array.shape != shape:
            problems.append(Problem(f"weights of {name}", f"shape {array.shape}", f"shape {shape}: status, sex, age"))
        elif not np.isfinite(array).all():
            problems.append(Problem(f"weights of {name}", "a value that is not a number", "finite numbers"))
        else:
            held[number] = array
    raise_all(problems, TableError)
    return held
