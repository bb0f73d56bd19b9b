"""Values of indicators and their periods in words, in Chinese and in English.

Every number in the text of a warning is written here.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from actuary.periods import Quarter

__all__ = ["describe_period", "describe_value"]

# By language and unit: how many of it make one of the unit shown, digits, words after the number.
_SHOWN: dict[str, dict[str, tuple[str, int, str]]] = {
    "zh": {
        "months": ("1", 1, "个月"),
        "years": ("1", 1, "年"),
        "ratio": ("1", 2, ""),
        "share": ("0.01", 1, "个百分点"),
        "percent": ("0.01", 1, "%"),
        "yuan": ("1e8", 1, "亿元"),
        "yuan_per_year": ("1", 0, "元"),
        "months_per_year": ("1", 1, "个月/年"),
        "share_per_year": ("0.01", 1, "个百分点/年"),
        "ratio_per_year": ("1", 2, "/年"),
    },
    "en": {
        "months": ("1", 1, " months"),
        "years": ("1", 1, " years"),
        "ratio": ("1", 2, ""),
        "share": ("0.01", 1, " percentage points"),
        "percent": ("0.01", 1, "%"),
        "yuan": ("1e9", 2, " bn yuan"),
        "yuan_per_year": ("1", 0, " yuan"),
        "months_per_year": ("1", 1, " months a year"),
        "share_per_year": ("0.01", 1, " percentage points a year"),
        "ratio_per_year": ("1", 2, " a year"),
    },
}
_ORDINALS = "一二三四"
_MINUS = "\N{MINUS SIGN}"


def describe_value(value: float, unit: str, *, lang: str, exact: bool = False) -> str:
    """Write a value with its unit, rounded for a sentence, half away from zero.

    Parameters
    ----------
    value : float
        In `unit`.
    unit : str
        Unit of an indicator; ``percent`` for a share that is no difference of two.
    lang : str
        ``zh`` or ``en``.
    exact : bool
        Write every digit, and no more: for thresholds.

    Examples
    --------
    >>> describe_value(411_974_000_000.0, "yuan", lang="zh"), describe_value(411_974_000_000.0, "yuan", lang="en")
    ('4,119.7亿元', '411.97 bn yuan')
    >>> describe_value(0.0887, "share", lang="en"), describe_value(1.0, "years", lang="en")
    ('8.9 percentage points', '1 year')
    >>> describe_value(3.75, "years", lang="zh"), describe_value(-80_120_000_000.0, "yuan", lang="zh")
    ('3.8年', '−801.2亿元')
    >>> describe_value(15.0, "months", lang="zh", exact=True)
    '15个月'
    """
    scale, digits, words = _SHOWN[lang].get(unit, ("1", 2, ""))
    # Through decimals, as published figures are rounded: 0.285 is 28.5 %, and 2.675 is 2.68.
    number = Decimal(repr(float(value))) / Decimal(scale)
    if exact:
        text = f"{number.normalize():f}"
    else:
        rounded = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        # What rounds to nothing has no sign, and whole years have no digits.
        rounded = rounded if rounded else abs(rounded)
        text = f"{rounded.normalize():f}" if unit == "years" else f"{rounded:,f}"
    text = text.replace("-", _MINUS)
    return text + (words.removesuffix("s") if text == "1" else words)


def describe_period(period: str, *, lang: str) -> str:
    """Write the period of an indicator.

    Parameters
    ----------
    period : str
        A year, the quarter at whose end it stands, or the first and the last of four quarters.
    lang : str
        ``zh`` or ``en``.

    Examples
    --------
    >>> [describe_period(period, lang="zh") for period in ("2024", "2020Q4", "2023Q3-2024Q2")]
    ['2024年', '2020年末', '2023年三季度至2024年二季度']
    >>> [describe_period(period, lang="en") for period in ("2024", "2024Q2", "2023Q3-2024Q2")]
    ['2024', 'the end of 2024Q2', '2023Q3 to 2024Q2']
    """
    first, _, last = period.partition("-")
    if last:
        return f"{_quarter(first)}至{_quarter(last)}" if lang == "zh" else f"{first} to {last}"
    if "Q" not in period:
        return f"{period}年" if lang == "zh" else period
    quarter = Quarter.parse(period)
    whole = quarter.number == len(_ORDINALS)
    if lang == "zh":
        return f"{quarter.year}年末" if whole else f"{_quarter(period)}末"
    return f"the end of {quarter.year}" if whole else f"the end of {period}"


def _quarter(label: str) -> str:
    quarter = Quarter.parse(label)
    return f"{quarter.year}年{_ORDINALS[quarter.number - 1]}季度"
