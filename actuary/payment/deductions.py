"""What is taken out of a bill before it is compared with its group: negotiated drugs, high-value consumables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from actuary.payment.cases import CaseTable

__all__ = ["deducted_fen"]


def deducted_fen(cases: CaseTable, parts: Sequence[str]) -> NDArray[np.int64] | None:
    """Add up what is taken out of each bill.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    parts : sequence of str
        Columns of money that are taken out, such as ``negotiated_drugs``.

    Returns
    -------
    int64 (cases) or None
        The sum [fen], at most the total cost where the cases are right; None where no case has such a part.
    """
    present = [part for part in parts if part in cases.numbers]
    if not present:
        return None
    total = np.zeros(len(cases), np.int64)
    for part in present:
        total += cases.amount(part)
    return total if total.any() else None
