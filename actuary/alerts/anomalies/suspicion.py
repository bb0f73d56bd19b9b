"""Which cases are behind a finding: how much more of their class there is than at peers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actuary.alerts.anomalies.evidence import Evidence
from actuary.alerts.anomalies.features import Features
from actuary.alerts.anomalies.peers import sum_by

__all__ = ["excess_cases", "linked_hospitals", "refused_cases", "scaled_to_hospital", "spiked_cases"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]


def excess_cases(features: Features, evidence: Evidence, bad: BoolArray) -> FloatArray:
    r"""Return for each case the share of its class that is beyond what peers of the tier have.

    With :math:`O_s` cases of class `s` in the hospitals found, and the peers' number :math:`E_s` scaled so that cases
    without the sign agree, the share is :math:`\max(0, 1 - (E_s+1)/(O_s+1))`.

    Parameters
    ----------
    features : Features
        The cases.
    evidence : Evidence
        Their classes.
    bad : bool array, shape (hospitals,)
        Hospitals found.
    """
    strata, universe = evidence.strata, evidence.universe
    of_case = bad[features.hospital] & universe
    peers = ~bad[features.hospital] & universe
    size = int(strata.max()) + 1
    expected = np.zeros(size)
    for tier in range(len(features.stays.tiers)):
        here = features.tier == tier
        seen = np.bincount(strata[of_case & here], minlength=size).astype(np.float64)
        usual = np.bincount(strata[peers & here], minlength=size).astype(np.float64)
        if not seen.sum() or not usual.sum():
            continue
        # Cases without the sign say how large the hospital would be; where all cases have a class, all of them do.
        scale = seen[0] / usual[0] if usual[0] > 0 else seen.sum() / usual.sum()
        expected += usual * scale
    observed = np.bincount(strata[of_case], minlength=size)
    share = np.maximum(1 - (expected + 1) / (observed + 1), 0.0)
    share[0] = 0.0
    return np.where(universe, share[strata], 0.0)


def scaled_to_hospital(features: Features, suspicion: FloatArray, excess: FloatArray) -> FloatArray:
    """Return suspicion that adds up to what each hospital has beyond its peers, at most 1 a case.

    Parameters
    ----------
    features : Features
        The cases.
    suspicion : float array, shape (cases,)
        Shares of classes, over all hospitals found.
    excess : float array, shape (hospitals,)
        Cases beyond what is expected.
    """
    total = sum_by(features.hospital, suspicion, size=len(excess))
    factor = np.where(total > 0, excess / np.where(total > 0, total, 1.0), 0.0)
    return np.minimum(suspicion * factor[features.hospital], 1.0)


def spiked_cases(evidence: Evidence) -> FloatArray:
    """Return for each case the probability of a spike in its cell, more for those that use most of the goods."""
    assert evidence.scan is not None  # noqa: S101  spikes have one
    found = np.zeros(len(evidence.strata))
    found[evidence.universe] = evidence.scan.posterior[evidence.scan.cell_of_case]
    # Every stay of the cell is touched; a quarter of them shows it less clearly.
    return np.where(evidence.universe, found * (0.6 + 0.1 * evidence.strata), 0.0)


def linked_hospitals(features: Features, bad: BoolArray) -> tuple[IntArray, IntArray]:
    """Return pairs of a case elsewhere and a hospital found that has treated the same person.

    Parameters
    ----------
    features : Features
        The cases.
    bad : bool array, shape (hospitals,)
        Hospitals found.
    """
    empty = np.empty(0, np.int64)
    if features.stays.person is None:
        return empty, empty
    person = np.asarray(features.of(features.stays.person), np.int64)
    size = len(bad)
    own = bad[features.hospital] & (person >= 0)
    pairs = np.unique(person[own] * size + features.hospital[own])
    known, hospital = pairs // size, pairs % size
    elsewhere = np.flatnonzero(~bad[features.hospital] & (person >= 0))
    first = np.searchsorted(known, person[elsewhere])
    last = np.searchsorted(known, person[elsewhere], side="right")
    counts = last - first
    rows = np.repeat(elsewhere, counts)
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return rows, hospital[np.repeat(first, counts) + offsets]


def refused_cases(features: Features, evidence: Evidence, bad: BoolArray) -> FloatArray:
    """Return for each severe case at a hospital not found the probability that another sent it away.

    What is missing at the hospitals found, by category, is spread over the severe cases of hospitals of their tier or a
    higher one. Where a hospital found has treated the same person, the share is what such links are more frequent among
    severe cases than among others.

    Parameters
    ----------
    features : Features
        The cases.
    evidence : Evidence
        Severe cases.
    bad : bool array, shape (hospitals,)
        Hospitals found.
    """
    severe = evidence.flagged
    of_found = bad[features.hospital]
    size = len(features.stays.mdcs) + 1
    tiers = len(features.stays.tiers)
    cell = features.tier * size + features.mdc + 1
    totals = {
        name: sum_by(cell[where], None, size=size * tiers)
        for name, where in (
            ("severe_found", severe & of_found), ("found", ~severe & of_found),
            ("severe", severe & ~of_found), ("others", ~severe & ~of_found),
        )
    }  # fmt: skip
    usual = totals["severe"] / np.maximum(totals["others"], 1.0)
    missing = np.maximum(usual * totals["found"] - totals["severe_found"], 0.0).reshape(tiers, size)
    room = totals["severe"].reshape(tiers, size)
    # A patient goes to the same tier or a higher one.
    above = np.cumsum(room[::-1], axis=0)[::-1]
    chance = np.cumsum(missing / np.maximum(above, 1.0), axis=0)
    prior = np.minimum(chance, 0.9).ravel()[cell]
    rows, _ = linked_hospitals(features, bad)
    linked = np.zeros(len(severe), bool)
    linked[rows] = True
    elsewhere = ~of_found
    among = [
        float((linked & elsewhere & where).sum()) / max(int((elsewhere & where).sum()), 1)
        for where in (severe, ~severe)
    ]
    surplus = max(0.0, 1 - among[1] / among[0]) if among[0] > 0 else 0.0
    share = np.where(linked, np.maximum(prior, surplus), prior)
    return np.where(severe & elsewhere, share, 0.0)
