"""Extrapolate what the reviewers found to all claims, per provider and in all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from actuary.alerts.audit.results import AuditResults
from actuary.alerts.audit.sample import AuditSampling
from actuary.payment.methods.audit_sample import estimate_errors

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AuditEstimate", "estimate_audit"]


@dataclass(frozen=True, slots=True)
class AuditEstimate:
    """Hold errors found and extrapolated.

    Parameters
    ----------
    providers : DataFrame
        One row a provider and year: claims reviewed, claims with an error, errors found, estimate and its interval
        [fen], share of the amount.
    total_fen, low_fen, high_fen : float
        Errors among the claims of all providers, with the ends of the interval [fen].
    found_fen : int
        Errors found among the claims reviewed [fen].
    probability : float
        Probability of the intervals.
    kinds : DataFrame
        Errors found by kind.
    fingerprint : str
        Of the sample.
    synthetic : bool
        Whether the claims are made up.
    """

    providers: pd.DataFrame
    total_fen: float
    low_fen: float
    high_fen: float
    found_fen: int
    probability: float
    kinds: pd.DataFrame
    fingerprint: str
    synthetic: bool = False

    def to_frame(self) -> pd.DataFrame:
        """Return one row a provider and year [fen]."""
        return self.providers.copy()

    def summary(self) -> str:
        """Return the outcome in one line."""
        return (
            f"{self.found_fen / 100:,.2f} yuan found; {self.total_fen / 100:,.2f} yuan among all claims, "
            f"{self.probability:.0%} interval {self.low_fen / 100:,.2f} to {self.high_fen / 100:,.2f}"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self.summary()}</p>{self.providers.to_html(index=False)}"


def estimate_audit(sampling: AuditSampling, results: AuditResults) -> AuditEstimate:
    """Extrapolate the errors found to all claims: a stratified ratio estimator per provider, and their sum.

    The estimator is :func:`actuary.payment.methods.audit_sample.estimate_errors`. Its normal interval is widened to
    that of Student's distribution with as many degrees of freedom as claims were drawn at random less their strata.
    Where no error was found the upper end is what would show none with the probability 1 − p: with n claims drawn at
    random and an amount U that was not reviewed, U × (1 − (1 − p)^(1/n)). The lower end is what was found, at least.

    Parameters
    ----------
    sampling : AuditSampling
        What was drawn, and from what.
    results : AuditResults
        What the reviewers found, one result a claim drawn.
    """
    import pandas as pd  # noqa: PLC0415  (only where results are read)

    lines = []
    variance = 0.0
    for (hospital, year), claims in sampling.population.groupby(["hospital", "year"], sort=True):
        line, half = _provider(str(hospital), int(year), claims, results, probability=sampling.probability)
        lines.append(line)
        variance += half**2
    providers = pd.DataFrame(lines)
    total, half = float(providers["estimate_fen"].sum()), math.sqrt(variance)
    found = int(providers["found_fen"].sum())
    low = max(total - half, float(providers["low_floor_fen"].sum()))
    return AuditEstimate(
        providers.drop(columns="low_floor_fen"),
        total,
        low,
        total + half,
        found,
        sampling.probability,
        results.by_kind(),
        sampling.fingerprint,
        sampling.synthetic,
    )


def _provider(
    hospital: str, year: int, claims: pd.DataFrame, results: AuditResults, *, probability: float
) -> tuple[dict[str, object], float]:
    """Return the line of one provider, and half its interval upwards, for the sum."""
    amounts, strata = claims["amount_fen"].to_numpy(np.int64), claims["stratum"].to_numpy(np.int64)
    chosen = np.flatnonzero(claims["drawn"].to_numpy() > 0)
    errors = np.array(
        [results.errors_fen[(hospital, year, case)] for case in claims["case_id"].to_numpy()[chosen]], np.int64
    )
    at_random = int((strata[chosen] > 0).sum())
    freedom = at_random - len(np.unique(strata[strata > 0]))
    whole = len(chosen) == len(claims)
    estimate = estimate_errors(
        amounts, strata, chosen=chosen, errors_fen=errors, probability=_as_normal(probability, freedom)
    )
    found = int(errors.sum())
    floor = float(found) if (errors >= 0).all() else -math.inf
    low, high = max(2 * estimate.total_fen - estimate.high_fen, floor), estimate.high_fen
    if not errors.any() and not whole:
        left = int(amounts.sum()) - int(amounts[chosen].sum())
        high = left * (1 - (1 - probability) ** (1 / max(at_random, 1)))
    amount = int(amounts.sum())
    line: dict[str, object] = {
        "hospital": hospital,
        "year": year,
        "claims": len(claims),
        "amount_fen": amount,
        "reviewed_claims": len(chosen),
        "reviewed_fen": int(amounts[chosen].sum()),
        "claims_with_error": int((errors != 0).sum()),
        "found_fen": found,
        "estimate_fen": estimate.total_fen,
        "low_fen": low,
        "high_fen": high,
        "error_share": estimate.total_fen / amount,
        "low_floor_fen": floor,
    }
    return line, high - estimate.total_fen


def _as_normal(probability: float, freedom: int) -> float:
    """Return the probability at which a normal interval is as wide as Student's at the one given."""
    from scipy.stats import norm, t  # noqa: PLC0415  (slow to import, only for the interval)

    quantile = float(t.ppf(0.5 + probability / 2, max(freedom, 1)))
    return float(2 * norm.cdf(quantile) - 1)
