"""Divide an amount of money between several, so that nothing is lost: every fen is in a share or in the residual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

from actuary.errors import ActuaryError, Problem, unknown_name
from actuary.payment.exact import Number, RoundingMode, as_fraction, in_units

__all__ = ["RESIDUAL_RULES", "DividedPool", "ResidualRule", "apportion", "divide_pool"]

#: What becomes of the fen that rounding leaves: booked apart, or handed out one by one to the largest remainders.
ResidualRule = Literal["booked", "largest_remainder"]
RESIDUAL_RULES: tuple[ResidualRule, ...] = get_args(ResidualRule)


@dataclass(frozen=True, slots=True)
class DividedPool:
    """Hold the shares of a divided amount and what rounding left of it.

    Parameters
    ----------
    shares_fen : tuple of int
        One share for each weight, in their order [fen].
    residual_fen : int
        Amount less the sum of the shares [fen]; negative when rounding up gave out more than there was.
    """

    shares_fen: tuple[int, ...]
    residual_fen: int


def _exact_weights(weights: Sequence[Number]) -> list[Fraction]:
    exact = [as_fraction(weight) for weight in weights]
    if negative := [number for number, weight in enumerate(exact, 1) if weight < 0]:
        raise ActuaryError(
            Problem(f"weight {negative[0]} of {len(exact)}", str(weights[negative[0] - 1]), "a number of 0 or more")
        )
    return exact


def apportion(amount_fen: int, weights: Sequence[Number]) -> tuple[int, ...]:
    """Divide an amount by weights with the method of largest remainders.

    Every share is rounded toward zero; the fen that are left go one each to the largest remainders, the earlier of
    two equal ones first. The shares add up to the amount.

    Parameters
    ----------
    amount_fen : int
        Amount to divide [fen]; a negative one is divided as its absolute value.
    weights : sequence of int, str, Decimal or Fraction
        Weights, none negative.

    Returns
    -------
    tuple of int
        Shares [fen] in the order of the weights; all 0 when no weight is above 0 and the amount is 0.

    Raises
    ------
    ActuaryError
        When a weight is negative, or there is money but no weight above 0.

    Examples
    --------
    >>> apportion(10_000, [1, 1, 1])
    (3334, 3333, 3333)
    >>> apportion(-101, ["0.5", "0.5"])
    (-51, -50)
    """
    exact = _exact_weights(weights)
    total = sum(exact, Fraction(0))
    if total == 0:
        if amount_fen == 0:
            return (0,) * len(exact)
        raise ActuaryError(
            Problem("weights", "no weight above 0", f"a weight above 0, because {amount_fen} fen are to be divided")
        )
    sign = -1 if amount_fen < 0 else 1
    quotas = [abs(amount_fen) * weight / total for weight in exact]
    shares = [int(quota) for quota in quotas]
    left = abs(amount_fen) - sum(shares)
    order = sorted(range(len(shares)), key=lambda index: (-(quotas[index] - shares[index]), index))
    for index in order[:left]:
        shares[index] += 1
    return tuple(sign * share for share in shares)


def divide_pool(
    amount_fen: int, weights: Sequence[Number], *, residual: ResidualRule = "booked", mode: RoundingMode = "half_up"
) -> DividedPool:
    """Divide a pool by points or other weights, and say what rounding left.

    Parameters
    ----------
    amount_fen : int
        The pool [fen].
    weights : sequence of int, str, Decimal or Fraction
        Points, none negative. A pool without any points is left whole in the residual.
    residual : {"booked", "largest_remainder"}
        Whether each share is rounded by itself and the rest is booked, or the rest is handed out.
    mode : {"half_up", "half_even"}
        How a share is rounded when the rest is booked.

    Returns
    -------
    DividedPool
        Shares and residual; together they are the pool.

    Raises
    ------
    ActuaryError
        When a weight is negative or the rule is unknown.

    Examples
    --------
    >>> divide_pool(10_000, [1, 1, 1])
    DividedPool(shares_fen=(3333, 3333, 3333), residual_fen=1)
    >>> divide_pool(10_000, [1, 1, 1], residual="largest_remainder").residual_fen
    0
    """
    if residual not in RESIDUAL_RULES:
        raise ActuaryError(unknown_name("residual", residual, RESIDUAL_RULES, what="rule"))
    exact = _exact_weights(weights)
    total = sum(exact, Fraction(0))
    if total == 0:
        return DividedPool((0,) * len(exact), amount_fen)
    if residual == "largest_remainder":
        return DividedPool(apportion(amount_fen, exact), 0)
    shares = tuple(in_units(amount_fen * weight / total, 0, mode) for weight in exact)
    return DividedPool(shares, amount_fen - sum(shares))
