"""Draw single assumptions as a tornado: bars to both sides of the base, the widest on top."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.ticker import FuncFormatter

from actuary.report.figures import _drawing, _figure, _legend, _plain, _to_svg
from actuary.report.style import INK, series_style

__all__ = ["tornado"]

#: A row where there are few; many stand closer, so that the figure leaves no page half empty before it.
_ROW_INCHES, _LEAST_ROW_INCHES = 0.3, 0.17
_FRAME_INCHES = 1.1
_ROWS_INCHES = 2.1


def tornado(
    figure_id: str, rows: Sequence[tuple[str, float, float]], *, low: str, high: str, x_label: str, alt: str
) -> str:
    """Draw what each assumption changes at both ends of its range.

    Parameters
    ----------
    figure_id : str
        Stable name; identifiers inside the SVG begin with it.
    rows : sequence of (str, float, float)
        Assumption, and the change at the low and the high end of its range, the widest first.
    low, high : str
        Names of the two ends, for the legend.
    x_label : str
        Label of the axis with its unit.
    alt : str
        Description for those who cannot see the figure.

    Returns
    -------
    str
        The SVG.

    Raises
    ------
    OutputError
        When the font lacks a character of a label.

    Examples
    --------
    >>> tornado("t", [("use", 2.0, -2.0)], low="low", high="high", x_label="months", alt="one bar").startswith("<svg")
    True
    """
    with _drawing(figure_id):
        row_inches = max(_LEAST_ROW_INCHES, min(_ROW_INCHES, _ROWS_INCHES / max(len(rows), 1)))
        figure, axes = _figure(_FRAME_INCHES + row_inches * len(rows))
        places = list(range(len(rows)))[::-1]
        for name, place_of, role in ((low, 1, "income"), (high, 2, "spending")):
            style = series_style(role)
            axes.barh(
                places,
                [float(row[place_of]) for row in rows],
                0.62,
                color=style.color,
                hatch=style.hatch,
                edgecolor=INK,
                linewidth=0.5,
                label=name,
            )
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_yticks(places, [row[0] for row in rows])
        axes.xaxis.set_major_formatter(FuncFormatter(_plain))
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlabel(x_label)
        _legend(figure, axes)
        return _to_svg(figure, figure_id, alt)
