"""Stays as indicators read them, and which of them indicators rest on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, raise_all
from actuary.payment.indicator_limits import IndicatorLimits

__all__ = ["IndicatorStays", "indicator_base"]

type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndicatorStays:
    """Hold the stays that indicators are computed from; arrays have one place a case.

    Parameters
    ----------
    hospitals, groups : tuple of str
        Names.
    hospital_code, group_code : int array
        Places among them; -1: no hospital, not grouped.
    cost_fen : int64 array
        Costs [fen].
    valid : bool array
        Whether the case can be read; one that failed quality control is valid and not grouped.
    weights : tuple of Fraction or None
        Weight of each group; None where it has none.
    days : int64 array, optional
        Lengths of stay, -1 where unknown.
    died : bool array, optional
        Deaths in hospital.
    charged_fen, standard_fen : int64 array, optional
        Fund money charged item by item, and what the fund pays by the rule [fen]; a negative charge is unknown.
    """

    hospitals: tuple[str, ...]
    groups: tuple[str, ...]
    hospital_code: IntArray
    group_code: IntArray
    cost_fen: IntArray
    valid: BoolArray
    weights: tuple[Fraction | None, ...]
    days: IntArray | None = None
    died: BoolArray | None = None
    charged_fen: IntArray | None = None
    standard_fen: IntArray | None = None

    def __post_init__(self) -> None:
        size = len(self.cost_fen)
        names = ("hospital_code", "group_code", "valid", "days", "died", "charged_fen", "standard_fen")
        lengths = {name: len(array) for name in names if (array := getattr(self, name)) is not None}
        problems = [
            Problem(name, f"{length} places", f"{size}, one a case")
            for name, length in lengths.items()
            if length != size
        ]
        if len(self.weights) != len(self.groups):
            problems.append(Problem("weights", f"{len(self.weights)}", f"{len(self.groups)}, one a group"))
        raise_all(problems, TableError)


def indicator_base(stays: IndicatorStays, limits: IndicatorLimits) -> BoolArray:
    """Return which cases the indicators rest on: those that can be read, are not too long and cost enough.

    Parameters
    ----------
    stays : IndicatorStays
        The stays.
    limits : IndicatorLimits
        The limits.
    """
    base = stays.valid & (stays.hospital_code >= 0)
    base &= stays.cost_fen >= math.ceil(limits.cost_under_yuan.exact * 100)
    return base if stays.days is None else base & (stays.days <= math.floor(limits.stay_days_over.exact))
