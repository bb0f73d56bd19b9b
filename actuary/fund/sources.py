"""From the tables of published facts to the year figures and the shapes of a region."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from actuary.demography import dependency_ratio
from actuary.fund.figures import FLOWS, Difference, Figure, Figures, complete_figures
from actuary.fund.history import Shapes
from actuary.fund.seasons import DERIVED, PUBLISHED, Course, Point, Profile, monthly_course, seasonal_profile
from actuary.fund.variables import SCHEMES
from actuary.periods import Quarter
from actuary.tables import (
    Preference,
    conflicts,
    cumulative_points,
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
    "year_figures",
]

#: The region with which every other is compared.
NATION = "national"

#: Conflicts of so many years up to that of the report are recent.
_RECENT_YEARS = 3
_QUARTER_MONTHS = 3
_QUARTER_ENDS = (3, 6, 9, 12)
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
        Several published values for one fact, side by side; `recent` tells those of the last three years.
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
    courses : dict
        The same by month, twelve shares.
    calculated : bool
        Whether some of the figures were calculated from later ones and their published growth.
    """

    region: str
    years: tuple[int, ...]
    later: bool
    profiles: dict[tuple[str, str], Profile]
    courses: dict[tuple[str, str], Course]
    calculated: bool = False


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
    completed, differences = complete_figures(year_figures(selected, preference))
    return RegionFacts(
        figures=completed,
        differences=tuple(one for one in differences if one.scheme in SCHEMES),
        conflicts=_mark_recent(conflicts(rows, preference), until),
        selected=selected,
        synthetic=bool(rows.attrs["synthetic"]),
    )


def _mark_recent(found: pd.DataFrame, until: Quarter) -> pd.DataFrame:
    years = found["period"].str[:4].astype(int)
    return found.assign(recent=years > until.year - _RECENT_YEARS)


def year_figures(selected: pd.DataFrame, preference: Preference) -> Figures:
    """Return the year figures among selected facts, as published, before any is completed.

    Parameters
    ----------
    selected : DataFrame
        One row a fact.
    preference : Preference
        The order of preference: the place of a figure's basis in it is its rank.
    """
    whole = selected[(selected["scope"] == "") & (selected["group"] == "")]
    annual = whole[whole["period"].str.fullmatch(r"\d{4}")]
    columns = zip(
        *(annual[name] for name in ("scheme", "indicator", "period", "value", "confidence", "basis")), strict=True
    )
    return Figures(
        {
            (scheme, indicator, int(period)): Figure(
                float(value),
                DERIVED if confidence == "derived" else PUBLISHED,
                preference.basis.index(basis),
                confidence == "recalled",
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
    figures = year_figures(select_facts(members, preference), preference)
    active, retired = (figures.values("employee", name) for name in ("active", "retired"))
    return {year: float(dependency_ratio(active[year], retired[year])) for year in active if year in retired}


def load_shapes(
    region: str, courses: dict[tuple[str, str], Course], figures: Figures, *, until: Quarter, data: Path | None
) -> Shapes:
    """Load the published January-to-month figures, join the seasonal courses, and say from when on quarters are laid.

    A pool of employees that is published with the residents only is what is left when the residents are taken away.
    Quarters are laid out from the year before the first that the region's own monthly figures determine; without any,
    in the last two years that have flows.

    Parameters
    ----------
    region : str
        Region id.
    courses : dict
        Seasonal courses, see :func:`load_profiles`.
    figures : Figures
        Completed year figures.
    until : Quarter
        The report quarter.
    data : Path or None
        Data folder.
    """
    points = _points(region, until=until, data=data)
    determined = [
        year
        for (scheme, _), years in points.items()
        if scheme in SCHEMES
        for year, known in years.items()
        if any(end in known and (end == _QUARTER_MONTHS or end - _QUARTER_MONTHS in known) for end in _QUARTER_ENDS)
    ]
    flows = [year for scheme, indicator, year in figures.rows() if scheme in SCHEMES and indicator in FLOWS]
    first = min(determined) if determined else max(flows, default=0)
    return Shapes(points=points, courses=courses, first_year=first - 1)


type _Points = dict[tuple[str, str], dict[int, dict[int, Point]]]


def _points(region: str, *, until: Quarter | None, data: Path | None) -> _Points:
    frame = cumulative_points(region, root=data, until=until).sort_values("scope", kind="stable")
    points: _Points = {}
    names = ("scheme", "indicator", "scope", "year", "month", "value", "status")
    for scheme, indicator, scope, year, month, value, status in zip(*(frame[name] for name in names), strict=True):
        for key in _keys(scheme, indicator, scope):
            known = points.setdefault(key, {}).setdefault(int(year), {})
            known.setdefault(int(month), Point(float(value), status != PUBLISHED))
    for flow in FLOWS:
        for year, known in points.get(("all", f"pooled_{flow}"), {}).items():
            resident = points.get(("resident", flow), {}).get(year, {})
            pool = points.setdefault(("employee", f"pooled_{flow}"), {}).setdefault(year, {})
            for month in known.keys() & resident.keys():
                rest = float(round(known[month].value - resident[month].value))
                pool.setdefault(month, Point(rest, derived=True))
    return {key: {year: known for year, known in years.items() if known} for key, years in points.items()}


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
            points = _points(region, until=limit, data=data)
            courses = {
                key: monthly_course([{m: p.value for m, p in points[key][year].items()} for year in years])
                for key, (profile, years) in found.items()
                if profile is not None
            }
            years = tuple(sorted({year for _, years in found.values() for year in years}))
            calculated = any(p.derived for key in courses for year in years for p in points[key].get(year, {}).values())
            return SeasonalSource(region, years, limit is None, profiles, courses, calculated)
    return SeasonalSource(region, (), False, {}, {})


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
