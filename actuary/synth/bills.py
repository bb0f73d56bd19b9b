"""The bill of a stay: classes of items and who pays, in whole fen that add up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actuary.synth.setting import Setting
from actuary.synth.stays import Stays

__all__ = ["draw_bills"]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: Second letters of an ADRG that stand for an operation or a procedure; the others are medical.
_SURGICAL = tuple("ABCDEFGHJKLMNPQ")


def draw_bills(setting: Setting, stays: Stays, *, rng: np.random.Generator) -> dict[str, IntArray]:
    """Draw the bill of every stay.

    Parameters
    ----------
    setting : Setting
        Shares and deductibles.
    stays : Stays
        The stays.
    rng : numpy.random.Generator
        Where the randomness is from.

    Returns
    -------
    dict
        Amounts [fen] by column. The classes of items (`medical_cost`, `nursing_cost`, `technical_cost`, `drug_cost`
        with materials, `management_cost`) add up to `total_cost`, and so do the payers `fund_charged`,
        `personal_account`, `critical_illness` and `patient_cash`. `consumable_cost` is the materials in `drug_cost`.
    """
    total = np.rint(stays.cost_yuan * 100).astype(np.int64)
    return {"total_cost": total, **_items(setting, stays, total, rng), **_payers(setting, stays, total, rng)}


def _items(setting: Setting, stays: Stays, total: IntArray, rng: np.random.Generator) -> dict[str, IntArray]:
    plan = setting.plan.items
    second = np.array([drg[1] for drg in setting.prototypes.drgs])
    surgical = np.isin(second, _SURGICAL)[stays.group]
    mean = np.where(surgical[:, None], np.array(plan.surgical), np.array(plan.medical))
    shares = rng.gamma(mean * plan.concentration)
    shares[:, plan.names.index("drugs")] *= stays.drug_factor
    shares[:, plan.names.index("consumables")] *= stays.consumable_factor
    shares /= shares.sum(axis=1, keepdims=True)
    amounts = np.floor(shares * total[:, None]).astype(np.int64)
    amounts[:, 0] += total - amounts.sum(axis=1)
    by_name = {name: amounts[:, i] for i, name in enumerate(plan.names)}
    found = {f"{name}_cost": by_name[name] for name in ("medical", "nursing", "technical", "management")}
    found["drug_cost"] = by_name["drugs"] + by_name["consumables"]
    found["consumable_cost"] = by_name["consumables"]
    implants = np.where(surgical, rng.beta(*plan.implants, total.size), 0.0)
    negotiated = np.where(rng.random(total.size) < plan.negotiated_share, rng.beta(*plan.negotiated, total.size), 0.0)
    found["high_value_consumables"] = np.floor(by_name["consumables"] * implants).astype(np.int64)
    found["negotiated_drugs"] = np.floor(by_name["drugs"] * negotiated).astype(np.int64)
    return found


def _payers(setting: Setting, stays: Stays, total: IntArray, rng: np.random.Generator) -> dict[str, IntArray]:
    plan = setting.plan.payers
    noise = plan.spread
    self_paid, first = (
        np.array(mean)[stays.insurance] * np.exp(noise * rng.normal(size=total.size) - noise**2 / 2)
        for mean in (plan.fully_self_paid, plan.first_self_paid)
    )
    fully = np.floor(total * np.minimum(self_paid * stays.self_paid_factor, plan.most[0])).astype(np.int64)
    first_part = np.floor(total * np.minimum(first, plan.most[1])).astype(np.int64)
    eligible = total - fully - first_part
    deductible = np.minimum(np.rint(np.array(plan.deductible_yuan)[setting.tier[stays.hospital]] * 100), eligible)
    deductible = deductible.astype(np.int64)
    share = np.rint(setting.pool_share * 10_000).astype(np.int64)[stays.insurance]
    fund = (eligible - deductible) * share // 10_000
    own = total - fund
    employee = stays.insurance == 0
    threshold = round(plan.critical_illness_above_yuan * 100)
    excess = np.maximum(own - fully - threshold, 0)
    critical = np.where(employee, 0, np.floor(excess * plan.critical_illness_share)).astype(np.int64)
    account = np.where(employee, np.floor(own * plan.account_share), 0).astype(np.int64)
    return {
        "fully_self_paid": fully,
        "first_self_paid": first_part,
        "deductible_paid": deductible,
        "fund_charged": fund,
        "personal_account": account,
        "critical_illness": critical,
        "patient_cash": own - account - critical,
        "outpatient_cost_14d": np.rint(stays.outpatient_yuan * 100).astype(np.int64),
    }
