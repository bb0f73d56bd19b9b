"""`actuary data`: look at and seal the tables of published figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import Data, print_frame, say, teaching, write_table

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Look at the tables of published figures.")


@app.command("list")
@teaching
def list_tables(data: Data = None) -> None:
    """List the tables of the catalog with their period, unit, publisher and licence."""
    from actuary.workflow import list_data  # noqa: PLC0415

    print_frame(
        list_data(data=data), title="Tables", columns=("name", "title_en", "period", "unit", "rows", "publisher")
    )


@app.command("show")
@teaching
def show(
    table: Annotated[str, typer.Argument(help="Name of a table (see: actuary data list).")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="CSV file to write instead of printing.")] = None,
    data: Data = None,
) -> None:
    """Print a table as the models read it, every value in its base unit."""
    from actuary.tables import read_table  # noqa: PLC0415

    frame = read_table(table, root=data)
    if out is None:
        print_frame(frame, title=table)
    else:
        write_table(frame, out)
        typer.echo(str(out))


@app.command("check")
@teaching
def check(data: Data = None) -> None:
    """Check the catalog and every table; exit status 1 when there is a problem."""
    from actuary.tables import check_data  # noqa: PLC0415

    problems = check_data(data)
    for problem in problems:
        typer.echo(str(problem))
    if problems:
        raise typer.Exit(1)
    say("no problem")


@app.command("seal")
@teaching
def seal(data: Data = None) -> None:
    """Write the checksums and row counts of changed tables into the catalog, once they have passed every check."""
    from actuary.tables import seal_catalog  # noqa: PLC0415

    changed = seal_catalog(data)
    say("nothing has changed" if not changed else "sealed: " + ", ".join(changed))
