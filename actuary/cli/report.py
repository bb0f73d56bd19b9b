"""`actuary report`: write the quarterly actuarial report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import City, Data, Lang, Language, Models, QuarterLabel, say, teaching

__all__ = ["register"]


@teaching
def report(
    city: City = "national",
    quarter: QuarterLabel = None,
    lang: Lang = Language.ZH,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write.", show_default="output/<city>-<quarter>-<lang>")
    ] = None,
    basis: Annotated[str, typer.Option(help="Assumption basis.")] = "base",
    models: Models = None,
    data: Data = None,
) -> None:
    """Write the quarterly actuarial report: PDF, HTML, Excel annex, the figures as JSON, and a manifest.

    The folder appears whole or not at all; an earlier report in it is replaced.

    Examples:  actuary report  |  actuary report --city shenyang --lang en --out reports/shenyang
    """
    from actuary.workflow import write_report  # noqa: PLC0415  (heavy: loads when the verb runs)

    written = write_report(city, quarter, lang=lang.value, out=out, basis=basis, models=models, data=data, progress=say)
    say(f"The report on {written.title} lies in {written.folder}:")
    for path in written.files:
        typer.echo(str(path))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(report)
