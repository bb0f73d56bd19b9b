"""Calibrate by simulation: is the sampler right about series that the model itself has made.

Parameters are drawn from the prior, a panel from the parameters, and the model is fitted to it. Over many panels the
rank of the truth among the posterior's draws is uniform, or model, prior and sampler do not belong together. Method:
Talts et al. 2018, Modrák et al. 2023.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from actuary.forecast.bayes_data import prepare_data
from actuary.forecast.bayes_paths import flatten_draws, prior_draws, replicate, simulate_futures
from actuary.forecast.bayes_spec import BayesSpec
from actuary.forecast.panel import Panel
from actuary.forecast.result import Progress
from actuary.forecast.sample import sample_posterior
from actuary.seeds import stream

__all__ = ["calibrate_by_simulation", "ecdf_band", "summarise_ranks"]

type FloatArray = NDArray[np.float64]


def calibrate_by_simulation(
    spec: BayesSpec,
    *,
    simulations: int,
    series: int = 3,
    periods: int = 28,
    horizon: int = 4,
    seed: int = 1,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the rank of the truth among posterior draws, one row a simulated panel and quantity.

    Parameters
    ----------
    spec : BayesSpec
        The model; its own chains and draws are used.
    simulations : int
        Panels.
    series, periods, horizon : int
        Size of each panel, in quarters.
    seed : int
        Root seed.
    progress : callable, optional
        Called with the share done and the phase.

    Returns
    -------
    DataFrame
        simulation, quantity, rank (share of the draws below the truth, thinned to 99). Quantities: the panel's centres,
        and for the first series the scale of its innovations and the sum of its future.
    """
    names = tuple(f"s{number}" for number in range(series))
    template = Panel(names, "Q", 4, 2010 * 4, np.ones((series, periods)), synthetic=True)
    base = prepare_data(template, spec, horizon=horizon)
    rows = []
    for number in range(simulations):
        rng = stream(seed, f"forecast/calibration/{number}")
        truth = prior_draws(base, spec, count=1, rng=rng)
        data = replace(base, z=replicate(truth, base, rng=rng)[0])
        known = {name: value[0] for name, value in truth.items() if name.endswith("_centre")}
        future = simulate_futures(truth, data, spec, horizon=horizon, rng=rng)
        known |= {"scale, first series": truth["scale"][0, 0], "sum of the future": future[0, 0].sum()}
        sampled = sample_posterior(data, spec, seed=int(rng.integers(2**31)))
        draws = flatten_draws(sampled.arrays, count=99, rng=rng)
        ahead = simulate_futures(draws, data, spec, horizon=horizon, rng=rng)
        drawn = {name: draws[name] for name in known if name in draws}
        drawn |= {"scale, first series": draws["scale"][:, 0], "sum of the future": ahead[:, 0].sum(axis=1)}
        rows += [
            {"simulation": number, "quantity": name, "rank": float((drawn[name] < value).sum() + 0.5) / 100}
            for name, value in known.items()
            if name in drawn
        ]
        if progress is not None:
            progress((number + 1) / simulations, "calibrating")
    return pd.DataFrame(rows)


def ecdf_band(count: int, *, level: float = 0.95) -> float:
    """Return how far an empirical distribution of so many uniform ranks may lie from the diagonal, all along.

    Examples
    --------
    >>> round(ecdf_band(100), 3)
    0.134
    """
    return float(stats.kstwo.ppf(level, count))


def summarise_ranks(ranks: pd.DataFrame) -> pd.DataFrame:
    """Return for every quantity the largest distance of its ranks from uniform, and whether that is chance.

    Examples
    --------
    >>> ranks = pd.DataFrame({"quantity": "a", "rank": (np.arange(50) + 0.5) / 50})
    >>> summarise_ranks(ranks)["inside"].tolist()
    [True]
    """
    rows = []
    for name, part in ranks.groupby("quantity", sort=False):
        distance = float(stats.kstest(part["rank"], "uniform").statistic)
        # All quantities at once: each gets its share of the five in a hundred.
        band = ecdf_band(len(part), level=1 - 0.05 / ranks["quantity"].nunique())
        rows.append({"quantity": name, "simulations": len(part), "distance": distance, "band": band})
    return pd.DataFrame(rows).assign(inside=lambda table: table["distance"] <= table["band"])
