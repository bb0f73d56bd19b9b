"""Find the cases beyond the yearly number of their group, in the order of discharge.

What uses up a cap is counted by key (the group, or group and hospital) and day, so that parts of the cases can be put
together without their rows: on each day the parts take what is left in their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_cells import Coded
from actuary.payment.case_columns import MISSING
from actuary.payment.cases import CaseTable
from actuary.payment.declaration import PaymentPolicy

__all__ = ["CapUse", "beyond_caps", "places_left", "use_of_caps", "volume_limits"]

type IntArray = NDArray[np.int64]


def volume_limits(policy: PaymentPolicy) -> dict[str, int]:
    """Return the yearly number of cases of each group that has one [count].

    Parameters
    ----------
    policy : PaymentPolicy
        The policy; a weight table prints such numbers too, and what the policy itself says goes before.
    """
    limits = {row.group: row.cap_cases for row in policy.weight_table if row.cap_cases is not None}
    return limits | (dict(policy.volume_cap.groups) if policy.volume_cap is not None else {})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CapUse:
    """Hold what some cases use up of the caps of their groups, by key and day.

    Parameters
    ----------
    rows : int64 (using)
        Rows of the cases that use up a place, by key, day and row.
    entry : int64 (using)
        The entry of each.
    key : int64 (entries)
        Number of the group, or of group and hospital.
    names : tuple of str
        What each entry is counted under, equal wherever its cases stand.
    day : int64 (entries)
        Day of discharge; the highest number where it is not known.
    count : int64 (entries)
        Cases [count].
    limit : int64 (entries)
        The cap of the key [count].
    """

    rows: IntArray
    entry: IntArray
    key: IntArray
    names: tuple[str, ...]
    day: IntArray
    count: IntArray
    limit: IntArray

    def beyond(self, places: IntArray, cases: int) -> NDArray[np.bool_]:
        """Say which cases are one too many, where each entry has some places: its first cases take them.

        Parameters
        ----------
        places : int64 (entries)
            Places of each entry.
        cases : int
            Cases in all.
        """
        beyond = np.zeros(cases, bool)
        begins = np.append(0, np.cumsum(self.count))[:-1]
        turn = np.arange(len(self.rows)) - begins[self.entry]
        beyond[self.rows[turn >= places[self.entry]]] = True
        return beyond


def use_of_caps(
    cases: CaseTable,
    group: Coded,
    caps: Mapping[str, int],
    taking_part: NDArray[np.bool_],
    *,
    by_hospital: bool = False,
) -> CapUse:
    """Count what some cases use up of the caps of their groups.

    Parameters
    ----------
    cases, group, caps, taking_part, by_hospital :
        As in :func:`beyond_caps`; the cases may be a part of those of the year.
    """
    limits = np.array([*(caps.get(name, -1) for name in group.names), -1], np.int64)
    rows = np.flatnonzero(taking_part & (limits[group.codes] >= 0))
    none = np.zeros(len(rows), np.int64)
    days = cases.numbers["discharge_date"][rows] if "discharge_date" in cases.numbers else none
    days = np.where(days == MISSING, np.iinfo(np.int64).max, days)
    hospitals = (*cases.hospital_names, "")
    width = len(hospitals)
    hospital = cases.hospital_code[rows].astype(np.int64) % width if by_hospital else none
    key = group.codes[rows].astype(np.int64) * width + hospital
    order = np.lexsort((days, key))
    rows, key, days = rows[order], key[order], days[order]
    first = np.flatnonzero(np.append(True, (key[1:] != key[:-1]) | (days[1:] != days[:-1]))[: len(rows)])
    of_group, of_hospital = np.divmod(key[first], width)
    names = [group.names[one] for one in of_group.tolist()]
    if by_hospital:
        pairs = zip(names, of_hospital.tolist(), strict=True)
        names = [f"{name}\x1f{hospitals[one]}" for name, one in pairs]
    count = np.diff(np.append(first, len(rows)))
    return CapUse(
        rows=rows,
        entry=np.repeat(np.arange(len(first)), count),
        key=key[first],
        names=tuple(names),
        day=days[first],
        count=count,
        limit=limits[of_group],
    )


def places_left(key: IntArray, day: IntArray, count: IntArray, limit: IntArray) -> IntArray:
    """Return how many cases of each entry lie within the cap of its key.

    Parameters
    ----------
    key, day, count, limit : int64 (entries)
        As in :class:`CapUse`; of one key and day the entry that stands first takes its places first.

    Examples
    --------
    >>> key, day, limit = np.zeros(3, np.int64), np.array([8, 7, 8]), np.full(3, 5)
    >>> places_left(key, day, np.array([4, 3, 1]), limit).tolist()
    [2, 3, 0]
    """
    order = np.lexsort((day, key))
    used = np.append(0, np.cumsum(count[order]))[:-1]
    begins = np.append(True, key[order][1:] != key[order][:-1])[: len(order)]
    before = used - used[np.flatnonzero(begins)][np.cumsum(begins) - 1]
    places = np.zeros(len(order), np.int64)
    places[order] = np.clip(limit[order] - before, 0, count[order])
    return places


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
    use = use_of_caps(cases, group, caps, taking_part, by_hospital=by_hospital)
    return use.beyond(places_left(use.key, use.day, use.count, use.limit), len(cases))
