"""Tables that stand beside the paths of a projection: levels of the base year, differences of published figures."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import xarray as xr

from actuary.fund.figures import FLOWS, Difference, Figures
from actuary.fund.history import Shapes
from actuary.fund.variables import FUNDS, SCHEMES

__all__ = ["calibration_table", "difference_table", "laid_on_active", "revision_table"]

_CALIBRATION_UNITS = {"funding_factor": "ratio"}


def calibration_table(scheme: str, year: int, levels: xr.Dataset | None) -> pd.DataFrame:
    """Return one row for each scenario and level of a scheme's base year.

    Parameters
    ----------
    scheme : str
        The scheme.
    year : int
        Its base year.
    levels : Dataset, dims (scenario,), or None
        What the calibration found; None gives an empty table.

    Returns
    -------
    DataFrame
        Columns scenario, scheme, year, name, value, unit.
    """
    rows = [
        {
            "scenario": str(scenario),
            "scheme": scheme,
            "year": year,
            "name": str(name),
            "value": float(value),
            "unit": _CALIBRATION_UNITS.get(str(name), "yuan_per_year"),
        }
        for name, level in (levels.data_vars.items() if levels is not None else ())
        for scenario, value in _by_scenario(level, levels)
    ]
    return pd.DataFrame(rows, columns=["scenario", "scheme", "year", "name", "value", "unit"])


def _by_scenario(level: xr.DataArray, levels: xr.Dataset | None) -> list[tuple[str, float]]:
    # A level that no scenario touches is the same in each of them.
    wide = level if levels is None else level.broadcast_like(levels["scenario"])
    return list(zip(wide["scenario"].to_numpy(), wide.to_numpy(), strict=True))


def laid_on_active(calibration: pd.DataFrame) -> dict[str, bool]:
    """Say for every scenario whether the accounts' income was laid on active members alone."""
    credit = calibration[calibration["name"] == "retiree_credit_yuan"]
    return {str(row["scenario"]): bool(row["value"] == 0) for row in credit.to_dict("records")}


def difference_table(differences: Sequence[Difference]) -> pd.DataFrame:
    """Return one row for each published figure that is not what the other published figures add up to.

    Parameters
    ----------
    differences : sequence of Difference
        The differences.

    Returns
    -------
    DataFrame
        Columns scheme, indicator, year, published, implied, difference (published less implied), kept (``published`` or
        ``implied``: which of the two the model keeps), unit, identity.
    """
    rows = [
        {
            "scheme": one.scheme,
            "indicator": one.indicator,
            "year": one.year,
            "published": one.published,
            "implied": one.implied,
            "difference": one.published - one.implied,
            "kept": one.kept,
            "unit": "persons" if one.indicator in ("enrolled", "active", "retired") else "yuan",
            "identity": one.identity,
        }
        for one in differences
    ]
    columns = ["scheme", "indicator", "year", "published", "implied", "difference", "kept", "unit", "identity"]
    return pd.DataFrame(rows, columns=columns)


def revision_table(figures: Figures, shapes: Shapes) -> pd.DataFrame:
    """Return one row for each year whose total is not that of its monthly series.

    Published quarters are not scaled, so the last quarter of the year holds the whole revision.

    Parameters
    ----------
    figures : Figures
        Completed year figures.
    shapes : Shapes
        Published January-to-month figures.

    Returns
    -------
    DataFrame
        Columns scheme, indicator, year, provisional (January to December as first published), final, revision (final
        less provisional), unit, booked_in (the quarter that holds it; empty where the year is not laid out by quarter).
    """
    rows = []
    for scheme in SCHEMES:
        for indicator in (f"{fund}{flow}" for fund in FUNDS for flow in FLOWS):
            for year, points in sorted(shapes.points.get((scheme, indicator), {}).items()):
                final, provisional = figures.value(scheme, indicator, year), points.get(12)
                if final is None or provisional is None or final == provisional.value:
                    continue
                rows.append(
                    {
                        "scheme": scheme,
                        "indicator": indicator,
                        "year": year,
                        "provisional": provisional.value,
                        "final": final,
                        "revision": final - provisional.value,
                        "unit": "yuan",
                        "booked_in": f"{year}Q4" if year >= shapes.first_year else "",
                    }
                )
    columns = ["scheme", "indicator", "year", "provisional", "final", "revision", "unit", "booked_in"]
    return pd.DataFrame(rows, columns=columns)
