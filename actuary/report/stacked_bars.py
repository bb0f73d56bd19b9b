"""Draw a whole and its parts by year: bars stacked on one another, light to dark in the order they are told."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import colormaps

from actuary.report.figures import _drawing, _figure, _legend, _to_svg
from actuary.report.style import INK

__all__ = ["stacked_bars"]

#: One hue from light to dark stays in order in grey print too; hatches tell neighbours apart.
_HATCHES = ("", "...", "", "///", "", "xxx")
_LIGHT, _DARK = 0.15, 0.85


def stacked_bars(
    figure_id: str,
    parts: Sequence[tuple[str, Sequence[float]]],
    *,
    ticks: Sequence[str],
    y_label: str,
    x_label: str,
    alt: str,
) -> str:
    """Draw parts of a whole as stacked bars.

    Parameters
    ----------
    figure_id : str
        Stable name; identifiers inside the SVG begin with it.
    parts : sequence of (str, sequence of float)
        Name of every part and its amount at each tick, from the bottom up.
    ticks : sequence of str
        Labels under the bars.
    y_label, x_label : str
        Axis labels with their unit.
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
    >>> svg = stacked_bars("s", [("a", [1, 2]), ("b", [3, 1])], ticks=["1", "2"], y_label="m", x_label="y", alt="two")
    >>> svg.startswith("<svg")
    True
    """
    with _drawing(figure_id):
        figure, axes = _figure(2.6)
        shades = colormaps["YlGnBu"]
        below = [0.0] * len(ticks)
        for number, (name, amounts) in enumerate(parts):
            shade = _LIGHT + (_DARK - _LIGHT) * number / max(len(parts) - 1, 1)
            axes.bar(
                range(len(ticks)),
                list(amounts),
                0.62,
                bottom=below,
                color=shades(shade),
                hatch=_HATCHES[number % len(_HATCHES)],
                edgecolor=INK,
                linewidth=0.5,
                label=name,
            )
            below = [base + amount for base, amount in zip(below, amounts, strict=True)]
        axes.set_xticks(range(len(ticks)), list(ticks))
        axes.set_xlim(-0.6, len(ticks) - 0.4)
        axes.set_ylabel(y_label)
        axes.set_xlabel(x_label)
        _legend(figure, axes)
        return _to_svg(figure, figure_id, alt)
