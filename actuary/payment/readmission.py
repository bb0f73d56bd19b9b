"""Find the earlier stay of every readmission: the same person again within the days that the policy says."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from actuary.payment.case_columns import MISSING
from actuary.payment.cases import CaseTable
from actuary.payment.declared_classes import Readmission

__all__ = ["READMISSION_COLUMNS", "earlier_stays", "earlier_stays_of", "share_left", "stay_keys"]

#: Columns without which the rule cannot be applied.
READMISSION_COLUMNS = ("person_key", "admission_date", "discharge_date")


def earlier_stays_of(
    key: NDArray[np.int64],
    admission: NDArray[np.int64],
    discharge: NDArray[np.int64],
    taking_part: NDArray[np.bool_],
    *,
    days: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair stays of one key that follow each other within some days.

    Parameters
    ----------
    key : int64 (stays)
        Who, and where the rule asks for it which group and hospital; below 0: unknown.
    admission, discharge : int64 (stays)
        Days since 1970-01-01; MISSING where not known.
    taking_part : bool (stays)
        Stays that are looked at.
    days : int
        Most days from discharge to the next admission, inclusive.

    Returns
    -------
    tuple of int64 arrays
        Rows of the earlier and of the later stays, in the order of the earlier ones.

    Examples
    --------
    >>> earlier, later = earlier_stays_of(
    ...     np.array([7, 7, 8]), np.array([10, 30, 31]), np.array([18, 40, 35]), np.ones(3, bool), days=15
    ... )
    >>> earlier.tolist(), later.tolist()
    ([0], [1])
    """
    rows = np.flatnonzero(taking_part & (key >= 0) & (admission != MISSING) & (discharge != MISSING))
    order = rows[np.lexsort((discharge[rows], admission[rows], key[rows]))]
    gap = admission[order[1:]] - discharge[order[:-1]]
    again = (key[order[1:]] == key[order[:-1]]) & (gap >= 0) & (gap <= days)
    earlier, later = order[:-1][again], order[1:][again]
    sort = np.argsort(earlier, kind="stable")
    return earlier[sort], later[sort]


def _persons(person: Any) -> NDArray[np.int64]:
    trimmed = pc.utf8_trim_whitespace(person)
    codes = pc.fill_null(pc.dictionary_encode(trimmed).indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    blank = pc.fill_null(pc.equal(trimmed, ""), fill_value=True).to_numpy(zero_copy_only=False)
    return np.where(blank, -1, codes)


def earlier_stays(cases: CaseTable, rule: Readmission, taking_part: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say which stays are the earlier one of a readmission.

    Parameters
    ----------
    cases : CaseTable
        The cases, with the columns of :data:`READMISSION_COLUMNS`.
    rule : Readmission
        Days, what must be the same, and what excuses a readmission: the column `readmission_reason` of the later
        stay, or its group.
    taking_part : bool (cases)
        Cases that are paid at all; the others are no readmissions.

    Returns
    -------
    bool (cases)
        Whether the person came again too early.
    """
    key = _persons(cases.person)
    for wanted, coded in ((rule.same_group, cases.coded["drg"]), (rule.same_hospital, cases.coded["hospital"])):
        if wanted:
            unknown = (key < 0) | (coded.codes < 0)
            key = np.where(unknown, -1, key * max(1, len(coded.names)) + coded.codes)
    excused = _excused(cases, rule)
    admission, discharge = cases.numbers["admission_date"], cases.numbers["discharge_date"]
    earlier, later = earlier_stays_of(key, admission, discharge, taking_part, days=rule.days)
    found = np.zeros(len(cases), bool)
    found[earlier[~excused[later]]] = True
    return found


def stay_keys(cases: CaseTable, rule: Readmission, taking_part: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the stays that a readmission may join, wherever the others of the same person stand.

    Parameters
    ----------
    cases : CaseTable
        A part of the cases.
    rule : Readmission
        The rule.
    taking_part : bool (cases)
        Cases that are paid at all.

    Returns
    -------
    dict
        ``key`` (who, and where the rule asks for it which group and hospital) [texts], ``row`` (from 0), ``admission``
        and ``discharge`` [days since 1970-01-01], ``excused``: one place a stay.
    """
    admission, discharge = cases.numbers["admission_date"], cases.numbers["discharge_date"]
    trimmed = pc.utf8_trim_whitespace(cases.person)
    known = pc.fill_null(pc.not_equal(trimmed, ""), fill_value=False).to_numpy(zero_copy_only=False)
    known = known & taking_part & (admission != MISSING) & (discharge != MISSING)
    wanted = [
        coded
        for asked, coded in ((rule.same_group, cases.coded["drg"]), (rule.same_hospital, cases.coded["hospital"]))
        if asked
    ]
    for coded in wanted:
        known &= coded.codes >= 0
    rows = np.flatnonzero(known)
    key = trimmed.take(pa.array(rows)).cast(pa.large_string())
    for coded in wanted:
        names = pa.array([*coded.names, ""], pa.large_string()).take(pa.array(coded.codes[rows]))
        key = pc.binary_join_element_wise(key, names, pa.scalar("\x1f", pa.large_string()))
    return {
        "key": key,
        "row": rows,
        "admission": admission[rows],
        "discharge": discharge[rows],
        "excused": _excused(cases, rule)[rows],
    }


def _excused(cases: CaseTable, rule: Readmission) -> NDArray[np.bool_]:
    groups = np.array([*(name.startswith(rule.exempt_groups) for name in cases.group_names), False], bool)
    excused: NDArray[np.bool_] = groups[cases.group_code]
    reasons = cases.coded.get("readmission_reason")
    if reasons is not None:
        excused |= np.array([*(name in rule.exempt for name in reasons.names), False], bool)[reasons.codes]
    return excused


def share_left(rule: Readmission) -> Fraction:
    """Return the part of the earlier stay's points that is left.

    Examples
    --------
    >>> share_left(Readmission(days=15, effect="halve_earlier"))
    Fraction(1, 2)
    """
    if rule.effect == "halve_earlier":
        return Fraction(1, 2)
    if rule.effect == "reduce_earlier":
        return 1 - Fraction(rule.share or 0)
    return Fraction(0) if rule.effect == "earlier_unpaid" else Fraction(1)
