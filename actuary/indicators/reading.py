"""The value of an indicator, and the published row it comes from."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FactRow", "Reading"]


@dataclass(frozen=True, slots=True)
class FactRow:
    """Point at one row of a table of published facts.

    Parameters
    ----------
    table : str
        Name in the catalogue.
    row : int
        Line of its file.
    region, period, scheme, indicator : str
        What it is a figure of.
    value : float
        In `unit`, the base unit.
    unit : str
        Base unit.
    printed, printed_unit : str
        The figure as it was printed.
    basis, confidence : str
        What kind of publication, and how far it was checked.
    source, url : str
        Where it stands.
    scope, group : str
        Which accounts or which people, "" where the table does not say.
    """

    table: str
    row: int
    region: str
    period: str
    scheme: str
    indicator: str
    value: float
    unit: str
    printed: str
    printed_unit: str
    basis: str
    confidence: str
    source: str
    url: str
    scope: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """Hold the value of an indicator.

    Parameters
    ----------
    value : float
        In the unit of the indicator; missing where it is not known or does not happen.
    period : str
        Quarter, year, month, or span of four quarters it belongs to.
    status : str
        How it is known: ``published``, ``derived``, ``apportioned``, ``interpolated``, ``projected``; ``gap`` where it
        is not; ``beyond_horizon`` where an event does not happen before the last projected quarter.
    recalled : bool
        Whether it is computed from a figure that was recalled and not checked.
    why_zh, why_en : str
        Why there is no value, where that is not that figures are unpublished.
    rows : tuple of FactRow
        The published rows it is computed from, where it is computed from rows.
    """

    value: float
    period: str
    status: str
    recalled: bool = False
    why_zh: str = ""
    why_en: str = ""
    rows: tuple[FactRow, ...] = ()
