"""What a module may change: factors on and amounts beside the income and spending of the recursion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import xarray as xr

from actuary.periods import Quarter

__all__ = ["Levers"]


@dataclass(frozen=True)
class Levers:
    """Hold what modules (an epidemic, purchasing, a new benefit) change, each by label; left out, nothing changes.

    Quarters that a lever does not name keep what they are.

    Parameters
    ----------
    spending_factor : DataArray, dims among (..., scheme, benefit, quarter), optional
        Multiplied into spending [ratio].
    extra_spending : DataArray, dims (..., scheme, benefit, quarter), optional
        Added to spending [yuan].
    income_factor : DataArray, dims among (..., scheme, source, quarter), optional
        Multiplied into the pool's income without interest [ratio].
    extra_income : DataArray, dims (..., scheme, source, quarter), optional
        Added to it [yuan].

    Examples
    --------
    >>> cut = xr.DataArray([0.5], dims="quarter", coords={"quarter": ["2026Q1"]})
    >>> Levers(income_factor=cut).income_factor.item()
    0.5
    """

    spending_factor: xr.DataArray | None = None
    extra_spending: xr.DataArray | None = None
    income_factor: xr.DataArray | None = None
    extra_income: xr.DataArray | None = None

    def apply_spending(self, spending: xr.DataArray, quarters: Sequence[Quarter]) -> xr.DataArray:
        """Return spending after factor and amount, dims as before."""
        return _apply(spending, self.spending_factor, self.extra_spending, quarters)

    def apply_income(self, income: xr.DataArray, quarters: Sequence[Quarter]) -> xr.DataArray:
        """Return the pool's income after factor and amount, dims as before."""
        return _apply(income, self.income_factor, self.extra_income, quarters)


def _apply(
    flow: xr.DataArray, factor: xr.DataArray | None, extra: xr.DataArray | None, quarters: Sequence[Quarter]
) -> xr.DataArray:
    if factor is None and extra is None:
        return flow
    labels: dict[str, object] = {str(name): flow[name].to_numpy() for name in flow.dims if name in flow.coords}
    labels["quarter"] = [str(quarter) for quarter in quarters]
    for lever, neutral in ((factor, 1.0), (extra, 0.0)):
        if lever is None:
            continue
        wanted = {str(name): labels[name] for name in lever.dims if name in labels}
        laid = lever.reindex(wanted, fill_value=neutral)
        flow = flow * laid if neutral else flow + laid
    lead = [dim for dim in flow.dims if dim not in labels]
    return flow.transpose(*lead, *[dim for dim in flow.dims if dim in labels])
