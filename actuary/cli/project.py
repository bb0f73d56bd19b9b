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
    from actuary.fund import facts_page  # noqa: PLC0415
    from actuary.workflow import project_city  # noqa: PLC0415

    projection = project_city(city, quarter, horizon=until, basis=basis, scenarios=scenario, models=models, data=data)
    for missing in projection.missing:
        say(f"not projected: {missing.scheme}: {missing.what_en} ({missing.needed_for})")
    summary = projection.summary()
    for scheme, years in summary.groupby("scheme", sort=False):
        shown = years.drop(columns="scheme").dropna(axis="columns", how="all")
        print_frame(shown, title=f"{city}, {scheme}: base, figures to {projection.quarter}, basis {basis}")
    if summary.empty:
        say(f"nothing can be projected for {city} at {projection.quarter}; what is published of it:")
        facts = facts_page(city, projection.quarter, data=data)
        columns = ["scheme", "zh", "value_published", "unit_published", "period", "confidence"]
        print_frame(facts, title=f"{city}, latest published figures", columns=columns)
    milestones = projection.milestones
    if len(milestones):
        limits = [name for name in milestones.columns if str(name).startswith("months_below_")]
        columns = ["scenario", "scheme", "first_deficit_year", *limits, "exhaustion_quarter", "horizon_months"]
        print_frame(milestones, title="Milestones", columns=columns)
    if out is not None:
        write_table(projection.to_frame(), out)
        typer.echo(str(out))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(project)
