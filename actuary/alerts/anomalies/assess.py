"""Judge every hospital by every kind of anomaly that the table allows, and say why not where it does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from actuary.alerts.anomalies.evidence import Evidence
from actuary.alerts.anomalies.features import Features
from actuary.alerts.anomalies.mixed_kinds import cost_shifting, fit_effects, refusing_severe, spike
from actuary.alerts.anomalies.rate_kinds import growth, light_admission, split_stay, upcoding
from actuary.alerts.anomalies.rules import KINDS
from actuary.alerts.anomalies.suspicion import excess_cases, refused_cases, scaled_to_hospital, spiked_cases

__all__ = ["Assessment", "NotAssessable", "assess"]

type FloatArray = NDArray[np.float64]
type BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class NotAssessable:
    """Say which kind could not be assessed, and why.

    Parameters
    ----------
    kind : str
        The kind.
    reason : str
        What is missing.
    """

    kind: str
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Assessment:
    """Hold the judgement of every hospital by one kind; arrays have one place a hospital, NaN where not assessed.

    Parameters
    ----------
    evidence : Evidence
        Observed, expected, cases.
    z : float array
        Distance from honest hospitals in their spreads; for spikes the normal score of the p-value.
    p_value, posterior : float array
        See :class:`~actuary.alerts.anomalies.null_model.NullModel`.
    expected : float array
        What honest hospitals of the tier would show.
    effect, low, high : float array
        Shrunken effect above that with its interval, in the unit of the evidence.
    between_sd, dispersion, share : float
        The fit; NaN for spikes.
    suspicion : float array, shape (cases,)
        For each usable case: probability that misbehaviour is behind it, if its hospital misbehaves.
    """

    evidence: Evidence
    z: FloatArray
    p_value: FloatArray
    posterior: FloatArray
    expected: FloatArray
    effect: FloatArray
    low: FloatArray
    high: FloatArray
    between_sd: float
    dispersion: float
    share: float
    suspicion: FloatArray


_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    # Each row must be there; of a row with several names, one of them.
    "split_stay": (("person_key",), ("admission_date",), ("discharge_date",)),
    "light_admission": (("los_days",),),
    "cost_shifting": (("outpatient_cost_14d", "fully_self_paid"),),
    "growth": (("admission_date", "discharge_date"),),
    "drug_spike": (("drug_cost",), ("consumable_cost",), ("admission_date", "discharge_date")),
    "consumable_spike": (("drug_cost",), ("consumable_cost",), ("admission_date", "discharge_date")),
}


def _why_not(features: Features, kind: str) -> str:
    """Return why a kind cannot be assessed; empty where it can."""
    for names in _NEEDS.get(kind, ()):
        lacking = features.lacking(*names)
        if len(lacking) == len(names):
            return f"the cases have no {' or '.join(names)}"
    if kind == "upcoding" and not (features.severity >= 0).any():
        return "the cases have no severity, and no scheme says how grave the groups are"
    if kind in ("growth", "drug_spike", "consumable_spike"):
        if not features.dated.any():
            return "the cases have no day that can be read"
        days = int(features.end[features.dated].max() - features.end[features.dated].min())
        if days < _LEAST_DAYS:
            return f"the cases lie within {days} days; {_LEAST_DAYS} are needed"
    if kind.endswith("_spike"):
        goods, materials = features.number("drug_cost"), features.number("consumable_cost")
        if (materials > goods).mean() > _TOLERATED:
            return "consumable_cost is above drug_cost, which must hold drugs and materials together"
    return ""


#: Days that discharges must cover for comparisons over time.
_LEAST_DAYS = 150
#: Share of the cases that may contradict themselves.
_TOLERATED = 0.01


def assess(features: Features, kinds: Sequence[str] = KINDS) -> tuple[dict[str, Assessment], tuple[NotAssessable, ...]]:
    """Judge every hospital by the kinds wanted.

    Parameters
    ----------
    features : Features
        The cases.
    kinds : sequence of str
        Kinds that are wanted.

    Returns
    -------
    tuple
        Assessments by kind, and what could not be assessed.
    """

    def upcoders() -> FloatArray | None:
        return found["upcoding"].posterior if "upcoding" in found else None

    made: dict[str, Callable[[BoolArray | None], Evidence]] = {
        "upcoding": lambda peers: upcoding(features, peers),
        "split_stay": lambda peers: split_stay(features, peers),
        "light_admission": lambda peers: light_admission(features, peers),
        "refusing_severe": lambda peers: refusing_severe(features, upcoders(), peers),
        "cost_shifting": lambda peers: cost_shifting(features, peers),
        "growth": lambda peers: growth(features, peers),
        "drug_spike": lambda _: spike(features, "drug_spike"),
        "consumable_spike": lambda _: spike(features, "consumable_spike"),
    }
    found: dict[str, Assessment] = {}
    left_out: list[NotAssessable] = []
    wanted = [kind for kind in KINDS if kind in kinds or (kind == "upcoding" and "refusing_severe" in kinds)]
    for kind in wanted:
        why = _why_not(features, kind)
        if not why:
            judged = _judged_twice(features, made[kind])
            if np.isfinite(judged.p_value).sum() >= _LEAST_HOSPITALS:
                found[kind] = judged
                continue
            few = features.rules.statistics.least_cases
            why = f"fewer than {_LEAST_HOSPITALS} hospitals have {few} cases to judge by"
            if kind == "refusing_severe":
                why += ", with at least three severe ones expected among them"
        left_out.append(NotAssessable(kind, why))
    return (
        {kind: one for kind, one in found.items() if kind in kinds},
        tuple(one for one in left_out if one.kind in kinds),
    )


#: Hospitals without which there are no peers.
_LEAST_HOSPITALS = 5


def _judged_twice(features: Features, made: Callable[[BoolArray | None], Evidence]) -> Assessment:
    """Judge hospitals against all others, then against those that were not conspicuous.

    Where most hospitals of a tier are conspicuous, nobody knows who sets the standard: then all of them do.
    """
    first = _judge(features, made(None))
    if first.evidence.scan is not None:
        return first
    honest = ~(np.nan_to_num(first.posterior) > features.rules.statistics.least_posterior)
    tier = features.stays.tier_of
    kept = np.bincount(tier, weights=honest) >= 0.5 * np.bincount(tier)
    peers = honest | ~kept[tier]
    return first if peers.all() else _judge(features, made(peers))


def _judge(features: Features, evidence: Evidence) -> Assessment:
    given = features.rules.statistics
    wide = float(stats.norm.ppf(0.5 + given.interval / 2))
    if evidence.scan is not None:
        log = np.where(np.isfinite(evidence.effect), evidence.scan.log_evidence, np.nan)
        p = np.exp(-np.maximum(log, 0.0))
        prior = np.log(given.prior_share / (1 - given.prior_share))
        posterior = special.expit(prior + log)
        sd = np.sqrt(evidence.variance)
        low, high = evidence.effect - wide * sd, evidence.effect + wide * sd
        return Assessment(
            evidence=evidence, z=log, p_value=p, posterior=posterior, expected=evidence.expected,
            effect=evidence.effect, low=low, high=high, between_sd=np.nan, dispersion=np.nan, share=np.nan,
            suspicion=_suspicion(features, evidence, posterior),
        )  # fmt: skip
    fit = fit_effects(features, evidence.effect, evidence.variance)
    centre = fit.centre[features.stays.tier_of]
    ends = (fit.effect, fit.effect - wide * fit.effect_sd, fit.effect + wide * fit.effect_sd)
    effect, low, high = (evidence.natural(end, centre) for end in ends)
    suspicion = _suspicion(features, evidence, fit.posterior)
    if evidence.angular:
        suspicion = scaled_to_hospital(features, suspicion, np.maximum(np.nan_to_num(effect), 0.0) * evidence.base)
    if evidence.kind == "split_stay":
        after, before, _ = features.pairs
        # The stay before is the first part of the same: as suspicious as the second.
        suspicion[before] = np.maximum(suspicion[before], suspicion[after])
    return Assessment(
        evidence=evidence, z=fit.z, p_value=fit.p_value, posterior=fit.posterior, expected=evidence.honest(centre),
        effect=effect, low=low, high=high, between_sd=fit.between_sd, dispersion=fit.dispersion, share=fit.share,
        suspicion=suspicion,
    )  # fmt: skip


def _suspicion(features: Features, evidence: Evidence, posterior: FloatArray) -> FloatArray:
    """Return for each case the probability that misbehaviour is behind it, if its hospital misbehaves."""
    bad = np.nan_to_num(posterior) > features.rules.statistics.least_posterior
    if evidence.scan is not None:
        return spiked_cases(evidence)
    if not bad.any():
        return np.zeros(len(evidence.strata))
    if evidence.kind == "refusing_severe":
        return refused_cases(features, evidence, bad)
    return excess_cases(features, evidence, bad)
