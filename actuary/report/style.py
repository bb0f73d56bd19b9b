"""How figures look: colours the colour-blind tell apart, lines, markers and hatches that survive grey print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from actuary.report.fonts import FAMILY

__all__ = ["BAND", "FIGURE_WIDTH", "GRID", "INK", "PROJECTION", "RC", "SERIES", "SeriesStyle", "series_style"]

INK = "#1c2733"
GRID = "#d5dae0"
#: Shade behind the projected years.
PROJECTION = "#f3f5f8"
#: Shade of an official band.
BAND = "#cfe5dc"
#: Printed width in inches: the text width of the page, so that 8.5 points stay 8.5 points.
FIGURE_WIDTH = 6.7


@dataclass(frozen=True, slots=True)
class SeriesStyle:
    """Say how one series is drawn; no two share colour, line and marker."""

    color: str
    line: Any
    marker: str
    hatch: str


SERIES: dict[str, SeriesStyle] = {
    "history": SeriesStyle(INK, "-", "o", ""),
    "base": SeriesStyle("#0072B2", "-", "s", "///"),
    "adverse": SeriesStyle("#D55E00", (0, (5, 2)), "^", "\\\\\\"),
    "favourable": SeriesStyle("#009E73", (0, (6, 2, 1, 2)), "v", "..."),
    "other_1": SeriesStyle("#CC79A7", (0, (1, 1.5)), "D", "xxx"),
    "other_2": SeriesStyle("#E69F00", (0, (3, 1, 1, 1, 1, 1)), "P", "ooo"),
    "other_3": SeriesStyle("#56B4E9", (0, (4, 1, 1, 1)), "X", "---"),
    "other_4": SeriesStyle("#8C6D31", (0, (2, 1)), "<", "|||"),
    "forecast": SeriesStyle("#882255", "-", "", ""),
    "employee_asked": SeriesStyle("#0072B2", "-", "s", ""),
    "employee_base": SeriesStyle("#0072B2", (0, (3, 2)), "", ""),
    "resident_asked": SeriesStyle("#D55E00", "-", "^", ""),
    "resident_base": SeriesStyle("#D55E00", (0, (3, 2)), "", ""),
    "income": SeriesStyle("#56B4E9", "-", "o", ""),
    "spending": SeriesStyle("#E69F00", "-", "s", "////"),
}


#: Spare styles, for series whose role has none of its own.
_SPARE = sum(name.startswith("other_") for name in SERIES)


def series_style(role: str, position: int = 0) -> SeriesStyle:
    """Return the style of a series by its role; an unknown role gets one of the spare styles by its position.

    Examples
    --------
    >>> series_style("base").color
    '#0072B2'
    """
    return SERIES.get(role) or SERIES[f"other_{position % _SPARE + 1}"]


RC: Any = {
    "font.family": [FAMILY],
    "font.size": 8.5,
    "axes.edgecolor": "#7c8792",
    "axes.labelcolor": INK,
    "axes.labelsize": 8.5,
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.titlesize": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.5,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "svg.fonttype": "path",
    "svg.hashsalt": "actuary",
}
