"""What the search for anomalies is compared with: plain z-scores and scikit-learn's isolation forest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest

__all__ = ["forest_scores", "raw_indicators", "z_scores"]

type FloatArray = NDArray[np.float64]


def raw_indicators(cases: pa.Table, hospitals: tuple[str, ...]) -> tuple[pd.DataFrame, dict[str, NDArray[np.bool_]]]:
    """Return the usual indicator of each kind by hospital, and the cases that show its sign; high is suspicious.

    As supervisors compute them: shares and means over a hospital's cases, against the mean of the group in the city
    where a typical cost is needed, without adjustment for mix.
    """
    names = ["hospital", "drg", "adrg", "severity", "mdc", "los_days", "person_key", "admission_date", "discharge_date"]
    frame = cases.select(names).to_pandas()
    for name in ("total_cost", "drug_cost", "consumable_cost", "fully_self_paid", "outpatient_cost_14d"):
        frame[name] = np.asarray(cases[name].cast(pa.float64()))
    frame["hospital"] = pd.Categorical(frame["hospital"].astype(str), categories=list(hospitals))
    usual = frame.groupby("drg", observed=True)["total_cost"].transform("mean")
    ratio = frame["total_cost"] / usual
    grave = frame["severity"].eq("MCC")
    complicated = frame["severity"].isin(["CC", "MCC"])
    divided = ~frame["severity"].eq("undivided")
    ordered = frame.sort_values(["person_key", "hospital", "adrg", "admission_date"])
    keys = ["person_key", "hospital", "adrg"]
    same = (ordered[keys] == ordered[keys].shift()).all(axis=1)
    days = (pd.to_datetime(ordered["admission_date"]) - pd.to_datetime(ordered["discharge_date"]).shift()).dt.days
    again = (same & days.between(0, 10)).reindex(frame.index)
    admission = pd.to_datetime(frame["admission_date"])
    discharge = pd.to_datetime(frame["discharge_date"])
    middle = discharge.min() + (discharge.max() - discharge.min()) / 2
    later = admission > middle
    light = (frame["los_days"] <= 3) & (ratio < 0.6)
    severe = grave | (ratio > 2) | (usual > 3 * frame["total_cost"].mean())
    by = frame["hospital"]
    drugs = frame["drug_cost"] - frame["consumable_cost"]
    quarter = discharge.dt.to_period("Q")

    def share(flag: pd.Series, where: pd.Series | None = None) -> pd.Series:
        kept = flag if where is None else flag[where]
        return kept.astype(float).groupby(by if where is None else by[where], observed=False).mean()

    def highest_quarter(amount: pd.Series) -> pd.Series:
        sums = (
            pd.DataFrame({"amount": amount, "cost": frame["total_cost"]}).groupby([by, quarter], observed=False).sum()
        )
        year = sums.groupby(level=0, observed=False).sum()
        quarters = (sums["amount"] / sums["cost"]).groupby(level=0, observed=False).max()
        return quarters - year["amount"] / year["cost"]

    self_paid = share_of(frame["fully_self_paid"], frame["total_cost"], by)
    outpatient = frame["outpatient_cost_14d"].groupby(by, observed=False).mean()
    table = pd.DataFrame(
        {
            "upcoding": share(complicated, divided),
            "split_stay": share(again.astype(bool)),
            "light_admission": share(light),
            "refusing_severe": -share(severe),
            "cost_shifting": outpatient / outpatient.mean() + self_paid / self_paid.mean(),
            "growth": share(later),
            "drug_spike": highest_quarter(drugs),
            "consumable_spike": highest_quarter(frame["consumable_cost"]),
        }
    ).reindex(hospitals)
    signs: dict[str, Any] = {
        "upcoding": grave,
        "split_stay": again.astype(bool),
        "light_admission": light,
        "refusing_severe": severe,
        "cost_shifting": frame["outpatient_cost_14d"] > frame["outpatient_cost_14d"].median(),
        "growth": later,
        "drug_spike": drugs / frame["total_cost"] > (drugs / frame["total_cost"]).median(),
        "consumable_spike": frame["consumable_cost"] / frame["total_cost"]
        > (frame["consumable_cost"] / frame["total_cost"]).median(),
    }
    return table, {kind: sign.to_numpy(dtype=bool) for kind, sign in signs.items()}


def share_of(amount: pd.Series, cost: pd.Series, by: pd.Series) -> pd.Series:
    """Return the share of an amount in the cost by hospital."""
    return amount.groupby(by, observed=False).sum() / cost.groupby(by, observed=False).sum()


def z_scores(table: pd.DataFrame, tier: FloatArray) -> pd.DataFrame:
    """Return each indicator less the mean of its tier, in standard deviations of the tier."""
    groups = table.groupby(tier)
    spread = groups.transform("std").replace(0.0, np.nan)
    return ((table - groups.transform("mean")) / spread).fillna(0.0)


def forest_scores(z: pd.DataFrame, *, seed: int) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Return how isolated each hospital is among all indicators, and in each alone on its high side."""
    together = -IsolationForest(random_state=seed, n_estimators=300).fit(z.to_numpy()).score_samples(z.to_numpy())
    alone = {}
    for kind in z.columns:
        one = z[[kind]].clip(lower=0.0).to_numpy()
        alone[str(kind)] = -IsolationForest(random_state=seed, n_estimators=300).fit(one).score_samples(one)
    return together, alone
