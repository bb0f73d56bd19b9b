"""Forecast again from earlier origins within a history and score what came: a forecast's own evidence."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.errors import DeclarationError, Problem, raise_all
from actuary.forecast.panel import Panel, period_labels
from actuary.forecast.result import Forecast
from actuary.forecast.scores import naive_scale, score_futures

__all__ = ["Backtest", "backtest_panel", "cut_panel"]

type FloatArray = NDArray[np.float64]

#: Cycles and periods of history below which a series takes no part in a back-test.
_LEAST_CYCLES, _LEAST_PERIODS = 2, 8


@dataclass(frozen=True, eq=False, repr=False)
class Backtest:
    """Hold the scores of forecasts from earlier origins.

    Parameters
    ----------
    model : str
        Name of the model.
    horizon : int
        Periods ahead.
    scores : DataFrame
        One row a series and origin: series, origin, mase, scrps, cover50, cover80, cover95, cum_scrps, cum_cover80.
        Errors are shares of the history's mean seasonal difference.
    """

    model: str
    horizon: int
    scores: pd.DataFrame

    def summary(self) -> pd.DataFrame:
        """Return the mean scores by origin, and over all of them in the last row."""
        columns = [name for name in self.scores.columns if name not in {"series", "origin"}]
        groups = self.scores.groupby("origin", sort=True)
        table = groups[columns].mean()
        table.insert(0, "series", groups.size())
        table.loc["all"] = [len(self.scores), *self.scores[columns].mean()]
        return table.astype({"series": int}).reset_index()

    def to_frame(self) -> pd.DataFrame:
        """Return the scores, one row a series and origin."""
        return self.scores

    def _repr_html_(self) -> str:
        table = self.summary().to_html(index=False, float_format="{:.3f}".format)
        return f"<p><b>Back-test</b> · {html.escape(self.model)} · {self.horizon} periods</p>{table}"

    def __repr__(self) -> str:
        return f"Backtest({self.model!r}, {len(self.scores)} forecasts, horizon {self.horizon})"


def cut_panel(panel: Panel, *, horizon: int, back: int, least: int) -> tuple[Panel, FloatArray] | None:
    """Return a panel as it stood `back` periods before each series' end, and what came in the horizon after that.

    Parameters
    ----------
    panel : Panel
        The series.
    horizon : int
        Periods ahead.
    back : int
        Periods taken away from each series.
    least : int
        Known values that must be left of a series.

    Returns
    -------
    tuple of Panel and array of shape (series, horizon), or None
        None when no series is long enough; NaN for what is not known of the future.
    """
    rows, histories, futures, ends = [], [], [], []
    for row, end in enumerate(panel.ends):
        cut = end - back
        if cut <= 0:
            continue
        history = panel.values[row].copy()
        history[cut:] = np.nan
        known = ~np.isnan(history)
        future = np.full(horizon, np.nan)
        came = panel.values[row, cut : cut + horizon]
        future[: came.size] = came
        if known.sum() < least or np.isnan(future).all():
            continue
        rows.append(row)
        histories.append(history)
        futures.append(future)
        ends.append(cut)
    if not rows:
        return None
    names = tuple(panel.series[row] for row in rows)
    return replace(panel, series=names, values=np.stack(histories), ends=tuple(ends)), np.stack(futures)


def backtest_panel(
    forecast: Forecast, *, origins: int = 3, step: int | None = None, seed: int | None = None
) -> Backtest:
    """Score a forecast's model from earlier origins; see :meth:`actuary.forecast.result.Forecast.backtest`.

    Raises
    ------
    DeclarationError
        When the model cannot be run again, or no series is long enough.
    """
    panel, horizon = forecast.panel, forecast.horizon
    step = step or max(horizon // 2, 1)
    again = forecast.again
    if again is None:
        raise DeclarationError(
            Problem(forecast.model, "draws without their model", "a forecast made by forecast_series")
        )
    root = forecast.seed if seed is None else seed
    least = max(_LEAST_CYCLES * panel.season, _LEAST_PERIODS)
    rows = []
    for number in range(origins):
        cut = cut_panel(panel, horizon=horizon, back=horizon + number * step, least=least)
        if cut is None:
            break
        history, came = cut
        found = again(history, root)
        for row, (name, end) in enumerate(zip(history.series, history.ends, strict=True)):
            scale = naive_scale(history.values[row, :end], panel.season)
            origin = period_labels(panel.freq, panel.first + end - 1, 1)[0]
            rows.append(
                {"series": name, "origin": origin, **score_futures(found.futures(name), came[row], scale=scale)}
            )
    expected = f"series with {least} values before a horizon of {horizon}"
    mend = "shorten the horizon"
    raise_all([] if rows else [Problem("back-test", "no series long enough", expected, mend)], DeclarationError)
    return Backtest(forecast.model, horizon, pd.DataFrame(rows))
