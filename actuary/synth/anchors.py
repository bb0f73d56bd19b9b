"""The published figures that shape a synthetic city."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from actuary.errors import Problem, TableError, UnknownNameError, raise_all, unknown_name
from actuary.synth.plan import Anchor
from actuary.tables import facts, known_regions, load_catalog, select_facts

__all__ = ["Figure", "find_figures"]


@dataclass(frozen=True, slots=True)
class Figure:
    """Hold one published figure and where it is from.

    Parameters
    ----------
    name : str
        What it is used as.
    value : float
        The figure in its base unit [persons, yuan, days or share].
    unit, region, period, source, confidence : str
        Unit and origin.
    """

    name: str
    value: float
    unit: str
    region: str
    period: str
    source: str
    confidence: str


def find_figures(city: str, anchors: Mapping[str, Anchor], *, data: Path | None = None) -> dict[str, Figure]:
    """Find the published figures that a synthetic city needs.

    Parameters
    ----------
    city : str
        Region whose figures come first.
    anchors : mapping
        What is needed and where to look.
    data : Path, optional
        Folder of the tables.

    Returns
    -------
    dict
        Figure by name.

    Raises
    ------
    UnknownNameError
        When no table knows the city.
    TableError
        When a figure is published nowhere it was looked for; all of them at once.

    Examples
    --------
    >>> from actuary.synth.plan import load_plan
    >>> plan, _ = load_plan()
    >>> figures = find_figures("shenyang", plan.anchors)
    >>> figures["insured_employee"].value, figures["insured_employee"].region
    (3551000.0, 'shenyang')
    """
    catalog = load_catalog(data)
    known = known_regions(data)
    if city not in known:
        raise UnknownNameError(unknown_name("--city", city, sorted(known), what="region"))
    rows: dict[str, pd.DataFrame] = {}
    for place in {p.replace("@city", city) for anchor in anchors.values() for p in anchor.places}:
        if place in known:
            rows[place] = select_facts(facts(place, root=data), catalog.preference)
    figures: dict[str, Figure] = {}
    problems: list[Problem] = []
    for name, anchor in anchors.items():
        found = _find(anchor, city, rows)
        if found is None:
            looked = ", ".join(place.replace("@city", city) for place in anchor.places)
            problems.append(
                Problem(
                    f"--city {city}",
                    f"no published {anchor.indicator} of scheme {anchor.scheme} in {looked}",
                    "a row in a table under data/",
                    "add the figure with its source, or choose a city that has it: actuary data list",
                )
            )
            continue
        row, place = found
        figures[name] = Figure(name, float(row["value"]), str(row["unit"]), place, str(row["period"]),
                               str(row["source"]), str(row["confidence"]))  # fmt: skip
    raise_all(problems, TableError)
    return figures


def _find(anchor: Anchor, city: str, rows: Mapping[str, pd.DataFrame]) -> tuple[pd.Series, str] | None:
    for place in anchor.places:
        region = place.replace("@city", city)
        frame = rows.get(region)
        if frame is None:
            continue
        hits = frame[(frame["indicator"] == anchor.indicator) & (frame["scheme"] == anchor.scheme)]
        if "group" in hits.columns:
            hits = hits[hits["group"].fillna("").isin(["", "all"])]
        hits = hits[hits["value"].notna() & (hits["basis"] != "plan")]
        if len(hits):
            return hits.sort_values("period", kind="stable").iloc[-1], region
    return None
