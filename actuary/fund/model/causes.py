"""Why spending grows: persons, pure ageing, price, use, technology and policy, closing exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from actuary.drivers import TREND_FACTORS
from actuary.fund.model.base_year import GROUPS, MODEL_SCHEMES
from actuary.fund.recursion import QUARTERS_A_YEAR

if TYPE_CHECKING:
    from actuary.fund.model.result import ModelProjection

__all__ = ["CAUSES", "ageing_index", "growth_causes", "log_mean"]

#: Causes of growth, in their order; `other` is what modules change beside the trends.
CAUSES: tuple[str, ...] = ("persons", "ageing", *TREND_FACTORS, "other")

#: Logarithmic change below which the mean is taken from its expansion.
_NEAR = 1e-8


def log_mean(after: xr.DataArray, before: xr.DataArray) -> xr.DataArray:
    r"""Return the logarithmic mean, the weight with which logarithmic changes add up to a difference.

    .. math:: L(a, b) = \frac{a - b}{\ln a - \ln b}, \qquad L(a, a) = a

    Parameters
    ----------
    after, before : DataArray
        Positive values in one unit; where one is zero the mean is zero.

    Examples
    --------
    >>> round(float(log_mean(xr.DataArray(2.0), xr.DataArray(1.0))), 6)
    1.442695
    """
    known = (after > 0) & (before > 0)
    ratio = after.where(known, 1.0) / before.where(known, 1.0)
    step = ratio.copy(data=np.log(ratio.to_numpy()))
    near = abs(step) < _NEAR
    # Close to 1 the quotient loses its digits; its expansion does not.
    mean: xr.DataArray = (before * (ratio - 1) / step.where(~near, 1.0)).where(~near, before * (1 + step / 2))
    return mean.where(known, 0.0)


def _yearly(projection: ModelProjection) -> dict[str, xr.DataArray]:
    """Return, by benefit and year with the base year first, spending and every factor it is the product of."""
    paths, inputs = projection.paths.sel(scheme=list(MODEL_SCHEMES)), projection.inputs
    count = paths.sizes["quarter"] // QUARTERS_A_YEAR * QUARTERS_A_YEAR
    years = [
        projection.base_quarter.year,
        *(int(str(q)[:4]) for q in paths["quarter"].to_numpy()[:count:QUARTERS_A_YEAR]),
    ]

    def of_year(name: str, base: xr.DataArray) -> xr.DataArray:
        flow = paths[name].reset_coords(drop=True).isel(quarter=slice(0, count)).transpose(..., "quarter")
        ends = flow.isel(quarter=slice(QUARTERS_A_YEAR - 1, None, QUARTERS_A_YEAR))
        quarters = flow.to_numpy().reshape(*flow.shape[:-1], -1, QUARTERS_A_YEAR)
        summed = ends.copy(data=quarters.sum(axis=-1)).drop_vars("quarter").rename(quarter="year")
        start = base.expand_dims(year=1).broadcast_like(summed.isel(year=[0]))
        return xr.concat([start, summed], "year").assign_coords(year=years)

    calibration = inputs.calibration
    people = [
        sum(inputs.base.average.get(group, 0.0) for group, (scheme, _) in GROUPS.items() if scheme == s)
        for s in MODEL_SCHEMES
    ]
    persons = of_year("persons_in_season", xr.DataArray(people, dims="scheme", coords={"scheme": list(MODEL_SCHEMES)}))
    weighted = of_year("weighted_uses", calibration.base_weighted)
    spending = of_year("spending_yuan", calibration.base_weighted * calibration.unit_cost)
    level = (
        paths["trend_level"].reset_coords(drop=True).isel(quarter=slice(QUARTERS_A_YEAR - 1, count, QUARTERS_A_YEAR))
    )
    level = level.drop_vars("quarter").rename(quarter="year")
    ones = xr.ones_like(level.isel(year=[0]))
    trend = xr.concat([ones, level], "year").assign_coords(year=years)
    plain = weighted * calibration.unit_cost * trend.prod("factor")
    held = {"spending": spending, "persons": persons.broadcast_like(spending), "ageing": weighted / persons}
    held |= {factor: trend.sel(factor=factor, drop=True).broadcast_like(spending) for factor in TREND_FACTORS}
    if "scenario" not in held["ageing"].dims:
        held["ageing"] = held["ageing"].expand_dims(scenario=list(projection.scenarios))
    held["other"] = (spending / plain.where(plain > 0, 1.0)).where(plain > 0, 1.0)
    return held


def growth_causes(projection: ModelProjection) -> pd.DataFrame:
    r"""Split the growth of pool spending by cause, year by year.

    Spending of a benefit is the product of persons, uses a head weighted with price (their make-up by age, sex and
    status: pure ageing) and the trend levels. With the logarithmic mean :math:`L` the causes of a year add up to its
    growth without remainder,

    .. math:: E_{b,y} - E_{b,y-1} = \sum_f L(E_{b,y}, E_{b,y-1}) \ln \frac{f_{b,y}}{f_{b,y-1}}.

    A benefit that begins or ends stands under `other` with the whole of its change.

    Parameters
    ----------
    projection : ModelProjection
        A projection without draws.

    Returns
    -------
    DataFrame
        Rows by scenario, scheme and year: `growth_yuan`, and for each of :data:`CAUSES` its part `<cause>_yuan` [yuan]
        and `<cause>_growth`, that part over the spending of the year before [share].
    """
    held = _yearly(projection)
    spending = held.pop("spending")
    after, before = spending.isel(year=slice(1, None)), spending.shift(year=1).isel(year=slice(1, None))
    weight = log_mean(after, before)
    parts = {}
    for cause in CAUSES:
        factor = held[cause]
        ratio = factor.isel(year=slice(1, None)) / factor.shift(year=1).isel(year=slice(1, None))
        parts[cause] = weight * np.log(ratio.where(weight > 0, 1.0))
    parts["other"] = parts["other"] + (after - before).where(weight == 0, 0.0)
    table = xr.Dataset({f"{cause}_yuan": part.sum("benefit", skipna=False) for cause, part in parts.items()})
    table["growth_yuan"] = (after - before).sum("benefit", skipna=False)
    base = before.sum("benefit", skipna=False)
    for cause in CAUSES:
        table[f"{cause}_growth"] = table[f"{cause}_yuan"] / base
    return table.to_dataframe(dim_order=["scenario", "scheme", "year"]).reset_index()


def ageing_index(projection: ModelProjection) -> pd.DataFrame:
    """Measure pure ageing: spending a head at the rates and prices of the base year while the age structure moves.

    Parameters
    ----------
    projection : ModelProjection
        A projection without draws.

    Returns
    -------
    DataFrame
        Rows by scenario, scheme and year: `index` (base year 1) [ratio] and `growth` over the year before [share].
    """
    held = _yearly(projection)
    unit = projection.inputs.calibration.unit_cost
    # Zero persons of a scheme that is not projected give a missing index.
    index = (held["ageing"] * unit).sum("benefit", skipna=False)
    index = index / index.isel(year=0, drop=True)
    growth = index / index.shift(year=1) - 1
    table = xr.Dataset({"index": index, "growth": growth})
    return table.to_dataframe(dim_order=["scenario", "scheme", "year"]).reset_index()
