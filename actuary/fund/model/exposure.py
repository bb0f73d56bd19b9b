"""From stocks of people to what income and spending are levied on: persons by status, uses and weighted uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from actuary.demography.statuses import STATUS_NAMES
from actuary.fund.model.base_year import MODEL_SCHEMES
from actuary.policy import BENEFITS, FinanceModel

__all__ = ["Exposure", "lay_profiles", "measure_exposure"]

_SEXES = ("male", "female")


@dataclass(frozen=True)
class Exposure:
    """Hold what a quarter's income and spending are levied on.

    Leading dims (draw, scenario) may stand before those named.

    Parameters
    ----------
    average : DataArray, dims (..., status, quarter)
        Average persons [persons].
    closing : DataArray, dims (..., status, quarter)
        Persons at the end of the quarter [persons].
    uses : DataArray, dims (..., scheme, benefit, quarter)
        Uses a year at the rates of the base year [uses a year].
    weighted : DataArray, dims (..., scheme, benefit, quarter)
        The same, each use weighted with the relative price at its age: what spending moves with while prices and rates
        stand still.
    """

    average: xr.DataArray
    closing: xr.DataArray
    uses: xr.DataArray
    weighted: xr.DataArray


def lay_profiles(model: FinanceModel, ages: np.ndarray) -> tuple[xr.DataArray, xr.DataArray]:
    """Lay the age profiles of every benefit over statuses, sexes and ages.

    Parameters
    ----------
    model : FinanceModel
        Declaration.
    ages : array, shape (age,)
        Single ages, or the lower bounds of groups [years].

    Returns
    -------
    use, price : DataArray, dims (scheme, benefit, status, sex, age)
        Relative use, zero for a status that a benefit does not cover, and relative price of a use. Levels are those of
        the tables: :func:`actuary.fund.model.calibration.calibrate` moves them to the base year.
    """
    shape = (len(MODEL_SCHEMES), len(BENEFITS), len(STATUS_NAMES), len(_SEXES), len(ages))
    use, price = np.zeros(shape), np.ones(shape)
    laid = {
        name: np.array([[profile.value(sex, int(age)) for age in ages] for sex in _SEXES])
        for name, profile in model.profiles.items()
    }
    for one in model.declared.benefit:
        whole = one
        if one.part_of is not None:
            found = model.benefit(one.scheme, one.part_of.benefit)
            whole = found or one
        if one.level == "none" or whole.profile is None:
            continue
        row, column = MODEL_SCHEMES.index(one.scheme), BENEFITS.index(one.benefit)
        for level in whole.use:
            for status in level.statuses:
                use[row, column, STATUS_NAMES.index(status)] = laid[whole.profile]
                if whole.price_profile is not None:
                    price[row, column, STATUS_NAMES.index(status)] = laid[whole.price_profile]
    dims = ("scheme", "benefit", "status", "sex", "age")
    coords = {
        "scheme": list(MODEL_SCHEMES),
        "benefit": list(BENEFITS),
        "status": list(STATUS_NAMES),
        "sex": list(_SEXES),
        "age": list(ages),
    }
    return xr.DataArray(use, dims=dims, coords=coords), xr.DataArray(price, dims=dims, coords=coords)


def measure_exposure(
    stocks: xr.DataArray,
    weights: Mapping[str, xr.DataArray],
    *,
    births: xr.DataArray | None = None,
) -> Exposure:
    r"""Measure what every quarter's income and spending are levied on.

    .. math:: X_t = \sum_{s,g,a} w_{s,g,a} \tfrac12 (N_{s,g,a,t-1} + N_{s,g,a,t})

    It is linear in people, so a stochastic run may add up its weights while it projects and keep no ages.

    Parameters
    ----------
    stocks : DataArray, dims (..., status, sex, age, quarter)
        Persons at quarter-ends, beginning with the one before the first quarter wanted [persons].
    weights : mapping
        ``"use" | "weighted" -> DataArray, dims (scheme, benefit, status, sex, age)`` from the calibration.
    births : DataArray, dims (..., quarter), optional
        Births by age of mother over those of the base year; maternity moves with it. Constant fertility without.

    Returns
    -------
    Exposure
        One quarter fewer than the stocks.
    """
    cells = ("status", "sex", "age")
    lead = [str(dim) for dim in stocks.dims if dim not in (*cells, "quarter")]
    people = stocks.transpose(*lead, *cells, "quarter")
    head = people.shape[: len(lead)]
    flat = people.to_numpy().reshape(*head, -1, people.sizes["quarter"])
    by_status = people.sum(("sex", "age"))
    counted = (by_status.to_numpy()[..., 1:] + by_status.to_numpy()[..., :-1]) / 2
    labels = stocks["quarter"].to_numpy()[1:]
    average = by_status.isel(quarter=slice(1, None)).copy(data=counted)
    closing = by_status.isel(quarter=slice(1, None))
    measured = {}
    for name in ("use", "weighted"):
        weight = weights[name].transpose("scheme", "benefit", *cells)
        matrix = weight.to_numpy().reshape(len(MODEL_SCHEMES) * len(BENEFITS), -1)
        # No threads and one order of adding up: the same bits everywhere, and faster at this size than a product.
        total = np.einsum("ij,...jk->...ik", matrix, flat)
        total = (total[..., 1:] + total[..., :-1]) / 2
        measured[name] = xr.DataArray(
            total.reshape(*head, len(MODEL_SCHEMES), len(BENEFITS), -1),
            dims=(*lead, "scheme", "benefit", "quarter"),
            coords={
                **{dim: stocks[dim] for dim in lead if dim in stocks.coords},
                "scheme": list(MODEL_SCHEMES),
                "benefit": list(BENEFITS),
                "quarter": labels,
            },
        )
    if births is not None:
        mothers = xr.DataArray(
            [benefit == "maternity" for benefit in BENEFITS], dims="benefit", coords={"benefit": list(BENEFITS)}
        )
        index = births.sel(quarter=labels).where(mothers, 1.0)
        measured = {name: value * index for name, value in measured.items()}
    order = (*[dim for dim in measured["use"].dims if dim not in ("scheme", "benefit", "quarter")],)
    final = (*order, "scheme", "benefit", "quarter")
    return Exposure(average, closing, measured["use"].transpose(*final), measured["weighted"].transpose(*final))
