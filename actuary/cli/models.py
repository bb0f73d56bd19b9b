"""`actuary models`: look at, check and seal the declared rules."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import City, Models, print_frame, say, teaching

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Look at the declared rules and assumptions.")


@app.command("show")
@teaching
def show(
    city: City = "national",
    on: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day on which the rules are in force.", show_default="the newest rule"),
    ] = None,
    models: Models = None,
) -> None:
    """Print every rule in force on a day, with its source."""
    from actuary.workflow import rules_in_force  # noqa: PLC0415

    frame = rules_in_force(city, on.date() if on else None, models=models)
    print_frame(frame, title=f"Rules in force, {city}")


@app.command("schema")
@teaching
def schema(models: Models = None) -> None:
    """Write the JSON Schemas that editors use into models/schema/."""
    from actuary.paths import models_root  # noqa: PLC0415
    from actuary.payment.policy_schema import write_payment_schema  # noqa: PLC0415
    from actuary.policy import write_schemas  # noqa: PLC0415

    root = models or models_root()
    for path in (*write_schemas(root), write_payment_schema(root)):
        typer.echo(str(path))


@app.command("freeze")
@teaching
def freeze(
    basis: Annotated[Path, typer.Argument(help="File of an assumption basis.")],
) -> None:
    """Seal an assumption basis that a report has used: from then on a changed file is refused."""
    from actuary.policy import freeze_basis  # noqa: PLC0415

    say(f"{basis} is sealed as {freeze_basis(basis)}")
