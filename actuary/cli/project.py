"""`actuary project`: project the funds of a region under the base and the scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import City, Data, Models, QuarterLabel, print_frame, say, teaching, write_table

__all__ = ["register"]


@teaching
def project(
    city: City = "national",
    quarter: QuarterLabel = None,
    until: Annotated[str, typer.Option(help="Last quarter of the projection.")] = "2035Q4",
    scenario: Annotated[
        list[str] | None,
        typer.Option("--scenario", "-s", help="Scenario beside the base; repeatable.", show_default="as the report"),
    ] = None,
    basis: Annotated[str, typer.Option(help="Assumption basis.")] = "base",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="CSV file for every quarter and variable.")] = None,
    models: Models = None,
    data: Data = None,
) -> None:
    """Project members, income, spending and balance by quarter, and print the years."""
    from actuary.workflow import project_city  # noqa: PLC0415

    projection = project_city(city, quarter, horizon=until, basis=basis, scenarios=scenario, models=models, data=data)
    for missing in projection.missing:
        say(f"not projected: {missing.scheme}: {missing.what_en} ({missing.needed_for})")
    print_frame(projection.summary(), title=f"{city}, figures to {projection.quarter}, basis {basis}")
    if len(projection.milestones):
        print_frame(projection.milestones, title="Milestones")
    if out is not None:
        write_table(projection.to_frame(), out)
        typer.echo(str(out))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(project)
