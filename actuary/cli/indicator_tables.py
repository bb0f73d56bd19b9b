"""Tables of indicators as a person reads them, and as files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actuary.cli.console import print_frame, say, write_table
from actuary.errors import OutputError, Problem
from actuary.units import convert

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NOT_ASSESSABLE", "READ_IN", "as_read", "check_name", "show", "write_indicators"]

#: Base unit to the unit a reader expects, and the digits printed in it.
READ_IN = {"yuan": ("100m_yuan", 2), "persons": ("10k_persons", 2), "share": ("pct", 2), "ratio": ("ratio", 2)}
_SMALL_YUAN = 1e7
_WHOLE = {"visits": 0, "count": 0, "weight": 2}
NOT_ASSESSABLE = {"zh": "无法评估", "en": "not assessable"}


def as_read(value: float, unit: str) -> tuple[str, str]:
    """Return a value as a person reads it, and the unit it is then in; nothing where there is no value.

    Examples
    --------
    >>> as_read(0.1234, "share"), as_read(3e8, "yuan"), as_read(12345.6, "yuan")
    (('12.34', 'pct'), ('3.00', '100m_yuan'), ('12,346', 'yuan'))
    """
    if not math.isfinite(value):
        return "", unit
    # A price of some thousand yuan is read in yuan, the money of a fund in 亿元.
    if unit == "yuan" and abs(value) < _SMALL_YUAN:
        return f"{value:,.0f}", unit
    target, digits = READ_IN.get(unit, (unit, _WHOLE.get(unit, 1)))
    return f"{convert(value, unit, target):,.{digits}f}", target


def check_name(path: Path, endings: Sequence[str] = (".csv", ".json")) -> None:
    """Raise when a name ends otherwise than what can be written.

    Raises
    ------
    OutputError
        With the endings that can.
    """
    if path.suffix.lower() not in endings:
        found = f"a name that ends in {path.suffix!r}"
        raise OutputError(Problem(f"--out {path}", found, f"one in {' or '.join(endings)}"))


def write_indicators(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, or as JSON where the name ends so.

    Raises
    ------
    OutputError
        When the name ends otherwise, or the file cannot be written.
    """
    check_name(path)
    if path.suffix.lower() == ".csv":
        write_table(frame, path)
    else:
        from actuary.workflow.outputs import replace_file  # noqa: PLC0415

        text = frame.to_json(orient="records", force_ascii=False, indent=1, double_precision=15)
        replace_file(path, (text + "\n").encode())
    say(f"written: {path}")


def show(
    frame: pd.DataFrame,
    title: str,
    columns: list[str] | None,
    out: Path | None,
    *,
    shown: pd.DataFrame | None = None,
) -> None:
    """Print a table, or what is shown of it, and write it whole where a file is named."""
    print_frame(frame if shown is None else shown, title=title, columns=columns)
    if out is not None:
        write_indicators(frame, out)
