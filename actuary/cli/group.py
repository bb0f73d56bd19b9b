"""`actuary group`: group a file of cases."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Self

import typer

from actuary.cli.console import Models, say, teaching
from actuary.cli.personal_options import reads_persons
from actuary.cli.switch_options import SchemeName, SwitchPositions, read_positions

__all__ = ["Progress", "register"]

#: Seconds after which a person who waits is shown how far it is.
_PATIENCE_SECONDS = 2.0


class Progress:
    """Show a bar once something takes longer than one likes to wait without a word."""

    def __init__(self) -> None:
        self.begin = time.monotonic()
        self.bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __call__(self, done: int, cases: int | None) -> None:
        """Show how many cases are done, of how many where that is known."""
        if self.bar is None:
            if time.monotonic() - self.begin < _PATIENCE_SECONDS:
                return
            from rich import progress  # noqa: PLC0415
            from rich.console import Console  # noqa: PLC0415  (only for those who wait)

            columns = (
                progress.TextColumn("cases"),
                progress.BarColumn(),
                progress.MofNCompleteColumn(),
                progress.TimeElapsedColumn(),
            )
            self.bar = progress.Progress(*columns, console=Console(stderr=True), transient=True)
            self.bar.start()
            self.bar.add_task("cases", total=cases)
        self.bar.update(self.bar.task_ids[0], completed=done)

    def __exit__(self, *_error: object) -> None:
        if self.bar is not None:
            self.bar.stop()


@teaching
@reads_persons
def group(
    cases: Annotated[Path, typer.Argument(help="Cases, .parquet or .csv (lists joined by |).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File of answers, .parquet or .csv.")],
    scheme: SchemeName = "chs-drg-1.1",
    switch: SwitchPositions = None,
    threads: Annotated[int | None, typer.Option(help="Threads to use.", show_default="all cores")] = None,
    models: Models = None,
) -> None:
    """Group a file of hospital stays; every case gets its group, or the reason for which it has none."""
    from actuary.drg.group_files import group_file  # noqa: PLC0415  (loads the compiled loop)
    from actuary.drg.scheme import load_scheme  # noqa: PLC0415

    loaded = load_scheme(scheme, switches=read_positions(switch), root=models)
    if loaded.reading != "declared in scheme.toml":
        say(f"{loaded.name}: reading {loaded.reading}.")
    with Progress() as progress:
        written = group_file(cases, out, loaded, threads=threads, progress=progress)
    counted = "; ".join(f"{status.value} {status.zh} {count:,}" for status, count in written.statuses.items() if count)
    say(f"{written.cases:,} cases with {loaded.name} ({loaded.fingerprint[:12]}): {counted or 'none'}")
    typer.echo(str(out))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("group")(group)
