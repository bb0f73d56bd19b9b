"""Choose type size and column widths so that a table fits the text width of an A4 page, for PDF and Word alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

from actuary.report.view import TableView, text_width

__all__ = ["TEXT_MM", "TableFit", "fit_table"]

#: Width of the text [mm].
TEXT_MM = 170.0
#: Height of a table that is kept on one page [lines]; a taller one breaks between rows and repeats its head.
_KEEP_LINES = 14.0
#: Width of one Latin character relative to the type size.
_CHARACTER = 0.53
_MM_PER_POINT = 0.3528
_PAD = 4.0


@dataclass(frozen=True, slots=True)
class TableFit:
    """Say how a table is set.

    Parameters
    ----------
    size : float
        Type size [pt].
    pad : float
        Space left and right of a cell's text [pt].
    shares : tuple of (float or None)
        Share of the free width of each column; None for a column as wide as its text.
    widths_mm : tuple of float
        The same as widths [mm]; they fill the text width.
    keep : bool
        Whether the table is short enough to stay on one page.
    """

    size: float
    pad: float
    shares: tuple[float | None, ...]
    widths_mm: tuple[float, ...]
    keep: bool


def fit_table(view: TableView) -> TableFit:
    """Choose type size and column widths without breaking a number.

    Parameters
    ----------
    view : TableView
        The table as printed.

    Examples
    --------
    >>> from actuary.report.view import TableView
    >>> fit = fit_table(TableView("t", ("a", "b"), ("", ""), (), (), (4, 8), (False, False), (False, False)))
    >>> fit.size, [round(width) for width in fit.widths_mm]
    (9.0, [64, 106])
    """
    size, pad = 9.0, _PAD
    for size, pad in ((9.0, _PAD), (8.5, _PAD), (8.0, 3.0), (7.5, 2.5)):
        if _left_over(view, size, pad) >= 0.6 * _wanted(view, size):
            break
    shares: tuple[float | None, ...]
    if any(view.flexible):
        shares = tuple(_share(w) if soft else None for w, soft in zip(view.widths, view.flexible, strict=True))
    else:
        # Numbers only: share the page in proportion, so that tables of one section line up; chips keep their width.
        shares = tuple(None if chip else w + 2.0 for w, chip in zip(view.widths, view.chips, strict=True))
    return TableFit(size, pad, shares, _widths(view, size, pad, shares), _lines(view, size, pad) <= _KEEP_LINES)


def _widths(view: TableView, size: float, pad: float, shares: tuple[float | None, ...]) -> tuple[float, ...]:
    # A chip is bold, with space inside.
    fixed = [
        (w + (4 if chip else 2)) * _point(size) + 2 * pad * _MM_PER_POINT if share is None else 0.0
        for w, chip, share in zip(view.widths, view.chips, shares, strict=True)
    ]
    free = max(TEXT_MM - sum(fixed), 0.25 * TEXT_MM)
    total = sum(share for share in shares if share is not None)
    raw = [width if share is None else free * share / total for width, share in zip(fixed, shares, strict=True)]
    return tuple(width * TEXT_MM / sum(raw) for width in raw)


def _point(size: float) -> float:
    return size * _CHARACTER * _MM_PER_POINT


def _share(width: int) -> float:
    return float(max(min(width, 120) ** 0.5, 1.0))


def _wanted(view: TableView, size: float) -> float:
    return sum(min(w, 44) * _point(size) for w, soft in zip(view.widths, view.flexible, strict=True) if soft)


def _left_over(view: TableView, size: float, pad: float) -> float:
    taken = sum(w * _point(size) for w, soft in zip(view.widths, view.flexible, strict=True) if not soft)
    return TEXT_MM - taken - 2 * pad * _MM_PER_POINT * len(view.widths)


def _lines(view: TableView, size: float, pad: float) -> float:
    """Estimate the height of the body in lines."""
    shares = [_share(w) if soft else 0.0 for w, soft in zip(view.widths, view.flexible, strict=True)]
    room = max(_left_over(view, size, pad), 1.0)
    total = 0.0
    for row in view.rows:
        need = 1.0
        for cell, share in zip(row, shares, strict=True):
            if share:
                need = max(need, math.ceil(text_width(cell.text) * _point(size) / (room * share / sum(shares))))
        total += need
    return total
