"""The gate: what a sampled model must show before its forecast may be reported, and what to try where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from actuary.errors import ActuaryError, Problem
from actuary.forecast.bayes_data import BayesData, from_scale
from actuary.forecast.bayes_paths import flatten_draws, one_step_ranks, prior_draws, replicate
from actuary.forecast.bayes_spec import BayesSpec, GateSpec
from actuary.forecast.sample import Sampled
from actuary.kernels.panel_recursion import KNOWN

__all__ = ["Check", "ForecastGateError", "Gate", "judge", "worst_gate"]

type FloatArray = NDArray[np.float64]

#: Draws that checks by simulation use.
_CHECK_DRAWS = 400
#: Draws of the prior: enough that a share of 5 % is known to a fraction of one.
_PRIOR_DRAWS = 4000
#: Values that the prior is drawn for at most; a wide panel has the fewer draws.
_PRIOR_VALUES = 1_000_000


class ForecastGateError(ActuaryError):
    """A sampled forecast has not passed its gate and may not be reported."""


@dataclass(frozen=True, slots=True)
class Check:
    """Hold one number of the gate.

    Parameters
    ----------
    name : str
        What was measured.
    value : float
        The number; NaN where there was too little to measure it.
    bound : float
        What it must not pass.
    passed : bool
        Whether it did.
    worst : str
        Where the worst value stands.
    mend : str
        What to try.
    """

    name: str
    value: float
    bound: float
    passed: bool
    worst: str = ""
    mend: str = ""


@dataclass(frozen=True)
class Gate:
    """Hold every number of the gate."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check has passed."""
        return all(check.passed for check in self.checks)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What failed, with what to try, one line each."""
        return tuple(
            f"{one.name} {one.value:.4g}, bound {one.bound:g}"
            + (f" ({one.worst})" if one.worst else "")
            + f": {one.mend}"
            for one in self.checks
            if not one.passed
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a check."""
        return pd.DataFrame([asdict(one) for one in self.checks])

    def require(self) -> None:
        """Stop where the gate is shut.

        Raises
        ------
        ForecastGateError
            With every failed check and what to try.
        """
        problems = [
            Problem(f"forecast gate, {one.name}", f"{one.value:.4g} {one.worst}".strip(), f"{one.bound:g}", one.mend)
            for one in self.checks
            if not one.passed
        ]
        if problems:
            raise ForecastGateError(problems)

    @classmethod
    def from_records(cls, records: list[dict[str, Any]]) -> Gate:
        """Build a gate from the rows of :meth:`to_frame`."""
        return cls(tuple(Check(**row) for row in records))


def worst_gate(gates: Sequence[Gate]) -> Gate:
    """Return the worst of several gates, check by check: one history that fails a check fails it for all.

    Parameters
    ----------
    gates : sequence of Gate
        One for each completed history.

    Examples
    --------
    >>> good, bad = Check("divergences", 0, 0, True), Check("divergences", 4, 0, False)
    >>> worst_gate([Gate((good,)), Gate((bad,))]).checks[0].worst
    'history 2; 1 of 2 histories fail'
    """
    by_name: dict[str, list[tuple[int, Check]]] = {}
    for number, gate in enumerate(gates, start=1):
        for check in gate.checks:
            by_name.setdefault(check.name, []).append((number, check))

    def distance(numbered: tuple[int, Check]) -> float:
        found = abs(numbered[1].value - numbered[1].bound)
        return float("inf") if np.isnan(found) else found

    checks = []
    for found in by_name.values():
        failed = [one for one in found if not one[1].passed]
        if not failed:
            checks.append(min(found, key=distance)[1])
            continue
        number, check = max(failed, key=distance)
        told = f"history {number}; {len(failed)} of {len(gates)} histories fail"
        checks.append(replace(check, worst=f"{check.worst}, {told}" if check.worst else told))
    return Gate(tuple(checks))


def judge(sampled: Sampled, data: BayesData, spec: BayesSpec, *, futures: FloatArray, rng: np.random.Generator) -> Gate:
    """Measure everything the gate asks for.

    Parameters
    ----------
    sampled : Sampled
        The draws.
    data : BayesData
        The panel.
    spec : BayesSpec
        The declaration, with its bounds.
    futures : array, shape (chain, draw, series)
        Sum of every series over the horizon: the forecast itself must have mixed too.
    rng : numpy.random.Generator
        Where the randomness is from.
    """
    checks = (
        *_mixing(sampled, spec.gate, futures),
        *_geometry(sampled, spec.gate),
        _prior_growth(data, spec, rng),
        *_predictive(sampled, data, spec.gate, rng),
    )
    # Plain numbers: the verdict is kept as JSON.
    return Gate(tuple(replace(one, value=float(one.value), passed=bool(one.passed)) for one in checks))


def _mixing(sampled: Sampled, gate: GateSpec, futures: FloatArray) -> list[Check]:
    from arviz_stats.base.array import array_stats  # noqa: PLC0415  (seconds)

    quantities: dict[str, FloatArray] = {name: sampled.arrays[name] for name in sampled.free}
    quantities["sum over the horizon"] = futures
    parts = {name: array.reshape(*array.shape[:2], -1) for name, array in quantities.items()}
    labels = [
        f"{name}[{i}]" if part.shape[2] > 1 else name for name, part in parts.items() for i in range(part.shape[2])
    ]
    more = "draw more (sampler.draws, sampler.tune), forecast unlike series apart, or drop the term that mixes worst"

    def check(name: str, found: FloatArray, bound: float, *, most: bool) -> Check:
        # Single quantities that never move cannot be measured; where none can, nothing is known and the check fails.
        if np.isnan(found).all():
            return Check(name, float("nan"), bound, passed=False, worst="nothing could be measured", mend=more)
        worst = int(np.nanargmax(found) if most else np.nanargmin(found))
        value = float(found[worst])
        return Check(name, value, bound, value <= bound if most else value >= bound, labels[worst], more)

    axes = {"chain_axis": 0, "draw_axis": 1}
    rhat = np.concatenate([array_stats.rhat(part, **axes) for part in parts.values()])
    bulk = np.concatenate([array_stats.ess(part, method="bulk", **axes) for part in parts.values()])
    tail = np.concatenate([array_stats.ess(part, method="tail", prob=(0.05, 0.95), **axes) for part in parts.values()])
    return [
        check("R-hat", rhat, gate.rhat_at_most, most=True),
        check("bulk ESS", bulk, gate.ess_at_least, most=False),
        check("tail ESS", tail, gate.ess_at_least, most=False),
    ]


def _geometry(sampled: Sampled, gate: GateSpec) -> list[Check]:
    found = int(sampled.stats["diverging"].sum())
    calmer = "raise sampler.target_accept towards 0.99, or tighten the priors that the worst parameter names"
    checks = [Check("divergences", found, gate.divergences_at_most, found <= gate.divergences_at_most, "", calmer)]
    energy = np.asarray(sampled.stats["energy"], dtype=np.float64)
    fraction = (np.diff(energy, axis=1) ** 2).mean(axis=1) / energy.var(axis=1)
    low = float(fraction.min())
    wider = "tighten heavy-tailed priors or drop a term"
    checks.append(Check("E-BFMI", low, gate.energy_at_least, low >= gate.energy_at_least, "", wider))
    if "maxdepth_reached" in sampled.stats:
        hits = int(sampled.stats["maxdepth_reached"].sum())
        checks.append(Check("tree depth hits", hits, 0, hits == 0, "", "tune longer, or scale the data"))
    return checks


def _prior_growth(data: BayesData, spec: BayesSpec, rng: np.random.Generator) -> Check:
    """Check that the prior alone hardly ever gives a yearly growth that no fund has seen."""
    gate = spec.gate
    count = max(min(_PRIOR_DRAWS, _PRIOR_VALUES // data.z.size), _CHECK_DRAWS)
    y = from_scale(replicate(prior_draws(data, spec, count=count, rng=rng), data, rng=rng), power=data.power)
    season = data.panel.season
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = y[:, :, season : 6 * season] / y[:, :, : -season or None][:, :, : 5 * season] - 1
    growth = growth[~np.isnan(growth)]
    outside = float(((growth < gate.growth_low) | (growth > gate.growth_high)).mean()) if growth.size else np.nan
    bound = gate.growth_outside_at_most
    return Check(
        "prior growth outside", outside, bound, not outside > bound, "", "narrow noise.log_scale or opening.slope"
    )


def _statistics(z: FloatArray, season: int) -> dict[str, FloatArray]:
    """Return what a replicated history should share with the real one, over the last axis."""
    steps = np.diff(z, axis=-1)
    yearly = z[..., season:] - z[..., :-season]
    mean = np.nanmean(steps, axis=-1, keepdims=True)
    variance = np.nanmean((steps - mean) ** 2, axis=-1)

    def autocorrelation(lag: int) -> FloatArray:
        product = (steps[..., lag:] - mean) * (steps[..., :-lag] - mean)
        found: FloatArray = np.nanmean(product, axis=-1) / np.maximum(variance, 1e-30)
        return found

    return {
        "autocorrelation of steps, lag 1": autocorrelation(1),
        f"autocorrelation of steps, lag {season}": autocorrelation(season),
        "largest step": np.nanmax(np.abs(steps), axis=-1),
        "spread of yearly change": np.nanstd(yearly, axis=-1),
    }


def _predictive(sampled: Sampled, data: BayesData, gate: GateSpec, rng: np.random.Generator) -> list[Check]:
    draws = flatten_draws(sampled.arrays, count=_CHECK_DRAWS, rng=rng)
    season = data.panel.season
    real = np.where(data.status == KNOWN, data.z, np.nan)
    for one in data.sums:
        real[data.panel.series.index(one.series), one.begin : one.end] = np.nan
    long = (~np.isnan(real)).sum(axis=1) >= 3 * season + 2
    checks = []
    if long.any():
        again = np.where(np.isnan(real), np.nan, replicate(draws, data, rng=rng))[:, long]
        observed, replicated = _statistics(real[long], season), _statistics(again, season)
        # Means over the panel: series that move together are no independent witnesses.
        tails = {}
        for name, value in observed.items():
            above = float((replicated[name].mean(axis=1) > value.mean()).mean())
            tails[name] = min(above, 1 - above)
        worst = min(tails, key=lambda name: tails[name])
        bound = gate.predictive_tail_at_least
        mend = "add the term that the worst comparison lacks (season, tails, an outbreak or a step), or another scale"
        checks.append(Check("posterior predictive tail", tails[worst], bound, tails[worst] >= bound, worst, mend))
    ranks = one_step_ranks(draws, data, rng=rng)
    known = ranks[~np.isnan(ranks)]
    bound = gate.pit_distance_at_most
    if known.size >= gate.pit_values_at_least:
        distance = float(stats.kstest(known, "uniform").statistic)
        # A short history is allowed what chance gives it.
        allowed = max(bound, 1.63 / np.sqrt(known.size))
        mend = "give the innovations another law (terms tails, common) or declare the outbreak"
        checks.append(Check("PIT distance", distance, round(float(allowed), 4), distance <= allowed, "", mend))
    return checks
