"""Kinds of anomaly that several figures show together: refusing severe patients, cost shifting; and spikes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from actuary.alerts.anomalies.evidence import Evidence, mean_evidence, rate_evidence
from actuary.alerts.anomalies.features import Features, middle_by
from actuary.alerts.anomalies.null_model import NullModel, fit_null
from actuary.alerts.anomalies.peers import cell_codes, leave_one_out, sum_by
from actuary.alerts.anomalies.rate_kinds import bins, divided_groups
from actuary.alerts.anomalies.rules import SpikeRule
from actuary.alerts.anomalies.spike_scan import scan_spikes

__all__ = ["cost_shifting", "fit_effects", "refusing_severe", "spike"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]


def fit_effects(features: Features, effect: FloatArray, variance: FloatArray) -> NullModel:
    """Fit the spread of honest hospitals with the declared settings."""
    given = features.rules.statistics
    return fit_null(
        effect,
        variance,
        tier=features.stays.tier_of,
        prior_share=given.prior_share,
        least_scale_sd=given.least_scale_sd,
        degrees_of_freedom=given.degrees_of_freedom,
    )


def refusing_severe(features: Features, upcoding: FloatArray | None, peers: BoolArray | None = None) -> Evidence:
    r"""Compare three signs of severe patients with peers: dear groups, grave complications, dear stays.

    Each sign says which share of the severe patients is missing,
    :math:`r_k = -2 y_k \sqrt{(1-e_k)/e_k}`; the three are averaged with the reciprocals of their honest spread. Where
    upcoding is likely, grave complications say little, and count less.

    Parameters
    ----------
    features : Features
        The cases.
    upcoding : float array, shape (hospitals,), or None
        Probability of upcoding.
    peers : bool array, shape (hospitals,), optional
        Hospitals that set the standard; all when left out.
    """
    rule = features.rules.refusing_severe
    dear_group = features.group_mean > rule.group_cost_ratio_over * features.cost.mean()
    divided, grave = divided_groups(features)
    grave &= features.severity == 2
    has_grave = np.zeros(len(features.stays.adrgs) + 1, bool)
    has_grave[features.adrg[grave]] = True
    calm = ~features.light & ~features.part_of_pair
    whole = features.cost
    if features.has("outpatient_cost_14d"):
        # What was moved to the outpatient bill belongs to the patient's severity all the same.
        whole = whole + np.nan_to_num(features.number("outpatient_cost_14d"))
    log = np.log(whole)
    prior = features.rules.statistics.prior_cases
    gap = log - leave_one_out(log, features.hospital, levels=features.mix, prior_cases=prior)
    size = len(features.stays.hospitals)
    level = middle_by(gap, features.hospital, where=np.ones(len(gap), bool), size=size)
    dear_stay = gap - level[features.hospital] > np.log(rule.case_cost_ratio_over)
    by_category = (cell_codes(features.mdc), cell_codes(features.mdc, features.tier))
    by_adrg = (cell_codes(features.adrg), cell_codes(features.adrg, features.tier),
               cell_codes(features.adrg, features.tier, features.insurance, features.age_band))  # fmt: skip
    signs: list[tuple[BoolArray, BoolArray, Sequence[IntArray]]] = [
        (dear_group, calm, by_category),
        (grave, divided & has_grave[features.adrg] & calm & ~dear_group, by_adrg),
        (dear_stay, calm & ~dear_group & (features.severity != 2), features.mix),
    ]
    weights, missing = np.zeros(size), np.zeros(size)
    observed, expected = np.zeros(size), np.zeros(size)
    nothing = np.zeros(len(features.rows), np.int64)
    for number, (flag, universe, levels) in enumerate(signs):
        one = rate_evidence(
            features,
            "refusing_severe",
            flag,
            universe=universe,
            levels=levels,
            strata=nothing,
            unit="share",
            peers=peers,
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = 2 * np.sqrt((1 - one.expected) / one.expected)
            share, variance = -one.effect * slope, one.variance * slope**2
        # Where a handful of severe patients is expected, their absence says nothing.
        few = ~(one.base * one.expected >= _FEWEST)
        share[few], variance[few] = np.nan, np.nan
        fitted = fit_effects(features, share, variance)
        ok = np.isfinite(fitted.z)
        trust = np.ones(size) if upcoding is None or number != 1 else 1 - np.nan_to_num(upcoding)
        weight = np.where(ok, trust / np.where(ok, fitted.sd, 1.0) ** 2, 0.0)
        weights += weight
        missing += weight * np.where(ok, fitted.z * fitted.sd, 0.0)
        observed += trust * np.nan_to_num(one.observed * one.base)
        expected += trust * np.nan_to_num(one.expected * one.base)
    base = sum_by(features.hospital, None, size=size)
    known = (weights > 0) & (base >= features.rules.statistics.least_cases)
    flagged = (dear_group | grave | dear_stay) & ~features.light
    return Evidence(
        kind="refusing_severe",
        unit="share of stays that are severe; the effect is the share of them that is missing",
        observed=observed / np.maximum(base, 1.0),
        expected=expected / np.maximum(base, 1.0),
        base=base,
        effect=np.where(known, missing / np.where(known, weights, 1.0), np.nan),
        variance=np.where(known, 1 / np.where(known, weights, 1.0), np.nan),
        flagged=flagged,
        universe=np.ones(len(flagged), bool),
        strata=np.where(flagged, 1 + dear_group + 2 * grave + 4 * dear_stay, 0),
        angular=False,
    )


#: Severe patients that must be expected of a hospital before their absence is judged.
_FEWEST = 3.0


def cost_shifting(features: Features, peers: BoolArray | None = None) -> Evidence:
    """Compare the outpatient cost around the stay and the share outside the catalogue with peers.

    Each is averaged on the scale of square roots, measured in honest spreads, and their sum is judged again. Where one
    column is missing the other counts alone.
    """
    levels = (cell_codes(features.insurance), cell_codes(features.insurance, features.tier),
              cell_codes(features.adrg, features.insurance, features.tier))  # fmt: skip
    size = len(features.stays.hospitals)
    total, parts = np.zeros(size), np.zeros(size)
    strata = np.zeros(len(features.rows), np.int64)
    universe = np.ones(len(features.rows), bool)
    natural: tuple[FloatArray, FloatArray] | None = None
    base = sum_by(features.hospital, None, size=size)
    for name in ("fully_self_paid", "outpatient_cost_14d"):
        if not features.has(name):
            continue
        amount = features.number(name)
        known = np.isfinite(amount) & (amount >= 0)
        value = np.nan_to_num(amount) / (features.cost if name == "fully_self_paid" else 1.0)
        root = np.sqrt(np.maximum(value, 0))
        _, _, mean, variance = mean_evidence(features, root, universe=known, levels=levels, peers=peers)
        fitted = fit_effects(features, mean, variance)
        ok = np.isfinite(fitted.z)
        total += np.where(ok, fitted.z, 0.0)
        parts += ok
        universe &= known
        strata = strata * 5 + bins(value, known, 5)
        n, usual, _, _ = mean_evidence(features, value, universe=known, levels=levels, peers=peers)
        natural = (sum_by(features.hospital, np.where(known, value, 0.0), size=size) / np.maximum(n, 1.0), usual)
    assert natural is not None  # noqa: S101  the caller has looked for the columns
    known_hospital = parts > 0
    distance = np.where(known_hospital, total / np.sqrt(np.maximum(parts, 1.0)), np.nan)
    # One unit of the distance in the unit of the observed: as far as the hospital itself has moved.
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(np.abs(distance) > 1, (natural[0] - natural[1]) / distance, np.nan)
    return Evidence(
        kind="cost_shifting",
        unit="yuan of outpatient cost around a stay" if features.has("outpatient_cost_14d") else "share of the cost",
        observed=natural[0],
        expected=natural[1],
        base=base,
        effect=distance,
        variance=np.where(known_hospital, 1.0, np.nan),
        flagged=universe,
        universe=universe,
        strata=np.where(universe, strata + 1, 0),
        angular=False,
        slope=slope,
    )


def spike(features: Features, kind: str) -> Evidence:
    """Search for categories of one quarter in which a hospital uses more drugs, or materials, than it and peers do.

    Drugs are compared with services and drugs together, materials with services and materials, so that a spike of one
    is none of the other.
    """
    rule: SpikeRule = getattr(features.rules, kind)
    goods = features.number("drug_cost")
    materials = features.number("consumable_cost")
    services = features.cost - goods
    used = materials if kind == "consumable_spike" else goods - materials
    whole = used + services
    universe = np.isfinite(whole) & (whole > 0) & (used >= 0) & (services >= 0) & features.dated & ~features.light
    share = np.where(universe, used / np.where(universe, whole, 1.0), 0.0)
    hospital = features.hospital[universe]
    levels = [one[universe] for one in (features.adrg + 1, features.drg, cell_codes(features.drg, features.quarter))]
    prior = features.rules.statistics.prior_cases
    usual = leave_one_out(share[universe], hospital, levels=levels, prior_cases=prior)
    usual = np.clip(usual, 0.005, 0.995)
    residual = np.zeros(len(share))
    residual[universe] = share[universe] - usual
    size = len(features.stays.hospitals)
    scan = scan_spikes(
        residual[universe], hospital, information=usual * (1 - usual),
        category=features.mdc[universe] - min(int(features.mdc.min()), 0),
        quarter=features.quarter[universe], hospitals=size, scale=rule.rise,
        share_of_categories=rule.share_of_categories, least_cases=float(rule.least_cases),
    )  # fmt: skip
    flagged = np.zeros(len(share), bool)
    least = features.rules.statistics.cell_posterior
    flagged[universe] = scan.posterior[scan.cell_of_case] > least
    expected_use = np.full(len(share), np.nan)
    expected_use[universe] = usual
    base = sum_by(hospital, None, size=size)
    found = scan.posterior > least
    cases = sum_by(scan.hospital[found], scan.cases[found], size=size)
    # Back from log odds to the share: what was used beyond the expected is the rise times the information.
    rise = sum_by(scan.hospital[found], (scan.excess * scan.information)[found], size=size) / np.maximum(cases, 1.0)
    noise = sum_by(scan.hospital[found], (scan.sd * scan.information)[found] ** 2, size=size)
    noise = noise / np.maximum(cases, 1.0) ** 2
    seen = sum_by(features.hospital[flagged], share[flagged], size=size) / np.maximum(cases, 1.0)
    judged = base >= features.rules.statistics.least_cases
    return Evidence(
        kind=kind,
        unit="share of the bill without the other goods, in the cells found",
        observed=np.where(cases > 0, seen, np.nan),
        expected=np.where(cases > 0, seen - rise, np.nan),
        base=base,
        effect=np.where(judged, np.where(cases > 0, rise, 0.0), np.nan),
        variance=np.where(judged, np.where(cases > 0, noise, 0.0), np.nan),
        flagged=flagged,
        universe=universe,
        strata=np.where(flagged, 1 + bins(residual, flagged, 4), 0),
        angular=False,
        usual=expected_use,
        scan=scan,
    )
