"""From published figures of a region's funds to completed histories by quarter, each a draw of what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from actuary.errors import ActuaryError, Problem, raise_all
from actuary.forecast.cumulative import KnownSums, draw_flows
from actuary.forecast.fund_spec import FundSpec, Intervention
from actuary.forecast.panel import SEASONS, Panel, period_labels
from actuary.forecast.revisions import Revisions, measure_revisions, revision_pairs
from actuary.periods import Quarter
from actuary.seeds import stream
from actuary.tables import cumulative_points, facts, load_catalog, select_facts

__all__ = ["FLOWS", "FundHistory", "fund_history", "series_name"]

type FloatArray = NDArray[np.float64]

#: Flows that are forecast, of every scheme.
FLOWS = ("income", "expenditure")
_SCHEMES = ("employee", "resident")
_YEAR = 12
#: Years of income and of spending without which a scheme is not forecast.
_LEAST_YEARS = 3


def series_name(scheme: str, indicator: str) -> str:
    """Return the name of a series.

    Examples
    --------
    >>> series_name("employee", "income")
    'employee.income'
    """
    return f"{scheme}.{indicator}"


@dataclass(frozen=True, eq=False)
class FundHistory:
    """Hold completed histories of a region's flows.

    Parameters
    ----------
    region : str
        Region id.
    freq : str
        ``Q`` where January-to-month figures are published, ``A`` where only years are.
    first : int
        Number of the first period, see :class:`~actuary.forecast.panel.Panel`.
    flows : DataArray, dims (draw, series, period)
        Flows [yuan]: every draw adds up to every published last figure; provisional ones carry their revision. One-offs
        that are declared as interventions are put back in.
    annual : DataFrame
        Year figures they rest on: scheme, indicator, year, value [yuan], basis, confidence.
    revisions : Revisions
        Measured revisions of provisional figures.
    interventions : tuple of Intervention
        Declared one-offs that were put back, with their size in `sizes`.
    sizes : mapping
        ``(scheme, indicator, year) -> size`` [yuan].
    synthetic : bool
        Whether any figure is made up.
    """

    region: str
    freq: str
    first: int
    flows: xr.DataArray
    annual: pd.DataFrame
    revisions: Revisions
    interventions: tuple[Intervention, ...] = ()
    sizes: Mapping[tuple[str, str, int], float] = field(default_factory=dict)
    synthetic: bool = False

    @property
    def series(self) -> tuple[str, ...]:
        """Names of the series."""
        return tuple(str(name) for name in self.flows["series"].to_numpy())

    @property
    def periods(self) -> tuple[str, ...]:
        """Labels of the periods."""
        return tuple(str(label) for label in self.flows["period"].to_numpy())

    @property
    def season(self) -> int:
        """Periods a year."""
        return SEASONS[self.freq]

    @property
    def schemes(self) -> tuple[str, ...]:
        """Schemes whose income and spending are both there."""
        return tuple(s for s in _SCHEMES if all(series_name(s, flow) in self.series for flow in FLOWS))

    def panel(self, draw: int) -> Panel:
        """Return one completed history as a panel."""
        values = self.flows.isel(draw=draw).transpose("series", "period").to_numpy().copy()
        return Panel(self.series, self.freq, self.season, self.first, values, "yuan", self.synthetic)

    def year_figure(self, scheme: str, indicator: str, year: int) -> float | None:
        """Return a year's figure as published [yuan], None where there is none."""
        frame = self.annual
        mine = frame[(frame["scheme"] == scheme) & (frame["indicator"] == indicator) & (frame["year"] == year)]
        return float(mine["value"].iloc[0]) if len(mine) else None


def fund_history(
    region: str,
    *,
    spec: FundSpec,
    until: Quarter | str | None = None,
    data: Path | None = None,
    draws: int | None = None,
    seed: int = 1,
) -> FundHistory:
    """Complete the published figures of a region's funds, several times over.

    Parameters
    ----------
    region : str
        Region id.
    spec : FundSpec
        The declaration.
    until : Quarter or str, optional
        Leave out figures of later quarters.
    data : Path, optional
        Data folder.
    draws : int, optional
        How many histories; those of the declaration when left out.
    seed : int
        Root seed.

    Raises
    ------
    UnknownNameError
        When no table has a fact of the region.
    ActuaryError
        When no scheme has income and spending of at least three years.

    Examples
    --------
    >>> from actuary.forecast.fund_spec import load_fund_spec
    >>> history = fund_history("national", spec=load_fund_spec(), draws=2)
    >>> year = history.flows.sel(series="employee.income").isel(period=slice(-4, None)).sum("period")
    >>> (year / 1e8).round(2).values.tolist(), history.freq, len(history.periods)
    ([23732.47, 23732.47], 'Q', 24)
    """
    rows = facts(region, root=data, until=until, observed=True)
    annual = _year_figures(rows, data)
    flows = annual[annual["indicator"].isin(FLOWS) & (annual["year"] >= spec.first_year(region))]
    schemes = [scheme for scheme in _SCHEMES if _is_whole(flows, scheme)]
    raise_all([] if schemes else [_too_little(region, flows)], ActuaryError)
    flows = flows[flows["scheme"].isin(schemes)]
    points = cumulative_points(region, root=data, until=until)
    points = points[points["scheme"].isin(schemes) & points["indicator"].isin(FLOWS)]
    points = points[points["year"] >= flows["year"].min()]
    freq = "Q" if len(points) else "A"
    used = [one for one in spec.intervention if one.region == region and one.scheme in schemes]
    sizes = _sizes(used, annual)
    revisions = measure_revisions(revision_pairs(rows), spec.revision)
    source = _Source(region, spec, annual, rows, points, revisions, sizes, int(flows["year"].min()))
    lines = [(scheme, flow) for scheme in schemes for flow in FLOWS]
    width = _YEAR // SEASONS[freq]
    periods = min(source.last_month(*line) for line in lines) // width
    count = draws or spec.histories
    laid = [_complete(source, scheme, flow, count, periods, width, seed) for scheme, flow in lines]
    first = source.first_year * SEASONS[freq]
    names = [series_name(*line) for line in lines]
    coords = {"draw": np.arange(count), "series": names, "period": list(period_labels(freq, first, periods))}
    dims = ("draw", "series", "period")
    values = xr.DataArray(np.stack(laid, axis=1), dims=dims, coords=coords, attrs={"unit": "yuan"})
    put_back = tuple(one for one in used if (one.scheme, one.indicator, one.year) in sizes)
    synthetic = bool(rows.attrs["synthetic"])
    return FundHistory(region, freq, first, values, annual, revisions, put_back, sizes, synthetic)


@dataclass(frozen=True, eq=False)
class _Source:
    """Hold what the lines of a region are completed from."""

    region: str
    spec: FundSpec
    annual: pd.DataFrame
    rows: pd.DataFrame
    points: pd.DataFrame
    revisions: Revisions
    sizes: Mapping[tuple[str, str, int], float]
    first_year: int

    def years(self, scheme: str, indicator: str) -> dict[int, tuple[float, str]]:
        """Return year to value and basis of a line."""
        frame = self.annual
        mine = frame[(frame["scheme"] == scheme) & (frame["indicator"] == indicator)]
        every = zip(mine["year"], mine["value"], mine["basis"], strict=True)
        return {int(y): (float(v), str(b)) for y, v, b in every if y >= self.first_year}

    def months(self, scheme: str, indicator: str) -> dict[int, dict[int, tuple[float, bool]]]:
        """Return year to month to the figure from January and whether it is of the pool only."""
        frame = self.points[(self.points["scheme"] == scheme) & (self.points["indicator"] == indicator)]
        found: dict[int, dict[int, tuple[float, bool]]] = {}
        # A figure of all accounts comes after one of the pool, and takes its place.
        for row in frame.sort_values("scope", ascending=False).to_dict("records"):
            pooled = row["scope"] == "pooled_only" and scheme == "employee"
            found.setdefault(int(row["year"]), {})[int(row["month"])] = (float(row["value"]), pooled)
        return found

    def last_month(self, scheme: str, indicator: str) -> int:
        """Return how many months from January of the first year a line covers."""
        year_ends = [_YEAR * (year - self.first_year + 1) for year in self.years(scheme, indicator)]
        month_ends = [
            _YEAR * (year - self.first_year) + max(known) for year, known in self.months(scheme, indicator).items()
        ]
        return max([*year_ends, *month_ends])

    def first_figure(self, scheme: str, indicator: str, year: int) -> float | None:
        """Return a year's figure as it was first published, None where that is not known."""
        rows = self.rows
        mine = rows[
            rows["scheme"].eq(scheme)
            & rows["indicator"].eq(indicator)
            & rows["group"].eq("")
            & rows["basis"].eq("flash")
        ]
        mine = mine[mine["period"].isin([str(year), f"{year}-12"]) & mine["scope"].isin(["", "all_accounts"])]
        return float(mine["value"].iloc[0]) if len(mine) else None

    def pool_share(self, scheme: str, indicator: str, year: int) -> float | None:
        """Return the pool's share of a flow in a year, or in the last year before it for which both are known."""
        whole, pooled = self.years(scheme, indicator), self.years(scheme, f"pooled_{indicator}")
        known = [y for y in whole if y in pooled and y <= year]
        return pooled[max(known)][0] / whole[max(known)][0] if known else None


def _complete(source: _Source, scheme: str, flow: str, count: int, periods: int, width: int, seed: int) -> FloatArray:
    """Return completed histories of a line, shape (draw, period)."""
    rng = stream(seed, f"forecast/fund/{source.region}/{series_name(scheme, flow)}")
    start = min(source.years(scheme, flow)) - source.first_year
    found = np.full((count, periods), np.nan)
    if width == _YEAR:
        for year, (value, basis) in source.years(scheme, flow).items():
            if year - source.first_year < periods:
                total = value + source.sizes.get((scheme, flow, year), 0.0)
                factor = _revised(source, scheme, flow, basis, count, rng)
                found[:, year - source.first_year] = total * factor
        return found
    months = source.last_month(scheme, flow) - _YEAR * start
    sums = _known_sums(source, scheme, flow, count, rng)
    flows = draw_flows(sums, months=months, spec=source.spec.flows, rng=rng)
    begin = _YEAR * start // width
    whole = months // width
    by_period = flows[:, : whole * width].reshape(count, whole, width).sum(axis=2)
    found[:, begin:] = by_period[:, : periods - begin]
    return found


def _revised(source: _Source, scheme: str, flow: str, basis: str, count: int, rng: np.random.Generator) -> FloatArray:
    """Return by what a year's figure is multiplied to be the last one, shape (draw,)."""
    if basis not in source.spec.revision.provisional:
        return np.ones(count)
    return 1 + source.revisions.draw(scheme, flow, size=count, rng=rng)


def _known_sums(source: _Source, scheme: str, flow: str, count: int, rng: np.random.Generator) -> KnownSums:
    """Gather the published sums of a line, months counted from January of its own first year."""
    years, months = source.years(scheme, flow), source.months(scheme, flow)
    spec, begin = source.spec, min(years)
    spans: list[tuple[int, int, FloatArray, float]] = []
    for year in sorted({*years, *months}):
        offset = _YEAR * (year - begin)
        total, first = years.get(year), source.first_figure(scheme, flow, year)
        settled = total is not None and total[1] not in spec.revision.provisional
        if total is not None and settled and first is not None:
            # Both figures of the year are known, and its months moved as the year did.
            factor = np.full(count, total[0] / first)
        else:
            factor = 1 + source.revisions.draw(scheme, flow, size=count, rng=rng)
        added = 1.0
        if total is not None:
            added = 1 + source.sizes.get((scheme, flow, year), 0.0) / total[0]
            of_year = np.full(count, total[0]) if settled else total[0] * factor
            spans.append((offset, offset + _YEAR - 1, of_year * added, 0.0))
        for month, (value, pooled) in sorted(months.get(year, {}).items()):
            if month == _YEAR and total is not None:
                continue
            error = spec.revision.notice_error
            whole = value
            if pooled:
                share = source.pool_share(scheme, flow, year)
                if share is None:
                    continue
                whole, error = value / share, spec.pool_share.within_year
            spans.append((offset, offset + month - 1, whole * factor * added, error))
    first_months, last_months, values, errors = zip(*spans, strict=True)
    return KnownSums(
        np.array(first_months), np.array(last_months), np.stack(values, axis=1), np.array(errors, dtype=np.float64)
    )


def _year_figures(rows: pd.DataFrame, data: Path | None) -> pd.DataFrame:
    selected = select_facts(rows, load_catalog(data).preference)
    whole = selected[selected["scope"].eq("") & selected["group"].eq("") & selected["period"].str.fullmatch(r"\d{4}")]
    columns = ["scheme", "indicator", "value", "basis", "confidence"]
    return whole[columns].assign(year=whole["period"].astype(int)).reset_index(drop=True)


def _is_whole(flows: pd.DataFrame, scheme: str) -> bool:
    mine = flows[flows["scheme"] == scheme]
    counts = [int((mine["indicator"] == flow).sum()) for flow in FLOWS]
    return min(counts) >= _LEAST_YEARS


def _too_little(region: str, flows: pd.DataFrame) -> Problem:
    counts = flows.groupby(["scheme", "indicator"]).size().reset_index(name="years").to_dict("records")
    shown = ", ".join(f"{row['scheme']} {row['indicator']}: {row['years']} years" for row in counts)
    return Problem(
        f"figures of {region}",
        shown or "no year of income or spending",
        f"income and spending of one scheme in {_LEAST_YEARS} years or more",
        "add year figures of the employee or the resident scheme under data/",
    )


def _sizes(used: list[Intervention], annual: pd.DataFrame) -> dict[tuple[str, str, int], float]:
    """Return what each declared one-off took away, where its size is published."""
    found = {}
    for one in used:
        rows = annual[annual["scheme"].eq(one.scheme) & annual["indicator"].eq(one.fact) & annual["year"].eq(one.year)]
        if len(rows):
            found[one.scheme, one.indicator, one.year] = one.sign * float(rows["value"].iloc[0])
    return found
