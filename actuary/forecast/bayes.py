"""Forecast with a sampled model: prepare, sample or read back, simulate, judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from actuary.dims import CI_PROB
from actuary.forecast.bayes_data import BayesData, KnownSum, prepare_data
from actuary.forecast.bayes_paths import flatten_draws, simulate_futures
from actuary.forecast.bayes_spec import BayesSpec, load_bayes_spec
from actuary.forecast.gate import judge
from actuary.forecast.panel import Panel, period_labels
from actuary.forecast.posterior_cache import (
    cache_folder,
    gate_key,
    gates,
    load_gate,
    load_posterior,
    posterior_key,
    posteriors,
    store_gate,
    store_posterior,
)
from actuary.forecast.result import Forecast, Progress, Run, draws_array
from actuary.forecast.sample import Sampled, sample_posterior
from actuary.forecast.terms import find_outbreaks
from actuary.seeds import stream

__all__ = ["forecast_bayes", "posterior_tree", "run", "run_bayes"]

type FloatArray = NDArray[np.float64]

#: Draws a forecast and its gate take of every chain at most.
_PER_CHAIN = 1000


def run_bayes(  # noqa: PLR0913  (what a forecast rests on, each by its name)
    panel: Panel,
    spec: BayesSpec,
    *,
    horizon: int,
    draws: int = 1000,
    seed: int = 1,
    threads: int | None = None,
    progress: Progress | None = None,
    sums: Sequence[KnownSum] = (),
    covariates: Mapping[str, pd.DataFrame] | None = None,
    folder: Path | str | None = None,
) -> Run:
    """Draw joint futures from the sampled model of a panel.

    Parameters
    ----------
    panel : Panel
        The series.
    spec : BayesSpec
        The declaration.
    horizon : int
        Periods after each series' end.
    draws : int
        Joint futures.
    seed : int
        Root seed.
    threads : int, optional
        Chains at once; two when left out.
    progress : callable, optional
        Called with the share done and the phase.
    sums : sequence of KnownSum, optional
        Sums of periods that were not published one by one.
    covariates : mapping of str to DataFrame, optional
        Rows `period`, `value` (and `draw`) of every declared covariate, with their future.
    folder : path, optional
        Where posteriors are kept; the user's cache when left out.

    Returns
    -------
    Run
        Futures, posterior, gate and notes. The gate may be shut: ``run.gate.require()`` stops where it is.
    """
    data = prepare_data(panel, spec, horizon=horizon, sums=sums, covariates=covariates)
    notes = _notes(data, spec)
    kept, judgements = posteriors(cache_folder(folder)), gates(cache_folder(folder))
    key = posterior_key(data, spec, seed=seed)
    sampled = load_posterior(kept, key, effort=spec.sampler)
    if sampled is None:
        sampled = sample_posterior(data, spec, seed=seed, cores=threads or 2, progress=progress)
        store_posterior(kept, key, sampled)
    if progress is not None:
        progress(0.9, "simulating futures and judging the draws")
    chosen = flatten_draws(sampled.arrays, count=draws, rng=stream(seed, "forecast/bayes/choice"))
    rng = stream(seed, "forecast/bayes/futures")
    futures = simulate_futures(chosen, data, spec, horizon=horizon, rng=rng, covariates=covariates)
    judged = gate_key(key, data, spec, horizon=horizon, covariates=covariates)
    gate = load_gate(judgements, judged)
    if gate is None:
        sums_ahead = _mixing_sums(sampled, data, spec, horizon=horizon, seed=seed, covariates=covariates)
        gate = judge(sampled, data, spec, futures=sums_ahead, rng=stream(seed, "forecast/bayes/gate"))
        store_gate(judgements, judged, gate)
    notes += dict.fromkeys((*kept.notes, *judgements.notes))
    notes += [f"GATE SHUT: {reason}" for reason in gate.reasons]
    if progress is not None:
        progress(1.0, "")
    return Run(futures, posterior=posterior_tree(sampled, data, spec, seed=seed), gate=gate, notes=tuple(notes))


def _mixing_sums(
    sampled: Sampled,
    data: BayesData,
    spec: BayesSpec,
    *,
    horizon: int,
    seed: int,
    covariates: Mapping[str, pd.DataFrame] | None,
) -> FloatArray:
    """Return sums over the horizon by chain and draw, shape (chain, draw, series); later draws of long chains only."""
    cut = {name: array[:, -_PER_CHAIN:] for name, array in sampled.arrays.items()}
    chains, per_chain = cut["rates"].shape[:2]
    rng = stream(seed, "forecast/bayes/mixing")
    futures = simulate_futures(flatten_draws(cut), data, spec, horizon=horizon, rng=rng, covariates=covariates)
    sums: FloatArray = futures.sum(axis=2).reshape(chains, per_chain, -1)
    return sums


def _notes(data: BayesData, spec: BayesSpec) -> list[str]:
    notes = []
    if data.power != spec.scale.power:
        notes.append(
            "Some values are negative: the recursion runs on the values themselves, not on the declared scale."
        )
    if data.missing.size:
        notes.append(f"{data.missing.size} missing periods are drawn with the parameters.")
    if data.sums:
        notes.append(f"{len(data.sums)} sums of unpublished periods hold exactly in every draw.")
    found = find_outbreaks(data.panel, threshold=spec.search.threshold, share=spec.search.share)
    declared = data.windows[:, : data.z.shape[1]].sum(axis=0) > 0
    columns = {label: number for number, label in enumerate(data.panel.periods)}
    undeclared = [label for label in found["period"] if not declared[columns[label]]]
    if undeclared:
        shown = ", ".join(undeclared[:8]) + (" …" if len(undeclared) > 8 else "")
        notes.append(f"Much of the panel moved at once in {shown}: not declared, so treated as ordinary shocks.")
    return notes


def posterior_tree(sampled: Sampled, data: BayesData, spec: BayesSpec, *, seed: int) -> xr.DataTree:
    """Return the posterior as ArviZ reads it.

    Parameters
    ----------
    sampled : Sampled
        The draws.
    data : BayesData
        The panel.
    spec : BayesSpec
        The declaration.
    seed : int
        Root seed, kept in the attributes.

    Returns
    -------
    DataTree
        Groups `posterior`, `sample_stats` and `observed_data`; attributes state `ci_prob` and `ci_kind`.
    """
    coords = {
        "series": list(data.panel.series),
        "period": list(period_labels(data.panel.freq, data.panel.first, data.z.shape[1])),
        "rate": ["alpha", "beta", "gamma", "phi", "kappa"],
        "state": ["level", "slope", *(f"season {n + 1}" for n in range(data.panel.season))],
        "effect": [one.name for one in spec.effect],
        "outbreak": [one.name for one in spec.outbreak],
    }
    named = {
        "rates": ("series", "rate"),
        "opening": ("series", "state"),
        "scale": ("series",),
        "share": ("series",),
        "coefficient": ("effect", "series"),
        "outbreak_log": ("outbreak",),
        "factor": ("period",),
        "season_own": ("series", "position"),
        "effect_centre": ("effect",),
    }
    variables = {}
    for name, array in sampled.arrays.items():
        own = array.ndim == 3 and name.endswith("_own")
        dims = named.get(name) or (("series",) if own else tuple(f"{name}_dim{n}" for n in range(array.ndim - 2)))
        variables[name] = (("chain", "draw", *dims), array)
    used = {dim for dims, _ in variables.values() for dim in dims}
    posterior = xr.Dataset(variables, coords={name: values for name, values in coords.items() if name in used})
    statistics = xr.Dataset({name: (("chain", "draw"), values) for name, values in sampled.stats.items()})
    observed = xr.Dataset(
        {"value": (("series", "period"), data.panel.values)}, coords={k: coords[k] for k in ("series", "period")}
    )
    groups = {"posterior": posterior, "sample_stats": statistics, "observed_data": observed}
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {"model": spec.name, "seed": seed, "ci_prob": CI_PROB, "ci_kind": "eti", "unit": data.panel.unit}
    return tree


def run(
    panel: Panel,
    *,
    model: str,
    horizon: int,
    draws: int,
    seed: int,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Run the sampled model of a name under models/forecast/: what :func:`actuary.forecast.forecast_series` calls."""
    spec = load_bayes_spec(model)
    return run_bayes(panel, spec, horizon=horizon, draws=draws, seed=seed, threads=threads, progress=progress)


def forecast_bayes(  # noqa: PLR0913  (what a forecast rests on, each by its name)
    panel: Panel,
    spec: BayesSpec | str = "structural",
    *,
    horizon: int,
    draws: int = 1000,
    seed: int = 1,
    sums: Sequence[KnownSum] = (),
    covariates: Mapping[str, pd.DataFrame] | None = None,
    folder: Path | str | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Forecast:
    """Forecast a panel with a sampled model, with everything the short face leaves out.

    Parameters
    ----------
    panel : Panel
        The series.
    spec : BayesSpec or str
        The declaration or its name.
    horizon : int
        Periods after each series' end.
    draws, seed, threads, progress
        As in :func:`actuary.forecast.forecast_series`.
    sums, covariates, folder
        As in :func:`run_bayes`.
    """
    declared = load_bayes_spec(spec) if isinstance(spec, str) else spec
    found = run_bayes(
        panel,
        declared,
        horizon=horizon,
        draws=draws,
        seed=seed,
        threads=threads,
        progress=progress,
        sums=sums,
        covariates=covariates,
        folder=folder,
    )
    laid = draws_array(panel, found.futures)
    return Forecast(panel, declared.name, horizon, seed, laid, None, found.posterior, found.gate, found.notes)
