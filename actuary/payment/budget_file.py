"""The shape of the TOML file in which a user declares a budget."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from actuary.payment.declared_values import NonNegative, Share
from actuary.policy.shapes import Shape, Text

__all__ = ["BudgetFile", "StepRow"]


class StepRow(Shape):
    """Hold one step of a budget.

    Attributes
    ----------
    name : str
        What the part is for.
    source : str
        Where the figure stands, or ``user``.
    insurance : str
        Insurance it is taken from; ``all`` for every one.
    share : Decimal or None
        Share of the base, 0-1.
    amount_yuan : Decimal or None
        Amount instead [yuan].
    base : {"start", "remaining"}
        What a share is taken of.
    """

    name: Text
    source: Text
    insurance: Text = "all"
    share: Share | None = None
    amount_yuan: NonNegative | None = None
    base: Literal["start", "remaining"] = "start"


class BudgetFile(Shape):
    """Hold a declared budget.

    Attributes
    ----------
    income_yuan : Decimal or None
        Expected income of the year [yuan], divided by `insurance_share`.
    insurance_share : mapping
        Share of each insurance in the income, 0-1.
    budget_yuan : mapping
        Amount of each insurance, instead of the two [yuan].
    adjust_share : Decimal
        Share of each pool kept as adjusting fund, 0-1.
    step : tuple of StepRow
        Parts taken out, in order.
    """

    income_yuan: NonNegative | None = None
    insurance_share: Mapping[str, Share] = {}
    budget_yuan: Mapping[str, NonNegative] = {}
    adjust_share: Share = Decimal(0)
    step: tuple[StepRow, ...] = ()
