"""Plots of results for notebooks in the style of the report: colour-blind safe, Chinese in any label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from actuary.errors import TableError, raise_all, unknown_name
from actuary.report.display import Html
from actuary.report.fan import Fan, fan_svg
from actuary.report.figures import Line, Series, grouped_bars, lines
from actuary.report.wording import LANGUAGES, load_wording

if TYPE_CHECKING:
    import pandas as pd

    from actuary.forecast.result import Forecast

__all__ = ["plot_bars", "plot_fan", "plot_years"]


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
    across: str = "year",
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
    across : str
        Label of the level axis.

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
        x_label=across,
        alt=f"{axis}: {', '.join(one.label for one in series)}",
        levels=[Line(name, value) for name, value in levels],
        projected_from=projected_from,
        projected_label="projected",
        zero=zero,
    )
    return Html(drawn, plain=f"<plot of {axis}, {len(series)} lines>")


def plot_fan(
    forecast: Forecast,
    series: str,
    *,
    label: str | None = None,
    came: pd.DataFrame | None = None,
    known: int = 20,
    zero: bool = False,
) -> Html:
    """Plot the forecast of one series as a fan: what is known as dots, the median, bands of 50, 80 and 95 %.

    Parameters
    ----------
    forecast : Forecast
        The forecast.
    series : str
        Which series.
    label : str, optional
        Label of the axis with the unit; the series and its unit when left out.
    came : DataFrame, optional
        What came in the periods that were forecast, rows of `series_id`, `period`, `value` [unit of the series].
    known : int
        How many periods of the history are shown.
    zero : bool
        Whether the axis must show zero.

    Returns
    -------
    Html
        Shows itself in a notebook.

    Raises
    ------
    UnknownNameError
        When there is no such series.
    OutputError
        When the font lacks a character of a label.

    Examples
    --------
    >>> import pandas as pd
    >>> from actuary.forecast.face import forecast_series
    >>> years = [str(year) for year in range(2000, 2020)]
    >>> rows = pd.DataFrame({"series_id": "a", "period": years, "value": [5.0, 6.0] * 10})
    >>> plot_fan(forecast_series(rows, horizon=2, draws=50, model="naive"), "a", label="value [yuan]")
    <fan of value [yuan], 2 periods>
    """
    import numpy as np  # noqa: PLC0415  (the plots of years need none)

    futures = forecast.futures(series)
    row = forecast.series.index(series)
    end = int(forecast.panel.ends[row])
    every = [*forecast.panel.periods[:end], *_labels_after(forecast, end)]
    places = [_place(one) for one in every]
    bands = []
    for share in (0.95, 0.8, 0.5):
        low, high = np.quantile(futures, ((1 - share) / 2, (1 + share) / 2), axis=0)
        bands.append((f"{share:.0%}", tuple(low.tolist()), tuple(high.tolist())))
    median = tuple(np.median(futures, axis=0).tolist())
    fan = Fan(_both("plot.median"), "forecast", tuple(places[end:]), median, tuple(bands))
    history = forecast.panel.values[row, :end].tolist()  # noqa: PD011  (an array)
    first = max(0, end - known)
    points = [_points(_both("plot.known"), "history", places[first:end], history[first:])]
    if came is not None:
        rows = came[came["series_id"] == series]
        at = dict(zip(rows["period"].astype(str), rows["value"].tolist(), strict=True))
        points.append(_points(_both("plot.came"), "base", places[end:], [at.get(one) for one in every[end:]]))
    axis = label or f"{series} [{forecast.unit}]"
    alt = f"{axis}: median {median[0]:,.4g} to {median[-1]:,.4g} from {every[end]} to {every[-1]}"
    drawn = fan_svg(f"fan_{row}", [fan], points=points, y_label=axis, x_label="year", alt=alt, zero=zero)
    return Html(drawn, plain=f"<fan of {axis}, {len(median)} periods>")


def plot_bars(frame: pd.DataFrame, at: str, columns: Mapping[str, str], *, label: str, across: str) -> Html:
    """Plot columns of a table as bars side by side.

    Parameters
    ----------
    frame : DataFrame
        The table.
    at : str
        Column with what stands under the bars.
    columns : mapping of str to str
        Columns that are drawn, and their names in the legend.
    label, across : str
        Labels of the upright and the level axis, with their unit.

    Returns
    -------
    Html
        Shows itself in a notebook.

    Raises
    ------
    TableError
        When a column is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"tenth": ["0.1", "0.2"], "values": [4, 6]})
    >>> plot_bars(table, "tenth", {"values": "values"}, label="values [count]", across="tenth")
    <bars of values [count], 2 places>
    """
    known = [str(name) for name in frame.columns]
    wanted = [name for name in (at, *columns) if name not in known]
    raise_all([unknown_name("table", name, known, what="column") for name in wanted], TableError)
    roles = ("income", "spending", "history")
    series = [
        Series(name, role, tuple((float(place), float(value)) for place, value in enumerate(frame[column])))
        for (column, name), role in zip(columns.items(), roles, strict=False)
    ]
    ticks = [str(one) for one in frame[at]]
    drawn = grouped_bars("plot_bars", series, ticks=ticks, y_label=label, x_label=across, alt=f"{label} by {across}")
    return Html(drawn, plain=f"<bars of {label}, {len(ticks)} places>")


def _labels_after(forecast: Forecast, end: int) -> tuple[str, ...]:
    from actuary.forecast.panel import period_labels  # noqa: PLC0415  (the plots of years need none)

    return period_labels(forecast.panel.freq, forecast.panel.first + end, forecast.horizon)


def _place(label: str) -> float:
    """Return a period as a year with its fraction."""
    if "Q" in label:
        return float(label[:4]) + (int(label[-1]) - 1) / 4
    return float(label[:4]) + (int(label[5:7]) - 1) / 12 if "-" in label else float(label)


def _points(label: str, role: str, places: Sequence[float], values: Sequence[float | None]) -> Series:
    pairs = zip(places, values, strict=True)
    return Series(label, role, tuple((at, None if one is None or one != one else float(one)) for at, one in pairs))  # noqa: PLR0124


def _both(key: str) -> str:
    """Return words in both languages: plots of a notebook have one label for all readers."""
    return " ".join(load_wording(lang).text(key) for lang in LANGUAGES)
