"""What an indicator is: names, unit, formula, source, direction, schemes, frequency, family, and how it is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actuary.indicators.reading import Reading

if TYPE_CHECKING:
    from actuary.indicators.fact_view import FactView
    from actuary.indicators.view import SchemeView
    from actuary.indicators.year_figures import YearFigures

__all__ = ["DIRECTIONS", "FAMILIES", "FREQUENCIES", "Indicator"]

#: What indicators are about.
FAMILIES: tuple[str, ...] = ("fund", "use", "payment", "plan")

#: How often a figure can change: with every month, quarter or year published, or with every case table.
FREQUENCIES: tuple[str, ...] = ("month", "quarter", "year", "cases")

#: What is better.
DIRECTIONS: tuple[str, ...] = ("higher", "lower", "band", "none")


@dataclass(frozen=True, slots=True)
class Indicator:
    """Describe an indicator.

    Parameters
    ----------
    name : str
        Name in code and in warning rules.
    zh, en : str
        Name in a report.
    unit : str
        Unit of its value.
    formula : str
        How it is computed, in words of the paths, the published facts or the cases.
    source : str
        Where the definition comes from.
    direction : str
        ``higher``, ``lower`` or ``band``: what is better; ``none`` where neither is.
    function : callable, optional
        From a :class:`~actuary.indicators.view.SchemeView` to a reading.
    schemes : tuple of str
        Schemes it makes sense for.
    compares : tuple of str
        The indicator it judges and the one with which it compares it; empty where it compares none.
    in_nation : bool
        Whether it makes sense for the nation itself.
    is_difference : bool
        Whether it is one share less another, told in percentage points.
    of_money : bool
        Whether it is one of the fund, so that its value depends on whether personal accounts are counted.
    family : str
        One of :data:`FAMILIES`.
    frequency : str
        One of :data:`FREQUENCIES`.
    of_facts : callable, optional
        From a :class:`~actuary.indicators.fact_view.FactView` to a reading.
    of_year : callable, optional
        From the figures of a whole year to the value: what a reader computes by hand to check it.
    of_cases : bool
        Whether a table of cases gives it too.
    """

    name: str
    zh: str
    en: str
    unit: str
    formula: str
    source: str
    direction: str
    function: Callable[[SchemeView], Reading] | None = None
    schemes: tuple[str, ...] = ("all", "employee", "resident")
    compares: tuple[str, ...] = ()
    in_nation: bool = True
    of_money: bool = True
    is_difference: bool = False
    family: str = "fund"
    frequency: str = "quarter"
    of_facts: Callable[[FactView], Reading] | None = None
    of_year: Callable[[YearFigures], float] | None = None
    of_cases: bool = False
