"""How far a stage is: rows done, rows a second, seconds left."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

__all__ = ["Pace", "Progress"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Say how far a stage is.

    Parameters
    ----------
    stage : str
        Its name.
    done, rows : int
        Rows done, those of an earlier run included, and rows in all.
    kept : int
        Rows that an earlier run had done.
    rows_per_second : float
        Speed of this run; 0 before anything is done.
    seconds_left : float or None
        Time left at that speed; None before anything is done.

    Examples
    --------
    >>> print(Progress(stage="pay", done=250, rows=1000, kept=0, rows_per_second=50.0, seconds_left=15.0))
    pay: 250 of 1,000 rows, 50 a second, 15 s left
    """

    stage: str
    done: int
    rows: int
    kept: int
    rows_per_second: float
    seconds_left: float | None

    def __str__(self) -> str:
        """Return the state in one line."""
        text = f"{self.stage}: {self.done:,} of {self.rows:,} rows"
        if self.kept:
            text += f" ({self.kept:,} kept)"
        if self.seconds_left is None:
            return text
        left = self.seconds_left
        shown = f"{left:.0f} s" if left < 120 else f"{left / 60:.0f} min" if left < 7200 else f"{left / 3600:.1f} h"
        return f"{text}, {self.rows_per_second:,.0f} a second, {shown} left"


@dataclass(slots=True)
class Pace:
    """Count the rows of a stage against the clock."""

    stage: str
    rows: int
    kept: int = 0
    done: int = 0
    begin: float = field(default_factory=time.monotonic)

    def add(self, rows: int) -> None:
        """Count rows that are done."""
        self.done += rows

    def now(self) -> Progress:
        """Return how far the stage is."""
        seconds = time.monotonic() - self.begin
        speed = self.done / seconds if self.done and seconds > 0 else 0.0
        rest = max(0, self.rows - self.kept - self.done)
        return Progress(
            stage=self.stage,
            done=self.kept + self.done,
            rows=self.rows,
            kept=self.kept,
            rows_per_second=speed,
            seconds_left=rest / speed if speed else None,
        )
