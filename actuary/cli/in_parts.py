"""What verbs share that work on a folder of Parquet files part by part: their options, their progress."""

from __future__ import annotations

import enum
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actuary.errors import ActuaryError, Problem

if TYPE_CHECKING:
    from actuary.workflow.bulk.distributed_engine import DistributedEngine
    from actuary.workflow.bulk.progress import Progress

__all__ = ["Engine", "EngineName", "Restart", "Scheduler", "chosen_engine", "in_parts", "showing_progress"]

#: Seconds after which a person who waits is shown how far it is, and between two lines where there is no terminal.
_PATIENCE_SECONDS = 2.0
_LINE_SECONDS = 30.0


class EngineName(enum.StrEnum):
    """Engines that run the parts of a dataset."""

    LOCAL = "local"
    DISTRIBUTED = "distributed"


Engine = Annotated[
    EngineName | None,
    typer.Option(
        "--engine",
        help="Work part by part, also on one large Parquet file; a folder of Parquet files always is. On this machine "
        "(local), or on the workers of a Dask cluster (distributed).",
        show_default="local for a folder",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        help="With --engine distributed: address of the Dask scheduler, such as tcp://10.0.0.1:8786, or its file.",
    ),
]
Restart = Annotated[
    bool, typer.Option("--restart", help="In parts: discard what a run that was stopped has kept, and begin anew.")
]


def in_parts(path: Path, engine: EngineName | None) -> bool:
    """Say whether a path is worked on part by part.

    Parameters
    ----------
    path : Path
        Cases, as a person named them.
    engine : EngineName or None
        The engine, where one was named.
    """
    return engine is not None or path.is_dir()


def chosen_engine(engine: EngineName | None, scheduler: str | None) -> DistributedEngine | None:
    """Return the engine that was asked for; None for threads of this process.

    Parameters
    ----------
    engine : EngineName or None
        The engine, where one was named.
    scheduler : str or None
        The address, where one was given.

    Raises
    ------
    ActuaryError
        When one is given without the other.
    """
    if engine is EngineName.DISTRIBUTED:
        if not scheduler:
            mend = "add --scheduler tcp://HOST:8786, as `dask scheduler` prints it"
            raise ActuaryError(Problem("--engine distributed", "no --scheduler", "the address of a scheduler", mend))
        from actuary.workflow.bulk.distributed_engine import DistributedEngine  # noqa: PLC0415  (an optional extra)

        return DistributedEngine(scheduler)
    if scheduler is not None:
        mend = "add --engine distributed, or leave --scheduler out"
        raise ActuaryError(Problem("--scheduler", repr(scheduler), "it beside --engine distributed only", mend))
    return None


@contextmanager
def showing_progress() -> Iterator[Callable[[Progress], None]]:
    """Give a function that shows how far a stage is: one line that moves on a terminal, else a line now and then."""
    begin = time.monotonic()
    terminal = sys.stderr.isatty()
    last = begin
    width = 0

    def show(progress: Progress) -> None:
        nonlocal last, width
        now = time.monotonic()
        if now - begin < _PATIENCE_SECONDS or (not terminal and now - last < _LINE_SECONDS):
            return
        last = now
        text = str(progress)
        sys.stderr.write(f"\r{text:<{width}}" if terminal else f"{text}\n")
        sys.stderr.flush()
        width = len(text)

    try:
        yield show
    finally:
        if terminal and width:
            sys.stderr.write(f"\r{'':<{width}}\r")
