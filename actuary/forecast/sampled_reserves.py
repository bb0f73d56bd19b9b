"""The delay model and the model of group means as PyMC samples them: what the fast paths are held against.

Importing this module imports PyMC, which takes seconds. The models are those of :mod:`actuary.forecast.delay_model` and
:mod:`actuary.forecast.small_groups`, with every spread and every weight of a tail drawn instead of learned.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from actuary.forecast.compiled_models import compile_model
from actuary.forecast.delay_design import Design, lay_out
from actuary.forecast.delay_spec import SmallGroupSpec, load_small_group_spec
from actuary.forecast.made_up import made_up_payer, made_up_stays
from actuary.forecast.reserving import reserve_claims
from actuary.forecast.small_groups import shrink_group_means
from actuary.forecast.triangles import build_triangle
from actuary.threads import one_blas_thread

__all__ = ["Comparison", "compare_delay", "compare_groups", "sample_final_amounts", "sample_group_means"]

type FloatArray = NDArray[np.float64]


def _spread(name: str, *, sd: float, worth: float) -> Any:
    """Return a spread whose square is scaled inverse chi-square: `worth` observations of `sd`."""
    precision = pm.Gamma(f"{name}_precision", alpha=worth / 2, beta=worth * sd**2 / 2)
    return 1 / pt.sqrt(precision)


def _sample(model: pm.Model, name: str, *, draws: int, chains: int, seed: int) -> tuple[FloatArray, float, int]:
    """Return draws of a quantity (draw, ...), its largest R-hat and the number of divergences."""
    import nutpie  # noqa: PLC0415  (seconds)
    from arviz_stats.base.array import array_stats  # noqa: PLC0415  (seconds)

    with warnings.catch_warnings(), one_blas_thread():
        warnings.simplefilter("ignore")
        compiled = compile_model(model)
        trace = nutpie.sample(
            compiled, draws=draws, tune=draws, chains=chains, seed=seed, target_accept=0.95, progress_bar=False
        )
    found = trace.posterior[name].to_numpy()
    flat = found.reshape(*found.shape[:2], -1)
    rhat = float(np.nanmax(array_stats.rhat(flat, chain_axis=0, draw_axis=1)))
    return found.reshape(-1, *found.shape[2:]), rhat, int(trace.sample_stats["diverging"].to_numpy().sum())


def sample_final_amounts(
    design: Design, *, draws: int = 1000, chains: int = 2, seed: int = 1
) -> tuple[FloatArray, float, int]:
    """Sample the log volumes of a laid-out triangle.

    Parameters
    ----------
    design : Design
        See :func:`actuary.forecast.delay_design.lay_out`.
    draws, chains : int
        Draws of a chain after as many of tuning; chains.
    seed : int
        Root seed.

    Returns
    -------
    logs : array, shape (draw, series, period)
        Logarithm of what a period comes to.
    rhat : float
        The largest of them.
    divergences : int
        Of all chains.
    """
    slots, spec, count = design.slots, design.spec, design.logs.shape[0]
    series, cells = design.logs.shape
    near, jumps = np.linalg.cholesky(design.near + 1e-9 * np.eye(slots.cutoffs)), spec.shape.jumps
    with pm.Model() as model:
        sd = {
            name: _spread(name, **getattr(spec.spreads, name).model_dump()) for name in type(spec.spreads).model_fields
        }
        smooth = np.linalg.cholesky((1 - jumps) * design.near + jumps * np.eye(slots.cutoffs))
        shared = [
            design.start + spec.shape.curve_sd * pm.Normal("curve", shape=slots.lags),
            sd["drift"] * pt.dot(smooth, pm.Normal("drift", shape=slots.cutoffs)),
            sd["tilt"] * pt.dot(smooth, pm.Normal("tilt", shape=slots.cutoffs)),
            sd["season"] * pm.Normal("season", shape=slots.months),
            pt.dot(
                np.linalg.cholesky(np.linalg.inv(design.common_precision)), pm.Normal("volume", shape=slots.periods)
            ),
        ]
        weight = pm.Gamma("weight", alpha=spec.shape.tail / 2, beta=spec.shape.tail / 2, shape=(count, slots.cutoffs))

        def moved(name: str) -> Any:
            stays = pm.Normal(f"{name}_stays", shape=(count, slots.cutoffs)) @ near.T
            jump = pm.Normal(f"{name}_jump", shape=(count, slots.cutoffs)) / pt.sqrt(weight)
            return sd[name] * (np.sqrt(1 - jumps) * stays + np.sqrt(jumps) * jump)

        walk = np.linalg.cholesky(np.linalg.inv(design.own_precision))
        own = [
            sd["level"] * pm.Normal("level", shape=(count, 1)),
            sd["slope"] * pm.Normal("slope", shape=(count, 1)),
            moved("own_drift"),
            moved("own_tilt"),
            design.volumes.scale[:, None] * (pm.Normal("own_volume", shape=(count, slots.periods)) @ walk.T),
            sd["own_curve"] * pm.Normal("own_curve", shape=(count, slots.lags)),
        ]
        every, each = pt.concatenate(shared), pt.concatenate(own, axis=1)
        odds = pt.dot(design.delay_shared, every)[None, :] + pt.dot(each, design.delay_own.T)
        share = pt.where(design.young, pm.math.sigmoid(odds), 1.0)
        volume = design.volumes.level[:, None] + every[slots.volume][None, :] + each[:, slots.own_volume]
        pm.Deterministic("logs", volume)
        tail = pm.Gamma("cell", alpha=spec.shape.tail / 2, beta=spec.shape.tail / 2, shape=(series, cells))
        deviation = pt.sqrt(((1 - share) * sd["scatter"]) ** 2 / tail + design.noise**2)
        unit = (design.logs - volume[:, design.period] - pt.log(share)) / deviation
        linked = (design.before >= 0) & design.shown[:, design.before] & design.shown
        carry = np.where(linked, spec.shape.carry**design.gap, 0.0)
        white = (unit - carry * unit[:, design.before]) / np.sqrt(1 - carry**2)
        pm.Potential("seen", pt.sum(design.shown * (-0.5 * white**2 - pt.log(deviation))))
    return _sample(model, "logs", draws=draws, chains=chains, seed=seed)


def sample_group_means(
    cases: pd.DataFrame, *, spec: SmallGroupSpec | None = None, draws: int = 1000, chains: int = 2, seed: int = 1
) -> tuple[pd.DataFrame, float, int]:
    """Sample the log of the mean cost of every group at its own and its family's mix of hospitals.

    Parameters
    ----------
    cases : DataFrame
        Columns drg, adrg, mdc, hospital, cost, all costs above 0.
    spec : SmallGroupSpec, optional
        The declaration; that of the package when left out.
    draws, chains : int
        Draws of a chain after as many of tuning; chains.
    seed : int
        Root seed.

    Returns
    -------
    table : DataFrame
        drg, mean and sd of the log of the mean cost.
    rhat : float
        The largest of them.
    divergences : int
        Of all chains.
    """
    spec = spec or load_small_group_spec()
    names = ("mdc", "adrg", "drg", "hospital")
    codes = {name: pd.factorize(cases[name], sort=True) for name in names}
    group, labels = codes["drg"]
    family, hospital = codes["adrg"][0], codes["hospital"][0]
    first = np.unique(group, return_index=True)[1]
    mix = np.zeros((len(labels), len(codes["hospital"][1])))
    of_family = np.zeros((len(codes["adrg"][1]), mix.shape[1]))
    np.add.at(mix, (group, hospital), 1.0)
    np.add.at(of_family, (family, hospital), 1.0)
    usual = (of_family / of_family.sum(axis=1, keepdims=True))[family[first]]
    mix = (mix + spec.mix_worth * usual) / (mix.sum(axis=1, keepdims=True) + spec.mix_worth)
    logs = np.log(cases["cost"].to_numpy(float))
    with pm.Model() as model:
        centre = pm.Normal("centre", logs.mean(), 2.0)
        effect = {
            name: _spread(name, sd=spec.spread_prior, worth=spec.spread_worth)
            * pm.Normal(name, shape=len(codes[name][1]))
            for name in names
        }
        common = pm.HalfNormal("common", logs.std())
        half = spec.variance_worth / 2
        precision = pm.Gamma("precision", alpha=half, beta=half, shape=len(labels)) / common**2
        parts = {name: effect[name][codes[name][0]] for name in names}
        pm.Normal("seen", centre + sum(parts.values()), 1 / pt.sqrt(precision[group]), observed=logs)
        own = centre + sum(effect[name][codes[name][0][first]] for name in names if name != "hospital")
        pm.Deterministic("means", own + pt.log(pt.dot(mix, pt.exp(effect["hospital"]))) + 0.5 / precision)
    found, rhat, diverged = _sample(model, "means", draws=draws, chains=chains, seed=seed)
    table = pd.DataFrame({"drg": labels, "mean": found.mean(axis=0), "sd": found.std(axis=0)})
    return table, rhat, diverged


@dataclass(frozen=True)
class Comparison:
    """Hold a fast path beside the sampled model.

    Parameters
    ----------
    rows : DataFrame
        What is compared, with mean fast, mean sampled, sd fast and sd sampled [log].
    rhat : float
        Largest R-hat of the sampled quantities.
    divergences : int
        Of all chains.
    """

    rows: pd.DataFrame
    rhat: float
    divergences: int


def compare_delay(*, draws: int = 1000, seed: int = 1) -> Comparison:
    """Hold reserves of a made-up payer of three series and two cut-offs against the sampled model.

    Parameters
    ----------
    draws : int
        Draws of a chain.
    seed : int
        Seed of the payer and of the sampler.

    Returns
    -------
    Comparison
        One row a series and lag below 6: log of the final amount.
    """
    claims, _ = made_up_payer(seed, series=3, months=20, cutoffs=(13, 19))
    triangle = build_triangle(claims)
    logs, rhat, divergences = sample_final_amounts(lay_out(triangle), draws=draws, seed=seed)
    fast = np.log(reserve_claims(triangle, draws=4000, seed=seed).draws.to_numpy())
    parts = []
    for lag in range(6):
        quick, slow = fast[:, :, -1 - lag], logs[:, :, -1 - lag]
        part: dict[str, Any] = {"series": triangle.series, "lag": lag}
        part |= {"mean fast": quick.mean(axis=0), "mean sampled": slow.mean(axis=0)}
        part |= {"sd fast": quick.std(axis=0), "sd sampled": slow.std(axis=0)}
        parts.append(pd.DataFrame(part))
    return Comparison(pd.concat(parts, ignore_index=True), rhat, divergences)


def compare_groups(*, draws: int = 1000, seed: int = 1) -> Comparison:
    """Hold shrunk means of 60 made-up groups against the sampled model.

    Parameters
    ----------
    draws : int
        Draws of a chain.
    seed : int
        Seed of the stays and of the sampler.

    Returns
    -------
    Comparison
        One row a group: log of its mean cost.
    """
    cases = made_up_stays(seed)[0].drop(columns="tier")
    table, rhat, divergences = sample_group_means(cases, draws=draws, seed=seed)
    fast = shrink_group_means(cases).table.set_index("drg").loc[table["drg"]]
    rows = pd.DataFrame({"drg": table["drg"], "cases": fast["cases"].to_numpy()})
    rows["mean fast"], rows["mean sampled"] = np.log(fast["shrunk_mean"].to_numpy()), table["mean"]
    rows["sd fast"], rows["sd sampled"] = fast["sd_log"].to_numpy(), table["sd"]
    return Comparison(rows, rhat, divergences)
