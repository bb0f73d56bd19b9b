"""Draw the figures of the report as SVG; nothing else in the package imports matplotlib.

The text is drawn as outlines of a font that is shipped, the identifiers are fixed and no date is written, so that the
same figures give the same bytes on every machine.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from xml.sax.saxutils import escape, quoteattr

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from actuary.errors import OutputError, Problem
from actuary.report.fonts import FAMILY, static_font
from actuary.report.style import BAND, FIGURE_WIDTH, INK, PROJECTION, RC, series_style
from actuary.report.view import text_width

__all__ = ["Band", "Line", "Series", "grouped_bars", "lines"]


#: What a legend may take of the width of a figure [Latin characters of its type].
_LEGEND_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Series:
    """Hold one series of a figure.

    Parameters
    ----------
    label : str
        Name in the legend.
    role : str
        ``history``, a scenario, ``income`` or ``spending``: chooses colour, line and marker.
    points : tuple of (position, value)
        Year or position of the bar, and the value; None leaves a gap.
    """

    label: str
    role: str
    points: tuple[tuple[float, float | None], ...]

    def with_gaps(self) -> tuple[list[float], list[float]]:
        """Return years and values with a break wherever a year is missing, so that no line spans what is not known."""
        xs, ys = self.known()
        for place in range(len(xs) - 1, 0, -1):
            if xs[place] - xs[place - 1] > 1:
                xs.insert(place, xs[place] - 0.5)
                ys.insert(place, math.nan)
        return xs, ys

    def known(self) -> tuple[list[float], list[float]]:
        """Return positions and values without the gaps."""
        pairs = [(x, y) for x, y in self.points if y is not None]
        return [x for x, _ in pairs], [y for _, y in pairs]


@dataclass(frozen=True, slots=True)
class Band:
    """Hold a shaded band, such as the months an official document calls normal."""

    label: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    """Hold a level drawn across the figure, such as a threshold."""

    label: str
    value: float


@cache
def _register_font() -> None:
    font_manager.fontManager.addfont(str(static_font()))


@contextmanager
def _drawing(title: str) -> Iterator[None]:
    _register_font()
    with mpl.rc_context(RC), warnings.catch_warnings():
        warnings.filterwarnings("error", message=r"(?s).*Glyph.*missing")
        try:
            yield
        except UserWarning as warning:
            raise OutputError(
                Problem(f"figure {title!r}", str(warning), f"characters of {FAMILY}", "write the label in others")
            ) from None


def _to_svg(figure: Figure, figure_id: str, alt: str) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    # A style sheet inside one figure would hold for the whole page: its two properties go on the root instead.
    svg = re.sub(r"<style.*?</style>\s*", "", svg, flags=re.DOTALL)
    # Several figures share one page: their identifiers must not.
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{figure_id}-\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{figure_id}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{figure_id}-\1)", svg)
    head = f'<svg role="img" style="stroke-linejoin: round; stroke-linecap: butt" aria-label={quoteattr(alt)}'
    return re.sub(r"<svg", head, svg, count=1).replace(">", f"><title>{escape(alt)}</title>", 1).rstrip() + "\n"


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(FIGURE_WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    axes.tick_params(length=3, width=0.6)
    axes.yaxis.set_major_formatter(FuncFormatter(_plain))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    return figure, axes


def _plain(value: float, _position: object = None) -> str:
    digits = 0 if abs(value - round(value)) < 1e-9 else 1 if abs(value * 10 - round(value * 10)) < 1e-9 else 2
    return f"{value:,.{digits}f}".replace("-", "−")


def _legend(figure: Figure, axes: Axes, extra: Sequence[Patch] = ()) -> None:
    handles, labels = axes.get_legend_handles_labels()
    handles = [*handles, *extra]
    labels = [*labels, *(str(patch.get_label()) for patch in extra)]
    if handles:
        # One row where it fits; an even grid where it does not.
        widths = [text_width(label) for label in labels]
        columns = _legend_columns(widths)
        figure.legend(handles, labels, loc="outside lower center", ncols=columns, handlelength=3.2, columnspacing=1.6)


def _legend_columns(widths: Sequence[int]) -> int:
    """Return how many entries of these widths stand side by side [Latin characters]: all of them, or at most three."""
    sample = 7  # a piece of the line and the space before the next
    if sum(widths) + sample * len(widths) <= _LEGEND_WIDTH:
        return len(widths)
    # The columns of an even grid are as wide as their widest entry.
    most = max(1, min(3, len(widths), _LEGEND_WIDTH // (max(widths) + sample)))
    # Four stand two by two, not three and one.
    return math.ceil(len(widths) / math.ceil(len(widths) / most))


def lines(  # noqa: PLR0913 - a figure has that many parts, most of them optional
    figure_id: str,
    series: Sequence[Series],
    *,
    y_label: str,
    x_label: str,
    alt: str,
    bands: Sequence[Band] = (),
    levels: Sequence[Line] = (),
    projected_from: float | None = None,
    projected_label: str = "",
    zero: bool = False,
    joined: bool = False,
) -> str:
    """Draw lines over years: history in black, scenarios each with its own colour, dash and marker.

    Parameters
    ----------
    figure_id : str
        Stable name; identifiers inside the SVG begin with it.
    series : sequence of Series
        What is drawn.
    y_label, x_label : str
        Axis labels with their unit.
    alt : str
        Description for those who cannot see the figure.
    bands, levels : sequence, optional
        Official bands and thresholds behind the lines.
    projected_from : float, optional
        Year at which projection begins; what follows is shaded.
    projected_label : str
        Word for the shaded part, in the legend.
    zero : bool
        Whether the axis must show zero.
    joined : bool
        Whether points some years apart are joined: for tables that show every so many years of a path that is known
        throughout.

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
        figure, axes = _figure(2.6)
        years = [x for one in series for x in one.known()[0]]
        patches: list[Patch] = []
        if projected_from is not None and years:
            axes.axvspan(projected_from, max(years) + 0.4, color=PROJECTION, zorder=0, linewidth=0)
            axes.axvline(projected_from, color="#9aa4ae", linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
            patches.append(Patch(facecolor=PROJECTION, edgecolor="#9aa4ae", linewidth=0.6, label=projected_label))
        for band in bands:
            axes.axhspan(band.low, band.high, color=BAND, alpha=0.75, zorder=0.5, linewidth=0)
            patches.append(Patch(facecolor=BAND, edgecolor="#6fa893", linewidth=0.6, label=band.label))
        for level in levels:
            axes.axhline(
                level.value, color="#8a4b08", linewidth=0.9, linestyle=(0, (4, 2)), zorder=1, label=level.label
            )
        for position, one in enumerate(series):
            style = series_style(one.role, position)
            xs, ys = one.known() if joined else one.with_gaps()
            history = one.role == "history"
            axes.plot(
                xs,
                ys,
                color=style.color,
                linestyle=style.line,
                marker=style.marker,
                markerfacecolor=style.color if history else "white",
                markeredgewidth=1,
                label=one.label,
                zorder=4 if history else 3,
            )
        if years:
            axes.set_xlim(min(years) - 0.4, max(years) + 0.4)
        axes.xaxis.set_major_locator(MaxNLocator(12, integer=True, steps=[1, 2, 5, 10]))
        if zero:
            axes.axhline(0, color=INK, linewidth=0.8, zorder=2)
        axes.set_ylabel(y_label)
        axes.set_xlabel(x_label)
        axes.margins(y=0.12)
        _legend(figure, axes, patches)
        return _to_svg(figure, figure_id, alt)


def grouped_bars(
    figure_id: str,
    series: Sequence[Series],
    *,
    ticks: Sequence[str],
    y_label: str,
    x_label: str,
    alt: str,
    projected_from: int | None = None,
    projected_label: str = "",
) -> str:
    """Draw bars side by side, such as income and spending by year; projected bars stand on a shaded ground.

    Parameters
    ----------
    figure_id : str
        Stable name; identifiers inside the SVG begin with it.
    series : sequence of Series
        What is drawn; positions count the ticks from 0.
    ticks : sequence of str
        Labels under the groups.
    y_label, x_label : str
        Axis labels with their unit.
    alt : str
        Description for those who cannot see the figure.
    projected_from : int, optional
        First group that is projected.
    projected_label : str
        Word for the shaded part, in the legend.

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
        figure, axes = _figure(2.4)
        width = 0.8 / max(len(series), 1)
        for position, one in enumerate(series):
            style = series_style(one.role, position)
            xs, ys = one.known()
            shifted = [x + (position - (len(series) - 1) / 2) * width for x in xs]
            axes.bar(
                shifted,
                ys,
                width * 0.92,
                color=style.color,
                hatch=style.hatch,
                edgecolor=INK,
                linewidth=0.5,
                label=one.label,
            )
        patches: list[Patch] = []
        if projected_from is not None and projected_from < len(ticks):
            axes.axvspan(projected_from - 0.5, len(ticks) - 0.5, color=PROJECTION, zorder=0, linewidth=0)
            axes.axvline(projected_from - 0.5, color="#9aa4ae", linewidth=0.8, linestyle=(0, (2, 2)))
            patches.append(Patch(facecolor=PROJECTION, edgecolor="#9aa4ae", linewidth=0.6, label=projected_label))
        axes.set_xlim(-0.6, len(ticks) - 0.4)
        axes.axhline(0, color=INK, linewidth=0.8)
        step = max(1, -(-len(ticks) // 13))
        shown = range(0, len(ticks), step)
        axes.set_xticks(list(shown), [ticks[index] for index in shown])
        axes.set_ylabel(y_label)
        axes.set_xlabel(x_label)
        _legend(figure, axes, patches)
        return _to_svg(figure, figure_id, alt)
