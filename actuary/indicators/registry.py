"""The registry: every indicator by name."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from actuary.errors import UnknownNameError, raise_all, unknown_name
from actuary.indicators.definition import FAMILIES, Indicator
from actuary.indicators.fact_list import FACT_INDICATORS
from actuary.indicators.fund_list import FUND_INDICATORS
from actuary.indicators.payment_list import PAYMENT_INDICATORS
from actuary.indicators.plan_list import PLAN_INDICATORS
from actuary.indicators.use_list import USE_INDICATORS

__all__ = ["INDICATORS", "get_indicator", "registry_table"]

#: Every indicator, by name.
INDICATORS: dict[str, Indicator] = {
    indicator.name: indicator
    for indicator in (
        *FUND_INDICATORS,
        *FACT_INDICATORS,
        *USE_INDICATORS,
        *PAYMENT_INDICATORS,
        *PLAN_INDICATORS,
    )
}


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


def registry_table(families: Collection[str] | None = None) -> pd.DataFrame:
    """Return one row an indicator: what it is, how it is computed, and where its figures come from.

    Parameters
    ----------
    families : collection of str, optional
        Families wanted; all when left out.

    Returns
    -------
    DataFrame
        Columns family, indicator, zh, en, unit, direction, schemes, frequency, from (``projection``, ``facts``,
        ``cases``, ``targets``), formula, source.

    Raises
    ------
    UnknownNameError
        When there is no such family.

    Examples
    --------
    >>> table = registry_table(["payment"])
    >>> table[table.indicator == "cmi"].zh.item()
    '病例组合指数'
    """
    wanted = check_families(families)
    return pd.DataFrame(
        [
            {
                "family": one.family,
                "indicator": one.name,
                "zh": one.zh,
                "en": one.en,
                "unit": one.unit,
                "direction": one.direction,
                "schemes": ", ".join(one.schemes),
                "frequency": one.frequency,
                "from": ", ".join(_origins(one)),
                "formula": one.formula,
                "source": one.source,
            }
            for one in INDICATORS.values()
            if one.family in wanted
        ]
    )


def check_families(families: Collection[str] | None) -> tuple[str, ...]:
    """Return the families wanted, in order; all of them for None.

    Raises
    ------
    UnknownNameError
        When there is no such family; the message names the nearest one.
    """
    if families is None:
        return FAMILIES
    wrong = [unknown_name("family", name, FAMILIES, what="family") for name in families if name not in FAMILIES]
    raise_all(wrong, UnknownNameError)
    return tuple(name for name in FAMILIES if name in families)


def _origins(indicator: Indicator) -> list[str]:
    origins = {
        "projection": indicator.function is not None,
        "facts": indicator.of_facts is not None,
        "cases": indicator.of_cases,
        "targets": indicator.family == "plan",
    }
    return [name for name, holds in origins.items() if holds]
