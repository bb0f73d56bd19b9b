"""Special review of single cases: check the approved list against every hospital's quota, and book it.

A hospital's quota is the whole number below its share of the discharges. Approved cases take its places in the order of
the table; what is approved beyond it is settled by its group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from actuary.payment.cases import CaseTable

__all__ = [
    "DECISIONS",
    "Applications",
    "ReviewQuota",
    "Reviewed",
    "check_review_quota",
    "read_applications",
    "review_quota",
    "sorted_book",
]

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
        One a hospital that applied, by name.
    """

    granted: NDArray[np.bool_]
    beyond: NDArray[np.bool_]
    refused: NDArray[np.bool_]
    unreadable: NDArray[np.bool_]
    book: tuple[ReviewQuota, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Applications:
    """Hold the applications for special review of some cases, and what is counted of every hospital that has a case.

    Parameters
    ----------
    approved, refused, unreadable : bool (cases)
        What the cells say.
    hospital : int64 (counted)
        Codes of the hospitals that have a case.
    names, tiers : tuple of str (counted)
        Their names, and the tier of the first case of each.
    discharges, approvals, refusals : int64 (counted)
        Cases that can be paid, and applications by decision [count].
    """

    approved: NDArray[np.bool_]
    refused: NDArray[np.bool_]
    unreadable: NDArray[np.bool_]
    hospital: NDArray[np.int64]
    names: tuple[str, ...]
    tiers: tuple[str, ...]
    discharges: NDArray[np.int64]
    approvals: NDArray[np.int64]
    refusals: NDArray[np.int64]

    def granted(self, cases: CaseTable, places: NDArray[np.int64], book: tuple[ReviewQuota, ...] = ()) -> Reviewed:
        """Grant the applications, where each hospital has some places: its first approved cases take them.

        Parameters
        ----------
        cases : CaseTable
            The same cases.
        places : int64 (counted)
            Places of each hospital.
        book : tuple of ReviewQuota
            The book of the hospitals, where these are all cases.
        """
        rows = np.flatnonzero(self.approved)
        code = cases.hospital_code[rows]
        order = np.argsort(code, kind="stable")
        begins = np.append(0, np.cumsum(self.approvals))[:-1]
        counted = np.searchsorted(self.hospital, code[order])
        granted = np.zeros(len(cases), bool)
        granted[rows[order[np.arange(len(rows)) - begins[counted] < places[counted]]]] = True
        return Reviewed(granted, self.approved & ~granted, self.refused, self.unreadable, book)


def read_applications(cases: CaseTable, taking_part: NDArray[np.bool_]) -> Applications:
    """Read the applications for special review, and count those of every hospital.

    Parameters
    ----------
    cases : CaseTable
        The cases, with the column `review_decision`; they may be a part of those of the year.
    taking_part : bool (cases)
        Cases that can be paid.
    """
    coded = cases.coded["review_decision"]
    meant = [DECISIONS.get(name.lower()) for name in coded.names]
    approved, refused, unreadable = (
        np.array([*(one == word for one in meant), False])[coded.codes] & taking_part
        for word in ("approved", "refused", None)
    )
    codes, size = cases.hospital_code, len(cases.hospital_names)
    first = np.full(size + 1, -1, np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]  # of several rows the first is written last
    present = np.flatnonzero(first[:size] >= 0)
    tiers = (*cases.tier_names, "")

    def count(taken: NDArray[np.bool_]) -> NDArray[np.int64]:
        here = codes[taken & (codes >= 0)]
        return np.bincount(here, minlength=size)[present]

    return Applications(
        approved=approved,
        refused=refused,
        unreadable=unreadable,
        hospital=present,
        names=tuple(cases.hospital_names[one] for one in present.tolist()),
        tiers=tuple(tiers[one] for one in cases.tier_code[first[present]].tolist()),
        discharges=count(taking_part),
        approvals=count(approved),
        refusals=count(refused),
    )


def review_quota(
    quota: Mapping[str, Decimal], hospital: str, *, tier: str, discharges: int, approved: int, refused: int
) -> ReviewQuota:
    """Book the special reviews of one hospital.

    Parameters
    ----------
    quota : mapping of str to Decimal
        As in :func:`check_review_quota`.
    hospital, tier : str
        The hospital, and the tier of its first case.
    discharges, approved, refused : int
        Its cases that can be paid, and applications by decision [count].

    Examples
    --------
    >>> review_quota({"3": Decimal("0.05")}, "H1", tier="3", discharges=59, approved=3, refused=0).granted
    2
    """
    share = quota.get(tier, quota.get("*"))
    limit = None if share is None else int(Fraction(share) * discharges)
    granted = approved if limit is None else min(limit, approved)
    return ReviewQuota(
        hospital=hospital,
        discharges=discharges,
        quota=limit,
        approved=approved,
        refused=refused,
        granted=granted,
        beyond=approved - granted,
    )


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
    found = read_applications(cases, taking_part)
    books = [
        review_quota(quota, name, tier=tier, discharges=discharges, approved=approved, refused=refused)
        for name, tier, discharges, approved, refused in zip(
            found.names,
            found.tiers,
            found.discharges.tolist(),
            found.approvals.tolist(),
            found.refusals.tolist(),
            strict=True,
        )
    ]
    places = np.array([one.granted for one in books], np.int64)
    return found.granted(cases, places, book=sorted_book(books))


def sorted_book(books: Iterable[ReviewQuota]) -> tuple[ReviewQuota, ...]:
    """Return the books of the hospitals that applied, by name."""
    return tuple(sorted((one for one in books if one.approved + one.refused), key=lambda one: one.hospital))
