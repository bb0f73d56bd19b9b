"""Draws of assumptions from elsewhere, such as a forecast, laid over the drivers of the model."""

from __future__ import annotations

import numpy as np
import xarray as xr

from actuary.drivers import ALL_DRIVERS
from actuary.errors import Problem, UnknownNameError, raise_all, unknown_name
from actuary.fund.model.drivers import driver_variable, needed_keys
from actuary.policy import AssumptionBasis

__all__ = ["check_driver_draws", "lay_driver_draws"]


def check_driver_draws(draws: xr.Dataset) -> None:
    """Check that draws obey the contract of :mod:`actuary.drivers`.

    Parameters
    ----------
    draws : Dataset
        Variables named like assumptions, dims among those that the contract declares, years as whole numbers.

    Raises
    ------
    UnknownNameError
        With every variable that the model does not take, has other dims, or holds what is no number.
    """
    problems = []
    known = [key for key in (*needed_keys(), *ALL_DRIVERS) if driver_variable(key) is not None]
    for name, values in draws.data_vars.items():
        where = f"draws of {name}"
        if str(name) not in known:
            problems.append(unknown_name(where, name, known, what="driver of the people-driven model"))
            continue
        allowed = ALL_DRIVERS[str(name)].dims
        foreign = [str(dim) for dim in values.dims if dim not in allowed]
        if foreign:
            problems.append(Problem(where, f"the dims {', '.join(foreign)}", f"dims among {', '.join(allowed)}"))
        if not np.isfinite(values.to_numpy()).all():
            problems.append(Problem(where, "a value that is not a number", "finite numbers"))
        if "year" in values.dims and "year" not in values.coords:
            problems.append(Problem(where, "years without labels", "a coordinate year, such as 2025"))
    raise_all(problems, UnknownNameError)


def lay_driver_draws(drivers: xr.Dataset, draws: xr.Dataset, *, basis: AssumptionBasis) -> xr.Dataset:
    """Put draws in place of assumptions; years that the draws do not hold keep the assumption.

    Parameters
    ----------
    drivers : Dataset, dims (..., quarter)
        Drivers read from rules and assumptions.
    draws : Dataset, dims (draw[, scenario], year)
        See :func:`check_driver_draws`.
    basis : AssumptionBasis
        Tells which benefits have trends of their own: those follow draws of their own only.

    Returns
    -------
    Dataset
        Drivers with a leading draw dim where they were drawn.
    """
    labels = drivers["quarter"].to_numpy()
    years = np.array([int(str(label)[:4]) for label in labels])
    changed = drivers
    for key, values in draws.data_vars.items():
        found = driver_variable(str(key))
        if found is None:
            continue
        name, where = found
        laid, held = values, np.ones(len(years), dtype=bool)
        if "year" in values.dims:
            known = values["year"].to_numpy()
            held = np.isin(years, known)
            place = np.where(held, np.searchsorted(known, np.where(held, years, known[0])), 0)
            laid = values.isel(year=xr.DataArray(place, dims="quarter")).drop_vars("year", errors="ignore")
        laid = laid.assign_coords(quarter=labels) if "quarter" in laid.dims else laid
        chosen = xr.DataArray(held, dims="quarter", coords={"quarter": labels})
        for dim, label in where.items():
            chosen = chosen & (changed[name][dim] == label)
        if name == "trend_growth" and "benefit" not in where:
            scheme, factor = where["scheme"], where["factor"]
            own = [f"{scheme}.{one}_{factor}_growth" in basis for one in changed["benefit"].to_numpy()]
            chosen = chosen & ~xr.DataArray(own, dims="benefit", coords={"benefit": changed["benefit"]})
        before = changed[name]
        wide, kept = xr.broadcast(laid, before)
        after = wide.where(chosen, kept)
        # A variable that holds several assumptions may have been drawn already, for another of them.
        lead = [dim for dim in ("draw",) if dim in after.dims]
        changed = changed.assign({name: after.transpose(*lead, *(dim for dim in before.dims if dim not in lead))})
    return changed
