"""The registry: every indicator by name."""

from __future__ import annotations

from actuary.errors import UnknownNameError, unknown_name
from actuary.indicators.definition import Indicator
from actuary.indicators.fund_list import FUND_INDICATORS

__all__ = ["INDICATORS", "get_indicator"]

#: Every indicator, by name.
INDICATORS: dict[str, Indicator] = {indicator.name: indicator for indicator in FUND_INDICATORS}


def get_indicator(name: str, *, where: str = "indicator") -> Indicator:
    """Return the indicator of that name.

    Parameters
    ----------
    name : str
        Name in code.
    where : str
        Where it was written, for the message.

    Raises
    ------
    UnknownNameError
        When there is none; the message names the nearest one.

    Examples
    --------
    >>> get_indicator("payable_months").zh
    '可支付月数'
    """
    if name not in INDICATORS:
        raise UnknownNameError(unknown_name(where, name, INDICATORS, what="indicator"))
    return INDICATORS[name]
