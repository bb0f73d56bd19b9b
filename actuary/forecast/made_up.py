"""Made-up payers, stays and funds whose truth is known: what reserves, weights and forecasts are shown on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

__all__ = ["made_up_funds", "made_up_payer", "made_up_stays"]

type FloatArray = NDArray[np.float64]


def made_up_funds(seed: int, *, quarters: int = 48, first_year: int = 2015) -> pd.DataFrame:
    """Return income and spending of two made-up funds by quarter: each grows, has seasons, and shares shocks.

    Spending grows faster than income, by 1.9 % a quarter against 1.3 %, so that the surplus turns into a deficit.

    Parameters
    ----------
    seed : int
        Seed.
    quarters : int
        How many.
    first_year : int
        Year of the first quarter.

    Returns
    -------
    DataFrame
        series_id (``north/income`` and so on), period, value [million yuan].

    Examples
    --------
    >>> rows = made_up_funds(1, quarters=8)
    >>> rows["series_id"].unique().tolist()
    ['north/income', 'south/income', 'north/spending', 'south/spending']
    """
    rng = np.random.default_rng(seed)
    time = np.arange(quarters)
    shared = np.cumsum(0.005 * rng.standard_normal(quarters))
    kinds = {
        "income": (100.0, 0.013, (0.03, -0.02, -0.03, 0.02), 0.015, 0.3),
        "spending": (92.0, 0.019, (-0.04, 0.0, 0.01, 0.03), 0.02, 1.0),
    }
    periods = [f"{first_year + n // 4}Q{n % 4 + 1}" for n in range(quarters)]
    parts = []
    for kind, (level, growth, seasons, noise, share) in kinds.items():
        for place, size in (("north", 1.0), ("south", 2.0)):
            lasting = 0.6 * np.cumsum(noise * rng.standard_normal(quarters))
            passing = 0.5 * noise * rng.standard_normal(quarters)
            log = growth * time + np.array(seasons)[time % 4] + lasting + passing + share * shared
            value = size * level * np.exp(log)
            parts.append(pd.DataFrame({"series_id": f"{place}/{kind}", "period": periods, "value": value}))
    return pd.concat(parts, ignore_index=True)


def made_up_payer(
    seed: int, *, series: int = 8, months: int = 40, cutoffs: tuple[int, ...] = (33, 39), drift: float = 0.2
) -> tuple[pd.DataFrame, FloatArray]:
    """Return vintages of a made-up payer whose series share a drift at every cut-off and a walk of volumes.

    Parameters
    ----------
    seed : int
        Seed.
    series, months : int
        How many series, and months of service.
    cutoffs : tuple of int
        Numbers of the months at whose ends the payer is looked at.
    drift : float
        Standard deviation of the shift that all series share at a cut-off [log-odds].

    Returns
    -------
    rows : DataFrame
        series_id, period, cutoff, value.
    final : array, shape (series, month)
        What every month comes to.

    Examples
    --------
    >>> rows, final = made_up_payer(1, series=2)
    >>> rows["series_id"].nunique(), final.shape
    (2, (2, 40))
    """
    rng = np.random.default_rng(seed)
    shared = np.cumsum(0.06 * rng.standard_normal(months))
    own = np.cumsum(0.03 * rng.standard_normal((series, months)), axis=1)
    final = np.exp(12 + rng.standard_normal((series, 1)) + shared + own + 0.03 * rng.standard_normal((series, months)))
    level = 0.3 * rng.standard_normal(series)
    rows = []
    for cutoff in cutoffs:
        nation, local = drift * rng.standard_normal(), 0.25 * rng.standard_normal(series)
        for month in range(cutoff + 1):
            odds = -0.5 + 1.2 * (cutoff - month) + level + nation + local + 0.2 * rng.standard_normal(series)
            share = expit(odds) if cutoff - month < 12 else np.ones(series)
            label, at = (f"{2018 + n // 12}-{n % 12 + 1:02d}" for n in (month, cutoff))
            rows += [(f"s{i}", label, at, final[i, month] * share[i]) for i in range(series)]
    return pd.DataFrame(rows, columns=["series_id", "period", "cutoff", "value"]), final


def made_up_stays(seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return made-up stays of 60 groups in 20 families with 15 hospitals, and the true mean cost of every group.

    Parameters
    ----------
    seed : int
        Seed.

    Returns
    -------
    cases : DataFrame
        adrg, tier, drg, mdc, hospital, cost.
    true : Series
        Mean cost by drg at the usual mix of hospitals.

    Examples
    --------
    >>> cases, true = made_up_stays(1)
    >>> cases["drg"].nunique(), true.size
    (60, 60)
    """
    rng = np.random.default_rng(seed)
    groups = pd.DataFrame({"adrg": np.repeat([f"F{i:02d}" for i in range(20)], 3), "tier": ["1", "3", "5"] * 20})
    groups["drg"], groups["mdc"] = groups["adrg"] + groups["tier"], groups["adrg"].str[:2]
    family = np.repeat(0.5 * rng.standard_normal(20), 3)
    effect = 9 + family + np.tile([0.3, 0.0, -0.3], 20) + 0.15 * rng.standard_normal(60)
    sizes = rng.integers(2, 120, size=60)
    row = np.repeat(np.arange(60), sizes)
    hospital = rng.integers(15, size=row.size)
    hospitals = 0.2 * rng.standard_normal(15)
    cases = groups.loc[row].reset_index(drop=True)
    cases["hospital"] = [f"h{i}" for i in hospital]
    cases["cost"] = np.exp(effect[row] + hospitals[hospital] + 0.6 * rng.standard_normal(row.size))
    true = pd.Series(np.exp(effect + 0.18) * np.exp(hospitals).mean(), groups["drg"])
    return cases, true
