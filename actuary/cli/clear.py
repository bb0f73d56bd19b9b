"""`actuary clear`: clear the year of a settlement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actuary.cli.console import Lang, Language, print_frame, say, teaching
from actuary.cli.in_parts import Engine, Restart, Scheduler, chosen_engine
from actuary.errors import ActuaryError, Problem

if TYPE_CHECKING:
    from actuary.payment.clearing_run import ClearedYear, ClearingFiles
    from actuary.workflow.bulk.engine import Engine as Runner

__all__ = ["register"]

_Scores = Annotated[Path | None, typer.Option(help="Scores of the assessment: hospital, score (0-100).")]
_Prepaid = Annotated[Path | None, typer.Option(help="Paid in the year: hospital, insurance, prepaid_yuan.")]
_Charged = Annotated[
    Path | None,
    typer.Option(help="What the fund would have paid item by item: hospital, insurance, charged_yuan."),
]
_Deductions = Annotated[Path | None, typer.Option(help="Taken off after audit: hospital, insurance, deduction_yuan.")]
_Alliances = Annotated[Path | None, typer.Option(help="Pools of alliances: TOML, a table alliance for each.")]


@teaching
def clear(  # noqa: PLR0913, PLR0917  (one argument an option)
    folder: Annotated[Path, typer.Argument(help="Folder that `actuary settle … --out` wrote.")],
    scores: _Scores = None,
    prepaid: _Prepaid = None,
    charged: _Charged = None,
    deductions: _Deductions = None,
    alliances: _Alliances = None,
    engine: Engine = None,
    scheduler: Scheduler = None,
    restart: Restart = False,
    lang: Lang = Language.ZH,
) -> None:
    """Clear a settlement's year: deposit, bands, adjusting fund, what is still to pay; the books close to the fen."""
    from actuary.payment.clearing_run import ClearingFiles  # noqa: PLC0415  (loads tables)

    files = ClearingFiles(scores=scores, prepaid=prepaid, charged=charged, deductions=deductions, alliances=alliances)
    out = folder / "clearing"
    runner = chosen_engine(engine, scheduler)
    if (folder / "cases").is_dir():
        cleared = _in_parts(folder, files, runner, restart=restart)
    elif engine is None:
        cleared = _at_once(folder, files)
    else:
        mend = "leave --engine out, or settle the cases in parts"
        raise ActuaryError(Problem("--engine", str(engine), "a settlement in parts", mend))
    title = f"{cleared.policy_id}, yuan" + (" — synthetic 合成数据" if cleared.clearing.synthetic else "")
    books = cleared.clearing.books_frame(lang.value).drop(columns="line")
    width = max((len(f"{amount:,}") for amount in books["amount_yuan"]), default=0)
    books["amount_yuan"] = [f"{amount:,}".rjust(width) for amount in books["amount_yuan"]]
    print_frame(books, title=title)
    for note in cleared.notes:
        say(f"{note}.")
    typer.echo(str(out))


def _at_once(folder: Path, files: ClearingFiles) -> ClearedYear:
    from actuary.payment.clearing_files import (  # noqa: PLC0415  (loads tables)
        manifest_with_clearing,
        read_settled_pools,
        write_clearing,
    )
    from actuary.payment.clearing_run import clear_pools  # noqa: PLC0415
    from actuary.workflow.outputs import replace_file, staged_output  # noqa: PLC0415

    cleared = clear_pools(read_settled_pools(folder), files)
    with staged_output(folder / "clearing") as staging:
        write_clearing(cleared, staging)
    if (manifest := manifest_with_clearing(folder)) is not None:
        replace_file(folder / "manifest.json", manifest)
    return cleared


def _in_parts(folder: Path, files: ClearingFiles, engine: Runner | None, *, restart: bool) -> ClearedYear:
    from actuary.cli.in_parts import showing_progress  # noqa: PLC0415
    from actuary.workflow.bulk.clear import clear_dataset  # noqa: PLC0415

    with showing_progress() as progress:
        return clear_dataset(folder, files, engine=engine, restart=restart, progress=progress)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("clear")(clear)
