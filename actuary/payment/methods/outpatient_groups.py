"""Outpatient groups (门诊APG): points by analogy with inpatient groups, and the value of the outpatient pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from actuary.errors import ActuaryError, Problem, raise_all
from actuary.payment.apportion import DividedPool, ResidualRule, divide_pool
from actuary.payment.exact import Number, RoundingMode, as_fraction
from actuary.payment.methods.dip import group_score

__all__ = ["OutpatientPool", "outpatient_points", "settle_outpatient"]


@dataclass(frozen=True)
class OutpatientPool:
    """Hold a settled outpatient pool.

    Parameters
    ----------
    points : mapping of str to Fraction
        Points of each hospital.
    value : Fraction
        Value of a point, before any rounding [yuan].
    divided : DividedPool
        Amounts of the hospitals in the order of `points`, and the residual [fen].
    """

    points: Mapping[str, Fraction]
    value: Fraction
    divided: DividedPool


def outpatient_points(group_means: Mapping[str, Number], *, overall_mean: Number, scale: Number) -> dict[str, Fraction]:
    """Return the points of outpatient groups: mean cost of the group / mean cost of all visits × scale.

    Parameters
    ----------
    group_means : mapping of str to number
        Mean cost of a visit in each group [yuan].
    overall_mean : number
        Mean cost of all visits [yuan].
    scale : number
        Points of an average visit.

    Examples
    --------
    >>> outpatient_points({"A": 150, "B": 60}, overall_mean=120, scale=100)
    {'A': Fraction(125, 1), 'B': Fraction(50, 1)}
    """
    return {group: group_score(mean, overall_mean, scale=scale) for group, mean in group_means.items()}


def settle_outpatient(
    visits: Mapping[str, Mapping[str, int]],
    points: Mapping[str, Number],
    *,
    budget_fen: int,
    residual: ResidualRule = "booked",
    mode: RoundingMode = "half_up",
) -> OutpatientPool:
    """Divide an outpatient budget between hospitals by the points of their visits.

    Parameters
    ----------
    visits : mapping
        Hospital to group to number of visits.
    points : mapping of str to number
        Points of each group.
    budget_fen : int
        Outpatient budget [fen].
    residual : {"booked", "largest_remainder"}
        What becomes of the fen that rounding leaves.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Returns
    -------
    OutpatientPool
        Points, value and amounts.

    Raises
    ------
    ActuaryError
        When a group has no points, or nobody has any.

    Examples
    --------
    >>> pool = settle_outpatient({"H1": {"A": 2}, "H2": {"A": 1}}, {"A": 125}, budget_fen=10_000)
    >>> pool.divided, pool.value
    (DividedPool(shares_fen=(6667, 3333), residual_fen=0), Fraction(4, 15))
    """
    raise_all(
        Problem(f"visits of {hospital}", f"group {group!r} without points", "points for every group with visits")
        for hospital, groups in visits.items()
        for group in groups
        if group not in points
    )
    sums = {
        hospital: sum((as_fraction(points[group]) * count for group, count in groups.items()), Fraction(0))
        for hospital, groups in visits.items()
    }
    total = sum(sums.values(), Fraction(0))
    if total <= 0:
        raise ActuaryError(Problem("visits", "no points in all", "visits of groups with points"))
    divided = divide_pool(budget_fen, list(sums.values()), residual=residual, mode=mode)
    return OutpatientPool(sums, Fraction(budget_fen, 100) / total, divided)
