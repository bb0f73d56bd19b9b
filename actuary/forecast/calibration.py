"""Calibrate by simulation: is the sampler right about series that the model itself has made.

Parameters are drawn from the prior, a panel from the parameters, and the model is fitted to it. Over many panels the
rank of the truth among the posterior's draws is uniform, or model, prior and sampler do not belong together. Method:
Talts et al. 2018, Modrák et al. 2023.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from actuary.forecast.bayes_data import BayesData, prepare_data
from actuary.forecast.bayes_paths import Draws, flatten_draws, prior_draws, replicate, simulate_futures
from actuary.forecast.bayes_spec import BayesSpec
from actuary.forecast.panel import Panel
from actuary.forecast.sample import sample_posterior
from actuary.policy import fingerprint
from actuary.seeds import stream

__all__ = ["RANKS", "calibration_fingerprint", "ecdf_band", "rank_simulation", "summarise_ranks"]

type FloatArray = NDArray[np.float64]

#: Posterior draws among which the truth is ranked: ranks run from 0 to this number.
RANKS = 99

#: The made panel: funds by quarter over the declared cut of 2020 and most of the declared outbreak.
_SERIES = ("employee.income", "employee.expenditure", "resident.income")
_FIRST, _PERIODS, _HORIZON = 2016 * 4, 28, 4


def calibration_fingerprint(spec: BayesSpec) -> str:
    """Return the hash of what a calibration rests on: terms, priors, effects, and the effort of back-tests."""
    said = spec.model_dump(mode="json", exclude={"gate", "search", "product", "sampler", "name_zh", "name_en"})
    shape = [list(_SERIES), _FIRST, _PERIODS, _HORIZON, RANKS]
    return str(fingerprint({"model": said, "panel": shape}))[:12]


def _quantities(draws: Draws, futures: FloatArray, data: BayesData, spec: BayesSpec) -> dict[str, FloatArray]:
    """Return what is ranked, each of shape (draw,): laws of the panel, one series' own, effects, outbreaks, futures."""
    found = {name: values for name, values in draws.items() if name.endswith(("_centre", "_spread"))}
    found = {name: values for name, values in found.items() if values.ndim == 1}
    found |= {name: draws[name] for name in ("season_size", "tail") if name in draws}
    found["alpha, first series"] = draws["rates"][:, 0, 0]
    found["scale, first series"] = draws["scale"][:, 0]
    found["level, first series"] = draws["opening"][:, 0, 0]
    found["slope, first series"] = draws["opening"][:, 0, 1]
    found["season, first series"] = draws["opening"][:, 0, 2]
    if "share" in draws:
        found["share, first series"] = draws["share"][:, 0]
    for number, effect in enumerate(spec.effect):
        found[f"effect, {effect.name}"] = draws["coefficient"][:, number, int(np.flatnonzero(data.members[number])[0])]
    for number, outbreak in enumerate(spec.outbreak):
        found[f"outbreak, {outbreak.name}"] = draws["outbreak_log"][:, number]
    found["future, first series"] = futures[:, 0].sum(axis=1)
    found["future, all series"] = futures.sum(axis=(1, 2))
    return found


def rank_simulation(spec: BayesSpec, number: int, *, seed: int = 1) -> Mapping[str, int]:
    """Make one panel from the prior, fit it, and rank the truth among the posterior's draws.

    Parameters
    ----------
    spec : BayesSpec
        The model; it is sampled with the effort of its back-tests, and compiled once in a process.
    number : int
        Which panel: every number has a random stream of its own, so that a calibration can go on where it stopped.
    seed : int
        Root seed.

    Returns
    -------
    mapping of str to int
        ``divergences`` of the sampling, then the rank of every quantity, 0 to :data:`RANKS`.
    """
    trial = spec.for_trials()
    template = Panel(_SERIES, "Q", 4, _FIRST, np.ones((len(_SERIES), _PERIODS)), synthetic=True)
    base = prepare_data(template, trial, horizon=_HORIZON)
    rng = stream(seed, f"forecast/calibration/{number}")
    truth = prior_draws(base, trial, count=1, rng=rng)
    data = replace(base, z=replicate(truth, base, rng=rng)[0])
    future = simulate_futures(truth, data, trial, horizon=_HORIZON, rng=rng)
    sampled = sample_posterior(data, trial, seed=int(rng.integers(2**31)))
    draws = flatten_draws(sampled.arrays, count=RANKS, rng=rng)
    ahead = simulate_futures(draws, data, trial, horizon=_HORIZON, rng=rng)
    true, drawn = _quantities(truth, future, data, trial), _quantities(draws, ahead, data, trial)
    found = {"divergences": int(sampled.stats["diverging"].sum())}
    for name, value in true.items():
        ties = int((drawn[name] == value).sum())
        found[name] = int((drawn[name] < value).sum()) + int(rng.integers(ties + 1))
    return found


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

    Parameters
    ----------
    ranks : DataFrame
        One row a simulated panel, one column a quantity: ranks from 0 to :data:`RANKS`.

    Returns
    -------
    DataFrame
        quantity, simulations, mean (of the rank as a share; 0.5 where nothing is shifted), spread (standard deviation
        over that of a uniform law; above 1 where the posterior is too narrow), distance, band, inside.

    Examples
    --------
    >>> ranks = pd.DataFrame({"a": np.arange(0, 100, 2)})
    >>> summarise_ranks(ranks)["inside"].tolist()
    [True]
    """
    # All quantities at once: each gets its share of the five in a hundred.
    band = ecdf_band(len(ranks), level=1 - 0.05 / ranks.shape[1])
    shares = (ranks + 0.5) / (RANKS + 1)
    distance = [float(stats.kstest(shares[name], "uniform").statistic) for name in shares]
    table = pd.DataFrame(
        {
            "quantity": list(shares.columns),
            "simulations": len(shares),
            "mean": shares.mean().to_numpy(),
            "spread": shares.std(ddof=0).to_numpy() * np.sqrt(12.0),
            "distance": distance,
            "band": band,
        }
    )
    return table.assign(inside=table["distance"] <= table["band"])
