"""Plots of results for notebooks in the style of the report: colour-blind safe, Chinese in any label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from actuary.errors import TableError, raise_all, unknown_name
from actuary.report.display import Html
from actuary.report.figures import Line, Series, lines

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["plot_years"]


def plot_years(  # noqa: PLR0913 (a plot has that many parts, most of them optional)
    frame: pd.DataFrame,
    column: str,
    *,
    by: str | None = None,
    label: str | None = None,
    divisor: float = 1.0,
    names: Mapping[str, str] | None = None,
    levels: Sequence[tuple[str, float]] = (),
    projected_from: float | None = None,
    zero: bool = False,
) -> Html:
    """Plot a column of a yearly table as lines, one for each value of another column.

    Parameters
    ----------
    frame : DataFrame
        Rows with a column ``year``.
    column : str
        What is plotted.
    by : str, optional
        Column that parts the rows into lines, such as ``scenario``; one line when left out.
    label : str, optional
        Label of the axis with the unit; the name of the column when left out.
    divisor : float
        Values are divided by it: 1e8 turns yuan into 亿元.
    names : mapping of str to str, optional
        What the lines are called, by the values of `by`.
    levels : sequence of (str, float)
        Thresholds drawn across, in the unit of the axis.
    projected_from : float, optional
        Year from which on the plot is shaded as projected.
    zero : bool
        Whether the axis must show zero.

    Returns
    -------
    Html
        Shows itself in a notebook.

    Raises
    ------
    TableError
        When a column is missing.
    OutputError
        When the font lacks a character of a label.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"year": [2025, 2026], "scenario": "base", "months": [28.8, 29.7]})
    >>> "<svg" in plot_years(rows, "months", by="scenario", label="months payable").html
    True
    """
    wanted = ["year", column, *([by] if by else [])]
    known = [str(name) for name in frame.columns]
    raise_all([unknown_name("table", name, known, what="column") for name in wanted if name not in known], TableError)
    parts = [(column, frame)] if by is None else [(str(key), rows) for key, rows in frame.groupby(by, sort=False)]
    series = []
    for key, rows in parts:
        ordered = rows.sort_values("year")
        values = (ordered[column] / divisor).tolist()
        points = tuple(
            (float(year), None if value != value else float(value))  # noqa: PLR0124 (NaN)
            for year, value in zip(ordered["year"], values, strict=True)
        )
        series.append(Series((names or {}).get(key, key.replace("_", " ")), key, points))
    axis = label or column.replace("_", " ")
    drawn = lines(
        f"plot_{column}",
        series,
        y_label=axis,
        x_label="year",
        alt=f"{axis}: {', '.join(one.label for one in series)}",
        levels=[Line(name, value) for name, value in levels],
        projected_from=projected_from,
        projected_label="projected",
        zero=zero,
    )
    return Html(drawn, plain=f"<plot of {axis}, {len(series)} lines>")
