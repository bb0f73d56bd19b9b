"""Milestones of a projection: first deficit, months below a threshold, exhaustion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from actuary.fund.recursion import QUARTERS_A_YEAR
from actuary.periods import Quarter

__all__ = ["find_milestones", "fund_of"]

_BEFORE = ("scenario", "scheme", "months_basis", "deficit_since", "first_deficit_year", "deficit_years")
_AFTER = ("exhaustion_quarter", "minimum_months", "minimum_months_quarter", "horizon_months")


def fund_of(months_basis: str) -> str:
    """Return the prefix of the fund on which a scheme is judged: the pool, or the undivided fund.

    Examples
    --------
    >>> fund_of("pooled"), fund_of("undivided")
    ('pooled_', '')
    """
    return "pooled_" if months_basis == "pooled" else ""


def find_milestones(paths: xr.Dataset, *, months: Sequence[float]) -> pd.DataFrame:
    """Find the turning points of every scenario and scheme that is projected.

    Parameters
    ----------
    paths : Dataset, dims (scenario, scheme, quarter)
        Paths of a projection.
    months : sequence of float
        Thresholds of payable months, such as those of the warning rules [months].

    Returns
    -------
    DataFrame
        One row for each scenario and scheme: `months_basis`; `deficit_since`, the first year of the deficits that run
        without a break to the last whole year of history; `first_deficit_year`, the first whole projected year in
        which the fund spends more than it takes in; `deficit_years`, how many such years there are;
        `months_below_<threshold>` and `exhaustion_quarter`, the first projected quarter with fewer months, and with a
        balance below zero; `minimum_months` [months] and `minimum_months_quarter`, the first with so few;
        `horizon_months` [months]. A fund that has run out has 0 months. None where it does not happen before the
        horizon.
    """
    limits = [f"months_below_{limit:g}" for limit in sorted(months, reverse=True)]
    columns = (*_BEFORE, *limits, *_AFTER)
    rows = []
    quarters = [Quarter.parse(str(label)) for label in paths["quarter"].to_numpy()]
    for scheme in paths["scheme"].to_numpy():
        one = paths.sel(scheme=scheme)
        fund = fund_of(str(one["months_basis"].to_numpy()))
        projected = one["phase"].to_numpy() == "projection"
        for scenario in paths["scenario"].to_numpy():
            path = one.sel(scenario=scenario)
            balance = path[f"{fund}balance_end_yuan"].to_numpy()
            if not np.isfinite(balance[projected]).any():
                continue
            payable = path["payable_months"].to_numpy()
            current = path[f"{fund}income_yuan"].to_numpy() - path[f"{fund}expenditure_yuan"].to_numpy()
            deficits = _deficit_years(current, quarters, projected)
            lowest = _lowest(payable, projected)
            rows.append(
                {
                    "scenario": str(scenario),
                    "scheme": str(scheme),
                    "months_basis": str(one["months_basis"].to_numpy()),
                    "deficit_since": _deficit_since(path, fund, quarters, projected),
                    "first_deficit_year": deficits[0] if deficits else None,
                    "deficit_years": len(deficits),
                    **{
                        f"months_below_{limit:g}": _first(payable < limit, quarters, projected)
                        for limit in sorted(months, reverse=True)
                    },
                    "exhaustion_quarter": _first(balance < 0, quarters, projected),
                    "minimum_months": None if lowest is None else float(payable[lowest]),
                    "minimum_months_quarter": None if lowest is None else str(quarters[lowest]),
                    "horizon_months": float(payable[-1]) if np.isfinite(payable[-1]) else None,
                }
            )
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _deficit_years(current: np.ndarray, quarters: Sequence[Quarter], projected: np.ndarray) -> list[int]:
    years = []
    for column in range(len(quarters) - QUARTERS_A_YEAR + 1):
        span = slice(column, column + QUARTERS_A_YEAR)
        if quarters[column].number == 1 and projected[span].all() and current[span].sum() < 0:
            years.append(quarters[column].year)
    return years


def _deficit_since(path: xr.Dataset, fund: str, quarters: Sequence[Quarter], projected: np.ndarray) -> int | None:
    of_year = path[f"year_{fund}income_yuan"].to_numpy() - path[f"year_{fund}expenditure_yuan"].to_numpy()
    since = None
    for column in reversed(range(len(quarters))):
        if quarters[column].number != QUARTERS_A_YEAR or projected[column]:
            continue
        if not of_year[column] < 0:
            break
        since = quarters[column].year
    return since


def _first(happens: np.ndarray, quarters: Sequence[Quarter], projected: np.ndarray) -> str | None:
    where = np.flatnonzero(happens & projected)
    return str(quarters[where[0]]) if where.size else None


def _lowest(payable: np.ndarray, projected: np.ndarray) -> int | None:
    masked = np.where(projected & np.isfinite(payable), payable, np.inf)
    column = int(np.argmin(masked))
    return column if np.isfinite(masked[column]) else None
