"""Histories and futures of the sampled model: from the posterior, and from the prior alone.

Needs no PyMC: a forecast from a stored posterior starts at once.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from actuary.forecast.bayes_data import BayesData, from_scale
from actuary.forecast.bayes_spec import BayesSpec, Law
from actuary.forecast.panel import period_labels
from actuary.kernels.panel_recursion import KNOWN, MISSING, OUTSIDE, panel_paths

__all__ = ["Draws", "flatten_draws", "one_step_ranks", "prior_draws", "replicate", "simulate_futures"]

type FloatArray = NDArray[np.float64]
type Draws = Mapping[str, FloatArray]


def flatten_draws(arrays: Draws, *, count: int | None = None, rng: np.random.Generator | None = None) -> Draws:
    """Lay chains end to end; take `count` of the draws, each at most once while there are enough."""
    flat = {name: array.reshape(-1, *array.shape[2:]) for name, array in arrays.items()}
    total = len(flat["rates"])
    if count is None:
        return flat
    assert rng is not None  # noqa: S101
    chosen = rng.permutation(total)[:count] if count <= total else rng.choice(total, size=count)
    return {name: array[chosen] for name, array in flat.items()}


def _sigmoid(x: FloatArray) -> FloatArray:
    return 1.0 / (1.0 + np.exp(-x))


def prior_draws(data: BayesData, spec: BayesSpec, *, count: int, rng: np.random.Generator) -> Draws:
    """Draw the quantities of the recursion from the declared prior, as :mod:`actuary.forecast.build` declares it.

    Parameters
    ----------
    data : BayesData
        For shapes, groups and the centres of the levels.
    spec : BayesSpec
        The declaration.
    count : int
        Draws.
    rng : numpy.random.Generator
        Where the randomness is from.

    Returns
    -------
    mapping of str to array, shape (draw, ...)
        rates, opening, scale, share, tail, coefficient, outbreak_log, and the centres and spreads of their laws.
    """
    series, season = data.z.shape[0], data.panel.season
    found: dict[str, FloatArray] = {}

    def pooled(name: str, law: Law) -> FloatArray:
        centre = rng.normal(law.mean, law.sd, count)
        found[f"{name}_centre"] = centre
        spread = found[f"{name}_spread"] = rng.gamma(3.0, law.spread / 3.0, count)
        value = centre[:, None] + spread[:, None] * rng.normal(size=(count, series))
        if len(data.groups) > 1:
            wide = rng.gamma(3.0, law.spread / 3.0, count)
            value = value + (wide[:, None] * rng.normal(size=(count, len(data.groups))))[:, data.group]
        return value

    zero = np.zeros((count, series))
    alpha = _sigmoid(pooled("alpha", spec.rates.alpha))
    beta = phi = gamma = kappa = slope = zero
    if spec.has("slope"):
        beta = alpha * _sigmoid(pooled("beta_share", spec.rates.beta_share))
        phi = 0.5 + 0.5 * _sigmoid(pooled("damping", spec.rates.damping))
    if spec.has("season") and season > 1:
        gamma = (1 - alpha) * _sigmoid(pooled("gamma_share", spec.rates.gamma_share))
    if spec.has("drift"):
        kappa = _sigmoid(pooled("drift_share", spec.rates.drift_share))
    found["rates"] = np.stack([alpha, beta, gamma, phi, kappa], axis=2)
    level = data.centre + spec.opening.level_sd * rng.normal(size=(count, series))
    if spec.has("slope") or spec.has("drift"):
        slope = pooled("slope", spec.opening.slope)
    states = np.zeros((count, series, season))
    if spec.has("season") and season > 1:
        size = found["season_size"] = rng.gamma(3.0, spec.opening.season_sd / 3.0, count)
        states = size[:, None, None] * rng.normal(size=states.shape)
        states -= states.mean(axis=2, keepdims=True)
    found["opening"] = np.concatenate([level[..., None], slope[..., None], states], axis=2)
    if spec.has("tails"):
        found["tail"] = 2.0 + rng.gamma(spec.noise.tail_shape, 1 / spec.noise.tail_rate, count)
    found["scale"] = np.exp(pooled("log_scale", spec.noise.log_scale))
    if len(data.windows):
        found["outbreak_log"] = np.abs(
            rng.normal(0.0, [one.factor for one in spec.outbreak], (count, len(data.windows)))
        )
    if spec.has("common"):
        found["share"] = _sigmoid(pooled("common_share", spec.noise.common_share))
    if len(data.columns):
        effect_size = np.array([one.size for one in spec.effect])[:, None]
        pool = np.array([one.pooled for one in spec.effect], dtype=np.float64)[:, None]
        centre = rng.normal(size=(count, len(effect_size), 1))
        own = rng.normal(size=(count, len(effect_size), series))
        found["coefficient"] = effect_size * (pool * centre + (1.0 - 0.5 * pool) * own) * data.members
    return found


def _spread(draws: Draws, data: BayesData, width: int) -> FloatArray:
    """Return the scale of the innovations, shape (draw, series, period)."""
    spread = np.repeat(draws["scale"][:, :, None], width, axis=2)
    if "outbreak_log" in draws:
        spread = spread * np.exp(draws["outbreak_log"] @ data.windows[:, :width])[:, None, :]
    return spread


def _effects(draws: Draws, columns: FloatArray) -> FloatArray:
    """Return what effects add; columns of shape (effect, period) or (draw, effect, period)."""
    if "coefficient" not in draws:
        return np.zeros((1, 1, columns.shape[-1]))
    pattern = "jks,kt->jst" if columns.ndim == 2 else "jks,jkt->jst"
    found: FloatArray = np.einsum(pattern, draws["coefficient"], columns)
    return found


def _shocks(draws: Draws, spread: FloatArray, *, factor: FloatArray | None, rng: np.random.Generator) -> FloatArray:
    """Draw innovations of the given scale; the first periods' factor is given where it was sampled."""
    count, _, width = spread.shape
    tail = draws.get("tail")
    own = rng.normal(size=spread.shape) if tail is None else rng.standard_t(tail[:, None, None], size=spread.shape)
    if "share" not in draws:
        return spread * own
    common = rng.normal(size=(count, width))
    if factor is not None:
        common[:, : factor.shape[1]] = factor
    share = draws["share"][:, :, None]
    return spread * (np.sqrt(share) * common[:, None, :] + np.sqrt(1 - share) * own)


def _values(draws: Draws, data: BayesData) -> FloatArray:
    """Return the values of the history, periods of known sums by their sampled shares, shape (draw, series, period)."""
    z = np.repeat(data.z[None], len(draws["rates"]), axis=0)
    flat = z.reshape(len(z), -1)
    for k, (places, totals) in data.sum_places().items():
        y = totals[:, None] * draws[f"sum_share_{k}"]
        flat[:, places] = np.log(y) if data.power == 0.0 else (y**data.power - 1.0) / data.power
    return z


def _covariate_columns(
    data: BayesData, spec: BayesSpec, covariates: Mapping[str, pd.DataFrame] | None, count: int
) -> FloatArray:
    """Return the columns of effects, draw by draw where a covariate's future is simulated."""
    simulated = {
        number: covariates[one.name]
        for number, one in enumerate(spec.effect)
        if one.kind == "covariate" and covariates and "draw" in covariates[one.name].columns
    }
    if not simulated:
        return data.columns
    columns = np.repeat(data.columns[None], count, axis=0)
    labels = list(period_labels(data.panel.freq, data.panel.first, data.columns.shape[1]))
    for number, rows in simulated.items():
        table = rows.pivot_table(index="draw", columns="period", values="value").reindex(columns=labels)
        values = table.fillna(rows.groupby("period")["value"].mean()).to_numpy(dtype=np.float64)
        columns[:, number] = values[np.arange(count) % len(values)]
    return columns


def simulate_futures(
    draws: Draws,
    data: BayesData,
    spec: BayesSpec,
    *,
    horizon: int,
    rng: np.random.Generator,
    covariates: Mapping[str, pd.DataFrame] | None = None,
) -> FloatArray:
    """Carry the history of every draw on.

    Parameters
    ----------
    draws : mapping of str to array, shape (draw, ...)
        Of the posterior, from :func:`flatten_draws`.
    data : BayesData
        The panel.
    spec : BayesSpec
        The declaration.
    horizon : int
        Periods after each series' end.
    rng : numpy.random.Generator
        Where the randomness is from.
    covariates : mapping of str to DataFrame, optional
        Rows with a column `draw` where a covariate's future is simulated.

    Returns
    -------
    array, shape (draw, series, horizon)
        Values in the unit of the series. Series share the factor of each calendar period.
    """
    count = len(draws["rates"])
    series, width = data.z.shape
    total = width + horizon
    ends = np.asarray(data.panel.ends)
    status = np.full((series, total), OUTSIDE, dtype=np.int8)
    status[:, :width] = data.status
    for row, end in enumerate(ends):
        status[row, end : end + horizon] = MISSING
    columns = _covariate_columns(data, spec, covariates, count)
    effects = _effects(draws, columns) if len(data.columns) else np.zeros((1, 1, total))
    spread = _spread(draws, data, total)
    given = _shocks(draws, spread, factor=draws.get("factor"), rng=rng)
    if data.missing.size:
        rows, places = np.divmod(data.missing, width)
        here = spread[:, rows, places]
        if "share" in draws:
            share = draws["share"][:, rows]
            common = np.sqrt(share) * draws["factor"][:, places]
            given[:, rows, places] = here * (common + np.sqrt(1 - share) * draws["unseen"])
        else:
            given[:, rows, places] = here * draws["unseen"]
    z = np.zeros((count, series, total))
    z[:, :, :width] = _values(draws, data) - effects[:, :, :width]
    _, filled = panel_paths(z, given, status, draws["opening"], draws["rates"], data.phase)
    filled = filled + effects
    ahead = np.stack([filled[:, row, end : end + horizon] for row, end in enumerate(ends)], axis=1)
    return from_scale(ahead, power=data.power) * data.size[:, None]


def replicate(draws: Draws, data: BayesData, *, rng: np.random.Generator) -> FloatArray:
    """Draw whole histories anew, on the scale of the recursion, shape (draw, series, period); NaN outside a series."""
    width = data.z.shape[1]
    status = np.where(data.status == KNOWN, MISSING, data.status).astype(np.int8)
    effects = _effects(draws, data.columns)[:, :, :width] if len(data.columns) else 0.0
    given = _shocks(draws, _spread(draws, data, width), factor=None, rng=rng)
    _, filled = panel_paths(np.zeros(given.shape), given, status, draws["opening"], draws["rates"], data.phase)
    found: FloatArray = filled + effects
    return found


def one_step_ranks(draws: Draws, data: BayesData, *, rng: np.random.Generator) -> FloatArray:
    """Return the probability given to less than each known value, one period ahead, shape (series, period).

    NaN where there is no value. The common factor is drawn anew, not taken from the fit, which has seen the value.
    """
    count, width = len(draws["rates"]), data.z.shape[1]
    effects = _effects(draws, data.columns)[:, :, :width] if len(data.columns) else 0.0
    spread = _spread(draws, data, width)
    given = np.zeros(spread.shape)
    z = _values(draws, data) - effects
    errors, _ = panel_paths(z, given, data.status, draws["opening"], draws["rates"], data.phase)
    if "share" in draws:
        share = draws["share"][:, :, None]
        errors = errors - spread * np.sqrt(share) * rng.normal(size=(count, 1, width))
        spread = spread * np.sqrt(1 - share)
    tail = draws.get("tail")
    below = stats.norm.cdf(errors / spread) if tail is None else stats.t.cdf(errors / spread, tail[:, None, None])
    ranks: FloatArray = np.where(data.status == KNOWN, below.mean(axis=0), np.nan)
    return ranks
