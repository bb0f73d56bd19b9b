"""The strata of one provider's claims: the largest for certain, the others in bands of equal amount."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from actuary.alerts.audit.rules import AuditDesign
from actuary.payment.exact import as_fraction, exact_sum
from actuary.payment.methods.audit_sample import draw_claims

__all__ = ["CERTAIN", "draw_from_strata", "lay_strata"]

#: Name of the stratum that is reviewed as a whole.
CERTAIN = "certain"


def lay_strata(
    amounts_fen: NDArray[np.int64], kinds: NDArray[np.int64], *, required_fen: int, design: AuditDesign
) -> NDArray[np.int64]:
    """Lay the claims of a provider into strata.

    The largest claims are taken until one more would exceed the share of the amount demanded: stratum 0. The others are
    parted by kind, and those of a kind into bands of equal amount, the smallest claims first. There are no more strata
    than the amount demanded can give their claims: strata shall sharpen the estimate, not add to the work. Kinds that
    cannot fill a stratum are put together.

    Parameters
    ----------
    amounts_fen : int64 array, shape (claims,)
        Amount of each claim, above 0 [fen].
    kinds : int64 array, shape (claims,)
        Kind of each claim, such as its insurance; all alike where one does not part them.
    required_fen : int
        Amount demanded [fen].
    design : AuditDesign
        How strata are laid.

    Returns
    -------
    int64 array, shape (claims,)
        Number of the stratum of each claim.

    Examples
    --------
    >>> from actuary.alerts.audit.rules import load_audit_plan
    >>> amounts = np.array([100] * 60 + [900])
    >>> strata = lay_strata(amounts, np.zeros(61, np.int64), required_fen=5000, design=load_audit_plan().design)
    >>> np.bincount(strata).tolist()
    [2, 20, 20, 19]
    """
    strata = np.full(len(amounts_fen), -1, np.int64)
    order = np.argsort(-amounts_fen, kind="stable")
    limit = int(as_fraction(design.certainty_share) * required_fen)
    strata[order[np.cumsum(amounts_fen[order]) <= limit]] = 0
    rest = np.flatnonzero(strata < 0)
    most = _most_strata(amounts_fen[rest], required_fen - exact_sum(amounts_fen[strata == 0]), design)
    pools = _pools(rest, kinds, design, most=most)
    number = 1
    for pool in pools:
        for band in _bands(amounts_fen, pool, design, most=max(1, most // len(pools))):
            strata[band] = number
            number += 1
    return strata


def _most_strata(amounts: NDArray[np.int64], still_fen: int, design: AuditDesign) -> int:
    """Return how many strata get their claims out of the amount that is still demanded."""
    if not len(amounts):
        return 1
    expected = still_fen * len(amounts) / exact_sum(amounts)
    return max(1, int(expected) // design.min_claims)


def _pools(
    rest: NDArray[np.int64], kinds: NDArray[np.int64], design: AuditDesign, *, most: int
) -> list[NDArray[np.int64]]:
    """Part claims by kind, as far as every kind fills a stratum."""
    names, members = np.unique(kinds[rest], return_inverse=True)
    sizes = np.bincount(members, minlength=len(names))
    # The kinds with most claims stand alone; what is left over needs a stratum as well.
    alone = [kind for kind in np.argsort(-sizes, kind="stable").tolist() if sizes[kind] >= design.min_claims]
    if len(alone) > most or (len(alone) == most and len(alone) < len(names)):
        alone = alone[: most - 1]
    pools = [rest[members == kind] for kind in sorted(alone)]
    left = rest[~np.isin(members, alone)]
    if len(left) and len(left) < design.min_claims and pools:
        largest = max(range(len(pools)), key=lambda place: len(pools[place]))
        pools[largest] = np.concatenate((pools[largest], left))
    elif len(left):
        pools.append(left)
    return pools


def _bands(
    amounts: NDArray[np.int64], pool: NDArray[np.int64], design: AuditDesign, *, most: int
) -> list[NDArray[np.int64]]:
    """Part claims into bands of about equal amount, each with enough claims, the smallest amounts first."""
    count = max(1, min(design.bands, most, len(pool) // design.min_claims))
    ordered = pool[np.argsort(amounts[pool], kind="stable")]
    running, total = np.cumsum(amounts[ordered]), exact_sum(amounts[ordered])
    bands, begin = [], 0
    for band in range(count, 0, -1):
        done = int(running[begin - 1]) if begin else 0
        end = begin + int(np.searchsorted(running[begin:], done + (total - done) / band)) + 1
        latest = len(ordered) - (band - 1) * design.min_claims
        end = len(ordered) if band == 1 else min(max(end, begin + design.min_claims), latest)
        bands.append(ordered[begin:end])
        begin = end
    return bands


def draw_from_strata(
    amounts_fen: NDArray[np.int64],
    strata: NDArray[np.int64],
    *,
    required_fen: int,
    least: int,
    rngs: dict[int, np.random.Generator],
) -> NDArray[np.int64]:
    """Draw claims at random in every stratum until its part of the amount demanded is reached.

    Parameters
    ----------
    amounts_fen, strata : int64 arrays, shape (claims,)
        As :func:`lay_strata` takes and returns them; stratum 0 is taken as a whole.
    required_fen : int
        Amount demanded [fen].
    least : int
        Claims drawn from every stratum, if it has as many.
    rngs : dict of int to Generator
        Source of chance of every stratum but 0.

    Returns
    -------
    int64 array
        Places of the claims drawn, stratum by stratum, in the order of the draw.
    """
    certain = np.flatnonzero(strata == 0)
    still = max(required_fen - exact_sum(amounts_fen[certain]), 0)
    whole = exact_sum(amounts_fen[strata > 0])
    drawn = [certain]
    for stratum, rng in rngs.items():
        members = np.flatnonzero(strata == stratum)
        amounts = amounts_fen[members]
        part = -int(-Fraction(still * exact_sum(amounts), whole) // 1)
        chosen = draw_claims(amounts, required_fen=part, rng=rng).chosen
        if (missing := min(least, len(members)) - len(chosen)) > 0:
            left = np.setdiff1d(np.arange(len(members)), chosen)
            more = draw_claims(amounts[left], required_fen=exact_sum(amounts[left]), rng=rng).chosen[:missing]
            chosen = np.concatenate((chosen, left[more]))
        drawn.append(members[chosen])
    return np.concatenate(drawn)
