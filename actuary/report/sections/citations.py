"""Sources as numbers in a column and titles under the table, so that a long title is printed once."""

from __future__ import annotations

__all__ = ["Citations"]


class Citations:
    """Number the sources of one table in the order they appear.

    Examples
    --------
    >>> cited = Citations()
    >>> cited("Plan"), cited("Bulletin"), cited("Plan")
    ('[1]', '[2]', '[1]')
    >>> cited.notes()
    ['[1] Plan', '[2] Bulletin']
    """

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def __call__(self, source: str) -> str:
        """Return the number of a source, in brackets; nothing for an empty one."""
        return f"[{self._known.setdefault(source, len(self._known) + 1)}]" if source else ""

    def notes(self) -> list[str]:
        """Return one line a source."""
        return [f"[{number}] {source}" for source, number in self._known.items()]
