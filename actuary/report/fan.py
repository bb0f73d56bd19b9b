"""Draw forecasts as fans: the median, and bands that hold the outcome with a stated probability."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from actuary.report.figures import Line, Series, _drawing, _figure, _to_svg
from actuary.report.style import INK, series_style

__all__ = ["Fan", "fan_png", "fan_svg"]

#: How dark the bands are, from the widest to the narrowest.
_SHADES = (0.16, 0.34, 0.55)
_PNG_DOTS = 200
_LEVEL = "#8a4b08"
#: Entries in a row of the legend.
_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Fan:
    """Hold one forecast quantity.

    Parameters
    ----------
    label : str
        Name in the legend.
    role : str
        Chooses colour, line and marker, see :func:`actuary.report.style.series_style`.
    positions : tuple of float
        Times, as years.
    median : tuple of float
        Median at every time.
    bands : tuple of (label, low, high)
        Bands from the widest to the narrowest, at most three.
    """

    label: str
    role: str
    positions: tuple[float, ...]
    median: tuple[float, ...]
    bands: tuple[tuple[str, tuple[float, ...], tuple[float, ...]], ...]


def _draw(
    fans: Sequence[Fan],
    points: Sequence[Series],
    levels: Sequence[Line],
    *,
    y_label: str,
    x_label: str,
    zero: bool,
) -> tuple[Figure, Axes]:
    figure, axes = _figure(2.9)
    patches: list[Patch] = []
    for number, fan in enumerate(fans):
        style = series_style(fan.role, number)
        for shade, (label, low, high) in zip(_SHADES, fan.bands, strict=False):
            axes.fill_between(fan.positions, low, high, color=style.color, alpha=shade, linewidth=0, zorder=1.5)
            name = label if len(fans) == 1 else f"{fan.label} {label}"
            patches.append(Patch(facecolor=style.color, alpha=shade, linewidth=0, label=name))
        # An edge keeps the widest band visible in grey print and beside another fan.
        for edge in fan.bands[0][1:]:
            axes.plot(fan.positions, edge, color=style.color, linewidth=0.5, zorder=2)
        # Beside another fan a marker tells them apart without colour.
        marker = style.marker if len(fans) > 1 else ""
        look = {"color": style.color, "linestyle": style.line, "marker": marker, "markerfacecolor": "white"}
        axes.plot(fan.positions, fan.median, label=fan.label, zorder=3, **look)
    for level in levels:
        axes.axhline(level.value, color=_LEVEL, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
        # Beside the axes, where nothing is drawn: the place of the line says what a legend would have to count out.
        place = (1.01, level.value)
        transform = axes.get_yaxis_transform()
        axes.annotate(level.label, place, xycoords=transform, va="center", ha="left", fontsize=7.5, color=_LEVEL)
    for number, one in enumerate(points):
        style = series_style(one.role, number)
        xs, ys = one.known()
        axes.plot(
            xs,
            ys,
            color=style.color,
            linestyle="" if one.role == "history" else style.line,
            marker=style.marker,
            markerfacecolor=style.color if one.role == "history" else "white",
            markeredgewidth=1,
            label=one.label,
            zorder=4,
        )
    axes.xaxis.set_major_locator(MaxNLocator(12, integer=True, steps=[1, 2, 5, 10]))
    if zero:
        axes.axhline(0, color=INK, linewidth=0.8, zorder=2)
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.set_ylabel(y_label)
    axes.set_xlabel(x_label)
    handles, labels = axes.get_legend_handles_labels()
    handles, labels = [*handles, *patches], [*labels, *(str(patch.get_label()) for patch in patches)]
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=2 if len(handles) == 4 else _COLUMNS,
        handlelength=3.0,
        columnspacing=1.6,
    )
    return figure, axes


def fan_svg(
    figure_id: str,
    fans: Sequence[Fan],
    *,
    points: Sequence[Series] = (),
    levels: Sequence[Line] = (),
    y_label: str,
    x_label: str,
    alt: str,
    zero: bool = True,
) -> str:
    """Draw fans as SVG: bands in shades of one colour, the median as a line, what is known as dots.

    Parameters
    ----------
    figure_id : str
        Stable name; identifiers inside the SVG begin with it.
    fans : sequence of Fan
        What is forecast.
    points : sequence of Series
        What is known (role ``history``), or another path beside the fans.
    levels : sequence of Line
        Thresholds.
    y_label, x_label : str
        Axis labels with their unit.
    alt : str
        Description for those who cannot see the figure.
    zero : bool
        Whether the axis must show zero.

    Returns
    -------
    str
        The SVG.

    Raises
    ------
    OutputError
        When the font lacks a character of a label.
    """
    with _drawing(figure_id):
        figure, _ = _draw(fans, points, levels, y_label=y_label, x_label=x_label, zero=zero)
        return _to_svg(figure, figure_id, alt)


def fan_png(
    fans: Sequence[Fan],
    *,
    points: Sequence[Series] = (),
    levels: Sequence[Line] = (),
    y_label: str,
    x_label: str,
    zero: bool = True,
) -> bytes:
    """Draw fans as a PNG picture; parameters and errors are those of :func:`fan_svg`."""
    with _drawing("fan"):
        figure, _ = _draw(fans, points, levels, y_label=y_label, x_label=x_label, zero=zero)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=_PNG_DOTS, metadata={"Software": None})
        return buffer.getvalue()
