"""Structure adjustment (费用结构调整): give each of five classes of items the same share of all costs.

Charges over-state drugs and materials and under-state the work of people, so a weight from charges follows the price
list. The five classes (medical, nursing, technical, drugs and materials, management) are each brought to 20 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, raise_all
from actuary.payment.exact import exact_sum

__all__ = ["ITEM_CLASSES", "AdjustedCosts", "adjust_structure"]

#: Columns of the five classes [fen], in the order of the indicator handbooks.
ITEM_CLASSES = ("medical_cost", "nursing_cost", "technical_cost", "drug_cost", "management_cost")


@dataclass(frozen=True, slots=True, eq=False)
class AdjustedCosts:
    """Hold adjusted costs.

    Parameters
    ----------
    cost_fen : int64 array, shape (case,)
        Adjusted cost, rounded to the fen; 0 where the case is left out [fen].
    used : bool array, shape (case,)
        Cases whose five classes add up to their cost.
    shares : mapping of str to Fraction
        Share of each class in all costs before the adjustment.
    residual_fen : int
        Adjusted less given costs: what rounding each case to the fen adds [fen].
    """

    cost_fen: NDArray[np.int64]
    used: NDArray[np.bool_]
    shares: Mapping[str, Fraction]
    residual_fen: int


def adjust_structure(cost_fen: NDArray[np.int64], classes: Mapping[str, NDArray[np.int64]]) -> AdjustedCosts:
    """Adjust costs so that every class of items has the same share of their sum.

    The rule asks for equal shares and leaves open how a case is adjusted. Our reading: each class is multiplied by one
    number for all cases, ``C' = sum over c of C_c x (1/5) / share_c`` with ``share_c = sum C_c / sum C``. The sum of
    costs stays as it was.

    Parameters
    ----------
    cost_fen : int64 array, shape (case,)
        Costs [fen].
    classes : mapping of str to int64 array, shape (case,)
        The five classes by name [fen]. A case whose classes do not add up to its cost, or hold a negative one, is left
        out.

    Returns
    -------
    AdjustedCosts
        Adjusted costs.

    Raises
    ------
    TableError
        When a class is missing, or is empty in all cases so that no number brings it to a fifth.

    Examples
    --------
    >>> cost = np.array([1000, 1000])
    >>> shared = {name: np.array([100, 100]) for name in ITEM_CLASSES}
    >>> shared["drug_cost"] = np.array([600, 600])
    >>> adjust_structure(cost, shared).cost_fen.tolist()
    [1000, 1000]
    """
    missing = [
        Problem(f"column {name}", "no such column", "the five classes of items", "give them, or take charges as basis")
        for name in ITEM_CLASSES
        if name not in classes
    ]
    raise_all(missing, TableError)
    parts = [classes[name] for name in ITEM_CLASSES]
    used = np.logical_and.reduce([part >= 0 for part in parts]) & (np.add.reduce(parts) == cost_fen)
    totals = [exact_sum(part[used]) for part in parts]
    whole = sum(totals)
    raise_all(
        [
            Problem(f"column {name}", "0 in every case that is used", "a cost of this class in some case")
            for name, total in zip(ITEM_CLASSES, totals, strict=True)
            if not total
        ],
        TableError,
    )
    adjusted = np.zeros(cost_fen.shape, dtype=np.float64)
    for part, total in zip(parts, totals, strict=True):
        adjusted += part * float(Fraction(whole, len(parts) * total))
    rounded = np.where(used, np.floor(adjusted + 0.5), 0).astype(np.int64)
    return AdjustedCosts(
        cost_fen=rounded,
        used=used,
        shares={name: Fraction(total, whole) for name, total in zip(ITEM_CLASSES, totals, strict=True)},
        residual_fen=exact_sum(rounded) - whole,
    )
