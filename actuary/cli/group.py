"""`actuary group`: group a file of cases."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from actuary.cli.console import Models, say, teaching
from actuary.cli.in_parts import Engine, Restart, Scheduler, chosen_engine, in_parts, showing_progress
from actuary.cli.personal_options import reads_persons
from actuary.cli.switch_options import SchemeName, SwitchPositions, read_positions
from actuary.errors import ActuaryError, Problem

if TYPE_CHECKING:
    from actuary.drg.group_files import GroupedFile
    from actuary.drg.scheme import Scheme
    from actuary.workflow.bulk.group import GroupedDataset

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
def group(  # noqa: PLR0913, PLR0917  (one argument an option)
    cases: Annotated[
        Path, typer.Argument(help="Cases, .parquet or .csv (lists joined by |), or a folder of Parquet files.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="File of answers, .parquet or .csv; a folder for a folder of cases.")
    ],
    scheme: SchemeName = "chs-drg-1.1",
    switch: SwitchPositions = None,
    threads: Annotated[int | None, typer.Option(help="Threads to use.", show_default="all cores")] = None,
    engine: Engine = None,
    scheduler: Scheduler = None,
    with_cases: Annotated[
        bool, typer.Option("--with-cases", help="In parts: write the columns of the cases beside the answers.")
    ] = False,
    restart: Restart = False,
    models: Models = None,
) -> None:
    """Group a file of hospital stays; every case gets its group, or the reason for which it has none."""
    from actuary.drg.group_files import group_file  # noqa: PLC0415  (loads the compiled loop)
    from actuary.drg.scheme import load_scheme  # noqa: PLC0415

    loaded = load_scheme(scheme, switches=read_positions(switch), root=models)
    if loaded.reading != "declared in scheme.toml":
        say(f"{loaded.name}: reading {loaded.reading}.")
    runner = chosen_engine(engine, scheduler)
    if in_parts(cases, engine):
        wanted = {"engine": runner, "threads": threads, "with_cases": with_cases, "restart": restart}
        _in_parts(cases, out, loaded, wanted)
        return
    _refuse_in_one(with_cases=with_cases)
    with Progress() as progress:
        written = group_file(cases, out, loaded, threads=threads, progress=progress)
    _tell(written, loaded)
    typer.echo(str(out))


def _tell(written: GroupedFile | GroupedDataset, scheme: Scheme) -> None:
    counted = "; ".join(f"{status.value} {status.zh} {count:,}" for status, count in written.statuses.items() if count)
    say(f"{written.cases:,} cases with {scheme.name} ({scheme.fingerprint[:12]}): {counted or 'none'}")


def _refuse_in_one(*, with_cases: bool) -> None:
    if with_cases:
        mend = "name a folder of Parquet files, or add --engine local"
        raise ActuaryError(Problem("--with-cases", "a file that is grouped at once", "cases in parts", mend))


def _in_parts(cases: Path, out: Path, scheme: Scheme, wanted: dict[str, Any]) -> None:
    from actuary.workflow.bulk.group import group_dataset  # noqa: PLC0415  (loads the compiled loop)

    with showing_progress() as progress:
        written = group_dataset(cases, out, scheme, progress=progress, **wanted)
    _tell(written, scheme)
    say(f"in {written.partitions:,} parts")
    typer.echo(str(out))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("group")(group)
