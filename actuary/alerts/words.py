"""Values of indicators in words, with their unit, in Chinese and in English."""

from __future__ import annotations

from actuary.units import convert

__all__ = ["describe_value"]

# Unit to: unit shown, digits, words after it in Chinese, in English.
_SHOWN: dict[str, tuple[str, int, str, str]] = {
    "months": ("months", 1, "个月", " months"),
    "years": ("years", 2, "年", " years"),
    "ratio": ("ratio", 2, "", ""),
    "share": ("pct", 1, "个百分点", " percentage points"),
    "yuan": ("100m_yuan", 2, "亿元", " x 100 m yuan"),
}


def describe_value(value: float, unit: str, *, lang: str, exact: bool = False) -> str:
    """Write a value with its unit, rounded for a sentence.

    Parameters
    ----------
    value : float
        In `unit`.
    unit : str
        Unit of an indicator.
    lang : str
        ``zh`` or ``en``.
    exact : bool
        Write every digit, and no more: for thresholds.

    Examples
    --------
    >>> describe_value(3_020_000_000.0, "yuan", lang="zh"), describe_value(0.0887, "share", lang="en")
    ('30.20亿元', '8.9 percentage points')
    >>> describe_value(15.0, "months", lang="zh", exact=True), describe_value(1.0, "years", lang="en")
    ('15个月', '1 year')
    """
    shown, digits, zh, en = _SHOWN.get(unit, (unit, 2, "", ""))
    number = convert(value, unit, shown)
    # Years are quarters added up, so their digits are few and all of them are meant.
    text = f"{number:g}" if exact or unit == "years" else f"{number:,.{digits}f}"
    words = zh if lang == "zh" else en
    return text + (words.removesuffix("s") if text == "1" else words)
