"""`actuary warn`: hold the indicators of a region against the declared rules."""

from __future__ import annotations

import typer

from actuary.cli.console import City, Data, Models, QuarterLabel, print_frame, teaching

__all__ = ["register"]


@teaching
def warn(city: City = "national", quarter: QuarterLabel = None, models: Models = None, data: Data = None) -> None:
    """Print the risk warnings by level, each with its figure, its threshold and the source of the rule."""
    from actuary.workflow import warn_city  # noqa: PLC0415

    print_frame(warn_city(city, quarter, models=models, data=data), title=f"Warnings, {city}")


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(warn)
