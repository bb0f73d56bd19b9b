"""Draw how parts add up to a change: each bar begins where the one before it ends, the last is the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

from actuary.report.figures import _drawing, _figure, _to_svg
from actuary.report.style import INK, series_style

__all__ = ["Fall", "waterfall"]

_WIDTH = 0.62
#: Letters in a line of the label under a bar; a longer line would run into its neighbour.
_LETTERS = 14


@dataclass(frozen=True, slots=True)
class Fall:
    """Hold one run of bars.

    Parameters
    ----------
    label : str
        What changed; printed under the bar of the whole.
    parts : tuple of (str, float)
        Name and amount of every part, in the order they are told.
    """

    label: str
    parts: tuple[tuple[str, float], ...]


def waterfall(figure_id: str, falls: Sequence[Fall], *, y_label: str, alt: str) -> str:
    """Draw runs of floating bars side by side; the axis is that of the change, so that it begins at zero.

    Parameters
    ----------
    figure_id : str
        Stable name; identifiers inside the SVG begin with it.
    falls : sequence of Fall
        The runs.
    y_label : str
        Axis label with its unit.
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
    >>> svg = waterfall("w", [Fall("Change", (("a", 2.0), ("b", -0.5)))], y_label="yuan", alt="two parts")
    >>> svg.startswith("<svg")
    True
    """
    with _drawing(figure_id):
        figure, axes = _figure(2.5)
        places: list[float] = []
        names: list[str] = []
        place = 0.0
        for number, fall in enumerate(falls):
            if number:
                axes.axvline(place - 0.1, color="#9aa4ae", linewidth=0.8, linestyle=(0, (2, 2)))
                place += 0.8
            reached = 0.0
            for name, amount in fall.parts:
                style = series_style("spending" if amount < 0 else "income")
                axes.bar(place, amount, _WIDTH, bottom=reached, color=style.color, hatch=style.hatch,
                         edgecolor=INK, linewidth=0.5)  # fmt: skip
                reached += amount
                axes.plot([place + _WIDTH / 2, place + 1 - _WIDTH / 2], [reached] * 2, color="#7c8792", linewidth=0.7)
                places.append(place)
                names.append(name)
                place += 1
            axes.bar(place, reached, _WIDTH, color=INK, linewidth=0.5)
            places.append(place)
            names.append(fall.label)
            place += 1
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.set_xticks(places, [fill(name, _LETTERS, break_long_words=False) for name in names])
        axes.set_xlim(-0.6, place - 0.4)
        axes.set_ylabel(y_label)
        axes.margins(y=0.12)
        return _to_svg(figure, figure_id, alt)
