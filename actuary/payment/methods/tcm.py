"""Traditional Chinese medicine: the same price as Western treatment for the same disease and result (同病同效同价)."""

from __future__ import annotations

from actuary.payment.declared_values import Number as DeclaredNumber
from actuary.payment.declared_values import Share
from actuary.payment.exact import Number, RoundingMode, as_fraction, in_units
from actuary.policy.shapes import Shape

__all__ = ["SamePriceRule", "same_price_amount"]


class SamePriceRule(Shape):
    """Say when a stay under TCM is paid the Western group's price, and how much more it may be.

    Attributes
    ----------
    min_tcm_share : Decimal
        Least share of TCM treatment in the cost, 0-1, inclusive.
    price_share : Decimal
        Part of the Western group's standard that is paid; 1 is the same price.
    tilt : Decimal
        Addition in favour of TCM, 0-1.
    """

    min_tcm_share: Share
    price_share: DeclaredNumber
    tilt: Share


def same_price_amount(
    western_standard_fen: int,
    rule: SamePriceRule,
    *,
    tcm_share: Number,
    otherwise_fen: int,
    mode: RoundingMode = "half_up",
) -> int:
    """Return what a stay under TCM is paid [fen].

    With enough TCM treatment: Western standard × part × (1 + tilt); with less: what the stay is paid otherwise.

    Parameters
    ----------
    western_standard_fen : int
        Standard of the same disease under Western treatment [fen].
    rule : SamePriceRule
        The rule.
    tcm_share : number
        Share of TCM treatment in the cost of the stay, 0-1.
    otherwise_fen : int
        Payment where the share is too small, such as the medical group without operation [fen].
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Examples
    --------
    >>> rule = SamePriceRule(min_tcm_share="0.6", price_share=1, tilt="0.1")
    >>> [same_price_amount(500_000, rule, tcm_share=share, otherwise_fen=320_000) for share in ("0.6", "0.59")]
    [550000, 320000]
    """
    if as_fraction(tcm_share) < as_fraction(rule.min_tcm_share):
        return otherwise_fen
    return in_units(western_standard_fen * as_fraction(rule.price_share) * (1 + as_fraction(rule.tilt)), 0, mode)
