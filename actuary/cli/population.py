"""`actuary population`: project the people of any place from five tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import print_frame, say, teaching

__all__ = ["register"]


@teaching
def population(
    inputs: Annotated[
        Path,
        typer.Option(
            "--inputs",
            "-i",
            help="Folder with base_population.csv, mortality.csv, fertility.csv, srb.csv and migration.csv.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for population.csv and flows.csv.")],
    parquet: Annotated[bool, typer.Option("--parquet", help="Write the tables as Parquet as well.")] = False,
    accept_implausible: Annotated[
        bool, typer.Option("--accept-implausible", help="Take figures that are possible but not plausible.")
    ] = False,
    migration_timing: Annotated[
        str,
        typer.Option(
            help="When migrants move: end (of the step), even (half at its start), standard (end with single years, "
            "even with five-year groups)."
        ),
    ] = "standard",
) -> None:
    """Project people by age and sex (cohort components, as the United Nations do it)."""
    from actuary.workflow.populations import project_population_files  # noqa: PLC0415

    projection = project_population_files(
        inputs, out, parquet=parquet, accept_implausible=accept_implausible, migration_timing=migration_timing
    )
    for note in (*projection.inputs.notes, *projection.notes):
        say(note)
    print_frame(projection.summary().astype({"year": str}), title=f"{inputs.name}: persons on 31 December")
    typer.echo(str(out))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(population)
