"""`actuary scheme`: list, import, check and compare grouping schemes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import Models, print_frame, say, teaching, write_table
from actuary.cli.group import Progress
from actuary.cli.personal_options import reads_persons

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="List, import, check and compare grouping schemes.")

Name = Annotated[str, typer.Argument(metavar="NAME|FOLDER", help="Scheme by name or folder.")]


@app.command("list")
@teaching
def list_all(
    switches: Annotated[bool, typer.Option("--switches", help="Show every switch and its positions instead.")] = False,
    models: Models = None,
) -> None:
    """List the schemes that can be used by name, or the switches that decide how one is read."""
    if switches:
        _print_switches()
        return
    from actuary.drg.scheme import list_schemes  # noqa: PLC0415

    print_frame(list_schemes(models), title="Schemes")


def _print_switches() -> None:
    import pandas as pd  # noqa: PLC0415  (kept out of `actuary --help`)

    from actuary.drg.switches import SWITCHES  # noqa: PLC0415

    rows = [
        {"switch": switch.name, "position": position, "zh": zh, "en": en}
        for switch in SWITCHES.values()
        for position, (zh, en) in (switch.readings or {"column": (switch.zh, switch.en)}).items()
    ]
    print_frame(pd.DataFrame(rows), title="Switches: --switch NAME=POSITION")


@app.command("import")
@teaching
def import_folder(
    folder: Annotated[Path, typer.Argument(help="Folder with the tables of a scheme.")],
    name: Annotated[str, typer.Option("--name", "-n", help="Its name from now on, such as chs-drg-2.0.")],
    models: Models = None,
) -> None:
    """Bring a scheme into the user's own folder, once its tables have passed every check of loading."""
    from actuary.drg.scheme import import_scheme  # noqa: PLC0415

    scheme = import_scheme(folder, name, root=models)
    say(f"{scheme!r}, reading {scheme.reading}")
    typer.echo(str(scheme.folder))


@app.command("check")
@teaching
def check(
    scheme: Name,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="CSV file to write instead of printing.")] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Show every finding, not how many there are.")] = False,
    dictionary: Annotated[
        Path | None,
        typer.Option(help="Folder of the code dictionary.", show_default="the variable ACTUARY_DICTIONARY"),
    ] = None,
    models: Models = None,
) -> None:
    """Find what in a scheme contradicts itself; exit status 1 when an error is found that is not known yet."""
    from actuary.drg.quality.dictionaries import load_dictionary  # noqa: PLC0415
    from actuary.drg.scheme import load_scheme  # noqa: PLC0415
    from actuary.drg.scheme_check import check_scheme  # noqa: PLC0415
    from actuary.drg.scheme_findings import count_findings, findings_frame  # noqa: PLC0415

    codes = load_dictionary(dictionary)
    found = check_scheme(
        load_scheme(scheme, root=models), dictionaries=(codes.diagnosis.grey, codes.procedure.grey) if codes else None
    )
    fresh = [finding for finding in found if not finding.known]
    if out is not None:
        write_table(findings_frame(found), out)
        typer.echo(str(out))
    elif found:
        print_frame(findings_frame(found) if show_all else count_findings(found), title=f"{scheme}: findings")
    without = "" if codes else "; no code was looked up: no dictionary is named"
    say(f"{scheme}: {len(found):,} findings, {len(fresh):,} of them new{without}.")
    if any(finding.severity == "error" for finding in fresh):
        raise typer.Exit(1)


@app.command("compare")
@teaching
@reads_persons
def compare(
    first: Annotated[str, typer.Argument(metavar="FIRST", help="Scheme by name or folder.")],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="Scheme by name or folder.")],
    cases: Annotated[Path, typer.Argument(help="Cases, .parquet or .csv.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="CSV file of the transitions to write too.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads to use.", show_default="all cores")] = None,
    models: Models = None,
) -> None:
    """Group the same cases by two schemes, and show where the cases of each group go."""
    from rich.console import Console  # noqa: PLC0415  (kept out of `actuary --help`)

    from actuary.drg.compare import compare_schemes  # noqa: PLC0415
    from actuary.drg.scheme import load_scheme  # noqa: PLC0415

    schemes = [load_scheme(name, root=models) for name in (first, second)]
    with Progress() as progress:
        comparison = compare_schemes(cases, *schemes, threads=threads, progress=progress)
    Console().print(comparison.to_rich())
    if out is not None:
        write_table(comparison.to_frame(), out)
        say(str(out))
