"""Day surgery (日间手术): a listed operation without a night in hospital, paid like the stay it replaces or a part."""

from __future__ import annotations

from actuary.payment.declared_classes import DaySurgery
from actuary.payment.exact import RoundingMode, as_fraction, in_units

__all__ = ["applies_to", "day_surgery_amount"]


def applies_to(rule: DaySurgery, group: str) -> bool:
    """Say whether a group is on the list of day surgery.

    Examples
    --------
    >>> applies_to(DaySurgery(pay="standard", groups=("CB39",)), "CB39")
    True
    """
    return not rule.groups or group in rule.groups


def day_surgery_amount(
    cost_fen: int, standard_fen: int, rule: DaySurgery, *, group: str, mode: RoundingMode = "half_up"
) -> int | None:
    """Return what a case of day surgery is paid [fen]; None for a group off the list, which is settled like any other.

    Parameters
    ----------
    cost_fen : int
        Cost of the case [fen].
    standard_fen : int
        Payment standard of the group's inpatient stay [fen].
    rule : DaySurgery
        standard: the inpatient standard; flat: a share of it; actual: the cost.
    group : str
        Group of the case.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Examples
    --------
    >>> rule = DaySurgery(pay="flat", share="0.9", groups=("CB39",))
    >>> day_surgery_amount(410_000, 500_000, rule, group="CB39")
    450000
    >>> day_surgery_amount(410_000, 500_000, rule, group="GB15") is None
    True
    """
    if not applies_to(rule, group):
        return None
    if rule.pay == "actual":
        return cost_fen
    share = as_fraction(1 if rule.share is None or rule.pay == "standard" else rule.share)
    return in_units(standard_fen * share, 0, mode)
