"""Build the sampled model in PyMC.

Importing this module imports PyMC, which takes seconds. What a panel brings is data of the compiled model: another
panel of the same shape needs no compiling. The likelihood is that of the innovations, so no path of states is sampled.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from actuary.forecast.bayes_data import BayesData
from actuary.forecast.bayes_spec import BayesSpec, Law
from actuary.forecast.recursion_op import innovations_of
from actuary.kernels.panel_recursion import KNOWN

__all__ = ["build_model", "model_data", "model_shape"]

#: Series from which on the spread of their scales is told by the panel.
_MANY = 8


def model_shape(data: BayesData) -> tuple[Any, ...]:
    """Return what a compiled model depends on beside its declaration: shapes of its data, and members of effects."""
    sums = tuple((k, places.shape[0]) for k, (places, _) in data.sum_places().items())
    members = data.members.tobytes()
    return (*data.z.shape, data.panel.season, data.power, len(data.groups), data.missing.size, sums, members)


def model_data(data: BayesData) -> dict[str, Any]:
    """Return the data of the compiled model by name."""
    width = data.z.shape[1]
    found: dict[str, Any] = {
        "z": data.z,
        "status": data.status,
        "centre": data.centre,
        "phase": np.array(data.phase),
    }
    if len(data.groups) > 1:
        found["group"] = data.group
    if data.missing.size:
        found["missing_at"] = data.missing
    if len(data.columns):
        found["columns"] = data.columns[:, :width]
    if len(data.windows):
        found["windows"] = data.windows[:, :width]
    for k, (places, totals) in data.sum_places().items():
        found[f"sum_at_{k}"], found[f"sum_total_{k}"] = places, totals
    return found


def _spread(name: str, law: Law) -> Any:
    """Return a spread over series: gamma with shape 3 stays clear of zero, where the sampler would meet a funnel."""
    return pm.Gamma(f"{name}_spread", alpha=3.0, beta=3.0 / law.spread)


def _of_group(name: str, law: Law, centre: Any, group: Any, groups: int) -> Any:
    """Return the centre of the group of every series; that of the panel where there is but one group."""
    if groups == 1:
        return centre
    wide = pm.Gamma(f"{name}_group_spread", alpha=3.0, beta=3.0 / law.spread)
    return centre + (wide * pm.Normal(f"{name}_group", mu=0.0, sigma=1.0, dims="group_name"))[group]


def _pooled(name: str, law: Law, group: Any, groups: int) -> Any:
    """Return one value a series: the panel's centre, its group's offset, its own as a multiple of the spread."""
    centre = pm.Normal(f"{name}_centre", mu=law.mean, sigma=law.sd)
    spread = _spread(name, law)
    centre = _of_group(name, law, centre, group, groups)
    return centre + spread * pm.Normal(f"{name}_own", mu=0.0, sigma=1.0, dims="series")


def _log_scale(spec: BayesSpec, group: Any, groups: int, turn: tuple[Any, Any], series: int) -> Any:
    """Return the log of the scale of the innovations of every series: partially pooled as every other parameter.

    What is drawn is the log of the scale of a series' own part: that of the whole innovation less what it shares with
    the panel (`turn`, for the panel's centre and for the series). The data tell the own part whatever is shared; drawn
    as a whole, scale and share would have to move together, and a chain that took the shared part for large early on
    would stay there. The declared law is that of the whole; to move both by the same amount leaves it as it is.

    Many series tell the spread of their scales, and each its own scale: these are drawn as they are. Few leave the
    spread open: then multiples of it are drawn. Either form is slow in the place of the other.
    """
    law = spec.noise.log_scale
    centre = pm.Flat("own_scale_centre", initval=law.mean) - turn[0]
    pm.Potential("log_scale_centre_law", pm.logp(pm.Normal.dist(mu=law.mean, sigma=law.sd), centre))
    pm.Deterministic("log_scale_centre", centre)
    spread = _spread("log_scale", law)
    middle = _of_group("log_scale", law, centre, group, groups)
    if series < _MANY:
        return middle + spread * pm.Normal("log_scale_own", mu=0.0, sigma=1.0, dims="series")
    value = pm.Flat("own_scale", initval=np.full(series, law.mean), dims="series") - turn[1]
    pm.Potential("log_scale_law", pm.logp(pm.Normal.dist(mu=middle, sigma=spread), value).sum())
    return value


def _rates(spec: BayesSpec, group: Any, groups: int, *, season: int, series: int) -> Any:
    """Return alpha, beta, gamma, phi, kappa, shape (series, 5)."""
    rates, zero = spec.rates, pt.zeros(series)
    alpha = pm.math.sigmoid(_pooled("alpha", rates.alpha, group, groups))
    beta, gamma, phi, kappa = zero, zero, zero, zero
    if spec.has("slope"):
        beta = alpha * pm.math.sigmoid(_pooled("beta_share", rates.beta_share, group, groups))
        phi = 0.5 + 0.5 * pm.math.sigmoid(_pooled("damping", rates.damping, group, groups))
    if spec.has("season") and season > 1:
        gamma = (1 - alpha) * pm.math.sigmoid(_pooled("gamma_share", rates.gamma_share, group, groups))
    if spec.has("drift"):
        kappa = pm.math.sigmoid(_pooled("drift_share", rates.drift_share, group, groups))
    return pm.Deterministic("rates", pt.stack([alpha, beta, gamma, phi, kappa], axis=1), dims=("series", "rate"))


def _opening(spec: BayesSpec, centre: Any, group: Any, groups: int, *, season: int, series: int) -> Any:
    """Return level, slope and season before the first period, shape (series, 2 + season)."""
    level = centre + spec.opening.level_sd * pm.Normal("level_own", mu=0.0, sigma=1.0, dims="series")
    slope: Any = pt.zeros(series)
    if spec.has("slope") or spec.has("drift"):
        slope = _pooled("slope", spec.opening.slope, group, groups)
    states: Any = pt.zeros((series, season))
    if spec.has("season") and season > 1:
        size = pm.Gamma("season_size", alpha=3.0, beta=3.0 / spec.opening.season_sd)
        states = pm.ZeroSumNormal("season_own", sigma=size, dims=("series", "position"), n_zerosum_axes=1)
    joined = pt.concatenate([level[:, None], slope[:, None], states], axis=1)
    return pm.Deterministic("opening", joined, dims=("series", "state"))


def _law(spec: BayesSpec) -> Any:
    """Return the degrees of freedom of the innovations, or None where they are normal."""
    if not spec.has("tails"):
        return None
    extra = pm.Gamma("tail_extra", alpha=spec.noise.tail_shape, beta=spec.noise.tail_rate)
    return pm.Deterministic("tail", 2.0 + extra)


def _standard(tail: Any) -> Any:
    return pm.Normal.dist(mu=0.0, sigma=1.0) if tail is None else pm.StudentT.dist(nu=tail, mu=0.0, sigma=1.0)


def build_model(data: BayesData, spec: BayesSpec) -> pm.Model:
    """Build the model of a panel.

    Parameters
    ----------
    data : BayesData
        The panel as the sampler sees it.
    spec : BayesSpec
        The declaration.

    Returns
    -------
    pymc.Model
        Free parameters by name as in docs/forecast-bayes.md; `rates`, `opening`, `scale`, `share`, `tail`,
        `coefficient` and `outbreak_log` as they enter the recursion.
    """
    series, periods = data.z.shape
    season, groups = data.panel.season, len(data.groups)
    coords: dict[str, Any] = {
        "series": np.arange(series),
        "period": np.arange(periods),
        "group_name": np.arange(groups),
        "position": np.arange(season),
        "state": np.arange(2 + season),
        "rate": ["alpha", "beta", "gamma", "phi", "kappa"],
        "effect": np.arange(len(data.columns)),
        "outbreak": np.arange(len(data.windows)),
    }
    with pm.Model(coords=coords) as model:
        given = {name: pm.Data(name, value) for name, value in model_data(data).items()}
        group, status = given.get("group"), given["status"]
        rates = _rates(spec, group, groups, season=season, series=series)
        opening = _opening(spec, given["centre"], group, groups, season=season, series=series)
        tail = _law(spec)
        share, turn = None, (0.0, 0.0)
        if spec.has("common"):
            logit = _pooled("common_share", spec.noise.common_share, group, groups)
            share = pm.Deterministic("share", pm.math.sigmoid(logit), dims="series")
            turn = -0.5 * pt.softplus(model["common_share_centre"]), -0.5 * pt.softplus(logit)
        scale = pm.Deterministic("scale", pm.math.exp(_log_scale(spec, group, groups, turn, series)), dims="series")
        spread = pt.repeat(scale[:, None], periods, axis=1)
        if len(data.windows):
            factors = np.array([one.factor for one in spec.outbreak])
            larger = pm.HalfNormal("outbreak_log", sigma=factors, dims="outbreak")
            spread = spread * pm.math.exp(pt.dot(larger, given["windows"]))[None, :]
        shared: Any = pt.zeros((series, periods))
        if share is not None:
            factor = pm.Normal("factor", mu=0.0, sigma=1.0, dims="period")
            shared = spread * pt.sqrt(share)[:, None] * factor[None, :]
            spread = spread * pt.sqrt(1.0 - share)[:, None]
        z = _values(data, given)
        if len(data.columns):
            z = z - pt.dot(_coefficients(spec, data.members, series).T, given["columns"])
        innovations = pt.zeros((series, periods))
        if data.missing.size:
            unseen = pm.Normal if tail is None else pm.StudentT
            law = {} if tail is None else {"nu": tail}
            drawn = unseen("unseen", mu=0.0, sigma=1.0, shape=data.missing.size, **law)
            at = given["missing_at"]
            here = shared.flatten()[at] + spread.flatten()[at] * drawn
            innovations = pt.set_subtensor(innovations.flatten()[at], here).reshape((series, periods))
        errors = innovations_of(
            z=z, given=innovations, status=status, opening=opening, rates=rates, phase=given["phase"]
        )
        density = pm.logp(_standard(tail), (errors - shared) / spread) - pt.log(spread)
        pm.Potential("likelihood", pt.where(pt.eq(status, KNOWN), density, 0.0).sum())
    return model


def _coefficients(spec: BayesSpec, members: Any, series: int) -> Any:
    """Return the coefficient of every effect and series, shape (effect, series).

    That of a member is a centre plus its own. Drawn are their mean over the members and what each lies off it: as many
    numbers as there are coefficients, so that none is told by the prior alone where the dates tell all coefficients.
    """
    means = pm.Normal("effect_centre", mu=0.0, sigma=1.0, dims="effect")
    value: Any = pt.zeros((len(spec.effect), series))
    for number, effect in enumerate(spec.effect):
        of_effect = np.flatnonzero(members[number])
        if not of_effect.size:
            continue
        common, own = float(effect.pooled), 1.0 - 0.5 * effect.pooled
        drawn = np.sqrt(common**2 + own**2 / of_effect.size) * means[number]
        if of_effect.size > 1:
            off = pm.ZeroSumNormal(f"effect_own_{number}", sigma=1.0, shape=of_effect.size)
            drawn = drawn + own * off
        value = pt.set_subtensor(value[number, of_effect], effect.size * drawn)
    return pm.Deterministic("coefficient", value, dims=("effect", "series"))


def _values(data: BayesData, given: dict[str, Any]) -> Any:
    """Return the values on the scale of the recursion; periods of a known sum are that sum times free shares.

    The density of periods y with a known sum is that of their transformed values times the derivatives dz/dy: so the
    constraint holds exactly in every draw.
    """
    z = given["z"]
    flat = z.flatten()
    for k, (places, _) in data.sum_places().items():
        shares = pm.Dirichlet(f"sum_share_{k}", a=np.ones(k), shape=(places.shape[0], k))
        y = given[f"sum_total_{k}"][:, None] * shares
        moved = pt.log(y) if data.power == 0.0 else (y**data.power - 1.0) / data.power
        flat = pt.set_subtensor(flat[given[f"sum_at_{k}"]], moved)
        pm.Potential(f"sum_density_{k}", (data.power - 1.0) * pt.log(shares).sum())
    return flat.reshape(z.shape) if data.sums else z
