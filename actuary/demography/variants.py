"""Variants of a projection: other fertility, mortality or migration around the same people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actuary.demography.fertility import mean_age_at_birth, period_tfr, shift_mean_age
from actuary.demography.graduation import scale_to_e0
from actuary.demography.life_table import SEXES
from actuary.demography.population import PopulationInputs
from actuary.errors import Problem, TableError, UnknownNameError, unknown_name

__all__ = [
    "VARIANTS",
    "change_fertility",
    "make_variant",
    "path_by_year",
    "with_births_factor",
    "with_e0",
    "with_mean_age_shift",
    "with_tfr",
]

type FloatArray = NDArray[np.float64]

_HALF_CHILD = 0.5


def path_by_year(points: Mapping[int, float] | ArrayLike, years: NDArray[np.int64], *, what: str) -> FloatArray:
    """Return a value for each year from one number, one number a year, or a few years with values.

    Parameters
    ----------
    points : mapping of int to float, or array_like
        Between the years of a mapping the line between them holds, before the first and after the last the nearest
        value.
    years : ndarray, shape (T,)
        Years wanted.
    what : str
        Name of the quantity, for the message.

    Raises
    ------
    TableError
        When there are neither one value nor one a year, or a value is no number.

    Examples
    --------
    >>> path_by_year({2025: 1.0, 2027: 1.2}, np.arange(2024, 2029), what="tfr").tolist()
    [1.0, 1.0, 1.1, 1.2, 1.2]
    """
    if isinstance(points, Mapping):
        known = sorted(points)
        values = np.interp(years, known, [float(points[year]) for year in known]) if known else np.zeros(0)
    else:
        given = np.asarray(points, dtype=np.float64)
        values = np.full(len(years), float(given)) if given.ndim == 0 else given
    if values.shape != years.shape or not np.isfinite(values).all():
        found = f"{values.size} values" if values.shape != years.shape else "a value that is not a number"
        raise TableError(Problem(what, found, f"one number, one for each of {len(years)} years, or years with values"))
    return values


def with_tfr(
    inputs: PopulationInputs, tfr: Mapping[int, float] | ArrayLike, *, variant: str = "tfr"
) -> PopulationInputs:
    """Give each year another total fertility and keep its age pattern.

    Parameters
    ----------
    inputs : PopulationInputs
        The projection to vary.
    tfr : mapping of int to float, or array_like
        Births per woman; see :func:`path_by_year`.
    variant : str
        Name of the result.

    Raises
    ------
    TableError
        When a value is below 0, or a year without births has no age pattern.
    """
    wanted = path_by_year(tfr, inputs.years, what="tfr")
    if (wanted < 0).any():
        raise TableError(Problem("tfr", f"{wanted.min():g}", "0 or more"))
    now = inputs.tfr
    if ((now == 0) & (wanted > 0)).any():
        raise TableError(Problem("asfr", "a year without births", "an age pattern of births in every year"))
    factor = np.divide(wanted, now, out=np.zeros_like(wanted), where=now > 0)
    return replace(inputs, asfr=inputs.asfr * factor[:, None], variant=variant)


def change_fertility(inputs: PopulationInputs, children: float, *, variant: str = "") -> PopulationInputs:
    """Add children per woman to every year, or take them away; never below 0.

    Parameters
    ----------
    inputs : PopulationInputs
        The projection to vary.
    children : float
        Births per woman to add.
    variant : str
        Name of the result.
    """
    return with_tfr(inputs, np.maximum(inputs.tfr + children, 0.0), variant=variant or f"{children:+g} children")


def with_births_factor(
    inputs: PopulationInputs, factor: Mapping[int, float] | ArrayLike, *, variant: str = "births"
) -> PopulationInputs:
    """Multiply the fertility of every year, as a policy on births would.

    Parameters
    ----------
    inputs : PopulationInputs
        The projection to vary.
    factor : mapping of int to float, or array_like
        See :func:`path_by_year`; 1 leaves a year as it is.
    variant : str
        Name of the result.
    """
    return with_tfr(inputs, inputs.tfr * path_by_year(factor, inputs.years, what="factor"), variant=variant)


def with_mean_age_shift(
    inputs: PopulationInputs,
    shift_years: Mapping[int, float] | ArrayLike,
    *,
    tempo: bool = True,
    variant: str = "later births",
) -> PopulationInputs:
    """Move births to later or earlier ages.

    Parameters
    ----------
    inputs : PopulationInputs
        The projection to vary, by single year.
    shift_years : mapping of int to float, or array_like
        Years by which the mean age at birth lies above that of the same year; see :func:`path_by_year`.
    tempo : bool
        Whether the births of a year fall while the mean age rises (Bongaarts and Feeney), so that women have as many
        children in the end; otherwise each year keeps its total.
    variant : str
        Name of the result.

    Raises
    ------
    TableError
        When groups have five years.
    """
    if inputs.step != 1:
        raise TableError(Problem("ages", "five-year groups", "single years"))
    shift = path_by_year(shift_years, inputs.years, what="shift_years")
    moved = shift_mean_age(inputs.asfr, shift)
    if tempo:
        before = mean_age_at_birth(inputs.asfr, ages=inputs.ages)
        plain = period_tfr(np.ones_like(shift), mean_age=np.nan_to_num(before))
        with_shift = period_tfr(np.ones_like(shift), mean_age=np.nan_to_num(before) + shift)
        moved = moved * (with_shift / plain)[:, None]
    return replace(inputs, asfr=moved, variant=variant)


def with_e0(
    inputs: PopulationInputs,
    male: Mapping[int, float] | ArrayLike,
    *,
    female: Mapping[int, float] | ArrayLike,
    variant: str = "e0",
) -> PopulationInputs:
    """Give each year another life expectancy by one factor on all death rates of a sex.

    Parameters
    ----------
    inputs : PopulationInputs
        The projection to vary, by single year.
    male, female : mapping of int to float, or array_like
        Life expectancy at birth [years]; see :func:`path_by_year`.
    variant : str
        Name of the result.

    Raises
    ------
    TableError
        When groups have five years.
    """
    if inputs.step != 1:
        raise TableError(Problem("ages", "five-year groups", "single years"))
    wanted = [
        path_by_year(path, inputs.years, what=f"e0_{sex}") for path, sex in zip((male, female), SEXES, strict=True)
    ]
    mx = [scale_to_e0(inputs.mx[:, s], wanted[s], sex) for s, sex in enumerate(SEXES)]
    return replace(inputs, mx=np.stack(mx, axis=1), survival=None, variant=variant)


def _first_year_for_all(array: FloatArray) -> FloatArray:
    return np.broadcast_to(array[:1], array.shape)


#: Variants by name: what they make of the medium one.
VARIANTS: dict[str, Callable[[PopulationInputs], PopulationInputs]] = {
    "medium": lambda inputs: inputs,
    "low": lambda inputs: change_fertility(inputs, -_HALF_CHILD),
    "high": lambda inputs: change_fertility(inputs, _HALF_CHILD),
    "constant_fertility": lambda inputs: replace(inputs, asfr=_first_year_for_all(inputs.asfr)),
    "constant_mortality": lambda inputs: replace(
        inputs,
        mx=_first_year_for_all(inputs.mx),
        survival=None if inputs.survival is None else _first_year_for_all(inputs.survival),
    ),
    "zero_migration": lambda inputs: replace(inputs, migration=np.zeros_like(inputs.migration)),
}


def make_variant(inputs: PopulationInputs, name: str) -> PopulationInputs:
    """Return a variant of a medium projection.

    Parameters
    ----------
    inputs : PopulationInputs
        The medium one.
    name : str
        ``medium``, ``low`` and ``high`` (half a child fewer and more), ``constant_fertility``,
        ``constant_mortality`` (those of the first year) or ``zero_migration``.

    Returns
    -------
    PopulationInputs
        Inputs of the variant, named so.

    Raises
    ------
    UnknownNameError
        When there is no such variant.

    Examples
    --------
    >>> from actuary.demography.population_sources import load_population
    >>> low = make_variant(load_population("national"), "low")
    >>> round(float(low.tfr[0]), 3)
    0.513
    """
    if name not in VARIANTS:
        raise UnknownNameError(unknown_name("variant", name, VARIANTS, what="variant"))
    return replace(VARIANTS[name](inputs), variant=name)
