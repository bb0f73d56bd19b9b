"""Payment item by item (按项目付费): the pooled share of what remains after deductions."""

from __future__ import annotations

from collections.abc import Mapping

from actuary.errors import Problem, raise_all
from actuary.payment.exact import Number, RoundingMode, as_fraction, in_units

__all__ = ["item_amount"]


def item_amount(
    cost_fen: int, *, deductions_fen: Mapping[str, int], pooled_share: Number, mode: RoundingMode = "half_up"
) -> int:
    """Return what the pool pays of a bill item by item [fen]: max(0, cost − deductions) × pooled share.

    Parameters
    ----------
    cost_fen : int
        The bill [fen].
    deductions_fen : mapping of str to int
        Fully self-paid, first self-paid, deductible … [fen], none negative.
    pooled_share : number
        Share of the pool in what remains, 0-1.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Raises
    ------
    ActuaryError
        When a deduction is negative or the share lies outside 0-1.

    Examples
    --------
    >>> item_amount(800_000, deductions_fen={"fully_self_paid": 30_000, "deductible": 70_000}, pooled_share="0.8")
    560000
    """
    problems = [Problem(name, f"{part} fen", "0 or more") for name, part in deductions_fen.items() if part < 0]
    share = as_fraction(pooled_share)
    if not 0 <= share <= 1:
        problems.append(Problem("pooled share", str(pooled_share), "a share from 0 to 1"))
    raise_all(problems)
    return in_units(max(cost_fen - sum(deductions_fen.values()), 0) * share, 0, mode)
