"""What a month comes to: charges against standards, official adjustments, averages a case."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from actuary.errors import ActuaryError, Problem
from actuary.payment.exact import Number, RoundingMode, as_fraction, in_units

__all__ = ["MonthResult", "average_per_case", "value_of_points"]


@dataclass(frozen=True, slots=True)
class MonthResult:
    """Hold the totals of a month, of a hospital or of one case.

    Parameters
    ----------
    cost_fen : int
        Charges [fen].
    standard_fen : int
        Amount by the payment standard [fen].
    cases : int
        Number of cases.
    adjustment_fen : int
        Official adjustment [fen]: stays that are paid as charged carry neither gain nor loss there.

    Examples
    --------
    >>> month = MonthResult(134_286_605, 150_093_812, cases=200, adjustment_fen=583_877)
    >>> month.gain_fen, month.official_gain_fen, month.mean_cost_fen
    (15807207, 16391084, 671433)
    """

    cost_fen: int
    standard_fen: int
    cases: int = 1
    adjustment_fen: int = 0

    @property
    def gain_fen(self) -> int:
        """Standard less charges [fen]; negative for a loss."""
        return self.standard_fen - self.cost_fen

    @property
    def official_gain_fen(self) -> int:
        """Gain with the official adjustment [fen]."""
        return self.gain_fen + self.adjustment_fen

    @property
    def gain_over_cost(self) -> Fraction | None:
        """Gain over charges [share]; None without charges."""
        return Fraction(self.gain_fen, self.cost_fen) if self.cost_fen else None

    @property
    def mean_cost_fen(self) -> int:
        """Charges a case [fen], half up."""
        return average_per_case(self.cost_fen, self.cases)


def average_per_case(amount_fen: int, cases: int, *, mode: RoundingMode = "half_up") -> int:
    """Return an amount a case, rounded to the fen.

    Parameters
    ----------
    amount_fen : int
        Amount of all the cases [fen].
    cases : int
        Number of cases, 1 or more.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Raises
    ------
    ActuaryError
        When there are no cases.

    Examples
    --------
    >>> average_per_case(14_783_115, 261)
    56640
    """
    if cases < 1:
        raise ActuaryError(Problem("cases", str(cases), "1 or more", "an average of no cases does not exist"))
    return in_units(Fraction(amount_fen, cases), 0, mode)


def value_of_points(points: Number, point_value: Number, *, mode: RoundingMode = "half_up") -> int:
    """Return what points or a DIP score are worth [fen]: points × point value [yuan], rounded once.

    Examples
    --------
    >>> value_of_points(174_098, 64)
    1114227200
    """
    return in_units(as_fraction(points) * as_fraction(point_value), 2, mode)
