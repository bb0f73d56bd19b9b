"""Which figures of a year rest on one that was recalled and not checked against the original."""

from __future__ import annotations

from collections.abc import Mapping

from actuary.fund.figures import FLOWS, Figures
from actuary.fund.variables import FUNDS, SCHEMES

__all__ = ["RECALLED_COLUMNS", "RecalledKeys", "find_recalled", "is_recalled"]

type RecalledKeys = frozenset[tuple[str, str, int]]


def _parts() -> dict[str, tuple[tuple[str, int], ...]]:
    """Return for every column of a year the indicators it is computed from, and how many years back."""
    parts: dict[str, tuple[tuple[str, int], ...]] = {
        "enrolled_persons": (("enrolled", 0),),
        "active_persons": (("active", 0),),
        "retired_persons": (("retired", 0),),
        "unassigned_persons": (("enrolled", 0), ("active", 0), ("retired", 0)),
        "dependency_ratio": (("active", 0), ("retired", 0)),
    }
    for fund in FUNDS:
        into, out, balance = (f"{fund}{name}" for name in (*FLOWS, "balance_end"))
        parts[f"{into}_yuan"] = ((into, 0),)
        parts[f"{out}_yuan"] = ((out, 0),)
        parts[f"{balance}_yuan"] = ((balance, 0),)
        parts[f"{fund}current_balance_yuan"] = ((into, 0), (out, 0))
        parts[f"{fund}adjustment_yuan"] = ((into, 0), (out, 0), (balance, 0), (balance, 1))
        parts[f"{fund}payable_months"] = ((balance, 0), (out, 0))
        parts[f"{fund}growth_gap"] = ((into, 0), (into, 1), (out, 0), (out, 1))
        for flow in (into, out):
            parts[f"{flow}_growth"] = ((flow, 0), (flow, 1))
    return parts


_PARTS: Mapping[str, tuple[tuple[str, int], ...]] = _parts()

#: Columns of a year that may rest on a recalled figure.
RECALLED_COLUMNS: tuple[str, ...] = tuple(
    name
    for name in _PARTS
    # Months and the gap have one column, of the fund that is judged; growth of the accounts has none.
    if not (name.startswith(("pooled_", "personal_")) and name.endswith(("payable_months", "growth_gap")))
    and not (name.startswith("personal_") and name.endswith("_growth"))
)


def find_recalled(figures: Figures) -> RecalledKeys:
    """Return scheme, indicator and year of every figure that was recalled, or follows from one that was.

    Examples
    --------
    >>> from actuary.fund.figures import Figure
    >>> find_recalled(Figures({("employee", "pooled_income", 2023): Figure(1.0, recalled=True)}))
    frozenset({('employee', 'pooled_income', 2023)})
    """
    return frozenset(key for key, figure in figures.rows().items() if figure.recalled and key[0] in SCHEMES)


def is_recalled(recalled: RecalledKeys, scheme: str, column: str, year: int, *, fund: str = "") -> bool:
    """Say whether a column of a year rests on a recalled figure.

    Parameters
    ----------
    recalled : frozenset
        See :func:`find_recalled`.
    scheme, column : str
        Scheme, and column of the table of years.
    year : int
        The year.
    fund : str
        ``pooled_`` where months and the growth gap are those of the pool.

    Examples
    --------
    >>> recalled = frozenset({("employee", "pooled_income", 2023)})
    >>> is_recalled(recalled, "employee", "growth_gap", 2024, fund="pooled_")
    True
    >>> is_recalled(recalled, "employee", "pooled_current_balance_yuan", 2024)
    False
    """
    name = f"{fund}{column}" if column in ("payable_months", "growth_gap") else column
    return any((scheme, indicator, year - back) in recalled for indicator, back in _PARTS.get(name, ()))
