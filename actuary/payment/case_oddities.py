"""What is odd about a table of cases though every row can be settled: misspelt columns, two tiers, sums, dates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_columns import COLUMNS, MISSING, near_column
from actuary.payment.cases import CaseTable
from actuary.payment.payers import payers_beside_charge

__all__ = ["odd_about"]

#: Hospitals with several tiers that are named one by one.
_SHOWN_HOSPITALS = 5


def odd_about(cases: CaseTable, rows: NDArray[np.bool_]) -> list[str]:
    """Return remarks on what is odd about a table.

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
    >>> odd_about(read_cases(pd.DataFrame(stays)), np.ones(1, bool))
    ["the column 'day_surgry' is not read; did you mean 'day_surgery'?"]
    """
    found = [
        f"the column {near!r} is not read; did you mean {name!r}?"
        for name in COLUMNS
        if not cases.has(name) and (near := near_column(name, cases.unread))
    ]
    return found + _several_tiers(cases) + payers_beside_charge(cases, rows) + _turned_dates(cases, rows)


def _several_tiers(cases: CaseTable) -> list[str]:
    width = len(cases.tier_names) + 1
    places = (len(cases.hospital_names) + 1) * width
    pairs = np.bincount((cases.hospital_code + 1) * np.int64(width) + cases.tier_code + 1, minlength=places)
    stands = pairs.reshape(-1, width)[1:, 1:] > 0
    several = np.flatnonzero(stands.sum(axis=1) > 1).tolist()
    found = []
    for hospital in several[:_SHOWN_HOSPITALS]:
        tiers = ", ".join(cases.tier_names[tier] for tier in np.flatnonzero(stands[hospital]).tolist())
        found.append(f"hospital {cases.hospital_names[hospital]} stands with several tiers: {tiers}")
    if len(several) > _SHOWN_HOSPITALS:
        found.append(f"{len(several):,} hospitals in all stand with several tiers")
    return found


def _turned_dates(cases: CaseTable, rows: NDArray[np.bool_]) -> list[str]:
    if not (cases.has("admission_date") and cases.has("discharge_date")):
        return []
    begin, end = cases.numbers["admission_date"], cases.numbers["discharge_date"]
    turned = int(((end < begin) & (end != MISSING) & rows).sum())
    return [f"{turned:,} cases were discharged before they were admitted"] if turned else []
