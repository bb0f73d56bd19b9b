"""Names of the dimensions of every Dataset, in their one order."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["CI_PROB", "DIMS", "order_dims"]

DIMS: tuple[str, ...] = (
    "chain",
    "draw",
    "scenario",
    "city",
    "scheme",
    "status",
    "sex",
    "age",
    "benefit",
    "hospital",
    "drg",
    "quarter",
    "year",
)

#: The one probability of every interval in the project.
CI_PROB = 0.8


def order_dims(dims: Iterable[str]) -> tuple[str, ...]:
    """Return dimensions in the project's order; unknown ones come last, as they stood.

    Examples
    --------
    >>> order_dims(["quarter", "scenario"])
    ('scenario', 'quarter')
    """
    given = list(dims)
    return (*(name for name in DIMS if name in given), *(name for name in given if name not in DIMS))
