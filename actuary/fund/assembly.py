"""History and projection of every scheme joined into one Dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from actuary.demography import dependency_ratio
from actuary.fund.history import Grid
from actuary.fund.recursion import QUARTERS_A_YEAR, sum_of_year
from actuary.fund.seasons import GAP
from actuary.fund.variables import FUNDS, STATUS_NAMES, VARIABLES, worst_status
from actuary.periods import Quarter

__all__ = ["SchemePaths", "assemble_paths", "balance_residuals", "payable_months"]

_MONTHS_A_YEAR = 12

_PROJECTED = "projected"
_SUMMED = (
    "enrolled_persons",
    *(f"{fund}{name}_yuan" for fund in FUNDS for name in ("income", "expenditure", "balance_end")),
)


@dataclass(frozen=True)
class SchemePaths:
    """Hold the projection of one scheme.

    Parameters
    ----------
    valuation : Quarter
        The last quarter of its history.
    months_basis : str
        ``pooled`` or ``undivided``.
    paths : Dataset, dims (scenario, quarter)
        From the quarter after the valuation date to the horizon.
    """

    valuation: Quarter
    months_basis: str
    paths: xr.Dataset


def assemble_paths(
    history: Grid,
    projections: Mapping[str, SchemePaths],
    *,
    scenarios: Sequence[str],
    report: Quarter,
    horizon: Quarter,
    months_basis: Mapping[str, str],
) -> xr.Dataset:
    """Join history and projection; derive the schemes together, ratios and payable months.

    Parameters
    ----------
    history : Grid
        From the first published year to the report quarter.
    projections : mapping
        ``scheme -> SchemePaths`` of ``employee`` and ``resident``, where they could be projected.
    scenarios : sequence of str
        Scenarios, in order.
    report, horizon : Quarter
        The report quarter and the last quarter.
    months_basis : mapping
        ``scheme -> "pooled" or "undivided"`` for every scheme.

    Returns
    -------
    Dataset, dims (scenario, scheme, quarter)
        Variables of :data:`actuary.fund.variables.VARIABLES`; status variables and `phase` with dims
        (scheme, quarter); `months_basis` with dims (scheme,); for each flow `year_<name>`, that of the four quarters
        ending there, or of the calendar year where its quarters are not laid out, and `year_<name>_status`, how a
        calendar year is known.
    """
    past, schemes = len(history.quarters), history.schemes
    quarters = [history.quarters[0] + step for step in range(horizon - history.quarters[0] + 1)]
    shape = (len(scenarios), len(schemes), len(quarters))
    values = {name: np.full(shape, np.nan) for name in VARIABLES}
    status = {name: np.full(shape[1:], GAP, dtype="<U12") for name in STATUS_NAMES}
    phase = np.full(shape[1:], "projection", dtype="<U10")
    phase[:, : report - quarters[0] + 1] = "history"
    for name, known in history.series.items():
        values[name][:, :, :past] = known
    for name, how in history.status.items():
        status[name][:, :past] = how
    totals, total_status = _year_totals(history, len(quarters))
    starts = {scheme: one.valuation - quarters[0] + 1 for scheme, one in projections.items()}
    for scheme, one in projections.items():
        row, start = schemes.index(scheme), starts[scheme]
        for name, path in values.items():
            path[:, row, start:] = 0.0 if name.endswith("adjustment_yuan") else np.nan
            if name in one.paths:
                path[:, row, start:] = one.paths[name].transpose("scenario", "quarter").values
    if "all" in schemes and len(projections) == 2:
        starts["all"] = _sum_schemes(values, schemes, start=min(starts.values()))
    values["dependency_ratio"] = dependency_ratio(values["active_persons"], values["retired_persons"])
    for scheme, start in starts.items():
        row = schemes.index(scheme)
        phase[row, start:] = "projection"
        for name in VARIABLES:
            finite = np.isfinite(values[name][:, row, start:]).all(axis=0)
            status[VARIABLES[name].status][row, start:] = np.where(finite, _PROJECTED, GAP)
    basis = [months_basis[scheme] for scheme in schemes]
    years = {name: _of_year(values[name], known) for name, known in totals.items()}
    values["payable_months"] = _payable_months(values, years, basis)
    status["status_payable_months"] = _months_status(values["payable_months"], status, phase, basis, quarters)
    labelled = _label(values, status, scenarios=scenarios, schemes=schemes, quarters=quarters, phase=phase, basis=basis)
    for name, total in years.items():
        attrs = {**labelled[name].attrs, "kind": "flow_of_year", "status": f"year_{name}_status"}
        labelled[f"year_{name}"] = (("scenario", "scheme", "quarter"), total, attrs)
        how = np.where(
            phase == "projection", np.where(np.isfinite(total).all(axis=0), _PROJECTED, GAP), total_status[name]
        )
        labelled[f"year_{name}_status"] = (("scheme", "quarter"), how, {"kind": "status"})
    return labelled


def _year_totals(history: Grid, length: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    shape = (len(history.schemes), length)
    totals = {name: np.full(shape, np.nan) for name in history.totals}
    status = {name: np.full(shape, GAP, dtype="<U12") for name in history.totals}
    for name, known in history.totals.items():
        totals[name][:, : known.shape[1]] = known
        status[name][:, : known.shape[1]] = history.total_status[name]
    return totals, status


def _of_year(quarters: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Return the sum of the last four quarters; of a year whose quarters are not known, its published total."""
    summed = sum_of_year(xr.DataArray(quarters, dims=("scenario", "scheme", "quarter"))).values
    return np.where(np.isfinite(summed), summed, totals)


def payable_months(balance: ArrayLike, spending_of_year: ArrayLike) -> NDArray[np.float64]:
    """Return how many months of average spending a balance pays for.

    Parameters
    ----------
    balance : array_like, any one shape
        Closing balance [yuan].
    spending_of_year : array_like, same shape
        Spending of the last four quarters [yuan].

    Returns
    -------
    array
        ``max(balance, 0) / (spending_of_year / 12)`` [months]; missing where either is missing or nothing was spent. A
        fund that has run out pays for no month; how much it falls short is seen in its balance.

    Examples
    --------
    Urumqi 2013: 2.248 bn yuan held and 1.567 bn spent, printed as 17 months.

    >>> round(float(payable_months(2_248_000_000.0, 1_567_000_000.0)), 1)
    17.2
    >>> float(payable_months(-1.0, 12.0))
    0.0
    """
    held, spent = np.broadcast_arrays(np.asarray(balance, float), np.asarray(spending_of_year, float))
    months = np.full(held.shape, np.nan)
    np.divide(np.maximum(held, 0.0), spent / _MONTHS_A_YEAR, out=months, where=spent > 0)
    return months


def _sum_schemes(values: dict[str, np.ndarray], schemes: Sequence[str], *, start: int) -> int:
    row, parts = schemes.index("all"), [schemes.index("employee"), schemes.index("resident")]
    for name, path in values.items():
        path[:, row, start:] = path[:, parts, start:].sum(axis=1) if name in _SUMMED else np.nan
    for fund in FUNDS:
        adjustment = values[f"{fund}adjustment_yuan"]
        adjustment[:, row, start:] = adjustment[:, parts, start:].sum(axis=1)
        # History has the published totals, the projection the sum of the two: the step between them is booked.
        opening = values[f"{fund}balance_end_yuan"][:, :, start - 1]
        adjustment[:, row, start] += np.nan_to_num(opening[:, parts].sum(axis=1) - opening[:, row])
    return start


def _payable_months(
    values: Mapping[str, np.ndarray], years: Mapping[str, np.ndarray], basis: Sequence[str]
) -> np.ndarray:
    pooled = np.array([one == "pooled" for one in basis], dtype=bool)[None, :, None]
    balance, spending = (
        np.where(pooled, known[f"pooled_{name}_yuan"], known[f"{name}_yuan"])
        for known, name in ((values, "balance_end"), (years, "expenditure"))
    )
    return payable_months(balance, spending)


def _months_status(
    months: np.ndarray,
    status: Mapping[str, np.ndarray],
    phase: np.ndarray,
    basis: Sequence[str],
    quarters: Sequence[Quarter],
) -> np.ndarray:
    result = np.full(phase.shape, GAP, dtype="<U12")
    for row, one in enumerate(basis):
        fund = "pooled_" if one == "pooled" else ""
        for column, quarter in enumerate(quarters):
            if not np.isfinite(months[:, row, column]).all():
                continue
            if phase[row, column] == "projection":
                result[row, column] = _PROJECTED
            elif quarter.number == QUARTERS_A_YEAR:
                # Four quarters are the published year, however they were laid out.
                result[row, column] = "derived"
            else:
                result[row, column] = worst_status(str(status[f"status_{fund}balance"][row, column]), "apportioned")
    return result


def _label(
    values: Mapping[str, np.ndarray],
    status: Mapping[str, np.ndarray],
    *,
    scenarios: Sequence[str],
    schemes: Sequence[str],
    quarters: Sequence[Quarter],
    phase: np.ndarray,
    basis: Sequence[str],
) -> xr.Dataset:
    data: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, str]]] = {}
    for name, variable in VARIABLES.items():
        attrs = {
            "unit": variable.unit,
            "kind": variable.kind,
            "status": variable.status,
            "zh": variable.zh,
            "en": variable.en,
        }
        data[name] = (("scenario", "scheme", "quarter"), values[name], attrs)
    for name, how in status.items():
        data[name] = (("scheme", "quarter"), how, {"kind": "status"})
    for _, array, _ in data.values():
        array.setflags(write=False)
    return xr.Dataset(
        data,
        coords={
            "scenario": np.array(scenarios, dtype=object),
            "scheme": np.array(schemes, dtype=object),
            "quarter": np.array([str(quarter) for quarter in quarters], dtype=object),
            "phase": (("scheme", "quarter"), phase),
            "months_basis": ("scheme", np.array(basis, dtype=object)),
        },
    )


def balance_residuals(paths: xr.Dataset) -> xr.Dataset:
    r"""Compute what is left of each identity that the paths obey.

    * ``<fund>roll_forward_yuan``: :math:`B_t - B_{t-1} - I_t + E_t - A_t`, for the total, the pool and the accounts;
    * ``parts_<flow>_yuan``: pool plus accounts less the total, for income, spending and balance; of the schemes
      together only where they are projected, for their published totals are rounded apart;
    * ``members_persons``: active plus retired plus unassigned less enrolled.

    Parameters
    ----------
    paths : Dataset, dims (scenario, scheme, quarter)
        Paths of a projection.

    Returns
    -------
    Dataset, dims (scenario, scheme, quarter)
        Zero to the rounding of float64; missing where a part is not known.
    """
    left = {}
    for fund in FUNDS:
        balance = paths[f"{fund}balance_end_yuan"]
        explained = paths[f"{fund}income_yuan"] - paths[f"{fund}expenditure_yuan"] + paths[f"{fund}adjustment_yuan"]
        left[f"{fund}roll_forward_yuan"] = balance - balance.shift(quarter=1) - explained
    for name in ("income", "expenditure", "balance_end"):
        parts = paths[f"pooled_{name}_yuan"] + paths[f"personal_{name}_yuan"]
        bound = (paths["scheme"] != "all") | (paths["phase"] == "projection")
        left[f"parts_{name}_yuan"] = (parts - paths[f"{name}_yuan"]).where(bound)
    members = paths["active_persons"] + paths["retired_persons"] + paths["unassigned_persons"]
    left["members_persons"] = members - paths["enrolled_persons"]
    return xr.Dataset(left)
