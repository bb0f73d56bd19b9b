"""The value of an indicator, and the published row it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from actuary.fund.fact_book import FactRow

__all__ = ["FactRow", "Reading"]


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
