"""`actuary indicators`: compute the indicators of a region."""

from __future__ import annotations

import math

import typer

from actuary.cli.console import City, Data, Models, QuarterLabel, print_frame, teaching
from actuary.units import convert

__all__ = ["register"]


#: Base unit to the unit a reader expects, and the digits printed in it.
_READ_IN = {"yuan": ("100m_yuan", 2), "persons": ("10k_persons", 2), "share": ("pct", 2), "ratio": ("ratio", 2)}


def _as_read(value: float, unit: str) -> tuple[str, str]:
    if not math.isfinite(value):
        return "", unit
    target, digits = _READ_IN.get(unit, (unit, 1))
    return f"{convert(value, unit, target):,.{digits}f}", target


@teaching
def indicators(city: City = "national", quarter: QuarterLabel = None, models: Models = None, data: Data = None) -> None:
    """Print every indicator with its value, unit, period and formula."""
    from actuary.workflow import indicators_of_city  # noqa: PLC0415

    frame = indicators_of_city(city, quarter, models=models, data=data)
    shown = [_as_read(value, unit) for value, unit in zip(frame["value"], frame["unit"], strict=True)]
    frame = frame.assign(value=[text for text, _ in shown], unit=[unit for _, unit in shown])
    columns = ["scheme", "indicator", "zh", "value", "unit", "period", "status", "formula"]
    print_frame(frame, title=f"Indicators, {city}", columns=columns)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(indicators)
