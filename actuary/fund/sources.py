"""From the tables of published facts to the year figures and the shapes of a region."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from actuary.demography import dependency_ratio
from actuary.fund.figures import Difference, Figure, Figures, complete_figures
from actuary.fund.history import Shapes
from actuary.fund.seasons import DERIVED, PUBLISHED, Profile, seasonal_profile
from actuary.fund.variables import SCHEMES
from actuary.periods import Quarter
from actuary.tables import (
    Preference,
    conflicts,
    cumulative_flows,
    facts,
    known_regions,
    load_catalog,
    quarterly_flows,
    select_facts,
)

__all__ = [
    "NATION",
    "RegionFacts",
    "SeasonalSource",
    "load_national_ratios",
    "load_profiles",
    "load_region_facts",
    "load_shapes",
]

#: The region with which every other is compared.
NATION = "national"

_SCOPE_PREFIX = {"all_accounts": ("",), "pooled_only": ("pooled_",)}


@dataclass(frozen=True, slots=True)
class RegionFacts:
    """Hold the year figures of a region up to a quarter.

    Parameters
    ----------
    figures : Figures
        Completed year figures.
    differences : tuple of Difference
        Where published figures do not obey an identity.
    conflicts : DataFrame
        Several published values for one fact, side by side.
    selected : DataFrame
        One row a fact, as published.
    synthetic : bool
        Whether any figure was made up.
    """

    figures: Figures
    differences: tuple[Difference, ...]
    conflicts: pd.DataFrame
    selected: pd.DataFrame
    synthetic: bool


@dataclass(frozen=True, slots=True)
class SeasonalSource:
    """Hold seasonal profiles and what they rest on.

    Parameters
    ----------
    region : str
        Region whose quarters they come from.
    years : tuple of int
        Years whose four quarters are all published.
    later : bool
        Whether those years lie after the report quarter, for want of earlier ones.
    profiles : dict
        ``(scheme, "income" or "expenditure") -> four shares``.
    """

    region: str
    years: tuple[int, ...]
    later: bool
    profiles: dict[tuple[str, str], Profile]


def load_region_facts(region: str, *, until: Quarter, data: Path | None = None) -> RegionFacts:
    """Load the published year figures of a region up to a quarter.

    Parameters
    ----------
    region : str
        Region id.
    until : Quarter
        The report quarter; later facts are left out, and plans are no facts.
    data : Path, optional
        Data folder.

    Raises
    ------
    UnknownNameError
        When no table has a fact of the region.
    TableError
        When a table is not valid.

    Examples
    --------
    >>> found = load_region_facts("shenyang", until=Quarter(2020, 4))
    >>> found.figures.value("all", "income", 2020)
    19060000000.0
    """
    rows = facts(region, root=data, until=until, observed=True)
    preference = load_catalog(data).preference
    selected = select_facts(rows, preference)
    completed, differences = complete_figures(_year_figures(selected, preference))
    return RegionFacts(
        figures=completed,
        differences=tuple(one for one in differences if one.scheme in SCHEMES),
        conflicts=conflicts(rows, preference),
        selected=selected,
        synthetic=bool(rows.attrs["synthetic"]),
    )


def _year_figures(selected: pd.DataFrame, preference: Preference) -> Figures:
    whole = selected[(selected["scope"] == "") & (selected["group"] == "")]
    annual = whole[whole["period"].str.fullmatch(r"\d{4}")]
    columns = zip(
        *(annual[name] for name in ("scheme", "indicator", "period", "value", "confidence", "basis")), strict=True
    )
    return Figures(
        {
            (scheme, indicator, int(period)): Figure(
                float(value), DERIVED if confidence == "derived" else PUBLISHED, preference.basis.index(basis)
            )
            for scheme, indicator, period, value, confidence, basis in columns
        }
    )


def load_national_ratios(*, until: Quarter, data: Path | None = None) -> dict[int, float]:
    """Compute how many active members of the nation's employee scheme there were for each retired one, by year-end.

    Parameters
    ----------
    until : Quarter
        The report quarter; later facts are left out.
    data : Path, optional
        Data folder; without national figures nothing is found.

    Returns
    -------
    dict
        ``year -> ratio`` at its end, in order of time.

    Examples
    --------
    >>> {year: round(ratio, 2) for year, ratio in load_national_ratios(until=Quarter(2020, 4)).items() if year > 2018}
    {2019: 2.78, 2020: 2.82}
    """
    if NATION not in known_regions(data):
        return {}
    rows = facts(NATION, root=data, until=until, observed=True)
    members = rows[rows["scheme"].eq("employee") & rows["indicator"].isin(["active", "retired"])]
    preference = load_catalog(data).preference
    figures = _year_figures(select_facts(members, preference), preference)
    active, retired = (figures.values("employee", name) for name in ("active", "retired"))
    return {year: float(dependency_ratio(active[year], retired[year])) for year in active if year in retired}


def load_shapes(region: str, profiles: dict[tuple[str, str], Profile], *, until: Quarter, data: Path | None) -> Shapes:
    """Load the quarters that published cumulative figures determine, and join the seasonal profiles to them.

    Parameters
    ----------
    region : str
        Region id.
    profiles : dict
        Seasonal profiles, see :func:`load_profiles`.
    until : Quarter
        The report quarter.
    data : Path or None
        Data folder.
    """
    quarters: dict[tuple[str, str], dict[Quarter, float]] = {}
    for key, quarter, value in _known_quarters(region, until=until, data=data):
        quarters.setdefault(key, {})[quarter] = value
    flows = cumulative_flows(region, root=data, until=until)
    added: dict[tuple[str, str, str, int], float] = {}
    whole: set[tuple[str, str, str, int]] = set()
    for row in flows.to_dict("records"):
        one = (str(row["scheme"]), str(row["indicator"]), str(row["scope"]), int(row["year"]))
        added[one] = added.get(one, 0.0) + float(row["value"])
        if row["last_month"] == 12:
            whole.add(one)
    provisional: dict[tuple[str, str], dict[int, float]] = {}
    for scheme, indicator, scope, year in whole:
        for key in _keys(scheme, indicator, scope):
            provisional.setdefault(key, {})[year] = added[scheme, indicator, scope, year]
    return Shapes(quarters=quarters, provisional=provisional, profiles=profiles)


def load_profiles(region: str, *, until: Quarter, data: Path | None = None) -> SeasonalSource:
    """Compute the seasonal profile of every scheme and flow of a region.

    Only what was published up to the report quarter counts. Where that leaves no year with four quarters, the profile
    of all published years is used and marked as later knowledge: the alternative would be to make one up.

    Parameters
    ----------
    region : str
        Region id.
    until : Quarter
        The report quarter.
    data : Path, optional
        Data folder.

    Examples
    --------
    >>> source = load_profiles("national", until=Quarter(2024, 4))
    >>> source.years, [round(share, 3) for share in source.profiles["resident", "income"]]
    ((2022,), [0.338, 0.186, 0.153, 0.324])
    """
    for limit in (until, None):
        flows: dict[tuple[str, str], dict[Quarter, float]] = {}
        for key, quarter, value in _known_quarters(region, until=limit, data=data):
            flows.setdefault(key, {})[quarter] = value
        found = {key: seasonal_profile(known) for key, known in flows.items()}
        profiles = {key: profile for key, (profile, _) in found.items() if profile is not None}
        if profiles:
            years = tuple(sorted({year for _, years in found.values() for year in years}))
            return SeasonalSource(region, years, limit is None, profiles)
    return SeasonalSource(region, (), False, {})


def _known_quarters(
    region: str, *, until: Quarter | None, data: Path | None
) -> list[tuple[tuple[str, str], Quarter, float]]:
    frame = quarterly_flows(region, root=data, until=until)
    known = frame[frame["status"] != "gap"]
    columns = zip(known["scheme"], known["indicator"], known["scope"], known["quarter"], known["value"], strict=True)
    return [
        (key, Quarter.parse(quarter), float(value))
        for scheme, indicator, scope, quarter, value in columns
        for key in _keys(scheme, indicator, scope)
    ]


def _keys(scheme: str, indicator: str, scope: str) -> list[tuple[str, str]]:
    # The resident fund has no accounts, so a figure of its pool is a figure of the whole.
    prefixes = ("",) if scheme == "resident" else _SCOPE_PREFIX.get(scope, ("",))
    return [(scheme, f"{prefix}{indicator}") for prefix in prefixes]
