"""Payment by single disease (单病种付费): an agreed price, or what it cost where that is less; implants apart."""

from __future__ import annotations

from typing import Literal

from actuary.errors import ActuaryError, Problem
from actuary.payment.declared_values import Positive, TierName
from actuary.payment.exact import yuan_to_fen
from actuary.policy.shapes import Shape, Text

__all__ = ["SingleDiseasePrice", "single_disease_amount"]


class SingleDiseasePrice(Shape):
    """Agree on the price of a disease with its main treatment.

    Attributes
    ----------
    disease : str
        Name or code of the disease.
    tier : str
        Tier of hospitals, or ``*``.
    price : Decimal
        Agreed price [yuan, at most two decimals].
    form : str
        fixed: the price whatever it cost; lower_of: the price or the cost, whichever is less.
    """

    disease: Text
    tier: TierName = "*"
    price: Positive
    form: Literal["fixed", "lower_of"] = "fixed"


def single_disease_amount(cost_fen: int, price: SingleDiseasePrice, *, apart_fen: int = 0) -> int:
    """Return what a case of a single disease is paid [fen].

    Implants on the exclusion list are charged apart: they leave the cost before it is compared, and are paid on top.

    Parameters
    ----------
    cost_fen : int
        Cost of the case, excluded implants included [fen].
    price : SingleDiseasePrice
        The agreed price.
    apart_fen : int
        Excluded implants [fen], part of the cost.

    Raises
    ------
    ActuaryError
        When the implants are negative or exceed the cost.

    Examples
    --------
    >>> agreed = SingleDiseasePrice(disease="K80.2", price=9000, form="lower_of")
    >>> single_disease_amount(1_150_000, agreed, apart_fen=300_000), single_disease_amount(1_150_000, agreed)
    (1150000, 900000)
    """
    if not 0 <= apart_fen <= cost_fen:
        raise ActuaryError(Problem("excluded implants", f"{apart_fen} fen", f"from 0 to the cost, {cost_fen} fen"))
    agreed = yuan_to_fen(price.price)
    inside = cost_fen - apart_fen
    return (agreed if price.form == "fixed" else min(agreed, inside)) + apart_fen
