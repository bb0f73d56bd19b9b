"""Exact sums over cases by hospital, tier, group, department, insurance and month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from actuary.payment.cases import CaseTable
from actuary.payment.chunks import sums_by_code

__all__ = ["SUM_KEYS", "CaseKey", "case_keys"]

#: By what cases are added up, as far as the table says it.
SUM_KEYS: Final = ("hospital", "tier", "drg", "department", "insurance", "month")


@dataclass(frozen=True, slots=True, eq=False)
class CaseKey:
    """Hold one way to sort cases.

    Parameters
    ----------
    names : tuple of str
        Names that have cases, in their order; an empty one for cases without a name.
    codes : int32 (cases)
        Place of each case among the names.
    """

    names: tuple[str, ...]
    codes: NDArray[np.int32]

    def add(self, amounts: NDArray[np.int64], *, threads: int = 1) -> list[int]:
        """Return the sum of each name, exactly.

        Parameters
        ----------
        amounts : int64 (cases)
            Numbers of any size.
        threads : int
            Threads.
        """
        return sums_by_code(self.codes, amounts, len(self.names), threads=threads)

    def count(self, rows: NDArray[np.bool_] | None = None) -> list[int]:
        """Return how many cases each name has, of all or of some rows."""
        codes = self.codes if rows is None else self.codes[rows]
        counts: list[int] = np.bincount(codes, minlength=len(self.names)).tolist()
        return counts


def case_keys(table: CaseTable, keys: tuple[str, ...] = SUM_KEYS) -> dict[str, CaseKey]:
    """Return the ways to sort the cases of a table.

    Parameters
    ----------
    table : CaseTable
        The cases.
    keys : tuple of str
        Names among :data:`SUM_KEYS`; those that the table does not have are left out.

    Examples
    --------
    >>> from actuary.payment.case_files import read_cases
    >>> import pandas as pd
    >>> stays = {"case_id": ["a", "b", "c"], "hospital": ["H2", "H1", "H2"], "insurance": ["employee"] * 3,
    ...          "drg": ["AA11"] * 3, "total_cost": [1, 2, 3]}
    >>> key = case_keys(read_cases(pd.DataFrame(stays)))["hospital"]
    >>> key.names, key.add(np.array([100, 200, 300])), key.count()
    (('H1', 'H2'), [200, 400], [1, 2])
    """
    found = {}
    for key in keys:
        coded = table.coded.get(key)
        if coded is None:
            continue
        names = (*coded.names, "")
        codes = np.where(coded.codes < 0, len(coded.names), coded.codes)
        counts = np.bincount(codes, minlength=len(names))
        order = sorted(np.flatnonzero(counts).tolist(), key=lambda place: (names[place] == "", names[place]))
        place_of = np.zeros(len(names), np.int32)
        place_of[order] = np.arange(len(order), dtype=np.int32)
        found[key] = CaseKey(tuple(names[place] for place in order), place_of[codes])
    return found
