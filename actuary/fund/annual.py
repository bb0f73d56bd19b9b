"""Years out of quarters: flows added up, stocks at the year-end, growth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from actuary.fund.milestones import fund_of
from actuary.fund.recalled import RECALLED_COLUMNS, RecalledKeys, is_recalled
from actuary.fund.seasons import DERIVED, PUBLISHED
from actuary.fund.variables import FUNDS, VARIABLES
from actuary.periods import Quarter

__all__ = ["annual_table", "quarter_table"]


def annual_table(
    paths: xr.Dataset,
    *,
    schemes: Sequence[str],
    recalled: RecalledKeys = frozenset(),
    published: Mapping[tuple[str, str, int], float] | None = None,
) -> pd.DataFrame:
    r"""Return one row for each scenario, scheme and calendar year.

    The growth gap is growth of spending less growth of income, of the pool, or of the undivided fund:

    .. math:: \Delta_y = \frac{E_y}{E_{y-1}} - \frac{I_y}{I_{y-1}}

    Parameters
    ----------
    paths : Dataset, dims (scenario, scheme, quarter)
        Paths of a projection.
    schemes : sequence of str
        Schemes wanted.
    recalled : frozenset
        Figures that were recalled, see :func:`actuary.fund.recalled.find_recalled`.
    published : mapping, optional
        ``(scheme, indicator, year) -> current balance`` as it was published [yuan].

    Returns
    -------
    DataFrame
        Columns scenario, scheme, year, phase; every variable, flows being sums of the year [yuan] and stocks those of
        its last day, so that opening balance + income - expenditure + adjustment = balance for each fund;
        `current_balance_yuan`, `pooled_current_balance_yuan`, `personal_current_balance_yuan`, always income less
        expenditure; the same with `published_` before it, NaN where none was published;
        `income_growth`, `expenditure_growth`, `pooled_income_growth`, `pooled_expenditure_growth`, `growth_gap`
        [share]; `status_…`, of flows how the whole year is known, else of its last day; `recalled_<column>`, whether
        the figure, or one it is computed from, was recalled and not checked. A year before the first
        figure of its scheme is left out.
    """
    ends = [column for column, label in enumerate(paths["quarter"].to_numpy()) if str(label).endswith("Q4")]
    chosen = paths.sel(scheme=list(schemes))
    summed = {name: chosen[f"year_{name}"] for name, variable in VARIABLES.items() if variable.kind == "flow"}
    years = chosen.assign({**summed, **_year_status(chosen)}).isel(quarter=ends)
    frame = _table(years, schemes=schemes)
    frame.insert(2, "year", [Quarter.parse(label).year for label in frame.pop("quarter")])
    for fund in FUNDS:
        frame[f"{fund}current_balance_yuan"] = frame[f"{fund}income_yuan"] - frame[f"{fund}expenditure_yuan"]
    before = frame.groupby(["scenario", "scheme"], sort=False)
    for name in ("income", "expenditure", "pooled_income", "pooled_expenditure"):
        frame[f"{name}_growth"] = frame[f"{name}_yuan"] / before[f"{name}_yuan"].shift() - 1
    frame["growth_gap"] = _growth_gap(frame, paths)
    rows = list(zip(frame["scheme"], frame["year"], strict=True))
    for fund in FUNDS:
        name = f"{fund}current_balance"
        frame[f"published_{name}_yuan"] = [(published or {}).get((scheme, name, year), np.nan) for scheme, year in rows]
    funds = {scheme: fund_of(basis) for scheme, basis in _basis_of(paths)}
    marks = {
        f"recalled_{name}": [is_recalled(recalled, scheme, name, year, fund=funds[scheme]) for scheme, year in rows]
        for name in RECALLED_COLUMNS
    }
    frame = pd.concat([frame, pd.DataFrame(marks, index=frame.index)], axis=1)
    known = frame[list(VARIABLES)].notna().any(axis=1)
    return frame[known].reset_index(drop=True)


def _year_status(paths: xr.Dataset) -> dict[str, xr.DataArray]:
    return {
        VARIABLES[f"{fund}{flow}_yuan"].status: paths[f"year_{fund}{flow}_yuan_status"]
        for fund in FUNDS
        for flow in ("income", "expenditure")
    }


def _growth_gap(frame: pd.DataFrame, paths: xr.Dataset) -> pd.Series[float]:
    funds = {scheme: fund_of(basis) for scheme, basis in _basis_of(paths)}
    pooled = frame["scheme"].map(funds) == "pooled_"
    undivided = frame["expenditure_growth"] - frame["income_growth"]
    gap: pd.Series[float] = (frame["pooled_expenditure_growth"] - frame["pooled_income_growth"]).where(
        pooled, undivided
    )
    return gap


def _basis_of(paths: xr.Dataset) -> list[tuple[str, str]]:
    schemes, bases = paths["scheme"].to_numpy(), paths["months_basis"].to_numpy()
    return [(str(scheme), str(basis)) for scheme, basis in zip(schemes, bases, strict=True)]


def quarter_table(paths: xr.Dataset, *, schemes: Sequence[str]) -> pd.DataFrame:
    """Return one row for each scenario, scheme and quarter.

    Parameters
    ----------
    paths : Dataset, dims (scenario, scheme, quarter)
        Paths of a projection.
    schemes : sequence of str
        Schemes wanted.

    Returns
    -------
    DataFrame
        Columns scenario, scheme, quarter, phase, every variable in its base unit, every status variable, and
        `income_growth`, `expenditure_growth`, `pooled_income_growth`, `pooled_expenditure_growth` on the same quarter
        of the year before [share]: only where published figures determine both quarters, for the growth of apportioned
        ones is that of the season.
    """
    frame = _table(paths, schemes=schemes)
    for name in ("income", "expenditure", "pooled_income", "pooled_expenditure"):
        determined = frame[f"status_{name}"].isin([PUBLISHED, DERIVED])
        flow = frame[f"{name}_yuan"].where(determined)
        frame[f"{name}_growth"] = flow / flow.groupby([frame["scenario"], frame["scheme"]], sort=False).shift(4) - 1
    return frame


def _table(paths: xr.Dataset, *, schemes: Sequence[str]) -> pd.DataFrame:
    chosen = paths.sel(scheme=list(schemes))
    shape = tuple(chosen.sizes[name] for name in ("scenario", "scheme", "quarter"))
    index = pd.MultiIndex.from_product([chosen[name].to_numpy() for name in ("scenario", "scheme", "quarter")])
    columns: dict[str, np.ndarray] = {
        name: index.get_level_values(level).to_numpy() for level, name in enumerate(("scenario", "scheme", "quarter"))
    }
    status = [str(name) for name in chosen.data_vars if str(name).startswith("status_")]
    for name in ("phase", *VARIABLES, *status):
        columns[name] = np.broadcast_to(chosen[name].to_numpy(), shape).reshape(-1)
    return pd.DataFrame(columns)
