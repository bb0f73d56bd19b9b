"""Forecast series: one call from rows to joint draws, whatever the model."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from actuary.errors import DeclarationError, Problem, TableError, UnknownNameError, raise_all, unknown_name
from actuary.forecast.bayes_spec import ProductSpec, bayes_model_names, load_bayes_spec
from actuary.forecast.panel import Panel, build_panel, read_panel
from actuary.forecast.products import append_products
from actuary.forecast.result import Forecast, Progress, Run, draws_array
from actuary.forecast.still import widen_zeros

__all__ = ["MODELS", "check_options", "forecast_series", "known_models"]

#: Classical models, shown as their users know them: nothing is added to them.
_PEERS = "actuary.forecast.peers"

#: Models by name, and the module whose `run` makes their draws; each is loaded when it is asked for.
MODELS: Mapping[str, str] = {
    "pooled": "actuary.forecast.stack",
    "theta": _PEERS,
    "ets": _PEERS,
    "naive": _PEERS,
}


def known_models() -> Mapping[str, str]:
    """Return every model by name: the fast ones, and the sampled ones declared under models/forecast/.

    Examples
    --------
    >>> sorted(known_models())[:3]
    ['ets', 'fund_quarters', 'naive']
    """
    return {**dict.fromkeys(bayes_model_names(), "actuary.forecast.bayes"), **MODELS}


def check_options(*, model: str, horizon: int, draws: int, seed: int, threads: int | None = None) -> None:
    """Check what a forecast is asked for, before anything is read.

    Raises
    ------
    UnknownNameError
        When there is no such model.
    DeclarationError
        When a number of periods, draws, threads or the seed is out of range.

    Examples
    --------
    >>> check_options(model="pooled", horizon=0, draws=1000, seed=1)
    Traceback (most recent call last):
        ...
    actuary.errors.DeclarationError: --horizon: found 0; expected 1 to 400
    """
    known = known_models()
    problems = [] if model in known else [unknown_name("--model", model, known, what="model")]
    ranges = {
        "horizon": (horizon, 1, 400),
        "draws": (draws, 2, 100_000),
        "seed": (seed, 0, 2**63 - 1),
        "threads": (1 if threads is None else threads, 1, 1024),
    }
    problems += [
        Problem(f"--{name}", f"{value:,}", f"{least:,} to {most:,}")
        for name, (value, least, most) in ranges.items()
        if not least <= value <= most
    ]
    raise_all(problems, DeclarationError if model in known else UnknownNameError)


def forecast_series(  # noqa: PLR0913  (one argument an option)
    data: Panel | pd.DataFrame | Path | str,
    *,
    horizon: int,
    season: int | None = None,
    draws: int = 1000,
    seed: int = 1,
    model: str = "pooled",
    threads: int | None = None,
    progress: Progress | None = None,
    unit: str = "",
    products: Sequence[ProductSpec] = (),
) -> Forecast:
    """Draw joint futures of every series.

    Series with fewer than 3 known values are left out, with the reason in :meth:`Forecast.status`.

    Parameters
    ----------
    data : Panel, DataFrame or path
        The series: a panel, or rows of `series_id`, `period`, `value`, or a CSV file of them.
    horizon : int
        Periods ahead of each series' own end, 1 to 400.
    season : int, optional
        Periods in a cycle; a year when left out. A panel brings its own.
    draws : int
        Joint futures, 2 to 100,000.
    seed : int
        Root seed, 0 or more: the same seed gives the same draws, whatever the number of threads.
    model : str
        One of :func:`known_models`.
    threads : int, optional
        Threads to use; as many as there are cores when left out.
    progress : callable, optional
        Called with the share that is done and the phase.
    unit : str
        Unit of the values. A panel brings its own.
    products : sequence of ProductSpec
        Products of the series, such as enrolment times use times unit cost, that are added as further series; those
        that the model's own declaration names are added too.

    Returns
    -------
    Forecast
        Draws, weights, and how to look at them.

    Raises
    ------
    UnknownNameError
        When there is no such model.
    DeclarationError
        When a number of periods, draws, threads or the seed is out of range.
    TableError
        When the file cannot be read, with every problem of the rows, or when no series can be forecast.

    Examples
    --------
    >>> rows = pd.DataFrame({"series_id": "a", "period": [str(y) for y in range(2000, 2020)], "value": 5.0})
    >>> found = forecast_series(rows, horizon=2, draws=50, model="naive")
    >>> found.draws.sizes["period"], found.origins
    (2, ('2019',))
    """
    check_options(model=model, horizon=horizon, draws=draws, seed=seed, threads=threads)
    if isinstance(data, (str, Path)):
        data = read_panel(data, season=season, unit=unit)
    panel = data if isinstance(data, Panel) else build_panel(data, season=season, unit=unit)
    wanted = (*products, *(load_bayes_spec(model).product if model in bayes_model_names() else ()))
    derived = {product.name for product in wanted}

    def run_on(panel: Panel, seed: int, progress: Progress | None = None) -> Forecast:
        # A back-test cuts the panel of the forecast, which holds the products: they are made anew from their parts.
        panel = panel.subset([row for row, name in enumerate(panel.series) if name not in derived])
        run: Run = importlib.import_module(known_models()[model]).run(
            panel, model=model, horizon=horizon, draws=draws, seed=seed, threads=threads, progress=progress
        )
        futures, notes = run.futures, run.notes
        if MODELS.get(model) != _PEERS:
            futures, still = widen_zeros(panel, futures, seed=seed)
            notes = (*notes, *still)
        laid = draws_array(panel, futures)
        found = Forecast(panel, model, horizon, seed, laid, run.weights, run.posterior, run.gate, notes, again=run_on)
        return append_products(found, wanted) if wanted else found

    taken = [name for name in panel.series if name in derived]
    raise_all([Problem(f"product {name}", "the name of a series", "another name") for name in taken], TableError)
    return run_on(panel, seed, progress)
