"""Units of money, people and shares: named once, converted exactly.

Inside the package funds are float64 yuan, people are persons and shares are 0–1. 万元, 亿元 and 万人 exist only
where tables are read (in) and where the report is written (out).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from actuary.errors import Problem, UnitError, unknown_name

__all__ = ["UNITS", "Unit", "base_unit", "convert", "get_unit"]


@dataclass(frozen=True, slots=True)
class Unit:
    """Name a unit, what it measures and its exact size in the base unit of that quantity.

    Parameters
    ----------
    name : str
        Name used in tables and declarations.
    quantity : str
        What it measures; units of one quantity convert into each other.
    factor : Decimal
        Size in the base unit of the quantity.
    zh, en : str
        Label in a report.
    """

    name: str
    quantity: str
    factor: Decimal
    zh: str
    en: str


def _unit(name: str, quantity: str, factor: str, zh: str, en: str) -> tuple[str, Unit]:
    return name, Unit(name, quantity, Decimal(factor), zh, en)


UNITS: dict[str, Unit] = dict(
    (
        _unit("yuan", "money", "1", "元", "yuan"),
        _unit("fen", "money", "0.01", "分", "fen"),
        _unit("10k_yuan", "money", "10000", "万元", "10,000 yuan"),
        _unit("100m_yuan", "money", "100000000", "亿元", "100 m yuan"),
        _unit("yuan_per_year", "money per year", "1", "元/年", "yuan a year"),
        _unit("yuan_per_month", "money per year", "12", "元/月", "yuan a month"),
        _unit("persons", "people", "1", "人", "persons"),
        _unit("10k_persons", "people", "10000", "万人", "10,000 persons"),
        _unit("visits", "visits", "1", "人次", "visits"),
        _unit("10k_visits", "visits", "10000", "万人次", "10,000 visits"),
        _unit("100m_visits", "visits", "100000000", "亿人次", "100 m visits"),
        _unit("employers", "employers", "1", "户", "employers"),
        _unit("10k_employers", "employers", "10000", "万户", "10,000 employers"),
        _unit("share", "share", "1", "", "share"),
        _unit("pct", "share", "0.01", "%", "%"),
        _unit("per_1000", "share", "0.001", "‰", "per 1,000"),
        _unit("ratio", "ratio", "1", "倍", "ratio"),
        _unit("months", "months", "1", "个月", "months"),
        _unit("years", "years", "1", "年", "years"),
        _unit("days", "days", "1", "天", "days"),
        _unit("count", "count", "1", "个", "count"),
        _unit("weight", "weight", "1", "权重", "weights"),
        _unit("index", "index", "1", "指数", "index"),
        _unit("flag", "flag", "1", "", "flag"),
        _unit("date", "date", "1", "", "date"),
        _unit("jpy", "money abroad (JPY)", "1", "日元", "yen"),
        _unit("usd", "money abroad (USD)", "1", "美元", "US dollars"),
    )
)

_BASE = {unit.quantity: unit.name for unit in UNITS.values() if unit.factor == 1}


def get_unit(name: str, *, where: str = "unit") -> Unit:
    """Return the unit of that name.

    Parameters
    ----------
    name : str
        A key of :data:`UNITS`.
    where : str
        Where the name was written, for the message.

    Raises
    ------
    UnitError
        When the unit is unknown; the message names the nearest one.

    Examples
    --------
    >>> get_unit("100m_yuan").zh
    '亿元'
    """
    if name not in UNITS:
        raise UnitError(unknown_name(where, name, UNITS, what="unit"))
    return UNITS[name]


def base_unit(name: str) -> str:
    """Return the base unit of the quantity that a unit measures.

    Examples
    --------
    >>> base_unit("10k_persons"), base_unit("pct")
    ('persons', 'share')
    """
    return _BASE[get_unit(name).quantity]


def convert(value: str | int | float | Decimal, source: str, target: str | None = None) -> float:
    """Convert one value between units of one quantity, exactly, rounding only to float64 at the end.

    Parameters
    ----------
    value : str, int, float or Decimal
        The number; text and Decimal keep every printed digit, a float is taken by its shortest text.
    source : str
        Unit it is in.
    target : str, optional
        Unit wanted; the base unit of the quantity when left out.

    Returns
    -------
    float
        The value in `target`.

    Raises
    ------
    UnitError
        When a unit is unknown, the two measure different things, or the value is not a number.

    Examples
    --------
    >>> convert("190.6", "100m_yuan") - convert("160.4", "100m_yuan")
    3020000000.0
    >>> convert("79.8", "pct")
    0.798
    """
    origin = get_unit(source)
    goal = get_unit(target if target is not None else base_unit(source))
    if origin.quantity != goal.quantity:
        raise UnitError(
            Problem(f"{source} to {goal.name}", origin.quantity, goal.quantity, "choose units of one quantity")
        )
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise UnitError(Problem(f"value in {source}", repr(value), "a number")) from None
    return float(number * origin.factor / goal.factor)
