"""Extrapolate what the reviewers found to all claims, per provider and in all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from actuary.alerts.audit.results import AuditResults
from actuary.alerts.audit.sample import AuditSampling
from actuary.payment.methods.audit_sample import estimate_errors

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AuditEstimate", "estimate_audit"]

# A factor beyond this says only that nothing is known; the amount of the claims is the end then.
_STEEPEST = 50.0


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

    Totals are those of :func:`actuary.payment.methods.audit_sample.estimate_errors`. Errors are few and uneven, so a
    normal interval would end too low: where nobody was paid too little it lies even on the scale of logarithms, from
    T / exp(q s / T) to T × exp(q s / T), with total T, standard error s and the quantile q of Student's distribution
    with as many degrees of freedom as claims drawn at random had an error, less one. Where none of them had one the
    upper end is what would show none with the probability 1 − p: with n claims drawn at random and an amount U that
    was not reviewed, U × (1 − (1 − p)^(1/n)). The lower end is what was found, at least, and the upper one the amount
    of the claims, at most. The sum of all has the sum of the variances.

    Parameters
    ----------
    sampling : AuditSampling
        What was drawn, and from what.
    results : AuditResults
        What the reviewers found, one result a claim drawn.
    """
    import pandas as pd  # noqa: PLC0415  (only where results are read)

    lines = [
        _provider(str(hospital), int(str(year)), claims, results, probability=sampling.probability)
        for (hospital, year), claims in sampling.population.groupby(["hospital", "year"], sort=True)
    ]
    providers = pd.DataFrame(lines)
    total, found = float(providers["estimate_fen"].sum()), int(providers["found_fen"].sum())
    drawn = _Drawn(
        total=total,
        found=found,
        deviation=math.sqrt(float((providers["deviation_fen"] ** 2).sum())),
        amount=int(providers["amount_fen"].sum()),
        left=int((providers["amount_fen"] - providers["reviewed_fen"]).sum()),
        at_random=int(providers["at_random"].sum()),
        errors=int(providers["errors_at_random"].sum()),
        underpaid=bool(providers["underpaid"].any()),
    )
    low, high = _interval(drawn, sampling.probability)
    return AuditEstimate(
        providers.drop(columns=["underpaid", "deviation_fen", "at_random", "errors_at_random"]),
        total,
        low,
        high,
        found,
        sampling.probability,
        results.by_kind(),
        sampling.fingerprint,
        sampling.synthetic,
    )


def _provider(
    hospital: str, year: int, claims: pd.DataFrame, results: AuditResults, *, probability: float
) -> dict[str, Any]:
    """Return the line of one provider, with what the sum of all needs of it."""
    amounts, strata = claims["amount_fen"].to_numpy(np.int64), claims["stratum"].to_numpy(np.int64)
    chosen = np.flatnonzero(claims["drawn"].to_numpy() > 0)
    errors = np.array(
        [results.errors_fen[(hospital, year, case)] for case in claims["case_id"].to_numpy()[chosen]], np.int64
    )
    at_random = strata[chosen] > 0
    estimate = estimate_errors(amounts, strata, chosen=chosen, errors_fen=errors, probability=probability)
    drawn = _Drawn(
        total=estimate.total_fen,
        found=int(errors.sum()),
        deviation=(estimate.high_fen - estimate.total_fen) / _normal(probability),
        amount=int(amounts.sum()),
        left=int(amounts.sum()) - int(amounts[chosen].sum()),
        at_random=int(at_random.sum()),
        errors=int((errors[at_random] != 0).sum()),
        underpaid=bool((errors < 0).any()),
    )
    low, high = _interval(drawn, probability)
    return {
        "hospital": hospital,
        "year": year,
        "claims": len(claims),
        "amount_fen": drawn.amount,
        "reviewed_claims": len(chosen),
        "reviewed_fen": drawn.amount - drawn.left,
        "claims_with_error": int((errors != 0).sum()),
        "found_fen": drawn.found,
        "estimate_fen": drawn.total,
        "low_fen": low,
        "high_fen": high,
        "error_share": drawn.total / drawn.amount,
        "underpaid": drawn.underpaid,
        "deviation_fen": drawn.deviation,
        "at_random": drawn.at_random,
        "errors_at_random": drawn.errors,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """Hold what an interval needs: the estimate, and what was drawn and found."""

    total: float
    found: int
    deviation: float
    amount: int
    left: int
    at_random: int
    errors: int
    underpaid: bool


def _interval(drawn: _Drawn, probability: float) -> tuple[float, float]:
    """Return the ends of an interval; see :func:`estimate_audit`."""
    from scipy.stats import t  # noqa: PLC0415  (slow to import, only for the interval)

    if not drawn.errors:
        unseen = drawn.left * (1 - (1 - probability) ** (1 / max(drawn.at_random, 1)))
        return float(drawn.found), drawn.found + unseen
    reach = float(t.ppf(0.5 + probability / 2, max(drawn.errors - 1, 1))) * drawn.deviation
    if drawn.underpaid or drawn.total <= 0:
        return drawn.total - reach, drawn.total + reach
    factor = math.exp(min(reach / drawn.total, _STEEPEST))
    return max(drawn.total / factor, float(drawn.found)), min(drawn.total * factor, float(drawn.amount))


def _normal(probability: float) -> float:
    from scipy.stats import norm  # noqa: PLC0415  (slow to import, only for the interval)

    return float(norm.ppf(0.5 + probability / 2))
