"""What the verbs share: their options, their way of failing, their tables on the terminal."""

from __future__ import annotations

import contextlib
import enum
import errno
import functools
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from actuary.cli.stopping import STOPPED, stopped
from actuary.durable.files import what_failed
from actuary.errors import ActuaryError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "City",
    "Data",
    "Lang",
    "Language",
    "Models",
    "QuarterLabel",
    "print_frame",
    "say",
    "teaching",
    "write_table",
]


class Language(enum.StrEnum):
    """Languages of a report and of its texts."""

    ZH = "zh"
    EN = "en"


City = Annotated[str, typer.Option("--city", "-c", help="Region: national, shenyang … (see: actuary cities).")]
QuarterLabel = Annotated[
    str | None,
    typer.Option("--quarter", "-q", help="Report quarter, such as 2024Q4.", show_default="the last with data"),
]
Lang = Annotated[Language, typer.Option("--lang", "-l", help="Language of the texts.")]
Models = Annotated[
    Path | None,
    typer.Option(
        help="Folder of declared rules, laid out as models/.",
        show_default="those of the package",
        exists=True,
        file_okay=False,
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        help="Folder of figures, laid out as data/.",
        show_default="those of the package",
        exists=True,
        file_okay=False,
    ),
]


def say(text: str) -> None:
    """Print one line for the person who waits, apart from the results."""
    typer.echo(text, err=True)


@contextlib.contextmanager
def _told_notes() -> Iterator[None]:
    """Print as a line what was assumed about a file; other warnings go where they went."""
    from actuary.files.encodings import FileNote  # noqa: PLC0415  (kept out of `actuary --help`)

    told: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if not issubclass(category, FileNote):
            before(message, category, *place, **more)
        elif str(message) not in told:
            told.add(str(message))
            say(f"actuary: {message}")

    with warnings.catch_warnings():
        before = warnings.showwarning
        warnings.simplefilter("always", FileNote)
        warnings.showwarning = show
        yield


#: Errors that say nothing of the package or its input: the disk, the rights, the limits of the machine.
_OF_THE_MACHINE = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EMFILE)
)


def _of_the_machine(error: BaseException) -> str:
    """Return what to say of an error of the machine, such as a full folder for temporary files; else nothing."""
    if isinstance(error, MemoryError):
        return "found too little memory; expected room for the work; close other programs or work on fewer rows"
    if isinstance(error, RuntimeError) and str(error).startswith("Symlink loop"):
        return "found a link that leads back to itself; expected a file or a folder; name what it shall stand for"
    if not isinstance(error, OSError):
        return ""
    # Of several files that could not be copied the first one is told.
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        return f"found {error.args[0][0][-1]}; expected room for temporary files; TMPDIR names another place"
    if error.errno in _OF_THE_MACHINE or "temporary directory" in str(error):
        return f"found {what_failed(error)}; expected room and leave to read and write; TMPDIR names another place"
    return ""


#: Problems that are printed; whoever has ten thousand mends the first ones.
_MOST_PROBLEMS = 100


def _readable(error: ActuaryError) -> str:
    """Return the problems, of very many the first ones and how many more there are."""
    lines = str(error).splitlines()
    if len(lines) <= _MOST_PROBLEMS + 1:
        return "\n".join(lines)
    return "\n".join([*lines[: _MOST_PROBLEMS + 1], f"  … and {len(lines) - 1 - _MOST_PROBLEMS:,} more of them"])


def teaching[**P](command: Callable[P, None]) -> Callable[P, None]:
    """Let a verb fail with the sentence of its error and exit status 2, or 130 when it was stopped."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            with _told_notes():
                command(*args, **kwargs)
        except ActuaryError as error:
            say(f"actuary: {_readable(error)}")
            raise typer.Exit(2) from None
        except (OSError, MemoryError, RuntimeError) as error:
            if not (told := _of_the_machine(error)):
                raise
            say(f"actuary: {told}")
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            say(stopped())
            raise typer.Exit(STOPPED) from None

    return wrapped


def _texts(column: pd.Series) -> list[str]:
    """Return the cells of a column as text: as many digits for all as its largest number needs."""
    if column.dtype.kind == "f":
        largest = column.abs().max()
        digits = 1 if largest >= 100 else 2 if largest >= 1 else 4
        return ["" if value != value else f"{value:,.{digits}f}" for value in column]  # noqa: PLR0124  (NaN)
    return ["" if empty else str(value) for value, empty in zip(column, column.isna(), strict=True)]


def print_frame(frame: pd.DataFrame, *, title: str, columns: Sequence[str] | None = None) -> None:
    """Print a frame as a table: wide characters line up, numbers stand right, nothing is cut off.

    Parameters
    ----------
    frame : DataFrame
        Rows to print.
    title : str
        What they are, with the unit where one serves all columns.
    columns : sequence of str, optional
        Columns to print; all when left out.
    """
    from rich.console import Console  # noqa: PLC0415  (kept out of `actuary --help`)
    from rich.table import Table  # noqa: PLC0415

    shown = frame[list(columns)] if columns is not None else frame
    table = Table(title=title, title_justify="left")
    for name in shown.columns:
        numeric = shown[name].dtype.kind in "fiu"
        table.add_column(str(name), justify="right" if numeric else "left", overflow="fold")
    for row in zip(*(_texts(shown[name]) for name in shown.columns), strict=True):
        table.add_row(*row)
    console = Console(soft_wrap=False, width=None if sys.stdout.isatty() else 200)
    console.print(table)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV, whole or not at all; the byte-order mark lets spreadsheets read Chinese.

    Raises
    ------
    OutputError
        When the folder is missing or cannot be written.
    """
    from actuary.files import csv_bytes  # noqa: PLC0415
    from actuary.workflow.outputs import replace_file  # noqa: PLC0415

    replace_file(path, csv_bytes(frame))
