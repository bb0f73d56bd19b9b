"""`actuary init`: write the folder of a new city, to be filled without code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import say, teaching

__all__ = ["register"]


@teaching
def init(
    city: Annotated[str, typer.Argument(help="Id of the city: small letters, digits, underscores, such as my_city.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write.", show_default="a folder of that name here")
    ] = None,
    year: Annotated[int, typer.Option(help="Base year: the latest full year with figures.")] = 2024,
) -> None:
    """Write the folder of a new city: templates whose every line is explained in Chinese and English.

    Then fill it, see what is left with [bold]actuary check FOLDER[/bold], and project it with
    [bold]actuary project --model FOLDER[/bold].
    """
    from actuary.workflow import init_city  # noqa: PLC0415

    folder = init_city(city, out, base_year=year)
    say(f"fill the files, then: actuary check {folder}")
    typer.echo(str(folder))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(init)
