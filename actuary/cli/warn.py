"""`actuary warn`: hold the indicators of a region against the declared rules."""

from __future__ import annotations

import typer

from actuary.cli.console import City, Data, Lang, Language, Models, QuarterLabel, print_frame, teaching

__all__ = ["register"]


@teaching
def warn(
    city: City = "national",
    quarter: QuarterLabel = None,
    lang: Lang = Language.EN,
    models: Models = None,
    data: Data = None,
) -> None:
    """Print the risk warnings, the gravest first, each with its figure and the rule it was held against."""
    from actuary.workflow import warn_city  # noqa: PLC0415

    frame = warn_city(city, quarter, models=models, data=data)
    columns = ["level", "scheme", "rule_id", f"text_{lang.value}", "period", "status"]
    print_frame(frame, title=f"Warnings, {city}", columns=columns)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(warn)
