"""The synthetic city before any stay is drawn: hospitals, groups, how often and how dear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from actuary.drg.scheme import Scheme
from actuary.errors import DeclarationError, Problem, raise_all
from actuary.seeds import stream
from actuary.synth.anchors import Figure
from actuary.synth.plan import KINDS, Plan, RelativeCost
from actuary.synth.prototypes import AGE_BANDS, Prototypes, build_prototypes

__all__ = ["INSURANCES", "Setting", "build_setting"]

#: Schemes of insurance, in the order in which arrays hold them.
INSURANCES = ("employee", "resident")

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Setting:
    """Hold what all stays of a synthetic city share. Groups are those with prototypes, hospitals are numbered.

    Parameters
    ----------
    plan : Plan
        The declared shape.
    seed : int
        Root seed of the city.
    prototypes : Prototypes
        Combinations of codes by group.
    hospitals : tuple of str
        Names, such as ``SYN3-007``.
    tier : array, shape (hospitals,)
        Index of the tier.
    relative_cost : array, shape (groups,)
        Cost of the group against the mean stay.
    group_share : array, shape (groups,)
        Share of the stays.
    hospital_table : array, shape (groups, hospitals)
        Running share of the hospitals among the stays of each group.
    prototype_table : array, shape (prototypes,)
        Running share of the prototypes of each group, from 0 to 1 within the group.
    sigma : array, shape (groups,)
        Spread of the cost within the group, log scale.
    cost_factor : array, shape (hospitals,)
        Cost of the hospital against the city, tier included.
    stay_factor : array, shape (hospitals,)
        Length of stay of the hospital against the city.
    mean_cost : array, shape (2,)
        Cost of a stay whose relative cost and hospital factor are 1, employee and resident [yuan].
    mean_stay : array, shape (2,)
        The same for the length of stay [days].
    employee_share : float
        Share of the stays that are of employees.
    pool_share : array, shape (2,)
        Share of the cost above the deductible that the pool pays within the catalogue, employee and resident.
    misbehaving : mapping of str to array, shape (hospitals,)
        Where each kind of misbehaviour is found.
    """

    plan: Plan
    seed: int
    prototypes: Prototypes
    hospitals: tuple[str, ...]
    tier: IntArray
    relative_cost: FloatArray
    group_share: FloatArray
    hospital_table: FloatArray
    prototype_table: FloatArray
    sigma: FloatArray
    cost_factor: FloatArray
    stay_factor: FloatArray
    mean_cost: FloatArray
    mean_stay: FloatArray
    employee_share: float
    pool_share: FloatArray
    misbehaving: Mapping[str, NDArray[np.bool_]] = field(repr=False)


def build_setting(
    plan: Plan, costs: tuple[RelativeCost, ...], scheme: Scheme, figures: Mapping[str, Figure], *, seed: int
) -> Setting:
    """Draw the hospitals and the case mix of a synthetic city, calibrated to the published figures.

    Relative costs average one over the stays (the slope of frequency on cost is solved for that), and the mean cost
    and stay of each insurance come out as published.

    Parameters
    ----------
    plan : Plan
        The declared shape.
    costs : tuple of RelativeCost
        Typical cost of each group.
    scheme : Scheme
        The grouping scheme.
    figures : mapping
        Published figures by name.
    seed : int
        Root seed.

    Returns
    -------
    Setting
        What all stays share.

    Raises
    ------
    DeclarationError
        When groups of the scheme have no typical cost.
    """
    rng = stream(seed, "synth/setting")
    prototypes = _prototypes(scheme, seed)
    by_drg = {row.drg: row.relative_cost for row in costs}
    without = [drg for drg in prototypes.drgs if drg not in by_drg]
    if without:
        raise_all(
            [Problem(plan.relative_cost, f"no cost of {', '.join(without[:8])} ({len(without)} groups)",
                     f"every group of {plan.scheme}", "add the rows")],
            DeclarationError,
        )  # fmt: skip
    relative = np.array([by_drg[drg] for drg in prototypes.drgs])
    share = _frequencies(relative, rng.normal(0, plan.mix.frequency_sigma, relative.size))
    mean = float(share @ relative)
    relative = relative / mean
    tiers = len(plan.hospitals.tiers)
    tier = np.repeat(np.arange(tiers), plan.hospitals.count)
    names = tuple(
        f"SYN{plan.hospitals.tiers[t]}-{i + 1:03d}" for t in range(tiers) for i in range(plan.hospitals.count[t])
    )
    table = _hospital_shares(plan, prototypes, relative, tier, rng)
    price = np.array([figures[f"cost_tier_{t}"].value for t in plan.hospitals.tiers])
    cost_factor = _price_of_tiers(price, share, relative, table, tier) * rng.lognormal(
        0, plan.hospitals.cost_sigma, tier.size
    )
    stay_factor = rng.lognormal(0, plan.hospitals.stay_sigma, tier.size)
    cv = rng.uniform(plan.cost.cv_low, plan.cost.cv_high, relative.size)
    weighted = share[:, None] * table
    mean_factor = float((weighted * relative[:, None] * cost_factor[None, :]).sum())
    stay = relative**plan.cost.stay_power
    mean_stay_factor = float((weighted * stay[:, None] * stay_factor[None, :]).sum())
    insured = np.array([figures[f"insured_{name}"].value for name in INSURANCES])
    rate = np.array([figures[f"admission_rate_{name}"].value for name in INSURANCES])
    stays = insured * rate
    tail = plan.cost.tail_share * (np.exp(plan.cost.tail_sigma**2 / 2) - 1)
    return Setting(
        plan=plan,
        seed=seed,
        prototypes=prototypes,
        hospitals=names,
        tier=tier,
        relative_cost=relative,
        group_share=share,
        hospital_table=np.cumsum(table, axis=1),
        prototype_table=_prototype_shares(plan, prototypes),
        sigma=np.sqrt(np.log1p(cv**2)),
        cost_factor=cost_factor,
        stay_factor=stay_factor,
        mean_cost=np.array([figures[f"cost_{name}"].value for name in INSURANCES]) / (mean_factor * (1 + tail)),
        mean_stay=np.array([figures[f"stay_{name}"].value for name in INSURANCES]) / mean_stay_factor,
        employee_share=float(stays[0] / stays.sum()),
        pool_share=_pool_share(plan, figures),
        misbehaving=_choose_misbehaving(plan, tier, seed),
    )


_FOUND: dict[tuple[str, int], Prototypes] = {}


def _prototypes(scheme: Scheme, seed: int) -> Prototypes:
    """Return the combinations of codes of a scheme and a seed, found once in a process."""
    key = (scheme.fingerprint, seed)
    if key not in _FOUND:
        _FOUND[key] = build_prototypes(scheme, rng=stream(seed, "synth/prototypes"))
    return _FOUND[key]


def _frequencies(relative: FloatArray, noise: FloatArray) -> FloatArray:
    """Return shares that fall with the cost so steeply that the mean relative cost is one."""
    log = np.log(relative)

    def share(slope: float) -> FloatArray:
        raw = np.exp(noise - slope * log)
        return np.asarray(raw / raw.sum(), dtype=np.float64)

    slope = brentq(lambda s: float(share(s) @ relative) - 1.0, -5.0, 20.0, xtol=1e-12)
    return share(float(slope))


def _hospital_shares(
    plan: Plan, prototypes: Prototypes, relative: FloatArray, tier: IntArray, rng: np.random.Generator
) -> FloatArray:
    """Return the share of each hospital among the stays of each group, shape (groups, hospitals)."""
    sigma = np.array(plan.hospitals.size_sigma)[tier]
    size = rng.lognormal(0, 1, tier.size) ** sigma
    for t, stays in enumerate(plan.hospitals.stays):
        size[tier == t] *= stays / size[tier == t].sum()
    leaning = plan.mix.tier_leaning * (tier - tier.mean()) + rng.normal(0, plan.hospitals.severity_sigma, tier.size)
    letters = np.array([drg[0] for drg in prototypes.drgs])
    _, category = np.unique(letters, return_inverse=True)
    specialty = rng.normal(0, plan.hospitals.specialty_sigma, (category.max() + 1, tier.size))
    shares = size * np.exp(np.log(relative)[:, None] * leaning[None, :] + specialty[category])
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float64)


def _price_of_tiers(
    published: FloatArray, share: FloatArray, relative: FloatArray, table: FloatArray, tier: IntArray
) -> FloatArray:
    """Return the price level of each hospital's tier: published cost per stay with its case mix taken out."""
    stays = share[:, None] * table
    mix = (stays * relative[:, None]).sum(axis=0)
    counts = stays.sum(axis=0)
    level = np.array([published[t] / (mix[tier == t].sum() / counts[tier == t].sum()) for t in range(published.size)])
    return np.asarray((level / level.mean())[tier], dtype=np.float64)


def _prototype_shares(plan: Plan, prototypes: Prototypes) -> FloatArray:
    """Return the running share of the prototypes within their group; bands of age weigh as the plan says."""
    band = np.array(prototypes.table["band"].to_pylist())
    level = prototypes.table["level"].to_numpy()
    weight = np.where(band == "adult", plan.mix.adult, np.where(band == "child", plan.mix.child, 1.0))
    infants = np.isin(band, [name for name, years, _, _ in AGE_BANDS if years == 0])
    weight = np.where(infants, plan.mix.infant, weight) / (1.0 + level)
    running = np.empty(weight.size)
    for first, last in zip(prototypes.start[:-1], prototypes.start[1:], strict=True):
        part = np.cumsum(weight[first:last])
        running[first:last] = part / part[-1]
    return running


def _pool_share(plan: Plan, figures: Mapping[str, Figure]) -> FloatArray:
    """Return the pool's share above the deductible that gives back its published share of all eligible cost."""
    deductible = float(np.dot(plan.hospitals.stays, plan.payers.deductible_yuan))
    shares = []
    for number, name in enumerate(INSURANCES):
        outside = plan.payers.fully_self_paid[number] + plan.payers.first_self_paid[number]
        eligible = figures[f"cost_{name}"].value * (1 - outside)
        shares.append(min(figures[f"eligible_rate_{name}"].value * eligible / (eligible - deductible), 1.0))
    return np.round(shares, 4)


def _choose_misbehaving(plan: Plan, tier: IntArray, seed: int) -> dict[str, NDArray[np.bool_]]:
    """Return for each kind where it is found: some hospitals above the lowest tier; none where the share is zero."""
    candidates = np.flatnonzero(tier > 0)
    share = plan.misbehaviour.hospitals
    count = min(max(1, round(share * candidates.size)), candidates.size) if share > 0 else 0
    where: dict[str, NDArray[np.bool_]] = {}
    for kind in KINDS:
        found = np.zeros(tier.size, dtype=np.bool_)
        found[stream(seed, f"synth/misbehaving/{kind}").choice(candidates, size=count, replace=False)] = True
        where[kind] = found
    return where
