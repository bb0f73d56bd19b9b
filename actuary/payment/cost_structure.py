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
from actuary.kernels.cost_cells import COST_BITS
from actuary.payment.exact import exact_sum

__all__ = [
    "ITEM_CLASSES",
    "AdjustedCosts",
    "StructureSums",
    "adjust_structure",
    "sum_structure",
    "used_cases",
]

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


@dataclass(frozen=True, slots=True)
class StructureSums:
    """Hold what the classes of items of some cases add up to; sums of parts add up to those of the whole.

    Parameters
    ----------
    totals : tuple of int
        By class, in the order of :data:`ITEM_CLASSES` [fen].

    Examples
    --------
    >>> one = StructureSums((1, 2, 3, 4, 5))
    >>> (one + one).whole
    30
    """

    totals: tuple[int, ...] = (0,) * len(ITEM_CLASSES)

    def __add__(self, other: StructureSums) -> StructureSums:
        """Return the sums of two parts together."""
        return StructureSums(tuple(a + b for a, b in zip(self.totals, other.totals, strict=True)))

    @property
    def whole(self) -> int:
        """All costs [fen]."""
        return sum(self.totals)

    def shares(self) -> dict[str, Fraction]:
        """Return the share of each class in all costs.

        Raises
        ------
        TableError
            When a class is empty in all cases, so that no number brings it to a fifth.
        """
        raise_all(
            [
                Problem(f"column {name}", "0 in every case that is used", "a cost of this class in some case")
                for name, total in zip(ITEM_CLASSES, self.totals, strict=True)
                if not total
            ],
            TableError,
        )
        return {name: Fraction(total, self.whole) for name, total in zip(ITEM_CLASSES, self.totals, strict=True)}

    def adjust(self, cost_fen: NDArray[np.int64], classes: Mapping[str, NDArray[np.int64]]) -> NDArray[np.int64]:
        """Return the adjusted costs of cases, all or a part of those that were added up [fen].

        Parameters
        ----------
        cost_fen, classes :
            As in :func:`adjust_structure`; a case that is left out gets 0.

        Raises
        ------
        TableError
            As :meth:`shares`; or when a class is so rare that a fifth of all costs would fall on single cases, beyond
            the highest cost that can be sorted.
        """
        shares = self.shares()
        adjusted = np.zeros(cost_fen.shape, dtype=np.float64)
        for name, share in shares.items():
            adjusted += classes[name] * float(1 / (len(ITEM_CLASSES) * share))
        rounded = np.where(used_cases(cost_fen, classes), np.floor(adjusted + 0.5), 0).astype(np.int64)
        if int(rounded.max(initial=0)) >> COST_BITS:
            rarest = min(shares, key=lambda name: shares[name])
            part, highest = float(shares[rarest]), rounded.max() / 100
            said = f"{part:.2g} of all costs, so that a case would cost {highest:,.0f} yuan"
            mend = "give the five classes of items of all cases, or take charges as basis"
            raise TableError(Problem(f"column {rarest}", said, "a class of items that most cases have", mend))
        return rounded


def used_cases(cost_fen: NDArray[np.int64], classes: Mapping[str, NDArray[np.int64]]) -> NDArray[np.bool_]:
    """Say which cases have five classes of items, none negative, that add up to their cost.

    Parameters
    ----------
    cost_fen, classes :
        As in :func:`adjust_structure`.

    Raises
    ------
    TableError
        When a class is missing.
    """
    missing = [
        Problem(f"column {name}", "no such column", "the five classes of items", "give them, or take charges as basis")
        for name in ITEM_CLASSES
        if name not in classes
    ]
    raise_all(missing, TableError)
    parts = [classes[name] for name in ITEM_CLASSES]
    used: NDArray[np.bool_] = np.logical_and.reduce([part >= 0 for part in parts])
    used &= np.add.reduce(parts) == cost_fen
    return used


def sum_structure(cost_fen: NDArray[np.int64], classes: Mapping[str, NDArray[np.int64]]) -> StructureSums:
    """Add up the classes of items of the cases that are used.

    Parameters
    ----------
    cost_fen, classes :
        As in :func:`adjust_structure`; the cases may be a part of all.

    Raises
    ------
    TableError
        When a class is missing.
    """
    used = used_cases(cost_fen, classes)
    return StructureSums(tuple(exact_sum(classes[name][used]) for name in ITEM_CLASSES))


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
    sums = sum_structure(cost_fen, classes)
    rounded = sums.adjust(cost_fen, classes)
    return AdjustedCosts(
        cost_fen=rounded,
        used=used_cases(cost_fen, classes),
        shares=sums.shares(),
        residual_fen=exact_sum(rounded) - sums.whole,
    )
