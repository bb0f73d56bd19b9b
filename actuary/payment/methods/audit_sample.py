"""The second, random review of claims: how much a rule demands, which claims are drawn, what their errors amount to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from actuary.errors import ActuaryError, Problem
from actuary.payment.declared_settlement import AuditSample
from actuary.payment.exact import RoundingMode, as_fraction, exact_sum, in_units

__all__ = ["DrawnSample", "ErrorEstimate", "draw_claims", "estimate_errors", "required_sample"]


def required_sample(annual_spend_fen: int, rules: Sequence[AuditSample], *, mode: RoundingMode = "half_up") -> int:
    """Return the least amount of claims that the second review draws from a provider [fen].

    Parameters
    ----------
    annual_spend_fen : int
        Pooled spending of the provider in the year [fen].
    rules : sequence of AuditSample
        The rule with the highest `spend_from` that the spending reaches holds; its boundary belongs to it.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Raises
    ------
    ActuaryError
        When no rule holds.

    Examples
    --------
    >>> rules = [AuditSample(spend_from=100_000_000, min_amount=5_000_000), AuditSample(min_share="0.05")]
    >>> [required_sample(yuan * 100, rules) // 100 for yuan in (180_000_000, 80_000_000, 100_000_000)]
    [5000000, 4000000, 5000000]
    """
    held = [rule for rule in rules if rule.spend_from is None or annual_spend_fen >= as_fraction(rule.spend_from) * 100]
    if not held:
        raise ActuaryError(
            Problem("audit.sample", f"no rule for {annual_spend_fen} fen a year", "a rule without spend_from")
        )
    rule = max(held, key=lambda candidate: candidate.spend_from or 0)
    amount = as_fraction(rule.min_amount or 0) * 100
    share = annual_spend_fen * as_fraction(rule.min_share or 0)
    return in_units(max(amount, share), 0, mode)


@dataclass(frozen=True)
class DrawnSample:
    """Hold the claims that were drawn.

    Parameters
    ----------
    chosen : int64 array, shape (n,)
        Places of the claims drawn, in the order of the draw.
    amount_fen : int
        Their amount [fen].
    required_fen : int
        Amount demanded [fen].
    """

    chosen: NDArray[np.int64]
    amount_fen: int
    required_fen: int

    @property
    def reached(self) -> bool:
        """Whether the amount demanded was reached; not so only when all claims together fall short."""
        return self.amount_fen >= self.required_fen


def draw_claims(amounts_fen: NDArray[np.int64], *, required_fen: int, rng: np.random.Generator) -> DrawnSample:
    """Draw claims at random, each equally likely, until their amount is reached.

    Parameters
    ----------
    amounts_fen : int64 array, shape (claims,)
        Amount of each claim [fen].
    required_fen : int
        Amount to reach [fen].
    rng : numpy.random.Generator
        Source of chance.

    Examples
    --------
    >>> sample = draw_claims(np.array([100, 200, 300]), required_fen=600, rng=np.random.default_rng(1))
    >>> sorted(sample.chosen.tolist()), sample.reached
    ([0, 1, 2], True)
    """
    order = rng.permutation(len(amounts_fen)).astype(np.int64)
    running = np.cumsum(np.asarray(amounts_fen, dtype=np.int64)[order])
    reached = np.flatnonzero(running >= required_fen)
    count = 0 if required_fen <= 0 else int(reached[0]) + 1 if len(reached) else len(order)
    chosen = order[:count]
    return DrawnSample(chosen, exact_sum(np.asarray(amounts_fen, dtype=np.int64)[chosen]), required_fen)


@dataclass(frozen=True, slots=True)
class ErrorEstimate:
    """Hold what the errors found in a sample amount to among all claims.

    Parameters
    ----------
    total_fen : float
        Estimated errors among all claims [fen].
    low_fen, high_fen : float
        Ends of the interval [fen].
    probability : float
        Probability of the interval.
    """

    total_fen: float
    low_fen: float
    high_fen: float
    probability: float


def estimate_errors(
    amounts_fen: NDArray[np.int64],
    strata: NDArray[np.int64],
    *,
    chosen: NDArray[np.int64],
    errors_fen: NDArray[np.int64],
    probability: float = 0.95,
) -> ErrorEstimate:
    """Extrapolate the errors found in a sample to all claims, with an interval.

    In each stratum, total = (Σ errors / Σ amounts of its sample) × Σ amounts of the stratum, the ratio estimator; the
    variance is N² (1 − n / N) s² / n with s² that of the residuals error − ratio × amount. The interval is normal.

    Parameters
    ----------
    amounts_fen : int64 array, shape (claims,)
        Amount of every claim [fen].
    strata : int64 array, shape (claims,)
        Stratum of every claim, such as bands of its amount.
    chosen : int64 array, shape (n,)
        Places of the claims reviewed.
    errors_fen : int64 array, shape (n,)
        What was wrong in each of them [fen].
    probability : float
        Probability of the interval.

    Raises
    ------
    ActuaryError
        When a stratum with claims has fewer than two reviewed ones (all of them, when it has only one).

    Examples
    --------
    >>> amounts = np.array([1000, 2000, 3000, 4000])
    >>> estimate = estimate_errors(amounts, np.zeros(4, np.int64), chosen=np.array([0, 1]),
    ...                            errors_fen=np.array([100, 200]))
    >>> estimate.total_fen, estimate.low_fen
    (1000.0, 1000.0)
    """
    from scipy.stats import norm  # noqa: PLC0415  (slow to import, only for the interval)

    total, variance = Fraction(0), 0.0
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        drawn = np.isin(chosen, members)
        size, count = len(members), int(drawn.sum())
        if count < min(2, size):
            found = f"{count} of {size} claims reviewed"
            raise ActuaryError(Problem(f"stratum {stratum}", found, "at least two", "draw more, or join strata"))
        amounts, errors = amounts_fen[chosen[drawn]].astype(np.int64), errors_fen[drawn].astype(np.int64)
        base = exact_sum(amounts)
        ratio = Fraction(exact_sum(errors), base) if base else Fraction(0)
        total += ratio * exact_sum(amounts_fen[members])
        if count < size:
            residuals = errors - float(ratio) * amounts
            variance += size**2 * (1 - count / size) * float(residuals @ residuals) / (count - 1) / count
    half = float(norm.ppf(0.5 + probability / 2)) * math.sqrt(variance)
    return ErrorEstimate(float(total), max(float(total) - half, 0.0), float(total) + half, probability)
