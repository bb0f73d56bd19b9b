"""How figures are printed: 亿元, 万人, % and months as the published bulletins print them, and billions in English.

Table cells hold full precision in the unit of their column; only here are digits cut, half away from zero, as Excel
and the bulletins do. The same function prints a cell in a table and in the prose, so the two cannot differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from actuary.errors import OutputError, unknown_name
from actuary.report.contracts import Cell, Column
from actuary.units import get_unit

__all__ = [
    "NO_FIGURE",
    "SCALES",
    "Scale",
    "excel_format",
    "format_cell",
    "format_number",
    "number_or_none",
    "scale_in_unit",
    "scale_of",
]

#: Printed where there is no figure.
NO_FIGURE = "—"


@dataclass(frozen=True, slots=True)
class Scale:
    """Say how a quantity is printed.

    Parameters
    ----------
    unit : str
        Unit printed.
    divisor : float
        Base units in one printed unit.
    decimals : int
        Digits after the point.
    """

    unit: str
    divisor: float
    decimals: int

    def show(self, value: float | None) -> float | None:
        """Return a value of the base unit in the printed unit, full precision; None for a missing one."""
        number = number_or_none(value)
        # Through decimals: 0.29 is shown as 29 %, not as 28.999999999999996 %.
        return None if number is None else float(Decimal(repr(number)) / Decimal(repr(self.divisor)))


#: By language, then by quantity. The English unit is larger, so that both languages print the same digits.
SCALES: dict[str, dict[str, Scale]] = {
    "zh": {
        "money": Scale("亿元", 1e8, 1),
        "people": Scale("万人", 1e4, 1),
        "hospital_money": Scale("万元", 1e4, 1),
        "yuan": Scale("元", 1.0, 0),
        "point_value": Scale("元", 1.0, 4),
        "days": Scale("天", 1.0, 1),
        "ratio": Scale("", 1.0, 2),
        "months": Scale("个月", 1.0, 1),
        "share": Scale("%", 0.01, 1),
        "points": Scale("百分点", 0.01, 1),
        "count": Scale("", 1.0, 0),
        "cases": Scale("", 1.0, 0),
    },
    "en": {
        "money": Scale("bn yuan", 1e9, 2),
        "people": Scale("m persons", 1e6, 3),
        "hospital_money": Scale("m yuan", 1e6, 3),
        "yuan": Scale("yuan", 1.0, 0),
        "point_value": Scale("yuan", 1.0, 4),
        "days": Scale("days", 1.0, 1),
        "ratio": Scale("", 1.0, 2),
        "months": Scale("months", 1.0, 1),
        "share": Scale("%", 0.01, 1),
        "points": Scale("pts", 0.01, 1),
        "count": Scale("", 1.0, 0),
        "cases": Scale("", 1.0, 0),
    },
}


def scale_of(lang: str, quantity: str, values: Iterable[float | None] = ()) -> Scale:
    """Return how a quantity is printed in a language.

    People are printed with one digit less where the figures are those of a country, as in the national bulletin.

    Parameters
    ----------
    lang : str
        ``zh`` or ``en``.
    quantity : str
        A key of :data:`SCALES`.
    values : iterable of float, optional
        The figures of the column, in base units.

    Raises
    ------
    OutputError
        When language or quantity is unknown.

    Examples
    --------
    >>> scale_of("zh", "money").unit, scale_of("zh", "people", [379e6]).decimals
    ('亿元', 0)
    """
    if lang not in SCALES:
        raise OutputError(unknown_name("language", lang, SCALES, what="language"))
    if quantity not in SCALES[lang]:
        raise OutputError(unknown_name("quantity", quantity, SCALES[lang], what="quantity"))
    scale = SCALES[lang][quantity]
    known = [abs(value) for value in values if number_or_none(value) is not None and value is not None]
    if quantity == "people" and known and max(known) >= 1e8:
        return Scale(scale.unit, scale.divisor, scale.decimals - 1)
    return scale


#: English units of large figures, by the Chinese unit they are published in: unit, how many of it, digits to move.
_ENGLISH: dict[str, tuple[str, int | Decimal, int]] = {
    "100m_yuan": ("bn yuan", 10, 1),
    "10k_yuan": ("m yuan", 100, 2),
    "10k_persons": ("m persons", 100, 2),
    "10k_visits": ("m visits", 100, 2),
    "100m_visits": ("bn visits", 10, 1),
    "10k_employers": ("k employers", Decimal("0.1"), -1),
}
#: Digits after the point where a figure was not published as text, by unit.
_DECIMALS = {"100m_yuan": 1, "10k_yuan": 1, "10k_persons": 1, "share": 1, "pct": 1, "ratio": 2, "months": 1, "years": 1}


def scale_in_unit(lang: str, unit: str, *, value: float | None = None, published: str | None = None) -> Scale:
    """Return how one figure is printed: with the digits it was published with, or those usual for its unit.

    Parameters
    ----------
    lang : str
        ``zh`` or ``en``.
    unit : str
        A unit of :data:`actuary.units.UNITS`: the published one, or a base unit.
    value : float, optional
        The figure in the base unit: chooses 亿元, 万元 or 元 when `unit` is a base unit.
    published : str, optional
        The figure as published, in `unit`: its digits are kept.

    Returns
    -------
    Scale
        The divisor applies to base units.

    Examples
    --------
    >>> scale = scale_in_unit("zh", "100m_yuan", published="190.6")
    >>> scale.unit, scale.decimals, scale.show(19_060_000_000.0)
    ('亿元', 1, 190.6)
    >>> scale_in_unit("en", "100m_yuan", published="190.6").unit, scale_in_unit("zh", "share").unit
    ('bn yuan', '%')
    """
    size = abs(value) if value is not None else 0.0
    if unit == "yuan" and published is None and size >= 1e6:
        unit = "100m_yuan" if size >= 1e7 else "10k_yuan"
    elif unit == "persons" and published is None and size >= 1e5:
        unit = "10k_persons"
    elif unit == "share":
        unit, published = "pct", None
    known = get_unit(unit)
    label = "" if unit in {"ratio", "count", "flag", "index", "date"} else known.zh if lang == "zh" else known.en
    decimals = _DECIMALS.get(unit, 0) if published is None else len(published.partition(".")[2])
    if lang == "en" and unit == "10k_persons" and 0 < size < 1e5:
        return Scale("persons", 1.0, 0)
    if lang == "en" and unit in _ENGLISH:
        label, many, more = _ENGLISH[unit]
        return Scale(label, float(known.factor * many), max(decimals + more, 0))
    return Scale(label, float(known.factor), decimals)


def number_or_none(value: object) -> float | None:
    """Return a finite float, or None for anything that is not one.

    Examples
    --------
    >>> number_or_none(float("nan")) is None, number_or_none(2)
    (True, 2.0)
    """
    if value is None or isinstance(value, str):
        return None
    number = float(value)  # type: ignore[arg-type]
    return number if math.isfinite(number) else None


def format_number(value: float | None, decimals: int, *, signed: bool = False) -> str:
    """Print a number with thousands separators, rounded half away from zero.

    Parameters
    ----------
    value : float or None
        The number; None prints as a dash.
    decimals : int
        Digits after the point.
    signed : bool
        Whether a plus sign is printed too.

    Examples
    --------
    >>> format_number(19103.25, 1), format_number(-0.25, 1), format_number(0.125, 2, signed=True)
    ('19,103.3', '−0.3', '+0.13')
    """
    number = number_or_none(value)
    if number is None:
        return NO_FIGURE
    rounded = Decimal(repr(number)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    sign = "−" if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{abs(rounded):,.{decimals}f}"


def format_cell(
    value: Cell, column: Column, *, decimals: int | None = None, level_name: Callable[[str], str] = str
) -> str:
    """Print one cell as every format of the report prints it.

    Parameters
    ----------
    value : str, int, float or None
        The cell.
    column : Column
        Its column.
    decimals : int, optional
        Digits after the point, where they differ from those of the column.
    level_name : callable, optional
        Turns a warning level into its name.

    Examples
    --------
    >>> format_cell(26.4053, Column("m", "可支付月数", "个月", "number", 1))
    '26.4'
    """
    if value is None:
        return NO_FIGURE
    if isinstance(value, str):
        return level_name(value) if column.kind == "level" else value
    if column.kind == "year":
        return str(int(value))
    digits = column.decimals if decimals is None else decimals
    return format_number(value, digits, signed=column.kind == "growth")


def excel_format(column: Column, decimals: int | None = None) -> str:
    """Return the Excel number format that prints a column as :func:`format_number` does.

    Examples
    --------
    >>> excel_format(Column("income", "收入", "亿元", "number", 1))
    '#,##0.0;−#,##0.0'
    """
    if column.kind == "year":
        return "0"
    places = column.decimals if decimals is None else decimals
    digits = "#,##0" + ("." + "0" * places if places else "")
    return f"+{digits};−{digits};{digits}" if column.kind == "growth" else f"{digits};−{digits}"
