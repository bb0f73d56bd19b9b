"""The command line: one module a verb, the same verbs as the Python face."""

from __future__ import annotations

import sys
import warnings
from typing import TextIO

import typer

from actuary.cli import (
    anomalies,
    audit,
    cases,
    check,
    cities,
    clear,
    compare,
    credit,
    data,
    explain,
    forecast,
    group,
    indicators,
    init,
    lab,
    models,
    personal,
    population,
    project,
    report,
    reserve,
    scheme,
    settle,
    standards,
    synth,
    warn,
    weights,
)
from actuary.cli.console import say
from actuary.cli.stopping import listen_for_stops
from actuary.durable.checked import CacheWarning

__all__ = ["app", "main"]

app = typer.Typer(
    name="actuary",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Actuarial work for China's public medical insurance funds (职工医保、居民医保): from published figures and "
        "declared rules to fund projections, risk warnings and the quarterly actuarial report.\n\n"
        "Start with [bold]actuary report[/bold]: it writes the report on the national funds as PDF, HTML and Excel."
    ),
)

for _module in (
    report,
    project,
    init,
    population,
    warn,
    forecast,
    indicators,
    cities,
    group,
    explain,
    check,
    standards,
    settle,
    synth,
    weights,
    clear,
    compare,
    credit,
    reserve,
    anomalies,
    lab,
):
    _module.register(app)
app.add_typer(cases.app, name="cases")
app.add_typer(audit.app, name="audit")
app.add_typer(models.app, name="models")
app.add_typer(personal.app, name="personal")
app.add_typer(scheme.app, name="scheme")
app.add_typer(data.app, name="data")


def _version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata  # noqa: PLC0415  (only this option needs it)

        typer.echo(importlib.metadata.version("actuary"))
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    pass


def _crash(error: BaseException) -> str:
    """Return where a program error happened: files, lines, kinds; never its text, which may quote a cell."""
    import os  # noqa: PLC0415  (only after a crash)
    import traceback  # noqa: PLC0415

    if os.environ.get("ACTUARY_TRACEBACK"):
        return "".join(traceback.format_exception(error))
    places = traceback.extract_tb(error.__traceback__, limit=-8)
    lines = [f"  {place.filename}, line {place.lineno}, {place.name}" for place in places]
    told = "; ACTUARY_TRACEBACK=1 shows its text, which may quote a cell: keep it on this screen"
    return "\n".join([f"actuary: a program error, {type(error).__name__}{told}:", *lines])


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Say a warning of a cache as a sentence; leave others as they are."""
    if issubclass(category, CacheWarning):
        say(f"actuary: {message}")
    else:
        print(warnings.formatwarning(message, category, filename, lineno, line), end="", file=file or sys.stderr)


def main() -> None:
    """Run the command line; problems are printed as sentences, not as tracebacks.

    Exit status: 0 done; 1 a check found problems; 2 wrong input, nothing was written; 3 a report was written, but lacks
    what its cover names; 4 of several reports some could not be written; 130 stopped, nothing half-written is left.
    """
    listen_for_stops()
    warnings.showwarning = _show_warning
    try:
        app()
    except Exception as error:  # whatever it is: its text may quote a cell
        typer.echo(_crash(error), err=True)
        raise SystemExit(1) from None
