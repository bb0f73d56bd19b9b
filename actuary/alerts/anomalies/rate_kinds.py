"""Kinds of anomaly that are rates of a sign: upcoding, split stays, light admissions, growth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actuary.alerts.anomalies.evidence import Evidence, rate_evidence
from actuary.alerts.anomalies.features import Features
from actuary.alerts.anomalies.peers import cell_codes, sum_by

__all__ = ["bins", "divided_groups", "growth", "light_admission", "lightness", "split_stay", "upcoding"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]


def bins(value: FloatArray, where: BoolArray, parts: int) -> IntArray:
    """Divide a value into equal parts among some cases, numbered from 0 for the lowest.

    Examples
    --------
    >>> bins(np.array([5.0, 1.0, 3.0, 9.0]), np.array([True, True, True, False]), 3).tolist()
    [2, 0, 1, 2]
    """
    if not where.any():
        return np.zeros(len(value), np.int64)
    edges = np.quantile(value[where], np.arange(1, parts) / parts)
    return np.digitize(value, edges).astype(np.int64)


def divided_groups(features: Features) -> tuple[BoolArray, BoolArray]:
    """Return cases of ADRGs whose groups differ in severity, and which of them lie in the gravest group."""
    stays, severity = features.stays, features.severity
    most = np.full(len(stays.adrgs) + 1, -1, np.int64)
    least = np.full(len(stays.adrgs) + 1, 9, np.int64)
    known = severity >= 0
    np.maximum.at(most, features.adrg[known], severity[known])
    np.minimum.at(least, features.adrg[known], severity[known])
    divided = known & (most > least)[features.adrg]
    return divided, divided & (severity == most[features.adrg])


def lightness(features: Features, divided: BoolArray, grave: BoolArray) -> FloatArray:
    """Return for cases of the gravest groups how much more they look like the lighter groups of their ADRG.

    The logarithm of the ratio of normal densities of cost and length of stay; 0 elsewhere. Half of it counts, because
    both figures go together.
    """
    found = np.zeros(len(grave))
    size = len(features.stays.adrgs)
    columns = [np.log(features.cost) - features.level[features.hospital]]
    if features.has("los_days"):
        days = features.days
        columns.append(np.log(np.where(days > 0, days, 1.0)))
    for value in columns:
        means = []
        for where in (divided & ~grave, grave):
            codes = features.adrg[where]
            means.append(sum_by(codes, value[where], size=size) / np.maximum(sum_by(codes, None, size=size), 1.0))
        light, heavy = means
        own = np.where(grave, heavy[features.adrg], light[features.adrg])
        both = divided & np.isfinite(value)
        spread = np.maximum(
            sum_by(features.adrg[both], (value - own)[both] ** 2, size=size)
            / np.maximum(sum_by(features.adrg[both], None, size=size), 1.0),
            1e-4,
        )[features.adrg]
        a, b = light[features.adrg], heavy[features.adrg]
        ratio = ((value - b) ** 2 - (value - a) ** 2) / (2 * spread)
        found += np.where(grave, np.clip(ratio, -4, 4), 0.0) / len(columns)
    return found


def upcoding(features: Features, peers: BoolArray | None = None) -> Evidence:
    """Compare the share of the gravest group within each ADRG: by tier, insurance and age, light stays left out."""
    divided, grave = divided_groups(features)
    universe = divided & ~features.light
    levels = [
        cell_codes(features.adrg),
        cell_codes(features.adrg, features.tier),
        cell_codes(features.adrg, features.tier, features.insurance, features.age_band),
    ]
    looks = bins(lightness(features, divided, grave), grave & universe, 20)
    return rate_evidence(
        features, "upcoding", grave, universe=universe, levels=levels, strata=looks,
        unit="share of stays in the gravest group of their ADRG", peers=peers,
    )  # fmt: skip


def split_stay(features: Features, peers: BoolArray | None = None) -> Evidence:
    """Compare the share of stays that follow another of the person and ADRG within the declared days."""
    after, before, gap = features.pairs
    sure = np.full(len(features.rows), -9.0)
    if len(after):
        # Two parts of one stay together cost what one stay costs; two stays cost twice that.
        joint = np.log(np.exp(features.ratio[after]) + np.exp(features.ratio[before])) - 0.5 * np.log(2)
        sure[after] = -joint
    flag = features.readmitted
    strata = bins(sure, flag, 8)
    near = np.zeros(len(flag), np.int64)
    near[after] = np.digitize(gap, [3, 6, 9])
    known = np.ones(len(flag), bool) if features.stays.person is None else features.of(features.stays.person) >= 0
    levels = [cell_codes(features.mdc), cell_codes(features.adrg), cell_codes(features.adrg, features.tier)]
    return rate_evidence(
        features, "split_stay", flag, universe=np.asarray(known, bool), levels=levels, strata=strata * 4 + near,
        unit="share of stays that are a readmission", peers=peers,
    )  # fmt: skip


def light_admission(features: Features, peers: BoolArray | None = None) -> Evidence:
    """Compare the share of stays that are short and far below the cost of their group."""
    flag = features.light
    strata = bins(features.residual, flag, 6)
    if features.has("drug_cost"):
        share = features.number("drug_cost") / features.cost
        strata = strata * 6 + bins(np.nan_to_num(share, nan=0.5), flag, 6)
    return rate_evidence(
        features, "light_admission", flag, universe=np.isfinite(features.days), levels=features.mix, strata=strata,
        unit="share of stays that are light", peers=peers,
    )  # fmt: skip


def growth(features: Features, peers: BoolArray | None = None) -> Evidence:
    """Compare the share of stays that begin in the later half of the period, light stays left out."""
    flag = features.later_half & features.dated
    strata = np.zeros(len(flag), np.int64)
    if features.stays.person is not None:
        person = features.of(features.stays.person)
        counts = np.bincount(np.asarray(person)[person >= 0], minlength=1)
        strata = np.where(person >= 0, (counts[person] > 1).astype(np.int64), 0)
    levels = [cell_codes(features.mdc), cell_codes(features.mdc, features.tier)]
    return rate_evidence(
        features, "growth", flag, universe=features.dated & ~features.light & ~features.readmitted, levels=levels,
        strata=strata, unit="share of stays in the later half of the period", peers=peers,
    )  # fmt: skip
