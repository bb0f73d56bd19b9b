"""Find the cases beyond the yearly number of their group, in the order of discharge."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_cells import Coded
from actuary.payment.case_columns import MISSING
from actuary.payment.cases import CaseTable

__all__ = ["beyond_caps"]


def beyond_caps(
    cases: CaseTable,
    group: Coded,
    caps: Mapping[str, int],
    taking_part: NDArray[np.bool_],
    *,
    by_hospital: bool = False,
) -> NDArray[np.bool_]:
    """Say which cases lie beyond the cap of their group.

    Parameters
    ----------
    cases : CaseTable
        The cases of one year. The order is that of `discharge_date`, on one day that of the table; cases without a
        date come last.
    group : Coded
        The group each case is paid as.
    caps : mapping of str to int
        Most cases a year by group.
    taking_part : bool (cases)
        Cases that are paid at all; the others use up no place.
    by_hospital : bool
        Whether every hospital has the cap for itself.

    Returns
    -------
    bool (cases)
        Whether the case is one too many.
    """
    beyond = np.zeros(len(cases), bool)
    limits = np.array([*(caps.get(name, -1) for name in group.names), -1], np.int64)
    rows = np.flatnonzero(taking_part & (limits[group.codes] >= 0))
    if not rows.size:
        return beyond
    days = cases.numbers["discharge_date"][rows] if "discharge_date" in cases.numbers else np.zeros(len(rows), np.int64)
    days = np.where(days == MISSING, np.iinfo(np.int64).max, days)
    key = group.codes[rows].astype(np.int64)
    if by_hospital:
        key = key * (len(cases.hospital_names) + 1) + cases.hospital_code[rows] + 1
    order = np.lexsort((days, key))
    sorted_key = key[order]
    begins = np.flatnonzero(np.append(True, sorted_key[1:] != sorted_key[:-1]))
    place = np.arange(len(order)) - np.repeat(begins, np.diff(np.append(begins, len(order))))
    over = place >= limits[group.codes[rows[order]]]
    beyond[rows[order[over]]] = True
    return beyond
