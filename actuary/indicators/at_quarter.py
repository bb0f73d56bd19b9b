"""Indicators of a region at a quarter, whether the figures of its funds reach that quarter or other facts only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from actuary.fund import SCHEMES, FundProjection, check_quarter, project_fund
from actuary.fund.fact_book import FactBook, load_fact_book, province_id
from actuary.fund.sources import NATION
from actuary.indicators.compute import compute_fact_indicators, compute_indicators
from actuary.periods import Quarter
from actuary.policy import load_region
from actuary.tables import facts

__all__ = ["PlaceFacts", "first_fund_quarter", "indicators_at", "place_at"]

_CORE = ("enrolled", "active", "retired", "income", "expenditure", "balance_end")


@dataclass(frozen=True, eq=False)
class PlaceFacts:
    """Hold the published rows of a place at a quarter of which no figure of its funds is known.

    Parameters
    ----------
    region, region_kind : str
        Region id, and nation, province, city, county or panel.
    quarter : Quarter
        The report quarter.
    facts, province_facts, national_facts : FactBook
        Rows of the place, its province and the nation.
    """

    region: str
    region_kind: str
    quarter: Quarter
    facts: FactBook
    province_facts: FactBook
    national_facts: FactBook

    @property
    def schemes(self) -> tuple[str, ...]:
        """Schemes with rows; employees and residents always."""
        observed = self.facts.observed
        known = {"employee", "resident"} | (set() if observed.empty else set(observed["scheme"]))
        return tuple(scheme for scheme in SCHEMES if scheme in known)


def first_fund_quarter(region: str, *, data: Path | None = None) -> Quarter | None:
    """Return the quarter of the first published figure of a region's funds or members, None without one.

    Parameters
    ----------
    region : str
        Region id.
    data : Path, optional
        Data folder.

    Examples
    --------
    >>> str(first_fund_quarter("anyang")), first_fund_quarter("liuyang")
    ('2022Q4', None)
    """
    rows = facts(region, root=data, observed=True)
    core = rows[rows["scheme"].isin(list(SCHEMES)) & rows["indicator"].isin(list(_CORE))]
    return None if core.empty else Quarter.parse(str(core["quarter"].min()))


def place_at(
    region: str,
    quarter: Quarter,
    *,
    horizon: str | Quarter = "2035Q4",
    models: Path | None = None,
    data: Path | None = None,
) -> FundProjection | PlaceFacts:
    """Return what indicators of a region at a quarter are computed from.

    The projection of its funds under the base scenario; where none of their figures is known by then, its other facts.

    Parameters
    ----------
    region : str
        Region id.
    quarter : Quarter
        The report quarter.
    horizon : str or Quarter
        Last projected quarter.
    models, data : Path, optional
        Folders; those that come with the package when left out.

    Raises
    ------
    UnknownNameError
        When the region is not declared or has no facts.
    PeriodError
        When the quarter lies outside the published facts.
    """
    place = load_region(region, root=models)
    seen = facts(region, root=data, observed=True)
    first = first_fund_quarter(region, data=data)
    before = first is None or quarter < first
    if not before or (len(seen) and str(quarter) < str(seen["quarter"].min())):
        return project_fund(region, quarter, horizon=horizon, scenarios=("base",), models=models, data=data)
    if first is None and len(seen):
        check_quarter(region, quarter, data=data)
    return PlaceFacts(
        region=region,
        region_kind=place.kind,
        quarter=quarter,
        facts=load_fact_book(region, until=quarter, data=data),
        province_facts=load_fact_book(province_id(place), until=quarter, data=data),
        national_facts=load_fact_book("" if region == NATION else NATION, until=quarter, data=data),
    )


def indicators_at(
    region: str,
    quarter: Quarter,
    *,
    families: Collection[str] | None = None,
    horizon: str | Quarter = "2035Q4",
    models: Path | None = None,
    data: Path | None = None,
) -> pd.DataFrame:
    """Compute the indicators of a region at a quarter, see :func:`place_at` and :func:`compute_indicators`.

    Examples
    --------
    >>> found = indicators_at("anyang", Quarter(2019, 4), families=["payment"])
    >>> float(found[found.indicator == "settlement_rate"].value.iloc[0])
    0.92
    """
    place = place_at(region, quarter, horizon=horizon, models=models, data=data)
    if isinstance(place, FundProjection):
        return compute_indicators(place, families=families)
    return compute_fact_indicators(place, families=families)
