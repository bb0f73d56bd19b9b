"""What a projection lacks, and what its reader should know, said in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from actuary.fund.figures import Figures

__all__ = ["LATE_ASSUMPTIONS", "SCHEME_NAMES", "MissingInput", "Note", "find_missing_figures", "find_valuation_year"]

#: Names of the schemes, in Chinese and in English.
SCHEME_NAMES = {
    "all": ("基本医疗保险", "Basic medical insurance"),
    "employee": ("职工基本医疗保险", "Employee basic medical insurance"),
    "resident": ("城乡居民基本医疗保险", "Resident basic medical insurance"),
}

#: Key of the input that is missing where the assumptions begin after the first quarter to be projected.
LATE_ASSUMPTIONS = "assumptions.begin"

# People first, then the three amounts.
_NEEDED: dict[str, tuple[str, ...]] = {
    "employee": ("active", "retired", "income", "expenditure", "balance_end"),
    "resident": ("enrolled", "income", "expenditure", "balance_end"),
}
_WORDS = {
    "active": ("在职职工人数（年末）", "active members at the year-end"),
    "retired": ("退休人员人数（年末）", "retired members at the year-end"),
    "enrolled": ("参保人数（年末）", "persons enrolled at the year-end"),
    "income": ("基金年收入", "fund income of a year"),
    "expenditure": ("基金年支出", "fund spending of a year"),
    "balance_end": ("基金累计结余（年末）", "fund balance at the year-end"),
}


@dataclass(frozen=True, slots=True)
class MissingInput:
    """Name an input that is not published or not declared, and what cannot be computed without it.

    Parameters
    ----------
    scheme : str
        Scheme it belongs to.
    what_zh, what_en : str
        What is missing.
    needed_for, needed_for_zh : str
        What needs it, in English and in Chinese.
    key : str
        Indicator, rule or assumption, such as ``employee.balance_end``.
    """

    scheme: str
    what_zh: str
    what_en: str
    needed_for: str
    needed_for_zh: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Say something a reader of a projection should know, in Chinese and in English."""

    zh: str
    en: str


def find_valuation_year(figures: Figures, scheme: str) -> int | None:
    """Return the last year whose people, flows and closing balance are all published, or None.

    Parameters
    ----------
    figures : Figures
        Completed year figures.
    scheme : str
        ``employee`` or ``resident``.

    Examples
    --------
    >>> from actuary.fund.figures import Figure
    >>> rows = {("resident", name, 2023): Figure(1.0) for name in ("enrolled", "income", "expenditure", "balance_end")}
    >>> find_valuation_year(Figures(rows), "resident"), find_valuation_year(Figures(rows), "employee")
    (2023, None)
    """
    years = set.intersection(*(set(figures.values(scheme, indicator)) for indicator in _NEEDED[scheme]))
    return max(years, default=None)


def find_missing_figures(figures: Figures, scheme: str, year: int | None) -> list[MissingInput]:
    """List the published figures that a projection of a scheme lacks.

    Parameters
    ----------
    figures : Figures
        Completed year figures.
    scheme : str
        ``employee`` or ``resident``.
    year : int or None
        Valuation year; None lists what no single year has.
    """
    names: tuple[str, ...] = _NEEDED[scheme]
    when = max((y for name in names for y in figures.values(scheme, name)), default=None)
    if year is not None:
        names, when = names[:-3], year - 1
    return [
        _missing_figure(scheme, name, when) for name in names if when is None or figures.get(scheme, name, when) is None
    ]


def _missing_figure(scheme: str, name: str, year: int | None) -> MissingInput:
    zh, en = _WORDS[name]
    return MissingInput(
        scheme,
        f"{SCHEME_NAMES[scheme][0]}：{f'{year}年' if year else ''}{zh}",
        f"{SCHEME_NAMES[scheme][1]}: {en}{f' {year}' if year else ''}",
        "the projection of this scheme",
        "该险种的测算",
        f"{scheme}.{name}",
    )
