"""What is odd about a table of cases though every row can be settled: misspelt columns, two tiers, sums, dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_columns import COLUMNS, MISSING, near_column
from actuary.payment.cases import CaseTable
from actuary.payment.payers import payers_beside_charge, usual_payers

__all__ = ["CaseOddities", "odd_about"]

#: Hospitals with several tiers that are named one by one.
_SHOWN_HOSPITALS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOddities:
    """Count what is odd about a table, so that parts of it can be put together.

    Parameters
    ----------
    misspelt : tuple of str
        Remarks on columns that are not read.
    payers : tuple of str
        Columns of what others paid.
    tiers : mapping of str to tuple of str
        Tiers with which each hospital stands.
    above, below : int
        Cases whose charge and payments of others are more, and less, than the bill.
    turned : int
        Cases discharged before they were admitted.
    """

    misspelt: tuple[str, ...] = ()
    payers: tuple[str, ...] = ()
    tiers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    above: int = 0
    below: int = 0
    turned: int = 0

    def joined(self, other: CaseOddities) -> CaseOddities:
        """Return what is odd about two parts of one table together.

        Examples
        --------
        >>> one, other = CaseOddities(tiers={"H1": ("2",)}, turned=1), CaseOddities(tiers={"H1": ("3",)}, turned=2)
        >>> one.joined(other).remarks()
        ['hospital H1 stands with several tiers: 2, 3', '3 cases were discharged before they were admitted']
        """
        hospitals = sorted({*self.tiers, *other.tiers})
        return CaseOddities(
            misspelt=self.misspelt or other.misspelt,
            payers=self.payers or other.payers,
            tiers={name: tuple(sorted({*self.tiers.get(name, ()), *other.tiers.get(name, ())})) for name in hospitals},
            above=self.above + other.above,
            below=self.below + other.below,
            turned=self.turned + other.turned,
        )

    def remarks(self) -> list[str]:
        """Return what is odd, one remark a line."""
        found = list(self.misspelt)
        several = {name: tiers for name, tiers in self.tiers.items() if len(tiers) > 1}
        found += [
            f"hospital {hospital} stands with several tiers: {', '.join(several[hospital])}"
            for hospital in sorted(several)[:_SHOWN_HOSPITALS]
        ]
        if len(several) > _SHOWN_HOSPITALS:
            found.append(f"{len(several):,} hospitals in all stand with several tiers")
        if self.above or self.below:
            names = " + ".join(("fund_charged", *self.payers))
            found.append(
                f"{names} is more than total_cost in {self.above:,} cases and less in {self.below:,}; they are taken "
                "as they stand"
            )
        if self.turned:
            found.append(f"{self.turned:,} cases were discharged before they were admitted")
        return found


def odd_about(cases: CaseTable, rows: NDArray[np.bool_]) -> CaseOddities:
    """Count what is odd about a table.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    rows : bool (cases)
        Cases that nothing keeps from being paid.

    Examples
    --------
    >>> import pandas as pd
    >>> from actuary.payment.case_files import read_cases
    >>> stays = {"case_id": ["a"], "hospital": ["H1"], "insurance": ["employee"], "drg": ["AA11"], "total_cost": [9],
    ...          "day_surgry": [1]}
    >>> odd_about(read_cases(pd.DataFrame(stays)), np.ones(1, bool)).remarks()
    ["the column 'day_surgry' is not read; did you mean 'day_surgery'?"]
    """
    misspelt = tuple(
        f"the column {near!r} is not read; did you mean {name!r}?"
        for name in COLUMNS
        if not cases.has(name) and (near := near_column(name, cases.unread))
    )
    above, below = payers_beside_charge(cases, rows)
    return CaseOddities(
        misspelt=misspelt,
        payers=tuple(usual_payers(cases.numbers)),
        tiers=_tiers(cases),
        above=above,
        below=below,
        turned=_turned_dates(cases, rows),
    )


def _tiers(cases: CaseTable) -> dict[str, tuple[str, ...]]:
    """Return the tiers of each hospital that has one."""
    width = len(cases.tier_names) + 1
    places = (len(cases.hospital_names) + 1) * width
    pairs = np.bincount((cases.hospital_code + 1) * np.int64(width) + cases.tier_code + 1, minlength=places)
    stands = pairs.reshape(-1, width)[1:, 1:] > 0
    return {
        cases.hospital_names[hospital]: tuple(
            sorted(cases.tier_names[tier] for tier in np.flatnonzero(stands[hospital]).tolist())
        )
        for hospital in np.flatnonzero(stands.any(axis=1)).tolist()
    }


def _turned_dates(cases: CaseTable, rows: NDArray[np.bool_]) -> int:
    if not (cases.has("admission_date") and cases.has("discharge_date")):
        return 0
    begin, end = cases.numbers["admission_date"], cases.numbers["discharge_date"]
    return int(((end < begin) & (end != MISSING) & rows).sum())
