"""Special review of single cases: check the approved list against every hospital's quota, and book it.

A hospital's quota is the whole number below its share of the discharges. Approved cases take its places in the order of
the table; what is approved beyond it is settled by its group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from actuary.payment.cases import CaseTable

__all__ = ["DECISIONS", "ReviewQuota", "Reviewed", "check_review_quota"]

#: What the cells of `review_decision` may hold.
DECISIONS: Mapping[str, str] = {
    "approved": "approved",
    "通过": "approved",
    "同意": "approved",
    "refused": "refused",
    "rejected": "refused",
    "不通过": "refused",
    "未通过": "refused",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewQuota:
    """Book the special reviews of one hospital.

    Parameters
    ----------
    hospital : str
        The hospital.
    discharges : int
        Its cases that can be paid.
    quota : int or None
        Cases that may be reviewed; None where the policy sets no quota for its tier.
    approved, refused : int
        Applications by decision.
    granted, beyond : int
        Approved ones within and beyond the quota.
    """

    hospital: str
    discharges: int
    quota: int | None
    approved: int
    refused: int
    granted: int
    beyond: int


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Say what became of the applications.

    Parameters
    ----------
    granted, beyond, refused, unreadable : bool (cases)
        Approved within the quota, approved beyond it, refused, or a decision that is none.
    book : tuple of ReviewQuota
        One a hospital that applied.
    """

    granted: NDArray[np.bool_]
    beyond: NDArray[np.bool_]
    refused: NDArray[np.bool_]
    unreadable: NDArray[np.bool_]
    book: tuple[ReviewQuota, ...]


def check_review_quota(
    cases: CaseTable, quota: Mapping[str, Decimal], taking_part: NDArray[np.bool_]
) -> Reviewed | None:
    """Check the applications of every hospital.

    Parameters
    ----------
    cases : CaseTable
        The cases; the column `review_decision` holds ``approved``, ``refused`` or nothing.
    quota : mapping of str to Decimal
        Share of the discharges by tier, ``*`` for every other tier; without either there is no limit.
    taking_part : bool (cases)
        Cases that can be paid.

    Returns
    -------
    Reviewed or None
        None where no case was put up for review.
    """
    coded = cases.coded.get("review_decision")
    if coded is None or not coded.names:
        return None
    meant = [DECISIONS.get(name.lower()) for name in coded.names]
    decided = {
        word: np.array([*(one == word for one in meant), False])[coded.codes] & taking_part
        for word in ("approved", "refused")
    }
    unreadable = np.array([*(one is None for one in meant), False])[coded.codes] & taking_part
    rows = np.flatnonzero(decided["approved"])
    granted = np.zeros(len(cases), bool)
    discharges = np.bincount(cases.hospital_code[taking_part], minlength=len(cases.hospital_names))
    applied = np.bincount(cases.hospital_code[rows], minlength=len(cases.hospital_names))
    refused = np.bincount(cases.hospital_code[decided["refused"]], minlength=len(cases.hospital_names))
    book = []
    for hospital in np.flatnonzero(applied + refused).tolist():
        mine = rows[cases.hospital_code[rows] == hospital]
        limit = _limit(cases, hospital, quota, int(discharges[hospital]))
        granted[mine[:limit]] = True
        count = len(mine) if limit is None else min(limit, len(mine))
        book.append(
            ReviewQuota(
                hospital=cases.hospital_names[hospital],
                discharges=int(discharges[hospital]),
                quota=limit,
                approved=len(mine),
                refused=int(refused[hospital]),
                granted=count,
                beyond=len(mine) - count,
            )
        )
    return Reviewed(granted, decided["approved"] & ~granted, decided["refused"], unreadable, tuple(book))


def _limit(cases: CaseTable, hospital: int, quota: Mapping[str, Decimal], discharges: int) -> int | None:
    """Return the number of cases that a hospital may put up; its tier is that of its first case."""
    first = int(np.argmax(cases.hospital_code == hospital))
    tier = cases.tier_names[cases.tier_code[first]] if cases.tier_code[first] >= 0 else ""
    share = quota.get(tier, quota.get("*"))
    return None if share is None else int(Fraction(share) * discharges)
