"""The funds of a region as parts of one another: pool and accounts, schemes, everything; and their balances."""

from __future__ import annotations

import numpy as np
import xarray as xr

from actuary.forecast.fund_series import FLOWS, FundHistory, series_name
from actuary.forecast.fund_spec import FundSpec
from actuary.forecast.joint import FundPaths, fund_paths
from actuary.forecast.pool_share import draw_pool_share, known_shares
from actuary.seeds import stream

__all__ = ["POOL", "divide_flows", "hierarchy_of", "is_divided", "roll_funds"]

#: The pool of the employee fund; its personal accounts; the pools of all schemes.
POOL = "employee_pooled"
_ACCOUNTS, _TOGETHER = "employee_personal", "all_pooled"


def is_divided(history: FundHistory) -> bool:
    """Say whether pool and accounts of the employee fund are published apart, flows and balance."""
    if "employee" not in history.schemes or not all(known_shares(history, flow) for flow in FLOWS):
        return False
    return _balance_year(history, "employee", "pooled_balance_end") is not None


def divide_flows(
    history: FundHistory, bottom: xr.DataArray, past: xr.DataArray, spec: FundSpec, seed: int
) -> tuple[xr.DataArray, xr.DataArray]:
    """Split the flows of employees into pool and accounts, in every draw."""
    future: list[xr.DataArray] = []
    before: list[xr.DataArray] = []
    years = np.array([int(str(label)[:4]) for label in past["period"].to_numpy()])
    for flow in FLOWS:
        name, shares = series_name("employee", flow), known_shares(history, flow)
        rng = stream(seed, f"forecast/fund/{history.region}/pool share/{flow}")
        sizes = bottom.sizes
        share = draw_pool_share(
            shares,
            spec=spec.pool_share,
            draws=sizes["draw"],
            periods=sizes["period"],
            season=history.season,
            rng=rng,
        )
        nearest = np.array([shares[min(shares, key=lambda y: (abs(y - year), -y))] for year in years])
        for laid, found, whole in ((future, share, bottom), (before, nearest[None, :], past)):
            flows = whole.sel(series=name, drop=True)
            pooled = flows.copy(data=flows.to_numpy() * found)
            laid += [
                pooled.expand_dims(series=[series_name(POOL, flow)]),
                (flows - pooled).expand_dims(series=[series_name(_ACCOUNTS, flow)]),
            ]
    rest = [name for name in history.series if not name.startswith("employee.")]
    dims = ("draw", "series", "period")
    joined = [
        xr.concat([*laid, whole.sel(series=rest)], dim="series") for laid, whole in ((future, bottom), (before, past))
    ]
    return joined[0].transpose(*dims), joined[1].transpose(*dims)


def hierarchy_of(history: FundHistory, *, divided: bool) -> dict[str, tuple[str, ...]]:
    """Return the hierarchy of flows: everything is schemes, the employee scheme pool and accounts."""
    parts: dict[str, tuple[str, ...]] = {}
    for flow in FLOWS:
        if len(history.schemes) > 1:
            parts[series_name("all", flow)] = tuple(series_name(scheme, flow) for scheme in history.schemes)
            if divided:
                parts[series_name(_TOGETHER, flow)] = (series_name(POOL, flow), series_name("resident", flow))
        if divided:
            parts[series_name("employee", flow)] = (series_name(POOL, flow), series_name(_ACCOUNTS, flow))
    return parts


def _balance_year(history: FundHistory, scheme: str, indicator: str) -> int | None:
    """Return the last year-end within the history at which a balance is published."""
    frame = history.annual
    mine = frame[(frame["scheme"] == scheme) & (frame["indicator"] == indicator)]
    last = (history.first + len(history.periods)) // history.season - 1
    years = [int(year) for year in mine["year"] if year <= last]
    return max(years) if years else None


def roll_funds(history: FundHistory, every: xr.DataArray, past: xr.DataArray, *, divided: bool) -> dict[str, FundPaths]:
    """Roll every fund forward whose balance is published."""
    published = {"employee": ("employee", "balance_end"), "resident": ("resident", "balance_end")}
    if divided:
        published = {
            POOL: ("employee", "pooled_balance_end"),
            _ACCOUNTS: ("employee", "personal_balance_end"),
            "resident": ("resident", "balance_end"),
        }
    openings: dict[str, xr.DataArray] = {}
    for name, (scheme, indicator) in published.items():
        year = _balance_year(history, scheme, indicator) if scheme in history.schemes else None
        value = None if year is None else history.year_figure(scheme, indicator, year)
        if year is None or value is None:
            continue
        # What came and went since the year-end of the published balance is part of the history.
        since = slice((year + 1) * history.season - history.first, None)
        net = past.sel(series=series_name(name, "income")) - past.sel(series=series_name(name, "expenditure"))
        openings[name] = value + net.isel(period=since).sum("period")
    sums = {"employee": (POOL, _ACCOUNTS), "all": ("employee", "resident"), _TOGETHER: (POOL, "resident")}
    for whole, members in sums.items():
        if whole not in openings and all(one in openings for one in members):
            openings[whole] = sum((openings[one] for one in members[1:]), openings[members[0]])
    order = (POOL, _ACCOUNTS, "resident", _TOGETHER, "employee", "all")
    return {
        name: fund_paths(
            every.sel(series=series_name(name, "income"), drop=True),
            every.sel(series=series_name(name, "expenditure"), drop=True),
            opening=openings[name],
            past_spending=past.sel(series=series_name(name, "expenditure"), drop=True),
            season=history.season,
            name=name,
            synthetic=history.synthetic,
        )
        for name in order
        if name in openings
    }
