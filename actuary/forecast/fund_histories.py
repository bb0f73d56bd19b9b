"""Forecast a completed history of a fund: the fast models as they are, the sampled ones compiled once for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from actuary.forecast.bayes import forecast_bayes
from actuary.forecast.bayes_spec import bayes_model_names, load_bayes_spec
from actuary.forecast.face import forecast_series
from actuary.forecast.panel import Panel
from actuary.forecast.result import Forecast, Progress

__all__ = ["forecast_history", "forecast_trial", "is_sampled", "widen_panel"]


def is_sampled(model: str) -> bool:
    """Return whether a model is drawn by a sampler.

    Examples
    --------
    >>> is_sampled("fund_quarters"), is_sampled("pooled")
    (True, False)
    """
    return model in bayes_model_names()


def widen_panel(panel: Panel, width: int, *, series: Sequence[str] = ()) -> Panel:
    """Return a panel with empty periods and empty series after its own, so that a model compiled for more serves it.

    Parameters
    ----------
    panel : Panel
        The series; they come first, and their ends stay where they are.
    width : int
        Periods in all.
    series : sequence of str, optional
        Names there must be; those the panel lacks have no value.

    Examples
    --------
    >>> panel = Panel(("a",), "Q", 4, 2020 * 4, np.ones((1, 3)))
    >>> wide = widen_panel(panel, 5, series=("b", "a"))
    >>> wide.series, wide.values.shape, wide.ends
    (('a', 'b'), (2, 5), (3, 3))
    """
    lacking = tuple(name for name in series if name not in panel.series)
    rows, columns = panel.values.shape
    values = np.full((rows + len(lacking), max(width, columns)), np.nan)
    values[:rows, :columns] = panel.values
    ends = (*panel.ends, *(min(panel.ends) for _ in lacking))
    return replace(panel, series=(*panel.series, *lacking), values=values, ends=ends)


def forecast_history(
    panel: Panel,
    *,
    model: str,
    horizon: int,
    draws: int,
    seed: int,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Forecast:
    """Forecast one completed history; parameters are those of :func:`actuary.forecast.face.forecast_series`."""
    return forecast_series(
        panel,
        horizon=horizon,
        draws=draws,
        seed=seed,
        model=model,
        threads=threads,
        # The fast models are done before a phase could be read.
        progress=progress if is_sampled(model) else None,
    )


def forecast_trial(
    panel: Panel,
    *,
    model: str,
    horizon: int,
    draws: int,
    seed: int,
    whole: Panel,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Forecast:
    """Forecast a history as it stood earlier, for the back-test.

    A sampled model is drawn with the effort its declaration allows for trials, from a panel as large as the whole
    history: so one compiled model serves all origins. What is added is empty and enters no likelihood.

    Parameters
    ----------
    panel : Panel
        The history up to an origin.
    whole : Panel
        The whole history, for its size alone.
    model, horizon, draws, seed, threads, progress
        As in :func:`actuary.forecast.face.forecast_series`.
    """
    if not is_sampled(model):
        return forecast_series(panel, horizon=horizon, draws=draws, seed=seed, model=model, threads=threads)
    return forecast_bayes(
        widen_panel(panel, whole.values.shape[1], series=whole.series),
        load_bayes_spec(model).for_trials(),
        horizon=horizon,
        draws=draws,
        seed=seed,
        threads=threads,
        progress=progress,
    )
