"""Deliberate misbehaviour of some hospitals, so that monitoring has something to find; the truth is kept beside it.

Each kind acts in the hospitals chosen for it and nowhere else. What a stay really was stays in `true_prototype`; which
kind is behind it in `kind`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from actuary.seeds import stream
from actuary.synth.plan import KINDS
from actuary.synth.setting import Setting
from actuary.synth.stays import LAST_DAY, Stays, join_stays

__all__ = ["misbehave"]

FloatArray = NDArray[np.float64]
_CODE = {kind: number + 1 for number, kind in enumerate(KINDS)}


def misbehave(setting: Setting, stays: Stays, *, chunk: int = 0) -> Stays:
    """Let the hospitals chosen for it misbehave.

    Parameters
    ----------
    setting : Setting
        Hospitals and where each kind is found.
    stays : Stays
        Honest stays.
    chunk : int
        Number of the part of the city, so that each part has its own randomness.

    Returns
    -------
    Stays
        The stays with some changed, some added, some sent elsewhere.
    """
    acts: dict[str, Callable[[Setting, Stays, np.random.Generator], Stays]] = {
        "refusing_severe": _refuse_severe,
        "growth": _grow,
        "light_admission": _admit_lightly,
        "split_stay": _split,
        "upcoding": _upcode,
        "cost_shifting": _shift_cost,
        "drug_spike": _spike_drugs,
        "consumable_spike": _spike_consumables,
    }
    for kind, act in acts.items():
        stays = act(setting, stays, stream(setting.seed, f"synth/misbehaviour/{kind}/{chunk}"))
    return stays


def _touched(setting: Setting, stays: Stays, kind: str) -> NDArray[np.bool_]:
    """Return the stays of the hospitals where the kind is found that no other kind has touched."""
    return np.asarray(setting.misbehaving[kind][stays.hospital] & (stays.kind == 0), dtype=np.bool_)


def _marked(stays: Stays, rows: NDArray[np.bool_], kind: str) -> NDArray[np.int64]:
    return np.where(rows, _CODE[kind], stays.kind)


def _upcode(setting: Setting, stays: Stays, rng: np.random.Generator) -> Stays:
    """Add a graver complication to the list; patient, cost and stay remain what they were."""
    heavier = setting.prototypes.heavier[stays.prototype]
    strength = setting.plan.misbehaviour.kinds.upcoding
    rows = _touched(setting, stays, "upcoding") & (heavier >= 0) & (rng.random(len(stays)) < strength)
    prototype = np.where(rows, heavier, stays.prototype)
    start = setting.prototypes.start
    group_of = np.repeat(np.arange(start.size - 1), np.diff(start))
    return replace(stays, prototype=prototype, group=group_of[prototype], kind=_marked(stays, rows, "upcoding"))


def _split(setting: Setting, stays: Stays, rng: np.random.Generator) -> Stays:
    """Cut long stays in two with a few days between; the two cost a little more than the one would have."""
    strength = setting.plan.misbehaviour.kinds.split_stay
    rows = (
        _touched(setting, stays, "split_stay")
        & (stays.los_days >= 8)
        & (stays.admission + stays.los_days < 350)
        & (rng.random(len(stays)) < strength)
    )
    size = int(rows.sum())
    share = rng.uniform(0.4, 0.6, size)
    extra = rng.uniform(1.05, 1.2, size)
    whole = stays.take(rows)
    first_days = np.maximum(np.rint(whole.los_days * share).astype(np.int64), 1)
    code = np.full(size, _CODE["split_stay"])
    first = replace(whole, los_days=first_days, cost_yuan=whole.cost_yuan * share * extra, kind=code)
    second = replace(
        whole,
        los_days=np.maximum(whole.los_days - first_days, 1),
        cost_yuan=whole.cost_yuan * (1 - share) * extra,
        admission=whole.admission + first_days + rng.integers(1, 9, size),
        kind=code,
    )
    return join_stays(stays.take(~rows), first, second)


def _admit_lightly(setting: Setting, stays: Stays, rng: np.random.Generator) -> Stays:
    """Admit people who needed no bed: light groups, short stays, mostly tests, other people."""
    strength = setting.plan.misbehaviour.kinds.light_admission
    light = setting.relative_cost[stays.group] < 0.8
    rows = _touched(setting, stays, "light_admission") & light & (rng.random(len(stays)) < 2 * strength)
    added = stays.take(rows)
    size = len(added)
    top = int(stays.person.max()) + 1 if len(stays) else 0
    added = replace(
        added,
        person=top + np.arange(size),
        admission=rng.integers(0, LAST_DAY, size),
        los_days=rng.integers(1, 4, size),
        cost_yuan=added.cost_yuan * rng.uniform(0.25, 0.5, size),
        drug_factor=np.full(size, 0.4),
        consumable_factor=np.full(size, 0.3),
        kind=np.full(size, _CODE["light_admission"]),
    )
    return join_stays(stays, added)


def _refuse_severe(setting: Setting, stays: Stays, rng: np.random.Generator) -> Stays:
    """Send the gravest patients to other hospitals of the same tier or above."""
    strength = setting.plan.misbehaviour.kinds.refusing_severe
    dear = stays.cost_yuan > 2.0 * setting.mean_cost[stays.insurance] * setting.relative_cost[stays.group]
    level = setting.prototypes.table["level"].to_numpy()[stays.prototype]
    grave = dear | (level == 2) | (setting.relative_cost[stays.group] > 3)
    rows = _touched(setting, stays, "refusing_severe") & grave & (rng.random(len(stays)) < strength)
    honest = ~setting.misbehaving["refusing_severe"]
    hospital = stays.hospital.copy()
    for tier in range(int(setting.tier.max()) + 1):
        here = np.flatnonzero(rows & (setting.tier[stays.hospital] == tier))
        other = np.flatnonzero(honest & (setting.tier >= tier))
        if here.size and other.size:
            hospital[here] = rng.choice(other, size=here.size)
    return replace(stays, hospital=hospital, kind=_marked(stays, rows, "refusing_severe"))


def _shift_cost(setting: Setting, stays: Stays, rng: np.random.Generator) -> Stays:
    """Move part of the cost to the outpatient bill around the stay, and part of the rest to the patient."""
    strength = setting.plan.misbehaviour.kinds.cost_shifting
    rows = _touched(setting, stays, "cost_shifting") & (rng.random(len(stays)) < 0.6)
    share = np.where(rows, strength * rng.uniform(0.6, 1.4, len(stays)), 0.0)
    return replace(
        stays,
        cost_yuan=stays.cost_yuan * (1 - share),
        outpatient_yuan=stays.outpatient_yuan + stays.cost_yuan * share,
        self_paid_factor=np.where(rows, 2.0, stays.self_paid_factor),
        kind=_marked(stays, rows, "cost_shifting"),
    )


def _grow(setting: Setting, stays: Stays, rng: np.random.Generator) -> Stays:
    """Add stays like those there are to the second half of the year."""
    strength = setting.plan.misbehaviour.kinds.growth
    rows = _touched(setting, stays, "growth") & (stays.admission >= 182)
    extra = np.flatnonzero(rows)
    extra = extra[rng.random(extra.size) < strength]
    added = stays.take(extra)
    top = int(stays.person.max()) + 1 if len(stays) else 0
    size = len(added)
    added = replace(
        added,
        person=top + np.arange(size),
        admission=rng.integers(182, LAST_DAY, size),
        cost_yuan=added.cost_yuan * rng.lognormal(0, 0.3, size),
        kind=np.full(size, _CODE["growth"]),
    )
    return join_stays(stays, added)


def _spike(
    setting: Setting, stays: Stays, rng: np.random.Generator, *, kind: str, strength: float
) -> tuple[NDArray[np.bool_], FloatArray]:
    """Return the stays of one quarter and a few categories, and how much more they use."""
    letters = np.array([drg[0] for drg in setting.prototypes.drgs])
    common = [letter for letter, _ in sorted(zip(*np.unique(letters, return_counts=True), strict=True),
                                             key=lambda pair: -pair[1])[:12]]  # fmt: skip
    rows = np.zeros(len(stays), dtype=np.bool_)
    for number in np.flatnonzero(setting.misbehaving[kind]):
        # Category and quarter belong to the hospital, not to the part of the city that is being drawn.
        own = stream(setting.seed, f"synth/{kind}/{number}")
        chosen = own.choice(common, size=3, replace=False)
        quarter = int(own.integers(1, 4))
        rows |= (
            (stays.hospital == number)
            & np.isin(letters[stays.group], chosen)
            & (stays.admission // 92 == quarter)
            & (stays.kind == 0)
        )
    return rows, np.where(rows, 1.0 + strength * rng.uniform(0.7, 1.3, len(stays)), 1.0)


def _spike_drugs(setting: Setting, stays: Stays, rng: np.random.Generator) -> Stays:
    """Let drugs rise in a few categories of one quarter; the bill rises with them."""
    rows, factor = _spike(setting, stays, rng, kind="drug_spike", strength=setting.plan.misbehaviour.kinds.drug_spike)
    share = setting.plan.items.medical[setting.plan.items.names.index("drugs")]
    return replace(
        stays,
        drug_factor=stays.drug_factor * factor,
        cost_yuan=stays.cost_yuan * (1 + share * (factor - 1)),
        kind=_marked(stays, rows, "drug_spike"),
    )


def _spike_consumables(setting: Setting, stays: Stays, rng: np.random.Generator) -> Stays:
    """Let consumables rise in a few categories of one quarter; the bill rises with them."""
    strength = setting.plan.misbehaviour.kinds.consumable_spike
    rows, factor = _spike(setting, stays, rng, kind="consumable_spike", strength=strength)
    share = setting.plan.items.surgical[setting.plan.items.names.index("consumables")]
    return replace(
        stays,
        consumable_factor=stays.consumable_factor * factor,
        cost_yuan=stays.cost_yuan * (1 + share * (factor - 1)),
        kind=_marked(stays, rows, "consumable_spike"),
    )
