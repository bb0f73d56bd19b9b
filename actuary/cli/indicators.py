"""`actuary indicators`: compute the indicators of a region."""

from __future__ import annotations

import typer

from actuary.cli.console import City, Data, Models, QuarterLabel, print_frame, teaching

__all__ = ["register"]


@teaching
def indicators(city: City = "national", quarter: QuarterLabel = None, models: Models = None, data: Data = None) -> None:
    """Print every indicator with its value, unit, period and formula."""
    from actuary.workflow import indicators_of_city  # noqa: PLC0415

    frame = indicators_of_city(city, quarter, models=models, data=data)
    columns = ["scheme", "indicator", "zh", "value", "unit", "period", "status", "formula"]
    print_frame(frame, title=f"Indicators, {city}", columns=columns)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(indicators)
