"""`actuary check`: find every problem of the declared rules and the figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import Data, Models, teaching

__all__ = ["register"]


@teaching
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files (.toml rules, .csv tables); all of models/ and data/ when none.")
    ] = None,
    models: Models = None,
    data: Data = None,
) -> None:
    """Check rules and tables; print every problem with its place and its mend. Exit status 1 when there are any."""
    from actuary.workflow import check_inputs  # noqa: PLC0415

    outcome = check_inputs(paths or [], models=models, data=data)
    for problem in outcome.problems:
        typer.echo(str(problem))
    count = len(outcome.problems)
    typer.echo(f"{outcome.checked}: {'no problem' if not count else f'{count} problem' + 's' * (count > 1)}", err=True)
    if count:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(check)
